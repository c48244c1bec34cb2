"""nginx as it takes files by its own `dav` module: one process, PUT into a folder. It syncs nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.bench.servers import Missing, Server, free_port, running

_CONFIGURATION = """
daemon off;
{user}worker_processes 1;
error_log stderr crit;
pid {folder}/pid;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {folder}/incoming;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {folder}/files; dav_methods PUT; create_full_put_path on; }}
  }}
}}
"""


@contextmanager
def nginx_dav(beside: Path) -> Iterator[Server]:
    """On the server's core, and the disk of `beside`. Raises `Missing`."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise Missing("nginx is not installed")
    folder = Path(tempfile.mkdtemp(prefix="bench-nginx-", dir=beside))
    try:
        (folder / "files").mkdir()
        port = free_port()
        user = "user root;\n" if os.geteuid() == 0 else ""
        settings = folder / "nginx.conf"
        settings.write_text(_CONFIGURATION.format(folder=folder, port=port, user=user))
        with running([program, "-c", str(settings), "-p", str(folder)], port) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
