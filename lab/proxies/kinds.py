"""The proxies and their settings; programs as Debian packages them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from e2e.deploy.shipped import SYSTEM_PATH, Make, Place, caddy, haproxy, nginx
from e2e.support.server import free_port

SETTINGS = Path(__file__).parent / "settings"
CUT_S = 5
"""Idle timeout of the settings that have one, in place of the usual 30 s. The server's heartbeat, HEARTBEAT_S, is shortened alike:
it comes just too late, as a heartbeat of 30 s does with a timeout of 30 s."""
HEARTBEAT_S = 5

Command = Callable[[Path, int, int], list[object]]
"""Settings file, port to listen on, port of the server → command line."""


@dataclass(frozen=True)
class ProxyKind:
    """`file` in settings/, or None if the command line has all settings. `what` describes the settings."""

    name: str
    program: str
    what: str
    file: str | None
    command: Command
    upgrades: bool
    """Lets a WebSocket through, at least for a while."""
    is_secure: bool = False
    """Serves HTTPS with a self-signed certificate."""

    def find(self) -> str | None:
        return shutil.which(self.program, path=SYSTEM_PATH)

    def version(self) -> str:
        """As the program reports it."""
        flag = {"nginx": "-v", "haproxy": "-v", "caddy": "version", "varnishd": "-V"}.get(self.program, "--version")
        ran = subprocess.run([str(self.find()), flag], capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+(\.\d+)?", ran.stdout + ran.stderr)
        return found[0] if found else "?"


def _nginx(file: Path, _: int, __: int) -> list[object]:
    return ["nginx", "-c", file, "-p", file.parent, "-e", "stderr"]


def _haproxy(file: Path, _: int, __: int) -> list[object]:
    return ["haproxy", "-db", "-f", file]


def _caddy(file: Path, _: int, __: int) -> list[object]:
    return ["caddy", "run", "--adapter", "caddyfile", "--config", file]


def _squid(file: Path, _: int, __: int) -> list[object]:
    return ["squid", "-N", "-f", file]


def _varnish(file: Path, port: int, _: int) -> list[object]:
    where, memory = ["-a", f"127.0.0.1:{port}", "-n", file.parent / "n"], ["-s", "malloc,16m"]
    return ["varnishd", "-F", "-f", file, *where, *memory, "-j", "none"]


def _mitmproxy(*options: str) -> Command:
    def command(folder: Path, port: int, upstream: int) -> list[object]:
        usual = ["--mode", f"reverse:http://127.0.0.1:{upstream}", "--listen-host", "127.0.0.1", "--listen-port", port]
        return ["mitmdump", "-q", *usual, "--set", f"confdir={folder.parent}", *options]

    return command


def _shipped(make: Make) -> Command:
    def command(file: Path, port: int, upstream: int) -> list[object]:
        return [*make(Place(file.parent, port, free_port(), [upstream]))]

    return command


PROXY_KINDS = (
    ProxyKind("nginx, shipped", "nginx", "deploy/nginx.conf", None, _shipped(nginx), True, is_secure=True),
    ProxyKind("haproxy, shipped", "haproxy", "deploy/haproxy.cfg", None, _shipped(haproxy), True, is_secure=True),
    ProxyKind("caddy, shipped", "caddy", "deploy/Caddyfile", None, _shipped(caddy), True, is_secure=True),
    ProxyKind("nginx", "nginx", "as it comes: HTTP/1.0 to the server, no upgrade", "nginx-default.conf", _nginx, False),
    ProxyKind("nginx, worst", "nginx", "buffers, cuts, sends a POST again to another server", "nginx-worst.conf", _nginx, False),
    ProxyKind("nginx, upgrade", "nginx", "upgrades, and cuts what is idle", "nginx-upgrade.conf", _nginx, True),
    ProxyKind("haproxy", "haproxy", "as in its manual", "haproxy-default.cfg", _haproxy, True),
    ProxyKind("haproxy, worst", "haproxy", "cuts tunnels, closes, buffers and retries", "haproxy-worst.cfg", _haproxy, True),
    ProxyKind("caddy", "caddy", "as it comes", "caddy-default.caddyfile", _caddy, True),
    ProxyKind("caddy, worst", "caddy", "strips the upgrade, buffers, retries, cuts", "caddy-worst.caddyfile", _caddy, False),
    ProxyKind("squid", "squid", "as it comes: strips the upgrade", "squid-default.conf", _squid, False),
    ProxyKind("squid, worst", "squid", "caches, retries, cuts", "squid-worst.conf", _squid, False),
    ProxyKind("squid, upgrade", "squid", "upgrades, and cuts what is idle", "squid-upgrade.conf", _squid, True),
    ProxyKind("mitmproxy", "mitmdump", "as it comes: holds bodies until they are whole", None, _mitmproxy(), True),
    ProxyKind("mitmproxy, worst", "mitmdump", "strips the upgrade, holds bodies", None, _mitmproxy("--modify-headers", "/~q/Upgrade/"), False),
    ProxyKind("varnish", "varnishd", "as it comes: strips the upgrade", "varnish-default.vcl", _varnish, False),
    ProxyKind("varnish, worst", "varnishd", "cuts, holds bodies, retries", "varnish-worst.vcl", _varnish, False),
)  # fmt: skip


def settings_of(kind: ProxyKind, port: int, upstream: int, folder: Path) -> str:
    """The text of the settings file with its placeholders filled in."""
    assert kind.file is not None
    text = (SETTINGS / kind.file).read_text()
    given = {"PORT": port, "UPSTREAM": upstream, "FOLDER": folder, "CUT": CUT_S}
    return re.sub(r"@([A-Z]+)@", lambda found: str(given[found[1]]), text)
