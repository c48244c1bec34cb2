"""What the tests play on: a real server, its database, and people in browsers."""
