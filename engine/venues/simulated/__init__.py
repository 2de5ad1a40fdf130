"""A market of our own: generated sessions, a broker that fills at once, faults on command."""
