"""Notifications to systemd for a service of Type=notify: ready, status, watchdog, stopping.

sd_notify(3) is a datagram to the socket in $NOTIFY_SOCKET. Without that variable nothing is sent.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Final

_BEATS_PER_TIMEOUT: Final = 3
"""Watchdog notifications in the time that systemd waits for one."""


class Notifier:
    """Removes the variables from `environ`, so that child processes do not notify in this one's place."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        address = environ.pop("NOTIFY_SOCKET", "")
        pid = environ.pop("WATCHDOG_PID", "")
        timeout_us = environ.pop("WATCHDOG_USEC", "")
        # @ stands for the zero byte of an abstract address.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        is_for_this_process = timeout_us.isdigit() and pid in ("", str(os.getpid()))
        self._every_s = int(timeout_us) / 1_000_000 / _BEATS_PER_TIMEOUT if is_for_this_process else 0.0
        self._last_beat_at = 0.0

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        self._send(f"STATUS={status}")

    def stopping(self) -> None:
        self._send("STOPPING=1\nSTATUS=Closing connections")

    def beat(self) -> None:
        """To be called often; notifies the watchdog as often as it asks for."""
        now = time.monotonic()
        if self._every_s and now - self._last_beat_at >= self._every_s:
            self._last_beat_at = now
            self._send("WATCHDOG=1")

    def _send(self, lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.setblocking(False)
            sock.sendto(lines.encode(), self._address)
