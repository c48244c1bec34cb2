"""Runs the proxy settings of deploy/ on a test machine: addresses, ports, certificates and folders are replaced, all else is unchanged.

A replacement whose text is not in the file is an error, so that a change of the file cannot go unnoticed here.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "localhost"
CERTIFICATE = "fullchain.pem"
SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
"""Where Debian installs the proxies."""


@dataclass(frozen=True)
class Place:
    """Where a proxy runs: its folder, the ports it listens on, with TLS and without, and the servers behind it, up to two."""

    folder: Path
    secure: int
    plain: int
    servers: Sequence[int]

    @property
    def certificate(self) -> Path:
        """A self-signed certificate for `NAME`; beside it the key, and both in one file."""
        chain = self.folder / CERTIFICATE
        if not chain.exists():
            key = self.folder / "privkey.pem"
            made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
            names = ["-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
            subprocess.run([*made, *names, "-keyout", key, "-out", chain], check=True, capture_output=True)
            (self.folder / "both.pem").write_text(chain.read_text() + key.read_text())
        return chain


Command = list[str]
Make = Callable[[Place], Command]


def replacing(text: str) -> Callable[[str, str], str]:
    """A function that makes one more replacement and returns the text so far."""

    def swap(old: str, new: str) -> str:
        nonlocal text
        assert old in text, f"the file has no {old!r} any more"
        text = text.replace(old, new)
        return text

    return swap


def nginx(place: Place) -> Command:
    """Inside a main file with the lines that the head of the shipped file asks for."""
    text = (DEPLOY / "nginx.conf").read_text()
    limits = [line.removeprefix("#").strip() for line in text.splitlines() if re.match(r"#   (worker|events)", line)]
    assert len(limits) == 2
    swap = replacing(text)
    swap("listen 80;\n\tlisten [::]:80;", f"listen 127.0.0.1:{place.plain};")
    swap("listen 443 ssl http2;\n\tlisten [::]:443 ssl http2;", f"listen 127.0.0.1:{place.secure} ssl http2;")
    swap("chat.example.com;", f"{NAME} 127.0.0.1;")
    swap("/etc/letsencrypt/live/chat.example.com", str(place.certificate.parent))
    swap("/var/log/nginx/backchannel.log", str(place.folder / "access.log"))
    server = "server 127.0.0.1:{} max_fails=2 fail_timeout=5s;"
    text = swap(server.format(8000), "\n\t".join(server.format(port) for port in place.servers))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"\t{kind}_temp_path {place.folder}/{kind};\n" for kind in kinds)
    # Started by root, its workers would switch to a user who cannot read the test's folder.
    user = f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};\n" if os.geteuid() == 0 else ""
    file = place.folder / "nginx.conf"
    head = f"daemon off;\n{user}worker_processes 1;\npid {place.folder}/pid;\nerror_log stderr;\n"
    file.write_text(head + "\n".join(limits) + f"\nhttp {{\n{paths}{text}\n}}\n")
    return ["nginx", "-c", str(file), "-p", str(place.folder), "-e", "stderr"]


def caddy(place: Place) -> Command:
    """Without the part that gets certificates by ACME."""
    swap = replacing((DEPLOY / "Caddyfile").read_text())
    folder, key = place.certificate.parent, "privkey.pem"
    own = f"admin off\n\thttp_port {place.plain}\n\thttps_port {place.secure}\n\tstorage file_system {folder}\n\t"
    swap("{\n\tservers {", "{\n\t" + own + "servers {")
    site = f"https://{NAME}:{place.secure} {{\n\tbind 127.0.0.1\n\ttls {place.certificate} {folder / key}"
    swap("{$CHAT_HOST:localhost} {", site)
    text = swap("127.0.0.1} 8000", f"127.0.0.1}} {place.servers[0]}")
    if len(place.servers) > 1:  # `dynamic` knows one port; on one machine two servers have two
        found = re.search(r"dynamic a .*?\n\t\t}", text, re.DOTALL)
        assert found
        text = text.replace(found[0], "to " + " ".join(f"127.0.0.1:{port}" for port in place.servers))
    file = place.folder / "Caddyfile"
    file.write_text(text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]


def haproxy(place: Place) -> Command:
    swap = replacing((DEPLOY / "haproxy.cfg").read_text())
    swap("bind :80\n", f"bind 127.0.0.1:{place.plain}\n")
    swap("bind :443 ssl", f"bind 127.0.0.1:{place.secure} ssl")
    swap("/etc/haproxy/certs/chat.example.com.pem", str(place.certificate.parent / "both.pem"))
    swap("maxconn 100000", "maxconn 1000")
    swap("server one 127.0.0.1:8000", f"server one 127.0.0.1:{place.servers[0]}")
    second = "server two 127.0.0.1:8001"
    text = swap(f"# {second}", second.replace("8001", str(place.servers[1])) if len(place.servers) > 1 else "#")
    file = place.folder / "haproxy.cfg"
    file.write_text(text)
    return ["haproxy", "-db", "-f", str(file)]


PROXIES: tuple[Make, ...] = (nginx, caddy, haproxy)
