"""The service's HTTP: connections with bounds, guards, a table of operations, and their description made from it."""
