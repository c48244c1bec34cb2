"""Errors of the server and of browsers, as groups: one row for each kind at one place in the code, with a count and one sample.

The sample is scrubbed: no address with a query, no token, no credential of a URL. `reference` is the last one that a person was shown
("Internal error K7QF-2MZD"), so that what they read out is found.
"""

import hashlib
import re
import traceback
from pathlib import PurePath
from typing import Final

from backchannel.evidence.rows import Failed
from backchannel.store.driver import Driver

GROUPS: Final = 200
SAMPLE_BYTES: Final = 8 * 1024
OWN_FRAMES: Final = 3
"""The innermost frames of our own code that make a group."""
REFERENCES: Final = 20
"""How many of a group's last references are kept, by which it is found."""
_OWN: Final = "backchannel"

_SECRETS: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), r"\1 …"),
    (
        re.compile(r"(?i)\b(token|ticket|password|secret|cookie|authorization|api[_-]?key)(['\"]?\s*[=:]\s*)[^\s,;]+"),
        r"\1\2…",
    ),
    (re.compile(r"(\w+://)[^/\s:@]+(:[^/\s@]*)?@"), r"\1…@"),
    (re.compile(r"\?[\w%-]+=\S*"), "?…"),
    (re.compile(r"[A-Za-z0-9_-]{40,}"), "…"),
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+"), "…@…"),
)


def scrubbed(text: str) -> str:
    """The text without credentials and e-mail addresses, and without NUL, which PostgreSQL cannot store: all that was to be written with it
    would be lost."""
    text = text.replace("\x00", "")
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text.encode()[:SAMPLE_BYTES].decode(errors="ignore")


def place_of(error: BaseException) -> str:
    """`store/log.py:commit < …`: the innermost frames of our own, without numbers of lines, which change with every version."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _OWN in PurePath(frame.filename).parts] or list(frames)
    named = [f"{'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.name}" for frame in reversed(own[-OWN_FRAMES:])]
    return " < ".join(named)


def sample_of(error: BaseException) -> str:
    """The traceback without values: source lines and names of classes, and the message, scrubbed."""
    return scrubbed("".join(traceback.format_exception(error, limit=-20)))


def place_in_browser(stack: str) -> str:
    """The first frames of a browser's stack: names of functions and files, without addresses, lines and columns."""
    frames = []
    for line in stack.splitlines():
        found = re.search(
            r"(?:at\s+)?(?:(?P<name>[\w.$<>]+)\s*[@(]\s*)?\S*?/(?P<file>[\w.-]+\.(?:js|ts|tsx|mjs))", line
        )
        if found:
            frames.append(f"{found['file']}:{found['name'] or '?'}")
    return " < ".join(frames[:OWN_FRAMES])


def fingerprint_of(row: Failed) -> str:
    return hashlib.blake2b(f"{row.side}\n{row.kind}\n{row.where}".encode(), digest_size=8).hexdigest()


class ErrorGroups:
    def add(self, driver: Driver, row: Failed) -> None:
        """Count it in its group. A group more than `GROUPS` replaces the one that was met least recently."""
        fingerprint = fingerprint_of(row)
        found = driver.query("SELECT reference FROM ops_error WHERE fingerprint = %s", [fingerprint])
        if found:
            references = [row.reference, *found[0][0].split()][:REFERENCES] if row.reference else found[0][0].split()
            driver.execute(
                "UPDATE ops_error SET count = count + %s, last_us = %s, version = %s, reference = %s WHERE fingerprint = %s",
                (row.count, row.at_us, row.version, " ".join(references), fingerprint),
            )
            return
        if driver.query("SELECT count(*) FROM ops_error", [])[0][0] >= GROUPS:
            driver.execute(
                "DELETE FROM ops_error WHERE fingerprint = (SELECT fingerprint FROM ops_error ORDER BY last_us LIMIT 1)",
                [],
            )
        driver.execute(
            "INSERT INTO ops_error (fingerprint, side, kind, place, version, first_us, last_us, count, reference, sample)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                fingerprint,
                row.side,
                scrubbed(row.kind)[:64],
                row.where[:500],
                row.version,
                row.at_us,
                row.at_us,
                row.count,
                row.reference,
                row.sample,
            ),
        )
