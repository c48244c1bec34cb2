"""The auth log: sign-ins, failures, and changes of access rights, one line each.

    12:01:07 [warning  ] sign_in_failed           [backchannel.auth] address=203.0.113.9 user=ada

The logger is `backchannel.auth`. docs/reference/auth-log.md lists the events and has filters for fail2ban, which a test runs against
these lines. A line holds no secret and no raw input: `user` is a valid username, else "-", so that nobody can forge a line or an
address in the log. Each event is counted in `backchannel_auth_events_total{event}`, even if its line is suppressed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal

from prometheus_client import Counter

from backchannel.accounts import usernames
from backchannel.accounts.addresses import UNKNOWN, network_of
from backchannel.accounts.attempts import Count, MemoryAttempts, Rule
from backchannel.process_log import ProcessLog

Event = Literal[
    "signed_in", "signed_out", "signed_up", "sign_in_failed", "sign_in_limited", "request_limited",
    "setup_done", "setup_refused", "handshake_refused", "credential_refused", "admin_refused", "page_refused",
    "password_changed", "password_reset_requested", "account_closed", "account_opened", "rights_changed",
    "token_made", "token_revoked", "invitation_made", "invitation_refused",
]  # fmt: skip
EVENTS: Final[tuple[str, ...]] = Event.__args__  # type: ignore[attr-defined]

# Events that anyone can cause without limit. So many lines are written per network; further events are only counted.
REFUSALS: Final = frozenset(
    {
        "sign_in_failed", "sign_in_limited", "request_limited", "setup_refused", "handshake_refused", "credential_refused",
        "admin_refused", "page_refused", "invitation_refused",
    }
)  # fmt: skip
LINES: Final = Rule("auth_log.lines", burst=60, every_s=2)

_counter: Final = Counter("backchannel_auth_events", "Events of the auth log.", ["event"])
for _event in EVENTS:
    _counter.labels(_event)

_log = ProcessLog("backchannel.auth")
_lines = MemoryAttempts(time.monotonic, at_most=5_000)
_address: ContextVar[str | None] = ContextVar("backchannel_address", default=None)
_actor: ContextVar[Callable[[], str | None] | None] = ContextVar("backchannel_actor", default=None)


@contextmanager
def coming_from(address: str, actor: Callable[[], str | None]) -> Iterator[None]:
    """Names the client of what happens inside: its address, and `actor`, who is signed in; called only when a line is written."""
    first, second = _address.set(address), _actor.set(actor)
    try:
        yield
    finally:
        _address.reset(first)
        _actor.reset(second)


def note(event: Event, *, user: str | None = None, address: str | None = None, **more: str | int | None) -> None:
    """Write the line and count it. `user`: whom it concerns. `address`: by default that of the current request, or "shell"."""
    _counter.labels(event).inc()
    shown = address or _address.get() or "shell"
    if event in REFUSALS and _lines.take([Count(LINES, network_of(shown))]) is not None:
        return
    fields: dict[str, Any] = {"address": shown, "user": _safe(user)}
    actor = _actor.get()
    by = None if actor is None else actor()
    if by is not None and by != user:
        fields["by"] = _safe(by)
    fields |= {name: value for name, value in more.items() if value is not None}
    _log.log(logging.WARNING if event in REFUSALS else logging.INFO, event, **fields)


def current_actor() -> str | None:
    """Who is signed in at the current request; None outside of one."""
    actor = _actor.get()
    return None if actor is None else actor()


def current_address() -> str:
    """The client's address of the current request; "shell" outside of one."""
    return _address.get() or "shell"


def address_of(scope: Mapping[str, Any]) -> str:
    """The client's address in an ASGI scope."""
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN


def _safe(name: str | None) -> str:
    return name if name is not None and usernames.why_not(name) is None else "-"
