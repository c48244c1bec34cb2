"""Metrics of the newest backup. Shown once one is known: an age counted from 1970 would raise an alert on every new server."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import REGISTRY, Gauge

from backchannel.store.backup_marker import noted_backup

made_at: Final = Gauge(
    "backchannel_backup_last_success_timestamp_seconds",
    "When `backchannel backup` last completed a backup, in seconds since 1970. Absent until it has.",
    registry=None,
)
size_bytes: Final = Gauge("backchannel_backup_size_bytes", "Size of that backup.", registry=None)


class BackupWatch:
    """Reads the marker when it has changed."""

    def __init__(self, marker: Path | None) -> None:
        """None: no backup is ever known."""
        self._marker = marker
        self._changed_ns = 0

    def look(self) -> None:
        if self._marker is None:
            return
        try:
            changed_ns = self._marker.stat().st_mtime_ns
        except OSError:
            return
        if changed_ns == self._changed_ns:
            return
        found = noted_backup(self._marker)
        if found is None:
            return
        self._changed_ns = changed_ns
        made_at.set(found.at_us / 1e6)
        size_bytes.set(found.size_bytes)
        for gauge in (made_at, size_bytes):
            with suppress(ValueError):  # registered before
                REGISTRY.register(gauge)
