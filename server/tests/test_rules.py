"""A reaction is an emoji or a word that fits into a URL path."""

import pytest

from backchannel.protocol.errors import Code, CommandError
from backchannel.rules import check_emoji


@pytest.mark.parametrize("emoji", ["👍", "👨\u200d👩\u200d👧", "❤\ufe0f", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "shipit", "+1", "…", "a.b", "ж"])
def test_emoji_and_words_are_reactions(emoji: str) -> None:
    check_emoji(emoji)


@pytest.mark.parametrize(
    "emoji", ["a b", "a\u00a0b", "\n", "\x00", "\u202e", "a/b", "/", ".", "..", "\ue000", "\ud800"]
)
def test_spaces_control_characters_and_path_segments_are_no_reactions(emoji: str) -> None:
    with pytest.raises(CommandError) as refused:
        check_emoji(emoji)
    assert refused.value.code is Code.INVALID
