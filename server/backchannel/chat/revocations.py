"""The end of a credential: announced to every node, and acted on when the announcement arrives, from this node or another.

Django's code, any thread ─▶ announce ─▶ forget; loop ─▶ bus ─▶ every node: receive ─▶ close its sockets and polls
"""

import asyncio
from contextlib import suppress

from backchannel.accounts.authenticate import Authenticator
from backchannel.accounts.identity import Ended
from backchannel.commands.announce_revocation import announce_revocation
from backchannel.fanout.envelopes import RevocationEnvelope
from backchannel.transports.maintenance import PeriodicTasks
from backchannel.transports.node import Node


class Revocations:
    def __init__(self, node: Node, authenticator: Authenticator, maintenance: PeriodicTasks) -> None:
        self._node = node
        self._authenticator = authenticator
        self._maintenance = maintenance
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def announce(self, ended: Ended) -> None:
        """Callable from any thread. In this process the credential opens nothing any more when this returns."""
        self._authenticator.forget(ended)
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed, and every connection with it
                self._loop.call_soon_threadsafe(self._publish, ended)

    def receive(self, envelope: RevocationEnvelope) -> None:
        self._authenticator.forget(Ended(credential=envelope.credential, user_id=envelope.user_id))
        if envelope.credential is not None:
            self._node.hub.end_credentials({envelope.credential})
        if envelope.user_id is not None:
            self._maintenance.revalidate_soon(envelope.user_id)

    def _publish(self, ended: Ended) -> None:
        announce_revocation(self._node.context, credential=ended.credential, user_id=ended.user_id)
