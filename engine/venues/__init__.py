"""One folder an exchange; none of them knows another."""
