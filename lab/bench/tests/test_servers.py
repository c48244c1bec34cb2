"""Figures of a process: its CPU time, its children, its connections."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from lab.bench.servers import children_of, connections_of, cpu_of


def test_connections_are_counted_at_the_port_that_serves() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert connections_of(os.getpid(), port) == 0
        with socket.create_connection(("127.0.0.1", port)), listening.accept()[0]:
            assert connections_of(os.getpid(), port) == 1


def test_the_cpu_of_children_counts() -> None:
    work = "import time; [None for _ in iter(lambda: time.process_time() < 0.1, False)]; print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        child.stdout.readline()
        assert child.pid in children_of(os.getpid())
        assert cpu_of([os.getpid()]) >= cpu_of([child.pid]) >= 0.09
        child.stdin.write(b"\n")
