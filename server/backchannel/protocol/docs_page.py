"""Renders an OpenAPI document as a page for people: `/api/docs`. Pure: document in, HTML out.

Static and without scripts, so that it works under `default-src 'none'; style-src 'self'` and in any browser. Every shape is
listed once, one member per row, and linked from the operations that use it.
"""

from html import escape
from re import sub
from typing import Any, Final

STYLE: Final = """\
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 6rem; }
h1 { line-height: 1.2; }
h2 { margin-top: 3rem; }
h3 { margin: 0 0 .25rem; font-size: 1.05rem; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); padding: 1.25rem 0; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--line); border-radius: .375rem; }
.method { display: inline-block; min-width: 4.2rem; font: 700 .8rem ui-monospace, monospace; }
table { border-collapse: collapse; margin: .75rem 0; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; font-size: .875rem; }
th:first-child { width: 11rem; }
th:nth-child(2):not(:last-child), th:nth-child(3):not(:last-child) { width: 9rem; }
nav ul { columns: 16rem; padding-left: 1.1rem; }
:focus-visible { outline: 2px solid; outline-offset: 2px; }
"""

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_SCHEMAS: Final = "#/components/schemas/"


def html(document: dict[str, Any]) -> str:
    """Render the whole page. The style sheet and the documents are expected beside it."""
    info = document["info"]
    operations = [
        (method, path, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]
    title = escape(f"{info['title']} API, version {info['version']}")
    index = "".join(f'<li><a href="#{o["operationId"]}">{o["operationId"]}</a></li>' for _, _, o in operations)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="docs.css">
</head>
<body>
<main>
<h1>{title}</h1>
<p>{_prose(info["description"])}</p>
<p><a href="openapi.json">openapi.json</a> · <a href="asyncapi.json">asyncapi.json</a></p>
<nav aria-label="Operations"><ul>{index}</ul></nav>
<h2>Authentication</h2>
{_schemes(document["components"]["securitySchemes"])}
<h2>Operations</h2>
{"".join(_operation(*operation) for operation in operations)}
<h2>Errors</h2>
{_refusals(document["components"]["responses"])}
<h2>Shapes</h2>
{"".join(_shape(name, schema) for name, schema in document["components"]["schemas"].items())}
</main>
</body>
</html>
"""


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = [
        (p["name"], p["in"], p["required"], p["schema"], p.get("description", ""))
        for p in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = " · ".join(_answer(status, answer) for status, answer in operation["responses"].items())
    described = operation.get("description")
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{place}</td><td>{_type(schema)}</td>"
        f"<td>{'' if required else 'optional. '}{_prose(text)}</td></tr>"
        for name, place, required, schema, text in parameters
    )
    table = f"<table><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr>{rows}</table>" if rows else ""
    return f"""<section id="{operation["operationId"]}">
<h3>{escape(operation["operationId"])}</h3>
<p><span class="method">{method.upper()}</span> <code>{escape(path)}</code></p>
<p>{_prose(operation["summary"])}</p>{f"<p>{_prose(described)}</p>" if described else ""}
{table}{f"<p>Body: {_type(body)}</p>" if body else ""}<p>Answers: {answers}</p>
</section>
"""


def _answer(status: str, answer: dict[str, Any]) -> str:
    if "$ref" in answer:
        return f'<a href="#refused-{status}">{status}</a>'
    schema = next(iter(answer["content"].values()))["schema"]
    return f"{status} {_type(schema)}"


def _schemes(schemes: dict[str, Any]) -> str:
    rows = "".join(f"<tr><th>{escape(n)}</th><td>{_prose(s['description'])}</td></tr>" for n, s in schemes.items())
    return f"<table>{rows}</table>"


def _refusals(responses: dict[str, Any]) -> str:
    rows = "".join(
        f'<tr id="refused-{status}"><th>{status}</th><td>{_prose(answer["description"])}</td></tr>'
        for status, answer in responses.items()
    )
    return f"<p>The body is {_type({'$ref': _SCHEMAS + 'Problem'})}.</p><table>{rows}</table>"


def _shape(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{escape(member)}</code></td><td>{_type(its)}</td>"
        f"<td>{'' if member in required else 'optional. '}{_prose(its.get('description', ''))}</td></tr>"
        for member, its in schema.get("properties", {}).items()
    )
    table = (
        f"<table><tr><th>member</th><th>type</th><th></th></tr>{rows}</table>" if rows else f"<p>{_type(schema)}</p>"
    )
    described = schema.get("description")
    return f"""<section id="{escape(name)}">
<h3>{escape(name)}</h3>
{f"<p>{_prose(described)}</p>" if described else ""}{table}
</section>
"""


def _type(schema: dict[str, Any]) -> str:
    """A schema as one phrase, with links to the shapes it names."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(_SCHEMAS))
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if "const" in schema:
        return f"<code>{escape(schema['const'])}</code>"
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
    if "prefixItems" in schema:
        return f"list of {' and '.join(_type(part) for part in schema['prefixItems'])}"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_type(schema['additionalProperties'])}"
    return escape(schema.get("format") or schema.get("type", "anything")) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if high == 2**53 - 1:  # the bound of every id and seq: not worth showing
        high = None
    if high is None:
        return f", from {low}" if low else ""
    return f", {low or 0} to {high}{' characters' if schema.get('type') == 'string' else ''}"


def _prose(text: str) -> str:
    """Convert plain text with `code` to HTML."""
    return sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False)).replace("\n\n", "<br><br>")
