"""Quotes of several providers behind one cache. No decision, order or flat reads any of them."""
