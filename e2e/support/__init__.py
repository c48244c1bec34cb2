"""The support of the end-to-end tests: a real server, its database, and people in browsers."""
