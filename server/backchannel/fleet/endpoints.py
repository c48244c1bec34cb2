"""The addresses below `/api/fleet`: who may ask, and what is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.types import ASGIApp, Receive, Scope

from backchannel.fleet.audit import audit
from backchannel.fleet.errors import errors
from backchannel.fleet.fallback import fallback
from backchannel.fleet.journey import journey
from backchannel.fleet.kept import Kept
from backchannel.fleet.now import now
from backchannel.fleet.person import person
from backchannel.protocol import codec
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.fleet import ADDRESSES, NowQuery, Query
from backchannel.rules import check_text
from backchannel.store.backup_marker import noted_backup
from backchannel.transports.http.requests import authenticated
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node

AT_ONCE: Final = 2
"""Of the threads that read, fleet's answers take no more: the chat needs the others."""

CheckStaff = Callable[[Identity], Awaitable[None]]
"""Returns if this person is staff now, else raises CommandError 403."""
Answering = Callable[[Any, int], msgspec.Struct]
"""(parameters, µs since 1970) → the answer. Blocking."""
Q = TypeVar("Q", bound=Query)


def fleet_endpoints(
    node: Node, kept: Kept, backup_marker: Path | None, check_staff: CheckStaff, now_us: Callable[[], int]
) -> dict[str, dict[str, ASGIApp]]:
    """By address and method."""

    def answer_now(_: NowQuery, at_us: int) -> msgspec.Struct:
        return now(kept, None if backup_marker is None else noted_backup(backup_marker), at_us)

    answering: dict[str, Answering] = {
        "now": answer_now,
        "fallback": partial(fallback, kept),
        "person": partial(person, kept),
        "journey": partial(journey, kept),
        "errors": partial(errors, kept),
        "audit": audit,
    }
    turns = asyncio.Semaphore(AT_ONCE)

    def endpoint(address: str, query: type[Query]) -> ASGIApp:
        answer = answering[address.rpartition("/")[2]]

        async def answer_request(scope: Scope, _: Receive, identity: Identity) -> tuple[int, bytes]:
            node.rates.check_request(identity.user_id, node.context.clock())
            await check_staff(identity)
            asked = query_of(scope, query)
            async with turns:
                found = await node.context.reads.run(answer, asked, now_us())
            return 200, codec.encode(found)

        return authenticated(node, answer_request)

    return {address: {"GET": endpoint(address, query)} for address, (query, _, _) in ADDRESSES.items()}


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
