"""RFC 6455 frames of a client, read strictly. Pure: bytes in, messages and control frames out.

    bytes ─▶ header ─▶ payload, unmasked as it arrives ─▶ whole message
                          └─ a text that can never become UTF-8 is refused before its end

No extension is supported, so every reserved bit is an error. A frame's length is checked before its payload is awaited: a client
can make the server keep one message, never more than the limit. Every frame takes from an allowance, also a ping, a pong and an
empty fragment, because parsing it costs the server time.
"""

import math
from codecs import utf_8_decode
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

PROTOCOL_ERROR: Final = 1002
NOT_UTF8: Final = 1007
TOO_LARGE: Final = 1009
TOO_MANY: Final = 4429
NO_CODE: Final = 1005
"""Stands for a Close without a code; never on the wire."""

_CONTROL_BYTES: Final = 125
_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


class Kind(IntEnum):
    """Opcodes."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_NOTHING: Final = bytearray()
_KINDS: Final = {int(kind): kind for kind in Kind}


class Violation(Exception):
    """The client broke RFC 6455 or a limit: the connection is to be failed with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class FrameReader:
    __slots__ = ("_buffer", "_header", "_kind", "_message", "_tail", "allowance", "limit")

    def __init__(self, limit: int, allowance: float = math.inf) -> None:
        self.limit = limit
        """Bytes of a message; may be changed between two messages."""
        self.allowance = allowance
        """Frames that may still be read; the caller that feeds the reader raises it again."""
        self._buffer = b""
        self._kind: Kind | None = None
        """The kind of the message that has begun; None between messages."""
        self._message: bytearray = _NOTHING
        """Its payload so far, unmasked."""
        self._tail = b""
        """Of a text: the bytes of a character that has only begun."""
        self._header: tuple[bool, int, bytes] | None = None
        """Of a data frame that has begun: is it the last of its message, the bytes to come, the mask rotated to where they begin."""

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Yield the kind and payload of each whole message and control frame. Raises `Violation` after what came before it."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        at, end = 0, len(data)
        while True:
            if self._header is not None:
                at, message = self._read_payload(data, at)
                if message is not None:
                    yield message
                if self._header is not None:
                    return
            if end - at < 2:
                break
            first, second = data[at], data[at + 1]
            if self.allowance < 1:
                raise Violation(TOO_MANY, "flood")
            kind = self._check(first, second)
            length = second & 0x7F
            start = at + 2
            if length == 126:
                start += 2
                if end < start:
                    break
                length = int.from_bytes(data[start - 2 : start], "big")
                if length < 126:
                    raise Violation(PROTOCOL_ERROR, "length in more bytes than it needs")
            elif length == 127:
                start += 8
                if end < start:
                    break
                length = int.from_bytes(data[start - 8 : start], "big")
                if length < 1 << 16 or length >> 63:
                    raise Violation(PROTOCOL_ERROR, "length in more bytes than it needs")
            if kind < Kind.CLOSE and length + len(self._message) > self.limit:
                raise Violation(TOO_LARGE, "message too large")
            start += 4
            if end < start:
                break
            self.allowance -= 1
            mask = data[start - 4 : start]
            is_whole = end - start >= length
            if kind >= Kind.CLOSE:
                if not is_whole:
                    break
                at = start + length
                payload = unmask(data[start:at], mask)
                if kind is Kind.CLOSE:
                    _check_close(payload)
                yield kind, payload
            elif (
                is_whole and first & 0x80 and self._kind is None
            ):  # nearly always: a message in one frame, all of it here
                at = start + length
                payload = unmask(data[start:at], mask)
                if kind is Kind.TEXT:
                    check_text(payload, final=True)
                yield kind, payload
            else:
                if self._kind is None:
                    self._kind, self._message = kind, bytearray()
                self._header = (bool(first & 0x80), length, mask)
                at = start
        self._buffer = data[at:]

    def _check(self, first: int, second: int) -> Kind:
        """The kind of the frame whose first two bytes these are. Raises `Violation`."""
        if first & 0x70:
            raise Violation(PROTOCOL_ERROR, "reserved bits")
        kind = _KINDS.get(first & 0x0F)
        if kind is None:
            raise Violation(PROTOCOL_ERROR, "no such opcode")
        if not second & 0x80:
            raise Violation(PROTOCOL_ERROR, "not masked")
        if kind >= Kind.CLOSE:
            if not first & 0x80 or second & 0x7F > _CONTROL_BYTES:
                raise Violation(PROTOCOL_ERROR, "control frame fragmented or too long")
        elif (kind is Kind.CONTINUATION) != (self._kind is not None):
            raise Violation(PROTOCOL_ERROR, "message within a message, or a fragment of none")
        return kind

    def _read_payload(self, data: bytes, at: int) -> tuple[int, tuple[Kind, bytes] | None]:
        """Read on in the frame that has begun. Returns where it stopped, and the message if that is whole now."""
        assert self._header is not None
        assert self._kind is not None
        is_last, left, mask = self._header
        piece = data[at : at + left]
        left -= len(piece)
        payload = unmask(piece, mask)
        if self._kind is Kind.TEXT:
            self._tail = check_text(self._tail + payload, final=is_last and not left)
        self._message += payload
        if left:
            turn = len(piece) % 4
            self._header = (is_last, left, mask[turn:] + mask[:turn])
            return at + len(piece), None
        self._header = None
        if not is_last:
            return at + len(piece), None
        message = (self._kind, bytes(self._message))
        self._kind, self._message = None, _NOTHING
        return at + len(piece), message


def unmask(payload: bytes, mask: bytes) -> bytes:
    """XOR as one long number: nothing in pure Python is faster."""
    length = len(payload)
    if not length:
        return b""
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")


def check_text(payload: bytes, *, final: bool) -> bytes:
    """The bytes at the end that begin a character. Raises `Violation` if `payload` is not UTF-8, or cannot become it."""
    try:
        _, read = utf_8_decode(payload, "strict", final)
    except UnicodeDecodeError:
        raise Violation(NOT_UTF8, "not UTF-8") from None
    return payload[read:]


def _check_close(payload: bytes) -> None:
    if len(payload) == 1:
        raise Violation(PROTOCOL_ERROR, "half a close code")
    if payload:
        code = int.from_bytes(payload[:2], "big")
        if code not in _CODES and not 3000 <= code < 5000:
            raise Violation(PROTOCOL_ERROR, "no such close code")
        check_text(payload[2:], final=True)
