"""Has a picture re-encoded by `picture_child.py`, a process that may use 768 MB, 10 s of a processor and a minute in all."""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from backchannel.files.interruptions import Interruptions
from backchannel.files.kinds import ENDINGS, PICTURES
from backchannel.files.thumbhash import thumbhash
from backchannel.text_rules.file_names import with_ending

_PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
"""A PNG of one pixel, in base64."""
WITHIN_S: Final = 60.0
_CHILD: Final = Path(__file__).with_name("picture_child.py")
_TYPES: Final = {format_: content_type for content_type, format_ in PICTURES.items()}


class Picture(msgspec.Struct, frozen=True):
    """The served forms of a picture. The paths are in the folder that `reencode` was given."""

    file: Path
    thumb: Path
    view: Path
    content_type: str
    width: int
    height: int
    thumbhash: str
    """The placeholder, in base64."""

    def name_for(self, name: str) -> str:
        """The name with the ending of what is served."""
        endings = ENDINGS[self.content_type]
        return name if name.lower().endswith(endings) else with_ending(name, endings[0])


class _Report(msgspec.Struct):
    """The output of the child process."""

    format: str
    width: int
    height: int
    hash: tuple[int, int]


def can_reencode() -> bool:
    """Pillow is installed."""
    return find_spec("PIL") is not None


def is_working() -> bool:
    """Whether a picture can be re-encoded on this machine. Blocks for a moment."""
    with tempfile.TemporaryDirectory(prefix="chat-") as folder:
        source, out = Path(folder) / "source", Path(folder) / "out"
        source.write_bytes(base64.b64decode(_PIXEL))
        out.mkdir()
        return reencode(source, "image/png", out, Interruptions()) is not None


def reencode(source: Path, content_type: str, folder: Path, interruptions: Interruptions) -> Picture | None:
    """Re-encode the picture into `folder`, which is empty. None if it is not a picture of this type, or one that may not be shown.
    Blocks."""
    format_ = PICTURES.get(content_type)
    if format_ is None or not can_reencode():
        return None
    command = [sys.executable, "-I", str(_CHILD), format_, str(source), str(folder)]
    try:
        code, said = interruptions.run(command, WITHIN_S, folder=folder, has_environment=False)
    except subprocess.TimeoutExpired:
        return None
    if code != 0:
        return None
    report = msgspec.json.decode(said, type=_Report)
    hashed = thumbhash(*report.hash, (folder / "hash").read_bytes())
    return Picture(
        file=folder / "file",
        thumb=folder / "thumb",
        view=folder / "view",
        content_type=_TYPES[report.format],
        width=report.width,
        height=report.height,
        thumbhash=base64.b64encode(hashed).decode(),
    )
