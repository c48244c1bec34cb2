"""The process of talkers.ts, bundled and started; and the judge of what it and the database say."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.support.database import Database, Stored

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def bundle(folder: Path) -> Path:
    """talkers.ts with the client in one file that any Node from 20 on runs."""
    out = folder / "talkers.mjs"
    rolldown = ROOT / "node_modules" / ".bin" / "rolldown"
    config, source = ROOT / "lab" / "rolldown.config.mjs", HERE / "talkers.ts"
    command = [str(word) for word in (rolldown, "-c", config, "--input", source, "--file", out)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return out


class Talkers:
    """`scene`: see talkers.ts. `certificate`: one to trust beside the known ones."""

    def __init__(self, program: Path, scene: dict[str, Any], certificate: Path | None = None) -> None:
        node = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
        # Node 20 has WebSocket behind this flag; later ones take the flag and have it anyway.
        command = [node, "--experimental-websocket", str(program), json.dumps(scene)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "NODE_NO_WARNINGS": "1",
                **({"NODE_EXTRA_CA_CERTS": str(certificate)} if certificate else {}),
            },
        )
        self._reports: queue.Queue[Any] = queue.Queue()
        self._lock = threading.Lock()
        self.acked: Counter[tuple[str, str]] = Counter()
        self.transport: dict[str, str] = {}
        self.started: dict[str, float] = {}
        # By device: when which message of somebody else became the newest.
        self.heard: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
        self.ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wake(self) -> None:
        self._say("wake")

    def hush(self) -> None:
        self._say("quiet")

    def report(self) -> list[dict[str, Any]]:
        """What each device holds now."""
        self._say("report")
        return list(self._reports.get(timeout=30)["devices"])

    def total_acked(self) -> int:
        with self._lock:
            return sum(self.acked.values())

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        finally:
            self._process.kill()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            match told["kind"]:
                case "ready":
                    self.ready.set()
                case "acked":
                    with self._lock:
                        self.acked[told["name"], told["method"]] += 1
                case "started":
                    self.started[told["name"]] = time.monotonic()
                case "heard":
                    self.heard[told["name"]].append((time.monotonic(), told["content"]))
                case "transport":
                    self.transport[told["name"]] = told["transport"]
                case "report":
                    self._reports.put(told)


@dataclass(frozen=True)
class Judge:
    """Compares what every device shows with what is stored. Each check tells what is wrong, one line each."""

    database: Database
    # Device to username.
    owners: dict[str, str]

    def unsettled(self, devices: Sequence[dict[str, Any]]) -> list[str]:
        """What is still on its way, and may yet come."""
        found = []
        for device in devices:
            if device["status"] != "connected" or device["outbox"]["waiting"]:
                found.append(f"{device['name']} is {device['status']} with {device['outbox']['waiting']} waiting")
            for room in device["rooms"]:
                stored = self.database.messages(room["roomId"])
                if room["hasNewer"] or (len(room["shown"]) < len(stored) and not room["hasOlder"]):
                    found.append(f"{device['name']} shows {len(room['shown'])} of {len(stored)} in {room['roomId']}")
                if room["shown"] and stored and room["shown"][-1]["id"] != stored[-1].id:
                    found.append(f"{device['name']} does not show the newest of {room['roomId']}")
                unread = self.database.unread(room["roomId"], self.owners[device["name"]])
                if room["unread"] != min(unread, 100):
                    found.append(f"{device['name']} counts {room['unread']} unread of {unread} in {room['roomId']}")
        return found

    def anomalies(self, devices: Sequence[dict[str, Any]]) -> list[str]:
        """What must never be."""
        found = [f"{device['name']}: {fault}" for device in devices for fault in device["faults"]]
        for room_id in {room["roomId"] for device in devices for room in device["rooms"]}:
            stored = self.database.messages(room_id)
            self.database.check_log(room_id)
            found += [
                f"duplicate in {room_id}: {text}" for text, n in Counter(m.content for m in stored).items() if n > 1
            ]
            for device in devices:
                found += self._of_device(device, room_id, stored)
        return found

    def _of_device(self, device: dict[str, Any], room_id: int, stored: list[Stored]) -> list[str]:
        name = device["name"]
        [room] = [room for room in device["rooms"] if room["roomId"] == room_id]
        found = []
        ids = {message.id for message in stored}
        acked = [message for message in device["acked"] if message["roomId"] == room_id]
        found += [f"acked and lost: {message['content']}" for message in acked if message["id"] not in ids]
        mine = [message.content for message in stored if message.content.startswith(f"{name} ")]
        if mine != room["written"]:
            found.append(f"{name} wrote {len(room['written'])} in {room_id}; stored, or in other order: {len(mine)}")
        if len(acked) != len(mine):
            found.append(f"{name} has {len(acked)} acks for {len(mine)} messages in {room_id}")
        shown = [(message["id"], message["seq"], message["content"]) for message in room["shown"]]
        expected = [(message.id, message.seq, message.content) for message in stored][-len(shown) :]
        if shown != expected:
            found.append(f"{name} shows something else than is stored in {room_id}")
        return found
