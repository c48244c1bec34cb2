"""The threads that read the database for a chat."""

import asyncio

from backchannel.store.read_pool import ReadPool


async def test_a_pool_that_was_closed_reads_again() -> None:
    """A chat whose start failed closes its pool, and starts again with the next request."""
    pool = ReadPool()
    assert await pool.run(int, "1") == 1
    await asyncio.to_thread(pool.close)
    assert await pool.run(int, "2") == 2
    await asyncio.to_thread(pool.close)
