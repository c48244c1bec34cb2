"""Where files are, and how many, is the site's to say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import override_settings

from backchannel.checks import check_files
from backchannel.config import ConfigError, read_config
from tests.files.corpus import encoded, noise
from tests.files.nodes import sweep
from tests.files.sending import announce, fetch, put, sent, uploaded
from tests.running import Running, Someone, running

pytestmark = pytest.mark.usefixtures("module_database")


@pytest.fixture
def elsewhere() -> Iterator[Running]:
    """A server whose files are in a storage of Django's that is no folder of this machine."""
    chat = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "chat": chat}), running(files=None) as server:
        yield server


def test_files_may_be_in_any_storage_of_django(elsewhere: Running, ada: Someone, ben: Someone) -> None:
    room = elsewhere.group(ada, ben)
    content = bytes(range(256)) * 5000
    upload = announce(elsewhere, ada, room, content)
    for offset in range(0, len(content), 500_000):
        assert put(elsewhere, ada, upload["id"], content[offset : offset + 500_000], offset).status_code == 200
    elsewhere.wait_until(lambda: elsewhere.do(ada, "get_upload", upload_id=upload["id"])["upload"]["state"] == "ready")
    picture = uploaded(elsewhere, ada, room, encoded(noise(), "PNG"), content_type="image/png")
    message = sent(elsewhere, ada, room, upload["id"], picture["id"])
    url = message["attachments"][0]["url"]
    assert fetch(elsewhere, ben, url).content == content
    assert fetch(elsewhere, ben, url, Range="bytes=700000-700009").content == content[700_000:700_010]
    assert fetch(elsewhere, ben, message["attachments"][1]["thumb_url"]).status_code == 200
    elsewhere.do(ada, "delete_message", message_id=message["id"])
    assert sweep(elsewhere).blobs == 4
    assert not any(sweep(elsewhere))


def test_a_server_without_a_storage_takes_no_files(ada: Someone) -> None:
    with running(files=None) as server:
        room = server.group(ada)
        with server.device(ada) as device:
            assert next(frame for frame in device.received if frame["type"] == "hello")["limits"]["upload_size"] == 0
        id_ = str(uuid4())
        fields = {"id": id_, "room_id": room, "name": "x", "size": 0}
        assert server.call(ada, "create_upload", **fields).code == "forbidden"
        assert put(server, ada, id_, b"x", 0).status_code == 405
        assert fetch(server, ada, f"/files/{id_}/x").status_code == 404


def test_all_files_together_may_be_limited(ada: Someone, ben: Someone) -> None:
    with running(upload_total=10_000_000) as server:
        room = server.group(ada, ben)
        first = announce(server, ada, room, 9_000_000)
        fields = {"id": str(uuid4()), "room_id": room, "name": "x", "size": 1_000_001}
        refused = server.call(ben, "create_upload", **fields)
        assert (refused.status, refused.code) == (403, "quota_exceeded")
        server.do(ada, "delete_upload", upload_id=first["id"])
        assert server.call(ben, "create_upload", **fields).ok


@pytest.mark.parametrize(
    "served",
    [{"MEDIA_ROOT": "/srv/media"}, {"STATIC_ROOT": "/srv/media/"}, {"STATICFILES_DIRS": ["/elsewhere", ("x", "/srv")]}],
)
def test_a_folder_that_the_site_serves_is_refused_by_its_checks(served: dict[str, Any]) -> None:
    nowhere: dict[str, Any] = {"MEDIA_ROOT": "", "STATIC_ROOT": None, "STATICFILES_DIRS": []}
    with override_settings(**{**nowhere, **served}):
        for place, codes in (("/srv/media/chat", ["E017"]), ("/srv/media", ["E017"]), ("/srv2/media", [])):
            with override_settings(BACKCHANNEL={"FILES": place}):
                assert [found.id for found in check_files()] == [f"backchannel.{code}" for code in codes]
        chat = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": "/srv/media/chat"}}
        with override_settings(BACKCHANNEL={}, STORAGES={**settings.STORAGES, "chat": chat}):
            assert [found.id for found in check_files()] == ["backchannel.E017"]


def test_an_s3_service_without_its_package_is_refused_by_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(BACKCHANNEL={"FILES": "s3://bucket"}):
        assert check_files() == []
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        assert [found.id for found in check_files()] == ["backchannel.E018"]


@pytest.mark.parametrize("scan", ["clamd:", "clamd:host", "clamd:host:port"])
def test_a_scanner_that_cannot_be_meant_is_refused_at_the_start(scan: str) -> None:
    with pytest.raises(ConfigError, match="SCAN"):
        read_config({"SCAN": scan})
    assert read_config({"SCAN": " clamd:/run/clamd "}).scan == "clamd:/run/clamd"
