"""Uploads, from their announcement to their message and their end. Both transports share the commands; the bytes come by HTTP."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import partial
from hashlib import blake2b
from uuid import UUID, uuid4

import pytest

from backchannel.commands.send_message import SendMessage
from backchannel.rules import UNCLAIMED_UPLOADS
from backchannel.store import disk
from backchannel.store.models import Upload
from backchannel.store.operation import NOBODY
from tests.files.sending import CHUNK, announce, fetch, put, send_bytes, sent, uploaded, wait_checked
from tests.running import Running, Someone, somebody

BYTES = random.Random(5).randbytes(2 * CHUNK + 1234)


def test_a_file_sent_in_pieces_is_served_as_it_was_to_members(
    server: Running, ada: Someone, ben: Someone, room: int
) -> None:
    upload = announce(server, ada, room, BYTES, name="notes.bin")
    assert (upload["state"], upload["offset"], upload["claimed"]) == ("receiving", 0, False)
    send_bytes(server, ada, upload["id"], BYTES)
    ready = wait_checked(server, ada, upload["id"])
    assert (ready["state"], ready["offset"], ready["size"]) == ("ready", len(BYTES), len(BYTES))
    message = sent(server, ada, room, upload["id"])
    (attachment,) = message["attachments"]
    assert attachment == {
        "id": upload["id"], "name": "notes.bin", "size": len(BYTES), "content_type": "application/octet-stream",
        "url": f"/files/{upload['id']}/notes.bin",
    }  # fmt: skip
    got = fetch(server, ben, attachment["url"])
    assert (got.status_code, got.content == BYTES) == (200, True)
    history = server.do(ben, "get_history", room_id=room)["messages"]
    assert history[-1] == message
    assert server.do(ada, "get_upload", upload_id=upload["id"])["upload"]["claimed"]


def test_a_message_of_files_alone_is_shown_by_their_names(
    server: Running, ada: Someone, ben: Someone, room: int
) -> None:
    files = [
        uploaded(server, ada, room, b"1", name="mill.txt")["id"],
        uploaded(server, ada, room, b"2", name="plan.txt")["id"],
    ]
    question = sent(server, ben, room, content="Where?")
    with server.device(ben) as device:
        message = server.do(ada, "send_message", room_id=room, content=" ", attachments=files, reply_to=question["id"])[
            "message"
        ]
        assert device.until("notification")["excerpt"] == "mill.txt, plan.txt"
    assert _last(server, ben, room) == "mill.txt, plan.txt"
    reply = server.do(ben, "send_message", room_id=room, content="There.", reply_to=message["id"])["message"]
    assert reply["reply_to"]["excerpt"] == "mill.txt, plan.txt"
    assert server.do(ada, "get_history", room_id=room)["messages"][-1]["reply_to"] == reply["reply_to"]

    server.do(ada, "edit_message", message_id=message["id"], content="Here.")
    assert server.do(ada, "get_history", room_id=room)["messages"][-1]["reply_to"]["excerpt"] == "Here."
    server.do(ben, "delete_message", message_id=reply["id"])
    server.do(ada, "delete_message", message_id=message["id"])
    assert server.do(ada, "get_history", room_id=room)["messages"][-1]["reply_to"]["excerpt"] == ""


def _last(server: Running, who: Someone, room_id: int) -> str:
    return str(server.do(who, "get_room", room_id=room_id)["room"]["last_message"]["content"])


def test_the_same_announcement_again_is_the_same_upload(server: Running, ada: Someone, ben: Someone, room: int) -> None:
    fields = {"id": str(uuid4()), "room_id": room, "name": " ../x.txt", "size": 10, "content_type": "Text/Plain; a=b"}
    first = server.request(ada, "create_upload", fields)
    again = server.request(ada, "create_upload", fields)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["upload"]["name"], first.json()["upload"]["content_type"]) == ("x.txt", "text/plain")
    for other in ({"name": "x.txt"}, {"size": 11}, {"content_type": "text/plain"}):
        assert server.call(ada, "create_upload", **{**fields, **other}).code == "id_reused"
    assert server.call(ben, "create_upload", **fields).code == "id_reused"
    described = server.do(ada, "create_upload", **fields, alt="A text.")["upload"]
    assert described["alt"] == "A text."


def test_pieces_may_be_repeated_overlap_and_come_to_a_gap(server: Running, ada: Someone, room: int) -> None:
    upload = announce(server, ada, room, BYTES)
    id_ = upload["id"]
    gap = put(server, ada, id_, b"x", 5)
    assert (gap.status_code, gap.json()["code"], gap.json()["offset"]) == (409, "wrong_offset", 0)
    assert put(server, ada, id_, BYTES[:1000], 0).json() == {"offset": 1000}
    assert put(server, ada, id_, b"?" * 1000, 0).json() == {"offset": 1000}  # ignored, not written again
    assert put(server, ada, id_, b"?" * 500 + BYTES[1000:1500], 500).json() == {"offset": 1500}
    assert put(server, ada, id_, b"", 1500).json() == {"offset": 1500}
    beyond = put(server, ada, id_, BYTES[1500:] + b"x", 1500)
    assert (beyond.status_code, beyond.json()["code"]) == (422, "invalid")
    assert put(server, ada, id_, BYTES[1500:], 1500).json() == {"offset": len(BYTES)}
    assert put(server, ada, id_, BYTES[1500:], 1500).json() == {"offset": len(BYTES)}
    assert wait_checked(server, ada, id_)["state"] == "ready"
    assert fetch(server, ada, f"/files/{id_}/any-name").content == BYTES


def test_many_requests_with_the_same_piece_store_it_once(server: Running, ada: Someone, room: int) -> None:
    upload = announce(server, ada, room, BYTES)
    with ThreadPoolExecutor(6) as threads:
        for offset in range(0, len(BYTES), CHUNK):
            piece = BYTES[offset : offset + CHUNK]
            answers = list(threads.map(lambda _: put(server, ada, upload["id"], piece, offset), range(6)))  # noqa: B023
            assert {answer.status_code for answer in answers} == {200}
            assert {answer.json()["offset"] for answer in answers} == {offset + len(piece)}
    wait_checked(server, ada, upload["id"])
    assert fetch(server, ada, f"/files/{upload['id']}/x").content == BYTES


def test_an_empty_file_is_ready_at_once(server: Running, ada: Someone, ben: Someone, room: int) -> None:
    upload = announce(server, ada, room, b"")
    assert upload["state"] == "ready"
    (attachment,) = sent(server, ada, room, upload["id"])["attachments"]
    got = fetch(server, ben, attachment["url"])
    assert (got.status_code, got.content, got.headers["content-length"]) == (200, b"", "0")


def test_a_file_is_claimed_by_one_message(server: Running, ada: Someone, ben: Someone, room: int) -> None:
    upload = uploaded(server, ada, room, b"abc")
    id_ = upload["id"]
    other_room = server.group(ada, ben)
    fields = {"id": str(uuid4()), "room_id": room, "content": "", "attachments": [id_]}

    def code(who: Someone, **rest: object) -> str | None:
        return server.call(who, "send_message", **{**fields, **rest}).code

    assert code(ada, attachments=[]) == "invalid"  # blank, and without a file
    assert code(ada, attachments=[id_, id_]) == "invalid"
    assert code(ada, attachments=[str(uuid4())]) == "upload_not_found"
    assert code(ada, room_id=other_room) == "upload_not_found"
    assert code(ben) == "upload_not_found"
    late = announce(server, ada, room, b"abc")
    assert code(ada, attachments=[id_, late["id"]]) == "upload_not_ready"
    first = server.call(ada, "send_message", **fields)
    assert first.status == 201
    again = server.call(ada, "send_message", **fields)
    assert (again.status, again.body["duplicate"]) == (200, True)
    assert again.body["message"] == first.body["message"]
    assert code(ada, content="x") == "id_reused"
    assert code(ada, attachments=[late["id"]]) == "id_reused"
    assert code(ada, id=str(uuid4())) == "upload_claimed"
    assert server.call(ada, "delete_upload", upload_id=id_).code == "upload_claimed"


def test_two_messages_at_once_do_not_both_claim_a_file(server: Running, ada: Someone, room: int) -> None:
    id_ = uploaded(server, ada, room, b"abc")["id"]
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(
                lambda n: server.call(ada, "send_message", room_id=room, content=f"{n}", attachments=[id_]), range(8)
            )
        )
    assert sorted(answer.code or "ok" for answer in answers) == ["ok"] + ["upload_claimed"] * 7


def test_a_fingerprint_without_files_is_what_it_always_was_and_no_text_imitates_files() -> None:
    id_, file = UUID(int=5), UUID(int=6)
    send = partial(SendMessage, actor=NOBODY, id=id_, room_id=1)
    assert send(content="x").fingerprint == blake2b(b"x", digest_size=16, key=id_.bytes).digest()
    made = {
        send(content=content, attachments=files).fingerprint
        for content in ("x", "x" + file.hex, f"x{file.bytes.decode()}")
        for files in ((), (file,), (file, id_), (id_, file))
    }
    assert len(made) == 12


def test_the_order_of_files_belongs_to_the_message(server: Running, ada: Someone, room: int) -> None:
    ids = [uploaded(server, ada, room, bytes([n]))["id"] for n in range(3)][::-1]
    fields = {"id": str(uuid4()), "room_id": room, "content": "x", "attachments": ids}
    message = server.do(ada, "send_message", **fields)["message"]
    assert [each["id"] for each in message["attachments"]] == ids
    assert server.call(ada, "send_message", **{**fields, "attachments": ids[::-1]}).code == "id_reused"


def test_a_deleted_message_takes_its_files_along(server: Running, ada: Someone, ben: Someone, room: int) -> None:
    id_ = uploaded(server, ada, room, b"abc")["id"]
    message = sent(server, ada, room, id_, content="x")
    url = message["attachments"][0]["url"]
    assert fetch(server, ben, url).status_code == 200
    tombstone = server.do(ada, "delete_message", message_id=message["id"])["message"]
    assert tombstone["attachments"] == []
    gone = fetch(server, ben, url)
    assert (gone.status_code, gone.json()["code"]) == (404, "upload_not_found")
    assert server.call(ada, "get_upload", upload_id=id_).code == "upload_not_found"


def test_an_edit_may_leave_the_files_alone(server: Running, ada: Someone, room: int) -> None:
    message = sent(server, ada, room, uploaded(server, ada, room, b"abc")["id"], content="x")
    edited = server.do(ada, "edit_message", message_id=message["id"], content="")["message"]
    assert (edited["content"], edited["attachments"]) == ("", message["attachments"])
    plain = server.do(ada, "send_message", room_id=room, content="x")["message"]
    assert server.call(ada, "edit_message", message_id=plain["id"], content="").code == "invalid"


def test_an_upload_is_its_senders_alone_until_a_message_has_it(
    server: Running, ada: Someone, ben: Someone, room: int
) -> None:
    id_ = uploaded(server, ada, room, b"abc")["id"]
    assert fetch(server, ada, f"/files/{id_}/x").content == b"abc"
    assert fetch(server, ben, f"/files/{id_}/x").status_code == 404
    assert server.call(ben, "get_upload", upload_id=id_).code == "upload_not_found"
    assert server.call(ben, "delete_upload", upload_id=id_).code == "upload_not_found"
    assert put(server, ben, id_, b"x", 0).json()["code"] == "upload_not_found"
    assert server.do(ada, "delete_upload", upload_id=id_) == {}
    assert server.call(ada, "delete_upload", upload_id=id_).code == "upload_not_found"
    assert put(server, ada, id_, b"x", 0).status_code == 404


def test_a_removed_person_gets_no_file_and_one_who_left_what_they_saw(
    server: Running, ada: Someone, ben: Someone
) -> None:
    cyd = somebody("cyd")
    room = server.group(ada, ben, cyd)
    before = sent(server, ada, room, uploaded(server, ada, room, b"before")["id"])["attachments"][0]["url"]
    etag = fetch(server, ben, before).headers["etag"]
    server.do(ada, "remove_member", room_id=room, user_id=ben.id)
    server.do(cyd, "leave_room", room_id=room)
    after = sent(server, ada, room, uploaded(server, ada, room, b"after")["id"])["attachments"][0]["url"]
    for headers in ({}, {"If-None-Match": etag}, {"Range": "bytes=0-1"}):
        refused = fetch(server, ben, before, **headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")
    assert fetch(server, cyd, before).content == b"before"
    assert fetch(server, cyd, after).status_code == 404
    assert fetch(server, None, before).status_code == 401


def test_the_sender_is_informed_on_all_devices(server: Running, ada: Someone, room: int) -> None:
    with server.device(ada) as device:
        upload = uploaded(server, ada, room, b"abc")
        frame = device.until("upload_state")
        assert frame["upload"] == upload


def test_limits_are_known_before_any_byte(server: Running, ada: Someone, room: int) -> None:
    with server.device(ada) as device:
        limits = next(frame for frame in device.received if frame["type"] == "hello")["limits"]
    assert limits["upload_chunk"] >= 8 * 2**20
    fields = {"id": str(uuid4()), "room_id": room, "name": "x", "content_type": "a/b"}
    assert server.call(ada, "create_upload", **fields, size=limits["upload_size"] + 1).code == "file_too_large"
    whole = announce(server, ada, room, limits["upload_size"])
    too_much = put(server, ada, whole["id"], b"x" * (limits["upload_chunk"] + 1), 0)
    assert (too_much.status_code, too_much.json()["code"]) == (413, "too_large")
    left = limits["upload_quota"] // limits["upload_size"] - 1
    for _ in range(left):
        announce(server, ada, room, limits["upload_size"])
    size = limits["upload_quota"] - (left + 1) * limits["upload_size"] + 1
    refused = server.call(ada, "create_upload", **fields, size=size)
    assert (refused.status, refused.code) == (403, "quota_exceeded")
    server.do(ada, "delete_upload", upload_id=whole["id"])
    assert server.call(ada, "create_upload", **fields, size=size).ok


def test_the_number_of_files_that_no_message_has_is_limited(server: Running, ada: Someone, room: int) -> None:
    row = Upload.objects.get(pk=announce(server, ada, room, 0)["id"])
    copies = []
    for _ in range(UNCLAIMED_UPLOADS - 1):
        row.pk = uuid4()
        copies.append(copy(row))
    Upload.objects.bulk_create(copies)
    fields = {"id": str(uuid4()), "room_id": room, "name": "x", "size": 0}
    assert server.call(ada, "create_upload", **fields).code == "quota_exceeded"
    server.do(ada, "delete_upload", upload_id=str(copies[0].pk))
    assert server.call(ada, "create_upload", **fields).ok


def test_files_leave_the_disk_some_room(
    server: Running, ada: Someone, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = announce(server, ada, room, 3)
    monkeypatch.setattr(disk, "space", lambda of=None: disk.Space(free=10, size=10**9))
    full = put(server, ada, upload["id"], b"abc", 0)
    assert (full.status_code, full.json()["code"]) == (503, "unavailable")
    monkeypatch.undo()
    assert put(server, ada, upload["id"], b"abc", 0).status_code == 200


def test_the_same_bytes_of_two_people_are_stored_once_and_outlive_one_deletion(
    server: Running, ada: Someone, ben: Someone, room: int
) -> None:
    messages = [sent(server, who, room, uploaded(server, who, room, BYTES)["id"]) for who in (ada, ben)]
    etags = {fetch(server, ada, message["attachments"][0]["url"]).headers["etag"] for message in messages}
    assert len(etags) == 1
    server.do(ada, "delete_message", message_id=messages[0]["id"])
    assert fetch(server, ada, messages[1]["attachments"][0]["url"]).content == BYTES
