"""The terminal itself: keys in, changed cells out, and what it can show."""
