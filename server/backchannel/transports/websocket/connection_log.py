"""Log lines of a WebSocket: that it opened, and how it ended."""

from backchannel.process_log import ProcessLog
from backchannel.transports.session.effects import Close

_log = ProcessLog("backchannel.websocket")


def log_opened(session_id: str, user_id: int, via: str) -> None:
    """`via`: how the user signed in."""
    _log.info("connection_opened", transport="websocket", session=session_id, user_id=user_id, via=via)


def log_closed(session_id: str, user_id: int, close: Close, seconds: float) -> None:
    _log.info(
        "connection_closed",
        transport="websocket",
        session=session_id,
        user_id=user_id,
        code=int(close.code),
        reason=close.reason,
        seconds=round(seconds, 1),
    )


def closed_by_client(code: int) -> Close:
    """How a connection ended that the server did not close. `code`: of the client's close frame, 1006 without one."""
    reason = "client_gone" if code in (1000, 1001, 1005) else "link_lost"
    return Close(code, reason)  # type: ignore[arg-type]
