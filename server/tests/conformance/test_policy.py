"""What a site's policy allows and refuses, alike on both transports; and what it is never asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import override_settings
from django.utils import timezone
from django.utils.translation import gettext_lazy

from backchannel.accounts import lookup
from backchannel.accounts.models import Token
from backchannel.policy import Draft, Policy, Refusal, RoomInfo, Verdict
from backchannel.store.clock import now_us
from backchannel.store.models import Scheduled
from backchannel.store.read_pool import READ_THREADS
from tests.conformance.world import build, soon
from tests.running import Answer, Running, Someone, running, somebody, wait_until

WAYS = ("websocket", "rest")


class Shop(Policy):
    """Does what the test says, and notes what it was asked."""

    says: dict[str, Callable[..., Any]] = {}
    asked: list[tuple[str, Any]] = []

    def _answer(self, method: str, otherwise: Any, *given: Any) -> Any:
        self.asked.append((method, given))
        assert threading.current_thread().name != "server"
        says = self.says.get(method)
        return says(*given) if says else otherwise

    def may_connect(self, user: Any) -> Verdict:
        return self._answer("may_connect", True, user)  # type: ignore[no-any-return]

    def people(self, user: Any, query: str) -> Any:
        return self._answer("people", get_user_model().objects.all(), user, query)

    def channels(self, user: Any) -> Any:
        return self._answer("channels", None, user)

    def may_create_room(self, user: Any, kind: str, members: Any) -> Verdict:
        return self._answer("may_create_room", True, user, kind, members)  # type: ignore[no-any-return]

    def may_join(self, user: Any, room: RoomInfo) -> Verdict:
        return self._answer("may_join", True, user, room)  # type: ignore[no-any-return]

    def may_add(self, user: Any, room: RoomInfo, other: Any) -> Verdict:
        return self._answer("may_add", True, user, room, other)  # type: ignore[no-any-return]

    def may_post(self, user: Any, room: RoomInfo) -> Verdict:
        return self._answer("may_post", True, user, room)  # type: ignore[no-any-return]

    def before_send(self, draft: Draft) -> Draft | Refusal:
        return self._answer("before_send", draft, draft)  # type: ignore[no-any-return]


class PostOnly(Shop):
    """Moderates nothing, so that verdicts are remembered."""

    before_send = Policy.before_send


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    Shop.says.clear()
    Shop.asked.clear()
    yield
    Shop.says.clear()


def with_policy(name: str, **more: Any) -> Any:
    return override_settings(
        BACKCHANNEL={
            **settings.BACKCHANNEL,
            "POLICY": name if name.startswith("backchannel.") else f"{__name__}.{name}",
            **more,
        }
    )


@pytest.fixture(scope="module")
def shop(module_database: None) -> Iterator[Running]:
    with with_policy("Shop", POLICY_CACHE_S=0), running() as server:
        yield server


@pytest.fixture(scope="module")
def cached(module_database: None) -> Iterator[Running]:
    with with_policy("PostOnly", POLICY_CACHE_S=3600), running() as server:
        yield server


def say(server: Running, way: str, who: Someone, word: str, **fields: Any) -> Answer:
    if way == "rest":
        return server.call(who, word, **fields)
    with server.device(who) as device:
        return device.call(word, **fields)


def asked(method: str) -> list[Any]:
    return [given for name, given in Shop.asked if name == method]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("method", "who", "word", "fields"),
    [
        ("may_post", "ada", "send_message", lambda w: {"room_id": w.group, "content": "X"}),
        ("may_post", "ada", "edit_message", lambda w: {"message_id": w.by_ada, "content": "X"}),
        (
            "may_post",
            "ada",
            "create_upload",
            lambda w: {"room_id": w.group, "id": str(uuid4()), "name": "a.txt", "size": 9},
        ),
        ("may_join", "cyd", "join_room", lambda w: {"room_id": w.channel}),
        ("may_add", "ada", "add_members", lambda w: {"room_id": w.group, "user_ids": [w.cyd.id]}),
        ("may_add", "ada", "add_members", lambda w: {"room_id": w.group, "members_external": [w.cyd.user.external_id]}),
        ("may_create_room", "ada", "create_room", lambda w: {"kind": "channel", "name": "C"}),
        ("may_create_room", "ada", "create_room", lambda w: {"kind": "direct", "members": [w.cyd.id]}),
        ("before_send", "ada", "send_message", lambda w: {"room_id": w.group, "content": "X"}),
        ("before_send", "ada", "edit_message", lambda w: {"message_id": w.by_ada, "content": "X"}),
    ],
)
def test_a_refusal_is_answered_in_the_sites_words_and_changes_nothing(
    shop: Running, way: str, method: str, who: str, word: str, fields: Any
) -> None:
    world = build(shop)
    heads = world.head(world.group), world.head(world.channel)
    Shop.says[method] = lambda *_: Refusal("Not on Sundays.", "too_many_rooms")
    refused = say(shop, way, world.people[who], word, **fields(world))
    assert (refused.code, refused.body["status"], refused.body["detail"]) == ("too_many_rooms", 403, "Not on Sundays.")
    if method != "before_send":
        Shop.says[method] = lambda *_: False
        assert say(shop, way, world.people[who], word, **fields(world)).code == "forbidden"
    Shop.says[method] = lambda *_: None  # a forgotten return
    assert say(shop, way, world.people[who], word, **fields(world)).code == "internal"
    del Shop.says[method]
    assert (world.head(world.group), world.head(world.channel)) == heads
    assert say(shop, way, world.people[who], word, **fields(world)).ok


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sentence", [gettext_lazy("Closed."), "\ud800", None, " "])
def test_whatever_a_site_gives_as_a_sentence_is_answered_and_refuses(shop: Running, way: str, sentence: Any) -> None:
    world = build(shop)
    Shop.says["may_post"] = lambda *_: Refusal(sentence)
    refused = say(shop, way, world.ada, "send_message", room_id=world.group, content="X")
    assert refused.code == ("internal" if sentence in (None, " ") else "forbidden")
    assert sentence != "Closed." or refused.body["detail"] == "Closed."


def test_the_policy_is_shown_the_sites_own_objects(shop: Running) -> None:
    world = build(shop)
    Shop.asked.clear()
    shop.do(world.ada, "add_members", room_id=world.group, user_ids=[world.cyd.id, world.ben.id])
    [(user, room, other)] = asked("may_add")
    assert (user, other) == (world.ada.account, world.cyd.account)
    assert room == RoomInfo(world.group, "group", "Group", "T")
    shop.do(world.ada, "send_message", room_id=world.group, content="Hello.", reply_to=world.by_ben)
    [(draft,)] = asked("before_send")
    assert (draft.user, draft.room.id, draft.text, str(draft.reply_to)) == (
        world.ada.account,
        world.group,
        "Hello.",
        world.by_ben,
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_text_that_the_policy_changes_is_stored_and_a_retry_is_recognised_by_what_was_sent(
    shop: Running, way: str
) -> None:
    world, id_ = build(shop), str(uuid4())
    counted = iter(range(100))
    Shop.says["before_send"] = lambda draft: replace(
        draft, text=f"{draft.text.replace('damn', '****')} {next(counted)}"
    )
    first = say(shop, way, world.ada, "send_message", room_id=world.group, content="damn", id=id_)
    assert first.body["message"]["content"] == "**** 0"
    again = say(shop, way, world.ada, "send_message", room_id=world.group, content="damn", id=id_)
    assert (again.body["duplicate"], again.body["message"]["content"]) == (True, "**** 0")
    Shop.says["may_post"] = lambda *_: False
    third = say(shop, way, world.ada, "send_message", room_id=world.group, content="damn", id=id_)
    assert third.body["duplicate"]
    other = say(shop, way, world.ada, "send_message", room_id=world.group, content="other", id=id_)
    assert other.code == "id_reused"
    del Shop.says["may_post"]
    edited = say(shop, way, world.ada, "edit_message", message_id=id_, content="damn it")
    assert edited.body["message"]["content"] == "**** it 1"
    Shop.says["before_send"] = lambda draft: replace(draft, text="")
    assert say(shop, way, world.ada, "send_message", room_id=world.group, content="X").code == "invalid"


@pytest.mark.parametrize("way", WAYS)
def test_a_policy_that_reads_texts_lets_files_without_text_pass(shop: Running, way: str) -> None:
    world = build(shop)
    Shop.says["before_send"] = lambda draft: draft
    said = say(shop, way, world.ada, "send_message", room_id=world.group, content="", attachments=[world.upload])
    assert [each["id"] for each in said.body["message"]["attachments"]] == [world.upload]
    edited = say(shop, way, world.ada, "edit_message", message_id=said.body["message"]["id"], content="See above.")
    assert edited.body["message"]["content"] == "See above."
    assert say(shop, way, world.ada, "edit_message", message_id=said.body["message"]["id"], content="").ok, (
        "the file is still there"
    )
    assert say(shop, way, world.ada, "edit_message", message_id=world.by_ada, content="").code == "invalid"
    Shop.says["before_send"] = lambda draft: replace(draft, text=None)
    assert say(shop, way, world.ada, "send_message", room_id=world.group, content="X").code == "internal"


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_was_announced_stays_so_whatever_the_policy_says_since(shop: Running, way: str) -> None:
    world, id_ = build(shop), str(uuid4())
    announced = {"room_id": world.group, "id": id_, "name": "a.txt", "size": 9}
    assert say(shop, way, world.ada, "create_upload", **announced).ok
    Shop.says["may_post"] = lambda *_: False
    assert say(shop, way, world.ada, "create_upload", **announced).body["upload"]["id"] == id_
    assert say(shop, way, world.ada, "create_upload", **{**announced, "id": str(uuid4())}).code == "forbidden"


def test_the_policy_is_not_asked_what_the_chat_refuses_anyhow(shop: Running) -> None:
    world = build(shop)
    Shop.asked.clear()
    refused: list[tuple[Someone, str, dict[str, Any]]] = [
        (world.cyd, "send_message", {"room_id": world.group, "content": "X"}),
        (world.dan, "send_message", {"room_id": world.group, "content": "X"}),
        (world.ada, "send_message", {"room_id": 2**53 - 1, "content": "X"}),
        (world.ada, "send_message", {"room_id": world.group, "content": " "}),
        (world.cyd, "edit_message", {"message_id": world.by_ada, "content": "X"}),
        (world.cyd, "create_upload", {"room_id": world.group, "id": str(uuid4()), "name": "a.txt", "size": 9}),
        (world.cyd, "join_room", {"room_id": world.group}),
        (world.cyd, "add_members", {"room_id": world.group, "user_ids": [world.cyd.id]}),
        (world.ada, "create_room", {"kind": "group", "members": [2**53 - 1]}),
    ]
    for who, word, fields in refused:
        assert not shop.call(who, word, **fields).ok
    assert shop.call(world.ada, "create_room", kind="direct", members=[world.ben.id]).status == 200
    assert {name for name, _ in Shop.asked} <= {"may_connect"}


@pytest.mark.parametrize("way", WAYS)
def test_people_whom_the_policy_hides_are_not_found_and_cannot_be_named(shop: Running, way: str) -> None:
    world = build(shop)
    hidden = world.cyd
    Shop.says["people"] = lambda user, query: get_user_model().objects.exclude(pk=hidden.account.pk)
    for fields in ({"query": hidden.user.username}, {"external_id": hidden.user.external_id}):
        assert say(shop, way, world.ada, "get_people", **fields).body == {"people": []}
    assert say(shop, way, world.ada, "get_people", query=world.ben.user.username).body["people"]
    refused = say(shop, way, world.ada, "create_room", kind="group", members=[hidden.id])
    assert (refused.code, refused.body["detail"]) == ("user_not_found", f"There is no user {hidden.id}.")
    assert say(shop, way, world.ada, "add_members", room_id=world.group, user_ids=[hidden.id]).code == "user_not_found"
    assert say(shop, way, world.ada, "add_members", room_id=world.group, user_ids=[world.ben.id]).ok


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda users: list(users.all()), "people returned list"),
        (lambda users: users.all()[:5], "a slice"),
        (lambda users: users.all().union(users.all()), "union"),
        (lambda _: Token.objects.all(), "people returned a QuerySet of backchannel_accounts.Token"),
        (lambda _: None, "people returned NoneType"),
    ],
)
def test_people_that_cannot_be_asked_about_are_named_in_the_log_and_show_nobody(
    shop: Running, answer: Callable[[Any], Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = build(shop)
    Shop.says["people"] = lambda *_: answer(get_user_model().objects)
    assert shop.call(world.ada, "get_people", query=world.ben.user.username).code == "internal"
    assert shop.call(world.ada, "add_members", room_id=world.group, user_ids=[world.cyd.id]).code == "internal"
    assert why in caplog.text
    assert "that can be filtered further" in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_an_external_id_of_somebody_hidden_is_answered_like_one_that_nobody_has(shop: Running, way: str) -> None:
    world = build(shop)
    hidden, nobodys = world.cyd.user.external_id, f"nobody-{world.tag}"
    Shop.says["people"] = lambda user, query: get_user_model().objects.exclude(pk=world.cyd.account.pk)
    for word, fields in (("create_room", {"kind": "group"}), ("add_members", {"room_id": world.group})):
        for named in ([hidden], [hidden, nobodys], [nobodys, hidden]):
            refused = say(shop, way, world.ada, word, **fields, members_external=named)
            sentence = f"There is no user with the external id {', '.join(named)}."
            assert (refused.code, refused.body["detail"]) == ("user_not_found", sentence)
            assert refused.body["errors"] == {"members_external": [sentence]}
        refused = say(shop, way, world.ada, word, **fields, members_external=[nobodys])
        assert refused.body["detail"] == f"There is no user with the external id {nobodys}."


@pytest.mark.parametrize("way", WAYS)
def test_the_policy_gets_a_query_that_its_database_takes(shop: Running, way: str) -> None:
    world = build(shop)
    Shop.says["people"] = lambda user, query: get_user_model().objects.filter(username__startswith=query)
    name = world.ben.user.username
    found = say(shop, way, world.ada, "get_people", query=f"{name}\x00").body["people"]
    assert [person["id"] for person in found] == [world.ben.id]


@pytest.mark.parametrize("way", WAYS)
def test_channels_that_the_policy_hides_are_not_listed(shop: Running, way: str) -> None:
    world = build(shop)
    listed = {"query": f"chan-{world.tag}"}
    assert say(shop, way, world.cyd, "get_channels", **listed).body["channels"]
    nothing: list[list[Any]] = [[], [world.group]]
    for shown in nothing:
        Shop.says["channels"] = lambda _, shown=shown: shown
        assert say(shop, way, world.cyd, "get_channels", **listed).body == {"channels": []}
    one: list[list[Any]] = [[world.channel], [RoomInfo(world.channel, "channel", "", "")]]
    for shown in one:
        Shop.says["channels"] = lambda _, shown=shown: shown
        assert len(say(shop, way, world.cyd, "get_channels", **listed).body["channels"]) == 1


def test_a_user_who_may_not_connect_gets_no_answer_and_loses_their_sockets(shop: Running) -> None:
    who = somebody("banned")
    with shop.device(who) as device:
        Shop.says["may_connect"] = lambda user: (
            Refusal("Your order is paid; the chat is closed.") if user.pk == who.account.pk else True
        )
        shop.in_loop(shop.chat.maintenance._spawn, shop.chat.maintenance.revalidate_all())
        assert device.closed()[0] == 4401
    shop.forget_identities()
    refused = shop.call(who, "get_me")
    assert (refused.status, refused.body["detail"]) == (403, "Your order is paid; the chat is closed.")
    assert shop.sync(who).status_code == 403
    with pytest.raises(Exception, match="403"):
        shop.dial(who)


@pytest.mark.parametrize("how", ["banned", "deactivated"])
def test_who_may_not_use_the_chat_any_more_sends_nothing_that_was_scheduled(shop: Running, how: str) -> None:
    """Also where nothing but the site's own answer says so: no signal came, and they are not connected."""
    who, other = somebody("banned"), somebody()
    room_id, id_ = shop.group(other, who), str(uuid4())
    shop.do(who, "schedule_message", id=id_, at=soon(), room_id=room_id, content="X")
    if how == "banned":
        Shop.says["may_connect"] = lambda user: user.pk != who.account.pk
    else:
        type(who.account).objects.filter(pk=who.account.pk).update(is_active=False)
    Scheduled.objects.filter(pk=id_).update(at_us=now_us())
    wait_until(lambda: Scheduled.objects.get(pk=id_).state == "failed")
    assert Scheduled.objects.get(pk=id_).code == "forbidden"
    page = shop.do(other, "get_history", room_id=room_id)
    assert id_ not in [message["id"] for message in page["messages"]]


@pytest.mark.parametrize("raises", ["may_connect", "space"])
def test_code_of_the_site_that_raises_for_one_user_keeps_no_ended_sign_in_of_another_alive(
    shop: Running, raises: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, ended, well = somebody("broken"), somebody("ended"), somebody("well")

    def answer(user: Any) -> Any:
        if user.pk == broken.account.pk:
            raise KeyError("a secret of the site")
        return True if raises == "may_connect" else ""

    with shop.device(broken) as first, shop.device(ended) as second, shop.device(well) as third:
        if raises == "may_connect":
            Shop.says["may_connect"] = answer
        else:
            monkeypatch.setattr(lookup, "space_of", answer)
        Token.objects.filter(user=ended.account).update(revoked=timezone.now())  # without a signal
        shop.in_loop(shop.chat.maintenance._spawn, shop.chat.maintenance.revalidate_all())
        assert second.closed()[0] == 4401
        assert first.closed()[0] == 4401
        assert third.call("get_me").ok
    shop.forget_identities()
    refused = shop.call(broken, "get_me")
    assert (refused.status, refused.code) == (500, "internal")
    assert "secret" not in str(refused.body)


def test_a_verdict_on_posting_is_asked_for_once_for_each_person_and_room(cached: Running) -> None:
    world = build(cached)
    Shop.asked.clear()
    with cached.device(world.ada) as device:
        for number in range(5):
            assert device.call("send_message", room_id=world.group, content=f"{number}").ok
            assert cached.call(world.ada, "send_message", room_id=world.group, content=f"{number}").ok
        assert cached.call(world.ada, "edit_message", message_id=world.by_ada, content="X").ok
    assert asked("may_post") == []  # the messages of the world had it asked
    assert cached.call(world.ada, "send_message", room_id=world.channel, content="X").ok
    assert [room.id for _, room in asked("may_post")] == [world.channel]


def test_a_refusal_to_post_is_remembered_as_well(cached: Running) -> None:
    world = build(cached)
    Shop.says["may_post"] = lambda *_: False
    Shop.asked.clear()
    for _ in range(3):
        assert cached.call(world.ben, "send_message", room_id=world.direct, content="X").code == "forbidden"
    assert len(asked("may_post")) == 1


@pytest.mark.parametrize("policy", ["shop", "cached"])
def test_messages_of_one_person_in_one_room_keep_their_order_whatever_the_policy_takes(
    request: pytest.FixtureRequest, policy: str
) -> None:
    server: Running = request.getfixturevalue(policy)
    world = build(server)
    room = server.do(world.ada, "create_room", kind="group", members=[world.ben.id])["room"]["id"]
    delays = iter([0.2, 0.0, 0.1] + [0.0] * 100)

    def slow(*given: Any) -> Any:
        time.sleep(next(delays))
        return given[0] if isinstance(given[0], Draft) else True

    Shop.says["before_send" if policy == "shop" else "may_post"] = slow
    with server.device(world.ada) as device:
        ids = [str(uuid4()) for _ in range(12)]
        device.say([{"type": "send_message", "id": id_, "room_id": room, "content": id_} for id_ in ids])
        for id_ in ids:
            if not any(frame.get("id") == id_ and frame["type"] == "ack" for frame in device.received):
                device.until("ack", id=id_)
    history = server.do(world.ben, "get_history", room_id=room)["messages"]
    assert [message["content"] for message in history] == ids


def test_a_slow_policy_delays_no_other_person_and_no_read(shop: Running) -> None:
    world, go_on = build(shop), threading.Event()
    held = threading.Semaphore(0)

    def wait(user: Any, _: str) -> Any:
        held.release()
        go_on.wait(30)
        return get_user_model().objects.all()

    Shop.says["people"] = wait
    with ThreadPoolExecutor(READ_THREADS) as pool:
        waiting = [pool.submit(shop.do, world.ada, "get_people", query="a") for _ in range(READ_THREADS)]
        for _ in waiting:
            assert held.acquire(timeout=30)
        assert shop.do(world.ben, "get_room_list")["rooms"]
        assert shop.do(world.ben, "mark_read", room_id=world.group, seq=1)
        assert not any(each.done() for each in waiting)
        go_on.set()
        assert all("people" in each.result(30) for each in waiting)


@pytest.mark.parametrize("code_of_the_site", ["may_connect", "space"])
def test_a_slow_sign_in_of_others_delays_no_read(
    shop: Running, code_of_the_site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, go_on, held = build(shop), threading.Event(), threading.Semaphore(0)
    slow = [somebody("slow") for _ in range(READ_THREADS)]
    keys = {who.account.pk for who in slow}

    def answer(user: Any) -> Any:
        if user.pk in keys:
            held.release()
            go_on.wait(30)
        return True if code_of_the_site == "may_connect" else ""

    assert shop.do(world.ben, "get_room_list")["rooms"]
    if code_of_the_site == "may_connect":
        Shop.says["may_connect"] = answer
    else:
        monkeypatch.setattr(lookup, "space_of", answer)
    with ThreadPoolExecutor(READ_THREADS) as pool:
        waiting = [pool.submit(shop.do, who, "get_me") for who in slow]
        for _ in waiting:
            assert held.acquire(timeout=30)
        assert shop.do(world.ben, "get_room_list")["rooms"]
        assert not any(each.done() for each in waiting)
        go_on.set()
        assert all("user" in each.result(30) for each in waiting)


def test_without_a_policy_nothing_is_asked(shop: Running) -> None:
    without = {key: value for key, value in settings.BACKCHANNEL.items() if key != "POLICY"}
    with override_settings(BACKCHANNEL=without), running() as server:
        world = build(server)
        assert server.do(world.ada, "send_message", room_id=world.group, content="X")["message"]
        assert server.chat.node.gate.threads is None
        # The other servers of this module look again whom they still let in. They know nobody of this world.
        assert [name for name, given in Shop.asked if name != "may_connect" or given == (world.ada.account,)] == []


def test_a_policy_that_overrides_nothing_is_no_policy(shop: Running) -> None:
    with with_policy("backchannel.policy.Policy"), running() as server:
        world = build(server)
        assert server.do(world.ada, "send_message", room_id=world.group, content="X")["message"]
        assert server.chat.node.gate.threads is None


def test_a_refusal_has_a_code_that_is_final() -> None:
    for code in ("internal", "rate_limited", "unauthenticated", "no such word"):
        with pytest.raises(ValueError, match="code of a refusal"):
            Refusal("No.", code)
