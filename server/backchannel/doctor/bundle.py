"""The support bundle: a zip of what somebody needs to help, without what nobody else may see.

    backchannel support-bundle FILE

No message, name of a person or room, address, e-mail, token, cookie or password is in it. That is so by construction first: each part asks
for numbers, names of tables and settings, never for content. What may contain anything (sentences of errors, log lines) also passes `Scrubber`.
A part that cannot be had is a line of warnings.txt.
"""

from __future__ import annotations

import io
import ipaddress
import json
import os
import platform
import re
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, Final

from backchannel import __version__
from backchannel.doctor.report import Progress
from backchannel.findings import Finding
from backchannel.site.conf import Conf, variable

LINES_AT_MOST: Final = 5_000
_LINE_AT_MOST: Final = 2_000
_SECRET: Final = re.compile(r"key|secret|password|token|url|scan|mail|person|files", re.IGNORECASE)
"""Settings whose values are shown as their length. URLs may hold passwords."""
_SHAPES: Final = (
    (re.compile(r"\b(?:bc|bs|bct)_[A-Za-z0-9_-]{8,}"), "‹token›"),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "‹e-mail›"),
    (re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/@]*@", re.IGNORECASE), r"\1‹credentials›@"),
    (re.compile(r"(?i)\b(authorization|cookie|set-cookie|x-csrftoken)\b(\s*[:=]\s*).*"), r"\1\2‹removed›"),
    (re.compile(r"(?i)\b(sessionid|csrftoken|ticket|token|password|secret|key|setup)=[^\s&;]+"), r"\1=‹removed›"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "‹address›"),
    (re.compile(r"[A-Za-z0-9_-]{32,}"), "‹long›"),
)
_MAYBE_IPV6: Final = re.compile(r"(?<![\w:.])[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*(?![\w:])", re.IGNORECASE)
_FIELDS_OF_PEOPLE: Final = re.compile(r"\b(user|by|username|name|actor|display_name)=\S+")


class Scrubber:
    """Removes what looks like a secret or belongs to a person, and every exact secret of the settings."""

    def __init__(self, conf: Conf) -> None:
        self._exact = sorted(
            {part for value in _secrets(conf) for part in re.split(r"[:/@?&\s]", value) if len(part) >= 6},
            key=len,
            reverse=True,
        )

    def __call__(self, text: str) -> str:
        for secret in self._exact:
            text = text.replace(secret, "‹secret›")
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        text = _MAYBE_IPV6.sub(_without_ipv6, text)
        return _FIELDS_OF_PEOPLE.sub(r"\1=‹removed›", text)


def _without_ipv6(found: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(found[0])
    except ValueError:
        return found[0]  # a time of day
    return "‹address›"


def _secrets(conf: Conf) -> Iterator[str]:
    for item in fields(conf):
        if _SECRET.search(item.name):
            value = getattr(conf, item.name)
            yield from (map(str, value) if isinstance(value, tuple) else [str(value or "")])


def create(file: Path) -> BinaryIO:
    """Create the file, readable by its owner only. Before the process becomes another user. Raises OSError, `FileExistsError` included."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write(
    file: BinaryIO, conf: Conf, findings: Callable[[], Iterable[Finding]], log: BinaryIO | None, progress: Progress
) -> list[str]:
    """Write the bundle and close both files. Returns the warnings.

    `findings`: the doctor's. `log`: the end of this file is included.
    """
    scrub = Scrubber(conf)
    parts: dict[str, Callable[[], Any]] = {
        "versions.json": _versions,
        "settings.json": lambda: _settings(conf),
        "doctor.json": lambda: [asdict(each) | {"text": scrub(each.text)} for each in findings()],
        "tables.json": _tables,
        "migrations.json": _migrations,
        "queues.json": _queues,
        "readyz.json": lambda: _asked(conf, "/readyz"),
        "metrics.txt": lambda: _asked(conf, "/metrics"),
    }
    if log is not None:
        parts["log.txt"] = lambda: "\n".join(map(scrub, _end_of(log)))
    warnings = []
    with file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, make in parts.items():
            progress(f"collecting {name}")
            try:
                made = make()
            except Exception as problem:  # what breaks here is part of what the bundle is asked for
                said = scrub((str(problem).splitlines() or [""])[0])
                warnings.append(f"{name}: {type(problem).__name__}: {said}")
                continue
            text = made if isinstance(made, str) else json.dumps(made, indent=1, default=str)
            bundle.writestr(name, text)
        bundle.writestr("warnings.txt", "".join(f"{line}\n" for line in warnings))
    return warnings


def _versions() -> dict[str, Any]:
    return {
        "backchannel": __version__,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": sys.version,
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "packages": {each.name: each.version for each in sorted(metadata.distributions(), key=lambda each: each.name)},
    }


def _settings(conf: Conf) -> dict[str, Any]:
    """Value of each setting, or its length if it may be a secret; and whether it was set at all."""
    shown = {}
    for item in fields(conf):
        value = getattr(conf, item.name)
        text = " ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
        hidden = bool(_SECRET.search(item.name)) and text
        is_set = bool(os.environ.get(variable(item.name), "").strip())
        shown[variable(item.name)] = {"value": f"set, {len(text)} characters" if hidden else text, "is_set": is_set}
    return shown


def _tables() -> dict[str, Any]:
    """Rows of each of our tables, and the size of the database."""
    from django.db import connection

    names = [name for name in connection.introspection.table_names() if name.startswith("backchannel")]
    with connection.cursor() as cursor:
        rows = {}
        for name in names:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
            rows[name] = cursor.fetchone()[0]
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            size = cursor.fetchone()[0]
        else:
            file = Path(connection.settings_dict["NAME"])
            size = {path.name: path.stat().st_size for path in file.parent.glob(f"{file.name}*")}
    version = ".".join(map(str, connection.get_database_version()))
    return {"database": connection.vendor, "version": version, "size": size, "rows": rows}


def _migrations() -> list[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return [f"{app}.{name}" for app, name in cursor.fetchall()]


def _queues() -> dict[str, list[str]]:
    """How far the followers are. What the site's code asked for holds content, so it is counted in tables.json alone."""
    from backchannel.followers import report

    return {"followers": list(report.followers())}


def _asked(conf: Conf, path: str) -> str:
    """Answers of the running server. Metrics have closed labels: no person, room or address is in them."""
    import urllib.error
    import urllib.request

    host = "127.0.0.1" if conf.host in {"0.0.0.0", "", "::"} else conf.host  # noqa: S104
    where = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{where}:{conf.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return str(refusal.read().decode(errors="replace"))


def _end_of(log: BinaryIO) -> list[str]:
    """The last lines of the file, each cut to a bearable length."""
    with log as file:
        file.seek(0, io.SEEK_END)
        file.seek(max(0, file.tell() - LINES_AT_MOST * _LINE_AT_MOST // 4))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return [line[:_LINE_AT_MOST] for line in lines[-LINES_AT_MOST:]]
