"""Notes which people a message may concern. The notifier decides a few seconds later what becomes of it."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db import connection

from backchannel.followers.follower import Follower
from backchannel.notifications.addressing import addressed_by, has_keyword, keywords_from, words_in
from backchannel.notifications.decision import TOO_OLD_S, WAIT_S, Concern, Facts, Why, is_reason, reason_for
from backchannel.protocol import times
from backchannel.protocol.codec import encode
from backchannel.protocol.events import MessageCreated
from backchannel.protocol.shapes import Message
from backchannel.store import notifications, reads
from backchannel.store.clock import now_us
from backchannel.store.followers import Stretch
from backchannel.store.notifications import Candidate, Listener
from backchannel.store.transaction import Transaction

SECOND_US: Final = 1_000_000


class NotificationFollower(Follower):
    """Each person and message once, for ever: by the cursor, and by the row that is kept after a reset, too. What is older than
    anything is notified of, as in an import or after a long stop, is passed over."""

    name = "notifications"
    batch = 500

    def prepare(self, stretches: Sequence[Stretch]) -> list[Candidate]:
        oldest_us = now_us() - int(TOO_OLD_S * SECOND_US)
        found = reads.events_in({room_id: (after, upto) for room_id, after, upto in stretches})
        messages = [
            event.message
            for events in found.values()
            for event in events
            if isinstance(event, MessageCreated)
            and not event.message.deleted
            and times.from_wire(event.message.created_at) > oldest_us
        ]
        return list(_candidates(messages))

    def apply(self, transaction: Transaction, stretches: Sequence[Stretch], prepared: list[Candidate]) -> None:
        if prepared:
            notifications.write_candidates(transaction, prepared)

    def clear(self, transaction: Transaction) -> None:
        """Rows of messages that would be notified of again stay, with what came of them."""
        notifications.forget_before(transaction, transaction.at_us - int(TOO_OLD_S * SECOND_US))


def _candidates(messages: Sequence[Message]) -> Iterable[Candidate]:
    followers = notifications.thread_followers(
        connection, {each.thread for each in messages if each.thread is not None}
    )
    named = {person for each in messages for person in (*each.mentions, *_answered(each), each.sender.id)}
    named |= {person for people in followers.values() for person in people}
    rooms = {each.room_id for each in messages}
    addressed = {each.room_id for each in messages if addressed_by(each.content, "owner", 0)}
    listeners: dict[int, list[Listener]] = {}
    for listener in notifications.listeners(rooms, named, addressed):
        listeners.setdefault(listener.room_id, []).append(listener)
    for message in messages:
        yield from _of(message, listeners.get(message.room_id, []), followers)


def _of(message: Message, listeners: Sequence[Listener], followers: dict[UUID, set[int]]) -> Iterable[Candidate]:
    sent_us = times.from_wire(message.created_at)
    roles = {listener.person_id: listener.role for listener in listeners}
    everybody = frozenset[str]()
    if listeners and "@" in message.content:
        everybody = addressed_by(message.content, roles.get(message.sender.id, "member"), listeners[0].member_count)
    words: str | None = None
    for listener in listeners:
        if listener.person_id == message.sender.id or listener.joined_seq > message.seq:
            continue
        concerns: set[Concern] = {Why.ROOM} if "room" in everybody else set()
        if "here" in everybody:
            concerns.add(Why.HERE)
        if listener.person_id in message.mentions:
            concerns.add(Why.MENTION)
        if listener.person_id in _answered(message):
            concerns.add(Why.REPLY)
        if message.thread is not None and listener.person_id in followers.get(message.thread, ()):
            concerns.add(Why.THREAD)
        if listener.keywords != "[]":
            words = words_in(message.content) if words is None else words
            if has_keyword(words, keywords_from(listener.keywords)):
                concerns.add(Why.KEYWORD)
        # Present or not is looked at when it is due, and so is everything else that may change until then.
        facts = Facts(
            is_direct=listener.kind == "direct", level=listener.level, concerns=frozenset(concerns),  # type: ignore[arg-type]
            is_in_thread_only=message.thread is not None and not message.in_room, presence="away",
        )  # fmt: skip
        if is_reason(reason_for(facts)):
            due_us = sent_us + int(WAIT_S * SECOND_US)
            yield Candidate(listener.person_id, message.id, encode(sorted(concerns)).decode(), sent_us, due_us)


def _answered(message: Message) -> tuple[int, ...]:
    return (message.reply_to.sender.id,) if message.reply_to else ()
