"""Which endpoint answers a request of the API. An address without parameters, that of polls among them, is found by one look-up."""

import re
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp

from backchannel.protocol.errors import Code, CommandError
from backchannel.transports.problems import problem

Methods = Mapping[str, ASGIApp]
"""The endpoint for each method of one address."""

_PARAMETER: Final = re.compile(r"{(\w+)(:rest)?}")
"""`{name}` is one segment of a path; `{name:rest}` everything that follows, of any form."""


class Router:
    def __init__(self, addresses: Mapping[str, Methods]) -> None:
        """`addresses`: like `/api/rooms/{room_id}`. The first one that matches counts."""
        self._plain = {path: methods for path, methods in addresses.items() if "{" not in path}
        self._patterns = [(_pattern(path), methods) for path, methods in addresses.items() if "{" in path]

    def find(self, method: str, path: str) -> tuple[ASGIApp, dict[str, str]] | None:
        """The endpoint, with the parameters that are in the path; None where there is no such address."""
        found = self._find(path)
        if found is None:
            return None
        methods, parameters = found
        endpoint = methods.get("GET" if method == "HEAD" else method)
        return (_not_allowed(method, methods) if endpoint is None else endpoint), parameters

    def _find(self, path: str) -> tuple[Methods, dict[str, str]] | None:
        methods = self._plain.get(path)
        if methods is not None:
            return methods, {}
        for pattern, each in self._patterns:
            if found := pattern.fullmatch(path):
                return each, found.groupdict()
        return None


def _pattern(path: str) -> re.Pattern[str]:
    pattern, at = "", 0
    for parameter in _PARAMETER.finditer(path):
        name, is_rest = parameter.groups()
        pattern += re.escape(path[at : parameter.start()]) + f"(?P<{name}>{'(?s:.*)' if is_rest else '[^/]+'})"
        at = parameter.end()
    return re.compile(pattern + re.escape(path[at:]))


def _not_allowed(method: str, allowed: Methods) -> Response:
    response = problem(CommandError(Code.METHOD_NOT_ALLOWED, f"{method} is not for this address."))
    response.headers["Allow"] = ", ".join(sorted(allowed))
    return response
