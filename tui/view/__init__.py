"""What a screen shows, as plain data: the door to the engine, the view made from it, its health."""
