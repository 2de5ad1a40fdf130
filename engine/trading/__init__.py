"""The heart: events in, events out, pure. Touches no file, socket, thread or clock."""
