import io
import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from backchannel.process_log import ProcessLog
from backchannel.site import logging as module

Said = Callable[[], str]


@pytest.fixture(params=["console", "json"])
def said(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Said]:
    """Everything logged so far, in the format of the parameter."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stderr", stream)
    module.configure(request.param, "info")
    yield stream.getvalue
    root.handlers, root.level = handlers, level


def test_an_event_is_one_line(said: Said) -> None:
    ProcessLog("test").info("connection_closed", code=1000, seconds=3)
    logging.getLogger("library").warning("it was %s", "late")
    lines = said().splitlines()
    assert len(lines) == 2
    assert "connection_closed" in lines[0]
    assert "it was late" in lines[1]


def test_a_line_of_ours_shows_the_traceback(said: Said) -> None:
    try:
        raise ValueError("the cause")
    except ValueError:
        ProcessLog("test").exception("broke", session="abc")
    text = said()
    assert "abc" in text
    assert text.index("Traceback") < text.index("ValueError: the cause")


def test_secrets_and_queries_never_reach_a_line(said: Said) -> None:
    token = "bc_" + "Ab1-" * 10
    ticket = "bt_" + "Ab1_" * 10
    ProcessLog("test").info("opened", path=f"/ws?token={ticket}&x=1", note=f"with {token}.")
    logging.getLogger("uvicorn.error").error('"WebSocket /ws?ticket=hidden" [accepted]')
    try:
        raise ValueError(f"no {token}")
    except ValueError:
        logging.getLogger("library").exception("broke at /api/rooms?q=hidden")
    text = said()
    assert "Ab1" not in text
    assert "hidden" not in text
    assert "/ws?…" in text or "/ws?\\u2026" in text


def test_lines_below_the_level_and_chatter_of_libraries_are_omitted(said: Said) -> None:
    ProcessLog("test").debug("detail")
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("django.request").warning("Not Found: /wp-login.php")
    assert said() == ""


def test_json_logs_have_one_object_per_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stderr", stream)
    module.configure("json", "info")
    ProcessLog("test").warning("slow", ms=12)
    root.handlers, root.level = handlers, level
    line = json.loads(stream.getvalue())
    assert (line["event"], line["ms"], line["level"], line["logger"]) == ("slow", 12, "warning", "test")
    assert line["timestamp"].endswith("Z")
