"""ThumbHash, a placeholder of about 25 bytes for a picture. Pure; a port of npm's `thumbhash` 0.1.1 by Evan Wallace (MIT).

The packages on PyPI are unkept. The golden vectors of the test were made by the original.
"""

from collections.abc import Sequence
from math import cos, floor, pi
from typing import Final

SIDE: Final = 100
"""The most pixels of a side."""

Channel = tuple[float, list[float], float]
"""(constant term, varying terms from 0 to 1, their scale)"""


def thumbhash(width: int, height: int, rgba: bytes) -> bytes:
    """`rgba`: rows of pixels, four bytes each, not premultiplied. Raises ValueError above 100 pixels."""
    if not (0 < width <= SIDE and 0 < height <= SIDE) or len(rgba) != width * height * 4:
        raise ValueError(f"{width} by {height} pixels with {len(rgba)} bytes")
    light, warm, green, alpha = _channels(rgba)
    is_translucent = sum(alpha) < width * height
    limit = 5 if is_translucent else 7
    longer = max(width, height)
    across, down = max(1, _round(limit * width / longer)), max(1, _round(limit * height / longer))
    size = (width, height)
    l_dc, l_ac, l_scale = _encoded(light, size, max(3, across), max(3, down))
    p_dc, p_ac, p_scale = _encoded(warm, size, 3, 3)
    q_dc, q_ac, q_scale = _encoded(green, size, 3, 3)
    terms = [*l_ac, *p_ac, *q_ac]

    is_landscape = width > height
    first = (
        _round(63 * l_dc) | _round(31.5 + 31.5 * p_dc) << 6 | _round(31.5 + 31.5 * q_dc) << 12
        | _round(31 * l_scale) << 18 | is_translucent << 23
    )  # fmt: skip
    second = (
        (down if is_landscape else across) | _round(63 * p_scale) << 3 | _round(63 * q_scale) << 9 | is_landscape << 15
    )
    hash_ = [*first.to_bytes(3, "little"), *second.to_bytes(2, "little")]
    if is_translucent:
        a_dc, a_ac, a_scale = _encoded(alpha, size, 5, 5)
        hash_.append(_round(15 * a_dc) | _round(15 * a_scale) << 4)
        terms += a_ac
    nibbles = [_round(15 * term) for term in terms] + [0]
    hash_ += [low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=False)]
    return bytes(hash_)


def _channels(rgba: bytes) -> tuple[list[float], list[float], list[float], list[float]]:
    """Luminance, yellow − blue, red − green and alpha of each pixel, from 0 to 1, over the average colour."""
    reds, greens, blues = rgba[::4], rgba[1::4], rgba[2::4]
    alpha = [value / 255 for value in rgba[3::4]]
    weight = sum(alpha)

    def average(values: bytes) -> float:
        total = sum(opacity / 255 * value for value, opacity in zip(values, alpha, strict=True))
        return total / weight if weight else total

    back = average(reds), average(greens), average(blues)
    light, warm, green = [], [], []
    for pixel in zip(reds, greens, blues, alpha, strict=True):
        opacity = pixel[3]
        r, g, b = (back[i] * (1 - opacity) + opacity / 255 * pixel[i] for i in range(3))
        light.append((r + g + b) / 3)
        warm.append((r + g) / 2 - b)
        green.append(r - g)
    return light, warm, green, alpha


def _encoded(channel: Sequence[float], size: tuple[int, int], across: int, down: int) -> Channel:
    """The low frequencies of a discrete cosine transform."""
    width, height = size
    constant, terms, scale = 0.0, [], 0.0
    for cy in range(down):
        rows = [cos(pi / height * cy * (y + 0.5)) for y in range(height)]
        cx = 0
        while cx * down < across * (down - cy):
            columns = [cos(pi / width * cx * (x + 0.5)) for x in range(width)]
            factor = 0.0
            for y, row in enumerate(rows):
                line = channel[y * width : (y + 1) * width]
                factor += row * sum(value * column for value, column in zip(line, columns, strict=True))
            factor /= width * height
            if cx or cy:
                terms.append(factor)
                scale = max(scale, abs(factor))
            else:
                constant = factor
            cx += 1
    if scale:
        terms = [0.5 + 0.5 / scale * term for term in terms]
    return constant, terms, scale


def _round(value: float) -> int:
    """Rounds as JavaScript does."""
    return floor(value + 0.5)
