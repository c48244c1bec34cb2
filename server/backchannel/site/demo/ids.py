"""Message ids that contain the time, as clients make them (UUID version 7)."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID


def message_id(at: datetime) -> UUID:
    milliseconds = int(at.timestamp() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)
