import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from backchannel.web import build

MANIFEST = {
    "src/theme.ts": {"file": "assets/theme-AAAA1111.js", "isEntry": True},
    "src/main.tsx": {
        "file": "assets/main-BBBB2222.js",
        "isEntry": True,
        "imports": ["_shared.js"],
        "dynamicImports": ["src/lazyBundle.ts"],
        "css": ["assets/main-CCCC3333.css"],
    },
    "_shared.js": {"file": "assets/shared-DDDD4444.js", "css": ["assets/shared-EEEE5555.css"]},
    "src/lazyBundle.ts": {"file": "assets/lazyBundle-FFFF6666.js"},
}


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where a build would be; there is none in it yet."""
    monkeypatch.setattr(build, "DIST", tmp_path)
    monkeypatch.setattr(build, "_read", None)
    return tmp_path


@pytest.fixture
def built(dist: Path) -> Path:
    (dist / "manifest.json").write_text(json.dumps(MANIFEST))
    return dist


def test_without_a_build_the_page_says_how_to_make_one(dist: Path, db: None) -> None:
    answer = Client().get("/")
    assert answer.status_code == 503
    assert "npm run build" in answer.content.decode()
    assert Client().get("/account/state").status_code == 200


def test_the_page_names_the_files_of_the_build_in_their_order(built: Path, db: None) -> None:
    text = Client().get("/").content.decode()
    named = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert named == [
        "/static/web/assets/theme-AAAA1111.js",
        "/static/web/assets/shared-EEEE5555.css",
        "/static/web/assets/main-CCCC3333.css",
        "/static/web/assets/shared-DDDD4444.js",
        "/static/web/assets/main-BBBB2222.js",
    ]
    assert 'rel="modulepreload" href="/static/web/assets/shared' in text
    assert "later" not in text


def test_the_settings_are_data_and_cannot_break_out(built: Path, transactional_db: None) -> None:
    from backchannel.accounts.onboarding import NewAccount, set_up

    set_up("</script><script>alert(1)</script>", NewAccount(username="ada", password="correct horse battery"))
    text = Client().get("/").content.decode()
    assert "<script>alert" not in text
    settings = re.search(r'<script id="backchannel-settings" type="application/json">(.*?)</script>', text)
    assert settings is not None
    shown = json.loads(settings[1])
    assert shown["workspace"] == "</script><script>alert(1)</script>"
    assert (shown["setup_required"], shown["user"], shown["signup"]) == (False, None, "invitation")


@pytest.mark.parametrize("path", ["/", "/rooms/7", "/invite/abc", "/settings/profile", "/rooms/7/messages/018f"])
def test_every_url_of_the_app_is_the_page_and_is_revalidated(built: Path, db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-cache"
    assert "csrftoken" in answer.cookies


@pytest.mark.parametrize(
    "path", ["/wp-login.php", "/robots.txt", "/api/nothing", "/static/web/none.js", "/account/none"]
)
def test_other_urls_are_not_found(built: Path, db: None, path: str) -> None:
    assert Client().get(path).status_code == 404


def test_the_page_accepts_only_get_and_head(built: Path, db: None) -> None:
    assert Client().post("/").status_code == 405


def _policy(answer: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {part[0]: part[1:] for part in parts}


def test_the_page_runs_only_our_scripts(built: Path, db: None) -> None:
    answer = Client().get("/")
    policy = _policy(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    # Previews and placeholders are drawn on canvases: no picture has an address of its own making.
    assert policy["img-src"] == policy["media-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert not any("unsafe" in source for sources in policy.values() for source in sources)
    assert "<style" not in answer.content.decode()
    assert not re.search(r"<script(?![^>]*(src=|application/json))", answer.content.decode())
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "Strict-Transport-Security" not in answer


@override_settings(SECURE_HSTS_SECONDS=31_536_000)
def test_behind_https_the_page_sets_hsts(built: Path, db: None) -> None:
    assert Client().get("/", secure=True)["Strict-Transport-Security"] == "max-age=31536000"


def test_a_new_build_is_served_without_a_restart(built: Path, db: None) -> None:
    import os

    assert "main-BBBB2222" in Client().get("/").content.decode()
    changed = json.dumps(MANIFEST).replace("BBBB2222", "NNNN9999")
    (built / "manifest.json").write_text(changed)
    os.utime(built / "manifest.json", (1, 1))
    assert "main-NNNN9999" in Client().get("/").content.decode()


def test_the_service_worker_is_at_the_root_and_is_revalidated(built: Path, db: None) -> None:
    assert Client().get("/sw.js").status_code == 404
    (built / "sw.js").write_text("addEventListener('sync', () => {})")
    answer = Client().get("/sw.js")
    assert answer.status_code == 200
    assert answer.content.decode().startswith("addEventListener")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
