"""Strategies, one file each: when to enter one instrument. Know nothing of cash, positions or time."""
