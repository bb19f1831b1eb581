"""A pack that is made again: only what has changed, whatever has happened in between."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import CYCLE, PERSON, ROOT, told
from test_pack import DAY, LOGS, log, packing, states, team_template

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.errors import TemplateFailed
from vigkit.render import room, template
from vigkit.render.pack import Progress
from vigkit.render.page import shipped

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def two(book: Casebook, small_film: Path) -> Casebook:
    """Two cycles: the film of the first shows S1 and C1, that of the second S1 and C2."""
    steps.put(book, "consent", PERSON | {"person": "C2"})
    steps.add_film(book, small_film, people=["S1", "C2"], id="walk")
    steps.put(book, "cycle", CYCLE | {"id": "02-walk", "number": 2})
    for cycle, film, start in (("01-snack", "snack", 1), ("02-walk", "walk", 11)):
        steps.mark(
            book, cycle, film=film, start=start, end=start + 2, principles=["EN1"], share=["supervision"]
        )
    return book


def packed(run: Run, book: Casebook, out: Path, *words: Any) -> dict[str, Any]:
    return told(run("pack", book.folder, "-o", out, "--day", DAY, "--json", *words))


def test_times_make_nothing_and_words_make_their_own_log(tmp_path: Path, vigkit: Run, two: Casebook) -> None:
    """A day of change on any file of the casebook is nothing; one word for a principle is."""
    out = tmp_path / "out"
    assert packed(vigkit, two, out)["result"]["rendered"] == 2
    before = states(out)
    for path in two.folder.rglob("*"):
        os.utime(path, (0, 0))
    again = packed(vigkit, two, out)["result"]
    assert (again["rendered"], again["kept"], states(out)) == (0, 2, before)
    steps.mark(two, "02-walk", film="walk", start=4, end=5, share=["supervision"])
    assert packed(vigkit, two, out)["result"]["rendered"] == 1
    two.folder.joinpath("principles.csv").write_text("id,label\nEN1,Makes room\n", encoding="utf-8")
    assert packed(vigkit, two, out)["result"]["rendered"] == 2
    assert "Makes room" in out.joinpath("S1-test/01-snack.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["log.css", "parts.html.j2", "log.html.j2", "log.ipynb"])
def test_one_byte_more_in_a_template_makes_all_of_them(tmp_path: Path, name: str) -> None:
    own = Path(shutil.copytree(shipped(), tmp_path / "team"))
    out, found = tmp_path / "out", template.find(own, "vigkit")
    assert packing(out, LOGS, own=found).rendered == 3
    assert packing(out, LOGS, own=found).kept == 3
    file = own / name
    file.write_bytes(file.read_bytes() + b" ")
    assert packing(out, LOGS, own=template.find(own, "vigkit")).rendered == 3


def test_after_a_consent_has_expired_its_log_is_gone_and_no_other_byte_is_touched(
    tmp_path: Path, vigkit: Run, two: Casebook
) -> None:
    until = {"given": "2026-01-05", "purposes": ["supervision"], "kept_until": DAY}
    steps.put(two, "consent", {"format": 1, "person": "C2", "consents": [until]})
    steps.put(two, "cycle", steps.show(two, "02-walk") | {"situation": "a word of that cycle alone"})
    out = tmp_path / "out"
    assert packed(vigkit, two, out)["result"]["rendered"] == 2
    before = states(out)
    [picture] = [p for p in two.folder.joinpath("cache").rglob("*.jpg") if "walk" in str(p)]
    jpeg = steps.bundle(two, two.contents(), "02-walk", "supervision", DAY).stills[0].jpeg
    assert picture.is_file() and sum(jpeg.encode() in page for _, page in before.values()) == 2

    answer = told(vigkit("pack", two.folder, "-o", out, "--day", "2026-11-23", "--json"))
    assert answer["result"] == {"rendered": 0, "kept": 1, "removed": 1, "index": str(out / "index.html")}
    assert [(e["cycle"], e["code"], e["who"]) for e in answer["left_out"]] == [
        ("02-walk", "consent-expired", ["C2"])
    ]
    after = states(out)
    assert after["S1-test/01-snack.html"] == before["S1-test/01-snack.html"]
    assert sorted(after) == ["S1-test/01-snack.html", "S1-test/_over-time.html", "index.html", "pack.json"]
    for _, page in after.values():
        assert jpeg.encode() not in page and b"a word of that cycle alone" not in page


MANY = """
import os
from pathlib import Path
from test_pack import log, packing

packing(Path({out!r}), [log(f"S{{n}}-book", "01-snack") for n in range(24)], workers=2)
"""


@pytest.mark.skipif(os.name == "nt", reason="signal 9 is not for Windows")
def test_killed_anywhere_the_next_pack_goes_on(tmp_path: Path) -> None:
    """No page that stands is half a page, and none that was finished is made again."""
    logs = [log(f"S{n}-book", "01-snack") for n in range(24)]
    whole, out = tmp_path / "whole", tmp_path / "out"
    packing(whole, logs)
    finished = {name: page for name, (_, page) in states(whole).items()}
    file = tmp_path / "many.py"
    file.write_text(MANY.format(out=str(out)), encoding="utf-8")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    chance, seen, crew, far = random.Random(6), {}, set(), set()
    for _ in range(8):
        process = psutil.Popen([sys.executable, file], env=env, stderr=subprocess.DEVNULL)
        # wherever it is: at the first page, in the middle of one, or as far as its index
        wanted = chance.randrange(1, 25)
        while process.poll() is None and len(list(out.glob("S*/01-*.html"))) < wanted:
            crew |= {each.pid for each in process.children(recursive=True)}
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = {name: state for name, state in states(out).items() if name.endswith("/01-snack.html")}
        assert all(page == finished[name] for name, (_, page) in now.items())
        assert all(now[name] == state for name, state in seen.items()), "finished, and made again"
        seen = now
        far.add(len(seen))
    assert len(far & {*range(1, 24)}) > 1, "killed in the middle"
    again = packing(out, logs)
    assert (again.rendered + again.kept, again.kept >= len(seen), again.left_out) == (24, True, ())
    assert {name: page for name, (_, page) in states(out).items()} == finished
    assert not list(out.rglob("*.part"))
    _gone, alive = psutil.wait_procs([psutil.Process(p) for p in crew if psutil.pid_exists(p)], timeout=20)
    assert not alive, "a worker whose pack was killed goes home"


HOLDS_ON = """
import os, pathlib, re
pathlib.Path({pid!r}).write_text(str(os.getpid()))
re.match("(a+)+$", 60 * "a" + "b")
"""
HELD = """
from pathlib import Path
from test_pack import LOGS, packing, template

packing(Path({out!r}), LOGS, own=template.find(Path({team!r}), "vigkit"), workers=1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that began it")
def test_a_cell_that_never_lets_go_of_python_ends_with_its_pack(tmp_path: Path) -> None:
    pid, file = tmp_path / "pid", tmp_path / "held.py"
    own = team_template(tmp_path / "team", HOLDS_ON.format(pid=str(pid)))
    file.write_text(HELD.format(out=str(tmp_path / "out"), team=str(own.folder)), encoding="utf-8")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    process = psutil.Popen([sys.executable, file], env=env, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (pid.exists() and pid.read_text("utf-8")):
        pass
    worker = psutil.Process(int(pid.read_text("utf-8")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    _gone, alive = psutil.wait_procs([worker], timeout=20)
    for each in alive:
        each.kill()
    assert not alive


def test_half_a_page_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    packing(out, LOGS)
    page = out / "S1-book/01-snack.html"
    whole = page.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", whole + b" "):
        page.write_bytes(broken)
        again = packing(out, LOGS)
        assert (again.rendered, again.kept, page.read_bytes()) == (1, 2, whole)


def test_two_programs_that_pack_into_one_folder_at_once(tmp_path: Path, two: Casebook) -> None:
    """Both are done, and the folder holds what one of them alone would have made."""
    out = tmp_path / "out"
    words = [sys.executable, "-m", "vigkit", "pack", two.folder, "--day", DAY, "--json", "-o"]
    both = [
        subprocess.Popen([*words, out], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    subprocess.run([*words, tmp_path / "alone"], cwd=ROOT, capture_output=True, check=True)
    one, other = ({name: page for name, (_, page) in states(p).items()} for p in (out, tmp_path / "alone"))
    assert one == other


# --- One casebook of several is broken -------------------------------------------------------------------


def edit(path: Path, **more: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | more), encoding="utf-8")


def edit_moment(path: Path, **more: object) -> None:
    [moment] = json.loads(path.read_text("utf-8"))["moments"]
    edit(path, moments=[moment | more])


BROKEN: dict[str, Callable[[Path], object]] = {
    "newer-format": lambda book: edit(book / "casebook.json", format=2, people={"of": "another shape"}),
    "bad-record": lambda book: (book / "casebook.json").write_text("{", encoding="utf-8"),
    "not-a-casebook": lambda book: (book / "casebook.json").unlink(),
    "bad-principles": lambda book: (book / "principles.csv").write_text("id,label\nA,\n", encoding="utf-8"),
    "bad-record of a cycle": lambda book: (book / "cycles/02-walk.json").write_bytes(b"\xff\xfe"),
    "newer-format of a cycle": lambda book: edit(book / "cycles/02-walk.json", format=3, question="?"),
    "sync-copy of a cycle": lambda book: shutil.copy(
        book / "cycles/02-walk.json", book / "cycles/02-walk (1).json"
    ),
    "unknown-film": lambda book: edit(book / "cycles/02-walk.json", films=["lost"]),
    "moment-outside-film": lambda book: edit(book / "films/walk.json", seconds=5),
    "bad-record of a film": lambda book: (book / "films/walk.json").write_text("[]", encoding="utf-8"),
    "film-missing": lambda book: [shutil.rmtree(book / "cache"), (book / "films/walk.mp4").unlink()],
    "film-changed": lambda book: [
        shutil.rmtree(book / "cache"), (book / "films/walk.mp4").write_bytes(b"another film")
    ],
    "consent-missing": lambda book: (book / "consent/C2.json").unlink(),
    "newer-format of a consent": lambda book: edit(book / "consent/C2.json", format=2),
    "unknown-principle": lambda book: edit_moment(book / "cycles/02-walk.json", principles=["EN1", "XX"]),
    "unknown-purpose": lambda book: edit_moment(book / "cycles/02-walk.json", share=["supervision", "all"]),
    "unknown-person": lambda book: edit_moment(
        book / "cycles/02-walk.json", turns=[{"who": "C9", "act": "initiative"}]
    ),
    "bad-record of a consent": lambda book: (book / "consent/C2.json").write_text("{}", encoding="utf-8"),
    "bad-record of a folder": lambda book: [
        (book / "cycles/02-walk.json").unlink(), (book / "cycles/02-walk.json").mkdir()
    ],
    "sync-copy of casebook.json": lambda book: shutil.copy(
        book / "casebook.json", book / "casebook-conflict.json"
    ),
    "bad-record that leads out": lambda book: edit(book / "films/walk.json", file="../../walk.mp4"),
    "sync-copy of a consent": lambda book: shutil.copy(
        book / "consent/C2.json", book / "consent/C2-LAPTOP.json"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory, small_film: Path) -> Path:
    """Two casebooks with two cycles each, and the pack of both."""
    home = tmp_path_factory.mktemp("several")
    for owner in ("S1", "S2"):
        book = steps.new(home / "books" / owner, code=owner, id=f"{owner}-book")
        for film, people in (("snack", [owner, "C1"]), ("walk", [owner, "C2"])):
            steps.add_film(book, small_film, people=people, id=film)
        for person in (owner, "C1", "C2"):
            steps.put(book, "consent", PERSON | {"person": person})
        for cycle, film in (("01-snack", "snack"), ("02-walk", "walk")):
            steps.put(book, "cycle", CYCLE | {"id": cycle, "number": int(cycle[:2])})
            steps.mark(book, cycle, film=film, start=11, end=13, share=["supervision"])
    pack = subprocess.run(
        [sys.executable, "-m", "vigkit", "pack", home / "books", "-o", home / "out", "--day", DAY], cwd=ROOT
    )
    assert pack.returncode == 0
    return home


@pytest.mark.parametrize("way", BROKEN)
def test_one_broken_casebook_does_not_stop_the_others(
    several: Path, tmp_path: Path, vigkit: Run, way: str
) -> None:
    home = Path(shutil.copytree(several, tmp_path / "home"))
    BROKEN[way](home / "books/S1")
    before = states(home / "out")
    run = vigkit("pack", home / "books", "-o", home / "out", "--day", DAY, "--json")
    answer = told(run)
    after, page = states(home / "out"), (home / "out/index.html").read_text("utf-8")
    assert (run.returncode, answer["ok"]) == (1, True)
    assert way.split(" ")[0] in [each["code"] for each in answer["left_out"]]
    for each in answer["left_out"]:
        assert each["sentence"] in unescape(page) and str(tmp_path) not in each["sentence"]
        assert re.search(rf'data-vk="left-out"[^>]*data-code="{each["code"]}"', page)
    for name in ("S2-book/01-snack.html", "S2-book/02-walk.html", "S2-book/_over-time.html"):
        assert after[name] == before[name], "not a byte of the other casebook"
    named = {log["file"] for log in json.loads((home / "out/pack.json").read_text("utf-8"))["logs"]}
    assert named == {name for name in after if re.fullmatch(r"S[12]-book/[0-9].*\.html", name)}


def test_a_consent_that_a_newer_vigkit_has_written_is_none(
    tmp_path: Path, vigkit: Run, two: Casebook
) -> None:
    """It may say something that we cannot read."""
    edit(two.folder / "consent/C2.json", format=2)
    answer = packed(vigkit, two, tmp_path / "out")
    assert answer["result"]["rendered"] == 1
    assert {(each["cycle"], each["code"]) for each in answer["left_out"]} == {
        ("02-walk", "consent-missing"),
        (None, "newer-format"),
    }


@pytest.mark.parametrize("left", [b"", b"half a picture", 400])
def test_a_damaged_picture_in_the_cache_is_made_again(
    tmp_path: Path, vigkit: Run, two: Casebook, left: bytes | int
) -> None:
    out = tmp_path / "out"
    packed(vigkit, two, out)
    before = states(out)
    pictures = list(two.folder.glob("cache/*/*.jpg"))
    for picture in pictures:
        picture.write_bytes(picture.read_bytes()[:left] if isinstance(left, int) else left)
    assert packed(vigkit, two, out)["result"]["kept"] == len(pictures) == 2
    assert states(out) == before
    assert all(picture.read_bytes().endswith(b"\xff\xd9") for picture in pictures)


def test_everyone_stands_in_the_index_and_broken_casebooks_can_be_told_apart(
    several: Path, tmp_path: Path, vigkit: Run
) -> None:
    """Also who has no log yet, or none that may be shown."""
    home = Path(shutil.copytree(several, tmp_path / "home"))
    for number in ("S3", "S4", "S5"):
        steps.new(home / "books" / number, code=number, id=f"{number}-book", role="care-staff")
    for number in ("S3", "S5"):
        home.joinpath(f"books/{number}/casebook.json").write_text("{", encoding="utf-8")
    shutil.rmtree(home / "books/S2/consent")
    answer = told(vigkit("pack", home / "books", "-o", home / "out", "--day", DAY, "--json"))
    page = home.joinpath("out/index.html").read_text("utf-8")
    rows = re.findall(r'<th scope="row">(.*?)</tr>', page, re.DOTALL)
    found = [unescape(re.sub(r"<[^>]*>|\s+", " ", row)).split() for row in rows]
    assert [row[:2] for row in found] == [["S1", "over"], ["S2", "Teacher"], ["S4", "Care"]]
    assert "2 left out" in " ".join(found[1]) and "No log here yet" in " ".join(found[1])
    assert "left out" not in " ".join(found[2]) and "No log here yet" in " ".join(found[2])
    broken = [each["sentence"] for each in answer["left_out"] if each["casebook"] is None]
    assert [sentence.partition(":")[0] for sentence in broken] == ["Folder 3 of 5", "Folder 5 of 5"]
    assert all(sentence in unescape(page) for sentence in broken)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps its permissions in another way")
@pytest.mark.parametrize("place", ["", "casebook.json", "cache", "films", "cycles/02-walk.json"])
def test_what_may_not_be_opened_stops_no_other_casebook(several: Path, tmp_path: Path, place: str) -> None:
    home = Path(shutil.copytree(several, tmp_path / "home"))
    words = [
        sys.executable,
        "-m",
        "vigkit",
        "pack",
        home / "books",
        "-o",
        home / "new",
        "--day",
        DAY,
        "--json",
    ]
    if os.geteuid() == 0:  # root may open everything, unless that is taken away
        words = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *words]
    closed = home / "books/S1" / place
    before = closed.stat().st_mode
    closed.chmod(0)
    try:
        run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    finally:
        closed.chmod(before)
    answer = json.loads(run.stdout)
    made = {page.parent.name: page for page in home.glob("new/*/01-*.html")}
    assert "S2-book" in made and ("S1-book" in made) == (place in ("cache", "cycles/02-walk.json"))
    codes = [each["code"] for each in answer["left_out"]]
    assert (run.returncode, "no-permission" in codes) == ((0, False) if place == "cache" else (1, True))
    index = unescape(home.joinpath("new/index.html").read_text("utf-8"))
    assert all(each["sentence"] in index for each in answer["left_out"])


PATCHES = """
import threading
if "the second" in open(bundle, encoding="utf-8").read():
    sections.question = lambda log: None
    raise ValueError("x")
"""


def test_what_a_log_that_stopped_has_left_behind_spoils_no_other(tmp_path: Path) -> None:
    logs = [
        log(f"S{n}-book", "01-snack", situation=f"the {word}")
        for n, word in enumerate(("first", "second", "third", "fourth"))
    ]
    quiet = team_template(tmp_path / "quiet", "", "vigkit")
    packing(tmp_path / "whole", logs, own=quiet)
    own = team_template(tmp_path / "team", PATCHES, "vigkit")
    found = packing(tmp_path / "out", logs, own=own, workers=1)
    assert (found.rendered, [each.casebook for each in found.left_out]) == (3, ["S1-book"])
    for n in (0, 2, 3):
        name = f"S{n}-book/01-snack.html"
        assert tmp_path.joinpath("out", name).read_bytes() == tmp_path.joinpath("whole", name).read_bytes()


def test_a_pack_that_is_refused_takes_no_folder_from_one_that_waits(tmp_path: Path) -> None:
    out, inside, waits = tmp_path / "out", threading.Event(), threading.Event()
    found: list[bool] = []

    def second() -> None:
        inside.wait()
        waits.set()
        with room.entered(out, room.WHOLE):
            found.append(out.is_dir() and out.joinpath(".pack.lock").exists())
            out.joinpath("pack.json").write_text("{}", encoding="utf-8")

    other = threading.Thread(target=second)
    other.start()
    for _ in range(20):  # as soon as the other may begin to wait, this one is refused
        with pytest.raises(KeyboardInterrupt), room.entered(out, room.WHOLE):
            inside.set()
            waits.wait()
            raise KeyboardInterrupt
        if out.joinpath("pack.json").exists():
            break
    other.join()
    assert found == [True] and out.joinpath("pack.json").exists()


SMALL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
from vigkit.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such limit")
def test_where_one_log_has_no_room_the_others_have_theirs(tmp_path: Path, two: Casebook) -> None:
    """And the index tells of it, as long as it has room itself."""
    data = json.loads(two.folder.joinpath("cycles/01-snack.json").read_text("utf-8"))
    data["moments"][0]["better"] = "a word " * 20_000
    steps.put(Casebook(two.folder), "cycle", data)
    out = tmp_path / "out"
    words = ["pack", two.folder, "-o", out, "--day", DAY, "--json"]
    run = subprocess.run(
        [sys.executable, "-c", SMALL, "120000", *words], cwd=ROOT, capture_output=True, text=True
    )
    answer = json.loads(run.stdout)
    assert (run.returncode, answer["error"]["code"]) == (3, "disk-full")
    assert [page.name for page in out.glob("S1-test/0*.html")] == ["02-walk.html"]
    assert "There is no space left on the disk" in out.joinpath("index.html").read_text("utf-8")
    assert [
        each["code"] for each in json.loads(out.joinpath("pack.json").read_text("utf-8"))["left_out"]
    ] == ["disk-full"]


def test_something_in_the_place_of_a_person_s_page_stays_and_is_told(
    tmp_path: Path, vigkit: Run, two: Casebook
) -> None:
    out = tmp_path / "out"
    packed(vigkit, two, out)
    manifest = json.loads(out.joinpath("pack.json").read_text("utf-8"))
    edit(out / "pack.json", people=[])
    page = out / manifest["people"][0]["file"]
    page.write_text("mine", encoding="utf-8")
    answer = packed(vigkit, two, out)
    assert [(each["cycle"], each["code"]) for each in answer["left_out"]] == [(None, "folder-not-empty")]
    assert page.read_text("utf-8") == "mine"
    index = out.joinpath("index.html").read_text("utf-8")
    assert "_over-time.html in" not in index and 'href="S1-test/_over-time.html"' not in index
    page.unlink()
    assert packed(vigkit, two, out)["left_out"] == [] and "<h1>S1" in page.read_text("utf-8")


def test_a_folder_in_the_place_of_a_page_stops_no_other(tmp_path: Path, vigkit: Run, two: Casebook) -> None:
    out = tmp_path / "out"
    packed(vigkit, two, out)
    page = out / "S1-test/01-snack.html"
    page.unlink()
    page.joinpath("mine").mkdir(parents=True)
    steps.mark(two, "02-walk", film="walk", start=4, end=5, share=["supervision"])
    answer = packed(vigkit, two, out)
    assert answer["result"]["rendered"] == 1
    assert [(each["cycle"], each["code"]) for each in answer["left_out"]] == [
        ("01-snack", "folder-not-empty")
    ]
    assert page.joinpath("mine").is_dir()


@pytest.mark.parametrize("name", ["part.html", "parts/mine.html.j2", "more.css", "foot.md"])
def test_what_a_teams_page_takes_in_is_part_of_it(tmp_path: Path, name: str) -> None:
    own = Path(shutil.copytree(shipped(), tmp_path / "team"))
    file = own / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("<p>First</p>", encoding="utf-8")
    page = own / "log.html.j2"
    page.write_text(page.read_text("utf-8") + f"{{% include '{name}' %}}", encoding="utf-8")
    out = tmp_path / "out"
    packing(out, LOGS, own=template.find(own, "vigkit"))
    file.write_text("<p>Second</p>", encoding="utf-8")
    assert packing(out, LOGS, own=template.find(own, "vigkit")).rendered == 3
    assert "<p>Second</p>" in out.joinpath("S1-book/01-snack.html").read_text("utf-8")


@pytest.mark.parametrize("engine", ["vigkit", "nbclient"])
@pytest.mark.parametrize("cell", ["this is no Python", "input('Who is there?')"])
def test_a_template_that_fails_is_told_for_each_log_and_takes_nothing_away(
    out_of_team: Path, cell: str, engine: str
) -> None:
    """A log that may still be shown as it is stays as it was made before."""
    own, out = out_of_team / "team" / "log.ipynb", out_of_team / "out"
    notebook = json.loads(own.read_text("utf-8"))
    notebook["cells"][1]["source"] = cell
    own.write_text(json.dumps(notebook), encoding="utf-8")
    before = states(out)
    less = replace(LOGS[1], cycle=replace(LOGS[1].cycle, moments=()))
    packed = packing(out, [LOGS[0], less, LOGS[2]], own=template.find(own.parent, engine))
    assert [(e.casebook, e.cycle, e.code) for e in packed.left_out] == [
        (b.casebook, b.cycle.id, "template-failed") for b in LOGS
    ]
    assert (packed.rendered, packed.kept, packed.removed) == (0, 2, 1)
    after = states(out)
    assert "S1-book/02-walk.html" not in after, "it shows what may not be shown any more"
    for name in ("S1-book/01-snack.html", "S2-book/01-cup.html"):
        assert after[name] == before[name]
    page = unescape(out.joinpath("index.html").read_text("utf-8"))
    assert all(each.sentence in page for each in packed.left_out)


@pytest.fixture
def out_of_team(tmp_path: Path) -> Path:
    """A pack that a team's own template has made."""
    packing(tmp_path / "out", LOGS, own=team_template(tmp_path / "team", "", "vigkit"))
    return tmp_path


@pytest.mark.parametrize(
    ("kernel", "language"),
    [({"name": "ir", "language": "R"}, "R"), ({"name": "julia-1.12"}, "julia-1.12")],
)
def test_a_template_for_another_language_is_refused_before_anything_is_done(
    tmp_path: Path, kernel: dict[str, str], language: str
) -> None:
    own = team_template(tmp_path / "team", "", "vigkit")
    edit(own.folder / "log.ipynb", metadata={"kernelspec": {"display_name": "x"} | kernel})
    for engine in ("vigkit", "nbclient"):
        with pytest.raises(TemplateFailed, match=f"It is written for {language}, and logs are made with"):
            packing(tmp_path / "out", LOGS, own=template.find(own.folder, engine))
    assert not tmp_path.joinpath("out").exists()


def test_a_template_that_is_nested_without_end_is_no_notebook(tmp_path: Path) -> None:
    own = team_template(tmp_path / "team", "", "vigkit")
    own.folder.joinpath("log.ipynb").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(TemplateFailed, match="is no notebook that can be read"):
        packing(tmp_path / "out", LOGS, own=own)
    assert not tmp_path.joinpath("out").exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"metadata": {"papermill": 3}}, "item assignment"),
        (
            {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": []}]},
            "cells tagged parameters|format",
        ),
    ],
)
def test_a_template_that_papermill_cannot_use_is_told_as_one(
    tmp_path: Path, change: dict[str, object], why: str
) -> None:
    own = team_template(tmp_path / "team", "", "vigkit")
    edit(own.folder / "log.ipynb", **change)
    own.folder.joinpath("log.html.j2").mkdir()  # no page of theirs: ours
    try:
        told = packing(tmp_path / "out", LOGS, own=own).left_out[0]
    except TemplateFailed as e:
        assert re.search(why, e.sentence)
    else:
        assert told.code == "template-failed" and re.search(why, told.sentence)


def test_a_file_is_no_folder_for_a_pack(tmp_path: Path, vigkit: Run, two: Casebook) -> None:
    tmp_path.joinpath("letter").write_text("x", encoding="utf-8")
    for place in ("letter/out", "letter/more/out"):
        answer = packed(vigkit, two, tmp_path / place)
        assert answer["error"]["code"] == "bad-usage" and "lies in a file" in answer["error"]["sentence"]
    assert tmp_path.joinpath("letter").read_text("utf-8") == "x"


# --- Stopped at any time ---------------------------------------------------------------------------------


def test_a_pack_for_other_eyes_that_is_stopped_holds_no_page_for_the_first_ones(tmp_path: Path) -> None:
    """Neither are pages of before listed as if they were for the new purpose, nor do they lie there."""
    out = tmp_path / "out"
    logs = [log(f"S{n}-book", "01-snack") for n in range(6)]
    secret = [replace(b, cycle=replace(b.cycle, passed_over="for the supervisor alone")) for b in logs]
    packing(out, secret)

    def stop(progress: Progress) -> None:
        if progress.total and progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        packing(out, [replace(b, purpose="peers") for b in logs], purpose="peers", report=stop)
    manifest = json.loads(out.joinpath("pack.json").read_text("utf-8"))
    assert (manifest["purpose"], len(manifest["logs"])) == ("peers", 2)
    assert len(list(out.glob("S*/01-snack.html"))) == 2
    assert not [p for p in out.rglob("*.html") if "for the supervisor alone" in p.read_text("utf-8")]


AT_ONCE = """
import os, signal, sys, threading, time
from pathlib import Path
from vigkit.cli import main

out = Path(sys.argv[2])

def press():
    while not (out / "pack.json").exists():
        time.sleep(0.0005)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
sys.exit(main(["pack", sys.argv[1], "-o", str(out), "--json"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal for one program")
def test_ctrl_c_while_the_index_is_written_leaves_a_whole_pack(
    two: Casebook, tmp_path: Path, vigkit: Run
) -> None:
    for turn in range(3):
        out = tmp_path / f"{turn}"
        words = [sys.executable, "-c", AT_ONCE, two.folder, out]
        run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
        assert run.returncode in (0, 130) and "Traceback" not in run.stderr
        assert json.loads(run.stdout)["ok"] == (run.returncode == 0)
        assert told(vigkit("check", out, "--json"))["result"]["problems"] == []


TWICE = """
import os, signal, sys, threading, time
from pathlib import Path
from vigkit.__main__ import main

def press():
    while not list(Path(sys.argv[4]).glob(".work.part/*")):
        time.sleep(0.0005)
    for _ in range(8):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.03)

threading.Thread(target=press, daemon=True).start()
sys.exit(main())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal for one program")
def test_ctrl_c_pressed_again_and_again_is_one(two: Casebook, tmp_path: Path, vigkit: Run) -> None:
    for turn in range(4):
        out = tmp_path / f"{turn}"
        words = [sys.executable, "-c", TWICE, "pack", two.folder, "-o", out, "--json"]
        run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
        assert (run.returncode, run.stderr) == (130, "")
        assert json.loads(run.stdout)["error"]["code"] == "stopped"
        if out.exists():
            assert told(vigkit("check", out, "--json"))["result"]["problems"] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal for one program")
def test_ctrl_c_while_python_still_reads_our_files_is_told_like_any_other(
    two: Casebook, tmp_path: Path
) -> None:
    found = set()
    for wait in (0.08, 0.12, 0.16, 0.2, 0.3):
        words = [
            sys.executable,
            "-c",
            EARLY.format(wait=wait),
            "pack",
            two.folder,
            "-o",
            tmp_path / "o",
            "--json",
        ]
        run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
        found.add(run.returncode)
        assert "Traceback" not in run.stderr, run.stderr
        if run.returncode == 130:
            assert json.loads(run.stdout)["error"]["code"] == "stopped"
    assert 130 in found and found <= {0, 130}


EARLY = """
import os, signal, threading, time

def press():
    time.sleep({wait})
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
import sys
from vigkit.__main__ import main
sys.exit(main())
"""
