"""Puts the evidence of a chat together, as its configuration says."""

from collections.abc import Callable
from dataclasses import dataclass

from backchannel.config import ChatConfig
from backchannel.evidence.database import EvidenceDatabase, database_beside_messages
from backchannel.evidence.error_log import ErrorLog
from backchannel.evidence.errors import ErrorGroups
from backchannel.evidence.evidence import Evidence
from backchannel.evidence.nodes import NodeState
from backchannel.evidence.pace import Pace
from backchannel.evidence.rows import Row, RowIds
from backchannel.evidence.settings import settings_from
from backchannel.evidence.tables import Tables
from backchannel.evidence.writer import EvidenceWriter
from backchannel.store import disk
from backchannel.store.clock import now_us


@dataclass(frozen=True, slots=True)
class EvidenceParts:
    evidence: Evidence
    database: EvidenceDatabase
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


def evidence_from(
    config: ChatConfig,
    secret: str,
    node: str,
    version: str,
    is_bus_up: Callable[[], bool],
    pace: Callable[[], Pace] = Pace,
) -> EvidenceParts:
    """`node`: the name of this process, in hexadecimal digits. `is_bus_up` and `pace` are asked from another thread. Raises what
    `settings_from` raises."""
    settings = settings_from(config, secret)
    ids = RowIds(int(node, 16))
    database = database_beside_messages()
    writer = None
    if settings.analytics != "off":

        def state() -> NodeState:
            found = disk.space()
            free, size = (None, None) if found is None else (found.free, found.size)
            return NodeState(version, is_bus_up(), free, size, pace())

        tables = Tables(node, ids, ErrorGroups())
        writer = EvidenceWriter(database, tables, settings, state=state)
    evidence = Evidence(settings, _drop if writer is None else writer.put, ids, now_us, version)
    return EvidenceParts(evidence, database, writer, ErrorLog(evidence))


def _drop(_: Row) -> None:
    """Drops the row: analytics are off."""
