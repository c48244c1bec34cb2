"""The addresses of `protocol/fleet.py`: who may ask, and what is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.types import ASGIApp, Receive, Scope

from backchannel.accounts.auth_log import address_of
from backchannel.commands.ask_recorder import ask_recorder
from backchannel.fleet.audit import audit
from backchannel.fleet.doctor import Doctor
from backchannel.fleet.errors import errors
from backchannel.fleet.fallback import fallback
from backchannel.fleet.journey import journey
from backchannel.fleet.kept import Kept
from backchannel.fleet.now import now
from backchannel.fleet.person import own_connections, person
from backchannel.fleet.recorder import note_question, recording
from backchannel.protocol import codec
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.fleet import ADDRESSES, Address, NowQuery, Query, RecorderAsked
from backchannel.rules import check_text
from backchannel.store.backup_marker import noted_backup
from backchannel.transports.http.requests import authenticated
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node

AT_ONCE: Final = 2
"""Of the threads that read, fleet's answers take no more: the chat needs the others."""

CheckStaff = Callable[[Identity], Awaitable[None]]
"""Returns if this person is staff now, else raises CommandError 403."""


class Asker(NamedTuple):
    user_id: int
    address: str


Answering = Callable[[Any, Asker, int], msgspec.Struct]
"""(parameters, who asks, µs since 1970) → the answer. Blocking."""
Q = TypeVar("Q", bound=Query)


def fleet_endpoints(
    node: Node,
    kept: Kept,
    backup_marker: Path | None,
    doctor: Doctor,
    check_staff: CheckStaff,
    now_us: Callable[[], int],
) -> dict[str, dict[str, ASGIApp]]:
    """By address and method."""

    def answer_now(_: NowQuery, __: Asker, at_us: int) -> msgspec.Struct:
        return now(kept, None if backup_marker is None else noted_backup(backup_marker), doctor.examined, at_us)

    def of_anybody(answer: Callable[[Any, int], msgspec.Struct]) -> Answering:
        """Who asks does not matter to it."""
        return lambda query, _, at_us: answer(query, at_us)

    answering: dict[str, Answering] = {
        "/api/fleet/now": answer_now,
        "/api/fleet/fallback": of_anybody(partial(fallback, kept)),
        "/api/fleet/person": of_anybody(partial(person, kept)),
        "/api/fleet/recorder": lambda query, asker, at_us: note_question(query, asker.user_id, asker.address, at_us),
        "/api/fleet/recording": of_anybody(partial(recording, kept)),
        "/api/fleet/journey": of_anybody(partial(journey, kept)),
        "/api/fleet/errors": of_anybody(partial(errors, kept)),
        "/api/fleet/audit": of_anybody(audit),
        "/api/me/connections": lambda query, asker, at_us: own_connections(kept, query, asker.user_id, at_us),
    }
    turns = asyncio.Semaphore(AT_ONCE)

    def endpoint(path: str, address: Address) -> ASGIApp:
        answer = answering[path]

        async def answer_request(scope: Scope, _: Receive, identity: Identity) -> tuple[int, bytes]:
            node.rates.check_request(identity.user_id, node.context.clock())
            if address.for_staff:
                await check_staff(identity)
            asked = query_of(scope, address.query)
            if address.query is NowQuery:
                doctor.renew()
            asker = Asker(identity.user_id, address_of(scope))
            async with turns:
                found = await node.context.reads.run(answer, asked, asker, now_us())
            if isinstance(found, RecorderAsked):
                ask_recorder(node.context, found.person.id)
            return 200, codec.encode(found)

        return authenticated(node, answer_request)

    return {path: {address.method: endpoint(path, address)} for path, address in ADDRESSES.items()}


def query_of(scope: Scope, query: type[Q]) -> Q:
    """The parameters of a request. Raises CommandError 422."""
    strings: dict[str, str] = {}
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        if name in strings:
            raise CommandError(Code.INVALID, f"{name} is given twice.", errors={name: ["Is given twice."]})
        strings[name] = value
    asked: Q = codec.build_command(query, {}, strings=strings)
    for name in strings:
        value = getattr(asked, name)
        if isinstance(value, str):
            check_text(**{name: value})
    return asked
