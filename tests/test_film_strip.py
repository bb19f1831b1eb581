"""Small pictures, loudness and movement of a film: at their own times, in one file, in bounded memory."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import films
import numpy as np
import pytest
from PIL import Image
from test_film_cut import by_itself
from test_film_kinds import KINDS, Made, made

from vigkit.errors import FilmMissing, FilmUnreadable
from vigkit.film import strip
from vigkit.film.probe import Probe, probe
from vigkit.film.strip import Strip

Maker = Callable[[Path], Path]

__all__ = ["made"]  # a fixture: it makes each kind of film once
X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
IDLE = "b-adapt=0:bframes=12:b-pyramid=none:scenecut=0"
# Nothing may be left out in these: they are read whole, and each small picture is the very one.
EXACT: dict[str, Maker] = {
    "slow": lambda p: films.make(p, 90, rate="15", video=(*X264, "-bf", "3")),
    "all key": lambda p: films.make(p, 120, video=(*X264, "-g", "1")),
    "hardly any leant on": lambda p: films.make(p, 120, video=(*X264, "-x264-params", IDLE)),
}
# In these the pictures that no other leans on are left out: at most 3 in a row, a tenth of a second.
QUICK = {"h264": 3, "hevc": 3}


def stripped(film: Path, found: Probe | None = None) -> Strip:
    strip.make(film, found or probe(film, "it"), film.with_name("strip.json"))
    return strip.read(film.with_name("strip.json"))


def small(made: Strip) -> list[Any]:
    """The small pictures, in order."""
    sheets = [np.asarray(Image.open(io.BytesIO(s)).convert("L")) for s in made.sheets]
    found = []
    for number in range(made.count):
        sheet, place = divmod(number, 100)
        row, column = divmod(place, made.columns)
        top, left = row * made.height, column * made.width
        found.append(sheets[sheet][top : top + made.height, left : left + made.width])
    return found


def numbers(made: Strip) -> list[int]:
    return [films.number_of(picture) for picture in small(made)]


def expected(film: Path, found: Probe, made: Strip) -> list[int]:
    """The number on the screen at the time of each small picture."""
    painted = films.numbers(film, hidden=False)[-len(found.times) :]
    return [painted[found.showing(n * made.every)] for n in range(made.count)]


@pytest.mark.parametrize("name", EXACT)
def test_a_small_picture_is_the_one_on_the_screen_at_its_time(tmp_path: Path, name: str) -> None:
    film = EXACT[name](tmp_path / "film.mp4")
    found = probe(film, "it")
    strip_ = stripped(film, found)
    assert strip_.count >= 4
    assert numbers(strip_) == expected(film, found, strip_)


@pytest.mark.parametrize("name", KINDS)
def test_small_pictures_of_every_kind_are_at_most_a_tenth_of_a_second_off(
    made: Callable[[str], Made], tmp_path: Path, name: str
) -> None:
    film = made(name)
    strip.make(film.path, film.found, tmp_path / "strip.json")
    strip_ = strip.read(tmp_path / "strip.json")
    assert strip_.count >= 3 and len(strip_.movement) == pytest.approx(5 * film.found.seconds, abs=1)
    left_out = QUICK.get(film.found.codec, 0) if film.found.rate >= 23 else 0
    there = [film.found.showing(n * strip_.every) for n in range(strip_.count)]
    here = [list(film.kind.numbers).index(n) for n in numbers(strip_)]
    assert all(abs(a - b) <= left_out for a, b in zip(there, here, strict=True)), (here, there)


@pytest.mark.parametrize(
    ("filters", "size"),
    [
        ("null", (160, 90)),
        ("transpose=1", (90, 160)),
        ("setsar=64/45", (160, 63)),
        ("crop=320:20", (160, 10)),
    ],
)
def test_small_pictures_have_the_shape_of_the_film(
    tmp_path: Path, filters: str, size: tuple[int, int]
) -> None:
    made = stripped(films.make(tmp_path / "film.mp4", 30, filters=filters))
    assert (made.width, made.height) == size
    assert Image.open(io.BytesIO(made.sheets[0])).size == (10 * size[0], size[1])


def test_a_long_film_has_no_more_small_pictures_than_a_short_one(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 1210, rate="2", video=X264)
    made = stripped(film)
    assert (made.every, made.count) == (3, 202)
    assert numbers(made) == [6 * n for n in range(202)]
    heights = [Image.open(io.BytesIO(sheet)).size[1] for sheet in made.sheets]
    assert heights == [900, 900, 90]


def test_peaks_stand_where_the_sound_is(tmp_path: Path, small_film: Path) -> None:
    wave = tmp_path / "sound.wav"
    tone = "aevalsrc='0.5*sin(2*PI*500*t)*between(mod(t,2),1,1.5)':s=48000:d=6"
    films.ffmpeg("-f", "lavfi", "-i", tone, wave)
    film = tmp_path / "film.mp4"
    both = ("-i", small_film, "-i", wave, "-map", "0:v", "-map", "1:a", "-c:v", "copy", *films.AAC, "-t", "7")
    films.ffmpeg(*both, film)
    for offset, name in ((0.0, "film.mp4"), (0.75, "late.mp4")):
        if offset:
            two = ("-i", film, "-itsoffset", str(offset), "-i", film, "-map", "0:v", "-map", "1:a")
            films.ffmpeg(*two, "-c", "copy", tmp_path / name)
        found = probe(tmp_path / name, "it")
        peaks = stripped(tmp_path / name, found).peaks
        assert len(peaks) == pytest.approx(20 * found.seconds, abs=1)
        for second in (1, 3, 5):
            begin = round(20 * (second + offset))
            assert max(peaks[begin - 18 : begin - 1]) < 8, name
            assert all(abs(peak - 128) < 20 for peak in peaks[begin + 1 : begin + 9]), name
            assert max(peaks[begin + 11 : begin + 18]) < 8, name


def test_no_sound_is_silence_and_sound_that_ends_early_too(tmp_path: Path) -> None:
    silent = stripped(films.make(tmp_path / "film.mp4", 90))
    assert silent.peaks == bytes(60)
    short = stripped(films.make(tmp_path / "short.mp4", 90, sound=1.0))
    assert len(short.peaks) == 60 and min(short.peaks[:19]) > 20 and max(short.peaks[23:]) == 0
    longer = stripped(films.make(tmp_path / "longer.mp4", 90, sound=6.0))
    assert len(longer.peaks) == 60 and min(longer.peaks) > 20


def test_movement_is_seen_where_it_is(tmp_path: Path) -> None:
    # stands for 2 s, moves for 1 s, stands again
    still, moves = (f"color=gray:s=320x180:r=30:d={d}" for d in (2, 2))
    middle = "testsrc2=s=320x180:r=30:d=1,rotate=2*t"
    film = tmp_path / "film.mp4"
    inputs = [w for each in (still, middle, moves) for w in ("-f", "lavfi", "-i", each)]
    films.ffmpeg(*inputs, "-filter_complex", "[0][1][2]concat=n=3", *films.H264, film)
    movement = stripped(film).movement
    assert len(movement) == 25
    assert max(movement[:10]) == 0
    assert min(movement[10:15]) > 25
    assert max(movement[16:]) == 0


def test_a_strip_is_one_file_that_a_page_can_use_as_it_is(tmp_path: Path, small_film: Path) -> None:
    out = tmp_path / "strip.json"
    told: list[float] = []
    strip.make(small_film, probe(small_film, "it"), out, progress=told.append)
    data = json.loads(out.read_text(encoding="utf-8"))
    assert [p.name for p in tmp_path.iterdir()] == ["strip.json"]
    assert data["format"] == 1 and data["count"] == 20
    assert all(sheet.startswith("/9j/") for sheet in data["sheets"])
    assert told == sorted(told) and told[-1] == 20 and len(told) > 10


def test_the_same_strip_has_the_same_bytes(tmp_path: Path, small_film: Path) -> None:
    found = probe(small_film, "it")
    for name in ("a", "b"):
        strip.make(small_film, found, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_film_that_has_gone_or_is_none_leaves_no_strip(tmp_path: Path, small_film: Path) -> None:
    found = probe(small_film, "snack")
    (tmp_path / "letter.mp4").write_text("a letter", encoding="utf-8")
    with pytest.raises(FilmMissing, match="snack"):
        strip.make(tmp_path / "gone.mp4", found, tmp_path / "out.json")
    with pytest.raises(FilmUnreadable, match="snack"):
        strip.make(tmp_path / "letter.mp4", found, tmp_path / "out.json")
    assert [p.name for p in tmp_path.iterdir()] == ["letter.mp4"]


def test_a_damaged_film_still_gives_a_strip_of_its_whole_length(tmp_path: Path, small_film: Path) -> None:
    film = tmp_path / "film.mp4"
    shutil.copyfile(small_film, film)
    found = probe(film, "it")
    data = bytearray(film.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    film.write_bytes(data)
    made = stripped(film, found)
    assert made.count == 20 and len(made.peaks) == 400
    known = numbers(made)
    assert sum(a < b for a, b in pairwise(known)) > 10


def test_a_strip_of_a_longer_film_takes_no_more_memory(tmp_path: Path) -> None:
    code = """
        import resource
        from vigkit.film import strip
        from vigkit.film.probe import probe
        film = Path(sys.argv[1])
        found = probe(film, "it")
        strip.make(film, found, film.with_suffix(".json"))
        both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        print(*(resource.getrusage(who).ru_maxrss for who in both))
    """
    pytest.importorskip("resource")
    used = []
    base = films.make(tmp_path / "1.mp4", 300, sound=10.0)
    film = films.rewrap(base, tmp_path / "40.mp4", before=("-stream_loop", "39"))
    for each in (base, film):
        ran = by_itself(code, each)
        used.append(sum(map(int, ran.stdout.split())))
    # sheets fill up to a hundred pictures, then no more: 400 s of raw small pictures alone would be 86 MB
    assert used[1] < used[0] + (30 << 10)
