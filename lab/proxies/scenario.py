"""What is done behind each proxy, with a server of its own, and what is checked.

Two devices behind the proxy start, and talk with one that is not behind it. The proxy is killed and started again. Everybody
falls silent for longer than the proxy keeps an idle connection; then one more message is sent. In the end the history of all
three is checked, with what they show and what is stored. Devices and checks are those of the random faults (`lab/chaos`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from e2e.support.api import Api
from e2e.support.server import Server
from e2e.support.wait import eventually
from lab.chaos import final_state
from lab.chaos.cluster import query_of
from lab.chaos.device_process import DeviceProcess
from lab.chaos.history import History
from lab.chaos.outcome import vanished
from lab.checker.checks import check
from lab.checker.links import Anomaly, Record
from lab.proxies.kinds import CUT_S, HEARTBEAT_S
from lab.proxies.process import ProxyProcess

TALK_S = 4.0
AWAY_S = 1.0
SILENCE_S = CUT_S + 2.0
PAUSE_MS = 260
"""Between two acts of a device, on average."""
COMPLETE_WITHIN_S = 60.0
LAST_MESSAGE = "inside, after the silence"


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    transport: str
    """How the devices behind the proxy were served before it was killed: "websocket", "rest", or both."""
    first_event_s: float
    """From the start of a device until it received its first message."""
    after_silence_s: float
    """From the sending of the last message until both devices behind the proxy had it."""
    messages: int
    by_http: int
    """Messages acknowledged over HTTP to devices behind the proxy."""
    lost: int
    doubled: int
    reordered: int
    other: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.doubled or self.reordered or self.other)


class Scenario:
    """Runs once: `run` starts the server in `folder`, and stops everything that it started."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self.server = Server(folder / "data", HEARTBEAT_S=str(HEARTBEAT_S))
        self._history = History(folder / "history.jsonl")
        self._processes: list[DeviceProcess] = []

    def __enter__(self) -> Self:
        self.server.start()
        accounts = self.server.people("inside", "ada", "ben")
        self._inside, self._ada, self._ben = (Api(self.server, account) for account in accounts)
        self._room = int(self._inside.create_room("group", self._ada, self._ben, name="Behind a proxy")["id"])
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.stop()
        self._history.close()
        self.server.stop()

    def run(self, proxy: ProxyProcess) -> Result:
        self._start({"inside": (self._inside, self.server.url)})
        eventually(lambda: len(self._records("ack", "inside")) > 2)
        started = time.time()
        guests = {"ada-phone": (self._ada, proxy.url), "ben-desk": (self._ben, proxy.url)}
        behind = self._start(guests, proxy.certificate)
        eventually(lambda: all(self._messages_to(name) for name in guests))
        first_event_s = max(self._messages_to(name)[0]["t"] for name in guests) - started
        time.sleep(TALK_S)
        transport = "/".join(sorted({str(device["transport"]) for device in behind.status()}))
        proxy.kill()
        time.sleep(AWAY_S)
        proxy.start()
        time.sleep(TALK_S)
        for process in self._processes:
            process.stop_talking()
        self._wait_complete()
        time.sleep(SILENCE_S)
        after_silence_s = self._send_last(list(guests))
        stored = self._wait_complete()
        self._record_end(stored)
        anomalies = check(self._history.records) + vanished(self._history.records)
        by_http = sum(ack.get("by") == "http" for name in guests for ack in self._records("ack", name))
        messages = sum(len(log["messages"]) for log in stored)
        return Result(transport, first_event_s, after_silence_s, messages, by_http, *classify(anomalies))

    def _start(self, devices: dict[str, tuple[Api, str]], certificate: Path | None = None) -> DeviceProcess:
        """A process of devices: name → (who uses it, the address that it connects to)."""
        roles = [
            {
                "name": name,
                "baseUrl": url,
                "token": api.account.token,
                "userId": api.user_id,
                "outbox": str(self._folder / f"{name}.outbox"),
                "opensWith": "ticket",
            }
            for name, (api, url) in devices.items()
        ]
        scene = {"seed": len(self._processes), "pause_ms": PAUSE_MS, "devices": roles}
        self._processes.append(DeviceProcess(self._program, scene, self._history, certificate))
        self._processes[-1].start()
        return self._processes[-1]

    def _records(self, op: str, client: str) -> list[Record]:
        return [record for record in list(self._history.records) if record["op"] == op and record["client"] == client]

    def _messages_to(self, client: str) -> list[Record]:
        return [record for record in self._records("received", client) if record["type"] == "message_created"]

    def _logs(self) -> list[final_state.Log]:
        with query_of("", self.server.folder / "backchannel.sqlite3") as query:
            return final_state.logs(query, time.time())

    def _wait_complete(self) -> list[final_state.Log]:
        """Wait until every device has everything, on whichever transport it is; what is stored then."""

        def complete() -> list[final_state.Log]:
            devices = [device for process in self._processes for device in process.status()]
            stored = self._logs()
            missing = final_state.waits_for([{**device, "status": "connected"} for device in devices], stored)
            assert not missing, missing
            return stored

        return eventually(complete, within_s=COMPLETE_WITHIN_S)

    def _send_last(self, names: list[str]) -> float:
        """Seconds until all of these devices have it."""
        sent = time.time()
        message = self._inside.send(self._room, LAST_MESSAGE)
        who: dict[str, Any] = {"client": "api", "user": self._inside.user_id, "room": self._room, "id": message["id"]}
        self._history.put({"op": "send", "t": sent, **who, "content": LAST_MESSAGE})

        def arrivals() -> list[float]:
            found = [[each["t"] for each in self._messages_to(name) if each["id"] == message["id"]] for name in names]
            assert all(found), "the message after the silence did not arrive"
            return [times[0] for times in found]

        return max(eventually(arrivals)) - sent

    def _record_end(self, stored: Sequence[final_state.Log]) -> None:
        for log in stored:
            self._history.add("log", **log)
        for process in self._processes:
            process.view()


COLUMN_OF = {
    "acked lost": "lost", "gap": "lost", "lost on the link": "lost", "unseen": "lost", "vanished": "lost",
    "doubled": "doubled", "duplicate": "doubled",
    "reordered": "reordered",
}  # fmt: skip
"""The kinds of anomalies (`lab/checker`) that have a column of the table."""


def classify(anomalies: Iterable[Anomaly]) -> tuple[int, int, int, tuple[str, ...]]:
    """How many are of each column, and those that are of none."""
    counts = dict.fromkeys(COLUMN_OF.values(), 0)
    other = []
    for anomaly in anomalies:
        column = COLUMN_OF.get(anomaly.kind)
        if column is None:
            other.append(str(anomaly))
        else:
            counts[column] += 1
    return counts["lost"], counts["doubled"], counts["reordered"], tuple(other)
