"""Page 7: first and last film, goals over time, counts with their n, the block of time (M05, M38)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import films
import pytest
from conftest import CYCLE, PERSON

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.pages import change
from vigkit.pages.cards import Cards
from vigkit.pages.desk import Desk
from vigkit.steps import Answer

PARTS = (change.first_and_last, change.goal_lines, change.counts, change.turns, change.block)
MEASURED = ("%", "score", " p ", "average", "mean", "rank", "better than others")


@pytest.fixture(autouse=True)
def no_widget_is_left() -> Iterator[None]:
    yield
    import ipywidgets

    ipywidgets.Widget.close_all()


def moment(number: int, film: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"id": f"m{number}", "film": film, "start": start, "end": end, **more}


def goal(ratings: dict[str, float], **more: Any) -> dict[str, Any]:
    return {
        "id": "g1",
        "words": "I wait",
        "ratings": [{"on": d, "now": n} for d, n in ratings.items()],
        **more,
    }


@pytest.fixture
def two(book: Casebook, tmp_path: Path) -> Casebook:
    """A casebook with a second film of 10 seconds and a second cycle."""
    film = films.make(tmp_path / "cup.mp4", 250, rate="25")
    steps.add_film(book, film, people=["S1", "C1"], id="cup", filmed="2026-03-02", activity="Cup")
    turns = [{"who": "C1", "act": "initiative"}, {"who": "S1", "act": "reception"}]
    first = [
        moment(1, "snack", 2, 6.6, principles=["RE1"], better="I wait for C1", turns=turns),
        moment(2, "snack", 10, 12, principles=["AT1", "EN1"], chosen=1, better="C1 begins"),
    ]
    last = [moment(1, "cup", 8, 9, better="We laugh")]
    shown = {"goals": [goal({"2026-01-13": 3, "2026-01-20": 4}, hoped=8)], "working_point": "More pauses"}
    steps.put(book, "cycle", CYCLE | {"films": ["snack"], "moments": first, **shown})
    second = {"id": "02-cup", "number": 2, "question": [{"words": "And now?"}], "films": ["cup"]}
    goals = [goal({"2026-03-02": 7}, words="I wait long enough")]
    steps.put(book, "cycle", CYCLE | second | {"moments": last, "goals": goals})
    return book


def desk(book: Casebook, cycle: str | None = None) -> Desk:
    return Desk.open("7-change", book.folder, cycle)


def deck_of(widget: Any) -> Cards:
    found = widget if isinstance(widget, Cards) else widget.children[0]
    assert isinstance(found, Cards)
    return found


def asks(widget: Any) -> dict[str, dict[str, Any]]:
    """The cards of a part, by id, those inside others too."""

    def each(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for ask in found:
            yield ask
            yield from each(ask.get("asks", []))

    return {ask["id"]: ask for ask in each(deck_of(widget).load()["deck"]["asks"])}


def told(widget: Any, message: dict[str, Any]) -> dict[str, Any]:
    """What a part answers to the browser."""
    sent: list[dict[str, Any]] = []
    deck = deck_of(widget)
    deck.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    deck.receive({"to": 1, **message})
    return next(each for each in sent if each.get("to") == 1)


def until(there: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
    return found


# --- First and last --------------------------------------------------------------------------------------


def test_both_films_show_a_window_of_the_same_length_and_the_words_of_their_time(two: Casebook) -> None:
    found = asks(change.first_and_last(desk(two)))
    first, last = found["first-clip"], found["last-clip"]
    assert (first["start"], first["end"]) == (10, 12)  # the moment that was chosen
    assert (last["start"], last["end"]) == (8, 10)
    assert first["film"] is None  # no lab has started this: the browser says so
    assert found["first-better"]["answers"] == ["C1 begins"]
    assert found["first-question"]["answers"] == ["How do I give C1 time to begin?"]
    assert found["last-question"]["answers"] == ["And now?"]
    assert found["first-point"]["answers"] == ["More pauses"] and found["last-point"]["answers"] == [None]
    assert "2 March 2026" in found["last-clip"]["words"][0]


def test_the_window_lies_inside_both_films(two: Casebook) -> None:
    moments = [moment(1, "snack", 0, 19), moment(2, "cup", 9.5, 10)]
    steps.put(two, "cycle", CYCLE | {"films": ["snack", "cup"], "moments": moments})
    seen, _ = change.films(desk(two, "01-snack"))
    seconds = change.same_window(seen)
    assert seconds == pytest.approx(10, abs=0.1)
    clips = [a for a in asks(change.first_and_last(desk(two, "01-snack"))).values() if a["kind"] == "clip"]
    for clip, each in zip(clips, seen, strict=True):
        assert 0 <= clip["start"] < clip["end"] <= each.film.seconds + 1e-9
        assert clip["end"] - clip["start"] == pytest.approx(seconds)


def test_an_earlier_cycle_does_not_look_ahead(two: Casebook) -> None:
    found = asks(change.first_and_last(desk(two, "01-snack")))
    assert "first-clip" in found and "last-clip" not in found
    assert found["second"]["label"] == "Your second film will stand here"


def test_a_film_taken_back_is_left_out_with_its_sentence(two: Casebook) -> None:
    consents: Any = PERSON["consents"]
    steps.put(
        two,
        "consent",
        PERSON | {"person": "C1", "consents": [{**consents[0], "withdrawn": "2026-02-01"}]},
    )
    found = asks(change.first_and_last(desk(two)))
    assert "first-clip" not in found
    assert len(found["gone"]["words"]) == 2 and "was taken back" in found["gone"]["words"][0]
    assert "flat" not in asks(change.block(desk(two)))


def test_a_film_of_a_shared_review_is_none_of_the_two(two: Casebook) -> None:
    steps.answer(two, ("film", "cup"), [Answer(path=("kind",), value="shared-review", known=("practice",))])
    assert [each.film.id for each in change.films(desk(two))[0]] == ["snack"]


# --- Goals -----------------------------------------------------------------------------------------------


def test_a_goal_is_followed_over_the_cycles_in_a_line_and_a_table(two: Casebook) -> None:
    found = asks(change.goal_lines(desk(two)))
    assert found["goal-1"]["own"] == "I wait long enough"
    assert found["line-1"]["svg"].count("<circle") == 3
    assert found["line-1"]["words"] == ["You saw yourself at 3 of 10 at first, and at 7 of 10 last."]
    assert found["table-1"]["rows"] == [
        ["1", "13 January 2026", "3 of 10", "I wait"],
        ["1", "20 January 2026", "4 of 10", "I wait"],
        ["2", "2 March 2026", "7 of 10", "I wait long enough"],
    ]


def test_the_words_of_a_goal_are_not_said_again_where_they_stayed(two: Casebook) -> None:
    found = asks(change.goal_lines(desk(two, "01-snack")))
    assert found["table-1"]["head"] == ["Cycle", "Day", "Where I was"]
    assert {len(row) for row in found["table-1"]["rows"]} == {3}


def test_a_goal_that_was_set_aside_and_one_without_ratings_stand_there_too(two: Casebook) -> None:
    cycle = json.loads(two.folder.joinpath("cycles/02-cup.json").read_text("utf-8"))
    steps.put(two, "cycle", cycle | {"goals": [{"id": "g2", "words": "I look up"}]})
    found = asks(change.goal_lines(desk(two)))
    assert [found[f"goal-{n}"]["own"] for n in (1, 2)] == ["I look up", "I wait"]
    assert "will stand here" in found["rate-1"]["label"] and "line-2" in found


# --- Counts and turns ------------------------------------------------------------------------------------


def many(book: Casebook, count: int) -> None:
    moments = [moment(n, "snack", n, n + 1, principles=["RE1", "RE2"][: n % 3]) for n in range(1, count + 1)]
    steps.put(book, "cycle", CYCLE | {"films": ["snack"], "moments": moments})


def test_counts_say_n_and_when_they_are_too_few(two: Casebook) -> None:
    found = asks(change.counts(desk(two)))
    words = " ".join(found["told"]["words"])
    assert "Too few to say" in words and "2 and 1" in words and "from 5 moments" in words
    assert found["levels"]["head"] == ["Principles", "First film", "Last film"]
    assert ["Receiving initiatives", "1 of 2 moments", "not marked"] in found["levels"]["rows"]
    assert ["No principle named yet", "not marked", "1 of 1 moment"] in found["levels"]["rows"]
    many(two, 6)
    assert "Too few" in " ".join(asks(change.counts(desk(two)))["told"]["words"])  # the other has one


def test_enough_moments_are_counted_without_a_verdict(two: Casebook) -> None:
    many(two, 6)
    cycle = json.loads(two.folder.joinpath("cycles/02-cup.json").read_text("utf-8"))
    moments = [moment(n, "cup", n, n + 1, principles=["RE1"]) for n in range(1, 6)]
    steps.put(two, "cycle", cycle | {"moments": moments})
    found = asks(change.counts(desk(two)))
    assert found["told"]["words"] == ["It counts the moments that you chose to mark, and not you."]
    assert found["levels"]["rows"][0] == ["Receiving initiatives", "4 of 6 moments", "5 of 5 moments"]


def test_turns_are_told_in_words_where_they_are_noted(two: Casebook) -> None:
    found = asks(change.counts(desk(two)))
    assert found["first-turns"]["rows"] == [["2", "C1 begins, S1 receives"]]
    assert "last-turns" not in found
    assert set(asks(change.turns(desk(two)))) == {"first-turns"}
    many(two, 2)
    assert not asks(change.turns(desk(two)))


# --- The block -------------------------------------------------------------------------------------------


def ready(widget: change.Block) -> dict[str, dict[str, Any]]:
    return dict(until(lambda: found if "flat" in (found := asks(widget)) else None))


def test_the_picture_comes_by_itself_with_the_table_before_it(two: Casebook) -> None:
    widget = change.block(desk(two))
    first = asks(widget)
    assert "flat" not in first and first["facts"]["rows"][0][3] == "We laugh"
    assert "Looking through the film" in first["wait"]["words"][0]
    found = ready(widget)
    assert list(found) == ["flat", "facts", "turn"]
    assert "Moments: 1 from 0:08 to 0:09" in found["flat"]["svg"]
    assert found["turn"]["kind"] == "webgl" and "picture and the table" in found["turn"]["missing"]
    assert repr(widget) == "The film as a block of time. Open this page with vigkit lab to use it."


def test_the_numbers_are_those_of_the_log(two: Casebook) -> None:
    found = asks(change.block(desk(two, "01-snack")))
    assert [row[:2] for row in found["facts"]["rows"]] == [["1", "0:10 to 0:12"], ["2", "0:02 to 0:07"]]


def test_turning_puts_a_figure_below_and_says_so(two: Casebook) -> None:
    widget = change.block(desk(two))
    ready(widget)
    for _ in range(2):
        answer = told(widget, {"op": "do", "name": "turn", "given": {}})
        assert "It stands below" in answer["say"]
        _, buttons, held = widget.children[1].children
        assert type(held.children[0]).__name__ == "Figure"
    for button in buttons.children:
        button.click()
    assert "We laugh" not in repr(widget)


def test_where_it_cannot_be_loaded_a_sentence_says_so(two: Casebook, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = change.block(desk(two))
    ready(widget)
    monkeypatch.setitem(sys.modules, "ipyvolume", None)
    answer = told(widget, {"op": "do", "name": "turn", "given": {}})
    assert "not installed" in answer["problem"]["sentence"]


def test_a_film_that_has_gone_leaves_the_table_and_a_sentence(two: Casebook) -> None:
    two.folder.joinpath("films/cup.mp4").unlink()
    widget = change.block(desk(two))
    found = until(lambda: a if "is not there" in (a := asks(widget))["wait"]["words"][0] else None)
    assert found["facts"]["rows"]
    answer = told(widget, {"op": "do", "name": "turn", "given": {}})
    assert "is not there" in answer["problem"]["sentence"]


# --- Everything ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_every_part_stands_with_little_or_nothing(part: Any, tmp_path: Path, book: Casebook) -> None:
    fresh = steps.new(tmp_path / "fresh")
    for each in (desk(fresh), desk(book)):
        answer = told(part(each), {"op": "load"})
        assert "problem" not in answer
        json.dumps(answer)
        texts = json.dumps(answer["deck"])
        assert part is change.turns or "stand" in texts or "clip" in texts


@pytest.mark.parametrize("part", PARTS)
def test_no_part_measures_a_person(part: Any, two: Casebook) -> None:
    widget = part(desk(two))
    if part is change.block:
        ready(widget)
    found = [{k: v for k, v in ask.items() if k != "svg"} for ask in asks(widget).values()]
    assert not [word for word in MEASURED if word in json.dumps(found).lower()]


def test_nothing_of_it_is_loaded_before_it_is_turned() -> None:
    look = "import sys, vigkit.pages.change; print('ipyvolume' in sys.modules, 'numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False False"
