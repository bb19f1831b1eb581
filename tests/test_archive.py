"""A pack to hand over: what is in it, and everything that may not be."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import films
import pytest
from conftest import CYCLE, PERSON, ROOT, told, tree_hash
from test_pack import team_template

from vigkit import pages, steps
from vigkit.casebook import Casebook
from vigkit.cycle import LeftOut
from vigkit.errors import BadArchive, ConsentWithdrawn
from vigkit.film import cut as cutting
from vigkit.film.probe import probe
from vigkit.render import archive, template
from vigkit.render import pack as packs
from vigkit.render.index import Clip
from vigkit.steps.films import _made as kept_clip

DAY = "2026-11-22"
ORDER = ("S1-zip/02-walk/m1.mp4", "S1-zip/01-snack/m1.mp4", "S1-zip/01-snack/M1.2.mp4")
JOY, ONE, TWO = (name.replace(".2", "") for name in ORDER)
FITTING = [JOY], [JOY, ONE], [JOY, TWO], [JOY, ONE, TWO]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_film: Path) -> Path:
    """A casebook: a film that says where it was made, a moment for nobody, one of joy, two of one name."""
    home = tmp_path_factory.mktemp("home")
    film = films.rewrap(
        small_film,
        home / "phone.mp4",
        after=("-metadata", "location=+48.2082+016.3738/", "-metadata", "title=Anna"),
    )
    book = steps.new(home / "book", code="S1", id="S1-zip")
    steps.add_film(book, film, people=["S1", "C1"], id="snack")
    for person in ("S1", "C1"):
        steps.put(book, "consent", PERSON | {"person": person})
    for each in ({}, {"id": "02-walk", "number": 2}):
        steps.put(book, "cycle", CYCLE | each)
    moments = [
        {"id": id, "film": "snack", "start": start, "end": start + 2, "better": f"words of {id}", **more}
        for id, start, more in (
            ("m1", 1, {"share": ["supervision"]}),
            ("M1", 5, {"share": ["supervision"]}),
            ("m3", 9, {"share": ["peers"]}),
        )
    ]  # fmt: skip
    steps.put(book, "cycle", CYCLE | {"moments": moments})
    steps.mark(
        book, "02-walk", film="snack", start=12, end=13, share=["supervision"], joy=True, better="<script>"
    )
    return home


@pytest.fixture
def here(home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(home, tmp_path / "home"))


def hand_over(run: Run, here: Path, *words: Any) -> tuple[int, dict[str, Any]]:
    done = run(
        "pack", here / "book", "-o", here / "out", "--day", DAY, "--zip", here / "all.zip", "--json", *words
    )
    return done.returncode, told(done)


@pytest.fixture(scope="module")
def good(home: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A zip with everything in it."""
    out = tmp_path_factory.mktemp("good")
    words = ("pack", home / "book", "-o", out / "out", "--day", DAY, "--zip", out / "all.zip")
    subprocess.run([sys.executable, "-m", "vigkit", *words], cwd=ROOT, check=True)
    return out.joinpath("all.zip").read_bytes()


def test_logs_index_and_the_clips_that_may_be_shown_are_in_one_file(here: Path, vigkit: Run) -> None:
    status, answer = hand_over(vigkit, here)
    assert (status, answer["left_out"]) == (0, [])
    assert (answer["result"]["zip"], answer["result"]["clips"]) == (str(here / "all.zip"), 3)
    clips = [*ORDER]
    with zipfile.ZipFile(here / "all.zip") as made:
        assert made.testzip() is None
        assert set(made.namelist()) == {
            *("index.html", "clips.html", "pack.json"),
            *(f"S1-zip/{page}.html" for page in ("01-snack", "02-walk", "_over-time")),
            *clips,
        }
        manifest = json.loads(made.read("pack.json"))
        assert [clip["file"] for clip in manifest["clips"]] == clips, "the moment of joy first"
        for row in (*manifest["logs"], *manifest["people"], *manifest["clips"]):
            assert hashlib.sha256(made.read(row["file"])).hexdigest() == row["sha256"]
        for page in ("01-snack", "02-walk", "_over-time"):
            assert made.read(f"S1-zip/{page}.html") == here.joinpath(f"out/S1-zip/{page}.html").read_bytes()
        index, shown = made.read("index.html").decode(), made.read("clips.html").decode()
        assert '<a href="clips.html">3 clips to look at</a>' in index
        assert all(f'href="{clip}"' in shown for clip in clips)
        assert "words of M1" in shown and "<script>" not in shown and "&lt;script&gt;" in shown
        assert shown.index("Content-Security-Policy") < shown.index("<title>")
        for name, seconds in zip(clips, (1, 2, 2), strict=True):
            data = made.read(name)
            file = here / "clip.mp4"
            file.write_bytes(data)
            assert abs(probe(file, name).seconds - seconds) <= 0.04
            assert archive.film_wrong(data) is None
            assert not [w for w in (b"+48.2", b"Anna", b"Lavf", b"snack", b"phone") if w in data]
    assert archive.film_wrong(here.joinpath("phone.mp4").read_bytes()), "the control: the phone's own film"
    assert told(vigkit("check", here / "all.zip", "--json"))["result"]["problems"] == []
    before = here.joinpath("all.zip").read_bytes()
    hand_over(vigkit, here)
    assert here.joinpath("all.zip").read_bytes() == before


def test_what_is_taken_back_is_in_no_zip_and_in_no_cache(here: Path, vigkit: Run) -> None:
    hand_over(vigkit, here)
    cache = here / "book/cache/snack"
    assert list(cache.glob("clip-*.mp4"))
    consents = PERSON["consents"][0] | {"withdrawn": DAY}  # type: ignore[index]
    steps.put(Casebook(here / "book"), "consent", {"format": 1, "person": "C1", "consents": [consents]})
    status, answer = hand_over(vigkit, here)
    assert (status, answer["result"]["clips"]) == (1, 0)
    assert {each["code"] for each in answer["left_out"]} == {"consent-withdrawn"}
    with zipfile.ZipFile(here / "all.zip") as made:
        assert made.namelist() == ["index.html", "pack.json"]
        assert "clips.html" not in made.read("index.html").decode()
    assert not list(here.joinpath("book").rglob("clip-*.mp4"))


def test_a_film_that_is_missing_leaves_out_its_clips_alone(here: Path, vigkit: Run) -> None:
    assert vigkit("pack", here / "book", "-o", here / "out", "--day", DAY).returncode == 0
    here.joinpath("book/films/snack.mp4").unlink()
    status, answer = hand_over(vigkit, here)
    assert (status, answer["result"]["kept"], answer["result"]["clips"]) == (1, 2, 0)
    assert {each["code"] for each in answer["left_out"]} == {"film-missing"}
    assert archive.problems(here / "all.zip") == []


def test_it_is_never_larger_than_was_said(home: Path, tmp_path: Path, good: bytes) -> None:
    """Whatever the size, and the moments of joy are the last to go."""
    out, book = tmp_path / "out", Casebook(home / "book")
    subprocess.run([sys.executable, "-m", "vigkit", "pack", book.folder, "-o", out, "--day", DAY], cwd=ROOT)
    logs = {page.file for page in archive.pages_of(out) if page.cycle}

    def clips() -> Iterator[Clip | LeftOut]:
        return steps.clips([book.folder], "supervision", DAY, logs, tmp_path)

    found = {}
    for most in (*range(9_000, len(good) + 40_000, 7_001), len(good) + 100_000):
        file = tmp_path / f"{most}.zip"
        made = archive.write(out, file, clips, most, lambda: False)
        found[most] = made.clips if made.file else None
        assert file.exists() == (made.file is not None)
        if made.file is None:
            assert made.left_out[0].code == "too-large"
            continue
        assert file.stat().st_size <= most
        assert archive.problems(file) == []
        names = [clip["file"] for clip in json.loads(zipfile.ZipFile(file).read("pack.json"))["clips"]]
        # the first that have room, in their order; a name is kept by whoever comes first
        assert [name.replace(".2", "") for name in names] in ([], *FITTING), names
        told = [each.sentence for each in made.left_out]
        assert all("room in" in sentence for sentence in told) and (len(names) == 3) == (not told)
    assert set(found.values()) == {None, 0, 1, 2, 3}


def test_under_is_kept_on_the_command_line(here: Path, vigkit: Run) -> None:
    refused = vigkit("pack", here / "book", "-o", here / "out", "--under", "3", "--json")
    assert (refused.returncode, told(refused)["error"]["code"]) == (2, "bad-usage")
    assert not here.joinpath("out").exists()
    status, _ = hand_over(vigkit, here, "--under", "1")
    assert status == 0 and here.joinpath("all.zip").stat().st_size <= 1_000_000


@pytest.mark.parametrize(
    "place",
    [
        *("book/all.zip", "book/films/snack.mp4", "book/logs/all.zip", "out/all.zip", "no/all.zip", "out"),
        *("diary.zip", "theirs.zip"),
    ],
)
def test_a_zip_takes_the_place_of_nothing(here: Path, vigkit: Run, place: str) -> None:
    here.joinpath("diary.zip").write_bytes(b"PK\5\6" + bytes(18))
    theirs = [Entry(name.encode(), b"x") for name in ("pack.json", "index.html", "my-novel.txt")]
    here.joinpath("theirs.zip").write_bytes(by_hand(theirs))
    here.joinpath("out").mkdir()
    before = tree_hash(here)
    run = vigkit("pack", here / "book", "-o", here / "out", "--zip", here / place, "--json")
    assert (run.returncode, told(run)["error"]["code"]) == (2, "bad-usage")
    assert tree_hash(here) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such limit")
def test_a_full_disk_leaves_the_zip_before_whole(here: Path, vigkit: Run, good: bytes) -> None:
    assert hand_over(vigkit, here)[0] == 0
    steps.mark(Casebook(here / "book"), "02-walk", film="snack", start=15, end=17, share=["supervision"])
    hand = ("pack", here / "book", "-o", here / "out", "--day", DAY)
    assert vigkit(*hand).returncode == 0
    before = here.joinpath("all.zip").read_bytes()
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY));"
        "from vigkit.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = [sys.executable, "-c", script, *hand, "--zip", here / "all.zip", "--json"]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, json.loads(run.stdout)["error"]["code"]) == (3, "disk-full")
    assert here.joinpath("all.zip").read_bytes() == before
    assert not list(here.glob("*.part")) and not list(here.glob(".*.part"))


@pytest.mark.parametrize("after", range(9))
def test_what_is_taken_back_while_a_zip_is_made_is_handed_to_nobody(here: Path, after: int) -> None:
    """After so many clips in any pass over them, or questions what may be shown."""
    book, steps_done, given = Casebook(here / "book"), 0, []

    def step() -> None:
        nonlocal steps_done
        if steps_done == after:
            consents = PERSON["consents"][0] | {"withdrawn": DAY}  # type: ignore[index]
            record = {"format": 1, "person": "C1", "consents": [consents]}
            here.joinpath("book/consent/C1.json").write_text(json.dumps(record), encoding="utf-8")
        steps_done += 1

    def clips() -> Iterator[Clip | LeftOut]:
        logs = {page.file for page in packs.pages_of(here / "out") if page.cycle}
        for each in steps.clips([book.folder], "supervision", DAY, logs, here):
            step()
            yield each

    def again() -> bool:
        jobs = packs.Watched(steps.jobs([book.folder], "supervision", DAY))
        packs.pack(jobs, here / "out", template=template.find(), purpose="supervision", day=DAY)
        given.append(jobs.sha256)
        step()
        return len(given) == 1 or given[-2] != given[-1]

    again()
    made = archive.write(here / "out", here / "all.zip", clips, 10_000_000, again)
    taken_back = steps_done > after and not here.joinpath("out/S1-zip").exists()
    assert (made.file, made.clips) == (here / "all.zip", 0 if taken_back else 3)
    with zipfile.ZipFile(here / "all.zip") as opened:
        assert (opened.namelist() == ["index.html", "pack.json"]) == taken_back
    assert taken_back == (after < 8), "only what comes after the last question is too late"
    if taken_back:
        assert not list(here.joinpath("book").rglob("clip-*.mp4"))


def test_a_clip_that_is_taken_back_while_it_is_cut_stays_nowhere(here: Path) -> None:
    """The film is read by way of the system: who reads it has taken it back before the last byte."""
    book = Casebook(here / "book")
    [clip, *_] = steps.clips([book.folder], "supervision", DAY, ["S1-zip/02-walk.html"], here)
    assert isinstance(clip, Clip)
    consents = PERSON["consents"][0] | {"withdrawn": DAY}  # type: ignore[index]
    given = {"format": 1, "person": "C1", "consents": [consents]}

    def make(path: Path) -> None:
        path.write_bytes(b"a clip")
        steps.put(Casebook(book.folder), "consent", given)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"a clip")  # the cut goes on, and ends after it was taken back

    with pytest.raises(ConsentWithdrawn):
        kept_clip(book, ["snack"], "clip-x.mp4", make)
    assert not list(here.joinpath("book").rglob("clip-*.mp4"))
    told = clip.make()
    assert isinstance(told, LeftOut) and told.code == "consent-withdrawn"


def test_a_log_that_never_ends_is_waited_for_once(here: Path, vigkit: Run) -> None:
    begun = here / "begun"
    code = "if 'words of m1' in open(bundle).read():\n"
    code += f"    open({str(begun)!r}, 'a').write('x')\n    while True: pass"
    own = team_template(here / "team", code, "vigkit")
    status, answer = hand_over(vigkit, here, "--template", own.folder, "--engine", "vigkit", "--timeout", "3")
    assert (status, answer["result"]["rendered"], answer["result"]["clips"]) == (1, 1, 1)
    assert [each["code"] for each in answer["left_out"]] == ["took-too-long"]
    assert begun.read_text("utf-8") == "x"
    with zipfile.ZipFile(here / "all.zip") as made:
        assert "S1-zip/01-snack.html" not in made.namelist() and "S1-zip/02-walk.html" in made.namelist()
    assert archive.problems(here / "all.zip") == []


def test_words_that_could_be_a_bomb_are_handed_over_all_the_same(here: Path, vigkit: Run) -> None:
    moment = {"id": "m1", "film": "snack", "start": 1, "end": 2, "share": ["supervision"]}
    steps.put(Casebook(here / "book"), "cycle", CYCLE | {"moments": [moment | {"better": "a" * 3_000_000}]})
    assert hand_over(vigkit, here)[0] == 0
    with zipfile.ZipFile(here / "all.zip") as made:
        assert len(made.read("S1-zip/01-snack.html")) > 3_000_000
    assert archive.problems(here / "all.zip") == []


def test_a_page_that_no_zip_may_hold_makes_none(here: Path, vigkit: Run) -> None:
    moment = {"id": "m1", "film": "snack", "start": 1, "end": 2, "share": ["supervision"]}
    steps.put(
        Casebook(here / "book"), "cycle", CYCLE | {"moments": [moment | {"better": "a word " * 3_000_000}]}
    )
    status, answer = hand_over(vigkit, here)
    assert (status, answer["result"]["zip"]) == (1, None)
    assert answer["left_out"][0]["sentence"].startswith("S1-zip/01-snack.html is larger than 20 MB")
    assert not here.joinpath("all.zip").exists()


@pytest.mark.parametrize("words", ["<script>1</script>", "<!-- ours -->", '<a href="//host">x</a>'])
def test_a_teams_page_that_nobody_would_open_makes_no_zip(here: Path, vigkit: Run, words: str) -> None:
    """And a zip of before, which may hold what may not be shown any more, is gone."""
    assert hand_over(vigkit, here)[0] == 0
    own = Path(shutil.copytree(ROOT / "templates" / "log", here / "team"))
    own.joinpath("log.html.j2").write_text(own.joinpath("log.html.j2").read_text("utf-8") + words, "utf-8")
    status, answer = hand_over(vigkit, here, "--template", own)
    assert (status, answer["result"]["zip"], answer["result"]["rendered"]) == (1, None, 2)
    [why] = answer["left_out"]
    assert why["code"] == "unsafe-zip" and "there is no zip" in why["sentence"]
    assert not here.joinpath("all.zip").exists()


def test_no_more_clips_are_cut_than_there_is_room_for(here: Path) -> None:
    out = here / "out"
    jobs = steps.jobs([here / "book"], "supervision", DAY)
    packs.pack(jobs, out, template=template.find(), purpose="supervision", day=DAY)
    phone, asked = probe(here / "phone.mp4", "snack"), []
    for name, end in (("small.mp4", 1), ("large.mp4", 12)):
        cutting.cut(here / "phone.mp4", phone, 0, end, here / name)
    size = here.joinpath("large.mp4").stat().st_size
    assert size > 100_000 + 5 * here.joinpath("small.mp4").stat().st_size

    def clips(large: int, small: int) -> Iterator[Clip]:
        for n in range(large + small + 20):
            file = "large.mp4" if n < large or n >= large + small else "small.mp4"
            yield Clip(
                **dict.fromkeys(("who", "title", "when", "words"), "S1"),
                **{"until": None, "casebook": "S1-zip", "cycle": "01-snack", "moment": f"m{n}"},
                make=lambda n=n, file=file: asked.append(n) or here / file,  # type: ignore[func-returns-value]
            )

    made = archive.write(out, here / "all.zip", lambda: clips(1, 5), size - 1000, lambda: False)
    assert made.clips == 5 and made.left_out[0].sentence.startswith("21 clips")
    assert sorted(set(asked)) == [*range(6), 6, 7, 8], "one was too large, then five had room, then none"


def test_what_a_killed_run_has_left_beside_a_zip_goes(here: Path, vigkit: Run) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name in (f".all.zip.{gone.pid}.part", f".all.zip.{os.getpid()}.part", ".mine.part"):
        here.joinpath(name).write_bytes(b"x")
    assert hand_over(vigkit, here)[0] == 0
    assert {p.name for p in here.glob(".*.part")} == {f".all.zip.{os.getpid()}.part", ".mine.part"}


# --- Reading ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One file of a zip that is written by hand; what is None is as it should be."""

    name: bytes
    data: bytes
    kind: int = 8
    flags: int = 0
    mode: int = stat.S_IFREG | 0o600
    system: int = 3
    size: int | None = None
    crc: int | None = None
    local: bytes | None = None
    extra: bytes = b""
    comment: bytes = b""
    tail: bytes = b""


def by_hand(entries: Iterable[Entry], *, before: bytes = b"", after: bytes = b"", gap: bytes = b"") -> bytes:
    """A zip, whatever its entries say."""
    body, listed = before, b""
    for e in entries:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = packer.compress(e.data) + packer.flush() if e.kind == 8 else e.data
        packed += e.tail
        size = len(e.data) if e.size is None else e.size
        crc = zlib.crc32(e.data) if e.crc is None else e.crc
        told = struct.pack("<5H3L", 20, e.flags, e.kind, 0, 33, crc, len(packed), size)
        local = e.name if e.local is None else e.local
        listed += b"PK\1\2" + bytes([20, e.system]) + told
        listed += struct.pack(
            "<5H2L", len(e.name), len(e.extra), len(e.comment), 0, 0, e.mode << 16, len(body)
        )
        listed += e.name + e.extra + e.comment
        body += (
            b"PK\3\4" + told + struct.pack("<2H", len(local), len(e.extra)) + local + e.extra + packed + gap
        )
    count = listed.count(b"PK\1\2")
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(listed), len(body), 0)
    return body + listed + end + after


def entries_of(zip: bytes) -> list[Entry]:
    from io import BytesIO

    with zipfile.ZipFile(BytesIO(zip)) as opened:
        return [Entry(i.filename.encode(), opened.read(i), i.compress_type) for i in opened.infolist()]


BAD_NAMES = [
    *("../evil.html", "S1-zip/../../evil.html", "/etc/passwd", "C:/evil.html", "C:evil.html"),
    *("\\\\host\\share.html", "..\\evil.html", "S1-zip\\01.html", "S1-zip/CON.html", "nul"),
    *("S1-zip/com1.html", "LPT9.mp4", "S1-zip/aux /01.html", "S1-zip/01.html.", "S1-zip /01.html"),
    *("index.html:stream", "index\x00.html", "a\nb.html", "", "S1-zip/", "S1-zip/01-snack.html/x.html"),
    *("run.exe", "more.zip", "S1-zip/deep/er/01.html", ".hidden/01.html", "COM¹.html", "CONIN$"),
    *("S1-zip/" + "x" * 300 + ".html", "\u202egnp.html", "S1-zip/01.svg"),
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_none_of_ours_is_refused(tmp_path: Path, good: bytes, name: str) -> None:
    found = problems_of(tmp_path, by_hand([*entries_of(good), Entry(name.encode(), b"x")]))
    assert [each.code for each in found] == ["unsafe-zip"], found
    assert "\n" not in found[0].sentence and "\x00" not in found[0].file


def problems_of(tmp_path: Path, zip: bytes) -> list[archive.Problem]:
    """What is wrong with a zip; and that nothing but the zip is there afterwards."""
    file = tmp_path / "it.zip"
    file.write_bytes(zip)
    try:
        return archive.problems(file)
    except BadArchive as e:
        return [archive.Problem(file=file.name, code=e.code, sentence=e.sentence)]
    finally:
        assert [p.name for p in tmp_path.iterdir()] == ["it.zip"]


def swapped(good: bytes, name: str, **changed: Any) -> list[Entry]:
    return [replace(e, **changed) if e.name == name.encode() else e for e in entries_of(good)]


LOG, CLIP = "S1-zip/01-snack.html", "S1-zip/01-snack/m1.mp4"
ATTACKS: dict[str, Callable[[bytes], bytes]] = {
    "a link": lambda z: by_hand(swapped(z, LOG, mode=stat.S_IFLNK | 0o777, data=b"/etc/passwd")),
    "a folder": lambda z: by_hand(swapped(z, LOG, mode=stat.S_IFDIR | 0o700)),
    "a device": lambda z: by_hand(swapped(z, LOG, mode=stat.S_IFCHR)),
    "a link of another system": lambda z: by_hand(swapped(z, LOG, mode=stat.S_IFLNK, system=0)),
    "twice": lambda z: by_hand([*entries_of(z), entries_of(z)[0]]),
    "twice but for case": lambda z: by_hand([*entries_of(z), Entry(b"s1-zip/01-SNACK.html", b"x")]),
    "locked": lambda z: by_hand(swapped(z, LOG, flags=1)),
    "another way to pack": lambda z: by_hand(swapped(z, LOG, kind=12)),
    "extra": lambda z: by_hand(swapped(z, LOG, extra=b"\x75\x70\x04\x00evil")),
    "a bomb that says so": lambda z: by_hand(swapped(z, LOG, data=b" " * 21_000_000)),
    "a bomb of many": lambda z: by_hand(
        [*entries_of(z), *(Entry(f"S1-zip/{n}.html".encode(), b" " * 1_000_000) for n in range(40))]
    ),
    "a folder of another case": lambda z: by_hand([*entries_of(z), Entry(b"S1-ZIP/09.html", b"x")]),
    "a bomb that is small": lambda z: by_hand(swapped(z, LOG, data=b" " * 2_000_000)),
    "a bomb that says less": lambda z: by_hand(swapped(z, LOG, data=b" " * 90_000_000, size=500_000)),
    "a bomb of a clip": lambda z: by_hand(swapped(z, CLIP, data=b" " * 9_000_000, kind=8)),
    "another sum": lambda z: by_hand(swapped(z, LOG, crc=1)),
    "another name in its head": lambda z: by_hand(swapped(z, LOG, local=b"S1-zip/02-snack.html")),
    "words before it": lambda z: by_hand(entries_of(z), before=b"#!/bin/sh\n"),
    "words after it": lambda z: by_hand(entries_of(z), after=b"more"),
    "words between": lambda z: by_hand(entries_of(z), gap=b"hidden"),
    "two zips": lambda z: z + z,
    "half": lambda z: z[: len(z) // 2],
    "nothing": lambda z: b"",
    "no zip": lambda z: b"<!doctype html>" * 100,
    "too many": lambda z: by_hand([Entry(f"S1-zip/{n}.html".encode(), b"") for n in range(20_001)]),
    "overlapping": lambda z: _overlapping(z),
    "no pack.json": lambda z: by_hand([e for e in entries_of(z) if e.name != b"pack.json"]),
    "a pack.json that is none": lambda z: by_hand(swapped(z, "pack.json", data=b"[]")),
    "a newer pack.json": lambda z: by_hand(manifest(z, format=2)),
    "a pack.json that leads out": lambda z: by_hand(
        manifest(z, logs=[{"casebook": "S1-zip", "cycle": "01", "key": "k", "file": "../../x"}])
    ),
    "a log too few": lambda z: by_hand([e for e in entries_of(z) if e.name != LOG.encode()]),
    "a log too many": lambda z: by_hand([*entries_of(z), Entry(b"S1-zip/09.html", b"x")]),
    "another word": lambda z: by_hand(swapped(z, LOG, data=entries_of(z)[3].data + b" ")),
    "a page that runs": lambda z: by_hand(page(z, lambda p: p.replace(b"<main", b"<script>1</script><main"))),
    "a page that runs by itself": lambda z: by_hand(
        page(z, lambda p: p.replace(b"<body", b"<body onload=x()"))
    ),
    "a page that loads": lambda z: by_hand(
        page(z, lambda p: p.replace(b"<body>", b'<body><img src="//host/x.png">'))
    ),
    "a page that leads out": lambda z: by_hand(
        page(z, lambda p: p.replace(b"<body>", b'<body><a href="javascript:x()">x</a>'))
    ),
    "a page without its policy": lambda z: by_hand(page(z, lambda p: p.replace(b"default-src 'none'", b"x"))),
    **{
        f"a page with {words.decode()}": lambda z, words=words: by_hand(  # type: ignore[misc]
            page(z, lambda p: p.replace(b"<main>", words + b"<main>"))
        )
        for words in (
            *(b'<meta http-equiv="refresh" content="0;url=//h">', b"<math></math>", b"<p/onload=x()>"),
            *(b"<svg><style><script>x</script></style></svg>", b"<!-- --!><script>x</script>-->"),
            *(b"<!--><script>x</script>-->", b"<![CDATA[<script>x</script>]]>", b"<xmp></xmp>"),
            *(b"<textarea><p title='</textarea><script>'>", b'<a href="x" ping="//h">x</a>', b"<p", b"<P>"),
            *(b'<svg><animate attributeName="href" values="//h"/></svg>', b'<form action="//h">'),
            *(b'<a href="a/../../../../etc/passwd">x</a>', b'<a href="../more.html">x</a>'),
            *(b'<svg><rect fill="url(//h)"/></svg>', b'<svg><use href="//h#x"/></svg>', b"<base href=x>"),
            *(b'<a href="java&#115;cript:x()">x</a>', b'<img src="data:image/svg+xml;base64,AAAA">'),
            *(b'<p style="background:url(//h)">', b'<div id="a"id="b">', b"<p title='x'>"),
            b"<style></style>",
        )
    },
    **{
        f"a style with {words.decode()}": lambda z, words=words: by_hand(page(z, _with_style(words)))  # type: ignore[misc]
        for words in (b"@import 'x.css';", b"p { background: URL(//h) }", b"p { background: \\75rl(//h) }")
    },
    "a value that hides its words": lambda z: by_hand(
        page(z, lambda p: p.replace(b"<main>", b'<svg><rect fill="&#117;rl(//h)"/></svg><main>'))
    ),
    "no purpose that we know": lambda z: by_hand(manifest(z, purpose="<script>")),
    "no day": lambda z: by_hand(manifest(z, day=5)),
    "reasons that are none": lambda z: by_hand(manifest(z, left_out="x")),
    "a policy with more in it": lambda z: by_hand(
        page(z, lambda p: p.replace(b"form-action 'none'", b"form-action 'none'; script-src *"))
    ),
    "a policy for another style": lambda z: by_hand(page(z, lambda p: p.replace(b"<style>", b"<style>p{}"))),
    "a policy that comes too late": lambda z: by_hand(page(z, lambda p: b"\xc2\xa0" + p)),
    "a page that does not end": lambda z: by_hand(page(z, lambda p: p.replace(b"</html>", b""))),
    "a sign that is none": lambda z: by_hand(page(z, lambda p: p.replace(b"</p>", b"\x1b[2J</p>"))),
    "a clip that is none": lambda z: by_hand(clip(z, lambda c: b"MZ" + c)),
    "a clip that says where": lambda z: by_hand(clip(z, _with_place)),
    "a clip that says when": lambda z: by_hand(
        clip(z, lambda c: c.replace(b"mvhd\0\0\0\0\0\0\0\0", b"mvhd\0\0\0\0\0\0\0\7", 1))
    ),
    "a clip with words": lambda z: by_hand(clip(z, lambda c: c.replace(b"VideoHandler", b"Anna in Wien"))),
    "a clip with words about its program": lambda z: by_hand(
        clip(z, lambda c: c[: (at := c.index(b"avc1", 100)) + 46] + b"Anna in Wien" + c[at + 58 :])
    ),
    "a clip of another kind": lambda z: by_hand(clip(z, lambda c: c.replace(b"avc1", b"hvc1"))),
    "a clip that lies elsewhere": lambda z: by_hand(
        clip(z, lambda c: c.replace(b"url \0\0\0\1", b"url \0\0\0\0"))
    ),
    "a clip with a second picture": lambda z: by_hand(clip(z, lambda c: c.replace(b"soun", b"vide"))),
    "a clip with words behind its pictures": lambda z: by_hand(clip(z, _with_a_tail)),
    "a clip with more boxes": lambda z: by_hand(clip(z, lambda c: c + b"\0\0\0\x0cuuid1234")),
    "a clip with words at its end": lambda z: by_hand(clip(z, lambda c: c + b"\0\0\0\x10free12345678")),
    "a clip in a clip": lambda z: by_hand(
        clip(z, lambda c: c[:32] + b"".join(struct.pack(">L", 8 * n) + b"moov" for n in range(3000, 0, -1)))
    ),
    "a very large clip": lambda z: by_hand(clip(z, lambda c: c + bytes(201_000_000))),
    "no list of logs": lambda z: by_hand(manifest(z, logs=None)),
    "a number of clips": lambda z: by_hand(manifest(z, clips=5)),
    "a clip that is named twice": lambda z: by_hand(manifest(z, clips=2 * listed(z)["clips"])),
    "a log that is named twice": lambda z: by_hand(manifest(z, logs=2 * listed(z)["logs"])),
    "a clip of another moment": lambda z: by_hand(
        manifest(z, clips=[row | {"moment": "m9"} for row in listed(z)["clips"]])
    ),
    "a clip of no moment": lambda z: by_hand(
        manifest(z, clips=[row | {"moment": 5} for row in listed(z)["clips"]])
    ),
    "a format that is none": lambda z: by_hand(manifest(z, format=True)),
    "words before its list": lambda z: _with_words(z),
    "words about a file": lambda z: by_hand(swapped(z, LOG, comment=b"hello")),
    "words after a packed file": lambda z: by_hand(swapped(z, LOG, tail=b"hello")),
    "another owner": lambda z: by_hand(swapped(z, LOG, mode=stat.S_IFREG | 0o4755)),
    "another day": lambda z: z.replace(struct.pack("<2H", 0, 33), struct.pack("<2H", 7, 99)),
}  # fmt: skip


def listed(good: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(e.data for e in entries_of(good) if e.name == b"pack.json"))
    return found


def manifest(good: bytes, **changed: object) -> list[Entry]:
    return swapped(good, "pack.json", data=json.dumps(listed(good) | changed).encode())


def forged(good: bytes, name: str, data: bytes) -> list[Entry]:
    """Another file, and a pack.json that vouches for it."""
    said = listed(good)
    for row in (*said["logs"], *said["clips"]):
        if row["file"] == name:
            row["sha256"] = hashlib.sha256(data).hexdigest()
    entries = swapped(good, name, data=data)
    return [replace(e, data=json.dumps(said).encode()) if e.name == b"pack.json" else e for e in entries]


def page(good: bytes, change: Callable[[bytes], bytes]) -> list[Entry]:
    before = next(e.data for e in entries_of(good) if e.name == LOG.encode())
    assert change(before) != before
    return forged(good, LOG, change(before))


def clip(good: bytes, change: Callable[[bytes], bytes]) -> list[Entry]:
    before = next(e.data for e in entries_of(good) if e.name == CLIP.encode())
    assert change(before) != before
    return forged(good, CLIP, change(before))


def _with_place(film: bytes) -> bytes:
    """The film with a place in its head, in the way of phones."""
    at = film.index(b"moov") - 4
    place = b"\xa9xyz\x00\x12\x15\xc7+48.2082+016.3738/"
    more = struct.pack(">L", 12 + len(place) - 4 + 4) + b"udta" + struct.pack(">L", len(place) + 4) + place
    size = struct.unpack(">L", film[at : at + 4])[0]
    return (
        film[:at] + struct.pack(">L", size + len(more)) + film[at + 4 : at + size] + more + film[at + size :]
    )


def _with_a_tail(film: bytes) -> bytes:
    """The film with words after its last sample, inside the box of the samples."""
    at = film.index(b"mdat") - 4
    size = struct.unpack(">L", film[at : at + 4])[0]
    assert at + size == len(film)
    return film[:at] + struct.pack(">L", size + 12) + film[at + 4 :] + b"Anna in Wien"


def _with_style(words: bytes) -> Callable[[bytes], bytes]:
    """The page with another style, and a policy that allows it."""

    def changed(page: bytes) -> bytes:
        before = page[page.index(b"<style>") + 7 : page.index(b"</style>")]
        old, new = (base64.b64encode(hashlib.sha256(s).digest()) for s in (before, before + words))
        return page.replace(before, before + words).replace(old, new)

    return changed


def _with_words(good: bytes) -> bytes:
    """Words between the last file and the list of files."""
    start = struct.unpack("<L", good[-6:-2])[0]
    return good[:start] + b"hidden" + good[start:-6] + struct.pack("<L", start + 6) + good[-2:]


def _overlapping(good: bytes) -> bytes:
    """Two names for one piece of the file."""
    entries = entries_of(good)
    made = bytearray(by_hand([*entries, replace(entries[-1], name=b"S1-zip/09.html")]))
    listed = [i for i in range(len(made)) if made[i : i + 4] == b"PK\1\2"][-2:]
    made[listed[1] + 42 : listed[1] + 46] = made[listed[0] + 42 : listed[0] + 46]
    return bytes(made)


def test_a_zip_by_hand_is_as_good_as_ours(tmp_path: Path, good: bytes) -> None:
    """The control."""
    assert problems_of(tmp_path, by_hand(entries_of(good))) == []
    assert problems_of(tmp_path, by_hand(forged(good, LOG, dict_of(good)[LOG]))) == []


def dict_of(good: bytes) -> dict[str, bytes]:
    return {e.name.decode(): e.data for e in entries_of(good)}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_could_do_harm_is_refused_and_nothing_is_unpacked(
    tmp_path: Path, good: bytes, attack: str
) -> None:
    found = problems_of(tmp_path, ATTACKS[attack](good))
    assert found and all(each.sentence.endswith(".") for each in found)


def test_a_zip_with_any_byte_changed_gives_sentences_and_no_traceback(tmp_path: Path, good: bytes) -> None:
    chance, silent = random.Random(7), 0
    heads = [i for i in range(len(good)) if good[i : i + 2] == b"PK"]
    for turn in range(300):
        at = chance.choice(heads) + chance.randrange(50) if turn % 2 else chance.randrange(len(good))
        at = min(at, len(good) - 1)
        broken = good[:at] + bytes([good[at] ^ chance.randrange(1, 256)]) + good[at + 1 :]
        silent += not problems_of(tmp_path, broken)
    # the day of a file, and who made it, are nobody's matter
    assert silent <= 60


def test_check_tells_what_is_wrong_with_a_zip(tmp_path: Path, good: bytes, vigkit: Run) -> None:
    file = tmp_path / "bad.zip"
    file.write_bytes(by_hand([*entries_of(good), Entry(b"../../evil.html", b"x")]))
    run = vigkit("check", file, "--json")
    [problem] = told(run)["result"]["problems"]
    assert run.returncode == 1
    assert problem["sentence"] == "../../evil.html: It leads out of the folder. Do not unpack it."
    file.write_bytes(b"no zip")
    run = vigkit("check", file, "--json")
    assert (run.returncode, told(run)["error"]["code"]) == (2, "unsafe-zip")
    run = vigkit("check", tmp_path / "none.zip", "--json")
    assert run.returncode == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.zip"]


def test_a_supervisor_opens_a_zip_and_no_bad_one(here: Path, good: bytes) -> None:
    from test_pages import said

    here.joinpath("good.zip").write_bytes(good)
    here.joinpath("bad.zip").write_bytes(ATTACKS["a page that runs"](good))
    deck = pages.read_logs(here / "book")
    opened = said(deck, {"op": "do", "name": "open", "given": {"other": str(here / "good.zip")}})
    assert "problem" not in opened
    asks = said(deck, {"op": "load"})["deck"]["asks"]
    assert [a["label"] for a in asks if a["kind"] == "frame"] == [
        "The log of S1-zip, 01-snack",
        "The log of S1-zip, 02-walk",
    ]
    refused = said(deck, {"op": "do", "name": "open", "given": {"other": str(here / "bad.zip")}})
    assert "bad.zip is not opened" in refused["problem"]["sentence"]
