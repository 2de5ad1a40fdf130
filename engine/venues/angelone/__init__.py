"""Angel One SmartAPI: its stream, login, credentials and list of instruments."""
