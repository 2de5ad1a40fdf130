"""Other parameters over recorded sessions: the trading rules a second time, held to the first. Only its command imports it."""
