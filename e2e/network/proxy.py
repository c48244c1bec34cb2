"""A TCP proxy between browser and server, in a thread of the test process, with faults that the test sets.

It stands where a company's proxy, a café's router or a phone's dying radio would: both ends see the very bytes, closes and
resets that they would see there, for HTTP and WebSocket alike, and neither knows of it. It also keeps count of what passes:
"no polls" is a claim about the wire.

    proxy.apply(Faults(upgrade_status=403))   from now on, until the next apply or heal
    proxy.cut("ws")                           now, once
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from e2e.network.connection import Connection
from e2e.network.faults import BOTH, DOWN, HEALTHY, Direction, Faults
from e2e.network.route import Route
from e2e.network.traffic import Kind

T = TypeVar("T")


class Proxy:
    """Listens on a port of its own and passes everything to `upstream_port`, both of 127.0.0.1.

    With several upstreams each connection goes to the next, whether or not it answers. `http` is false where something else
    is spoken: then bytes are only passed on, and connections are of the kind "tcp".
    """

    def __init__(self, *upstream_ports: int, http: bool = True) -> None:
        self._route = Route(*upstream_ports, http=http)
        self.traffic = self._route.traffic
        self.port = 0
        self._live: set[Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def upstream_port(self) -> int:
        """The port that the next connection goes to."""
        return self._route.upstream_port

    @upstream_port.setter
    def upstream_port(self, port: int) -> None:
        self._route.upstream_port = port

    def start(self) -> Proxy:
        self._thread.start()
        self._run(self._listen())
        return self

    def stop(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def apply(self, faults: Faults) -> None:
        """Apply these faults and no others from now on. Faults that a live connection got at its opening stay with it."""
        self._now(lambda: setattr(self._route, "faults", faults))

    def heal(self) -> None:
        """New connections work again; silent ones stay silent, as if a middlebox had forgotten them."""
        self.apply(HEALTHY)

    def down(self) -> None:
        """Reset live connections and refuse new ones."""
        self.apply(DOWN)
        self.cut()

    def cut(self, kind: Kind | None = None) -> int:
        """Reset live connections at both ends; returns how many."""
        return self._each(kind, Connection.reset)

    def half_close(self, kind: Kind | None = None) -> int:
        """Close the direction to the client, as if the server had shut down its side."""
        return self._each(kind, Connection.end_down)

    def silence(self, kind: Kind, directions: frozenset[Direction] = BOTH) -> int:
        """From now on bytes of live connections vanish in these directions."""
        return self._each(kind, lambda connection: connection.silenced.update(directions))

    def stall(self, kind: Kind) -> int:
        """Live connections take nothing more from the server, whose buffers fill up; how many."""
        return self._each(kind, Connection.stall)

    def live(self, kind: Kind) -> int:
        return self._now(lambda: sum(connection.kind == kind for connection in self._live))

    def _each(self, kind: Kind | None, action: Callable[[Connection], None]) -> int:
        def act() -> int:
            chosen = [each for each in self._live if kind in (None, each.kind)]
            for connection in chosen:
                action(connection)
            return len(chosen)

        return self._now(act)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self._route, reader, writer)
        self._live.add(connection)
        try:
            await connection.serve()
        except asyncio.CancelledError:
            # `stop` cancels open connections; asyncio would log that.
            pass
        finally:
            self._live.discard(connection)

    async def _close(self) -> None:
        self._server.close()
        for connection in list(self._live):
            connection.reset()
        await asyncio.sleep(0)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _now(self, action: Callable[[], T]) -> T:
        async def act() -> T:
            return action()

        return self._run(act())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
