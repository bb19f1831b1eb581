"""What is known of a film, and the films that are refused."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import films
import pytest

from vigkit.errors import FilmMissing, FilmUnreadable, NoPermission
from vigkit.film.probe import as_bytes, from_bytes, probe

REAL = Path(__file__).parents[2] / "shared" / "real" / "video"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds with B-pictures and sound."""
    return films.make(tmp_path_factory.mktemp("plain") / "plain.mp4", 90, sound=3.0)


def same_times(film: Path) -> None:
    """The times read from the packets are those at which a player shows the decoded pictures."""
    found = probe(film, "it")
    assert list(found.times) == pytest.approx(films.times_of(film), abs=1e-6)


def test_a_plain_film_is_known(plain: Path) -> None:
    found = probe(plain, "snack")
    assert (found.name, found.width, found.height) == ("snack", 320, 180)
    assert (found.codec, found.pixel_format, found.audio) == ("h264", "yuv420p", "aac")
    assert found.seconds == pytest.approx(3.0, abs=1e-6)
    assert found.constant and found.typical_gap == pytest.approx(1 / 30, abs=1e-6)
    assert list(found.times) == pytest.approx([n / 30 for n in range(90)], abs=1e-6)


@pytest.mark.parametrize("rate", ["30000/1001", "60000/1001", "25", "240"])
def test_every_rate_gives_its_own_times(tmp_path: Path, rate: str) -> None:
    film = films.make(tmp_path / "film.mp4", 40, rate=rate)
    over, under = (int(n) for n in (rate + "/1").split("/")[:2])
    found = probe(film, "it")
    # this container counts in 90,000ths of a second
    assert list(found.times) == pytest.approx([n * under / over for n in range(40)], abs=1 / 90000)
    assert found.constant


def test_a_film_without_sound_says_so(tmp_path: Path) -> None:
    assert probe(films.make(tmp_path / "film.mp4", 10), "it").audio is None


def test_sound_that_goes_on_does_not_lengthen_the_picture(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 30, sound=4.0)
    assert probe(film, "it").seconds == pytest.approx(1.0, abs=1e-4)


def test_pictures_that_an_edit_list_hides_are_not_counted(tmp_path: Path, plain: Path) -> None:
    film = films.rewrap(plain, tmp_path / "film.mp4", before=("-ss", "1.3"))
    assert len(films.numbers(film)) == 90
    shown = films.numbers(film, hidden=False)
    found = probe(film, "it")
    assert len(found.times) == len(shown) == 51
    same_times(film)


def test_a_late_start_stays_late(tmp_path: Path, plain: Path) -> None:
    late = ("-itsoffset", "1.5"), ("-avoid_negative_ts", "disabled")
    film = films.rewrap(plain, tmp_path / "film.mp4", *late)
    found = probe(film, "it")
    assert found.times[0] == pytest.approx(1.5, abs=1e-4)
    assert found.seconds == pytest.approx(4.5, abs=1e-4)
    same_times(film)


def test_an_uneven_film_is_known_as_such(tmp_path: Path) -> None:
    uneven = "settb=1/90000,setpts='(N+if(gte(N,30),45,0)+0.3*mod(N,3))/30/TB'"
    film = films.make(tmp_path / "film.mp4", 60, filters=uneven)
    found = probe(film, "it")
    expected = [(n + (45 if n >= 30 else 0) + 0.3 * (n % 3)) / 30 for n in range(60)]
    assert list(found.times) == pytest.approx(expected, abs=2 / 90000)
    assert not found.constant


def test_a_turned_film_is_as_high_as_it_is_shown(tmp_path: Path, plain: Path) -> None:
    film = films.rewrap(plain, tmp_path / "film.mp4", before=("-display_rotation", "90"))
    found = probe(film, "it")
    assert (found.width, found.height) == (180, 320)


def test_wide_pixels_are_counted_as_square_ones(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 5, filters="setsar=4/3")
    assert (probe(film, "it").width, probe(film, "it").height) == (427, 180)


def test_another_container_counts_too(tmp_path: Path, plain: Path) -> None:
    film = films.rewrap(plain, tmp_path / "film.mkv")
    found = probe(film, "it")
    assert found.constant and len(found.times) == 90
    same_times(film)


def test_the_picture_on_the_screen_is_the_last_that_has_begun(plain: Path) -> None:
    found = probe(plain, "it")
    asked = [0, 0.033, 0.034, 1 / 30, 2.9, 2.8999, 3.0]
    assert [found.showing(t) for t in asked] == [0, 0, 1, 1, 87, 86, 89]


LIE = """x
  Duration: 09:00:00.00, start: 7.000000, bitrate: 1 kb/s
  Stream #0:0: Video: theora, yuvj444p(pc, smpte2084, top first), 9x9, 9 fps, 9 tbr
      Display Matrix: rotation of -90.00 degrees
  Stream #0:2: Audio: opus, 8000 Hz, 7.1
Output #0, framecrc, to 'pipe:1':
  Stream #0:0: Video: theora, yuvj444p(pc, smpte2084, top first), 9x9, 9 fps, 9 tbr
      Display Matrix: rotation of -90.00 degrees
Output #1, null, to 'pipe:':
  Stream #1:0: Video: theora
Input #0, avi, from 'x':
partial file"""


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(
    "place", ["title", "handler_name", "language", "name"], ids=["title", "handler", "language", "name"]
)
def test_words_in_a_film_are_never_read_as_facts(
    tmp_path: Path, plain: Path, place: str, suffix: str
) -> None:
    if place == "name" and os.name == "nt":
        pytest.skip("Windows knows no such names")
    told = films.rewrap(plain, tmp_path / f"told{suffix}")
    if place == "name":
        film = tmp_path / LIE.replace("/", "|")[:200] / f"film\n  Duration: 09:00:00.00, start: 7.0{suffix}"
        film.parent.mkdir()
        film.write_bytes(told.read_bytes())
    else:
        tag = ["-metadata:s"] if place != "title" else ["-metadata"]
        film = films.rewrap(plain, tmp_path / f"film{suffix}", after=(*tag, f"{place}={LIE}"))
    honest, found = probe(told, "it"), probe(film, "it")
    assert dataclasses.replace(found, name="it") == honest
    assert honest.seconds == pytest.approx(3.0, abs=0.001) and honest.first == 0


def test_what_is_known_can_be_kept_and_read_again(plain: Path) -> None:
    found = probe(plain, "it")
    assert from_bytes(as_bytes(found), "it") == found
    for broken in (b"", b"{}", b"[1]", as_bytes(found)[:-9], b'{"times": [], "stored": [1, 1]}'):
        assert from_bytes(broken, "it") is None


# Films that are refused


def refused(path: Path) -> str:
    """The sentence, said within seconds and without the folder in it."""
    began = time.monotonic()
    with pytest.raises(FilmUnreadable) as e:
        probe(path, "snack")
    assert time.monotonic() - began < 5
    assert "snack" in e.value.sentence and str(path.parent) not in e.value.sentence
    return e.value.sentence


def test_a_film_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FilmMissing, match="snack"):
        probe(tmp_path / "none.mp4", "snack")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()
    assert "empty" in refused(tmp_path / "film.mp4")


@pytest.mark.parametrize(
    "text",
    [
        "Dear diary",
        "ffconcat version 1.0\nfile plain.mp4\n",
        "#EXTM3U\n#EXTINF:1,\nplain.mp4\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    ],
    ids=["diary", "concat", "playlist", "far playlist", "drawing", "manifest"],
)
def test_a_text_that_calls_itself_a_film_is_refused(tmp_path: Path, plain: Path, text: str) -> None:
    (tmp_path / "plain.mp4").write_bytes(plain.read_bytes())
    (tmp_path / "film.mp4").write_text(text, encoding="utf-8")
    assert "not a film that vigkit can read" in refused(tmp_path / "film.mp4")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("index", ["first", "last"])
def test_half_a_film_is_refused(tmp_path: Path, plain: Path, share: float, index: str) -> None:
    film = films.rewrap(plain, tmp_path / "whole.mp4", after=("-movflags", "+faststart") * (index == "first"))
    whole = film.read_bytes()
    (tmp_path / "film.mp4").write_bytes(whole[: int(len(whole) * share)])
    assert "end is missing" in refused(tmp_path / "film.mp4")


def test_half_a_film_of_another_kind_is_refused(tmp_path: Path, plain: Path) -> None:
    whole = films.rewrap(plain, tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "film.mkv").write_bytes(whole[: len(whole) // 2])
    assert "end is missing" in refused(tmp_path / "film.mkv")


def test_sound_without_a_picture_is_refused(tmp_path: Path, plain: Path) -> None:
    films.ffmpeg("-i", plain, "-vn", "-c", "copy", tmp_path / "film.mp4")
    assert "no picture" in refused(tmp_path / "film.mp4")


def test_a_picture_that_nobody_can_decode_is_refused(tmp_path: Path, plain: Path) -> None:
    film = films.rewrap(plain, tmp_path / "film.mp4", after=("-an",))
    data = bytearray(film.read_bytes())
    begin = data.find(b"mdat") + 4
    data[begin : data.find(b"moov") - 4] = bytes(data.find(b"moov") - 4 - begin)
    film.write_bytes(data)
    assert "picture" in refused(film)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "folder" in refused(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are of Unix")
def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "film.mp4")
    assert "no file" in refused(tmp_path / "film.mp4")
    assert "no file" in refused(Path("/dev/zero"))


def test_a_film_of_many_streams_is_refused(tmp_path: Path, plain: Path) -> None:
    films.ffmpeg("-i", plain, *["-map", "0:a"] * 40, "-map", "0:v", "-c", "copy", tmp_path / "film.mp4")
    assert "32 streams" in refused(tmp_path / "film.mp4")


def test_a_picture_larger_than_any_camera_takes_is_refused(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "color=s=7000x7000:r=1:d=1")
    films.ffmpeg(*source, "-c:v", "mjpeg", "-q:v", "31", tmp_path / "film.mov")
    assert "too large" in refused(tmp_path / "film.mov")


def test_an_absurd_rate_is_refused(tmp_path: Path) -> None:
    assert "240 pictures" in refused(films.make(tmp_path / "film.mp4", 200, rate="30000"))


def test_a_picture_a_minute_is_refused(tmp_path: Path) -> None:
    assert "1 picture a second" in refused(films.make(tmp_path / "film.mp4", 9, rate="1/60"))


@pytest.mark.parametrize(
    "name",
    [
        "-y.mp4",
        "a 'b' \"c\".mp4",
        "100%d %03d.mp4",
        "two\nlines.mp4",
        "$(id);`id`.mp4",
        "http:x|y.mp4",
        "ü" * 100,
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such names")
def test_a_name_is_only_a_name(
    tmp_path: Path, plain: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(plain.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert len(probe(Path(name), "it").times) == 90


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_film_that_may_not_be_opened_is_said_so(tmp_path: Path, plain: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(plain.read_bytes())
    (tmp_path / "film.mp4").chmod(0)
    with pytest.raises(NoPermission, match="snack"):
        probe(tmp_path / "film.mp4", "snack")


@pytest.mark.skipif(not REAL.is_dir(), reason="the real films are not here")
@pytest.mark.parametrize(
    ("film", "size", "codec", "audio", "pictures", "constant"),
    [
        ("face_hevc_vfr.mov", (960, 540), "hevc", "aac", 169, False),
        ("rotated_90.mov", (320, 568), "h264", None, 3, True),
        ("single_face.mp4", (640, 360), "h264", "mp3", 72, True),
        ("speech_two_people.mp4", (320, 240), "h264", "aac", 105, True),
        ("two_people.mp4", (427, 256), "h264", None, 280, True),
        ("two_people_vfr_noaudio.mp4", (1920, 1080), "h264", None, 72, False),
    ],
)
def test_real_films_are_known(
    film: str, size: tuple[int, int], codec: str, audio: str | None, pictures: int, constant: bool
) -> None:
    found = probe(REAL / film, "it")
    assert ((found.width, found.height), found.codec, found.audio) == (size, codec, audio)
    assert (len(found.times), found.constant) == (pictures, constant)
    same_times(REAL / film)
