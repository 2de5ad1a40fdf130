"""One folder an exchange, none of which knows another, and the registry of them all."""
