"""Generated documents are fresh, valid, and cover every declaration."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from backchannel.protocol import asyncapi, docs_page, generate, json_schema, openapi
from backchannel.protocol.commands import COMMANDS
from backchannel.protocol.errors import Code
from backchannel.protocol.examples import EXAMPLES


def test_the_committed_files_are_fresh() -> None:
    assert generate.stale_files(generate.ROOT) == []


def test_check_names_what_is_stale_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
    (tmp_path / "protocol/schema.json").write_text("{}")
    (tmp_path / "client/src/protocol.gen.ts").unlink()
    capsys.readouterr()
    assert generate.main(["--check"], tmp_path) == 1
    text = capsys.readouterr().err
    assert "protocol/schema.json" in text
    assert "client/src/protocol.gen.ts" in text
    assert "openapi" not in text
    assert (tmp_path / "protocol/schema.json").read_text() == "{}"


def test_generating_twice_writes_the_same() -> None:
    for name, text in generate.FILES.items():
        assert text() == text(), name


@pytest.mark.parametrize(
    ("document", "path"),
    [(json_schema.document(), "$defs"), (openapi.document(), "components"), (asyncapi.document(), "components")],
    ids=["schema", "openapi", "asyncapi"],
)
def test_every_reference_leads_somewhere(document: dict[str, Any], path: str) -> None:
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    assert path in document
    assert references
    for reference in references:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@pytest.mark.parametrize(
    "schemas",
    [
        {"$defs": json_schema.document()["$defs"]},
        {"components": openapi.document()["components"]},
        {"components": asyncapi.document()["components"]},
    ],
    ids=["schema", "openapi", "asyncapi"],
)
def test_every_example_is_valid(schemas: dict[str, Any]) -> None:
    prefix = "#/$defs/" if "$defs" in schemas else "#/components/schemas/"
    named = schemas.get("$defs") or schemas["components"]["schemas"]
    cases = [(name, example) for name, schema in named.items() for example in schema.get("examples", [])]
    for message in schemas.get("components", {}).get("messages", {}).values():
        name = message["payload"]["$ref"].removeprefix(prefix)
        cases += [(name, example["payload"]) for example in message["examples"]]
    assert len(cases) > 40
    for name, example in cases:
        validator = jsonschema_rs.Draft202012Validator({"$ref": prefix + name, **schemas}, validate_formats=True)
        validator.validate(example)


def test_openapi_has_every_command_where_it_is() -> None:
    paths = openapi.document()["paths"]
    for word, declaration in COMMANDS.items():
        if declaration.method is None:
            continue
        operation = paths[declaration.path][declaration.method.lower()]
        assert operation["operationId"] == word
        assert [p["name"] for p in operation["parameters"] if p["in"] == "path"] == list(declaration.path_fields)
        assert str(declaration.status) in operation["responses"]


def test_openapi_parameters_have_valid_examples() -> None:
    for item in openapi.document()["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                if "example" in parameter:
                    schema = jsonschema_rs.Draft202012Validator(parameter["schema"], validate_formats=True)
                    schema.validate(parameter["example"])


def test_openapi_has_every_field_of_every_command() -> None:
    schemas = openapi.document()["components"]["schemas"]
    for declaration in COMMANDS.values():
        if declaration.method is None:
            continue
        operation = openapi.document()["paths"][declaration.path][declaration.method.lower()]
        said = {parameter["name"] for parameter in operation["parameters"]}
        if "requestBody" in operation:
            said |= set(schemas[f"{declaration.struct.__name__}Body"]["properties"])
        named = {field for field in declaration.struct.__struct_fields__ if field != "id"}
        assert said - {"id"} == named


def test_openapi_lists_every_error_word() -> None:
    text = json.dumps(openapi.document()["components"]["responses"])
    # An unknown path or method is no operation's answer.
    for code in set(Code) - {Code.METHOD_NOT_ALLOWED, Code.UPGRADE_REQUIRED}:
        assert f"`{code.word}`" in text


def test_asyncapi_has_every_frame_and_the_answers_of_every_command() -> None:
    document = asyncapi.document()
    said = {message["name"] for message in document["components"]["messages"].values()}
    for struct in (*json_schema.CLIENT_FRAMES, *json_schema.SERVER_FRAMES):
        assert struct.__struct_config__.tag in said
    for word in COMMANDS:
        answers = [message["$ref"] for message in document["operations"][word]["reply"]["messages"]]
        assert len(answers) == 2
        assert answers[1].endswith("/ErrorFrame")


def test_typescript_has_every_command_and_error_word() -> None:
    text = generate.FILES["client/src/protocol.gen.ts"]()
    for word, declaration in COMMANDS.items():
        assert (f"  {word}: '{declaration.method} {declaration.path}'," in text) == (declaration.method is not None)
        assert f"  {word}: {{" in text
    for code in Code:
        assert f"  {code.word}: {code.status}," in text
    for struct in json_schema.SERVER_FRAMES:
        assert f"  | {struct.__name__}" in text
        assert f"  readonly type: '{struct.__struct_config__.tag}';" in text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "style"
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src"):
                (self.links if (value or "").startswith("#") else self.addresses).append(value or "")


def test_the_page_for_people_needs_no_script_and_nothing_from_elsewhere() -> None:
    page = _Page()
    page.feed(docs_page.html(openapi.document()))
    assert not {"script", "style", "img", "iframe"} & set(page.tags)
    assert set(page.addresses) == {"docs.css", "openapi.json", "asyncapi.json"}, (
        "beside it, whatever stands before /api"
    )
    assert "url(" not in docs_page.STYLE
    assert "@import" not in docs_page.STYLE


def test_the_page_for_people_shows_every_operation_and_every_link_leads_somewhere() -> None:
    page = _Page()
    page.feed(docs_page.html(openapi.document()))
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert {word for word, declaration in COMMANDS.items() if declaration.method} <= set(page.ids)


def test_an_example_is_data_alone() -> None:
    assert json.loads(json.dumps(list(EXAMPLES.values()))) == list(EXAMPLES.values())
