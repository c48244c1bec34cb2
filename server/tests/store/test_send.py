"""Mentions, quotes and notifications of a message."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.leave_room import LeaveRoom
from backchannel.protocol.errors import Code
from backchannel.protocol.shapes import User
from backchannel.store import reads
from backchannel.store.log import commit
from backchannel.store.models import Mention, Person
from tests.store.making import append, do, outcome, person, room, send


def notifications(made: Any) -> list[tuple[int, str]]:
    frames = [(each.user_id, msgspec.json.decode(each.frame)) for each in made.updates]
    return [(user_id, frame["kind"]) for user_id, frame in frames if frame["type"] == "notification"]


def test_a_notification_carries_the_beginning_of_its_message_and_its_seq(three: tuple[User, User, User, int]) -> None:
    ada, ben, cyd, room_id = three
    question = send(room_id, cyd, "A question.")
    made = outcome(append(room_id, ada, f"@{ben.username}  look:\n{'x' * 500}", reply_to=question.id))
    frames = [msgspec.json.decode(each.frame) for each in made.updates]
    assert [frame["kind"] for frame in frames] == ["mention", "reply"]
    for frame in frames:
        assert frame["excerpt"].startswith(f"@{ben.username} look: xxx")
        assert len(frame["excerpt"]) == 140
        assert frame["seq"] == question.seq + 1


@pytest.fixture
def three() -> tuple[User, User, User, int]:
    ada, ben, cyd = person("ada"), person("ben"), person("cyd")
    return ada, ben, cyd, room(ada, ben, cyd)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("@{ben}", "ben"),
        ("Hello @{ben}, and @{cyd}!", "ben cyd"),
        ("@{cyd} @{ben} @{cyd}", "cyd ben"),
        ("@{BEN}.", "ben"),
        ("(@{ben})", "ben"),
        ("@{ada} speaks of herself", ""),
        ("mail ben@{ben}.example", ""),
        ("@@{ben}", ""),
        ("@{ben}x is somebody else", ""),
        ("@nobody @ @. @-", ""),
        ("no at all", ""),
    ],
)
def test_members_are_mentioned_by_name(three: tuple[User, User, User, int], content: str, named: str) -> None:
    ada, ben, cyd, room_id = three
    text = content.format(ada=ada.username, ben=ben.username, cyd=cyd.username, BEN=ben.username.upper())
    made = outcome(append(room_id, ada, text))
    expected = [{"ben": ben, "cyd": cyd}[name].id for name in named.split()]
    assert made.result.message.mentions == expected
    assert sorted(notifications(made)) == sorted((user_id, "mention") for user_id in expected)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("@Анна", "Анна"),
        ("@анна, @АННА.", "Анна"),
        ("@Özlem", "Özlem"),
        ("@O\u0308ZLEM", "Özlem"),
        ("@Ben", "Ben"),
        ("@ben", "ben"),
        ("@BEN", "Ben ben"),
        ("@ozlem", ""),
        ("@Lovelace", ""),
    ],
    ids=ascii,
)
def test_usernames_of_any_letters_are_mentioned_whatever_their_case(content: str, named: str) -> None:
    """Of two names that differ only in case, the exact one is mentioned, or else both."""
    there = {}
    for name in ("Анна", "Özlem", "Ben", "ben"):
        rest = {"account": f"{uuid4()}", "display_name": "Ada Lovelace"}
        row, _ = Person.objects.get_or_create(username=name, defaults=rest)
        there[name] = User(row.pk, name, row.display_name)
    ada = person("ada")
    made = outcome(append(room(ada, *there.values()), ada, content))
    assert made.result.message.mentions == [there[name].id for name in named.split()]


def test_a_non_member_is_not_mentioned(three: tuple[User, User, User, int]) -> None:
    ada, ben, _, room_id = three
    stranger = person()
    do(LeaveRoom(actor=ben, room_id=room_id))
    made = outcome(append(room_id, ada, f"@{stranger.username} @{ben.username}"))
    assert made.result.message.mentions == []
    assert made.updates == []


def test_a_mention_survives_an_edit_but_not_a_deletion(three: tuple[User, User, User, int]) -> None:
    ada, ben, cyd, room_id = three
    message = send(room_id, ada, f"@{ben.username}")
    edited = do(EditMessage(actor=ada, message_id=message.id, content=f"@{cyd.username}", base_seq=None))
    assert edited.message.mentions == [ben.id]
    deleted = do(DeleteMessage(actor=ada, message_id=message.id))
    assert deleted.message.mentions == [ben.id]
    assert not Mention.objects.filter(room_id=room_id).exists()


def test_a_reply_notifies_the_quoted_author_once(three: tuple[User, User, User, int]) -> None:
    ada, ben, _, room_id = three
    message = send(room_id, ben, "A question.")
    assert notifications(outcome(append(room_id, ada, "Yes.", reply_to=message.id))) == [(ben.id, "reply")]
    both = append(room_id, ada, f"@{ben.username}: yes.", reply_to=message.id)
    assert notifications(outcome(both)) == [(ben.id, "mention")]
    assert notifications(outcome(append(room_id, ben, "My own.", reply_to=message.id))) == []
    do(LeaveRoom(actor=ben, room_id=room_id))
    assert notifications(outcome(append(room_id, ada, "You there?", reply_to=message.id))) == []


def test_a_retry_sends_no_second_notification(three: tuple[User, User, User, int]) -> None:
    ada, ben, _, room_id = three
    said = append(room_id, ada, f"@{ben.username}")
    assert len(outcome(said).updates) == 1
    again = outcome(said)
    assert (again.result.duplicate, again.updates, again.events) == (True, [], [])


def test_a_quote_shows_the_message_as_it_is_now(three: tuple[User, User, User, int]) -> None:
    ada, ben, _, room_id = three
    quoted = send(room_id, ben, "First line\n\n  second " + "x" * 200)
    answer = send(room_id, ada, "Yes.", reply_to=quoted.id)
    assert answer.reply_to is not None
    assert (answer.reply_to.id, answer.reply_to.seq, answer.reply_to.sender) == (quoted.id, quoted.seq, ben)
    assert answer.reply_to.excerpt == ("First line second " + "x" * 200)[:139] + "…"

    def excerpt_now() -> str:
        (shown,) = reads.page_after(room_id, answer.seq - 1, 1)
        assert shown.reply_to is not None
        return shown.reply_to.excerpt

    do(EditMessage(actor=ben, message_id=quoted.id, content="Better.", base_seq=None))
    assert excerpt_now() == "Better."
    do(DeleteMessage(actor=ben, message_id=quoted.id))
    assert excerpt_now() == ""


def test_a_message_may_answer_one_of_the_same_batch(three: tuple[User, User, User, int]) -> None:
    ada, ben, _, room_id = three
    question = append(room_id, ben, "Question?")
    answers = commit([question, append(room_id, ada, "Answer.", reply_to=question.id)])
    assert [each.result.message.seq for each in answers] == [1, 2]
    assert answers[1].result.message.reply_to.excerpt == "Question?"


def test_a_message_answers_none_of_another_room(three: tuple[User, User, User, int]) -> None:
    ada, _, _, room_id = three
    other = send(room(ada), ada)
    error = outcome(append(room_id, ada, "?", reply_to=other.id)).error
    assert error is not None
    assert (error.code, list(error.errors or {})) == (Code.INVALID, ["reply_to"])


def test_a_tombstone_keeps_its_position_but_no_content(three: tuple[User, User, User, int]) -> None:
    ada, _, _, room_id = three
    message = send(room_id, ada, "Secret.")
    do(EditMessage(actor=ada, message_id=message.id, content="Secret!", base_seq=None))
    do(DeleteMessage(actor=ada, message_id=message.id))
    (shown,) = reads.page_after(room_id, 0, 10)
    assert (shown.id, shown.seq, shown.rev_seq, shown.sender, shown.created_at) == (
        message.id, 1, 3, ada, message.created_at
    )  # fmt: skip
    assert (shown.content, shown.deleted, shown.edited_at, shown.reactions) == ("", True, None, [])
    events = reads.events_after({room_id: 0}, 10)[room_id]
    assert [event.seq for event in events] == [1, 2, 3]
    assert b"Secret" not in msgspec.json.encode(events)


def test_a_message_mentions_whom_it_names_and_not_whom_a_refused_one_under_its_id_names(
    three: tuple[User, User, User, int],
) -> None:
    ada, ben, cyd, room_id = three
    first = append(room_id, ada, f"@{ben.username}")
    made, refused = commit([first, append(room_id, ada, f"@{cyd.username}", id=first.id)])
    assert made.result.message.mentions == [ben.id]
    assert notifications(made) == [(ben.id, "mention")]
    assert [each.person_id for each in Mention.objects.filter(room_id=room_id)] == [ben.id]
    assert refused.error is not None
    assert (refused.error.code, refused.updates) == (Code.ID_REUSED, [])
