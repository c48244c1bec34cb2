"""The findings of `check` and `doctor`: a stable code, a word, one sentence, and what to do about it.

Codes are never reused, so that scripts and searches can rely on them. D1xx are found inside, beside the server; D2xx from outside, by
its address. docs/reference/doctor.md is generated from CODES.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Word = Literal["ok", "note", "problem"]

CODES: Final[dict[str, tuple[str, str]]] = {
    "D101": ("environment file", "Which file the settings come from, and which variables in it are no settings."),
    "D102": (
        "addresses",
        "`BACKCHANNEL_ORIGINS` is unset, so any host name is accepted; or people reach the server without HTTPS.",
    ),
    "D103": ("data folder", "The data folder does not exist, or nothing can be written to it."),
    "D104": ("disk", "The disk of the database is full or nearly full, or has too few inodes left."),
    "D105": (
        "database",
        "The database does not answer, holds no tables, is read-only, or loses commits in a power cut.",
    ),
    "D106": ("migrations", "The tables are those of an older version."),
    "D107": ("backup programs", "`pg_dump`, `pg_restore` or `psql` is missing, or older than the server."),
    "D108": ("owner", "The server has no owner yet, or its demonstration accounts have a publicly known password."),
    "D109": ("permissions", "Other users of the machine can read the database or the keys."),
    "D110": ("Redis", "Redis does not answer, is slow, or drops what its subscribers do not read at once."),
    "D111": ("web app", "The installed package does not contain the app."),
    "D112": ("open files", "The process may open too few files: each connection takes one."),
    "D113": ("clock", "The machine's clock differs from the database's, or was set back."),
    "D114": ("PostgreSQL settings", "Too few connections, autovacuum off, or tables that are not vacuumed."),
    "D115": ("SQLite file", "The write-ahead log is far larger than usual: something keeps an old read open."),
    "D116": ("mail", "No mail server is set, or it refuses: the connection, TLS, or the sign-in."),
    "D117": ("backups", "There is no recent backup."),
    "D118": ("restore drill", "A trial restore of the newest backup failed, or lost rows."),
    "D119": ("running server", "The server is not running, or says that it is not ready."),
    "D120": ("system checks", "Django's system checks of the chat found something in the site's settings."),
    "D121": ("secret key", "The secret key is set in the environment and looks guessable."),
    "D122": ("files", "No file can be stored, pictures are not re-encoded, or files are not scanned."),
    "D201": ("DNS", "The host name does not resolve."),
    "D202": ("connection", "An address of the host name does not accept connections, or one IP version does not."),
    "D203": ("certificate", "The certificate is not valid for the name, is not trusted, or ends soon."),
    "D204": ("HTTPS", "The address is served without encryption, or http:// is not redirected to https://."),
    "D205": ("answer", "What answers at the address is not Backchannel, or an error of the proxy."),
    "D206": ("WebSocket upgrade", "A WebSocket handshake does not arrive as one: the proxy removes the upgrade."),
    "D207": ("WebSocket refused", "The handshake arrives, and is refused: the proxy changes Host or Origin."),
    "D208": ("silence", "A WebSocket on which only heartbeats travel is cut."),
    "D209": ("waiting poll", "An HTTP request that waits for something to say is cut or answered by the proxy."),
    "D210": ("held back", "What the server answers to a waiting poll arrives late: the proxy buffers."),
    "D211": ("body size", "The proxy refuses bodies that the server accepts."),
    "D212": ("forged Host", "A request for a host name that is not the server's is answered."),
    "D213": ("forged address", "A client can claim any address in X-Forwarded-For."),
    "D214": (
        "forged scheme",
        "A client can claim http or https in X-Forwarded-Proto, or the proxy does not say which it is.",
    ),
    "D215": (
        "client address",
        "The server takes the proxy's address for everybody's: limits by address hit all at once.",
    ),
    "D216": ("internal pages", "/metrics, /readyz or /healthz can be read from outside."),
    "D217": ("WebSocket round trip", "A message sent over the WebSocket did not come back to the other bot."),
    "D218": ("HTTP round trip", "A message sent over HTTP did not come back to the other bot."),
    "D219": ("credentials", "Without tokens of two bots, what needs a signed-in client was not tested."),
}
"""Code → what is looked at, what it means if it is a note or a problem."""


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    word: Word
    text: str
    """One sentence without a full stop."""
    advice: str = ""
    """The change, as lines to paste. Blank if the sentence says it."""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"{self.code} is not in CODES")

    @property
    def is_problem(self) -> bool:
        return self.word == "problem"
