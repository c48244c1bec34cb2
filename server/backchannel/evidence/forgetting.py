"""Deletes the evidence of a person who is erased. Blocking; from any process with access to the database."""

from backchannel.evidence.database import EvidenceDatabase
from backchannel.evidence.upkeep import forget_person


def forget_evidence_of(person_id: int, database: EvidenceDatabase) -> None:
    """Their recorders are deleted, and their connections belong to nobody. What a node has queued in this moment, it writes within seconds: it
    is nobody's after 30 days. Raises what the database raises."""
    if not database.exists():
        return
    connected = database.connect()
    try:
        with connected.transaction() as driver:
            forget_person(driver, person_id)
    finally:
        connected.close_if_own()
