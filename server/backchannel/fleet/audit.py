"""`GET /api/fleet/audit`: who changed whose access, or the server."""

from backchannel.accounts.audit import entries
from backchannel.protocol.fleet import AuditLine, AuditQuery, FleetAudit
from backchannel.protocol.times import to_wire


def audit(query: AuditQuery, now_us: int) -> FleetAudit:
    """Blocking. What is not sealed yet is sealed first."""
    found = entries(query.limit, query.action, query.person)
    lines = [
        AuditLine(
            entry.position,
            to_wire(round(entry.at.timestamp() * 1_000_000)),
            entry.actor,
            entry.address,
            entry.action,
            entry.subject,
            entry.details,
            entry.digest,
        )
        for entry in found
    ]
    return FleetAudit(to_wire(now_us), lines)
