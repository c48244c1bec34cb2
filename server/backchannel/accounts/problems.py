"""Answers of Django's endpoints: JSON, and errors in the same form as `/api` (application/problem+json)."""

from __future__ import annotations

import math
import sys
from typing import Any

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import escape

from backchannel.accounts import auth_log, strict_json
from backchannel.internal_error import internal_error
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.store.read_pool import trouble

_log = ProcessLog("backchannel.pages")


def answer(body: dict[str, Any], status: int = 200) -> JsonResponse:
    """`body` as JSON, with `Cache-Control: no-store`."""
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def problem(error: CommandError) -> HttpResponse:
    response = HttpResponse(
        msgspec.json.encode(error.data), content_type="application/problem+json", status=error.code.status
    )
    response["Cache-Control"] = "no-store"
    if error.retry_after is not None:
        response["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    return response


def refused(errors: dict[str, list[str]]) -> HttpResponse:
    """422 `invalid`, with the sentences by field."""
    detail = " ".join(f"{field}: {' '.join(lines)}" for field, lines in errors.items())
    return problem(CommandError(Code.INVALID, detail, errors=errors))


_NAMES = {str: "text", int: "a whole number", bool: "true or false", list: "a list"}


def read_json(request: HttpRequest, **fields: type) -> dict[str, Any]:
    """Parse the body's members. `fields`: the allowed members and their types. Raises `CommandError`."""
    check_media_type(request)
    body = strict_json.parse(request.body)
    for name, value in body.items():
        if name not in fields:
            raise invalid(**{name: "Is not a field of this request."})
        if type(value) is not fields[name]:
            raise invalid(**{name: f"Is not {_NAMES[fields[name]]}."})
    return body


def check_media_type(request: HttpRequest) -> None:
    """Refuse other media types, which a form on another site could send. Raises `CommandError` 415."""
    if request.content_type != "application/json":
        raise CommandError(Code.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json.")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF check refused the request."""
    auth_log.note("page_refused", address=request.META.get("REMOTE_ADDR"))
    if reason.startswith("Origin checking failed"):
        return problem(
            CommandError(
                Code.WRONG_ORIGIN,
                "This page's origin is not allowed. The server's operator has to add it, like https://chat.example.com, to "
                'BACKCHANNEL_ORIGINS; in a Django site, to CSRF_TRUSTED_ORIGINS and BACKCHANNEL["ORIGINS"].',
            )
        )
    return problem(CommandError(Code.FORBIDDEN, "The page is out of date. Reload it and try again."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django could not read the request: a truncated form, or one with more fields or files than any form here has."""
    return problem(CommandError(Code.BAD_FRAME, "The form cannot be read, or holds too many fields or files."))


def no_such_address(request: HttpRequest) -> HttpResponse:
    return problem(CommandError(Code.NOT_FOUND, "There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """A view raised: report database trouble as everywhere, and a bug of ours with the reference it is logged under."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        reason = str(error).strip().split("\n")[0]
        _log.warning("database_trouble", error=type(error).__name__, reason=reason, path=request.path)
        refusal = trouble(error)
    else:
        refusal = internal_error(_log, "page_broke", error or RuntimeError(), method=request.method, path=request.path)
    if "text/html" not in request.headers.get("Accept", ""):
        return problem(refusal)
    page = f"<!doctype html><title>{refusal.code.status}</title><p>{escape(str(refusal))}</p>"
    response = HttpResponse(page, status=refusal.code.status)
    response["Cache-Control"] = "no-store"
    return response
