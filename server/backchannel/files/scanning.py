"""Asks the site's scanner about a file, before anybody gets it.

clamd:/run/clamav/clamd.ctl    ClamAV's daemon on a socket
clamd:clam.example:3310        the same on another machine
/usr/local/bin/look            a command: gets the path; exit code 0 is clean, 1 infected, another one trouble
"""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from backchannel.files.interruptions import Interruptions
from backchannel.files.storage import PIECE_BYTES

WITHIN_S: Final = 120.0
_CLAMD: Final = "clamd:"

Scan = Callable[[Path], bool]
"""Whether the file is clean. Blocks. Raises ScannerError."""


class ScannerError(Exception):
    """The scanner gave no verdict. The file waits, and is scanned again later."""


def scanner_of(text: str | None, interruptions: Interruptions) -> Scan | None:
    """The scanner that is configured; None if there is none. Raises ValueError with what is wrong with the text."""
    if not text:
        return None
    if not text.startswith(_CLAMD):
        command = shlex.split(text)
        return partial(_by_command, command, interruptions)
    place = text.removeprefix(_CLAMD)
    if place.startswith("/"):
        return partial(_by_clamd, place, interruptions)
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("is neither clamd:/path/to/socket nor clamd:host:port")
    return partial(_by_clamd, (host.strip("[]"), int(port)), interruptions)


def _by_command(command: list[str], interruptions: Interruptions, path: Path) -> bool:
    try:
        code, _ = interruptions.run([*command, str(path)], WITHIN_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScannerError(f"{command[0]}: {error}") from error
    if code not in {0, 1}:
        raise ScannerError(f"{command[0]} ended with {code}")
    return code == 0


def _by_clamd(place: str | tuple[str, int], interruptions: Interruptions, path: Path) -> bool:
    """ClamAV's INSTREAM: pieces with their length before them, and an empty one at the end."""
    try:
        with (
            _connected(place) as connection,
            path.open("rb") as opened,
            interruptions.ended_by(partial(_shut, connection)),
        ):
            connection.sendall(b"zINSTREAM\0")
            while piece := opened.read(PIECE_BYTES):
                connection.sendall(struct.pack("!L", len(piece)) + piece)
            connection.sendall(struct.pack("!L", 0))
            answer = b""
            while b"\0" not in answer and len(answer) < 4096 and (more := connection.recv(1024)):
                answer += more
    except OSError as error:
        raise ScannerError(f"clamd: {error}") from error
    verdict = answer.rstrip(b"\0\n")
    if verdict.endswith(b"OK"):
        return True
    if verdict.endswith(b"FOUND"):
        return False
    raise ScannerError(f"clamd answered {verdict[:200]!r}")


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _connected(place: str | tuple[str, int]) -> socket.socket:
    if isinstance(place, tuple):
        return socket.create_connection(place, WITHIN_S)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(WITHIN_S)
    try:
        connection.connect(place)
    except OSError:
        connection.close()
        raise
    return connection
