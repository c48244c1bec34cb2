"""Joining again after a removal, ownership of rooms, and search: the same on both transports and on every database."""

import pytest

from tests.conformance.world import World, build
from tests.running import WAYS, Running, Someone, somebody


def deactivate(who: Someone) -> None:
    who.account.is_active = False
    who.account.save()


def activate(who: Someone) -> None:
    who.account.is_active = True
    who.account.save()


def roles(server: Running, who: Someone, room_id: int) -> dict[int, str]:
    return {member["id"]: member["role"] for member in server.do(who, "get_members", room_id=room_id)["members"]}


@pytest.mark.parametrize("way", WAYS)
def test_a_member_removed_from_a_channel_can_only_be_added_by_a_manager(server: Running, way: str) -> None:
    world, say = build(server), server.sender(way)
    ada, ben, eve, channel = world.ada, world.ben, world.eve, world.channel
    for _ in range(2):
        refused = say(eve, "join_room", room_id=channel)
        assert (refused.code, refused.body["status"]) == ("forbidden", 403)
    assert say(ben, "add_members", room_id=channel, user_ids=[eve.id, world.cyd.id]).code == "forbidden"
    assert world.cyd.id not in roles(server, ada, channel)
    [found] = say(eve, "get_channels", query=f"chan-{world.tag}").body["channels"]
    assert (found["joined"], found["removed"]) == (False, True)
    assert say(ada, "add_members", room_id=channel, user_ids=[eve.id]).ok
    # Leaving bans nobody.
    assert say(eve, "leave_room", room_id=channel).ok
    [found] = say(eve, "get_channels", query=f"chan-{world.tag}").body["channels"]
    assert (found["joined"], found["removed"]) == (False, False)
    assert say(eve, "join_room", room_id=channel).ok


@pytest.mark.parametrize("way", WAYS)
def test_the_next_owner_of_a_room_is_an_active_member(server: Running, way: str) -> None:
    world, say = build(server), server.sender(way)
    first, second = somebody("first"), somebody("second")
    room = say(world.ada, "create_room", kind="group", members=[first.id, second.id]).body["room"]["id"]
    deactivate(first)
    assert say(world.ada, "leave_room", room_id=room).ok
    assert roles(server, second, room) == {first.id: "member", second.id: "owner"}


@pytest.mark.parametrize("way", WAYS)
def test_deactivating_the_only_owner_makes_another_member_owner(server: Running, way: str) -> None:
    world, say = build(server), server.sender(way)
    before = server.do(world.ben, "get_room_list")["user_version"]
    deactivate(world.ada)
    assert roles(server, world.ben, world.group)[world.ben.id] == "owner"
    assert server.do(world.ben, "get_room_list")["user_version"] > before
    assert say(world.ben, "remove_member", room_id=world.group, user_id=world.ada.id).ok


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("comes", ["join_room", "add_members"])
def test_joining_a_channel_without_an_active_owner_makes_the_joiner_owner(
    server: Running, way: str, comes: str
) -> None:
    world, say = build(server), server.sender(way)
    server.do(world.ben, "leave_room", room_id=world.channel)
    if comes == "join_room":
        server.do(world.ada, "leave_room", room_id=world.channel)
        assert say(world.cyd, "join_room", room_id=world.channel).body["room"]["role"] == "owner"
        assert roles(server, world.cyd, world.channel) == {world.cyd.id: "owner"}
    else:
        deactivate(world.ada)
        assert say(world.cyd, "join_room", room_id=world.channel).body["room"]["role"] == "owner"
        assert (
            say(world.cyd, "add_members", room_id=world.channel, user_ids=[world.dan.id]).body["room"]["role"]
            == "owner"
        )
        assert roles(server, world.dan, world.channel)[world.dan.id] == "member"


def test_a_reactivated_member_owns_a_room_without_other_active_members(server: Running) -> None:
    world = build(server)
    room = server.group(world.ada, world.cyd)
    deactivate(world.cyd)
    deactivate(world.ada)
    activate(world.cyd)
    assert roles(server, world.cyd, room) == {world.ada.id: "owner", world.cyd.id: "owner"}


@pytest.mark.parametrize("way", WAYS)
def test_a_direct_room_with_a_deactivated_person_still_exists(server: Running, way: str) -> None:
    world, say = build(server), server.sender(way)
    deactivate(world.ben)
    assert say(world.ada, "create_room", kind="direct", members=[world.ben.id]).body["room"]["id"] == world.direct
    assert server.request(world.ada, "create_room", {"kind": "direct", "members": [world.ben.id]}).status_code == 200
    deactivate(world.dan)
    assert say(world.ada, "create_room", kind="direct", members=[world.dan.id]).code == "user_not_found"


def named(world: World, display_name: str) -> Someone:
    """A person whose display name begins so."""
    who = somebody("named")
    who.account.display_name = f"{display_name} {world.tag}"
    who.account.save()
    world.server.do(who, "get_me")
    return who


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Анна Каренина", "анн"),
        ("Анна Каренина", "КАРЕ"),
        ("Özlem", "ozl"),
        ("Özlem", "o\u0308zl"),
        ("O\u0308zlem", "Özl"),
        ("Straße", "STRASS"),
        ("ΑΘΗΝΑ", "αθη"),
        ("がく", "か\u3099"),
        ("Jean-Luc", "luc"),
        ("100%_\\ sure", "100%_\\"),
    ],
    ids=ascii,
)
def test_search_ignores_case_and_accents(server: Running, way: str, name: str, query: str) -> None:
    world, say = build(server), server.sender(way)
    who = named(world, name)
    assert who.id in [person["id"] for person in say(world.ada, "get_people", query=query, limit=200).body["people"]]
    made = say(world.ada, "create_room", kind="channel", name=f"{world.tag} {name}").body["room"]["id"]
    found = say(world.ben, "get_channels", query=query, limit=200)
    assert made in [channel["id"] for channel in found.body["channels"]]
    say(world.ada, "update_room", room_id=made, name=f"{world.tag} other")
    found = say(world.ben, "get_channels", query=query, limit=200).body["channels"]
    assert made not in [channel["id"] for channel in found]


def test_people_are_listed_in_the_same_order_on_every_database(server: Running) -> None:
    world = build(server)
    people = {name: named(world, f"ord{name}").id for name in ("Zoe", "émile", "Emil", "ärger", "_x", "Ada")}
    found = server.do(world.ada, "get_people", query="ord", limit=200)["people"]
    order = [person["id"] for person in found if person["id"] in people.values()]
    assert order == [people[name] for name in ("_x", "Ada", "ärger", "Emil", "émile", "Zoe")]
