"""From a message to a notification: one for each person and message, none for what has been read, whatever fails in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from backchannel.accounts import absent
from backchannel.accounts.absent import those_who_may_use
from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.delivery import Delivery
from backchannel.commands.mark_read import MarkRead
from backchannel.commands.remove_member import RemoveMember
from backchannel.commands.set_my_notifications import SetMyNotifications
from backchannel.commands.set_notifications import SetNotifications
from backchannel.commands.subscribe_push import SubscribePush
from backchannel.followers.cursors import HoldLease, ResetFollower
from backchannel.followers.notifications import NotificationFollower
from backchannel.followers.runner import FollowerRunner
from backchannel.notifications.decision import IN_USE_S, TOO_OLD_S, WAIT_S
from backchannel.notifier.operations import Decided, WriteDecisions
from backchannel.notifier.push_setup import pusher_of
from backchannel.notifier.pushing import FIRST_PAUSE_S
from backchannel.notifier.runner import NAME, Notifier
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import PresenceState, QuietHours, User
from backchannel.push.browser_keys import to_base64url
from backchannel.store import notifications
from backchannel.store.clock import now_us
from backchannel.store.log import Log
from backchannel.store.models import (
    FollowerCursor,
    FollowerLease,
    Person,
    PersonNotification,
    PushMessage,
    PushSubscription,
)
from backchannel.store.operation import NOBODY
from backchannel.store.push_subscriptions import Subscription
from tests.push.fake_service import Browser, FakeService, answer, running
from tests.reading import READS, run_read
from tests.store.making import do, person, room, send

SECOND_US = 1_000_000
CONTACT = "mailto:admin@chat.example.com"


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database."""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    for model in (PushMessage, PushSubscription, PersonNotification, FollowerCursor, FollowerLease):
        model.objects.all().delete()


class World:
    """A node's log, follower and notifier, with a clock that is moved by hand and people who are where the test says."""

    def __init__(self, service: FakeService, log: Log) -> None:
        self.service = service
        self.log = log
        self.later_s = 0.0
        self.present: dict[int, PresenceState] = {}
        self.follower = FollowerRunner(NotificationFollower(), log, READS, "here")
        self.notifier = self.node("here")

    def node(self, name: str) -> Notifier:
        async def make() -> Any:
            pusher = await pusher_of(CONTACT, self.log, READS, self.service.client)
            pusher._now_us = self.now_us
            return pusher

        return Notifier(
            self.log, READS, name, lambda id_: self.present.get(id_, "offline"), self.now_us, make, presence_known_s=0
        )

    def now_us(self) -> int:
        return now_us() + int(self.later_s * SECOND_US)

    async def after(self, seconds: float) -> None:
        """Let the follower and the notifier look when so much time has passed since the start of the test."""
        self.later_s = seconds
        await self.follower.catch_up()
        await self.notifier.look()

    async def outcomes(self, *people: User) -> list[str]:
        """What came of the newest message, for each of these people. Empty where it did not concern them; a colon behind what waits."""

        def read() -> list[str]:
            newest = PersonNotification.objects.order_by("-made_us").first()
            assert newest is not None
            rows = {row.person_id: row for row in PersonNotification.objects.filter(message=newest.message_id)}
            return [
                "" if (row := rows.get(each.id)) is None else row.why if row.state == "notified" else f"not: {row.why}"
                for each in people
            ]

        return await run_read(read)

    async def subscribe(self, who: User, name: str) -> Browser:
        endpoint, browser = self.service.subscribe(name)
        point, auth = browser.keys.p256dh, browser.keys.auth
        given = Subscription(
            f"{name}-device", endpoint, to_base64url(point), to_base64url(auth), "https://chat.example.com/"
        )
        await run_read(do, SubscribePush(actor=who, subscription=given))
        return browser


@asynccontextmanager
async def world_of(folder: Path) -> AsyncIterator[World]:
    log = Log(Delivery(lambda _: None))
    log.start(asyncio.get_running_loop())
    try:
        async with running(folder) as service:
            yield World(service, log)
    finally:
        await asyncio.to_thread(log.stop)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_of(tmp_path) as made:
        yield made


async def make(*calls: Callable[[], Any]) -> list[Any]:
    return [await run_read(call) for call in calls]


async def people_in(kind: str = "group", count: int = 3) -> tuple[int, list[User]]:
    def build() -> tuple[int, list[User]]:
        people = [person() for _ in range(count)]
        return room(people[0], *people[1:], kind=kind), people

    made: tuple[int, list[User]] = await run_read(build)
    return made


def titles(browser: Browser) -> list[str]:
    return [got["notification"]["body"] for got in browser.got]


async def test_a_mention_reaches_every_browser_of_the_person_once(world: World) -> None:
    group, (ada, ben, cyd) = await people_in()
    desk, phone, other = [
        await world.subscribe(who, name) for who, name in ((ben, "desk"), (ben, "phone"), (cyd, "cyd"))
    ]
    await run_read(send, group, ada, f"@{ben.username} Lunch?")
    await world.after(0)
    assert desk.got == []
    for _ in range(3):
        await world.after(WAIT_S + 1)
    assert titles(desk) == titles(phone) == [f"@{ben.username} Lunch?"]
    assert other.got == []
    assert await world.outcomes(ada, ben, cyd) == ["", "mention", ""]
    (got,) = desk.got
    assert (
        got["notification"]["navigate"]
        == f"https://chat.example.com/rooms/{group}/{got['notification']['data']['seq']}"
    )
    assert got["app_badge"] == 1


async def test_what_is_read_in_time_notifies_of_nothing(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "desk")
    message = await run_read(send, direct, ada)
    await world.after(0)
    await run_read(do, MarkRead(actor=ben, room_id=direct, seq=message.seq))
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ben) == ["not: read"]
    assert browser.got == []


async def test_who_is_at_a_device_is_notified_when_they_go_away_without_reading(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "phone")
    await run_read(send, direct, ada)
    world.present[ben.id] = "online"
    await world.after(WAIT_S + 1)
    await world.after(60)
    assert browser.got == []
    world.present[ben.id] = "away"
    await world.after(90)
    assert len(browser.got) == 1


async def test_who_is_at_a_device_for_long_is_not_notified(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    await run_read(send, direct, ada)
    world.present[ben.id] = "online"
    await world.after(0)
    await world.after(IN_USE_S + 1)
    assert await world.outcomes(ben) == ["not: in_use"]


async def test_settings_of_the_moment_decide(world: World) -> None:
    group, (ada, ben, cyd) = await people_in()
    await run_read(do, SetNotifications(actor=ben, room_id=group, level="all", muted_until_us=None))
    await run_read(send, group, ada)
    await world.after(0)
    assert await world.outcomes(ben, cyd) == ["not: ", ""]  # waits
    await run_read(do, SetNotifications(actor=ben, room_id=group, level="none", muted_until_us=None))
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ben, cyd) == ["not: level_none", ""]


async def test_a_muted_room_and_who_is_not_to_be_disturbed(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    await run_read(
        do, SetNotifications(actor=ben, room_id=direct, level=None, muted_until_us=now_us() + 3600 * SECOND_US)
    )
    await run_read(send, direct, ada)
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ben) == ["not: muted"]
    await run_read(do, SetNotifications(actor=ben, room_id=direct, level=None, muted_until_us=None))
    await run_read(
        do,
        SetMyNotifications(
            actor=ben,
            keywords=None,
            quiet_hours=None,
            dnd_until_us=now_us() + 3600 * SECOND_US,
            push_content=None,
        ),
    )
    await run_read(send, direct, ada)
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ben) == ["not: do_not_disturb"]


async def test_keywords_replies_threads_and_everybody(world: World) -> None:
    group, (ada, ben, cyd) = await people_in()
    await run_read(
        do,
        SetMyNotifications(actor=cyd, keywords=["deploy"], quiet_hours=None, dnd_until_us=None, push_content=None),
    )
    by_ben = await run_read(send, group, ben, "From Ben.")
    await run_read(lambda: send(group, ada, "We deploy now.", reply_to=by_ben.id))
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ada, ben, cyd) == ["", "reply", "keyword"]
    await run_read(lambda: send(group, cyd, "In a thread.", thread=by_ben.id))
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ada, ben, cyd) == ["", "thread", ""]
    world.present[ben.id] = "away"
    await run_read(send, group, ada, "@here")
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ada, ben, cyd) == ["", "here", "not: not_here"]
    await run_read(send, group, ada, "@room")
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ada, ben, cyd) == ["", "room", "room"]


async def test_who_was_removed_gets_nothing_that_waited(world: World) -> None:
    group, (ada, ben, _) = await people_in()
    browser = await world.subscribe(ben, "desk")
    await run_read(send, group, ada, f"@{ben.username}")
    await world.after(0)
    await run_read(do, RemoveMember(actor=ada, room_id=group, user_id=ben.id))
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ben) == ["not: not_a_member"]
    assert browser.got == []


async def test_whom_the_site_lets_use_the_chat_no_more_gets_no_push(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the site's own answer says so: their row and their session are as before."""

    def account_of(who: User) -> Any:
        account = get_user_model().objects.create(username=f"{who.username}site")
        Person.objects.filter(pk=who.id).update(account=str(account.pk))
        return account

    direct, (ada, ben) = await people_in("direct", 2)
    group, (eve, cyd, dan) = await people_in()
    browsers = [await world.subscribe(who, f"{number}-browser") for number, who in enumerate((ben, cyd, dan))]
    accounts = [await run_read(account_of, who) for who in (ben, cyd, dan)]
    await run_read(lambda: get_user_model().objects.filter(pk=accounts[0].pk).update(is_active=False))

    def check(user: Any) -> None:
        if user.pk == accounts[1].pk:
            raise CommandError(Code.FORBIDDEN, "Banned.")

    monkeypatch.setattr(absent, "check_may_connect", check)
    pusher = await pusher_of(
        CONTACT, world.log, READS, world.service.client, lambda ids: READS.run(those_who_may_use, ids)
    )
    pusher._now_us = world.now_us
    world.notifier._pusher = pusher
    await run_read(send, direct, ada, "secret")
    await run_read(send, group, eve, f"@{cyd.username} @{dan.username} secret")
    await world.after(WAIT_S + 1)
    assert [len(browser.got) for browser in browsers] == [0, 0, 1]
    assert await run_read(PushMessage.objects.count) == 0


async def test_a_push_that_waits_for_its_service_is_dropped_when_the_message_is_deleted_or_read(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "desk")
    one, other = [await run_read(send, direct, ada, text) for text in ("One.", "Other.")]
    world.service.answers = [answer(503), answer(503)]
    await world.after(WAIT_S + 1)
    await run_read(do, MarkRead(actor=ben, room_id=direct, seq=one.seq))
    await run_read(do, DeleteMessage(actor=ada, message_id=other.id))
    await world.after(WAIT_S + FIRST_PAUSE_S + 2)
    assert browser.got == []
    assert await run_read(PushMessage.objects.count) == 0


async def test_a_service_that_is_busy_is_tried_again_and_a_subscription_that_is_gone_is_deleted(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "desk")
    await run_read(send, direct, ada)
    world.service.answers = [answer(429, "Retry-After: 30"), answer(500)]
    await world.after(WAIT_S + 1)
    await world.after(WAIT_S + 20)
    assert len(world.service.headers) == 1
    await world.after(WAIT_S + 32)
    assert len(world.service.headers) == 2
    await world.after(WAIT_S + 32 + 2 * FIRST_PAUSE_S + 1)
    assert len(browser.got) == 1
    del world.service.browsers["desk"]
    await run_read(send, direct, ada)
    await world.after(100)
    assert await run_read(PushSubscription.objects.count) == 0


async def test_a_browser_whose_address_cannot_be_one_keeps_nobody_elses_from_getting_theirs(world: World) -> None:
    """Also where an earlier version let it be stored."""
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "desk")
    await world.subscribe(ben, "bad")
    bad = PushSubscription.objects.filter(device="bad-device")
    for address in ("https://a..push.apple.com/x", "https://" + "a" * 64 + ".push.apple.com/x"):
        await run_read(partial(bad.update, endpoint=address))
        await run_read(send, direct, ada)
        await world.after(WAIT_S + 1)
        assert await run_read(bad.count) == 0
        await world.subscribe(ben, "bad")
    assert len(browser.got) == 2


async def test_what_breaks_the_sending_of_one_message_keeps_no_other_from_being_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "desk")
    await world.subscribe(ben, "other")
    post = world.service.client.post

    async def breaks(url: str, *rest: Any, **more: Any) -> Any:
        if url.endswith("/other"):
            raise RuntimeError("no such thing was expected")
        return await post(url, *rest, **more)

    monkeypatch.setattr(world.service.client, "post", breaks)
    await run_read(send, direct, ada)
    await world.after(WAIT_S + 1)
    assert len(browser.got) == 1
    assert await run_read(PushMessage.objects.count) == 0


async def test_a_row_that_cannot_be_read_keeps_nobody_else_from_being_notified(world: World) -> None:
    """As a node of another version, or with another list of time zones, may write it."""
    group, (ada, ben, cyd) = await people_in()
    browser = await world.subscribe(cyd, "cyd")
    zone = QuietHours(zone="Nowhere/Here", days=[1, 2, 3, 4, 5, 6, 7], start="00:00", end="00:00")
    given = SetMyNotifications(actor=cyd, keywords=None, quiet_hours=zone, dnd_until_us=None, push_content=None)
    await run_read(do, given)
    await run_read(send, group, ada, f"@{ben.username} @{cyd.username}")
    await world.after(0)
    await run_read(lambda: PersonNotification.objects.filter(person=ben.id).update(concerns='["of a later version"]'))
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ben, cyd) == ["not: too_old", "mention"]
    assert len(browser.got) == 1


async def test_nothing_is_tried_for_longer_than_an_hour(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    await world.subscribe(ben, "desk")
    await run_read(send, direct, ada)
    world.service.answers = [answer(500)] * 100
    for minute in range(80):
        await world.after(minute * 60)
    assert await run_read(PushMessage.objects.count) == 0
    assert len(world.service.headers) < 15


async def test_what_waited_for_a_node_that_sends_longer_than_an_hour_is_not_sent(world: World) -> None:
    """The node that decided sends no push messages, or died."""
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "desk")
    await run_read(send, direct, ada)
    sender = world.notifier
    world.notifier = Notifier(world.log, READS, "here", lambda _: "offline", world.now_us, None, presence_known_s=0)
    await world.after(WAIT_S + 1)
    assert await world.outcomes(ben) == ["direct"]
    assert await run_read(PushMessage.objects.count) == 1
    world.notifier = sender
    await world.after(TOO_OLD_S + 1)
    assert browser.got == []
    assert await run_read(PushMessage.objects.count) == 0


async def test_what_is_old_when_it_is_first_looked_at_is_passed_over(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    await run_read(lambda: send(direct, ada, at_us=now_us() - int(TOO_OLD_S + 1) * SECOND_US))
    await world.after(WAIT_S)
    assert await run_read(PersonNotification.objects.filter(person_id=ben.id).count) == 0


async def test_a_follower_that_starts_over_notifies_nobody_again(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "desk")
    await run_read(send, direct, ada)
    await world.after(WAIT_S + 1)
    await world.log.write(ResetFollower(actor=NOBODY, follower=NotificationFollower()))
    await world.after(WAIT_S + 2)
    assert len(browser.got) == 1


async def test_two_nodes_that_decide_at_once_decide_once(world: World) -> None:
    """The lease of the first has ended, and it does not know yet."""
    direct, (ada, ben) = await people_in("direct", 2)
    await world.subscribe(ben, "desk")
    await run_read(send, direct, ada)
    await world.follower.catch_up()
    (row,) = [
        each for each in await run_read(notifications.due, now_us() + 3600 * SECOND_US, 100) if each.person_id == ben.id
    ]
    counts = [
        await world.log.write(WriteDecisions(actor=NOBODY, decided=[Decided(row.id, True, "direct")]))  # type: ignore[arg-type]
        for _ in range(2)
    ]
    assert counts == [1, 0]
    assert await run_read(PushMessage.objects.count) == 1


async def test_a_node_without_the_lease_does_nothing(world: World) -> None:
    direct, (ada, ben) = await people_in("direct", 2)
    browser = await world.subscribe(ben, "desk")
    await world.log.write(HoldLease(actor=NOBODY, name=NAME, node="there", seconds=3600))
    await run_read(send, direct, ada)
    await world.after(WAIT_S + 1)
    assert browser.got == []


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_breaks_each_is_decided_once_and_shown_once(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crashes before and after each write, and moves of the work to another node. A browser may get a push message again, of which it
    shows one: it counts the ids."""
    random = Random(seed)
    group, (ada, ben, cyd) = await people_in()
    browser = await world.subscribe(ben, "desk")
    write = world.log.write
    breaks = True

    async def broken(operation: Any) -> Any:
        if breaks and random.random() < 0.25:
            raise RuntimeError("before the commit")
        result = await write(operation)
        if breaks and random.random() < 0.25:
            raise RuntimeError("after the commit")
        return result

    sent = []
    monkeypatch.setattr(world.log, "write", broken)
    for turn in range(30):
        if random.random() < 0.5:
            message = await run_read(send, group, random.choice([ada, cyd]), f"@{ben.username} {turn}")
            sent.append(str(message.id))
        if random.random() < 0.2:
            await run_read(FollowerLease.objects.all().delete)
            world.follower = FollowerRunner(NotificationFollower(), world.log, READS, f"node{turn}")
            world.notifier = world.node(f"node{turn}")
        try:
            await world.after(turn * 10)
        except RuntimeError:
            continue
    breaks = False
    await run_read(FollowerLease.objects.all().delete)
    for extra in range(4):
        await world.after(300 + 60 * extra)
    shown = {got["notification"]["data"]["message_id"] for got in browser.got}
    assert shown == set(sent)
    rows = await run_read(
        lambda: list(PersonNotification.objects.filter(person=ben.id).values_list("state", flat=True))
    )
    assert rows == ["notified"] * len(sent)
