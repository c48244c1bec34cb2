"""Checks that need two signed-in bots: forged headers, waiting polls, silence, and a round trip by each transport."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from typing import Any, Final

from backchannel.doctor.outside import round_trip
from backchannel.doctor.outside.asking import Answer, Broken
from backchannel.doctor.outside.bots import Bot, Unusable
from backchannel.doctor.outside.proxy import Proxy, advice
from backchannel.doctor.outside.round_trip import RoundTrip
from backchannel.doctor.outside.target import Target
from backchannel.doctor.outside.websocket import Closed, Refused, Silent
from backchannel.doctor.report import Progress
from backchannel.findings import Finding

POLL_S: Final = 25.0
"""Seconds that a poll waits, as a client's do."""
_POLLS: Final = 6
"""Tries until one is not ended by news."""
_CLAIMED: Final = "192.0.2.66"
"""An address that belongs to nobody (RFC 5737)."""
_SILENT_S: Final = 60.0
"""News within the time of silence is no fault of the proxy, if this much silence remains."""
_LEAVE: Final = "Use bots that are in no rooms but their own: backchannel room remove ROOM-ID NAME"
_LATE_S: Final = 5.0
"""A poll that is answered at once arrives within it, over any line on which people would chat."""


def headers(bot: Bot, target: Target, proxy: Proxy | None) -> Iterator[Finding]:
    """D213 to D215: how the server sees a request, with and without headers that the client has no say in."""
    try:
        plain = _seen(bot)
        claimed = _seen(bot, **{"X-Forwarded-For": _CLAIMED})
        proto = "http" if target.is_secure else "https"
        scheme = _seen(bot, **{"X-Forwarded-Proto": proto})
    except (Broken, Unusable) as error:
        yield Finding("D213", "note", f"the server does not say how it sees a request ({error})")
        return
    if claimed["address"] == _CLAIMED:
        yield Finding(
            "D213", "problem", "the server believes an X-Forwarded-For that the client made up", advice("D213", proxy)
        )
    else:
        yield Finding("D213", "ok", "an X-Forwarded-For that the client made up is not believed")
    if scheme["scheme"] == proto:
        text = "the server believes an X-Forwarded-Proto that the client made up"
        yield Finding("D214", "problem", text, advice("D214", proxy))
    elif plain["scheme"] != target.scheme:
        text = "the server takes HTTPS for HTTP: X-Forwarded-Proto is missing, or the proxy is not trusted"
        yield Finding("D214", "problem", text, advice("D214", proxy))
    else:
        yield Finding("D214", "ok", "an X-Forwarded-Proto that the client made up is not believed")
    if not target.is_local and _is_inner(str(plain["address"])):
        yield Finding("D215", "problem", f"the server sees every client at {plain['address']}", advice("D215", proxy))
    elif not target.is_local:
        yield Finding("D215", "ok", f"the server sees this client at {plain['address']}")


def _seen(bot: Bot, **more: str) -> dict[str, Any]:
    answer = bot.ask("GET", "/api/request", **more)
    found = answer.json()
    if answer.status != 200 or not isinstance(found, dict):
        raise Unusable(f"GET /api/request was answered {answer.status}")
    return found


def _is_inner(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return True
    return found.is_loopback or found.is_link_local


def waiting_poll(bot: Bot, proxy: Proxy | None, progress: Progress) -> Finding:
    """D209: a poll without news, for as long as a client's. News, such as somebody's presence, end a poll early; then the next is tried."""
    step = f"waiting {POLL_S:.0f} s for a poll without news"
    progress(step)
    answer: Answer | None = None
    try:
        for tried in range(_POLLS):
            progress(step, f"try {tried + 1}")
            answer = bot.poll(bot.caught_up(), POLL_S).answer(POLL_S + 15)
            if answer.status != 200 or answer.seconds > POLL_S - 2:
                break
    except Broken as error:
        text = f"a poll that waits gets {error}, after {error.seconds:.0f} s"
        return Finding("D209", "problem", text, advice("D209", proxy))
    except (OSError, Unusable) as error:
        return Finding("D209", "problem", f"a poll cannot be sent: {error}")
    assert answer is not None
    if answer.status != 200:
        text = f"a poll that waits is answered {answer.status} after {answer.seconds:.0f} s"
        return Finding("D209", "problem", text, advice("D209", proxy))
    if answer.seconds <= POLL_S - 2:
        text = f"a poll was answered after {answer.seconds:.0f} s, because there was news for the bot"
        return Finding("D209", "note", text, _LEAVE)
    return Finding("D209", "ok", f"a poll without news was answered after {answer.seconds:.0f} s")


def silence(bot: Bot, seconds: float, proxy: Proxy | None, progress: Progress) -> Finding:
    """D208: a WebSocket on which nothing but the server's heartbeats travels. A note if news interrupted the silence."""
    step = f"keeping a WebSocket silent for {seconds:.0f} s"
    progress(step)
    longest = 0.0
    try:
        with bot.socket() as socket:
            opened = since = time.monotonic()
            while (left := seconds - (time.monotonic() - opened)) > 0:
                progress(step, f"{seconds - left:.0f} of {seconds:.0f} s")
                try:
                    socket.receive(min(left, 1.0))
                except Silent:
                    longest = max(longest, time.monotonic() - since)
                except Closed as closed:
                    text = f"a silent WebSocket is {closed} after {time.monotonic() - since:.0f} s"
                    return Finding("D208", "problem", text, advice("D208", proxy))
                else:
                    since = time.monotonic()
    except (Refused, Closed, Silent) as error:
        why = str(error) or "nothing arrived in time"
        return Finding("D208", "problem", f"a WebSocket cannot be opened: {why}", advice("D206", proxy))
    if longest < min(_SILENT_S, seconds - 3):
        text = f"a WebSocket stays open, but was silent for {longest:.0f} s at most: there was news for the bot"
        return Finding("D208", "note", text, _LEAVE)
    return Finding("D208", "ok", f"a WebSocket stays open through {longest:.0f} s of silence")


def round_trips(ada: Bot, ben: Bot, proxy: Proxy | None) -> Iterator[Finding]:
    """D217, D218 and D210."""
    try:
        for trip in round_trip.round_trips(ada, ben):
            yield _of(trip, proxy)
    except Unusable as error:
        yield Finding("D218", "problem", f"the bots cannot open a room: {error}")


def _of(trip: RoundTrip, proxy: Proxy | None) -> Finding:
    way = "the WebSocket" if trip.transport == "websocket" else "HTTP"
    if trip.seconds is None and trip.transport == "websocket":
        text = f"no message goes over the WebSocket: {trip.problem}"
        return Finding("D217", "problem", text, advice("D206" if trip.is_refused else "D208", proxy))
    if trip.seconds is None:
        return Finding("D218", "problem", f"no message goes over HTTP: {trip.problem}", advice("D209", proxy))
    text = f"a message arrived over {way} after {trip.seconds * 1000:.0f} ms"
    if trip.transport == "http" and trip.seconds > _LATE_S:
        return Finding("D210", "problem", text, advice("D210", proxy))
    if trip.transport == "http":
        return Finding("D218", "ok", text)
    return Finding("D217", "ok", text)
