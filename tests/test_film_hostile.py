"""Films that are made to do harm, on the command line: a sentence in seconds, or taken in and cut right.

What `probe` alone refuses is in test_film_probe.py; half films, folders and pipes are in test_bad_input.py.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import films
import pytest
from conftest import CYCLE, PERSON, ROOT, told, tree_hash

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.errors import FilmChanged, FilmUnreadable

GATE = "supervision"
UNIX = pytest.mark.skipif(os.name == "nt", reason="Windows knows no such files or names")
SECONDS = 10.0


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds with B-pictures and sound; its index is the last box."""
    film = films.make(tmp_path_factory.mktemp("plain") / "plain.mp4", 90, sound=3.0)
    data = film.read_bytes()
    at = data.rindex(b"moov") - 4
    assert at + struct.unpack_from(">I", data, at)[0] == len(data)
    return film


@pytest.fixture
def book(tmp_path: Path) -> Casebook:
    """A casebook without a film, and a folder beside it for those that come."""
    made = steps.new(tmp_path / "casebook", code="S1", id="S1-hostile")
    for person in ("S1", "C1"):
        steps.put(made, "consent", PERSON | {"person": person})
    steps.put(made, "cycle", CYCLE)
    (tmp_path / "given").mkdir()
    (made.folder / "films").mkdir(exist_ok=True)
    return made


@pytest.fixture
def given(book: Casebook) -> Path:
    """Where the films lie that are brought."""
    return book.folder.parent / "given"


@dataclass
class Answer:
    """What the command line said of a film, and whether it left the casebook as it was."""

    code: int
    error: dict[str, Any] | None
    same: bool
    said: str

    def refused(self, code: str = "film-unreadable") -> str:
        """The sentence, once it is known to be one and to have changed nothing."""
        assert self.error is not None, "it was taken in"
        assert (self.code, self.error["code"], self.same) == (2, code, True), self.said
        sentence = str(self.error["sentence"])
        assert sentence.endswith((".", '."')) and "\n" not in sentence and len(sentence) < 700
        return sentence


def add(book: Casebook, film: str, *more: str, cwd: Path | None = None) -> Answer:
    """`vigkit film add`, with a film by the name that a person types."""
    before, began = tree_hash(book.folder), time.monotonic()
    words = ["film", "add", str(book.folder), "--people", "S1,C1", "--id", "snack", "--json", *more, film]
    done = subprocess.run(
        [sys.executable, "-m", "vigkit", *words],
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
        cwd=cwd or book.folder.parent / "given",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert time.monotonic() - began < SECONDS
    answer = told(done)
    # of a film that is left where it lies, the record tells where
    assert answer["ok"] or str(book.folder.parent) not in done.stdout + done.stderr
    same = tree_hash(book.folder) == before
    return Answer(done.returncode, answer["error"], same, done.stdout + done.stderr)


def cut_right(book: Casebook, answer: Answer) -> None:
    """The film is in, and a moment of it has its pictures, the first and the last, and no other."""
    assert answer.code == 0, answer.said
    steps.mark(book, "01-snack", film="snack", start=1, end=2, share=[GATE])
    out = book.folder.parent / "clip.mp4"
    steps.cut(book, "01-snack", "m1", out, purpose=GATE)
    assert films.numbers(out) == list(range(30, 60))


# What leads elsewhere: another file, or an address


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """An address on this machine that notes who calls, without answering."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        server.setblocking(False)
        yield server


def calls(server: socket.socket) -> int:
    """How many have called."""
    found = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            found += 1
    return found


class Neighbour:
    """A pipe with the name of a film: who opens it to read is noticed, and gets a film."""

    def __init__(self, path: Path, film: bytes) -> None:
        os.mkfifo(path)
        self._path, self._film = path, film
        self.read = threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        with contextlib.suppress(BrokenPipeError), self._path.open("wb") as pipe:
            self.read.set()
            pipe.write(self._film)

    def close(self) -> bool:
        """Whether somebody has opened it; nobody waits for it any more."""
        was_read = self.read.is_set()
        end = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        self.read.wait(5)
        os.close(end)
        self._thread.join(5)
        return was_read


LEADS = {
    "concat": "ffconcat version 1.0\nfile '{}'\nduration 3\n",
    "playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n",
    "key": '#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXT-X-KEY:METHOD=AES-128,URI="{}"\n#EXTINF:3,\na.ts\n',
    "manifest": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" '
        'bandwidth="1"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>'
    ),
    "drawing": (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" '
        'height="64"><image width="64" height="64" xlink:href="{}"/></svg>'
    ),
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=x:{}\n",
    "link": "[InternetShortcut]\nURL={}\n",
}


@UNIX
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("kind", LEADS)
def test_what_leads_elsewhere_is_not_followed(
    book: Casebook, given: Path, plain: Path, listening: socket.socket, kind: str, suffix: str
) -> None:
    beside = Neighbour(given / "beside.mp4", plain.read_bytes())
    film = given / f"film{suffix}"
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/film.mp4"
    for place in ("beside.mp4", f"file:{given / 'beside.mp4'}", address):
        film.write_text(LEADS[kind].format(place), encoding="utf-8")
        if place == "beside.mp4" or suffix == ".mp4":
            assert "not a film that vigkit can read" in add(book, film.name).refused()
    assert not beside.close() and calls(listening) == 0


def referring(film: Path, target: Path) -> bytes:
    """A .mov whose index says, in a record of Macintosh times, that another file holds its pictures."""
    name = target.name.encode()
    path = str(target).encode()
    alias = bytes(10) + bytes([4]) + b"disk".ljust(27, b"\0") + bytes(12) + bytes([len(name)])
    alias += name.ljust(63, b"\0") + bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    alias += struct.pack(">hh", 2, len(path)) + path + b"\0" * (len(path) % 2) + struct.pack(">hh", -1, 0)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    dref = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry

    def rebuilt(data: bytes) -> bytes:
        out, at = b"", 0
        while at < len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            inner = data[at + 8 : at + size]
            if kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
                inner = rebuilt(inner)
            out += dref if kind == b"dref" else struct.pack(">I4s", 8 + len(inner), kind) + inner
            at += size
        return out

    return rebuilt(film.read_bytes())


@UNIX
def test_a_film_whose_pictures_lie_in_another_file_holds_none(
    book: Casebook, given: Path, plain: Path
) -> None:
    beside = Neighbour(given / "beside.mp4", plain.read_bytes())
    (given / "film.mov").write_bytes(referring(plain, given / "beside.mp4"))
    assert "No picture" in add(book, "film.mov").refused()
    assert not beside.close()


@UNIX
@pytest.mark.parametrize("kind", ["concat", "index"])
def test_an_ffmpeg_without_a_guard_would_open_the_neighbour(tmp_path: Path, plain: Path, kind: str) -> None:
    """Else the tests above could not fail."""
    beside = Neighbour(tmp_path / "beside.mp4", plain.read_bytes())
    film = tmp_path / "film.mov"
    if kind == "concat":
        film.write_text(LEADS["concat"].format("beside.mp4"), encoding="utf-8")
        words: tuple[str, ...] = ("-f", "concat")
    else:
        film.write_bytes(referring(plain, tmp_path / "beside.mp4"))
        words = ("-enable_drefs", "1", "-use_absolute_path", "1")
    with contextlib.suppress(subprocess.CalledProcessError):
        films.ffmpeg(*words, "-i", film, "-t", "0.1", "-f", "null", "-")
    assert beside.close()


def test_an_ffmpeg_without_a_guard_would_call(listening: socket.socket) -> None:
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/film.mp4"
    with contextlib.suppress(subprocess.CalledProcessError):
        films.ffmpeg("-rw_timeout", "200000", "-i", address, "-f", "null", "-")
    assert calls(listening) > 0


# What is too much


def boxed(film: Path, add_tracks: int) -> bytes:
    """The same film with so many more tracks in its index."""
    data = film.read_bytes()
    moov = data.rindex(b"moov") - 4
    trak = data.rindex(b"trak") - 4
    one = data[trak : trak + struct.unpack_from(">I", data, trak)[0]]
    end = trak + len(one)
    size = len(data) - moov + add_tracks * len(one)
    return data[:moov] + struct.pack(">I", size) + data[moov + 4 : end] + one * add_tracks + data[end:]


def matroska(film: Path, tracks: int) -> bytes:
    """A .mkv of which the first track is listed so many times."""
    data = film.read_bytes()
    tracks_id = bytes.fromhex("1654ae6b")
    at = data.index(tracks_id, data.index(tracks_id) + 4) + 4  # the first is in the table of contents
    width = 9 - data[at].bit_length()
    size = int.from_bytes(data[at : at + width], "big") & ~(1 << 7 * width)
    inner = data[at + width : at + width + size]
    entry = inner[6 if inner[:2] == b"\xbf\x84" else 0 :]  # behind the checksum
    assert entry[:1] == b"\xae"
    begin = 9 - entry[1].bit_length()
    length = int.from_bytes(entry[1 : 1 + begin], "big") & ~(1 << 7 * begin)
    many = entry[: 1 + begin + length] * tracks
    whole = data[:at] + (1 << 56 | len(many)).to_bytes(8, "big") + many + data[at + width + size :]
    segment = whole.index(bytes.fromhex("18538067")) + 4
    assert whole[segment] == 1
    return whole[: segment + 1] + b"\xff" * 7 + whole[segment + 8 :]  # as long as it goes on


def test_thousands_of_streams_are_refused(book: Casebook, given: Path, plain: Path) -> None:
    (given / "film.mp4").write_bytes(boxed(plain, 5000))
    assert "32 streams" in add(book, "film.mp4").refused()
    (given / "film.mkv").write_bytes(matroska(films.rewrap(plain, given / "plain.mkv"), 5000))
    assert "32 streams" in add(book, "film.mkv").refused()


def jpegs(path: Path) -> bytearray:
    """A film of 90 JPEG pictures, 30 a second, as bytes."""
    films.make(path, 90, video=("-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p"))
    return bytearray(path.read_bytes())


def enlarged(data: bytearray, numbers: range, side: int) -> bytes:
    """The pictures with these numbers say that they are as wide and high as this."""
    at = -1
    for number in range(90):
        at = data.index(b"\xff\xd8\xff", at + 1)
        if number in numbers:
            size = data.index(b"\xff\xc0", at)
            data[size + 5 : size + 9] = struct.pack(">HH", side, side)
    return bytes(data)


def test_sixteen_thousand_pixels_across_are_refused(book: Casebook, given: Path) -> None:
    film = given / "film.mov"
    data = jpegs(film)
    at = data.rindex(b"jpeg") + 28  # in the description of the track, too
    data[at : at + 4] = struct.pack(">HH", 16_000, 16_000)
    film.write_bytes(enlarged(data, range(90), 16_000))
    assert "picture" in add(book, film.name).refused()


def test_pictures_that_grow_in_the_middle_stop_the_cut_and_nothing_else(book: Casebook, given: Path) -> None:
    film = given / "film.mov"
    film.write_bytes(enlarged(jpegs(film), range(45, 90), 16_000))
    answer = add(book, film.name)
    assert answer.code == 0, answer.said
    steps.mark(book, "01-snack", film="snack", start=2, end=3, share=[GATE])
    steps.mark(book, "01-snack", film="snack", start=0, end=1, share=[GATE])
    out, before = book.folder.parent / "clip.mp4", sorted(book.folder.parent.iterdir())
    with pytest.raises(FilmUnreadable, match="No picture can be read at 0:02"):
        steps.cut(book, "01-snack", "m1", out, purpose=GATE)
    assert sorted(book.folder.parent.iterdir()) == before
    steps.cut(book, "01-snack", "m2", out, purpose=GATE)
    assert films.numbers(out) == list(range(30))


def test_an_absurd_clock_is_refused(book: Casebook, given: Path, plain: Path) -> None:
    for ticks, sentence in ((0x7FFFFFFF, "240 pictures"), (1, "")):
        data = bytearray(plain.read_bytes())
        at = data.index(b"mdhd") + 16
        data[at : at + 4] = struct.pack(">I", ticks)
        (given / "film.mp4").write_bytes(data)
        assert sentence in add(book, "film.mp4").refused()


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_length_in_the_header_is_not_believed(
    book: Casebook, given: Path, plain: Path, length: int
) -> None:
    data = bytearray(plain.read_bytes())
    for box, place in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        at = -1
        while (at := data.find(box, at + 1)) >= 0:
            data[at + place : at + place + 4] = struct.pack(">I", length)
    (given / "film.mp4").write_bytes(data)
    cut_right(book, add(book, "film.mp4"))


# What is no file, or has a name like an order


def loop(given: Path) -> str:
    (given / "film.mp4").symlink_to(given / "other.mp4")
    (given / "other.mp4").symlink_to(given / "film.mp4")
    return "film-unreadable"


def device(given: Path) -> str:
    (given / "film.mp4").symlink_to("/dev/zero")
    return "film-unreadable"


def dangling(given: Path) -> str:
    (given / "film.mp4").symlink_to(given / "gone.mp4")
    return "film-missing"


@UNIX
@pytest.mark.parametrize("made", [loop, device, dangling])
def test_a_link_to_nothing_that_can_be_read_is_refused(
    book: Casebook, given: Path, made: Callable[[Path], str]
) -> None:
    code = made(given)
    add(book, "film.mp4").refused(code)
    add(book, "film.mp4", "--refer").refused(code)


NAMES = [
    "-y.mp4",
    "--refer.mp4",
    "a 'b' \"c\" $(id) `id`;.mp4",
    "%03d %s %(x)s {x}.mp4",
    "two\nlines\r\x1b[2J.mp4",
    "n" * 200 + ".mp4",
    "c:x.mp4",
    "http:--x.mp4",
    "http:",
    "concat:a|b.mp4",
    "pipe:0",
    "file:x.mp4",
    "~.mp4",
    "@args.mp4",
    "\u202e4pm.film \u00e9 e\u0301.mp4",
]


@UNIX
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_only_a_name_wherever_the_film_lies(
    book: Casebook, given: Path, plain: Path, name: str
) -> None:
    try:
        shutil.copyfile(plain, given / name)
    except OSError:
        pytest.skip("this disk takes no such name")
    bare = f"./{name}" if name.startswith("-") else name
    # left where it lies: then every cut opens it by this name
    cut_right(book, add(book, bare, "--refer"))
    assert steps.strip(book, "snack").is_file()


@UNIX
def test_a_name_in_letters_of_an_old_system_cannot_be_remembered(
    book: Casebook, given: Path, plain: Path
) -> None:
    try:
        shutil.copyfile(plain, given / os.fsdecode(b"caf\xe9.mp4"))
    except OSError:
        pytest.skip("this disk takes no such name")
    add(book, os.fsdecode(b"caf\xe9.mp4"), "--refer").refused("bad-usage")


@UNIX
@pytest.mark.parametrize("name", ["-y.mp4", "concat:a|b.mp4", os.fsdecode(b"caf\xe9.mp4")], ids=ascii)
def test_a_copied_film_has_its_id_for_a_name(book: Casebook, given: Path, plain: Path, name: str) -> None:
    try:
        shutil.copyfile(plain, given / name)
    except OSError:
        pytest.skip("this disk takes no such name")
    cut_right(book, add(book, f"./{name}"))
    assert sorted(p.name for p in (book.folder / "films").iterdir()) == ["snack.json", "snack.mp4"]


@UNIX
def test_a_film_that_has_moved_is_found_by_any_name(book: Casebook, given: Path, plain: Path) -> None:
    shutil.copyfile(plain, given / "film.mp4")
    answer = add(book, "film.mp4", "--refer")
    (given / "film.mp4").rename(given / "two\r\nlines %d.mp4")
    cut_right(book, answer)


# What changes while it is read


def longer(film: Path) -> None:
    with film.open("ab") as f:
        f.write(b"more")


def another(film: Path) -> None:
    """As long, and of the same time, but not the same file."""
    before, data = film.stat(), bytearray(film.read_bytes())
    data[-1] ^= 1
    film.with_suffix(".new").write_bytes(data)
    os.utime(film.with_suffix(".new"), ns=(before.st_atime_ns, before.st_mtime_ns))
    film.with_suffix(".new").replace(film)


def gone(film: Path) -> None:
    film.unlink()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps an open film as it is")
@pytest.mark.parametrize(
    ("when", "refer"),
    [("Reading the film", False), ("Copying the film", False), ("Reading the film", True)],
    ids=["read", "copied", "left"],
)
@pytest.mark.parametrize("change", [longer, another, gone])
def test_a_film_that_changes_while_it_is_added_is_not_taken_in(
    book: Casebook, given: Path, plain: Path, change: Callable[[Path], None], when: str, refer: bool
) -> None:
    film = given / "film.mp4"
    # larger than what is read at once, so that there is something left to be changed
    free = 12 << 20
    film.write_bytes(plain.read_bytes() + struct.pack(">I4s", free, b"free") + bytes(free - 8))
    before, seen = tree_hash(book.folder), []

    def progress(_share: float, what: str) -> None:
        if what == when and not seen:
            seen.append(what)
            change(film)

    with pytest.raises(FilmChanged):
        steps.add_film(book, film, people=["S1", "C1"], id="snack", refer=refer, progress=progress)
    assert seen and tree_hash(book.folder) == before
