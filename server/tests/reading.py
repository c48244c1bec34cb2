"""Threads for tests that run on an event loop and touch the database, as a server's reads do."""

from backchannel.store.read_pool import ReadPool

READS = ReadPool()
"""Closed at the end of the test run (conftest.py)."""
run_read = READS.run
