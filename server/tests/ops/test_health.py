import re
from collections.abc import Awaitable, Callable

import httpx
from starlette.applications import Starlette

from backchannel.ops.health import health_routes
from tests.running import Running, somebody


async def well() -> None:
    pass


async def ill() -> None:
    raise ConnectionError("it is away")


async def asleep() -> None:
    import asyncio

    await asyncio.Event().wait()


async def ask(path: str, draining: bool = False, **checks: Callable[[], Awaitable[None]]) -> httpx.Response:
    app = Starlette(routes=health_routes(checks, lambda: draining, check_timeout_s=0.2))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get(path)


async def test_a_node_is_ready_when_all_its_checks_succeed() -> None:
    answer = await ask("/readyz", database=well, bus=well)
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "database": "ok", "bus": "ok"})


async def test_a_check_that_fails_is_named() -> None:
    for broken in (ill, asleep):
        answer = await ask("/readyz", database=broken, bus=well)
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "database": "does not answer", "bus": "ok"}
        assert "away" not in answer.text


async def test_a_draining_node_is_not_ready_and_still_up() -> None:
    answer = await ask("/readyz", draining=True, database=well)
    assert (answer.status_code, answer.json()["server"]) == (503, "draining")
    assert (await ask("/healthz", draining=True, database=ill)).json() == {"up": True}


async def test_a_bus_that_is_away_is_shown_and_does_not_make_the_node_unready() -> None:
    for broken in (ill, asleep):
        routes = health_routes({"database": well}, lambda: False, {"bus": broken}, check_timeout_s=0.2)
        app = Starlette(routes=routes)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"ready": True, "database": "ok", "bus": "does not answer"})


def open_websockets(figures: str) -> float:
    """All servers of this process count into one gauge, so that an earlier test's may be among them."""
    values = re.findall(r'^backchannel_connections\{client="\w+",transport="websocket"\} (\S+)$', figures, re.MULTILINE)
    return sum(map(float, values))


def test_a_running_server_is_up_ready_and_its_metrics_contain_no_names(server: Running) -> None:
    ada = somebody("ada")
    room_id = server.do(ada, "create_room", kind="channel", name="a-secret-name")["room"]["id"]
    server.do(ada, "send_message", room_id=room_id, content="a secret")
    for path in ("/healthz", "/readyz"):
        assert server.http.get(path).status_code == 200
    before = open_websockets(server.http.get("/metrics").text)
    with server.device(ada):
        figures = server.http.get("/metrics").text
    assert "backchannel_commands_total" in figures
    assert open_websockets(figures) == before + 1
    for secret in (ada.user.username, "secret", ada.token):
        assert secret not in figures
