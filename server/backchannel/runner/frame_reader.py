"""What a client's bytes say, by RFC 6455, strictly. Pure: bytes in, messages and control frames out.

    bytes ─▶ head ─▶ payload, unmasked as it comes ─▶ whole message
                        └─ text is checked as it comes: what can never become UTF-8 is refused before its end

No extension is spoken, so every reserved bit is an error. A frame's length is held against the limit before its payload is
awaited: what a client can make the server keep is one message, and never more than the limit. Nor is it to make the server work
for nothing: each frame counts, pings, pongs and empty pieces too.
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
"""What a close without a code is called; it is never on the wire."""

_CONTROL_BYTES: Final = 125
_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


class Kind(IntEnum):
    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_NOTHING: Final = bytearray()
_KINDS: Final = {int(kind): kind for kind in Kind}


class Refused(Exception):
    """The connection is to be failed with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class FrameReader:
    """`limit`: the bytes a message may have; may be set between two messages. `allowance`: how many frames may come, for whoever
    feeds to set again."""

    __slots__ = ("_buffer", "_head", "_kind", "_message", "_tail", "allowance", "limit")

    def __init__(self, limit: int, allowance: float = math.inf) -> None:
        self.limit = limit
        self.allowance = allowance
        self._buffer = b""
        self._kind: Kind | None = None
        """Of the message that is under way, where there is one."""
        self._message: bytearray = _NOTHING
        """Its payload so far, unmasked."""
        self._tail = b""
        """Of a text: the bytes of a character that has only begun."""
        self._head: tuple[bool, int, bytes] | None = None
        """Of a frame that is under way: is it the last one, the bytes still to come, the mask, turned to where they begin."""

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """What is whole now: a message's kind and payload, or a control frame's. Raises `Refused`, after what came before."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        at, end = 0, len(data)
        while True:
            if self._head is not None:
                at, message = self._go_on(data, at)
                if message is not None:
                    yield message
                if self._head is not None:
                    return
            if end - at < 2:
                break
            first, second = data[at], data[at + 1]
            if self.allowance < 1:
                raise Refused(TOO_MANY, "flood")
            kind = self._check(first, second)
            length = second & 0x7F
            start = at + 2
            if length == 126:
                start += 2
                if end < start:
                    break
                length = int.from_bytes(data[start - 2 : start], "big")
                if length < 126:
                    raise Refused(PROTOCOL_ERROR, "length in more bytes than it needs")
            elif length == 127:
                start += 8
                if end < start:
                    break
                length = int.from_bytes(data[start - 8 : start], "big")
                if length < 1 << 16 or length >> 63:
                    raise Refused(PROTOCOL_ERROR, "length in more bytes than it needs")
            if kind < Kind.CLOSE and length + len(self._message) > self.limit:
                raise Refused(TOO_LARGE, "message too large")
            start += 4
            if end < start:
                break
            self.allowance -= 1
            mask = data[start - 4 : start]
            whole = end - start >= length
            if kind >= Kind.CLOSE:
                if not whole:
                    break
                at = start + length
                payload = unmasked(data[start:at], mask)
                if kind is Kind.CLOSE:
                    _check_close(payload)
                yield kind, payload
            elif (
                whole and first & 0x80 and self._kind is None
            ):  # nearly always: a message in one frame, and all of it here
                at = start + length
                payload = unmasked(data[start:at], mask)
                if kind is Kind.TEXT:
                    check_text(payload, final=True)
                yield kind, payload
            else:
                if self._kind is None:
                    self._kind, self._message = kind, bytearray()
                self._head = (bool(first & 0x80), length, mask)
                at = start
        self._buffer = data[at:]

    def _check(self, first: int, second: int) -> Kind:
        """The first two bytes say nothing that must not be said here; the frame's kind."""
        if first & 0x70:
            raise Refused(PROTOCOL_ERROR, "reserved bits")
        kind = _KINDS.get(first & 0x0F)
        if kind is None:
            raise Refused(PROTOCOL_ERROR, "no such opcode")
        if not second & 0x80:
            raise Refused(PROTOCOL_ERROR, "not masked")
        if kind >= Kind.CLOSE:
            if not first & 0x80 or second & 0x7F > _CONTROL_BYTES:
                raise Refused(PROTOCOL_ERROR, "control frame in pieces, or too long")
        elif (kind is Kind.CONTINUATION) != (self._kind is not None):
            raise Refused(PROTOCOL_ERROR, "message within a message, or a piece of none")
        return kind

    def _go_on(self, data: bytes, at: int) -> tuple[int, tuple[Kind, bytes] | None]:
        """Take what is there of the frame under way; where it stopped, and the message where it is whole now."""
        assert self._head is not None
        assert self._kind is not None
        is_last, left, mask = self._head
        piece = data[at : at + left]
        left -= len(piece)
        payload = unmasked(piece, mask)
        if self._kind is Kind.TEXT:
            self._tail = check_text(self._tail + payload, final=is_last and not left)
        self._message += payload
        if left:
            turn = len(piece) % 4
            self._head = (is_last, left, mask[turn:] + mask[:turn])
            return at + len(piece), None
        self._head = None
        if not is_last:
            return at + len(piece), None
        message = (self._kind, bytes(self._message))
        self._kind, self._message = None, _NOTHING
        return at + len(piece), message


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """As one long number: nothing in Python itself is quicker."""
    length = len(payload)
    if not length:
        return b""
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")


def check_text(payload: bytes, *, final: bool) -> bytes:
    """The bytes at its end that begin a character. Refuses what is no UTF-8, or can never become it."""
    try:
        _, read = utf_8_decode(payload, "strict", final)
    except UnicodeDecodeError:
        raise Refused(NOT_UTF8, "not UTF-8") from None
    return payload[read:]


def _check_close(payload: bytes) -> None:
    if len(payload) == 1:
        raise Refused(PROTOCOL_ERROR, "half a close code")
    if payload:
        code = int.from_bytes(payload[:2], "big")
        if code not in _CODES and not 3000 <= code < 5000:
            raise Refused(PROTOCOL_ERROR, "no such close code")
        check_text(payload[2:], final=True)
