"""`/api/fleet/…` over HTTP: who may ask, what is refused, and that no answer has what was written or who writes whom."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.urls import resolve

from backchannel.accounts import audit
from backchannel.protocol.fleet import ADDRESSES
from backchannel.web import page as app_page
from tests.running import Running, Someone, running, somebody, wait_until

pytestmark = pytest.mark.usefixtures("module_database")

NEEDED = {
    "/api/fleet/person": {"person": "nobody-of-this-name"},
    "/api/fleet/journey": {"person": "nobody-of-this-name"},
}
SECRET = "the cake is in the cellar"


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    with running(analytics="on") as it:
        yield it


@pytest.fixture(scope="module")
def boss(module_database: None) -> Someone:
    who = somebody("boss")
    who.account.is_staff = True
    who.account.save()
    return who


def get(server: Running, who: Someone | None, of: str, **asked: Any) -> httpx.Response:
    return server.http.get(f"/api/fleet/{of}", params=asked, headers=who.headers if who else {})


@pytest.mark.parametrize("address", ADDRESSES)
class TestEveryAddress:
    def test_is_for_staff_alone(self, server: Running, boss: Someone, address: str) -> None:
        asked = NEEDED.get(address, {})
        assert server.http.get(address, params=asked).status_code == 401
        refused = server.http.get(address, params=asked, headers=somebody().headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        answer = server.http.get(address, params=asked, headers=boss.headers)
        assert answer.status_code == (404 if asked else 200)

    def test_says_nothing_of_whom_there_is_before_it_knows_who_asks(self, server: Running, address: str) -> None:
        known = {**NEEDED.get(address, {}), **({"person": somebody("ada").user.username} if address in NEEDED else {})}
        assert server.http.get(address, params=known, headers=somebody().headers).status_code == 403

    def test_refuses_other_methods_and_parameters(self, server: Running, boss: Someone, address: str) -> None:
        refused = server.http.post(address, json={}, headers=boss.headers)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
        asked = {**NEEDED.get(address, {}), "nonsense": "1"}
        assert server.http.get(address, params=asked, headers=boss.headers).status_code == 422

    def test_is_seen_no_more_by_who_is_staff_no_more(self, server: Running, address: str) -> None:
        who = somebody("former")
        who.account.is_staff = True
        who.account.save()
        asked = NEEDED.get(address, {})
        assert server.http.get(address, params=asked, headers=who.headers).status_code in {200, 404}
        type(who.account).objects.filter(pk=who.account.pk).update(is_staff=False)
        assert server.http.get(address, params=asked, headers=who.headers).status_code == 403


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("fallback", {"hours": "0"}),
        ("fallback", {"hours": "721"}),
        ("fallback", {"hours": "many"}),
        ("person", {}),
        ("person", {"person": ""}),
        ("person", {"person": "x\x00y"}),
        ("person", {"person": "x" * 151}),
        ("journey", {"person": "ada", "message": "7"}),
        ("errors", {"side": "moon"}),
        ("audit", {"limit": "501"}),
        ("audit", {"person": "\x00"}),
    ],
)
def test_parameters_out_of_bounds_are_refused(server: Running, boss: Someone, page: str, asked: dict[str, str]) -> None:
    assert get(server, boss, page, **asked).status_code == 422


def test_a_parameter_that_is_given_twice_is_refused(server: Running, boss: Someone) -> None:
    answer = server.http.get("/api/fleet/fallback?hours=1&hours=2", headers=boss.headers)
    assert answer.json()["errors"] == {"hours": ["Is given twice."]}


def test_the_errors_page_finds_a_reference(server: Running, boss: Someone) -> None:
    server.chat.evidence.evidence.failed(ValueError("token=abcdef"), "K7QF-2MZD")
    server.chat.evidence.writer.wake()
    wait_until(lambda: get(server, boss, "errors", reference="k7qf-2mzd").json()["groups"])
    (group,) = get(server, boss, "errors", reference="k7qf-2mzd", side="server").json()["groups"]
    assert (group["kind"], group["references"]) == ("ValueError", ["K7QF-2MZD"])
    assert "abcdef" not in group["sample"]
    assert get(server, boss, "errors", side="browser").json()["groups"] == []


def test_the_audit_page_shows_the_newest_first_and_sealed(server: Running, boss: Someone) -> None:
    for action in ("test_first", "test_second"):
        audit.record(action, "cleo", reason="test")
    shown = get(server, boss, "audit", person="cleo").json()["entries"]
    assert [each["action"] for each in shown] == ["test_second", "test_first"]
    assert shown[0]["position"] == shown[1]["position"] + 1
    assert shown[0]["digest"]
    assert [each["action"] for each in get(server, boss, "audit", action="test_first").json()["entries"]] == [
        "test_first"
    ]


class TestJourney:
    def test_of_a_message_that_arrived(self, server: Running, boss: Someone) -> None:
        ada, cleo = somebody("ada"), somebody("cleo")
        room = server.group(ada, cleo)
        with server.device(cleo) as device:
            sent = server.do(ada, "send_message", room_id=room, id=str(uuid4()), content=SECRET)["message"]
            device.until("message_created")
            device.say({"type": "pong", "seen": {str(room): sent["seq"]}})
            device.take()
            wait_until(lambda: self._step(server, boss, cleo, sent, "seen")["state"] == "done")
            shown = get(server, boss, "journey", person=cleo.user.username, message=sent["id"])
        journey = shown.json()["journey"]
        assert journey["verdict"].startswith("Cleo (python 3, other) had it by ")
        assert journey["sender"]["username"] == ada.user.username
        assert journey["room"]["id"] == room
        by_name = {each["step"]: each for each in journey["steps"]}
        assert list(by_name) == ["typed", "tried", "committed", "published", "written", "seen", "read"]
        assert (by_name["committed"]["evidence"], by_name["committed"]["latest"]) == ("exact", sent["created_at"])
        assert by_name["seen"]["transport"] == "websocket"
        assert SECRET not in shown.text

    def test_of_a_message_nobody_was_there_for(self, server: Running, boss: Someone) -> None:
        ada, cleo = somebody("ada"), somebody("cleo")
        room = server.group(ada, cleo)
        sent = server.do(ada, "send_message", room_id=room, id=str(uuid4()), content=SECRET)["message"]
        shown = get(server, boss, "journey", person=cleo.user.username, message=sent["id"]).json()["journey"]
        assert shown["verdict"].endswith("nothing is known of any connection of Cleo: it waits for them.")

    def test_lists_what_a_person_should_have_without_what_they_wrote(self, server: Running, boss: Someone) -> None:
        ada, cleo = somebody("ada"), somebody("cleo")
        room = server.group(ada, cleo)
        ids = [str(uuid4()) for _ in range(3)]
        for id_ in ids:
            server.do(ada, "send_message", room_id=room, id=id_, content=SECRET)
        server.do(cleo, "send_message", room_id=room, id=str(uuid4()), content="mine")
        shown = get(server, boss, "journey", person=cleo.user.username)
        assert [each["id"] for each in shown.json()["expected"]] == ids[::-1]
        assert SECRET not in shown.text

    def test_of_a_direct_room_shows_neither_the_room_nor_who_wrote(self, server: Running, boss: Someone) -> None:
        ada, cleo = somebody("adadirect"), somebody("cleodirect")
        room = server.do(ada, "create_room", kind="direct", members=[cleo.id])["room"]["id"]
        sent = server.do(ada, "send_message", room_id=room, id=str(uuid4()), content=SECRET)["message"]
        named = get(server, boss, "journey", person=cleo.user.username, message=sent["id"])
        listed = get(server, boss, "journey", person=cleo.user.username)
        nothing = {"kind": "direct", "id": None, "name": None}
        assert (named.json()["journey"]["room"], named.json()["journey"]["sender"]) == (nothing, None)
        assert [each["room"] for each in listed.json()["expected"]] == [nothing]
        for answer in (named, listed):
            assert "Adadirect" not in answer.text
            assert ada.user.username not in answer.text
            assert SECRET not in answer.text

    def test_is_found_by_the_address_of_a_message_but_not_in_a_direct_room(
        self, server: Running, boss: Someone
    ) -> None:
        ada, cleo = somebody("ada"), somebody("cleo")
        group = server.group(ada, cleo)
        direct = server.do(ada, "create_room", kind="direct", members=[cleo.id])["room"]["id"]
        for room, status in ((group, 200), (direct, 404)):
            sent = server.do(ada, "send_message", room_id=room, id=str(uuid4()), content=SECRET)["message"]
            answer = get(server, boss, "journey", person=cleo.user.username, room=room, seq=sent["seq"])
            assert answer.status_code == status
            if status == 200:
                assert answer.json()["journey"]["id"] == sent["id"]
        for asked in ({"room": 1}, {"seq": 1}, {"room": 1, "seq": 1, "message": str(uuid4())}, {"room": 0, "seq": 1}):
            assert get(server, boss, "journey", person=cleo.user.username, **asked).status_code == 422

    def test_of_no_message_is_not_found(self, server: Running, boss: Someone) -> None:
        cleo = somebody("cleo")
        answer = get(server, boss, "journey", person=cleo.user.username, message=str(uuid4()))
        assert (answer.status_code, answer.json()["code"]) == (404, "message_not_found")

    @staticmethod
    def _step(server: Running, boss: Someone, cleo: Someone, sent: Any, name: str) -> Any:
        server.chat.evidence.writer.wake()
        shown = get(server, boss, "journey", person=cleo.user.username, message=sent["id"]).json()["journey"]
        return next(each for each in shown["steps"] if each["step"] == name)


def test_with_analytics_off_every_page_answers_and_says_so(boss: Someone) -> None:
    cleo = somebody("cleo")
    with running(analytics="off") as server:
        for page, asked in (("now", {}), ("fallback", {}), ("errors", {}), ("person", {"person": cleo.user.username})):
            answer = get(server, boss, page, **asked)
            assert (answer.status_code, answer.json()["analytics"]) == (200, "off")
        assert (
            server.http.get("/api/fleet/journey", params={"person": cleo.user.username}, headers=boss.headers).json()[
                "expected"
            ]
            == []
        )


def test_the_page_is_the_apps_and_not_one_of_the_admin_site() -> None:
    assert resolve("/admin/fleet", "backchannel.site.urls").func is app_page.page
    assert resolve("/admin/", "backchannel.site.urls").func is not app_page.page
