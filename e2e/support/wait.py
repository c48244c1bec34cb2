"""Waits for conditions, however slow the machine; never for a time to pass."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

from playwright.sync_api import Page

T = TypeVar("T")
# Generous, because a machine may be busy; a failing test takes this long.
PATIENCE_S = float(os.environ.get("PATIENCE_S", "45"))


def eventually(check: Callable[[], T], page: Page | None = None, within_s: float = PATIENCE_S) -> T:
    """Call `check` until it neither raises AssertionError nor returns False; then raise its last failure.

    With `page`, the browser's events are handled meanwhile.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            result = check()
            if result is not False:
                return result
            failure: AssertionError | None = None
        except AssertionError as problem:
            failure = problem
        if time.monotonic() > deadline:
            raise failure or AssertionError("it never became true")
        pause(page)


def pause(page: Page | None, for_s: float = 0.05) -> None:
    if page is None:
        time.sleep(for_s)
    else:
        page.wait_for_timeout(for_s * 1000)


def equals(expected: Any, actual: Callable[[], Any]) -> Callable[[], None]:
    """For `eventually`: a failure shows both sides."""

    def check() -> None:
        assert actual() == expected

    return check
