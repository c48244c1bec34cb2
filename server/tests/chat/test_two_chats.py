"""Two chats in one process share only their database. Each has its own limits, heartbeat, bus and cache, and stops on its own."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from backchannel.accounts import lookup, running_chats
from backchannel.accounts.models import Token
from backchannel.commands.create_room import CreateRoom
from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import Limits
from tests.running import WITHOUT_LIMITS, Running, Someone, running, somebody

STRICT = Limits(sends_per_second=0.001, send_burst=2)


class Pair:
    def __init__(self, first: Running, second: Running, stop_first: ExitStack) -> None:
        self.first = first
        self.second = second
        self.stop_first = stop_first.close


@pytest.fixture
def pair(module_database: None) -> Iterator[Pair]:
    with ExitStack() as first, ExitStack() as second:
        yield Pair(
            first.enter_context(running(limits=STRICT, heartbeat_s=111)),
            second.enter_context(running(limits=WITHOUT_LIMITS, heartbeat_s=222)),
            first,
        )


def hello_of(server: Running, who: Someone) -> dict[str, object]:
    with server.dial(who) as device:
        device.hello()
        return device.until("hello")


def test_each_has_its_own_limits_and_heartbeat(pair: Pair) -> None:
    ada = somebody("ada")
    assert [hello_of(each, ada)["heartbeat_s"] for each in (pair.first, pair.second)] == [111, 222]
    room_id = pair.first.group(ada)

    def sent(server: Running) -> list[bool]:
        return [server.call(ada, "send_message", room_id=room_id, content="Hello.").ok for _ in range(4)]

    assert sent(pair.first) == [True, True, False, False]
    assert sent(pair.second) == [True] * 4, "what one of them refuses costs nothing at the other"


def test_a_commit_of_one_is_delivered_by_the_other_at_its_next_reconciliation(pair: Pair) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room_id = pair.first.group(ada, ben)
    with pair.first.device(ben) as here, pair.second.device(ben) as there:
        pair.first.do(ada, "send_message", room_id=room_id, content="Hello.")
        assert here.until("message_created")["message"]["content"] == "Hello."
        pair.second.in_loop(pair.second.chat.maintenance.reconcile_soon)
        assert there.until("message_created")["message"]["content"] == "Hello."


def test_a_revoked_credential_closes_connections_of_both(pair: Pair) -> None:
    ada = somebody("ada")
    with pair.first.device(ada) as here, pair.second.device(ada) as there:
        Token.objects.get(user=ada.account).delete()
        assert [device.closed() for device in (here, there)] == [(4401, "session_over")] * 2
    for server in (pair.first, pair.second):
        assert server.call(ada, "get_me").code == "unauthenticated"


def test_each_has_its_own_cache_of_identities(pair: Pair) -> None:
    ada = somebody("ada")
    for server in (pair.first, pair.second):
        server.do(ada, "get_me")
    pair.first.forget_identities()
    recalled = [len(server.chat.node.authenticate.__self__.cache._found) for server in (pair.first, pair.second)]
    assert recalled == [0, 1]


def test_when_one_stops_the_other_continues(pair: Pair) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room_id = pair.second.group(ada, ben)
    with pair.second.device(ben) as device:
        pair.stop_first()
        pair.second.do(ada, "send_message", room_id=room_id, content="Still here.")
        assert device.until("message_created")["message"]["content"] == "Still here."
        again = lookup.issue_token(ada.account)
        assert pair.second.http.get("/api/me", headers={"Authorization": f"Bearer {again}"}).status_code == 200
        Token.objects.filter(user=ben.account).delete()
        assert device.closed() == (4401, "session_over")


def test_djangos_own_code_writes_through_a_running_chat(pair: Pair) -> None:
    ada, ben = somebody("ada"), somebody("ben")

    def create() -> int:
        operation = CreateRoom(actor=ada.user, kind="group", name="Lab", topic="", members=[ben.id])
        return int(running_chats.write(operation).room.id)

    with pair.first.device(ben) as device:
        made = create()
        assert device.until("room_added")["room"]["id"] == made
    with pair.second.device(ben) as device:
        pair.stop_first()
        made = create()
        assert device.until("room_added")["room"]["id"] == made, "published by the one that still runs"
    assert len(running_chats._running) == 1


def test_without_a_running_chat_djangos_own_code_commits_in_its_thread(module_database: None) -> None:
    ada = somebody("ada")
    assert running_chats._running == []
    assert running_chats.write(CreateRoom(actor=ada.user, kind="group", name="Lab", topic="", members=[])).room.id
    with pytest.raises(CommandError):
        running_chats.write(CreateRoom(actor=ada.user, kind="group", name="Lab", topic="", members=[2**40]))
