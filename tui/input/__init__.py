"""From keys to what they do; what may fire and what never."""
