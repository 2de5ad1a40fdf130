"""Zerodha's Kite Connect: how orders are spoken of there, and no more yet. It has no row in the registry, and no run loads it."""
