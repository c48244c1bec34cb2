"""A test message goes to one browser at once, and its outcome is the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backchannel.commands.delivery import Delivery
from backchannel.commands.subscribe_push import SubscribePush
from backchannel.notifier.push_setup import pusher_of
from backchannel.notifier.push_tests import PAUSE_S, PushTests
from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import User
from backchannel.push.browser_keys import to_base64url
from backchannel.store.log import Log
from backchannel.store.models import PushSubscription
from backchannel.store.push_subscriptions import Subscription
from tests.push.fake_service import Browser, FakeService, answer, running
from tests.reading import READS, run_read
from tests.store.making import do, person

pytestmark = pytest.mark.usefixtures("module_database")
CONTACT = "mailto:admin@chat.example.com"


class World:
    def __init__(self, service: FakeService, log: Log) -> None:
        self.service = service
        self.now_s = 100.0

        async def make() -> Any:
            return await pusher_of(CONTACT, log, READS, service.client)

        self.tests = PushTests(log, READS, lambda: self.now_s, make)

    async def subscribe(self, who: User, name: str) -> Browser:
        endpoint, browser = self.service.subscribe(name)
        point, auth = to_base64url(browser.keys.p256dh), to_base64url(browser.keys.auth)
        given = Subscription(f"{name}-device", endpoint, point, auth, "https://chat.example.com/")
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


async def test_a_test_arrives_at_the_browser_that_asked_and_nowhere_else(tmp_path: Path) -> None:
    ann = await run_read(person, "ann-tests")
    async with world_of(tmp_path) as world:
        phone, desk = await world.subscribe(ann, "phone-1"), await world.subscribe(ann, "desk-1")
        assert await world.tests.send(ann.id, "phone-1-device") == "sent"
        assert [got["notification"]["title"] for got in phone.got] == ["Notifications work"]
        assert phone.got[0]["notification"]["navigate"] == "https://chat.example.com/"
        assert desk.got == []


async def test_a_browser_of_somebody_else_gets_none(tmp_path: Path) -> None:
    bob, eve = await run_read(person, "bob-tests"), await run_read(person, "eve-tests")
    async with world_of(tmp_path) as world:
        browser = await world.subscribe(bob, "bobs-phone")
        assert await world.tests.send(eve.id, "bobs-phone-device") == "gone"
        assert browser.got == []


async def test_the_answer_of_the_service_is_the_outcome(tmp_path: Path) -> None:
    cid = await run_read(person, "cid-tests")
    async with world_of(tmp_path) as world:
        await world.subscribe(cid, "cids-phone")
        for status, outcome in ((403, "refused"), (429, "later"), (503, "later"), (410, "gone")):
            world.now_s += PAUSE_S
            world.service.answers.append(answer(status))
            assert await world.tests.send(cid.id, "cids-phone-device") == outcome
        assert not await run_read(lambda: PushSubscription.objects.filter(person_id=cid.id).exists())


async def test_tests_of_a_person_have_a_pause_between_them(tmp_path: Path) -> None:
    dee = await run_read(person, "dee-tests")
    async with world_of(tmp_path) as world:
        await world.subscribe(dee, "dees-phone")
        await world.tests.send(dee.id, "dees-phone-device")
        with pytest.raises(CommandError, match="Retry in 5 s"):
            await world.tests.send(dee.id, "dees-phone-device")
        world.now_s += PAUSE_S
        assert await world.tests.send(dee.id, "dees-phone-device") == "sent"
