"""The real client sends a file through a proxy that cuts every connection again and again, in the middle of pieces and between them."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from e2e.network.faults import Faults
from e2e.network.proxy import Proxy
from lab.chaos.device_process import ROOT, bundle
from lab.process_faults.node import ROOM, Node, bearer

pytestmark = pytest.mark.prove

SIZE = 4_000_000
CONTENT = bytes((n * 31) % 251 for n in range(251)) * (SIZE // 251 + 1)
CUTS = 14
SENT_WITHIN_S = 100.0
BYTES_PER_S = 3_000_000.0
"""Slow enough for a cut to come in the middle of a piece."""


@pytest.mark.parametrize("upgrade", [None, 403], ids=["with sockets", "without sockets"])
def test_a_file_arrives_whole_and_once_whatever_is_cut(node: Node, upgrade: int | None, tmp_path: Path) -> None:
    [token] = node.people("ada")
    node.start()
    program = bundle(tmp_path, ROOT / "lab" / "chaos" / "devices" / "sendFile.ts")
    proxy = Proxy(node.port).start()
    try:
        proxy.apply(Faults(upgrade_status=upgrade, bytes_per_s=BYTES_PER_S))
        given = {"baseUrl": proxy.url, "token": token, "roomId": ROOM, "size": SIZE}
        with _sender(program, given) as sending:
            try:
                cuts = _cut(proxy, sending)
                printed, _ = sending.communicate(timeout=SENT_WITHIN_S)
            finally:
                sending.kill()
        message = json.loads(printed)
        pieces = len(proxy.traffic.since(0, "^PUT "))
    finally:
        proxy.stop()
    assert (cuts, pieces > CUTS) == (CUTS, True)
    assert node.messages(token) == [message["id"]]
    (attachment,) = message["attachments"]
    got = node.http.get(attachment["url"], headers=bearer(token))
    assert got.content == CONTENT[:SIZE]
    assert node.stop() == 0
    node.cli("files", "sweep", "--now")
    folder = Path(node.environment["BACKCHANNEL_DATA"]) / "uploads"
    assert [path.stat().st_size for path in folder.rglob("*") if path.is_file()] == [SIZE]


def _sender(program: Path, given: dict[str, Any]) -> subprocess.Popen[str]:
    node = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
    # Node 20 has WebSocket behind this flag; later ones take the flag and have it anyway.
    return subprocess.Popen(
        [node, "--experimental-websocket", str(program), json.dumps(given)],
        env={**os.environ, "NODE_NO_WARNINGS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def _cut(proxy: Proxy, sending: subprocess.Popen[str]) -> int:
    """Cut all connections each time some more bytes have passed; how often."""
    chance = random.Random(8)
    cuts, passed = 0, 0
    while cuts < CUTS and sending.poll() is None:
        if proxy.traffic.bytes["http", "up"] >= passed:
            proxy.cut()
            cuts += 1
            passed = proxy.traffic.bytes["http", "up"] + chance.randrange(20_000, 400_000)
        time.sleep(0.002)
    return cuts
