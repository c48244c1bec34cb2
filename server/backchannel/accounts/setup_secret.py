"""The one-time secret for creating the owner of a new server. It proves that a visitor can read what the server prints.

    serve, before there is an owner ─▶ `prepare` ─▶ file `setup_secret`, 0600, in the data folder  (secret and base address)
                                              └▶ one row in the database                         (its SHA-256)
    POST /account/setup {"setup": …} ─▶ `is_right` ─▶ the owner is created, the row deleted ─▶ `discard` deletes the file

Several nodes on one database share the row. The secret itself is only in the data folder of the node that made it, so that reading the
database is not enough to use it.
"""

from __future__ import annotations

import hmac
import os
import socket
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from backchannel.accounts.models import SetupSecret
from backchannel.accounts.onboarding import is_set_up
from backchannel.accounts.secrets import digest, new_secret

FILE: Final = "setup_secret"


class MadeElsewhere(Exception):
    """The secret is on another node, or in another data folder. `str(error)`: the machine it was made on."""


def prepare(folder: Path) -> str | None:
    """Return this server's secret, made at the first call and kept in `folder`; None once the server has an owner.

    Raises `MadeElsewhere`.
    """
    if is_set_up():
        discard()
        return None
    # Of several nodes that share the folder, one makes the file, and all read the same.
    secret = _kept(folder) or _keep(folder, new_secret())
    row, _ = SetupSecret.objects.get_or_create(pk=1, defaults={"digest": digest(secret), "made_on": _here()})
    if hmac.compare_digest(row.digest, digest(secret)):
        return secret
    if row.made_on != _here() and connection.vendor != "sqlite":
        (folder / FILE).unlink(missing_ok=True)
        raise MadeElsewhere(row.made_on)
    # It was made here, but its file is gone: nobody can know it any more.
    return renew(folder)


def current(folder: Path) -> str | None:
    """The secret that sets this server up, if `folder` holds it; else None. Makes nothing."""
    secret = _kept(folder)
    return secret if secret is not None and is_right(secret) else None


def renew(folder: Path) -> str:
    """Replace the secret by a new one, and return it."""
    secret = new_secret()
    with transaction.atomic():
        SetupSecret.objects.update_or_create(pk=1, defaults={"digest": digest(secret), "made_on": _here()})
        (folder / FILE).unlink(missing_ok=True)
        _keep(folder, secret)
    return secret


def address(base: str, secret: str) -> str:
    """The address that makes its visitor the owner. `base`: where the server is reached, without a path."""
    return f"{base}/?setup={secret}"


def note_base(folder: Path, base: str) -> None:
    """Record beside the secret where the server is reached, for `backchannel setup-address`."""
    secret = _kept(folder)
    if secret is not None:
        _draft(folder, f"{secret}\n{base}\n").replace(folder / FILE)


def noted_base(folder: Path) -> str | None:
    """Where the server was last reached."""
    return _line(folder, 1)


def is_right(given: str) -> bool:
    """Whether `given` is the secret, compared in constant time by hash. False if there is no secret."""
    row = SetupSecret.objects.filter(pk=1).first()
    return hmac.compare_digest(row.digest if row is not None else "", digest(given)) and row is not None


def discard() -> None:
    """Delete the secret, file and row: the server has an owner."""
    SetupSecret.objects.all().delete()
    folder = getattr(settings, "BACKCHANNEL_DATA_FOLDER", None)
    if folder is not None:
        (Path(folder) / FILE).unlink(missing_ok=True)


def _kept(folder: Path) -> str | None:
    return _line(folder, 0)


def _line(folder: Path, number: int) -> str | None:
    try:
        lines = (folder / FILE).read_text("utf-8").split()
    except FileNotFoundError:
        return None
    return lines[number] if len(lines) > number else None


def _keep(folder: Path, secret: str) -> str:
    """Write under a temporary name, then link: of two concurrent callers, both get what the first one wrote."""
    draft = _draft(folder, secret + "\n")
    try:
        os.link(draft, folder / FILE)
    except FileExistsError:
        return _kept(folder) or secret
    finally:
        draft.unlink()
    return secret


def _draft(folder: Path, text: str) -> Path:
    draft = folder / f".{FILE}-{os.getpid()}-{new_secret()[:8]}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _here() -> str:
    return socket.gethostname()[:255]
