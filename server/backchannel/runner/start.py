"""`backchannel serve`: from an empty folder, or a full one, to a listening server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from backchannel import __version__
from backchannel.site.conf import Conf


def start(conf: Conf, *, demo: bool, open_database: Callable[[], None], stop: type[Exception]) -> None:
    """Serve until told to stop. `open_database` gets Django and the tables ready; `stop` is raised with one line."""
    from backchannel.runner.listening import CannotListen, listen

    # First of all: a taken port should be told before tables are made.
    try:
        sock = listen(conf.host, conf.port)
    except CannotListen as problem:
        raise stop(str(problem)) from None
    with ExitStack() as held:
        held.callback(sock.close)
        open_database()
        from backchannel.site import state

        if state.vendor() == "sqlite":
            try:
                held.enter_context(state.only_server_of(conf.data))
            except state.DatabaseUnusable as problem:
                raise stop(str(problem)) from None
        from backchannel.accounts.lookup import sweep

        sweep()
        advice = _demo() if demo else _advice()
        keeps = "SQLite" if state.vendor() == "sqlite" else state.describe().removeprefix("the ")
        state.close()

        from backchannel.asgi import application, drain
        from backchannel.runner.server import serve as run

        run(
            application,
            sock,
            shutdown_s=conf.shutdown_s,
            trusted_proxies=conf.trusted_proxies,
            started=lambda: _say(conf, sock.getsockname(), keeps, advice),
            drain=drain,
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
