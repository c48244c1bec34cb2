"""One HTTP/1.1 request on a connection of its own, written by hand, because headers that no library would send are part of it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import Any

from backchannel.doctor.outside.target import Target

ANSWER_S = 15.0
_AT_MOST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes
    seconds: float
    """From the request's last byte to the answer's."""

    @property
    def problem(self) -> str:
        """The code word of a problem of our server; "" if the answer is none, so not by our server."""
        if "problem+json" not in self.headers.get("Content-Type", ""):
            return ""
        data = self.json()
        return str(data.get("code", "")) if isinstance(data, dict) else ""

    def json(self) -> Any:
        """None if the body is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Broken(Exception):
    """No answer. `str(error)`: how it ended, such as "closed without an answer". `seconds`: after how long."""

    def __init__(self, how: str, seconds: float) -> None:
        super().__init__(how)
        self.seconds = seconds


class Request:
    """A request that was sent. `answer` waits for it, so that something can be done in between."""

    def __init__(
        self,
        target: Target,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        host: str | None = None,
    ) -> None:
        """`path`: below the chat's. `host`: another `Host` than the target's. Raises OSError if there is no connection."""
        given = dict(headers or {})
        given.setdefault("Connection", "close")
        if body or method in {"POST", "PUT"}:
            given.setdefault("Content-Length", str(len(body)))
            given.setdefault("Content-Type", "application/json")
        lines = (
            f"{method} {target.path}{path} HTTP/1.1",
            f"Host: {host or target.authority}",
            "User-Agent: backchannel-doctor",
        )
        head = "\r\n".join((*lines, *(f"{name}: {value}" for name, value in given.items()), "", "")).encode("latin-1")
        self._method = method
        self._socket = target.dial()
        try:
            self._socket.sendall(head)
            self._socket.sendall(body)
        except OSError:
            pass  # closed before all of the body was sent; an answer may have come all the same
        self._sent = time.monotonic()

    def answer(self, timeout_s: float = ANSWER_S) -> Answer:
        """Wait for the answer and close. Raises `Broken`."""
        with self._socket:
            self._socket.settimeout(timeout_s)
            try:
                response = HTTPResponse(self._socket, method=self._method)
                response.begin()
                body = b"" if response.status == 101 else response.read(_AT_MOST)
            except TimeoutError:
                raise Broken(f"no answer within {timeout_s:.0f} s", self._elapsed()) from None
            except (OSError, HTTPException):
                raise Broken("closed without an answer", self._elapsed()) from None
            return Answer(response.status, response.headers, body, self._elapsed())

    def abandon(self) -> None:
        self._socket.close()

    def _elapsed(self) -> float:
        return time.monotonic() - self._sent


def ask(
    target: Target,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    host: str | None = None,
    timeout_s: float = ANSWER_S,
) -> Answer:
    """Send a request and return its answer. Raises `Broken`."""
    started = time.monotonic()
    try:
        return Request(target, method, path, headers, body, host=host).answer(timeout_s)
    except OSError as problem:
        raise Broken(f"no connection ({reason(problem)})", time.monotonic() - started) from None


def ask_raw(target: Target, bytes_sent: bytes, timeout_s: float = 5.0) -> bytes:
    """Send bytes that need not be HTTP and return what comes back, up to 4 KiB; b"" if nothing does."""
    found = b""
    try:
        with target.dial(timeout_s) as connection:
            connection.sendall(bytes_sent)
            while len(found) < 4096 and (data := connection.recv(4096)):
                found += data
    except OSError:
        pass
    return found


def reason(problem: OSError) -> str:
    """An OSError in a few words."""
    if isinstance(problem, TimeoutError):
        return "no answer"
    if isinstance(problem, socket.gaierror):
        return "the name does not resolve"
    return problem.strerror or str(problem) or type(problem).__name__
