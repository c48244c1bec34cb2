"""How files are served: which are shown in place, and that nothing in one becomes a page of ours."""

from __future__ import annotations

import pytest

from tests.files.corpus import HTML, SVG, encoded, exif, noise
from tests.files.sending import announce, fetch, put, sent, uploaded
from tests.running import Running, Someone

MP4 = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + bytes(100)
PLAYED = {
    "video/mp4": MP4,
    "audio/mp4": MP4,
    "audio/x-m4a": MP4,
    "video/webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + bytes(60),
    "audio/mpeg": b"ID3\x04" + bytes(100),
    "audio/ogg": b"OggS" + bytes(100),
}
DOWNLOADED = {
    "text/html": HTML, "image/svg+xml": SVG, "application/pdf": b"%PDF-1.7" + HTML, "text/plain": b"hi", "application/xhtml+xml": HTML,
    "text/xml": SVG, "application/javascript": b"alert(1)", "text/css": b"*{}", "application/octet-stream": b"x", "image/png": HTML,
    "image/jpeg": SVG, "image/x-icon": b"\0\0\1\0", "video/mp4": HTML, "audio/mpeg": HTML, "video/webm": b"\x1a\x45\xdf\xa3",
    "image/bmp": b"BM", "multipart/related": HTML, "nonsense": HTML,
}  # fmt: skip


@pytest.mark.parametrize("content_type", PLAYED)
def test_sound_and_video_are_played_in_place(server: Running, ada: Someone, room: int, content_type: str) -> None:
    upload = uploaded(server, ada, room, PLAYED[content_type], content_type=content_type)
    assert upload["content_type"] == content_type
    got = fetch(server, ada, f"/files/{upload['id']}/x")
    assert got.headers["content-type"] == content_type
    assert got.headers["content-disposition"].startswith("inline;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize("content_type", DOWNLOADED)
def test_everything_else_is_downloaded(server: Running, ada: Someone, room: int, content_type: str) -> None:
    content = DOWNLOADED[content_type]
    upload = uploaded(server, ada, room, content, content_type=content_type, name="a.html")
    got = fetch(server, ada, f"/files/{upload['id']}/a.html")
    assert got.content == content
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["cross-origin-resource-policy"] == "same-origin"
    (attachment,) = sent(server, ada, room, upload["id"])["attachments"]
    assert not {"width", "thumb_url", "view_url", "thumbhash"} & attachment.keys()


def test_a_picture_comes_in_three_sizes_without_its_secrets(
    server: Running, ada: Someone, ben: Someone, room: int
) -> None:
    content = encoded(noise(2000, 1000), "JPEG", exif=exif(6))
    upload = uploaded(server, ada, room, content, content_type="image/jpeg", name="Mühle.jpeg", alt="A mill.")
    (attachment,) = sent(server, ada, room, upload["id"])["attachments"]
    assert (attachment["width"], attachment["height"], attachment["name"]) == (1000, 2000, "Mühle.jpeg")
    assert (attachment["content_type"], attachment["alt"]) == ("image/jpeg", "A mill.")
    sizes = {}
    for name in ("url", "view_url", "thumb_url"):
        got = fetch(server, ben, attachment[name])
        assert b"SECRET-PLACE" not in got.content
        assert got.headers["content-type"] == ("image/jpeg" if name == "url" else "image/webp")
        assert got.headers["content-disposition"].startswith("inline;")
        assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
        sizes[name] = len(got.content)
    assert sizes["url"] == attachment["size"] != len(content)
    assert sizes["thumb_url"] < sizes["view_url"]
    assert fetch(server, ben, f"{attachment['url']}?v=huge").status_code == 404
    assert fetch(server, ben, f"{attachment['url']}?v=").status_code == 404


def test_ranges_conditions_and_head(server: Running, ada: Someone, room: int) -> None:
    content = bytes(range(256)) * 4000
    url = f"/files/{uploaded(server, ada, room, content)['id']}/x"
    whole = fetch(server, ada, url)
    etag = whole.headers["etag"]
    assert (whole.headers["accept-ranges"], whole.headers["cache-control"]) == ("bytes", "private, no-cache")
    for asked, first, end in (
        ("bytes=0-99", 0, 100),
        ("bytes=-10", len(content) - 10, len(content)),
        ("bytes=700000-", 700_000, len(content)),
    ):
        part = fetch(server, ada, url, Range=asked)
        assert (part.status_code, part.content) == (206, content[first:end])
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{len(content)}"
    assert fetch(server, ada, url, Range="bytes=0-1,5-6").status_code == 200
    past = fetch(server, ada, url, Range=f"bytes={len(content)}-")
    assert (past.status_code, past.headers["content-range"], past.content) == (416, f"bytes */{len(content)}", b"")
    known = fetch(server, ada, url, **{"If-None-Match": etag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    assert fetch(server, ada, url, **{"If-Range": '"old"', "Range": "bytes=0-1"}).status_code == 200
    head = server.http.head(url, headers=ada.headers)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(content)))


def test_a_name_cannot_break_a_header(server: Running, ada: Someone, room: int) -> None:
    upload = uploaded(server, ada, room, b"x", name='a"; filename="b.exe\r\nX-Evil: 1\\%2e/ü"\u202e.txt')
    got = fetch(server, ada, f"/files/{upload['id']}/x")
    assert "x-evil" not in got.headers
    assert got.headers["content-disposition"].count('"') == 2


@pytest.mark.parametrize(
    "address", ["/files/x/y", "/files/00000000-0000-0000-0000-000000000000/y", "/files/", "/files/x"]
)
def test_no_file_is_no_page_of_the_site(server: Running, ada: Someone, address: str) -> None:
    got = fetch(server, ada, address)
    assert got.status_code in (404, 422)
    assert got.headers["content-type"] == "application/problem+json"


def test_the_query_of_a_piece_is_strict(server: Running, ada: Someone, room: int) -> None:
    id_ = announce(server, ada, room, 5)["id"]
    for query in (
        "",
        "?offset=",
        "?offset=-1",
        "?offset=x",
        "?offset=1.5",
        "?offset=99999999999999999999",
        "?offset=0&more=1",
    ):
        answer = server.http.put(f"/api/uploads/{id_}{query}", content=b"x", headers=ada.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), query
    assert server.http.put("/api/uploads/x?offset=0", content=b"x", headers=ada.headers).status_code == 422
    assert server.http.put(f"/api/uploads/{id_}?offset=0", content=b"x").status_code == 401
    assert put(server, ada, id_, b"hello", 0).status_code == 200
