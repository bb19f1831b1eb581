"""What a film is, without ffprobe: its length, its size as shown, and the time of every picture.

The times come from the packets, read and not decoded (about a hundredth of the work). They are seconds on the
clock that a browser's `currentTime` shows: the file's own zero, edit lists honoured, a late start left late.
"""

from __future__ import annotations

import re
import stat
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median

from vigkit.errors import FilmChanged, FilmMissing, FilmUnreadable, on_disk
from vigkit.film import ffmpeg

LONGEST = 6 * 3600.0  # seconds
FASTEST, SLOWEST = 250.0, 1.0  # pictures a second on the whole; a slow-motion phone takes 240
NO_PICTURE = "No picture can be read from it"
SAME = 1e-6  # seconds: two times closer than this are one time
_HIDDEN = 4  # the flag of a packet that an edit list hides
_CHECK_EVERY = 50_000  # packets


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What is known of a film; `name` is what a person calls it, never its path."""

    name: str
    seconds: float  # where the picture ends
    width: int  # as shown: turned upright, with square pixels
    height: int
    codec: str
    pixel_format: str
    audio: str | None
    times: array[float] = field(repr=False)  # of every picture shown, in order
    typical_gap: float  # seconds from one picture to the next
    constant: bool
    origin: float  # the time on this clock from which ffmpeg's own -ss counts

    def showing(self, at: float) -> int:
        """The number of the picture on the screen at this time: before the first picture, the first."""
        return max(bisect_right(self.times, at + SAME) - 1, 0)

    def after(self, end: float) -> int:
        """The number of the first picture that a moment with this end no longer holds."""
        return bisect_left(self.times, end - SAME)


def probe(path: Path, name: str) -> Probe:
    """Read what a film is, or raise FilmMissing or FilmUnreadable with the reason."""
    before = stamp(path, name)
    try:
        packets, said = _packets(path, name)
    except ffmpeg.FfmpegStopped as e:
        raise FilmUnreadable(name, _reason(e, path)) from e
    width, height = _first_picture(path, name)
    if stamp(path, name) != before:
        raise FilmChanged(name)
    _whole(packets, said, name)
    times, seconds = packets.times()
    gaps = [b - a for a, b in pairwise(times)]
    gap = median(gaps) if gaps else seconds - times[0]
    # clocks that count in thousandths round 33.3 to 33 and 34: that is still a constant rate
    constant = not gaps or max(gaps) - min(gaps) <= 0.02 * gap + 0.0011
    shape = re.search(r"^  Stream #0:0[^\n]*: Video: [^\n]*?, (\w+)(?:\([^)\n]*\))?, \d+x\d+", said, re.M)
    return Probe(
        name=name,
        seconds=seconds,
        width=width,
        height=height,
        codec=packets.codecs.get(0, ""),
        pixel_format=shape[1] if shape else "",
        audio=packets.codecs.get(1),
        times=times,
        typical_gap=gap,
        constant=constant,
        origin=packets.start - packets.zero,
    )


class _Packets:
    """The lines of ffmpeg's framecrc: what each stream is, then one line a packet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.codecs: dict[int, str] = {}
        self.tick: dict[int, Fraction] = {}
        self.shown: dict[int, int] = {}  # time in ticks -> duration, of the picture
        self.end: dict[int, int] = {}  # in ticks, by stream
        self.start = 0.0  # where the container says that it starts

    @property
    def zero(self) -> float:
        """What is taken from every time: browsers shift a start before zero to zero, and leave a late one."""
        return min(self.start, 0.0)

    def read(self, line: bytes) -> None:
        """Take in one line."""
        if line.startswith(b"#"):
            self._describe(line.decode("ascii", "replace")[1:])
            return
        fields = line.split(b",")
        try:
            stream, pts, duration = int(fields[0]), int(fields[2]), int(fields[3])
        except (ValueError, IndexError):
            return  # a packet without a time is never shown
        self.end[stream] = max(self.end.get(stream, 0), pts + duration)
        if stream or any(f[:4] == b" F=0" and int(f[3:], 16) & _HIDDEN for f in fields[6:7]):
            return
        self.shown[pts] = duration
        if len(self.shown) % _CHECK_EVERY == 0:  # in time, not after reading millions
            _usual(len(self.shown), float((max(self.shown) - min(self.shown)) * self.tick[0]), self.name)

    def times(self) -> tuple[array[float], float]:
        """The times of the pictures in order, and where the last one ends."""
        tick = self.tick.get(0, Fraction(1))
        ticks = sorted(t for t in self.shown if float(t * tick) - self.zero > -SAME)
        if not ticks:
            raise FilmUnreadable(self.name, "It holds no picture")
        # + 0.0: a time just under zero is zero, not minus zero
        times = array("d", (max(float(t * tick) - self.zero, 0.0) + 0.0 for t in ticks))
        last = self.shown[ticks[-1]] or (ticks[-1] - ticks[-2] if len(ticks) > 1 else 0)
        seconds = times[-1] + (float(last * tick) or 0.04)  # a single picture without a length
        _usual(len(times), seconds - times[0], self.name)
        return times, seconds

    def missing(self, length: float) -> float:
        """How many seconds lie between what the header promises and what is there."""
        ends = [float(end * self.tick[s]) for s, end in self.end.items() if s in self.tick]
        return self.start + length - max(ends, default=0.0)

    def _describe(self, line: str) -> None:
        if found := re.match(r"(tb|codec_id) ([01]): (\S+)", line):
            key, stream, value = found[1], int(found[2]), found[3]
            if key == "codec_id":
                self.codecs[stream] = value
            else:
                self.tick[stream] = Fraction(value)


def _packets(path: Path, name: str) -> tuple[_Packets, str]:
    """Every packet of picture and sound, and what ffmpeg says about the file."""
    packets = _Packets(name)
    streams = ("-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-f", "framecrc", "pipe:1")
    with ffmpeg.running(["-nostats", "-copyts", *ffmpeg.opened(path), *streams]) as run:
        for number, line in enumerate(run.out):
            packets.read(line)
            if number % 256 == 0:
                run.step()
    # two blanks in front: what a film says about itself stands further in
    if found := re.search(r"^  Duration: [^\n]*?, start: (-?[\d.]+)", run.said, re.M):
        packets.start = float(found[1])
    return packets, run.said


def _first_picture(path: Path, name: str) -> tuple[int, int]:
    """The size of the first picture as shown; decoding it proves that somebody can see this film."""
    one = ("-map", "0:V:0", "-frames:v", "1", "-f", "framecrc", "pipe:1")
    try:
        with ffmpeg.running(["-v", "error", *ffmpeg.opened(path), *one]) as run:
            lines = run.out.read().decode("ascii", "replace").splitlines()
    except ffmpeg.FfmpegStopped as e:
        large = _says(e.said, "max pixel count", "Picture size")
        raise FilmUnreadable(name, "Its picture is too large" if large else NO_PICTURE) from e
    found = {key: value for key, _, value in (line.partition(" 0: ") for line in lines)}
    if not any(line.startswith("0,") for line in lines) or "#dimensions" not in found:
        raise FilmUnreadable(name, NO_PICTURE)
    width, height = (int(n) for n in found["#dimensions"].split("x"))
    across, _, up = found.get("#sar", "1/1").partition("/")
    return shown_size(width, height, int(across), int(up))


def shown_size(width: int, height: int, across: int, up: int) -> tuple[int, int]:
    """The size in square pixels of a picture whose pixels are `across` to `up`; 0 stands for not said.

    >>> shown_size(340, 256, 64, 51), shown_size(568, 320, 0, 1)
    ((427, 256), (568, 320))
    """
    if across <= 0 or up <= 0 or not 0.1 <= across / up <= 10:
        return width, height
    return max(round(width * across / up), 1), height


def _usual(pictures: int, seconds: float, name: str) -> None:
    if seconds > LONGEST:
        raise FilmUnreadable(name, "It is longer than 6 hours")
    if pictures > FASTEST * (seconds + 0.1):
        raise FilmUnreadable(name, "It has more than 240 pictures a second")
    if pictures < SLOWEST * (seconds - 1):
        raise FilmUnreadable(name, "It has less than 1 picture a second")


def _whole(packets: _Packets, said: str, name: str) -> None:
    """Refuse a film of which only a part was copied: ffmpeg reads what is there and is content."""
    found = re.search(r"^  Duration: (\d+):(\d\d):(\d\d\.\d+)", said, re.M)
    if not found:
        return
    missing = packets.missing(int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]))
    ends_early = _says(said, "partial file", "File ended prematurely")
    # .mp4 and .mov list every picture, so ffmpeg knows; the others only promise a length
    listed = re.search(r"^Input #0, mov,", said, re.M)
    if missing > (0.2 if ends_early else 1) and (ends_early or not listed):
        raise FilmUnreadable(name, "Its end is missing")


def stamp(path: Path, name: str) -> tuple[int, int]:
    """Size and time of change; asked first, for a pipe or a device would be waited for without end."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as e:
        raise FilmMissing(name) from e
    except (OSError, ValueError) as e:
        raise FilmUnreadable(name, "This computer cannot open it") from e
    if stat.S_ISDIR(found.st_mode):
        raise FilmUnreadable(name, "It is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise FilmUnreadable(name, "It is no file")
    if not found.st_size:
        raise FilmUnreadable(name, "The file is empty")
    with on_disk(name), path.open("rb"):
        return found.st_size, found.st_mtime_ns


def _reason(stopped: ffmpeg.FfmpegStopped, path: Path) -> str:
    said = stopped.said
    if stopped.too_long:
        return "It could not be read in time"
    # by its name alone ffmpeg takes a letter for a film, and misses the index at its end
    if _says(said, "moov atom not found") and _begins_as_a_film(path):
        return "Its end is missing"
    if _says(said, "max_streams"):
        return "It holds more than 32 streams"
    if _says(said, "matches no streams"):
        return "It holds no picture"
    return "It is not a film that vigkit can read"


def _begins_as_a_film(path: Path) -> bool:
    with path.open("rb") as f:
        return f.read(8)[4:] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def _says(said: str, *words: str) -> bool:
    """Whether ffmpeg itself says one of these; its own lines begin at the margin, those of a film do not."""
    return any(w in line for line in said.split("\n") if line[:1] not in ("", " ") for w in words)
