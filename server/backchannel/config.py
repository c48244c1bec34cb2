"""The configuration of a chat, and how it is read from the dictionary `BACKCHANNEL` of a Django site's settings:

    BACKCHANNEL = {"ORIGINS": ["https://shop.example"], "REDIS_URLS": ["redis://127.0.0.1/0"], "LIMITS": {"send_burst": 20}}

Every key is optional. Reading is pure. A value that cannot be used raises `ConfigError`, which names the key and says what to write.

Longer than 300 lines: it is one table of settings, and the checks of their values.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

import msgspec

from backchannel.protocol.shapes import Limits

FIXED_LIMITS: Final = {
    "frame_bytes",
    "page",
    "catch_up_events",
    "sync_wait_s",
    "resume_rooms",
    "upload_chunk",
    "upload_files",
}
"""Protocol 1 fixes these, and clients rely on them."""
MAY_BE_ZERO: Final = {"upload_size"}
"""Then the chat takes no files."""
LIMITS: Final = tuple(name for name in Limits.__struct_fields__ if name not in FIXED_LIMITS)

CONTENT_BYTES: Final = 16 * 1024
"""The longest message that protocol 1 admits."""
ARRIVALS_AT_ONCE: Final = 7
"""At most: one of the reading threads is left to connected clients."""

DEFAULT_AUTHENTICATION: Final = ("backchannel.auth.Session", "backchannel.auth.Token")

Analytics = Literal["on", "anonymous", "off"]
"""`on`: connections are kept with their persons. `anonymous`: without persons and devices. `off`: nothing is stored; metrics go on, which
know nobody."""
Addresses = Literal["prefix", "hash", "full", "off"]
"""Which part of a client's address is stored; see evidence/networks.py."""

Count = Annotated[int, msgspec.Meta(ge=1)]
Metrics = Literal["open", "token"] | bool
"""Who may read /metrics: everybody who reaches the address, staff of the site by a token, or (False) nobody. True is not a value."""


class ConfigError(Exception):
    def __init__(self, problems: list[str]) -> None:
        """`problems`: one sentence for each key that cannot be used, with what to write instead."""
        super().__init__("; ".join(problems))
        self.problems = problems


class ChatConfig(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """The configuration of a chat. The fields, in capitals, are the keys of `BACKCHANNEL`."""

    path: str = "/chat"
    """Where a Django site has its chat. The standalone server is its own site, and ignores it."""
    metrics: Metrics = False
    origins: tuple[str, ...] = ()
    """Origins of pages that may use a session cookie, like "https://shop.example". Empty: the origin of the requested host."""
    cors_origins: tuple[str, ...] = ()
    """Origins of other sites' pages that may call the API by a header of theirs, like "https://app.shop.example". No cookie counts there."""
    authentication: tuple[str, ...] = DEFAULT_AUTHENTICATION
    """Classes of `backchannel.auth`, or subclasses of the site's own, by their paths."""
    redis_urls: tuple[str, ...] = ()
    """The bus between nodes. Empty: a bus within this process."""
    heartbeat_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 30
    arrivals_at_once: Annotated[int, msgspec.Meta(ge=1, le=ARRIVALS_AT_ONCE)] | None = None
    """Reconnects that use the database at the same time. None: the default of `transports/reconnect_limiter.py`."""
    arrivals_waiting: Count | None = None
    """Newcomers that may wait for it. None: the default of `transports/reconnect_limiter.py`."""
    person: str | None = None
    """The dotted path of the site's `PersonAdapter` (`backchannel.people`). None: its defaults."""
    space: str | None = None
    """The dotted path of a function of the site: user → the tenant they belong to, as text. None: there is one space."""
    policy: str | None = None
    """The dotted path of the site's `Policy` (`backchannel.policy`). None: its defaults."""
    policy_cache_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 5
    """How long the answer of `Policy.may_post` holds for a person and a room."""
    files: str | None = None
    """Where files that people send are: a folder, or s3://bucket/prefix?endpoint_url=…. None: `STORAGES["chat"]` of Django's settings;
    without that either, no files are taken."""
    upload_total: Count | None = None
    """Bytes that all files together may have. None: no limit but the disk's."""
    scan: str | None = None
    """Virus scanner for each file before it is served: `clamd:/path/to/socket`, `clamd:host:port`, or a command. None: no scan."""
    push_contact: str | None = None
    """Whom push services write to, like "mailto:admin@chat.example.com" or "https://chat.example.com". None: no push messages are sent."""
    push_services: tuple[str, ...] = ()
    """Hosts of push services besides those of Chrome, Firefox, Safari and Edge, like "up.example.org" or "*.push.example.org"."""
    analytics: Analytics = "off"
    """Which data about connections is stored, to find out why a client had no WebSocket. docs/privacy.md lists every field."""
    analytics_addresses: Addresses = "prefix"
    """Which part of a client's address is stored: its network (/24, /48), a hash of that which changes monthly, all of it, or nothing."""
    analytics_networks: str | None = None
    """The path of a file that names networks, with lines like `203.0.113.0/24 Office Berlin`."""
    keep_connections_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 14
    keep_connections_rows: Annotated[int, msgspec.Meta(ge=1000, le=100_000_000)] = 1_000_000
    """Whichever comes first. A row takes 150 bytes at most."""
    backup_marker: str | None = None
    """The path of a file in which the newest backup is noted, as `backchannel backup` does: for metrics and for staff. None: no backup is
    known."""
    limits: Limits = Limits()
    """A site may set those named in `LIMITS`."""

    @property
    def has_site_code(self) -> bool:
        """Whether the site has code of its own that runs at sign-ins, rechecks or commands, in threads of its own."""
        own_schemes = [path for path in self.authentication if not path.startswith("backchannel.auth.")]
        return bool(self.person or self.space or self.policy or own_schemes)


KEYS: Final = tuple(name.upper() for name in ChatConfig.__struct_fields__)


def read_config(given: object) -> ChatConfig:
    """`settings.BACKCHANNEL`, checked. Raises `ConfigError` with all problems at once."""
    if not isinstance(given, dict):
        raise ConfigError(["BACKCHANNEL is not a dictionary; write BACKCHANNEL = {…}"])
    problems = [_unknown("BACKCHANNEL", str(key), KEYS) for key in given if key not in KEYS]
    limits = given.get("LIMITS", {})
    if not isinstance(limits, dict):
        problems.append('BACKCHANNEL["LIMITS"] is not a dictionary')
        limits = {}
    for name in limits:
        if name in FIXED_LIMITS:
            problems.append(f'BACKCHANNEL["LIMITS"]["{name}"] is fixed by the protocol; leave it out')
        elif name not in LIMITS:
            problems.append(_unknown('BACKCHANNEL["LIMITS"]', str(name), LIMITS))
    parts: dict[str, Any] = {}
    for key in KEYS:
        if key in given and key != "LIMITS":
            _convert({key: given[key]}, ChatConfig, "BACKCHANNEL", problems, parts)
    for key, read_one in (("FILES", read_files), ("SCAN", read_scan), ("PUSH_CONTACT", read_push_contact)):
        try:
            if parts.get(key.lower()) is not None:
                parts[key.lower()] = read_one(parts[key.lower()])
        except ValueError as error:
            problems.append(f'BACKCHANNEL["{key}"] {error}')
    for key, read in (
        ("ORIGINS", read_origin),
        ("CORS_ORIGINS", read_origin),
        ("REDIS_URLS", read_redis_url),
        ("PUSH_SERVICES", read_push_service),
    ):
        _read_each(key, read, problems, parts)
    if "path" in parts:
        try:
            parts["path"] = read_path(parts["path"])
        except ValueError as error:
            problems.append(f'BACKCHANNEL["PATH"] {error}')
    if parts.get("metrics") is True:
        problems.append('BACKCHANNEL["METRICS"] cannot be used: expected "open", "token" or False')
    kept: dict[str, Any] = {}
    for name in LIMITS:
        if name in limits:
            _convert({name: limits[name]}, Limits, 'BACKCHANNEL["LIMITS"]', problems, kept)
            if name in kept and (kept[name] < 0 or (kept[name] == 0 and name not in MAY_BE_ZERO)):
                problems.append(f'BACKCHANNEL["LIMITS"]["{name}"] is not above 0')
            if name == "content_bytes" and kept.get(name, 0) > CONTENT_BYTES:
                problems.append(
                    f'BACKCHANNEL["LIMITS"]["{name}"] is above {CONTENT_BYTES}, the most that the protocol allows'
                )
    if problems:
        raise ConfigError(problems)
    return ChatConfig(**parts, limits=Limits(**kept))


def read_origin(text: str) -> str:
    """Return the origin as browsers send it. Raises `ValueError` with what is wrong."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"names {text}, which is not an address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"names {text}; write it like https://chat.example.com")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"names {text}; an origin ends after the host and port")
    if not _HOST.fullmatch(parts.hostname):
        raise ValueError(f"names {text}; write each host in full: no *, and xn--… for letters beyond ASCII")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    # Browsers omit the default port from `Origin`.
    shown = "" if port in {None, {"http": 80, "https": 443}[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def read_path(text: str) -> str:
    """Return the path without a slash at its end. Raises `ValueError`."""
    path = text.rstrip("/")
    if not _PATH.fullmatch(path):
        raise ValueError(f'is "{text}"; write it like "/chat", of letters, digits, and - . _ ~ between slashes')
    return path


def read_redis_url(text: str) -> str:
    """Return the address unchanged. Raises `ValueError`."""
    if split_url(text).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("begins with none of redis://, rediss://, unix://")
    return text


def read_files(text: str) -> str:
    """Return the folder or address unchanged. Raises `ValueError`."""
    if text.startswith(S3):
        s3_place(text)
    return text


class S3Place(msgspec.Struct, frozen=True):
    """Where in an S3 service. `options`: of `S3_OPTIONS`, those that are given."""

    bucket: str
    prefix: str
    options: dict[str, str]


def s3_place(address: str) -> S3Place:
    """Parse s3://bucket/prefix?endpoint_url=…. Keys are no part of it: they come from where programs for AWS look for them, so that no
    setting holds them. Raises `ValueError`."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not _BUCKET.fullmatch(parts.netloc):
        raise ValueError("names no bucket; write it like s3://bucket/prefix?endpoint_url=https://s3.example.com")
    for name in options:
        if name not in S3_OPTIONS:
            raise ValueError(f"has the option {name}; there are {', '.join(S3_OPTIONS)}")
    return S3Place(parts.netloc, parts.path.strip("/"), options)


S3: Final = "s3://"
S3_OPTIONS: Final = ("endpoint_url", "region_name", "addressing_style")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)


def read_scan(text: str) -> str | None:
    """Return what scans files; None if nothing does. Raises `ValueError`."""
    text = text.strip()
    if text.startswith("clamd:") and not _CLAMD.fullmatch(text):
        raise ValueError("names no daemon; write it like clamd:/run/clamav/clamd.ctl or clamd:clam.example:3310")
    return text or None


def read_push_contact(text: str) -> str | None:
    """Return the address unchanged; None if there is none. Push services want to know whom to write to, and Apple's answers 403 where that
    is not an address on the internet. Raises `ValueError`."""
    text = text.strip()
    if not text:
        return None
    mail = _MAILTO.fullmatch(text)
    host = mail.group(1) if mail else split_url(text).hostname if text.startswith("https://") else None
    if not host or "." not in host or _NOT_REAL.match(host.lower()):
        raise ValueError(
            f"is {text}; write a real address, like mailto:admin@chat.example.com or https://chat.example.com"
        )
    return text


def read_push_service(text: str) -> str:
    """Return the host unchanged. Raises `ValueError`."""
    if not _SERVICE.fullmatch(text):
        raise ValueError(f"names {text}; write a host like up.example.org, or *.example.org for all below it")
    return text


_MAILTO: Final = re.compile(r"mailto:[^\s@:/]+@([^\s@:/]+)", re.ASCII)
_NOT_REAL: Final = re.compile(
    r"(?:.*\.)?(?:localhost|invalid|test|example|local|internal)\Z|\d+(?:\.\d+){3}\Z|.*:", re.ASCII
)
_SERVICE: Final = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*", re.ASCII)


def split_url(text: str) -> SplitResult:
    """The parts of an address. The error of a bad one quotes nothing of it: it may hold a password."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(
            "cannot be read: after the host comes a port from 1 to 65535 or none, and in a password each of / # ? @ : % [ ] "
            "must be written as % and two digits, like %2F"
        ) from None
    return parts


_CLAMD: Final = re.compile(r"clamd:(?:/.+|[^/]+:\d{1,5})", re.ASCII)
_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.ASCII)


def _read_each(key: str, read: Callable[[str], str], problems: list[str], parts: dict[str, Any]) -> None:
    found = []
    for text in parts.get(key.lower(), ()):
        try:
            found.append(read(text))
        except ValueError as error:
            problems.append(f'BACKCHANNEL["{key}"] {error}')
    if key.lower() in parts:
        parts[key.lower()] = tuple(found)


def _convert(given: dict[str, Any], kind: type, where: str, problems: list[str], into: dict[str, Any]) -> None:
    (key,) = given
    field = key.lower()
    try:
        into[field] = getattr(msgspec.convert(given, kind), field)
    except msgspec.ValidationError as error:
        wrong = str(error).partition(" - at ")[0]
        problems.append(f'{where}["{key}"] cannot be used: {wrong[:1].lower()}{wrong[1:]}')


def _unknown(where: str, name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name.upper() if known is KEYS else name.lower(), known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f'{where}["{name}"] is unknown: {hint}'
