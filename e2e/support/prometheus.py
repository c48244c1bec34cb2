"""Debian's Prometheus with the files of deploy/monitoring, in a hurry: only its intervals, its windows and the address are replaced."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

import machine
import services
from e2e.support.server import ROOT
from e2e.support.wait import eventually

MONITORING = ROOT / "deploy" / "monitoring"
SAMPLE_TARGET = "127.0.0.1:9464"


class Prometheus:
    def __init__(self, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)

    @property
    def is_ready(self) -> bool:
        try:
            return self._http.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def query(self, expression: str) -> list[float]:
        """The values of an instant query."""
        result = self._get("query", query=expression)["result"]
        return [float(sample["value"][1]) for sample in result]

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {alert["labels"]["alertname"] for alert in self._get("alerts")["alerts"] if alert["state"] == "firing"}

    def close(self) -> None:
        self._http.close()

    def _get(self, what: str, **words: str) -> Any:
        answer = self._http.get(f"/api/v1/{what}", params=words)
        assert answer.is_success, answer.text
        return answer.json()["data"]


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[Prometheus]:
    """Scrapes `target`, which is "address:port"."""
    program = machine.find_prometheus("prometheus")
    assert program is not None, "python3 tools/prepare.py prometheus"
    config = (MONITORING / "prometheus.yml").read_text("utf-8")
    assert SAMPLE_TARGET in config
    hurried = re.sub(r"_interval: \d+s", "_interval: 1s", config).replace(SAMPLE_TARGET, target)
    (folder / "prometheus.yml").write_text(hurried.replace("timeout: 10s", "timeout: 1s"), "utf-8")
    rules = (MONITORING / "backchannel.rules.yml").read_text("utf-8")
    rules = re.sub(r"(interval|for): \d+[sm]", r"\1: 1s", rules)
    (folder / "backchannel.rules.yml").write_text(rules, "utf-8")
    port = services.free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    it = Prometheus(port)
    try:
        eventually(lambda: it.is_ready)
        yield it
    finally:
        it.close()
        process.terminate()
        process.wait(20)
