"""A push service on loopback: it takes messages as RFC 8030 says, checks who sent them, and decrypts them as a browser would."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import http_ece
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from py_vapid import Vapid02

from backchannel.outgoing import OutgoingClient
from backchannel.push.browser_keys import BrowserKeys

HOST = "push.example.net"


@dataclass
class Browser:
    """One subscription, and what arrived for it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"0123456789abcdef"
    got: list[Any] = field(default_factory=list)

    @property
    def keys(self) -> BrowserKeys:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return BrowserKeys(point, self.auth)

    def receive(self, body: bytes) -> None:
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        self.got.append(msgspec.json.decode(plain))


@dataclass
class FakeService:
    """`answers`: of the next requests, as raw HTTP; without one it takes the message. `headers`: of what came, one mapping a request."""

    client: OutgoingClient
    browsers: dict[str, Browser] = field(default_factory=dict)
    answers: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def subscribe(self, name: str = "one") -> tuple[str, Browser]:
        browser = self.browsers[name] = Browser()
        return f"https://{HOST}/push/{name}", browser

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            _, path, _ = head[0].split(" ")
            headers = {name: value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["Content-Length"]))
            self.headers.append(headers)
            writer.write(self._answer(path, headers, body))
            await writer.drain()
        finally:
            writer.close()

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> bytes:
        if self.answers:
            return self.answers.pop(0)
        if not Vapid02.verify(headers["Authorization"]) or int(headers["TTL"]) < 0 or len(body) > 4096:
            return answer(403)
        browser = self.browsers.get(path.removeprefix("/push/"))
        if browser is None:
            return answer(410)
        browser.receive(body)
        return answer(201)


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def running(folder: Path, addresses: Sequence[str] = ("127.0.0.1",)) -> AsyncIterator[FakeService]:
    """`addresses`: what its name resolves to."""
    key, cert = _certificate()
    (folder / "key.pem").write_bytes(key)
    (folder / "cert.pem").write_bytes(cert)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    service = FakeService(client=None)  # type: ignore[arg-type]
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    trusting = ssl.create_default_context(cadata=cert.decode())
    service.client = OutgoingClient(resolve, lambda address: address == "127.0.0.1", trusting, port)
    async with server:
        yield service


def _certificate() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, certificate.public_bytes(Encoding.PEM)
