"""Marking without a browser: what the part tells, what it keeps, and what it says when it cannot."""

from __future__ import annotations

import errno
import json
import re
import shutil
import subprocess
import sys
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import films
import pytest
from conftest import CYCLE, PERSON, ROOT
from filelock import FileLock
from test_bad_input import FULL, READ_ONLY, UNSHARE, mounts
from test_lab import until
from test_words import found

from vigkit import pages, records, steps
from vigkit.casebook import LOCK, Casebook
from vigkit.errors import FilmMissing
from vigkit.pages.annotate import Annotator
from vigkit.pages.desk import Desk
from vigkit.steps import Answer

__all__ = ["mounts"]  # a fixture
RECORD = ["cycle", "01-snack"]


@pytest.fixture(autouse=True)
def no_widget_is_left() -> Iterator[None]:
    yield
    import ipywidgets

    ipywidgets.Widget.close_all()
    pages._desks.clear()


class Window:
    """A window with the part in it: what it says to Python, and what it hears."""

    def __init__(self, book: Casebook | Path, **more: Any) -> None:
        folder = book.folder if isinstance(book, Casebook) else book
        self.part = Annotator(Desk.open("3-moments", folder), **more)
        self.heard: list[tuple[dict[str, Any], list[Any]]] = []
        self.part.send = lambda content, buffers=None: self.heard.append((content, buffers or []))
        self.number = 0

    def say(self, op: str, **more: Any) -> dict[str, Any]:
        self.number += 1
        self.part.receive({"to": self.number, "op": op, **more})
        return next(told for told, _ in self.heard if told.get("to") == self.number)

    def answer(self, *answers: dict[str, Any]) -> dict[str, Any]:
        return self.say("answer", record=RECORD, answers=list(answers))

    def mark(self, id: str = "mabcdefgh", **moment: Any) -> dict[str, Any]:
        value = {"id": id, "film": "snack", "start": 2.0, "end": 4.5} | moment
        return self.answer({"path": ["moments", id], "value": value, "known": [None]})

    def pushed(self, push: str) -> tuple[dict[str, Any], list[Any]]:
        found = until(lambda: next((each for each in self.heard if each[0].get("push") == push), None))
        assert isinstance(found, tuple)
        return found


def at(id: str, field: str, value: Any, *known: Any) -> dict[str, Any]:
    return {"path": ["moments", id, field], "value": value, "known": list(known or (None,))}


def stored(book: Casebook) -> list[dict[str, Any]]:
    return [steps.plain(m) for m in Casebook(book.folder).cycle("01-snack").moments]


# --- What is told ----------------------------------------------------------------------------------------


def test_it_tells_all_that_is_there(book: Casebook) -> None:
    steps.mark(book, "01-snack", film="snack", start=1, end=2, better="I wait")
    told = Window(book).say("load")
    assert told["record"] == RECORD and told["question"] == "How do I give C1 time to begin?"
    [moment], [film] = told["moments"], told["films"]
    assert (moment["better"], film["id"], film["people"]) == ("I wait", "snack", ("S1", "C1"))
    assert "file" not in film and str(book.folder) not in json.dumps(told)
    assert [level["level"] for level in told["principles"]] == ["1", "2", "3", "4", "5", "6", "review"]
    assert told["principles"][1]["principles"][0].keys() == {"id", "label", "see"}


def test_a_team_sees_its_own_words(book: Casebook) -> None:
    book.folder.joinpath("principles.csv").write_text("id,label\nEN1,Lets it come\n", encoding="utf-8")
    levels = Window(book).say("load")["principles"]
    assert levels[1]["principles"][0]["label"] == "Lets it come"


def test_where_nothing_can_be_marked_it_says_what_comes_first(tmp_path: Path) -> None:
    made = steps.new(tmp_path / "fresh", code="S1")
    told = Window(made).say("load")
    assert told["say"] == "Write your helping question first. It stands on page 1."
    steps.put(made, "cycle", CYCLE)
    told = Window(made).say("load")
    assert (told["say"], told["page"]) == ("Bring a film first. That is page 2.", "2-consent-and-film.ipynb")


def test_its_text_form_names_nobody(book: Casebook) -> None:
    assert repr(Window(book).part).startswith("Your film, and the moments that you mark on it")


def test_the_film_of_the_cycle_comes_first_then_the_newest_of_practice(
    book: Casebook, small_film: Path
) -> None:
    for id, kind, day in (("b", "practice", "2026-02-01"), ("review", "shared-review", "2026-03-01")):
        steps.add_film(book, small_film, people=["S1"], id=id, kind=kind, filmed=day)
    first = [f["id"] for f in Window(book).say("load")["films"]]
    assert first[0] == "b" and first[-1] == "review"
    steps.mark(book, "01-snack", film="snack", start=1, end=2)
    assert Window(book).say("load")["films"][0]["id"] == "snack"
    assert [f["id"] for f in Window(book, film="review").say("load")["films"]] == ["review"]


def test_the_times_of_all_pictures_go_over_exactly(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    assert window.say("film", film="snack")["proxy"] is False
    told, [times] = window.pushed("times")
    assert told["film"] == "snack" and array("d", times).tolist() == pytest.approx(
        [n / 25 for n in range(500)]
    )
    strip, buffers = window.pushed("strip")
    assert strip["every"] == 1 and len(buffers[0]) == 400 and buffers[1][:2] == b"\xff\xd8"
    window.pushed("looked")
    assert not [told for told, _ in window.heard if "problem" in told]


def test_a_film_that_a_browser_may_not_show_gets_a_copy(book: Casebook, tmp_path: Path) -> None:
    video = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", "log-level=none")
    films.make(tmp_path / "phone.mov", 60, video=(*video, "-pix_fmt", "yuv420p"))
    steps.add_film(book, tmp_path / "phone.mov", people=["S1"], id="phone")
    window = Window(book)
    window.say("load")
    window.say("film", film="phone")
    told, _ = window.pushed("playable")
    assert told["reason"] == "Your browser may not show this kind of film."
    assert steps.has_proxy(book, "phone") and window.say("film", film="phone")["proxy"] is True


def test_a_film_that_a_browser_does_not_show_gets_a_copy_all_the_same(book: Casebook) -> None:
    window = Window(book)
    assert "problem" not in window.say("unplayable", film="snack")
    told, _ = window.pushed("playable")
    assert told == {
        "push": "playable",
        "film": "snack",
        "reason": "Your browser does not show this film as it is.",
    }
    assert [w["part"] for w, _ in window.heard if w.get("push") == "working"][-1] <= 1
    refused = window.say("unplayable", film="snack", proxy=True)["problem"]
    assert refused["code"] == "film-unreadable" and "Your browser does not show it" in refused["sentence"]


def test_what_the_part_says_is_short_and_kind() -> None:
    script = (ROOT / "vigkit/pages/annotate.js").read_text(encoding="utf-8")
    code = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith(("//", "/*", "*")))
    said = set(re.findall(r'"([A-Z][a-z]*,? [^"\n]*)"', code))
    assert len(said) > 60 and "What is better than usual here?" in said
    assert not {text: what for text in said if (what := found(text))}


# --- What is kept ----------------------------------------------------------------------------------------


def test_a_mark_is_told_as_it_is_stored(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    told = window.mark(start=2.0004)
    assert told["moments"] == stored(book) and not told["foreign"] and told["gone"] == []
    assert told["moments"][0]["start"] == 2.0 and told["stored"] == told["moments"]


def test_a_mark_that_goes_over_twice_is_one(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    window.mark()
    assert "problem" not in Window(book).mark()
    assert len(stored(book)) == 1


def test_both_edges_are_moved_or_none(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    window.mark()
    told = window.answer(at("mabcdefgh", "start", 3.0, 2.0), at("mabcdefgh", "end", 90.0, 4.5))
    assert told["problem"]["code"] == "moment-outside-film" and stored(book)[0]["start"] == 2.0
    window.answer(at("mabcdefgh", "start", 3.0, 2.0), at("mabcdefgh", "end", 6.0, 4.5))
    assert (stored(book)[0]["start"], stored(book)[0]["end"]) == (3.0, 6.0)


def test_a_moment_is_deleted_and_brought_back_whole(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    whole = window.mark(better="I wait", principles=["EN1"], joy=True)["moments"][0]
    told = window.answer({"path": ["moments", "mabcdefgh"], "value": None, "known": [whole]})
    assert told["gone"] == ["mabcdefgh"] and not told["foreign"] and stored(book) == []
    window.answer({"path": ["moments", "mabcdefgh"], "value": whole, "known": [None]})
    assert stored(book) == [whole]


def test_words_of_any_kind_and_length_are_kept(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    window.mark()
    for words in ("שלום, she looks up 🙂", "Ω" * 100_000, "a\n\n  b", "<script>alert(1)</script>"):
        before = stored(book)[0].get("better")
        told = window.answer(at("mabcdefgh", "better", words, before))
        assert told["stored"] == [words] and stored(book)[0]["better"] == words


def test_what_was_written_before_is_not_written_otherwise(book: Casebook) -> None:
    """A moment among a thousand takes the texts of the others as they are; the file is the same."""
    moments = [
        {"id": f"m{n}", "film": "snack", "start": n / 10, "end": n / 10 + 1, "better": 'a\nb "c" ü 🙂'}
        | {"turns": [{"who": "C1", "act": "initiative", "new key": {"a": [1, {"b": None}]}}], "joy": True}
        for n in range(20)
    ]
    more = {"passed_over": "x\n  y", "a key of a newer version": [{"deep": "\n"}, []], "films": ["snack"]}
    steps.put(book, "cycle", CYCLE | more | {"moments": moments})
    window = Window(book)
    window.say("load")
    for n in range(3):
        window.mark(f"mnew{n}", better="x\ny")
        window.answer(at("m3", "better", f"{n}", moments[3]["better"] if n == 0 else f"{n - 1}"))
        text = book.folder.joinpath("cycles/01-snack.json").read_text(encoding="utf-8")
        assert text == records.text(json.loads(text))
        assert text == records.text(records.plain(Casebook(book.folder).cycle("01-snack")))


def test_what_is_new_among_what_is_known_is_looked_at(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    window.mark("mgood")
    refused = window.mark("mother", joy="very much")["problem"]
    assert refused["code"] == "bad-record" and [m["id"] for m in stored(book)] == ["mgood"]


def test_a_film_that_was_marked_by_mistake_leaves_no_trace(book: Casebook, small_film: Path) -> None:
    steps.add_film(book, small_film, people=["S1"], id="park")
    path = book.folder / "cycles/01-snack.json"
    first = path.read_bytes()
    window = Window(book)
    window.say("load")
    whole = window.mark(film="park")["moments"][0]
    window.mark("mother")
    window.answer({"path": ["moments", "mabcdefgh"], "value": None, "known": [whole]})
    assert Casebook(book.folder).cycle("01-snack").films == ("snack",)
    window.answer({"path": ["moments", "mother"], "value": None, "known": stored(book)})
    assert path.read_bytes() == first


# --- Two windows -----------------------------------------------------------------------------------------


def test_two_windows_keep_both_and_are_told(book: Casebook) -> None:
    one, other = Window(book), Window(book)
    for window in (one, other):
        window.say("load")
    one.mark("mone")
    told = other.mark("mother", start=6.0, end=8.0)
    assert told["foreign"] and {m["id"] for m in told["moments"]} == {"mone", "mother"}
    assert {m["id"] for m in stored(book)} == {"mone", "mother"}
    news = one.say("news")
    assert news["foreign"] and [m["id"] for m in news["moments"]] == ["mother"]
    assert not one.say("news")["foreign"]


def test_another_part_of_the_moment_that_has_changed_is_told(book: Casebook) -> None:
    one, other = Window(book), Window(book)
    one.mark()
    for window in (one, other):
        window.say("load")
    assert not one.answer(at("mabcdefgh", "better", "I wait"))["foreign"]
    told = other.answer(at("mabcdefgh", "why", "C1 begins"))
    assert told["foreign"] and told["moments"][0]["better"] == "I wait"


def test_other_words_in_the_same_place_stand_side_by_side(book: Casebook) -> None:
    one, other = Window(book), Window(book)
    one.mark()
    for window in (one, other):
        window.say("load")
    one.answer(at("mabcdefgh", "better", "I wait"))
    refused = other.answer(at("mabcdefgh", "better", "C1 looks up"))["problem"]
    assert (refused["code"], refused["theirs"]) == ("answered-elsewhere", "I wait")
    assert stored(book)[0]["better"] == "I wait"


def test_a_part_of_a_deleted_moment_is_no_new_moment(book: Casebook) -> None:
    one, other = Window(book), Window(book)
    whole = one.mark()["moments"][0]
    for window in (one, other):
        window.say("load")
    one.answer({"path": ["moments", "mabcdefgh"], "value": None, "known": [whole]})
    assert other.answer(at("mabcdefgh", "better", "I wait"))["problem"]["code"] == "unknown-moment"
    assert stored(book) == []


def test_another_part_of_the_page_is_not_another_window(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    window.part.desk.answer(RECORD, [Answer(path=("passed_over",), value="The spilt milk")])
    assert window.pushed("changed")[0]["record"] == RECORD
    assert not window.mark()["foreign"]


# --- What cannot be ----------------------------------------------------------------------------------------


def test_a_consent_that_was_taken_back_stops_film_and_mark(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    steps.put(book, "consent", PERSON | {"person": "C1", "consents": [{"withdrawn": "2026-03-01"}]})
    for told in (window.mark(), *(window.say(op, film="snack") for op in ("film", "news", "unplayable"))):
        assert told["problem"]["code"] == "consent-withdrawn" and "taken back" in told["problem"]["sentence"]
    assert stored(book) == []


GONE = pytest.mark.parametrize(
    ("change", "code"), [(Path.unlink, "film-missing"), (lambda p: p.write_bytes(b"x"), "film-changed")]
)


@GONE
def test_a_film_that_goes_while_it_is_shown_is_told_with_the_news(
    book: Casebook, change: Any, code: str
) -> None:
    window = Window(book)
    window.say("load")
    window.say("film", film="snack")
    window.pushed("looked")
    assert "problem" not in window.say("news", film="snack")
    change(book.folder / "films/snack.mp4")
    assert window.say("news", film="snack")["problem"]["code"] == code


def test_the_news_of_a_large_film_read_none_of_it(book: Casebook, monkeypatch: pytest.MonkeyPatch) -> None:
    film = book.folder / "films/snack.mp4"
    window = Window(book)
    window.say("load")
    monkeypatch.setattr("vigkit.casebook.LARGE", 1000)
    monkeypatch.setattr("vigkit.casebook._hashes", {})
    read: list[Path] = []
    monkeypatch.setattr("vigkit.files.sha256", lambda path: read.append(path) or "another")
    assert "problem" not in window.say("news", film="snack") and read == []  # not looked at yet
    window.part._looked_at.add("snack")
    Casebook(book.folder).remember(book.contents().films["snack"], film)
    assert "problem" not in window.say("news", film="snack") and read == []
    film.write_bytes(film.read_bytes() + b"more")
    assert window.say("news", film="snack")["problem"]["code"] == "film-changed" and read == []


@GONE
def test_a_film_that_is_gone_or_another_is_told(book: Casebook, change: Any, code: str) -> None:
    window = Window(book)
    window.say("load")
    change(book.folder / "films/snack.mp4")
    assert window.say("unplayable", film="snack")["problem"]["code"] == code
    window.say("film", film="snack")
    assert window.pushed("looked")[0]["problem"]["code"] == code


def test_a_newer_format_is_read_and_not_written(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    path = book.folder / "cycles/01-snack.json"
    path.write_text(json.dumps(CYCLE | {"format": 2}), encoding="utf-8")
    before = path.read_bytes()
    assert window.mark()["problem"]["code"] == "newer-format"
    assert path.read_bytes() == before
    assert Window(book).say("load")["record"] == RECORD


def test_a_folder_that_has_gone_is_told(book: Casebook, tmp_path: Path) -> None:
    window = Window(book)
    window.say("load")
    shutil.move(book.folder, tmp_path / "away")
    for told in (window.mark(), window.say("news"), window.say("load"), window.say("film", film="snack")):
        assert told["problem"]["code"] == "machine-failed"
        assert "The casebook's folder casebook is not where it was." in told["problem"]["sentence"]
        assert str(tmp_path) not in told["problem"]["sentence"]
    assert window.part.desk.reason(FilmMissing("snack")).sentence == told["problem"]["sentence"]
    assert not book.folder.exists()
    shutil.move(tmp_path / "away", book.folder)
    assert "problem" not in window.mark()


def test_a_folder_that_one_may_not_look_into_is_told(book: Casebook, monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(book)
    window.say("load")

    def refused(_folder: Path) -> bool:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr("vigkit.pages.desk.looks_like_one", refused)
    assert window.mark()["problem"]["code"] == "no-permission"


@pytest.mark.parametrize("broken", ['{"format": 1, "id": "01-snack" "number": 1}', '{"format": 1, "id": 7}'])
def test_a_cycle_that_cannot_be_read_is_told_in_words(book: Casebook, broken: str, vigkit: Any) -> None:
    window = Window(book)
    window.say("load")
    path = book.folder / "cycles/01-snack.json"
    path.write_text(broken, encoding="utf-8")
    alone = repr(pages.mark(book.folder))
    for told in (alone, *(w["problem"]["sentence"] for w in (window.mark(), window.say("load")))):
        assert told.startswith("The cycle 01-snack cannot be read, and nothing has been changed.")
        assert "older copy of cycles/01-snack.json" in told and "JSON" not in told
    assert path.read_text(encoding="utf-8") == broken
    shown = vigkit("show", book.folder, "01-snack")
    assert shown.returncode == 2 and "cycles/01-snack.json at " in shown.stderr


def test_what_cannot_be_answered_is_told_as_it_was(book: Casebook) -> None:
    window = Window(book)
    window.say("load")
    assert "joy: true or false" in window.mark(joy="very much")["problem"]["sentence"]


def test_whoever_waits_for_another_program_is_told(book: Casebook, monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(book)
    window.say("load")
    monkeypatch.setattr("vigkit.casebook.HELD", 0.1)
    with FileLock(book.folder / LOCK, thread_local=False):
        saving = threading.Thread(target=window.mark)
        saving.start()
        window.pushed("held")
        assert stored(book) == []
    saving.join(60)
    assert len(stored(book)) == 1


def test_whoever_waits_in_vain_is_told_too(book: Casebook, monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(book)
    window.say("load")
    monkeypatch.setattr("vigkit.casebook.WAIT", 0.1)
    with FileLock(book.folder / LOCK, thread_local=False):
        assert window.mark()["problem"]["code"] == "busy"


MARK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from test_annotate import Window
window = Window(Path("disk/casebook"))
window.say("load")
print(json.dumps(window.mark(better="a longer text " * 20_000)))
"""


@pytest.mark.parametrize(("mount", "code"), [(FULL, "disk-full"), (READ_ONLY, "no-permission")])
def test_a_disk_that_takes_nothing_is_told(mount: str, code: str, book: Casebook, mounts: None) -> None:
    home = book.folder.parent
    (home / "disk").mkdir()
    (home / "out").mkdir()
    (home / "out" / "mine.txt").write_text("kept", encoding="utf-8")
    script = f'{mount.format(kept="casebook")}; "$0" -c "$1" "$2"'
    done = subprocess.run(
        [*UNSHARE, "sh", "-ec", script, sys.executable, MARK, str(ROOT / "tests")],
        cwd=home,
        env={"PYTHONPATH": str(ROOT), "HOME": str(home), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    refused = json.loads(done.stdout)["problem"]
    assert refused["code"] == code and refused["sentence"].endswith(".")
