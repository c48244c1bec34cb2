"""docs/privacy.md names every field that is kept of connections, and no other; docs/reference/causes.md every cause."""

import re

import pytest

from backchannel.evidence import schema
from backchannel.evidence.causes import Cause, Stage
from backchannel.evidence.database import SqliteFile
from tests.protocol.vectors import ROOT

PRIVACY = (ROOT / "docs" / "privacy.md").read_text("utf-8")
CAUSES = (ROOT / "docs" / "reference" / "causes.md").read_text("utf-8")


def section(table: str) -> str:
    found = re.search(rf"^## [^\n]*`{table}`$(.*?)(?=^## |\Z)", PRIVACY, re.MULTILINE | re.DOTALL)
    assert found, table
    return found[1]


@pytest.mark.parametrize("table", schema.TABLES)
def test_every_field_that_is_kept_is_documented(table: str) -> None:
    connected = SqliteFile(None).connect()
    with connected.transaction() as driver:
        columns = {row[1] for row in driver.query(f"PRAGMA table_info({table})", [])}
    connected.close()
    assert columns
    missing = columns - set(re.findall(r"`(\w+)`", section(table)))
    assert not missing


def test_the_documented_fields_of_connections_exist() -> None:
    connected = SqliteFile(None).connect()
    with connected.transaction() as driver:
        columns = {row[1] for row in driver.query("PRAGMA table_info(ops_connection)", [])}
    connected.close()
    first_cells = re.findall(r"^\| ([^|]+) \|", section("ops_connection"), re.MULTILINE)
    assert {word for cell in first_cells for word in re.findall(r"`(\w+)`", cell)} == columns


@pytest.mark.parametrize("word", [*Cause, *Stage])
def test_every_cause_and_stage_is_explained(word: str) -> None:
    assert f"| `{word}` |" in CAUSES
