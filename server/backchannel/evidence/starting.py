"""Puts the evidence of a chat together, as its configuration says."""

from dataclasses import dataclass

from backchannel.config import ChatConfig
from backchannel.evidence.database import database_beside_messages
from backchannel.evidence.error_log import ErrorLog
from backchannel.evidence.errors import ErrorGroups
from backchannel.evidence.evidence import Evidence
from backchannel.evidence.rows import Row, RowIds
from backchannel.evidence.settings import settings_from
from backchannel.evidence.tables import Tables
from backchannel.evidence.writer import EvidenceWriter
from backchannel.store.clock import now_us


@dataclass(frozen=True, slots=True)
class EvidenceParts:
    evidence: Evidence
    writer: EvidenceWriter | None
    """None with analytics off."""
    errors: ErrorLog

    def start(self) -> None:
        if self.writer is not None:
            self.writer.start()
        self.errors.start()

    def stop(self) -> None:
        """Returns when what is queued is written, or after a moment."""
        self.errors.stop()
        if self.writer is not None:
            self.writer.stop()


def evidence_from(config: ChatConfig, secret: str, node: str, version: str) -> EvidenceParts:
    """`node`: the name of this process, in hexadecimal digits. Raises what `settings_from` raises."""
    settings = settings_from(config, secret)
    ids = RowIds(int(node, 16))
    writer = None
    if settings.analytics != "off":
        writer = EvidenceWriter(database_beside_messages(), Tables(node, ids, ErrorGroups()), settings)
    evidence = Evidence(settings, _drop if writer is None else writer.put, ids, now_us, version)
    return EvidenceParts(evidence, writer, ErrorLog(evidence))


def _drop(_: Row) -> None:
    """With analytics off, nothing is kept."""
