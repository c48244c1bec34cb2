"""A scheduled message is sent once, under the id it was given, and what happens to it before that."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from backchannel.commands.cancel_scheduled import CancelScheduled
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.schedule_message import AHEAD_US, JUST_PASSED_US, ScheduleMessage
from backchannel.commands.send_scheduled import SendScheduled
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import Scheduled, User
from backchannel.store import erasing, people, scheduled
from backchannel.store.clock import now_us
from backchannel.store.models import Draft as DraftRow
from backchannel.store.models import Message as MessageRow
from backchannel.store.models import Scheduled as Row
from backchannel.store.operation import NOBODY
from backchannel.store.scheduled import Planned
from tests.store.making import append, do, outcome, person, room, send

HOUR_US = 3600 * 1_000_000


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database."""


class Scene:
    def __init__(self) -> None:
        self.ada, self.ben = person("ada"), person("ben")
        self.room_id = room(self.ben, self.ada)

    def scheduling(
        self, content: str = "Good morning.", *, at_us: int | None = None, by: User | None = None, **rest: Any
    ) -> ScheduleMessage:
        options = {name: rest.pop(name, None) for name in ("base_rev", "draft_rev")}
        actor = by or self.ada
        planned = Planned(
            rest.get("id") or uuid4(), actor.id, self.room_id, at_us or now_us() + HOUR_US, content,
            rest.get("reply_to"), rest.get("thread"), rest.get("in_room", False), rest.get("attachments", ()), "waiting", 0,
        )  # fmt: skip
        return ScheduleMessage(actor=actor, planned=planned, **options)

    def schedule(self, content: str = "Good morning.", **rest: Any) -> Scheduled:
        made: Scheduled = do(self.scheduling(content, **rest)).scheduled
        return made

    def let_pass(self, id_: UUID) -> None:
        """Its time comes."""
        Row.objects.filter(pk=id_).update(at_us=now_us() - 1)

    def cancelling(self, id_: UUID, by: User | None = None) -> CancelScheduled:
        return CancelScheduled(actor=by or self.ada, id=id_)

    @property
    def sent(self) -> list[str]:
        return list(MessageRow.objects.filter(room_id=self.room_id).order_by("seq").values_list("content", flat=True))


@pytest.fixture
def scene() -> Scene:
    Row.objects.all().delete()
    return Scene()


def sending(planned: Planned, **rest: Any) -> SendScheduled:
    return SendScheduled(actor=NOBODY, planned=planned, content=rest.pop("content", planned.content), **rest)


def send_due() -> list[str]:
    """As a node does. Returns the types of the frames that this person's devices get, in order."""
    frames = []
    for planned in scheduled.due(100):
        for update in outcome(sending(planned)).updates:
            frame = msgspec.json.decode(update.frame)
            frames.append(frame["scheduled"]["state"] if frame["type"] == "scheduled" else frame["type"])
    return frames


def code_of(operation: Any) -> str:
    with pytest.raises(CommandError) as refused:
        do(operation)
    return refused.value.code.word


def test_it_waits_for_its_time_and_is_sent_under_its_id(scene: Scene) -> None:
    made = scene.schedule()
    assert send_due() == []
    assert [each.id for each in scheduled.scheduled_of(scene.ada.id)] == [made.id]
    scene.let_pass(made.id)
    assert send_due() == ["sent"]
    row = MessageRow.objects.get(pk=made.id)
    assert (row.sender_id, row.content, row.via) == (scene.ada.id, "Good morning.", "schedule")
    assert scheduled.scheduled_of(scene.ada.id) == []
    assert send_due() == []


def test_a_second_node_that_read_it_as_well_sends_nothing(scene: Scene) -> None:
    scene.let_pass(scene.schedule().id)
    (planned,) = scheduled.due(100)
    assert len(outcome(sending(planned)).events) == 1
    assert (outcome(sending(planned)).events, scene.sent) == ([], ["Good morning."])


def test_a_row_that_comes_back_does_not_send_its_message_again(scene: Scene) -> None:
    """As after a restore of that table alone."""
    scene.let_pass(scene.schedule().id)
    row = Row.objects.get()
    send_due()
    row.save(force_insert=True)
    assert send_due() == ["sent"]
    assert scene.sent == ["Good morning."]


def test_a_change_after_a_node_read_it_counts(scene: Scene) -> None:
    made = scene.schedule()
    scene.let_pass(made.id)
    (planned,) = scheduled.due(100)
    scene.schedule("Good evening.", id=made.id, base_rev=made.rev)
    assert (outcome(sending(planned)).events, scene.sent) == ([], [])
    scene.let_pass(made.id)
    send_due()
    assert scene.sent == ["Good evening."]


def test_a_cancellation_after_a_node_read_it_counts(scene: Scene) -> None:
    made = scene.schedule()
    scene.let_pass(made.id)
    (planned,) = scheduled.due(100)
    cancelled = do(scene.cancelling(made.id)).scheduled
    assert (cancelled.state, cancelled.content) == ("cancelled", "")
    assert (outcome(sending(planned)).events, scene.sent) == ([], [])


def test_a_late_retry_does_not_bring_back_what_was_cancelled(scene: Scene) -> None:
    first = scene.scheduling()
    made = do(first).scheduled
    do(scene.cancelling(made.id))
    assert outcome(scene.cancelling(made.id)).is_repeat
    assert code_of(first) == "schedule_cancelled"
    assert scheduled.scheduled_of(scene.ada.id) == []


def test_the_same_again_changes_nothing_and_a_stale_change_is_refused(scene: Scene) -> None:
    first = scene.scheduling(base_rev=0)
    made = do(first).scheduled
    assert outcome(first).is_repeat
    changed = scene.schedule("Later.", id=made.id, base_rev=made.rev)
    assert changed.rev > made.rev
    assert code_of(scene.scheduling("Earlier.", id=made.id, base_rev=made.rev)) == "schedule_conflict"
    assert code_of(first) == "schedule_conflict"  # its first try arrives late
    assert [each.content for each in scheduled.scheduled_of(scene.ada.id)] == ["Later."]


def test_what_was_sent_can_neither_be_changed_nor_cancelled(scene: Scene) -> None:
    first = scene.scheduling()
    made = do(first).scheduled
    scene.let_pass(made.id)
    send_due()
    assert (code_of(first), code_of(scene.cancelling(made.id))) == ("already_sent", "already_sent")


def test_a_message_sent_by_hand_under_the_same_id_is_not_sent_again(scene: Scene) -> None:
    made = scene.schedule()
    send(scene.room_id, scene.ada, "Now, in other words.", id=made.id)
    scene.let_pass(made.id)
    assert send_due() == ["sent"]
    assert scene.sent == ["Now, in other words."]


def test_who_left_the_room_sends_nothing_and_keeps_the_text(scene: Scene) -> None:
    made = scene.schedule()
    do(LeaveRoom(actor=scene.ada, room_id=scene.room_id))
    scene.let_pass(made.id)
    assert send_due() == ["failed"]
    (kept,) = scheduled.scheduled_of(scene.ada.id)
    assert (kept.state, kept.code, kept.content) == ("failed", "not_a_member", "Good morning.")
    assert (send_due(), scene.sent) == ([], [])
    assert do(scene.cancelling(made.id)).scheduled.state == "cancelled"


def test_a_message_that_could_not_be_sent_waits_again_when_it_is_changed(scene: Scene) -> None:
    made = scene.schedule()
    scene.let_pass(made.id)
    (planned,) = scheduled.due(100)
    refusal = CommandError(Code.FORBIDDEN, "Not on Sundays.")
    do(sending(planned, refusal=refusal))
    (kept,) = scheduled.scheduled_of(scene.ada.id)
    assert (kept.code, kept.detail) == ("forbidden", "Not on Sundays.")
    again = scene.schedule(id=made.id, base_rev=kept.rev)
    assert (again.state, again.code, again.detail) == ("waiting", None, None)


def test_what_the_sites_policy_made_of_the_text_is_sent(scene: Scene) -> None:
    made = scene.schedule("Damn.")
    scene.let_pass(made.id)
    (planned,) = scheduled.due(100)
    do(sending(planned, content="****."))
    assert scene.sent == ["****."]
    retry = append(scene.room_id, scene.ada, "****.", id=made.id, sent_as="Damn.")
    assert do(retry).duplicate


def test_who_may_not_use_the_chat_any_more_sends_nothing(scene: Scene) -> None:
    scene.let_pass(scene.schedule().id)
    people.set_person_active(scene.ada.id, False)
    assert send_due() == ["failed"]
    assert scene.sent == []


def test_who_is_erased_leaves_nothing_that_waits(scene: Scene) -> None:
    scene.schedule(draft_rev=0)
    erasing.forget_account(scene.ada.id)
    assert not Row.objects.exists()
    assert not DraftRow.objects.filter(person_id=scene.ada.id).exists()


def test_a_time_is_at_most_a_year_ahead_and_has_just_passed_at_most(scene: Scene) -> None:
    for at_us in (now_us() + AHEAD_US + HOUR_US, now_us() - JUST_PASSED_US - HOUR_US):
        assert code_of(scene.scheduling(at_us=at_us)) == "invalid"
    made = scene.schedule(at_us=now_us())
    assert send_due() == ["sent"]
    assert MessageRow.objects.filter(pk=made.id).exists()


def test_a_change_to_a_time_that_has_passed_sends_it_now(scene: Scene) -> None:
    made = scene.schedule()
    changed = scene.schedule(id=made.id, at_us=1, base_rev=made.rev)
    assert changed.at != made.at
    assert not changed.at.startswith("1970")
    assert code_of(scene.scheduling(id=made.id, at_us=1, base_rev=made.rev)) == "schedule_conflict"
    assert send_due() == ["sent"]
    assert code_of(scene.scheduling(id=made.id, at_us=1, base_rev=made.rev)) == "already_sent"


def test_the_number_of_messages_that_wait_is_limited(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "SCHEDULED_MESSAGES", 2)
    first, _ = scene.schedule(), scene.schedule()
    assert code_of(scene.scheduling()) == "quota_exceeded"
    scene.schedule("Changed.", id=first.id)
    do(scene.cancelling(first.id))
    scene.schedule()


def test_another_persons_scheduled_message_is_neither_shown_nor_changed(scene: Scene) -> None:
    made = scene.schedule()
    assert scheduled.scheduled_of(scene.ben.id) == []
    assert code_of(scene.cancelling(made.id, scene.ben)) == "scheduled_not_found"
    assert code_of(scene.scheduling("Mine", id=made.id, by=scene.ben)) == "id_reused"
    taken = send(scene.room_id, scene.ben).id
    assert code_of(scene.scheduling(id=taken)) == "id_reused"
    assert code_of(scene.cancelling(taken)) == "scheduled_not_found"


def test_an_id_that_somebody_else_took_meanwhile_fails(scene: Scene) -> None:
    made = scene.schedule()
    send(scene.room_id, scene.ben, id=made.id)
    scene.let_pass(made.id)
    assert send_due() == ["failed"]
    (kept,) = scheduled.scheduled_of(scene.ada.id)
    assert kept.code == "id_reused"


def test_scheduling_clears_the_draft_it_was_written_in(scene: Scene) -> None:
    made = outcome(scene.scheduling(draft_rev=0))
    frames = [msgspec.json.decode(update.frame)["type"] for update in made.updates]
    assert frames == ["scheduled", "draft"]
