"""The rooms and the user that one subscriber receives from."""


class Listening:
    """The rooms a subscriber listens to, and what is known of them: every room as of one version of the user's list, and some rooms
    as of a later version."""

    __slots__ = ("_moved", "_version", "rooms")

    def __init__(self) -> None:
        self.rooms: dict[int, None] = {}
        self._version = 0
        """All rooms are known as of this version."""
        self._moved: dict[int, int] | None = None
        """Room → the version of its latest change, where that is later."""

    def is_news(self, room_id: int, version: int) -> bool:
        """Note a change of this room at `version`. False if a later one is known already."""
        if self._moved is None:
            self._moved = {}
        if version <= max(self._version, self._moved.get(room_id, 0)):
            return False
        self._moved[room_id] = version
        return True

    def read_at(self, version: int) -> set[int]:
        """All rooms were read as of `version`. Returns those with a later change."""
        self._version = max(self._version, version)
        moved = {room: moved for room, moved in (self._moved or {}).items() if moved > version}
        self._moved = moved or None
        return set(moved)
