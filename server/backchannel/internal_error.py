"""Reports a bug of ours: the log and the client get the same reference, so that a user's report can be found in the log."""

import logging
import secrets
from typing import Final

from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError

# Without letters and digits that look alike: people read these out and type them.
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def internal_error(log: ProcessLog, event: str, error: BaseException, **fields: object) -> CommandError:
    """Log `error` as `event`, with its traceback, and return the CommandError to answer with."""
    reference = new_reference()
    log.log(logging.ERROR, event, exc_info=error, reference=reference, **fields)
    return CommandError(Code.INTERNAL, f"Internal error {reference} (logged). Retrying may help.")


def new_reference() -> str:
    """For example K7QF-2MZD."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
