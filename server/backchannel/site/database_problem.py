"""The error of an unusable database."""


class DatabaseUnusable(Exception):
    """The database cannot be used. `str(error)` is one line that says why, and what to do."""
