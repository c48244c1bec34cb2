"""`backchannel serve`: from a data folder, empty or in use, to a listening server of one process or several."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from backchannel import __version__
from backchannel.runner.notify import Notifier
from backchannel.site.conf import Conf
from backchannel.site.database_problem import DatabaseUnusable
from backchannel.site.setup_address import base_of, prepare_address

DOCTOR = (sys.executable, "-m", "backchannel", "doctor", "--json", "--quiet")
"""Examines this server: the settings are in the environment, which it inherits."""


def start(
    conf: Conf, *, demo: bool, made_up_passwords: bool, open_database: Callable[[], None], stop: type[Exception]
) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status.

    `open_database` sets up Django and migrates. `stop` is raised with one line for the user. `made_up_passwords`: the accounts of
    the demo get random passwords.
    """
    from backchannel.runner.listening import CannotListen, listen

    _check_workers(conf, stop)
    _check_redis(conf, stop)
    _check_networks(conf, stop)
    if demo and not made_up_passwords:
        _check_known_passwords(conf, stop)
    # First of all: a port in use should be reported before tables are created.
    with ExitStack() as held:
        try:
            sock = held.enter_context(listen(conf.host, conf.port))
            metrics = held.enter_context(listen(*conf.metrics_listen)) if conf.metrics_listen is not None else None
        except CannotListen as problem:
            raise stop(str(problem)) from None
        open_database()
        from backchannel.site import state

        try:
            if state.vendor() == "sqlite":
                held.enter_context(state.only_server_of(conf.data))
            state.check_not_restoring()
        except DatabaseUnusable as problem:
            raise stop(str(problem)) from None
        _close_to_others(conf)
        _sweep()
        if conf.public_names and not made_up_passwords:
            from backchannel.site.demo import has_known_passwords

            if has_known_passwords():
                _check_known_passwords(conf, stop)
        advice = _demo(made_up=made_up_passwords) if demo else None
        base = base_of(conf, *sock.getsockname()[:2])
        setup, missing = prepare_address(conf.data, base)
        advice = advice or missing
        keeps = "SQLite" if state.vendor() == "sqlite" else state.describe().removeprefix("the ")
        state.close()

        def announce() -> None:
            _announce(conf, sock.getsockname(), setup or base, keeps, advice, is_new=setup is not None)

        notifier = Notifier(os.environ)
        if conf.workers == 1:

            def started() -> None:
                notifier.ready("Serving")
                announce()

            _run(conf, sock, started, beat=notifier.beat, stopping=notifier.stopping, metrics=metrics)
            return 0
        from backchannel.runner.workers import supervise

        # For the sockets by which each worker reads the metrics of the others.
        sockets = held.enter_context(TemporaryDirectory(prefix="backchannel-"))

        def command(pair: int, number: int) -> list[str]:
            given = (sock.fileno(), pair, number, sockets, *([] if metrics is None else [metrics.fileno()]))
            return [sys.executable, "-m", "backchannel", "serve", "--as-worker", *map(str, given)]

        return supervise(
            conf.workers,
            command,
            [each.fileno() for each in (sock, metrics) if each is not None],
            ready=announce,
            shutdown_s=conf.shutdown_s,
            notifier=notifier,
        )


def start_worker(conf: Conf, arguments: Sequence[str], *, open_database: Callable[[], None]) -> None:
    """Serve as one of several workers, on the supervisor's listening socket. `arguments`: as `start` passes them."""
    from backchannel.runner.workers import SupervisorLink

    listening, pair, number = map(int, arguments[:3])
    supervisor = SupervisorLink(pair)
    open_database()
    from backchannel.site import state

    state.close()
    with ExitStack() as held:
        sock = held.enter_context(socket.socket(fileno=listening))
        metrics = held.enter_context(socket.socket(fileno=int(arguments[4]))) if len(arguments) > 4 else None
        workers = (Path(arguments[3]), number)
        _run(conf, sock, supervisor.send_ready, beat=supervisor.beat, workers=workers, metrics=metrics)


def _check_workers(conf: Conf, stop: type[Exception]) -> None:
    if conf.workers == 1:
        return
    if urlsplit(conf.database_url).scheme not in {"postgres", "postgresql"}:
        raise stop(f"{conf.workers} workers need PostgreSQL (BACKCHANNEL_DATABASE_URL): SQLite has one process")
    if not conf.redis_url:
        raise stop(f"{conf.workers} workers need Redis (BACKCHANNEL_REDIS_URL): they exchange messages by it")


def _check_networks(conf: Conf, stop: type[Exception]) -> None:
    from backchannel.config import ChatConfig, ConfigError
    from backchannel.evidence.settings import settings_from

    try:
        settings_from(ChatConfig(analytics_networks=conf.analytics_networks or None), "")
    except ConfigError as problem:
        raise stop(f"BACKCHANNEL_ANALYTICS_NETWORKS: {problem}") from None


def _check_redis(conf: Conf, stop: type[Exception]) -> None:
    """Check that its addresses are valid. Whether it answers is checked again and again while the server runs."""
    if not conf.redis_url:
        return
    import redis.asyncio as redis

    for number, url in enumerate(conf.redis_url, start=1):
        try:
            redis.Redis.from_url(url).connection_pool.make_connection()  # type: ignore[no-untyped-call]
        except (redis.RedisError, TypeError, ValueError) as problem:
            reason = str(problem).rpartition("() ")[2]
            raise stop(f"BACKCHANNEL_REDIS_URL: address {number} cannot be used: {reason}") from None


def _run(
    conf: Conf,
    sock: socket.socket,
    started: Callable[[], None],
    *,
    beat: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
    workers: tuple[Path, int] | None = None,
    metrics: socket.socket | None = None,
) -> None:
    from backchannel.runner.server import serve
    from backchannel.site.asgi import standalone

    chat = standalone(workers, metrics, DOCTOR)
    serve(
        chat,
        sock,
        shutdown_s=conf.shutdown_s,
        trusted_proxies=conf.trusted_proxies,
        started=started,
        drain=chat.drain,
        beat=beat,
        stopping=stopping,
        connections_per_address=conf.connections_per_address,
    )


def _close_to_others(conf: Conf) -> None:
    """Restrict the database and the keys to this server's user, also in a folder created with other permissions."""
    from backchannel.process_log import ProcessLog
    from backchannel.site import state
    from backchannel.site.folder import close_to_others

    log = ProcessLog("backchannel")
    closed, left = close_to_others(conf.data, state.sqlite_file())
    for path in closed:
        log.warning("closed_to_others", file=str(path))
    for path in left:
        log.error("readable_for_others", file=str(path), mend=f"chmod go= {path}")


def _check_known_passwords(conf: Conf, stop: type[Exception]) -> None:
    if conf.public_names:
        raise stop(
            f"the accounts of the demo have a well-known password, and {conf.public_names[0]} can be reached from other machines; "
            "leave out --host and BACKCHANNEL_ORIGINS, or use --demo-passwords made-up for random passwords"
        )


def _sweep() -> None:
    from django.db import DatabaseError

    from backchannel.accounts.sweeping import sweep

    try:
        sweep()
    except DatabaseError as error:  # a full disk: what is stored can still be read
        from backchannel.process_log import ProcessLog

        ProcessLog("backchannel").warning("sweep_failed", reason=str(error).strip().split("\n")[0])


def _demo(*, made_up: bool) -> str:
    from backchannel.site import demo

    try:
        demo.build()
    except demo.NotEmpty:
        if not (made_up and demo.has_known_passwords()):
            return "demo   the database is already in use; nothing was added"
    password = demo.make_up_passwords() if made_up else demo.PASSWORD
    return f"demo   sign in as {demo.suggested()}, password {password} (everybody's)"


def _announce(conf: Conf, address: tuple[str, int], url: str, keeps: str, advice: str | None, *, is_new: bool) -> None:
    """Print or log where the server is. `is_new`: `url` contains the one-time secret that makes its first user the owner."""
    host, port = address[:2]
    if conf.log_format == "json":
        import json

        from backchannel.process_log import ProcessLog

        log = ProcessLog("backchannel")
        log.info(
            "listening",
            version=__version__,
            host=host,
            port=port,
            url=base_of(conf, host, port),
            data=str(conf.data),
            database=keeps,
        )
        if is_new:
            # Not by the logger, which redacts secrets: this one is meant for the person who reads the first lines, and works once.
            line = {"event": "not_set_up", "open": url, "advice": "open the address; its first account owns the server"}
            print(json.dumps(line), file=sys.stderr, flush=True)
        elif advice:
            log.info("advice", text=advice)
        return
    lines = [f"Backchannel {__version__}", f"  open   {url}"]
    if is_new:
        lines.append("         This address works once: the account created there owns the server.")
    lines.append(f"  keeps  {conf.data} ({keeps})")
    if advice:
        lines.append(f"  {advice}")
    print("\n".join([*lines, "  stop   Ctrl+C"]), flush=True)
