"""The file of the secret key: rotations, what they keep, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.site.conf import SettingError
from backchannel.site.folder import OLDER_KEYS, kept_secret_key, older_secret_keys, rotate_secret_key


def test_a_rotation_puts_a_new_key_before_the_old_ones(tmp_path: Path) -> None:
    first = kept_secret_key(tmp_path)
    assert older_secret_keys(tmp_path) == []
    assert rotate_secret_key(tmp_path) == 1
    assert kept_secret_key(tmp_path) != first
    assert older_secret_keys(tmp_path) == [first]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_only_the_keys_of_the_last_rotations_are_kept(tmp_path: Path) -> None:
    keys = [kept_secret_key(tmp_path)]
    for _ in range(OLDER_KEYS + 2):
        rotate_secret_key(tmp_path)
        keys.insert(0, kept_secret_key(tmp_path))
    assert older_secret_keys(tmp_path) == keys[1 : OLDER_KEYS + 1]


def test_forgetting_leaves_the_new_key_alone(tmp_path: Path) -> None:
    first = kept_secret_key(tmp_path)
    assert rotate_secret_key(tmp_path, forget=True) == 0
    assert kept_secret_key(tmp_path) != first
    assert older_secret_keys(tmp_path) == []


def test_a_short_key_anywhere_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(f"{'k' * 40}\nshort\n")
    with pytest.raises(SettingError, match="no usable key"):
        kept_secret_key(tmp_path)
