"""In a Django site the chat needs Django, msgspec, Starlette and prometheus-client, and nothing of the standalone server."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.embedding.site import SERVER, Shop

PROJECT = tomllib.loads((SERVER.parent / "pyproject.toml").read_text())["project"]
CORE = {"django", "msgspec", "prometheus-client", "starlette"}
MODULES = {
    "argon2-cffi": "argon2",
    "django-allauth": "allauth",
    "django-csp": "csp",
    "django-storages": "storages",
    "cryptography": "cryptography",
    "djangorestframework-simplejwt": "rest_framework_simplejwt",
    "http-ece": "http_ece",
    "httptools": "httptools",
    "pillow": "PIL",
    "psycopg": "psycopg",
    "py-vapid": "py_vapid",
    "redis": "redis",
    "servestatic": "servestatic",
    "structlog": "structlog",
    "tzdata": "tzdata",
    "uvicorn": "uvicorn",
    "uvloop": "uvloop",
}
"""What the extras install, as it is imported."""

WITHOUT_EXTRAS = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError("No module named " + name, name=name)

sys.meta_path.insert(0, Absent())
"""

A_REQUEST = """
import asyncio
from shop.asgi import application

async def main():
    sent = []

    async def send(message):
        sent.append(message)

    def request():
        messages = iter([{"type": "http.request", "body": b""}])

        async def receive():
            return next(messages, None) or await asyncio.Event().wait()

        return receive

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "query_string": b"",
             "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "root_path": ""}
    for path in ("/chat/readyz", "/chat/api/me", "/chat/api/openapi.json", "/orders/"):
        sent.clear()
        await application({**scope, "path": path, "raw_path": path.encode()}, request(), send)
        print("status", path, sent[0]["status"])
    await application._chat._stop()

asyncio.run(main())
"""


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", each)[0] for each in requirements}


def test_what_is_not_core_is_an_extra() -> None:
    assert names_of(PROJECT["dependencies"]) == CORE
    extras = PROJECT["optional-dependencies"]
    assert names_of([each for extra in extras.values() for each in extra]) - {"backchannel"} == set(MODULES)


def test_a_site_migrates_and_serves_with_nothing_but_the_core_installed(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    absent = WITHOUT_EXTRAS.format(absent=sorted(MODULES.values()))

    def run(code: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-c", absent + code], env=shop.environment, capture_output=True, text=True, timeout=100,
            check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    django = "from django.core.management import execute_from_command_line as run\n"
    run(django + 'run(["manage.py", "check", "--fail-level", "WARNING"])')
    run(django + 'run(["manage.py", "migrate", "--verbosity", "0"])')
    assert [line.split()[1:] for line in run(A_REQUEST).splitlines() if line.startswith("status")] == [
        ["/chat/readyz", "200"],
        ["/chat/api/me", "401"],
        ["/chat/api/openapi.json", "200"],
        ["/orders/", "200"],
    ]
