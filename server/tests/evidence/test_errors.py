"""An unexpected error becomes a group that is found by the reference people were shown, without what opens something."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from backchannel.evidence.errors import place_in_browser, place_of, sample_of, scrubbed
from backchannel.store import log
from tests.running import Running, running, somebody, wait_until


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    with running(analytics="on") as it:
        yield it


def groups(server: Running) -> list[dict[str, Any]]:
    names = ("side", "kind", "place", "version", "count", "reference", "sample")
    writer = server.chat.evidence.writer
    writer.wake()
    connected = writer.database.connect()
    try:
        with connected.transaction() as driver:
            found = driver.query(f"SELECT {', '.join(names)} FROM ops_error ORDER BY last_us", [])
    finally:
        connected.close()
    return [dict(zip(names, row, strict=True)) for row in found]


def broken(*_: Any, **__: Any) -> Any:
    raise ValueError("a bug with password=hunter22 in it")


def test_equal_errors_are_one_group_found_by_each_reference(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = somebody("ada")
    room_id = server.group(ada, somebody("ben"))
    monkeypatch.setattr(log, "commit", broken)
    references = []
    for _ in range(3):
        answer = server.call(ada, "send_message", room_id=room_id, content="hello")
        references += re.findall(r"[2-9A-Z]{4}-[2-9A-Z]{4}", answer.body["detail"])
    assert len(references) == 3

    def group() -> dict[str, Any]:
        return next((each for each in groups(server) if references[0] in each["reference"]), {})

    wait_until(lambda: group().get("count", 0) >= 3)
    found = group()
    assert (found["side"], found["kind"]) == ("server", "ValueError")
    assert set(references) <= set(found["reference"].split())
    assert "commit" in found["place"]
    assert "hunter22" not in found["sample"]
    assert "Traceback" in found["sample"]


def test_an_error_of_a_page_is_a_group_too(server: Running) -> None:
    error = {
        "kind": "TypeError",
        "text": "x is undefined",
        "stack": "render@https://chat.example/assets/app-1a2b.js:10:20",
        "count": 2,
    }
    answer = server.http.post("/api/report", json={"errors": [error]}, headers=somebody("ada").headers)
    assert answer.status_code == 200

    def its_groups() -> list[dict[str, Any]]:
        return [group for group in groups(server) if group["place"] == "app-1a2b.js:render"]

    wait_until(its_groups)
    (group,) = its_groups()
    assert (group["side"], group["kind"], group["count"]) == ("browser", "TypeError", 2)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer bc_abcdef",
        "token=abcdef",
        "postgres://me:abcdef@host/db",
        "GET /ws?token=abcdef",
        '{"password": "abcdef"}',
        "secret: abcdef",
    ],
)
def test_what_opens_something_is_not_kept(text: str) -> None:
    assert "abcdef" not in scrubbed(text)


def test_a_sample_is_bounded() -> None:
    assert len(scrubbed("x " * 100_000).encode()) <= 8 * 1024


def test_the_place_names_functions_and_no_lines() -> None:
    with pytest.raises(AttributeError) as raised:
        log.commit([object()])  # type: ignore[list-item]
    assert re.fullmatch(r"[\w/.]+:\w+( < [\w/.]+:\w+)*", place_of(raised.value))
    assert sample_of(raised.value)


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        (
            "TypeError: x\n    at render (https://chat.example/assets/app-1a2b.js:1:20)\n    at https://chat.example/a.js:2:1",
            "app-1a2b.js:render < a.js:?",
        ),
        ("render@https://chat.example/assets/app.js:1:20", "app.js:render"),
        ("", ""),
        ("no frames here", ""),
    ],
)
def test_a_browsers_stack_is_reduced_to_functions_and_files(stack: str, place: str) -> None:
    assert place_in_browser(stack) == place
