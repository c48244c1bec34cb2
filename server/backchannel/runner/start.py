"""`backchannel serve`: from an empty folder, or a full one, to a listening server, in one process or several."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import urlsplit

from backchannel import __version__
from backchannel.site.conf import Conf
from backchannel.site.database_problem import DatabaseUnusable


def start(conf: Conf, *, demo: bool, open_database: Callable[[], None], stop: type[Exception]) -> int:
    """Serve until told to stop; the exit status. `open_database` gets Django and the tables ready; `stop` is raised with one
    line."""
    from backchannel.runner.listening import CannotListen, listen

    _check_workers(conf, stop)
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
        from backchannel.accounts.lookup import sweep

        sweep()
        advice = _demo() if demo else _advice()
        keeps = "SQLite" if state.vendor() == "sqlite" else state.describe().removeprefix("the ")
        state.close()

        def say() -> None:
            _say(conf, sock.getsockname(), keeps, advice)

        if conf.workers == 1:
            _run(conf, sock, say)
            return 0
        from backchannel.runner.workers import supervise

        return supervise(
            conf.workers,
            lambda tie: [sys.executable, "-m", "backchannel", "serve", "--as-worker", str(sock.fileno()), str(tie)],
            [sock.fileno()],
            ready=say,
            shutdown_s=conf.shutdown_s,
        )


def start_worker(conf: Conf, listening: int, tie_fd: int, *, open_database: Callable[[], None]) -> None:
    """One of several, on a socket that listens already. What is done once for all was done by the supervisor."""
    from backchannel.runner.workers import Tie

    tie = Tie(tie_fd)
    open_database()
    from backchannel.site import state

    state.close()
    with socket.socket(fileno=listening) as sock:
        _run(conf, sock, tie.say_ready)


def _check_workers(conf: Conf, stop: type[Exception]) -> None:
    if conf.workers == 1:
        return
    if urlsplit(conf.database_url).scheme not in {"postgres", "postgresql"}:
        raise stop(f"{conf.workers} workers need PostgreSQL (BACKCHANNEL_DATABASE_URL): SQLite has one process")
    if not conf.redis_url:
        raise stop(
            f"{conf.workers} workers need Redis (BACKCHANNEL_REDIS_URL): by it they hear of each other's messages"
        )


def _run(conf: Conf, sock: socket.socket, started: Callable[[], None]) -> None:
    from backchannel.asgi import standalone
    from backchannel.runner.server import serve

    chat = standalone()
    serve(
        chat,
        sock,
        shutdown_s=conf.shutdown_s,
        trusted_proxies=conf.trusted_proxies,
        started=started,
        drain=chat.drain,
        direct=chat.direct,
    )


def _demo() -> str:
    from backchannel.site.demo import PASSWORD, NotEmpty, build, suggested

    try:
        build()
    except NotEmpty:
        return "demo   the database is in use already; nothing was added"
    return f"demo   sign in as {suggested()}, password {PASSWORD} (everybody's)"


def _advice() -> str | None:
    from backchannel.accounts.entrance import is_set_up

    return None if is_set_up() else "next   nobody is here yet: open the address, and the first account owns the server"


def _say(conf: Conf, address: tuple[str, int], keeps: str, advice: str | None) -> None:
    host, port = address[:2]
    url = conf.origins[0] if conf.origins else f"http://{_shown(host)}:{port}"
    if conf.log_format == "json":
        import structlog

        structlog.get_logger("backchannel").info(
            "listening", version=__version__, host=host, port=port, url=url, data=str(conf.data), database=keeps
        )
        return
    lines = [f"Backchannel {__version__}", f"  open   {url}", f"  keeps  {conf.data} ({keeps})"]
    if advice:
        lines.append(f"  {advice}")
    print("\n".join([*lines, "  stop   Ctrl+C"]), flush=True)


def _shown(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        return "localhost"
    return f"[{host}]" if ":" in host else host
