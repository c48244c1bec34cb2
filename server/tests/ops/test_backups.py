"""A server knows of its newest backup by the marker in the data folder, and of none that it cannot be sure of."""

import os
import stat
from pathlib import Path

import prometheus_client
import pytest
from prometheus_client import REGISTRY

from backchannel.ops import backups
from backchannel.ops.backups import BackupWatch
from backchannel.store.backup_marker import NAME, Backup, note_backup, noted_backup

MADE = Backup(1_764_525_600_000_000, 4096)


def value(name: str) -> float | None:
    return REGISTRY.get_sample_value(name)


def test_what_is_noted_is_known_and_for_its_owner_alone(tmp_path: Path) -> None:
    note_backup(tmp_path, MADE)
    assert noted_backup(tmp_path / NAME) == MADE
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    note_backup(tmp_path, Backup(MADE.at_us + 1, 8192))
    assert noted_backup(tmp_path / NAME) == (MADE.at_us + 1, 8192)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"at_us": 1}', '{"at_us": "1", "size_bytes": 2}', '{"at_us": true, "size_bytes": 2}'],
)
def test_a_marker_that_cannot_be_read_is_no_backup(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert noted_backup(tmp_path / NAME) is None


def test_a_backup_that_cannot_be_noted_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "in-the-way").touch()
    with pytest.raises(OSError, match="last-backup"):
        note_backup(tmp_path, MADE)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_metrics_show_the_newest_backup_and_none_before_there_is_one(tmp_path: Path) -> None:
    watch = BackupWatch(tmp_path / NAME)
    is_shown = backups.made_at in REGISTRY._collector_to_names
    watch.look()
    assert (backups.made_at in REGISTRY._collector_to_names) == is_shown
    note_backup(tmp_path, MADE)
    watch.look()
    assert value("backchannel_backup_last_success_timestamp_seconds") == MADE.at_us / 1e6
    assert value("backchannel_backup_size_bytes") == 4096
    note_backup(tmp_path, Backup(MADE.at_us + 60_000_000, 5000))
    os.utime(tmp_path / NAME, ns=(2, 2))
    watch.look()
    assert value("backchannel_backup_size_bytes") == 5000
    assert "backchannel_backup_size_bytes 5000.0" in prometheus_client.generate_latest().decode()


def test_a_chat_without_a_marker_knows_of_no_backup() -> None:
    BackupWatch(None).look()
