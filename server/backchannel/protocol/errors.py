"""Every error that a client can receive, as data: one table for both transports.

    CommandError            a command was refused; answered as an `error` frame or as problem+json

Clients compare `code`; `detail` is text for people. The status alone says whether a retry can help: see `is_final`.
"""

from enum import Enum, IntEnum
from typing import Final

import msgspec

from backchannel.protocol import times
from backchannel.protocol.shapes import Draft


class Code(Enum):
    """Error word → HTTP status."""

    BAD_FRAME = ("bad_frame", 400)
    WRONG_HOST = ("wrong_host", 400)
    UNKNOWN_COMMAND = ("unknown_command", 400)
    UNAUTHENTICATED = ("unauthenticated", 401)
    FORBIDDEN = ("forbidden", 403)
    NOT_A_MEMBER = ("not_a_member", 403)
    TOO_MANY_ROOMS = ("too_many_rooms", 403)
    FILE_TOO_LARGE = ("file_too_large", 403)
    QUOTA_EXCEEDED = ("quota_exceeded", 403)
    WRONG_ORIGIN = ("wrong_origin", 403)
    NOT_FOUND = ("not_found", 404)
    ROOM_NOT_FOUND = ("room_not_found", 404)
    MESSAGE_NOT_FOUND = ("message_not_found", 404)
    USER_NOT_FOUND = ("user_not_found", 404)
    UPLOAD_NOT_FOUND = ("upload_not_found", 404)
    SCHEDULED_NOT_FOUND = ("scheduled_not_found", 404)
    METHOD_NOT_ALLOWED = ("method_not_allowed", 405)
    EDIT_CONFLICT = ("edit_conflict", 409)
    DRAFT_CONFLICT = ("draft_conflict", 409)
    SCHEDULE_CONFLICT = ("schedule_conflict", 409)
    ALREADY_SENT = ("already_sent", 409)
    UPLOAD_NOT_READY = ("upload_not_ready", 409)
    UPLOAD_CLAIMED = ("upload_claimed", 409)
    WRONG_OFFSET = ("wrong_offset", 409)
    MESSAGE_DELETED = ("message_deleted", 410)
    SCHEDULE_CANCELLED = ("schedule_cancelled", 410)
    TOO_LARGE = ("too_large", 413)
    UNSUPPORTED_MEDIA_TYPE = ("unsupported_media_type", 415)
    INVALID = ("invalid", 422)
    ID_REUSED = ("id_reused", 422)
    UPGRADE_REQUIRED = ("upgrade_required", 426)
    RATE_LIMITED = ("rate_limited", 429)
    INTERNAL = ("internal", 500)
    OVERLOADED = ("overloaded", 503)
    UNAVAILABLE = ("unavailable", 503)

    def __init__(self, word: str, status: int) -> None:
        self.word = word
        self.status = status


class CloseCode(IntEnum):
    """Why the server closed a WebSocket. SPEC.md, "Leaving", says what a client does then."""

    UNAVAILABLE = 1011
    RESTART = 1012
    TOO_LARGE = 1009
    NOT_UNDERSTOOD = 4400
    SESSION_OVER = 4401
    FORBIDDEN = 4403
    TOO_SLOW = 4408
    SUPERSEDED = 4409
    PROTOCOL_UNSPOKEN = 4426
    TOO_MANY = 4429


FINAL_EXCEPTIONS: Final = frozenset({401, 408, 425, 429})


def is_final(status: int) -> bool:
    """True if the same command can never succeed: 4xx other than 401, 408, 425, 429."""
    return 400 <= status < 500 and status not in FINAL_EXCEPTIONS


class ErrorData(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The `error` member of an error frame, and the body of a problem+json answer.

    retry_after: seconds to wait before the next try. errors: what is wrong, by field. offset: of `wrong_offset`, the bytes that are
    stored. draft: of `draft_conflict`, the version that is stored.
    """

    code: str
    status: int
    detail: str
    retry_after: float | None = None
    errors: dict[str, list[str]] | None = None
    offset: int | None = None
    draft: Draft | None = None


class CommandError(Exception):
    """Raised when a command is refused. Holds what is sent to the client, nothing more."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        retry_after: float | None = None,
        errors: dict[str, list[str]] | None = None,
        offset: int | None = None,
        draft: Draft | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.offset = offset
        self.draft = draft
        self.retry_after = retry_after
        self.errors = errors

    @property
    def data(self) -> ErrorData:
        return ErrorData(
            self.code.word, self.code.status, str(self), self.retry_after, self.errors, self.offset, self.draft
        )


def time_of(field: str, text: str) -> int:
    """The time in microseconds that a command's `field` holds. Raises 422 `invalid` where it holds none."""
    try:
        return times.from_wire(text)
    except ValueError:
        raise invalid(**{field: "Must be ISO 8601 with a time zone, like 2026-12-01T09:00:00Z."}) from None


def invalid(**errors: str) -> CommandError:
    """422 `invalid`, with one sentence per field."""
    return CommandError(
        Code.INVALID,
        " ".join(f"{field}: {sentence}" for field, sentence in errors.items()),
        errors={field: [sentence] for field, sentence in errors.items()},
    )
