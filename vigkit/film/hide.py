"""Hides who is in a moment: the whole picture in coarse cells, or boxes that a person drew round faces.

Nobody is searched for. A box is shown only between two key moments that lie close together; in every other
picture the whole frame is hidden. ffmpeg encodes the hidden pixels alone: the others never reach the file.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from vigkit.cycle import Cover, Key
from vigkit.errors import BadUsage, FilmChanged, FilmUnreadable, MomentOutsideFilm, clock, listed, on_disk
from vigkit.film import ffmpeg
from vigkit.film.cut import ROUNDED, Span, opened_at, packed, pictures, span
from vigkit.film.probe import Probe, stamp

if TYPE_CHECKING:
    from PIL.Image import Image

WAYS = ("blur", "mosaic", "box")
WORDS = (
    "Hiding a face helps, and it is not a promise. "
    "People may still be known by voice, clothes, place or the way they move. "
    "Look at every picture of the sheet before you show it."
)
LARGER = 1.15  # of the largest box that was drawn: hands and eyes are not exact
APART = 1.0  # seconds between two key moments; in more than that a face goes its own way
MOST, MOVES = 48, 8  # pictures on a sheet, and how many of them where a box moves most
_CLOSE = 0.002  # seconds: times are stored with three decimals, and those of a film are rounded too
_DARK = "0x303030"
# What a process may be given in one word; Windows counts the whole line.
_ROOM = 30_000 if os.name == "nt" else 120_000
# Half pixels of colour would let a line of the face stand at the edge of a box.
_EVEN = "format=yuv420p,crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
# The colour has half as many cells. With as many as the light it is smoother, and cheeks can be made out.
_DOWN = "flags=area+accurate_rnd+bitexact,format=yuv420p"
_UP = "flags=bicubic+accurate_rnd+bitexact,format=yuv420p"
# Square cells, 16 along the width and 9 along the height at most: a face as high as the picture gets 9.
_CELLS = f"scale=w='clip(round(9*dar),1,16)':h='clip(round(16/dar),1,9)':{_DOWN}"
_WHOLE = f"split[vk_all][vk_size];[vk_all]{_CELLS}[vk_small];[vk_small][vk_size]scale=rw:rh:{_UP}"

_SIDES = ("at", "x", "y", "width", "height")

Spans = list[tuple[float, float]]


def look(way: str, covers: Sequence[Cover], start: float, length: float) -> str:
    """The filter that hides a clip of `length` seconds whose first picture is that of `start` on the film.

    A box counts between two of its keys that are at most a second apart. Where one of the covers does not
    count, and where there is none, the whole picture is hidden. `clip_look` knows the film and is exact.
    """
    if way not in WAYS:
        raise BadUsage(f"There is no way to hide called {way}. Choose {listed(WAYS, 'or')}.")
    shown = [] if way == "blur" else _all_count(covers, start, length)
    if not shown:
        return f"{_EVEN},{_WHOLE}"
    when = _sum([f"between(t,{_number(a - start)},{_number(b - start)})" for a, b in shown])
    # The hidden picture is the ground, and the one with the boxes is laid over it: what no rule
    # provides for stays hidden.
    words = (
        f"{_EVEN},split=3[vk_0][vk_hide][vk_from];[vk_hide]{_WHOLE}[vk_hidden];"
        f"{_boxes(way, covers, start, length)}"
        f"[vk_hidden][vk_{len(covers)}]overlay=0:0:enable='{when}'"
    )
    if len(words) > _ROOM:
        raise BadUsage("The boxes have more key moments than one clip can take. Choose a shorter moment.")
    return words


def clip_look(way: str, covers: Sequence[Cover], probe: Probe, start: float, end: float) -> str:
    """The `look` of what `cut` makes from `start` to `end`; with `end` = `start` that of a still."""
    where = span(probe, start, end)
    begins = where.seek + where.hold
    # the first picture stands at the very start of a clip, wherever it began
    times = {probe.showing(start): begins}
    placed = [replace(cover, keys=tuple(_on_pictures(cover, probe, times))) for cover in covers]
    return look(way, placed, begins, where.length)


def sheet_times(start: float, end: float, covers: Sequence[Cover] = ()) -> list[float]:
    """When to look at a moment: both ends, every half second, and midway where a box moves most.

    >>> sheet_times(12.4, 13.9), len(sheet_times(0, 600))
    ([12.4, 12.9, 13.4, 13.9], 40)
    """
    step = max(0.5, (end - start) / (MOST - MOVES - 1))
    even = (start + n * step for n in range(math.ceil((end - start) / step - 1e-6)))
    moves = [
        (math.hypot(_across(b) - _across(a), _along(b) - _along(a)), (a.at + b.at) / 2)
        for cover in covers
        for a, b in pairwise(_in_order(cover))
        if start < (a.at + b.at) / 2 < end and b.at - a.at <= APART + _CLOSE
    ]
    most = (at for moved, at in sorted(moves, reverse=True)[: MOVES - 1] if moved)
    return sorted({round(t, 3) for t in (*even, *most, end)})


def contact_sheet(
    film: Path, probe: Probe, start: float, end: float, way: str, covers: Sequence[Cover], *, width: int = 320
) -> Image:
    """Pictures of a moment as its clip will show them, side by side, to look at before it is kept."""
    if not 0 <= start < end <= probe.seconds + ROUNDED:
        raise MomentOutsideFilm(start, end, probe.name, probe.seconds)
    before = stamp(film, probe.name)
    where, first = span(probe, start, end), probe.showing(start)
    wanted = {probe.showing(t) - first for t in sheet_times(start, end, covers)}
    numbers = sorted({min(n, where.pictures - 1) for n in wanted})
    across = min(width, probe.width)
    size = (across, max(round(probe.height * across / probe.width), 1))
    words = clip_look(way, covers, probe, start, end)
    seen = _seen(film, probe, where, words, numbers, size)
    if len(seen) < len(numbers):
        # as cut does: a film that cannot be opened at the place is read from its start
        whole = replace(where, lead=probe.seconds)
        seen = max(seen, _seen(film, probe, whole, words, numbers, size), key=len)
    if stamp(film, probe.name) != before:
        raise FilmChanged(probe.name)
    if not seen:
        raise FilmUnreadable(probe.name, f"No picture can be read at {clock(start)}")
    times = (max(probe.times[first + n], start) for n in numbers)
    return sheet([(clock(round(t, 2)), picture) for t, picture in zip(times, seen, strict=False)])


def _seen(
    film: Path, probe: Probe, where: Span, look: str, numbers: Sequence[int], size: tuple[int, int]
) -> list[Image]:
    """The pictures of a clip with these numbers, all in one run; fewer where the film gives no more."""
    from PIL import Image

    chosen = f"select='{_sum([f'eq(n,{n})' for n in numbers])}',scale={size[0]}:{size[1]}:flags=area"
    words = ["-v", "error", *opened_at(film, probe, where), "-t", ffmpeg.seconds(where.length)]
    words += ["-map", "0:V:0", "-vf", f"{pictures(probe, where, look)},{chosen}", "-fps_mode", "passthrough"]
    seen = []
    raw = ["-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"]
    # where it gives up there is no picture more: they are counted
    with contextlib.suppress(ffmpeg.FfmpegStopped), ffmpeg.running([*words, *raw]) as run:
        while len(pixels := run.out.read(size[0] * size[1] * 3)) == size[0] * size[1] * 3:
            run.step()
            seen.append(Image.frombytes("RGB", size, pixels))
    return seen


def sheet(pictures: Sequence[tuple[str, Image]], columns: int = 4) -> Image:
    """Pictures side by side, each with a few words under it."""
    from PIL import Image, ImageDraw, ImageFont

    gap, line = 8, 24
    wide = max(picture.width for _, picture in pictures) + gap
    high = max(picture.height for _, picture in pictures) + line + gap
    columns = min(columns, len(pictures))
    page = Image.new("RGB", (gap + columns * wide, gap + math.ceil(len(pictures) / columns) * high), "white")
    draw = ImageDraw.Draw(page)
    for number, (words, picture) in enumerate(pictures):
        left, top = gap + number % columns * wide, gap + number // columns * high
        page.paste(picture, (left, top))
        draw.text((left, top + picture.height + 3), words, "black", ImageFont.load_default(16))
    return page


def write_sheets(sheets: Sequence[Image], out: Path, film: Path) -> None:
    """Write contact sheets below one another, as .png if the name says so and else as JPEG."""
    from PIL import Image

    size = (max(each.width for each in sheets), sum(each.height for each in sheets))
    page, top = Image.new("RGB", size, "white"), 0
    for each in sheets:
        page.paste(each, (0, top))
        top += each.height
    kind = "PNG" if out.suffix.lower() == ".png" else "JPEG"
    with ffmpeg.part_file(out, film) as part, on_disk(out):
        part.write_bytes(packed(page, kind, 85))


def _boxes(way: str, covers: Sequence[Cover], start: float, length: float) -> str:
    """The filters that take boxes out of [vk_from] and lay them over [vk_0], one after the other."""
    # All from one split: one inside the other doubles ffmpeg's work with each box. The larger lies above
    # the smaller, for its cells are larger too.
    in_turn = sorted(covers, key=lambda cover: math.prod(_largest(_in_order(cover))))
    words = f"[vk_from]split={len(covers)}{''.join(f'[vk_a{n}]' for n in range(len(covers)))};"
    for n, cover in enumerate(in_turn):
        keys = _in_order(cover)
        wide, high = _largest(keys)
        near = _near(keys, start, length)
        x = _evenly([(k.at - start, _across(k)) for k in near])
        y = _evenly([(k.at - start, _along(k)) for k in near])
        size = f"w='{_size('iw', wide)}':h='{_size('ih', high)}'"
        if way == "box":
            made = f"crop={size}:x=0:y=0,drawbox=color={_DARK}:thickness=fill"
        else:
            made = (
                f"crop={size}:x='{_place('iw', 'ow', x)}':y='{_place('ih', 'oh', y)}',"
                f"split[vk_b{n}][vk_c{n}];[vk_b{n}]scale=4:4:{_DOWN}[vk_d{n}];[vk_d{n}][vk_c{n}]scale=rw:rh:{_UP}"
            )
        laid = f"overlay=x='{_place('W', 'w', x)}':y='{_place('H', 'h', y)}'"
        words += f"[vk_a{n}]{made}[vk_e{n}];[vk_{n}][vk_e{n}]{laid}[vk_{n + 1}];"
    return words


def _largest(keys: Sequence[Key]) -> tuple[float, float]:
    """The size of a box that covers as much as the largest that was drawn, and some more."""
    wide, high = (max(getattr(key, side) for key in keys) for side in ("width", "height"))
    return min(LARGER * wide, 2.0), min(LARGER * high, 2.0)


def _size(whole: str, share: float) -> str:
    """The pixels of a box along one side: even, and four more, for its place is rounded down to even too."""
    return f"min({whole},2*ceil({whole}*{_number(share)}/2)+4)"


def _place(whole: str, part: str, middle: str) -> str:
    """Where a box begins whose middle lies there: inside the picture, on an even pixel."""
    return f"clip(2*floor(({whole}*{middle}-{part}/2)/2),0,{whole}-{part})"


def _sum(terms: Sequence[str]) -> str:
    """Many terms added up in pairs, for ffmpeg takes no more than 100 in a row.

    >>> _sum(["a", "b", "c"])
    '(a+(b+c))'
    """
    if len(terms) == 1:
        return terms[0]
    return f"({_sum(terms[: len(terms) // 2])}+{_sum(terms[len(terms) // 2 :])})"


def _evenly(points: Sequence[tuple[float, float]]) -> str:
    """A value over `t`, straight from point to point, as a tree: ffmpeg takes no depth over 100.

    >>> _evenly([(0, 0.5), (1, 0.25)])
    'if(lt(t,1),if(lt(t,0),0.5,(0.5-0.25*(t-(0)))),0.25)'
    """
    ends = [(points[0][0] - 1, points[0][1]), *points, (points[-1][0] + 1, points[-1][1])]
    return _tree(ends)


def _tree(points: Sequence[tuple[float, float]]) -> str:
    if len(points) > 2:
        middle = len(points) // 2
        before, after = _tree(points[: middle + 1]), _tree(points[middle:])
        return f"if(lt(t,{_number(points[middle][0])}),{before},{after})"
    (t0, v0), (t1, v1) = points
    slope = _number((v1 - v0) / (t1 - t0))
    if slope in ("0", "-0"):
        return _number(v0)
    sign = "" if slope[0] == "-" else "+"
    return f"({_number(v0)}{sign}{slope}*(t-({_number(t0)})))"


def _all_count(covers: Sequence[Cover], start: float, length: float) -> Spans:
    """When every cover counts, as far as the clip reaches."""
    shown = [(start - 1, start + length + 1)] if covers else []
    for cover in covers:
        shown = [(max(a, c), min(b, d)) for a, b in shown for c, d in _counts(cover) if max(a, c) < min(b, d)]
    return shown


def _counts(cover: Cover) -> Spans:
    """When a cover lies between two keys that are close together."""
    spans: Spans = []
    for a, b in pairwise(_in_order(cover)):
        if b.at - a.at > APART + _CLOSE:
            continue
        if spans and spans[-1][1] > a.at:
            spans[-1] = (spans[-1][0], b.at + _CLOSE)
        else:
            spans.append((a.at - _CLOSE, b.at + _CLOSE))
    return spans


def _in_order(cover: Cover) -> list[Key]:
    """The keys by their time, one for each thousandth of a second."""
    return [key for _, key in sorted({round(key.at, 3): key for key in cover.keys}.items())]


def _near(keys: Sequence[Key], start: float, length: float) -> Sequence[Key]:
    """The keys that a clip needs: those inside it, and one at each side."""
    first = max((n for n, key in enumerate(keys) if key.at <= start), default=0)
    last = min((n for n, key in enumerate(keys) if key.at >= start + length), default=len(keys) - 1)
    return keys[first : last + 1]


def _on_pictures(cover: Cover, probe: Probe, times: Mapping[int, float]) -> list[Key]:
    """The keys at the times of the pictures they were drawn on; `times` tells those that are moved."""
    found: list[Key] = []
    before = -math.inf
    for key in _in_order(cover):
        led = key.at - before <= APART + _CLOSE
        before = key.at
        # A time is stored with three decimals. Where nothing leads to a key, the picture before counts too.
        pictures = {probe.showing(key.at + ROUNDED)} | (set() if led else {probe.showing(key.at)})
        for number in sorted(pictures):
            placed = replace(key, at=times.get(number, probe.times[number]))
            if found and placed.at <= found[-1].at:
                found.pop()  # drawn once more on the same picture
            elif led:
                found += _bridge(found[-1], placed)
            found.append(placed)
    return found


def _bridge(a: Key, b: Key) -> list[Key]:
    """Keys on the straight way between two, where their pictures lie further apart than their times."""
    steps = math.ceil((b.at - a.at) / APART - _CLOSE)
    shares = (n / steps for n in range(1, steps))
    return [
        Key(**{side: (1 - s) * getattr(a, side) + s * getattr(b, side) for side in _SIDES}) for s in shares
    ]


def _across(key: Key) -> float:
    # beyond this a box is so large that it covers the picture wherever its middle lies
    return min(max(key.x + key.width / 2, -9.0), 9.0)


def _along(key: Key) -> float:
    return min(max(key.y + key.height / 2, -9.0), 9.0)


def _number(value: float) -> str:
    """A number that ffmpeg reads in the same way everywhere.

    >>> _number(0.5), _number(12.0), _number(1 / 3)
    ('0.5', '12', '0.33333')
    """
    return f"{value:.5f}".rstrip("0").rstrip(".")
