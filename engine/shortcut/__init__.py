"""Commands in the time that an interpreter takes to start: next to nothing is imported, and nothing of the engine but its version."""
