"""The site and the chat as one ASGI application: what is below the prefix is the chat's, everything else the site's.

scope ─▶ lifespan: both ─▶ below the prefix: the chat, with `root_path` ─▶ else the site, unchanged
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel.config import ChatConfig
from backchannel.embed.site_lifespan import site_lifespan
from backchannel.embed.starter import Starter
from backchannel.protocol.errors import CommandError
from backchannel.transports.http.requests import path_of
from backchannel.transports.problems import problem
from backchannel.transports.websocket.endpoint import elsewhere, refuse
from backchannel.web.cors import Cors


class SiteWithChat:
    """Made by `mount`. `prefix`: begins with a slash and ends without one."""

    def __init__(self, site: ASGIApp, config: ChatConfig, prefix: str) -> None:
        self._site = site
        self._prefix = prefix
        self._chat = Starter(config)
        self._cors = Cors(config.cors_origins)
        """Adds headers to answers while the chat has not started."""
        self._site_has_sockets = not isinstance(site, ASGIHandler)
        # A proxy may leave this prefix in the path or take it off; Django allows both.
        self._script_name = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await Router(lifespan=lambda _: self._both(scope))(scope, receive, send)
            return
        inside = self._inside(scope)
        if inside is not None:
            await self._answer(inside, receive, send)
        elif scope["type"] == "websocket" and not self._site_has_sockets:
            await elsewhere({**scope, "root_path": self._prefix}, receive, send)
        else:
            await self._site(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            chat = await self._chat.started()
        except CommandError as error:
            if scope["type"] == "websocket":
                await refuse(error, scope, receive, send)
            else:
                answer = self._cors.preflight(scope) or problem(error)
                answer.raw_headers += self._cors.headers_for(scope)
                await answer(scope, receive, send)
            return
        await chat(scope, receive, send)

    @asynccontextmanager
    async def _both(self, scope: Scope) -> AsyncIterator[None]:
        """The chat stops first: it may still need what the site has started."""
        async with site_lifespan(self._site, scope), self._chat.running():
            yield

    def _inside(self, scope: Scope) -> Scope | None:
        """The scope for the chat; None if the address is the site's, or it is of a kind that has none, as Channels' workers use."""
        if scope["type"] not in {"http", "websocket"}:
            return None
        root = (scope.get("root_path") or "").rstrip("/")
        if not root and self._script_name and scope["path"].startswith(f"{self._script_name}/"):
            root = self._script_name
        path = path_of({"path": scope["path"], "root_path": root})
        if path != self._prefix and not path.startswith(f"{self._prefix}/"):
            return None
        return {**scope, "root_path": root + self._prefix, "path": root + path}
