"""Which spellings of an address are the chat's: exactly its prefix, and what is below it."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from backchannel.config import ChatConfig
from backchannel.embed.application import SiteWithChat


class Chat:
    """In place of the one that a request would start."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def started(self) -> "Chat":
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)


@pytest.mark.parametrize(
    ("path", "root_path", "chats"),
    [
        ("/chat", "", "/chat"),
        ("/chat/ws", "", "/chat"),
        ("/chat/../api", "", "/chat"),
        ("/app/chat/ws", "/app", "/app/chat"),
        ("/app/chat/ws", "/app/", "/app/chat"),
        ("/chat/ws", "/app", "/app/chat"),
        ("/chatty", "", None),
        ("/Chat/ws", "", None),
        ("//chat/ws", "", None),
        ("/api/../chat/ws", "", None),
        ("/app/chat/ws", "", None),
        ("/application/chat", "/app", None),
        ("", "", None),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_an_address_is_the_chats_by_its_exact_prefix_alone(
    kind: str, path: str, root_path: str, chats: str | None
) -> None:
    """`chats`: the `root_path` that the chat gets; None: the request is the site's, unchanged."""
    to_site: list[Scope] = []

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        to_site.append(scope)

    both, chat = SiteWithChat(site, ChatConfig(), "/chat"), Chat()
    both._chat = chat  # type: ignore[assignment]
    scope: dict[str, Any] = {"type": kind, "path": path, "root_path": root_path, "headers": []}
    nobody: Any = None
    asyncio.run(both(scope, nobody, nobody))
    if chats is None:
        assert (to_site, chat.scopes) == ([scope], [])
    else:
        assert not to_site
        [inside] = chat.scopes
        assert (inside["root_path"], inside["path"].startswith(chats)) == (chats, True)
