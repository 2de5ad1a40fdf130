"""What travels over the wire, as bytes in and plain data out; knows no socket, clock or thread."""
