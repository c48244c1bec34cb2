"""The official cases of the Autobahn test suite for WebSockets, fetched from PyPI and made to run on today's Python.

The suite itself needs Python 2 and Twisted. Its cases are small classes that tell a peer what to send and what must come back. They
are extracted from the package and translated: strings of Python 2 are bytes, kept here as Latin-1 text, one character for each.
The peer is `peer.py`.
"""

import hashlib
import importlib
import io
import re
import subprocess
import sys
import tarfile
import types
from pathlib import Path
from typing import Any

PACKAGE = "autobahntestsuite"
VERSION = "25.10.1"
SHA256 = "b083d6e15330fc16f3e5f0975cce2b15f21bfa0c6db09547316b1852c6dbd6df"
GROUPS = ("1", "2", "3", "4", "5", "6", "7", "9", "10")
"""Not 12 and 13: they test compression, which is not supported."""

CACHE = Path(__file__).parents[2] / ".cache" / "autobahn"
FOLDER = f"{PACKAGE}-{VERSION}/{PACKAGE}/case/"
TRANSLATED = "autobahn_cases"
NEVER_ENDS = {"case9_9_1.py"}
"""Sends without end; the suite itself does not run it."""


class Unavailable(Exception):
    """The message is one line with the reason."""


def load(into: Path) -> list[type[Any]]:
    """The classes of all cases, in the order of their numbers. `into`: an empty folder for the translated modules."""
    folder = into / TRANSLATED
    folder.mkdir()
    (folder / "__init__.py").touch()
    names = []
    with tarfile.open(fileobj=io.BytesIO(_package())) as archive:
        for member in archive.getmembers():
            name = member.name.removeprefix(FOLDER)
            number = re.fullmatch(r"case(\d+)_\w+\.py", name)
            if name != "case.py" and (number is None or number[1] not in GROUPS or name in NEVER_ENDS):
                continue
            source = archive.extractfile(member)
            assert source is not None
            (folder / name).write_text(translated(source.read()), "latin-1")
            names.append(name.removesuffix(".py"))
    sys.modules.update(_stand_ins())
    sys.path.insert(0, str(into))
    try:
        modules = [importlib.import_module(f"{TRANSLATED}.{name}") for name in names]
    finally:
        sys.path.remove(str(into))
    cases = {}
    for module in modules:
        for value in vars(module).values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, type) and re.fullmatch(r"Case\d+(_\d+)+", each.__name__):
                    cases[each.__name__] = each
    return sorted(cases.values(), key=lambda case: [int(part) for part in case.__name__[4:].split("_")])


def translated(source: bytes) -> str:
    """The source of a case in Python 3."""
    text = source.decode("latin-1")
    text = re.sub(r"coding\s*=\s*utf-8", "coding=latin-1", text)
    text = re.sub(r"^from (case\w*) import", r"from .\1 import", text, flags=re.MULTILINE)
    text = re.sub(r"^(\s+)print\b.*$", r"\1pass", text, flags=re.MULTILINE)
    text = (
        text.replace("(object, Case, )", "(Case, )").replace("xrange(", "range(").replace(" / self.p.", " // self.p.")
    )
    # Used in descriptions only, and its argument is no longer bytes.
    text = re.sub(r"binascii\.b2a_hex\(", "repr(", text)
    if not text.startswith("# coding"):
        text = "# coding=latin-1\n" + text
    return text


def _package() -> bytes:
    kept = CACHE / f"{PACKAGE}-{VERSION}.tar.gz"
    if not kept.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        ask = ("download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(CACHE))
        command = [sys.executable, "-m", "pip", *ask, f"{PACKAGE}=={VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode or not kept.is_file():
            last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise Unavailable(f"{PACKAGE} {VERSION} is neither on PyPI nor in {CACHE}: {last}")
    data = kept.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise Unavailable(f"{kept} is not {PACKAGE} {VERSION}: its SHA-256 differs")
    return data


def _stand_ins() -> dict[str, types.ModuleType]:
    """Replacements for what the cases import from Autobahn."""
    package, websocket = types.ModuleType("autobahn"), types.ModuleType("autobahn.websocket")
    protocol = types.ModuleType("autobahn.websocket.protocol")
    protocol.WebSocketProtocol = States  # type: ignore[attr-defined]
    validator = types.ModuleType("autobahn.websocket.utf8validator")
    validator.Utf8Validator = Utf8Validator  # type: ignore[attr-defined]
    return {each.__name__: each for each in (package, websocket, protocol, validator)}


class States:
    STATE_CLOSED, STATE_CONNECTING, STATE_CLOSING, STATE_OPEN = range(4)


class Utf8Validator:
    """Validates whole texts, which is all that the cases ask for."""

    def reset(self) -> None: ...

    def validate(self, text: str) -> tuple[bool, bool]:
        try:
            text.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            return False, False
        return True, True
