"""A browser gets no push messages any more when the sign-in that it subscribed with has ended."""

from collections.abc import Iterator

import pytest

from backchannel.accounts.identity import Ended
from backchannel.accounts.running_chats import announce_ended
from backchannel.commands.subscribe_push import SubscribePush
from backchannel.protocol.shapes import User
from backchannel.store import notifications
from backchannel.store.clock import now_us
from backchannel.store.models import PersonNotification, PushMessage, PushSubscription
from backchannel.store.push_subscriptions import Subscription
from tests.store.making import do, person, room, send

HOUR_US = 3600 * 1_000_000


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database."""


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    for model in (PushMessage, PushSubscription, PersonNotification):
        model.objects.all().delete()


def subscribe(who: User, device: str, credential: str, ends_us: int | None = None) -> None:
    given = Subscription(
        device, f"https://fcm.googleapis.com/{device}", "p", "a", "https://chat.example/", credential, ends_us
    )
    do(SubscribePush(actor=who, subscription=given))


def devices() -> list[str]:
    return sorted(PushSubscription.objects.values_list("device", flat=True))


def test_of_the_sign_in_that_ended_and_no_other() -> None:
    ada = person()
    subscribe(ada, "lost-phone", "session:1")
    subscribe(ada, "my-laptop", "session:2")
    announce_ended(Ended(credential="session:1"))
    assert devices() == ["my-laptop"]


def test_of_all_sign_ins_of_a_person_who_was_banned_or_has_another_password() -> None:
    ada, ben = person(), person()
    subscribe(ada, "ada-phone", "session:1")
    subscribe(ben, "ben-phone", "session:2")
    announce_ended(Ended(user_id=ada.id))
    assert devices() == ["ben-phone"]


def test_what_waits_to_be_sent_goes_with_it() -> None:
    ada, ben = person(), person()
    subscribe(ben, "ben-phone", "session:1")
    message = send(room(ada, ben, kind="direct"), ada)
    row = PersonNotification.objects.create(person_id=ben.id, message_id=message.id, made_us=now_us(), due_us=0)
    PushMessage.objects.create(notification=row, subscription=PushSubscription.objects.get(), due_us=0)
    announce_ended(Ended(credential="session:1"))
    assert not PushMessage.objects.exists()


@pytest.mark.parametrize(("ends_in_us", "is_void"), [(HOUR_US, False), (-1, True), (None, False)])
def test_a_sign_in_that_ended_by_itself_gets_nothing(ends_in_us: int | None, is_void: bool) -> None:
    ada, ben = person(), person()
    subscribe(ben, "ben-phone", "session:1", None if ends_in_us is None else now_us() + ends_in_us)
    message = send(room(ada, ben, kind="direct"), ada)
    row = PersonNotification.objects.create(person_id=ben.id, message_id=message.id, made_us=now_us(), due_us=0)
    PushMessage.objects.create(notification=row, subscription=PushSubscription.objects.get(), due_us=0)
    (queued,) = notifications.queued(now_us(), 10)
    assert queued.is_void is is_void


def test_a_browser_that_changes_hands_is_the_new_persons() -> None:
    ada, ben = person(), person()
    subscribe(ada, "shared-pc", "session:1")
    subscribe(ben, "shared-pc", "session:2")
    (row,) = PushSubscription.objects.all()
    assert (row.person_id, row.credential) == (ben.id, "session:2")
