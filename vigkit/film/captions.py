"""Words as pictures: a card with a title, and a caption in a band, with letters that ride along.

The letters are placed one after the other by Pillow's own plain layout. Words that run from right to left are
joined and put in order here, so that the same picture comes out on systems that have no library for it.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

Colour = tuple[int, int, int]
GROUND: Colour = (33, 43, 50)  # behind titles, and beside an upright film
WHITE: Colour = (255, 255, 255)
QUIET: Colour = (201, 209, 214)
_BAND = (*GROUND, 205)  # dark enough for white letters on a white wall
_READ = 2000  # letters: more than any card holds
_MARK = "\u034f"  # a sign without a picture that goes where the letter before it goes
_MIRROR = str.maketrans("()[]{}<>«»‹›≤≥⟨⟩", ")(][}{><»«›‹≥≤⟩⟨")
# South Asian and a few other scripts need a layout that joins and swaps letters: one after the other would be
# wrong words, so they count as letters without a picture.
_NEEDS_MORE = re.compile("[\u0700-\u074f\u07c0-\u085f\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1bff]")


def band(words: str, width: int, *, lines: int = 3) -> Image | None:
    """A caption in white on a dark band as wide as the film; None if there is nothing to show."""
    from PIL import Image, ImageDraw

    size = max(round(width * 0.027), 8)
    text = _Text(words, size, bold=False)
    wrapped = text.wrapped(width - 4 * size, lines)
    if not wrapped:
        return None
    edge = round(size * 0.55)
    picture = Image.new("RGBA", (width, len(wrapped) * text.step + 2 * edge), _BAND)
    text.draw(ImageDraw.Draw(picture), wrapped, width, edge, WHITE)
    return picture


def card(words: str, size: tuple[int, int], small: str = "") -> Image:
    """A calm title card: the words large in the middle, and below them a small line."""
    from PIL import Image, ImageDraw

    width, height = size
    room = round(width * 0.8)
    picture = Image.new("RGB", size, GROUND)
    below = _Text(small, max(round(height * 0.042), 8), bold=False)
    under = below.wrapped(room, 2)
    for share, lines in ((0.088, 4), (0.07, 6), (0.055, 8)):
        title = _Text(words, max(round(height * share), 8), bold=True)
        wrapped = title.wrapped(room, lines)
        if not wrapped or not wrapped[-1].endswith("…"):
            break
    gap = below.step if under and wrapped else 0
    top = (height - len(wrapped) * title.step - gap - len(under) * below.step) // 2
    draw = ImageDraw.Draw(picture)
    title.draw(draw, wrapped, width, top, WHITE)
    below.draw(draw, under, width, top + len(wrapped) * title.step + gap, QUIET)
    return picture


def missing(words: str) -> str:
    """The letters of these words, each once, that have no picture on this computer.

    >>> missing("Où joue-t-elle ? Γιατί; Привет. שלום"), missing("ne\\uf8ff\\uf8ffw")
    ('', '\\uf8ff')
    """
    return "".join(dict.fromkeys(c for c in _plain(words) if not (c == " " or _joins(c) or _has_picture(c))))


class _Text:
    """Words in one size, wrapped by how wide they are and drawn line by line, each in the middle."""

    def __init__(self, words: str, size: int, *, bold: bool) -> None:
        read = _plain(words[:_READ])
        drawn = "".join(c for c in read if c == " " or _joins(c) or _has_picture(c))
        self.words = " ".join(drawn.split()) + ("…" if len(words) > _READ else "")
        self.step = round(size * 1.36)  # from one line to the next
        self._size = size
        self._bold = bold
        self._base = _direction(self.words)

    def wrapped(self, room: int, most: int) -> list[str]:
        """The words in at most so many lines, in the order in which they are read."""
        words = self.words.strip(_JOINERS + " ")
        lines = _wrapped(words, self._wide, room, most + 1)
        if len(lines) > most:
            last = lines[most - 1].rstrip("…")
            here = last[: _longest(last, lambda s: self._wide(f"{s}…") <= room)]
            # whole words, where the line has some
            whole = here if here == last else here.rpartition(" ")[0] or here
            return [*lines[: most - 1], f"{whole.rstrip(' ,;:،؛–-')}…"]
        # as many lines, but about as wide as each other: no word is left alone in the last one
        narrower = (_wrapped(words, self._wide, room * n // 12, most + 1) for n in range(6, 12))
        return next((fewer for fewer in narrower if len(fewer) == len(lines)), lines)

    def draw(self, draw: Any, lines: Sequence[str], width: int, top: int, colour: Colour) -> None:
        """Draw the lines one below the other, the first at `top`."""
        for number, line in enumerate(lines):
            x = (width - self._wide(line)) / 2
            for font, run in self._runs(line):
                # "ls": x and y are where the letters stand, the same for every font
                draw.text((x, top + number * self.step + self._size), run, colour, font, anchor="ls")
                x += font.getlength(run)

    def _wide(self, line: str) -> float:
        return sum(font.getlength(run) for font, run in self._runs(line))

    def _runs(self, line: str) -> Iterator[tuple[FreeTypeFont, str]]:
        seen = [c for c in _seen(line, self._base) if not _joins(c)]
        for path, letters in groupby(seen, lambda c: _font_of(c, self._bold)):
            if path:
                yield _face(path, self._size), "".join(letters)


# Words, in the order in which they are read, and in the order in which they are seen

_JOINERS = "\u200c\u200d\u200e\u200f\u061c"  # no picture of their own; they tell how their neighbours are set


def _joins(letter: str) -> bool:
    return letter in _JOINERS


def _plain(words: str) -> str:
    """Words without what has no picture by its nature, with one blank where there was any room."""
    kept = []
    for letter in unicodedata.normalize("NFC", words):
        kind = unicodedata.category(letter)
        if letter.isspace() or kind in ("Cc", "Zl", "Zp", "Zs"):
            kept.append(" ")
        # signs that turn the order round could make a caption say something else; halves of letters are none
        elif _joins(letter) or (kind not in ("Cf", "Cs", "Cn") and not _is_point(letter, kind)):
            kept.append(letter)
    return " ".join("".join(kept).split())


def _is_point(letter: str, kind: str) -> bool:
    """Hebrew and Arabic points, which print leaves out too, and signs that only choose among pictures."""
    points = "\u0590" <= letter <= "\u08ff" or "\ufe00" <= letter <= "\ufe0f" or letter > "\U000e0000"
    return kind == "Mn" and (points or letter == _MARK)


def _direction(words: str) -> str:
    """R if the first letter that has a direction runs from right to left, else L."""
    kinds = (unicodedata.bidirectional(c) for c in words)
    return "R" if next((k for k in kinds if k in ("L", "R", "AL")), "L") != "L" else "L"


def _seen(line: str, base: str) -> str:
    """The letters of a line from left to right, the Arabic ones in the shape that their neighbours give them.

    >>> _seen("ab אב (x)", "L"), [hex(ord(c)) for c in _seen("لا", "R")]
    ('ab בא (x)', ['0xfefb'])
    """
    if base == "L" and not any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in line):
        return line
    from bidi import get_display

    # whether a bracket is seen turned round, only its place tells: its mark then comes before it
    marked = "".join(c + _MARK if c in _TURNS else c for c in _reshaper().reshape(line))
    seen, letters = [], iter(str(get_display(marked, base_dir=base)))
    for letter in letters:
        if letter == _MARK:
            seen.append(next(letters, "").translate(_MIRROR))
        else:
            seen.append(letter)
            if letter in _TURNS:
                next(letters, "")
    return "".join(seen)


_TURNS = frozenset(map(chr, _MIRROR))


@functools.cache
def _reshaper() -> Any:
    from arabic_reshaper import ArabicReshaper

    # DejaVu has no sign for the whole word Allah
    return ArabicReshaper({"delete_harakat": True, "support_zwj": True, "ARABIC LIGATURE ALLAH": False})


def _wrapped(words: str, wide: Callable[[str], float], room: int, most: int) -> list[str]:
    """Words in lines that are no wider than `room`; it stops when there are `most` of them."""
    lines: list[str] = []
    line = ""
    for word in words.split():
        longer = f"{line} {word}" if line else word
        if wide(longer) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        while len(lines) < most and wide(word) > room:
            here = _longest(word, lambda s: wide(s) <= room)
            lines.append(word[:here])
            word = word[here:]
        line = word
        if len(lines) >= most:
            return lines
    return [*lines, line] if line else lines


def _longest(word: str, fits: Callable[[str], bool]) -> int:
    """How many letters of a word fit, at least one, and never a letter without the marks on it."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(word[:middle]) else (low, middle - 1)
    while 1 < low < len(word) and unicodedata.combining(word[low]):
        low -= 1
    return low


# Letters: DejaVu, which comes with matplotlib, and for what it lacks the fonts of the system


def _has_picture(letter: str) -> bool:
    return _font_of(letter, False) is not None


@functools.cache
def _font_of(letter: str, bold: bool) -> Path | None:
    """The first font that has this letter."""
    if _NEEDS_MORE.match(letter):
        return None
    ours = [_ours() / name for name in ("DejaVuSans-Bold.ttf", "DejaVuSans.ttf")[not bold :]]
    for font in ours:
        if ord(letter) in _letters(font):
            return font
    return next((f for f in _of_the_system() if ord(letter) in _letters(f) and _is_scalable(f)), None)


def _ours() -> Path:
    # found and not imported: matplotlib would look at every font and write a list of them
    spec = find_spec("matplotlib")
    assert spec and spec.origin
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


@functools.cache
def _letters(font: Path) -> frozenset[int]:
    """The letters that a font has; none if it cannot be read."""
    import struct

    from fontTools.ttLib import TTFont, TTLibError

    try:
        # opened here: it leaves a broken one open
        with font.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as opened:
            return frozenset(opened.getBestCmap() or ())
    except (TTLibError, OSError, ValueError, LookupError, AssertionError, struct.error):
        return frozenset()


@functools.cache
def _of_the_system() -> tuple[Path, ...]:
    """The fonts of the system, plain ones first."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 (Path.home() raises where there is none)
    if sys.platform == "win32":
        windows = os.environ.get("WINDIR", r"C:\Windows")
        folders = [Path(windows, "Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts"]
    elif sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    else:
        folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts"]
    found = {
        f for folder in folders for f in folder.rglob("*") if f.suffix.lower() in (".ttf", ".otf", ".ttc")
    }
    styled = re.compile("bold|italic|oblique|light|thin|black|mono|serif", re.IGNORECASE)
    return tuple(sorted(found, key=lambda f: (bool(styled.search(f.stem)), f.name, f)))


def _is_scalable(font: Path) -> bool:
    """Whether a font can be drawn in any size; coloured little pictures often cannot."""
    try:
        _face(font, 20)
    except OSError:
        return False
    return True


@functools.cache
def _face(font: Path, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(str(font), size, layout_engine=ImageFont.Layout.BASIC)
