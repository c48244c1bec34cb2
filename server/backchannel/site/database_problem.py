"""What is told where a database cannot be used."""


class DatabaseUnusable(Exception):
    """The database cannot be used; `str(error)` is one line that says why, and what to do."""
