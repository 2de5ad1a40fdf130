"""One streaming link over a WebSocket, kept up, watched and counted. Knows no exchange."""
