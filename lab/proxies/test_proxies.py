"""Settings are complete, a proxy starts and ends with its block, and anomalies are counted in the right column."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

import pytest

from backchannel.findings import CODES
from lab.checker.links import Anomaly
from lab.proxies.__main__ import HEAD, line
from lab.proxies.doctor import EXPECTED
from lab.proxies.kinds import PROXY_KINDS, SETTINGS, ProxyKind, settings_of
from lab.proxies.process import ProxyProcess
from lab.proxies.scenario import Result, classify


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def a_kind(*command: object) -> ProxyKind:
    return ProxyKind("stand-in", sys.executable, "", None, lambda _, port, __: [*command, port], upgrades=False)


@pytest.mark.parametrize("kind", [each for each in PROXY_KINDS if each.file], ids=lambda each: each.name)
def test_settings_are_filled_in_and_listen_on_loopback(kind: ProxyKind) -> None:
    text = settings_of(kind, 12345, 23456, Path("/folder"))
    assert "@" not in text
    assert "23456" in text
    if kind.program != "varnishd":  # gets its address on the command line
        assert "127.0.0.1:12345" in text


def test_each_settings_file_belongs_to_a_proxy() -> None:
    assert {path.name for path in SETTINGS.iterdir()} == {each.file for each in PROXY_KINDS if each.file}
    assert len({each.name for each in PROXY_KINDS}) == len(PROXY_KINDS)


def test_the_doctor_knows_what_to_find_behind_each() -> None:
    assert set(EXPECTED) == {each.name for each in PROXY_KINDS}
    assert set().union(*EXPECTED.values()) <= set(CODES)
    assert not any(codes for name, codes in EXPECTED.items() if name.endswith("shipped"))
    for kind in PROXY_KINDS:
        assert ("D206" in EXPECTED[kind.name]) is not kind.upgrades


def test_a_proxy_runs_for_the_length_of_its_block() -> None:
    with ProxyProcess(a_kind(sys.executable, "-m", "http.server", "--bind", "127.0.0.1"), 1) as proxy:
        assert listens(proxy.port)
        proxy.kill()
        assert not listens(proxy.port)
        proxy.start()
        assert listens(proxy.port)
        port = proxy.port
    assert not listens(port)


def test_a_proxy_that_does_not_start_reports_why() -> None:
    broken = a_kind(sys.executable, "-c", "print('no such word'); raise SystemExit(1)")
    with pytest.raises(AssertionError, match="no such word"), ProxyProcess(broken, 1):
        pass


def test_each_anomaly_is_counted_in_its_column() -> None:
    kinds = ("acked lost", "unseen", "duplicate", "doubled", "reordered", "divergent")
    assert classify([Anomaly(kind, "message m1") for kind in kinds]) == (2, 2, 1, ("divergent: message m1",))


def test_a_line_of_the_table_has_a_cell_for_every_column() -> None:
    result = Result("websocket", 0.1, 0.02, 100, 3, 0, 0, 0, ())
    assert result.is_sound
    [columns] = {len(re.findall(r"\|", row)) for row in (*HEAD.splitlines(), line(a_kind(), result))}
    assert columns == 12
