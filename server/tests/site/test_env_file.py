"""The environment file is read as systemd reads it."""

from pathlib import Path

import pytest

from backchannel.site import env_file
from backchannel.site.conf import SettingError


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("# A=1\n;B=2\n\n  # C=3\nD=4", {"D": "4"}),
        (" A = two words  \n", {"A": "two words"}),
        ("A='x y'\nB=\"x y\"\n", {"A": "x y", "B": "x y"}),
        ("A='a\\b$c'\n", {"A": "a\\b$c"}),
        ('A="a\\"b\\\\c\\$d\\n"\n', {"A": 'a"b\\c$d\\n'}),
        ('A=a"b"c\nB="a"b\n', {"A": 'a"b"c', "B": "ab"}),
        ("A=one\\\ntwo\n", {"A": "onetwo"}),
        ('A="one\ntwo"\n', {"A": "one\ntwo"}),
        ("# a comment \\\nA=1\nB=2\n", {"B": "2"}),
        ("A=1 # part of the value\n", {"A": "1 # part of the value"}),
        ("A=\nB=''\n", {"A": "", "B": ""}),
        ("nonsense\nexport A=1\n1A=2\nB=3\n", {"B": "3"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=postgres://u:p@h/n?sslmode=require\n", {"A": "postgres://u:p@h/n?sslmode=require"}),
        ("A='unfinished\n", {"A": "unfinished\n"}),
        ("", {}),
    ],
)
def test_the_file_is_parsed_like_systemd(text: str, variables: dict[str, str]) -> None:
    assert env_file.parse(text) == variables


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("A=file\nB=file\n")
    environ = {"A": "environment"}
    assert env_file.read(str(path), environ) == path
    assert environ == {"A": "environment", "B": "file"}


def test_the_units_file_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "backchannel.env"
    monkeypatch.setattr(env_file, "UNIT_FILE", path)
    environ: dict[str, str] = {}
    assert env_file.read(None, environ) is None
    assert environ == {}
    path.write_text("BACKCHANNEL_SIGNUP=closed\n")
    assert env_file.read(None, environ) == path
    assert environ == {"BACKCHANNEL_SIGNUP": "closed", "BACKCHANNEL_DATA": "/var/lib/backchannel"}
    assert env_file.read("/dev/null", environ := {}) == Path("/dev/null")
    assert environ == {}


def test_an_unreadable_file_is_reported_with_alternatives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "backchannel.env"
    monkeypatch.setattr(env_file, "UNIT_FILE", path)

    def refuse(*_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(SettingError, match="use sudo, or name another file with --env-file"):
        env_file.read(None, {})
