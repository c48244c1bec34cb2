"""`backchannel check`: finds what would keep the server from running well, before it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from backchannel.config import S3
from backchannel.findings import Finding
from backchannel.ops import redis_findings
from backchannel.site.conf import Conf, SettingError, unknown
from backchannel.site.database_choice import DatabaseChoice
from backchannel.site.database_problem import DatabaseUnusable
from backchannel.site.folder import check_writable


def findings(conf: Conf, choice: DatabaseChoice) -> Iterator[Finding]:
    """Yielded one by one, so that a check that hangs can be identified."""
    if choice.env_file:
        yield Finding("D101", "ok", f"settings of {choice.env_file}")
    for line in unknown(os.environ):
        yield Finding("D101", "note", line)
    yield from _reachability(conf)
    try:
        choice.check_exists(otherwise=". `backchannel serve` creates it at its first start")
        if choice.folder.exists():
            check_writable(choice.folder)
    except (DatabaseUnusable, SettingError) as problem:
        yield Finding("D103", "problem", str(problem))
    else:
        yield Finding(
            "D103",
            "ok",
            f"data folder {choice.folder}" + ("" if choice.folder.exists() else ", which does not exist yet"),
        )
        yield from _disk(choice)
        is_usable = True
        for finding in _database(choice):
            is_usable = is_usable and not finding.is_problem
            yield finding
        yield from _private(choice)
        if is_usable:
            yield from _owner(conf, choice)
    yield from _files(conf)
    yield from _redis(conf)
    yield from _web_app()


def _reachability(conf: Conf) -> Iterator[Finding]:
    if not conf.origins:
        yield Finding(
            "D102", "note", "BACKCHANNEL_ORIGINS is unset: any host name is accepted, and links are built from it"
        )
    if conf.host not in {"127.0.0.1", "::1", "localhost"} and not conf.behind_https:
        yield Finding(
            "D102",
            "note",
            "without HTTPS, traffic can be read on the way; put a proxy in front and set BACKCHANNEL_ORIGINS",
        )


def _disk(choice: DatabaseChoice) -> Iterator[Finding]:
    from backchannel.store.disk import space

    path = Path(choice.database["NAME"]).parent if choice.database["ENGINE"].endswith("sqlite3") else choice.folder
    found = space(path)
    if found is None:
        return
    text = f"the disk of {path} has {_size(found.free)} free of {_size(found.size)}"
    if found.is_full:
        yield Finding("D104", "problem", f"{text}: it is full, and nothing can be stored. Free some space")
    elif found.free < min(found.size // 10, 1024**3):
        yield Finding("D104", "note", f"{text}: free some space soon")
    else:
        yield Finding("D104", "ok", text)


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"


def _database(choice: DatabaseChoice) -> Iterator[Finding]:
    import django

    django.setup()
    from backchannel.site import state

    try:
        state.connect()
        if not state.holds_tables():
            raise choice.missing(
                f"{state.describe()} holds no tables of Backchannel",
                ". `backchannel serve` creates them at its first start",
            )
        state.check_durable()
        waiting = state.unapplied()
    except DatabaseUnusable as problem:
        yield Finding("D105", "problem", str(problem))
        return
    version = ".".join(str(part) for part in state.version())
    yield Finding(
        "D105", "ok", f"{state.describe().removeprefix('the ')}, {state.vendor()} {version}, commits are synced"
    )
    if waiting:
        yield Finding(
            "D106", "note", f"{len(waiting)} migrations to apply; serve does it at its start. Make a backup first"
        )
    if state.vendor() == "postgresql":
        yield from _client_programs(choice)


def _client_programs(choice: DatabaseChoice) -> Iterator[Finding]:
    from backchannel.site.backup_postgres import program_for

    try:
        found = [program_for(choice.database, name) for name in ("pg_dump", "pg_restore", "psql")]
    except DatabaseUnusable as problem:
        yield Finding("D107", "note", f"backup and restore do not work on this machine: {problem}")
    else:
        yield Finding("D107", "ok", f"backup and restore use the programs in {found[0].parent}")


def _owner(conf: Conf, choice: DatabaseChoice) -> Iterator[Finding]:
    from backchannel.accounts import setup_secret
    from backchannel.accounts.onboarding import is_set_up
    from backchannel.site import state
    from backchannel.site.demo import has_known_passwords
    from backchannel.site.setup_address import base_of

    if state.unapplied():
        return
    if not is_set_up():
        secret = setup_secret.current(choice.folder)
        if secret is None:
            yield Finding(
                "D108",
                "note",
                "this server has no owner yet; backchannel setup-address prints the address that sets it up",
            )
        else:
            base = setup_secret.noted_base(choice.folder) or base_of(conf, conf.host, conf.port)
            address = setup_secret.address(base, secret)
            yield Finding("D108", "note", f"this server has no owner yet; the account created at {address} becomes it")
    if conf.public_names and has_known_passwords():
        yield Finding(
            "D108",
            "problem",
            "the demonstration's accounts have a publicly known password; run: "
            "backchannel serve --demo-passwords made-up",
        )


def _private(choice: DatabaseChoice) -> Iterator[Finding]:
    from backchannel.site import state
    from backchannel.site.folder import open_to_others

    found = open_to_others(choice.folder, state.sqlite_file())
    for path in found:
        yield Finding(
            "D109",
            "problem",
            f"other users of this machine can read {path}; serve closes it at its start, or run: chmod go= {path}",
        )
    if not found:
        yield Finding("D109", "ok", "no other user of this machine can read the database or the keys")


def _files(conf: Conf) -> Iterator[Finding]:
    if not conf.upload_size:
        yield Finding("D122", "ok", "no files are taken: BACKCHANNEL_UPLOAD_SIZE is 0")
        return
    finding = _service_of_files(conf.files) if conf.files.startswith(S3) else _folder_of_files(Path(conf.files))
    yield finding
    if finding.is_problem:
        return
    yield from _pictures()
    if conf.redis_url and not conf.files.startswith(S3):
        yield Finding(
            "D122",
            "note",
            "servers on several machines need the same files: a folder that all of them mount, or an S3 service (BACKCHANNEL_FILES)",
        )
    if conf.scan is None:
        yield Finding("D122", "note", "BACKCHANNEL_SCAN is unset: no file is scanned")


def _folder_of_files(folder: Path) -> Finding:
    if not folder.exists():
        return Finding("D122", "ok", f"folder of files {folder}, which does not exist yet")
    try:
        check_writable(folder)
    except SettingError as problem:
        return Finding("D122", "problem", str(problem))
    return Finding("D122", "ok", f"folder of files {folder}")


def _service_of_files(address: str) -> Finding:
    from django.core.exceptions import ImproperlyConfigured

    from backchannel.files.storage import store_of

    try:
        files = store_of(address)
        assert files is not None
        files.try_out()
    except (ImproperlyConfigured, OSError) as problem:
        return Finding("D122", "problem", f"files cannot be stored at {address}: {problem}")
    return Finding("D122", "ok", f"files are stored at {address}")


def _pictures() -> Iterator[Finding]:
    from backchannel.files import pictures

    if not pictures.can_reencode():
        yield Finding("D122", "note", "Pillow is not installed: pictures are files to download")
    elif pictures.is_working():
        yield Finding("D122", "ok", "pictures are re-encoded in a confined process")
    else:
        yield Finding(
            "D122",
            "problem",
            "pictures cannot be re-encoded here, so they are files to download: the process that does it ends at once. Does a filter of system "
            "calls or a limit of memory forbid it?",
        )


def _redis(conf: Conf) -> Iterator[Finding]:
    yield from redis_findings.answering(conf.redis_url, "BACKCHANNEL_REDIS_URL")


def _web_app() -> Iterator[Finding]:
    from backchannel.web.build import current_build

    if current_build() is None:
        yield Finding("D111", "note", "the web app is not built: / explains how; the API works without it")
    else:
        yield Finding("D111", "ok", "the web app is built")
