"""Orders at Kite Connect: what is asked, in bytes, and what the answers mean. Knows no connection, no thread and no clock."""
