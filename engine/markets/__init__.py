"""Markets and the days they are open on, as plain data. Knows no wall clock, no configuration, and opens no file."""
