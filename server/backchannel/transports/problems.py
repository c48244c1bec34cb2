"""An error as an HTTP answer: application/problem+json (RFC 9457) with the members of the `error` frame."""

import math
from typing import Final

import msgspec
from starlette.responses import Response

from backchannel.protocol.errors import CommandError

NOSNIFF: Final = (b"x-content-type-options", b"nosniff")


def problem(error: CommandError) -> Response:
    data = msgspec.to_builtins(error.data)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    body = msgspec.json.encode({"type": "about:blank", "title": error.code.word.replace("_", " "), **data})
    return Response(body, error.code.status, headers, "application/problem+json")
