"""`backchannel serve`: from an empty folder, or a full one, to a listening server, in one process or several."""

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


def start(
    conf: Conf, *, demo: bool, made_up_passwords: bool, open_database: Callable[[], None], stop: type[Exception]
) -> int:
    """Serve until told to stop; the exit status. `open_database` gets Django and the tables ready; `stop` is raised with one
    line. `made_up_passwords`: the people of the demonstration get passwords that nobody knows yet."""
    from backchannel.runner.listening import CannotListen, listen

    _check_workers(conf, stop)
    _check_redis(conf, stop)
    if demo and not made_up_passwords:
        _check_known_passwords(conf, stop)
    # First of all: a taken port should be told before tables are made.
    try:
        sock = listen(conf.host, conf.port)
    except CannotListen as problem:
        raise stop(str(problem)) from None
    with ExitStack() as held:
        held.callback(sock.close)
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

        def say() -> None:
            _say(conf, sock.getsockname(), setup or base, keeps, advice, is_new=setup is not None)

        notifier = Notifier(os.environ)
        if conf.workers == 1:

            def started() -> None:
                notifier.ready("Serving")
                say()

            _run(conf, sock, started, beat=notifier.alive, stopping=notifier.stopping)
            return 0
        from backchannel.runner.workers import supervise

        # The workers' sockets, by which each has the figures of the others.
        between = held.enter_context(TemporaryDirectory(prefix="backchannel-"))

        def command(tie: int, number: int) -> list[str]:
            words = map(str, (sock.fileno(), tie, number, between))
            return [sys.executable, "-m", "backchannel", "serve", "--as-worker", *words]

        return supervise(
            conf.workers, command, [sock.fileno()], ready=say, shutdown_s=conf.shutdown_s, notifier=notifier
        )


def start_worker(conf: Conf, words: Sequence[str], *, open_database: Callable[[], None]) -> None:
    """One of several, on a socket that listens already. What is done once for all was done by the supervisor. `words`: what that
    says to each."""
    from backchannel.runner.workers import Tie

    listening, tie_fd, number = map(int, words[:3])
    tie = Tie(tie_fd)
    open_database()
    from backchannel.site import state

    state.close()
    with socket.socket(fileno=listening) as sock:
        _run(conf, sock, tie.say_ready, beat=tie.beat, workers=(Path(words[3]), number))


def _check_workers(conf: Conf, stop: type[Exception]) -> None:
    if conf.workers == 1:
        return
    if urlsplit(conf.database_url).scheme not in {"postgres", "postgresql"}:
        raise stop(f"{conf.workers} workers need PostgreSQL (BACKCHANNEL_DATABASE_URL): SQLite has one process")
    if not conf.redis_url:
        raise stop(
            f"{conf.workers} workers need Redis (BACKCHANNEL_REDIS_URL): by it they hear of each other's messages"
        )


def _check_redis(conf: Conf, stop: type[Exception]) -> None:
    """That its addresses can be used; whether it answers is found out, again and again, while the server runs."""
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
) -> None:
    from backchannel.runner.server import serve
    from backchannel.site.asgi import standalone

    chat = standalone(workers)
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
    """The database and the keys are read by this server's user alone, also in a folder that was made otherwise."""
    import structlog

    from backchannel.site import state
    from backchannel.site.folder import close_to_others

    log = structlog.get_logger("backchannel")
    closed, left = close_to_others(conf.data, state.sqlite_file())
    for path in closed:
        log.warning("closed_to_others", file=str(path))
    for path in left:
        log.error("readable_for_others", file=str(path), mend=f"chmod go= {path}")


def _check_known_passwords(conf: Conf, stop: type[Exception]) -> None:
    if conf.public_names:
        raise stop(
            f"the demonstration's people have a password that everybody knows, and {conf.public_names[0]} can be reached from "
            "elsewhere; leave out --host and BACKCHANNEL_ORIGINS, or make other passwords up with --demo-passwords made-up"
        )


def _sweep() -> None:
    from django.db import DatabaseError

    from backchannel.accounts.sweeping import sweep

    try:
        sweep()
    except DatabaseError as error:  # a full disk: what is kept can be read all the same
        import structlog

        structlog.get_logger("backchannel").warning("sweep_failed", reason=str(error).strip().split("\n")[0])


def _demo(*, made_up: bool) -> str:
    from backchannel.site import demo

    try:
        demo.build()
    except demo.NotEmpty:
        if not (made_up and demo.has_known_passwords()):
            return "demo   the database is in use already; nothing was added"
    password = demo.make_up_passwords() if made_up else demo.PASSWORD
    return f"demo   sign in as {demo.suggested()}, password {password} (everybody's)"


def _say(conf: Conf, address: tuple[str, int], url: str, keeps: str, advice: str | None, *, is_new: bool) -> None:
    """`is_new`: `url` has the one-time secret in it that makes whoever opens it the owner."""
    host, port = address[:2]
    if conf.log_format == "json":
        import json

        import structlog

        log = structlog.get_logger("backchannel")
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
            # Not by the logger, which keeps secrets back: this one is for whoever reads the first lines, and works once.
            line = {"event": "not_set_up", "open": url, "advice": "open the address; its first account owns the server"}
            print(json.dumps(line), file=sys.stderr, flush=True)
        elif advice:
            log.info("advice", text=advice)
        return
    lines = [f"Backchannel {__version__}", f"  open   {url}"]
    if is_new:
        lines.append("         This address works once: the account that is made there owns the server.")
    lines.append(f"  keeps  {conf.data} ({keeps})")
    if advice:
        lines.append(f"  {advice}")
    print("\n".join([*lines, "  stop   Ctrl+C"]), flush=True)
