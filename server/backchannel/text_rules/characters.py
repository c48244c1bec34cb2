"""Sets of characters that the rules use. From the Unicode Character Database 17.0; stable properties unless noted.

Written as hexadecimal ranges, as in the database.
"""

from typing import Final


def _set(ranges: str) -> frozenset[int]:
    """`"ad 600-605"` → the code points."""
    found: set[int] = set()
    for word in ranges.split():
        low, _, high = word.partition("-")
        found.update(range(int(low, 16), int(high or low, 16) + 1))
    return frozenset(found)


CONTROLS: Final = _set("0-1f 7f-9f")
SPACES: Final = _set("9-d 1c-1f 20 85 a0 1680 2000-200a 2028-2029 202f 205f 3000 2800")
"""White space of all kinds, and the Braille pattern without dots."""
IGNORABLE: Final = _set(
    "ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 fe00-fe0f feff ffa0 fff0-fffb 13430-1343f "
    "16fe4 1bca0-1bca3 1d159 1d173-1d17a e0000-e0fff"
)
"""Default_Ignorable_Code_Point (bidi controls, zero-width characters, fillers, variation selectors, tags), and adjacent format
characters and fillers that are invisible too."""
INVISIBLE: Final = CONTROLS | SPACES | IGNORABLE

ZWNJ: Final = 0x200C
ZWJ: Final = 0x200D
PRESENTATIONS: Final = frozenset((0xFE0E, 0xFE0F))
"""The variation selectors for a character's text and emoji presentation."""
KEYCAP: Final = 0x20E3
KEYCAP_BASES: Final = _set("23 2a 30-39")
BLACK_FLAG: Final = 0x1F3F4
TAG_END: Final = 0xE007F
MODIFIERS: Final = _set("1f3fb-1f3ff")

TEXT_BY_DEFAULT: Final = _set(
    "a9 ae 203c 2049 2122 2139 2194-2199 21a9-21aa 2328 23cf 23ed-23ef 23f1-23f2 23f8-23fa 24c2 25aa-25ab 25b6 25c0 25fb-25fc "
    "2600-2604 260e 2611 2618 261d 2620 2622-2623 2626 262a 262e-262f 2638-263a 2640 2642 265f-2660 2663 2665-2666 2668 267b "
    "267e 2692 2694-2697 2699 269b-269c 26a0 26a7 26b0-26b1 26c8 26cf 26d1 26d3 26e9 26f0-26f1 26f4 26f7-26f9 2702 2708-2709 "
    "270c-270d 270f 2712 2714 2716 271d 2721 2733-2734 2744 2747 2763-2764 27a1 2934-2935 2b05-2b07 3030 303d 3297 3299 "
    "1f170-1f171 1f17e-1f17f 1f202 1f237 1f321 1f324-1f32c 1f336 1f37d 1f396-1f397 1f399-1f39b 1f39e-1f39f 1f3cb-1f3ce "
    "1f3d4-1f3df 1f3f3 1f3f5 1f3f7 1f43f 1f441 1f4fd 1f549-1f54a 1f56f-1f570 1f573-1f579 1f587 1f58a-1f58d 1f590 1f5a5 1f5a8 "
    "1f5b1-1f5b2 1f5bc 1f5c2-1f5c4 1f5d1-1f5d3 1f5dc-1f5de 1f5e1 1f5e3 1f5e8 1f5ef 1f5f3 1f5fa 1f6cb 1f6cd-1f6cf 1f6e0-1f6e5 "
    "1f6e9 1f6f0 1f6f3"
)
"""Emoji that are shown as text unless U+FE0F follows (Emoji without Emoji_Presentation). Emoji added since Unicode 9 have emoji
presentation by default."""
PICTOGRAPHS: Final = TEXT_BY_DEFAULT | _set(
    "231a-231b 23e9-23f3 25fd-25fe 2614-2615 2648-2653 267f 2693 26a1 26aa-26ab 26bd-26be 26c4-26c5 26ce 26d4 26ea 26f2-26f5 "
    "26fa 26fd 2705 2708-270d 2728 274c 274e 2753-2755 2757 2795-2797 27b0 27bf 2b1b-2b1c 2b50 2b55 1f000-1faff 1fc00-1fffd"
)
"""Code points that can be an emoji or part of one. The last two ranges are where Unicode puts new emoji: their unassigned code points
are reserved for that."""

NONCHARACTERS: Final = _set("fdd0-fdef") | frozenset(
    plane + low for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF)
)
SURROGATES: Final = range(0xD800, 0xE000)
PRIVATE_USE: Final = (range(0xE000, 0xF900), range(0xF0000, 0x110000))

JOINING_SCRIPTS: Final = (range(0x0600, 0x10A0), range(0x1780, 0x18B0), range(0xA840, 0xAC00), range(0x10A00, 0x12000))
"""Arabic, Syriac, the scripts of India and its neighbours, Mongolian: in these a joiner, or non-joiner, changes how letters are
shaped."""
MONGOLIAN: Final = range(0x1820, 0x18AB)
HAN: Final = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x40000))
STRIPPED_OF_MARKS: Final = (
    range(0x0041, 0x0250), range(0x0370, 0x0530), range(0x0590, 0x0780), range(0x08A0, 0x0900), range(0x1C80, 0x1C90),
    range(0x1E00, 0x2000), range(0x2C60, 0x2C80), range(0xA640, 0xA6A0), range(0xA720, 0xA800), range(0xAB30, 0xAB70),
)  # fmt: skip
"""Latin, Greek, Cyrillic, Hebrew and Arabic. In other scripts a mark is part of the letter."""
