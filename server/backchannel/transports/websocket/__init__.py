"""The WebSocket shell."""
