"""The version of the user's room list: what the client was sent, and whether a change was lost on its way here.

    complete ──the database knows a later version──▶ behind ──for `patience_s`──▶ the list is to be read
        ▲                                              │
        └── every change up to that version came, or the list was read ◀──────────┘

Theory. Every change of the list raises its version by one and is delivered as a frame with that number. Frames may overtake each
other, and one may be lost. `sent` is the last version that the client has, and decides what is sent. `_complete` is the version up
to which no change is missing: a later version does not imply that the earlier ones arrived, so versions above a gap are remembered
(`_ahead`) until it is filled. Only the database can tell that the last one was lost: `observe` compares, and waits a while before
it asks for the list, since the change may still be on its way.
"""

from typing import Final

_NONE: Final[frozenset[int]] = frozenset()


class ListVersion:
    __slots__ = ("_ahead", "_behind_since", "_complete", "sent")

    def __init__(self) -> None:
        self.sent = 0
        """The client's version."""
        self._complete = 0
        self._ahead: frozenset[int] = _NONE
        """Versions that were delivered above one that is missing."""
        self._behind_since: float | None = None

    def start(self, version: int) -> None:
        """The client has it or is about to be sent it: as of the position that was read."""
        self.sent = version
        self._complete_to(version)

    def delivered(self, version: int) -> None:
        self._ahead |= {version}
        self._complete_to(self._complete)

    def advance(self, version: int) -> bool:
        """True where the client has not been sent this version; it is now."""
        if version <= self.sent:
            return False
        self.sent = version
        return True

    def read(self, version: int) -> bool:
        """The list was read. True where the client does not have a later version."""
        self._behind_since = None
        self._complete_to(version)
        if version < self.sent:
            return False
        self.sent = version
        return True

    def observe(self, version: int, now: float, patience_s: float) -> bool:
        """`version` is that of the database. True where the list is to be read, once every `patience_s`."""
        if version <= self._complete:
            self._behind_since = None
            return False
        if self._behind_since is None:
            self._behind_since = now
        if now - self._behind_since < patience_s:
            return False
        self._behind_since = now
        return True

    def _complete_to(self, version: int) -> None:
        complete = max(version, self._complete)
        while complete + 1 in self._ahead:
            complete += 1
        self._complete = complete
        if self._ahead:
            self._ahead = frozenset(each for each in self._ahead if each > complete) or _NONE
