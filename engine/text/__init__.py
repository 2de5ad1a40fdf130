"""Text that comes in and goes out: what comes from outside is cleaned, what goes out holds no secret."""
