"""Files in an S3 service, which several nodes share."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from backchannel.config import ConfigError, read_config
from backchannel.files.copies import copy_in, copy_out
from backchannel.files.storage import FileStore, new_blob_key, new_part_key, store_of
from tests.files.corpus import encoded, noise
from tests.files.nodes import sweep
from tests.files.object_store import KEY, ObjectStore, object_store
from tests.files.sending import CHUNK, announce, fetch, put, sent, uploaded, wait_checked
from tests.running import Someone, running

BYTES = random.Random(7).randbytes(3 * CHUNK + 99)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with object_store() as found:
        yield found


@pytest.fixture(params=["folder", "S3"])
def files(request: pytest.FixtureRequest, service: ObjectStore, tmp_path: Path) -> FileStore:
    found = store_of(str(tmp_path) if request.param == "folder" else service.place("deep/er"))
    assert found is not None
    return found


def _keep(files: FileStore, key: str, content: bytes) -> str:
    path = files.new_temporary()
    path.write_bytes(content)
    kept = files.keep(path, key)
    path.unlink(missing_ok=True)
    return kept


def test_a_kept_file_is_read_whole_and_from_any_place(files: FileStore) -> None:
    key = _keep(files, new_blob_key(), BYTES)
    with files.reading(key) as opened:
        assert opened.read() == BYTES
    opened = files.open(key)
    opened.seek(CHUNK)
    assert [opened.read(10), opened.read(20)] == [BYTES[CHUNK : CHUNK + 10], BYTES[CHUNK + 10 : CHUNK + 30]]
    opened.seek(5)
    assert opened.read(1) == BYTES[5:6]
    opened.close()
    assert files.exists(key)
    files.delete(key)
    files.delete(key)
    assert not files.exists(key)


def test_what_is_not_there_is_a_file_not_found(files: FileStore) -> None:
    with pytest.raises(FileNotFoundError), files.reading("blobs/no/such") as opened:
        opened.seek(0)
        opened.read(1)


def test_pieces_are_listed_and_deleted_by_their_upload(files: FileStore) -> None:
    first, second = uuid4(), uuid4()
    for number in range(8):  # more than one page of a list
        _keep(files, new_part_key(first, number), b"x")
    _keep(files, new_part_key(second, 0), b"y")
    assert sorted(files.uploads_with_parts()) == sorted([first, second])
    assert files.newest_part_at(first)
    files.delete_parts(first)
    assert files.uploads_with_parts() == [second]
    assert files.newest_part_at(first) is None


def test_a_large_file_is_sent_in_parts(service: ObjectStore) -> None:
    files = store_of(service.place())
    assert files is not None
    content = random.Random(1).randbytes(17 * 1024 * 1024)
    key = _keep(files, new_blob_key(), content)
    assert service.objects[f"chat-files/{key}"].content == content
    assert [asked.method for asked in service.asked] == ["POST", "PUT", "PUT", "PUT", "POST"]


def test_a_range_is_one_request_from_where_it_begins(service: ObjectStore) -> None:
    files = store_of(service.place())
    assert files is not None
    key = _keep(files, new_blob_key(), BYTES)
    service.asked.clear()
    opened = files.open(key)
    opened.seek(1000)
    assert opened.read(10) + opened.read(10) == BYTES[1000:1020]
    opened.close()
    assert [(asked.method, asked.range) for asked in service.asked] == [("GET", "bytes=1000-")]


def test_trouble_of_the_service_is_an_os_error(service: ObjectStore) -> None:
    files = store_of(service.place())
    assert files is not None
    key = _keep(files, new_blob_key(), BYTES)
    service.cuts_after = 1000
    with files.reading(key) as opened, pytest.raises(OSError, match="S3 does not answer"):
        while opened.read(500):
            pass
    service.is_away = True
    for attempt in (lambda: _keep(files, key, b"x"), lambda: files.exists(key), lambda: files.delete(key)):
        with pytest.raises(OSError, match="S3 refused"):
            attempt()


@pytest.mark.usefixtures("module_database")
def test_two_nodes_on_one_service_take_turns_at_a_file(service: ObjectStore, ada: Someone, ben: Someone) -> None:
    with running(files=service.place("chat")) as one, running(files=service.place("chat")) as other:
        room = one.group(ada, ben)
        upload = announce(one, ada, room, BYTES)
        for number, offset in enumerate(range(0, len(BYTES), CHUNK)):
            node = (one, other)[number % 2]
            assert put(node, ada, upload["id"], BYTES[offset : offset + CHUNK], offset).status_code == 200
        assert wait_checked(one, ada, upload["id"])["state"] == "ready"
        picture = uploaded(other, ada, room, encoded(noise(), "PNG"), content_type="image/png")
        message = sent(other, ada, room, upload["id"], picture["id"])
        url, picture_url = (each["url"] for each in message["attachments"])
        assert [fetch(node, ben, url).content == BYTES for node in (one, other)] == [True, True]
        assert fetch(other, ben, url, Range="bytes=800000-800009").content == BYTES[800_000:800_010]
        assert fetch(one, ben, f"{picture_url}?v=thumb").headers["content-type"] == "image/webp"

        service.is_away = True
        assert fetch(one, ben, url).status_code == 503
        second = announce(one, ada, room, BYTES[:100])
        refused = put(one, ada, second["id"], BYTES[:100], 0)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        service.is_away = False
        assert put(one, ada, second["id"], BYTES[:100], 0).json() == {"offset": 100}
        assert wait_checked(one, ada, second["id"])["state"] == "ready"

        one.do(ada, "delete_message", message_id=message["id"])
        one.do(ada, "delete_upload", upload_id=second["id"])
        assert fetch(other, ben, url).status_code == 404
        sweep(one)
    assert service.objects == {}


@pytest.mark.usefixtures("module_database")
def test_files_of_a_service_are_copied_and_put_back(service: ObjectStore, ada: Someone, tmp_path: Path) -> None:
    with running(files=service.place()) as server:
        room = server.group(ada)
        content = os.urandom(100_000)
        url = sent(server, ada, room, uploaded(server, ada, room, content)["id"])["attachments"][0]["url"]
        files = server.chat.node.files
        copy_out(files, tmp_path)
        service.objects.clear()
        assert fetch(server, ada, url).status_code == 404
        assert copy_in(files, tmp_path).files >= 1
        assert fetch(server, ada, url).content == content


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///prefix", "s3://Bucket", "s3://bucket?secret_key=x", "s3://key@bucket"]
)
def test_an_address_that_cannot_be_meant_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(ConfigError, match="FILES"):
        read_config({"FILES": address})
