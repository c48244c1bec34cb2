"""Starts the Django peers of the HTTP rows: plain asynchronous views, Ninja, DRF, all on one small `chat` app."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lab.bench.peers.setup import python
from lab.bench.servers import Missing, Server, free_port, postgres, running

PROJECT = Path(__file__).parent / "python"
SEND = "POST /rooms/@ROOM@/messages"
SEND_BODY = '{"id":"@ID@","content":"@MARK@"}'


@contextmanager
def django(kind: str, database: str, *, people: int, own_rooms: bool = False) -> Iterator[Server]:
    """`kind`: view, ninja or drf. One room for all, or one with another for each of them."""
    folder = Path(tempfile.mkdtemp(prefix="bench-django-"))
    interpreter = python()
    try:
        with ExitStack() as held:
            url, pids = held.enter_context(postgres()) if database == "postgres" else (str(folder / "db.sqlite3"), [])
            env = {"DATABASE": url, "KIND": kind, "DJANGO_SETTINGS_MODULE": "chat.settings"}
            argv = [interpreter, "-m", "chat.world", str(people), "own" if own_rooms else "one"]
            made = subprocess.run(
                argv, cwd=PROJECT, env={**os.environ, **env}, capture_output=True, text=True, check=False
            )
            if made.returncode:
                raise Missing(f"Django's world could not be made: {made.stderr.strip().splitlines()[-1]}")
            port = free_port()
            server = held.enter_context(running(_argv(interpreter, kind, port), port, env=env, cwd=PROJECT))
            server.beside = pids
            server.world = json.loads(made.stdout)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _argv(interpreter: str, kind: str, port: int) -> list[str]:
    # DRF is synchronous: its place is a WSGI server with threads, one worker for the one core.
    if kind == "drf":
        bind = ["--bind", f"127.0.0.1:{port}", "--backlog", "2048"]
        worker = ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--keep-alive", "75"]
        return [interpreter, "-m", "gunicorn", "chat.serve:wsgi", *bind, *worker, "--log-level", "error"]
    quiet = ["--log-level", "error", "--no-access-log"]
    return [interpreter, "-m", "uvicorn", "chat.serve:asgi", "--port", str(port), "--loop", "uvloop", *quiet]
