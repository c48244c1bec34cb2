"""What is read out of a client's bytes is what another reader finds in them, however they are cut, and nothing is let pass."""

from collections.abc import Sequence
from itertools import pairwise
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame
from websockets.streams import StreamReader

from backchannel.runner.frame_reader import FrameReader, Kind, Refused, unmasked

LIMIT = 1000
Said = list[tuple[int, bytes]]


def client_frame(kind: int, payload: bytes, *, fin: bool = True, mask: bytes = b"\x0f\x1e\x2d\x3c") -> bytes:
    first = bytes([(0x80 if fin else 0) | kind])
    if len(payload) < 126:
        head = first + bytes([0x80 | len(payload)])
    elif len(payload) < 1 << 16:
        head = first + b"\xfe" + pack("!H", len(payload))
    else:
        head = first + b"\xff" + pack("!Q", len(payload))
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def read(pieces: Sequence[bytes], limit: int = LIMIT) -> tuple[Said, int | None]:
    """What is understood, and the code with which the rest is refused."""
    reader = FrameReader(limit)
    said: Said = []
    try:
        for piece in pieces:
            for kind, payload in reader.feed(piece):
                said.append((int(kind), bytes(payload)))
                if kind is Kind.CLOSE:
                    return said, None
    except Refused as refused:
        return said, refused.code
    return said, None


def read_by_another(data: bytes, limit: int = LIMIT) -> tuple[Said, int | None]:
    """The same by the frame parser of `websockets`, with the rules for whole messages on top of it."""
    stream, said = StreamReader(), []
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
            return said, 1009
        except ProtocolError:
            return said, 1002
        else:
            return said, None
        opcode, payload = int(frame.opcode), bytes(frame.data)
        if opcode >= 8:
            if opcode == 8 and payload:
                code = int.from_bytes(payload[:2], "big")
                if len(payload) == 1 or not (3000 <= code < 5000 or 1000 <= code <= 1003 or 1007 <= code <= 1014):
                    return said, 1002
                if not is_utf8(payload[2:]):
                    return said, 1007
            said.append((opcode, payload))
            if opcode == 8:
                return said, None
            continue
        if (opcode == 0) != (kind is not None):
            return said, 1002
        kind = opcode if kind is None else kind
        message += payload
        if frame.fin:
            if kind == 1 and not is_utf8(message):
                return said, 1007
            said.append((kind, message))
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
    """Mostly frames, in any order, sometimes with a byte that is none of theirs."""
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
def test_another_reader_finds_the_same_however_the_bytes_are_cut(data: bytes, places: list[int]) -> None:
    said, refused = read(cut(data, places))
    said_to_another, refused_by_another = read_by_another(data)
    if refused == 1007 and refused_by_another != 1007:
        # What can never become UTF-8 is refused before its end, so that nothing behind it is found any more.
        assert said == said_to_another[: len(said)]
    elif refused == 1002 and refused_by_another in (None, 1009):
        # Refused by the first bytes of its head, which the other one reads no sooner than all of it.
        assert said == said_to_another
    else:
        assert (said, refused) == (said_to_another, refused_by_another)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_so_it_does_in_noise(data: bytes, places: list[int]) -> None:
    test_another_reader_finds_the_same_however_the_bytes_are_cut.hypothesis.inner_test(data, places)  # type: ignore[attr-defined]


@given(streams(), st.lists(st.integers(0, 5000), max_size=8))
def test_where_the_bytes_are_cut_makes_no_difference(data: bytes, places: list[int]) -> None:
    assert read(cut(data, places)) == read([data]) == read([data[at : at + 1] for at in range(len(data))])


@given(st.binary(max_size=300), masks)
def test_unmasking_twice_changes_nothing(payload: bytes, mask: bytes) -> None:
    assert unmasked(unmasked(payload, mask), mask) == payload
    assert unmasked(payload, b"\0\0\0\0") == payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_every_length_is_read(size: int) -> None:
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
def test_what_must_not_be_said_is_refused_as_soon_as_its_head_shows_it(data: bytes, code: int) -> None:
    assert read([data])[1] == code
    assert read([data[at : at + 1] for at in range(len(data))])[1] == code


@pytest.mark.parametrize("broken", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90", b"\xe2\x28"])
def test_a_text_that_can_never_become_utf_8_is_refused_before_its_end(broken: bytes) -> None:
    begun = client_frame(1, b"fine " + broken + b"." * 100)[: 6 + 5 + len(broken)]
    assert read([begun]) == ([], 1007)
    piece = client_frame(1, b"fine " + broken, fin=False)
    assert read([piece]) == ([], 1007)


def test_a_character_may_be_cut_by_frames_and_packets_but_has_to_be_whole_at_the_end() -> None:
    euro = "€".encode()
    pieces = client_frame(1, euro[:1], fin=False) + client_frame(0, b"", fin=False) + client_frame(0, euro[1:])
    assert read([pieces]) == ([(1, euro)], None)
    assert read([client_frame(1, euro[:2], fin=False) + client_frame(0, b"")]) == ([], 1007)
    assert read([client_frame(1, euro[:2])]) == ([], 1007)


def test_control_frames_are_heard_between_the_pieces_of_a_message() -> None:
    data = client_frame(1, b"a", fin=False) + client_frame(9, b"?") + client_frame(0, b"b")
    assert read([data]) == ([(9, b"?"), (1, b"ab")], None)
