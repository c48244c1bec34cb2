"""Stands in for an S3 service: objects in memory, addressed by path, and what of S3's answers clients rely on.

Signatures are not computed, but a request has to have one, of the key `KEY`. Lists come in pages of `PAGE`.
"""

from __future__ import annotations

import base64
import re
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

KEY = "TESTKEY"
PAGE = 3


class Stored(NamedTuple):
    content: bytes
    at: datetime


class Asked(NamedTuple):
    method: str
    path: str
    range: str | None


class ObjectStore(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.objects: dict[str, Stored] = {}
        """Bucket and key → object."""
        self.unfinished: dict[str, dict[int, bytes]] = {}
        """Objects sent in parts, by the id of their sending."""
        self.asked: list[Asked] = []
        self.is_away = False
        """Every request is answered 503."""
        self.cuts_after: int | None = None
        """Answers end after so many bytes of an object."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has enough resets its connection, which is nothing to print."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def place(self, prefix: str = "") -> str:
        return f"s3://chat-files/{prefix}?endpoint_url={self.url}&region_name=eu-central-1&addressing_style=path"


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    with ObjectStore() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ObjectStore

    def log_message(self, format: str, *args: Any) -> None:
        """Prints nothing."""

    def _begin(self) -> tuple[str, dict[str, str], bytes] | None:
        """Bucket and key, parameters and body; None if it is answered already."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        name, given = unquote(parts.path).lstrip("/"), dict(parse_qsl(parts.query, keep_blank_values=True))
        self.server.asked.append(Asked(self.command, name, self.headers.get("Range")))
        if self.server.is_away:
            self._refuse(503, "SlowDown")
        elif f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
            self._refuse(403, "AccessDenied")
        elif not name.startswith("chat-files"):
            self._refuse(404, "NoSuchBucket")
        elif not self._is_intact(body):
            self._refuse(400, "BadDigest")
        else:
            return name, given, body
        return None

    def _is_intact(self, body: bytes) -> bool:
        said = self.headers.get("x-amz-checksum-crc32")
        return said is None or said == base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()

    def do_PUT(self) -> None:
        if begun := self._begin():
            name, given, body = begun
            if "uploadId" in given:
                self.server.unfinished[given["uploadId"]][int(given["partNumber"])] = body
            else:
                self.server.objects[name] = Stored(body, datetime.now(UTC))
            self._answer(200, headers={"ETag": f'"{zlib.crc32(body):08x}"'})

    def do_POST(self) -> None:
        if begun := self._begin():
            name, given, _ = begun
            if "uploads" in given:
                id_ = f"sending{len(self.server.asked)}"
                self.server.unfinished[id_] = {}
                self._answer(200, _xml("InitiateMultipartUploadResult", f"<UploadId>{id_}</UploadId>"))
                return
            parts = self.server.unfinished.pop(given["uploadId"])
            self.server.objects[name] = Stored(b"".join(parts[number] for number in sorted(parts)), datetime.now(UTC))
            self._answer(200, _xml("CompleteMultipartUploadResult", '<ETag>"0"</ETag>'))

    def do_DELETE(self) -> None:
        if begun := self._begin():
            name, given, _ = begun
            if "uploadId" in given:
                self.server.unfinished.pop(given["uploadId"], None)
            else:
                self.server.objects.pop(name, None)
            self._answer(204)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not (begun := self._begin()):
            return
        name, given, _ = begun
        if "/" not in name:
            self._answer(200, self._listed(given))
            return
        found = self.server.objects.get(name)
        if found is None:
            self._refuse(404, "NoSuchKey")
            return
        headers = {
            "ETag": f'"{zlib.crc32(found.content):08x}"',
            "Last-Modified": f"{found.at:%a, %d %b %Y %H:%M:%S} GMT",
        }
        if wanted := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            first, size = int(wanted[1]), len(found.content)
            if first >= size:
                self._refuse(416, "InvalidRange")
                return
            headers["Content-Range"] = f"bytes {first}-{size - 1}/{size}"
            self._answer(206, found.content[first:], headers)
        else:
            self._answer(200, found.content, headers)

    def _listed(self, given: dict[str, str]) -> bytes:
        prefix, after = given.get("prefix", ""), given.get("marker", "")
        names = sorted(name.partition("/")[2] for name in self.server.objects)
        entries: dict[str, str] = {}
        for name in names:
            if name.startswith(prefix):
                folder, slash, _ = name[len(prefix) :].partition("/")
                shown = prefix + folder + slash
                kind = "CommonPrefixes><Prefix" if slash else "Contents><Key"
                entries[shown] = f"<{kind}>{escape(shown)}</{'></'.join(reversed(kind.split('><')))}>"
        rest = [name for name in entries if name > after]
        page = rest[:PAGE]
        more = f"<IsTruncated>true</IsTruncated><NextMarker>{escape(page[-1])}</NextMarker>" if rest[PAGE:] else ""
        return _xml("ListBucketResult", more + "".join(entries[name] for name in page))

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, _xml("Error", f"<Code>{code}</Code><Message>{code}</Message>"))

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.server.cuts_after
        if cut is not None and status in (200, 206) and self.command == "GET" and len(body) > cut:
            self.wfile.write(body[:cut])
            self.close_connection = True
            return
        try:
            self.wfile.write(body)
        except ConnectionError:  # the reader has enough
            self.close_connection = True


def _xml(name: str, inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><{name}>{inside}</{name}>'.encode()
