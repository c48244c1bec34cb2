"""Messages into the rooms' logs: many senders, one pass, a fixed number of statements.

The order inside the transaction is what makes a retry safe: the room's lock is held, so a key that is looked up and not
found cannot appear before the insert. A key that is found is answered with the first outcome even where its sender is no
longer in the room: that message was sent. They are told it as it was sent, and nothing of what became of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from unicodedata import normalize
from uuid import UUID

import msgspec

from backchannel.protocol import times
from backchannel.protocol.codec import encode
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.events import MessageCreated, Notification
from backchannel.protocol.results import SendResult
from backchannel.protocol.shapes import Message, Quote, User
from backchannel.store import former_members, reads
from backchannel.store.models import Membership
from backchannel.store.render import excerpt, quote_from_row
from backchannel.store.transaction import (
    MEMBERSHIP,
    MENTION,
    MESSAGE,
    NAME_KEY,
    PERSON,
    CommittedEvent,
    Outcome,
    Transaction,
    from_db_uuid,
    marks,
    not_a_member,
)
from backchannel.text_rules import KEY_LENGTH, fold

MENTIONS_IN_ONE_MESSAGE: Final = 50
_MENTION: Final = re.compile(r"(?<![\w@])@([^\W_](?:[\w.-]{0,148}[^\W_])?)")
"""A site may have usernames of any letters, in any case. Signs at the end belong to the sentence."""


class Append(msgspec.Struct, frozen=True):
    """One message to be sent. `at_us` is for imports only; it is the time of the commit where it is None."""

    id: UUID
    room_id: int
    sender: User
    content: str
    reply_to: UUID | None = None
    at_us: int | None = None

    @property
    def fingerprint(self) -> bytes:
        """Tells a retry from another message under the same id, without keeping a body that was erased since."""
        target = self.reply_to.bytes if self.reply_to else b""
        return blake2b(target + self.content.encode(), digest_size=16, key=self.id.bytes).digest()


@dataclass(slots=True)
class _Known:
    """A message that is stored already, or will be by this batch."""

    room_id: int
    sender_id: int
    fingerprint: bytes
    outcome: Outcome | None = None


def append_messages(transaction: Transaction, appends: Sequence[Append]) -> list[Outcome]:
    """Apply a run of sends, in order; one outcome for each, refused ones among them. The rooms are locked already."""
    known = _look_up_keys(transaction, [append.id for append in appends])
    members = _look_up_members(transaction, appends)
    replied_to = {append.reply_to for append in appends if append.reply_to}
    quotes = _look_up_quotes(transaction, replied_to)
    mentioned = _look_up_mentions(transaction, appends)

    outcomes: list[Outcome] = []
    rows: list[tuple[Any, ...]] = []
    mention_rows: list[tuple[int, int, int]] = []
    for append in appends:
        outcome = Outcome()
        outcomes.append(outcome)
        fingerprint = append.fingerprint
        try:
            earlier = known.get(append.id)
            if earlier is not None:
                _check_same(append, fingerprint, earlier)
                outcome.result = earlier.outcome  # resolved below: the first outcome again
                continue
            room = transaction.room(append.room_id)
            if (append.room_id, append.sender.id) not in members:
                raise not_a_member(append.room_id)
            quote = _check_quote(append, quotes) if append.reply_to else None
        except CommandError as error:
            outcome.error = error
            continue

        seq = transaction.next_seq(room)
        at_us, at = transaction.at_us, transaction.at
        if append.at_us:
            at_us, at = append.at_us, times.to_wire(append.at_us)
        mentions: list[int] = []
        if mentioned:
            mentions = [user for user in mentioned.get((room.id, append.id), ()) if user != append.sender.id]
            mention_rows += [(user, room.id, seq) for user in mentions]
        message = Message(
            append.id, room.id, seq, seq, append.sender, append.content, quote, at, None, False, [], [], mentions
        )
        rows.append((
            append.id, room.id, seq, seq, append.sender.id, append.content, append.reply_to, fingerprint, at_us, False,
            encode(mentions).decode() if mentions else "[]",
        ))  # fmt: skip
        outcome.result = SendResult(message, duplicate=False)
        outcome.logged.append(
            CommittedEvent(room.id, seq, encode(MessageCreated(room_id=room.id, seq=seq, at=at, message=message)))
        )
        known[append.id] = _Known(room.id, append.sender.id, fingerprint, outcome)
        if replied_to and append.id in replied_to:
            quotes[append.id] = (room.id, Quote(append.id, seq, append.sender, excerpt(append.content)))
        if mentions or quote:
            _notify(transaction, outcome, message)

    if rows:
        _insert(transaction, rows)
    if mention_rows:
        transaction.execute_many(f"INSERT INTO {MENTION} (person_id, room_id, seq) VALUES (%s, %s, %s)", mention_rows)
    _answer_duplicates(transaction, appends, outcomes, members)
    return outcomes


_INSERT_INTO = (
    f"INSERT INTO {MESSAGE} (id, room_id, seq, rev_seq, sender_id, content, reply_to, fingerprint, created_us, deleted, "
    "mentions, reactions, attachments) "
)
_INSERT = f"{_INSERT_INTO}VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '[]', '[]')"
_INSERT_JSON = (
    f"{_INSERT_INTO}SELECT (m->>0)::uuid, (m->>1)::bigint, (m->>2)::bigint, (m->>3)::bigint, (m->>4)::bigint, m->>5, "
    "(m->>6)::uuid, decode(m->>7, 'base64'), (m->>8)::bigint, (m->>9)::boolean, m->>10, '[]', '[]' "
    "FROM jsonb_array_elements(%s::jsonb) AS m"
)


def _insert(transaction: Transaction, rows: list[tuple[Any, ...]]) -> None:
    """All rows in one statement on PostgreSQL: as one JSON text, since its driver spends more on each single value."""
    if transaction.is_postgres:
        transaction.execute(_INSERT_JSON, [encode(rows).decode()])
        return
    uuid = transaction.uuid
    transaction.execute_many(_INSERT, [(uuid(row[0]), *row[1:6], row[6] and uuid(row[6]), *row[7:]) for row in rows])


def _look_up_keys(transaction: Transaction, ids: list[UUID]) -> dict[UUID, _Known]:
    rows = transaction.query(
        f"SELECT id, room_id, sender_id, fingerprint FROM {MESSAGE} WHERE id IN ({marks(ids)})",
        [transaction.uuid(id_) for id_ in ids],
    )
    return {from_db_uuid(row[0]): _Known(row[1], row[2], bytes(row[3])) for row in rows}


def _look_up_members(transaction: Transaction, appends: Sequence[Append]) -> set[tuple[int, int]]:
    pairs = sorted({(append.room_id, append.sender.id) for append in appends})
    rows = transaction.query(
        f"SELECT room_id, person_id FROM {MEMBERSHIP} WHERE state = %s AND (room_id, person_id) IN "
        f"(VALUES {', '.join('(%s, %s)' for _ in pairs)})",
        [Membership.State.MEMBER.value, *(value for pair in pairs for value in pair)],
    )
    return {(row[0], row[1]) for row in rows}


def _look_up_quotes(transaction: Transaction, ids: set[UUID]) -> dict[UUID | None, tuple[int, Quote]]:
    """The messages replied to, with the room each is in."""
    if not ids:
        return {}
    rows = transaction.query(
        f"SELECT m.id, m.seq, m.content, p.id, p.username, p.display_name, m.room_id FROM {MESSAGE} m "
        f"JOIN {PERSON} p ON p.id = m.sender_id WHERE m.id IN ({marks(ids)})",
        [transaction.uuid(id_) for id_ in ids],
    )
    return {from_db_uuid(row[0]): (row[6], quote_from_row(row)) for row in rows}


def _look_up_mentions(transaction: Transaction, appends: Sequence[Append]) -> dict[tuple[int, UUID], list[int]]:
    """(room, message) → the members it names, in the order of their first naming."""
    named: dict[tuple[int, UUID], list[str]] = {}
    for append in appends:
        if "@" in append.content:
            typed = list(dict.fromkeys(_MENTION.findall(normalize("NFC", append.content))))
            if typed:
                named[append.room_id, append.id] = typed[:MENTIONS_IN_ONE_MESSAGE]
    if not named:
        return {}
    rooms = {room_id for room_id, _ in named}
    keys = {fold(name)[:KEY_LENGTH] for names in named.values() for name in names}
    rows = transaction.query(
        f"SELECT DISTINCT mb.room_id, p.username, p.id FROM {NAME_KEY} k JOIN {PERSON} p ON p.id = k.person_id "
        f"JOIN {MEMBERSHIP} mb ON mb.person_id = p.id "
        f"WHERE k.key IN ({marks(keys)}) AND mb.state = %s AND mb.room_id IN ({marks(rooms)}) ORDER BY p.id",
        [*keys, Membership.State.MEMBER.value, *rooms],
    )
    # The keys are of all names, and forgive accents; a mention forgives the case of a username alone.
    members: dict[tuple[int, str], dict[str, int]] = {}
    for room_id, username, person_id in rows:
        members.setdefault((room_id, _caseless(username)), {})[username] = person_id
    found = {}
    for (room_id, message_id), names in named.items():
        alike = [(name, members.get((room_id, _caseless(name)), {})) for name in names]
        ids = [[those[name]] if name in those else list(those.values()) for name, those in alike]
        found[room_id, message_id] = list(dict.fromkeys(id_ for each in ids for id_ in each))
    return found


def _caseless(name: str) -> str:
    return name.lower() if name.isascii() else normalize("NFKC", normalize("NFKC", name).casefold())


def _check_same(append: Append, fingerprint: bytes, earlier: _Known) -> None:
    same = (append.room_id, append.sender.id, fingerprint) == (
        earlier.room_id,
        earlier.sender_id,
        earlier.fingerprint,
    )
    if not same:
        raise CommandError(
            Code.ID_REUSED,
            "This id belongs to another message already. Every message needs an id of its own.",
            errors={"id": ["Belongs to another message already."]},
        )


def _check_quote(append: Append, quotes: Mapping[UUID | None, tuple[int, Quote]]) -> Quote | None:
    room_id, quote = quotes.get(append.reply_to, (None, None))
    if room_id != append.room_id:
        raise invalid(reply_to="There is no such message in this room.")
    return quote


def _notify(transaction: Transaction, outcome: Outcome, message: Message) -> None:
    """Tell the people who were named, and whom the message answers."""
    words = excerpt(message.content)

    def note(user_id: int, kind: Any) -> None:
        transaction.tell(
            outcome,
            user_id,
            lambda version: Notification(
                user_version=version,
                kind=kind,
                room_id=message.room_id,
                message_id=message.id,
                by=message.sender,
                excerpt=words,
            ),
        )

    for user_id in message.mentions:
        note(user_id, "mention")
    answered = message.reply_to.sender.id if message.reply_to else None
    if answered is None or answered == message.sender.id or answered in message.mentions:
        return
    standing = transaction.standing(message.room_id, answered)
    if standing and standing.state == Membership.State.MEMBER:
        note(answered, "reply")


def _answer_duplicates(
    transaction: Transaction, appends: Sequence[Append], outcomes: list[Outcome], members: set[tuple[int, int]]
) -> None:
    """A member's retry gets the message as it is now, anybody else's as it was sent; one inside the same batch gets what was just
    stored."""
    pending = [
        (append, outcome)
        for append, outcome in zip(appends, outcomes, strict=True)
        if outcome.error is None and not isinstance(outcome.result, SendResult)
    ]
    stored = reads.messages_by_id(
        transaction.connection, [append.id for append, outcome in pending if outcome.result is None]
    )
    for append, outcome in pending:
        first = outcome.result
        message = first.result.message if isinstance(first, Outcome) else stored[append.id]
        if (append.room_id, append.sender.id) not in members:
            message = former_members.as_it_was_sent(message, append.content)
        outcome.result = SendResult(message, duplicate=True)
