"""Faults of people: removed from a room and added again, signed out elsewhere."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from e2e.support.server import Account, Server
from lab.chaos.cluster import Cluster
from lab.chaos.plan import Injection

ANSWER_WITHIN_S = 8


def _room_of(cluster: Cluster, username: str) -> tuple[int, Account]:
    [found] = [
        (room, owner) for room, (owner, people) in cluster.rooms.items() if username in {p.username for p in people}
    ]
    return found


def _request(cluster: Cluster, method: str, owner: Account, path: str, body: Any = None) -> None:
    """Send a request to the first node that answers. Repeating it does no harm."""
    headers = {"Authorization": f"Bearer {owner.token}"}
    failure: httpx.HTTPError | None = None
    for node in cluster.shuffled_nodes():
        try:
            answer = httpx.request(method, node.url + path, json=body, headers=headers, timeout=ANSWER_WITHIN_S)
            answer.raise_for_status()
            return
        except httpx.HTTPError as problem:
            failure = problem
    raise failure or RuntimeError("there is no node")


def remove(cluster: Cluster, injection: Injection) -> None:
    room, owner = _room_of(cluster, injection.target)
    _request(cluster, "DELETE", owner, f"/api/rooms/{room}/members/{cluster.user_ids[injection.target]}")


def add(cluster: Cluster, injection: Injection, _: Any) -> None:
    room, owner = _room_of(cluster, injection.target)
    _request(cluster, "POST", owner, f"/api/rooms/{room}/members", {"user_ids": [cluster.user_ids[injection.target]]})


class Guest:
    """A signed-in browser with a socket at one node, read in the background."""

    def __init__(self, node: Server, account: Account) -> None:
        self._http = httpx.Client(timeout=ANSWER_WITHIN_S, cookies={account.cookie: account.session})
        self._socket: ClientConnection = connect(
            f"ws{node.url.removeprefix('http')}/ws",
            origin=Origin(node.url),
            additional_headers={"Cookie": f"{account.cookie}={account.session}"},
            open_timeout=ANSWER_WITHIN_S,
            proxy=None,
        )
        self._socket.send(json.dumps({"type": "hello", "protocol": 1}))
        self.over = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def sign_out(self, node: Server) -> None:
        """Sign out at this node, which answers 401 when it is done."""
        self._http.get(f"{node.url}/account/state").raise_for_status()
        headers = {"Origin": node.url, "X-CSRFToken": self._http.cookies["csrftoken"]}
        answer = self._http.delete(f"{node.url}/_allauth/browser/v1/auth/session", headers=headers)
        if answer.status_code != 401:
            answer.raise_for_status()

    def _listen(self) -> None:
        try:
            while True:
                self._socket.recv()
        except WebSocketException:
            self.over.set()


def sign_out(cluster: Cluster, _: Injection) -> None:
    """Sign out at one node; the socket at another must be closed soon."""
    if not cluster.guests:
        raise LookupError("nobody is left to be signed out")
    account = cluster.guests.pop()
    here, *elsewhere = cluster.shuffled_nodes()
    guest = Guest(here, account)
    guest.sign_out(elsewhere[0] if elsewhere else here)
    cluster.expected.append((f"the socket of {account.username}'s ended session closes", guest.over))
