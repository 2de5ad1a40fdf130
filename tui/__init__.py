"""The screen: a terminal program over the engine, of which it uses the public names and `engine.presentation` only."""
