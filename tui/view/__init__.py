"""What a screen shows, as plain data: the client of the engine, the view made from its snapshots, what was chosen."""
