"""Text at the borders: what comes from outside is cleaned, what goes out holds no secret."""
