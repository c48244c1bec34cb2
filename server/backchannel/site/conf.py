"""All settings of the standalone app, read from the environment in this one place.

A setting is a field of `Conf`; its environment variable is `BACKCHANNEL_` and the field's name in capitals. Reading is pure: it opens
no file and makes no folder. An unusable value raises a `SettingError`, whose text is one line for the operator.

    conf = load(os.environ)

Over 300 lines because every setting is declared here, with the text of its page in the documentation.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from backchannel.accounts.addresses import is_loopback
from backchannel.config import (
    ARRIVALS_AT_ONCE,
    CONTENT_BYTES,
    S3,
    Addresses,
    Analytics,
    read_files,
    read_origin,
    read_push_contact,
    read_push_service,
    read_redis_url,
    read_scan,
    split_url,
)

PREFIX = "BACKCHANNEL_"
ENV_FILE = "BACKCHANNEL_ENV_FILE"
"""Names the environment file, so it cannot be a setting inside it."""
SHORTEST_KEY = 32

_BY_OTHERS = re.compile(
    r"BACKCHANNEL_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?|FAILPOINT|TEST_\w+)"
)
"""Set by Kubernetes for a service named backchannel, and by our own tests for theirs."""

Signup = Literal["open", "invitation", "closed"]
LogFormat = Literal["console", "json"]


class SettingError(Exception):
    """An unusable setting. `str(error)` is one line that names it and says what to write."""


def setting(parse: Callable[[str], Any], default: str, help: str) -> Any:
    """Declare a setting: `parse` reads its text, `default` is its text when unset, `help` says what it does."""
    return field(metadata={"parse": parse, "default": default, "help": help})


def _text(value: str) -> str:
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _files(value: str) -> str:
    return read_files(value) if value.startswith(S3) else str(_path(value))


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}")
        return int(value)

    return parse


def _choice(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in words:
            raise ValueError(f"is none of {', '.join(words)}")
        return value.lower()

    return parse


def _yes_or_no(value: str) -> bool | None:
    if not value:
        return None
    if value.lower() in {"1", "yes", "true", "on"}:
        return True
    if value.lower() in {"0", "no", "false", "off"}:
        return False
    raise ValueError("is neither yes nor no")


def _words(value: str) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split())


def _origins(value: str) -> tuple[str, ...]:
    return tuple(read_origin(word) for word in _words(value))


def _push_services(value: str) -> tuple[str, ...]:
    return tuple(read_push_service(word) for word in _words(value))


def _networks(value: str) -> tuple[str, ...]:
    for word in _words(value):
        try:
            ipaddress.ip_network(word, strict=False)
        except ValueError:
            raise ValueError(f"names {word}, which is no address or network") from None
    return _words(value)


def _hosts(value: str) -> tuple[str, ...]:
    """In the form of Django's ALLOWED_HOSTS: names without scheme and port; `.example.com` covers all names below it."""
    for word in _words(value):
        bare = word.removeprefix("[").removesuffix("]")
        if word != "*" and ("/" in word or "*" in word or (":" in bare and not _is_ipv6(bare))):
            raise ValueError(
                f"names {word}; a host is written like chat.example.com, without https:// and without a port"
            )
    return _words(value)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _key(value: str) -> str:
    if value and len(value) < SHORTEST_KEY:
        raise ValueError(
            f"is shorter than {SHORTEST_KEY} characters, so that it can be guessed; make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return value


def _keys(value: str) -> tuple[str, ...]:
    return tuple(_key(word) for word in _words(value))


def _database(value: str) -> str:
    if not value:
        return value
    parts = split_url(value)
    if parts.scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ValueError("begins with neither postgres:// nor sqlite:////")
    if parts.scheme == "sqlite":
        if parts.netloc or not parts.path.startswith("//") or not parts.path.strip("/"):
            raise ValueError("names no absolute path; write it with four slashes, like sqlite:////path/to/file")
    elif not parts.path.strip("/") and "service=" not in parts.query:
        raise ValueError("names no database; write it like postgres://user:password@host:5432/name")
    return value


def _redis(value: str) -> tuple[str, ...]:
    return tuple(read_redis_url(word) for word in _words(value))


def _mail(value: str) -> str:
    if value and (split_url(value).scheme not in {"smtp", "smtps"} or not split_url(value).hostname):
        raise ValueError("is not like smtp://user:password@mail.example.com:587")
    return value


def _listen(value: str) -> tuple[str, int] | None:
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("is not like 127.0.0.1:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _port(value: str) -> int:
    # Kubernetes sets <SERVICE>_PORT=tcp://… for a service named backchannel.
    return 8000 if value.startswith("tcp://") else _number(0, 65535)(value)


@dataclass(frozen=True, slots=True)
class Conf:
    """The settings as typed values. Each field's `help` is its text in docs/reference/settings.md."""

    data: Path = setting(
        _path,
        "",
        "The folder that holds the SQLite database, the secret key, uploads and everything else the server keeps. "
        "Unset: `$XDG_DATA_HOME/backchannel`, or `~/.local/share/backchannel`.",
    )
    files: str = setting(
        _files,
        "",
        "Where the files that people send are: a folder, or `s3://bucket/prefix?endpoint_url=…` ([files](../howto/files.md)). Several nodes need a "
        "place that all of them reach. Unset: the folder `uploads` in the data folder.",
    )
    upload_size: int = setting(
        _number(0, 2**40), str(100 * 2**20), "The largest file that a person may send, in bytes. 0: no files."
    )
    upload_quota: int = setting(
        _number(1, 2**50), str(2 * 2**30), "All files of one person together, in bytes, as they were sent."
    )
    upload_total: int = setting(
        _number(0, 2**60), "0", "All files of everybody together, in bytes. 0: no limit but the disk's."
    )
    scan: str | None = setting(
        read_scan,
        "",
        "What looks at each file before anybody gets it: `clamd:/path/to/socket`, `clamd:host:port`, or a command that gets the path and "
        "ends with 0 (clean) or 1 (infected). Unset: nothing.",
    )
    push_contact: str | None = setting(
        read_push_contact,
        "",
        "Whom push services write to, like `mailto:admin@chat.example.com` or `https://chat.example.com`; a real address, or they refuse "
        "what is sent. Unset: the first of `BACKCHANNEL_ORIGINS` if that is one; else no push messages are sent.",
    )
    push_services: tuple[str, ...] = setting(
        _push_services,
        "",
        "Hosts of push services besides those of Chrome, Firefox, Safari and Edge, like `up.example.org` or `*.push.example.org`.",
    )
    host: str = setting(_text, "127.0.0.1", "The address to listen on. `0.0.0.0` listens on every network.")
    port: int = setting(_port, "8000", "The port to listen on; 0 takes any free one.")
    workers: int = setting(
        _number(1, 64),
        "1",
        "Processes that serve behind the one port. More than one need PostgreSQL and Redis; one that dies or hangs is "
        "replaced. `/metrics` covers all of them, labelled `worker`.",
    )
    database_url: str = setting(
        _database,
        "",
        "`postgres://user:password@host:5432/name` for PostgreSQL 14 or later, or `sqlite:////path/to/file`. "
        "Unset: `backchannel.sqlite3` in the data folder.",
    )
    redis_url: tuple[str, ...] = setting(
        _redis,
        "",
        "`redis://host:6379/0`, required as soon as more than one process serves the same database. "
        "With several addresses, the rooms are distributed among them.",
    )
    secret_key: str = setting(
        _key,
        "",
        "Signs cookies. Unset: generated once and kept in the file `secret_key` of the data folder. "
        "At least 32 characters. Several processes need the same one.",
    )
    secret_key_fallbacks: tuple[str, ...] = setting(
        _keys,
        "",
        "Former values of `BACKCHANNEL_SECRET_KEY`, the newest first: what they signed stays valid, so that nobody is signed out when the key "
        "changes. Without `BACKCHANNEL_SECRET_KEY` they are in the file, and `backchannel secret rotate` writes it.",
    )
    origins: tuple[str, ...] = setting(
        _origins,
        "",
        "The addresses under which browsers open the app, like `https://chat.example.com`. Only pages of these may "
        "use a person's cookie. Unset: the address must equal the `Host` of the request.",
    )
    person: str = setting(
        _text,
        "",
        "The dotted path of a class that says what people are called and look like, a `backchannel.people.PersonAdapter`. "
        "Unset: what they entered, without pictures.",
    )
    picture_origins: tuple[str, ...] = setting(
        _origins,
        "",
        "Other hosts from which the page may load people's pictures, like `https://cdn.example.com`. Unset: its own alone.",
    )
    allowed_hosts: tuple[str, ...] = setting(
        _hosts,
        "",
        "The `Host` names that are accepted. Unset: those of `BACKCHANNEL_ORIGINS`, or any if that is unset too.",
    )
    https: bool | None = setting(
        _yes_or_no,
        "",
        "Whether people reach the app by HTTPS only: cookies are then `Secure` and `__Host-` bound and HSTS is sent. "
        "Unset: yes if every one of `BACKCHANNEL_ORIGINS` begins with `https://`.",
    )
    trusted_proxies: tuple[str, ...] = setting(
        _networks,
        "127.0.0.1 ::1",
        "The addresses or networks of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.",
    )
    signup: Signup = setting(
        _choice("open", "invitation", "closed"),
        "invitation",
        "Who may create an account: `open` anyone, `invitation` anyone with an invitation link, `closed` nobody "
        "(an administrator creates accounts).",
    )
    session_days: int = setting(_number(1, 3650), "30", "Days without use after which a browser is signed out.")
    mail_url: str = setting(
        _mail,
        "",
        "`smtp://user:password@host:587` (STARTTLS), `smtps://…:465`, or `smtp://localhost?tls=no`. Unset: no mail is sent, and a forgotten "
        "password can only be reset by an administrator.",
    )
    mail_from: str = setting(_text, "backchannel@localhost", "The sender of the server's mail.")
    log_format: LogFormat = setting(
        _choice("console", "json"), "console", "`console` for people, `json` for one object per line."
    )
    log_level: str = setting(_choice("debug", "info", "warning", "error"), "info", "The lowest level that is logged.")
    sends_per_second: int = setting(
        _number(1, 1000), "10", "Messages per second that one person may send over time; more is refused with 429."
    )
    send_burst: int = setting(_number(1, 10_000), "60", "Messages that one person may send at once.")
    commands_per_second: int = setting(
        _number(1, 1000), "30", "Other commands, and polls, per second that one person may send over time."
    )
    changes_per_second: int = setting(
        _number(1, 1000),
        "1",
        "Reactions, edits, deletions, renames, joins and similar changes per second that one person may make over time; of the same thing "
        "(the reactions to one message, the name of one room) a tenth of it. More is refused with 429.",
    )
    change_burst: int = setting(
        _number(3, 10_000), "60", "Such changes that one person may make at once; of the same thing a third of it."
    )
    rooms: int = setting(
        _number(10, 20_000),
        "5000",
        "Groups and channels that one person may be in. Direct conversations are not limited.",
    )
    rooms_created_per_day: int = setting(
        _number(1, 100_000), "200", "Rooms that one person may create per day, direct conversations included."
    )
    people_added_per_day: int = setting(
        _number(100, 1_000_000),
        "2000",
        "People whom one person may add to rooms per day, each counted once per room.",
    )
    connections: int = setting(
        _number(1, 1000), "20", "Open connections per person and node; a new one beyond this closes the oldest."
    )
    connections_per_address: int = setting(
        _number(1, 1_000_000),
        "1000",
        "HTTP connections and WebSockets that one address may hold at the same time in one process; an IPv6 network (/64) "
        "counts as one address. What a proxy of `BACKCHANNEL_TRUSTED_PROXIES` passes on counts for the address that it "
        "forwards, and the proxy's own connections are not limited. Raise it if more people than that share one address.",
    )
    content_bytes: int = setting(
        _number(100, CONTENT_BYTES),
        str(CONTENT_BYTES),
        "The longest message, in bytes of UTF-8. The protocol allows no more than 16384.",
    )
    arrivals_at_once: int = setting(
        _number(1, ARRIVALS_AT_ONCE),
        "4",
        "Reconnecting clients that use the database at the same time. The other reading threads, of 8, are reserved for "
        "connected clients.",
    )
    arrivals_waiting: int = setting(
        _number(1, 100_000),
        "2000",
        "Reconnecting clients that may wait for their turn; further ones are asked to retry within a few seconds.",
    )
    heartbeat_s: int = setting(
        _number(5, 300), "30", "Seconds between two heartbeats. A connection that is silent for 10 more is closed."
    )
    metrics_listen: tuple[str, int] | None = setting(
        _listen,
        "",
        "An address and port of their own for metrics, like `127.0.0.1:9464`, without TLS and without sign-in. `/metrics` is then there "
        "alone, for all workers. Unset: at the server's own address, which the proxy has to hide.",
    )
    analytics: Analytics = setting(
        _choice("on", "anonymous", "off"),
        "on",
        "What is kept of connections, to find out why somebody was without the WebSocket: `on`, `anonymous` (without persons and devices), or "
        "`off` (metrics alone, which know nobody). [privacy.md](../privacy.md) lists every field.",
    )
    analytics_addresses: Addresses = setting(
        _choice("prefix", "hash", "full", "off"),
        "prefix",
        "What is kept of a client's address: its network (`prefix`: /24 of IPv4, /48 of IPv6), a `hash` of that which changes each month, "
        "`full`, or nothing (`off`).",
    )
    analytics_networks: str = setting(
        _text,
        "",
        "A file that names networks, with lines like `203.0.113.0/24 Office Berlin`. A name is kept instead of the address.",
    )
    keep_connections_days: int = setting(
        _number(1, 366), "14", "Days that connections are kept; sums by the hour are kept 13 months."
    )
    keep_connections_rows: int = setting(
        _number(1000, 100_000_000), "1000000", "Connections that are kept at most, of 150 bytes each."
    )
    shutdown_s: int = setting(
        _number(1, 600), "10", "Seconds that a stopping server gives its clients and requests before it cuts them off."
    )

    @property
    def behind_https(self) -> bool:
        """Whether browsers use HTTPS: as `https` says, else as the origins imply."""
        if self.https is not None:
            return self.https
        return bool(self.origins) and all(origin.startswith("https://") for origin in self.origins)

    @property
    def push_contact_or_origin(self) -> str | None:
        """Whom push services write to; None if no push messages are sent."""
        for contact in (self.push_contact, *self.origins[:1]):
            with suppress(ValueError):
                if contact:
                    return read_push_contact(contact)
        return None

    @property
    def hosts(self) -> list[str]:
        """The value of Django's ALLOWED_HOSTS."""
        if self.allowed_hosts:
            return list(self.allowed_hosts)
        return [urlsplit(origin).hostname or "" for origin in self.origins] or ["*"]

    @property
    def setup_hosts(self) -> list[str]:
        """Host names accepted, besides loopback and `hosts`, while the server has no owner: the address it listens on."""
        if self.host in {"0.0.0.0", "::", ""}:  # noqa: S104
            return []
        return [f"[{self.host}]" if ":" in self.host else self.host]

    @property
    def public_names(self) -> list[str]:
        """The addresses under which other machines, or other users of this one, may reach the server, as far as the settings say."""
        named = [self.host, *(urlsplit(origin).hostname or "" for origin in self.origins), *self.allowed_hosts]
        return [name for name in named if not is_loopback(name)]


def variable(name: str) -> str:
    """The environment variable of the field `name`."""
    return PREFIX + name.upper()


def load(environ: Mapping[str, str]) -> Conf:
    """Read the settings. A variable that is set but blank counts as unset. Raises `SettingError`."""
    values: dict[str, Any] = {}
    for item in fields(Conf):
        text = environ.get(variable(item.name), "").strip() or item.metadata["default"]
        if item.name == "data" and not text:
            text = _default_folder(environ)
        if item.name == "files" and not text:
            text = str(values["data"] / "uploads")
        try:
            values[item.name] = item.metadata["parse"](text)
        except ValueError as problem:
            raise SettingError(f"{variable(item.name)} {problem}") from None
    return Conf(**values)


def _default_folder(environ: Mapping[str, str]) -> str:
    base = environ.get("XDG_DATA_HOME") or f"{environ.get('HOME') or '~'}/.local/share"
    return f"{base}/backchannel"


def unknown(environ: Mapping[str, str]) -> list[str]:
    """One line for each BACKCHANNEL_… variable that is not a setting, naming the setting it resembles.

    Reported rather than refused: service managers may set variables of this form by themselves.
    """
    known = [variable(item.name) for item in fields(Conf)]
    lines = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known and name != ENV_FILE and not _BY_OTHERS.fullmatch(name):
            near = difflib.get_close_matches(name, known, n=1)
            lines.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    return lines
