"""The pages that walk through the tree name places that exist, and functions that a message really passes."""

import re
import threading
from pathlib import Path
from types import FrameType

import pytest

from tests.running import running, somebody

ROOT = Path(__file__).parents[3]
NAMED = re.compile(
    r"`((?:server|client|react|web|protocol|docs|e2e|deploy|tools|lab)/[\w./-]*)(?:::\w+)?`|\]\(([\w./-]+)\)"
)
CALLED = re.compile(r"`(server/[\w./-]+\.py)::(\w+)`")


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/reliability.md"])
def test_every_path_a_page_names_exists(document: str) -> None:
    page = ROOT / document
    named = [(ROOT, path) if path else (page.parent, link) for path, link in NAMED.findall(page.read_text("utf-8"))]
    assert not sorted({name for folder, name in named if not (folder / name).exists()})


def test_a_message_passes_every_function_that_the_walk_names_in_its_order(module_database: None) -> None:
    """From one socket to another: the first calls of the named functions come in the order of the page."""
    named = CALLED.findall((ROOT / "ARCHITECTURE.md").read_text("utf-8"))
    assert len(named) > 10
    called: dict[tuple[str, str], None] = {}
    is_sending = threading.Event()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and is_sending.is_set():
            called.setdefault((frame.f_code.co_filename, frame.f_code.co_name))

    threading.setprofile(watch)
    try:
        with running() as server:
            ada, ben = somebody("ada"), somebody("ben")
            room_id = server.do(ada, "create_room", kind="group", name="walk", members=[ben.id])["room"]["id"]
            with server.device(ada) as sender, server.device(ben) as reader:
                is_sending.set()
                assert sender.call("send_message", room_id=room_id, content="A walk.").ok
                reader.until("message_created")
                is_sending.clear()
    finally:
        threading.setprofile(None)
    passed = [(file.removeprefix(f"{ROOT}/"), name) for file, name in called]
    assert [each for each in passed if each in named] == list(dict.fromkeys(named))


PACKAGES = sorted((ROOT / "server" / "backchannel").rglob("__init__.py"))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.parent.name)
def test_a_package_names_only_modules_that_it_has(package: Path) -> None:
    docstring = package.read_text("utf-8").split('"""')[1:2]
    named = re.findall(r"(?<![\w/])([\w/]+\.py)\b", "".join(docstring))
    folders = (package.parent, ROOT / "server" / "backchannel", ROOT)
    assert [name for name in named if not any((folder / name).exists() for folder in folders)] == []
