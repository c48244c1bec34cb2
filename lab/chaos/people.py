"""The accounts and rooms of a run: people with two devices each, people in browsers, and people who are signed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from e2e.support.api import Api
from e2e.support.server import Account, Server
from lab.chaos.cluster import Cluster
from lab.chaos.device_process import DeviceProcess
from lab.chaos.history import History

TALKERS = 9
DEVICES_EACH = 2
DEVICE_GROUPS = ("phones", "laptops", "tablets")
PAGES = ("page1", "page2")
GUESTS = 6


@dataclass(frozen=True)
class Participants:
    talkers: list[Account]
    page_users: list[Account]
    # The room that the pages show.
    page_room: dict[str, Any]


def create(cluster: Cluster, pages: int) -> Participants:
    """Create accounts and rooms, before the first fault."""
    server = next(iter(cluster.nodes.values()))
    names = [f"t{n}" for n in range(1, TALKERS + 1)]
    page_users = list(PAGES[:pages])
    accounts = {
        a.username: a for a in server.people("owner", *names, *page_users, *(f"g{n}" for n in range(1, GUESTS + 1)))
    }
    cluster.guests = [account for name, account in accounts.items() if name.startswith("g")]
    apis = {name: Api(server, accounts[name]) for name in (*names, *page_users)}
    cluster.user_ids = {name: api.user_id for name, api in apis.items()}
    talkers = [apis[name] for name in names]
    talkers[0].create_room("channel", *talkers[1:], name="Harbour")
    talkers[4].create_room("channel", *talkers[:4], *talkers[5:], name="Market")
    for members, name in ((talkers[:5], "Nest"), (talkers[4:], "Reef")):
        room = members[0].create_room("group", *members[1:], name=name)
        cluster.rooms[int(room["id"])] = (members[0].account, [api.account for api in members[2:]])
    for n in (0, 3, 6):
        talkers[n].create_room("direct", talkers[n + 1])
    watchers = [apis[name] for name in page_users]
    page_room = talkers[0].create_room("group", talkers[1], *watchers, name="Pages")
    for api in apis.values():
        api.close()
    return Participants([accounts[name] for name in names], [accounts[name] for name in page_users], page_room)


def devices(
    cluster: Cluster, participants: Participants, program: Any, seed: int, pause_ms: int, history: History
) -> dict[str, DeviceProcess]:
    """The devices, in a few processes, each behind its own network; the two of a person are in different ones."""
    roles: dict[str, list[dict[str, Any]]] = {name: [] for name in DEVICE_GROUPS}
    for n, account in enumerate(participants.talkers):
        for device in range(DEVICES_EACH):
            group = DEVICE_GROUPS[(n + device) % len(DEVICE_GROUPS)]
            name = f"{account.username}-{group[:-1]}"
            roles[group].append(
                {
                    "name": name,
                    "baseUrl": cluster.networks[group].url,
                    "token": account.token,
                    "userId": cluster.user_ids[account.username],
                    "outbox": str(cluster.folder / f"{name}.outbox"),
                    "opensWith": "ticket" if device else "header",
                }
            )
    return {
        name: DeviceProcess(program, {"seed": seed * 7 + n, "pause_ms": pause_ms, "devices": devices}, history)
        for n, (name, devices) in enumerate(roles.items())
    }


def server_of(cluster: Cluster) -> Server:
    """The first node, which pages query without a proxy."""
    return next(iter(cluster.nodes.values()))
