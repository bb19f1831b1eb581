"""Pictures from plain data: SVG text by pure functions, for a page and for paper.

Across, all positions are shares of the width, so that the letters keep their size on a phone and on A4.
How wide a letter is nobody can know: a label stands above its own line, and crowded numbers take a row more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from vigkit.errors import clock
from vigkit.records import Extra, Ordinal, Scale, Seconds

QUIET = "#4c6272"
RULE = "#d8dde0"
# Distinct for every kind of colour vision and 3 : 1 on white; none survives grey, hence a labelled lane each.
COLOURS = {1: "#0e51a0", 2: "#c68313", 3: "#824005", 4: "#3295e9", 5: "#303030", 6: "#848484"}
# The narrowest page in mind, in pixels: what has room there has room everywhere.
NARROW = 340


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment in a lane: `number` as in the list, `group` orders and colours the lanes."""

    number: Ordinal
    start: Seconds
    end: Seconds
    lane: str
    group: Ordinal
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A rating: `tick` is the short label below the line, `label` the whole one."""

    now: Scale
    label: str
    tick: str
    extra: Extra = ()


def timeline(seconds: float, marks: Sequence[Mark], label: str = "Where the moments are") -> str:
    """The moments on a film, a lane for each group of principles."""
    length = max(seconds, *(m.end for m in marks), 0.001) if marks else max(seconds, 0.001)
    parts: list[str] = []
    y = 0
    for group, lane in sorted({(m.group, m.lane) for m in marks}):
        own = sorted(
            (m for m in marks if (m.group, m.lane) == (group, lane)), key=lambda m: (m.start, m.number)
        )
        drawn, y = _lane(lane, COLOURS.get(group, QUIET), own, length, y)
        parts += drawn
    for x, anchor, at in ((0.0, "start", 0.0), (50.0, "middle", length / 2), (100.0, "end", length)):
        parts.append(_text(x, y + 14, clock(round(at)), anchor, QUIET))
    return _svg(y + 20, label, parts)


def goal_line(
    points: Sequence[Point], hoped: float | None = None, label: str = "Ratings from 0 to 10"
) -> str:
    """A person's own ratings of one goal, and quietly what they hope for."""
    left, right = 8.0, 70.0
    step = (right - left) / max(len(points) - 1, 1)
    dots = [(left + n * step, _height(p.now), p) for n, p in enumerate(points)]
    parts = [_line(6, right + 2, _height(end), RULE) for end in (0, 10)]
    parts += [_text(0, _height(end) + 5, f"{end}", "start", QUIET) for end in (0, 10)]
    if hoped is not None:
        y = _height(hoped)
        parts.append(_line(6, right + 2, y, QUIET, ' stroke-dasharray="2 5"'))
        parts.append(_text(100, y + 5, f"hoped for {hoped:g}", "end", QUIET))
    for (x, y, _), (next_x, next_y, _) in pairwise(dots):
        parts.append(
            f'<line x1="{x:.2f}%" y1="{y:g}" x2="{next_x:.2f}%" y2="{next_y:g}"'
            ' stroke="#0e51a0" stroke-width="2"/>'
        )
    for x, y, p in dots:
        title = escape(f"{p.label}: {p.now:g} of 10")
        parts.append(
            f'<circle cx="{x:.2f}%" cy="{y:g}" r="4.5" fill="#0e51a0"><title>{title}</title></circle>'
        )
    parts += [_text(x, y - 10, f"{p.now:g}", "middle") for x, y, p in _with_room(dots)]
    ends = [(dots[0], "start"), (dots[-1], "end")][: len(dots)] if dots else []
    parts += [_text(x, 122, _short(p.tick, 18), anchor, QUIET) for (x, _, p), anchor in ends]
    return _svg(128, label, parts)


def _lane(label: str, colour: str, marks: Sequence[Mark], seconds: float, y: int) -> tuple[list[str], int]:
    rows = _rows(marks, seconds)
    top = y + 21 + 17 * (max(row for _, row in rows) + 1)
    parts = [_text(0, y + 14, _short(label, 46), "start", QUIET), _line(0, 100, top + 5, RULE)]
    for m in marks:
        x, width = _stretch(m, seconds)
        title = escape(f"Moment {m.number}, {clock(m.start)} to {clock(m.end)}, {label}")
        parts.append(
            f'<rect x="{x:.2f}%" y="{top}" width="{width:.2f}%" height="10" rx="2" fill="{colour}"'
            f' stroke="#fff"><title>{title}</title></rect>'
        )
    parts += [
        _text(x, top - 5 - 17 * row, f"{m.number}", "middle") for (x, row), m in zip(rows, marks, strict=True)
    ]
    return parts, top + 26


def _stretch(m: Mark, seconds: float) -> tuple[float, float]:
    """Where a moment begins and how wide it is; the shortest one can still be seen."""
    width = min(max(100 * (m.end - m.start) / seconds, 0.9), 100.0)
    return min(100 * m.start / seconds, 100 - width), width


def _rows(marks: Sequence[Mark], seconds: float) -> list[tuple[float, int]]:
    """Where each number stands and in which row, so that no two touch."""
    taken: list[float] = []
    places = []
    for m in marks:
        x, width = _stretch(m, seconds)
        half = 50 * (9 * len(f"{m.number}") + 6) / NARROW
        middle = min(max(x + width / 2, half), 100 - half)
        row = next((n for n, end in enumerate(taken) if end <= middle - half), len(taken))
        taken[row : row + 1] = [middle + half]
        places.append((middle, row))
    return places


def _with_room(dots: Sequence[tuple[float, float, Point]]) -> list[tuple[float, float, Point]]:
    """The dots whose numbers do not touch: the last one always, the others where there is room."""
    kept: list[tuple[float, float, Point]] = []
    for dot in reversed(dots):
        if not kept or (kept[-1][0] - dot[0]) * NARROW / 100 >= 26:
            kept.append(dot)
    return kept[::-1]


def _height(value: float) -> float:
    return 98 - 7.2 * value


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _line(x1: float, x2: float, y: float, colour: str, more: str = "") -> str:
    return f'<line x1="{x1:g}%" y1="{y:g}" x2="{x2:g}%" y2="{y:g}" stroke="{colour}"{more}/>'


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#212b32") -> str:
    # The white edge keeps a number readable where a line passes behind it.
    edge = ' stroke="#fff" stroke-width="4" paint-order="stroke" stroke-linejoin="round"'
    return f'<text x="{x:.5g}%" y="{y:g}" text-anchor="{anchor}" fill="{colour}"{edge}>{escape(words)}</text>'


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    size = f'width="100%" height="{height:g}" font-size="14" overflow="visible"'
    head = f'<svg role="img" aria-label="{escape(label)}" {size}>'
    return "\n".join([head, *parts, "</svg>"])
