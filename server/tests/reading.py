"""A `ReadPool` for tests that run on an event loop and use the database."""

from backchannel.store.read_pool import ReadPool

READS = ReadPool()
"""Closed at the end of the test run (conftest.py)."""
run_read = READS.run
