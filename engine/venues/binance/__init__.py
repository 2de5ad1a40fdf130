"""Binance: its public market data, live and as recorded raw lines."""
