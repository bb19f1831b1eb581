"""What a film is, without ffprobe: its length, its size as shown, and the time of every picture.

The times come from the packets, read and not decoded (about a hundredth of the work). They are seconds on the
clock that a browser's `currentTime` shows: the file's own zero, edit lists honoured, a late start left late.
"""

from __future__ import annotations

import json
import os
import re
import stat
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, fields
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median

from vigkit.errors import FilmChanged, FilmMissing, FilmUnreadable, on_disk
from vigkit.film import ffmpeg

LONGEST = 6 * 3600.0  # seconds
FASTEST, SLOWEST = 250.0, 1.0  # pictures a second on the whole; a slow-motion phone takes 240
UNKNOWN = "It is not a film that vigkit can read"
NO_PICTURE = "No picture can be read from it"
MANY = "It holds more than 32 streams"
JUMPS = 12  # pictures at a time that was before: as many are no accident
SAME = 1e-6  # seconds: two times closer than this are one time
_NO_TIME = -(1 << 63)
_KEY, _HIDDEN = 1, 4  # flags of a packet: it needs no other picture, an edit list hides it
_ONE_NAME = ("bt709", "smpte170m", "smpte240m", "bt470bg")  # of matrix, primaries and transfer together
_NO_WORDS = ("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1")
_CHECK_EVERY = 50_000  # packets


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What is known of a film; `name` is what a person calls it, never its path."""

    name: str
    seconds: float  # where the picture ends
    width: int  # as shown: turned upright, with square pixels
    height: int
    container: str  # ffmpeg's own short name of it: mov, matroska, avi, mpegts, mpeg, asf
    codec: str
    pixel_format: str
    stored: tuple[int, int]  # width and height before turning, with the pixels as they are
    rotation: int  # degrees, clockwise, by which a player turns what is stored
    interlaced: bool
    full_range: bool  # black is 0, and not 16 as on a screen
    transfer: str  # how light is written: bt709, arib-std-b67, smpte2084…; empty where the film does not say
    audio: str | None
    channels: str | None  # mono, stereo, 5.1…
    sound_rate: int | None
    streams: int
    times: array[float] = field(repr=False)  # of every picture shown, in order
    rate: float  # pictures a second, as they come
    nominal_rate: float | None  # pictures a second, as the film says
    typical_gap: float  # seconds from one picture to the next
    longest_gap: float
    constant: bool
    key_gap: int  # the most pictures from one that stands by itself to the next
    open_gop: (
        bool  # some pictures lean on the ones before a key picture, though they come after it in the file
    )
    timed: bool  # the file says of every picture when it is shown; if not, only reading from the start tells
    origin: float  # the time on this clock from which ffmpeg's own -ss counts
    zero: float  # what the clock in the file shows when this one shows 0
    primed: float  # seconds of sound that lie in the file before the first that is heard

    @property
    def first(self) -> float:
        """When the first picture is shown."""
        return self.times[0]

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
    picture = _first_picture(path, name, sound="codec_id 1" in packets.facts)
    if stamp(path, name) != before:
        raise FilmChanged(name)
    _whole(packets, said, name)
    if not packets.timed:
        _decoded(packets, path)
    times, seconds = packets.times()
    gaps = [b - a for a, b in pairwise(times)]
    gap = median(gaps) if gaps else seconds - times[0]
    kept, shown = said.outputs["framecrc"][0], picture.stream
    return Probe(
        name=name,
        seconds=seconds,
        width=picture.size[0],
        height=picture.size[1],
        container=said.container,
        codec=packets.facts.get("codec_id 0", ""),
        pixel_format=_pixels(kept)[0],
        stored=_sides(packets.facts.get("dimensions 0", "0x0")),
        rotation=_turned(kept),
        # what the decoder makes of it comes first: not every container knows
        interlaced=any("first" in word for stream in (shown, kept) for word in _pixels(stream)[1]),
        full_range="pc" in _pixels(shown)[1],
        transfer=_transfer(shown) or _transfer(kept),
        audio=packets.facts.get("codec_id 1") if picture.heard else None,
        channels=packets.facts.get("channel_layout_name 1") if picture.heard else None,
        sound_rate=int(packets.facts.get("sample_rate 1", 0)) or None if picture.heard else None,
        streams=picture.streams,
        times=times,
        rate=len(times) / (seconds - times[0]),
        nominal_rate=_named_rate(kept),
        typical_gap=gap,
        longest_gap=max(gaps, default=gap),
        # clocks that count in thousandths round 33.3 to 33 and 34: that is still a constant rate
        constant=not gaps or max(gaps) - min(gaps) <= 0.02 * gap + 0.0011,
        timed=packets.timed,
        open_gop=packets.open_gop,
        key_gap=max(packets.key_gap, packets.since_key),
        origin=packets.start - packets.zero,
        zero=packets.zero,
        primed=packets.primed,
    )


def as_bytes(probe: Probe) -> bytes:
    """What is known of a film, to be kept beside it: reading a long film takes a while."""
    facts = {each.name: getattr(probe, each.name) for each in fields(probe)} | {"times": list(probe.times)}
    return json.dumps(facts).encode()


def from_bytes(kept: bytes, name: str) -> Probe | None:
    """What `as_bytes` has kept; None where it is something else."""
    try:
        facts = json.loads(kept)
        times = array("d", facts["times"])
        whole = facts | {"name": name, "times": times, "stored": tuple(facts["stored"])}
        return Probe(**whole) if times else None
    except (ValueError, TypeError, KeyError):
        return None


class _Said:
    """What ffmpeg writes beside its work, apart from what a film says of itself.

    A film's own words stand in the description of the input: its tags further in, but the language of a
    stream as it comes, line breaks and all. So streams are taken from the outputs, told to hold no words.
    """

    def __init__(self, said: str, path: Path) -> None:
        kind = re.search(r"^Input #0, (\w+)", said, re.M)
        self.container = kind[1] if kind else ""
        # the name of the film comes next, and may hold anything, too
        _, _, about = said.partition(f"from 'file:{_as_printed(path)}':\n")
        self.duration = re.search(
            r"^  Duration: (?:(\d+):(\d\d):(\d\d\.\d+)|N/A)(?:, start: (-?[\d.]+))?", about, re.M
        )
        self.outputs: dict[str, list[str]] = {}  # by format, the lines about each of the streams
        for output in re.finditer(r"^Output #\d+, (\w+), to 'pipe:1?':\n((?:  .*\n)*)", about, re.M):
            self.outputs[output[1]] = re.split(r"^  Stream #", output[2], flags=re.M)[
                1:
            ]  # the last one counts
        self.notes = said


class _Packets:
    """The lines of ffmpeg's framecrc: what each stream is, then one line a packet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.facts: dict[str, str] = {}  # by what it is and of which stream: "codec_id 0"
        self.tick: dict[int, Fraction] = {}
        self.shown: dict[int, int] = {}  # time in ticks -> duration, of the picture
        self.begin: dict[int, int] = {}  # in ticks, by stream
        self.end: dict[int, int] = {}
        self.start = 0.0  # where the container says that it starts
        self.broadcast = False
        self.timed = True
        self.last = _NO_TIME  # when the packet before was to be decoded
        self.key_gap = 0
        self.since_key = 0
        self.key = _NO_TIME  # when the last key picture is shown
        self.open_gop = False

    @property
    def zero(self) -> float:
        """What is taken from every time: browsers shift a start before zero to zero, and leave a late one.

        The clock of a broadcast began long before the film, so there its start is the film's zero.
        """
        return self.start if self.broadcast else min(self.start, 0.0)

    @property
    def primed(self) -> float:
        """How much sound lies before zero: encoders need some to begin with, an edit list may hide more."""
        return max(self.zero - float(self.begin.get(1, 0) * self.tick.get(1, Fraction(1))), 0.0)

    def read(self, line: bytes) -> None:
        """Take in one line."""
        if line.startswith(b"#"):
            self._describe(line.decode("ascii", "replace")[1:])
            return
        fields = line.split(b",")
        try:
            stream, dts, pts, duration = (int(f) for f in fields[:4])
        except (ValueError, IndexError):
            return
        if stream == 0:
            # where an edit list leaps back, ffmpeg bends the times of copied packets until they rise
            self.timed = self.timed and pts != _NO_TIME and (dts == _NO_TIME or dts > self.last)
            self.last = dts
        if pts != _NO_TIME:
            self.begin[stream] = min(self.begin.get(stream, pts), pts)
            self.end[stream] = max(self.end.get(stream, 0), pts + duration)
        if stream:
            return
        # no flags are written where the packet is a key picture and nothing else
        flags = next((int(f[3:], 16) for f in fields[6:7] if f[:4] == b" F=0"), _KEY)
        if flags & _KEY:
            self.key_gap, self.since_key, self.key = max(self.key_gap, self.since_key), 0, pts
        elif _NO_TIME != pts < self.key:
            self.open_gop = True
        self.since_key += 1
        if flags & _HIDDEN or pts == _NO_TIME:
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
        key, colon, value = line.strip().partition(": ")
        if colon:
            self.facts[key] = value
        if found := re.fullmatch(r"tb ([01])", key):
            self.tick[int(found[1])] = Fraction(value)


def _packets(path: Path, name: str) -> tuple[_Packets, _Said]:
    """Every packet of picture and sound, and what ffmpeg says about the file."""
    packets = _Packets(name)
    streams = ("-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", *_NO_WORDS, "-f", "framecrc", "pipe:1")
    with ffmpeg.running(["-nostats", "-copyts", *ffmpeg.opened(path), *streams]) as run:
        for number, line in enumerate(run.out):
            packets.read(line)
            if number % 256 == 0:
                run.step()
    said = _Said(run.said, path)
    if not said.duration or not said.outputs.get("framecrc"):
        raise FilmUnreadable(name, UNKNOWN)  # so many words that the facts are lost among them
    packets.start = float(said.duration[4] or 0)
    packets.broadcast = said.container in ("mpegts", "mpeg")
    return packets, said


def _decoded(packets: _Packets, path: Path) -> None:
    """Put the times of the decoded pictures in the place of those that the packets lack.

    Some files number their pictures in the order of storing, not of showing; only a decoder knows the latter.
    """
    found, pictures = _Packets(packets.name), 0
    corner = ("-vf", "crop=min(16\\,iw):min(16\\,ih):0:0")
    times = ("-fps_mode", "passthrough", "-enc_time_base:v", "demux", "-f", "framecrc", "pipe:1")
    words = ("-v", "error", "-copyts", *ffmpeg.opened(path), "-map", "0:V:0", *corner, *times)
    try:
        with ffmpeg.running(words) as run:
            for line in run.out:
                pictures += not line.startswith(b"#")
                found.read(line)
                run.step()
    except ffmpeg.FfmpegStopped as e:
        raise FilmUnreadable(packets.name, _reason(e, path)) from e
    if pictures - len(found.shown) > JUMPS:  # ffmpeg gives one time to all that would lie before the last
        raise FilmUnreadable(packets.name, "Its clock jumps back, as where two films are joined")
    packets.shown, packets.tick[0] = found.shown, found.tick.get(0, Fraction(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    size: tuple[int, int]  # as shown
    stream: str  # what ffmpeg says of the decoded pictures
    streams: int
    heard: bool  # the sound can be decoded, too


def _first_picture(path: Path, name: str, sound: bool) -> _Picture:
    """The first picture as shown; decoding it proves that somebody can see this film."""
    try:
        found, said = _begin(path, sound)
    except ffmpeg.FfmpegStopped as e:
        if sound:  # of a kind that is too new, perhaps: the film is shown without it
            return _first_picture(path, name, sound=False)
        large = _says(e.said, "max pixel count", "Picture size")
        raise FilmUnreadable(name, "Its picture is too large" if large else NO_PICTURE) from e
    if not found.shown or not said.outputs.get("framecrc"):
        raise FilmUnreadable(name, NO_PICTURE)
    across, _, up = found.facts.get("sar 0", "1/1").partition("/")
    return _Picture(
        size=shown_size(*_sides(found.facts.get("dimensions 0", "0x0")), int(across), int(up)),
        stream=said.outputs["framecrc"][0],
        streams=len(said.outputs.get("null", ())),
        heard="crc" in said.outputs,
    )


def _begin(path: Path, sound: bool) -> tuple[_Packets, _Said]:
    """The first picture and the first sound, decoded, and what ffmpeg says about them."""
    found = _Packets("")
    picture = ("-map", "0:V:0", "-frames:v", "1", *_NO_WORDS, "-f", "framecrc", "pipe:1")
    tone = ("-map", "0:a:0", "-frames:a", "1", *_NO_WORDS, "-f", "crc", "pipe:1") if sound else ()
    # beside them nothing of every stream: they are listed then, without a word from the film
    every = ("-map", "0", "-copy_unknown", "-c", "copy", "-t", "0", *_NO_WORDS, "-f", "null", "-")
    with ffmpeg.running(["-nostats", *ffmpeg.opened(path), *picture, *tone, *every]) as run:
        for line in run.out:
            found.read(line)
    return found, _Said(run.said, path)


def _sides(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    return int(width), int(height)


def _pixels(stream: str) -> tuple[str, list[str]]:
    """How a stream stores its pixels, and what is said of their colours and lines.

    >>> _pixels("0:0: Video: h264 (Main) (avc1 / 0x31), yuv420p(tv, bt709, top first), 320x180, 25 fps")
    ('yuv420p', ['tv', 'bt709', 'top first'])
    """
    found = re.search(r", (\w+)(?:\((.*?)\))?, \d+x\d+", stream)
    return (found[1], (found[2] or "").split(", ")) if found else ("", [])


def _transfer(stream: str) -> str:
    """How the light of a stream is written: matrix, primaries and transfer, or one word for all three.

    >>> _transfer("0:0: Video: hevc, yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67, progressive), 320x180")
    'arib-std-b67'
    """
    for word in _pixels(stream)[1]:
        _, _, transfer = word.rpartition("/")
        if ("/" in word and transfer != "unknown") or word in _ONE_NAME:
            return transfer
    return ""


def _turned(stream: str) -> int:
    found = re.search(r"Display Matrix: rotation of (-?[\d.]+) degrees", stream)
    return round(-float(found[1])) % 360 if found else 0


def _named_rate(stream: str) -> float | None:
    """The rate in the header; thousands are written with a k.

    >>> _named_rate("320x180, 29.97 fps, 30 tbr, 90k tbn"), _named_rate("320x180, 1k tbr"), _named_rate("")
    (29.97, 1000.0, None)
    """
    found = re.search(r", ([\d.]+)(k?) fps", stream) or re.search(r", ([\d.]+)(k?) tbr", stream)
    return float(found[1]) * (1000 if found[2] else 1) if found else None


def _as_printed(path: Path) -> str:
    """The name of a film as ffmpeg prints it, with signs that would move the cursor replaced."""
    name = os.fsencode(path.absolute()).decode("utf-8", "replace")
    return re.sub(r"[\x01-\x07\x0e-\x1f]", "?", name)


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


def _whole(packets: _Packets, said: _Said, name: str) -> None:
    """Refuse a film of which only a part was copied: ffmpeg reads what is there and is content."""
    if _says(said.notes, "max_streams"):  # of .mkv it takes the first 32, and goes on
        raise FilmUnreadable(name, MANY)
    found = said.duration
    if not found or not found[1]:
        return
    missing = packets.missing(int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]))
    ends_early = _says(said.notes, "partial file", "File ended prematurely")
    # .mp4 and .mov list every picture, .mkv says how large it is: ffmpeg knows. Others only promise a length
    listed = said.container in ("mov", "matroska")
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
        return MANY
    if _says(said, "matches no streams"):
        return "It holds no picture"
    return UNKNOWN


def _begins_as_a_film(path: Path) -> bool:
    with path.open("rb") as f:
        return f.read(8)[4:] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def _says(said: str, *words: str) -> bool:
    """Whether ffmpeg itself says one of these; its own lines begin at the margin, those of a film do not."""
    return any(w in line for line in said.split("\n") if line[:1] not in ("", " ") for w in words)
