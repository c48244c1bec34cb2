"""A fault of the server's, as its log and whoever met it are told: one reference in both, so that a person who asks can be answered."""

import secrets
from typing import Any, Final

from backchannel.protocol.errors import Code, CommandError

# No letters and digits that look alike: these are read out and typed.
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def internal_error(logger: Any, event: str, error: BaseException, **fields: object) -> CommandError:
    """Log `error` with its traceback as `event`; what is told of it."""
    reference = new_reference()
    logger.error(event, reference=reference, exc_info=error, **fields)
    return CommandError(Code.INTERNAL, f"Internal error {reference} (logged). Retrying may help.")


def new_reference() -> str:
    """Like K7QF-2MZD."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
