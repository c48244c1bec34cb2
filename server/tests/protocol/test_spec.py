"""protocol/SPEC.md specifies everything that is declared, as declared."""

import re

import msgspec
import pytest

from backchannel.protocol import json_schema
from backchannel.protocol.codec import FRAMES_IN_ONE_MESSAGE
from backchannel.protocol.commands import COMMANDS, Declaration
from backchannel.protocol.errors import CloseCode, Code
from backchannel.protocol.shapes import Limits
from backchannel.protocol.version import SPOKEN
from tests.protocol.vectors import ROOT

SPEC = (ROOT / "protocol" / "SPEC.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in SPEC.splitlines() if line.startswith("| ")]


def _row(first: str) -> list[str]:
    (row,) = (row for row in ROWS if row[0] == first or row[0].startswith(f"{first} "))
    return row


@pytest.mark.parametrize("declaration", COMMANDS.values(), ids=lambda declaration: declaration.word)
def test_every_command_is_specified_with_its_fields_path_and_result(declaration: Declaration) -> None:
    said, place, result = _row(f"`{declaration.word}`")
    fields = [field for field in msgspec.structs.fields(declaration.struct) if field.name != "id" or field.required]
    names = [f"{field.name}{'' if field.required else '?'}" for field in fields]
    if declaration.word == "send_message":
        names.insert(0, "id?")
    assert said == " ".join([f"`{declaration.word}`", *([f"`{', '.join(names)}`"] if names else [])])
    assert place == (f"`{declaration.method} {declaration.path}`" if declaration.method else "on the WebSocket alone")
    if declaration.method:
        members = ", ".join(declaration.result.__struct_fields__)
        assert f"`{{{members}}}`" in result


@pytest.mark.parametrize("code", Code, ids=lambda code: code.word)
def test_every_error_word_is_specified_with_its_status(code: Code) -> None:
    assert [row for row in ROWS if row[:2] == [f"`{code.word}`", str(code.status)]]


@pytest.mark.parametrize("code", CloseCode, ids=lambda code: code.name.lower())
def test_every_close_code_is_specified(code: CloseCode) -> None:
    assert [row for row in ROWS if str(int(code)) in re.split(r"\D+", row[0])]


@pytest.mark.parametrize("field", msgspec.structs.fields(Limits), ids=lambda field: field.name)
def test_every_limit_is_specified_with_its_default(field: msgspec.structs.FieldInfo) -> None:
    assert _row(f"`{field.name}`")[1] == str(field.default)


def test_every_server_frame_is_specified() -> None:
    for struct in json_schema.SERVER_FRAMES:
        word = struct.__struct_config__.tag
        assert f'"type":"{word}"' in SPEC.replace('": "', '":"') or f"`{word}`" in SPEC or f"`{word} {{" in SPEC


def test_every_supported_version_is_specified() -> None:
    assert {row[0] for row in ROWS if row[0].isdigit() and len(row[0]) == 1} == {str(version) for version in SPOKEN}


def test_the_size_of_a_message_is_specified() -> None:
    assert f"up to {FRAMES_IN_ONE_MESSAGE} in a JSON array" in SPEC


def test_the_invariants_are_listed_in_order() -> None:
    assert re.findall(r"^- \*\*([A-Z])\*\* ", SPEC, re.MULTILINE) == list("ABCDEFGHI")


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", SPEC):
        assert (ROOT / "protocol" / target).exists(), target
