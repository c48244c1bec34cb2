"""Send a message: many senders, one pass, a fixed number of statements.

The order inside the transaction is what makes a retry safe: the room's lock is held, so an id that is looked up and not found
cannot appear before the insert. An id that is found is answered with the message stored under it, even where its sender is no
longer in the room: that message was sent. They get it as it was sent, and nothing of what became of it.

Longer than 300 lines: the statements of a batch and the loop between them depend on each other's order.
"""

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Final, Self
from unicodedata import normalize
from uuid import UUID

from msgspec import Struct, structs

from backchannel import rules
from backchannel.commands.attachments import check_claim, claim, write_claim
from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.commands.thread_replies import ThreadReplies
from backchannel.protocol import commands as declared
from backchannel.protocol import times
from backchannel.protocol.codec import encode
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.events import MessageCreated, Notification
from backchannel.protocol.results import SendResult
from backchannel.protocol.shapes import Message, Quote, Via
from backchannel.store import drafts, former_members, reads
from backchannel.store.listed import among, as_table
from backchannel.store.memberships import MEMBER
from backchannel.store.operation import Operation
from backchannel.store.render import excerpt, quote_from_row, user_columns
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
)
from backchannel.store.uploads import lock_uploads
from backchannel.text_rules import KEY_LENGTH, fold

MENTIONS_IN_ONE_MESSAGE: Final = 50
_MENTION: Final = re.compile(r"(?<![\w@])@([^\W_](?:[\w.-]{0,148}[^\W_])?)")
"""A site may have usernames of any letters, in any case. Signs at the end belong to the sentence."""


@executes(declared.SendMessage)
class SendMessage(Operation, frozen=True, kw_only=True):
    is_batchable: ClassVar[bool] = True

    id: UUID
    room_id: int
    content: str
    reply_to: UUID | None = None
    attachments: tuple[UUID, ...] = ()
    thread: UUID | None = None
    in_room: bool = False
    at_us: int | None = None
    """When it was sent, for imports; None: the time of the commit."""
    sent_as: str | None = None
    """The text that the client sent, if the site's policy changed it to `content`. Retries are recognised by it."""
    is_from_site: bool = False
    """Sent by the site itself, which is a member of no room."""
    draft_rev: int | None = None
    """The version of the sender's draft that is cleared with it."""
    via: Via | None = None

    @classmethod
    def build(cls, command: declared.SendMessage, caller: Caller, context: Context) -> Self:
        rules.check_content(command.content, context.limits.content_bytes, may_be_blank=bool(command.attachments))
        if len(set(command.attachments)) < len(command.attachments):
            raise invalid(attachments="Names an upload twice.")
        return cls(
            actor=caller.user,
            id=command.id or new_message_id(),
            room_id=command.room_id,
            content=command.content,
            reply_to=command.reply_to,
            attachments=tuple(command.attachments),
            thread=command.thread,
            in_room=command.in_room,
            draft_rev=command.draft_rev,
            via=caller.via,
        )

    def made_of(self, sent: Struct) -> Self:
        """Keeps the text that the client sent, by which a retry is recognised."""
        assert isinstance(sent, declared.SendMessage)
        return structs.replace(self, sent_as=sent.content)

    @property
    def size(self) -> int:
        return len(self.content)

    def rooms_to_lock(self) -> Sequence[int]:
        return (self.room_id,)

    @property
    def fingerprint(self) -> bytes:
        """Distinguishes a retry from another message under the same id, without keeping a body that was erased since."""
        target = self.reply_to.bytes if self.reply_to else b""
        # Without files as it has always been, so that fingerprints of old hold.
        files = (
            blake2b(b"".join(id_.bytes for id_ in self.attachments), digest_size=16).digest()
            if self.attachments
            else b""
        )
        return blake2b(
            target + (self.content if self.sent_as is None else self.sent_as).encode(),
            digest_size=16,
            key=self.id.bytes + (b"in_room" if self.in_room else b""),
            person=files,
            salt=self.thread.bytes if self.thread else b"",
        ).digest()

    @classmethod
    def apply_all(cls, transaction: Transaction, run: "Sequence[tuple[SendMessage, Outcome]]") -> None:
        sends = [send for send, _ in run]
        stored = _look_up_ids(transaction, [send.id for send in sends])
        members = _look_up_members(transaction, sends)
        replied_to = {send.reply_to for send in sends if send.reply_to}
        quotes = _look_up_quotes(transaction, replied_to)
        mentioned = _look_up_mentions(transaction, sends)
        files = lock_uploads(transaction, {id_ for send in sends for id_ in send.attachments})
        with_files: list[Message] = []
        drafted: list[drafts.Sent] = []
        threads = ThreadReplies(transaction, sends)

        rows: list[tuple[Any, ...]] = []
        uuid = transaction.uuid
        mention_rows: list[tuple[int, int, int]] = []
        repeats: list[tuple[SendMessage, Outcome, _Stored]] = []
        for number, (send, outcome) in enumerate(run):
            fingerprint = send.fingerprint
            try:
                earlier = stored.get(send.id)
                if earlier is not None:
                    _check_same(send, fingerprint, earlier)
                    repeats.append((send, outcome, earlier))
                    continue
                room = transaction.room(send.room_id)
                if (send.room_id, send.actor.id) not in members and not send.is_from_site:
                    raise transaction.no_member(room, send.actor.id)
                quote = _check_quote(send, quotes) if send.reply_to else None
                check_claim(files, send.attachments, room.id, send.actor.id)
                threads.check(send, room)
            except CommandError as error:
                outcome.error = error
                continue

            seq = transaction.next_seq(room)
            at_us, at = transaction.at_us, transaction.at
            if send.at_us:
                at_us, at = send.at_us, times.to_wire(send.at_us)
            mentions: list[int] = []
            if mentioned:
                mentions = [user for user in mentioned.get(number, ()) if user != send.actor.id]
                mention_rows += [(user, room.id, seq) for user in mentions]
            message = Message(
                send.id, room.id, seq, seq, send.actor, send.content, quote, at, None, False, [], [], mentions,
                thread=send.thread, in_room=send.in_room,
            )  # fmt: skip
            if send.attachments:
                message.attachments = claim(files, send.attachments, send.id)
                with_files.append(message)
            rows.append((
                uuid(send.id), room.id, seq, seq, send.actor.id, send.content, send.reply_to and uuid(send.reply_to),
                fingerprint, at_us, False, encode(mentions).decode() if mentions else "[]",
                send.thread and uuid(send.thread), None if send.in_room or send.thread is None else True, send.via,
            ))  # fmt: skip
            threads.add(message, at_us, outcome)
            if send.draft_rev is not None:
                place = drafts.Place(send.actor.id, room.id, send.thread)
                drafted.append(drafts.Sent(place, send.draft_rev, send.content, outcome))
            outcome.result = SendResult(message, duplicate=False)
            outcome.events.append(
                CommittedEvent(room.id, seq, encode(MessageCreated(room_id=room.id, seq=seq, at=at, message=message)))
            )
            stored[send.id] = _Stored(room.id, send.actor.id, fingerprint, message)
            if replied_to and send.id in replied_to:
                quotes[send.id] = (room.id, Quote(send.id, seq, send.actor, excerpt(send.content, message.attachments)))
            if mentions or quote:
                _notify(transaction, outcome, message)

        if rows:
            _insert(transaction, rows)
        for message in with_files:
            write_claim(transaction, message)
        if mention_rows:
            transaction.execute_many(
                f"INSERT INTO {MENTION} (person_id, room_id, seq) VALUES (%s, %s, %s)", mention_rows
            )
        threads.write()
        if drafted:
            drafts.clear_sent(transaction, drafted)
        if repeats:
            _answer_repeats(transaction, repeats, members)


def new_message_id() -> UUID:
    """A UUIDv7: milliseconds of the time of day, then randomness; sorts roughly by time, which B-trees like."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


@dataclass(slots=True)
class _Stored:
    """The message under an id."""

    room_id: int
    sender_id: int
    fingerprint: bytes
    message: Message | None = None
    """The message as this batch stores it; None if it was stored before."""


_INSERT_INTO = (
    f"INSERT INTO {MESSAGE} (id, room_id, seq, rev_seq, sender_id, content, reply_to, fingerprint, created_us, deleted, "
    "mentions, thread, beside, via, reactions, attachments) "
)
_INSERT = f"{_INSERT_INTO}VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '[]', '[]')"
_INSERT_JSON = (
    f"{_INSERT_INTO}SELECT (m->>0)::uuid, (m->>1)::bigint, (m->>2)::bigint, (m->>3)::bigint, (m->>4)::bigint, m->>5, "
    "(m->>6)::uuid, decode(m->>7, 'base64'), (m->>8)::bigint, (m->>9)::boolean, m->>10, "
    "(m->>11)::uuid, (m->>12)::boolean, m->>13, '[]', '[]' "
    "FROM jsonb_array_elements(%s::jsonb) AS m"
)


def _insert(transaction: Transaction, rows: list[tuple[Any, ...]]) -> None:
    """All rows in one statement on PostgreSQL: as one JSON text, since its driver spends more on each single value."""
    if transaction.is_postgres:
        transaction.execute(_INSERT_JSON, [encode(rows).decode()])
    else:
        transaction.execute_many(_INSERT, rows)


def _look_up_ids(transaction: Transaction, ids: list[UUID]) -> dict[UUID, _Stored]:
    is_sent, values = among("id", "uuid", [*map(transaction.uuid, ids)], is_postgres=transaction.is_postgres)
    rows = transaction.query(f"SELECT id, room_id, sender_id, fingerprint FROM {MESSAGE} WHERE {is_sent}", values)
    return {
        from_db_uuid(id_): _Stored(room_id, sender_id, bytes(fingerprint))
        for id_, room_id, sender_id, fingerprint in rows
    }


def _look_up_members(transaction: Transaction, sends: Sequence[SendMessage]) -> set[tuple[int, int]]:
    pairs = sorted({(send.room_id, send.actor.id) for send in sends})
    # Row by row: a join may be planned as one with all members, while PostgreSQL does not yet know how many there are.
    senders, values = as_table("sender", ("bigint", "bigint"), pairs, is_postgres=transaction.is_postgres)
    rows = transaction.query(
        f"SELECT column1, column2 FROM {senders} WHERE "
        f"(SELECT state FROM {MEMBERSHIP} WHERE room_id = column1 AND person_id = column2) = %s",
        [*values, MEMBER],
    )
    return {(room_id, person_id) for room_id, person_id in rows}


def _look_up_quotes(transaction: Transaction, ids: set[UUID]) -> dict[UUID | None, tuple[int, Quote]]:
    """The messages replied to, with the room each is in."""
    if not ids:
        return {}
    is_quoted, values = among("m.id", "uuid", [*map(transaction.uuid, ids)], is_postgres=transaction.is_postgres)
    rows = transaction.query(
        f"SELECT m.room_id, m.id, m.seq, m.content, m.attachments, {user_columns('p')} FROM {MESSAGE} m "
        f"JOIN {PERSON} p ON p.id = m.sender_id WHERE {is_quoted}",
        values,
    )
    found = ((room_id, quote_from_row(quoted)) for room_id, *quoted in rows)
    return {quote.id: (room_id, quote) for room_id, quote in found}


def _look_up_mentions(transaction: Transaction, sends: Sequence[SendMessage]) -> dict[int, list[int]]:
    """The place of a send in the batch → the members that it names, in the order of their first naming. Not by message id: a client
    at fault may send one id twice with different text, of which the first is stored."""
    named: dict[int, list[str]] = {}
    for number, send in enumerate(sends):
        if "@" in send.content:
            typed = list(dict.fromkeys(_MENTION.findall(normalize("NFC", send.content))))
            if typed:
                named[number] = typed[:MENTIONS_IN_ONE_MESSAGE]
    if not named:
        return {}
    rooms = {sends[number].room_id for number in named}
    keys = {fold(name)[:KEY_LENGTH] for names in named.values() for name in names}
    rows = transaction.query(
        f"SELECT DISTINCT mb.room_id, p.username, p.id FROM {NAME_KEY} k JOIN {PERSON} p ON p.id = k.person_id "
        f"JOIN {MEMBERSHIP} mb ON mb.person_id = p.id "
        f"WHERE k.key IN ({marks(keys)}) AND mb.state = %s AND mb.room_id IN ({marks(rooms)}) ORDER BY p.id",
        [*keys, MEMBER, *rooms],
    )
    # The keys are of all names, and forgive accents; a mention forgives the case of a username alone.
    members: dict[tuple[int, str], dict[str, int]] = {}
    for room_id, username, person_id in rows:
        members.setdefault((room_id, _caseless(username)), {})[username] = person_id
    found = {}
    for number, names in named.items():
        room_id = sends[number].room_id
        alike = [(name, members.get((room_id, _caseless(name)), {})) for name in names]
        ids = [[those[name]] if name in those else list(those.values()) for name, those in alike]
        found[number] = list(dict.fromkeys(id_ for each in ids for id_ in each))
    return found


def _caseless(name: str) -> str:
    return name.lower() if name.isascii() else normalize("NFKC", normalize("NFKC", name).casefold())


def _check_same(send: SendMessage, fingerprint: bytes, earlier: _Stored) -> None:
    same = (send.room_id, send.actor.id, fingerprint) == (
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


def _check_quote(send: SendMessage, quotes: Mapping[UUID | None, tuple[int, Quote]]) -> Quote | None:
    room_id, quote = quotes.get(send.reply_to, (None, None))
    if room_id != send.room_id:
        raise invalid(reply_to="There is no such message in this room.")
    return quote


def _notify(transaction: Transaction, outcome: Outcome, message: Message) -> None:
    """Tell the people who were named, and whom the message answers."""
    words = excerpt(message.content, message.attachments)

    def note(user_id: int, kind: Any) -> None:
        transaction.notify_user(
            outcome,
            user_id,
            lambda version: Notification(
                user_version=version,
                kind=kind,
                room_id=message.room_id,
                message_id=message.id,
                by=message.sender,
                seq=message.seq,
                excerpt=words,
            ),
        )

    for user_id in message.mentions:
        note(user_id, "mention")
    answered = message.reply_to.sender.id if message.reply_to else None
    if answered is None or answered == message.sender.id or answered in message.mentions:
        return
    membership = transaction.membership(message.room_id, answered)
    if membership and membership.state == MEMBER:
        note(answered, "reply")


def _answer_repeats(
    transaction: Transaction, repeats: "Sequence[tuple[SendMessage, Outcome, _Stored]]", members: set[tuple[int, int]]
) -> None:
    """A member's retry gets the message as it is now, anybody else's as it was sent."""
    earlier_ids = [send.id for send, _, stored in repeats if stored.message is None]
    earlier = reads.messages_by_id(transaction.connection, earlier_ids)
    for send, outcome, stored in repeats:
        message = stored.message or earlier[send.id]
        if (send.room_id, send.actor.id) not in members and not send.is_from_site:
            message = former_members.as_it_was_sent(message, send.content)
        outcome.result = SendResult(message, duplicate=True)
        outcome.is_repeat = True
