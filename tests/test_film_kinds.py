"""Films of every kind that phones and cameras write: what is known of them, and how exactly they are cut.

Every picture carries its number, some flash, and a tone begins with each flash. What is right is known from
how a film was made, and never asked of vigkit.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import films
import numpy as np
import pytest

from vigkit.errors import FilmUnreadable
from vigkit.film.cut import cut, picture
from vigkit.film.probe import Probe, probe

COUNT = 120
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1")
QUIET = "log-level=none:pools=1:frame-threads=1"
MP3, PCM = ("-c:a", "libmp3lame"), ("-c:a", "pcm_s16le")
LATE = {"before": ("-itsoffset", "1.5"), "after": ("-avoid_negative_ts", "disabled")}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a film is made, and what is true of it."""

    make: Callable[[Path], object]
    suffix: str = ".mp4"
    shown: Callable[[int], float]  # when a picture of this number is shown
    numbers: Sequence[int] = range(COUNT)
    sound: tuple[float, float] | None = (0.0, 4.0)  # when it begins and ends
    behind: float = 0.0  # how much later than a flash its tone is
    loose: float = 0.0  # seconds by which the whole may be shifted, where a film does not say when it begins
    facts: dict[str, Any] = field(default_factory=dict)


def even(rate: str, late: float = 0.0) -> Callable[[int], float]:
    """Pictures that follow each other evenly."""
    return lambda n: late + float(n / Fraction(rate))


def film(
    path: Path,
    *words: str,
    rate: str = "30",
    shown: Callable[[int], float] | None = None,
    sound: float | None = 4.0,
    count: int = COUNT,
    **more: Any,
) -> Path:
    """A film whose pictures flash and whose sound gives a tone at the same times."""
    when = shown or even(rate)
    tones = [when(n) for n in films.FLASHES]
    how = {"video": (*X264, *words), "rate": rate, "sound": sound, "tones": tones, **more}
    return films.make(path, count, paint=films.flashing, **how)


def base(path: Path) -> Path:
    """The plain film that others are made of by writing its streams anew."""
    plain = path.parent / "base.mp4"
    return plain if plain.exists() else film(plain, "-bf", "3", "-g", "60")


def again(path: Path, source: Path | None = None, **words: Sequence[str | Path]) -> Path:
    """The streams of the plain film in another file."""
    return films.rewrap(source or base(path), path, **words)  # type: ignore[arg-type]


def two_pieces(path: Path) -> Path:
    """A film of whose four seconds the second is not shown, as an edit list tells."""
    data = bytearray(base(path).read_bytes())
    head = data.find(b"mvhd")
    clock = struct.unpack(">I", data[head + 16 : head + 20])[0]  # ticks a second in an edit list
    for track in (0, 1):
        at = data.rfind(b"elst") if track else data.find(b"elst")
        begin = struct.unpack(">i", data[at + 16 : at + 20])[0]  # where the first edit begins in its track
        rate = (90_000, films.RATE)[track]
        edits = [(clock, begin), (2 * clock, begin + 2 * rate)]
        more = struct.pack(">II", 0, 2) + b"".join(struct.pack(">IiI", *e, 1 << 16) for e in edits)
        size = struct.unpack(">I", data[at - 4 : at])[0]
        data[at + 4 : at + size - 4] = more
        grown = len(more) + 8 - size
        boxes = [at - 4, at - 12, data.rfind(b"trak", 0, at) - 4, data.rfind(b"moov", 0, at) - 4]
        for box in boxes:
            data[box : box + 4] = struct.pack(">I", struct.unpack(">I", data[box : box + 4])[0] + grown)
    path.write_bytes(data)
    return path


def turned(degrees: str) -> Callable[[Path], Path]:
    """Laid on its side when stored, and marked to be turned back, as a phone does."""
    across = {"90": "transpose=1", "180": "hflip,vflip", "-90": "transpose=2"}[degrees]

    def make(path: Path) -> Path:
        lying = film(path.with_suffix(".lying.mp4"), filters=across)
        return again(path, lying, before=("-display_rotation", degrees))

    return make


def with_chapters(path: Path) -> Path:
    chapters = path.with_suffix(".txt")
    parts = ("START=0\nEND=2\ntitle=one", "START=2\nEND=9\ntitle=two")
    text = "".join(f"[CHAPTER]\nTIMEBASE=1/1\n{part}\n" for part in parts)
    chapters.write_text(";FFMETADATA1\n" + text, encoding="utf-8")
    words = ("-map", "0", "-c", "copy", "-map_chapters", "1")
    films.ffmpeg("-i", base(path), "-i", chapters, *words, path)
    return path


def with_data(path: Path) -> Path:
    """A timecode and a track of measurements, as action cameras write them."""
    data = path.with_suffix(".bin")
    data.write_bytes(bytes(range(256)) * 40)
    films.ffmpeg(
        *("-i", base(path), "-f", "data", "-i", data, "-map", "0", "-map", "1", "-c", "copy"),
        *("-tag:d", "gpmd", "-timecode", "01:02:03:04", path),
    )
    return path


def two_sounds(path: Path) -> Path:
    """The second sound is noise."""
    other = films.make(path.with_suffix(".noise.mp4"), 3, sound=4.0)
    films.ffmpeg("-i", base(path), "-i", other, "-map", "0", "-map", "1:a", "-c", "copy", path)
    return path


def still_for(number: int) -> float:
    """A jitter, and 2.5 seconds of standing still after picture 59."""
    return (number + (75 if number >= 60 else 0) + 0.3 * (number % 3)) / 30


JITTER = "settb=1/90000,setpts='round((N+if(gte(N,60),75,0)+0.3*mod(N,3))/30/TB)'"
PLAIN: dict[str, Any] = {
    "container": "mov",
    "codec": "h264",
    "pixel_format": "yuv420p",
    "stored": (320, 180),
    "width": 320,
    "height": 180,
    "rotation": 0,
    "interlaced": False,
    "full_range": False,
    "transfer": "",
    "audio": "aac",
    "channels": "mono",
    "sound_rate": 48000,
    "streams": 2,
    "nominal_rate": 30.0,
    "constant": True,
    "key_gap": 120,
    "timed": True,
}
PRIMED = 1024 / 48000  # seconds of nothing with which AAC begins; an .mp4 hides them, a .ts cannot
OPEN_265 = f"{QUIET}:keyint=30:min-keyint=30:open-gop=1:bframes=3"
IN_ORDER = ("-enc_time_base:v", "demux")  # for encoders that know no finer clock
SILENT: dict[str, Any] = {"audio": None, "channels": None, "sound_rate": None, "streams": 1}
KINDS: dict[str, Kind] = {
    "30": Kind(make=lambda p: film(p, "-bf", "0"), shown=even("30")),
    "29.97": Kind(
        make=lambda p: film(p, rate="30000/1001", shown=even("30000/1001")),
        shown=even("30000/1001"),
        facts={"nominal_rate": 29.97},
    ),
    "59.94": Kind(
        make=lambda p: film(p, rate="60000/1001", shown=even("60000/1001")),
        shown=even("60000/1001"),
        facts={"nominal_rate": 59.94},
    ),
    "25 interlaced": Kind(
        make=lambda p: film(p, "-flags", "+ildct+ilme", "-x264-params", "tff=1", rate="25", shown=even("25")),
        shown=even("25"),
        facts={"nominal_rate": 25.0, "interlaced": True},
    ),
    "25 interlaced .ts": Kind(
        make=lambda p: film(
            p,
            video=(*IN_ORDER, "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-bf", "2", "-q:v", "3"),
            audio=("-c:a", "mp2"),
            rate="25",
            shown=even("25"),
        ),
        suffix=".ts",
        shown=even("25"),
        loose=0.03,
        facts={
            "container": "mpegts",
            "codec": "mpeg2video",
            "audio": "mp2",
            "nominal_rate": 25.0,
            "interlaced": True,
            "key_gap": 12,
        },
    ),
    "variable": Kind(
        make=lambda p: film(p, filters=JITTER, shown=still_for, sound=6.5),
        shown=still_for,
        sound=(0, 6.5),
        facts={"constant": False, "nominal_rate": ANY, "longest_gap": 2.5 + (1 - 0.6) / 30},
    ),
    "b-pictures": Kind(make=lambda p: again(p), shown=even("30"), facts={"key_gap": 60}),
    "open gop": Kind(
        make=lambda p: film(p, "-bf", "3", "-g", "30", "-x264-params", "open-gop=1"),
        shown=even("30"),
        facts={"key_gap": ANY},
    ),
    "turned left": Kind(
        make=turned("90"), shown=even("30"), suffix=".mov", facts={"stored": (180, 320), "rotation": 270}
    ),
    "turned over": Kind(make=turned("180"), shown=even("30"), facts={"rotation": 180}),
    "turned right": Kind(make=turned("-90"), shown=even("30"), facts={"stored": (180, 320), "rotation": 90}),
    "late": Kind(
        make=lambda p: again(p, **LATE), shown=even("30", 1.5), sound=(1.5, 5.5), facts={"key_gap": 60}
    ),
    "late picture": Kind(
        make=lambda p: film(p, filters="settb=1/90000,setpts=PTS+0.7/TB", shown=even("30", 0.7), sound=5.0),
        shown=even("30", 0.7),
        sound=(0, 5.0),
        facts={"nominal_rate": ANY},
    ),
    "hidden start": Kind(
        make=lambda p: again(p, before=("-ss", "1.3")),
        shown=even("30", -1.3),
        numbers=range(39, COUNT),
        sound=(0, 2.7),
        facts={"key_gap": 60},
    ),
    "before zero": Kind(
        make=lambda p: again(p, after=("-movflags", "negative_cts_offsets", "-use_editlist", "0")),
        shown=even("30"),
        behind=PRIMED,
        facts={"key_gap": 60},
    ),
    "two pieces": Kind(
        make=two_pieces,
        shown=lambda n: (n if n < 30 else n - 30) / 30,
        numbers=[*range(30), *range(60, COUNT)],
        sound=(0, 3.0),
        facts={"key_gap": 60, "timed": False},
    ),
    "long sound": Kind(make=lambda p: film(p, sound=8.0), shown=even("30"), sound=(0, 8.0)),
    "short sound": Kind(make=lambda p: film(p, sound=2.0), shown=even("30"), sound=(0, 2.0)),
    "silent": Kind(make=lambda p: film(p, sound=None), shown=even("30"), sound=None, facts=SILENT),
    "5.1": Kind(
        make=lambda p: film(p, audio=(*films.AAC, "-ac", "6")), shown=even("30"), facts={"channels": "5.1"}
    ),
    "stereo mp3 44.1": Kind(
        make=lambda p: film(p, audio=(*MP3, "-ar", "44100", "-ac", "2")),
        shown=even("30"),
        facts={"audio": "mp3", "channels": "stereo", "sound_rate": 44100},
    ),
    "10-bit hevc": Kind(
        make=lambda p: film(p, video=(*X265, "-pix_fmt", "yuv420p10le", "-x265-params", QUIET)),
        suffix=".mov",
        shown=even("30"),
        facts={"codec": "hevc", "pixel_format": "yuv420p10le"},
    ),
    "hevc open gop": Kind(
        make=lambda p: film(p, video=(*X265, "-pix_fmt", "yuv420p", "-x265-params", OPEN_265)),
        suffix=".mov",
        shown=even("30"),
        facts={"codec": "hevc", "key_gap": ANY},
    ),
    "av1": Kind(
        make=lambda p: film(p, video=("-c:v", "libsvtav1", "-preset", "12", "-crf", "20", "-g", "60")),
        shown=even("30"),
        facts={"codec": "av1", "key_gap": 60},
    ),
    "vp9": Kind(
        make=lambda p: film(
            p,
            video=(
                *("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "60"),
                *("-pix_fmt", "yuv420p"),
            ),
            audio=("-c:a", "libopus"),
        ),
        suffix=".webm",
        shown=even("30"),
        facts={"container": "matroska", "codec": "vp9", "audio": "opus", "key_gap": 60},
    ),
    ".avi": Kind(
        make=lambda p: film(
            p, video=("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", *IN_ORDER), audio=PCM
        ),
        suffix=".avi",
        shown=even("30"),
        facts={
            **{"container": "avi", "codec": "mjpeg", "pixel_format": "yuvj420p", "full_range": True},
            **{"audio": "pcm_s16le", "key_gap": 1},
        },
    ),
    "mpeg-4 part 2": Kind(
        make=lambda p: film(
            p, video=("-c:v", "mpeg4", "-bf", "0", "-g", "250", "-q:v", "3", *IN_ORDER), audio=PCM
        ),
        suffix=".avi",
        shown=even("30"),
        facts={"container": "avi", "codec": "mpeg4", "audio": "pcm_s16le"},
    ),
    # an .avi stores no times: a picture is shown when the decoder gives it out
    "mpeg-4 part 2 with b-pictures": Kind(
        make=lambda p: film(
            p, video=("-c:v", "mpeg4", "-bf", "2", "-g", "250", "-q:v", "3", *IN_ORDER), audio=PCM
        ),
        suffix=".avi",
        shown=even("30", 1 / 30),
        behind=-1 / 30,
        facts={"container": "avi", "codec": "mpeg4", "audio": "pcm_s16le", "timed": False},
    ),
    "prores": Kind(
        make=lambda p: film(
            p,
            video=("-c:v", "prores", "-profile:v", "0", "-pix_fmt", "yuv422p10le", *IN_ORDER),
            audio=(*PCM, "-ac", "2"),
        ),
        suffix=".mov",
        shown=even("30"),
        facts={
            **{"codec": "prores", "pixel_format": "yuv422p10le", "audio": "pcm_s16le"},
            **{"channels": "stereo", "key_gap": 1},
        },
    ),
    ".ts": Kind(
        make=lambda p: film(p, "-bf", "3", "-g", "250"),
        suffix=".ts",
        shown=even("30", PRIMED),
        sound=(PRIMED, 4.0),
        facts={"container": "mpegts"},
    ),
    ".mts": Kind(
        make=lambda p: film(p, "-bf", "2", "-g", "40", audio=("-c:a", "ac3")),
        suffix=".mts",
        shown=even("30"),
        loose=0.03,
        facts={"container": "mpegts", "audio": "ac3", "key_gap": 40},
    ),
    ".mpg": Kind(
        make=lambda p: film(
            p,
            video=(*IN_ORDER, "-c:v", "mpeg2video", "-bf", "2", "-g", "30", "-q:v", "3"),
            audio=("-c:a", "mp2"),
        ),
        suffix=".mpg",
        shown=even("30"),
        loose=0.03,
        facts={"container": "mpeg", "codec": "mpeg2video", "audio": "mp2", "key_gap": 30, "timed": False},
    ),
    ".wmv": Kind(
        make=lambda p: film(
            p, video=(*IN_ORDER, "-c:v", "wmv2", "-g", "250", "-q:v", "3"), audio=("-c:a", "wmav2")
        ),
        suffix=".wmv",
        shown=even("30"),
        loose=0.06,
        facts={"container": "asf", "codec": "wmv2", "audio": "wmav2"},
    ),
    ".mkv": Kind(
        make=lambda p: again(p),
        suffix=".mkv",
        shown=even("30"),
        facts={"container": "matroska", "key_gap": 60},
    ),
    "chapters": Kind(make=with_chapters, shown=even("30"), facts={"key_gap": 60, "streams": 3}),
    "timecode and data": Kind(
        make=with_data, suffix=".mov", shown=even("30"), facts={"key_gap": 60, "streams": 4}
    ),
    "two sounds": Kind(make=two_sounds, shown=even("30"), facts={"key_gap": 60, "streams": 3}),
}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A film of one kind: its file, what vigkit knows of it, and when which picture is truly shown."""

    kind: Kind
    path: Path
    found: Probe
    truth: list[tuple[int, float]]  # number and time of every picture
    late: float  # the shift of the whole that the file does not tell


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """A film of this kind, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("kinds")
    kept: dict[str, Made] = {}

    def get(name: str) -> Made:
        if name not in kept:
            kind = KINDS[name]
            path = folder / f"film{len(kept)}{kind.suffix}"
            kind.make(path)
            found = probe(path, "snack")
            late = found.first - kind.shown(kind.numbers[0])
            assert abs(late) <= kind.loose + 0.0011
            shift = late if kind.loose else 0.0
            truth = [(n, kind.shown(n) + shift) for n in kind.numbers]
            kept[name] = Made(kind=kind, path=path, found=found, truth=truth, late=shift)
        return kept[name]

    return get


@pytest.mark.parametrize("name", KINDS)
def test_what_a_film_is_is_known(made: Callable[[str], Made], name: str) -> None:
    film = made(name)
    found, times = film.found, [t for _, t in film.truth]
    # a clock of thousandths rounds, and ours never waits for one
    assert list(found.times) == pytest.approx(times, abs=0.0006)
    gaps = [b - a for a, b in pairwise(times)]
    facts = {**PLAIN, **film.kind.facts}
    longest = facts.pop("longest_gap", max(gaps))
    assert found.longest_gap == pytest.approx(longest, abs=0.0011)
    assert found.typical_gap == pytest.approx(sorted(gaps)[len(gaps) // 2], abs=0.0006)
    end = times[-1] + gaps[-1]
    assert found.seconds == pytest.approx(end, abs=0.02)
    assert found.rate == pytest.approx(len(times) / (end - times[0]), rel=0.01)
    assert {fact: getattr(found, fact) for fact in facts} == facts


def moments(film: Made) -> list[tuple[float, float]]:
    """Where to cut: from picture to picture, between pictures, from 0:00 on, to the end, across a gap."""
    times, gap = list(film.found.times), film.found.typical_gap
    wide = max(range(len(times) - 1), key=lambda i: times[i + 1] - times[i])
    chosen = [
        (times[40], times[70]),
        (times[20] + 0.6 * gap, times[20] + 0.6 * gap + 0.9),
        (0.0, times[0] + 0.5),
        (times[-20] + 0.3 * gap, film.found.seconds),
        (times[30], times[30] + 0.01),
    ]
    if film.found.longest_gap > 1:
        chosen += [(times[wide - 10], times[wide + 10]), (times[wide] + 1.2, times[wide + 1] + 0.5)]
    return chosen


def wanted(film: Made, start: float, end: float) -> tuple[list[tuple[int, float]], float]:
    """The pictures of a moment with their times, and the time of the film at which its clip begins."""
    slack = 0.0006  # the roundings of a clock that counts thousandths
    first = max((i for i, (_, t) in enumerate(film.truth) if t <= start + slack), default=0)
    past = next((i for i, (_, t) in enumerate(film.truth) if t >= end - slack), len(film.truth))
    on_screen = film.truth[first][1]
    begins = on_screen if 0 <= start - on_screen < 0.05 else start
    return film.truth[first : max(past, first + 1)], begins


@pytest.mark.parametrize("name", KINDS)
def test_a_cut_holds_the_moment_and_nothing_more(
    made: Callable[[str], Made], tmp_path: Path, name: str
) -> None:
    film = made(name)
    out = tmp_path / "out.mp4"
    for start, end in moments(film):
        cut(film.path, film.found, start, end, out)
        inside, begins = wanted(film, start, end)
        pictures = films.pictures(out)
        assert [films.number_of(p) for p in pictures] == [n for n, _ in inside], (start, end)
        clip = probe(out, "clip")
        assert clip.first == 0 and (clip.audio is None) == (film.kind.sound is None)
        assert -0.0011 <= clip.seconds - (end - start) <= film.found.typical_gap + 0.0011, (start, end)
        lit = [t for p, t in zip(pictures, clip.times, strict=True) if p[174, 160] > 128]
        flashes = [max(t - begins, 0.0) for n, t in inside if n in films.FLASHES]
        assert lit[-1:] == pytest.approx(flashes[-1:], abs=0.02)
        if lit and flashes and (lit[0] or flashes[0]):
            # the first picture of a clip stands at its start, wherever it began
            assert lit == pytest.approx(flashes, abs=0.02), (start, end)
        if film.kind.sound:
            in_step(film, films.onsets(films.heard(out)), begins, end)


def in_step(film: Made, heard: Sequence[float], begins: float, end: float) -> None:
    """The tones of a clip lie where the flashes do, and nowhere else."""
    assert film.kind.sound
    true = [t + film.kind.behind - begins for n, t in film.truth if n in films.FLASHES]
    begin, stop = (t + film.late - begins for t in film.kind.sound)
    # a tone that is cut in two may be lost
    within = max(begin, 0.0) + 0.04, min(stop, end - begins) - 0.08
    for given, known in ((true, heard), (heard, true)):
        for tone in given:
            if within[0] < tone < within[1]:
                assert min((abs(tone - t) for t in known), default=9.0) <= 0.02, (tone, true, heard)


@pytest.mark.parametrize("name", KINDS)
def test_a_still_of_every_kind_is_the_picture_on_the_screen(made: Callable[[str], Made], name: str) -> None:
    film = made(name)
    times, gap = film.found.times, film.found.typical_gap
    standing = [a + 0.9 * (b - a) for a, b in pairwise(times) if b - a > 1]
    for at in (0.0, times[33], times[50] + 0.7 * gap, *standing, film.found.seconds):
        shown = np.asarray(picture(film.path, film.found, at, 320).convert("L"))
        assert films.number_of(shown) == wanted(film, at, at)[0][0][0], at


# What a screen cannot show as it is


def described(path: Path) -> str:
    """How ffmpeg describes the picture of a film."""
    words = [films.imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    return next(line for line in said.splitlines() if "Video:" in line)


def test_lines_of_two_moments_are_not_shown_together(tmp_path: Path) -> None:
    moving = "testsrc2=s=320x180:r=50:d=2,format=yuv420p"
    lines = ("-vf", "tinterlace=interleave_top", "-flags", "+ildct+ilme", "-x264-params", "tff=1")
    film = tmp_path / "film.mp4"
    films.ffmpeg("-f", "lavfi", "-i", moving, *lines, *X264, "-crf", "10", film)
    found = probe(film, "it")
    assert found.interlaced and len(found.times) == 50
    cut(film, found, 0.5, 1.5, tmp_path / "out.mp4")
    combed, clean = (
        np.abs(np.diff(films.pictures(path).astype(int), n=2, axis=1)).mean()
        for path in (film, tmp_path / "out.mp4")
    )
    assert clean < 0.75 * combed
    still = np.asarray(picture(film, found, 1.0, 320).convert("L"), int)
    assert np.abs(np.diff(still, n=2, axis=0)).mean() < 0.75 * combed
    assert not probe(tmp_path / "out.mp4", "it").interlaced


@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
def test_a_film_with_more_light_than_a_screen_has_is_not_washed_out(tmp_path: Path, transfer: str) -> None:
    """A white wall and a skin, written as ITU-R BT.2408 has it: 203 candela is white."""
    white, skin = np.array([1.0, 1.0, 1.0]), np.array([0.8, 0.6, 0.5])
    film = bright(tmp_path / "film.mov", [white, skin], transfer)
    found = probe(film, "it")
    assert (found.transfer, found.pixel_format) == (transfer, "yuv420p10le")
    cut(film, found, 0.0, 0.2, tmp_path / "out.mp4")
    clip = probe(tmp_path / "out.mp4", "clip")
    assert (clip.pixel_format, clip.transfer) == ("yuv420p", "bt709")
    for shown in (picture(film, found, 0.1), picture(tmp_path / "out.mp4", clip, 0.1)):
        for x, truth in ((40, white), (120, skin)):
            # the brightest fifth makes room for what is brighter than white
            assert np.array(shown.getpixel((x, 40))) / 255 == pytest.approx(truth, abs=0.08)


def bright(path: Path, colours: Sequence[Any], transfer: str) -> Path:
    """Fields of colour as a screen of today shows them (BT.1886, BT.2087), written as BT.2100 has it."""
    wider = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    fields = []
    for colour in colours:
        light = wider @ colour**2.4 * 203  # candela
        if transfer == "smpte2084":
            power = (light / 10_000) ** 0.1593017578125
            signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
        else:
            scene = light / 1000 * (np.array([0.2627, 0.6780, 0.0593]) @ light / 1000) ** (-0.2 / 1.2)
            signal = np.where(
                scene <= 1 / 12,
                np.sqrt(3 * scene),
                0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073,
            )
        fields.append(np.tile(signal, (80, 80, 1)))
    pixels = (np.concatenate(fields, axis=1) * 65535).astype("<u2")
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", f"{pixels.shape[1]}x80", "-r", "30", "-i", "pipe:0")
    tags = f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv"
    into = f"scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le,{tags}"
    films.ffmpeg(
        *raw, "-vf", into, *X265, "-crf", "10", "-x265-params", QUIET, path, given=pixels.tobytes() * 10
    )
    return path


@pytest.mark.parametrize(
    ("suffix", "words", "filters", "said"),
    [
        (".mp4", X264, "{}=bt709:color_primaries=bt709:color_trc=bt709", "yuv420p(tv, bt709"),
        (".mp4", X264, "{}=smpte170m:color_primaries=smpte170m:color_trc=smpte170m", "yuv420p(tv, smpte170m"),
        (".mp4", X264, "{}=bt709:range=pc:color_primaries=bt709:color_trc=bt709", "yuv420p(tv, bt709"),
        (".avi", ("-c:v", "mjpeg", "-q:v", "2"), "null", "yuv420p(tv"),
        (".mov", ("-c:v", "png"), "null", "yuv420p(tv"),
    ],
    ids=["709", "601", "full", "mjpeg", "rgb"],
)
def test_colours_stay_what_they_are(
    tmp_path: Path, suffix: str, words: Sequence[str], filters: str, said: str
) -> None:
    matrix = filters.partition("=")[2].partition(":")[0]
    full = "pc" if "range=pc" in filters else "tv"
    into = f"scale=out_color_matrix={matrix}:out_range={full},format=yuv420p," if matrix else ""
    film = tmp_path / f"film{suffix}"
    source = ("-f", "lavfi", "-i", "color=c=0xE04020:s=320x180:r=30:d=1")
    films.ffmpeg(*source, "-vf", into + filters.replace("{}", "setparams=colorspace"), *words, film)
    found = probe(film, "it")
    cut(film, found, 0.0, 0.5, tmp_path / "out.mp4")
    assert said in described(tmp_path / "out.mp4")
    for path, known in ((film, found), (tmp_path / "out.mp4", probe(tmp_path / "out.mp4", "clip"))):
        colour = picture(path, known, 0.1).getpixel((100, 100))
        assert colour == pytest.approx((0xE0, 0x40, 0x20), abs=4)


# What else a file may hold


def kept(film: Path, tmp_path: Path) -> Probe:
    """What is known of a film whose pictures are those of the plain one; it is cut, too."""
    found = probe(film, "snack")
    cut(film, found, 1.0, 2.0, tmp_path / "out.mp4")
    assert films.numbers(tmp_path / "out.mp4") == list(range(30, 60))
    assert (probe(tmp_path / "out.mp4", "clip").audio is None) == (found.audio is None)
    return found


def test_sound_that_nobody_can_decode_is_left_out(tmp_path: Path) -> None:
    data = base(tmp_path / "x").read_bytes().replace(b"mp4a", b"apac").replace(b"esds", b"dapa")
    (tmp_path / "film.mp4").write_bytes(data)
    found = kept(tmp_path / "film.mp4", tmp_path)
    assert (found.audio, found.channels, found.sound_rate, found.streams) == (None, None, None, 2)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_cover_picture_is_not_taken_for_the_film(tmp_path: Path, suffix: str) -> None:
    cover, film = tmp_path / "cover.png", tmp_path / f"film{suffix}"
    films.ffmpeg("-f", "lavfi", "-i", "color=red:s=640x640", "-frames:v", "1", cover)
    plain = base(tmp_path / "x")
    if suffix == ".mp4":
        words = ("-i", cover, "-i", plain, "-map", "0", "-map", "1", "-disposition:v:0", "attached_pic")
    else:
        words = ("-i", plain, "-attach", cover, "-metadata:s:t", "mimetype=image/png")
    films.ffmpeg(*words, "-c", "copy", film)
    found = kept(film, tmp_path)
    assert (found.codec, found.stored, found.streams) == ("h264", (320, 180), 3)


def test_a_small_second_picture_is_left_alone(tmp_path: Path) -> None:
    plain, small, film = base(tmp_path / "x"), tmp_path / "small.mp4", tmp_path / "film.mp4"
    films.ffmpeg("-i", plain, "-vf", "scale=64:36", "-an", *X264, small)
    films.ffmpeg("-i", plain, "-i", small, "-map", "0", "-map", "1", "-c", "copy", film)
    found = kept(film, tmp_path)
    assert (found.stored, found.streams) == ((320, 180), 3)


@pytest.mark.parametrize("length", [0, 1, 1000, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize(("box", "place"), [(b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20), (b"elst", 12)])
def test_a_wrong_length_in_the_header_does_no_harm(
    tmp_path: Path, box: bytes, place: int, length: int
) -> None:
    data = bytearray(base(tmp_path / "x").read_bytes())
    at = -1
    while (at := data.find(box, at + 1)) >= 0:
        data[at + place : at + place + 4] = struct.pack(">I", length)
    film = tmp_path / "film.mp4"
    film.write_bytes(data)
    if box == b"elst" and length < 1000:
        # an edit list is an order: this one shows nothing
        with pytest.raises(FilmUnreadable, match="snack"):
            probe(film, "snack")
    elif box == b"elst" and length == 1000:
        assert len(probe(film, "snack").times) == 1
    else:
        assert kept(film, tmp_path).seconds == pytest.approx(4.0, abs=1e-4)


def test_two_films_joined_to_one_are_refused(tmp_path: Path) -> None:
    one = film(tmp_path / "one.ts", "-g", "40").read_bytes()
    (tmp_path / "film.ts").write_bytes(one + one)
    with pytest.raises(FilmUnreadable, match="clock jumps back"):
        probe(tmp_path / "film.ts", "snack")


def test_words_that_last_longer_than_the_film_do_not_make_it_half_a_film(tmp_path: Path) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:09,000\nHello\n", encoding="utf-8")
    films.ffmpeg(
        "-i", base(tmp_path / "x"), "-i", words, "-map", "0", "-map", "1", "-c", "copy", tmp_path / "film.mkv"
    )
    assert kept(tmp_path / "film.mkv", tmp_path).streams == 3
