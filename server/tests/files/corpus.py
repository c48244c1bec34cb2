"""Hostile and odd files, made here rather than kept: name → (announced type, bytes, whether it may be shown).

Everything that must not survive contains MARK.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

MARK: Final = b"SECRET-PLACE"
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML: Final = b"<!doctype html><script>alert(document.domain)</script>"
Entry = tuple[str, bytes, bool]


def noise(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    seed = random.Random(width * height)
    return Image.frombytes("RGB", (width, height), seed.randbytes(width * height * 3)).convert(mode)


def encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, data: bytes | None = None, colour: int = 2, depth: int = 8) -> bytes:
    """A PNG with any header; its pixels are `data`, compressed, or a few zeros."""
    head = struct.pack("!IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(data if data is not None else b"\0" * 100)
    return b"".join((b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head), *chunks, chunk(b"IDAT", body), chunk(b"IEND", b"")))


def gif(frames: int, width: int = 1, height: int = 1) -> bytes:
    """So many equal frames, of a few bytes each."""
    one = (
        b"\x21\xf9\x04\x00\x01\x00\x00\x00\x2c"
        + struct.pack("<HHHH", 0, 0, width, height)
        + b"\x00\x02\x02\x44\x01\x00"
    )
    head = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    return head + one * frames + b"\x3b"


def exif(orientation: int = 1) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = MARK.decode()
    data.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: MARK.decode()})
    return data


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_comment(text: bytes) -> bytes:
    whole = encoded(noise(), "JPEG")
    return whole[:2] + b"\xff\xfe" + struct.pack("!H", len(text) + 2) + text + whole[2:]


def lengthened(whole: bytes, at: int, value: bytes) -> bytes:
    return whole[:at] + value + whole[at + len(value) :]


def _turned() -> Iterator[tuple[str, Entry]]:
    for orientation in range(1, 9):
        yield f"jpeg-turned-{orientation}", ("image/jpeg", encoded(noise(), "JPEG", exif=exif(orientation)), True)


def _cut() -> Iterator[tuple[str, Entry]]:
    for format_, type_ in (
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("AVIF", "image/avif"),
    ):
        whole = encoded(noise(200, 150, "P" if format_ == "GIF" else "RGB"), format_)
        for share in (0.02, 0.5):
            yield f"{format_.lower()}-cut-at-{share}", (type_, whole[: int(len(whole) * share)], False)


def _mislabelled() -> Iterator[tuple[str, Entry]]:
    a_png = encoded(noise(), "PNG")
    for name, content in {
        "svg": SVG, "html": HTML, "pdf": b"%PDF-1.7\n" + HTML, "text": b"hello", "nothing-much": b"\0", "php": b"<?php phpinfo();",
        "elf": b"\x7fELF" + bytes(60), "zip": b"PK\x03\x04" + bytes(60), "png": a_png, "html-then-png": HTML + a_png,
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "bmp": encoded(noise(), "BMP"), "tiff": encoded(noise(), "TIFF"),
        "ico": encoded(noise(), "ICO"), "ppm": encoded(noise(), "PPM"), "pcx": encoded(noise(), "PCX"), "tga": encoded(noise(), "TGA"),
    }.items():  # fmt: skip
        yield f"{name}-as-jpeg", ("image/jpeg", content, False)
    yield "jpeg-as-png", ("image/png", encoded(noise(), "JPEG"), False)
    yield "svg-as-svg", ("image/svg+xml", SVG, False)


def _bombs() -> Iterator[tuple[str, Entry]]:
    zeros = zlib.compress(bytes(64 * 2**20), 9)
    yield "png-50000-squared", ("image/png", png(50_000, 50_000), False)
    yield "png-largest-size", ("image/png", png(2**31 - 1, 2**31 - 1), False)
    yield "png-wide", ("image/png", png(2**31 - 1, 1), False)
    yield "png-of-size-0", ("image/png", png(0, 0), False)
    yield "png-51-million", ("image/png", png(51_000, 1000, colour=0, data=bytes(51_001 * 1000)), False)
    yield "png-bomb-in-iccp", ("image/png", png(8, 8, chunk(b"iCCP", b"x\0\0" + zeros), data=bytes(25 * 8)), False)
    yield "png-bomb-in-ztxt", ("image/png", png(8, 8, chunk(b"zTXt", b"x\0\0" + zeros), data=bytes(25 * 8)), False)
    yield (
        "png-bomb-in-itxt",
        ("image/png", png(8, 8, chunk(b"iTXt", b"x\0\1\0\0\0" + zeros), data=bytes(25 * 8)), False),
    )
    yield "png-bomb-in-idat", ("image/png", png(8, 8, data=bytes(64 * 2**20)), True)
    yield "png-wrong-check-sum", ("image/png", lengthened(encoded(noise(), "PNG"), 29, b"\0\0\0\0"), False)
    yield "png-long-chunk", ("image/png", lengthened(encoded(noise(), "PNG"), 33, b"\xff\xff\xff\xff"), False)
    yield "png-bad-depth", ("image/png", png(8, 8, depth=77, data=bytes(200)), False)
    yield "gif-10000-frames", ("image/gif", gif(10_000), False)
    yield "gif-huge-screen", ("image/gif", gif(1, 65_535, 65_535), False)
    yield "gif-many-large-frames", ("image/gif", gif(900, 2000, 2000), False)
    yield "webp-huge", ("image/webp", b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\xff" + bytes(8), False)
    yield "jpeg-huge", ("image/jpeg", _resized_jpeg(65_500, 65_500), False)
    yield (
        "avif-of-noise",
        ("image/avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + random.Random(1).randbytes(4000), False),
    )
    yield "jpeg-of-noise", ("image/jpeg", b"\xff\xd8\xff\xe0" + random.Random(2).randbytes(4000), False)
    yield "webp-of-noise", ("image/webp", b"RIFF\xff\xff\xff\x7fWEBPVP8 " + random.Random(3).randbytes(4000), False)


def _resized_jpeg(width: int, height: int) -> bytes:
    whole = encoded(noise(), "JPEG")
    return lengthened(whole, whole.index(b"\xff\xc0") + 5, struct.pack("!HH", height, width))


def _metadata() -> Iterator[tuple[str, Entry]]:
    text = PngInfo()
    text.add_text("Comment", MARK.decode())
    text.add_itxt("XML:com.adobe.xmp", MARK.decode())
    yield (
        "png-with-text",
        ("image/png", encoded(noise(), "PNG", pnginfo=text, exif=exif(), icc_profile=profile()), True),
    )
    yield "jpeg-with-comment", ("image/jpeg", with_comment(MARK * 9), True)
    yield (
        "jpeg-with-xmp",
        ("image/jpeg", encoded(noise(), "JPEG", xmp=b"<x:xmpmeta>" + MARK + b"</x:xmpmeta>", exif=exif(6)), True),
    )
    yield "jpeg-with-profile", ("image/jpeg", encoded(noise(), "JPEG", icc_profile=profile()), True)
    yield "jpeg-with-a-broken-profile", ("image/jpeg", encoded(noise(), "JPEG", icc_profile=MARK * 50), True)
    yield (
        "webp-with-exif",
        ("image/webp", encoded(noise(), "WEBP", exif=exif(3).tobytes(), xmp=MARK, icc_profile=profile()), True),
    )
    yield "avif-with-exif", ("image/avif", encoded(noise(), "AVIF", exif=exif(1).tobytes(), xmp=MARK), True)
    yield "gif-with-comment", ("image/gif", encoded(noise(mode="P"), "GIF", comment=MARK), True)
    yield (
        "gifar",
        (
            "image/gif",
            encoded(noise(mode="P"), "GIF") + b"PK\x03\x04" + MARK + bytes(40) + b"PK\x05\x06" + bytes(18),
            True,
        ),
    )
    yield "png-and-script", ("image/png", encoded(noise(), "PNG") + HTML + MARK, True)
    yield "jpeg-and-zip", ("image/jpeg", encoded(noise(), "JPEG") + b"PK\x03\x04" + MARK, True)


def _kinds() -> Iterator[tuple[str, Entry]]:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = Image.new("I;16", (40, 30), 3000) if mode == "I;16" else noise(40, 30).convert(mode)
        yield f"png-{mode}", ("image/png", encoded(image, "PNG"), True)
    yield "jpeg-cmyk", ("image/jpeg", encoded(noise(mode="CMYK"), "JPEG"), True)
    yield "jpeg-grey", ("image/jpeg", encoded(noise(mode="L"), "JPEG"), True)
    yield "png-one-pixel", ("image/png", encoded(noise(1, 1), "PNG"), True)
    yield "png-narrow", ("image/png", encoded(noise(1, 3000), "PNG"), True)
    yield "avif", ("image/avif", encoded(noise(), "AVIF"), True)
    frames = [noise(40, 30 + 0).rotate(90 * n) for n in range(4)]
    yield (
        "gif-animated",
        ("image/gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0), True),
    )
    yield (
        "webp-animated",
        ("image/webp", encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=80), True),
    )
    yield (
        "png-animated",
        ("image/png", encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=80), True),
    )
    # Not one of the five: a file to download.
    yield "heic", ("image/heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), False)


GROUPS: Final[tuple[Callable[[], Iterator[tuple[str, Entry]]], ...]] = (
    _turned, _cut, _mislabelled, _bombs, _metadata, _kinds,
)  # fmt: skip


def entries() -> dict[str, Entry]:
    return {name: entry for group in GROUPS for name, entry in group()}
