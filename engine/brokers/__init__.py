"""Carry out orders: simulated ones here, real ones beside it. They know neither the trader nor each other."""
