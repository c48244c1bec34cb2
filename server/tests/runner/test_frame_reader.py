"""The frame reader agrees with the one of `websockets`, wherever the bytes are cut, and refuses what RFC 6455 forbids."""

from collections.abc import Sequence
from itertools import pairwise
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame
from websockets.streams import StreamReader

from backchannel.runner.websocket.frame_reader import FrameReader, Kind, Violation, unmask

LIMIT = 1000
Frames = list[tuple[int, bytes]]


def client_frame(kind: int, payload: bytes, *, fin: bool = True, mask: bytes = b"\x0f\x1e\x2d\x3c") -> bytes:
    first = bytes([(0x80 if fin else 0) | kind])
    if len(payload) < 126:
        head = first + bytes([0x80 | len(payload)])
    elif len(payload) < 1 << 16:
        head = first + b"\xfe" + pack("!H", len(payload))
    else:
        head = first + b"\xff" + pack("!Q", len(payload))
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def read(pieces: Sequence[bytes], limit: int = LIMIT) -> tuple[Frames, int | None]:
    """The messages and control frames, and the close code with which the rest is refused."""
    reader = FrameReader(limit)
    found: Frames = []
    try:
        for piece in pieces:
            for kind, payload in reader.feed(piece):
                found.append((int(kind), bytes(payload)))
                if kind is Kind.CLOSE:
                    return found, None
    except Violation as violation:
        return found, violation.code
    return found, None


def read_by_reference(data: bytes, limit: int = LIMIT) -> tuple[Frames, int | None]:
    """The same by the frame parser of `websockets`, with the rules for whole messages added."""
    stream = StreamReader()
    found: Frames = []
    stream.feed_data(data)
    kind: int | None = None
    message = b""
    while True:
        parsing = Frame.parse(stream.read_exact, mask=True, max_size=limit - len(message))
        try:
            next(parsing)
        except StopIteration as done:
            frame = done.value
        except PayloadTooBig:
            return found, 1009
        except ProtocolError:
            return found, 1002
        else:
            return found, None
        opcode, payload = int(frame.opcode), bytes(frame.data)
        if opcode >= 8:
            if opcode == 8 and payload:
                code = int.from_bytes(payload[:2], "big")
                if len(payload) == 1 or not (3000 <= code < 5000 or 1000 <= code <= 1003 or 1007 <= code <= 1014):
                    return found, 1002
                if not is_utf8(payload[2:]):
                    return found, 1007
            found.append((opcode, payload))
            if opcode == 8:
                return found, None
            continue
        if (opcode == 0) != (kind is not None):
            return found, 1002
        kind = opcode if kind is None else kind
        message += payload
        if frame.fin:
            if kind == 1 and not is_utf8(message):
                return found, 1007
            found.append((kind, message))
            kind, message = None, b""


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


payloads = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=30).map(str.encode),
    st.integers(120, 140).map(lambda size: b"x" * size),
    st.integers(LIMIT - 2, LIMIT + 2).map(lambda size: b"y" * size),
)
masks = st.one_of(st.just(b"\0\0\0\0"), st.binary(min_size=4, max_size=4))
frames = st.builds(
    lambda kind, payload, fin, mask: client_frame(kind, payload, fin=fin, mask=mask),
    st.sampled_from([0, 0, 1, 1, 1, 2, 8, 9, 10, 3, 11]),
    payloads,
    st.booleans(),
    masks,
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Mostly valid frames, in any order, sometimes with a corrupted byte."""
    data = b"".join(draw(st.lists(st.one_of(frames, texts_in_pieces()), max_size=6)))
    if data and draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(data) - 1))
        data = data[:at] + draw(st.binary(max_size=3)) + data[at + 1 :]
    return data


@st.composite
def texts_in_pieces(draw: st.DrawFn) -> bytes:
    whole = draw(st.text(max_size=20)).encode()
    cuts = [0, *sorted(draw(st.lists(st.integers(0, len(whole)), max_size=3))), len(whole)]
    pieces = [whole[begin:end] for begin, end in pairwise(cuts)]
    return b"".join(
        client_frame(0 if index else 1, piece, fin=index == len(pieces) - 1) for index, piece in enumerate(pieces)
    )


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


@given(streams(), st.lists(st.integers(0, 5000), max_size=8))
def test_reader_agrees_with_reference_wherever_the_bytes_are_cut(data: bytes, places: list[int]) -> None:
    found, code = read(cut(data, places))
    by_reference, reference_code = read_by_reference(data)
    if code == 1007 and reference_code != 1007:
        # Invalid UTF-8 is refused before the text ends, so that nothing behind it is read.
        assert found == by_reference[: len(found)]
    elif code == 1002 and reference_code in (None, 1009):
        # Refused at the first bytes of the header; the reference reads the whole header first.
        assert found == by_reference
    else:
        assert (found, code) == (by_reference, reference_code)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_reader_agrees_with_reference_on_random_bytes(data: bytes, places: list[int]) -> None:
    test_reader_agrees_with_reference_wherever_the_bytes_are_cut.hypothesis.inner_test(data, places)  # type: ignore[attr-defined]


@given(streams(), st.lists(st.integers(0, 5000), max_size=8))
def test_cuts_do_not_change_what_is_read(data: bytes, places: list[int]) -> None:
    assert read(cut(data, places)) == read([data]) == read([data[at : at + 1] for at in range(len(data))])


@given(st.binary(max_size=300), masks)
def test_unmasking_twice_restores_the_payload(payload: bytes, mask: bytes) -> None:
    assert unmask(unmask(payload, mask), mask) == payload
    assert unmask(payload, b"\0\0\0\0") == payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_each_encoding_of_a_length_is_read(size: int) -> None:
    payload = bytes(index % 251 for index in range(size))
    assert read([client_frame(2, payload)], limit=70_000) == ([(2, payload)], None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\xfe\x00\x7d", 1002),
        (b"\x81\xff" + pack("!Q", 65_535), 1002),
        (b"\x81\xff" + pack("!Q", 1 << 63), 1002),
        (b"\x81\xff" + pack("!Q", (1 << 63) - 1), 1009),
        (b"\x81\x00", 1002),
        (b"\xc1\x80", 1002),
        (b"\x83\x80", 1002),
        (b"\x80\x80", 1002),
        (b"\x09\x80", 1002),
        (b"\x89\xfe", 1002),
        (client_frame(1, b"x", fin=False) + b"\x81\x80", 1002),
        (client_frame(1, b"x" * LIMIT, fin=False) + client_frame(0, b"x", fin=False), 1009),
        (client_frame(8, b"\x03"), 1002),
        *((client_frame(8, pack("!H", code)), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000)),
        (client_frame(8, pack("!H", 1000) + b"\xff"), 1007),
    ],
)
def test_a_forbidden_frame_is_refused_at_its_header(data: bytes, code: int) -> None:
    assert read([data])[1] == code
    assert read([data[at : at + 1] for at in range(len(data))])[1] == code


@pytest.mark.parametrize("broken", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90", b"\xe2\x28"])
def test_invalid_utf_8_is_refused_before_the_text_ends(broken: bytes) -> None:
    begun = client_frame(1, b"fine " + broken + b"." * 100)[: 6 + 5 + len(broken)]
    assert read([begun]) == ([], 1007)
    piece = client_frame(1, b"fine " + broken, fin=False)
    assert read([piece]) == ([], 1007)


def test_a_character_may_span_frames_and_packets_but_must_be_complete_at_the_end() -> None:
    euro = "€".encode()
    pieces = client_frame(1, euro[:1], fin=False) + client_frame(0, b"", fin=False) + client_frame(0, euro[1:])
    assert read([pieces]) == ([(1, euro)], None)
    assert read([client_frame(1, euro[:2], fin=False) + client_frame(0, b"")]) == ([], 1007)
    assert read([client_frame(1, euro[:2])]) == ([], 1007)


def test_control_frames_are_read_between_the_fragments_of_a_message() -> None:
    data = client_frame(1, b"a", fin=False) + client_frame(9, b"?") + client_frame(0, b"b")
    assert read([data]) == ([(9, b"?"), (1, b"ab")], None)
