import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from backchannel.web import build
from backchannel.web.files import StaticFiles
from tests.web.test_page import MANIFEST

SCRIPT = b"console.log('hello')" * 100


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "DIST", tmp_path)
    monkeypatch.setattr(build, "_read", None)
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-BBBB2222.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "main-BBBB2222.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "icon.svg").write_text("<svg/>")
    return tmp_path


def browser(files: StaticFiles) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(files)
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers={"accept-encoding": "identity"})


async def get(path: str, **headers: str) -> Any:
    async with browser(StaticFiles()) as asking:
        return await asking.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_files_with_a_hash_in_their_name_are_cached_for_ever(built: Path) -> None:
    answer = await get("/static/web/assets/main-BBBB2222.js")
    assert answer.status_code == 200
    assert answer.content == SCRIPT
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_files_without_a_hash_are_revalidated(built: Path) -> None:
    answer = await get("/static/web/icon.svg")
    assert answer.headers["cache-control"] == "max-age=3600, public"
    again = await get("/static/web/icon.svg", if_none_match=answer.headers["etag"])
    assert again.status_code == 304


async def test_a_compressed_copy_is_served_to_clients_that_accept_it(built: Path) -> None:
    answer = await get("/static/web/assets/main-BBBB2222.js", accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == SCRIPT


@pytest.mark.parametrize(
    "path", ["/static/web/none.js", "/static/web/../page.py", "/static/web/%2e%2e/page.py", "/static//etc/passwd"]
)
async def test_nothing_outside_the_build_is_served(built: Path, path: str) -> None:
    assert (await get(path)).status_code == 404


async def test_files_of_the_admin_pages_need_no_collectstatic(built: Path) -> None:
    assert (await get("/static/admin/css/base.css")).status_code == 200


async def test_a_server_without_a_build_still_has_the_admin_pages_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "DIST", tmp_path / "none")
    monkeypatch.setattr(build, "_read", None)
    assert (await get("/static/admin/css/base.css")).status_code == 200
    assert (await get("/static/web/icon.svg")).status_code == 404
