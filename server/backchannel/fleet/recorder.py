"""`POST /api/fleet/recorder`: ask a person's clients for what they recorded. `GET /api/fleet/recording`: read what one sent.

What comes back is a report like others (`POST /api/report`). That somebody asked is in the audit log.
"""

import re
import zlib
from typing import Final

from backchannel.accounts import audit
from backchannel.accounts.auth_log import coming_from
from backchannel.evidence.recordings import MOST_BYTES
from backchannel.evidence.rows import us_of
from backchannel.fleet.kept import Kept
from backchannel.fleet.people import people_by_id, whom
from backchannel.protocol import codec
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.fleet import AskQuery, FleetRecording, RecordedLine, RecorderAsked, RecordingQuery
from backchannel.protocol.reports import Report
from backchannel.protocol.times import to_wire

_LARGEST_ID: Final = 2**63 - 1
_LINE: Final = re.compile("([0-9]{1,15}) (.*)", re.DOTALL)


def note_question(query: AskQuery, by: int, address: str, now_us: int) -> RecorderAsked:
    """Blocking. `by`: the user who asks, from `address`. Raises `user_not_found`."""
    person = whom(query.person)
    with coming_from(address, lambda: people_by_id([by])[by].username):
        audit.record("recorder_asked", person.username)
    return RecorderAsked(to_wire(now_us), person)


def recording(kept: Kept, query: RecordingQuery, now_us: int) -> FleetRecording:
    """Blocking. Raises `not_found`."""
    rows = []
    if kept.has_people and int(query.id) <= _LARGEST_ID:
        with kept.view() as view:
            if view is not None:
                rows = view.driver.query("SELECT why, body FROM ops_report WHERE id = %s", [int(query.id)])
    if not rows:
        raise CommandError(Code.NOT_FOUND, f"There is no recording {query.id}: it was deleted, or never came.")
    ((why, body),) = rows
    sent_us = us_of(int(query.id))
    report: Report = codec.decode_body(zlib.decompressobj().decompress(bytes(body), MOST_BYTES), Report)
    name = " ".join(part for part in (report.client.name, report.client.version) if part)
    lines = [line_of(text, sent_us) for text in report.recorder]
    return FleetRecording(to_wire(sent_us), why, name, report.transport, report.waiting, lines)


def line_of(text: str, sent_us: int) -> RecordedLine:
    """Pure. A line begins with its age; a client may send anything."""
    found = _LINE.fullmatch(text)
    if found is None:
        return RecordedLine(to_wire(sent_us), text)
    at_us = max(0, sent_us - int(found[1]) * 1000)
    return RecordedLine(to_wire(at_us), found[2])
