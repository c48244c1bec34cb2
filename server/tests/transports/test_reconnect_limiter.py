"""Reconnects wait for one of a few slots. Those already in progress go first; a client that would wait too long is asked to retry."""

import asyncio
from typing import Any

import httpx
import pytest

from backchannel.protocol.errors import Code, CommandError
from backchannel.transports.reconnect_limiter import ReconnectLimiter
from tests.running import running, somebody


async def until_waiting(admission: ReconnectLimiter, count: int) -> None:
    while admission.waiting != count:  # noqa: ASYNC110
        await asyncio.sleep(0)


class Clients:
    """Tasks that take a turn, record their name in `served`, and hold the turn until their event in `done` is set."""

    def __init__(self, admission: ReconnectLimiter) -> None:
        self.admission = admission
        self.served: list[str] = []
        self.done: dict[str, asyncio.Event] = {}

    def connect(self, name: str, *, begun: bool = False) -> "asyncio.Task[None]":
        self.done[name] = asyncio.Event()

        async def take_turn() -> None:
            async with self.admission.turn(begun=begun):
                self.served.append(name)
                await self.done[name].wait()

        return asyncio.create_task(take_turn())


async def test_a_fixed_number_is_served_at_once_and_the_rest_in_order_those_in_progress_first() -> None:
    clients = Clients(ReconnectLimiter(at_once=2, waiting=10))
    tasks = [clients.connect(name, begun=name == "begun") for name in ("a", "b", "c", "d", "begun")]
    await until_waiting(clients.admission, 3)
    assert clients.served == ["a", "b"]
    for name in ("a", "b", "begun", "c", "d"):
        clients.done[name].set()
    await asyncio.gather(*tasks)
    assert clients.served == ["a", "b", "begun", "c", "d"]


async def test_a_newcomer_beyond_the_bound_is_refused_with_a_random_retry_time() -> None:
    clients = Clients(ReconnectLimiter(at_once=1, waiting=1, jitter=lambda low, high: (low + high) / 2))
    tasks = [clients.connect("a"), clients.connect("b")]
    await until_waiting(clients.admission, 1)
    with pytest.raises(CommandError) as refused:
        await clients.connect("c")
    assert (refused.value.code, refused.value.retry_after) == (Code.OVERLOADED, 3.0)
    begun = clients.connect("begun", begun=True)
    await until_waiting(clients.admission, 2)
    for event in clients.done.values():
        event.set()
    await asyncio.gather(*tasks, begun)
    assert clients.served == ["a", "begun", "b"]


async def test_a_cancelled_waiter_costs_no_turn() -> None:
    clients = Clients(ReconnectLimiter(at_once=1, waiting=3))
    first, gone, late = (clients.connect(name) for name in ("a", "gone", "b"))
    await until_waiting(clients.admission, 2)
    gone.cancel()
    await until_waiting(clients.admission, 1)
    clients.done["a"].set()
    clients.done["b"].set()
    await asyncio.gather(first, late)
    async with clients.admission.turn():
        assert clients.served == ["a", "b"]


async def test_a_waiter_cancelled_after_it_got_the_turn_passes_it_on() -> None:
    clients = Clients(ReconnectLimiter(at_once=1, waiting=3))
    first, gone, late = (clients.connect(name) for name in ("a", "gone", "b"))
    await until_waiting(clients.admission, 2)
    clients.admission.give_back()  # gives the turn to `gone`, whose task has not run yet
    gone.cancel()
    clients.done["b"].set()
    await late
    clients.done["a"].set()
    await asyncio.gather(first, gone, return_exceptions=True)
    assert clients.served == ["a", "b"]


def test_a_full_limiter_refuses_newcomers_and_serves_connected_clients(module_database: None) -> None:
    ada = somebody("ada")
    with running(arrivals_at_once=1, arrivals_waiting=1) as server, server.device(ada) as inside:
        admission = server.chat.node.admission
        room_id = server.group(ada)
        kept = server.in_loop(_fill, admission)
        server.wait_until(lambda: admission.waiting)
        try:
            answer = server.sync(ada)
            assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
            assert 1 <= int(answer.headers["Retry-After"]) <= 5
            upgrade = {
                "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **ada.headers,
            }  # fmt: skip
            refused = httpx.get(f"{server.url}/ws", headers=upgrade, trust_env=False)
            assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
            assert inside.call("send_message", room_id=room_id, content="Still here.").ok
            assert inside.call("get_history", room_id=room_id).body["messages"][0]["content"] == "Still here."
        finally:
            server.in_loop(kept.cancel)
        assert server.sync(ada).status_code == 200
        with server.device(ada) as another:
            assert another.call("ping").ok


def _fill(admission: ReconnectLimiter) -> Any:
    """Take the only turn and, once it is taken, the only place to wait, until cancelled."""

    async def take() -> None:
        async with admission.turn(), admission.turn():
            pass

    return asyncio.get_running_loop().create_task(take())
