"""`manage.py backchannel serve`: the site's ASGI_APPLICATION under our own server.

Against a general ASGI server it has limits of connections and bodies by address, and the chat's sockets cost it less: it frames what
many receive once, and an idle socket has no task.
"""

from __future__ import annotations

import argparse
from typing import Any

from backchannel import __version__
from backchannel.cli.setup import Stop


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", default=8000, type=int, help="port to listen on, 0 for any (8000)")
    parser.add_argument(
        "--trusted-proxy",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="an address or network whose X-Forwarded-For and X-Forwarded-Proto are believed; may be repeated",
    )
    parser.add_argument(
        "--shutdown-s",
        metavar="SECONDS",
        default=10,
        type=int,
        help="how long a stopping server waits for requests (10)",
    )


def serve(options: argparse.Namespace, _: object) -> int:
    """Until SIGTERM or SIGINT. The chat drains itself (drain_at_exit.py). Raises `Stop`."""
    application, name = _application()
    try:
        from backchannel.runner.listening import CannotListen, listen
        from backchannel.runner.server import serve as run
    except ModuleNotFoundError as missing:
        raise Stop(f"{missing.name} is not installed; install it with: pip install 'backchannel[serve]'") from None
    try:
        sock = listen(options.host, options.port)
    except CannotListen as problem:
        raise Stop(str(problem)) from None

    def announce() -> None:
        host, port = sock.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"Backchannel {__version__} serves {name} at http://{shown}:{port}; stop it by Ctrl+C", flush=True)

    with sock:
        run(
            application,
            sock,
            shutdown_s=options.shutdown_s,
            trusted_proxies=options.trusted_proxy,
            started=announce,
        )
    return 0


def _application() -> tuple[Any, str]:
    """The site's ASGI application and its name. Raises `Stop`."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    name = getattr(settings, "ASGI_APPLICATION", None)
    if not name:
        raise Stop('the settings name no ASGI_APPLICATION; write ASGI_APPLICATION = "mysite.asgi.application"')
    try:
        return import_string(name), name
    except ImportError as error:
        raise Stop(f"ASGI_APPLICATION {name} cannot be imported: {error}") from None
