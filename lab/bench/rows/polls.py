"""A thousand people in one room, five messages a second: all on long polls, and the same by WebSocket."""

from __future__ import annotations

from lab.bench.generator import generator, member_lines, template
from lab.bench.results import Bench
from lab.bench.servers import backchannel
from lab.bench.stats import is_whole

PEOPLE = 1000
RATE = 5
POLL = (
    '{"wait":25,"resume":{"epoch":"%s","user_version":@VERSION@,"rooms":{"@ROOM@":@SEQ@}},'
    '"client":{"instance":"poll-@NUMBER@"}}'
)


def run(bench: Bench) -> None:
    """The last of the connections sends; all others listen."""
    seconds = 2 if bench.quick else 5
    with backchannel(["--people", str(PEOPLE + 1), "--rooms", str(PEOPLE + 1)]) as server:
        room = server.world["rooms"][str(PEOPLE + 1)]
        members = member_lines(server, room, PEOPLE + 1)
        with generator(server, "backchannel", members) as load:
            load.connect(len(members))
            load.command("even", rate=RATE, seconds=1, senders=1)
            runs = [load.command("even", rate=RATE, seconds=seconds, senders=1) for _ in range(bench.runs)]
            bench.case("backchannel", runs, by="websocket", members=PEOPLE, rate=RATE)
        token = server.world["tokens"][0]
        epoch = server.call("GET", "/api/rooms", token=token)["epoch"]
        with generator(server, "http", members) as load, template("POST /api/sync", POLL % (epoch,)) as path:
            load.connect(len(members))
            runs = []
            for _ in range(bench.runs):
                seq = server.call("GET", f"/api/rooms/{room}", token=token)["room"]["seq"]
                runs.append(load.command("polls", template=path, seq=seq, rate=RATE, seconds=seconds, patience=5))
                if not is_whole(runs[-1]):
                    break  # what is still under way would spoil the next
            bench.case("backchannel", runs, by="long polls", members=PEOPLE, rate=RATE)
