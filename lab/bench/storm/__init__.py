"""A node restarts under 5,000 clients: how long until everybody is in full service again."""
