"""`POST /api/sync`: one poll says what a socket would have said, and ends as soon as it has something to say.

    request ─▶ the client's PollingSession ─▶ missed, or read ─┬─▶ frames ───────────────▶ answer
                                                  ▲            └─▶ nothing ─▶ wait ──────▶ answer
                                                  └──────────── news was missed ◀─┘

While a poll waits it holds no thread and no database connection.
"""

import asyncio
from operator import attrgetter
from typing import Final

import msgspec
from starlette.types import Receive, Scope

from backchannel.protocol import codec
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frames import SyncRequest, SyncResponse
from backchannel.transports import metrics
from backchannel.transports.http.deadlines import Deadlines
from backchannel.transports.http.poll import Poll
from backchannel.transports.http.polling_session import PollingSession
from backchannel.transports.http.reading import CAUGHT_UP
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node

SLICE: Final = 500
"""Polls answered in one turn of the loop, between which it does other things."""


class Polls:
    """All polls of a node, and the sessions of the clients they come from."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._sessions: dict[tuple[str, str | None], PollingSession] = {}
        """By credential and instance."""
        self._polls: dict[int, dict[Poll, None]] = {}
        """The polls under way, by user, oldest first."""
        self._deadlines = Deadlines(node.context.clock)
        metrics.polls.set_function(self._deadlines.__len__)
        self._woken: list[Poll] = []
        self._last_answer: tuple[list[bytes], str, int] = ([], "", 0)
        self._last_body = b""

    async def answer(self, request: SyncRequest, identity: Identity, receive: Receive, scope: Scope) -> bytes:
        """The body of the answer. `receive`: the request's, whose body was read; a disconnect ends the wait. `scope`: the request's, as
        evidence of where it came from.

        Raises CommandError: 401 or 403 where the credential ends meanwhile, 429 where the user has too many polls, 503 where too much
        happens at once; ClientGone.
        """
        until = self._node.context.clock() + min(request.wait, self._node.settings.limits.sync_wait_s)
        poll = Poll(request.client.instance, until, self._wake_soon)
        self._enter(identity.user_id, poll)
        try:
            while True:
                session = self._session_of(identity, request.client.instance)
                if (
                    request.wait and not session.is_recorded
                ):  # a client's very first poll does not wait: a socket may follow it
                    session.record(scope, request.client)
                session.confirm(request.resume)
                session.begin(poll)
                try:
                    poll.must_read = False
                    if not session.missed(poll, request.resume):
                        await session.read(poll, request, identity)
                    elif poll.frames:
                        poll.frames.append(CAUGHT_UP)
                    if self._may_wait(poll):
                        self._deadlines.add(poll)
                        try:
                            await poll.wait(receive)
                        finally:
                            self._deadlines.discard(poll)
                finally:
                    session.finish(poll)
                _check(poll)
                if poll.frames or poll.ended or not poll.must_read:
                    return self._body(poll)
        finally:
            self._leave(identity.user_id, poll)

    def _may_wait(self, poll: Poll) -> bool:
        if poll.frames or poll.ended or poll.must_read:
            return False
        return poll.until > self._node.context.clock() and not self._node.draining

    def _wake_soon(self, poll: Poll) -> None:
        self._woken.append(poll)
        if len(self._woken) == 1:
            asyncio.get_running_loop().call_soon(self._resume_woken)

    def _resume_woken(self) -> None:
        """A turn of the loop after the first was woken, so that what happens within it is one answer."""
        woken, self._woken = self._woken[:SLICE], self._woken[SLICE:]
        if self._woken:
            asyncio.get_running_loop().call_soon(self._resume_woken)
        for poll in woken:
            poll.resume()

    def _body(self, poll: Poll) -> bytes:
        """Encoded once for consecutive polls with the same answer."""
        metrics.count_sync("something" if poll.frames else "nothing")
        answer = (poll.frames, poll.epoch, poll.user_version)
        if answer != self._last_answer or not self._last_body:
            frames = [msgspec.Raw(frame) for frame in poll.frames]
            self._last_answer = answer
            self._last_body = codec.encode(SyncResponse(frames, poll.epoch, poll.user_version))
        return self._last_body

    def _session_of(self, identity: Identity, instance: str | None) -> PollingSession:
        key = (identity.credential, instance)
        session = self._sessions.get(key)
        if session is None:
            self._make_room(identity.user_id)
            session = PollingSession(identity, instance, self._node, lambda: self._sessions.__delitem__(key))
            self._sessions[key] = session
        return session

    def _make_room(self, user_id: int) -> None:
        """A user keeps as many sessions between their polls as they may have connections: the longest idle make room for another."""
        subscribers = self._node.hub.subscribers_of(user_id)
        idle = [each for each in subscribers if isinstance(each, PollingSession) and each.is_idle]
        excess = len(idle) + 1 - self._node.settings.limits.connections
        if excess > 0:
            for session in sorted(idle, key=attrgetter("idle_since"))[:excess]:
                session.close()

    def _enter(self, user_id: int, poll: Poll) -> None:
        """One poll for each instance, 20 for each user: an older one was given up by its client."""
        polls = self._polls.get(user_id)
        if polls is None:
            self._polls[user_id] = {poll: None}
            return
        older = list(polls)
        for each in older:
            if poll.instance and each.instance == poll.instance:
                each.end(CloseCode.SUPERSEDED)
        for oldest in older[: max(0, len(older) + 1 - self._node.settings.limits.connections)]:
            oldest.end(CloseCode.TOO_MANY)
        polls[poll] = None

    def _leave(self, user_id: int, poll: Poll) -> None:
        polls = self._polls[user_id]
        del polls[poll]
        if not polls:
            del self._polls[user_id]


def _check(poll: Poll) -> None:
    match poll.ended:
        case CloseCode.SESSION_OVER:
            raise CommandError(Code.UNAUTHENTICATED, "You were signed out. Sign in again.")
        case CloseCode.FORBIDDEN:
            raise CommandError(Code.FORBIDDEN, "This account may not use the chat.")
        case CloseCode.TOO_MANY:
            raise CommandError(Code.RATE_LIMITED, "Too many polls of this user are waiting already.", retry_after=5.0)
        case CloseCode.SUPERSEDED if not poll.epoch:
            raise CommandError(Code.UNAVAILABLE, "Replaced by a newer poll of the same client.", retry_after=1.0)
        case CloseCode.TOO_SLOW:
            raise CommandError(Code.UNAVAILABLE, "Too many events for one poll. Poll again.", retry_after=1.0)
