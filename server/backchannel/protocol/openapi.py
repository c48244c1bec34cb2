"""The protocol over HTTP as OpenAPI 3.1: `protocol/openapi.json`, served at /api/openapi.json and, for people, /api/docs.

Pure: declarations in, document out. Every operation is derived from `COMMANDS`, except the few endpoints that are not
commands (sync, ticket, health), which are written here.

Longer than 300 lines: one function for each part of one document.
"""

from copy import deepcopy
from functools import cache
from typing import Any, Final

import msgspec

from backchannel.protocol import fleet, json_schema
from backchannel.protocol.commands import COMMANDS, Declaration
from backchannel.protocol.errors import Code
from backchannel.protocol.examples import EXAMPLES
from backchannel.protocol.version import PROTOCOL

PREFIX: Final = "#/components/schemas/"

_JSON: Final = "application/json"
_ANYWHERE: Final = (401, 403, 422, 429, 500, 503)
_WITH_BODY: Final = (400, 413, 415)
_STATUS_TEXTS: Final = {
    400: "The request is malformed.",
    401: "Not signed in: there is no cookie or token, or it is no longer valid.",
    403: "Not allowed for this person, or for this page.",
    404: "Not found.",
    409: "The message or the upload is not as the request expects; read it again.",
    410: "The message has been deleted.",
    413: "The body is larger than 64 KiB (for sync: 1 MiB, for bytes of an upload: `upload_chunk`).",
    415: "The body is not JSON.",
    422: "A field is missing, unknown or out of bounds; see `errors`.",
    429: "Too many requests. Retry after `retry_after` seconds.",
    500: "Internal error (logged).",
    503: "The server is overloaded or its database does not answer. Retry after `retry_after` seconds.",
}


@cache
def document() -> dict[str, Any]:
    """Return the whole document. It is cached: do not modify it."""
    schemas = json_schema.components(PREFIX)
    schemas["Problem"] = _problem_schema(schemas["ErrorData"])
    paths: dict[str, dict[str, Any]] = {}
    for declaration in COMMANDS.values():
        if declaration.method is not None:
            paths.setdefault(declaration.path, {})[declaration.method.lower()] = _operation(declaration, schemas)
    paths["/api/uploads/{upload_id}"]["put"] = _bytes_of_an_upload()
    schemas |= json_schema.components_of(tuple(each.answer for each in fleet.ADDRESSES.values()), PREFIX)
    paths |= _beside_commands() | {
        path: {each.method.lower(): _fleet(path, each)} for path, each in fleet.ADDRESSES.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Backchannel",
            "version": str(PROTOCOL),
            "summary": "Chat that keeps talking when the WebSocket does not.",
            "description": (
                "Everything that works on the WebSocket works here, with the same names, checks and answers. "
                "The prose contract is protocol/SPEC.md; the WebSocket is described in /api/asyncapi.json."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"cookie": []}, {"bearer": []}],
        "tags": [
            {"name": "commands", "description": "Each is also a WebSocket frame of the same name."},
            {"name": "files", "description": "Bytes of files. Their addresses come with the messages."},
            {"name": "receiving", "description": "Receiving events without a WebSocket."},
            {
                "name": "fleet",
                "description": "For the owner and staff: connections, nodes, errors. No content of messages.",
            },
            {"name": "server", "description": "The server itself."},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "backchannel",
                    "description": (
                        "The session cookie. Over HTTPS it is called __Host-backchannel; an embedding site uses its own "
                        "name. A call that changes something must come from a page whose Origin is allowed."
                    ),
                },
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A program's token, printed by `backchannel token USERNAME`.",
                },
            },
            "responses": _problems(),
            "schemas": _reachable(schemas, paths),
        },
    }


def _operation(declaration: Declaration, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[declaration.struct.__name__]
    example = EXAMPLES[declaration.struct]
    in_path = declaration.path_fields
    # Over HTTP the answer needs no id.
    left_out = {"type", *in_path, *(() if declaration.has_id_of_its_own else ("id",))}
    rest = {name: member for name, member in schema["properties"].items() if name not in left_out}
    in_query = declaration.method in ("GET", "DELETE")
    summary, _, description = schema["description"].partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": declaration.word,
        "tags": ["commands"],
        "summary": summary,
        **({"description": description} if description else {}),
        "parameters": [_parameter("path", name, schema, example) for name in in_path]
        + [_parameter("query", name, schema, example) for name in rest if in_query],
    }
    body = bool(rest) and not in_query
    if body:
        name = f"{declaration.struct.__name__}Body"
        schemas[name] = _body_schema(name, schema, rest, example)
        operation["requestBody"] = {
            "required": bool(schemas[name]["required"]),
            "content": {_JSON: {"schema": {"$ref": PREFIX + name}}},
        }
    operation["responses"] = _responses(declaration, body=body)
    return operation


def _fleet(path: str, address: fleet.Address) -> dict[str, Any]:
    query, answer = address.query, address.answer
    schema = msgspec.json.schema_components([query])[1][query.__name__]
    refused = sorted({*_ANYWHERE, *((404,) if schema["required"] else ())})
    return {
        "operationId": ("fleet_" if address.for_staff else "my_") + path.rpartition("/")[2],
        "tags": ["fleet"],
        "summary": address.summary,
        "parameters": [_parameter("query", name, schema, {}) for name in schema["properties"]],
        "responses": {
            "200": {
                "description": "As it is now.",
                "content": {_JSON: {"schema": {"$ref": f"{PREFIX}{answer.__name__}"}}},
            },
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in refused},
        },
    }


def _parameter(place: str, name: str, schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    member = deepcopy(schema["properties"][name])
    if "anyOf" in member:  # a query string cannot express null; the parameter is omitted instead
        parts = [part for part in member["anyOf"] if part != {"type": "null"}]
        member = {"anyOf": parts} if len(parts) > 1 else parts[0]
    described = member.pop("description", None)
    return {
        "name": name,
        "in": place,
        "required": place == "path" or name in schema["required"],
        **({"description": described} if described else {}),
        "schema": member,
        **({"example": example[name]} if name in example else {}),
    }


def _body_schema(name: str, schema: dict[str, Any], rest: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": name,
        "type": "object",
        "properties": deepcopy(rest),
        "required": [field for field in schema["required"] if field in rest],
        "additionalProperties": False,
        "examples": [{field: value for field, value in example.items() if field in rest}],
    }


def _responses(declaration: Declaration, *, body: bool) -> dict[str, Any]:
    name = declaration.result.__name__
    content = {"content": {_JSON: {"schema": {"$ref": PREFIX + name}}}}
    if declaration.status == 201:
        done = {"201": {"description": "Made.", **content}, "200": {"description": "It was there already.", **content}}
    else:
        done = {"200": {"description": "Done.", **content}}
    refused = {*_ANYWHERE, *(_WITH_BODY if body else ()), *declaration.refuses}
    if declaration.path_fields:
        refused.add(404)
    if "message_id" in declaration.path_fields:
        refused.add(410)
    return done | {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(refused)}


def _problem_schema(error: dict[str, Any]) -> dict[str, Any]:
    """RFC 9457 requires two more members than an `error` frame has."""
    text = {"type": "string"}
    return {
        "title": "Problem",
        "description": "An error: the members of an `error` frame's `error`, as RFC 9457 wraps them.",
        "type": "object",
        "properties": {"type": text, "title": text, **error["properties"]},
        "required": error["required"],
        "examples": [{"type": "about:blank", "title": "invalid", **error["examples"][0]}],
    }


def _problems() -> dict[str, Any]:
    """One response per status, with the possible values of `code`."""
    answers = {}
    for status, text in _STATUS_TEXTS.items():
        words = [f"`{code.word}`" for code in Code if code.status == status]
        answers[str(status)] = {
            "description": f"{text} `code` is {' or '.join(words)}.",
            "content": {"application/problem+json": {"schema": {"$ref": f"{PREFIX}Problem"}}},
            **({"headers": {"Retry-After": _RETRY_AFTER}} if status in (429, 503) else {}),
        }
    return answers


_RETRY_AFTER: Final = {
    "description": "Whole seconds; `retry_after` in the body is more exact.",
    "schema": {"type": "integer"},
}


def _bytes_of_an_upload() -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
    refused = sorted({*_ANYWHERE, 404, 409, 413, 422})
    return {
        "operationId": "upload_bytes",
        "tags": ["files"],
        "summary": "Send bytes of an announced file. The answer says how many are stored, from the first on.",
        "parameters": [
            {"name": "upload_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
            {
                "name": "offset",
                "in": "query",
                "required": True,
                "description": "Where in the file these bytes are. What is stored already is ignored; a gap is refused.",
                "schema": number,
            },
        ],
        "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        "responses": {
            "200": {"description": "Stored.", "content": {_JSON: {"schema": {"$ref": f"{PREFIX}UploadOffset"}}}},
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in refused},
        },
    }


def _beside_commands() -> dict[str, Any]:
    def refused(*statuses: int) -> dict[str, Any]:
        return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}

    def answer(description: str, schema: dict[str, Any], media_type: str = _JSON) -> dict[str, Any]:
        return {"description": description, "content": {media_type: {"schema": schema}}}

    def about(word: str, summary: str, **responses: Any) -> dict[str, Any]:
        return {
            "get": {"operationId": word, "tags": ["server"], "summary": summary, "security": [], "responses": responses}
        }

    text = {"type": "string"}
    anything = {"type": "object"}
    return {
        "/api/sync": {
            "post": {
                "operationId": "sync",
                "tags": ["receiving"],
                "summary": "Receive without a WebSocket: the frames it would have carried since the cursors in `resume`.",
                "description": (
                    "Answers as soon as there is a frame, or after `wait` seconds with none. "
                    "Nothing is consumed by a call: a repeated call repeats the answer."
                ),
                "requestBody": {"content": {_JSON: {"schema": {"$ref": f"{PREFIX}SyncRequest"}}}},
                "responses": {"200": answer("The frames.", {"$ref": f"{PREFIX}SyncResponse"})}
                | refused(*sorted({*_ANYWHERE, *_WITH_BODY})),
            }
        },
        "/api/report": {
            "post": {
                "operationId": "report",
                "tags": ["receiving"],
                "summary": "Report what a client saw of its connection. Nothing depends on it.",
                "requestBody": {"content": {_JSON: {"schema": {"$ref": f"{PREFIX}Report"}}}},
                "responses": {"200": answer("It was taken.", anything)} | refused(*sorted({*_ANYWHERE, *_WITH_BODY})),
            }
        },
        "/api/auth/session": {
            "post": {
                "operationId": "session",
                "tags": ["receiving"],
                "summary": "Get a bearer of HTTP requests for 15 minutes, which ends with the credential that this call shows.",
                "responses": {"200": answer("A chat session.", {"$ref": f"{PREFIX}SessionResponse"})}
                | refused(401, 403, 429, 500, 503),
            }
        },
        "/api/auth/ticket": {
            "post": {
                "operationId": "ticket",
                "tags": ["receiving"],
                "summary": "Get a ticket that opens one WebSocket, within 30 s: `GET /ws?token=<ticket>`.",
                "responses": {"200": answer("A ticket.", {"$ref": f"{PREFIX}TicketResponse"})}
                | refused(401, 403, 429, 500, 503),
            }
        },
        "/api/request": {
            "get": {
                "operationId": "request",
                "tags": ["receiving"],
                "summary": "See how this request reached the server: client address, scheme and host, as the proxies report them.",
                "responses": {"200": answer("The request.", {"$ref": f"{PREFIX}RequestSeen"})}
                | refused(401, 403, 429, 500, 503),
            }
        },
        "/healthz": about("health", "Is the process alive?", **{"200": answer("Yes.", anything)}),
        "/readyz": about(
            "ready",
            "Do the database and the bus answer, and will the server stay up?",
            **{"200": answer("Yes.", anything), "503": answer("No; the body names what is missing.", anything)},
        ),
        "/metrics": about("metrics", "Metrics for Prometheus.", **{"200": answer("Metrics.", text, "text/plain")}),
        "/api/openapi.json": about("openapi", "This document.", **{"200": answer("OpenAPI 3.1.", anything)}),
        "/api/asyncapi.json": about(
            "asyncapi", "The WebSocket protocol.", **{"200": answer("AsyncAPI 3.0.", anything)}
        ),
        "/api/docs": about("docs", "This document, as a page.", **{"200": answer("A page.", text, "text/html")}),
    }


def _reachable(schemas: dict[str, Any], paths: dict[str, Any]) -> dict[str, Any]:
    """The schemas that the paths and errors use. Those of WebSocket frames are in the AsyncAPI document."""
    kept: dict[str, Any] = {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            name = str(value.get("$ref", "")).removeprefix(PREFIX)
            if name in schemas and name not in kept:
                kept[name] = schemas[name]
                walk(schemas[name])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk([paths, {"$ref": f"{PREFIX}Problem"}])
    return dict(sorted(kept.items()))
