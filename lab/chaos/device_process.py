"""One process of devices (devices/main.ts): started, frozen, killed, queried. Its records go into the history."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from lab.chaos.history import History

ROOT = Path(__file__).parent.parent.parent
MAIN = Path(__file__).parent / "devices" / "main.ts"
ANSWER_WITHIN_S = 60.0


def bundle(folder: Path, program: Path = MAIN) -> Path:
    """The devices' program, or another one, and the client in one file that any Node from 20 on runs."""
    out = folder / f"{program.stem}.mjs"
    rolldown = ROOT / "node_modules" / ".bin" / "rolldown"
    command = [
        str(word) for word in (rolldown, "-c", ROOT / "lab" / "rolldown.config.mjs", "--input", program, "--file", out)
    ]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stdout + ran.stderr)
    return out


class DeviceProcess:
    """`scene`: see devices/main.ts. `certificate`: one to trust beside the known ones."""

    def __init__(self, program: Path, scene: dict[str, Any], history: History, certificate: Path | None = None) -> None:
        self.names = [device["name"] for device in scene["devices"]]
        self._program = program
        self._scene = scene
        self._history = history
        self._environment = {**os.environ, "NODE_NO_WARNINGS": "1"}
        if certificate:
            self._environment["NODE_EXTRA_CA_CERTS"] = str(certificate)
        self._generation = 0
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        if self.runs:
            return
        scene = {**self._scene, "generation": self._generation}
        self._generation += 1
        node = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
        # Node 20 has WebSocket behind this flag; later ones take the flag and have it anyway.
        self._process = subprocess.Popen(
            [node, "--experimental-websocket", str(self._program), json.dumps(scene)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """kill -9. The outboxes are on disk; the next start sends what is in them."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        assert self._reader is not None
        self._reader.join()
        for name in self.names:
            self._history.add("crashed", client=name, keeps_outbox=True)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def wake(self) -> None:
        """Report to the clients what a laptop reports when its lid is opened."""
        self._say("wake")

    def stop_talking(self) -> None:
        self._say("stop talking")

    def status(self) -> list[dict[str, Any]]:
        """What each device shows in short, for `final_state.waits_for`."""
        return list(self._ask("status")["devices"])

    def view(self) -> None:
        """Write what each device shows into the history."""
        self._ask("view")

    def stop(self) -> None:
        if self._process is not None:
            self.resume()
            self._process.kill()
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.runs:
            self._process.send_signal(number)

    def _ask(self, line: str) -> dict[str, Any]:
        self._say(line)
        return self._answers.get(timeout=ANSWER_WITHIN_S)

    def _say(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise AssertionError(f"the devices {', '.join(self.names)} ended by themselves") from None

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.endswith("\n"):
                return  # cut off by the kill
            record = json.loads(line)
            if "op" in record:
                self._history.put(record)
            else:
                self._answers.put(record)
