"""What the doctor finds is shown with the fleet: examined while somebody looks, in a process of its own, never waited for."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backchannel.fleet import doctor
from backchannel.fleet.doctor import EVERY_US, Doctor, examined_of

FOUND: list[dict[str, Any]] = [
    {"code": "D105", "title": "database", "word": "ok", "text": "it answers", "advice": ""},
    {"code": "D102", "title": "addresses", "word": "note", "text": "any host name is accepted", "advice": ""},
    {"code": "D117", "title": "backups", "word": "problem", "text": "there is none", "advice": "systemctl enable …"},
]
REPORT = json.dumps({"subject": "x", "problems": 1, "findings": FOUND})


class World:
    def __init__(self, folder: Path, program: str) -> None:
        self.now_us = 1_764_525_600_000_000
        self.runs = folder / "runs"
        self.runs.touch()
        counted = f"open({str(self.runs)!r}, 'a').write('.')\n{program}"
        self.doctor = Doctor([sys.executable, "-c", counted], lambda: self.now_us)

    async def ended(self) -> None:
        """Of the run that is under way, if one is."""
        if self.doctor._task is not None:
            await asyncio.wait([self.doctor._task])
            # What is called at its end comes in the next turn of the loop.
            await asyncio.sleep(0)

    @property
    def count(self) -> int:
        return len(self.runs.read_text())


def test_only_what_is_wrong_is_shown_and_problems_first() -> None:
    shown = examined_of(REPORT.encode(), 1_764_525_600_000_000).findings
    assert [(each.code, each.is_problem, each.advice) for each in shown] == [
        ("D117", True, "systemctl enable …"),
        ("D102", False, ""),
    ]


@pytest.mark.parametrize("printed", [b"", b"Traceback", b"[]", b'{"findings": [{}]}'])
def test_what_is_no_report_is_refused(printed: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        examined_of(printed, 0)


async def test_it_runs_once_in_ten_minutes_however_many_look(tmp_path: Path) -> None:
    world = World(tmp_path, f"print({REPORT!r})")
    for _ in range(3):
        world.doctor.renew()
    await world.ended()
    assert world.doctor.examined is not None
    assert len(world.doctor.examined.findings) == 2
    world.doctor.renew()
    await world.ended()
    assert world.count == 1
    world.now_us += EVERY_US
    world.doctor.renew()
    await world.ended()
    assert world.count == 2


async def test_a_run_that_fails_leaves_what_was_known(tmp_path: Path, capsys: Any) -> None:
    world = World(tmp_path, "raise SystemExit('broken')")
    known = world.doctor.examined = examined_of(REPORT.encode(), 0)
    world.doctor.renew()
    await world.ended()
    assert (world.count, world.doctor.examined) == (1, known)


async def test_a_run_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "WITHIN_S", 0.5)
    world = World(tmp_path, "import time\ntime.sleep(600)")
    world.doctor.renew()
    await world.ended()
    assert world.doctor.examined is None


async def test_without_a_command_nothing_runs() -> None:
    idle = Doctor((), lambda: 0)
    idle.renew()
    assert idle._task is None
