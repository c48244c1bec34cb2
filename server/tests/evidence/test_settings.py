"""What is kept follows the settings, and of an erased person nothing is kept."""

from pathlib import Path
from typing import Any

import pytest

from backchannel.config import ChatConfig, ConfigError
from backchannel.evidence.classify import Reached
from backchannel.evidence.evidence import Evidence
from backchannel.evidence.handshakes import Origins, device_of
from backchannel.evidence.rows import Arrived, Ended, Reported, Row, RowIds
from backchannel.evidence.settings import EvidenceSettings, settings_from
from backchannel.protocol.frames import ClientInfo
from backchannel.protocol.reports import AttemptReport, BrowserError, Report

NOW_US = 1_764_500_000_000_000
INSTANCE = "a0000000-0000-4000-8000-000000000000"
SCOPE: dict[str, Any] = {
    "client": ("203.0.113.9", 1),
    "query_string": b"token=secret&a=0123456789abcdef",
    "headers": [(b"user-agent", b"Secret/1"), (b"via", b'1.1 squid <script>"')],
}
REPORT = Report(
    client=ClientInfo("web", "1", INSTANCE),
    attempts=[AttemptReport(ended="closed", age=0, lived=1)],
    errors=[BrowserError("TypeError", "x is not a function", "at f (https://chat.example/assets/app.js:1:2)")],
)


def rows_of(**settings: Any) -> list[Row]:
    """What a connection, its end and a report leave."""
    rows: list[Row] = []
    evidence = Evidence(EvidenceSettings(secret=b"k", **settings), rows.append, RowIds(1), lambda: NOW_US)
    row = evidence.accepted(SCOPE, 7, "0123456789abcdef" * 2)
    evidence.seen(row, {5: 1})
    evidence.ended(
        row, "websocket", client="", instance=INSTANCE, code=1006, reason="link_lost", seconds=1.0, received=1
    )
    evidence.reported(REPORT, SCOPE, 7)
    return rows


def test_on_keeps_the_person_and_the_device() -> None:
    arrived, _, ended, reported, _ = rows_of(analytics="on")
    assert isinstance(arrived, Arrived)
    assert isinstance(ended, Ended)
    assert isinstance(reported, Reported)
    assert (arrived.origin.person, arrived.origin.network) == (7, "203.0.113.0/24")
    assert arrived.attempt == 0x0123456789ABCDEF
    assert ended.device == reported.device == device_of(INSTANCE, EvidenceSettings("on", secret=b"k"))
    assert arrived.origin.via == "1.1 squid script"


def test_anonymous_keeps_neither() -> None:
    arrived, _, ended, reported, _ = rows_of(analytics="anonymous")
    assert isinstance(arrived, Arrived)
    assert isinstance(ended, Ended)
    assert isinstance(reported, Reported)
    assert (arrived.origin.person, ended.device, reported.origin.person, reported.device) == (None,) * 4


def test_off_keeps_nothing() -> None:
    assert rows_of(analytics="off") == []


def test_neither_a_credential_nor_the_header_is_kept() -> None:
    assert "secret" not in repr(rows_of(analytics="on")).lower()


def test_a_request_without_a_client_has_no_network() -> None:
    origin = Origins(EvidenceSettings("on")).of({"headers": []}, 7, NOW_US)
    assert (origin.network, origin.via) == ("", "")


def test_named_networks_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "networks.txt"
    file.write_text("203.0.113.0/24 Office Berlin\n", "utf-8")
    settings = settings_from(ChatConfig(analytics="on", analytics_networks=str(file)), "key")
    assert Origins(settings).of(SCOPE, 7, NOW_US).network == "Office Berlin"


@pytest.mark.parametrize("content", [None, b"x", b"\xff"])
def test_a_file_that_cannot_be_used_is_refused_with_its_name(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "networks.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"networks\.txt"):
        settings_from(ChatConfig(analytics_networks=str(file)), "key")


def test_refused_handshakes_beyond_a_rate_make_no_rows() -> None:

    rows: list[Row] = []
    evidence = Evidence(EvidenceSettings("on"), rows.append, RowIds(1), lambda: NOW_US)
    for _ in range(500):
        evidence.refused(SCOPE, Reached.NO_UPGRADE, 426)
    assert len(rows) == 50


def test_the_hash_of_a_network_changes_with_the_month() -> None:
    origins = Origins(EvidenceSettings("on", addresses="hash", secret=b"k"))
    found = [origins.of(SCOPE, 7, NOW_US + days * 86_400_000_000).network for days in (0, 0, 40)]
    assert found[0] == found[1] != found[2]
    assert "203" not in "".join(found)
