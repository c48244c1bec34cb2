"""Answers of Django's endpoints: JSON, and errors in the shape that `/api` has (application/problem+json)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse

from backchannel.protocol.errors import Code, CommandError, invalid

BODY_AT_MOST = 64 * 1024


def answer(body: dict[str, Any], status: int = 200) -> JsonResponse:
    """`body` as JSON that no cache keeps."""
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def problem(error: CommandError) -> HttpResponse:
    response = HttpResponse(
        msgspec.json.encode(error.data), content_type="application/problem+json", status=error.code.status
    )
    response["Cache-Control"] = "no-store"
    if error.retry_after is not None:
        response["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def refused(errors: dict[str, list[str]]) -> HttpResponse:
    """422 `invalid` with the sentences by field."""
    detail = " ".join(f"{field}: {' '.join(lines)}" for field, lines in errors.items())
    return problem(CommandError(Code.INVALID, detail, errors=errors))


def read_json(request: HttpRequest, **fields: type) -> dict[str, Any]:
    """The body's members. `fields` names those that may be there, and their types. Raises `CommandError`."""
    if len(request.body) > BODY_AT_MOST:
        raise CommandError(Code.TOO_LARGE, "The body is larger than 64 KiB.")
    try:
        body = json.loads(request.body)
    except ValueError:
        raise CommandError(Code.BAD_FRAME, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise CommandError(Code.BAD_FRAME, "The body is not a JSON object.")
    for name, value in body.items():
        if name not in fields:
            raise invalid(**{name: "Is not a field of this."})
        if not isinstance(value, fields[name]) or isinstance(value, bool):
            raise invalid(**{name: f"Is not of the type {'text' if fields[name] is str else 'number'}."})
    return body


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF check said no."""
    if reason.startswith("Origin checking failed"):
        return problem(
            CommandError(
                Code.WRONG_ORIGIN,
                "This page is not known to the server. Whoever runs it lists the page's address in BACKCHANNEL_ORIGINS.",
            )
        )
    return problem(CommandError(Code.FORBIDDEN, "The page is out of date. Reload it and try again."))
