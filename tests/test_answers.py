"""One answer in its place: versions are kept, nobody is overwritten unseen, twice told is told once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import tree_hash

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.errors import (
    AnsweredElsewhere,
    BadRecord,
    BadUsage,
    ConsentWithdrawn,
    MomentOutsideFilm,
    NothingAsked,
    UnknownFilm,
)
from vigkit.steps import Answer, answer

CYCLE = ("cycle", "01-snack")


def say(*path: str, value: Any, known: Any = None) -> Answer:
    return Answer(path=path, value=value, known=known if isinstance(known, tuple) else (known,))


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What day it is: a test may turn the page of the calendar."""

    def turn(to: str) -> None:
        monkeypatch.setattr("vigkit.steps.answers.today", lambda: to)

    turn("2026-11-02")
    return turn


def mark(book: Casebook, id: str, start: float = 1, end: float = 3, **more: Any) -> Any:
    value = {"film": "snack", "start": start, "end": end} | more
    return steps.mark_moments(book, "01-snack", [say("moments", id, value=value)])


def test_a_first_question_begins_the_first_cycle(book: Casebook, tmp_path: Path, day: Any) -> None:
    fresh = steps.new(tmp_path / "fresh", code="S7")
    assert steps.next_cycle(fresh) == "01"
    stored = answer(fresh, ("cycle", "01"), [say("question", "words", value="How do I wait?")])
    assert stored["number"] == 1 and stored["began"] == "2026-11-02"
    assert json.loads((tmp_path / "fresh/cycles/01.json").read_text("utf-8")) == stored


def test_a_cycle_does_not_begin_without_its_question(tmp_path: Path) -> None:
    fresh = steps.new(tmp_path / "fresh", code="S7")
    before = tree_hash(tmp_path)
    with pytest.raises(BadRecord, match="question"):
        answer(fresh, ("cycle", "01"), [say("goals", "g1", "words", value="wait")])
    with pytest.raises(NothingAsked):
        steps.begin(fresh)
    assert tree_hash(tmp_path) == before


def test_todays_question_is_changed_and_those_of_other_days_stay(book: Casebook, day: Any) -> None:
    first = "How do I give C1 time to begin?"
    answer(book, CYCLE, [say("question", "words", value="How do I wait?", known=first)])
    answer(book, CYCLE, [say("question", "agreed_with", value="V1")])
    answer(book, CYCLE, [say("question", "words", value="How do I wait longer?", known="How do I wait?")])
    day("2026-11-05")
    answer(book, CYCLE, [say("question", "words", value="And now?", known="How do I wait longer?")])
    assert steps.read(book, CYCLE)["question"] == [
        {"words": first},
        {"words": "How do I wait longer?", "agreed_with": "V1", "on": "2026-11-02"},
        {"words": "And now?", "on": "2026-11-05"},
    ]


def test_a_rating_is_one_a_day(book: Casebook, day: Any) -> None:
    answer(book, CYCLE, [say("goals", "g1", "words", value="I wait"), say("goals", "g1", "now", value=3)])
    answer(book, CYCLE, [say("goals", "g1", "now", value=0, known=3)])
    day("2026-11-09")
    assert steps.value_at(steps.read(book, CYCLE), "cycle", ("goals", "g1", "now")) is None
    answer(book, CYCLE, [say("goals", "g1", "now", value=5)])
    [goal] = steps.read(book, CYCLE)["goals"]
    assert goal["ratings"] == [{"on": "2026-11-02", "now": 0}, {"on": "2026-11-09", "now": 5}]
    answer(book, CYCLE, [say("goals", "g1", "now", value=None, known=5)])
    assert len(steps.read(book, CYCLE)["goals"][0]["ratings"]) == 1
    with pytest.raises(BadRecord, match="0 to 10"):
        answer(book, CYCLE, [say("goals", "g1", "now", value=11)])


def test_a_consent_after_one_that_was_taken_back_is_a_new_one(book: Casebook) -> None:
    person = ("consent", "C1")
    answer(book, person, [say("withdrawn", value="2026-11-03")])
    answer(book, person, [say("purposes", value=["peers"]), say("given", value="2026-11-20")])
    first, second = steps.read(book, person)["consents"]
    assert first["withdrawn"] == "2026-11-03"
    assert second == {"given": "2026-11-20", "purposes": ["peers"]}


def test_another_answer_is_never_overwritten_unseen(book: Casebook) -> None:
    answer(book, CYCLE, [say("working_point", value="Wait longer")])
    before = tree_hash(book.folder)
    with pytest.raises(AnsweredElsewhere) as caught:
        answer(book, CYCLE, [say("working_point", value="Smile")])
    assert caught.value.theirs == "Wait longer"
    assert tree_hash(book.folder) == before
    answer(book, CYCLE, [say("working_point", value="Smile", known=(None, "Wait longer"))])
    assert steps.read(book, CYCLE)["working_point"] == "Smile"


def test_the_same_answer_twice_is_given_once(book: Casebook) -> None:
    mark(book, "mabc")
    steps.mark_moments(book, "01-snack", [say("moments", "mabc", "saw", value="C1 looks up")])
    before = tree_hash(book.folder)
    mark(book, "mabc")  # the message came in a second time, and more has been said since
    steps.mark_moments(book, "01-snack", [say("moments", "mabc", "saw", value="C1 looks up")])
    assert tree_hash(book.folder) == before


def test_all_answers_of_a_message_or_none(book: Casebook) -> None:
    mark(book, "m1")
    before = tree_hash(book.folder)
    edges = [say("moments", "m1", "start", value=2, known=1), say("moments", "m1", "end", value=500, known=3)]
    with pytest.raises(MomentOutsideFilm):
        steps.mark_moments(book, "01-snack", edges)
    assert tree_hash(book.folder) == before
    moved = [say("moments", "m1", "start", value=4, known=1), say("moments", "m1", "end", value=6, known=3)]
    [moment] = steps.mark_moments(book, "01-snack", moved).moments
    assert (moment.start, moment.end) == (4, 6)


def test_a_moment_goes_and_comes_back_where_it_was(book: Casebook) -> None:
    for n, id in enumerate(("m1", "m2", "m3")):
        mark(book, id, start=n, end=n + 1)
    whole = steps.value_at(steps.read(book, CYCLE), "cycle", ("moments", "m2"))
    steps.mark_moments(book, "01-snack", [say("moments", "m2", value=None, known=whole)])
    assert [m.id for m in book.cycle("01-snack").moments] == ["m1", "m3"]
    steps.mark_moments(book, "01-snack", [say("moments", "m2", value=whole)])
    assert {m.id for m in book.cycle("01-snack").moments} == {"m1", "m2", "m3"}


def test_a_film_that_came_in_by_a_mark_goes_with_its_last_moment(book: Casebook, small_film: Path) -> None:
    steps.add_film(book, small_film, people=["S1"], id="park")
    steps.add_film(book, small_film, people=["S1"], id="page2")
    answer(book, CYCLE, [say("films", value=["page2"])])  # as page 2 does
    path = book.folder / "cycles/01-snack.json"
    first, brought = path.read_bytes(), set[str]()

    def put(id: str, value: Any, known: Any = None) -> tuple[str, ...]:
        answers = [say("moments", id, value=value, known=known)]
        return steps.mark_moments(book, "01-snack", answers, brought).films

    wrong = {"id": "m1", "film": "park", "start": 1, "end": 2}
    second = wrong | {"id": "m2"}
    own = wrong | {"id": "m3", "film": "page2"}
    assert put("m1", wrong) == put("m2", second) == put("m3", own) == ("page2", "park")
    assert put("m1", None, wrong) == ("page2", "park")
    assert put("m2", None, second) == ("page2",) and brought == set()
    assert put("m2", second) == ("page2", "park")  # done again, and undone to the beginning
    assert put("m2", None, second) == put("m3", None, own) == ("page2",)
    assert path.read_bytes() == first


def test_a_film_that_somebody_else_has_put_into_a_cycle_stays(book: Casebook) -> None:
    mark(book, "m1")
    whole = steps.value_at(steps.read(book, CYCLE), "cycle", ("moments", "m1"))
    away = [say("moments", "m1", value=None, known=whole)]
    assert steps.mark_moments(book, "01-snack", away, set()).films == ("snack",)


def test_marking_gives_the_same_record_as_putting_it_whole(book: Casebook, tmp_path: Path) -> None:
    mark(book, "m1", saw="C1 looks up", principles=["EN1"], share=["supervision"])
    record = steps.show(book, "01-snack")
    steps.put(book, "cycle", record)
    assert steps.show(book, "01-snack") == record


def test_what_cannot_be_is_refused_and_changes_nothing(book: Casebook) -> None:
    before = tree_hash(book.folder)
    for value, error in (
        ({"film": "other", "start": 1, "end": 2}, UnknownFilm),
        ({"film": "snack", "start": 2, "end": 1}, MomentOutsideFilm),
        ({"film": "snack", "start": "soon", "end": 1}, BadRecord),
        ({"film": "snack", "start": 1, "end": 2, "principles": ["XX9"]}, Exception),
    ):
        with pytest.raises(error):
            steps.mark_moments(book, "01-snack", [say("moments", "m1", value=value)])
    for record in (("film", "none"), ("cycle",), ("nothing", "x"), ("consent", "../x"), ("note", "01-snack")):
        with pytest.raises((BadUsage, BadRecord)):
            answer(book, record, [say("notice", value="x")])
    assert tree_hash(book.folder) == before


def test_no_moment_is_marked_on_a_film_that_was_taken_back(book: Casebook) -> None:
    mark(book, "m1")
    answer(book, ("consent", "C1"), [say("withdrawn", value="2026-11-03")])
    with pytest.raises(ConsentWithdrawn):
        mark(book, "m2")
    whole = steps.value_at(steps.read(book, CYCLE), "cycle", ("moments", "m1"))
    steps.mark_moments(book, "01-snack", [say("moments", "m1", value=None, known=whole)])  # it may go
    assert not book.cycle("01-snack").moments


def test_what_a_film_is_cannot_be_answered(book: Casebook) -> None:
    before = steps.read(book, ("film", "snack"))
    answer(
        book,
        ("film", "snack"),
        [say("activity", value="A snack"), say("seconds", value=1, known=before["seconds"])],
    )
    after = steps.read(book, ("film", "snack"))
    assert after == before | {"activity": "A snack"}


def test_the_next_cycle_takes_question_and_goals_along_and_no_rating(book: Casebook, day: Any) -> None:
    answer(book, CYCLE, [say("goals", "g1", "words", value="I wait"), say("goals", "g1", "now", value=3)])
    assert steps.begin(book) == "02"
    stored = steps.read(book, ("cycle", "02"))
    assert stored["question"] == steps.read(book, CYCLE)["question"]
    assert stored["goals"] == [{"id": "g1", "words": "I wait"}]
    found = steps.newest(book)
    assert found is not None and found.id == "02"


def test_a_supervisors_words_go_into_a_file_of_their_own(book: Casebook) -> None:
    mark(book, "m1")
    cycle = book.folder.joinpath("cycles/01-snack.json").read_bytes()
    note = ("note", "01-snack", "V1")
    answer(book, note, [say("moments", "m1", "notice", value="You wait"), say("wonder", value="And C1?")])
    assert book.folder.joinpath("cycles/01-snack.json").read_bytes() == cycle
    stored = steps.read(book, note)
    assert stored["moments"] == [{"moment": "m1", "notice": "You wait"}]
    assert stored["read"] == book.cycle_hash("01-snack")


def test_words_on_a_moment_that_has_gone_do_not_stop_the_supervisor(book: Casebook) -> None:
    note = ("note", "01-snack", "V1")
    mark(book, "m1")
    mark(book, "m2", start=5, end=6, share=["supervision"])
    answer(book, note, [say("moments", "m1", "notice", value="You wait")])
    cycle = steps.show(book, "01-snack")
    steps.put(book, "cycle", cycle | {"moments": cycle["moments"][1:]})
    answer(book, note, [say("moments", "m2", "notice", value="C1 answers")])
    assert [m["notice"] for m in steps.read(book, note)["moments"]] == ["You wait", "C1 answers"]
    shown = steps.plain(steps.bundle(book, book.contents(), "01-snack", "supervision", steps.today()))
    assert [m["moment"] for m in shown["notes"][0]["moments"]] == ["m2"]


def test_private_words_are_in_no_bundle(book: Casebook) -> None:
    mark(book, "m1", share=["supervision"])
    answer(book, ("private", "01-snack"), [say("affects_me", value="It moved me to tears")])
    assert steps.read(book, ("private", "01-snack"))["affects_me"] == "It moved me to tears"
    shown = steps.bundle(book, book.contents(), "01-snack", "supervision", steps.today())
    assert "tears" not in json.dumps(steps.plain(shown))


def test_where_it_was_left_is_in_no_bundle(book: Casebook) -> None:
    answer(book, CYCLE, [say("left_on", value="3-moments"), say("talk_first", value="2026-11-02")])
    shown = steps.plain(steps.bundle(book, book.contents(), "01-snack", "supervision", steps.today()))
    assert not {"left_on", "talk_first"} & set(shown["cycle"])


def test_two_windows_that_write_at_once_lose_nothing(book: Casebook) -> None:
    books = [Casebook(book.folder) for _ in range(4)]

    def write(n: int) -> None:
        for k in range(10):
            mark(books[n], f"w{n}k{k}", start=k, end=k + 1)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.cycle("01-snack").moments) == 40
