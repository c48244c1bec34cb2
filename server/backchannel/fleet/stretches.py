"""The connections of one person, as rows of the evidence."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from backchannel.evidence.rows import id_at, us_of
from backchannel.fleet.connection import Connection
from backchannel.fleet.kept import View

MOST: Final = 500


_COLUMNS: Final = (
    "SELECT id, transport, lived_ms, reached, device, code, reason, stage, cause, agent, client, network, via, node, seen"
    " FROM ops_connection WHERE person = %s"
)
BEFORE: Final = 50


def connections_of(view: View, person: int, since_us: int, most: int = MOST) -> tuple[list[Connection], bool]:
    """The newest of this person, oldest first, and whether there are more. Those that began earlier and are open still are among them."""
    rows = view.driver.query(
        f"{_COLUMNS} AND (id >= %s OR (lived_ms IS NULL AND reached = 2)) ORDER BY id DESC LIMIT {most + 1}",
        [person, id_at(since_us)],
    )
    return _connections(view, rows[:most][::-1]), len(rows) > most


def connections_around(view: View, person: int, at_us: int) -> list[Connection]:
    """Those that began last before this moment, and those that began first after it; oldest first."""
    moment = id_at(at_us)
    before = view.driver.query(f"{_COLUMNS} AND id < %s ORDER BY id DESC LIMIT {BEFORE}", [person, moment])
    after = view.driver.query(f"{_COLUMNS} AND id >= %s ORDER BY id LIMIT {MOST}", [person, moment])
    return _connections(view, [*before[::-1], *after])


def _connections(view: View, rows: Sequence[tuple[Any, ...]]) -> list[Connection]:
    words = view.words(number for _, _, _, _, _, _, *named, _ in rows for number in named)
    found = []
    for id_, transport, lived_ms, reached, device, code, *named, seen in rows:
        reason, stage, cause, agent, client, network, via, node = (words[number] for number in named)
        since, is_live = us_of(id_), reached == 2
        found.append(
            Connection(
                transport="http" if transport else "websocket",
                since_us=since,
                until_us=_end(since, lived_ms, is_live=is_live),
                live=is_live,
                device=device,
                code=code,
                reason=reason,
                stage=stage,
                cause=cause,
                agent=agent,
                client=client,
                network=network,
                via=via,
                node=node,
                seen=msgspec.json.decode(seen, type=dict[int, int]) if seen else {},
            )
        )
    return found


def _end(since_us: int, lived_ms: int | None, *, is_live: bool) -> int | None:
    """A handshake that was refused had no time; what was accepted and has none is open."""
    if lived_ms is not None:
        return since_us + lived_ms * 1000
    return None if is_live else since_us
