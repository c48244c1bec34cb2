"""One message from bot to bot, by each transport. What was sent is deleted again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from backchannel.doctor.outside.asking import Answer, Broken
from backchannel.doctor.outside.bots import Bot, Unusable, is_created, receives
from backchannel.doctor.outside.websocket import Closed, Refused, Silent

Transport = Literal["websocket", "http"]
WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class RoundTrip:
    transport: Transport
    seconds: float | None
    """From the sending to the arrival; None if it did not arrive."""
    problem: str = ""
    """Why it did not."""
    is_refused: bool = False
    """The WebSocket could not be opened."""


def round_trips(ada: Bot, ben: Bot) -> Iterator[RoundTrip]:
    """Makes the trip by both transports, the WebSocket first. Raises `Unusable` if the bots have no room."""
    room = ada.room_with(ben)
    yield over_websocket(ada, ben, room)
    yield over_http(ada, ben, room)


def over_websocket(ada: Bot, ben: Bot, room: int) -> RoundTrip:
    try:
        with ben.socket() as receiving, ada.socket() as sending:
            started = time.monotonic()
            message = ada.send_over(sending, room)
            receives(receiving, message)
            took = time.monotonic() - started
    except Refused as refused:
        return RoundTrip("websocket", None, f"it {refused} {refused.problem}".rstrip(), is_refused=True)
    except Silent:
        return RoundTrip("websocket", None, "nothing arrived in time")
    except (Closed, Unusable) as error:
        return RoundTrip("websocket", None, str(error))
    ada.forget(message)
    return RoundTrip("websocket", took)


def over_http(ada: Bot, ben: Bot, room: int) -> RoundTrip:
    """The message is sent while a poll waits. A poll that brings other news is followed by the next."""
    try:
        resume = ben.caught_up()
        waiting = ben.poll(resume, 20)
        time.sleep(0.3)  # so that the poll waits before there is something to say
        started = time.monotonic()
        message = ada.send_over_http(room)
        while not (arrived := _brings(waiting.answer(WITHIN_S), message, resume)):
            if time.monotonic() - started > WITHIN_S:
                break
            waiting = ben.poll(resume, 20)
        took = time.monotonic() - started
    except (Broken, OSError, Unusable) as error:
        return RoundTrip("http", None, str(error))
    ada.forget(message)
    return RoundTrip("http", took) if arrived else RoundTrip("http", None, "polls did not bring it")


def _brings(answer: Answer, message: str, resume: dict[str, Any]) -> bool:
    """Whether the answer brings the message. Otherwise `resume` is brought forward, for the next poll. Raises `Unusable`."""
    found = answer.json()
    if answer.status != 200 or not isinstance(found, dict):
        raise Unusable(f"a poll was answered {answer.status}")
    resume["user_version"] = found["user_version"]
    return any(is_created(frame, message) for frame in found["frames"])
