"""What people bring that cannot be used: a sentence, its code, its exit status, and nothing changed."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import CYCLE, PERSON, ROOT, told, tree_hash

from vigkit import steps
from vigkit.casebook import Casebook

# Nobody is called like this: whatever of it is shown has leaked.
SOMEBODY = "zaphodbeeblebrox"
LONG = "Ω" * 50_000 + "x" * 50_000
MARK = ["moment", "add", "book", "01-snack", "--film", "snack"]
GATE = ["--purpose", "supervision"]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, small_film: Path) -> Path:
    """A home folder with a casebook in it, and beside it everything that is wrong with a film or a record."""
    home = tmp_path_factory.mktemp("homes") / SOMEBODY
    home.mkdir()
    book = steps.new(home / "book", code="S1", id="S1-bad")
    steps.add_film(book, small_film, people=["S1", "C1"], id="snack")
    for person in ("S1", "C1"):
        steps.put(book, "consent", PERSON | {"person": person})
    steps.put(book, "cycle", CYCLE)
    steps.mark(book, "01-snack", film="snack", start=2, end=4, share=["supervision"])
    (home / "out").mkdir()
    (home / "out" / "mine.txt").write_text("kept", encoding="utf-8")
    whole = small_film.read_bytes()
    films = {
        "text.mp4": b"Dear diary, this is no film.",
        "empty.mp4": b"",
        "cut.mp4": whole[: len(whole) // 2],
        "page.mp4": b"#EXTM3U\n#EXTINF:10,\n/etc/hostname\n",
        "good.mp4": whole,
        "sound.mp4": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    }
    for name, data in films.items():
        (home / name).write_bytes(data)
    (home / "folder.mp4").mkdir()
    (home / "layout").mkdir()
    (home / "layout" / "log.ipynb").write_text("{}", encoding="utf-8")
    if hasattr(os, "mkfifo"):
        os.mkfifo(home / "pipe.mp4")
    return home


@pytest.fixture
def home(given: Path, tmp_path: Path) -> Path:
    """A copy of it for a test that brings a casebook into a state of its own."""
    return Path(
        shutil.copytree(given, tmp_path / SOMEBODY, ignore=shutil.ignore_patterns("pipe.mp4", "cache"))
    )


def environment(home: Path) -> dict[str, str]:
    """A person's own environment; the checkout's path is no secret of theirs."""
    here = dict.fromkeys(("USER", "LOGNAME", "USERNAME"), SOMEBODY) | {
        "HOME": str(home),
        "TMPDIR": str(home),
    }
    return os.environ | here | {"PYTHONPATH": str(ROOT)}


def tree(home: Path) -> str:
    """The hash of everything at home, names and bytes; a pipe has no bytes to wait for."""
    return tree_hash(home)


def run(words: list[Any], home: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Call the command line with whole paths, as a file manager or a script gives them."""
    places = {"book": str(home / "book"), "out": str(home / "out")}
    named = [places.get(str(w), str(w)) for w in words]
    return subprocess.run(
        [sys.executable, "-m", "vigkit", *(w.replace("HOME", str(home)) for w in named)],
        capture_output=True,
        encoding="utf-8",
        cwd=home.parent,
        env=environment(home),
        timeout=120,
        **{"stdin": subprocess.DEVNULL} | more,
    )


def shows_nothing_of_this_machine(text: str) -> None:
    """No home, no user, no path, no traceback."""
    assert SOMEBODY not in text and "Traceback" not in text
    assert str(ROOT) not in text and str(Path(sys.prefix)) not in text
    assert not re.search(r"(?<![\w<])/[a-z]+/|[A-Z]:\\", text), text


def refused(words: list[Any], code: str, home: Path, exit: int = 2, **more: Any) -> str:
    """The sentence of a refusal, once it is known to be as the contract says and to have changed nothing."""
    before = tree(home)
    answer = run([*words, "--json"], home, **more)
    assert tree(home) == before, "something on disk has changed"
    error = told(answer)["error"]
    assert (answer.returncode, error["code"]) == (exit, code), answer.stdout
    assert told(answer)["ok"] is False and answer.stdout.count("\n") == 1
    shows_nothing_of_this_machine(answer.stdout + answer.stderr)
    sentence = str(error["sentence"])
    assert sentence.endswith((".", '."')) and len(sentence) < 700
    assert re.search(r"[.:!] [A-Z]|^(Name|Choose) ", sentence), f"what to do next is missing: {sentence}"
    return sentence


# --- Times -----------------------------------------------------------------------------------------------

TIMES = {
    "before the film": ("-1", "2", "moment-outside-film"),
    "a thousandth before": ("-0.001", "2", "moment-outside-film"),
    "after the film": ("21", "22", "moment-outside-film"),
    "over its end": ("19", "20.5", "moment-outside-film"),
    "no time at all": ("3", "3", "moment-outside-film"),
    "no time at 0:00": ("0", "0", "moment-outside-film"),
    "backwards": ("5", "3", "moment-outside-film"),
    "back to 0:00": ("5", "0", "moment-outside-film"),
    "less than a thousandth": ("1.0001", "1.0002", "moment-outside-film"),
    "beyond all numbers": ("0", "1e308", "moment-outside-film"),
    "not a number": ("nan", "2", "bad-usage"),
    "for ever": ("0", "inf", "bad-usage"),
    "in words": ("now", "2", "bad-usage"),
    "as a clock": ("0:01", "0:02", "bad-usage"),
}


@pytest.mark.parametrize("when", TIMES)
def test_times_outside_the_film(when: str, given: Path) -> None:
    start, end, code = TIMES[when]
    sentence = refused([*MARK, f"--start={start}", f"--end={end}"], code, given)
    assert code == "bad-usage" or "0:00 and 0:20" in sentence or "after the start" in sentence


def test_0_00_is_a_start_like_any_other(home: Path) -> None:
    answer = told(run([*MARK, "--start", "0", "--end", "0.04", "--json"], home))
    assert (answer["result"]["start"], answer["result"]["end"]) == (0, 0.04)
    assert told(run([*MARK, "--start", "19", "--end", "20", "--json"], home))["ok"]


@pytest.mark.parametrize("at", ["-1", "1.999", "4", "21", "1e300"])
def test_a_picture_from_outside_its_moment(at: str, given: Path) -> None:
    words = ["film", "still", "book", "01-snack", "m1", "-o", "HOME/new.jpg", *GATE, f"--at={at}"]
    assert "0:02" in refused(words, "moment-outside-film", given)


# --- Names that nobody knows -----------------------------------------------------------------------------

SPAN = ["--start", "0", "--end", "1"]
UNKNOWN: dict[str, tuple[list[str], str]] = {
    "principle": ([*MARK, *SPAN, "--principle", "XX9"], "unknown-principle"),
    "second principle": ([*MARK, *SPAN, "--principle", "EN1", "--principle", "en1"], "unknown-principle"),
    "film": (["moment", "add", "book", "01-snack", "--film", "walk", *SPAN], "unknown-film"),
    "film like a path": (["moment", "add", "book", "01-snack", "--film", "../snack", *SPAN], "unknown-film"),
    "cycle": (["moment", "add", "book", "07-none", "--film", "snack", *SPAN], "unknown-cycle"),
    "cycle like a path": (["show", "book", "../casebook"], "unknown-cycle"),
    "cycle with a newline": (["show", "book", "01-snack\n"], "unknown-cycle"),
    "cycle to cut": (["film", "cut", "book", "07-none", "m1", "-o", "HOME/x.mp4", *GATE], "unknown-cycle"),
    "moment": (["film", "cut", "book", "01-snack", "m9", "-o", "HOME/x.mp4", *GATE], "unknown-moment"),
    "purpose": ([*MARK, *SPAN, "--share", "everybody"], "unknown-purpose"),
    "purpose of a cut": (
        ["film", "cut", "book", "01-snack", "m1", "-o", "HOME/x.mp4", "--purpose", "fun"],
        "unknown-purpose",
    ),
    "purpose of a still": (
        ["film", "still", "book", "01-snack", "m1", "-o", "HOME/x.jpg", "--purpose", "fun"],
        "unknown-purpose",
    ),
    "purpose of a bundle": (
        ["bundle", "book", "01-snack", "-o", "HOME/x.json", "--purpose", "fun"],
        "unknown-purpose",
    ),
    "purpose of a pack": (["pack", "book", "-o", "HOME/logs", "--purpose", "fun"], "unknown-purpose"),
    "purpose nobody agreed to": (
        ["film", "cut", "book", "01-snack", "m1", "-o", "HOME/x.mp4", "--purpose", "peers"],
        "consent-missing",
    ),
    "day before the consent": (
        ["film", "cut", "book", "01-snack", "m1", "-o", "HOME/x.mp4", *GATE, "--day", "2026-01-04"],
        "consent-missing",
    ),
    "moment not shared": (
        ["film", "cut", "book", "01-snack", "m1", "-o", "HOME/x.mp4", "--purpose", "own-reflection"],
        "not-shared",
    ),
    "casebook": (["show", "HOME/nowhere"], "not-a-casebook"),
    "casebook that is a file": (["show", "HOME/text.mp4"], "not-a-casebook"),
    "casebook to check": (["check", "HOME/nowhere"], "not-a-casebook"),
    "casebook to pack": (["pack", "HOME/nowhere", "HOME/out", "-o", "HOME/logs"], "not-a-casebook"),
    "pack over other things": (["pack", "book", "-o", "out"], "folder-not-empty"),
    "pack into a file": (["pack", "book", "-o", "HOME/text.mp4"], "folder-not-empty"),
    "pack into the casebook": (["pack", "book", "-o", "book"], "folder-not-empty"),
    "template": (["pack", "book", "-o", "HOME/logs", "--template", "out"], "template-failed"),
    "template that is none": (
        ["pack", "book", "-o", "HOME/logs", "--template", "HOME/layout"],
        "template-failed",
    ),
    "words nobody asked for": (["show", "book", "01-snack", "HOME/a", "HOME/b"], "bad-usage"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_names_that_nobody_knows(what: str, given: Path) -> None:
    words, code = UNKNOWN[what]
    assert not (given / "book" / "cache").exists(), (
        "no picture was made before, and none is made by a refusal"
    )
    try:
        refused(words, code, given)
    finally:
        shutil.rmtree(given / "book" / "cache", ignore_errors=True)


def test_no_pack_is_begun_where_there_is_no_casebook(given: Path) -> None:
    refused(["pack", "out", "-o", "HOME/logs"], "not-a-casebook", given)
    assert not (given / "logs").exists()


@pytest.mark.parametrize(
    "words",
    [["new", "book"], ["new", "out"], ["demo", "book"], ["new", "HOME/text.mp4"], ["demo", "HOME/text.mp4"]],
    ids=" ".join,
)
def test_the_same_folder_twice(words: list[str], given: Path) -> None:
    refused(words, "folder-not-empty", given)


# --- Films -----------------------------------------------------------------------------------------------

FILMS = {
    "text.mp4": "film-unreadable",
    "cut.mp4": "film-unreadable",
    "empty.mp4": "film-unreadable",
    "folder.mp4": "film-unreadable",
    "pipe.mp4": "film-unreadable",
    "page.mp4": "film-unreadable",
    "sound.mp4": "film-unreadable",
    "nowhere.mp4": "film-missing",
    "text.mp4/deeper.mp4": "film-missing",
}


@pytest.mark.parametrize("name", FILMS)
def test_films_that_are_none(name: str, given: Path) -> None:
    if not given.joinpath(name).exists() and FILMS[name] == "film-unreadable":
        pytest.skip("this system has no pipes with a name")
    refused(["film", "add", "book", f"HOME/{name}", "--people", "S1"], FILMS[name], given)
    refused(["film", "add", "book", f"HOME/{name}", "--people", "S1", "--refer"], FILMS[name], given)


FILM_WORDS: dict[str, tuple[list[str], str]] = {
    "an id that exists": (["--people", "S1", "--id", "snack"], "bad-record"),
    "an id that is a path": (["--people", "S1", "--id", "../snack"], "bad-record"),
    "an id that is too long": (["--people", "S1", "--id", "a" * 41], "bad-record"),
    "an id for a device": (["--people", "S1", "--id", "con"], "bad-record"),
    "an id that differs in capitals": (["--people", "S1", "--id", "Snack"], "bad-record"),
    "a person who is no code": (["--people", "S1,Anna Smith"], "bad-record"),
    "nobody": (["--people", ""], "bad-usage"),
    "a day that is none": (["--people", "S1", "--filmed", "yesterday"], "bad-usage"),
}


@pytest.mark.parametrize("what", FILM_WORDS)
def test_films_with_words_that_cannot_be(what: str, given: Path) -> None:
    words, code = FILM_WORDS[what]
    refused(["film", "add", "book", "HOME/good.mp4", *words], code, given)


def test_a_film_file_that_waits_for_its_record_is_not_overwritten(home: Path) -> None:
    """A sync client brings the film first and its record later."""
    (home / "book" / "films" / "walk.mp4").write_bytes(b"another film, on its way")
    refused(["film", "add", "book", "HOME/good.mp4", "--people", "S1", "--id", "walk"], "bad-record", home)


def test_a_clip_does_not_replace_the_film_that_it_is_cut_from(given: Path) -> None:
    film = "HOME/book/films/snack.mp4"
    refused(["film", "cut", "book", "01-snack", "m1", "-o", film, *GATE], "bad-usage", given)
    refused(["film", "still", "book", "01-snack", "m1", "-o", film, *GATE], "bad-usage", given)


# --- Records ---------------------------------------------------------------------------------------------

MOMENT = {"id": "m1", "film": "snack", "start": 0, "end": 1}
GOAL = {"id": "g1", "words": "To wait"}
TURN = {"who": "C1", "act": "initiative"}
NOTE = {"format": 1, "cycle": "01-snack", "by": "V1"}
RECORDS: dict[str, tuple[str, Any, str]] = {
    "nothing": ("cycle", "", "bad-record"),
    "a syntax error": ("cycle", '{"format": 1,\n "id": }', "bad-record"),
    "half a record": ("cycle", json.dumps(CYCLE)[:40], "bad-record"),
    "a list": ("cycle", "[]", "bad-record"),
    "a key twice": ("cycle", '{"format": 1, "id": "a", "id": "b"}', "bad-record"),
    "NaN": ("cycle", '{"format": 1, "number": NaN}', "bad-record"),
    "deep brackets": ("cycle", "[" * 100_000, "bad-record"),
    "a huge number": ("cycle", '{"format": 1, "number": ' + "9" * 10_000 + "}", "bad-record"),
    "no id": ("cycle", {"format": 1, "question": [{"words": "x"}]}, "bad-record"),
    "no format": ("cycle", {k: v for k, v in CYCLE.items() if k != "format"}, "bad-record"),
    "format in words": ("cycle", CYCLE | {"format": "1"}, "bad-record"),
    "format true": ("cycle", CYCLE | {"format": True}, "bad-record"),
    "format 0": ("cycle", CYCLE | {"format": 0}, "bad-record"),
    "format 2": ("cycle", CYCLE | {"format": 2}, "newer-format"),
    "format 2 of another shape": ("cycle", {"format": 2, "sheets": []}, "newer-format"),
    "format 99 consent": ("consent", PERSON | {"person": "C1", "format": 99}, "newer-format"),
    "no question": ("cycle", {"format": 1, "id": "02-x"}, "bad-record"),
    "no words in the question": ("cycle", CYCLE | {"question": [{"on": "2026-01-01"}]}, "bad-record"),
    "a question that is no list": ("cycle", CYCLE | {"question": "How?"}, "bad-record"),
    "an id with a path": ("cycle", CYCLE | {"id": "../../x"}, "bad-record"),
    "an id that is too long": ("cycle", CYCLE | {"id": "a" * 41}, "bad-record"),
    "an id that is very long": ("cycle", CYCLE | {"id": LONG}, "bad-record"),
    "an id with an umlaut": ("cycle", CYCLE | {"id": "käse"}, "bad-record"),
    "an id in other capitals": ("cycle", CYCLE | {"id": "01-SNACK"}, "bad-record"),
    "a number as words": ("cycle", CYCLE | {"situation": 7}, "bad-record"),
    "a fourth goal": ("cycle", CYCLE | {"goals": [{"id": f"g{n}"} for n in range(4)]}, "bad-record"),
    "a goal twice": ("cycle", CYCLE | {"goals": [GOAL, GOAL]}, "bad-record"),
    "a rating of 11": ("cycle", CYCLE | {"goals": [GOAL | {"ratings": [{"now": 11}]}]}, "bad-record"),
    "a rating of -1": ("cycle", CYCLE | {"goals": [GOAL | {"ratings": [{"now": -1}]}]}, "bad-record"),
    "hoped for 10.5": ("cycle", CYCLE | {"goals": [GOAL | {"hoped": 10.5}]}, "bad-record"),
    "a comfort of 11": ("cycle", CYCLE | {"review": {"comfort": 11}}, "bad-record"),
    "a moment twice": ("cycle", CYCLE | {"moments": [MOMENT, MOMENT]}, "bad-record"),
    "a moment of no film": ("cycle", CYCLE | {"moments": [MOMENT | {"film": "x"}]}, "unknown-film"),
    "a film that is none": ("cycle", CYCLE | {"films": ["x"]}, "unknown-film"),
    "a moment after the film": ("cycle", CYCLE | {"moments": [MOMENT | {"end": 99}]}, "moment-outside-film"),
    "a moment without time": ("cycle", CYCLE | {"moments": [MOMENT | {"end": 0}]}, "moment-outside-film"),
    "a start in words": ("cycle", CYCLE | {"moments": [MOMENT | {"start": "0:00"}]}, "bad-record"),
    "a principle that is none": (
        "cycle",
        CYCLE | {"moments": [MOMENT | {"principles": ["X"]}]},
        "unknown-principle",
    ),
    "a very long principle": (
        "cycle",
        CYCLE | {"moments": [MOMENT | {"principles": [LONG]}]},
        "unknown-principle",
    ),
    "a purpose that is none": ("cycle", CYCLE | {"moments": [MOMENT | {"share": ["x"]}]}, "unknown-purpose"),
    "a turn of somebody else": (
        "cycle",
        CYCLE | {"moments": [MOMENT | {"turns": [TURN | {"who": "C2"}]}]},
        "unknown-person",
    ),
    "a turn that is none": (
        "cycle",
        CYCLE | {"moments": [MOMENT | {"turns": [TURN | {"act": "smile"}]}]},
        "bad-record",
    ),
    "a turn after the film": (
        "cycle",
        CYCLE | {"moments": [MOMENT | {"turns": [TURN | {"start": 30}]}]},
        "moment-outside-film",
    ),
    "a review of no moment": ("cycle", CYCLE | {"review": {"clips": [{"moment": "m9"}]}}, "bad-record"),
    "a day that is none": ("cycle", CYCLE | {"began": "2026-02-30"}, "bad-record"),
    "half a letter": ("cycle", '{"format": 1, "id": "a", "situation": "\\ud83e"}', "bad-record"),
    "a consent of nobody": ("consent", {"format": 1, "consents": []}, "bad-record"),
    "a consent for fun": (
        "consent",
        PERSON | {"person": "C1", "consents": [{"purposes": ["fun"]}]},
        "unknown-purpose",
    ),
    "a consent of a name": ("consent", PERSON | {"person": "Anna Smith"}, "bad-record"),
    "a consent given some day": (
        "consent",
        PERSON | {"person": "C1", "consents": [{"given": "May"}]},
        "bad-record",
    ),
    "a note of nobody": ("note", {"format": 1, "cycle": "01-snack"}, "bad-record"),
    "a note on no cycle": ("note", NOTE | {"cycle": "07-none"}, "unknown-cycle"),
    "a note twice on one moment": ("note", NOTE | {"moments": 2 * [{"moment": "m1"}]}, "bad-record"),
    "a note on no moment": ("note", NOTE | {"moments": [{"moment": "m9"}]}, "unknown-moment"),
}


@pytest.mark.parametrize("what", RECORDS)
def test_records_that_cannot_be(what: str, given: Path) -> None:
    kind, record, code = RECORDS[what]
    text = record if isinstance(record, str) else json.dumps(record)
    refused(["put", "book", kind, "-"], code, given, input=text, stdin=None)


def test_records_that_are_no_text(given: Path) -> None:
    for name in ("good.mp4", "nowhere.json", "out", "empty.mp4"):
        refused(["put", "book", "cycle", f"HOME/{name}"], "bad-record", given)


def test_a_sentence_names_the_place(given: Path) -> None:
    record = CYCLE | {"goals": [GOAL | {"ratings": [{"now": 4}, {"now": "high"}]}]}
    sentence = refused(
        ["put", "book", "cycle", "-"], "bad-record", given, input=json.dumps(record), stdin=None
    )
    assert "goals[1].ratings[2].now" in sentence
    (given.parent / "two.json").write_text('{"format": 1,\n"id": }', encoding="utf-8")
    assert "line 2" in refused(["put", "book", "cycle", given.parent / "two.json"], "bad-record", given)


# --- Names and words of every length ---------------------------------------------------------------------


def test_very_long_words_are_kept_whole(home: Path) -> None:
    record = CYCLE | {"situation": LONG * 10}
    stored = told(run(["put", "book", "cycle", "-", "--json"], home, input=json.dumps(record), stdin=None))
    assert stored["result"]["situation"] == LONG * 10
    saw = "語" * 33_000  # one word of a command line holds 128 kB
    assert told(run([*MARK, *SPAN, "--saw", saw, "--json"], home))["result"]["saw"] == saw


@pytest.mark.parametrize(
    "words",
    [
        ["new", "HOME/" + "a" * 300],
        ["show", "HOME/" + "a" * 300],
        ["check", "HOME/" + "a" * 300],
        ["pack", "HOME/" + "a" * 300, "-o", "HOME/logs"],
        ["pack", "book", "-o", "HOME/" + "a" * 300],
        ["demo", "HOME/" + "a" * 300],
        ["film", "add", "book", "HOME/" + "a" * 300, "--people", "S1"],
        ["film", "cut", "book", "01-snack", "m1", "-o", "HOME/" + "a" * 300, *GATE],
        ["show", "book", "a" * 100_000],
        ["put", "book", "cycle", "a" * 5000],
        ["film", "cut", "book", "01-snack", "a" * 100_000, "-o", "HOME/x.mp4", *GATE],
        [*MARK, *SPAN, "--principle", "a" * 100_000],
        [*MARK, *SPAN, "--share", "a" * 100_000],
        [*MARK, "--start", "9" * 100_000, "--end", "1"],
        ["new", "HOME/n", "--code", "a" * 100_000],
        ["a" * 100_000],
    ],
    ids=lambda words: " ".join(w[:12] for w in words),
)
def test_very_long_names_are_refused_in_short_sentences(words: list[str], given: Path) -> None:
    before = tree(given)
    answer = run([*words, "--json"], given)
    assert answer.returncode == 2 and tree(given) == before, answer.stdout
    error = told(answer)["error"]
    assert len(error["sentence"]) < 700 and len(error["where"] or "") < 100 and len(answer.stdout) < 1500
    shows_nothing_of_this_machine(answer.stdout)


def test_folders_may_be_called_what_people_call_them(home: Path) -> None:
    for name in ("Übung 1 – März", "孩子们", "a 'b' \"c\"" if os.name != "nt" else "a 'b'", "n" * 200):
        folder = home / name
        assert run(["new", folder], home).returncode == 0
        assert told(run(["show", folder, "--json"], home))["result"]["owner"] == "S1"


# --- A folder that is half in sync -----------------------------------------------------------------------


def test_a_casebook_without_casebook_json(home: Path) -> None:
    (home / "book" / "casebook.json").unlink()
    for words in (
        ["show", "book"],
        [*MARK, *SPAN],
        ["put", "book", "cycle", "-"],
        ["pack", "book", "-o", "HOME/logs"],
    ):
        refused(words, "not-a-casebook", home, input=json.dumps(CYCLE), stdin=None)


def test_one_broken_casebook_of_two_is_left_out(home: Path) -> None:
    steps.put(steps.new(home / "all" / "whole", code="S2", id="S2-whole"), "cycle", CYCLE)
    shutil.copytree(home / "book", home / "all" / "broken")
    (home / "all" / "broken" / "casebook.json").write_text("{", encoding="utf-8")
    answer = run(["pack", "HOME/all", "-o", "HOME/logs", "--json"], home)
    assert (answer.returncode, told(answer)["ok"], told(answer)["result"]["rendered"]) == (1, True, 1)
    [left] = told(answer)["left_out"]
    assert (left["cycle"], left["code"]) == (None, "bad-record")
    shows_nothing_of_this_machine(told(answer)["left_out"][0]["sentence"] + answer.stderr)
    assert (home / "logs" / "S2-whole" / "01-snack.html").is_file()


def left_out(home: Path) -> list[tuple[str | None, str]]:
    """What a pack leaves out of a casebook that holds nothing to be shown; a check names it too."""
    before = tree_hash(home / "book")
    answer = run(["pack", "book", "-o", home.parent / "logs", "--json"], home)
    assert (answer.returncode, told(answer)["result"]["rendered"]) == (1, 0), answer.stdout
    checked = run(["check", "book", "--json"], home)
    assert checked.returncode == 1 and told(checked)["ok"]
    assert tree_hash(home / "book") == before, "looking changes nothing"
    problems = told(checked)["result"]["problems"]
    assert all(set(p) == {"file", "code", "sentence"} for p in problems)
    for each in [*told(answer)["left_out"], *problems]:
        shows_nothing_of_this_machine(each["sentence"] + json.dumps(each.get("file")))
    left = told(answer)["left_out"]
    # Who has not agreed is no disorder of the casebook.
    assert {e["code"] for e in left} - {"consent-missing"} <= {p["code"] for p in problems}
    return [(e["cycle"], e["code"]) for e in left]


def test_a_film_that_has_not_arrived(home: Path) -> None:
    film = home / "book" / "films" / "snack.mp4"
    film.unlink()
    refused(["film", "cut", "book", "01-snack", "m1", "-o", "HOME/x.mp4", *GATE], "film-missing", home)
    assert left_out(home) == [("01-snack", "film-missing")]
    film.write_bytes(b"another film")
    refused(["film", "still", "book", "01-snack", "m1", "-o", "HOME/x.jpg", *GATE], "film-changed", home)
    assert left_out(home) == [("01-snack", "film-changed")]


def test_a_cycle_that_is_cut_short(home: Path) -> None:
    file = home / "book" / "cycles" / "01-snack.json"
    file.write_bytes(file.read_bytes()[:100])
    refused(["show", "book", "01-snack"], "bad-record", home)
    refused([*MARK, *SPAN], "bad-record", home)
    assert left_out(home) == [("01-snack", "bad-record")]
    file.write_bytes(b"")
    assert left_out(home) == [("01-snack", "bad-record")]


def test_a_copy_that_a_sync_client_made(home: Path) -> None:
    cycles = home / "book" / "cycles"
    cycles.joinpath("01-snack.json").rename(cycles / "01-snack-DESKTOP-7.json")
    assert left_out(home) == [("01-snack", "sync-copy")]
    refused([*MARK, *SPAN], "unknown-cycle", home)


def test_a_consent_that_cannot_be_read_is_no_consent(home: Path) -> None:
    (home / "book" / "consent" / "C1.json").write_bytes(b"{")
    assert ("01-snack", "consent-missing") in left_out(home)
    refused(["film", "cut", "book", "01-snack", "m1", "-o", "HOME/x.mp4", *GATE], "consent-missing", home)


def test_a_record_of_a_newer_vigkit_is_read_and_not_written(home: Path) -> None:
    file = home / "book" / "cycles" / "01-snack.json"
    newer = json.loads(file.read_text(encoding="utf-8")) | {"format": 2, "sheets": ["new"]}
    file.write_text(json.dumps(newer), encoding="utf-8")
    assert told(run(["show", "book", "01-snack", "--json"], home))["result"]["sheets"] == ["new"]
    refused([*MARK, *SPAN], "newer-format", home)
    refused(["put", "book", "cycle", "-"], "newer-format", home, input=json.dumps(CYCLE), stdin=None)
    owner = home / "book" / "casebook.json"
    owner.write_text(
        owner.read_text(encoding="utf-8").replace('"format": 1', '"format": 7'), encoding="utf-8"
    )
    (home / "book" / "casebook.lock").unlink(missing_ok=True)
    other = json.dumps(CYCLE | {"id": "02-x"})
    refused(["put", "book", "cycle", "-"], "newer-format", home, input=other, stdin=None)
    refused(["film", "add", "book", "HOME/good.mp4", "--people", "S1"], "newer-format", home)


@pytest.mark.parametrize(
    ("text", "line"),
    [("id,label\nXX9,hello\n", "line 2"), ("a,b\n", "line 1"), ("id,label\nEN1\n", "line 2")],
)
def test_a_teams_own_words_that_cannot_be_read(text: str, line: str, home: Path) -> None:
    (home / "book" / "principles.csv").write_text(text, encoding="utf-8")
    assert line in refused([*MARK, *SPAN, "--principle", "EN1"], "bad-principles", home)


# --- The machine -----------------------------------------------------------------------------------------

UNSHARE = ["unshare", "--map-root-user", "--mount"]


@pytest.fixture(scope="module")
def mounts() -> None:
    """Leave to mount a small disk of one's own."""
    able = shutil.which("unshare") and subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0
    if sys.platform != "linux" or not able:
        pytest.skip("this machine does not permit a namespace with mounts (unshare)")


def on_a_mount(home: Path, mount: str, words: list[str]) -> Iterator[subprocess.CompletedProcess[str]]:
    """Run a verb while `disk` is a disk of another kind; afterwards every file on it is as it was."""
    (home / "disk").mkdir(exist_ok=True)
    look = "find disk -type f ! -name '*.lock' -exec sha256sum {} + | sort; find disk ! -name '*.lock' | sort"
    verb = shlex.join([sys.executable, "-m", "vigkit", *words, "--json"])
    script = f"{mount}; ({look}) > before; set +e; {verb}; code=$?; set -e; ({look}) > after; exit $code"
    done = subprocess.run(
        [*UNSHARE, "sh", "-ec", script],
        cwd=home,
        env=environment(home),
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    assert (home / "after").exists(), done.stderr
    assert (home / "before").read_text() == (home / "after").read_text(), "something on the disk has changed"
    assert len((home / "before").read_text().splitlines()) > 2
    yield done


FULL = (
    "mount -t tmpfs -o size=2m none disk; cp -r {kept} disk/; cp out/mine.txt disk/; "
    "cat /dev/zero > disk/full 2>/dev/null || :"
)
READ_ONLY = "cp -r {kept} disk/; cp out/mine.txt disk/; mount --bind disk disk; mount -o remount,bind,ro disk"
SAVING = {
    "moment": ["moment", "add", "disk/book", "01-snack", "--film", "snack", *SPAN],
    "cycle": ["put", "disk/book", "cycle", "cycle.json"],
    "consent of somebody new": ["put", "disk/book", "consent", "consent.json"],
    "film": ["film", "add", "disk/book", "good.mp4", "--people", "S1"],
    "casebook": ["new", "disk/fresh"],
    "demonstration": ["demo", "disk/demo", "--people", "1"],
    "clip": ["film", "cut", "book", "01-snack", "m1", "-o", "disk/x.mp4", *GATE],
    "clip over another file": ["film", "cut", "book", "01-snack", "m1", "-o", "disk/mine.txt", *GATE],
    "picture": ["film", "still", "book", "01-snack", "m1", "-o", "disk/x.png", *GATE],
    "bundle": ["bundle", "book", "01-snack", "-o", "disk/x.json"],
    "pack": ["pack", "book", "-o", "disk/logs"],
}


@pytest.mark.parametrize("what", [w for w in SAVING if w != "demonstration"])
@pytest.mark.parametrize(
    ("mount", "code"), [(FULL, "disk-full"), (READ_ONLY, "no-permission")], ids=["full", "read-only"]
)
def test_a_disk_that_takes_nothing(mount: str, code: str, what: str, home: Path, mounts: None) -> None:
    (home / "cycle.json").write_text(
        json.dumps(CYCLE | {"situation": "a longer text " * 2000}), encoding="utf-8"
    )
    (home / "consent.json").write_text(json.dumps(PERSON | {"person": "C7"}), encoding="utf-8")
    for done in on_a_mount(home, mount.format(kept="book"), SAVING[what]):
        error = told(done)["error"]
        assert (done.returncode, error["code"]) == (3, code), done.stdout
        shows_nothing_of_this_machine(done.stdout + done.stderr)


def test_a_demonstration_on_a_disk_that_takes_nothing(home: Path, mounts: None) -> None:
    for done in on_a_mount(home, READ_ONLY.format(kept="book"), SAVING["demonstration"]):
        assert (done.returncode, told(done)["error"]["code"]) == (3, "no-permission")


def test_a_casebook_that_may_only_be_read_is_read(home: Path, mounts: None) -> None:
    for words in (
        ["show", "disk/book", "01-snack"],
        ["check", "disk/book"],
        ["film", "cut", "disk/book", "01-snack", "m1", "-o", "x.mp4", *GATE],
        ["bundle", "disk/book", "01-snack", "-o", "x.json"],
    ):
        for done in on_a_mount(home, READ_ONLY.format(kept="book"), words):
            assert done.returncode == 0, done.stdout
        shutil.rmtree(home / "disk")


def test_a_folder_that_may_not_be_opened(home: Path, given: Path, vigkit: Callable[..., Any]) -> None:
    """Root may open everything; so another user does it, who is nobody."""
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("root may open everything")
    (home / "book").chmod(0)
    try:
        answer = run(["show", "book", "--json"], home)
    finally:
        (home / "book").chmod(0o755)
    assert (answer.returncode, told(answer)["error"]["code"]) == (3, "no-permission")
    assert Casebook(home / "book").owner.id == "S1-bad"


def test_a_home_folder_is_shown_as_people_know_it(tmp_path: Path) -> None:
    """Whoever names folders from the root on is not told their own name in return."""
    anna = tmp_path / "anna"
    anna.mkdir()
    env = environment(anna)
    book = str(anna / "books" / "mine")
    for words in (["new", book], ["show", book], ["check", str(anna)], ["show", str(anna)]):
        done = subprocess.run(
            [sys.executable, "-m", "vigkit", *words], env=env, cwd="/", capture_output=True, encoding="utf-8"
        )
        assert "anna" not in done.stdout + done.stderr
        assert done.stdout + done.stderr
