"""The exercise on the drawn films: kind words at once, nothing counted or kept; two versions of one."""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from conftest import ROOT, told, tree_hash
from test_cli import Run
from test_words import found

from vigkit import content, pages, steps
from vigkit.casebook import Casebook
from vigkit.demo import lives
from vigkit.errors import BadUsage
from vigkit.pages.desk import Desk
from vigkit.pages.spot import AFTER, BEFORE, SCENES, WAYS, Drawn, Spot, drawn_films

NAME = "1-spot-the-initiative"
SOURCE = ROOT / "exercises" / f"{NAME}.ipynb"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> Path:
    """A demonstration of two people, one for each film."""
    folder = tmp_path_factory.mktemp("exercises") / "people"
    lives.live(folder, people=2, drawn=drawn)
    return folder


@pytest.fixture(scope="module")
def films(people: Path) -> list[Drawn]:
    return drawn_films(people)


@pytest.fixture
def exercise(people: Path, films: list[Drawn]) -> Iterator[Spot]:
    import ipywidgets

    yield Spot(Desk.open(NAME, people / "S1-teacher"), films)
    ipywidgets.Widget.close_all()


def asked(exercise: Spot, op: str, **more: Any) -> dict[str, Any]:
    """What the page hears when it asks."""
    heard: list[dict[str, Any]] = []
    exercise.send = lambda content, buffers=None: heard.append(content)  # type: ignore[method-assign]
    exercise.receive({"to": 1, "op": op, **more})
    [answer] = heard
    json.dumps(answer, allow_nan=False)
    return answer


def true(drawn: Path, scene: str) -> list[dict[str, Any]]:
    """The initiatives of a film as the drawing wrote them down."""
    events = json.loads(drawn.joinpath(f"{scene}.json").read_text("utf-8"))["events"]
    return [e for e in events if (e["who"], e["act"]) == ("partner", "initiative")]


# --- One press -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", ["snack", "care"])
def test_a_press_while_something_begins_is_met_with_what_it_is(
    scene: str, drawn: Path, exercise: Spot
) -> None:
    known = true(drawn, scene)
    assert len(known) >= 8
    for event, following in zip(known, [*known[1:], None], strict=True):
        latest = event["end"] + AFTER
        if following and following["start"] <= latest:  # the next one has begun by then, and is meant
            latest = following["start"] - 0.04
        for at in (event["start"], event["start"] + 0.3, latest):
            answer = asked(exercise, "spotted", film=scene, at=at)
            assert answer["found"]["what"] == event["what"], at
            whole = int(event["start"])
            assert answer["sentence"] == f"Yes, at {whole // 60}:{whole % 60:02d}. {event['what']}"


def test_who_watches_again_may_be_early(exercise: Spot) -> None:
    [first, *_] = exercise.films["snack"].initiatives
    assert (
        asked(exercise, "spotted", film="snack", at=first.start - BEFORE + 0.01)["found"]["id"]
        == first.number
    )
    assert "found" not in asked(exercise, "spotted", film="snack", at=first.start - BEFORE - 0.01)


def test_a_smile_that_answers_is_not_taken_for_what_comes_next(exercise: Spot) -> None:
    """The child smiles at 4.64, and points at 5.32."""
    answer = asked(exercise, "spotted", film="snack", at=4.9)
    assert answer["sentence"] == "Look once more from 0:03: what is the child answering here?"


@pytest.mark.parametrize(
    ("scene", "at", "question"),
    [
        ("snack", 13.5, "Look once more from 0:10: who begins here, the child or the teacher?"),
        ("snack", 16.0, "Look once more from 0:12: what is the child answering here?"),
        ("snack", 37.8, "Look once more from 0:35: what do the child's eyes do?"),
        ("care", 17.0, "Look once more from 0:15: what does the older adult's face do?"),
        ("care", 60.5, "Look once more from 0:57: who begins here, the older adult or the care worker?"),
        ("snack", 3600, "Look once more from 59:58: what do the child's eyes, hands and voice do?"),
    ],
)
def test_any_other_press_gets_a_question(scene: str, at: float, question: str, exercise: Spot) -> None:
    answer = asked(exercise, "spotted", film=scene, at=at)
    assert answer["sentence"] == question
    assert 0 <= answer["from"] <= at


def test_whenever_one_presses_the_words_are_kind_and_give_nothing_away(exercise: Spot) -> None:
    for scene, film in exercise.films.items():
        whats = [turn.what for turn in film.turns]
        for tenth in range(-10, 660):
            answer = asked(exercise, "spotted", film=scene, at=tenth / 10)
            assert not found(answer["sentence"]), answer
            if "found" in answer:
                assert set(answer) == {"to", "found", "sentence"}
            else:
                assert set(answer) == {"to", "from", "sentence"} and answer["sentence"].endswith("?")
                assert not any(what in answer["sentence"] for what in whats)


def test_every_way_to_begin_has_its_words() -> None:
    from vigkit.cycle import MODALITIES

    assert set(WAYS) == set(MODALITIES)
    for way, question in WAYS.values():
        assert way and not found(question.format("the child"))


# --- What was noticed ------------------------------------------------------------------------------------


def test_what_was_noticed_is_told_again_and_the_rest_is_what_others_saw(exercise: Spot) -> None:
    one, two, *rest = exercise.films["snack"].initiatives
    again = asked(exercise, "spotted", film="snack", at=one.start, noticed=[one.number])
    assert again["sentence"] == f"You saw this one before, at 0:01. {one.what}"
    answer = asked(exercise, "all", film="snack", noticed=[two.number, one.number])
    assert [each["id"] for each in answer["noticed"]] == [one.number, two.number]
    assert [each["id"] for each in answer["others"]] == [each.number for each in rest]
    assert answer["words"] == "Each of these begins without a word."
    assert set(answer) == {"to", "noticed", "others", "words"}, "there is no number for anybody"


def test_python_remembers_nothing_and_writes_nothing(people: Path, exercise: Spot) -> None:
    before = tree_hash(people)
    asked(exercise, "load")
    for tenth in range(0, 640, 5):
        asked(exercise, "spotted", film="snack", at=tenth / 10, noticed=[1, 2, 3])
    assert not asked(exercise, "all", film="snack")["noticed"]
    assert tree_hash(people) == before
    state = json.dumps({k: v for k, v in exercise.get_state().items() if k not in ("_esm", "_css")})
    assert "child" not in state, "what happens in the films is no state of the page"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"at": None},
        {"at": "0:12"},
        {"at": math.nan},
        {"at": math.inf},
        {"film": "none", "at": 1},
        {"film": None, "at": 1},
        {"at": 1, "noticed": "many"},
        {"at": 1, "noticed": 7},
    ],
)
def test_whatever_a_browser_asks_gets_an_answer(more: dict[str, Any], exercise: Spot) -> None:
    answer = asked(exercise, "spotted", **{"film": "snack"} | more)
    assert answer.get("sentence") or answer["problem"]["sentence"]


# --- Where the films come from ---------------------------------------------------------------------------


def test_without_the_drawn_films_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="vigkit demo"):
        drawn_films(tmp_path)


def test_one_film_is_enough(people: Path, tmp_path: Path) -> None:
    shutil.copytree(people / "S1-teacher", tmp_path / "S1-teacher")
    shutil.copytree(people / "films", tmp_path / "films")
    assert [film.scene.name for film in drawn_films(tmp_path)] == ["snack"]


def test_a_film_that_has_gone_is_passed_by(people: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(people, tmp_path / "people"))
    [film, _] = drawn_films(folder)
    for path in film.book.folder.glob(f"films/{film.film}.mp4"):
        path.unlink()
    [other, _] = drawn_films(folder)
    assert other.film != film.film and other.turns == film.turns


def test_the_films_are_the_demonstrations_whatever_casebook_is_open(book: Casebook) -> None:
    exercise = pages.spot_the_initiative(book.folder)
    assert exercise.desk.book.folder != book.folder
    assert repr(exercise) == "Spot the initiative. Open this page with vigkit lab to use it."
    loaded = asked(exercise, "load")
    assert {each["name"] for each in loaded["films"]} <= {scene.name for scene in SCENES}
    assert all(each["film"] is None for each in loaded["films"]), "no server here, so no address"


# --- One source, two versions ----------------------------------------------------------------------------


def ids(page: bytes) -> list[str]:
    return [cell["id"] for cell in json.loads(page)["cells"]]


def test_a_participants_copy_has_everything_but_what_is_for_the_trainer() -> None:
    [source] = content.exercises(trainer=True).values()
    [copy] = content.exercises().values()
    assert ids(source) == ids(SOURCE.read_bytes())
    mine = [c for c in json.loads(source)["cells"] if "trainer" not in c["metadata"].get("tags", ())]
    assert json.loads(copy)["cells"] == mine
    assert 3 <= len(mine) < len(ids(source)) <= 15
    for event in exercise_answers(source):
        assert event not in copy.decode("utf-8")


def exercise_answers(page: bytes) -> list[str]:
    """What the tables of a page say that happens."""
    text = "\n".join("".join(cell["source"]) for cell in json.loads(page)["cells"])
    return [line.split(" | ")[1] for line in text.splitlines() if line.startswith("| ") and ":" in line]


@pytest.mark.parametrize("scene", ["snack", "care"])
def test_the_trainers_tables_tell_what_is_in_the_films(scene: str, drawn: Path) -> None:
    [cell] = [c for c in json.loads(SOURCE.read_bytes())["cells"] if c["id"] == f"answers-{scene}"]
    rows = [line for line in "".join(cell["source"]).splitlines() if line.startswith("| ") and ":" in line]
    expected = []
    for event in true(drawn, scene):
        whole = int(event["start"])
        expected.append(f"| {whole // 60}:{whole % 60:02d} | {event['what']} | {WAYS[event['how']][0]} |")
    assert rows == expected


def test_copies_are_made_once_and_never_over_what_somebody_changed(tmp_path: Path) -> None:
    folder = tmp_path / "workshop" / "day 1"
    for _ in range(2):
        assert steps.exercises(folder) == steps.Copied((f"{NAME}.ipynb",), ())
    path = folder / f"{NAME}.ipynb"
    path.write_text("mine", encoding="utf-8")
    assert steps.exercises(folder) == steps.Copied((), (f"{NAME}.ipynb",))
    assert path.read_text("utf-8") == "mine"
    trainers = f"{NAME}-for-trainers.ipynb"
    assert steps.exercises(folder, trainer=True) == steps.Copied((trainers,), ())
    assert ids(folder.joinpath(trainers).read_bytes()) == ids(SOURCE.read_bytes())
    assert sorted(p.name for p in folder.iterdir()) == [trainers, f"{NAME}.ipynb"]


def test_a_changed_copy_is_told(tmp_path: Path, vigkit: Run) -> None:
    tmp_path.joinpath(f"{NAME}.ipynb").write_text("mine", encoding="utf-8")
    run = vigkit("exercises", tmp_path, "--json")
    assert run.returncode == 1 and told(run)["result"]["kept"] == [f"{NAME}.ipynb"]
    assert "It stays." in vigkit("exercises", tmp_path).stdout


def test_an_exercise_comes_into_a_casebook_when_it_is_asked_for(tmp_path: Path) -> None:
    book = steps.new(tmp_path / "mine")
    folder = steps.open_pages(book, "1-goal")
    assert NAME not in book.pages
    for name in (NAME, f"{NAME}-for-trainers"):
        assert steps.open_pages(book, name) == folder
        assert name in book.pages
    assert not set(ids(folder.joinpath(f"{NAME}.ipynb").read_bytes())) & {"for-trainers", "answers"}


# --- In any order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cells_run_in_any_order_twice_and_without_the_first(seed: int, tmp_path: Path) -> None:
    """The parameters are as on every page, and this one does not need them: its films are always the same."""
    page: Any = nbformat.reads(SOURCE.read_text("utf-8"), as_version=4)
    first, *code = [cell for cell in page.cells if cell.cell_type == "code"]
    kept = {cell.id: cell.outputs[0]["data"]["text/plain"] for cell in code}
    order = code * 2
    random.Random(seed).shuffle(order)
    page.cells = [nbformat.from_dict(dict(cell)) for cell in ([first, *order] if seed % 2 else order)]
    for n, cell in enumerate(page.cells):
        cell.id = f"{cell.id}-{n}"
    nbclient.NotebookClient(page, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    for cell in page.cells[seed % 2 :]:
        [output] = cell.outputs
        assert output["data"]["text/plain"] == kept[cell.id.rpartition("-")[0]]
