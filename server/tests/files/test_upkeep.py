"""What nobody needs is gone, what somebody needs stays, and a node that dies delays a check and no more."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from backchannel.accounts.erasing import erase_account
from backchannel.files.copies import copy_in, copy_out
from backchannel.files.interruptions import Interruptions
from backchannel.files.scanning import ScannerError, scanner_of
from backchannel.files.storage import FileStore, SyncedStorage
from backchannel.files.sweeping import sweep_here
from backchannel.store.models import Blob, Upload
from tests.files.corpus import encoded, noise
from tests.files.nodes import stored, sweep
from tests.files.sending import announce, fetch, put, send_bytes, sent, uploaded, wait_checked
from tests.running import Running, Someone, running

pytestmark = pytest.mark.usefixtures("module_database")


def blobs() -> set[str]:
    return {name for name in stored() if name.startswith("blobs/")}


def test_pieces_are_gone_when_the_file_is_whole(server: Running, ada: Someone, room: int) -> None:
    upload = uploaded(server, ada, room, os.urandom(5000))
    server.wait_until(lambda: not any(UUID(upload["id"]).hex in name for name in stored()))
    assert not [name for name in stored() if name.startswith("incoming/")]


def test_files_of_deleted_messages_and_given_up_uploads_leave_the_storage(
    server: Running, ada: Someone, room: int
) -> None:
    sweep(server)
    kept = sent(server, ada, room, uploaded(server, ada, room, b"kept")["id"])["attachments"][0]["url"]
    before = blobs()
    picture = uploaded(server, ada, room, encoded(noise(), "PNG"), content_type="image/png")
    message = sent(server, ada, room, picture["id"], uploaded(server, ada, room, b"gone")["id"])
    given_up = uploaded(server, ada, room, b"given up")
    half = announce(server, ada, room, 10)
    put(server, ada, half["id"], b"12345", 0)
    assert len(blobs() - before) == 5
    server.do(ada, "delete_message", message_id=message["id"])
    server.do(ada, "delete_upload", upload_id=given_up["id"])
    server.do(ada, "delete_upload", upload_id=half["id"])
    assert sweep(server, doomed_s=3600).blobs == 0  # not yet
    assert len(blobs() - before) == 5
    swept = sweep(server)
    assert (swept.blobs, swept.parts) == (5, 1)
    assert blobs() == before
    assert not [name for name in stored() if not name.startswith("blobs/")]
    assert fetch(server, ada, kept).content == b"kept"
    assert not any(sweep(server))


def test_a_file_that_two_messages_share_stays_until_both_are_deleted(
    server: Running, ada: Someone, ben: Someone, room: int
) -> None:
    sweep(server)
    before = blobs()
    messages = [sent(server, who, room, uploaded(server, who, room, b"the same")["id"]) for who in (ada, ben)]
    sweep(server)
    assert len(blobs() - before) == 1
    server.do(ada, "delete_message", message_id=messages[0]["id"])
    sweep(server)
    assert fetch(server, ada, messages[1]["attachments"][0]["url"]).content == b"the same"
    server.do(ben, "delete_message", message_id=messages[1]["id"])
    sweep(server)
    assert blobs() == before


def test_uploads_that_no_message_claims_are_deleted_after_a_week(server: Running, ada: Someone, room: int) -> None:
    old, new = uploaded(server, ada, room, b"old"), uploaded(server, ada, room, b"new")
    claimed, scheduled = uploaded(server, ada, room, b"claimed"), uploaded(server, ada, room, b"scheduled")
    sent(server, ada, room, claimed["id"])
    at = datetime.now(UTC) + timedelta(days=30)
    later = {"id": str(uuid4()), "at": at.isoformat(), "room_id": room, "content": "", "attachments": [scheduled["id"]]}
    server.do(ada, "schedule_message", **later)
    week_us = 7 * 24 * 3600 * 1_000_000
    Upload.objects.filter(pk__in=[old["id"], claimed["id"], scheduled["id"]]).update(
        created_us=Upload.objects.get(pk=old["id"]).created_us - week_us
    )
    assert sweep(server).uploads == 1
    assert server.call(ada, "get_upload", upload_id=old["id"]).code == "upload_not_found"
    for kept in (new, claimed, scheduled):
        assert server.do(ada, "get_upload", upload_id=kept["id"])["upload"]["state"] == "ready"
    server.do(ada, "cancel_scheduled", id=later["id"])
    assert sweep(server).uploads == 1


def test_what_a_killed_process_left_is_swept(server: Running, ada: Someone, room: int) -> None:
    files: FileStore = server.chat.node.files
    sweep(server)
    before = stored()
    orphan = files.new_temporary()
    orphan.write_bytes(b"half a piece")
    other = files.new_temporary()
    files.keep(other, f"parts/{UUID(int=7).hex}/0-00")
    Blob.objects.create(key="blobs/00/doomed", sha256="0" * 64, size=4)
    files.keep(_with(files, b"blob"), "blobs/00/doomed")
    assert len(stored() - before) == 3
    swept = sweep(server)
    assert (swept.blobs, swept.parts, swept.temporary) == (1, 1, 1)
    assert stored() == before
    assert not Blob.objects.filter(key="blobs/00/doomed").exists()


def _with(files: FileStore, content: bytes) -> Path:
    path = files.new_temporary()
    path.write_bytes(content)
    return path


def test_pieces_of_an_upload_under_way_are_not_swept(server: Running, ada: Someone, room: int) -> None:
    upload = announce(server, ada, room, 10)
    put(server, ada, upload["id"], b"12345", 0)
    sweep(server)
    put(server, ada, upload["id"], b"67890", 5)
    wait_checked(server, ada, upload["id"])
    assert fetch(server, ada, f"/files/{upload['id']}/x").content == b"1234567890"


def test_pieces_go_to_any_node(server: Running, ada: Someone, room: int) -> None:
    content = os.urandom(50_000)
    with running() as other:
        upload = announce(server, ada, room, content)
        for number, offset in enumerate(range(0, len(content), 5000)):
            node = (server, other)[number % 2]
            assert put(node, ada, upload["id"], content[offset : offset + 5000], offset).status_code == 200
        wait_checked(other, ada, upload["id"])
        for node in (server, other):
            assert fetch(node, ada, f"/files/{upload['id']}/x").content == content


def test_files_that_an_erased_person_sent_into_no_message_are_deleted(
    server: Running, ada: Someone, ben: Someone, room: int
) -> None:
    waiting = uploaded(server, ada, room, b"waiting")
    others = uploaded(server, ben, room, b"others")
    url = sent(server, ada, room, uploaded(server, ada, room, b"sent")["id"])["attachments"][0]["url"]
    erase_account(str(ada.account.pk))
    assert set(Upload.objects.filter(pk__in=[waiting["id"], others["id"]]).values_list("pk", flat=True)) == {
        UUID(others["id"])
    }
    assert fetch(server, ben, url).content == b"sent"


def test_an_upload_whose_pieces_are_lost_begins_again(server: Running, ada: Someone, room: int) -> None:
    upload = announce(server, ada, room, 10)
    put(server, ada, upload["id"], b"12345", 0)
    server.chat.node.files.delete_parts(UUID(upload["id"]))
    with server.device(ada) as device:
        put(server, ada, upload["id"], b"67890", 5)
        frame = device.until("upload_state")["upload"]
        assert (frame["state"], frame["offset"]) == ("receiving", 0)
        assert put(server, ada, upload["id"], b"67890", 5).json()["offset"] == 0
        send_bytes(server, ada, upload["id"], b"1234567890")
        assert device.until("upload_state")["upload"]["state"] == "ready"
    assert fetch(server, ada, f"/files/{upload['id']}/x").content == b"1234567890"


@pytest.mark.parametrize("framing", ["Content-Length: 5000", "Transfer-Encoding: chunked"])
def test_a_body_that_is_cut_short_stores_nothing(server: Running, ada: Someone, room: int, framing: str) -> None:
    upload = announce(server, ada, room, 5000)
    head = f"PUT /api/uploads/{upload['id']}?offset=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ada.token}\r\n{framing}\r\n\r\n"
    piece = b"x" * 2000
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + (b"7d0\r\n" + piece + b"\r\n" if "chunked" in framing else piece))
        server.wait_until(lambda: any(name.startswith("incoming/") for name in stored()))
    server.wait_until(lambda: not any(name.startswith("incoming/") for name in stored()))
    assert not [name for name in stored() if UUID(upload["id"]).hex in name]
    assert server.do(ada, "get_upload", upload_id=upload["id"])["upload"]["offset"] == 0
    assert put(server, ada, upload["id"], b"y" * 5000, 0).json() == {"offset": 5000}


def test_the_command_line_sweeps_without_a_server(server: Running, ada: Someone, room: int) -> None:
    sweep(server)
    message = sent(server, ada, room, uploaded(server, ada, room, os.urandom(100))["id"])
    server.do(ada, "delete_message", message_id=message["id"])
    files = FileStore(SyncedStorage(settings.BACKCHANNEL["FILES"]))
    assert asyncio.run(sweep_here(files, now=False)).blobs == 0
    swept = asyncio.run(sweep_here(files, now=True))
    assert (swept.blobs, swept.size) == (1, 100)
    assert "1 deleted, 100 bytes" in "\n".join(swept.lines())


def test_a_copy_has_every_file_and_is_only_added_to(server: Running, ada: Someone, room: int, tmp_path: Path) -> None:
    files: FileStore = server.chat.node.files
    urls = [
        sent(server, ada, room, uploaded(server, ada, room, content)["id"])["attachments"][0]["url"]
        for content in (b"one", b"two")
    ]
    first = copy_out(files, tmp_path)
    assert (first.files >= 2, first.lost) == (True, [])
    again = copy_out(files, tmp_path)
    assert (again.files, again.there, again.lost) == (0, first.files, [])
    for name in blobs():
        files.delete(name)
    lost = fetch(server, ada, urls[0])
    assert (lost.status_code, lost.json()["code"]) == (404, "upload_not_found")
    back = copy_in(files, tmp_path)
    assert (back.files, back.lost) == (first.files, [])
    assert [fetch(server, ada, url).content for url in urls] == [b"one", b"two"]


def test_a_copy_loses_what_no_message_has_had_for_some_days(
    server: Running, ada: Someone, room: int, tmp_path: Path
) -> None:
    files: FileStore = server.chat.node.files
    kept = sent(server, ada, room, uploaded(server, ada, room, os.urandom(50))["id"])
    gone = sent(server, ada, room, uploaded(server, ada, room, os.urandom(60))["id"])
    before = copy_out(files, tmp_path, keep_days=7)
    server.do(ada, "delete_message", message_id=gone["id"])
    assert copy_out(files, tmp_path, keep_days=7).forgotten == 0
    long_ago = time.time() - 8 * 24 * 3600
    for path in tmp_path.glob("blobs/*/*"):
        os.utime(path, (long_ago, long_ago))
    assert copy_out(files, tmp_path).forgotten == 0
    for path in tmp_path.glob("blobs/*/*"):
        os.utime(path, (long_ago, long_ago))
    assert copy_out(files, tmp_path, keep_days=7).forgotten == 1
    assert len(list(tmp_path.glob("blobs/*/*"))) == before.files + before.there - 1
    assert kept["attachments"]


# -- the scanner


class Clamd:
    """Speaks INSTREAM; what contains EICAR is infected."""

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.place)
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as reading:
                assert reading.read(10) == b"zINSTREAM\0"
                content = b""
                while length := struct.unpack("!L", reading.read(4))[0]:
                    content += reading.read(length)
                verdict = b"Eicar-Test FOUND" if b"EICAR" in content else b"OK"
                connection.sendall(b"stream: " + verdict + b"\0")


@pytest.fixture
def clamd(tmp_path: Path) -> Iterator[Clamd]:
    it = Clamd(tmp_path / "clamd")
    yield it
    it.close()


def test_clamd_is_asked_and_nothing_infected_is_served(ada: Someone, clamd: Clamd) -> None:
    with running(scan=f"clamd:{clamd.place}") as server:
        room = server.group(ada)
        bad = uploaded(server, ada, room, b"x" * 300_000 + b"EICAR")
        assert (bad["state"], bad["code"]) == ("rejected", "infected")
        assert fetch(server, ada, f"/files/{bad['id']}/x").status_code == 404
        refused = server.call(ada, "send_message", room_id=room, content="", attachments=[bad["id"]])
        assert refused.code == "upload_not_ready"
        assert uploaded(server, ada, room, b"x" * 300_000)["state"] == "ready"


@pytest.mark.parametrize(("code", "clean"), [(0, True), (1, False)])
def test_a_command_says_by_its_exit_code_whether_a_file_is_clean(tmp_path: Path, code: int, clean: bool) -> None:
    scan = scanner_of(shlex.join([sys.executable, "-c", f"import sys; sys.exit({code})"]), Interruptions())
    assert scan is not None
    assert scan(tmp_path) == clean


@pytest.mark.parametrize(
    "text", ["/nowhere/scanner", "clamd:/nowhere/socket", f"{shlex.quote(sys.executable)} -c 'raise SystemExit(2)'"]
)
def test_a_scanner_in_trouble_gives_no_verdict(tmp_path: Path, text: str) -> None:
    scan = scanner_of(text, Interruptions())
    assert scan is not None
    with pytest.raises(ScannerError):
        scan(tmp_path / "file" if "clamd" not in text else _file(tmp_path))


def _file(folder: Path) -> Path:
    path = folder / "file"
    path.write_bytes(b"x")
    return path


def test_what_is_no_scanner_is_refused() -> None:
    assert scanner_of(None, Interruptions()) is None
    for text in ("clamd:", "clamd:host", "clamd:host:port"):
        with pytest.raises(ValueError, match="neither"):
            scanner_of(text, Interruptions())


def test_a_stored_file_is_readable_by_the_servers_user_alone(tmp_path: Path) -> None:
    files = FileStore(SyncedStorage(str(tmp_path / "files")))
    kept = files.keep(_with(files, b"x"), "blobs/ab/cd")
    path = tmp_path / "files" / kept
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert time.time() - path.stat().st_mtime < 3600
