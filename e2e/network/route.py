"""State that all connections of a proxy share: upstreams, faults, and the record of traffic."""

from __future__ import annotations

from e2e.network.faults import HEALTHY, Faults
from e2e.network.traffic import Traffic


class Route:
    def __init__(self, *upstream_ports: int, http: bool) -> None:
        self.upstream_port = upstream_ports[0]
        """The upstream of the next connection."""
        self.http = http
        """False: bytes are only passed on."""
        self.faults: Faults = HEALTHY
        """In force now; replaced as a whole."""
        self.traffic = Traffic()
        self._following = upstream_ports[1:]

    def next_upstream(self) -> int:
        """The port of a new connection; the one after it leads to the next."""
        port = self.upstream_port
        if self._following:
            self.upstream_port, self._following = self._following[0], (*self._following[1:], port)
        return port
