"""A network that breaks on command."""
