"""Decodes one picture, and writes what is served of it. A program of its own: `python -I picture_child.py FORMAT SOURCE FOLDER`.

The only place where bytes of a stranger meet a decoder, so it runs confined, imports nothing of the chat, and ends after one picture.
Writes `file`, `thumb`, `view` and `hash` into FOLDER and prints one line of JSON. Exits with 3 if this is no picture that may be shown:
broken, of another format, or too large.

Nothing of the source's metadata gets into what it writes: no EXIF, place, comment or profile. Colours are converted to sRGB, and the
orientation is applied.
"""

import io
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageCms, ImageFile, ImageOps, PngImagePlugin

sys.path.insert(0, str(Path(__file__).parent))
import confinement  # type: ignore[import-not-found]

PIXELS = 50_000_000
FRAMES = 1000
PIXELS_OF_ALL_FRAMES = 300_000_000
THUMB, VIEW, HASH = 360, 1600, 48
"""The longest side. The server hashes the last one itself, in 15 ms."""
NOT_SHOWN = 3
KEPT = ("transparency", "duration", "loop", "disposal", "blend")
"""The keys of Pillow's `info` that describe pixels."""


class NotShownError(Exception):
    pass


def main(format_: str, source: str, folder: Path) -> None:
    with Image.open(source, formats=[format_]) as image:
        width, height = image.size
        frames = 1 if format_ == "JPEG" else getattr(image, "n_frames", 1)
        if width * height > PIXELS or frames > FRAMES or width * height * frames > PIXELS_OF_ALL_FRAMES:
            raise NotShownError
        is_animated = frames > 1
        first = upright(image, in_place=not is_animated)
        if is_animated:
            served = save_animation(image, frames, format_, folder / "file")
        else:
            served = save_still(first, format_, folder / "file")
        size = first.size
        small = plain(first)
        del first
    small.thumbnail((VIEW, VIEW), reducing_gap=3.0)
    small.save(folder / "view", "WEBP", quality=82, method=4)
    small.thumbnail((THUMB, THUMB), reducing_gap=3.0)
    small.save(folder / "thumb", "WEBP", quality=78, method=4)
    small.thumbnail((HASH, HASH))
    (folder / "hash").write_bytes(small.convert("RGBA").tobytes())
    print(json.dumps({"format": served, "width": size[0], "height": size[1], "hash": small.size}))


def upright(image: Image.Image, *, in_place: bool) -> Image.Image:
    """The first frame as it is to be seen: turned, in sRGB, without metadata."""
    image.load()
    turned = ImageOps.exif_transpose(image) if in_place else image.copy()
    profile = image.info.get("icc_profile")
    if profile:
        turned = as_srgb(turned, profile)
    turned.info = {name: value for name, value in turned.info.items() if name in KEPT}
    return turned


def as_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    target = {"RGB": "RGB", "RGBA": "RGBA", "CMYK": "RGB"}.get(image.mode)
    if target is None:
        return image
    try:
        converted = ImageCms.profileToProfile(
            image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=target
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile: the colours as they are
    return converted or image


def save_still(image: Image.Image, format_: str, path: Path) -> str:
    if format_ == "JPEG":
        if image.mode not in {"L", "RGB"}:
            image = image.convert("RGB")
        image.save(path, "JPEG", quality=90, optimize=True, progressive=True)
        return "JPEG"
    if format_ in {"PNG", "GIF"}:
        image.save(path, format_)
        return format_
    plain(image).save(path, "WEBP", quality=90, method=4)
    return "WEBP"


def save_animation(image: Image.Image, count: int, format_: str, path: Path) -> str:
    """Every frame decoded and encoded again. Pillow takes one at a time, but for WebP, and reads each duration after its frame."""
    target = format_ if format_ in {"GIF", "PNG"} else "WEBP"
    durations: list[int] = []

    def frames() -> Iterator[Image.Image]:
        for number in range(count):
            image.seek(number)
            durations.append(min(60_000, max(10, int(image.info.get("duration", 100) or 100))))
            frame = image.convert("RGBA")
            frame.info = {}
            yield frame

    each = frames()
    first = next(each)
    loop = image.info.get("loop", 0)
    options = {"disposal": 2} if target == "GIF" else {}
    first.save(path, target, save_all=True, append_images=each, duration=durations, loop=loop, **options)
    return target


def plain(image: Image.Image) -> Image.Image:
    """A copy in RGB, or RGBA where it is translucent."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")
    is_translucent = "A" in image.mode or "transparency" in image.info
    copy = image.convert("RGBA" if is_translucent else "RGB")
    return copy.copy() if copy is image else copy


def warm_up(format_: str) -> None:
    """Load everything that this format needs: later there are no files to load it from."""
    Image.init()
    two = [Image.new("RGBA", (2, 2), (shade, 0, 0, 255 - shade)) for shade in (0, 90)]
    for target in {format_, "WEBP"} - {"JPEG"}:
        made = io.BytesIO()
        two[0].save(made, target, save_all=True, append_images=two[1:], duration=[50, 50])
        with Image.open(made) as image:
            image.seek(1)
            ImageOps.exif_transpose(image.convert("RGBA"))
    two[0].convert("RGB").save(io.BytesIO(), "JPEG", quality=90, optimize=True, progressive=True)
    as_srgb(Image.new("RGB", (1, 1)), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    two[0].thumbnail((1, 1), reducing_gap=3.0)
    json.dumps({"warm": 1.5})


def run(arguments: list[str]) -> int:
    format_, source, folder = arguments
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = PIXELS
    PngImagePlugin.MAX_TEXT_MEMORY = 4 * 1024 * 1024
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    warm_up(format_)
    confinement.limit()
    confinement.confine(source, folder)
    try:
        main(format_, source, Path(folder))
    except Exception:  # whatever a decoder makes of it, it is no picture
        return NOT_SHOWN
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
