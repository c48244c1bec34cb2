"""Who is there in a run: people with two devices each, people in browsers, people to be signed out; and their rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from e2e.support.api import Api
from e2e.support.server import Account, Server

from lab.chaos.cluster import Arena
from lab.chaos.device_process import Troupe
from lab.chaos.history import History

TALKERS = 9
DEVICES_EACH = 2
TROUPES = ("phones", "laptops", "tablets")
PAGES = ("page1", "page2")
GUESTS = 6


@dataclass(frozen=True)
class Cast:
    talkers: list[Account]
    screens: list[Account]
    # The room that the pages sit in.
    screen_room: dict[str, Any]


def gather(arena: Arena, pages: int) -> Cast:
    """Accounts and rooms, made while nothing is broken yet."""
    server = next(iter(arena.nodes.values()))
    names = [f"t{n}" for n in range(1, TALKERS + 1)]
    screens = list(PAGES[:pages])
    accounts = {
        a.username: a for a in server.people("owner", *names, *screens, *(f"g{n}" for n in range(1, GUESTS + 1)))
    }
    arena.guests = [account for name, account in accounts.items() if name.startswith("g")]
    apis = {name: Api(server, accounts[name]) for name in (*names, *screens)}
    arena.user_ids = {name: api.user_id for name, api in apis.items()}
    talkers = [apis[name] for name in names]
    talkers[0].create_room("channel", *talkers[1:], name="Harbour")
    talkers[4].create_room("channel", *talkers[:4], *talkers[5:], name="Market")
    for people, name in ((talkers[:5], "Nest"), (talkers[4:], "Reef")):
        room = people[0].create_room("group", *people[1:], name=name)
        arena.rooms[int(room["id"])] = (people[0].account, [api.account for api in people[2:]])
    for n in (0, 3, 6):
        talkers[n].create_room("direct", talkers[n + 1])
    watchers = [apis[name] for name in screens]
    screen_room = talkers[0].create_room("group", talkers[1], *watchers, name="Screen")
    for api in apis.values():
        api.close()
    return Cast([accounts[name] for name in names], [accounts[name] for name in screens], screen_room)


def troupes(arena: Arena, cast: Cast, program: Any, seed: int, pause_ms: int, history: History) -> dict[str, Troupe]:
    """Devices in a few processes, each behind its own network; a person's two are in different ones."""
    roles: dict[str, list[dict[str, Any]]] = {name: [] for name in TROUPES}
    for n, account in enumerate(cast.talkers):
        for device in range(DEVICES_EACH):
            troupe = TROUPES[(n + device) % len(TROUPES)]
            name = f"{account.username}-{troupe[:-1]}"
            roles[troupe].append(
                {
                    "name": name,
                    "baseUrl": arena.networks[troupe].url,
                    "token": account.token,
                    "userId": arena.user_ids[account.username],
                    "outbox": str(arena.folder / f"{name}.outbox"),
                    "opensWith": "ticket" if device else "header",
                }
            )
    return {
        name: Troupe(program, {"seed": seed * 7 + n, "pause_ms": pause_ms, "devices": devices}, history)
        for n, (name, devices) in enumerate(roles.items())
    }


def server_of(arena: Arena) -> Server:
    """The first node: pages ask it for the truth past every network."""
    return next(iter(arena.nodes.values()))
