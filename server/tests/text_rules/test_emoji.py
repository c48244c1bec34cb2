"""What can be a reaction, whatever Unicode the Python that runs knows, and its one spelling."""

import pytest

from backchannel.text_rules import canonical_emoji, is_reaction

NEW = ("🩷", "🫨", "🫷🏽", "🫩", "🫆", "🪾", "🪉", "🛘", "🫪", "🫯", "🪊", "🫍", "\U0001facf", "\U0001fc00")
SEQUENCES = ("👨\u200d👩\u200d👧", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "1\ufe0f\u20e3", "🇩🇪", "👩🏽\u200d🚀", "🧑\u200d🧑\u200d🧒", "🐦\u200d🔥", "🙂\u200d↔\ufe0f", "☝🏽")  # fmt: skip


@pytest.mark.parametrize("emoji", [*NEW, *SEQUENCES, "❤\ufe0f", "👍"], ids=ascii)
def test_every_emoji_is_a_reaction(emoji: str) -> None:
    assert is_reaction(canonical_emoji(emoji))


@pytest.mark.parametrize("word", ["shipit", "+1", "…", "a.b", "ж", "100%?#&+", "हाँ"])
def test_a_word_is_a_reaction(word: str) -> None:
    assert canonical_emoji(word) == word
    assert is_reaction(word)


@pytest.mark.parametrize(
    "text",
    [
        "", "a b", "a\u00a0b", "\n", "\x00", "a\x07", "\u202e", "a\u202e", "a\u200b", "a\u200db", "👍\u200d", "👍\u200b", "\u200d", "\ufe0f",
        "\u2800", "\u3164", "\U000e0041", "🏴\U000e0067", "a/b", "/", ".", "..", "\ue000", "\ud800", "\ufffe", "\u0301",
    ],
    ids=ascii,
)  # fmt: skip
def test_invisible_text_and_unsafe_path_segments_are_refused(text: str) -> None:
    assert not is_reaction(canonical_emoji(text))


@pytest.mark.parametrize(
    ("spelled", "kept"),
    [
        ("❤", "❤\ufe0f"),
        ("❤\ufe0e", "❤\ufe0f"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("👍\ufe0f", "👍"),
        ("☝\ufe0f🏽", "☝🏽"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("❤\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("👁\u200d🗨", "👁\ufe0f\u200d🗨\ufe0f"),
        ("🏳\u200d🌈", "🏳\ufe0f\u200d🌈"),
        ("🕵🏽\u200d♂", "🕵🏽\u200d♂\ufe0f"),
        ("©", "©\ufe0f"),
        ("e\u0301", "é"),
    ],
    ids=ascii,
)
def test_each_emoji_has_one_canonical_spelling(spelled: str, kept: str) -> None:
    assert canonical_emoji(spelled) == kept
    assert canonical_emoji(kept) == kept
