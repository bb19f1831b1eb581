"""A pack: only what changed is made, nothing that may not be shown stays, nobody else's file is touched."""

from __future__ import annotations

import base64
import hashlib
import json
import multiprocessing
import os
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

import psutil
import pytest
from conftest import ROOT, tree_hash

from vigkit.cycle import (
    Bundle,
    Cycle,
    Goal,
    LeftOut,
    Moment,
    Question,
    Rating,
    SharedReview,
    ShownFilm,
    ShownNote,
    Still,
)
from vigkit.errors import BadRecord, FolderNotEmpty, NewerFormat, TemplateFailed
from vigkit.render import index, template
from vigkit.render.pack import Packed, Progress, pack
from vigkit.render.room import WHOLE, Part

OVER_TIME = [f"S{n}-book/_over-time.html" for n in range(1, 11)]
DAY = "2026-11-22"
GONE = LeftOut(
    casebook="S2-book", cycle="01-cup", code="consent-withdrawn", who=("C2",), sentence="C2 took it back."
)


def log(casebook: str, cycle: str, **more: object) -> Bundle:
    """What may be shown of a cycle with one moment."""
    number = int(re.match(r"[0-9]*", cycle)[0] or 0) or None  # type: ignore[index]
    made = Cycle(
        format=1,
        id=cycle,
        number=number,
        began="2026-10-01",
        question=(Question(words="First words"), Question(words=f"How do I wait in {cycle}?")),
        goals=(Goal(id="wait", words="I wait", ratings=(Rating(now=3, on="2026-10-02"),)),),
        films=("snack",),
        moments=(Moment(id="m1", film="snack", start=0, end=5, better=f"We laughed in {cycle}", joy=True),),
        working_point=f"A longer pause after {cycle}",
    )
    return Bundle(
        format=1,
        casebook=casebook,
        owner=casebook.split("-")[0],
        role="teacher",
        purpose="supervision",
        cycle=replace(made, **more),  # type: ignore[arg-type]
        films=(ShownFilm(id="snack", seconds=60, activity="Snack"),),
    )


LOGS = (log("S1-book", "01-snack"), log("S1-book", "02-walk"), log("S2-book", "01-cup"))


def packing(
    out: Path,
    jobs: object,
    *,
    own: template.Template | None = None,
    day: str = DAY,
    purpose: str = "supervision",
    workers: int = 2,
    timeout: float = 120,
    report: Callable[[Progress], None] | None = None,
    part: Part = WHOLE,
    cluster: str | None = None,
) -> Packed:
    """Pack bundles and left-out ones."""
    return pack(
        jobs,
        out,
        template=own or template.find(),
        purpose=purpose,
        day=day,
        workers=workers,
        timeout=timeout,
        report=report,
        part=part,
        cluster=cluster,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three logs of two people, packed once with the template that is shipped."""
    out = tmp_path_factory.mktemp("made") / "out"
    assert packing(out, LOGS) == Packed(rendered=3, kept=0, removed=0, index=out / "index.html", left_out=())
    return out


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    """A copy of that pack, to do with as one likes."""
    return Path(shutil.copytree(made, tmp_path / "out"))


def team_template(folder: Path, code: str, engine: str | None = None) -> template.Template:
    """A team's own log: one section, after some code that may look at the bundle."""
    cells = [
        {"id": "parameters", "metadata": {"tags": ["parameters"]}, "source": "bundle = None"},
        {"id": "open", "metadata": {}, "source": f"from vigkit.render import sections\n{code}"},
        {"id": "question", "metadata": {}, "source": "sections.question(sections.open_bundle(bundle))"},
    ]
    for cell in cells:
        cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
    folder.mkdir()
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    folder.joinpath("log.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return template.find(folder, engine)


def states(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every page, manifest and index with its time of change and its bytes."""
    files = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(folder).as_posix(): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}


def rows(page: str, kind: str) -> list[str]:
    """The rows of an index."""
    end = {"log": "</ul>", "left-out": "</p>"}[kind]
    return re.findall(rf'<li data-vk="{kind}".*?{end}', page, re.DOTALL)


def test_each_log_has_a_page_that_the_manifest_names(made: Path) -> None:
    manifest = json.loads(made.joinpath("pack.json").read_text("utf-8"))
    assert (manifest["format"], manifest["purpose"], manifest["day"], manifest["left_out"]) == (
        1,
        "supervision",
        DAY,
        [],
    )
    assert [row["file"] for row in manifest["logs"]] == [f"{b.casebook}/{b.cycle.id}.html" for b in LOGS]
    for row, bundle in zip(manifest["logs"], LOGS, strict=True):
        page = made.joinpath(row["file"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(page).hexdigest()
        assert bundle.cycle.working_point and bundle.cycle.working_point in page.decode()
    assert {p.name for p in made.iterdir()} - {".pack.lock"} == {
        "S1-book",
        "S2-book",
        "pack.json",
        "index.html",
    }


def test_a_second_pack_with_nothing_new_touches_no_file_and_starts_nothing(out: Path) -> None:
    before = states(out)
    children: list[object] = []
    again = packing(out, LOGS, report=lambda _: children.extend(multiprocessing.active_children()))
    assert (again.rendered, again.kept, again.removed) == (0, 3, 0)
    assert states(out) == before
    assert not children


def test_another_day_touches_no_page(out: Path) -> None:
    before = states(out)
    assert packing(out, LOGS, day="2026-11-23").kept == 3
    after = states(out)
    assert {file for file in before if before[file] != after[file]} == {"index.html", "pack.json"}
    assert "23 November 2026" in after["index.html"][1].decode()


def test_one_changed_word_makes_one_page_and_what_was_taken_back_is_gone_before(out: Path) -> None:
    before = states(out)
    seen: list[tuple[bool, bool]] = []

    def report(progress: Progress) -> None:
        if progress.total is not None:
            told = out.joinpath("index.html").read_text("utf-8") + out.joinpath("pack.json").read_text(
                "utf-8"
            )
            seen.append((out.joinpath("S2-book").exists(), "A longer pause after 01-cup" in told))

    changed = log("S1-book", "02-walk", working_point="One word more")
    packed = packing(out, [LOGS[0], changed, GONE], report=report)
    assert (packed.rendered, packed.kept, packed.removed, packed.left_out) == (1, 1, 1, (GONE,))
    assert seen and set(seen) == {(False, False)}
    after = states(out)
    assert after["S1-book/01-snack.html"] == before["S1-book/01-snack.html"]
    assert "One word more" in after["S1-book/02-walk.html"][1].decode()
    assert json.loads(after["pack.json"][1])["left_out"] == [
        {
            "casebook": "S2-book",
            "cycle": "01-cup",
            "code": "consent-withdrawn",
            "who": ["C2"],
            "sentence": "C2 took it back.",
        }
    ]


def test_files_of_others_stay_where_they_are(out: Path) -> None:
    out.joinpath("mine.txt").write_text("mine", encoding="utf-8")
    out.joinpath("S2-book", "mine.html").write_text("mine", encoding="utf-8")
    assert packing(out, [*LOGS[:2], GONE]).removed == 1
    assert sorted(p.name for p in out.joinpath("S2-book").iterdir()) == ["mine.html"]
    assert out.joinpath("mine.txt").read_text("utf-8") == "mine"


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "letters"
    out.mkdir()
    out.joinpath("letter.txt").write_text("Dear S1", encoding="utf-8")
    before = tree_hash(tmp_path)
    with pytest.raises(FolderNotEmpty, match="letters"):
        packing(out, LOGS)
    assert tree_hash(tmp_path) == before


def test_a_page_that_is_not_ours_is_not_written_over(out: Path) -> None:
    out.joinpath("S1-book", "03-new.html").write_text("mine", encoding="utf-8")
    packed = packing(out, [*LOGS, log("S1-book", "03-new")])
    assert (packed.rendered, packed.kept) == (0, 3)
    assert [(e.cycle, e.code) for e in packed.left_out] == [("03-new", "folder-not-empty")]
    assert out.joinpath("S1-book", "03-new.html").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"format": 1, "logs": [', BadRecord),
        ('{"name": "a program of somebody else"}', BadRecord),
        ("[]", BadRecord),
        ('{"format": 2, "logs": []}', NewerFormat),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused_and_nothing_lost(
    made: Path, tmp_path: Path, text: str, error: type[Exception]
) -> None:
    out = shutil.copytree(made, tmp_path / "out", ignore=shutil.ignore_patterns("*.lock"))
    out.joinpath("pack.json").write_text(text, encoding="utf-8")
    before = tree_hash(out)
    with pytest.raises(error, match=r"pack\.json"):
        packing(out, LOGS)
    assert tree_hash(out) == before


def test_a_forged_manifest_deletes_nothing_outside(out: Path) -> None:
    outside = out.parent / "S9"
    outside.mkdir()
    letter = outside / "letter.html"
    letter.write_text("Dear S1", encoding="utf-8")
    manifest = json.loads(out.joinpath("pack.json").read_text("utf-8"))
    forged = [
        ("..", "letter", "../S9/letter.html"),
        ("S9", "letter", "../S9/letter.html"),
        ("S9", "letter", str(letter)),
        ("linked", "letter", "linked/letter.html"),
        ("S1-book", "..", "S1-book/..html"),
        (7, None, None),
    ]
    for casebook, cycle, file in forged:
        manifest["logs"].append(
            {"casebook": casebook, "cycle": cycle, "file": file, "sha256": "0", "key": "0"}
        )
    manifest["logs"].append("../S9/letter.html")
    if os.name != "nt":  # Windows lets few people make links
        out.joinpath("linked").symlink_to(outside)
    out.joinpath("pack.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert packing(out, LOGS).removed == 0
    assert letter.read_text("utf-8") == "Dear S1"


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few people make links")
def test_no_page_is_written_through_a_link(out: Path) -> None:
    outside = out.parent / "elsewhere"
    outside.mkdir()
    out.joinpath("S3-book").symlink_to(outside)
    packed = packing(out, [*LOGS, log("S3-book", "01-snack")])
    assert [e.code for e in packed.left_out] == ["folder-not-empty"]
    assert not list(outside.iterdir())


def test_a_name_that_is_taken_is_left_out(out: Path) -> None:
    twins = [log("S1-book", "01-snack", bring="Another one"), log("S1-book", "05-more")]
    near = [log("s2-BOOK", "01-cup"), log("S2-book", "01-CUP")]
    packed = packing(out, [*LOGS, *twins, *near])
    assert (packed.rendered, packed.kept) == (0, 3)
    assert [(e.casebook, e.cycle, e.code) for e in packed.left_out] == [
        ("S1-book", None, "sync-copy"),
        ("S2-book", "01-CUP", "sync-copy"),
        ("s2-BOOK", None, "sync-copy"),
    ]


TROUBLE = """
import os, pathlib, psutil, sys, threading
match sections.open_bundle(bundle).cycle.id:
    case "02-dies":
        pathlib.Path({pids!r}, "dies").write_text(str(os.getpid()))
        psutil.Process(os.getppid() if "ipykernel" in sys.modules else os.getpid()).kill()
        threading.Event().wait()
    case "04-lingers":
        pathlib.Path({pids!r}, "lingers").write_text(str(os.getpid()))
        threading.Event().wait()
    case "05-raises":
        raise ValueError("no spoon")
    case "08-eats":
        eaten = []
        while True:
            eaten.append(b"x" * (64 << 20))
    case "08-eats-at-once":
        eaten = b"x" * (16 << 30)
"""
WELL = ["01-snack", "03-walk", "06-bath", "07-song", "09-game", "10-tea"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The pages of logs that no other one has troubled."""
    folder = tmp_path_factory.mktemp("undisturbed")
    own = team_template(folder / "team", TROUBLE.format(pids=str(folder)), "vigkit")
    packing(folder / "out", [log("S1-book", name) for name in WELL], own=own, workers=1)
    return {name: page for name, (_, page) in states(folder / "out").items() if name.startswith("S1-book")}


@pytest.mark.parametrize(
    ("engine", "workers", "eats"),
    [("vigkit", 1, "08-eats"), ("vigkit", 2, "08-eats-at-once"), ("nbclient", 2, "08-eats")],
)
def test_of_ten_logs_one_dies_one_lingers_one_raises_one_eats(
    tmp_path: Path, undisturbed: dict[str, bytes], engine: str, workers: int, eats: str
) -> None:
    own, out = team_template(tmp_path / "team", TROUBLE.format(pids=str(tmp_path)), engine), tmp_path / "out"
    names = sorted([*WELL, "02-dies", "04-lingers", "05-raises", eats])
    packed = packing(out, [log("S1-book", name) for name in names], own=own, timeout=20, workers=workers)
    assert packed.rendered == 6
    assert [(e.cycle, e.code) for e in packed.left_out] == [
        ("02-dies", "worker-died"),
        ("04-lingers", "took-too-long"),
        ("05-raises", "template-failed"),
        (eats, "too-much-memory"),
    ]
    assert "no spoon" in packed.left_out[2].sentence
    after = {n: page for n, (_, page) in states(out).items() if n.startswith("S1-book")}
    assert b"no spoon" in after[over := "S1-book/_over-time.html"]
    assert undisturbed | {over: after[over]} == after
    told = out.joinpath("index.html").read_text("utf-8")
    assert len(rows(told, "log")) == 6
    assert len(rows(told, "left-out")) == 4
    pids = [int(tmp_path.joinpath(name).read_text("utf-8")) for name in ("dies", "lingers")]
    left = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    assert not psutil.wait_procs(left, timeout=10)[1]


def test_a_template_that_cannot_run_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    own = team_template(tmp_path / "team", "")
    notebook = own.folder / "log.ipynb"
    notebook.write_text(notebook.read_text("utf-8").replace("bundle = None", "film = None"), encoding="utf-8")
    with pytest.raises(TemplateFailed):
        packing(tmp_path / "out", LOGS, own=own)
    assert not tmp_path.joinpath("out").exists()


def test_a_pack_that_is_stopped_leaves_what_is_done_in_use(tmp_path: Path) -> None:
    own, out = team_template(tmp_path / "team", ""), tmp_path / "out"

    def stop(progress: Progress) -> None:
        if progress.done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        packing(out, LOGS, own=own, workers=1, report=stop)
    assert not multiprocessing.active_children()
    assert [row["cycle"] for row in json.loads(out.joinpath("pack.json").read_text("utf-8"))["logs"]] == [
        "01-snack"
    ]
    assert len(rows(out.joinpath("index.html").read_text("utf-8"), "log")) == 1
    again = packing(out, LOGS[:2], own=own)
    assert (again.rendered, again.kept, again.removed) == (1, 1, 0)


def script(text: str, file: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a script of ours in a process of its own."""
    if file is not None:
        file.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, *([file] if file else ["-c", text])],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        capture_output=True,
        check=False,
    )


KILLED = """
import os, signal
from html import unescape
from pathlib import Path
from test_pack import LOGS, packing, template

def report(progress):
    if progress.done == 1:
        os.kill(os.getpid(), signal.SIGKILL)

packing(Path({out!r}), LOGS, own=template.find(Path({team!r})), workers=1, report=report)
"""


@pytest.mark.skipif(os.name == "nt", reason="signal 9 is not for Windows")
def test_after_a_kill_the_next_pack_goes_on_and_still_takes_away_what_is_withdrawn(tmp_path: Path) -> None:
    own, out = team_template(tmp_path / "team", ""), tmp_path / "out"
    # without a guard: a worker must not run it again
    run = script(KILLED.format(out=str(out), team=str(own.folder)), tmp_path / "killed.py")
    assert (run.returncode, run.stdout, run.stderr) == (-signal.SIGKILL, b"", b"")
    finished = out / "S1-book" / "01-snack.html"
    assert finished.exists() and not out.joinpath("pack.json").exists()
    stamp = finished.stat().st_mtime_ns
    again = packing(out, LOGS[:2], own=own)
    assert (again.rendered, again.kept) == (1, 1)
    assert finished.stat().st_mtime_ns == stamp
    assert packing(out, [], own=own).removed == 2
    assert {p.name for p in out.iterdir()} - {".pack.lock"} == {"pack.json", "index.html"}


def test_two_packs_into_one_folder_wait_for_each_other(out: Path) -> None:
    done: list[Packed] = []
    other = threading.Thread(target=lambda: done.append(packing(out, LOGS, day="2026-11-23")))

    def report(progress: Progress) -> None:
        if progress.total is not None:
            other.start()
            other.join(0.3)
            assert not done

    packing(out, LOGS, report=report)
    other.join()
    assert done[0].kept == 3
    assert json.loads(out.joinpath("pack.json").read_text("utf-8"))["day"] == "2026-11-23"


LITTLE_ROOM = """
import resource
from html import unescape
from pathlib import Path
from test_pack import LOGS, packing
from vigkit.errors import DiskFull

# No file may grow beyond 2,000 bytes: what a full disk says, on any Unix.
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
try:
    packing(Path({out!r}), LOGS, day="2026-11-23")
except DiskFull as e:
    print(e.where)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such limit")
def test_a_full_disk_is_said_and_what_was_there_is_whole(out: Path) -> None:
    before = states(out)
    assert script(LITTLE_ROOM.format(out=str(out))).stdout == b"index.html\n"
    after = states(out)
    assert {file for file in before if before[file] != after[file]} == {"pack.json"}
    assert not list(out.rglob("*.html.part"))


def files_of(*bundles: Bundle) -> dict[str, Bundle]:
    return {f"{b.casebook}/{b.cycle.id}.html": b for b in bundles}


def note(by: str, changed: bool | None = None) -> ShownNote:
    return ShownNote(format=1, cycle="01-snack", by=by, notice="A pause", read="0" * 8, changed=changed)


def plain(html: str) -> str:
    """The words of a page, as one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html))).split())


def part(page: str, id: str) -> str:
    """The words of one section of an index."""
    found = re.search(rf'<section aria-labelledby="{id}">(.*?)</section>', page, re.DOTALL)
    assert found is not None, id
    return plain(found[1])


def test_the_index_tells_who_which_question_and_what_is_missing() -> None:
    noted = replace(LOGS[0], notes=(note("V1"),))
    page = index.page(
        files_of(log("S10-book", "01-x"), LOGS[2], LOGS[1], noted),
        [GONE],
        "supervision",
        DAY,
        pages=OVER_TIME,
    )
    assert "<title>Logs for supervision, 22 November 2026</title>" in page
    people = re.findall(r'<th scope="row"><a href="([^"]*)">([^<]*)<', page)
    assert people == [(f"{each}-book/_over-time.html", each) for each in ("S1", "S2", "S10")]
    found = rows(page, "log")
    assert [re.search(r'href="([^"]*)"', row)[1] for row in found] == [  # type: ignore[index]
        "S1-book/02-walk.html",
        "S1-book/01-snack.html",
        "S2-book/01-cup.html",
        "S10-book/01-x.html",
    ]
    for words in ("Cycle 1, Snack", "1 moment", "★", "Note by V1"):
        assert words in found[1]
    assert "No note yet" in found[0]
    assert "How do I wait in 02-walk?" in part(page, "people"), "the newest question"
    assert "First words" not in page
    assert page.index("We laughed in 02-walk") < page.index("To look at first") < page.index("Everyone")
    (missing,) = rows(page, "left-out")
    for words in ("S2-book", "01-cup", "consent-withdrawn", "C2", "C2 took it back."):
        assert words in missing
    assert not re.search(r"<svg|[0-9] of 10", page), "no figure of a person in a list"


def test_what_waits_for_the_supervisor_stands_first() -> None:
    """Which cycles have no note yet, or have changed since it, and whose consent ends soon."""
    logs = files_of(
        replace(LOGS[0], notes=(note("V1", changed=True), note("V2")), until="2026-12-22"),
        replace(LOGS[1], until="2026-12-23"),
        replace(LOGS[2], notes=(note("V1"),), until="2026-11-22"),
    )
    page = index.page(logs, [], "supervision", DAY, pages=OVER_TIME)
    assert part(page, "first") == (
        "To look at first The cycle has changed since the note S1, cycle 1 No note yet S1, cycle 2 "
        "Consent ends on 22 November 2026 S2, cycle 1 Consent ends on 22 December 2026 S1, cycle 1"
    )
    assert "Note by V2. Changed since the note by V1" in rows(page, "log")[1]
    elsewhere = index.page(
        {k: replace(b, purpose="peers") for k, b in logs.items()}, [], "peers", DAY, pages=OVER_TIME
    )
    assert "note" not in plain(elsewhere).lower()


def test_the_page_of_a_person_goes_from_the_first_cycle_to_the_last() -> None:
    jpeg = base64.b64encode(b"a picture").decode()
    stills = {"S1-book/01-snack.html": Still(moment="m1", at=1.5, jpeg=jpeg)}
    page = index.person_page(files_of(LOGS[1], LOGS[0]), stills, [GONE])
    told = plain(page)
    assert "<title>S1 over time</title>" in page and 'href="../index.html"' in page
    assert re.findall(r'<h3><a href="([^"]*)">', page) == ["01-snack.html", "02-walk.html"]
    assert told.index("after 01-snack") < told.index("after 02-walk"), "working points in sequence"
    assert "<svg" in page and "3 of 10" in told
    assert f'src="data:image/jpeg;base64,{jpeg}" alt="Picture at 0:01.5"' in page
    assert "C2 took it back" not in page, "of another casebook"
    same = replace(LOGS[1], cycle=replace(LOGS[1].cycle, question=LOGS[0].cycle.question))
    assert index.person_page(files_of(LOGS[0], same), {}, []).count("Helping question") == 1


def test_two_people_with_one_code_are_two() -> None:
    """Each place that names them says whose casebook it is."""
    twins = [replace(LOGS[0], casebook=book) for book in ("S1-book", "S2-book")]
    group = plain(index.page(files_of(*twins), [], "supervision", DAY, pages=OVER_TIME))
    assert "2 logs from 2 people." in group
    for book in ("S1-book", "S2-book"):
        assert group.count(f"S1 ({book})") >= 4, "joy, to look at first, everyone, and each link"
    clips = [
        (
            f"{b.casebook}/x.mp4",
            index.Clip(
                casebook=b.casebook, cycle="01", moment="m1", who="S1", title="Cycle 1", when="0:01",
                words="x", until=None, make=Path,
            ),
        )
        for b in twins
    ]  # fmt: skip
    shown = plain(index.clips_page(clips, [], "supervision", DAY))
    assert "S1 (S1-book)" in shown and "S1 (S2-book)" in shown


def test_a_talk_that_was_hard_is_told_in_words_and_to_the_supervisor_alone() -> None:
    """M51"""
    review = SharedReview(comfort_words="It was a lot at once")
    hard = replace(LOGS[0], hard=True, cycle=replace(LOGS[0].cycle, review=review))
    easy = replace(LOGS[1], hard=False)
    for logs, told in (([hard], True), ([hard, LOGS[1]], True), ([hard, easy], False), ([easy], False)):
        pages = both(*logs)
        assert [("Begin with how S1 is." in plain(page)) for page in pages] == [told, told]
        assert ("It was a lot at once" in pages[1]) == told and "It was a lot at once" not in pages[0]
        assert "of 10" not in pages[0] and pages[1].count("of 10") == both(LOGS[0], LOGS[1])[1].count("of 10")
    own = replace(hard, purpose="own-reflection", hard=None)
    assert not any("Begin with" in page for page in both(own))


def both(*logs: Bundle) -> list[str]:
    """The page of the group, and that of one person."""
    group = index.page(files_of(*logs), [], logs[0].purpose, DAY, pages=OVER_TIME)
    return [group, index.person_page(files_of(*logs), {}, [])]


def test_a_person_s_page_is_made_again_only_where_it_tells_something_else(out: Path) -> None:
    pages = [out / "S1-book/_over-time.html", out / "S2-book/_over-time.html"]
    before = states(out)
    assert all(page.is_file() for page in pages)
    changed = replace(LOGS[2], cycle=replace(LOGS[2].cycle, working_point="Another word"))
    packing(out, [*LOGS[:2], changed])
    after = states(out)
    assert {file for file in after if before[file] != after[file]} == {
        "S2-book/01-cup.html", "S2-book/_over-time.html", "index.html", "pack.json"
    }  # fmt: skip
    packing(out, LOGS[1:2])
    assert "01-snack" not in pages[0].read_text("utf-8") and not pages[1].parent.exists()
    pages[0].write_text("half", encoding="utf-8")
    packing(out, LOGS[1:2])
    assert pages[0].read_bytes() == packed_alone(out.parent / "alone", LOGS[1])


def packed_alone(out: Path, bundle: Bundle) -> bytes:
    packing(out, [bundle])
    return out.joinpath(bundle.casebook, "_over-time.html").read_bytes()


def test_a_pack_without_a_log_says_so() -> None:
    page = index.page({}, [], "peers", DAY, pages=OVER_TIME)
    assert "No log yet. Nothing is left out." in page
    assert not rows(page, "log")


def test_words_cannot_run_on_the_index() -> None:
    bad = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}\x00\u202e'
    hostile = replace(
        log(
            "S1-book",
            "01-snack",
            question=(Question(words=bad),),
            goals=(Goal(id="g", words=bad, ratings=(Rating(now=0),)),),
            moments=(Moment(id="m", film="snack", start=0, end=1, better=bad, joy=True),),
            working_point=bad,
            bring=bad * 200,
        ),
        films=(ShownFilm(id="snack", seconds=1, activity=bad),),
    )
    out = LeftOut(casebook=bad, cycle=bad, code=bad, who=(bad,), sentence=bad)
    page = index.page({"S1-book/01-snack.html": hostile}, [out], "supervision", DAY, pages=OVER_TIME)
    assert "<script" not in page and "<img" not in page and "49" not in page
    assert "\x00" not in page and "\u202e" not in page
    assert "style=" not in page and "http" not in page.replace("http-equiv", "")
    assert "&lt;script&gt;" in page
    assert page.index("Content-Security-Policy") < page.index("<title>")
