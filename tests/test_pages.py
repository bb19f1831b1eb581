"""Every part of every page: on an empty casebook and a full one, twice, in any order, no word lost."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from vigkit import pages, steps
from vigkit.casebook import Casebook
from vigkit.demo import lives
from vigkit.pages import goal, welcome
from vigkit.pages.cards import Cards
from vigkit.pages.desk import Desk
from vigkit.pages.end import Sentence, leave
from vigkit.render.kernel import OurKernel
from vigkit.steps import Answer

WORKBOOKS = sorted((ROOT / "workbooks").glob("*.ipynb"))
PARTS = [name for name, part in vars(pages).items() if getattr(part, "__name__", "") == "part"]
NAMELESS = ("<", "0x", "object at")


@pytest.fixture(autouse=True)
def no_widget_is_left() -> Iterator[None]:
    yield
    import ipywidgets

    ipywidgets.Widget.close_all()
    pages._desks.clear()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> Path:
    """The casebook of somebody in the demonstration."""
    return lives.live(tmp_path_factory.mktemp("pages") / "people", people=2, drawn=drawn)[1]


@pytest.fixture
def full(lived: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lived, tmp_path / "full"))


def parts_of(widget: Any) -> list[Cards]:
    """The decks in a part of a page."""
    if isinstance(widget, Cards):
        return [widget]
    return [deck for child in getattr(widget, "children", ()) for deck in parts_of(child)]


def said(deck: Cards, message: dict[str, Any]) -> dict[str, Any]:
    """What a deck answers to a message of the browser."""
    told: list[dict[str, Any]] = []
    deck.send = lambda content, buffers=None: told.append(content)  # type: ignore[method-assign]
    deck.receive({"to": 1, **message})
    [answer] = [each for each in told if each.get("to") == 1]
    return answer


def test_each_cell_of_a_workbook_calls_a_part_that_is_there() -> None:
    called = set()
    for path in WORKBOOKS:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code" and cell["id"] != "parameters":
                [line] = [line.strip() for line in cell["source"] if line.startswith("pages.")]
                called.add(line.removeprefix("pages.").removesuffix("(casebook, cycle)"))
    assert called <= set(PARTS)
    assert [path.stem for path in WORKBOOKS] == list(pages.PAGES)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_stands_on_an_empty_casebook(part: str, tmp_path: Path) -> None:
    book = steps.new(tmp_path / "fresh")
    for _ in range(2):
        widget = getattr(pages, part)(book.folder)
        assert repr(widget) and not any(sign in repr(widget) for sign in NAMELESS), repr(widget)
        for deck in parts_of(widget):
            answer = said(deck, {"op": "load"})
            assert "problem" not in answer, answer
            assert all({"id", "kind"} <= set(ask) for ask in answer["deck"]["asks"])


@pytest.mark.parametrize("part", PARTS)
def test_a_part_stands_on_a_full_casebook(part: str, full: Path) -> None:
    for cycle in (None, Casebook(full).cycles[0]):
        widget = getattr(pages, part)(full, cycle)
        assert not isinstance(widget, Sentence) or part == "film_of_a_review"
        assert not any(sign in repr(widget) for sign in NAMELESS)
        for deck in parts_of(widget):
            answer = said(deck, {"op": "load"})
            assert "problem" not in answer
            json.dumps(answer)


def test_where_there_is_no_casebook_a_sentence_stands(tmp_path: Path) -> None:
    told = pages.question(tmp_path / "nothing")
    assert isinstance(told, Sentence) and "casebook" in repr(told)
    assert "unknown" not in repr(pages.question(tmp_path / "nothing", "07"))


def test_the_casebook_around_the_notebook_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = steps.new(tmp_path / "mine")
    (book.folder / "workbooks").mkdir(exist_ok=True)
    monkeypatch.chdir(book.folder / "workbooks")
    assert Desk.open("1-goal").book.folder == book.folder


def test_the_first_answer_begins_a_cycle_and_the_other_parts_hear_of_it(tmp_path: Path) -> None:
    book = steps.new(tmp_path / "fresh")
    asked, goals = pages.question(book.folder), pages.goals(book.folder)
    told: list[Any] = []
    goals.send = lambda content, buffers=None: told.append(content)
    answers = [{"path": ["question", "words"], "value": "How?", "known": [None]}]
    answer = said(asked, {"op": "answer", "record": ["cycle", "01"], "answers": answers})
    assert answer == {"to": 1, "stored": ["How?"]}
    assert told == [{"push": "changed", "record": ["cycle", "01"]}]
    assert book.cycle("01").question[-1].words == "How?"


def test_what_cannot_be_saved_is_told_in_a_sentence(book: Casebook) -> None:
    deck = pages.goals(book.folder)
    answers = [{"path": ["goals", "g1", "now"], "value": 11, "known": [None]}]
    answer = said(deck, {"op": "answer", "record": ["cycle", "01-snack"], "answers": answers})
    assert answer["problem"]["code"] == "bad-record"
    shutil.rmtree(book.folder)
    answers = [{"path": ["goals", "g1", "now"], "value": 3, "known": [None]}]
    answer = said(deck, {"op": "answer", "record": ["cycle", "01-snack"], "answers": answers})
    assert answer["problem"]["sentence"] and "Traceback" not in json.dumps(answer)
    assert "problem" in said(deck, {"op": "no-such-thing"})
    assert "problem" in said(deck, {"op": "answer"})  # an older page


def test_a_fourth_goal_is_refused_in_words(book: Casebook) -> None:
    deck = goal.goals(Desk.open("1-goal", book.folder))
    for n in (1, 2, 3):
        deck.desk.answer(("cycle", "01-snack"), [Answer(path=("goals", f"g{n}", "words"), value=f"goal {n}")])
        told = said(deck, {"op": "do", "name": "more", "given": {}})
        assert ("problem" in told) == (n == 3)
    assert "at most 3" in told["problem"]["sentence"]


def test_it_comes_back_where_one_left(book: Casebook) -> None:
    desk = Desk.open("5-shared-review", book.folder)
    leave(desk)
    assert book.cycle("01-snack").today_enough == steps.today()
    page, why = welcome.what_comes_next(book.cycle("01-snack"), book.contents())
    assert page == "5-shared-review" and "left" in why


def test_what_comes_next_goes_through_all_pages(full: Path) -> None:
    book = Casebook(full)
    seen = {welcome.what_comes_next(book.cycle(c), book.contents())[0] for c in book.cycles}
    assert seen <= set(pages.PAGES)


def test_a_supervisor_writes_beside_and_sees_that_the_cycle_has_changed(full: Path) -> None:
    book = Casebook(full)
    deck = pages.read_logs(full, book.cycles[0])
    assert "problem" not in said(deck, {"op": "do", "name": "sign", "given": {"by": "V9"}})
    asks = said(deck, {"op": "load"})["deck"]["asks"]
    whole = next(a for a in asks if a["id"] == "note-notice")
    answers = [{"path": whole["path"], "value": "I notice calm", "known": [None]}]
    assert "problem" not in said(deck, {"op": "answer", "record": whole["record"], "answers": answers})
    note = json.loads(full.joinpath(f"notes/{book.cycles[0]}.V9.json").read_text("utf-8"))
    assert note["on"] == steps.today() and note["read"] == book.cycle_hash(book.cycles[0])
    steps.answer(
        book,
        ("cycle", book.cycles[0]),
        [Answer(path=("bring",), value="x", known=(book.cycle(book.cycles[0]).bring,))],
    )
    read = book.cycle_hash(book.cycles[0])
    answers = [{"path": ["wonder"], "value": "I wonder", "known": [None]}]
    assert "problem" not in said(deck, {"op": "answer", "record": whole["record"], "answers": answers})
    stored = json.loads(full.joinpath(f"notes/{book.cycles[0]}.V9.json").read_text("utf-8"))
    assert stored["read"] == note["read"] != read, "the log before the supervisor is the one from before"
    assert any(a["id"] == "changed" for a in said(deck, {"op": "load"})["deck"]["asks"])
    answers[0] |= {"value": "I wonder more", "known": ["I wonder"]}
    assert "problem" not in said(deck, {"op": "answer", "record": whole["record"], "answers": answers})
    assert steps.read(book, ("note", book.cycles[0], "V9"))["read"] == read


def test_what_a_supervisor_has_written_stands_on_the_practitioners_next_pages(full: Path) -> None:
    book = Casebook(full)
    first, last = book.cycles[0], [c for c in book.cycles if book.cycle(c).moments][-1]
    for by, words in (("V8", "I see the pause"), ("V9", "I see the nod")):
        steps.put(book, "note", {"format": 1, "cycle": last, "by": by, "notice": words})
    decks = (pages.question, pages.shared_review, pages.check_answers, pages.first_and_last)
    for make in decks:
        told = json.dumps(said(make(full, last), {"op": "load"}))
        assert "I see the pause" in told and "I see the nod" in told, make
        assert "I see the" not in json.dumps(said(make(full, first), {"op": "load"})), make
    assert "V8 and V9 have written to you" in json.dumps(said(pages.cycles(full), {"op": "load"}))
    steps.put(book, "note", {"format": 1, "cycle": book.cycles[-1], "by": "V8", "wonder": "And next?"})
    assert "And next?" in json.dumps(said(pages.question(full, steps.begin(book)), {"op": "load"}))
    for note in full.joinpath("notes").iterdir():
        note.unlink()
    steps.put(book, "note", {"format": 1, "cycle": first, "by": "V8", "notice": "I see the first film"})
    told = json.dumps(said(pages.question(full, book.cycles[-1]), {"op": "load"}))
    assert "I see the first film" in told, "however long ago the cycle was"


def test_cells_run_in_any_order_and_leave_no_word_in_the_notebook(full: Path, tmp_path: Path) -> None:
    """A page is run by papermill's own client, its cells shuffled; what a person wrote is not in the file."""
    import nbformat
    from nbclient import NotebookClient

    secret = json.loads(full.joinpath("cycles", f"{Casebook(full).cycles[0]}.json").read_text("utf-8"))[
        "question"
    ][-1]["words"]
    work = tmp_path / "work"
    work.mkdir()
    for seed, path in enumerate(WORKBOOKS):
        notebook = nbformat.read(path, as_version=4)
        first = [c for c in notebook.cells if c.id == "parameters"]
        first[0].source = f"casebook = {str(full)!r}\ncycle = {Casebook(full).cycles[0]!r}"
        rest = [c for c in notebook.cells if c.cell_type == "code" and c.id != "parameters"]
        random.Random(seed).shuffle(rest)
        twice = [nbformat.from_dict({**c, "id": f"{c.id}-again"}) for c in rest]
        notebook.cells = [*first, *rest, *twice]
        ours = OurKernel.in_folder(work)
        NotebookClient(notebook, timeout=120, kernel_manager_class=ours).execute()
        text = nbformat.writes(notebook)
        assert secret not in text, path.name
        assert '"output_type": "error"' not in text


def test_whoever_goes_on_is_not_led_back_for_ever(book: Casebook) -> None:
    desk = Desk.open("5-shared-review", book.folder)
    leave(desk)
    assert book.cycle("01-snack").left_on == "5-shared-review"
    desk.answer(("cycle", "01-snack"), [Answer(path=("working_point",), value="Wait")])
    now = book.cycle("01-snack")
    assert now.left_on is None and now.working_point == "Wait" and now.today_enough


def test_a_goal_before_the_question_is_told_where_to_begin(tmp_path: Path) -> None:
    book = steps.new(tmp_path / "fresh")
    answers = [{"path": ["goals", "g1", "words"], "value": "wait", "known": [None]}]
    answer = said(pages.goals(book.folder), {"op": "answer", "record": ["cycle", "01"], "answers": answers})
    assert answer["problem"]["code"] == "nothing-asked"
    assert "Nothing is written yet" in leave(Desk.open("1-goal", book.folder))["say"]


def test_another_goal_leads_to_its_card_and_no_empty_one_is_left_behind(book: Casebook) -> None:
    deck = pages.goals(book.folder)
    more = {"op": "do", "name": "more", "given": {}}
    assert said(deck, more)["at"] == "g1-words"
    deck.desk.answer(("cycle", "01-snack"), [Answer(path=("goals", "g1", "words"), value="wait")])
    assert said(deck, more)["at"] == "g2-words"
    assert said(deck, more)["at"] == "g2-words"
    asks = said(deck, {"op": "load"})["deck"]["asks"]
    assert "g2-words" in [a["id"] for a in asks] and "1 of at most 3" in asks[-1]["words"][0]


def test_a_supervisor_reads_a_pack(full: Path, tmp_path: Path, vigkit: Any) -> None:
    assert vigkit("pack", full, "-o", tmp_path / "logs").returncode in (0, 1)
    deck = pages.read_logs(full)
    opened = said(deck, {"op": "do", "name": "open", "given": {"other": str(tmp_path / "logs")}})
    assert "problem" not in opened
    asks = said(deck, {"op": "load"})["deck"]["asks"]
    assert any(a["kind"] == "frame" and "data-vk" in a["html"] for a in asks)
    missing = said(deck, {"op": "do", "name": "open", "given": {"other": str(tmp_path / "nothing")}})
    assert "casebook or pack" in missing["problem"]["sentence"]


def test_another_casebook_on_the_supervisors_table_changes_nothing_else(full: Path, book: Casebook) -> None:
    deck, other = pages.read_logs(full), pages.film_of_a_review(full)
    assert "problem" not in said(deck, {"op": "do", "name": "open", "given": {"other": str(book.folder)}})
    assert deck.desk.book.folder == book.folder
    assert other.desk.book.folder == full


def test_check_answers_shows_every_word(book: Casebook) -> None:
    fields = ("better", "why", "i_did", "they_did", "saw", "felt", "thought", "wished", "surprised")
    moment = {"film": "snack", "start": 1, "end": 3} | {name: f"the word {name}" for name in fields}
    steps.mark_moments(book, "01-snack", [Answer(path=("moments", "m1"), value=moment)])
    told = json.dumps(said(pages.check_answers(book.folder), {"op": "load"}))
    assert all(f"the word {name}" in told for name in fields)
