"""Backs up and restores PostgreSQL with its client programs: finds those that fit the server, runs them, verifies the result.

pg_dump ─▶ file ─▶ pg_restore, which reads it to its end and counts rows
pg_restore ─▶ SQL ─▶ psql, one transaction that also sets the new epoch
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg

from backchannel.site.backup_content import MIGRATIONS, Content
from backchannel.site.database import SIGN, describe
from backchannel.site.database_problem import DatabaseUnusable
from backchannel.site.owner import Owner

PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian installs the programs of each version, whatever PATH says."""

_COPY = re.compile(rb'COPY (?:"?[^".]+"?\.)?"?([^" (]+)"? ')


DERIVED = "backchannel_search_*"
"""Tables that a restored server fills again by itself. Their rows are in no backup."""


def dump(database: Mapping[str, Any], target: Path, owner: Owner | None) -> Content:
    """Write `pg_dump`'s custom format to the file `target` and verify it. Raises `DatabaseUnusable`."""
    program = program_for(database, "pg_dump", has_tables=True)
    asking: dict[str, Any] = {}
    if (
        owner is not None
    ):  # the service's user: with peer authentication, PostgreSQL identifies clients by their local user
        asking = {"user": owner.uid, "group": owner.gid, "extra_groups": []}
    with target.open("wb") as file:
        done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's
            [program, "--format=custom", "--no-owner", f"--exclude-table-data={DERIVED}"],
            env=_environment(database),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.PIPE,
            check=False,
            **asking,
        )
    if done.returncode:
        raise DatabaseUnusable(f"pg_dump of {describe(database)} failed: {reason(done.stderr)}")
    return read(target, program.with_name("pg_restore"))


def read(file: Path, pg_restore: Path) -> Content:
    """Read a dump to its end. Raises `DatabaseUnusable` if it is damaged, or not a backup of Backchannel."""
    content = Content()
    with _sql_of(file, pg_restore) as lines:
        table = None
        for line in lines:
            if table is None:
                if line.startswith(b"COPY ") and (found := _COPY.match(line)):
                    table = found[1].decode()
                    content.rows[table] = 0
            elif line == b"\\.\n":
                table = None
            else:
                content.rows[table] += 1
                if table == MIGRATIONS:
                    _, app, name, *_ = line.decode().split("\t")
                    content.migrations.add((app, name))
    if SIGN not in content.rows or MIGRATIONS not in content.rows:
        raise DatabaseUnusable(f"{file} is not a backup of Backchannel: it holds none of its tables")
    return content


def restore(file: Path, database: Mapping[str, Any], epoch: str, known: set[tuple[str, str]]) -> None:
    """Replace the database's content with the dump, under a new epoch. Raises `DatabaseUnusable`, and nothing has changed then: it is
    one transaction, committed only after the last line of the dump."""
    psql = program_for(database, "psql")
    pg_restore = program_for(database, "pg_restore")
    read(file, pg_restore).check(known)
    process = subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's
        [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-"],
        env=_environment(database),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    stderr_of = _collect_output(process.stderr)
    try:
        with _sql_of(file, pg_restore, "--clean", "--if-exists", "--no-owner") as lines:
            _feed(process.stdin, [b"BEGIN;\n", _drop(_tables(database))])
            _feed(process.stdin, lines)
        sign = f"(SELECT c.oid::regclass FROM pg_class c WHERE c.relname = '{SIGN}' AND c.relkind = 'r' LIMIT 1)"
        _feed(
            process.stdin,
            [f"SELECT format('UPDATE %s SET epoch = %L WHERE id = 1', {sign}, '{epoch}') \\gexec\n".encode()],
        )
        _feed(process.stdin, [b"COMMIT;\n"])
    except BrokenPipeError:
        pass  # psql has printed why
    finally:
        # Without COMMIT, the end of its input rolls everything back.
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        status = process.wait()
        errors = stderr_of()
    if status:
        raise DatabaseUnusable(f"restoring {describe(database)} failed, and nothing was changed: {reason(errors)}")


def program_for(database: Mapping[str, Any], name: str, *, has_tables: bool = False) -> Path:
    """A client program that is not older than the server, as pg_dump requires. Raises `DatabaseUnusable`.

    `has_tables`: refuse a database without our tables."""
    try:
        with connect(database) as connection:
            wanted = connection.info.server_version // 10000
            row = connection.execute("SELECT to_regclass(%s)", [SIGN]).fetchone()
    except psycopg.Error as problem:
        raise DatabaseUnusable(f"cannot use {describe(database)}: {str(problem).strip().splitlines()[0]}") from None
    if has_tables and not (row and row[0]):
        raise DatabaseUnusable(f"{describe(database)} holds no tables of Backchannel: there is nothing to back up")
    found: dict[Path, int] = {}
    for path in _candidates(name):
        major = _major(path)
        if major >= wanted:
            return path
        found[path] = major
    if not found:
        raise DatabaseUnusable(
            f"{name} is not installed; it comes with PostgreSQL's client programs (Debian: postgresql-client-{wanted})"
        )
    newest = max(found, key=lambda path: found[path])
    raise DatabaseUnusable(
        f"{newest} is of version {found[newest]}, and {describe(database)} of {wanted}: "
        f"install the client programs of PostgreSQL {wanted} or later (Debian: postgresql-client-{wanted})"
    )


def reason(stderr: bytes) -> str:
    """The line that says what went wrong; further lines only say where."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    for word in ("ERROR:", "FATAL:", "error:"):
        for line in lines:
            if word in line:
                return line.partition(word)[2].strip() if word != "error:" else line.rpartition("error:")[2].strip()
    return lines[-1] if lines else "no reason given"


def _candidates(name: str) -> Iterator[Path]:
    for version in sorted(PROGRAMS.glob("[0-9]*"), key=lambda path: int(path.name) if path.name.isdigit() else 0):
        if (version / "bin" / name).exists():
            yield version / "bin" / name
    if found := shutil.which(name):
        yield Path(found)


def _major(path: Path) -> int:
    try:
        version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", version)
    return int(found[1]) if found else 0


@contextmanager
def _sql_of(file: Path, pg_restore: Path, *words: str) -> Iterator[Iterable[bytes]]:
    """The dump as SQL, line by line. Raises `DatabaseUnusable` at the end of the block if it could not be read completely."""
    with subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's
        [pg_restore, "--file=-", *words, file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        stderr_of = _collect_output(process.stderr)
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()
            errors = stderr_of()
        if process.wait():
            raise DatabaseUnusable(f"{file} is damaged, or of a newer PostgreSQL: {reason(errors)}")


def _collect_output(stream: IO[bytes] | None) -> Callable[[], bytes]:
    """Read `stream` to its end in a thread, so that a program with much output does not block. The returned function waits for the end
    and returns the output."""
    assert stream is not None
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(stream.read()))
    reader.start()

    def output() -> bytes:
        reader.join()
        return b"".join(read)

    return output


def _feed(stream: IO[bytes], lines: Iterable[bytes]) -> None:
    for line in lines:
        stream.write(line)


def _tables(database: Mapping[str, Any]) -> list[str]:
    with connect(database) as connection:
        rows = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            r"WHERE c.relkind = 'r' AND c.relname LIKE 'backchannel\_%%' AND n.nspname = ANY (current_schemas(false))"
        ).fetchall()
    return [str(row[0]) for row in rows]


def _drop(tables: list[str]) -> bytes:
    """Includes tables of a newer version, which the dump does not mention and which reference others."""
    return f"DROP TABLE {', '.join(tables)} CASCADE;\n".encode() if tables else b""


def connect(database: Mapping[str, Any], *, autocommit: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection without Django's pool. Raises psycopg.Error."""
    return psycopg.connect(**_parameters(database), autocommit=autocommit)


def _parameters(database: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: value for name, value in database["OPTIONS"].items() if name != "pool"}
    named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    given = {name: database[key] for name, key in named.items() if database[key]}
    return {**options, **given}


def _environment(database: Mapping[str, Any]) -> dict[str, str]:
    """Settings for libpq. The environment, unlike arguments, does not appear in the list of processes."""
    variables = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
        "options": "PGOPTIONS",
        "connect_timeout": "PGCONNECT_TIMEOUT",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
        "sslcert": "PGSSLCERT",
        "sslkey": "PGSSLKEY",
        "service": "PGSERVICE",
        "passfile": "PGPASSFILE",
        "gssencmode": "PGGSSENCMODE",
        "channel_binding": "PGCHANNELBINDING",
        "target_session_attrs": "PGTARGETSESSIONATTRS",
    }
    given = {variables[name]: str(value) for name, value in _parameters(database).items() if name in variables}
    return {**os.environ, **given, "PGAPPNAME": "backchannel backup"}
