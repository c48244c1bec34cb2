"""Recordings of clients' flight recorders, as sent: the newest few hundred, compressed."""

import zlib
from typing import Final

from backchannel.evidence.rows import Reported
from backchannel.protocol.codec import encode
from backchannel.protocol.reports import REPORT_BODY_BYTES
from backchannel.store.driver import Driver

KEPT: Final = 500
LEVEL: Final = 6
MOST_BYTES: Final = 2 * REPORT_BODY_BYTES
"""Most bytes of a recording, unpacked: as it came, or encoded again."""


def keep_recording(driver: Driver, row_id: int, row: Reported) -> None:
    """Nothing is kept of a report without a recorder but what was joined."""
    if not row.report.recorder:
        return
    driver.execute(
        "INSERT INTO ops_report (id, person, device, why, body) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (row_id, row.origin.person, row.device, row.report.why, zlib.compress(encode(row.report), LEVEL)),
    )


def drop_old_recordings(driver: Driver, before_id: int) -> int:
    """Returns how many were deleted."""
    deleted = driver.execute("DELETE FROM ops_report WHERE id < %s", [before_id])
    return deleted + driver.execute(
        f"DELETE FROM ops_report WHERE id NOT IN (SELECT id FROM ops_report ORDER BY id DESC LIMIT {KEPT})",
        [],
    )
