"""The same command gets the same answer on both transports: every declared command, on each."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest

from backchannel.protocol.commands import COMMANDS
from backchannel.protocol.errors import Code, is_final
from tests.conformance.cases import CASES, Case
from tests.conformance.fields import MISSING, Wrong, wrong_fields
from tests.conformance.roles import MATRIX, OK, ROLES
from tests.conformance.world import World, build
from tests.running import Answer, Device, Running

STATUS = {code.word: code.status for code in Code}
OVER_REST = [declaration for declaration in COMMANDS.values() if declaration.method]

BYTES = {"/api/uploads/{upload_id}": {"PUT"}}
"""Methods that are no commands."""


@pytest.fixture(scope="module")
def world(server: Running) -> World:
    """Shared by the refused commands, which change nothing."""
    return build(server)


@pytest.fixture(scope="module")
def devices(server: Running, world: World) -> Iterator[dict[str, Device]]:
    opened = {name: server.device(who) for name, who in world.people.items()}
    yield opened
    for device in opened.values():
        device.close()


@pytest.fixture(scope="module")
def twins(server: Running) -> tuple[World, World]:
    """Two equal worlds, one for each transport, shared by the commands that only read."""
    return build(server), build(server)


def test_every_command_has_cases() -> None:
    assert set(CASES) == set(COMMANDS)
    for word, cases in CASES.items():
        assert any(case.code is None for case in cases), word
        if "room_id" in COMMANDS[word].path_fields or "message_id" in COMMANDS[word].path_fields:
            refused = {case.who for case in cases if case.code}
            # dan, a former member, may read up to where he left, and leave again.
            allowed = {ROLES[role] for role, code in MATRIX[word][1].items() if code is OK}
            assert refused | (allowed & {"dan"}) >= {"cyd", "dan", "eve"}, word


@pytest.mark.parametrize(
    ("word", "case"),
    [
        pytest.param(word, case, id=f"{word}-{case.name}")
        for word, cases in CASES.items()
        for case in cases
        if not case.code
    ],
)
def test_an_accepted_command_gets_the_same_answer_on_both_transports(
    server: Running, twins: tuple[World, World], word: str, case: Case
) -> None:
    over_socket, over_http = (build(server), build(server)) if COMMANDS[word].changes_state else twins
    with server.device(over_socket.people[case.who]) as device:
        if case.twice:
            device.call(word, **case.fields(over_socket))
        by_socket = device.call(word, **case.fields(over_socket))
    assert by_socket.ok, by_socket
    if COMMANDS[word].method is None:
        return
    if case.twice:
        server.call(over_http.people[case.who], word, **case.fields(over_http))
    by_http = server.call(over_http.people[case.who], word, **case.fields(over_http))
    assert by_http.ok, by_http
    assert over_http.plain(by_http.body) == over_socket.plain(by_socket.body)
    assert by_http.status == _expected_status(word, case, by_http.body)


@pytest.mark.parametrize(
    ("word", "case"),
    [
        pytest.param(word, case, id=f"{word}-{case.name}")
        for word, cases in CASES.items()
        for case in cases
        if case.code
    ],
)
def test_a_refused_command_gets_the_same_error_on_both_transports(
    server: Running, world: World, devices: dict[str, Device], word: str, case: Case
) -> None:
    by_socket = devices[case.who].call(word, **case.fields(world))
    by_http = server.call(world.people[case.who], word, **case.fields(world))
    assert (by_socket.code, by_socket.status) == (case.code, STATUS[str(case.code)])
    _same_refusal(by_socket, by_http)
    if case.field:
        assert list(by_socket.body["errors"]) == [case.field]


@pytest.mark.parametrize(
    ("word", "wrong"),
    [pytest.param(word, wrong, id=f"{word}-{wrong}") for word, d in COMMANDS.items() for wrong in wrong_fields(d)],
)
def test_the_error_for_a_wrong_field_names_it_on_both_transports(
    server: Running, world: World, devices: dict[str, Device], word: str, wrong: Wrong
) -> None:
    good = next(case for case in CASES[word] if case.code is None)
    fields = {**good.fields(world), wrong.field: wrong.value}
    if wrong.value is MISSING:
        del fields[wrong.field]
    by_socket = devices[good.who].call(word, **fields)
    assert (by_socket.code, by_socket.status) == ("invalid", 422)
    assert list(by_socket.body["errors"]) == [wrong.field]
    declaration = COMMANDS[word]
    stands_in_text = declaration.method in ("GET", "DELETE") or wrong.field in declaration.path_fields
    no_address = wrong.value == "" and wrong.field in set(declaration.path_fields) - {"emoji"}
    if declaration.method is None or (stands_in_text and not wrong.in_text) or no_address:
        return
    by_http = server.call(world.people[good.who], word, **fields)
    if not stands_in_text:
        _same_refusal(by_socket, by_http)
        return
    # Paths and queries are text, so that the error cannot name the type that was sent.
    assert (by_http.status, by_http.code, list(by_http.body["errors"])) == (422, "invalid", [wrong.field])


@pytest.mark.parametrize("word", [declaration.word for declaration in OVER_REST])
@pytest.mark.parametrize("token", [None, "bc_" + "x" * 43, "x"])
def test_an_unauthenticated_request_is_refused_before_its_fields_are_read(
    server: Running, world: World, word: str, token: str | None
) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    path = COMMANDS[word].path.format(
        room_id=world.group,
        message_id=world.by_ada,
        emoji="x",
        user_id=1,
        upload_id=world.upload,
        id=world.scheduled,
        device="a-phone-1",
    )
    response = server.http.request(str(COMMANDS[word].method), path, headers=headers, json={"nonsense": 1})
    assert response.status_code == 401
    _is_problem(response, "unauthenticated")


@pytest.mark.parametrize("word", [d.word for d in OVER_REST if d.path_fields])
def test_a_field_of_the_path_cannot_be_given_again_in_the_body(server: Running, world: World, word: str) -> None:
    declaration = COMMANDS[word]
    path = declaration.path.format(
        room_id=world.group,
        message_id=world.by_ada,
        emoji="x",
        user_id=world.ben.id,
        upload_id=world.upload,
        id=world.scheduled,
        device="a-phone-1",
    )
    name = declaration.path_fields[0]
    inside: dict[str, Any] = {name: {"room_id": world.group, "upload_id": world.upload}.get(name, world.by_ada)}
    given: dict[str, Any] = {"params": inside} if declaration.method in ("GET", "DELETE") else {"json": inside}
    response = server.http.request(str(declaration.method), path, headers=world.ada.headers, **given)
    assert response.status_code == 422
    assert list(_is_problem(response, "invalid")["errors"]) == [name]


@pytest.mark.parametrize("declaration", OVER_REST, ids=lambda declaration: declaration.word)
def test_a_body_that_is_not_a_json_object_is_refused(server: Running, world: World, declaration: Any) -> None:
    if declaration.method in ("GET", "DELETE"):
        return
    path = declaration.path.format(
        room_id=world.group,
        message_id=world.by_ada,
        emoji="x",
        user_id=1,
        upload_id=world.upload,
        id=world.scheduled,
        device="a-phone-1",
    )
    headers = {**world.ada.headers, "Content-Type": "application/json"}
    for body, status, code in (
        (b"[]", 400, "bad_frame"),
        (b"{", 400, "bad_frame"),
        (b'"\xff"', 400, "bad_frame"),
        (b"[" * 60_000, 400, "bad_frame"),
        (b"x" * (64 * 1024 + 1), 413, "too_large"),
    ):
        response = server.http.request(declaration.method, path, headers=headers, content=body)
        assert response.status_code == status, body[:10]
        _is_problem(response, code)
    plain = {**world.ada.headers, "Content-Type": "text/plain"}
    response = server.http.request(declaration.method, path, headers=plain, content=b"{}")
    assert response.status_code == 415
    _is_problem(response, "unsupported_media_type")


def test_a_retry_on_the_other_transport_is_answered_as_a_duplicate(server: Running) -> None:
    world = build(server)
    with server.device(world.ada) as device:
        over_http = partial(server.call, world.ada)
        for first, second in ((device.call, over_http), (over_http, device.call)):
            id_ = str(uuid4())
            message = {"id": id_, "room_id": world.group, "content": "Once."}
            answers = [send("send_message", **message) for send in (first, second)]
            assert [answer.body["duplicate"] for answer in answers] == [False, True]
            assert answers[0].body["message"] == answers[1].body["message"]
    seqs = [event["seq"] for event in server.do(world.ada, "get_events", room_id=world.group, after=0)["events"]]
    assert seqs == list(range(1, len(seqs) + 1))


def test_a_retry_after_a_removal_is_acknowledged_if_the_message_was_stored_before(server: Running) -> None:
    world = build(server)
    said = {"id": str(uuid4()), "room_id": world.group, "content": "Sent in time."}
    first = server.do(world.ben, "send_message", **said)
    server.do(world.ada, "remove_member", room_id=world.group, user_id=world.ben.id)
    assert server.do(world.ben, "send_message", **said) == {**first, "duplicate": True}
    assert server.call(world.ben, "send_message", **{**said, "id": str(uuid4())}).code == "not_a_member"


def test_an_unknown_command_and_an_unknown_path_are_named_so(
    server: Running, world: World, devices: dict[str, Device]
) -> None:
    assert devices["ada"].call("no_such_word").code == "unknown_command"
    for path in ("/api/", "/api/nope", "/api/rooms/1/nope", "/api/Rooms", "/api/%0A", "/api/rooms/1/no%0Ape"):
        response = server.http.get(path, headers=world.ada.headers)
        assert response.status_code == 404, path
        _is_problem(response, "not_found")


@pytest.mark.parametrize("path", sorted({d.path for d in OVER_REST}))
def test_another_method_is_answered_with_those_that_are_allowed(server: Running, world: World, path: str) -> None:
    known = {str(d.method) for d in OVER_REST if d.path == path} | BYTES.get(path, set())
    place = path.format(
        room_id=world.group,
        message_id=world.by_ada,
        emoji="x",
        user_id=1,
        upload_id=world.upload,
        id=world.scheduled,
        device="a-phone-1",
    )
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
        response = server.http.request(method, place, headers=world.ada.headers)
        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == known
        _is_problem(response, "method_not_allowed")


def test_no_answer_may_be_cached(server: Running, world: World) -> None:
    for response in (
        server.request(world.ada, "get_room_list", {}),
        server.request(world.ada, "get_room", {"room_id": 2**53 - 1}),
        server.sync(world.ada),
    ):
        assert response.headers["Cache-Control"] == "no-store"


def _expected_status(word: str, case: Case, body: Any) -> int:
    if word == "send_message":
        return 200 if body["duplicate"] else 201
    if word == "create_upload":
        return 200 if case.twice else 201
    if word == "create_room":
        return 200 if case.twice or case.name.endswith("of old") else 201
    return 200


def _same_refusal(by_socket: Answer, by_http: Answer) -> None:
    said = {name: value for name, value in by_http.body.items() if name not in ("type", "title")}
    assert (by_http.status, said) == (by_socket.status, by_socket.body)
    assert by_http.body["type"] == "about:blank"


def _is_problem(response: httpx.Response, code: str) -> Any:
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["code"], body["status"]) == (code, response.status_code)
    assert body["detail"]
    if not is_final(response.status_code) and response.status_code != 401:
        assert response.headers["Retry-After"]
    return body


@pytest.mark.parametrize("goes", ["remove_member", "leave_room"])
@pytest.mark.parametrize("before", [False, True], ids=["after they went", "before they went"])
def test_a_retry_by_a_former_member_is_answered_with_the_message_as_it_was_sent(
    server: Running, goes: str, before: bool
) -> None:
    world = build(server)
    ada, ben = world.ada, world.ben
    said = {
        "id": str(uuid4()),
        "room_id": world.group,
        "content": f"@{ada.user.username} Yes.",
        "reply_to": world.by_ada,
    }

    def change() -> None:
        server.do(ada, "add_reaction", message_id=said["id"], emoji="👍")
        server.do(ada, "edit_message", message_id=world.by_ada, content="Something secret.")
        server.do(ada, "delete_message", message_id=said["id"])

    with server.device(ben) as device:
        first = device.call("send_message", **said).body["message"]
        assert first["reply_to"]["excerpt"] == "From Ada."
        if before:
            change()
        if goes == "leave_room":
            server.do(ben, "leave_room", room_id=world.group)
        else:
            server.do(ada, "remove_member", room_id=world.group, user_id=ben.id)
        unchanged = {"message": first, "duplicate": True}
        if not before:
            assert server.do(ben, "send_message", **said) == unchanged
            change()
        unchanged["message"] = {**first, "reply_to": {**first["reply_to"], "excerpt": ""}}
        assert server.do(ben, "send_message", **said) == unchanged
        assert device.call("send_message", **said).body == unchanged
    # A member gets the message as it is now.
    server.do(ada, "add_members", room_id=world.group, user_ids=[ben.id])
    assert server.do(ben, "send_message", **said)["message"]["deleted"]
