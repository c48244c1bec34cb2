"""Checks of what the address serves without credentials."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Final

from backchannel.doctor.outside.asking import Broken, ask
from backchannel.doctor.outside.proxy import Proxy, advice
from backchannel.doctor.outside.target import Target
from backchannel.doctor.outside.websocket import Refused, WebSocket
from backchannel.findings import Finding, Word

_INTERNAL: Final = {"/metrics": b"# HELP", "/readyz": b'"ready"', "/healthz": b'"up"'}
"""Address → what shows that our server answered it, not a page for addresses that do not exist."""
_BODY: Final = b'{"wait":0}' + b" " * (900 * 1024)
"""Below the 1 MiB that the server accepts at /api/sync, and above the 256 KiB of other addresses."""
_PIECE: Final = b"x" * (4 * 1024 * 1024)
"""Below the 8 MiB that a client may send of a file at a time."""
_OTHER_HOST: Final = "other-host.example"


def answers(target: Target, proxy: Proxy | None) -> Finding:
    """D205. A problem means that nothing else can be examined."""
    try:
        answer = ask(target, "GET", "/api/me")
    except Broken as error:
        return Finding("D205", "problem", f"{target}/api/me: {error}")
    # A chat answers this way whatever its version: nobody is signed in.
    if answer.status == 401 and answer.problem:
        return Finding("D205", "ok", "Backchannel answers" + (f", behind {proxy}" if proxy else ""))
    if answer.problem == "wrong_host":
        return Finding(
            "D205", "problem", f"the server does not accept the Host {target.authority}", advice("D207", proxy)
        )
    if answer.status in {502, 503, 504}:
        return Finding("D205", "problem", f"the proxy answers {answer.status}: it does not reach the server")
    return Finding(
        "D205",
        "problem",
        f"{target}/api/me is answered {answer.status}, not as Backchannel would; name the address that people open, "
        "with the path of the chat if it has one",
    )


def upgrade(target: Target, proxy: Proxy | None) -> Finding:
    """D206 and D207. The server refuses a handshake of nobody in another way than a request that lost its Upgrade."""
    try:
        WebSocket(target).close()
    except Refused as refused:
        # A server that cannot answer a handshake with a problem says 403 (Daphne).
        if refused.problem == "unauthenticated" or (refused.status == 403 and not refused.problem):
            return Finding("D206", "ok", "a WebSocket handshake arrives as one")
        if refused.problem in {"wrong_host", "wrong_origin"}:
            return Finding(
                "D207", "problem", f"a WebSocket handshake is refused: {refused.problem}", advice("D207", proxy)
            )
        how = "without its Upgrade" if refused.status == 426 else f"not at all: it {refused}"
        return Finding("D206", "problem", f"a WebSocket handshake arrives {how}", advice("D206", proxy))
    return Finding("D205", "problem", "a WebSocket opens without credentials, so this is not Backchannel")


def bodies(target: Target, proxy: Proxy | None, headers: Mapping[str, str]) -> Finding:
    """D211. `headers`: credentials. Without any, the server answers before it has read the body, and the answer may get lost."""
    refused = []
    for method, path, body in (("POST", "/api/sync", _BODY), ("PUT", f"/api/uploads/{uuid.uuid4()}?offset=0", _PIECE)):
        size = f"{len(body) // 1024:,} KiB at {path.partition('?')[0].rpartition('/')[0] if body is _PIECE else path}"
        try:
            answer = ask(target, method, path, headers, body)
        except Broken as error:
            if headers and body is _BODY:
                refused.append(f"{size} ({error})")
            continue
        if answer.status == 413:
            refused.append(f"{size} (413 of {'the server' if answer.problem else 'the proxy'})")
    if refused:
        return Finding("D211", "problem", f"a body is refused: {', '.join(refused)}", advice("D211", proxy))
    return Finding("D211", "ok", "bodies of the size of polls and pieces of files pass")


def other_host(target: Target) -> Finding:
    """D212. Links in mails and pages are built from Host, where no address is set."""
    try:
        answer = ask(target, "GET", "/api/me", host=_OTHER_HOST)
    except Broken:
        return Finding("D212", "ok", "a request for another host name is not answered")
    if answer.status == 401 and answer.problem:
        word: Word = "note" if target.is_local else "problem"
        return Finding("D212", word, "a request for another host name is answered", advice("D212", None))
    return Finding("D212", "ok", f"a request for another host name is answered {answer.status}")


def internal(target: Target, proxy: Proxy | None) -> Finding:
    """D216."""
    shown = [path for path, sign in _INTERNAL.items() if _shows(target, path, sign)]
    if not shown:
        return Finding("D216", "ok", "/metrics, /readyz and /healthz are not reachable from outside")
    word: Word = "problem" if "/metrics" in shown else "note"
    return Finding("D216", word, f"{', '.join(shown)} can be read from outside", advice("D216", proxy))


def _shows(target: Target, path: str, sign: bytes) -> bool:
    try:
        return sign in ask(target, "GET", path).body
    except Broken:
        return False


def examine(target: Target, proxy: Proxy | None) -> Iterator[Finding]:
    """D206, D207, D212 and D216."""
    yield upgrade(target, proxy)
    yield other_host(target)
    yield internal(target, proxy)
