"""Files of others, read row by row: what each row says as a tick, or why it could not be read."""
