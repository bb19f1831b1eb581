"""A proxy shows at every second what its film shows, is made where it is needed, and carries nothing else."""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import films
import numpy as np
import pytest
from PIL import Image
from test_film_cut import by_itself
from test_film_kinds import JITTER, KINDS, QUIET, X265, Kind, Made, in_step, made, still_for
from test_film_strip import numbers as strip_numbers

from vigkit.errors import BadUsage, FilmChanged, FilmMissing, FilmUnreadable, MachineFailed
from vigkit.film import proxy, strip
from vigkit.film.cut import still
from vigkit.film.probe import Probe, probe
from vigkit.film.strip import Strip

REAL = Path(__file__).parents[2] / "shared" / "real" / "video"
__all__ = ["made"]  # a fixture: it makes each kind of film once


@pytest.mark.parametrize("name", KINDS)
def test_a_proxy_shows_at_every_time_what_the_film_shows(
    made: Callable[[str], Made], tmp_path: Path, name: str
) -> None:
    film = made(name)
    out, beside = tmp_path / "out.mp4", tmp_path / "strip.json"
    told: list[float] = []
    proxy.make(film.path, film.found, out, strip_to=beside, progress=told.append)
    stays_in_time(film, out)
    assert strip_numbers(strip.read(beside)) == strip_expected(film, strip.read(beside))
    assert told == sorted(told) and told[-1] == film.found.seconds
    found = probe(out, "out")
    assert (found.codec, found.pixel_format, found.interlaced) == ("h264", "yuv420p", False)
    assert proxy.reason(found) is None


def stays_in_time(film: Made, out: Path) -> None:
    """At the time of every picture of a film, and until the next, the proxy shows that picture."""
    found, pictures, times = probe(out, "out"), films.pictures(out), films.times_of(out)
    numbers = [films.number_of(p) for p in pictures]
    assert numbers == list(film.kind.numbers) and times[0] == 0
    ends = [t for _, t in film.truth[1:]] + [film.found.seconds]
    slack = 0.0006  # the roundings of a clock that counts thousandths
    for (number, begin), end in zip(film.truth, ends, strict=True):
        assert [on_screen(times, numbers, t) for t in (begin + slack, end - slack)] == [number] * 2
    # a mark is looked up in the film by its own times: there not a thousandth is given away
    painted = list(film.kind.numbers)
    assert [on_screen(times, numbers, t) for t in film.found.times] == painted
    assert [film.found.showing(t) for t in times] == list(range(len(painted)))
    assert found.seconds == pytest.approx(film.found.seconds, abs=0.001)
    assert (found.width, found.height) == (film.found.width, film.found.height)
    assert (found.audio is None) == (film.kind.sound is None)
    if film.kind.sound:
        sound = films.heard(out)
        assert len(sound) / films.RATE < film.found.seconds + 0.03
        in_step(film, films.onsets(sound), 0.0, film.found.seconds)


def on_screen(times: list[float], numbers: list[int], at: float) -> int:
    """The number that a player shows at a time."""
    return numbers[bisect_right(times, at + 1e-4) - 1]


def strip_expected(film: Made, made: Strip) -> list[int]:
    """The number on the screen at the time of each small picture."""
    return [film.kind.numbers[film.found.showing(n * made.every)] for n in range(made.count)]


def test_an_uneven_film_of_a_phone_that_lies_on_its_side_keeps_its_time(tmp_path: Path) -> None:
    film = of_a_phone(tmp_path)
    assert not film.found.constant and film.found.rotation == 270 and film.found.codec == "hevc"
    proxy.make(film.path, film.found, tmp_path / "out.mp4")
    stays_in_time(film, tmp_path / "out.mp4")


def test_how_far_a_proxy_is_can_be_told(tmp_path: Path, small_film: Path) -> None:
    for strip_to in (None, tmp_path / "strip.json"):
        told: list[float] = []
        proxy.make(
            small_film, probe(small_film, "it"), tmp_path / "out.mp4", strip_to=strip_to, progress=told.append
        )
        assert told == sorted(told) and told[-1] == pytest.approx(20, abs=0.1)


def of_a_phone(folder: Path) -> Made:
    """An uneven HEVC film that lies on its side and says so."""
    video = (*X265, "-pix_fmt", "yuv420p", "-x265-params", QUIET)
    tones = {"sound": 6.5, "tones": [still_for(n) for n in films.FLASHES]}
    lying = folder / "lying.mov"
    films.make(
        lying,
        120,
        filters=f"{JITTER},transpose=1",
        paint=films.flashing,
        video=video,
        **tones,  # type: ignore[arg-type]
    )
    path = films.rewrap(lying, folder / "phone.mov", before=("-display_rotation", "90"))
    kind = Kind(make=lambda p: p, shown=still_for, sound=(0.0, 6.5))
    truth = [(n, still_for(n)) for n in kind.numbers]
    return Made(kind=kind, path=path, found=probe(path, "it"), truth=truth, late=0.0)


@pytest.mark.parametrize(
    ("shape", "lines", "size"),
    [
        ((1920, 1080), 480, (854, 480)),
        ((1920, 1080), 720, (1280, 720)),
        ((1080, 1920), 480, (480, 854)),
        ((640, 360), 480, (640, 360)),
        ((427, 255), 480, (428, 256)),
        ((3840, 1600), 480, (1152, 480)),
        ((1, 1), 480, (2, 2)),
    ],
)
def test_the_short_side_of_a_proxy_has_its_lines(
    small_film: Path, shape: tuple[int, int], lines: int, size: tuple[int, int]
) -> None:
    found = dataclasses.replace(probe(small_film, "it"), width=shape[0], height=shape[1])
    assert proxy.size(found, lines) == size


def test_a_proxy_has_square_pixels_and_can_be_smaller(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 30, filters="setsar=4/3")
    found = probe(film, "it")
    proxy.make(film, found, tmp_path / "out.mp4", lines=90)
    made = probe(tmp_path / "out.mp4", "out")
    assert made.stored == (made.width, made.height) == (214, 90)
    assert films.numbers(tmp_path / "out.mp4", size=(214, 90)) == list(range(30))


def test_a_proxy_begins_to_play_at_once_and_finds_every_second_quickly(
    tmp_path: Path, small_film: Path
) -> None:
    proxy.make(small_film, probe(small_film, "it"), tmp_path / "out.mp4")
    assert probe(tmp_path / "out.mp4", "out").key_gap <= 12
    data = (tmp_path / "out.mp4").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_colours_stay_when_a_large_film_becomes_small(tmp_path: Path) -> None:
    orange = "color=0xd06020:s=1280x720:r=10:d=1,scale=out_color_matrix=bt709"
    film = tmp_path / "film.mp4"
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
    films.ffmpeg("-f", "lavfi", "-i", orange, "-c:v", "libx264", "-pix_fmt", "yuv420p", *tags, film)
    proxy.make(film, probe(film, "it"), tmp_path / "out.mp4")
    still(tmp_path / "out.mp4", probe(tmp_path / "out.mp4", "out"), 0.5, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as picture:
        colour = np.asarray(picture.convert("RGB"))[200, 400].astype(int)
    assert np.abs(colour - (0xD0, 0x60, 0x20)).max() <= 4


# When a film needs one


PLAY = {
    *(
        "30",
        "29.97",
        "59.94",
        "variable",
        "b-pictures",
        "turned left",
        "turned over",
        "turned right",
    ),
    *(
        "late picture",
        "hidden start",
        "before zero",
        "two pieces",
        "long sound",
        "short sound",
        "silent",
        "5.1",
    ),
    *("stereo mp3 44.1", "av1", "vp9", "chapters", "timecode and data", "two sounds"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_proxy_is_made_only_where_a_browser_needs_one(made: Callable[[str], Made], name: str) -> None:
    assert (proxy.reason(made(name).found) is None) == (name in PLAY)


@pytest.fixture(scope="module")
def usual(small_film: Path) -> Probe:
    return probe(small_film, "it")


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({}, None),
        ({"pixel_format": "yuvj420p", "full_range": True}, None),
        ({"transfer": "bt709"}, None),
        ({"transfer": "smpte2084"}, "colours"),
        ({"audio": None}, None),
        ({"audio": "mp3"}, None),
        ({"audio": "pcm_s16le"}, None),
        ({"container": "matroska"}, "kind of film"),
        ({"container": "matroska", "codec": "vp9"}, "sound"),
        ({"container": "matroska", "codec": "vp9", "audio": "opus"}, None),
        ({"codec": "hevc"}, "kind of film"),
        ({"codec": "mpeg4"}, "kind of film"),
        ({"pixel_format": "yuv420p10le"}, "kind of film"),
        ({"pixel_format": "yuv422p"}, "kind of film"),
        ({"audio": "ac3"}, "sound"),
        ({"audio": "alac"}, "sound"),
        ({"interlaced": True}, "television"),
        ({"origin": 1.5}, "late"),
        ({"transfer": "arib-std-b67"}, "colours"),
        ({"stored": (1920, 1080), "key_gap": 60}, None),
        ({"stored": (1920, 1080), "key_gap": 250}, "large"),
        ({"stored": (1080, 1920), "key_gap": 250}, "large"),
        ({"stored": (1280, 720), "key_gap": 250}, None),
        ({"stored": (3840, 2160), "key_gap": 12}, "large"),
        ({"rate": 120.0}, "large"),
        ({"rate": 60.0}, None),
    ],
)
def test_the_reason_for_a_proxy_is_a_sentence(
    usual: Probe, other: dict[str, object], word: str | None
) -> None:
    said = proxy.reason(dataclasses.replace(usual, **other))  # type: ignore[arg-type]
    assert (said is None) == (word is None)
    if said is not None:
        assert str(word) in said
        assert all(len(sentence.split()) <= 20 for sentence in said.split(". "))


# Nothing travels along, nothing is left


def test_nothing_in_a_proxy_or_strip_tells_where_or_who(tmp_path: Path, small_film: Path) -> None:
    film = tmp_path / "PLANTname.mov"
    tags = {"title": "PLANTtitle", "location": "+55.9533-003.1883/", "creation_time": "2024-05-06T07:08:09Z"}
    said = [w for key, value in tags.items() for w in ("-metadata", f"{key}={value}")]
    sei = "h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+PLANTsei"
    handler = ("-metadata:s:v", "handler_name=PLANThandler", "-timecode", "01:02:03:04")
    films.ffmpeg(
        "-i", small_film, "-c", "copy", "-bsf:v", sei, "-movflags", "use_metadata_tags", *said, *handler, film
    )
    source = film.read_bytes()
    assert all(trace in source for trace in (b"PLANTtitle", b"PLANTsei", b"PLANThandler", b"55.9533"))
    out, beside = tmp_path / "out.mp4", tmp_path / "out.json"
    proxy.make(film, probe(film, "it"), out, strip_to=beside)
    made = [out.read_bytes(), beside.read_bytes(), *strip.read(beside).sheets]
    for data in made:
        for trace in (b"PLANT", b"55.9533", b"2024-05", b"Lavf", b"Lavc", b"x264", b"Exif"):
            assert trace not in data, trace
    assert made[0].count(b"trak") == 2
    for box in (b"mvhd", b"tkhd", b"mdhd"):  # version and flags, then two dates, all zero
        assert made[0][made[0].find(box) + 8 :][:8] == bytes(8)


def test_the_same_proxy_has_the_same_bytes_with_a_strip_or_without(tmp_path: Path, small_film: Path) -> None:
    found = probe(small_film, "it")
    proxy.make(small_film, found, tmp_path / "a.mp4")
    proxy.make(small_film, found, tmp_path / "b.mp4", strip_to=tmp_path / "b.json")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_film_that_has_gone_or_is_none_leaves_nothing(tmp_path: Path, usual: Probe) -> None:
    (tmp_path / "letter.mp4").write_text("a letter", encoding="utf-8")
    for strip_to in (None, tmp_path / "out.json"):
        with pytest.raises(FilmMissing, match="it"):
            proxy.make(tmp_path / "gone.mp4", usual, tmp_path / "out.mp4", strip_to=strip_to)
        with pytest.raises(FilmUnreadable, match="it"):
            proxy.make(tmp_path / "letter.mp4", usual, tmp_path / "out.mp4", strip_to=strip_to)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.mp4"]


def test_a_folder_in_the_place_of_a_proxy_or_strip_stays(
    tmp_path: Path, small_film: Path, usual: Probe
) -> None:
    (tmp_path / "out").mkdir()
    for out, strip_to in (("out", None), ("out.mp4", tmp_path / "out"), ("out", tmp_path / "out.json")):
        with pytest.raises(MachineFailed, match="out"):
            proxy.make(small_film, usual, tmp_path / out, strip_to=strip_to)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_film_is_never_written_over(tmp_path: Path, small_film: Path, usual: Probe) -> None:
    film = tmp_path / "film.mp4"
    shutil.copyfile(small_film, film)
    before = film.read_bytes()
    for out, strip_to in ((film, None), (tmp_path / "out.mp4", film)):
        with pytest.raises(BadUsage, match="film itself"):
            proxy.make(film, usual, out, strip_to=strip_to)
    assert film.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize("with_strip", [False, True])
def test_a_film_that_changes_meanwhile_leaves_nothing(
    tmp_path: Path, small_film: Path, usual: Probe, with_strip: bool
) -> None:
    film = tmp_path / "film.mp4"
    shutil.copyfile(small_film, film)

    def sync() -> None:  # as a sync client does: the same name, another time
        while not any(p.suffix == ".part" for p in tmp_path.iterdir()):
            pass
        os.utime(film, (1, 1))

    client = threading.Thread(target=sync)
    client.start()
    with pytest.raises(FilmChanged, match="it"):
        proxy.make(film, usual, tmp_path / "out.mp4", strip_to=tmp_path / "s.json" if with_strip else None)
    client.join()
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.skipif(os.name == "nt", reason="signals are of Unix")
@pytest.mark.parametrize("with_strip", [False, True])
def test_ctrl_c_leaves_no_half_proxy_and_no_process(
    tmp_path: Path, small_film: Path, with_strip: bool
) -> None:
    code = """
        import os, signal, threading
        from vigkit.film import proxy
        from vigkit.film.probe import probe
        film, out = Path(sys.argv[1]), Path(sys.argv[2])
        found = probe(film, "snack")
        def press():
            while not any(p.suffix == ".part" and p.stat().st_size for p in out.parent.iterdir()):
                pass
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=press, daemon=True).start()
        try:
            proxy.make(film, found, out, strip_to=out.with_suffix(".json") if sys.argv[3] == "True" else None)
        except KeyboardInterrupt:
            print("stopped", [p.name for p in out.parent.iterdir()])
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("no child")
    """
    (tmp_path / "out").mkdir()
    ran = by_itself(code, small_film, tmp_path / "out" / "out.mp4", str(with_strip))
    assert ran.stdout.splitlines() == ["stopped []", "no child"], ran


@pytest.mark.skipif(not REAL.is_dir(), reason="the real films are not here")
@pytest.mark.parametrize("name", ["face_hevc_vfr.mov", "rotated_90.mov", "two_people_vfr_noaudio.mp4"])
def test_real_films_keep_their_time(tmp_path: Path, name: str) -> None:
    found = probe(REAL / name, "it")
    proxy.make(REAL / name, found, tmp_path / "out.mp4")
    made = probe(tmp_path / "out.mp4", "out")
    assert list(made.times) == pytest.approx([0, *found.times[1:]], abs=1e-4)
    for at in (0.0, found.seconds / 2, found.times[-1]):
        pictures = []
        for film, known in ((REAL / name, found), (tmp_path / "out.mp4", made)):
            still(film, known, at, tmp_path / "out.png", width=160)
            with Image.open(tmp_path / "out.png") as picture:
                pictures.append(np.asarray(picture.convert("L").resize((80, 80)), float))
        assert np.abs(pictures[0] - pictures[1]).mean() < 4


def test_proxies_that_are_made_at_once_wait_for_nothing(made: Callable[[str], Made], tmp_path: Path) -> None:
    """A late film whose sound went two ways: on a busy machine one reading in four never ended."""
    film = made("late")

    def make(number: int) -> int:
        out, beside = tmp_path / f"{number}.mp4", tmp_path / f"{number}.json"
        proxy.make(film.path, film.found, out, strip_to=beside)
        return strip.read(beside).count

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(make, range(12))) == {6}
