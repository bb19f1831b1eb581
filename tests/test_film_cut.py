"""Cuts to the frame, stills of the very picture, and nothing that travels along."""

from __future__ import annotations

import io
import itertools
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import films
import numpy as np
import pytest
from PIL import Image

from vigkit.errors import BadUsage, FilmChanged, FilmMissing, FilmUnreadable, MachineFailed, MomentOutsideFilm
from vigkit.film import ffmpeg
from vigkit.film.cut import cut, still, still_bytes
from vigkit.film.probe import probe

REAL = Path(__file__).parents[2] / "shared" / "real" / "video"


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds at 30 pictures a second, with B-pictures and sound."""
    return films.make(tmp_path_factory.mktemp("twenty") / "twenty.mp4", 600, sound=20.0)


def test_a_moment_from_12_40_to_17_90_is_five_seconds_and_a_half(tmp_path: Path, twenty: Path) -> None:
    cut(twenty, probe(twenty, "it"), 12.40, 17.90, tmp_path / "out.mp4")
    assert films.numbers(tmp_path / "out.mp4") == list(range(372, 537))
    assert probe(tmp_path / "out.mp4", "it").seconds == pytest.approx(5.5, abs=1 / 30)


def test_a_clip_plays_in_every_browser(tmp_path: Path, twenty: Path) -> None:
    cut(twenty, probe(twenty, "it"), 1.0, 2.0, tmp_path / "out.mp4")
    found = probe(tmp_path / "out.mp4", "it")
    assert (found.codec, found.pixel_format, found.audio) == ("h264", "yuv420p", "aac")
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")


def test_an_odd_number_of_lines_is_no_obstacle(tmp_path: Path) -> None:
    odd = ("-c:v", "libx264", "-pix_fmt", "yuv444p")
    film = films.make(tmp_path / "film.mp4", 30, video=odd, filters="scale=319:179")
    cut(film, probe(film, "it"), 0.5, 0.9, tmp_path / "out.mp4")
    assert films.numbers(tmp_path / "out.mp4", size=(318, 178)) == list(range(15, 27))


def test_a_clip_can_be_made_without_its_sound(tmp_path: Path, twenty: Path) -> None:
    cut(twenty, probe(twenty, "it"), 1.0, 2.0, tmp_path / "out.mp4", sound=False)
    assert probe(tmp_path / "out.mp4", "it").audio is None


def test_the_same_cut_has_the_same_bytes(tmp_path: Path, twenty: Path) -> None:
    found = probe(twenty, "it")
    for name in ("a.mp4", "b.mp4"):
        cut(twenty, found, 1.0, 2.0, tmp_path / name)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


# Stills


def seen(picture: Path | bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture if isinstance(picture, bytes) else picture.read_bytes()))


def number_in(picture: Path | bytes) -> int:
    return films.number_of(np.asarray(seen(picture).convert("L")))


@pytest.mark.parametrize(
    ("at", "number"),
    [(0, 0), (0.02, 0), (12.4, 372), (12.399, 371), (12.41, 372), (19.966, 598), (19.967, 599), (20.0, 599)],
)
def test_a_still_is_the_picture_on_the_screen(tmp_path: Path, twenty: Path, at: float, number: int) -> None:
    found = probe(twenty, "it")
    still(twenty, found, at, tmp_path / "out.jpg")
    assert number_in(tmp_path / "out.jpg") == number
    assert number_in(still_bytes(twenty, found, at, width=160)) == number


def test_a_still_has_the_shape_that_is_shown(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 5, filters="setsar=4/3")
    found = probe(film, "it")
    still(film, found, 0, tmp_path / "out.png")
    assert seen(tmp_path / "out.png").size == (427, 180)
    still(film, found, 0, tmp_path / "out.jpg", width=200)
    assert seen(tmp_path / "out.jpg").size == (200, 84)


def test_a_still_is_never_larger_than_its_film(twenty: Path) -> None:
    data = still_bytes(twenty, probe(twenty, "it"), 1, width=4000)
    assert seen(data).size == (320, 180)


def test_the_same_still_has_the_same_bytes(twenty: Path) -> None:
    found = probe(twenty, "it")
    assert still_bytes(twenty, found, 5, width=200) == still_bytes(twenty, found, 5, width=200)


def test_a_name_with_png_gives_png_and_any_other_gives_jpeg(tmp_path: Path, twenty: Path) -> None:
    found = probe(twenty, "it")
    for name, kind in [("a.PNG", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "JPEG"), ("a", "JPEG")]:
        still(twenty, found, 1, tmp_path / name)
        assert seen(tmp_path / name).format == kind


# Nothing travels along


def test_nothing_in_a_clip_or_still_tells_where_or_who(tmp_path: Path, twenty: Path) -> None:
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=9\ntitle=PLANTchapter\n")
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:09,000\nPLANTsubtitle\n")
    film = tmp_path / "PLANTname.mov"
    tags = {
        "title": "PLANTtitle",
        "comment": "PLANTcomment",
        "artist": "PLANTartist",
        "com.apple.quicktime.location.ISO6709": "+55.9533-003.1883/PLANT",
        "location": "+55.9533-003.1883/",
        "make": "PLANTmake",
        "creation_time": "2024-05-06T07:08:09Z",
    }
    said = [w for key, value in tags.items() for w in ("-metadata", f"{key}={value}")]
    handler = ("-metadata:s:v", "handler_name=PLANThandler", "-timecode", "01:02:03:04")
    sei = "h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+PLANTsei"
    inputs = ("-i", twenty, "-i", chapters, "-i", words, "-map", "0", "-map", "2", "-map_metadata", "1")
    into = ("-c", "copy", "-c:s", "mov_text", "-bsf:v", sei, "-movflags", "use_metadata_tags")
    films.ffmpeg(*inputs, *into, *said, *handler, film)
    source = film.read_bytes()
    for planted in (b"title", b"comment", b"artist", b"make", b"handler", b"sei", b"subtitle", b"chapter"):
        assert b"PLANT" + planted in source
    assert b"55.9533" in source

    found = probe(film, "it")
    cut(film, found, 0, 2, tmp_path / "out.mp4")
    still(film, found, 1, tmp_path / "out.jpg")
    still(film, found, 1, tmp_path / "out.png")
    for made in ("out.mp4", "out.jpg", "out.png"):
        data = (tmp_path / made).read_bytes()
        for trace in (
            b"PLANT",
            b"55.9533",
            b"2024-05",
            b"Lavf",
            b"Lavc",
            b"x264",
            b"loci",
            b"\xa9xyz",
            b"Exif",
        ):
            assert trace not in data, (made, trace)
    clip = (tmp_path / "out.mp4").read_bytes()
    for box in (b"mvhd", b"tkhd", b"mdhd"):  # version and flags, then two dates, all zero
        assert clip[clip.find(box) + 4 :][:4] in (b"\0\0\0\0", b"\0\0\0\3")
        assert clip[clip.find(box) + 8 :][:8] == bytes(8)
    assert clip.count(b"trak") == 2


def test_the_film_itself_is_never_touched(tmp_path: Path, twenty: Path) -> None:
    film = tmp_path / "film.mp4"
    shutil.copyfile(twenty, film)
    film.chmod(0o444)
    before = film.read_bytes(), film.stat().st_mtime_ns
    found = probe(film, "it")
    cut(film, found, 1, 2, tmp_path / "out.mp4")
    still(film, found, 1, tmp_path / "out.jpg")
    for action in (lambda: cut(film, found, 1, 2, film), lambda: still(film, found, 1, film)):
        with pytest.raises(BadUsage, match="film itself"):
            action()
    assert (film.read_bytes(), film.stat().st_mtime_ns) == before


# Names, disks, interruptions


@pytest.mark.parametrize("name", ["-y.mp4", "100%d %03d", "a 'b' \"c\";|.mp4", "two\nlines.mp4", "ü" * 100])
@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such names")
def test_the_name_of_what_is_made_is_only_a_name(
    tmp_path: Path, twenty: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = probe(twenty, "it")
    cut(twenty, found, 1, 1.5, Path(name))
    assert films.numbers(tmp_path / name) == list(range(30, 45))
    still(twenty, found, 1, Path(name))
    assert number_in(tmp_path / name) == 30
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_only_the_bundled_ffmpeg_is_used(
    tmp_path: Path, twenty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    for program in ("ffmpeg", "ffprobe"):
        (trap / program).write_text(f"#!/bin/sh\n: > '{trap}/called'\nexit 1\n")
        (trap / program).chmod(0o755)
    for path in (trap, tmp_path / "nothing here"):
        monkeypatch.setenv("PATH", str(path))
        found = probe(twenty, "it")
        cut(twenty, found, 1, 2, tmp_path / "out.mp4")
        assert number_in(still_bytes(twenty, found, 1, width=320)) == 30
    assert not (trap / "called").exists()


def test_no_report_of_ffmpeg_is_written(
    tmp_path: Path, twenty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FFREPORT", "file=report.log:level=32")
    probe(twenty, "it")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (5, 5), (5, 4), (19, 21), (30, 31), (float("nan"), 2)])
def test_a_moment_outside_the_film_is_refused(tmp_path: Path, twenty: Path, start: float, end: float) -> None:
    found = probe(twenty, "snack")
    with pytest.raises((MomentOutsideFilm, ValueError)):
        cut(twenty, found, start, end, tmp_path / "out.mp4")
    assert not list(tmp_path.iterdir())


def test_a_film_that_has_gone_is_missing(tmp_path: Path, twenty: Path) -> None:
    found = probe(twenty, "snack")
    with pytest.raises(FilmMissing, match="snack"):
        cut(tmp_path / "gone.mp4", found, 1, 2, tmp_path / "out.mp4")
    with pytest.raises(FilmMissing, match="snack"):
        still(tmp_path / "gone.mp4", found, 1, tmp_path / "out.jpg")
    assert not list(tmp_path.iterdir())


def test_another_film_under_the_same_name_leaves_nothing(tmp_path: Path, twenty: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_text("a letter", encoding="utf-8")
    with pytest.raises(FilmUnreadable, match="0:01"):
        cut(film, probe(twenty, "snack"), 1, 2, tmp_path / "out.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


def test_a_film_that_changes_while_a_picture_is_taken_gives_none(tmp_path: Path, twenty: Path) -> None:
    film = tmp_path / "snack.mp4"
    film.write_bytes(twenty.read_bytes())
    found = probe(film, "snack")
    done = threading.Event()

    def touch() -> None:
        times = itertools.count(1_700_000_000)
        while not done.is_set():
            os.utime(film, (next(times), next(times)))

    other = threading.Thread(target=touch)
    other.start()
    try:
        with pytest.raises(FilmChanged, match="snack"):
            still_bytes(film, found, 1.0, width=160)
    finally:
        done.set()
        other.join()


def test_a_film_that_changes_while_it_is_cut_leaves_nothing(tmp_path: Path, twenty: Path) -> None:
    film = tmp_path / "film.mp4"
    shutil.copyfile(twenty, film)
    found = probe(film, "snack")

    done = threading.Event()

    def sync() -> None:  # as a sync client does: the same name, another time
        while not done.is_set() and not any(p.suffix == ".part" for p in tmp_path.iterdir()):
            pass
        os.utime(film, (1, 1))

    client = threading.Thread(target=sync)
    client.start()
    with pytest.raises(FilmChanged, match="snack"):
        cut(film, found, 0, 20, tmp_path / "out.mp4")
    done.set()
    client.join()
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


def test_a_folder_in_the_place_of_the_clip_stays(tmp_path: Path, twenty: Path) -> None:
    (tmp_path / "out.mp4").mkdir()
    with pytest.raises(MachineFailed, match=r"out\.mp4"):
        cut(twenty, probe(twenty, "it"), 1, 2, tmp_path / "out.mp4")
    with pytest.raises(MachineFailed, match=r"out\.mp4"):
        cut(twenty, probe(twenty, "it"), 1, 2, tmp_path / "nowhere" / "out.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def by_itself(
    code: str, *words: str | Path, within: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a Python of their own."""
    lines = "import sys; from pathlib import Path\n" + textwrap.dedent(code)
    program = [*within, sys.executable, "-c", lines, *map(str, words)]
    here = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)])
    return subprocess.run(
        program, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": here}
    )


CUT = """
    from vigkit.errors import VigkitError
    from vigkit.film.cut import cut, still
    from vigkit.film.probe import probe
    film, out = Path(sys.argv[1]), Path(sys.argv[2])
    found = probe(film, "snack")
    for make in (cut, still):
        try:
            make(film, found, *((0, 20, out) if make is cut else (1, out.with_suffix(".png"))))
        except VigkitError as e:
            print(e.code, e.sentence)
    print(sorted(p.name for p in out.parent.iterdir()))
"""


def small_disk(folder: Path, options: str) -> tuple[str, ...]:
    """The words that run a program where `folder` is a disk of its own, seen by nobody else."""
    own = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-r", "-m")
    mount = f"mount -t tmpfs -o {options} tmpfs '{folder}' && exec \"$@\""
    words = (*own, "sh", "-c", mount, "sh")
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    return words


@pytest.mark.skipif(sys.platform != "linux", reason="needs a small mount")
@pytest.mark.parametrize(
    ("options", "code"), [("size=8k", "disk-full"), ("ro", "no-permission")], ids=["full", "read-only"]
)
def test_a_disk_that_takes_no_more_is_said_and_left_clean(
    tmp_path: Path, twenty: Path, options: str, code: str
) -> None:
    (tmp_path / "disk").mkdir()
    ran = by_itself(CUT, twenty, tmp_path / "disk" / "out.mp4", within=small_disk(tmp_path / "disk", options))
    lines = ran.stdout.splitlines()
    assert lines[0].startswith(code) and "out.mp4" in lines[0] and str(tmp_path) not in lines[0], ran
    assert "out.mp4" not in lines[-1] and ".part" not in lines[-1]


@pytest.mark.skipif(os.name == "nt", reason="signals are of Unix")
def test_ctrl_c_leaves_no_half_file_and_no_process(tmp_path: Path, twenty: Path) -> None:
    code = """
        import os, signal, threading
        from vigkit.film.cut import cut
        from vigkit.film.probe import probe
        film, out = Path(sys.argv[1]), Path(sys.argv[2])
        found = probe(film, "snack")
        def press():
            while not any(p.suffix == ".part" and p.stat().st_size for p in out.parent.iterdir()):
                pass
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=press, daemon=True).start()
        try:
            cut(film, found, 0, 20, out)
        except KeyboardInterrupt:
            print("stopped", [p.name for p in out.parent.iterdir()])
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("no child")
    """
    (tmp_path / "out").mkdir()
    ran = by_itself(code, twenty, tmp_path / "out" / "out.mp4")
    assert ran.stdout.splitlines() == ["stopped []", "no child"], ran


def test_a_film_that_stands_still_is_given_up(twenty: Path) -> None:
    # -re reads a film as slowly as it plays; nobody calls step, as if nothing moved
    slow = ["-v", "error", "-re", *ffmpeg.opened(twenty), "-f", "null", "-"]
    with pytest.raises(ffmpeg.FfmpegStopped) as e, ffmpeg.running(slow, patience=0.2) as run:
        run.out.read()
    assert e.value.too_long


@pytest.mark.skipif(sys.platform != "linux", reason="limits of this kind are of Linux")
def test_ffmpeg_may_not_take_all_memory_or_all_of_the_disk(twenty: Path) -> None:
    import resource

    slow = ["-v", "error", "-re", *ffmpeg.opened(twenty), "-f", "null", "-"]
    with pytest.raises(ffmpeg.FfmpegStopped), ffmpeg.running(slow, patience=0.2) as run:
        process = run._process.pid
        assert 0 < resource.prlimit(process, resource.RLIMIT_AS)[0] < 64 << 30
        assert resource.prlimit(process, resource.RLIMIT_FSIZE)[0] == ffmpeg.LARGEST
        run.out.read()


@pytest.mark.skipif(not REAL.is_dir(), reason="the real films are not here")
@pytest.mark.parametrize("film", ["face_hevc_vfr.mov", "single_face.mp4", "two_people_vfr_noaudio.mp4"])
def test_real_films_are_cut_to_the_picture(tmp_path: Path, film: str) -> None:
    found = probe(REAL / film, "it")
    cut(REAL / film, found, 0.5, 1.25, tmp_path / "out.mp4")
    inside = found.times[found.showing(0.5) : found.after(1.25)]
    clip = probe(tmp_path / "out.mp4", "it")
    assert list(clip.times) == pytest.approx([t - inside[0] for t in inside], abs=1e-4)
    assert (clip.width, clip.height) == (found.width, found.height)
    still(REAL / film, found, 0.5, tmp_path / "out.png")
    still(tmp_path / "out.mp4", clip, 0, tmp_path / "first.png")
    kept, first = (np.asarray(seen(tmp_path / n), float) for n in ("out.png", "first.png"))
    assert np.abs(kept - first).mean() < 4
