"""The decisions: events in, events out, pure. Touches no file, socket, thread or clock."""
