"""What two people behind a proxy live through: they arrive, talk with somebody who is not behind it, the proxy is killed and
comes back, there is silence for longer than its patience, and one more word. Then everybody's screen is compared with the tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.node.talkers import Judge, Talkers
from e2e.support.api import Api
from e2e.support.database import Database
from e2e.support.server import Server
from e2e.support.wait import eventually

from lab.proxies.kinds import CUT_S
from lab.proxies.process import Keeper

TALK_S = 4.0
AWAY_S = 1.0
SILENCE_S = CUT_S + 2.0


@dataclass(frozen=True)
class Visit:
    """`transport`: how the devices behind the proxy were served before it was killed. Seconds: until the first event was seen by
    a device that just started, and until a word said after the silence was."""

    transport: str
    first_event_s: float
    after_silence_s: float
    messages: int
    by_http: int
    lost: int
    doubled: int
    reordered: int
    other: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.doubled or self.reordered or self.other)


class Town:
    """The server, three people, and a room of theirs. `inside` is not behind the proxy."""

    def __init__(self, server: Server, program: Path) -> None:
        self.server = server
        self.program = program
        self.database = Database(server)
        accounts = server.people("inside", "ada", "ben")
        self.inside, self.ada, self.ben = (Api(server, account) for account in accounts)

    def visit(self, keeper: Keeper) -> Visit:
        room = self.inside.create_room("group", self.ada, self.ben, name=keeper.species.name)["id"]
        homes = {
            "inside": (self.inside, self.server.url),
            "ada-phone": (self.ada, keeper.url),
            "ben-desk": (self.ben, keeper.url),
        }
        first = self._talkers(room, {"inside": homes.pop("inside")})
        talking = [first]
        try:
            eventually(lambda: first.total_acked() > 2)
            guests = self._talkers(room, homes, keeper.certificate)
            talking.append(guests)
            eventually(lambda: all(name in guests.heard for name in homes))
            first_event_s = max(guests.heard[name][0][0] - guests.started[name] for name in homes)
            time.sleep(TALK_S)
            transport = _shared(guests.transport[name] for name in homes)
            keeper.kill()
            time.sleep(AWAY_S)
            keeper.start()
            time.sleep(TALK_S)
            for each in talking:
                each.hush()
            devices = self._settle(talking)
            time.sleep(SILENCE_S)
            after_silence_s = self._one_more_word(room, guests, list(homes))
            devices = self._settle(talking)
            anomalies = self._judge().anomalies(devices)
            by_http = sum(n for (name, method), n in guests.acked.items() if method == "rest")
            return Visit(
                transport,
                first_event_s,
                after_silence_s,
                len(self.database.messages(room)),
                by_http,
                *classify(anomalies),
            )
        finally:
            for each in talking:
                each.stop()

    def _talkers(self, room: int, homes: dict[str, tuple[Api, str]], certificate: Path | None = None) -> Talkers:
        devices = [{"name": name, "baseUrl": url, "token": api.account.token} for name, (api, url) in homes.items()]
        return Talkers(self.program, {"seed": 1, "rooms": [room], "devices": devices}, certificate)

    def _judge(self) -> Judge:
        owners = {"inside": "inside", "ada-phone": "ada", "ben-desk": "ben"}
        return Judge(self.database, owners)

    def _settle(self, talking: list[Talkers]) -> list[dict[str, Any]]:
        """Wait until everybody has everything, on whichever transport they are."""
        judge = self._judge()

        def look() -> list[dict[str, Any]]:
            devices = [device for each in talking for device in each.report()]
            served = [{**device, "status": "connected"} for device in devices]
            waiting = judge.unsettled(served)
            assert not waiting, "\n".join(waiting)
            return devices

        return eventually(look, within_s=60)

    def _one_more_word(self, room: int, guests: Talkers, names: list[str]) -> float:
        said = time.monotonic()
        word = "inside, after the silence"
        self.inside.send(room, word)

        def heard(name: str) -> float | None:
            return next((at for at, content in guests.heard[name] if content == word), None)

        eventually(lambda: all(heard(name) for name in names))
        return max(heard(name) or said for name in names) - said


def _shared(transports: Any) -> str:
    return "/".join(sorted({str(transport) for transport in transports}))


KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("lost", lambda text: "lost" in text or "wrote" in text),
    ("doubled", lambda text: "duplicate" in text or "twice" in text),
    ("reordered", lambda text: "order" in text),
)


def classify(anomalies: list[str]) -> tuple[int, int, int, tuple[str, ...]]:
    """How many are of which kind, and what is of none."""
    counts = dict.fromkeys((name for name, _ in KINDS), 0)
    other = []
    for text in anomalies:
        kind = next((name for name, fits in KINDS if fits(text)), None)
        if kind is None:
            other.append(text)
        else:
            counts[kind] += 1
    return counts["lost"], counts["doubled"], counts["reordered"], tuple(other)
