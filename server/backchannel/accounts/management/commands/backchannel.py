"""Django looks for commands in apps alone, and by this name. The command itself is in `embed/`, above the chat that it serves."""

from backchannel.embed.manage import Command

__all__ = ["Command"]
