"""Two tenants on one server: nothing of the one is ever on the wire of the other, whatever is tried, on both transports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import override_settings

from backchannel import api
from backchannel.accounts import lookup
from backchannel.accounts.people import person_of
from backchannel.commands.join_room import JoinRoom
from backchannel.protocol.errors import Code
from backchannel.store import memberships, reads
from backchannel.store.log import commit
from backchannel.store.models import Membership, Person, Room
from backchannel.store.transaction import Outcome, Transaction
from tests.conformance.actions import ACTIONS
from tests.conformance.cases import CASES
from tests.conformance.world import World, build
from tests.running import Answer, Device, Running, Someone, somebody, wait_until

TENANT_OF: dict[Any, str] = {}
"""The site's user → their tenant."""
ABSENT = {"file_too_large", "room_not_found", "message_not_found", "user_not_found", "invalid", "id_reused"}
"""The answer to a person who names something that is not there."""


def tenant_of(user: Any) -> str:
    """The site's function. Users whom the test does not know are of the first tenant."""
    return TENANT_OF.get(user.pk, "acme")


@pytest.fixture(scope="module", autouse=True)
def two_tenants() -> Iterator[None]:
    with override_settings(BACKCHANNEL={**settings.BACKCHANNEL, "SPACE": f"{__name__}.tenant_of"}):
        yield
    TENANT_OF.clear()


@pytest.fixture(scope="module")
def acme(server: Running) -> World:
    return build(server)


@pytest.fixture(scope="module")
def spy(server: Running) -> Someone:
    """Somebody of the other tenant, who knows all numbers and names."""
    return rival("spy")


def rival(name: str) -> Someone:
    account = get_user_model()(username=f"{name}{len(TENANT_OF)}rival", display_name=name.title())
    account.save()
    TENANT_OF[account.pk] = "rival"
    return Someone(person_of(account), lookup.issue_token(account), account)


def secrets_of(world: World) -> list[str]:
    """What the other tenant must never read."""
    names = [who.user.username for who in world.people.values()]
    return [*names, *(f'"{name}"' for name in ("Ada", "Ben", "Cyd")), world.tag, "From Ada", "From Ben"]


def check_nothing_of(world: World, received: Any, sent: Any = "") -> None:
    text, own = json.dumps(received), json.dumps(sent)
    assert [secret for secret in secrets_of(world) if secret in text and secret not in own] == []


def state_of(world: World) -> Any:
    rooms = [world.group, world.channel, world.direct]
    return reads.heads_of(rooms), list(
        Membership.objects.filter(room_id__in=rooms)
        .order_by("pk")
        .values_list("person_id", "state", "role", "read_seq")
    )


ALL = [(word, case) for word, cases in CASES.items() for case in cases if word != "ping"]


@pytest.mark.parametrize("way", ["websocket", "rest"])
def test_whatever_a_stranger_names_of_another_tenant_is_not_there(
    server: Running, acme: World, spy: Someone, way: str
) -> None:
    before = state_of(acme)
    with server.device(spy) as device:
        for word, case in ALL:
            fields = case.fields(acme)
            answer: Answer = device.call(word, **fields) if way == "websocket" else server.call(spy, word, **fields)
            check_nothing_of(acme, answer.body, fields)
            if {"room_id", "message_id"} & fields.keys():
                assert answer.code in ABSENT, (word, case.name, answer)
                assert "member" not in str(answer.body["detail"])
            if word in ("get_people", "get_channels"):
                assert answer.body in ({"people": []}, {"channels": []}), (word, case.name)
        check_nothing_of(acme, device.take())
    assert state_of(acme) == before


def plain(answer: Answer, named: str) -> str:
    """The body without the id that the command named."""
    return re.sub(rf"(?<!\w){re.escape(named)}(?!\w)", "…", json.dumps(answer.body, ensure_ascii=False))


def test_a_room_and_a_message_of_another_tenant_are_as_if_they_never_were(
    server: Running, acme: World, spy: Someone
) -> None:
    pairs: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("get_room", {"room_id": acme.group}, {"room_id": 2**53 - 1}),
        ("join_room", {"room_id": acme.channel}, {"room_id": 2**53 - 1}),
        ("mark_read", {"room_id": acme.group, "seq": 1}, {"room_id": 2**53 - 1, "seq": 1}),
        ("send_message", {"room_id": acme.group, "content": "X"}, {"room_id": 2**53 - 1, "content": "X"}),
        ("delete_message", {"message_id": acme.by_ada}, {"message_id": acme.absent}),
        ("add_reaction", {"message_id": acme.by_ada, "emoji": "👍"}, {"message_id": acme.absent, "emoji": "👍"}),
        ("create_room", {"kind": "direct", "members": [acme.ada.id]}, {"kind": "direct", "members": [2**53 - 1]}),
        ("get_members", {"room_id": acme.group}, {"room_id": 2**53 - 1}),
        ("leave_room", {"room_id": acme.group}, {"room_id": 2**53 - 1}),
    ]
    for word, fields, absent in pairs:
        there, nowhere = (server.call(spy, word, **given) for given in (fields, absent))
        name = next(iter({"room_id", "message_id", "members"} & fields.keys()))
        shown, hidden = (str(given[name]).strip("[]") for given in (fields, absent))
        assert (there.status, plain(there, shown)) == (nowhere.status, plain(nowhere, hidden)), word


def test_a_file_of_another_tenant_is_as_if_it_never_was(server: Running, acme: World, spy: Someone) -> None:
    sent = server.do(acme.ada, "send_message", room_id=acme.group, content="", attachments=[acme.upload])["message"]
    url = sent["attachments"][0]["url"]
    assert server.http.get(url, headers=acme.ben.headers).status_code == 200
    there, nowhere = (
        server.http.get(address, headers=spy.headers) for address in (url, url.replace(acme.upload, acme.absent))
    )
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.text.replace(acme.upload, "…") == nowhere.text.replace(acme.absent, "…")


def test_nobody_of_another_tenant_can_be_added_mentioned_or_found(server: Running, acme: World) -> None:
    owner, mate = rival("owner"), rival("mate")
    room = server.do(owner, "create_room", kind="group", name="Ours", members=[mate.id])["room"]["id"]
    for fields in (
        {"user_ids": [acme.ada.id]},
        {"members_external": [str(acme.ada.account.pk)]},
        {"user_ids": [acme.ada.id], "members_external": [str(mate.account.pk)]},
    ):
        assert server.call(owner, "add_members", room_id=room, **fields).code == "user_not_found"
    for kind in ("direct", "group", "channel"):
        for members in ({"members": [acme.ben.id]}, {"members_external": [str(acme.ben.account.pk)]}):
            answer = server.call(owner, "create_room", kind=kind, name="C" if kind == "channel" else None, **members)
            assert answer.code == "user_not_found"
    names = " ".join(f"@{who.user.username}" for who in [*acme.people.values(), mate])
    assert server.do(owner, "send_message", room_id=room, content=names)["message"]["mentions"] == [mate.id]
    assert server.do(owner, "get_people", external_id=str(acme.ada.account.pk)) == {"people": []}
    never_here = get_user_model()(username=f"new{room}acme")
    never_here.save()
    assert server.do(owner, "get_people", external_id=str(never_here.pk)) == {"people": []}
    assert not Person.objects.filter(username=never_here.username).exists()
    assert server.do(mate, "get_people", query=owner.user.username)["people"][0]["id"] == owner.id


def test_no_frame_of_one_tenant_reaches_the_other(server: Running, acme: World, spy: Someone) -> None:
    def resume() -> Any:
        first = server.sync(spy).json()
        return {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}

    position = resume()
    with server.device(spy) as device, server.device(acme.ada) as own:
        for action in ACTIONS:
            world = build(server)
            action.before(world)
            server.call(world.people[action.who], action.word, **action.fields(world))
            check_nothing_of(world, device.take())
        acme.ada.account.display_name = "Countess"
        acme.ada.account.save()
        own.until("person_updated")
        frames = device.take()
        assert frames == [], frames
    assert server.sync(spy, position).json()["frames"] == []
    check_nothing_of(acme, server.sync(spy).json())


def test_a_user_who_moves_to_another_tenant_is_somebody_else_there(server: Running, acme: World) -> None:
    mover = somebody("mover")
    server.do(acme.ada, "add_members", room_id=acme.group, user_ids=[mover.id])
    device: Device = server.device(mover)
    TENANT_OF[mover.account.pk] = "rival"
    mover.account.save()
    assert device.closed()[0] == 4401
    me = server.do(mover, "get_me")["user"]
    assert me["id"] != mover.id
    assert server.do(mover, "get_room_list")["rooms"] == []
    assert server.call(mover, "get_history", room_id=acme.group).code == "room_not_found"
    assert [user["id"] for user in server.do(acme.ada, "get_people", query=mover.user.username)["people"]] == []
    TENANT_OF[mover.account.pk] = "acme"
    mover.account.save()
    wait_until(lambda: server.do(mover, "get_me")["user"]["id"] == mover.id)
    assert server.do(mover, "get_history", room_id=acme.group)["messages"]


def test_a_move_that_nothing_announced_is_found_by_the_periodic_check(server: Running, acme: World) -> None:
    mover = somebody("quiet")
    with server.device(mover) as device:
        TENANT_OF[mover.account.pk] = "rival"
        server.in_loop(server.chat.maintenance._spawn, server.chat.maintenance.revalidate_all())
        assert device.closed()[0] == 4401


def test_without_a_space_nobody_is_let_in(server: Running, acme: World) -> None:
    who = somebody("nowhere")
    for nothing in (None, 7, "x" * 65, "a\x00b"):
        TENANT_OF[who.account.pk] = nothing  # type: ignore[assignment]
        server.forget_identities()
        assert server.call(who, "get_me").status == 500


def test_the_sites_own_code_seats_nobody_across_tenants(server: Running, acme: World) -> None:
    owner = rival("clerk")
    ref = api.room(f"order:{owner.id}", members=[owner.account])
    assert ref.id is not None
    assert Room.objects.get(pk=ref.id).space == "rival"
    for refused in (
        lambda: api.add(ref, acme.ada.account),
        lambda: api.room(f"order:{owner.id}", members=[acme.ada.account]),
        lambda: api.room("mixed", members=[owner.account, acme.ada.account]),
        lambda: api.room("elsewhere", members=[owner.account], space="acme"),
        lambda: api.direct(owner.account, acme.ada.account),
    ):
        with pytest.raises(api.ChatError) as error:
            refused()
        assert error.value.code is Code.USER_NOT_FOUND
    with pytest.raises(api.ChatError):
        api.post(ref, "Hello.", as_=acme.ada.account)
    members = server.do(owner, "get_members", room_id=ref.id)["members"]
    assert [member["id"] for member in members] == [owner.id]
    empty = api.room("of acme", space="acme")
    api.add(empty, acme.ada.account)
    assert server.call(owner, "join_room", room_id=empty.id).code == "room_not_found"


def test_a_membership_across_tenants_cannot_be_written(server: Running, acme: World, spy: Someone) -> None:
    """The last defence, should a check before it be forgotten."""

    class Forgotten(JoinRoom, frozen=True, kw_only=True):
        def apply(self, transaction: Transaction, outcome: Outcome) -> None:
            memberships.add_member(transaction, outcome, transaction.room(self.room_id), self.actor, self.actor)

    before = state_of(acme)
    with pytest.raises(memberships.WrongSpace):
        commit([Forgotten(actor=spy.user, room_id=acme.channel)])
    assert state_of(acme) == before
    assert (
        not Membership.objects.exclude(person__space=Room.objects.get(pk=acme.group).space)
        .filter(room__space="acme")
        .exists()
    )
