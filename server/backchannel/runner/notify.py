"""What systemd is told of a service of Type=notify: that it is ready, what it does, that it is alive, that it stops.

sd_notify(3) is a datagram to the socket in $NOTIFY_SOCKET. Nobody is told where that is not set.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Final

_PARTS_OF_WATCHDOG: Final = 3
"""A sign of life comes this often in the time that systemd waits for one."""


class Notifier:
    """Takes the variables out of `environ`: what this process starts does not speak for it."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        address = environ.pop("NOTIFY_SOCKET", "")
        pid = environ.pop("WATCHDOG_PID", "")
        waits_us = environ.pop("WATCHDOG_USEC", "")
        # @ stands for the zero byte of an abstract address.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        is_for_us = waits_us.isdigit() and pid in ("", str(os.getpid()))
        self._every_s = int(waits_us) / 1_000_000 / _PARTS_OF_WATCHDOG if is_for_us else 0.0
        self._alive_at = 0.0

    def ready(self, status: str) -> None:
        self._tell(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        self._tell(f"STATUS={status}")

    def stopping(self) -> None:
        self._tell("STOPPING=1\nSTATUS=Saying good-bye to clients")

    def alive(self) -> None:
        """Call it often; systemd is told as often as it wants."""
        now = time.monotonic()
        if self._every_s and now - self._alive_at >= self._every_s:
            self._alive_at = now
            self._tell("WATCHDOG=1")

    def _tell(self, lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.setblocking(False)
            sock.sendto(lines.encode(), self._address)
