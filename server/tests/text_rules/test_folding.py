"""How names are compared."""

import pytest

from backchannel.text_rules import fold, name_keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("АННА", "анна"),
        ("Özlem", "o\u0308zlem"),
        ("Özlem", "OZLEM"),
        ("Straße", "STRASSE"),
        ("İpek", "ipek"),
        ("ﬁn", "FIN"),
        ("ＡＤＡ", "ada"),
        ("か\u3099", "が"),
        ("Ἀθηνᾶ", "αθηνα"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("A\u00adda\u200b", "ada"),
        ("Ada \u3000 Lovelace", "ada lovelace"),
    ],
    ids=ascii,
)
def test_equivalent_names_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("が", "か"), ("हिन्दी", "हनद"), ("ada", "adam")], ids=ascii)
def test_different_names_fold_differently(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_a_name_is_found_from_each_of_its_words_on() -> None:
    assert name_keys("Jean-Luc  Picard") == ["jean-luc picard", "luc picard", "picard"]
    assert len(name_keys("a " * 200)) <= 8
