"""The casebook: no work is lost, none is overwritten, and a refused change leaves no trace."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, told, tree_hash

from vigkit import casebook, consent, cycle, files, records, steps
from vigkit.casebook import Casebook, Change
from vigkit.errors import (
    BadRecord,
    BadUsage,
    ChangedElsewhere,
    ConsentMissing,
    ConsentWithdrawn,
    FilmMissing,
    NewerFormat,
    NotACasebook,
    SyncCopy,
    UnknownCycle,
    VigkitError,
)

FILM = {"format": 1, "id": "snack", "file": "films/snack.mp4", "sha256": "0" * 64, "seconds": 600}
CYCLE = {"format": 1, "id": "01-snack-time", "question": [{"words": "How do I give C1 time to begin?"}]}
YES = {"given": "2026-01-05", "purposes": ["supervision"]}


def write(path: Path, record: object) -> Path:
    """Put a file where a sync client or another program would put it."""
    path.parent.mkdir(exist_ok=True)
    text = record if isinstance(record, str) else json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


@pytest.fixture
def own(tmp_path: Path) -> Casebook:
    """A casebook with one cycle, and the record of one film of S1 and C1 who both agree to supervision."""
    made = steps.new(tmp_path / "casebook", code="S1", id="S1-test")
    write(made.folder / "films/snack.json", FILM | {"people": ["S1", "C1"]})
    for person in ("S1", "C1"):
        steps.put(made, "consent", {"format": 1, "person": person, "consents": [YES]})
    steps.put(made, "cycle", CYCLE)
    return made


def mark(book: Casebook, start: float = 0, **more: Any) -> cycle.Moment:
    return steps.mark(book, "01-snack-time", film="snack", start=start, end=start + 5, **more)


def stored(book: Casebook, rel: str = "cycles/01-snack-time.json") -> Any:
    return json.loads((book.folder / rel).read_text(encoding="utf-8"))


def in_another_process(code: str, *words: object, **more: Any) -> subprocess.Popen[str]:
    """Run lines of Python beside this test."""
    return subprocess.Popen([sys.executable, "-c", code, *map(str, words)], cwd=ROOT, text=True, **more)


MARK_300 = """
import sys
from vigkit import steps
from vigkit.casebook import Casebook
book = Casebook(sys.argv[1])
for n in range(300):
    steps.mark(book, "01-snack-time", film="snack", start=n, end=n + 1, saw=sys.argv[2])
"""


def test_two_processes_that_make_300_changes_each_leave_600(own: Casebook) -> None:
    both = [in_another_process(MARK_300, own.folder, name) for name in ("one", "two")]
    assert [each.wait(timeout=300) for each in both] == [0, 0]
    moments = own.cycle("01-snack-time").moments
    assert len({m.id for m in moments}) == len(moments) == 600
    for name in ("one", "two"):
        assert [m.start for m in moments if m.saw == name] == list(range(300))
    assert not list(own.folder.rglob("*.part"))


@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_save_that_was_acknowledged_outlives_100_kills() -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "benchmarks/kill.py", "--times", "100", "--seed", "7"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    counts = json.loads(run.stdout)
    assert counts["kills"] == 100
    assert counts["acknowledged"] >= 100
    assert (counts["lost"], counts["unreadable"], counts["not_swept"]) == (0, 0, 0)


def test_what_a_broken_off_save_has_left_is_swept_by_the_next_change(own: Casebook) -> None:
    for folder in (".", "consent", "films", "cycles", "notes", "kept", "cache/snack", "clips/snack"):
        own.folder.joinpath(folder).mkdir(parents=True, exist_ok=True)
        own.folder.joinpath(folder, ".01-snack-time.json.4711.part").write_bytes(
            b'{"format": 1, "id": "01-sn'
        )
    assert len(own.contents().cycles) == 1
    assert len(list(own.folder.rglob("*.part"))) == 8  # reading sweeps nothing
    mark(own)
    assert not list(own.folder.rglob("*.part"))


HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_that_another_process_holds_is_waited_for(own: Casebook) -> None:
    holder = in_another_process(
        HOLD, own.folder / casebook.LOCK, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    code = "import sys, vigkit.steps as s; from vigkit.casebook import Casebook; b = Casebook(sys.argv[1]); "
    code += 'print("asks", flush=True); print(s.mark(b, "01-snack-time", film="snack", start=0, end=1).id)'
    waiting = in_another_process(code, own.folder, stdout=subprocess.PIPE)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "asks\n"
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(timeout=1)
    assert "moments" not in stored(own)
    holder.communicate("go\n")
    assert waiting.communicate(timeout=60)[0] == "m1\n"
    assert len(stored(own)["moments"]) == 1


def test_work_done_elsewhere_is_never_overwritten(own: Casebook) -> None:
    mine = own.cycle("01-snack-time")
    theirs = write(own.folder / "cycles/01-snack-time.json", CYCLE | {"bring": "Words from another computer"})
    before = theirs.read_bytes()
    for n in (1, 2):
        with pytest.raises(ChangedElsewhere) as caught:
            own.save(replace(mine, bring=f"My own words {n}"))
        assert theirs.read_bytes() == before
        assert f"kept/cycles-01-snack-time.{n}.json" in caught.value.sentence
        assert stored(own, f"kept/cycles-01-snack-time.{n}.json")["bring"] == f"My own words {n}"
    own.save(replace(own.cycle("01-snack-time"), bring="After a look"))
    assert stored(own)["bring"] == "After a look"


def test_a_file_that_was_deleted_elsewhere_does_not_come_back_unseen(own: Casebook) -> None:
    mine = own.cycle("01-snack-time")
    (own.folder / "cycles/01-snack-time.json").unlink()
    with pytest.raises(ChangedElsewhere):
        own.save(mine)
    assert not (own.folder / "cycles/01-snack-time.json").exists()
    assert (own.folder / "kept/cycles-01-snack-time.1.json").exists()


def test_a_new_cycle_does_not_replace_one_that_was_never_read(own: Casebook) -> None:
    fresh = Casebook(own.folder)
    before = tree_hash(own.folder / "cycles")
    with pytest.raises(ChangedElsewhere):
        fresh.save(records.read(cycle.Cycle, CYCLE | {"bring": "Mine"}, "cycle"))
    assert tree_hash(own.folder / "cycles") == before


def test_a_sync_client_that_swaps_a_file_between_reading_and_writing_is_noticed(own: Casebook) -> None:
    path = own.folder / "cycles/01-snack-time.json"
    theirs = json.dumps(CYCLE | {"bring": "Words that arrived meanwhile"})
    planned = []

    def plan() -> Change[None]:
        mine = replace(own.cycle("01-snack-time"), bring="My own words")
        planned.append(mine)
        if len(planned) == 2:  # the second planning has the lock; sync clients know of no lock
            write(path, theirs)
        return Change(None, [("cycles/01-snack-time.json", mine)])

    with pytest.raises(ChangedElsewhere):
        own.commit(plan)
    assert path.read_text(encoding="utf-8") == theirs
    assert stored(own, "kept/cycles-01-snack-time.1.json")["bring"] == "My own words"


def test_a_change_made_elsewhere_before_the_lock_is_built_upon(own: Casebook) -> None:
    other = Casebook(own.folder)
    own.cycle("01-snack-time")
    mark(other, 10)
    assert mark(own, 20).id == "m2"
    assert [m["start"] for m in stored(own)["moments"]] == [10, 20]


def test_both_versions_are_named_by_check(own: Casebook, vigkit: Callable[..., Any]) -> None:
    assert (ChangedElsewhere.exit, ChangedElsewhere.code) == (1, "changed-elsewhere")
    mine = own.cycle("01-snack-time")
    write(own.folder / "cycles/01-snack-time.json", CYCLE | {"bring": "Theirs"})
    with pytest.raises(ChangedElsewhere):
        own.save(replace(mine, bring="Mine"))
    run = vigkit("check", own.folder, "--json")
    problems = [p for p in told(run)["result"]["problems"] if p["code"] == "changed-elsewhere"]
    assert [p["file"] for p in problems] == ["kept/cycles-01-snack-time.1.json"]
    assert "cycles/01-snack-time.json" in problems[0]["sentence"]
    assert run.returncode == 1


STRANGE = {
    **{"format": 1, "id": "02-walk", "number": 2, "began": "2026-11-02"},
    "question": [{"words": "Wie gebe ich „Zeit“? 時間", "on": "2026-11-02", "later": [1]}],
    "goals": [{"id": "g1", "words": "Wait", "hoped": 8, "ratings": [{"now": 3.5, "later": {}}]}],
    "films": ["snack"],
    "moments": [
        {
            **{"id": "m1", "film": "snack", "start": 0, "end": 2.5, "principles": ["EN1"]},
            "turns": [{"who": "C1", "act": "initiative", "how": "gaze", "start": 0, "later": None}],
            **{"saw": "one\ntwo", "joy": True, "share": ["supervision"], "later": {"b": 1, "a": ""}},
        }
    ],
    "review": {"held": "2026-11-05", "clips": [{"moment": "m1", "mine": "x", "later": 0.0}], "later": "x"},
    "next_film": {"when": "2026-11-09", "later": True},
    "later": {"of": ["a", "newer", {"vigkit": None}]},
}  # fmt: skip


def test_keys_that_this_version_does_not_know_are_kept_at_every_level(own: Casebook) -> None:
    path = write(own.folder / "cycles/02-walk.json", STRANGE)
    before = path.read_bytes()
    own.save(own.cycle("02-walk"))
    assert path.read_bytes() == before
    steps.mark(own, "02-walk", film="snack", start=3, end=4)
    after = stored(own, "cycles/02-walk.json")
    assert after["moments"].pop() == {"id": "m2", "film": "snack", "start": 3, "end": 4}
    assert after == STRANGE


ORDER = {
    "casebook.json": "format id owner role people stored kept_months",
    "consent/C1.json": "format person consents",
    "films/snack.json": "format id file sha256 seconds filmed activity kind people calm size",
    "cycles/01.json": "format id number began question goals situation films moments passed_over review "
    "says_about_question working_point next_film bring today_enough left_on talk_first",
    "notes/01.V1.json": "format cycle by on read notice wonder moments",
}
INSIDE = {
    "Moment": "id film start end principles turns better i_did they_did saw felt thought wished surprised "
    "why joy chosen share covers",
    "Cover": "keys",
    "Key": "at x y width height",
    "Consent": "given signed_by own_agreement purposes stored who_sees kept_until reviewed form withdrawn",
    "Goal": "id words hoped one_point_higher ratings",
    "Turn": "who act how start end",
    "SharedReview": "held with_whom clips comfort comfort_words",
    "NextFilm": "when what with_whom",
    "Question": "words agreed_with on",
    "MomentNote": "moment notice wonder",
}


def test_keys_stand_in_the_order_of_the_contract() -> None:
    whole = (cycle.Owner, cycle.Consents, cycle.Film, cycle.Cycle, cycle.Note)
    expected = dict(zip(whole, ORDER.values(), strict=True))
    expected |= {getattr(cycle, name): keys for name, keys in INSIDE.items()}
    for noun, keys in expected.items():
        assert [f.name for f in fields(noun)] == [*keys.split(), "extra"], noun


def test_files_are_utf8_with_two_blanks_and_a_last_line_end(own: Casebook) -> None:
    steps.put(own, "cycle", CYCLE | {"bring": "Größe 時間 🙂", "situation": "", "goals": []})
    written = (own.folder / "cycles/01-snack-time.json").read_bytes()
    question = '  "question": [\n    {\n      "words": "How do I give C1 time to begin?"\n    }\n  ],\n'
    assert written.decode() == (
        '{\n  "format": 1,\n  "id": "01-snack-time",\n' + question + '  "bring": "Größe 時間 🙂"\n}\n'
    )


def test_saving_what_was_read_gives_the_same_bytes(own: Casebook) -> None:
    mark(own, 12.4, saw="Sie schaut auf", share=["supervision"], joy=True)
    before = tree_hash(own.folder)
    for _ in range(2):
        own.save(own.cycle("01-snack-time"))
        steps.put(own, "cycle", stored(own))
        steps.put(own, "consent", stored(own, "consent/C1.json"))
    assert tree_hash(own.folder) == before


def test_0_00_is_a_time(own: Casebook) -> None:
    assert mark(own, 0).start == 0
    assert stored(own)["moments"][0]["start"] == 0


def test_there_is_no_field_for_a_mistake_a_score_or_a_rank() -> None:  # M10
    judging = re.compile(
        "mistake|error|score|grade|rank|fail|weak|poor|bad|deficit|wrong|worse|miss|lack|perform|complian|diagnos"
    )
    nouns = [n for n in vars(cycle).values() if is_dataclass(n)]
    names = {f.name for noun in nouns for f in fields(noun)}
    words = {*cycle.PURPOSES, *cycle.KINDS, *cycle.ROLES, *cycle.ACTS, *cycle.MODALITIES}
    assert len(nouns) > 20
    assert not [name for name in names | words if judging.search(name)]


def newer(book: Casebook, rel: str) -> bytes:
    """Make one file of a casebook a newer vigkit's."""
    path = book.folder / rel
    return write(path, json.loads(path.read_text(encoding="utf-8")) | {"format": 2, "news": 1}).read_bytes()


@pytest.mark.parametrize("format", [2, 2.0, 10**30])
def test_a_record_of_a_newer_format_is_read_and_never_written(own: Casebook, format: float) -> None:
    path = write(own.folder / "cycles/01-snack-time.json", CYCLE | {"format": format, "news": [1]})
    if format == 10**30:
        with pytest.raises(NewerFormat):
            own.cycle("01-snack-time")
        return
    before = tree_hash(own.folder)
    read = own.cycle("01-snack-time")
    assert (read.format, read.question[0].words) == (2, CYCLE["question"][0]["words"])  # type: ignore[index]
    assert own.contents().cycles["01-snack-time"] == read
    for change in (
        lambda: own.save(replace(read, bring="x")),
        lambda: mark(own),
        lambda: steps.put(own, "cycle", CYCLE),
        lambda: steps.put(own, "cycle", CYCLE | {"format": format, "id": "02-new"}),
    ):
        with pytest.raises(NewerFormat, match="To change it, use the newer vigkit"):
            change()
    assert path.exists()
    assert tree_hash(own.folder) == before


def test_a_newer_casebook_json_closes_the_whole_casebook_for_writing(own: Casebook) -> None:
    newer(own, "casebook.json")
    before = tree_hash(own.folder)
    assert own.contents().owner.format == 2
    for change in (
        lambda: own.save(own.cycle("01-snack-time")),
        lambda: mark(own),
        lambda: steps.put(own, "cycle", CYCLE | {"id": "02-new"}),
        lambda: steps.put(own, "consent", {"format": 1, "person": "C9"}),
    ):
        with pytest.raises(NewerFormat, match=r"casebook\.json"):
            change()
    assert tree_hash(own.folder) == before


def test_a_newer_film_record_is_read_and_never_written(own: Casebook) -> None:
    before = newer(own, "films/snack.json")
    film = own.contents().films["snack"]
    assert mark(own).film == "snack"  # another file: the cycle may be written
    with pytest.raises(NewerFormat):
        own.commit(lambda: Change(None, [("films/snack.json", replace(film, format=1))]))
    assert (own.folder / "films/snack.json").read_bytes() == before


def test_a_newer_record_of_another_shape_is_told_as_newer_and_not_as_broken(own: Casebook) -> None:
    write(
        own.folder / "cycles/01-snack-time.json", {"format": 3, "id": "01-snack-time", "question": "One text"}
    )
    with pytest.raises(NewerFormat, match="has format 3 and this vigkit writes format 1"):
        own.cycle("01-snack-time")
    assert [p.code for p in own.contents().problems] == ["newer-format"]


def test_older_records_are_brought_up_one_step_after_the_other() -> None:
    def two(record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "format": 2, "words": record["word"]}

    def three(record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "format": 3, "words": [record["words"]]}

    old = {"format": 1, "word": "hello"}
    chain = {1: two, 2: three}
    assert casebook.upgraded(old, "x", steps=chain, to=3) == {**old, "format": 3, "words": ["hello"]}
    assert casebook.upgraded(two(old), "x", steps=chain, to=3)["words"] == ["hello"]
    assert casebook.upgraded({"format": 3}, "x", steps=chain, to=3) == {"format": 3}
    assert old == {"format": 1, "word": "hello"}
    with pytest.raises(BadRecord, match="There is no format 0"):
        casebook.upgraded({"format": 0}, "x", steps=chain, to=3)
    with pytest.raises(NewerFormat):
        casebook.upgraded({"format": 4}, "x", steps=chain, to=3)
    for odd in ({}, {"format": "1"}, {"format": True}, {"format": 1.5}, {"format": None}):
        with pytest.raises(BadRecord, match="at format"):
            records.read(cycle.Cycle, casebook.upgraded(CYCLE | {"format": None} | odd, "x"), "x")


def fresh(tmp_path: Path) -> Casebook:
    """A casebook in which nothing was changed yet: it has no lock file."""
    book = steps.new(tmp_path / "fresh", id="S1-fresh")
    write(book.folder / "films/snack.json", FILM | {"people": ["S1"]})
    write(book.folder / "cycles/01-snack-time.json", CYCLE)
    assert not (book.folder / casebook.LOCK).exists()
    return book


REFUSED: dict[str, Callable[[Casebook], object]] = {
    "moment-outside-film": lambda b: mark(b, 599),
    "moment-outside-film before": lambda b: mark(b, -1),
    "moment-outside-film turned round": lambda b: steps.mark(
        b, "01-snack-time", film="snack", start=5, end=5
    ),
    "unknown-principle": lambda b: mark(b, principles=["AT9"]),
    "unknown-person": lambda b: mark(b, turns=[{"who": "C9", "act": "initiative"}]),
    "unknown-purpose": lambda b: mark(b, share=["everybody"]),
    "unknown-film": lambda b: steps.mark(b, "01-snack-time", film="walk", start=0, end=1),
    "unknown-cycle": lambda b: steps.mark(b, "09-none", film="snack", start=0, end=1),
    "bad-record by a fourth goal": lambda b: steps.put(
        b, "cycle", CYCLE | {"goals": [{"id": f"g{n}"} for n in range(4)]}
    ),
    "bad-record by a type": lambda b: steps.put(b, "cycle", CYCLE | {"goals": "three"}),
    "bad-record by half a letter": lambda b: mark(b, saw="\ud83d"),
    "bad-record by a device": lambda b: steps.put(b, "cycle", CYCLE | {"id": "Aux"}),
    "bad-record by a person's device": lambda b: steps.put(b, "consent", {"format": 1, "person": "COM3"}),
    "bad-record by capitals": lambda b: steps.put(b, "cycle", CYCLE | {"id": "01-Snack-Time"}),
    "bad-record by a path": lambda b: steps.put(b, "cycle", CYCLE | {"id": "../../x"}),
    "bad-record by saving four goals": lambda b: b.save(
        replace(b.cycle("01-snack-time"), goals=tuple(cycle.Goal(id=f"g{n}") for n in range(4)))
    ),
    "newer-format": lambda b: steps.put(b, "cycle", CYCLE | {"format": 2}),
    "unknown-cycle by a note": lambda b: steps.put(b, "note", {"format": 1, "cycle": "09", "by": "V1"}),
    "unknown-purpose by a consent": lambda b: steps.put(
        b, "consent", {"format": 1, "person": "C1", "consents": [{"purposes": ["all"]}]}
    ),
    "folder-not-empty": lambda b: steps.new(b.folder),
    "not-a-casebook": lambda b: Casebook(b.folder / "cycles"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_change_creates_nothing_not_even_a_lock(what: str, tmp_path: Path) -> None:
    book = fresh(tmp_path)
    before = tree_hash(tmp_path)
    with pytest.raises(VigkitError) as caught:
        REFUSED[what](book)
    assert (caught.value.code, caught.value.exit) == (what.split(maxsplit=1)[0], 2)
    assert str(tmp_path) not in caught.value.sentence
    assert tree_hash(tmp_path) == before


BROKEN = ['{"format": 1, "id": "01-sn', '{"format": 1, "id": 7, "question": []}', "", "[]", '{"id": "x"}']


@pytest.mark.parametrize("text", BROKEN)
def test_a_cycle_that_cannot_be_read_is_told_and_left_as_it_is(text: str, tmp_path: Path) -> None:
    book = fresh(tmp_path)
    write(book.folder / "cycles/01-snack-time.json", text)
    write(book.folder / "cycles/02-walk.json", CYCLE | {"id": "02-walk"})
    before = tree_hash(tmp_path)
    with pytest.raises(BadRecord, match=r"^cycles/01-snack-time\.json"):
        mark(book)
    contents = book.contents()
    assert list(contents.cycles) == ["02-walk"]
    assert [(p.code, p.cycle) for p in contents.problems] == [("bad-record", "01-snack-time")]
    assert tree_hash(tmp_path) == before


def test_a_film_is_never_put_over_another_one(tmp_path: Path, small_film: Path) -> None:
    """A casebook half synced: the film has arrived, its record not yet."""
    book = steps.new(tmp_path / "casebook", id="S1-test")
    there = book.folder / "films/snack.mp4"
    there.parent.mkdir()
    there.write_bytes(b"another film")
    before = tree_hash(tmp_path)
    with pytest.raises(BadRecord, match=r"Another film lies there already\. Choose another id"):
        steps.add_film(book, small_film, people=["S1"], id="snack")
    assert tree_hash(tmp_path) == before


def test_a_film_that_lies_in_the_casebook_already_stays_whatever_happens(
    tmp_path: Path, small_film: Path
) -> None:
    book = steps.new(tmp_path / "casebook", id="S1-test")
    there = book.folder / "films/snack.mp4"
    there.parent.mkdir()
    shutil.copyfile(small_film, there)
    film = replace(records.read(cycle.Film, FILM, "x"), sha256=files.sha256(there))
    write(book.folder / "films/snack.json", FILM)
    with pytest.raises(ChangedElsewhere):  # its record arrives just now
        book.commit(lambda: Change(film, [("films/snack.json", film)], film=(there, "films/snack.mp4")))
    assert there.read_bytes() == small_film.read_bytes()
    (book.folder / "films/snack.json").unlink()
    assert steps.add_film(book, there, people=["S1"], id="snack").file == "films/snack.mp4"
    assert there.read_bytes() == small_film.read_bytes()


SPACE = "unshare -rm true"
needs_mounts = pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run(SPACE.split(), capture_output=True, check=False).returncode != 0,
    reason="no user namespace to mount a small disk in",
)


def in_a_namespace(script: str, *words: object) -> list[dict[str, Any]]:
    """Run a shell script that may mount; what vigkit prints in it, each time with its exit status."""
    head = 'set -eu\nvigkit() { "$PYTHON" -m vigkit "$@" --json && s=0 || s=$?; echo "$s"; }\n'
    run = subprocess.run(
        ["unshare", "-rm", "bash", "-c", head + script, "bash", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    lines = run.stdout.splitlines()
    return [json.loads(said) | {"exit": int(s)} for said, s in zip(lines[::2], lines[1::2], strict=True)]


READ_ONLY = """
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
vigkit put "$1" cycle "$2"
vigkit put "$1" consent "$3"
vigkit moment add "$1" 01-snack-time --film snack --start 0 --end 5
vigkit show "$1"
"""


@needs_mounts
@pytest.mark.parametrize("used_before", [True, False], ids=["with a lock file", "without"])
def test_a_folder_that_may_not_be_written_is_told_and_stays_as_it_is(
    used_before: bool, own: Casebook, tmp_path: Path
) -> None:
    if not used_before:
        (own.folder / casebook.LOCK).unlink()
    given = write(tmp_path / "cycle.json", CYCLE | {"bring": "Something else"})
    agreed = write(tmp_path / "consent.json", {"format": 1, "person": "C7", "consents": [YES]})
    before = tree_hash(own.folder)
    *changes, shown = in_a_namespace(READ_ONLY, own.folder, given, agreed)
    assert len(changes) == 3
    for each in changes:
        assert (each["exit"], each["ok"], each["error"]["code"]) == (3, False, "no-permission")
        assert "Check that you may read and write there" in each["error"]["sentence"]
        assert str(tmp_path) not in json.dumps(each["error"])
    assert (shown["exit"], shown["result"]["id"]) == (0, "S1-test")
    assert tree_hash(own.folder) == before


FULL = """
mkdir "$1/disk"
mount -t tmpfs -o size=256k tmpfs "$1/disk"
cp -r "$2" "$1/disk/casebook"
rm -f "$1/disk/casebook/casebook.lock"
dd if=/dev/zero of="$1/disk/rest" bs=4k 2>/dev/null || true
vigkit put "$1/disk/casebook" cycle "$3"
vigkit put "$1/disk/casebook" consent "$4"
vigkit moment add "$1/disk/casebook" 01-snack-time --film snack --start 0 --end 5 --saw "$5"
vigkit new "$1/disk/another"
cp -r "$1/disk/casebook" "$1/after"
rm "$1/disk/rest"
vigkit moment add "$1/disk/casebook" 01-snack-time --film snack --start 0 --end 5 --saw "$5"
"""


@needs_mounts
def test_a_full_disk_is_told_and_what_was_there_before_is_whole(own: Casebook, tmp_path: Path) -> None:
    long = "They looked up and laughed. " * 400  # more than the block that a file has already
    given = write(tmp_path / "cycle.json", CYCLE | {"bring": long})
    agreed = write(tmp_path / "consent.json", {"format": 1, "person": "C7", "consents": [YES]})
    (own.folder / casebook.LOCK).unlink()
    before = tree_hash(own.folder)
    *changes, after = in_a_namespace(FULL, tmp_path, own.folder, given, agreed, long)
    assert len(changes) == 4
    for each in changes:
        assert (each["exit"], each["ok"], each["error"]["code"]) == (3, False, "disk-full")
        assert "Make room and try again" in each["error"]["sentence"]
    (tmp_path / "after" / casebook.LOCK).unlink(missing_ok=True)
    assert tree_hash(tmp_path / "after") == before
    assert (after["exit"], after["result"]["id"]) == (0, "m1")


COPIES = ["01-snack-time (1).json", "01-snack-time-LAPTOP.json"]


@pytest.mark.parametrize("names", [COPIES[:1], COPIES[1:], COPIES], ids=["one", "a laptop's", "both"])
def test_copies_of_a_cycle_are_both_named_and_the_first_is_kept(own: Casebook, names: list[str]) -> None:
    for name in names:
        write(own.folder / "cycles" / name, CYCLE | {"bring": "From a copy"})
    before = tree_hash(own.folder)
    contents = own.contents()
    assert contents.cycles == {"01-snack-time": own.cycle("01-snack-time")}
    assert contents.cycles["01-snack-time"].bring is None
    assert {p.code for p in contents.problems} == {"sync-copy"}
    assert sorted(p.file or "" for p in contents.problems) == sorted(
        f"cycles/{name}" for name in [*names, "01-snack-time.json"]
    )
    assert mark(own).id == "m1"
    assert "moments" not in stored(own, f"cycles/{names[0]}")
    assert tree_hash(own.folder) != before


def test_a_copy_is_not_taken_for_a_cycle_of_its_own(own: Casebook) -> None:
    write(own.folder / "cycles" / COPIES[1], CYCLE)
    before = tree_hash(own.folder)
    with pytest.raises(SyncCopy, match="Look at both"):
        steps.mark(own, "01-snack-time-LAPTOP", film="snack", start=0, end=5)
    assert tree_hash(own.folder) == before
    with pytest.raises(UnknownCycle):
        own.cycle("01-snack-time (1)")


def test_an_unreadable_copy_stops_nothing_but_is_named(own: Casebook) -> None:
    write(own.folder / "cycles" / COPIES[0], '{"format": 1, "id": "01-')
    contents = own.contents()
    assert list(contents.cycles) == ["01-snack-time"]
    assert [(p.code, p.file) for p in contents.problems] == [("bad-record", f"cycles/{COPIES[0]}")]


CONSENT_COPIES = ["C1 (1)", "C1-LAPTOP", "C1.sync-conflict-20261122-101500-ABCDEFG", "Copy of C1", "c1 2"]


def reason(book: Casebook) -> VigkitError | None:
    """What stops the film for supervision, through the gate."""
    contents = Casebook(book.folder).contents()
    return consent.stopped(contents.films["snack"], contents.consents, "supervision", "2026-11-22")


@pytest.mark.parametrize("stem", CONSENT_COPIES)
def test_a_copy_of_a_consent_that_withdraws_stops_the_film(own: Casebook, stem: str) -> None:
    assert reason(own) is None
    record = {"format": 1, "person": "C1", "consents": [YES | {"withdrawn": "2026-11-20"}]}
    write(own.folder / f"consent/{stem}.json", record)
    stopped = reason(own)
    assert isinstance(stopped, ConsentWithdrawn)
    assert stopped.who == ("C1",)
    both = [("sync-copy", f"consent/{stem}.json"), ("sync-copy", "consent/C1.json")]
    assert [(p.code, p.file) for p in own.contents().problems] == both


@pytest.mark.parametrize("stem", ["C1", *CONSENT_COPIES])
@pytest.mark.parametrize(
    "text", [BROKEN[0], "", '{"format": 9, "person": 1}'], ids=["cut short", "empty", "newer"]
)
def test_a_consent_that_cannot_be_read_stops_the_film(own: Casebook, stem: str, text: str) -> None:
    write(own.folder / f"consent/{stem}.json", text)
    stopped = reason(own)
    assert isinstance(stopped, ConsentMissing)
    assert stopped.who == ("C1",)
    assert [p.file for p in own.contents().problems] == [f"consent/{stem}.json"]


def test_a_consent_under_another_persons_name_does_not_stand_for_that_person(own: Casebook) -> None:
    write(own.folder / "consent/C1.json", {"format": 1, "person": "S1", "consents": [YES]})
    stopped = reason(own)
    assert isinstance(stopped, ConsentMissing)
    assert stopped.who == ("C1",)


def test_a_consent_of_somebody_else_that_cannot_be_read_stops_nobody(own: Casebook) -> None:
    write(own.folder / "consent/C12.json", "")
    assert reason(own) is None


def test_a_folder_that_is_a_file_stops_nothing_else(own: Casebook) -> None:
    write(own.folder / "notes", "not a folder")
    (own.folder / "cycles/02-folder.json").mkdir()
    contents = own.contents()
    assert list(contents.cycles) == ["01-snack-time"]
    assert sorted(p.file or "" for p in contents.problems) == ["cycles/02-folder.json", "notes"]


@pytest.mark.parametrize("name", ["nowhere", "a\u0000b", "füße 時間"])
def test_a_name_that_no_casebook_has_is_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotACasebook):
        Casebook(tmp_path / name)


def test_a_name_too_long_for_a_disk_is_told_in_a_short_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="is too long for this computer") as caught:
        Casebook(tmp_path / ("a" * 300))
    assert len(caught.value.sentence) < 120


def test_long_and_foreign_names_of_folders_are_names_like_others(tmp_path: Path) -> None:
    folder = tmp_path / "Ordner mit Größe" / ("時" * 60) / 'it\'s a "book" & more'
    made = steps.new(folder, id="S1-test")
    steps.put(made, "cycle", CYCLE)
    assert Casebook(folder).cycles == ("01-snack-time",)


@pytest.mark.parametrize(
    "file", ["films/none.mp4", "films", "films/a\u0000b.mp4", "f" * 300, "/no/such/film.mp4"]
)
def test_a_film_that_is_not_there_is_told(own: Casebook, file: str) -> None:
    with pytest.raises(FilmMissing):
        own.film_file(replace(own.contents().films["snack"], file=file))


def test_a_film_outside_the_casebook_is_not_reached_by_climbing(own: Casebook) -> None:
    write(own.folder.parent / "secret.mp4", "x")
    with pytest.raises(BadRecord, match=r"films/snack\.json at file"):
        own.film_file(replace(own.contents().films["snack"], file="../secret.mp4"))


CACHED = """
import sys
from vigkit.casebook import Casebook
book = Casebook(sys.argv[1])
made = []
for n in range(2):
    made.append(book.cached("snack", "picture.jpg", lambda: made.append(1) or b"bytes"))
print('{"made": %d, "same": %d}' % (made.count(1), made.count(b"bytes")))
print(0)
"""


@needs_mounts
def test_a_casebook_that_may_not_be_written_still_gives_its_pictures(own: Casebook) -> None:
    script = 'mount --bind "$1" "$1"\nmount -o remount,ro,bind "$1"\n"$PYTHON" -c "$2" "$1"'
    before = tree_hash(own.folder)
    assert in_a_namespace(script, own.folder, CACHED) == [{"made": 2, "same": 2, "exit": 0}]
    assert tree_hash(own.folder) == before


def test_what_is_made_from_a_film_stays_in_its_folder_whatever_its_record_says(own: Casebook) -> None:
    write(own.folder.parent / "secret.jpg", "secret")
    assert own.cached("snack", "../../../secret.jpg", lambda: b"made") == b"made"
    assert [p.name for p in (own.folder / "cache/snack").iterdir()] == ["secret.jpg"]
    assert (own.folder.parent / "secret.jpg").read_text(encoding="utf-8") == "secret"


def test_what_is_made_from_a_film_is_made_once_and_forgotten_with_its_consent(own: Casebook) -> None:
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"bytes"

    for _ in range(3):
        assert own.cached("snack", "picture.jpg", make) == b"bytes"
    assert made == [1]
    (own.folder / "clips/by-hand").mkdir(parents=True)
    write(own.folder / "clips/by-hand/clip.mp4", "a clip")
    withdrawn = {"format": 1, "person": "C1", "consents": [YES | {"withdrawn": "2026-11-20"}]}
    steps.put(own, "consent", withdrawn)
    assert not (own.folder / "cache/snack").exists()
    assert not [path for path in own.folder.joinpath("clips").rglob("*") if path.is_file()]


def test_a_save_is_synced_file_first_then_moved_then_the_folder(
    own: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill cannot show this, a power cut would: the calls to the system, in their order."""
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def moved(part: Path, target: Path) -> Path:
        calls.append("move")
        return replace(part, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", moved)
    mark(own)
    assert calls == ["file", "move"] + ["folder"] * (os.name != "nt")  # Windows has no handle for folders


NO_RECORD = """
mount --bind "$1/casebook.json" "$1/casebook.json"
vigkit film add "$1" "$2" --people S1,C9 --id new
"""


@needs_mounts
def test_a_film_without_its_record_does_not_stay(own: Casebook, small_film: Path) -> None:
    """The film is in, and casebook.json, which is to name a person more, cannot be replaced."""
    before = tree_hash(own.folder / "films")
    (answer,) = in_a_namespace(NO_RECORD, own.folder, small_film)
    assert (answer["exit"], answer["ok"]) == (3, False)
    assert tree_hash(own.folder / "films") == before


def test_somebody_who_stands_in_a_copy_of_a_film_is_asked_too(own: Casebook) -> None:
    assert reason(own) is None
    copy = FILM | {"people": ["S1", "C7"]}
    write(own.folder / "films/snack (1).json", copy)
    stopped = reason(own)
    assert stopped is not None and stopped.who == ("C7",)
