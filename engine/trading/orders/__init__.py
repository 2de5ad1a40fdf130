"""Orders on their way: what paper trading has not had an answer to, and the life of an order at a real broker. Sends nothing itself."""
