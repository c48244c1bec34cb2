"""The pictures are well formed and show what they are given."""

from __future__ import annotations

from xml.etree import ElementTree

from lab.bench.svg import bars, lines, number


def test_a_bar_is_longer_for_more_and_carries_its_number() -> None:
    picture = ElementTree.fromstring(bars("Title", "a second", [("Ours", 1_200_000, True), ("Theirs", 3400, False)]))
    widths = [float(bar.get("width", "0")) for bar in picture.findall(".//{*}rect") if bar.get("rx")]
    texts = [text.text for text in picture.findall(".//{*}text")]
    assert widths[0] > widths[1] > 0
    assert {"1.2M", "3.4k", "Ours", "Theirs"} <= set(texts)


def test_what_did_not_keep_up_is_said_and_has_no_bar() -> None:
    picture = ElementTree.fromstring(bars("Title", "a second", [("Ours", 10, True), ("<Theirs>", None, False)]))
    assert len([bar for bar in picture.findall(".//{*}rect") if bar.get("rx")]) == 1
    assert "did not keep up" in [text.text for text in picture.findall(".//{*}text")]


def test_lines_rise_with_their_values() -> None:
    picture = ElementTree.fromstring(lines("Title", "across", "up", [("Ours", [(1, 1), (10, 5), (100, 50)])]))
    (line,) = picture.findall(".//{*}polyline")
    ys = [float(pair.split(",")[1]) for pair in line.get("points", "").split()]
    assert ys == sorted(ys, reverse=True)


def test_a_single_point_and_none_at_all_are_drawn_too() -> None:
    for points in ([], [(5.0, 2.0)]):
        ElementTree.fromstring(lines("Title", "across", "up", [("Ours", points)]))
        ElementTree.fromstring(lines("Title", "across", "up", [("Ours", points)], zero=True))
    ElementTree.fromstring(bars("Title", "a second", []))


def test_numbers_have_three_digits_that_count() -> None:
    assert [number(value) for value in (0.12345, 999.6, 1234, 1_430_000)] == ["0.123", "1k", "1.23k", "1.43M"]
