"""What happens to connections of a real server becomes evidence, with the cause that both sides' words give."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
import pytest

from tests.running import Running, running, somebody, wait_until

pytestmark = pytest.mark.usefixtures("module_database")


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    with running(analytics="on") as it:
        yield it


class Evidence:
    """The tables of a running server, read by words."""

    def __init__(self, server: Running) -> None:
        self._writer = server.chat.evidence.writer

    def rows(self, attempt: str) -> list[dict[str, Any]]:
        names = (
            "person",
            "transport",
            "reached",
            "status",
            "stage",
            "cause",
            "code",
            "reason",
            "network",
            "agent",
            "seen",
        )
        self._writer.wake()
        connected = self._writer.database.connect()
        try:
            with connected.transaction() as driver:
                words = dict(driver.query("SELECT id, word FROM ops_word", []))
                found = driver.query(
                    f"SELECT {', '.join(names)} FROM ops_connection WHERE attempt = %s", [int(attempt, 16)]
                )
        finally:
            connected.close()
        rows = [dict(zip(names, row, strict=True)) for row in found]
        for row in rows:
            row |= {name: words.get(row[name], "") for name in ("stage", "cause", "reason", "network", "agent")}
        return rows

    def the_row(self, attempt: str, ready: Callable[[dict[str, Any]], Any] = bool) -> dict[str, Any]:
        """The attempt's row, as soon as `ready` holds for it."""
        wait_until(lambda: any(ready(row) for row in self.rows(attempt)))
        (row,) = self.rows(attempt)
        return row


def report(server: Running, who: Any, *attempts: dict[str, Any], **more: Any) -> httpx.Response:
    return server.http.post("/api/report", json={"attempts": list(attempts), **more}, headers=who.headers)


def seen_by_client(attempt: str, **more: Any) -> dict[str, Any]:
    return {"id": attempt, "ended": "closed", "age": 0, "lived": 100, "http": True, **more}


def test_a_stripped_upgrade_is_named_by_the_server_alone(server: Running) -> None:
    attempt = "0000000000000001"
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
    answer = server.http.get(f"/ws?a={attempt}", headers={"Via": "1.1 squid", "User-Agent": agent})
    assert answer.status_code == 426
    row = Evidence(server).the_row(attempt)
    assert (row["stage"], row["cause"], row["agent"]) == ("upgrade", "upgrade_stripped", "firefox 133, linux")
    assert row["network"] == "127.0.0.0/24"


def test_somebody_who_opens_the_address_is_no_attempt(server: Running) -> None:
    before = server.http.get("/metrics").text.count("upgrade_stripped")
    server.http.get("/ws")
    assert server.http.get("/metrics").text.count("upgrade_stripped") == before


def test_a_refused_handshake_has_its_cause(server: Running) -> None:
    attempt = "0000000000000002"
    with pytest.raises(Exception, match="401"):
        server.dial(None, f"?a={attempt}")
    assert Evidence(server).the_row(attempt)["cause"] == "refused_auth"


def test_an_attempt_that_never_arrived_is_named_by_its_client(server: Running) -> None:
    ada = somebody("ada")
    attempt = "0000000000000003"
    assert report(server, ada, seen_by_client(attempt)).json() == {}
    row = Evidence(server).the_row(attempt)
    assert (row["person"], row["cause"]) == (ada.id, "blocked_before")


def test_a_connection_is_kept_from_its_handshake_to_its_end(server: Running) -> None:
    ada = somebody("ada")
    attempt = "0000000000000004"
    device = server.dial(ada, f"?a={attempt}")
    device.hello()
    device.until("caught_up")
    assert Evidence(server).the_row(attempt)["code"] is None
    device.say({"type": "pong", "seen": {"7": 1042}})
    assert Evidence(server).the_row(attempt, lambda row: row["seen"])["seen"] == '{"7":1042}'
    device.close()
    row = Evidence(server).the_row(attempt, lambda row: row["code"])
    assert (row["person"], row["reason"], row["cause"]) == (ada.id, "client_gone", "")


def test_a_client_without_an_answer_to_its_hello_is_swallowed_down(server: Running) -> None:
    ada = somebody("ada")
    attempt = "0000000000000005"
    device = server.dial(ada, f"?a={attempt}")
    device.hello()
    device.until("caught_up")
    device.close()
    report(server, ada, seen_by_client(attempt, took=[80], ended="timeout"))
    assert Evidence(server).the_row(attempt, lambda row: row["cause"])["cause"] == "swallowed_down"


def test_a_client_that_polls_is_kept_once(server: Running) -> None:
    ada = somebody("ada")
    for _ in range(3):
        server.sync(ada, wait=0.01, client={"name": "web", "instance": "b0000000-0000-4000-8000-000000000000"})
    connected = server.chat.evidence.writer.database.connect()

    def polling() -> int:
        server.chat.evidence.writer.wake()
        with connected.transaction() as driver:
            return int(
                driver.query("SELECT count(*) FROM ops_connection WHERE person = %s AND transport = 1", [ada.id])[0][0]
            )

    wait_until(lambda: polling() == 1)
    connected.close()


def test_a_client_that_polls_confirms_what_it_has_by_its_next_poll(server: Running) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room_id = server.group(ada, ben)
    client = {"name": "web", "instance": "c0000000-0000-4000-8000-000000000000"}
    first = server.sync(ada, wait=0.01, client=client).json()
    resume = {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {str(room_id): 0}}
    server.sync(ada, resume, wait=0.01, client=client)
    seq = server.do(ben, "send_message", room_id=room_id, content="hello")["message"]["seq"]
    server.wait_until(lambda: server.sync(ada, resume, client=client).json()["frames"])
    resume["rooms"] = {str(room_id): seq}
    server.sync(ada, resume, client=client)
    connected = server.chat.evidence.writer.database.connect()

    def seen() -> list[tuple[Any, ...]]:
        server.chat.evidence.writer.wake()
        with connected.transaction() as driver:
            return list(driver.query("SELECT seen FROM ops_connection WHERE person = %s", [ada.id]))

    wait_until(lambda: seen() == [(f'{{"{room_id}":{seq}}}',)])
    connected.close()


@pytest.mark.parametrize(
    "body",
    [
        {"attempts": [{"ended": "closed", "age": -1, "lived": 0}]},
        {"attempts": [{"ended": "closed", "age": 0, "lived": 0, "id": "zz"}]},
        {"attempts": [{"ended": "closed", "age": 0, "lived": 0, "took": [1, 2, 3, 4, 5]}]},
        {"attempts": [{"ended": "closed", "age": 0, "lived": 0}] * 33},
        {"recorder": ["x" * 201]},
        {"recorder": ["x"] * 513},
        {"websocket": {"delivery": [10_001]}},
        {"unknown": 1},
        [],
    ],
)
def test_a_report_that_is_not_one_is_refused(server: Running, body: Any) -> None:
    answer = server.http.post("/api/report", json=body, headers=somebody("ada").headers)
    assert answer.status_code in {400, 422}


def test_a_report_needs_a_sign_in_and_is_bounded(server: Running) -> None:
    assert server.http.post("/api/report", json={}).status_code == 401
    large = {"recorder": ["x" * 200] * 512, "why": "person"}
    ada = somebody("ada")
    assert server.http.post("/api/report", json=large, headers=ada.headers).status_code == 200
    padded = msgspec.json.encode(large) + b" " * 192 * 1024
    headers = {**ada.headers, "Content-Type": "application/json"}
    assert server.http.post("/api/report", content=padded, headers=headers).status_code == 413


def test_a_client_that_reports_without_end_is_refused(server: Running) -> None:
    ada = somebody("ada")
    statuses = {report(server, ada).status_code for _ in range(40)}
    assert statuses == {200, 429}


def test_what_browsers_measured_is_in_the_metrics(server: Running) -> None:
    def delivered() -> float:
        lines = server.http.get("/metrics").text.splitlines()
        name = 'backchannel_delivery_seconds_bucket{le="0.1",transport="websocket"}'
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    before = delivered()
    counts = [0, 0, 1, 0, 2, 5]
    assert report(server, somebody("ada"), websocket={"delivery": counts, "rtt": [1]}).status_code == 200
    assert delivered() == before + 3


def test_what_no_database_can_store_costs_nothing_that_is_written_with_it(server: Running) -> None:
    """PostgreSQL refuses NUL, and one transaction holds what everybody reported in a second or two."""
    who, attempt = somebody(), "00000000000000e1"
    error = {"kind": "Type\x00Error", "text": "a\x00b", "stack": "at f\x00 (https://x/y\x00.js:1:1)"}
    client = {"name": "w\x00eb", "version": "1\x00", "instance": "i\x00"}
    unseen = seen_by_client(attempt, lived=366 * 86_400_000, age=366 * 86_400_000)
    sent = report(server, who, unseen, client=client, errors=[error], recorder=["1 a\x00b"], why="error")
    assert sent.status_code == 200
    Evidence(server).the_row(attempt, lambda row: row["person"] == who.id)
