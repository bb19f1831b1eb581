"""The strip below a film: small pictures, how loud it is and how much moves, all from reading the film once.

One file holds it. It is JSON, so that a page can hand it to a browser as it is:

    every, width, height, columns, count   a small picture for each `every` seconds, `columns` side by side
    sheets                                 the pictures as JPEG in base64, at most 100 on a sheet
    peaks, peaks_per_second                a byte for each twentieth of a second: the loudest sound in it
    movement, movement_per_second          a byte for each fifth: how much of the picture has changed in it

Picture `n` is the one on the screen at `n * every`; bytes are in base64 and go from 0, nothing, to 255, all.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from vigkit.errors import FilmChanged, FilmUnreadable, on_disk
from vigkit.film import ffmpeg
from vigkit.film.cut import plain
from vigkit.film.probe import Probe, stamp

if TYPE_CHECKING:
    from PIL.Image import Image

Progress = Callable[[float], None]  # is told how many seconds are read
FORMAT = 1
MOST = 300  # small pictures of one film, however long
LONG_SIDE = 160  # of a small picture
COLUMNS = 10
PEAKS, MOVES = 20, 5  # a second
CHANGED = 8  # levels of grey: less is the noise of the camera
_SOUND_RATE = 8000  # voices lie below 4,000 Hz
WAVE = f"aresample={_SOUND_RATE}:async=1:first_pts=0"  # the filter from sound to that of the strip
_QUALITY = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Small pictures, loudness and movement of a film, on the film's own clock."""

    every: int  # seconds from one small picture to the next
    width: int  # of one small picture
    height: int
    columns: int
    count: int
    sheets: tuple[bytes, ...] = field(repr=False)
    peaks: bytes = field(repr=False)
    movement: bytes = field(repr=False)


def make(film: Path, probe: Probe, out: Path, *, progress: Progress | None = None) -> None:
    """Write the strip of a film to `out`."""
    with written(film, probe, out) as making:
        # What no other picture leans on need not be decoded to see one picture in many: a third less work.
        # Where a film turns out to hold little else, it is read once more and whole.
        ways = ("noref", "default") if _leaves_some_out(probe) else ("default",)
        for way in ways:
            # nor are blocks smoothed: at this size it is one level of grey of 255
            smooth = ("-skip_loop_filter", "all" if way == "noref" else "default")
            words = ["-skip_frame", way, *smooth, *opened(film, probe)]
            graph = f"[0:V:0]{clock()},{making.filters(first=plain(probe))}"
            if making.run([*words, "-filter_complex", graph], progress) * 3 >= len(probe.times):
                break


def read(path: Path) -> Strip:
    """Read a strip that `make` has written."""
    with on_disk(path):
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Strip(
        every=data["every"],
        width=data["width"],
        height=data["height"],
        columns=data["columns"],
        count=data["count"],
        sheets=tuple(map(base64.b64decode, data["sheets"])),
        peaks=base64.b64decode(data["peaks"]),
        movement=base64.b64decode(data["movement"]),
    )


def small_size(probe: Probe) -> tuple[int, int]:
    """Width and height of the small pictures: the shape of the film, upright."""
    shrink = LONG_SIDE / max(probe.width, probe.height)
    return max(round(probe.width * shrink), 2), max(round(probe.height * shrink), 2)


def opened(film: Path, probe: Probe) -> tuple[str, ...]:
    """The words that open a film from its start, its pictures and sound on the film's own clock."""
    # left to itself, ffmpeg takes the first packet that is asked for as zero
    return ("-copyts", "-itsoffset", f"{-probe.zero:.6f}", *ffmpeg.opened(film))


def clock() -> str:
    """The filter that holds the first picture from 0:00 on; all others stay where they are."""
    return "setpts='if(eq(N,0),0,PTS)'"


class Making:
    """A strip in the making: what ffmpeg is asked for, and what becomes of its answer."""

    def __init__(self, probe: Probe, sound: Path) -> None:
        self._probe = probe
        self._sound = sound
        self._size = small_size(probe)
        self._every = max(math.ceil(probe.seconds / MOST), 1)
        self._sheets: list[bytes] = []
        self._movement = bytearray()

    def filters(self, *, first: str = "") -> str:
        """The filters from pictures to small pictures, `first` for those that are left, and their label."""
        width, height = self._size
        steps = (
            f"fps={MOVES}:round=up:start_time=0",  # up: at each step the picture that is on the screen
            first,
            f"scale={width}:{height}:flags=area",
            "format=rgb24[small]",
        )
        return ",".join(filter(None, steps))

    def run(self, words: Sequence[str], progress: Progress | None, *, wave: str = "") -> int:
        """Run ffmpeg with these words and those for the strip; return how many pictures it decoded.

        `wave` is the label of the sound where the words have made it with WAVE.
        """
        until = ("-t", ffmpeg.seconds(self._probe.seconds))
        # no end for the pictures: it would be rounded to fifths, and the last may lie just before it
        outputs = ["-map", "[small]", "-f", "rawvideo", "pipe:1"]
        if self._probe.audio is not None:
            # to a file: two pipes at once are not read alike on all systems
            sound = ("-map", wave) if wave else ("-map", "0:a:0?", "-af", WAVE)
            outputs += [*sound, "-ac", "1", *until, "-f", "s16le", f"file:{self._sound}"]
        # verbose: at the end it says how many pictures were decoded
        with ffmpeg.running(["-v", "verbose", "-nostats", "-y", *words, *outputs]) as run:
            self._gather(run, progress)
        decoded = re.findall(r"\(video\): [^\n]*; (\d+) frames decoded", run.said)
        return int(decoded[-1]) if decoded else 0

    def packed(self) -> bytes:
        """The whole strip as it lies on disk."""
        return json.dumps(
            {
                "format": FORMAT,
                "every": self._every,
                "width": self._size[0],
                "height": self._size[1],
                "columns": COLUMNS,
                "count": math.ceil(self._probe.seconds / self._every),
                "sheets": [_text(sheet) for sheet in self._sheets],
                "peaks_per_second": PEAKS,
                "peaks": _text(_peaks(self._sound, math.ceil(self._probe.seconds * PEAKS))),
                "movement_per_second": MOVES,
                "movement": _text(self._movement),
            }
        ).encode()

    def _gather(self, run: ffmpeg.Run, progress: Progress | None) -> None:
        """Take in the small pictures one by one: a few are kept, all are compared with the one before."""
        import numpy as np

        self._sheets.clear()
        self._movement.clear()
        wall = _Wall(*self._size)
        before = shown = None
        for number in range(math.ceil(self._probe.seconds * MOVES)):
            # at the end of a film its last picture stays
            shown = _next(run.out, 3 * self._size[0] * self._size[1]) or shown
            if shown is None:
                raise FilmUnreadable(self._probe.name)
            run.step()
            green = np.frombuffer(shown, np.uint8)[1::3].astype(np.int16)
            moved = 0.0 if before is None else float((np.abs(green - before) > CHANGED).mean())
            self._movement.append(round(255 * moved))
            before = green
            if number % (self._every * MOVES) == 0:
                self._sheets += wall.hang(shown)
            if progress and number % MOVES == 0:
                progress(number / MOVES)
        self._sheets += wall.take_down()
        if progress:
            progress(self._probe.seconds)
        while run.out.read(1 << 16):  # one more may come, from rounding; unread, it would hold ffmpeg up
            run.step()


@contextmanager
def written(film: Path, probe: Probe, out: Path) -> Iterator[Making]:
    """Write the strip that is made within the block to `out`, or leave nothing."""
    before = stamp(film, probe.name)
    sound = out.absolute().parent / f".vigkit-{secrets.token_hex(8)}.part"
    try:
        with ffmpeg.part_file(out, film) as part:
            making = Making(probe, sound)
            yield making
            if stamp(film, probe.name) != before:
                raise FilmChanged(probe.name)
            with on_disk(out):
                part.write_bytes(making.packed())
    except ffmpeg.FfmpegStopped as e:
        raise unreadable(e, probe) from e
    finally:
        with contextlib.suppress(OSError):
            sound.unlink()


def unreadable(stopped: ffmpeg.FfmpegStopped, probe: Probe) -> FilmUnreadable:
    """The sentence for a film that ffmpeg gave up on half way."""
    if stopped.too_long:
        return FilmUnreadable(probe.name, "It could not be read in time")
    return FilmUnreadable(probe.name)


class _Wall:
    """Small pictures side by side; a full sheet is taken down as JPEG, made from pixels alone."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._hung = 0
        self._sheet: Image | None = None

    def hang(self, pixels: bytes) -> list[bytes]:
        """Add a picture; gives the sheet that is full with it."""
        from PIL import Image

        width, height = self._size
        if self._sheet is None:
            self._sheet = Image.new("RGB", (width * COLUMNS, height * COLUMNS), "white")
        row, column = divmod(self._hung, COLUMNS)
        self._sheet.paste(Image.frombytes("RGB", self._size, pixels), (column * width, row * height))
        self._hung += 1
        return self.take_down() if self._hung == COLUMNS * COLUMNS else []

    def take_down(self) -> list[bytes]:
        """The sheet so far, as high as it is filled; none where nothing hangs."""
        from io import BytesIO

        if self._sheet is None:
            return []
        width, height = self._size
        box = BytesIO()
        filled = self._sheet.crop((0, 0, width * COLUMNS, height * math.ceil(self._hung / COLUMNS)))
        filled.save(box, "JPEG", quality=_QUALITY, optimize=True)
        self._sheet, self._hung = None, 0
        return [box.getvalue()]


def _leaves_some_out(probe: Probe) -> bool:
    """Whether a film may be read with gaps: quick enough that a gap of some pictures is not seen.

    Where every picture stands by itself there is nothing to gain, and some cameras call them all idle.
    """
    return probe.codec in ("h264", "hevc") and probe.rate >= 23 and probe.key_gap > 4 and not probe.interlaced


def _next(source: IO[bytes], size: int) -> bytes | None:
    pixels = source.read(size)
    return pixels if len(pixels) == size else None


def _peaks(sound: Path, count: int) -> bytes:
    """The loudest moment of each twentieth of a second, read piece by piece; where no sound is, silence."""
    import numpy as np

    size = _SOUND_RATE // PEAKS
    found = bytearray()
    with contextlib.suppress(FileNotFoundError), sound.open("rb") as f:
        while len(found) < count and len(wave := np.fromfile(f, "<i2", 4096 * size)):
            whole = np.pad(wave, (0, -len(wave) % size)).astype(np.int32).reshape(-1, size)
            found += (np.abs(whole).max(axis=1) // 128).clip(0, 255).astype(np.uint8).tobytes()
    return bytes(found[:count].ljust(count, b"\0"))


def _text(data: bytes | bytearray) -> str:
    return base64.b64encode(data).decode("ascii")
