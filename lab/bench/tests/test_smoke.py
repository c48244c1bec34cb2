"""The benchmark still measures: a tiny run of the load generator against the real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.bench.generator import generator, member_lines, template
from lab.bench.peers import FLOOR
from lab.bench.results import Bench, read
from lab.bench.servers import backchannel
from lab.bench.stats import is_whole

pytestmark = pytest.mark.prove

PEOPLE = 20


@pytest.mark.timeout(110)
def test_rooms_sends_requests_and_polls_arrive_whole(tmp_path: Path) -> None:
    with backchannel(
        ["--people", str(PEOPLE), "--rooms", str(PEOPLE), "--own", str(PEOPLE), "--history", "30"]
    ) as server:
        room, token = server.world["rooms"][str(PEOPLE)], server.world["tokens"][0]
        bench = Bench("smoke", folder=tmp_path)
        with generator(server, "backchannel", member_lines(server, room, PEOPLE)) as load:
            load.connect(PEOPLE)
            runs = [
                load.command("closed", messages=12, window=4, senders=3),
                load.command("even", rate=20, seconds=0.5, senders=2),
            ]
            bench.case("backchannel", runs, members=PEOPLE)
        own = list(zip(server.world["tokens"], server.world["own"], strict=True))
        with generator(server, "backchannel", own) as load:
            load.connect(len(own))
            runs.append(load.command("sends", messages=24, at_once=8, copies=2))
        old = server.world["history"]["30"]
        with generator(server, "http", [(each, old) for each in server.world["tokens"]]) as load:
            load.connect(PEOPLE)
            for line, body, want in (
                ("POST /api/rooms/@ROOM@/messages", '{"id":"@ID@","content":"@MARK@"}', 201),
                ("GET /api/rooms/@ROOM@/messages?around=15&limit=10", "", 200),
            ):
                with template(line, body) as path:
                    runs.append(load.command("requests", template=path, requests=12, at_once=4, want=want))
        epoch = server.call("GET", "/api/rooms", token=token)["epoch"]
        seq = server.call("GET", f"/api/rooms/{room}", token=token)["room"]["seq"]
        poll = (
            f'{{"wait":25,"resume":{{"epoch":"{epoch}","user_version":@VERSION@,"rooms":{{"@ROOM@":@SEQ@}}}},'
            '"client":{"instance":"poll-@NUMBER@"}}'
        )
        with (
            generator(server, "http", member_lines(server, room, PEOPLE)) as load,
            template("POST /api/sync", poll) as path,
        ):
            load.connect(PEOPLE)
            runs.append(load.command("polls", template=path, seq=seq, rate=4, seconds=1))
        bench.write()
    assert [run for run in runs if not is_whole(run)] == []
    assert all(run["orders"] == 1 for run in runs[:2]), "all members hear one order"
    assert [case["whole"] for case in (read("smoke", tmp_path) or {})["cases"]] == [True]


def test_the_floor_writes_as_many_bytes_as_our_events_have_to_every_member_in_one_order() -> None:
    with FLOOR.start() as server, generator(server, FLOOR.dialect, [("-", 1)] * PEOPLE) as load:
        load.connect(PEOPLE)
        one = load.command("closed", messages=12, window=1, senders=3)
        runs = [
            one,
            load.command("closed", messages=200, window=8, senders=10),
            load.command("even", rate=200, seconds=0.5, senders=2),
        ]
    assert [run for run in runs if not is_whole(run)] == []
    assert [run["orders"] for run in runs] == [1, 1, 1]
    assert one["bytes_in"] == 460 * one["deliveries"]
