"""Runs a source to its end without a screen, and says whether a recording decides today as it did. Knows no command line."""
