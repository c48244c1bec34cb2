"""Middleware that checks the input of all of Django's pages.

The forms behind it accept any text as a value, render what is not text as if it were, and pass on what the database cannot store. Each
caused an error 500 somewhere, or on one of the two databases. So such input is refused here, once, as problem+json.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from backchannel.accounts.origin import is_contradicted
from backchannel.accounts.problems import check_media_type, csrf_failed, problem
from backchannel.accounts.strict_json import parse
from backchannel.protocol.errors import Code, CommandError, invalid

HEADLESS = "/_allauth/"
_ONLY_READ = frozenset({"GET", "HEAD", "OPTIONS"})

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class InputGuard:
    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in _ONLY_READ and is_contradicted(
            host=request.META.get("HTTP_HOST", ""),
            origin=request.META.get("HTTP_ORIGIN"),
            fetch_site=request.META.get("HTTP_SEC_FETCH_SITE"),
        ):
            return csrf_failed(request, "Origin checking failed")
        try:
            _check_address(request)
            if request.path_info.startswith(HEADLESS):
                _check_members(request)
        except CommandError as refusal:
            return problem(refusal)
        return self._get_response(request)


def _check_address(request: HttpRequest) -> None:
    address = request.path_info.encode("utf-8", "surrogateescape") + unquote_to_bytes(request.META["QUERY_STRING"])
    if b"\x00" in address:
        raise CommandError(Code.BAD_FRAME, "The address contains the character NUL.")


def _check_members(request: HttpRequest) -> None:
    """The values in allauth's bodies are text, and in one case a boolean."""
    if request.method in _ONLY_READ or not request.body:
        return
    check_media_type(request)
    for name, value in parse(request.body).items():
        if not _is_of_its_type(name, value):
            raise invalid(**{name: "Is not text."})


def _is_of_its_type(name: str, value: Any) -> bool:
    if name == "primary":
        return isinstance(value, bool)
    if name == "revoke_tokens":
        return isinstance(value, bool) or (
            isinstance(value, list) and all(type(each) is int and each > 0 for each in value)
        )
    return value is None or isinstance(value, str)
