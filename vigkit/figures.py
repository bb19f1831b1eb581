"""Pictures from plain data: SVG text by pure functions, for a page and for paper.

Across, all positions are shares of the width, so that the letters keep their size on a phone and on A4.
How wide a letter is nobody can know: a label stands above its own line, and crowded numbers take a row more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from vigkit.cycle import Moment
from vigkit.errors import clock, listed
from vigkit.records import Extra, Ordinal, Scale, Seconds

INK = "#212b32"
QUIET = "#4c6272"
RULE = "#d8dde0"
# Distinct for every kind of colour vision and 3 : 1 on white; none survives grey, hence a labelled lane each.
COLOURS = {1: "#0e51a0", 2: "#c68313", 3: "#824005", 4: "#3295e9", 5: "#303030", 6: "#848484"}
WARM = COLOURS[2]  # of marked moments where all of them have one colour
HIGHEST, NEXT_ROW = 34, 14  # pixels: the highest hill, and from one row of hills to the next
GLOW = 0.1  # of 1: so much a marked moment shines where nothing moved
MOST_NUMBERS = 12  # moments with a number in the hills, and a frame in the block: more would hide them
FACTS = ("Moment", "When", "Principles", "In my words")
# Which corners make the faces of a bar, and of a flat stroke.
_BAR = (
    *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
    *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
)
_STROKE = ((0, 1, 3), (0, 3, 2))
# Left, foot, width and height of the strokes of a digital clock, and which of them make a letter.
_STROKES = {
    "top": (0.0, 0.031, 0.038, 0.007),
    "middle": (0.0, -0.0035, 0.038, 0.007),
    "foot": (0.0, -0.038, 0.038, 0.007),
    "left": (0.0, 0.0, 0.007, 0.038),
    "right": (0.031, 0.0, 0.007, 0.038),
    "low left": (0.0, -0.038, 0.007, 0.038),
    "low right": (0.031, -0.038, 0.007, 0.038),
    "point": (0.015, 0.014, 0.009, 0.009),
    "low point": (0.015, -0.023, 0.009, 0.009),
}
_LETTERS = {
    "0": ("top", "foot", "left", "right", "low left", "low right"),
    "1": ("right", "low right"),
    "2": ("top", "right", "middle", "low left", "foot"),
    "3": ("top", "right", "middle", "low right", "foot"),
    "4": ("left", "right", "middle", "low right"),
    "5": ("top", "left", "middle", "low right", "foot"),
    "6": ("top", "left", "middle", "low left", "low right", "foot"),
    "7": ("top", "right", "low right"),
    "8": ("top", "left", "right", "middle", "low left", "low right", "foot"),
    "9": ("top", "left", "right", "middle", "low right", "foot"),
    ":": ("point", "low point"),
}
# The narrowest page in mind, in pixels: what has room there has room everywhere.
NARROW = 340


Sign = tuple[str, tuple[float, float, float]]  # words, and where they stand


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """From where one looks at the block: x to the right of the picture, y up, z on in time.

    `numbers` and `times` say at which x and y they stand, `more` how much farther where two would touch, and
    `aside` how far they are spread where all of them stand behind each other.
    """

    eye: tuple[float, float, float]
    numbers: tuple[float, float] = (0.0, 1.3)
    times: tuple[float, float] = (0.0, -0.25)
    more: tuple[float, float] = (0.0, 0.32)
    aside: float = 0.0


VIEWS = {
    "From the side": View(eye=(-1.3, 0.55, 0.5)),
    "From above": View(eye=(-0.3, 1.4, 0.0), numbers=(1.12, 1.0), times=(-0.12, 1.0), more=(0.2, 0.0)),
    "As the camera saw it": View(eye=(0.0, 0.15, 1.5), more=(0.0, 0.0), aside=0.85),
}


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


def hills(
    rows: Sequence[Sequence[float]], seconds: float, marks: Sequence[Mark], label: str = "The film over time"
) -> str:
    """Where something moved: a row of hills for each band of the picture, from 0 to 1, and the moments.

    The bands come from left to right and are drawn as one sees them from above: the left one is in front.

    There is no scale at the side: it shows when and where, and never how much.
    """
    length = max(seconds, 0.001)
    first_numbers = sorted(marks, key=lambda m: m.number)[:MOST_NUMBERS]
    own = sorted(first_numbers, key=lambda m: (m.start, m.number))
    numbers = _rows(own, length)
    top = 8 + 17 * (max((row for _, row in numbers), default=-1) + 1)
    first = top + 20 + HIGHEST + NEXT_ROW - 2
    foot = first + NEXT_ROW * (len(rows) - 1) + 6
    parts = [_land(rows[::-1], top + 20)]
    for m in marks:
        x, width = _stretch(m, length)
        title = escape(f"Moment {m.number}, {clock(m.start)} to {clock(m.end)}, {m.lane}")
        parts.append(
            f'<rect x="{x:.2f}%" y="{top:g}" width="{width:.2f}%" height="{foot - top}" fill="{WARM}"'
            f' fill-opacity="0.22"><title>{title}</title></rect>'
        )
    parts += [
        _text(x, top - 5 - 17 * row, f"{m.number}", "middle")
        for (x, row), m in zip(numbers, own, strict=True)
    ]
    parts.append(_text(0, first - 6, "right of the picture", "start", QUIET))
    parts.append(_text(0, foot + 16, "left of the picture", "start", QUIET))
    for x, anchor, at in ((0.0, "start", 0.0), (50.0, "middle", length / 2), (100.0, "end", length)):
        parts.append(_text(x, foot + 36, clock(round(at)), anchor, QUIET))
    return _svg(foot + 42, label, parts)


def space(movement: bytes, shape: tuple[int, int, int], seconds: float, marks: Sequence[Mark]) -> Any:
    """The film as a block of time that one can turn: an ipyvolume Figure; importing it takes seconds.

    `movement` has a byte for each place, by slices, rows and columns, as `shape` counts them. Time runs to
    the right and towards the viewer. The moments glow in another colour, in frames with their numbers.
    """
    import warnings

    with warnings.catch_warnings():  # of libraries that it draws in: nobody here can put them right
        warnings.simplefilter("ignore")
        import ipyvolume
        import numpy as np

        block = np.frombuffer(movement, np.uint8).reshape(shape)[:, ::-1] / 255
        if len(block) == 1:  # a film of one picture: ipyvolume needs a slope
            block = np.repeat(block, 2, axis=0)
        edges = np.linspace(0, seconds, len(block) + 1)
        inside = np.zeros(len(block), bool)
        for m in marks:
            inside |= (edges[:-1] < m.end) & (edges[1:] > m.start)
        size = np.array(_box(shape))
        numbered = sorted(marks, key=lambda m: m.number)[:MOST_NUMBERS]
        figure = ipyvolume.Figure(
            width=640,
            height=400,
            box_size=size.tolist(),
            volumes=[_cloud(block, inside)],
            meshes=[
                # signs for each view: only those that face the viewer can be seen
                *(
                    _mesh(_signs(_placed(numbered, seconds, v), v.eye, size), _STROKE, INK)
                    for v in VIEWS.values()
                ),
                *([_mesh(_frames(numbered, seconds, size), _BAR, WARM)] if numbered else []),
            ],
            style={
                "background-color": "white",
                "box": {"visible": True},
                "axes": {"visible": False, "color": RULE},
            },
        )
        look_from(figure, next(iter(VIEWS)))
    return figure


def look_from(figure: Any, view: str) -> None:
    """Turn a block so that it is seen from one of VIEWS."""
    for name, signs in zip(VIEWS, figure.meshes, strict=False):
        signs.visible = name == view
    eye = VIEWS[view].eye
    with figure.camera.hold_sync():
        figure.camera.position = eye
        figure.camera.quaternion = _upright(eye)  # or it stays as askew as a hand has left it


def _upright(eye: tuple[float, float, float]) -> tuple[float, float, float, float]:
    """How a camera is turned that looks from here to the middle, as a quaternion x, y, z, w."""
    right, up, back = _sides(eye)
    w = (1 + right[0] + up[1] + back[2]) ** 0.5 / 2
    turned = (up[2] - back[1], back[0] - right[2], right[1] - up[0])
    x, y, z = (float(each / (4 * w)) for each in turned)
    return x, y, z, float(w)


def _sides(eye: tuple[float, float, float]) -> tuple[Any, Any, Any]:
    """What lies to the right, up and back for who looks from here to the middle, each of length 1."""
    import numpy as np

    back = np.array(eye) / np.linalg.norm(eye)
    right = np.cross([0, 1, 0], back)
    right = right / np.linalg.norm(right)
    return right, np.cross(back, right), back


def _box(shape: tuple[int, int, int]) -> tuple[float, float, float]:
    """Width, height and depth of the block: the shape of the picture, and time as the longest side."""
    _, height, width = shape
    return 0.5 * width / max(width, height), 0.5 * height / max(width, height), 1.0


def _cloud(block: Any, inside: Any) -> Any:
    """What moved as a cloud: in marked moments, which are true in `inside`, of another colour.

    A half is nothing, less is movement, more is movement in a moment: from one place to the next the colour
    never goes by way of the other. (Two clouds in one box hide each other.)
    """
    import ipyvolume
    import numpy as np

    soft = _finer(_finer(block**0.45, 1), 2)
    # a film full of movement is no solid body, and a quiet one no empty box
    thick = float(np.clip(0.006 / max(soft.mean(), 1e-6), 0.02, 0.3))
    values = np.where(inside[:, None, None], 0.5 + np.maximum(soft, GLOW) / 2, 0.5 - soft / 2)
    # nowhere quite flat: ipyvolume divides by the slope
    values = values + np.linspace(0, 1e-3, len(values))[:, None, None]
    much = np.linspace(-1, 1, 256)
    rgba = np.zeros((256, 4))
    for side, colour in ((much < 0, COLOURS[1]), (much > 0, WARM)):
        rgba[side, :3] = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    rgba[:, 3] = np.where(abs(much) > 1.5 * GLOW, thick * abs(much), 0)
    rgba[(much > GLOW / 2) & (much <= 1.5 * GLOW), 3] = 0.01
    return ipyvolume.Volume(
        data_original=values,
        data_max_shape=256,
        data_max=1.001,
        show_max=1.001,
        extent_original=[[0, 1], [0, 1], [0, 1]],
        tf=ipyvolume.TransferFunction(rgba=rgba),
        lighting=False,
        brightness=1.6,  # it adds up the thickness, and forgets a part of the light
    )


def _finer(values: Any, axis: int) -> Any:
    """Four values for each along one axis, so that a cloud has no steps."""
    import numpy as np

    here = np.arange(values.shape[axis]) + 0.5
    there = (np.arange(4 * values.shape[axis]) + 0.5) / 4
    return np.apply_along_axis(lambda line: np.interp(there, here, line), axis, values)


def _frames(marks: Sequence[Mark], seconds: float, size: Any) -> Any:
    """The corners of thin bars that frame each moment, eight for a bar, from 0 to 1 each way."""
    import numpy as np

    ends = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    thin = 0.006 / size
    bars = []
    for m in marks:
        low, high = np.array([0, 0, m.start / seconds]), np.array([1, 1, min(m.end / seconds, 1)])
        for axis in range(3):
            along = np.eye(3)[axis]
            for corner in ends[ends[:, axis] == 0]:
                begin = low + (high - low) * corner
                bars.append(begin + (ends - 0.5) * thin + ends * along * (high - low))
    return np.concatenate(bars)


def _placed(marks: Sequence[Mark], seconds: float, view: View) -> list[Sign]:
    """The numbers of moments and where time begins and ends, each in its place."""
    signs: list[Sign] = []
    taken: list[float] = []  # where the last number of each row stands
    for n, m in enumerate(sorted(marks, key=lambda m: (m.start, m.number))):
        when = min((m.start + m.end) / 2 / seconds, 1.0)
        row = next((k for k, last in enumerate(taken) if when - last > 0.08), len(taken))
        taken[row : row + 1] = [when]
        x = view.numbers[0] + row * view.more[0] + view.aside * (n + 0.5) / len(marks)
        signs.append((f"{m.number}", (x, view.numbers[1] + row * view.more[1], when)))
    return [*signs, (clock(0), (*view.times, 0.0)), (clock(round(seconds)), (*view.times, 1.0))]


def _signs(signs: Sequence[Sign], eye: tuple[float, float, float], size: Any) -> Any:
    """The corners of the strokes of numbers, four for a stroke, turned to who looks from `eye`.

    Numbers are drawn with strokes as on a digital clock: a texture would bring a grey board with it.
    """
    import numpy as np

    right, up, _ = _sides(eye)
    strokes: list[Any] = []
    for words, middle in signs:
        for n, letter in enumerate(words):
            left = (n - len(words) / 2) * 0.055
            for x, y, wide, high in (_STROKES[s] for s in _LETTERS[letter]):
                corners = [(x, y), (x + wide, y), (x, y + high), (x + wide, y + high)]
                strokes.append([middle + ((left + a) * right + b * up) / size for a, b in corners])
    return np.concatenate(strokes)


def _mesh(corners: Any, faces: Sequence[tuple[int, int, int]], colour: str) -> Any:
    """Bodies in one colour that all have the same faces."""
    import ipyvolume
    import numpy as np

    each = max(map(max, faces)) + 1
    x, y, z = corners.T
    triangles = np.concatenate([np.array(faces) + each * n for n in range(len(corners) // each)])
    return ipyvolume.Mesh(x=x, y=y, z=z, triangles=triangles.astype(np.uint32), color=colour)


def facts(moments: Sequence[tuple[int, Moment]], labels: Mapping[str, str]) -> list[tuple[str, ...]]:
    """What a picture of moments shows, for a table below FACTS: how much moved is no part of it."""
    return [
        (
            f"{number}",
            stretch(m.start, m.end),
            listed([labels.get(each, each) for each in m.principles]) or "Not answered yet",
            m.better or m.saw or m.why or "Not answered yet",
        )
        for number, m in moments
    ]


def stretch(start: float, end: float) -> str:
    """From when to when, in whole seconds; what is shorter as it is.

    >>> stretch(12.4, 19), stretch(0.2, 0.4)
    ('0:12 to 0:19', '0:00.2 to 0:00.4')
    """
    if round(start) == round(end):
        return f"{clock(round(start, 1))} to {clock(round(end, 1))}"
    return f"{clock(round(start))} to {clock(round(end))}"


def _land(rows: Sequence[Sequence[float]], y: float) -> str:
    """The hills, near rows before the farther ones; as wide as the page, with lines as thin as elsewhere."""
    wide = max(map(len, rows), default=1)
    high = HIGHEST + NEXT_ROW * len(rows)
    drawn = []
    for n, row in enumerate(rows, start=1):
        ground = HIGHEST + NEXT_ROW * n - 2
        points = "".join(f"L{x + 0.5:g} {ground - HIGHEST * v:.1f}" for x, v in enumerate(_soft(row)))
        drawn.append(
            f'<path d="M0 {ground:g}{points}L{wide} {ground:g}" vector-effect="non-scaling-stroke"/>'
        )
    look = f'fill="#e8eff7" stroke="{COLOURS[1]}" stroke-width="1.5" stroke-linejoin="round"'
    size = f'width="100%" height="{high}" viewBox="0 0 {wide} {high}" preserveAspectRatio="none"'
    return "\n".join([f'<svg y="{y:g}" {size}><g {look}>', *drawn, "</g></svg>"])


def _soft(row: Sequence[float]) -> list[float]:
    """A row of hills without spikes, and with small ones still to be seen."""
    padded = [0.0, *row, 0.0]
    return [((a + 2 * b + c) / 4) ** 0.6 for a, b, c in zip(padded, padded[1:], padded[2:], strict=False)]


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


def _text(x: float, y: float, words: str, anchor: str, colour: str = INK) -> str:
    # The white edge keeps a number readable where a line passes behind it.
    edge = ' stroke="#fff" stroke-width="4" paint-order="stroke" stroke-linejoin="round"'
    return f'<text x="{x:.5g}%" y="{y:g}" text-anchor="{anchor}" fill="{colour}"{edge}>{escape(words)}</text>'


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    size = f'width="100%" height="{height:g}" font-size="14" overflow="visible"'
    head = f'<svg role="img" aria-label="{escape(label)}" {size}>'
    return "\n".join([head, *parts, "</svg>"])
