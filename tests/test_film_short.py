"""The short film holds the moments and nothing beside them, in order, in step, and slowly once more."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import films
import numpy as np
import psutil
import pytest
from PIL import Image

from vigkit.errors import BadUsage, FilmChanged, FilmMissing, FilmUnreadable, MachineFailed, MomentOutsideFilm
from vigkit.film import captions, compose, short
from vigkit.film.probe import probe
from vigkit.film.short import Piece, Still, Story

SIZE = (640, 360)
CARD = 120  # pictures of a short question's card, and of the still at the end
UNEVEN = "settb=1/90000,setpts='round((N+if(gte(N,60),75,0)+0.3*mod(N,3))/30/TB)'"


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds at 30 pictures a second, with B-pictures and noise."""
    return films.make(tmp_path_factory.mktemp("ten") / "ten.mp4", 300, sound=10.0)


def story(film: Path, *moments: tuple[float, float], last: float | None = None, **more: Any) -> Story:
    found = probe(film, "it")
    pieces = tuple(Piece(film=film, probe=found, start=a, end=b, **more) for a, b in moments)
    end = None if last is None else Still(film=film, probe=found, at=last)
    return Story(question="How do I wait?", pieces=pieces, last=end)


def made(told: Story, out: Path, **more: Any) -> Path:
    short.make(told, out, size=SIZE, **more)
    return out


def numbers(film: Path) -> list[int]:
    return films.numbers(film, size=SIZE)


def pictures(film: Path) -> Any:
    """All pictures of a film, red, green and blue."""
    raw = films.ffmpeg("-i", film, "-map", "0:v", "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, SIZE[1], SIZE[0], 3)


def twice(seen: list[int]) -> list[int]:
    return [n for n in seen for _ in range(2)]


# Pictures


def test_the_card_the_moments_with_their_repeats_and_the_still_come_in_order(
    tmp_path: Path, ten: Path
) -> None:
    out = made(story(ten, (6.0, 7.0), (1.5, 2.2), last=3.0), tmp_path / "out.mp4")
    one, two = list(range(180, 210)), list(range(45, 66))
    assert numbers(out) == [-1] * CARD + one + twice(one) + two + twice(two) + [90] * CARD


def test_between_two_pictures_begins_with_the_one_on_the_screen(tmp_path: Path, ten: Path) -> None:
    out = made(story(ten, (1.234, 2.345)), tmp_path / "out.mp4")
    seen = list(range(37, 71))
    assert numbers(out)[CARD:] == seen + twice(seen)


KINDS: dict[str, dict[str, Any]] = {
    "25": {"count": 125, "rate": "25"},
    "29.97": {"count": 150, "rate": "30000/1001"},
    "59.94": {"count": 300, "rate": "60000/1001"},
    "120": {"count": 600, "rate": "120"},
    "uneven": {"count": 120, "filters": UNEVEN},
    "12": {"count": 60, "rate": "12"},
    "late picture": {"count": 150, "filters": "settb=1/90000,setpts=PTS+0.7/TB"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_rate_is_shown_in_time_with_the_first_and_the_last_picture(tmp_path: Path, kind: str) -> None:
    film = films.make(tmp_path / "film.mp4", sound=5.0, **KINDS[kind])
    found = probe(film, "it")
    for start, end in [(1.0, 2.0), (1.234, 2.345)]:
        out = made(story(film, (start, end)), tmp_path / "out.mp4")
        seen = numbers(out)[CARD:]
        length = len(seen) // 3
        assert seen[length:] == twice(seen[:length])
        first, past = found.showing(start), found.after(end)
        assert (seen[0], seen[length - 1]) == (first, past - 1)
        assert set(seen) <= set(range(first, past)) and seen[:length] == sorted(seen[:length])
        if kind in ("25", "12"):
            assert set(seen) == set(range(first, past))
        begin = found.times[first]
        assert abs(length / 30 - (end - max(begin, start - found.typical_gap))) <= 2 / 30
        for place, number in enumerate(seen[1 : length - 1], 1):
            # at most half a picture of the short film early, never late by more
            shown = (found.times[number], found.times[min(number + 1, len(found.times) - 1)])
            now = max(begin, start - found.typical_gap) + place / 30
            assert shown[0] - 0.035 <= now <= shown[1] + 0.035, (place, number)


def test_a_turned_film_is_shown_upright(tmp_path: Path) -> None:
    base = films.make(tmp_path / "base.mp4", 60, filters="transpose=2")
    film = films.rewrap(base, tmp_path / "film.mp4", before=("-display_rotation", "-90"))
    out = made(story(film, (1.0, 1.5), last=1.8), tmp_path / "out.mp4")
    seen = list(range(30, 45))
    assert numbers(out) == [-1] * CARD + seen + twice(seen) + [54] * CARD


def test_an_upright_film_has_plain_bars_beside_it(tmp_path: Path) -> None:
    # pixels twice as high as wide: 320 x 320 stored, 160 x 320 shown, 180 x 360 in the short film
    film = films.make(tmp_path / "film.mp4", 30, filters="pad=320:320:0:70,setsar=1/2")
    out = made(story(film, (0.2, 0.8), last=0.5), tmp_path / "out.mp4")
    seen = pictures(out)
    for at, number in [(CARD, 6), (CARD + 17, 23), (CARD + 18, 6), (CARD + 60, 15)]:
        bars = np.concatenate([seen[at][:, :226], seen[at][:, 414:]], axis=1).astype(int)
        assert np.abs(bars - captions.GROUND).max() < 8
        inside = seen[at][79:281, 230:410].mean(axis=2)
        assert films.number_of(inside) == number


def test_a_moment_shorter_than_a_picture_is_one_picture(tmp_path: Path, ten: Path) -> None:
    out = made(story(ten, (2.5, 2.51)), tmp_path / "out.mp4")
    assert numbers(out)[CARD:] == [75, 75, 75]


def test_colours_stay_what_they_were(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    tags = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    to = f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{tags}"
    films.ffmpeg(
        "-f", "lavfi", "-i", "color=c=0xC86432:s=640x360:r=30:d=1,format=rgb24", "-vf", to, *films.H264, film
    )
    seen = pictures(made(story(film, (0, 0.5), last=0.5), tmp_path / "out.mp4"))
    for at, colour in [(0, captions.GROUND), (CARD + 5, (200, 100, 50)), (CARD + 50, (200, 100, 50))]:
        assert np.abs(seen[at][20, 20].astype(int) - colour).max() <= 5, at


def test_a_caption_covers_its_own_rows_and_no_other(tmp_path: Path, ten: Path) -> None:
    plain = pictures(made(story(ten, (1.0, 1.5), last=2.0), tmp_path / "plain.mp4")).astype(int)
    told = story(ten, (1.0, 1.5), last=2.0, caption="I waited", again="Once more")
    told = Story(question=told.question, pieces=told.pieces, last=told.last, end_words="We laughed")
    said = pictures(made(told, tmp_path / "said.mp4")).astype(int)
    assert len(plain) == len(said)
    for at, words in [(CARD + 3, "I waited"), (CARD + 20, "Once more"), (CARD + 50, "We laughed")]:
        band = captions.band(words, SIZE[0])
        assert band
        top = SIZE[1] - band.height
        # two pixels for the colours, which are stored for four pixels at once
        assert np.abs(plain[at][: top - 2] - said[at][: top - 2]).mean() < 2
        shown = band.convert("RGB").convert("L")
        letters = said[at][top:].mean(axis=2)[np.asarray(shown) > 250]
        assert letters.mean() > 225 and said[at][top + 2 :, :20].mean() < 90


def test_a_band_is_laid_over_exactly_its_rows() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (90, 320, 3), np.uint8)
    picture.flags.writeable = False
    band = captions.band("I waited", 320)
    assert band
    laid = compose._pasted(band)(picture)
    top = 90 - band.height
    assert np.array_equal(laid[:top], picture[:top])
    expected = Image.fromarray(picture).convert("RGBA")
    expected.alpha_composite(band, (0, top))
    assert np.abs(laid.astype(int) - np.asarray(expected.convert("RGB"))).max() <= 2


def test_letters_drawn_and_letters_missing_can_be_asked_before() -> None:
    nobody = Story(question="Wie?\ue000", pieces=(), end_words="\ue001 fin")
    assert captions.missing(short.words(nobody)) == "\ue000\ue001"


def test_end_words_without_a_still_have_a_card_of_their_own(tmp_path: Path, ten: Path) -> None:
    told = story(ten, (1.0, 1.2))
    out = made(Story(question="?", pieces=told.pieces, end_words="We laughed"), tmp_path / "out.mp4")
    seen = pictures(out)
    assert len(seen) == CARD + 18 + CARD
    assert seen[-1][: SIZE[1] // 2].max() < 70 and seen[-1][SIZE[1] // 2 :].max() > 200


# Sound


def beep(film: Path, at: float, tmp_path: Path) -> Path:
    """The same film with a beep of a tenth of a second."""
    sound = f"aevalsrc='if(between(t,{at},{at + 0.1}),0.5*sin(2*PI*1000*t),0)':s=48000:d=10"
    out = tmp_path / f"beep-{at}.mp4"
    way = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", *films.AAC)
    films.ffmpeg("-i", film, "-f", "lavfi", "-i", sound, *way, out)
    return out


def loud(sound: Any, begin: float, end: float) -> tuple[float, float]:
    """When it gets loud and when quiet again, between two times."""
    part = np.abs(sound[round(begin * films.RATE) : round(end * films.RATE)])
    where = np.flatnonzero(part > 4000) / films.RATE + begin
    return float(where[0]), float(where[-1])


def test_sound_stays_with_the_picture_and_goes_on_slowly_in_the_repeat(tmp_path: Path, ten: Path) -> None:
    film = beep(ten, 2.0, tmp_path)
    out = made(story(film, (1.5, 2.7), (1.0, 2.5)), tmp_path / "out.mp4")
    heard = films.heard(out)
    # card 4 s; 1.2 s and 2.4 s; 1.5 s and 3 s
    for begin, end, at in [(4.0, 5.2, 4.5), (7.6, 9.1, 8.6)]:
        found = loud(heard, begin, end)
        assert found == (pytest.approx(at, abs=0.02), pytest.approx(at + 0.1, abs=0.02))
    for begin, end, at in [(5.2, 7.6, 6.2), (9.1, 12.1, 11.1)]:
        found = loud(heard, begin, end)
        assert found == (pytest.approx(at, abs=0.04), pytest.approx(at + 0.2, abs=0.04))
        tone = np.abs(np.fft.rfft(heard[round((at + 0.05) * films.RATE) :][:4800]))
        assert np.argmax(tone) * 10 == pytest.approx(1000, abs=20)  # slower, and not lower


def test_noise_fits_to_a_fiftieth_of_a_second(tmp_path: Path, ten: Path) -> None:
    heard = films.heard(made(story(ten, (2.0, 3.0), (7.5, 9.0)), tmp_path / "out.mp4"))
    for begin, start, length in [(4.0, 2.0, 1.0), (7.0, 7.5, 1.5)]:
        part = heard[round(begin * films.RATE) :][: round(length * films.RATE)]
        original = films.noise(10)[round(start * films.RATE) :][: len(part)].astype(float)
        assert abs(films.lag(part, original)) <= 0.02
    quiet = heard[: round(3.9 * films.RATE)]
    assert np.abs(quiet).max() < 50


def test_no_sound_from_after_the_moment_is_heard(tmp_path: Path, ten: Path) -> None:
    # the beep begins at 2.345; the last picture is on the screen until 2.367
    film = beep(ten, 2.345, tmp_path)
    assert np.abs(films.heard(made(story(film, (1.0, 2.34)), tmp_path / "out.mp4"))).max() < 500


def test_a_film_without_an_index_is_cut_to_the_picture_too(tmp_path: Path, ten: Path) -> None:
    for film in (films.rewrap(ten, tmp_path / "film.ts"), films.rewrap(ten, tmp_path / "film.mkv")):
        found = probe(film, "it")
        out = made(story(film, (6.0, 7.0)), tmp_path / "out.mp4")
        seen = numbers(out)[CARD:]
        assert (seen[0], seen[-1]) == (found.showing(6.0), found.after(7.0) - 1)
        part = films.heard(out)[4 * films.RATE :][: films.RATE]
        # a sample of the noise says when; in .ts the sound's own head start is a part of the film
        begins = -films.lag(part, films.noise(10).astype(float))
        assert begins == pytest.approx(seen[0] / 30, abs=0.02)


def test_without_sound_there_is_a_silent_track_as_long_as_the_picture(tmp_path: Path, ten: Path) -> None:
    silent = films.make(tmp_path / "silent.mp4", 60)
    for told in (story(ten, (1.0, 2.0), sound=False), story(silent, (1.0, 2.0))):
        out = made(told, tmp_path / "out.mp4")
        heard = films.heard(out)
        assert np.abs(heard).max() < 5
        assert len(heard) / films.RATE == pytest.approx(7.0, abs=0.05)


# What it is


def test_a_short_film_plays_in_every_browser(tmp_path: Path, ten: Path) -> None:
    out = made(story(ten, (1.0, 2.0), last=3.0), tmp_path / "out.mp4")
    found = probe(out, "it")
    assert (found.codec, found.pixel_format, found.audio) == ("h264", "yuv420p", "aac")
    assert (found.width, found.height, found.constant) == (*SIZE, True)
    assert found.seconds == pytest.approx(11.0)
    data = out.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")


def test_nothing_in_a_short_film_tells_where_or_who(tmp_path: Path, ten: Path) -> None:
    film = tmp_path / "PLANTname.mov"
    tags = {"title": "PLANTtitle", "com.apple.quicktime.location.ISO6709": "+55.9533-003.1883/PLANT"}
    words = [w for key, value in tags.items() for w in ("-metadata", f"{key}={value}")]
    sei = "h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+PLANTsei"
    films.ffmpeg("-i", ten, "-c", "copy", "-bsf:v", sei, "-movflags", "use_metadata_tags", *words, "-y", film)
    assert film.read_bytes().count(b"PLANT") >= 3
    told = story(film, (1.0, 2.0), last=2.0, caption="PLANTcaption", again="PLANTagain")
    told = Story(question="PLANTquestion", pieces=told.pieces, last=told.last, end_words="PLANTend")
    data = made(told, tmp_path / "PLANTout.mp4").read_bytes()
    for trace in (
        b"PLANT",
        b"55.9533",
        b"Lavf",
        b"Lavc",
        b"x264",
        b"\xa9xyz",
        b"\xa9too",
        b"\xa9nam",
        b"loci",
        b"vigkit-",
    ):
        assert trace not in data, trace
    assert str(tmp_path).encode() not in data
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        assert data[data.find(box) + 8 :][:8] == bytes(8)
    assert data.count(b"trak") == 2


def test_two_runs_give_the_same_film(tmp_path: Path, ten: Path) -> None:
    told = story(ten, (1.0, 2.0), last=3.0, caption="I waited")
    sums = [films.ffmpeg("-i", made(told, tmp_path / name), "-f", "md5", "-") for name in ("a.mp4", "b.mp4")]
    assert sums[0] == sums[1] and sums[0].startswith(b"MD5=")


def test_what_hides_people_hides_them_in_the_repeat_and_the_still(tmp_path: Path, ten: Path) -> None:
    found = probe(ten, "it")
    look = "drawbox=color=green:t=fill"
    piece = Piece(film=ten, probe=found, start=1.0, end=1.5, look=look)
    told = Story(question="?", pieces=(piece,), last=Still(film=ten, probe=found, at=2.0, look=look))
    assert set(numbers(made(told, tmp_path / "out.mp4"))) == {-1}


@pytest.mark.parametrize(
    "name", ["-y 100%d %03d", "a 'b' \"c\";|", "two\nlines  Duration: 00:00:99.00", "ü" * 60]
)
@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such names")
def test_names_are_only_names(tmp_path: Path, ten: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / name
    folder.mkdir()
    shutil.copyfile(ten, folder / f"{name}.mov")
    monkeypatch.chdir(folder)
    made(story(Path(f"{name}.mov"), (1.0, 1.5), caption=name), Path(f"{name}.mp4"))
    assert numbers(folder / f"{name}.mp4")[CARD : CARD + 15] == list(range(30, 45))
    assert sorted(p.suffix for p in folder.iterdir()) == [".mov", ".mp4"]
    assert [p.name for p in tmp_path.iterdir()] == [name]


# Work that takes long, and does not come to its end


def test_progress_goes_to_the_end_and_never_back(tmp_path: Path, ten: Path) -> None:
    told = story(ten, (1.0, 3.0), (4.0, 6.0), last=3.0)
    steps: list[float] = []
    made(told, tmp_path / "out.mp4", progress=steps.append)
    assert steps == sorted(steps) and len(steps) > 4
    assert steps[-1] == pytest.approx(short.seconds(told)) == 20.0


def test_one_film_is_open_at_a_time_however_many_there_are(tmp_path: Path, ten: Path) -> None:
    told = story(ten, *((n / 2, n / 2 + 0.2) for n in range(12)), last=3.0, sound=False)
    counts: list[int] = []
    here, before = psutil.Process(), {*psutil.Process().children()}
    made(told, tmp_path / "out.mp4", progress=lambda _: counts.append(len({*here.children()} - before)))
    assert 1 <= max(counts) <= 2  # one reads, one writes


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (5, 5), (5, 4), (9, 12)])
def test_a_moment_outside_its_film_is_refused_at_once(
    tmp_path: Path, ten: Path, start: float, end: float
) -> None:
    with pytest.raises(MomentOutsideFilm):
        made(story(ten, (1, 2), (start, end)), tmp_path / "out.mp4")
    with pytest.raises(MomentOutsideFilm):
        made(story(ten, (1, 2), last=-1), tmp_path / "out.mp4")
    assert not list(tmp_path.iterdir())


def test_a_short_film_never_takes_the_place_of_a_film(tmp_path: Path, ten: Path) -> None:
    film, other = tmp_path / "film.mp4", tmp_path / "other.mp4"
    for copy in (film, other):
        shutil.copyfile(ten, copy)
    told = story(film, (1, 2))
    told = Story(question="?", pieces=(*told.pieces, *story(other, (1, 2)).pieces))
    for out in (film, other):
        with pytest.raises(BadUsage, match="film itself"):
            made(told, out)
        assert out.read_bytes() == ten.read_bytes()
    (tmp_path / "out.mp4").mkdir()
    with pytest.raises(MachineFailed, match=r"out\.mp4"):
        made(told, tmp_path / "out.mp4")
    assert len(list(tmp_path.iterdir())) == 3


def test_a_film_that_has_gone_or_become_a_letter_leaves_nothing(tmp_path: Path, ten: Path) -> None:
    film = tmp_path / "film.mp4"
    shutil.copyfile(ten, film)
    told = story(film, (1, 2))
    film.write_text("a letter", encoding="utf-8")
    with pytest.raises(FilmUnreadable, match="0:01"):
        made(told, tmp_path / "out.mp4")
    film.unlink()
    with pytest.raises(FilmMissing):
        made(told, tmp_path / "out.mp4")
    assert not list(tmp_path.iterdir())


def test_a_film_that_changes_meanwhile_leaves_nothing(tmp_path: Path, ten: Path) -> None:
    film = tmp_path / "film.mp4"
    shutil.copyfile(ten, film)
    times = itertools.count(1_700_000_000)
    told = story(film, (1, 9))

    def sync() -> None:  # as a sync client does: the same name, another time
        while not any(p.suffix == ".part" for p in tmp_path.iterdir()):
            pass
        os.utime(film, (next(times), next(times)))

    client = threading.Thread(target=sync)
    client.start()
    with pytest.raises(FilmChanged):
        made(told, tmp_path / "out.mp4")
    client.join()
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


def test_moviepy_that_meets_a_broken_clip_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(b"no clip")
    parts, before = [compose.Part(shown=tmp_path / "clip", pictures=30)], {*psutil.Process().children()}
    with pytest.raises(OSError, match="clip"):
        compose.join(parts, tmp_path / "clip", SIZE, 30, tmp_path / "out", None)
    assert not {*psutil.Process().children()} - before


MAKE = """
    import os, signal
    from vigkit.errors import VigkitError
    from vigkit.film import short
    from vigkit.film.probe import probe
    film, out, when, whom = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    found = probe(film, "snack")
    pieces = (short.Piece(film=film, probe=found, start=1, end=4, caption="I waited"),)
    pressed = []

    def press(done):
        if done >= when and not pressed:
            pressed.append(done)
            (os.kill if whom == "one" else os.killpg)(os.getpid(), signal.SIGINT)

    try:
        short.make(short.Story(question="How?", pieces=pieces), out, size=(640, 360), progress=press)
    except KeyboardInterrupt:
        print("stopped")
    except VigkitError as e:
        print(e.code, e.sentence)
    print([p.name for p in out.parent.iterdir()])
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("no child")
"""


def by_itself(*words: str | Path, within: tuple[str, ...] = ()) -> list[str]:
    """Run the lines above in a Python of their own, where every warning is an error."""
    lines = "import sys; from pathlib import Path\n" + textwrap.dedent(MAKE)
    program = [*within, sys.executable, "-W", "error", "-c", lines, *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    run = subprocess.run(
        program, capture_output=True, text=True, check=False, env=env, start_new_session=True
    )
    assert not run.stderr, run.stderr
    return run.stdout.splitlines()


@pytest.mark.skipif(os.name == "nt", reason="signals are of Unix")
@pytest.mark.parametrize("whom", ["one", "all"])
@pytest.mark.parametrize("when", [0.5, 9.0])
def test_ctrl_c_leaves_no_half_film_and_no_process(tmp_path: Path, ten: Path, when: float, whom: str) -> None:
    # a terminal tells ffmpeg too; 0.5 is while a piece is cut, 9.0 while the film is composed
    (tmp_path / "out").mkdir()
    assert by_itself(ten, tmp_path / "out" / "out.mp4", str(when), whom) == ["stopped", "[]", "no child"]


def small_disk(folder: Path, size: str) -> tuple[str, ...]:
    """The words that run a program where `folder` is a disk of its own, seen by nobody else."""
    own = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-r", "-m")
    mount = f"mount -t tmpfs -o size={size} tmpfs '{folder}' && exec \"$@\""
    words = (*own, "sh", "-c", mount, "sh")
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    return words


@pytest.mark.skipif(sys.platform != "linux", reason="needs a small mount")
@pytest.mark.parametrize("while_", ["cut", "joined", "composed"])
def test_a_disk_that_fills_up_is_said_and_left_clean(tmp_path: Path, ten: Path, while_: str) -> None:
    (tmp_path / "disk").mkdir()
    used: list[int] = []

    def look(_: float) -> None:
        used.append(sum(p.stat().st_size for p in (tmp_path / "disk").iterdir()))

    told = story(ten, (1, 4), caption="I waited")
    out = made(told, tmp_path / "disk" / "out.mp4", progress=look)
    # the sound of the whole film takes more room than all the rest, and what is composed comes last
    room = {"cut": 64 << 10, "joined": max(used) - (1 << 20), "composed": max(used) - (100 << 10)}
    out.unlink()
    disk = small_disk(tmp_path / "disk", str(room[while_]))
    lines = by_itself(ten, out, "99", "one", within=disk)
    assert lines[0].startswith("disk-full") and "out.mp4" in lines[0] and lines[1:] == ["[]", "no child"]
