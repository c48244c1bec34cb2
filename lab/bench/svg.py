"""Small pictures for docs/performance.md: bars, and lines over a logarithmic axis. Pure: data in, SVG text out.

They are read on a light and on a dark page, so they bring their own ground. Nobody needs colour to read them: bars carry
their number, lines their name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

WIDTH = 720
OURS, THEIRS = "#0f766e", "#94a3b8"
LINES = ("#0f766e", "#b45309", "#4f46e5", "#be123c", "#475569", "#7c3aed")
INK, FAINT = "#1e293b", "#cbd5e1"
FONT = "font-family='system-ui, sans-serif' font-size='13'"


def bars(title: str, unit: str, rows: Sequence[tuple[str, float | None, bool]], note: str = "") -> str:
    """Horizontal bars on a logarithmic scale: name, value (None: nothing to show) and whether it is ours."""
    values = [value for _, value, _ in rows if value]
    if not values:
        return _frame(60, [_text(20, 30, title, weight=600)])
    low = 10 ** math.floor(math.log10(min(values)))
    low = low / 10 if min(values) < 1.5 * low else low
    high = max(values)
    left, right, top, step = 230, 110, 56, 26
    room = WIDTH - left - right
    parts = [_text(20, 26, title, weight=600), _text(20, 44, f"{unit}; logarithmic scale", fill="#475569")]
    for at, (name, value, ours) in enumerate(rows):
        y = top + at * step
        parts.append(_text(left - 10, y + 16, name, anchor="end", weight=600 if ours else 400))
        if value:
            length = max(2.0, room * math.log(value / low) / math.log(high / low)) if high > low else room
            fill = OURS if ours else THEIRS
            parts.append(f"<rect x='{left}' y='{y + 3}' width='{length:.1f}' height='18' rx='2' fill='{fill}'/>")
            parts.append(_text(left + length + 8, y + 16, number(value), weight=600 if ours else 400))
        else:
            parts.append(_text(left, y + 16, "did not keep up", fill="#475569"))
    height = top + len(rows) * step + 10
    if note:
        parts.append(_text(20, height + 12, note, fill="#475569"))
        height += 24
    return _frame(height, parts)


def lines(
    title: str, across: str, up: str, series: Sequence[tuple[str, Sequence[tuple[float, float]]]], *, zero: bool = False
) -> str:
    """Lines with both axes logarithmic; `zero`: the vertical one linear from 0. Each series: its name, its points."""
    points = [point for _, each in series for point in each if point[0] > 0 and (zero or point[1] > 0)]
    if not points:
        return _frame(60, [_text(20, 30, title, weight=600)])
    left, right, top, bottom, height = 74, 170, 56, 50, 340
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x_at = _scale(min(xs), max(xs), left, WIDTH - right)
    y_at = (
        _linear(0, max(ys) * 1.15, height - bottom, top)
        if zero
        else _scale(min(ys), max(ys) * 1.1, height - bottom, top)
    )
    parts = [_text(20, 26, title, weight=600), _text(20, 44, up, fill="#475569")]
    for value in sorted(set(xs)):
        parts.append(
            f"<line x1='{x_at(value):.1f}' y1='{top}' x2='{x_at(value):.1f}' y2='{height - bottom}' stroke='{FAINT}'/>"
        )
        parts.append(_text(x_at(value), height - bottom + 18, number(value), anchor="middle"))
    for value in _ticks(0 if zero else min(ys), max(ys), zero):
        parts.append(
            f"<line x1='{left}' y1='{y_at(value):.1f}' x2='{WIDTH - right}' y2='{y_at(value):.1f}' stroke='{FAINT}'/>"
        )
        parts.append(_text(left - 8, y_at(value) + 4, number(value), anchor="end"))
    parts.append(_text((left + WIDTH - right) / 2, height - 10, across, anchor="middle", fill="#475569"))
    names: list[float] = []
    for at, (name, each) in enumerate(series):
        shown = [(x_at(x), y_at(y)) for x, y in sorted(each) if x > 0 and (zero or y > 0)]
        if not shown:
            continue
        colour = LINES[at % len(LINES)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in shown)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2.5'/>")
        parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='{colour}'/>" for x, y in shown]
        y = shown[-1][1] + 4
        while any(abs(y - other) < 15 for other in names):
            y += 15
        names.append(y)
        parts.append(_text(shown[-1][0] + 10, y, name, fill=colour, weight=600))
    return _frame(height, parts)


def number(value: float) -> str:
    """Three digits that count, with k and M for thousands and millions."""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= limit * 0.9995:
            return f"{float(f'{value / limit:.3g}'):g}{letter}"
    return f"{float(f'{value:.3g}'):g}"


def _scale(low: float, high: float, begin: float, end: float) -> Callable[[float], float]:
    if high <= low:
        return lambda _: (begin + end) / 2
    span = math.log(high / low)
    return lambda value: begin + (end - begin) * math.log(value / low) / span


def _linear(low: float, high: float, begin: float, end: float) -> Callable[[float], float]:
    return lambda value: begin + (end - begin) * (value - low) / ((high - low) or 1)


def _ticks(low: float, high: float, zero: bool) -> list[float]:
    if zero:
        step = 10 ** math.floor(math.log10(high)) if high > 0 else 1
        step = step / 2 if high / step < 3 else step
        return [step * at for at in range(int(high / step) + 1)]
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    found = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    return [value for value in found if low <= value <= high * 1.1] or [low]


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: int = 400, fill: str = INK) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-weight='{weight}' fill='{fill}'>{escape(text)}</text>"


def _frame(height: float, parts: list[str]) -> str:
    opening = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:.0f}' role='img' {FONT}>"
    return "\n".join([opening, "<rect width='100%' height='100%' fill='#ffffff'/>", *parts, "</svg>"]) + "\n"
