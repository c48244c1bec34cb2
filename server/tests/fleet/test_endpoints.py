"""`/api/fleet/…` over HTTP: who may ask, what is refused, and that no answer has what was written or who writes whom."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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

STAFF = {path: address for path, address in ADDRESSES.items() if address.for_staff}
NEEDED = {
    "/api/fleet/recorder": {"person": "nobody-of-this-name"},
    "/api/fleet/recording": {"id": "7"},
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


@pytest.mark.parametrize("address", STAFF)
class TestEveryAddress:
    def test_is_for_staff_alone(self, server: Running, boss: Someone, address: str) -> None:
        asked = NEEDED.get(address, {})
        assert self._ask(server, address, None, asked).status_code == 401
        refused = self._ask(server, address, somebody(), asked)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert self._ask(server, address, boss, asked).status_code == (404 if asked else 200)

    def test_says_nothing_of_whom_there_is_before_it_knows_who_asks(self, server: Running, address: str) -> None:
        known = dict(NEEDED.get(address, {}))
        if "person" in known:
            known["person"] = somebody("ada").user.username
        assert self._ask(server, address, somebody(), known).status_code == 403

    def test_refuses_other_methods_and_parameters(self, server: Running, boss: Someone, address: str) -> None:
        method = STAFF[address].method
        refused = server.http.request("POST" if method == "GET" else "GET", address, headers=boss.headers)
        assert (refused.status_code, refused.headers["allow"]) == (405, method)
        asked = {**NEEDED.get(address, {}), "nonsense": "1"}
        assert self._ask(server, address, boss, asked).status_code == 422

    def test_is_seen_no_more_by_who_is_staff_no_more(self, server: Running, address: str) -> None:
        who = somebody("former")
        who.account.is_staff = True
        who.account.save()
        asked = NEEDED.get(address, {})
        assert self._ask(server, address, who, asked).status_code in {200, 404}
        type(who.account).objects.filter(pk=who.account.pk).update(is_staff=False)
        assert self._ask(server, address, who, asked).status_code == 403

    @staticmethod
    def _ask(server: Running, address: str, who: Someone | None, asked: dict[str, Any]) -> httpx.Response:
        headers = who.headers if who else {}
        return server.http.request(STAFF[address].method, address, params=asked, headers=headers)


class TestTheRecorder:
    def test_is_asked_for_and_that_is_in_the_audit_log(self, server: Running, boss: Someone) -> None:
        cleo = somebody("cleo")
        with server.device(cleo) as device:
            asked = self._ask(server, boss, cleo)
            assert asked.json()["person"]["username"] == cleo.user.username
            device.until("please_report")
        (line,) = get(server, boss, "audit", person=cleo.user.username, action="recorder_asked").json()["entries"]
        assert (line["actor"], line["subject"]) == (boss.user.username, cleo.user.username)

    def test_is_asked_for_over_http_too(self, server: Running, boss: Someone) -> None:
        cleo = somebody("cleo")
        first = server.http.post("/api/sync", json={}, headers=cleo.headers).json()
        resume = {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}
        with ThreadPoolExecutor() as threads:
            poll = threads.submit(
                server.http.post, "/api/sync", json={"resume": resume, "wait": 20}, headers=cleo.headers
            )
            # A question that comes before the poll waits is lost.
            wait_until(lambda: self._ask(server, boss, cleo).status_code == 200 and poll.done())
            assert {"type": "please_report"} in poll.result().json()["frames"]

    def test_that_came_is_listed_and_its_lines_have_times(self, server: Running, boss: Someone) -> None:
        cleo = somebody("cleo")
        report = {
            "client": {"name": "web", "version": "3"},
            "why": "asked",
            "waiting": 2,
            "recorder": ["61000 connection from=live to=waiting", "no age", "1 socket_closed code=1006"],
        }
        assert server.http.post("/api/report", json=report, headers=cleo.headers).status_code == 200

        def listed() -> Any:
            server.chat.evidence.writer.wake()
            return get(server, boss, "person", person=cleo.user.username).json()["recordings"]

        wait_until(listed)
        (kept,) = listed()
        shown = get(server, boss, "recording", id=kept["id"]).json()
        assert (shown["why"], shown["client"], shown["waiting"]) == ("asked", "web 3", 2)
        assert [line["text"] for line in shown["lines"]] == [
            "connection from=live to=waiting",
            "no age",
            "socket_closed code=1006",
        ]
        assert shown["lines"][0]["at"] < shown["lines"][2]["at"] < shown["lines"][1]["at"] == shown["at"]

    def test_of_an_id_that_no_row_can_have_is_not_found(self, server: Running, boss: Someone) -> None:
        assert get(server, boss, "recording", id="9" * 19).status_code == 404

    @staticmethod
    def _ask(server: Running, boss: Someone, whom: Someone) -> httpx.Response:
        answer = server.http.post("/api/fleet/recorder", params={"person": whom.user.username}, headers=boss.headers)
        assert answer.status_code == 200
        return answer


class TestOnesOwnConnections:
    PATH = "/api/me/connections"

    def test_are_seen_by_oneself_and_nobody_elses_are(self, server: Running) -> None:
        ada, cleo = somebody("ada"), somebody("cleo")
        with server.device(cleo):

            def lanes() -> Any:
                server.chat.evidence.writer.wake()
                return server.http.get(self.PATH, headers=cleo.headers).json()["lanes"]

            wait_until(lanes)
            ((stretch,),) = [lane["stretches"] for lane in lanes()]
            assert (stretch["transport"], stretch["until"]) == ("websocket", None)
        assert server.http.get(self.PATH, headers=ada.headers).json()["lanes"] == []

    def test_of_whom_is_not_for_the_caller_to_say(self, server: Running) -> None:
        cleo = somebody("cleo")
        assert server.http.get(self.PATH).status_code == 401
        for asked in ({"person": "ada"}, {"hours": 337}, {"hours": 0}):
            assert server.http.get(self.PATH, params=asked, headers=cleo.headers).status_code == 422


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

    def test_of_a_direct_room_is_of_its_receiver_alone(self, server: Running, boss: Someone) -> None:
        """Whom it was sent to is listed with its id. Who sent it is as unknown as who did not."""
        ada, cleo, other = somebody("ada"), somebody("cleo"), somebody("other")
        room = server.do(ada, "create_room", kind="direct", members=[cleo.id])["room"]["id"]
        sent = server.do(ada, "send_message", room_id=room, id=str(uuid4()), content=SECRET)["message"]
        asked = [get(server, boss, "journey", person=who.user.username, message=sent["id"]) for who in (ada, other)]
        assert [answer.status_code for answer in asked] == [404, 404]
        assert asked[0].json() == asked[1].json()
        assert get(server, boss, "journey", person=cleo.user.username, message=sent["id"]).status_code == 200

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
