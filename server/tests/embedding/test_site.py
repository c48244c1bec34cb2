"""The chat in somebody else's Django site, under the servers that such sites run on: two people talk, and settings count."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.sync.client import connect

from backchannel.config import KEYS, LIMITS

pytestmark = pytest.mark.prove

HERE = Path(__file__).parent
SERVER = HERE.parent.parent
PATIENCE_S = 60
BOTH_APPS = "backchannel.store backchannel.accounts"

SERVERS = {
    "uvicorn": ["uvicorn", "shop.asgi:application", "--host", "127.0.0.1", "--port", "{port}"],
    "uvicorn without lifespan": [
        *("uvicorn", "shop.asgi:application", "--host", "127.0.0.1", "--port", "{port}", "--lifespan", "off"),
    ],
    "daphne": ["daphne", "-b", "127.0.0.1", "-p", "{port}", "shop.asgi:application"],
    "hypercorn": ["hypercorn", "shop.asgi:application", "--bind", "127.0.0.1:{port}"],
}


class Shop:
    """The site's files and database; `run` is its manage.py."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((str(HERE), str(SERVER))),
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "SHOP_DATABASE": str(folder / "shop.sqlite3"),
            "SHOP_CHAT_APPS": BOTH_APPS,
            **settings,
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words],
            env=self.environment,
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def done(self, *words: str) -> str:
        ran = self.run(*words)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def migrate(self) -> None:
        self.done("django", "migrate", "--verbosity", "0")

    def customers(self, *names: str) -> list[str]:
        lines = self.done("shop.customers", *names).splitlines()  # among those of the log
        return [line.split()[1] for line in lines if line.startswith("session ")]

    @contextmanager
    def served_by(self, name: str, log: Path) -> Iterator[str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [sys.executable, "-m", *(word.format(port=port) for word in SERVERS[name])],
                env=self.environment,
                cwd=HERE,
                stdout=output,
                stderr=output,
            ) as process,
        ):
            try:
                url = f"http://127.0.0.1:{port}"
                wait_for(lambda: answers(url) or process.poll() is not None)
                assert process.poll() is None, log.read_text()
                yield url
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE_S)
            finally:
                process.kill()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/orders/").text == "no orders"
    except httpx.TransportError:
        return False


def wait_for(true: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def browser(url: str, session: str) -> httpx.Client:
    return httpx.Client(
        base_url=url, cookies={"sessionid": session}, headers={"Origin": url, "X-CSRFToken": "x"}, timeout=PATIENCE_S
    )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.migrate()
    return shop


@pytest.mark.parametrize("name", SERVERS)
def test_two_customers_talk(name: str, shop: Shop, tmp_path: Path) -> None:
    ada, ben = shop.customers("ada", "ben")
    with shop.served_by(name, tmp_path / "log") as url, browser(url, ada) as by_http:
        # Ben comes first, at once, by WebSocket: a chat that no lifespan has started starts now.
        headers = {"Cookie": f"sessionid={ben}", "Origin": url}
        with connect(f"{url.replace('http', 'ws', 1)}/ws", additional_headers=headers) as socket:
            client = {"name": "test", "version": "1", "instance": str(uuid4())}
            socket.send(json.dumps({"type": "hello", "protocol": 1, "client": client}))
            hello = until(socket, "hello")
            assert (hello["heartbeat_s"], hello["limits"]["content_bytes"]) == (7, 100), "BACKCHANNEL counts"
            until(socket, "caught_up")
            me = hello["user"]["id"]

            made = by_http.post("/api/rooms", json={"kind": "group", "name": "Order 17", "members": [me]})
            assert made.status_code == 201, made.text
            room_id = made.json()["room"]["id"]
            sent = by_http.post(f"/api/rooms/{room_id}/messages", json={"content": "It has been sent."})
            assert sent.status_code == 201, sent.text
            assert until(socket, "message_created")["message"]["content"] == "It has been sent."

            socket.send(
                json.dumps({"type": "send_message", "id": str(uuid4()), "room_id": room_id, "content": "Thanks"})
            )
            until(socket, "ack")
        polled = by_http.post("/api/sync", json={"wait": 0})
        assert polled.status_code == 200, polled.text
        contents = [m["content"] for m in by_http.get(f"/api/rooms/{room_id}/messages").json()["messages"]]
        assert contents == ["It has been sent.", "Thanks"]
        assert httpx.get(f"{url}/orders/").text == "no orders", "the site's own pages are there"


def test_the_sites_own_pages_files_api_and_uploads_stay_its_own(shop: Shop, tmp_path: Path) -> None:
    (ada,) = shop.customers("ada")
    with shop.served_by("uvicorn", tmp_path / "log") as url, browser(url, ada) as client:
        assert client.get("/static/shop.css").text == "h1 {}"
        assert client.get("/api/orders").text == "no orders"
        assert "<title>" in client.get("/api/none").text, "what neither has is the site's to refuse"
        for path in ("/photos/", "/api/photos"):
            assert client.post(path, files={"photo": b"x" * 3_000_000}).text == "3000000 bytes"
        assert client.post("/api/sync", content=b"x" * 2_000_000).status_code == 413, "the chat's own are bounded"


@pytest.mark.parametrize("given", ["/app", ""], ids=["left by the proxy", "taken off by it"])
def test_a_chat_below_a_prefix_talks(given: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path, SHOP_PREFIX="/app")
    shop.migrate()
    (ada,) = shop.customers("ada")
    with shop.served_by("uvicorn", tmp_path / "log") as url, browser(url, ada) as client:
        made = client.post(f"{given}/api/rooms", json={"kind": "group", "name": "Order 17", "members": []})
        assert made.status_code == 201, made.text
        assert client.post(f"{given}/api/sync", json={"wait": 0}).status_code == 200
        headers = {"Cookie": f"sessionid={ada}", "Origin": url}
        with connect(f"{url.replace('http', 'ws', 1)}{given}/ws", additional_headers=headers) as socket:
            client_ = {"name": "test", "version": "1", "instance": str(uuid4())}
            socket.send(json.dumps({"type": "hello", "protocol": 1, "client": client_}))
            until(socket, "caught_up")
        assert client.get(f"{given}/orders/").text == "no orders"


def until(socket: Any, type_: str) -> dict[str, Any]:
    """The next frame of that type."""
    while True:
        text = json.loads(socket.recv(timeout=PATIENCE_S))
        for frame in text if isinstance(text, list) else [text]:
            if frame["type"] == type_:
                return dict(frame)


def test_a_well_configured_site_passes_the_checks(shop: Shop) -> None:
    shop.done("django", "check", "--fail-level", "WARNING", "--database", "default")


def test_migrations_make_the_row_that_names_the_installation(shop: Shop) -> None:
    code = "from backchannel.store.models import Workspace as W; print(len(W.objects.get(pk=1).epoch))"
    assert shop.done("django", "shell", "--verbosity", "0", "-c", code).strip() == "32"


@pytest.mark.parametrize(
    ("settings", "code", "advice"),
    [
        ({"SHOP_CHAT_APPS": "backchannel"}, "backchannel.E001", '"backchannel.store" and "backchannel.accounts"'),
        ({"SHOP_CHAT_APPS": f"backchannel {BOTH_APPS}"}, "backchannel.E001", "not an app"),
        ({"SHOP_CHAT_APPS": "backchannel.store"}, "backchannel.E008", '"backchannel.accounts" is not in'),
        ({"SHOP_CHAT_APPS": "backchannel.accounts"}, "ImproperlyConfigured", 'needs "backchannel.store" in'),
        ({"SHOP_UNKNOWN_KEYS": "HEARTBEATS"}, "backchannel.E007", "did you mean HEARTBEAT_S?"),
        ({"SHOP_PLAIN_SQLITE": "yes"}, "backchannel.W003", "backchannel.sqlite_options()"),
        ({"SHOP_SESSIONS": "django.contrib.sessions.backends.signed_cookies"}, "backchannel.E009", "cached_db"),
        ({"SHOP_OTHER_SETTINGS": "BACKCHANEL"}, "backchannel.W010", "Write BACKCHANNEL = {…}"),
        ({"SHOP_OTHER_SETTINGS": "BACKCHANNEL_ORIGINS"}, "backchannel.W010", "its keys are ORIGINS,"),
        ({"SHOP_DATABASE": ":memory:"}, "backchannel.W012", "Name a file"),
    ],
)
def test_a_check_names_each_mistake_and_its_fix(
    settings: dict[str, str], code: str, advice: str, tmp_path: Path
) -> None:
    ran = Shop(tmp_path, **settings).run("django", "check", "--fail-level", "WARNING")
    assert ran.returncode != 0
    assert code in ran.stderr
    assert advice in ran.stderr


def test_runserver_without_asgi_reports_that_the_chat_does_not_run(shop: Shop) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        probe.listen()
        ran = shop.run(
            "django", "runserver", "--noreload", f"127.0.0.1:{probe.getsockname()[1]}"
        )  # taken: it ends at once
    assert "backchannel.W011" in ran.stderr
    assert 'Put "daphne" first' in ran.stderr


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"SHOP_CHAT_APPS": "backchannel"}, '"backchannel.store", "backchannel.accounts"'),
        ({"SHOP_CHAT_APPS": ""}, '"backchannel.store", "backchannel.accounts"'),
        ({"SHOP_UNKNOWN_KEYS": "HEARTBEATS"}, "did you mean HEARTBEAT_S?"),
    ],
)
def test_create_chat_refuses_an_unusable_configuration(settings: dict[str, str], advice: str, tmp_path: Path) -> None:
    ran = Shop(tmp_path, **settings).run("shop.asgi")
    assert ran.returncode != 0
    assert "ImproperlyConfigured" in ran.stderr
    assert advice in ran.stderr


def test_the_page_on_django_sites_names_every_key_and_limit() -> None:
    page = (SERVER.parent / "docs/howto/add-to-a-django-site.md").read_text()
    for name in (*KEYS, *LIMITS):
        assert f"`{name}`" in page, name
