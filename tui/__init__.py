"""The terminal program over the engine; stands on the engine's front door only."""
