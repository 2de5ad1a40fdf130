"""Orders on their way to a broker: what is sent when, and what came of it. Decides nothing; knows no socket, thread or clock."""
