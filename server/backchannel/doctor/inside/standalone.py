"""The standalone server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from backchannel.doctor.inside import backups, database, limits, mail
from backchannel.doctor.report import Progress
from backchannel.findings import Finding
from backchannel.ops import redis_findings
from backchannel.site import check
from backchannel.site.conf import Conf
from backchannel.site.database_choice import DatabaseChoice

BACKUPS: Final = Path("/var/backups/backchannel")
"""Where deploy/backchannel-backup.service writes them."""
_ANSWER_S: Final = 5


def as_started(conf: Conf, choice: DatabaseChoice, asked: backups.Asked, progress: Progress) -> Iterator[Finding]:
    """Checks that run as the user who started the command, because the server's user may lack access: limits, backups."""
    yield from limits.examine(choice.folder)
    yield from backups.examine(choice.database, asked, progress)


def examine(conf: Conf, choice: DatabaseChoice, progress: Progress) -> Iterator[Finding]:
    """Everything else, as the user whom the data folder belongs to."""
    progress("looking at settings and database")
    usable = True
    for finding in check.findings(conf, choice):
        usable = usable and not (finding.is_problem and finding.code in {"D103", "D105"})
        yield finding
    yield from _key(conf)
    if usable:
        yield from database.examine(conf.workers)
    if conf.redis_url:
        progress("measuring Redis")
        yield from redis_findings.details(conf.redis_url, "BACKCHANNEL_REDIS_URL")
    progress("asking the mail server")
    yield mail.examine(conf.mail_url)
    progress("asking the running server")
    yield _running(conf)


def _key(conf: Conf) -> Iterator[Finding]:
    if conf.secret_key and len(set(conf.secret_key)) < 16:
        yield Finding(
            "D121",
            "problem",
            f"BACKCHANNEL_SECRET_KEY repeats {len(set(conf.secret_key))} characters, so that it can be guessed",
            "BACKCHANNEL_SECRET_KEY=…  # python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
        )


def _running(conf: Conf) -> Finding:
    """D119, by the address that the settings name."""
    host = "127.0.0.1" if conf.host in {"0.0.0.0", "", "::"} else conf.host  # noqa: S104
    where = f"[{host}]:{conf.port}" if ":" in host else f"{host}:{conf.port}"
    try:
        with urllib.request.urlopen(f"http://{where}/readyz", timeout=_ANSWER_S) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Finding(
                "D119", "problem", f"the server at {where} is not ready: {refusal.read(500).decode(errors='replace')}"
            )
    except (OSError, ValueError):
        return Finding("D119", "note", f"no server answers at {where}")
    degraded = sorted(name for name, state in said.items() if name != "ready" and state != "ok")
    if degraded:
        text = ", ".join(f"{name} {said[name]}" for name in degraded)
        return Finding("D119", "problem", f"the server at {where} is ready, but degraded: {text}")
    return Finding("D119", "ok", f"the server at {where} is ready")
