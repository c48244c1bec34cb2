"""Backchannel: chat that keeps talking when the WebSocket does not."""

__version__ = "0.1.0"
