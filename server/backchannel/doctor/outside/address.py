"""The way to the server: DNS, connections by both IP versions, certificate, redirect from http://."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from backchannel.doctor.outside.asking import Broken, ask, reason
from backchannel.doctor.outside.target import CONNECT_S, Target
from backchannel.findings import Finding, Word

SOON_DAYS: Final = 14


def examine(target: Target) -> Iterator[Finding]:
    """Findings about the address. Nothing else can be examined after a problem D201, D202 or D203."""
    try:
        addresses = _addresses(target)
    except socket.gaierror as problem:
        yield Finding("D201", "problem", f"{target.host} does not resolve: {problem.strerror}")
        return
    yield Finding("D201", "ok", f"{target.host} resolves to {', '.join(address[0] for _, address in addresses)}")
    yield from _connections(target, addresses)
    if target.is_secure:
        yield _certificate(target)
        yield from _redirect(target)
    elif target.is_local:
        yield Finding("D204", "ok", "without encryption, which is right for this machine alone")
    else:
        yield Finding(
            "D204",
            "problem",
            "the address is not encrypted: passwords and messages can be read on the way; serve it by https://",
        )


Address = tuple[int, tuple[str, int]]


def _addresses(target: Target) -> list[Address]:
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((family, (str(where[0]), int(where[1]))) for family, _, _, _, where in found))


def _connections(target: Target, addresses: list[Address]) -> Iterator[Finding]:
    failed = {where[0]: reason for family, where in addresses if (reason := _refusal(family, where))}
    worked = [where[0] for _, where in addresses if where[0] not in failed]
    for where, why in failed.items():
        # A loopback name resolves to both versions, whichever the server listens on.
        word: Word = "ok" if worked and target.is_local else "note" if worked else "problem"
        advice = "Let the proxy listen on it, or remove the record: some clients wait for it before they try the next."
        yield Finding(
            "D202",
            word,
            f"{where} port {target.port} does not accept connections: {why}",
            "" if word == "ok" else advice,
        )
    if worked:
        yield Finding("D202", "ok", f"port {target.port} accepts connections at {', '.join(worked)}")


def _refusal(family: int, where: tuple[str, int]) -> str:
    """Why there is no connection; "" if there is one."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_S)
        try:
            probe.connect(where)
        except OSError as problem:
            return reason(problem)
    return ""


def _certificate(target: Target) -> Finding:
    try:
        with target.dial() as connection:
            assert isinstance(connection, ssl.SSLSocket)
            ends = str((connection.getpeercert() or {}).get("notAfter", ""))
            version = connection.version()
    except ssl.SSLCertVerificationError as problem:
        return Finding(
            "D203",
            "problem",
            f"the certificate is not accepted: {problem.verify_message}",
            "Install the whole chain (fullchain.pem), for exactly this name, and let it be renewed.",
        )
    except OSError as problem:
        return Finding("D203", "problem", f"no TLS at port {target.port}: {reason(problem)}")
    days = (ssl.cert_time_to_seconds(ends) - time.time()) / 86400 if ends else 0.0
    # Certificates that are renewed in time never come near it, whatever their life is.
    if days < SOON_DAYS and not target.is_local:
        return Finding("D203", "note", f"the certificate ends in {days:.0f} days; see that it is renewed")
    return Finding("D203", "ok", f"{version}, the certificate is valid for {target.host} for {days:.0f} more days")


def _redirect(target: Target) -> Iterator[Finding]:
    if target.port != 443:
        return  # the port of its http:// is not known
    plain = replace(target, scheme="http", port=80)
    try:
        answer = ask(plain, "GET", "/")
    except Broken as error:
        yield Finding("D204", "ok", f"nothing is served by http:// ({error})")
        return
    if answer.status in {301, 302, 307, 308} and answer.headers.get("Location", "").startswith("https://"):
        yield Finding("D204", "ok", "http:// is redirected to https://")
    else:
        yield Finding("D204", "problem", f"http:// is answered with {answer.status} instead of a redirect to https://")
