import http.client
import json
import re
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from tests.cli.conftest import Run, Start

pytestmark = pytest.mark.prove


def port_of(process: "subprocess.Popen[str]") -> int:
    """Wait until it prints its address; return the port."""
    return opened(process)[0]


def opened(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait until it prints its address. Returns the port and the setup secret, which is blank if the server has an owner."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"open +http://[^:]+:(\d+)(?:/\?setup=([\w-]+))?$", line):
            return int(found[1]), found[2] or ""
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


class Browser:
    """A minimal browser: keeps cookies and sends its pages' origin."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.port = port
        self.cookies: dict[str, str] = {}
        self.host: str | None = None
        """What it takes the server's name to be; None: the address."""

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Origin": self.origin, "Cookie": self.cookie, "Content-Type": "application/json"}
        if self.host is not None:
            headers |= {"Host": self.host, "Origin": f"http://{self.host}"}
        if "csrftoken" in self.cookies:
            headers["X-CSRFToken"] = self.cookies["csrftoken"]
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";", 1)[0]
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text[:1] in b"{[" else text

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def test_an_empty_folder_becomes_a_server_that_stops_on_sigterm(start: Start, folder: Path) -> None:
    process = start()
    port, secret = opened(process)
    browser = Browser(port)
    assert browser.ask("GET", "/account/state")[1]["setup_required"] is True
    owner = {"setup": secret, "workspace": "Lab", "username": "ada", "password": "correct horse battery"}
    assert browser.ask("POST", "/account/setup", owner)[0] == 201
    status, rooms = browser.ask("GET", "/api/rooms")
    assert (status, [room["name"] for room in rooms["rooms"]]) == (200, ["general"])
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert {path.name for path in folder.iterdir()} >= {"backchannel.sqlite3", "secret_key"}

    again = start()
    browser.port = port_of(again)
    browser.origin = f"http://127.0.0.1:{browser.port}"
    assert browser.ask("GET", "/account/state")[1]["user"]["username"] == "ada"
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=30)
    assert again.returncode == 0


def test_signing_out_closes_the_socket_of_that_session(start: Start) -> None:
    port, secret = opened(start())
    browser = Browser(port)
    browser.ask("GET", "/account/state")
    owner = {"setup": secret, "workspace": "Lab", "username": "ada", "password": "correct horse battery"}
    browser.ask("POST", "/account/setup", owner)
    headers = {"Cookie": browser.cookie, "Origin": browser.origin}
    with connect(f"ws://127.0.0.1:{browser.port}/ws", additional_headers=headers) as live:
        live.send('{"type":"hello","protocol":1,"client":{"name":"test","version":"1","instance":"a"}}')
        assert live.recv(10)
        assert browser.ask("DELETE", "/_allauth/browser/v1/auth/session")[0] == 401
        with suppress(ConnectionClosedError):
            for _ in live:
                pass
        assert live.close_code == 4401


def test_no_secret_is_in_the_log(start: Start, run: Run) -> None:
    # This makes the tables: at the level of debug they would fill the pipe that nobody reads meanwhile.
    run("createuser", "--new", "ada")
    process = start("--host", "127.0.0.1", BACKCHANNEL_LOG_LEVEL="debug")
    port = port_of(process)
    token = run("token", "ada").out.strip()
    for path in (f"/ws?token={token}", f"/api/rooms?token={token}", f"/nowhere?token={token}"):
        Browser(port).ask("GET", path)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert token not in out + err
    assert token[3:20] not in out + err


def test_a_taken_port_is_reported_in_one_line_and_creates_nothing(run: Run, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = run("serve", "--port", port)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"backchannel: port {port} of 127.0.0.1 is in use; choose another with --port\n"
    assert not folder.exists()


def test_two_servers_do_not_share_an_sqlite_folder(start: Start, run: Run, folder: Path) -> None:
    port_of(start())
    second = run("serve", "--port", "0")
    assert second.status == 2
    assert str(folder) in second.err


def test_several_workers_require_postgresql_and_redis(run: Run, folder: Path) -> None:
    alone = run("serve", "--workers", "2", "--port", "0")
    assert (alone.status, alone.out) == (2, "")
    assert "2 workers need PostgreSQL" in alone.err
    deaf = run("serve", "--workers", "2", "--port", "0", BACKCHANNEL_DATABASE_URL="postgres://127.0.0.1:1/nobody")
    assert (deaf.status, deaf.out) == (2, "")
    assert "2 workers need Redis" in deaf.err
    assert not folder.exists()


def test_the_listening_address_is_logged_in_json(start: Start) -> None:
    process = start(BACKCHANNEL_LOG_FORMAT="json")
    assert process.stderr is not None
    line = json.loads(process.stderr.readline())
    assert line["event"] == "listening"
    assert line["port"] > 0
