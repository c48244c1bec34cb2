"""A proxy that sends a POST again, after the answer or beside it: one message, and the same answer to all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from lab.process_faults.node import Node, bearer, new_id, open_socket, text_of

pytestmark = pytest.mark.prove


def test_a_repeated_post_is_one_message_with_one_answer(node: Node) -> None:
    [token] = node.people("ada")
    node.start()
    first, *again = (node.post(token, message_id) for message_id in [new_id()] * 3)
    assert first.status_code == 201
    assert [answer.status_code for answer in again] == [200, 200]
    assert all(answer.json() == {**first.json(), "duplicate": True} for answer in again)
    assert len(node.messages(token)) == 1


def test_simultaneous_identical_posts_are_one_message_with_one_answer(node: Node) -> None:
    [token] = node.people("ada")
    node.start()
    ids = [new_id() for _ in range(10)]

    def post(message_id: str) -> httpx.Response:
        # A connection of its own for each, as a proxy's retry has.
        body = {"id": message_id, "content": text_of(message_id)}
        return httpx.post(f"{node.url}/api/rooms/1/messages", json=body, headers=bearer(token), trust_env=False)

    with open_socket(node, token) as socket, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, [message_id for message_id in ids for _ in range(4)]))
        for n, message_id in enumerate(ids):
            mine = answers[n * 4 : n * 4 + 4]
            assert sorted(answer.status_code for answer in mine) == [200, 200, 200, 201]
            assert {answer.json()["message"]["seq"] for answer in mine} == {mine[0].json()["message"]["seq"]}
            assert {answer.json()["message"]["id"] for answer in mine} == {message_id}
        socket.expect_messages(node.messages(token))
    assert sorted(node.messages(token)) == sorted(ids)
