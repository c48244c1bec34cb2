"""Who may do what, as the site decides. A site overrides what it wants to restrict, and names its class in the settings:

    BACKCHANNEL = {"POLICY": "shop.chat.Policy"}

    class Policy(backchannel.policy.Policy):
        def may_join(self, user, room):
            return user.is_staff or Refusal("This channel is for staff.")

The defaults allow everything; a policy can only restrict further what the chat's own rules (`rules.py`) and the space of a person
(`SPACE`) allow. A method that is not overridden costs nothing. `user`, `other` and `members` are instances of the site's user model.
Methods are called in threads of their own and may use the database; a command waits for them. One that raises refuses the command, and
the error is logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from backchannel.protocol.errors import Code

_CODES = {code.word: code for code in Code if code.status in (403, 404, 422)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, and why. `sentence`: for people. `code`: an error word of status 403, 404 or 422, for programs."""

    sentence: str
    code: str = "forbidden"

    def __post_init__(self) -> None:
        sentence = str(self.sentence or "").encode(errors="replace").decode()  # of a lazy translation, too
        if not sentence.strip():
            raise ValueError("A refusal says why: give it a sentence.")
        object.__setattr__(self, "sentence", sentence)
        if self.code not in _CODES:
            raise ValueError(f'"{self.code}" cannot be the code of a refusal; take one of {", ".join(sorted(_CODES))}.')

    @property
    def error(self) -> Code:
        return _CODES[self.code]


Verdict = bool | Refusal


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """A room. `key`: the site's own name of a room that it made; None if it has none."""

    id: int
    kind: Literal["direct", "group", "channel"]
    name: str | None
    topic: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is stored, or the new text of one. `edits`: the id of the message that is edited; None for a new one."""

    user: Any
    room: RoomInfo
    text: str
    reply_to: UUID | None = None
    thread: UUID | None = None
    """The first message of the thread that it replies in."""
    in_room: bool = False
    """The room shows that reply as well."""
    edits: UUID | None = None


class Policy:
    """The defaults."""

    def may_connect(self, user: Any) -> Verdict:
        """Whether the user may use the chat at all. Asked at each sign-in and every 30 s; a refusal closes their connections."""
        return True

    def people(self, user: Any, query: str) -> Any:
        """The users whom this user finds, may address and may add: a QuerySet of the site's user model, without a slice or `union()`. `query`: what was typed; "" when
        people are added. Not asked for people who share a room already."""
        raise NotImplementedError  # only an override is called

    def channels(self, user: Any) -> Iterable[RoomInfo | int] | None:
        """The channels (or their ids) that the user finds; None: all of their space. Joining is `may_join`'s."""
        return None

    def may_create_room(self, user: Any, kind: str, members: Sequence[Any]) -> Verdict:
        """`members`: the others. Not asked for a direct room that exists."""
        return True

    def may_join(self, user: Any, room: RoomInfo) -> Verdict:
        """A channel that the user is not in."""
        return True

    def may_add(self, user: Any, room: RoomInfo, other: Any) -> Verdict:
        return True

    def may_post(self, user: Any, room: RoomInfo) -> Verdict:
        """Whether the user may send in the room, upload files for it, and edit there. The answer holds for `POLICY_CACHE_S` seconds."""
        return True

    def before_send(self, draft: Draft) -> Draft | Refusal:
        """Return the draft, one with another text (`dataclasses.replace(draft, text=…)`), or a refusal. A message that is stored already is not
        asked for again, so a retry gets the first outcome."""
        return draft
