"""No bytes on one connection stop the server or harm the next client. Each case has its own raw socket."""

import base64
import json
import os
import socket
import struct
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from tests.running import Running, Someone, somebody

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode: int, payload: bytes, *, fin: bool = True, mask: bool = True, reserved: int = 0) -> bytes:
    first = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    masked = 0x80 if mask else 0
    if len(payload) < 126:
        head = first + bytes([masked | len(payload)])
    elif len(payload) < 2**16:
        head = first + bytes([masked | 126]) + struct.pack("!H", len(payload))
    else:
        head = first + bytes([masked | 127]) + struct.pack("!Q", len(payload))
    if not mask:
        return head + payload
    key = b"\x0f\x1e\x2d\x3c"
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def text(value: Any) -> bytes:
    return frame(TEXT, value if isinstance(value, bytes) else json.dumps(value).encode())


HELLO = text({"type": "hello", "protocol": 1})


def upgrade(who: Someone, port: int) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {who.token}\r\n\r\n"
    ).encode()


def nested(depth: int, opening: str, inside: str, closing: str) -> bytes:
    return (opening * depth + inside + closing * depth).encode()


def wild_value(chance: Random, depth: int = 0) -> Any:
    kinds = ["null", "bool", "int", "float", "text"] + (["list", "dict"] if depth < 4 else [])
    match chance.choice(kinds):
        case "null":
            return None
        case "bool":
            return chance.random() < 0.5
        case "int":
            return chance.choice((0, -1, 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**40))
        case "float":
            return chance.choice((0.5, -0.0, 1e308, 1e-320))
        case "text":
            return chance.choice(("", "x", "\x00", "\ud800", "𝕏" * 50, "../..", "'; --", "%s", "{}", str(uuid4())))
        case "list":
            return [wild_value(chance, depth + 1) for _ in range(chance.randrange(4))]
        case _:
            return {chance.choice(("type", "id", "room_id", "x", "")): wild_value(chance, depth + 1) for _ in range(3)}


def wild_commands(chance: Random) -> bytes:
    from backchannel.protocol.commands import COMMANDS

    frames = b""
    for _ in range(60):
        declaration = chance.choice(list(COMMANDS.values()))
        names = [*declaration.struct.__struct_fields__, "nonsense"]
        fields = {name: wild_value(chance) for name in names if chance.random() < 0.6}
        frames += text({"type": declaration.word, **fields})
    return frames


def noise(chance: Random) -> bytes:
    return b"".join(
        chance.choice((chance.randbytes(chance.randrange(1, 400)), text({"type": "ping"}))) for _ in range(10)
    )


CASES: dict[str, Callable[[Random], bytes]] = {
    "broken UTF-8": lambda _: HELLO + text(b'{"type":"\xff\xfe"}'),
    "a truncated character": lambda _: HELLO + text('"€"'.encode()[:-2]),
    "no mask": lambda _: HELLO + frame(TEXT, b"{}", mask=False),
    "reserved bits": lambda _: HELLO + frame(TEXT, b"{}", reserved=7),
    "an unknown opcode": lambda _: HELLO + frame(5, b"{}"),
    "a length of exabytes": lambda _: HELLO + b"\x81\xff" + struct.pack("!Q", 2**63 - 1) + b"xxxx",
    "a negative length": lambda _: HELLO + b"\x81\xff" + b"\xff" * 8 + b"xxxx",
    "a megabyte": lambda _: HELLO + text(b'"' + b"x" * 1_000_000 + b'"'),
    "a megabyte in fragments": lambda _: HELLO + frame(TEXT, b"x", fin=False) + frame(0, b"x" * 5000, fin=False) * 200,
    "a continuation without a beginning": lambda _: HELLO + frame(0, b"x"),
    "a new message inside a fragmented one": lambda _: HELLO + frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"),
    "a ping that is too long": lambda _: HELLO + frame(PING, b"x" * 126),
    "a fragmented ping": lambda _: HELLO + frame(PING, b"x", fin=False),
    "very many pings": lambda _: HELLO + frame(PING, b"x" * 125) * 3000,
    "unsolicited pongs": lambda _: HELLO + frame(PONG, b"x") * 3000,
    "empty frames": lambda _: HELLO + frame(TEXT, b"") * 20,
    "many empty fragments": lambda _: HELLO + frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 3000,
    "binary": lambda _: HELLO + frame(BINARY, b"\x00\x01") * 5,
    "half a frame": lambda _: HELLO + text({"type": "ping"})[:-4],
    "half a header": lambda _: HELLO + b"\x81",
    "a close with a bad code": lambda _: HELLO + frame(CLOSE, struct.pack("!H", 999)),
    "a close with a truncated code": lambda _: HELLO + frame(CLOSE, b"\x03"),
    "a close with broken UTF-8": lambda _: HELLO + frame(CLOSE, struct.pack("!H", 1000) + b"\xff"),
    "frames after a close": lambda _: HELLO + frame(CLOSE, struct.pack("!H", 1000)) + text({"type": "get_me"}) * 50,
    "lists in lists": lambda _: HELLO + text(nested(30_000, "[", "", "]")),
    "objects in objects": lambda _: HELLO + text(nested(8_000, '{"a":', "1", "}")),
    "depth in a field": lambda _: (
        HELLO + text(b'{"type":"send_message","content":' + nested(20_000, "[", "", "]") + b"}")
    ),
    "a number of many digits": lambda _: HELLO + text(b'{"type":"get_room","room_id":' + b"9" * 50_000 + b"}"),
    "an exponent": lambda _: HELLO + text(b'{"type":"get_room","room_id":1e999999}'),
    "one key many times": lambda _: HELLO + text(b"{" + b'"type":"get_me",' * 3000 + b'"id":"x"}'),
    "a lone surrogate": lambda _: HELLO + text(b'{"type":"create_room","kind":"group","name":"\\ud800"}'),
    "many hellos": lambda _: HELLO * 50,
    "many frames at once": lambda _: HELLO + text([{"type": "get_room_list"}] * 64) * 40,
    "wild commands": lambda chance: HELLO + wild_commands(chance),
    "other wild commands": lambda chance: HELLO + wild_commands(chance),
    "noise": lambda chance: HELLO + noise(chance),
    "noise without hello": noise,
}


@pytest.mark.parametrize("name", CASES)
def test_other_clients_are_served_whatever_one_socket_sends(server: Running, name: str) -> None:
    wild, healthy = somebody("wild"), somebody("healthy")
    sent = CASES[name](Random(name))
    faults = faults_of(server)
    with server.device(healthy) as before:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(upgrade(wild, server.port))
            assert raw.recv(20).startswith(b"HTTP/1.1 101")
            _send_all(raw, sent)
        assert before.call("get_me").ok
    with server.device(healthy) as after:
        assert after.call("get_room_list").ok
    server.wait_until(lambda: server.in_loop(lambda: not server.chat.hub.subscribers_of(wild.id)))
    assert faults_of(server) == faults


def faults_of(server: Running) -> list[str]:
    """The lines of /metrics that count commands answered with 500."""
    return [line for line in server.http.get("/metrics").text.splitlines() if 'outcome="internal"' in line]


HTTP = {
    "nothing": b"",
    "noise": b"\x00\xff\x16\x03\x01" * 100,
    "half a request": b"POST /api/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    "an endless header": b"GET / HTTP/1.1\r\nX: " + b"y" * 200_000,
    "a negative content length": b"POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "two content lengths": b"POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "an invalid chunk size": b"POST /api/rooms HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    "another version": b"GET /ws HTTP/9.9\r\n\r\n",
    "an upgrade without a key": b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "an upgrade at another path": b"GET /api/me HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "an upgrade of another protocol": b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "a path of random bytes": b"GET /api/%ff%00/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "a token of random bytes": b"GET /ws?token=%ff%00%zz&token=x HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", HTTP)
def test_other_clients_are_served_after_an_invalid_http_request(server: Running, name: str) -> None:
    healthy = somebody("healthy")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        answer = _send_all(raw, HTTP[name])
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:200]
    assert server.call(healthy, "get_me").ok


def _send_all(raw: socket.socket, sent: bytes) -> bytes:
    """Send all of it; return what comes back until the server is silent for 0.3 s or closes."""
    answer = b""
    try:
        raw.sendall(sent)
        raw.settimeout(0.3)
        while chunk := raw.recv(65536):
            answer += chunk
    except (TimeoutError, OSError):
        pass
    return answer
