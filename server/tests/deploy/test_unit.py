"""The systemd units: what systemd itself makes of them, and that they and the commands mean the same server."""

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from backchannel.cli.parser import build_parser
from backchannel.site import env_file
from backchannel.site.conf import Conf, load, variable

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = ("backchannel.service", "backchannel-backup.service", "backchannel-backup.timer")


def settings(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


UNIT = settings("backchannel.service")


def test_the_unit_and_the_commands_read_the_same_file_and_mean_the_same_folder() -> None:
    assert UNIT["EnvironmentFile"] == [str(env_file.UNIT_FILE)]
    assert "BACKCHANNEL_DATA=%S/backchannel" in UNIT["Environment"]
    assert env_file.UNIT_DATA == "/var/lib/backchannel"
    shipped = env_file.parse((DEPLOY / "backchannel.env").read_text())
    assert shipped["BACKCHANNEL_DATA"] == env_file.UNIT_DATA
    assert load(shipped).data == Path(env_file.UNIT_DATA)
    assert set(shipped) <= {variable(item.name) for item in fields(Conf)}


def test_the_service_has_a_watchdog_and_restarts() -> None:
    assert UNIT["Type"] == ["notify"]
    assert int(UNIT["WatchdogSec"][0]) >= 10
    assert UNIT["Restart"] == ["on-failure"]
    assert UNIT["UMask"] == ["0077"]


def test_the_units_run_existing_commands() -> None:
    for name in UNITS[:2]:
        for line in settings(name)["ExecStart"]:
            program, *words = line.split()
            assert program == "/opt/backchannel/bin/backchannel"
            build_parser().parse_args(words)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_units(name: str, tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    for unit in UNITS:
        text = (DEPLOY / unit).read_text()
        assert re.search(r"^\[(Service|Timer)\]$", text, re.MULTILINE)
        (tmp_path / unit).write_text(text.replace("/opt/backchannel/bin/backchannel", "/bin/true"))
    if verify is None:  # its own parser is elsewhere; the form at least is known
        return
    done = subprocess.run([verify, "verify", tmp_path / name], capture_output=True, text=True, check=False)
    about_us = [line for line in (done.stdout + done.stderr).splitlines() if "backchannel" in line]
    assert about_us == []
