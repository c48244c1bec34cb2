"""A draft has one version in each place, and what was sent does not come back as a draft, in whatever order commands arrive."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.save_draft import SaveDraft
from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import Draft, User
from backchannel.store import drafts
from backchannel.store.drafts import Text
from backchannel.store.log import commit
from backchannel.store.models import Draft as DraftRow
from backchannel.store.operation import Operation
from tests.store.making import append, do, outcome, person, room, send


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database."""


@dataclass
class Scene:
    ada: User = field(default_factory=lambda: person("ada"))
    room_id: int = 0

    def __post_init__(self) -> None:
        self.room_id = room(self.ada)

    def saving(self, content: str, base_rev: int = 0, *, save_id: UUID | None = None, **rest: Any) -> SaveDraft:
        text = Text(content, rest.pop("reply_to", None), rest.pop("attachments", ()))
        return SaveDraft(
            actor=self.ada,
            room_id=self.room_id,
            thread=rest.pop("thread", None),
            text=text,
            base_rev=base_rev,
            save_id=save_id,
        )

    def save(self, content: str, base_rev: int = 0, **rest: Any) -> Draft:
        draft: Draft = do(self.saving(content, base_rev, **rest)).draft
        return draft

    @property
    def stored(self) -> list[tuple[str, UUID | None]]:
        """What is not empty."""
        return [(draft.content, draft.thread) for draft in drafts.drafts_of(self.ada.id) if draft.content]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def conflict(operation: Operation) -> Draft:
    """The version by which the operation is refused."""
    with pytest.raises(CommandError) as refused:
        do(operation)
    assert refused.value.data.code == "draft_conflict"
    assert refused.value.data.draft is not None
    return refused.value.data.draft


def test_a_version_replaces_only_the_one_it_was_written_from(scene: Scene) -> None:
    first = scene.save("On the phone")
    second = scene.save("On the desk", first.rev)
    assert second.rev > first.rev
    other = conflict(scene.saving("On the phone, later", first.rev))
    assert (other.content, other.rev) == ("On the desk", second.rev)
    assert conflict(scene.saving("Of a device that knew none")).rev == second.rev
    assert scene.stored == [("On the desk", None)]


def test_all_devices_receive_each_version_with_a_number(scene: Scene) -> None:
    (update,) = outcome(scene.saving("One")).updates
    frame = msgspec.json.decode(update.frame)
    assert (update.user_id, frame["type"], frame["draft"]["content"]) == (scene.ada.id, "draft", "One")
    assert frame["user_version"] == update.version


def test_the_same_again_changes_nothing(scene: Scene) -> None:
    save_id = uuid4()
    first = scene.save("One", save_id=save_id)
    for operation in (scene.saving("One", save_id=save_id), scene.saving("One"), scene.saving("One", first.rev)):
        answer = outcome(operation)
        assert (answer.result.draft.rev, answer.is_repeat, answer.updates) == (first.rev, True, [])


def test_rooms_and_threads_have_drafts_of_their_own(scene: Scene) -> None:
    root = send(scene.room_id, scene.ada)
    scene.save("In the room")
    scene.save("In the thread", thread=root.id)
    assert scene.stored == [("In the room", None), ("In the thread", root.id)]
    do(append(scene.room_id, scene.ada, "In the thread", thread=root.id, draft_rev=2**53 - 1))
    assert scene.stored == [("In the room", None)]


def test_a_send_clears_the_draft_it_was_written_in_together_with_its_event(scene: Scene) -> None:
    draft = scene.save("Hello.")
    sent = outcome(append(scene.room_id, scene.ada, "Hello, all.", draft_rev=draft.rev))
    assert scene.stored == []
    assert len(sent.events) == 1
    (frame,) = [msgspec.json.decode(update.frame) for update in sent.updates]
    assert (frame["type"], frame["draft"]["content"]) == ("draft", "")
    assert frame["draft"]["rev"] > draft.rev


def test_a_refused_send_leaves_the_draft(scene: Scene) -> None:
    draft = scene.save("Hello.")
    other_room = room(person("ben"))
    for operation in (
        append(other_room, scene.ada, "Hello.", draft_rev=draft.rev),
        append(scene.room_id, scene.ada, "Hello.", draft_rev=draft.rev, reply_to=uuid4()),
    ):
        assert outcome(operation).error is not None
    assert scene.stored == [("Hello.", None)]


def test_what_was_saved_later_on_another_device_outlives_the_send_unless_it_says_the_same(scene: Scene) -> None:
    first = scene.save("Hello.")
    scene.save("Something else", first.rev)
    send(scene.room_id, scene.ada, "Hello.", draft_rev=first.rev)
    assert scene.stored == [("Something else", None)]
    send(scene.room_id, scene.ada, " Something else\n", draft_rev=first.rev)
    assert scene.stored == []


def test_a_save_that_arrives_after_its_text_was_sent_is_refused(scene: Scene) -> None:
    """Also the first save of a place, of which nothing is stored when the message comes."""
    send(scene.room_id, scene.ada, "Hello.", draft_rev=0)
    cleared = conflict(scene.saving("Hello."))
    assert cleared.content == ""
    draft = scene.save("Next", cleared.rev)
    late = scene.saving("Next one", draft.rev)
    send(scene.room_id, scene.ada, "Next one", draft_rev=draft.rev)
    assert conflict(late).content == ""
    assert scene.stored == []


def test_a_retry_of_a_save_that_was_sent_meanwhile_learns_so(scene: Scene) -> None:
    save_id = uuid4()
    draft = scene.save("Hello.", save_id=save_id)
    send(scene.room_id, scene.ada, "Hello.", draft_rev=draft.rev)
    answer = scene.save("Hello.", save_id=save_id)
    assert (answer.content, answer.save_id) == ("", save_id)
    assert scene.stored == []


def test_a_message_without_a_draft_writes_none(scene: Scene) -> None:
    assert outcome(append(scene.room_id, scene.ada)).updates == []
    assert not DraftRow.objects.filter(person_id=scene.ada.id).exists()


def test_a_repeated_send_clears_no_draft_written_since(scene: Scene) -> None:
    message = append(scene.room_id, scene.ada, "Hello.", draft_rev=0)
    do(message)
    cleared = conflict(scene.saving("Hello."))
    scene.save("Next", cleared.rev)
    assert do(message).duplicate
    assert scene.stored == [("Next", None)]


def test_a_device_that_knows_a_version_which_is_no_longer_kept_is_refused(scene: Scene) -> None:
    draft = scene.save("Old")
    DraftRow.objects.filter(person_id=scene.ada.id).delete()
    assert conflict(scene.saving("Older", draft.rev)).rev == 0
    assert scene.save("New").rev > draft.rev


def test_drafts_are_limited_and_cleared_ones_give_way(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "DRAFTS", 3)
    roots = [send(scene.room_id, scene.ada).id for _ in range(4)]
    saved = [scene.save("x", thread=root) for root in roots[:3]]
    with pytest.raises(CommandError, match="3 drafts"):
        scene.save("x", thread=roots[3])
    send(scene.room_id, scene.ada, "x", thread=roots[3], draft_rev=0)  # a message is not refused for its draft
    scene.save("", saved[0].rev, thread=roots[0])
    scene.save("x", thread=roots[3])
    assert DraftRow.objects.filter(person_id=scene.ada.id).count() == 3


def test_all_drafts_together_are_limited_but_for_short_ones_and_those_that_shrink(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are one answer: 500 of the longest took 49 MB."""
    monkeypatch.setattr(drafts, "CHARACTERS", 10_000)
    roots = [send(scene.room_id, scene.ada).id for _ in range(3)]
    saved = scene.save("x" * 6000, thread=roots[0])
    longer = scene.save("x" * 9000, saved.rev, thread=roots[0])
    with pytest.raises(CommandError, match="9000 characters") as refused:
        scene.save("x" * 2049, thread=roots[1])
    assert refused.value.data.code == "quota_exceeded"
    scene.save("x" * 2048, thread=roots[1])
    shorter = scene.save("x" * 8900, longer.rev, thread=roots[0])
    with pytest.raises(CommandError, match="2048 characters"):
        scene.save("x" * 8901, shorter.rev, thread=roots[0])
    scene.save("", shorter.rev, thread=roots[0])
    scene.save("x" * 2049, thread=roots[2])


def test_a_draft_of_a_room_that_one_left_is_not_listed(scene: Scene) -> None:
    scene.save("Hello.")
    do(LeaveRoom(actor=scene.ada, room_id=scene.room_id))
    assert drafts.drafts_of(scene.ada.id) == []
    with pytest.raises(CommandError, match="not a member"):
        scene.save("More")


def test_a_quote_is_shown_and_must_be_of_the_room(scene: Scene) -> None:
    message = send(scene.room_id, scene.ada, "Quoted")
    draft = scene.save("", reply_to=message.id)
    assert draft.reply_to is not None
    assert (draft.reply_to.seq, draft.reply_to.excerpt) == (message.seq, "Quoted")
    elsewhere = send(room(scene.ada), scene.ada)
    with pytest.raises(CommandError, match="no such message"):
        scene.save("x", draft.rev, reply_to=elsewhere.id)


@dataclass
class Device:
    """Knows a version of the draft, and has typed a text that nobody typed before."""

    rev: int = 0
    text: str = ""


@pytest.mark.parametrize("seed", range(12))
def test_no_sent_text_is_a_draft_again_in_whatever_order_devices_are_received(scene: Scene, seed: int) -> None:
    random = Random(seed)
    devices = [Device() for _ in range(3)]
    under_way: list[Operation] = []
    sent: set[str] = set()
    for step in range(40):
        device = random.choice(devices)
        match random.randrange(6):
            case 0:
                device.text = f"text {step}"
                under_way.append(scene.saving(device.text, device.rev, save_id=uuid4()))
            case 1 if device.text:
                under_way.append(append(scene.room_id, scene.ada, device.text, draft_rev=device.rev))
                device.text = ""
            case 2:
                device.rev = drafts_rev(scene)
            case _ if under_way:
                operations = random.sample(under_way, random.randint(1, min(3, len(under_way))))
                commit(operations)
                for operation in operations:
                    if not isinstance(operation, SaveDraft):
                        sent.add(operation.content)  # type: ignore[attr-defined]
                    if random.random() < 0.7:  # else it comes again
                        under_way.remove(operation)
        assert not sent.intersection(content for content, _ in scene.stored)
    assert sent


def drafts_rev(scene: Scene) -> int:
    return max((draft.rev for draft in drafts.drafts_of(scene.ada.id)), default=0)
