"""`vigkit check` names everything that is not in order, each thing once, and changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import told, tree_hash

from vigkit import checks, steps
from vigkit.casebook import Casebook
from vigkit.errors import NotACasebook

QUESTION = [{"words": "How do I give C1 time to begin?"}]
YES = {"given": "2026-01-05", "purposes": ["supervision"]}
CODES = {
    *("moment-outside-film", "unknown-principle", "unknown-film", "unknown-cycle", "unknown-moment"),
    *("unknown-person", "unknown-purpose", "bad-record", "newer-format", "film-missing", "film-changed"),
    *("changed-elsewhere", "sync-copy", "bad-principles"),
}


def write(path: Path, record: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(record if isinstance(record, str) else json.dumps(record), encoding="utf-8")


def film(id: str, content: bytes = b"film", **more: Any) -> dict[str, Any]:
    return {
        **{"format": 1, "id": id, "file": f"films/{id}.mp4", "sha256": hashlib.sha256(content).hexdigest()},
        **{"seconds": 20, "people": ["S1", "C1"]},
        **more,
    }


def moment(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "film": "snack", "start": 0, "end": 5, **more}


def a_cycle(id: str, **more: Any) -> dict[str, Any]:
    return {"format": 1, "id": id, "question": QUESTION, **more}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A casebook with a bit of everything, all of it in order."""
    folder = steps.new(tmp_path / "casebook", id="S1-test").folder
    (folder / "films").mkdir()
    (folder / "films/snack.mp4").write_bytes(b"film")
    write(folder / "films/snack.json", film("snack"))
    book = Casebook(folder)
    for person in ("S1", "C1"):
        steps.put(book, "consent", {"format": 1, "person": person, "consents": [YES]})
    turns = [{"who": "C1", "act": "initiative", "how": "gaze", "start": 0}, {"who": "S1", "act": "reception"}]
    shared = moment("m1", turns=turns, principles=["EN1", "GA"], share=["supervision", "peers"])
    review = {"clips": [{"moment": "m1", "mine": "I waited"}]}
    steps.put(book, "cycle", a_cycle("01-snack", moments=[shared], review=review, goals=[{"id": "g1"}]))
    steps.put(book, "cycle", a_cycle("02-walk"))
    steps.put(book, "note", {"format": 1, "cycle": "01-snack", "by": "V1", "moments": [{"moment": "m1"}]})
    write(folder / "principles.csv", "id;label\nEN1;Gives time\n")
    write(folder / "private/01-snack.json", "whatever a person writes for themselves")
    return folder


def test_a_casebook_in_order_has_no_problem(whole: Path, vigkit: Callable[..., Any]) -> None:
    before = tree_hash(whole)
    assert checks.check(whole) == []
    run = vigkit("check", whole)
    assert (run.returncode, run.stdout, run.stderr) == (0, "Everything is in order.\n", "")
    assert tree_hash(whole) == before


def break_everything(folder: Path) -> list[tuple[str, str, str]]:
    """Break a casebook in each of its ways: the files, the codes, and words of the sentences to come."""
    cycles, films, consents, notes = (folder / name for name in ("cycles", "films", "consent", "notes"))
    owner = json.loads((folder / "casebook.json").read_text(encoding="utf-8"))
    write(folder / "casebook.json", owner | {"format": 2})
    write(folder / "principles.csv", "id,label\nAT1,Keen\nAT1,Kind\n")

    (folder / "casebook (1).json").write_bytes((folder / "casebook.json").read_bytes())
    (films / "orphan.mp4").write_bytes(b"nobody says who is in it")

    write(films / "gone.json", film("gone"))
    write(films / "other.json", film("other", b"what was added"))
    (films / "other.mp4").write_bytes(b"what lies there now")
    write(films / "climbs.json", film("climbs", file="../../secret.mp4"))
    write(films / "referred.json", film("referred", file=str(folder.parent / "nobody" / "walk.mp4")))
    write(films / "cut-short.json", '{"format": 1, "id": "cut-sho')
    write(films / "newer.json", film("newer", format=2, seconds="twenty"))

    outside = [
        moment("m1", end=20.5),
        moment("m2", turns=[{"who": "C1", "act": "response", "start": start} for start in (30, 40)]),
        moment("m3", turns=[{"who": "C7", "act": "initiative"}, {"who": "C8", "act": "initiative"}]),
        moment("m4", principles=["AT9", "XX"], share=["everybody"]),
        moment("m5", principles=["AT9"], share=["everybody"]),
        moment("m6", film="nowhere"),
        moment("m7", film="cut-short"),
        *(moment(id) for id in ("m8", "m8", "m9", "m9")),
    ]  # fmt: skip
    goals = [{"id": "g1"}, {"id": "g1"}]
    review = {"clips": [{"moment": "m21"}, {"moment": "m22"}]}
    write(
        cycles / "03-all.json", a_cycle("03-all", films=["lost"], moments=outside, goals=goals, review=review)
    )
    write(cycles / "04-text.json", "Dear diary,\nit is no JSON.")
    write(
        cycles / "05-type.json",
        a_cycle("05-type", goals=[{"id": "g1"}, {"id": "g2", "ratings": [{"now": "ten"}]}]),
    )
    write(cycles / "06-goals.json", a_cycle("06-goals", goals=[{"id": f"g{n}"} for n in range(4)]))
    write(cycles / "07-newer.json", a_cycle("07-newer", format=2, news=[1]))
    write(cycles / "02-walk (1).json", a_cycle("02-walk"))
    write(cycles / "02-walk-LAPTOP.json", a_cycle("02-walk"))
    write(cycles / "08-doubled.json", '{"format": 1, "id": "08-doubled", "id": "08-doubled"}')
    write(cycles / "09-latin.json", "")
    (cycles / "09-latin.json").write_bytes(json.dumps(a_cycle("09-latin")).encode() + "ä".encode("latin-1"))

    write(
        consents / "C1 (1).json",
        {"format": 1, "person": "C1", "consents": [YES | {"withdrawn": "2026-11-01"}]},
    )
    write(consents / "C2.json", {"format": 1, "person": "C2", "consents": [{"purposes": ["all", "some"]}]})
    write(consents / "C3.json", "[]")

    write(
        notes / "01-snack.V2.json",
        {"format": 1, "cycle": "01-snack", "by": "V2", "moments": [{"moment": "m8"}]},
    )
    write(notes / "12-none.V1.json", {"format": 1, "cycle": "12-none", "by": "V1"})
    write(notes / "04-text.V1.json", {"format": 1, "cycle": "04-text", "by": "V1"})
    write(notes / "01-snack.V1-2.json", {"format": 1, "cycle": "01-snack", "by": "V1"})
    write(folder / "kept/cycles-01-snack.1.json", a_cycle("01-snack"))

    return [
        ("casebook.json", "newer-format", "has format 2"),
        ("principles.csv", "bad-principles", "line 3"),
        ("films/gone.json", "film-missing", "gone"),
        ("films/other.json", "film-changed", "other"),
        ("films/climbs.json", "bad-record", "at file"),
        ("films/referred.json", "film-missing", "referred"),
        ("films/cut-short.json", "bad-record", "line 1"),
        ("films/newer.json", "newer-format", "has format 2"),
        ("cycles/03-all.json", "moment-outside-film", "0:00 to 0:20.5"),
        ("cycles/03-all.json", "moment-outside-film", "0:30"),
        ("cycles/03-all.json", "moment-outside-film", "0:40"),
        ("cycles/03-all.json", "unknown-person", "C7"),
        ("cycles/03-all.json", "unknown-person", "C8"),
        ("cycles/03-all.json", "unknown-principle", "AT9"),
        ("cycles/03-all.json", "unknown-principle", "XX"),
        ("cycles/03-all.json", "unknown-purpose", "everybody"),
        ("cycles/03-all.json", "unknown-film", "lost"),
        ("cycles/03-all.json", "unknown-film", "nowhere"),
        ("cycles/03-all.json", "bad-record", "The goal g1 stands there twice"),
        ("cycles/03-all.json", "bad-record", "The moment m8 stands there twice"),
        ("cycles/03-all.json", "bad-record", "The moment m9 stands there twice"),
        ("cycles/03-all.json", "bad-record", "names the moment m21"),
        ("cycles/03-all.json", "bad-record", "names the moment m22"),
        ("cycles/04-text.json", "bad-record", "at line 1: This is not JSON"),
        ("cycles/05-type.json", "bad-record", "at goals[2].ratings[1].now"),
        ("cycles/06-goals.json", "bad-record", "at goals: There is room for at most 3"),
        ("cycles/07-newer.json", "newer-format", "has format 2"),
        ("cycles/02-walk.json", "sync-copy", "Look at both"),
        ("cycles/02-walk (1).json", "sync-copy", "Look at both"),
        ("cycles/02-walk-LAPTOP.json", "sync-copy", "Look at both"),
        ("cycles/08-doubled.json", "bad-record", "stands there twice"),
        ("cycles/09-latin.json", "bad-record", "not UTF-8"),
        ("consent/C1 (1).json", "sync-copy", "C1.json"),
        ("consent/C1.json", "sync-copy", "C1 (1).json"),
        ("casebook (1).json", "sync-copy", "Look at both"),
        ("casebook.json", "sync-copy", "Look at both"),
        ("films/orphan.mp4", "unknown-film", "has no record"),
        ("consent/C2.json", "unknown-purpose", "all"),
        ("consent/C2.json", "unknown-purpose", "some"),
        ("consent/C3.json", "bad-record", "One record in { }"),
        ("notes/01-snack.V2.json", "unknown-moment", "m8"),
        ("notes/12-none.V1.json", "unknown-cycle", "12-none"),
        ("notes/01-snack.V1.json", "sync-copy", "Look at both"),
        ("notes/01-snack.V1-2.json", "sync-copy", "Look at both"),
        ("kept/cycles-01-snack.1.json", "changed-elsewhere", "cycles/01-snack.json"),
    ]


def test_everything_that_is_not_in_order_is_named_once(whole: Path, vigkit: Callable[..., Any]) -> None:
    expected = break_everything(whole)
    before = tree_hash(whole)
    answer = vigkit("check", whole, "--json")
    found = told(answer)["result"]["problems"]
    missing = [
        each
        for each in expected
        if sum((p["file"], p["code"]) == each[:2] and each[2] in p["sentence"] for p in found) != 1
    ]
    assert missing == []
    assert len(found) == len(expected), [
        p for p in found if (p["file"], p["code"]) not in {e[:2] for e in expected}
    ]
    assert {p["code"] for p in found} == CODES
    assert (answer.returncode, answer.stderr) == (1, "")
    assert tree_hash(whole) == before


def test_each_problem_is_a_sentence_and_names_no_folder_above(
    whole: Path, vigkit: Callable[..., Any]
) -> None:
    break_everything(whole)
    words = vigkit("check", whole)
    assert words.returncode == 1
    assert str(whole.parent) not in words.stdout + words.stderr
    assert "nobody" not in words.stdout  # the folder of a film that is referred to
    for problem in checks.check(whole):
        assert re.fullmatch(r"[A-Za-z0-9].*[.]", problem["sentence"]), problem
        assert "Errno" not in problem["sentence"]
        assert len(problem["sentence"]) < 300


def test_a_casebook_json_that_cannot_be_read_hides_nothing_else(whole: Path) -> None:
    write(whole / "casebook.json", '{"format": 1, "id": ')
    write(whole / "cycles/04-text.json", "Dear diary")
    assert [(p["file"], p["code"]) for p in checks.check(whole)] == [
        ("casebook.json", "bad-record"),
        ("cycles/04-text.json", "bad-record"),
    ]


def test_a_film_that_was_half_synced_is_named(whole: Path) -> None:
    (whole / "films/snack.mp4").write_bytes(b"fi")
    assert [(p["file"], p["code"]) for p in checks.check(whole)] == [("films/snack.json", "film-changed")]
    (whole / "films/snack.mp4").unlink()
    assert [(p["file"], p["code"]) for p in checks.check(whole)] == [("films/snack.json", "film-missing")]


@pytest.mark.skipif(os.name == "nt", reason="named pipes")
def test_a_film_that_is_a_pipe_is_not_waited_for(whole: Path) -> None:
    (whole / "films/snack.mp4").unlink()
    os.mkfifo(whole / "films/snack.mp4")
    assert [p["code"] for p in checks.check(whole)] == ["film-missing"]


def test_in_a_folder_of_casebooks_each_problem_names_its_casebook(whole: Path) -> None:
    for name in ("casebook (1)", "half-synced"):
        shutil.copytree(whole, whole.parent / name)
    (whole.parent / "half-synced/casebook.json").unlink()
    (whole.parent / "not one").mkdir()
    write(whole / "cycles/04-text.json", "Dear diary")
    before = tree_hash(whole.parent)
    assert [(p["file"], p["code"]) for p in checks.check(whole.parent)] == [
        ("casebook/cycles/04-text.json", "bad-record"),
        ("half-synced/casebook.json", "not-a-casebook"),
        ("casebook (1)", "sync-copy"),
    ]
    assert tree_hash(whole.parent) == before


def test_a_folder_without_a_casebook_is_told(tmp_path: Path, vigkit: Callable[..., Any]) -> None:
    write(tmp_path / "film.txt", "no casebook")
    for folder in (tmp_path, tmp_path / "none", tmp_path / "film.txt"):
        with pytest.raises(NotACasebook):
            checks.check(folder)
    run = vigkit("check", tmp_path, "--json")
    assert (run.returncode, told(run)["error"]["code"]) == (2, "not-a-casebook")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of two pages, as pack.json describes it."""
    folder = tmp_path / "logs"
    logs = []
    for cycle in ("01-snack", "02-walk"):
        write(folder / f"S1-test/{cycle}.html", f"<!doctype html>{cycle}")
        sha256 = hashlib.sha256((folder / f"S1-test/{cycle}.html").read_bytes()).hexdigest()
        logs.append(
            {
                "casebook": "S1-test",
                "cycle": cycle,
                "file": f"S1-test/{cycle}.html",
                "sha256": sha256,
                "key": "k",
            }
        )
    write(folder / "index.html", "<!doctype html>")
    write(
        folder / "pack.json",
        {"format": 1, "purpose": "supervision", "day": "2026-11-22", "logs": logs, "left_out": []},
    )
    return folder  # fmt: skip


def test_a_pack_in_order_has_no_problem(pack: Path) -> None:
    before = tree_hash(pack)
    assert checks.check(pack) == []
    assert tree_hash(pack) == before


def test_pages_that_are_missing_changed_or_strange_are_named(pack: Path, vigkit: Callable[..., Any]) -> None:
    (pack / "S1-test/01-snack.html").unlink()
    write(pack / "S1-test/02-walk.html", "<!doctype html>other words")
    write(pack / "S1-test/02-walk (1).html", "<!doctype html>a page from before")
    (pack / "index.html").unlink()
    before = tree_hash(pack)
    run = vigkit("check", pack, "--json")
    assert [p["sentence"] for p in told(run)["result"]["problems"]] == [
        "S1-test/01-snack.html is not there. Pack again.",
        "S1-test/02-walk.html is not as it was packed. Pack again.",
        "index.html is not there. Pack again.",
        "S1-test/02-walk (1).html is no page of this pack. Look at it, and delete it if you do not need it.",
    ]
    assert {p["code"] for p in told(run)["result"]["problems"]} == {"changed-elsewhere"}
    assert run.returncode == 1
    assert tree_hash(pack) == before


@pytest.mark.parametrize(
    "file",
    [
        "../secret.html",
        "/etc/hostname",
        "C:\\x.html",
        "a/../../x",
        "\\\\server\\x",
        "..",
        7,
        None,
        "a\u0000b",
    ],
)
def test_a_pack_json_never_leads_out_of_its_folder(pack: Path, file: object) -> None:
    write(pack.parent / "secret.html", "x")
    shutil.rmtree(pack / "S1-test")
    write(pack / "pack.json", {"format": 1, "logs": [{"file": file, "sha256": "0"}]})
    assert [(p["file"], p["code"]) for p in checks.check(pack)] == [("pack.json", "bad-record")]


@pytest.mark.parametrize("text", ["", "[]", '{"logs": {}}', '{"format": 1}', '{"logs": [', '{"logs": ["x"]}'])
def test_a_pack_json_that_cannot_be_read_is_named(pack: Path, text: str) -> None:
    shutil.rmtree(pack / "S1-test")
    write(pack / "pack.json", text)
    assert [(p["file"], p["code"]) for p in checks.check(pack)] == [("pack.json", "bad-record")]


def test_a_pack_tells_what_check_tells_of_each_log(whole: Path, vigkit: Callable[..., Any]) -> None:
    """What `check` names in a record that a log is made of stands in the pack's index too."""
    expected = break_everything(whole)
    done = vigkit("pack", whole, "-o", whole.parent / "out", "--day", "2026-11-20", "--json")
    assert done.returncode == 1
    rows = {(row["cycle"], row["code"]) for row in told(done)["left_out"]}
    of_logs = {
        (Path(file).stem.split(".")[0] if file.startswith("cycles/") else None, code)
        for file, code, _ in expected
        if file.partition("/")[0] in ("casebook.json", "principles.csv", "cycles", "consent", "notes")
        or file in ("casebook (1).json", "films/climbs.json")
    }
    assert len(of_logs) > 15
    for cycle, code in of_logs:
        near = {found for found, other in rows if other == code}
        assert cycle in near if cycle and not cycle.startswith("02-walk") else near, (cycle, code)
    index = whole.parent.joinpath("out/index.html").read_text(encoding="utf-8")
    assert "AT9" not in index and "everybody" not in index, "what somebody has typed may be a name"


def test_a_pack_that_was_broken_off_is_told_as_one(tmp_path: Path, vigkit: Callable[..., Any]) -> None:
    out = tmp_path / "out"
    out.joinpath("S1-book").mkdir(parents=True)
    out.joinpath(".pack.part").write_bytes(b"")
    done = vigkit("check", out, "--json")
    [problem] = told(done)["result"]["problems"]
    assert (done.returncode, problem["file"]) == (1, "pack.json") and "Pack again" in problem["sentence"]
