"""Pictures are served as the server encodes them, and whatever a file does to the decoder, it does it to a process of its own."""

from __future__ import annotations

import base64
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from backchannel.files import pictures
from backchannel.files.interruptions import Interruptions
from backchannel.files.pictures import reencode
from tests.files.corpus import MARK, Entry, encoded, entries, exif, noise

NAMES = sorted(entries())


@cache
def corpus() -> dict[str, Entry]:
    return entries()


def made(tmp_path: Path, content_type: str, content: bytes) -> pictures.Picture | None:
    source, folder = tmp_path / "source", tmp_path / "out"
    source.write_bytes(content)
    folder.mkdir()
    return reencode(source, content_type, folder, Interruptions())


def test_the_corpus_is_large() -> None:
    assert len(NAMES) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_is_shown_without_its_secrets_or_is_a_file_to_download(tmp_path: Path, name: str) -> None:
    content_type, content, may_be_shown = corpus()[name]
    picture = made(tmp_path, content_type, content)
    assert (picture is not None) == may_be_shown
    if picture is None:
        return
    assert len(base64.b64decode(picture.thumbhash)) <= 30
    for path, most in ((picture.file, 10**9), (picture.view, 1600), (picture.thumb, 360)):
        assert MARK not in path.read_bytes()
        with Image.open(path) as image:
            image.load()
            assert max(image.size) <= most
            assert not image.getexif()
            assert not {"icc_profile", "xmp", "exif", "comment", "XML:com.adobe.xmp"} & set(image.info)
    with Image.open(picture.file) as image:
        assert image.size == (picture.width, picture.height)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_it_is_to_be_seen(tmp_path: Path, orientation: int) -> None:
    """A red corner, which the camera says is elsewhere, is where it belongs."""
    upright = Image.new("RGB", (80, 40), "white")
    upright.paste("red", (0, 0, 20, 20))
    undo = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    stored = upright if undo is None else upright.transpose(undo)
    picture = made(tmp_path, "image/jpeg", encoded(stored, "JPEG", exif=exif(orientation), quality=95))
    assert picture is not None
    assert (picture.width, picture.height) == (80, 40)
    for path in (picture.file, picture.view, picture.thumb):
        with Image.open(path) as image:
            red, green, _ = image.convert("RGB").getpixel((8, 8))  # type: ignore[misc]
            assert (red > 180, green < 90) == (True, True)


def test_an_animation_stays_one_and_its_small_forms_are_one_frame(tmp_path: Path) -> None:
    picture = made(tmp_path, *corpus()["gif-animated"][:2])
    assert picture is not None
    with Image.open(picture.file) as image, Image.open(picture.view) as view:
        assert (image.format, image.n_frames, image.info["duration"]) == ("GIF", 4, 80)  # type: ignore[attr-defined]
        assert getattr(view, "n_frames", 1) == 1


def test_a_name_gets_the_ending_of_what_is_served(tmp_path: Path) -> None:
    picture = made(tmp_path, "image/avif", encoded(noise(), "AVIF"))
    assert picture is not None
    assert picture.content_type == "image/webp"
    assert (picture.name_for("a.avif"), picture.name_for("a.WEBP"), picture.name_for("a")) == (
        "a.webp",
        "a.WEBP",
        "a.webp",
    )


def test_it_can_be_asked_whether_pictures_work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pictures.is_working()
    monkeypatch.setattr(pictures, "_CHILD", "/nowhere")
    assert not pictures.is_working()


def test_without_pillow_pictures_are_files_to_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "can_reencode", lambda: False)
    assert made(tmp_path, "image/png", encoded(noise(), "PNG")) is None


def test_a_decoder_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WITHIN_S", 0.01)
    assert made(tmp_path, "image/png", encoded(noise(), "PNG")) is None


_ATTEMPTS = """
import sys; sys.path.insert(0, sys.argv[1])
import confinement, os, socket, subprocess
confinement.limit(); confinement.confine(sys.argv[2], sys.argv[3])
def attempt(name, call):
    try: call(); print(name, "allowed")
    except (OSError, MemoryError): print(name, "refused")
attempt("memory", lambda: bytearray(2**30))
attempt("own source", lambda: open(sys.argv[2]).read())
attempt("own folder", lambda: open(sys.argv[3] + "/x", "w").close())
attempt("another file", lambda: open("/etc/passwd").read())
attempt("another folder", lambda: open(sys.argv[2] + "y", "w").close())
attempt("socket", lambda: socket.socket())
attempt("program", lambda: os.execv("/bin/true", ["true"]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
def test_the_decoder_may_read_its_file_and_write_its_folder_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("x")
    folder = tmp_path / "out"
    folder.mkdir()
    home = str(Path(pictures.__file__).parent)
    ended = subprocess.run(
        [sys.executable, "-I", "-c", _ATTEMPTS, home, str(source), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    said = dict(line.rsplit(" ", 1) for line in ended.stdout.splitlines())
    assert (said["memory"], said["own source"], said["own folder"]) == ("refused", "allowed", "allowed")
    refused = {name for name, verdict in said.items() if verdict == "refused"} - {"memory"}
    kernel_has_both = {"another file", "another folder", "socket", "program"}
    assert refused in (kernel_has_both, {"socket", "program"}, {"another file", "another folder"}, set())
