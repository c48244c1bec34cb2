"""Starts the chat of a site, and hands it to the requests.

    lifespan   ─▶ starts ─▶ requests ─▶ SIGTERM: drain, then the server's own handler ─▶ end of the lifespan: stops
    no lifespan (Daphne, runserver, test clients)
               ─▶ the first request starts, the others wait ─▶ SIGTERM: drain, stop, then the server's own handler

A chat belongs to an event loop. Servers have one; test clients may use a new one for each request, and the chat of the old one is
abandoned then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from backchannel.chat.chat import Chat
from backchannel.chat.create import create
from backchannel.config import ChatConfig
from backchannel.embed.drain_at_exit import drain_at_exit
from backchannel.protocol.errors import Code, CommandError


class Starter:
    def __init__(self, config: ChatConfig) -> None:
        self._config = config
        self._loop: asyncio.AbstractEventLoop | None = None
        self._chat: Chat | None = None
        """Runs in `_loop`."""
        self._stopping = AsyncExitStack()
        """Stops it."""
        self._has_stopped = False
        """It ran in `_loop` and will not run again."""
        self._starting: asyncio.Future[Chat] | None = None
        """A start by a request that is under way; requests that arrive meanwhile wait for it."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Starts the chat for the lifespan. Raises CommandError 503 if the database does not answer."""
        self._enter(asyncio.get_running_loop())
        chat = await self._start()
        self._stopping.enter_context(drain_at_exit(chat.drain, chat.drain))
        try:
            yield
        finally:
            # Some servers close connections after the lifespan, or end without a signal to this process.
            await self._stop()

    async def started(self) -> Chat:
        """The chat of this event loop, started if no lifespan has done it. Raises CommandError 503: it cannot start now, or has stopped."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._enter(loop)
        if self._chat is not None:
            return self._chat
        if self._has_stopped:
            raise CommandError(Code.UNAVAILABLE, "This server is restarting.", retry_after=1.0)
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start_by_request())
            self._starting.add_done_callback(self._note_started)
        return await asyncio.shield(self._starting)

    def _enter(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None and self._loop is not loop and self._loop.is_running():
            raise RuntimeError(
                "The chat runs in another event loop of this process; it can be served by one at a time."
            )
        abandoned = self._chat
        self._loop, self._chat, self._starting, self._has_stopped = loop, None, None, False
        if abandoned is not None:
            abandoned.abandon()

    async def _start(self) -> Chat:
        chat = create(self._config)
        self._stopping = await chat.start()
        self._chat = chat
        return chat

    async def _start_by_request(self) -> Chat:
        chat = await self._start()
        self._stopping.enter_context(drain_at_exit(self._stop, chat.drain))
        return chat

    def _note_started(self, _: asyncio.Future[Chat]) -> None:
        self._starting = None

    async def _stop(self) -> None:
        if self._chat is not None:
            await self._chat.drain()
        self._chat, self._has_stopped = None, True
        await self._stopping.aclose()
