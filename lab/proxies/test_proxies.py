"""The zoo's own parts: the settings are whole, a keeper starts and ends what it keeps, and what is wrong is counted as what it is."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

import pytest

from lab.proxies.__main__ import HEAD, line
from lab.proxies.kinds import SETTINGS, SPECIES, Species, settings_of
from lab.proxies.process import Keeper
from lab.proxies.scenario import Visit, classify


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def a_species(*command: object) -> Species:
    return Species("stand-in", sys.executable, "", None, lambda _, port, __: [*command, port], upgrades=False)


@pytest.mark.parametrize("species", [each for each in SPECIES if each.file], ids=lambda each: each.name)
def test_settings_leave_nothing_open_and_listen_here_alone(species: Species) -> None:
    text = settings_of(species, 12345, 23456, Path("/folder"))
    assert "@" not in text
    assert "23456" in text
    if species.program != "varnishd":  # is told on its command line
        assert "127.0.0.1:12345" in text


def test_every_file_of_settings_is_somebodys() -> None:
    assert {path.name for path in SETTINGS.iterdir()} == {each.file for each in SPECIES if each.file}
    assert len({each.name for each in SPECIES}) == len(SPECIES)


def test_what_is_kept_runs_for_the_length_of_the_block() -> None:
    with Keeper(a_species(sys.executable, "-m", "http.server", "--bind", "127.0.0.1"), 1) as keeper:
        assert listens(keeper.port)
        keeper.kill()
        assert not listens(keeper.port)
        keeper.start()
        assert listens(keeper.port)
        port = keeper.port
    assert not listens(port)


def test_what_does_not_start_says_why() -> None:
    broken = a_species(sys.executable, "-c", "print('no such word'); raise SystemExit(1)")
    with pytest.raises(AssertionError, match="no such word"), Keeper(broken, 1):
        pass


def test_what_is_wrong_is_counted_as_what_it_is() -> None:
    anomalies = [
        "acked and lost: ada 1", "duplicate in 7: ada 2", "ada: room 7 shows something twice",
        "ada: room 7 shows something out of order", "ada wrote 3 in 7; stored, or in other order: 2",
        "ada shows something else than is stored in 7",
    ]  # fmt: skip
    assert classify(anomalies) == (2, 2, 1, ("ada shows something else than is stored in 7",))


def test_a_line_of_the_table_has_a_cell_for_every_column() -> None:
    visit = Visit("websocket", 0.1, 0.02, 100, 3, 0, 0, 0, ())
    assert visit.is_sound
    [columns] = {len(re.findall(r"\|", row)) for row in (*HEAD.splitlines(), line(a_species(), visit))}
    assert columns == 12
