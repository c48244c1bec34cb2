"""The two requests a client on fallback makes: a send, and a poll that has something, on SQLite, 32 at once.

Ours are `POST /api/rooms/…/messages` and `POST /api/sync`. The peers' do the same work as their frameworks would have it:
who speaks is looked up by token, membership is checked, a send is idempotent, numbered without gaps and synced, a poll
answers what came after a number.
"""

from __future__ import annotations

from typing import Any

from lab.bench.generator import Generator, generator, template
from lab.bench.peers import web
from lab.bench.results import Bench
from lab.bench.servers import Missing, Server, backchannel

PEOPLE = 64
AT_ONCE = 32
OUR_SEND = "POST /api/rooms/@ROOM@/messages"
OUR_POLL = (
    '{"wait":0,"resume":{"epoch":"%s","user_version":%d,"rooms":{"%d":%d}},"client":{"instance":"poll-@NUMBER@"}}'
)


def run(bench: Bench) -> None:
    """Ours, then DRF, Ninja and plain Django."""
    if bench.wants("backchannel"):
        with backchannel(["--people", str(PEOPLE), "--rooms", str(PEOPLE)]) as server:
            room = server.world["rooms"][str(PEOPLE)]
            token = server.world["tokens"][0]
            with _load(server, room) as load:
                load.connect(PEOPLE)
                _case(bench, "backchannel", "send", load, OUR_SEND, web.SEND_BODY, 201)
                seq = server.call("GET", f"/api/rooms/{room}", token=token)["room"]["seq"]
                known = server.call("POST", "/api/sync", {}, token=token)
                body = OUR_POLL % (known["epoch"], known["user_version"], room, seq - 1)
                _case(bench, "backchannel", "poll", load, "POST /api/sync", body, 200, contains="message_created")
    for kind in ("view", "ninja", "drf"):
        name = f"django-{kind}"
        if not bench.wants(name):
            continue
        try:
            with web.django(kind, "sqlite", people=PEOPLE) as server:
                room = server.world["own"][0]
                with _load(server, room) as load:
                    load.connect(PEOPLE)
                    _case(bench, name, "send", load, web.SEND, web.SEND_BODY, 201)
                    seq = server.call("GET", f"/rooms/{room}/messages?after=0", token=server.world["tokens"][0])["head"]
                    _case(bench, name, "poll", load, f"GET /rooms/@ROOM@/messages?after={seq - 1}", "", 200, '"seq"')
        except Missing as missing:
            bench.miss(f"{name}: {missing}")


def _load(server: Server, room: int) -> Any:
    return generator(server, "http", [(token, room) for token in server.world["tokens"][:PEOPLE]])


def _case(
    bench: Bench, name: str, request: str, load: Generator, line: str, body: str, want: int, contains: str = ""
) -> None:
    with template(line, body) as path:

        def ask(requests: int) -> dict[str, Any]:
            words = {"template": path, "requests": requests, "at_once": AT_ONCE, "want": want, "patience": 20}
            return load.command("requests", **words, **({"contains": contains} if contains else {}))

        first = ask(400)
        requests = max(100, int((0.3 if bench.quick else 1.0) * first["acks"] / first["seconds"]))
        bench.case(name, [ask(requests) for _ in range(bench.runs)], request=request, at_once=AT_ONCE)
