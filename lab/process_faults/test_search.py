"""kill -9 while the search index is written: afterwards it holds what the log holds, by whichever node it is derived."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest

from lab.process_faults.conftest import of_postgres
from lab.process_faults.node import PATIENCE_S, Node, bearer, new_id

pytestmark = pytest.mark.prove

LEASE_S = 30
"""A killed node keeps its lease until it ends."""


class Writer:
    """Writes, edits and deletes through nodes that die meanwhile, and knows what must be found."""

    def __init__(self, seed: int, token: str) -> None:
        self.random = Random(seed)
        self.token = token
        self.texts: dict[str, str] = {}

    def act(self, node: Node) -> None:
        """One change; once it is answered, or known to be stored, it counts. Raises httpx.TransportError: the node has died."""
        choice = self.random.random()
        text = f"quokka {new_id()}"
        if choice < 0.6 or not self.texts:
            id_ = new_id()
            self._ask(node, "POST", "/api/rooms/1/messages", json={"id": id_, "content": text})
            self.texts[id_] = text
            return
        id_ = self.random.choice(list(self.texts))
        if choice < 0.8:
            self._ask(node, "PATCH", f"/api/messages/{id_}", json={"content": text})
            self.texts[id_] = text
        else:
            self._ask(node, "DELETE", f"/api/messages/{id_}")
            del self.texts[id_]

    def check(self, node: Node) -> None:
        """Everything is found, as it is now, once the index has seen all of the log, and through the log before."""
        assert self._found(node)[0] == self.texts
        deadline = time.monotonic() + LEASE_S + PATIENCE_S
        while self._found(node)[1] > 0:
            assert time.monotonic() < deadline, "the index does not catch up"
            time.sleep(0.5)
        assert self._found(node)[0] == self.texts

    def _found(self, node: Node) -> tuple[dict[str, str], int]:
        """All hits, and how far the index was behind. A search on a busy machine may run out of its time: it is continued."""
        found: dict[str, str] = {}
        deadline, before = time.monotonic() + PATIENCE_S, ""
        while True:
            answer = self._ask(
                node,
                "GET",
                "/api/search",
                params={"query": "quokka", "limit": "200", **({"before": before} if before else {})},
            )
            found |= {hit["message"]["id"]: hit["message"]["content"] for hit in answer["hits"]}
            if not answer["has_more"] and not answer["partial"]:
                return found, answer["behind"]
            assert time.monotonic() < deadline, "no search was ever complete"
            if answer["before"] is None:
                found.clear()
            before = answer["before"] or ""

    def _ask(self, node: Node, method: str, path: str, **rest: Any) -> Any:
        answer = node.http.request(method, path, headers=bearer(self.token), **rest)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.mark.parametrize("place", ["message_indexed:3", "message_indexed:8", "index_written", "index_written:2"])
def test_a_node_that_dies_while_it_indexes_leaves_an_index_that_becomes_whole(node: Node, place: str) -> None:
    [token] = node.people("ada")
    writer = Writer(len(place), token)
    node.start(BACKCHANNEL_FAILPOINT=place)
    deadline = time.monotonic() + PATIENCE_S
    with pytest.raises(httpx.TransportError):
        while time.monotonic() < deadline:
            writer.act(node)
            time.sleep(0.1)
    assert node.stop() == -9
    # What was under way may be stored without an answer.
    node.start()
    events = node.events(token)
    writer.texts = {
        event["message"]["id"]: event["message"]["content"]
        for event in events
        if event["type"] == "message_created" and not event["message"]["deleted"]
    }
    for _ in range(10):
        writer.act(node)
    writer.check(node)
    assert "search" in node.cli("followers", "--reset", "search")
    writer.check(node)


@of_postgres
def test_when_the_node_that_indexes_is_killed_another_goes_on(
    nodes: Callable[[dict[str, str]], Node], environment: dict[str, str]
) -> None:
    first, second = nodes(environment), nodes(environment)
    [token] = first.people("ada")
    writer = Writer(1, token)
    first.start()
    for _ in range(10):
        writer.act(first)
    writer.check(first)
    second.start()
    assert first.stop(signal.SIGKILL) == -9
    for _ in range(10):
        writer.act(second)
    writer.check(second)
