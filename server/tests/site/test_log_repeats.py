"""Equal warnings and errors are logged once per minute, with a count."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest

from backchannel.process_log import ProcessLog
from backchannel.site.log_repeats import Repeats
from backchannel.site.logging import configure


class World:
    """A log with a clock under the test's control."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.due: list[Callable[[], None]] = []

    def minute_passes(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()

    @property
    def lines(self) -> list[str]:
        lines = self.out.getvalue().splitlines()
        self.out.truncate(0), self.out.seek(0)
        return lines


@pytest.fixture(params=["console", "json"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    root = logging.getLogger()
    before = root.handlers, root.level
    configure(request.param, "info")
    world = World()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(world.out)
    [repeats] = [each for each in handler.filters if isinstance(each, Repeats)]
    monkeypatch.setattr(repeats, "_start_timer", lambda _, call: world.due.append(call))
    yield world
    root.handlers, root.level = before


def test_equal_lines_are_logged_once_with_a_count_per_minute(world: World) -> None:
    log = ProcessLog("backchannel.store")
    for _ in range(597):
        log.warning("write_failed", error="OperationalError", reason="database or disk is full")
    assert len(world.lines) == 1
    world.minute_passes()
    [count] = world.lines
    assert "write_failed" in count
    assert "disk is full" in count
    assert "596" in count
    world.minute_passes()
    world.minute_passes()
    log.warning("write_failed", error="OperationalError", reason="database or disk is full")
    assert len(world.lines) == 1


def test_different_lines_and_lines_below_warning_are_all_written(world: World) -> None:
    log = ProcessLog("backchannel.store")
    for number in range(5):
        log.error("page_broke", reference=f"K7QF-{number}")
        log.info("connection_opened", user_id=1)
    assert len(world.lines) == 10


def test_equal_errors_of_a_library_are_counted_too(world: World) -> None:
    log = logging.getLogger("some.library")
    for _ in range(5):
        try:
            raise ValueError("the same")
        except ValueError:
            log.exception("it broke at %s", "/x")
    assert sum("it broke at /x" in line for line in world.lines) == 1
    world.minute_passes()
    [count] = world.lines
    assert "4" in count


def test_lines_of_a_library_that_differ_by_the_address_of_an_object_are_equal(world: World) -> None:
    pool = logging.getLogger("psycopg.pool")
    for number in range(20):
        pool.warning("discarding closed connection: <psycopg.Connection [BAD] at %#x>", 0x7FA0D6FF8FD0 + number)
    assert len(world.lines) == 1
