"""`PUT /api/uploads/{upload_id}?offset=N`, the bytes of an upload, and `GET /files/{id}/{name}`, the file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl, quote
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel import failpoints
from backchannel.commands.add_part import AddPart, check_place
from backchannel.files.kinds import PLAIN, is_inline
from backchannel.files.receiving import receive_part
from backchannel.files.storage import PIECE_BYTES, FileStore
from backchannel.process_log import ProcessLog
from backchannel.protocol import codec
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.results import UploadOffset
from backchannel.store import disk, uploads
from backchannel.store.file_access import FileRow, file_for
from backchannel.store.uploads import Part, UploadRow
from backchannel.transports.http.bodies import BodyTooLarge, announced_bytes
from backchannel.transports.http.ranges import Unsatisfiable, is_unchanged, range_of
from backchannel.transports.http.requests import ClientGone, answering_errors, authenticated
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.problems import NOSNIFF

_LARGEST_OFFSET: Final = 2**53 - 1
_SANDBOX: Final = (b"content-security-policy", b"sandbox; default-src 'none'")
_SAME_ORIGIN: Final = (b"cross-origin-resource-policy", b"same-origin")

_log = ProcessLog("backchannel.files")


def file_endpoints(node: Node) -> dict[str, dict[str, ASGIApp]]:
    """By address and method; none where no files are taken."""
    if node.files is None:
        return {}
    return {
        "/api/uploads/{upload_id}": {"PUT": receive_bytes(node, node.files)},
        "/files/{upload_id}/{name:rest}": {"GET": serve_file(node, node.files)},
    }


def receive_bytes(node: Node, files: FileStore) -> ASGIApp:
    """Answers with what is stored, whatever of the body was needed for it; so a repeated request is answered alike."""
    at_most = node.settings.limits.upload_chunk

    async def answer(scope: Scope, receive: Receive, identity: Identity) -> tuple[int, bytes]:
        node.rates.check_file(identity.user_id, node.context.clock())
        upload_id, offset = _id_of(scope["path_params"]["upload_id"]), _offset_of(scope)
        row = await node.context.reads.run(uploads.upload_of, upload_id, identity.user_id)
        check_place(row.offset, offset)
        _check_end(row, offset + announced_bytes(scope))
        if not await files.run(files.has_room, at_most):
            raise disk.full()
        stored = row.offset - offset
        body = _body(receive, at_most, row, offset)
        try:
            part = await receive_part(files, upload_id, body, offset=offset, skip=stored)
        except OSError as error:
            raise _no_storage(error) from error
        failpoints.reach("piece_stored")
        identity = await node.authenticate(scope)
        if part is None:
            row = await node.context.reads.run(uploads.upload_of, upload_id, identity.user_id)
            return 200, codec.encode(UploadOffset(row.offset))
        try:
            result = await node.context.log.write(AddPart(actor=identity.user, upload_id=upload_id, part=part))
        except CommandError as error:
            if error.code.status < 500:  # else it may be entered all the same
                await _discard(files, part)
            raise
        failpoints.reach("piece_entered")
        if result.is_unused:
            await _discard(files, part)
        if result.offset == row.sent_size:
            node.uploaded()
        return 200, codec.encode(UploadOffset(result.offset))

    return authenticated(node, answer, at_most)


async def _discard(files: FileStore, part: Part) -> None:
    """Delete a piece that nobody needs. If the storage fails now, it goes with the other pieces."""
    with suppress(OSError):
        await files.run(files.delete, part.key)


async def _body(receive: Receive, at_most: int, row: UploadRow, offset: int) -> AsyncIterator[bytes]:
    """Raises BodyTooLarge, ClientGone, and 422 beyond the end of the file."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece, more = message.get("body", b""), message.get("more_body", False)
        length += len(piece)
        if length > at_most:
            raise BodyTooLarge(at_most, more=more)
        _check_end(row, offset + length)
        yield piece


def _check_end(row: UploadRow, end: int) -> None:
    if end > row.sent_size:
        raise invalid(offset=f"The file has {row.sent_size} bytes, as announced; this would be byte {end}.")


def _no_storage(error: OSError) -> CommandError:
    _log.warning("storage_trouble", error=type(error).__name__, reason=str(error))
    if disk.is_no_space(error):
        return disk.full()
    return CommandError(
        Code.UNAVAILABLE, "The storage of files does not answer just now. Try again in a moment.", retry_after=2.0
    )


def serve_file(node: Node, files: FileStore) -> ASGIApp:
    """Looks at the permission at every request, before anything else: also one that would be answered by 304."""

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        identity = await node.authenticate(scope)
        node.rates.check_file(identity.user_id, node.context.clock())
        try:
            upload_id = UUID(scope["path_params"]["upload_id"])
        except ValueError:
            raise CommandError(Code.UPLOAD_NOT_FOUND, "There is no such file.") from None
        row = await node.context.reads.run(file_for, upload_id, _variant_of(scope), identity.user_id)
        await _send_file(files, row, scope, send)

    return answering_errors(endpoint)


async def _send_file(files: FileStore, row: FileRow, scope: Scope, send: Send) -> None:
    given: Mapping[bytes, bytes] = dict(scope["headers"])
    etag = f'"{(row.key or "empty").rpartition("/")[2]}"'
    headers = [*_headers_of(row), (b"etag", etag.encode())]
    if is_unchanged(given, etag):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    try:
        wanted = range_of(given, etag, row.size)
    except Unsatisfiable:
        headers += [(b"content-range", b"bytes */%d" % row.size), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 416, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    first, end = wanted or (0, row.size)
    headers.append((b"content-length", b"%d" % (end - first)))
    if wanted:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (first, end - 1, row.size)))
    opened = None
    try:
        if scope["method"] != "HEAD" and row.key is not None:
            opened = await files.run(files.open, row.key)
            await files.run(opened.seek, first)
    except FileNotFoundError:
        _log.exception("file_lost", key=row.key)
        raise CommandError(Code.UPLOAD_NOT_FOUND, "The server has lost this file.") from None
    except OSError as error:  # before the first byte, so that it can still be said
        raise _no_storage(error) from error
    try:
        await send({"type": "http.response.start", "status": 206 if wanted else 200, "headers": headers})
        left = end - first
        while opened is not None and left:
            piece = await files.run(opened.read, min(left, PIECE_BYTES))
            if not piece:
                raise OSError(f"{row.key} is shorter than it was by {left} bytes")
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        if opened is not None:
            await files.run(opened.close)


def _headers_of(row: FileRow) -> list[tuple[bytes, bytes]]:
    shown = is_inline(row.content_type, row.width)
    ascii_name = "".join(sign if sign.isascii() and sign not in '"\\%' else "_" for sign in row.name)
    name = f"filename=\"{ascii_name}\"; filename*=UTF-8''{quote(row.name, safe='')}"
    return [
        (b"content-type", (row.content_type if shown else PLAIN).encode()),
        (b"content-disposition", f"{'inline' if shown else 'attachment'}; {name}".encode()),
        (b"cache-control", b"private, no-cache"),
        (b"accept-ranges", b"bytes"),
        NOSNIFF,
        _SANDBOX,
        _SAME_ORIGIN,
    ]


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise invalid(upload_id="Is not a UUID.") from None


def _offset_of(scope: Scope) -> int:
    given = _query_of(scope)
    text = given.pop("offset", "")
    if given:
        raise invalid(**{min(given): "There is no such parameter."})
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) <= _LARGEST_OFFSET):
        raise invalid(offset="Give the position of these bytes in the file as ?offset=.")
    return int(text)


def _variant_of(scope: Scope) -> str:
    """ "" for the file itself, which is not what an empty `v` asks for."""
    variant = _query_of(scope).get("v")
    return "none" if variant == "" else variant or ""


def _query_of(scope: Scope) -> dict[str, Any]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
