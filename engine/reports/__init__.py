"""What a run came to: its figures and its list of trades. Reads the engine, changes nothing."""
