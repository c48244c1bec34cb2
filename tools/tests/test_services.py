"""The private servers of the tests."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

import services
from machine import ROOT


def is_listening(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def test_postgres_answers_inside_its_block_and_has_stopped_after_it() -> None:
    with services.postgres() as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
    assert not is_listening(url)


def test_redis_answers_inside_its_block_and_has_stopped_after_it() -> None:
    with services.redis() as url:
        assert redis.Redis.from_url(url).ping()
    assert not is_listening(url)


def test_redis_can_be_started_again_on_its_port() -> None:
    with services.redis() as url:
        pass
    port = urlsplit(url).port
    with services.redis(port) as again:
        assert again == url


def test_a_command_gets_both_urls_and_its_exit_code_is_returned(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(services.POSTGRES_URL, "postgresql://given")
    monkeypatch.delenv(services.REDIS_URL, raising=False)
    script = (
        f"import os, sys; print(os.environ['{services.POSTGRES_URL}'], os.environ['{services.REDIS_URL}']); sys.exit(7)"
    )
    assert services.main(["run", "--", sys.executable, "-c", script]) == 7
    given, started = capfd.readouterr().out.split()
    assert given == "postgresql://given"
    assert started.startswith("redis://127.0.0.1:")


def test_the_error_without_postgres_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))
    monkeypatch.delenv(services.POSTGRES_URL, raising=False)
    assert services.main(["run", "--only", "postgres", "--", "true"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "apt-get install postgresql" in line


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is asked for on Linux alone")
def test_servers_die_with_a_test_run_that_was_killed(tmp_path: Path) -> None:
    code = "import services, os, time\nwith services.redis() as url:\n print(url, flush=True)\n time.sleep(60)"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env) as run:
        assert run.stdout
        url = run.stdout.readline().strip()
        assert is_listening(url)
        run.kill()
    for _ in range(200):
        if not is_listening(url):
            return
        time.sleep(0.05)
    pytest.fail("the server outlived its test run")
