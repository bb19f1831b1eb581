"""The one gate: who stops what for which purpose on which day, and what may never come through."""

from __future__ import annotations

import ast
import base64
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, told, tree_hash
from films import ffmpeg

from vigkit import consent, principles, records, steps
from vigkit.casebook import Casebook
from vigkit.cycle import PURPOSES, Bundle, Consents, Contents, Cycle, Film, LeftOut, Note, Owner
from vigkit.errors import NotShared, Stopped, UnknownCycle, UnknownFilm, UnknownPurpose

# --- The table, written by hand --------------------------------------------------------------------------

#             the day before   the day given   the last day    the day after
DAYS = ("2026-01-04", "2026-01-05", "2026-06-30", "2026-07-01")
GIVEN, LAST, LATER = DAYS[1], DAYS[2], DAYS[3]
WHY = {".": None, "m": "consent-missing", "e": "consent-expired", "w": "consent-withdrawn"}

SUPERVISION = {"given": GIVEN, "purposes": ["supervision"]}
TRAINING = {"given": GIVEN, "purposes": ["training"]}
# Each person's consents, then a letter a day: for supervision, for training, for every other purpose.
# . allowed   m missing   e expired   w withdrawn
PEOPLE: dict[str, tuple[list[dict[str, Any]] | None, str, str, str]] = {
    "never-asked": (None, "mmmm", "mmmm", "mmmm"),
    "asked-and-no-answer": ([], "mmmm", "mmmm", "mmmm"),
    "supervision": ([SUPERVISION], "m...", "mmmm", "mmmm"),
    "until-the-last-day": ([SUPERVISION | {"kept_until": LAST}], "m..e", "mmmm", "mmmm"),
    "both": ([SUPERVISION | {"purposes": ["training", "supervision"]}], "m...", "m...", "mmmm"),
    "all-purposes": ([SUPERVISION | {"purposes": list(PURPOSES)}], "m...", "m...", "m..."),
    "no-purpose": ([{"given": GIVEN}], "mmmm", "mmmm", "mmmm"),
    "no-day": ([{"purposes": ["supervision"]}], "mmmm", "mmmm", "mmmm"),
    "given-later": ([SUPERVISION | {"given": LATER}], "mmm.", "mmmm", "mmmm"),
    "ended-before-it-began": ([SUPERVISION | {"kept_until": DAYS[0]}], "meee", "mmmm", "mmmm"),
    # Taking it back stops at once, whatever day is asked for, and for every purpose.
    "withdrawn": ([SUPERVISION | {"withdrawn": LAST}], "wwww", "wwww", "wwww"),
    "withdrawn-from-next-year-on": ([SUPERVISION | {"withdrawn": "2027-01-01"}], "wwww", "wwww", "wwww"),
    "withdrawn-and-expired": (
        [SUPERVISION | {"withdrawn": LAST, "kept_until": GIVEN}],
        "wwww",
        "wwww",
        "wwww",
    ),
    # The last one counts.
    "withdrew-then-agreed": ([SUPERVISION | {"withdrawn": GIVEN}, SUPERVISION], "m...", "mmmm", "mmmm"),
    "agreed-then-withdrew": ([SUPERVISION, SUPERVISION | {"withdrawn": LAST}], "wwww", "wwww", "wwww"),
    "then-training-alone": ([SUPERVISION, TRAINING], "mmmm", "m...", "mmmm"),
    "then-longer": (
        [SUPERVISION | {"kept_until": GIVEN}, SUPERVISION | {"kept_until": LATER}],
        "m...",
        "mmmm",
        "mmmm",
    ),
    # What the person says counts beside what somebody signed for them.
    "says-no": ([SUPERVISION | {"own_agreement": {"answer": "no"}}], "mmmm", "mmmm", "mmmm"),
    "says-yes": ([SUPERVISION | {"own_agreement": {"answer": "yes"}}], "m...", "mmmm", "mmmm"),
    "cannot-say": ([SUPERVISION | {"own_agreement": {"answer": "cannot-say"}}], "m...", "mmmm", "mmmm"),
}


def expected(person: str, purpose: str, day: str) -> str:
    """The letter of the table."""
    _, supervision, training, other = PEOPLE[person]
    row = {"supervision": supervision, "training": training}.get(purpose, other)
    return row[DAYS.index(day)]


# --- A casebook in memory --------------------------------------------------------------------------------

CYCLE: dict[str, Any] = {
    "format": 1,
    "id": "01-snack",
    "number": 1,
    "question": [{"words": "How do I wait?"}],
}
MOMENT: dict[str, Any] = {"id": "m1", "film": "snack", "start": 0, "end": 5, "share": ["supervision"]}


def film(*people: str, id: str = "snack") -> dict[str, Any]:
    return {
        "format": 1,
        "id": id,
        "file": f"films/{id}.mp4",
        "sha256": "0",
        "seconds": 20,
        "people": list(people),
    }


def contents(
    *cycles: dict[str, Any],
    films: list[dict[str, Any]],
    consents: dict[str, list[dict[str, Any]] | None],
    notes: list[dict[str, Any]] | None = None,
    people: list[dict[str, Any]] | None = None,
) -> Contents:
    """The gate's input, as it is read from a folder."""
    owner = {"format": 1, "id": "S1-test", "owner": "S1", "people": people or []}
    given = {p: {"format": 1, "person": p, "consents": c} for p, c in consents.items() if c is not None}
    return Contents(
        owner=records.read(Owner, owner, "casebook.json"),
        consents={p: (records.read(Consents, c, p),) for p, c in given.items()},
        films={f["id"]: records.read(Film, f, f["id"]) for f in films},
        cycles={c["id"]: records.read(Cycle, c, c["id"]) for c in cycles},
        notes=tuple(records.read(Note, n, "note") for n in notes or []),
        principles=principles.load(),
    )


def reason(
    given: Contents, purpose: str = "supervision", day: str = GIVEN, cycle: str = "01-snack"
) -> Stopped | None:
    """What stops a cycle at the gate."""
    try:
        consent.bundle(given, cycle, purpose, day)
    except Stopped as e:
        return e
    return None


def through(
    given: Contents, purpose: str = "supervision", day: str = GIVEN, cycle: str = "01-snack"
) -> dict[str, Any]:
    """What came through the gate, as plain data."""
    return records.plain(consent.bundle(given, cycle, purpose, day))


# --- Who, for what, on which day -------------------------------------------------------------------------


@pytest.mark.parametrize("person", PEOPLE)
def test_every_person_purpose_and_day_is_as_the_table_says(person: str) -> None:
    given = contents(CYCLE | {"films": ["snack"]}, films=[film(person)], consents={person: PEOPLE[person][0]})
    for purpose, day in product(PURPOSES, DAYS):
        found = reason(given, purpose, day)
        letter = expected(person, purpose, day)
        assert (found.code if found else None) == WHY[letter], (purpose, day)
        assert found is None or found.who == (person,)


def test_in_a_film_of_two_one_is_enough_to_stop_it_and_is_named() -> None:
    for one, other in product(PEOPLE, PEOPLE):
        if one == other:
            continue
        consents = {p: PEOPLE[p][0] for p in (one, other)}
        given = contents(CYCLE | {"films": ["snack"]}, films=[film(one, other)], consents=consents)
        for purpose, day in product(("supervision", "training", "peers"), DAYS):
            letters = {p: expected(p, purpose, day) for p in (one, other)}
            found = reason(given, purpose, day)
            first = next((letter for letter in "wem" if letter in letters.values()), ".")
            assert (found.code if found else None) == WHY[first], (one, other, purpose, day)
            if found:
                assert found.who == tuple(p for p, letter in letters.items() if letter == first)
                assert all(p in found.sentence for p in found.who)


def test_the_owner_needs_a_consent_only_where_filmed() -> None:
    agreed = {"C1": [SUPERVISION]}
    assert reason(contents(CYCLE | {"films": ["snack"]}, films=[film("C1")], consents=agreed)) is None
    found = reason(contents(CYCLE | {"films": ["snack"]}, films=[film("S1", "C1")], consents=agreed))
    assert found is not None and (found.code, found.who) == ("consent-missing", ("S1",))


def test_a_film_that_names_nobody_is_not_shown() -> None:
    found = reason(contents(CYCLE | {"films": ["snack"]}, films=[film()], consents={}))
    assert found is not None and (found.code, found.who) == ("consent-missing", ())


def test_a_cycle_without_a_film_needs_no_consent() -> None:
    assert through(contents(CYCLE, films=[film("C1")], consents={}))["cycle"]["question"] == CYCLE["question"]


def test_of_two_copies_of_a_consent_each_has_to_allow_it() -> None:
    given = contents(CYCLE | {"films": ["snack"]}, films=[film("C1")], consents={"C1": [SUPERVISION]})
    copy = records.read(
        Consents, {"format": 1, "person": "C1", "consents": [SUPERVISION | {"withdrawn": LAST}]}, "C1"
    )
    both = (*given.consents["C1"], copy)
    for copies in (both, both[::-1]):
        found = consent.stopped(given.films["snack"], {"C1": copies}, "supervision", GIVEN)
        assert found is not None and found.code == "consent-withdrawn"


def test_the_gate_refuses_what_it_does_not_know() -> None:
    given = contents(CYCLE, films=[], consents={})
    with pytest.raises(UnknownPurpose):
        consent.bundle(given, "01-snack", "entertainment", GIVEN)
    with pytest.raises(UnknownCycle):
        consent.bundle(given, "02-none", "supervision", GIVEN)
    with pytest.raises(UnknownFilm):
        consent.bundle(
            contents(CYCLE | {"films": ["lost"]}, films=[], consents={}), "01-snack", "supervision", GIVEN
        )


# --- Which cycles, which moments -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moments", [[], [MOMENT | {"film": "walk"}], [MOMENT, MOMENT | {"id": "m2", "film": "walk"}]]
)
def test_a_cycle_that_names_a_stopped_film_is_left_out_whole(moments: list[dict[str, Any]]) -> None:
    two = [film("S1"), film("S1", "C1", id="walk")]
    given = contents(
        CYCLE | {"films": ["snack", "walk"], "moments": moments}, films=two, consents={"S1": [SUPERVISION]}
    )
    found = reason(given)
    assert found is not None and (found.code, found.who) == ("consent-missing", ("C1",))


def test_a_film_counts_that_only_a_moment_names() -> None:
    for share in ([], ["supervision"]):
        cycle = CYCLE | {"films": ["snack"], "moments": [MOMENT | {"film": "walk", "share": share}]}
        two = [film("S1"), film("S1", "C1", id="walk")]
        found = reason(contents(cycle, films=two, consents={"S1": [SUPERVISION]}))
        assert found is not None and found.who == ("C1",)


def test_share_decides_for_each_purpose_by_itself() -> None:
    shares = {"m1": [], "m2": ["supervision"], "m3": ["training"], "m4": ["training", "supervision"]}
    cycle = CYCLE | {"moments": [MOMENT | {"id": id, "share": share} for id, share in shares.items()]}
    given = contents(cycle, films=[film("C1")], consents={"C1": [SUPERVISION | {"purposes": list(PURPOSES)}]})
    for purpose in PURPOSES:
        shown = consent.bundle(given, "01-snack", purpose, GIVEN)
        assert [m.id for m in shown.cycle.moments] == [id for id, share in shares.items() if purpose in share]
    with pytest.raises(NotShared) as caught:
        consent.moment_in(consent.bundle(given, "01-snack", "supervision", GIVEN), "m3")
    assert caught.value.code == "not-shared"


def test_a_cycle_without_shared_moments_is_shown_with_its_words() -> None:
    cycle = CYCLE | {
        "working_point": "I wait three breaths.",
        "moments": [MOMENT | {"share": [], "saw": "a hand"}],
    }
    shown = through(contents(cycle, films=[film("C1")], consents={"C1": [SUPERVISION]}))
    assert shown["cycle"]["working_point"] == "I wait three breaths."
    assert "moments" not in shown["cycle"] and "a hand" not in json.dumps(shown)


def test_what_was_said_about_a_moment_goes_where_the_moment_goes() -> None:
    clips = [{"moment": m, "mine": f"mine of {m}", "theirs": f"theirs of {m}"} for m in ("m1", "m2")]
    cycle = CYCLE | {
        "moments": [MOMENT, MOMENT | {"id": "m2", "share": ["training"]}],
        "review": {"clips": clips},
    }
    note = {
        "format": 1,
        "cycle": "01-snack",
        "by": "V1",
        "moments": [{"moment": m, "notice": f"note on {m}"} for m in ("m1", "m2")],
    }
    shown = json.dumps(
        through(contents(cycle, films=[film("C1")], consents={"C1": [SUPERVISION]}, notes=[note]))
    )
    assert "mine of m1" in shown and "note on m1" in shown and "m2" not in shown


def test_a_note_goes_with_its_own_cycle() -> None:
    notes = [{"format": 1, "cycle": id, "by": "V1", "notice": f"on {id}"} for id in ("01-snack", "02-walk")]
    given = contents(CYCLE, CYCLE | {"id": "02-walk"}, films=[], consents={}, notes=notes)
    assert [n["notice"] for n in through(given)["notes"]] == ["on 01-snack"]


# --- What never comes through ----------------------------------------------------------------------------

WHOLE: dict[str, Any] = CYCLE | {
    "films": ["snack"],
    "moments": [MOMENT | {"share": list(PURPOSES), "principles": ["EN1"]}],
    "passed_over": "the moment with the spoon",
    "review": {"held": GIVEN, "comfort": 3, "comfort_words": "a little shy"},
    "goals": [{"id": "g1", "words": "To wait", "ratings": [{"on": GIVEN, "now": 4}]}],
}
NOTE = {
    "format": 1,
    "cycle": "01-snack",
    "by": "V1",
    "read": "f" * 64,
    "notice": "I notice the pause",
    "wonder": "I wonder",
}


def whole(**more: Any) -> Contents:
    agreed = {p: [SUPERVISION | {"purposes": list(PURPOSES)}] for p in ("S1", "C1")}
    return contents(WHOLE, **{"films": [film("S1", "C1")], "consents": agreed, "notes": [NOTE]} | more)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_was_passed_over_is_for_supervision_alone(purpose: str) -> None:
    assert ("the moment with the spoon" in json.dumps(through(whole(), purpose))) == (
        purpose == "supervision"
    )


@pytest.mark.parametrize("purpose", PURPOSES)
def test_notes_and_comfort_stay_between_the_person_and_the_supervisor(purpose: str) -> None:
    shown = json.dumps(through(whole(), purpose))
    between = purpose in ("own-reflection", "supervision")
    for words in ("I notice the pause", "a little shy"):
        assert (words in shown) == between
    assert ('"comfort": 3' in shown) == (purpose == "own-reflection"), "never a figure (M51)"
    assert ('"hard": true' in shown) == (purpose == "supervision")
    assert "held" in shown, "the day of the review is for all"


def test_keys_that_this_version_does_not_know_never_come_through() -> None:
    def strange(record: Any) -> Any:
        if isinstance(record, dict):
            return {k: strange(v) for k, v in record.items()} | {"unheard": "secret of a later version"}
        return [strange(each) for each in record] if isinstance(record, list) else record

    people = [{"code": "C1", "kind": "child", "unheard": "secret of a later version"}]
    consents = {p: [strange(SUPERVISION)] for p in ("S1", "C1")}
    given = contents(
        strange(WHOLE),
        films=[strange(film("S1", "C1"))],
        consents=consents,
        notes=[strange(NOTE)],
        people=people,
    )
    assert given.cycles["01-snack"].extra and given.films["snack"].extra and given.notes[0].moments == ()
    shown = json.dumps(through(given))
    assert "unheard" not in shown and "secret" not in shown and "I notice the pause" in shown


def test_a_note_says_which_version_was_read_and_whether_it_is_still_that_one() -> None:
    read = {"format": 1, "cycle": "01-snack", "by": "V1", "read": "ab" * 32}
    unread = {"format": 1, "cycle": "01-snack", "by": "V2"}
    given = whole(notes=[read, unread])
    for version, changed in (("ab" * 32, None), ("cd" * 32, True)):
        shown = through(replace(given, versions={"01-snack": version}))["notes"]
        assert [(n.get("read"), n.get("changed")) for n in shown] == [("abababab", changed), (None, None)]


def test_neither_files_nor_hashes_nor_consents_come_through() -> None:
    given = whole(
        consents={
            p: [SUPERVISION | {"who_sees": ["the head of school"], "stored": "on a stick"}]
            for p in ("S1", "C1")
        }
    )
    shown = json.dumps(through(given))
    for words in ("films/snack.mp4", "sha256", "f" * 64, "the head of school", "on a stick", '"share"'):
        assert words not in shown


def test_people_who_are_not_in_the_films_do_not_come_through() -> None:
    people = [{"code": code, "kind": "child"} for code in ("C1", "C2")]
    assert [p["code"] for p in through(whole(people=people))["people"]] == ["C1"]


def test_private_pages_are_never_read(book: Casebook) -> None:
    private = book.folder / "private" / "01-snack.json"
    private.parent.mkdir()
    private.write_text('{"format": 1, "words": "how this work affects me"}', encoding="utf-8")
    for purpose in PURPOSES:
        found = steps.jobs([book.folder], purpose, "2026-02-01")
        assert "affects" not in repr(list(found))
    assert "affects" not in repr(book.contents())


def test_only_the_principles_of_the_shown_moments_come_through() -> None:
    cycle = WHOLE | {
        "moments": [
            MOMENT | {"principles": ["EN1"]},
            MOMENT | {"id": "m2", "share": [], "principles": ["GU2"]},
        ]
    }
    given = contents(cycle, films=[film("C1")], consents={"C1": [SUPERVISION]})
    assert [p["id"] for p in through(given)["principles"]] == ["EN1"]


def test_from_other_cycles_only_earlier_ratings_of_the_same_goals_are_taken() -> None:
    def rated(number: int, goal: str, now: int, words: str) -> dict[str, Any]:
        goals = [{"id": goal, "words": words, "ratings": [{"on": f"2026-01-0{number}", "now": now}]}]
        return CYCLE | {"id": f"0{number}-x", "number": number, "goals": goals, "working_point": words}

    cycles = [
        rated(1, "g1", 2, "first"),
        rated(2, "g2", 9, "other"),
        rated(3, "g1", 5, "this"),
        rated(4, "g1", 7, "later"),
    ]
    shown = through(contents(*cycles, films=[], consents={}), cycle="03-x")
    assert shown["earlier"] == [{"goal": "g1", "cycle": 1, "on": "2026-01-01", "now": 2}]
    assert not any(words in json.dumps(shown) for words in ("first", "other", "later"))


def test_until_is_the_first_end_of_all_consents() -> None:
    ends = {"S1": LATER, "C1": LAST, "C2": None}
    agreed = {p: [SUPERVISION | ({"kept_until": end} if end else {})] for p, end in ends.items()}
    cycle = CYCLE | {"films": ["snack"]}
    assert through(contents(cycle, films=[film(*ends)], consents=agreed))["until"] == LAST
    assert "until" not in through(contents(cycle, films=[film("C2")], consents=agreed))


def test_only_the_gate_makes_a_bundle() -> None:
    makes, reads = set(), set()
    for path in sorted((ROOT / "vigkit").rglob("*.py")):
        room = path.relative_to(ROOT / "vigkit").as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            for node in ast.iter_child_nodes(function):
                for call in [n for n in ast.walk(node) if isinstance(n, ast.Call)] if _is_def(node) else []:
                    if _name(call.func) == "Bundle":
                        makes.add((room, node.name))  # type: ignore[attr-defined]
                    if any(_name(a) == "Bundle" for a in call.args) and _name(call.func) == "read":
                        reads.add(room)
                    assert _name(call.func) != "__new__" or not any(_name(a) == "Bundle" for a in call.args)
    # Without a file, a template shows an example that is written in the code: nobody is in it.
    assert makes - {("render/sections.py", "open_bundle")} == {("consent.py", "bundle")}
    assert reads == {"render/sections.py"}, "a bundle is read back only where a worker opens its file"


def _is_def(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


# --- Taking a consent back -------------------------------------------------------------------------------


def blocks(path: Path, seed: int) -> Path:
    """A film of 6 seconds that looks like no other: slowly moving blocks of grey, drawn from a seed."""
    import numpy as np

    grey = np.random.default_rng(seed).integers(0, 256, (9, 16), dtype=np.uint8)
    frames = [np.kron(np.roll(grey, n // 20, axis=1), np.ones((20, 20), np.uint8)) for n in range(150)]
    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", "320x180", "-r", "25", "-i", "pipe:0")
    h264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    ffmpeg(*raw, *h264, path, given=b"".join(f.tobytes() for f in frames))
    return path


def small(picture: Any) -> Any:
    """A picture as 16 by 9 numbers with middle 0 and length 1, whatever its size and colours were."""
    import numpy as np

    values = np.asarray(picture.convert("L").resize((16, 9)), dtype=float).ravel()
    values -= values.mean()
    return values / (np.linalg.norm(values) or 1.0)


def pictures_of(data: bytes) -> Iterator[Any]:
    """Every picture in some bytes: a film's, an image's, and those that a text carries as base64."""
    from PIL import Image, UnidentifiedImageError

    if data[4:8] == b"ftyp":
        shown = subprocess.run(
            [_program(), "-v", "error", "-i", "pipe:0", "-r", "2", "-f", "image2pipe", "-c:v", "bmp", "-"],
            input=data,
            capture_output=True,
        ).stdout
        yield from pictures_of_bmps(shown)
        return
    for found in [
        data,
        *(base64.b64decode(b + b"=" * (-len(b) % 4)) for b in re.findall(rb"[A-Za-z0-9+/]{200,}", data)),
    ]:
        try:
            yield Image.open(BytesIO(found)).copy()
        except (UnidentifiedImageError, OSError):
            continue


def pictures_of_bmps(data: bytes) -> Iterator[Any]:
    from PIL import Image

    while data[:2] == b"BM":
        size = int.from_bytes(data[2:6], "little")
        yield Image.open(BytesIO(data[:size]))
        data = data[size:]


def _program() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def seen(folder: Path, film: Path) -> list[str]:
    """The files below a folder that show something of a film."""
    frames = [small(p) for p in pictures_of(film.read_bytes())]
    assert len(frames) >= 10, "the film itself can be looked at"
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for picture in pictures_of(path.read_bytes()):
            if max(float(frame @ small(picture)) for frame in frames) > 0.8:
                found.append(path.relative_to(folder).as_posix())
                break
    return found


WORDS = "Xylophone words that stand in one cycle alone"


def test_what_is_withdrawn_is_gone_from_everything(
    tmp_path: Path, vigkit: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    book, out = Casebook(steps.new(tmp_path / "book", code="S1", id="S1-gone").folder), tmp_path / "out"
    two, alone = blocks(tmp_path / "two.mp4", 1), blocks(tmp_path / "alone.mp4", 2)
    steps.add_film(book, two, people=["S1", "C1"], id="two")
    steps.add_film(book, alone, people=["S1"], id="alone")
    for person in ("S1", "C1"):
        steps.put(book, "consent", {"format": 1, "person": person, "consents": [SUPERVISION]})
    steps.put(book, "cycle", CYCLE | {"working_point": WORDS, "films": ["two"]})
    steps.put(book, "cycle", CYCLE | {"id": "02-alone", "number": 2})
    # A moment of the film of one, in the cycle that names the film of two: that goes too.
    for cycle, name in (("01-snack", "two"), ("01-snack", "alone"), ("02-alone", "alone")):
        steps.mark(book, cycle, film=name, start=1, end=3, share=["supervision"], saw=f"{WORDS} in {cycle}")
    clip = tmp_path / "clip.mp4"
    steps.cut(book, "01-snack", "m1", clip, purpose="supervision", day=LAST)

    packing = ("pack", book.folder, "-o", out, "--day", LAST, "--json")
    before = told(vigkit(*packing))["result"]
    assert (before["rendered"], before["removed"]) == (2, 0)
    # The control: both films and the words are found while they may be shown.
    logs = ["S1-gone/01-snack.html", "S1-gone/02-alone.html", "S1-gone/_over-time.html"]
    assert seen(out, two) == [logs[0], logs[2]]
    assert seen(out, alone) == logs
    kinds = {Path(name).suffix for name in seen(book.folder / "cache", two)}
    assert kinds == {".jpg", ".mp4"}, "the still of the log, and the clip"
    assert seen(clip.parent, two)[-5:] == [
        "book/films/two.mp4",
        "clip.mp4",
        "out/S1-gone/01-snack.html",
        "out/S1-gone/_over-time.html",
        "two.mp4",
    ]
    assert any(f"{WORDS} in 01-snack" in p.read_text("utf-8") for p in out.rglob("*.html"))
    (book.folder / "clips" / "two").mkdir(parents=True)
    (book.folder / "clips" / "two" / "short.mp4").write_bytes(clip.read_bytes())

    gone = {"format": 1, "person": "C1", "consents": [SUPERVISION, SUPERVISION | {"withdrawn": LATER}]}
    put = vigkit("put", book.folder, "consent", "-", "--json", input=json.dumps(gone), stdin=None)
    assert put.returncode == 0, put.stderr
    for folder in ("cache", "clips"):
        assert seen(book.folder / folder, two) == [], "what was made from the film is deleted at once"

    # The day before it was withdrawn does not help, here or below.
    run = vigkit(*packing)
    answer = told(run)
    assert (run.returncode, answer["ok"], answer["result"]["removed"]) == (1, True, 1)
    assert [(e["cycle"], e["code"], e["who"]) for e in answer["left_out"]] == [
        ("01-snack", "consent-withdrawn", ["C1"])
    ]
    assert seen(out, two) == []
    assert seen(out, alone) == logs[1:]
    for path in (p for p in out.rglob("*") if p.is_file()):
        assert "in 01-snack" not in path.read_text("utf-8") and f"{WORDS}<" not in path.read_text("utf-8")
    listed = json.loads((out / "pack.json").read_text("utf-8"))
    assert [log["cycle"] for log in listed["logs"]] == ["02-alone"]
    assert seen(book.folder / "cache", two) == seen(book.folder / "clips", two) == []

    untouched = tree_hash(tmp_path)
    for verb, moment in product(
        (("cut", "new.mp4"), ("still", "new.jpg"), ("still", "new.png")), ("m1", "m2")
    ):
        for day in ([], ["--day", GIVEN]):
            words = ("film", verb[0], book.folder, "01-snack", moment, "-o", tmp_path / verb[1])
            refused = vigkit(*words, "--purpose", "supervision", "--json", *day)
            assert (refused.returncode, told(refused)["error"]["code"]) == (2, "consent-withdrawn")
            assert not told(refused)["ok"]
    bundle = vigkit("bundle", book.folder, "01-snack", "-o", tmp_path / "b.json", "--day", GIVEN, "--json")
    assert (bundle.returncode, told(bundle)["error"]["code"]) == (2, "consent-withdrawn")
    assert tree_hash(tmp_path) == untouched, "a refusal writes nothing"


def test_a_withdrawal_that_came_by_a_synced_file_deletes_what_was_made(tmp_path: Path) -> None:
    book = steps.new(tmp_path / "book", code="S1", id="S1-sync")
    two = blocks(tmp_path / "two.mp4", 1)
    steps.add_film(book, two, people=["S1"], id="two")
    steps.put(book, "consent", {"format": 1, "person": "S1", "consents": [SUPERVISION]})
    steps.put(book, "cycle", CYCLE)
    steps.mark(book, "01-snack", film="two", start=1, end=3, share=["supervision"])
    [_, made] = steps.jobs([book.folder], "supervision", LAST)
    assert isinstance(made, Bundle) and seen(book.folder / "cache", two)
    record = {"format": 1, "person": "S1", "consents": [SUPERVISION | {"withdrawn": LAST}]}
    (book.folder / "consent" / "S1.json").write_text(json.dumps(record), encoding="utf-8")
    [_, gone] = steps.jobs([book.folder], "supervision", GIVEN)
    assert isinstance(gone, LeftOut) and gone.code == "consent-withdrawn"
    assert not seen(book.folder / "cache", two)
