"""The principles in our own words, and a team's own words for the same ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import told, tree_hash

from vigkit import principles, steps
from vigkit.casebook import Casebook
from vigkit.errors import BadPrinciples

GROUPS = {"AT": 5, "EN": 6, "RE": 5, "DE": 6, "GU": 6, "DD": 6}
NAMES = {
    "1": "Being attentive",
    "2": "Encouraging initiatives",
    "3": "Receiving initiatives",
    "4": "Developing attuned interactions",
    "5": "Guiding",
    "6": "Deepening discussion",
    "review": "Guiding a shared review",
}


def test_there_are_the_34_principles_and_the_four_codes_of_the_guider() -> None:  # M21, M13
    ids = [f"{group}{n}" for group, count in GROUPS.items() for n in range(1, count + 1)]
    assert list(principles.load()) == [*ids, "GA", "GR", "GI", "GN"]


def test_levels_and_layers_are_those_of_the_field() -> None:  # M20
    all_of_them = principles.load().values()
    assert {p.level: p.level_name for p in all_of_them} == NAMES
    assert [next(p.level for p in all_of_them if p.id == f"{g}1") for g in GROUPS] == list("123456")
    layers = {p.level: p.layer for p in all_of_them}
    assert layers == {"1": "1", "2": "1", "3": "1", "4": "2", "5": "3", "6": "3", "review": ""}
    assert all(layers[p.level] == p.layer for p in all_of_them)


def test_who_and_kind_are_told_for_each() -> None:
    loaded = principles.load()
    both = [id for id, p in loaded.items() if p.who == "B"]
    stretches = {id for id, p in loaded.items() if p.kind == "s"}
    assert both == ["DE3", "DE4", "DE5", "DE6", "DD1", "DD2", "DD3", "DD4", "DD5", "DD6"]
    assert stretches == {"AT1", "AT2", "AT4", "AT5", "EN1", "EN2", "EN3", "EN5", "DE3", "DE4", "DE5", "DD3"}
    assert {p.who for p in loaded.values()} == {"A", "B"}
    assert {p.kind for p in loaded.values()} == {"p", "s"}


def test_each_has_its_own_label_and_a_sentence_that_says_what_one_sees() -> None:
    loaded = principles.load().values()
    assert max(Counter(p.label.casefold() for p in loaded).values()) == 1
    assert max(Counter(p.see.casefold() for p in loaded).values()) == 1
    assert all(1 <= len(p.label.split()) <= 5 for p in loaded)
    assert all(3 <= len(p.see.split()) <= 20 for p in loaded)


HARD_WORDS = (
    *("score", "grade", "fail", "poor", "weak", "bad", "inadequate", "deficit", "wrong", "problem", "should"),
    *(
        "must",
        "compliance",
        "performance",
        "rank",
        "average",
        "mistake",
        "error",
        "lack",
        "missed",
        "ignores",
    ),
)


def test_no_word_about_a_person_falls_that_judges() -> None:  # M10, M23
    for p in principles.load().values():
        for text in (p.label, p.see, p.level_name):
            said = re.findall(r"[a-z]+", text.lower())
            assert not [w for w in said if any(w == h or w.startswith(h) for h in HARD_WORDS)], text


TEAM = {
    "commas": b"id,label\nAT1,Looks keen\nEN1,Gives time\n",
    "semicolons": b"id;label\r\nAT1;Looks keen\r\nEN1;Gives time\r\n",
    "a byte order mark": b"\xef\xbb\xbfid;label\r\nAT1;Looks keen\r\nEN1;Gives time\r\n",
    "old Mac lines": b"id,label\rAT1,Looks keen\rEN1,Gives time\r",
    "another order, capitals, blanks": b" Label , ID \n Looks keen , AT1 \n\n,\nGives time,EN1\n\n",
    "quotes": b'"id","label"\n"AT1","Looks keen"\n"EN1","Gives time"',
    "all columns, some empty": (
        b"id,level,level_name,layer,label,see,who,kind\nAT1,,,,Looks keen,,,\nEN1,,,,Gives time,,,\n"
    ),
}


@pytest.mark.parametrize("content", TEAM.values(), ids=TEAM.keys())
def test_a_teams_own_words_stand_in_the_place_of_ours(content: bytes, tmp_path: Path) -> None:  # M21
    own = tmp_path / "principles.csv"
    own.write_bytes(content)
    ours, theirs = principles.load(), principles.load(own)
    assert list(theirs) == list(ours)
    assert (theirs["AT1"].label, theirs["EN1"].label) == ("Looks keen", "Gives time")
    assert theirs["AT1"].see == ours["AT1"].see
    assert theirs["AT2"] == ours["AT2"]


def test_a_teams_words_may_hold_commas_quotes_lines_and_any_letters(tmp_path: Path) -> None:
    own = tmp_path / "principles.csv"
    own.write_text('id,label,see\nAT1,"Wartet, ""schaut"" – 等","two\nlines"\n', encoding="utf-8")
    assert principles.load(own)["AT1"].label == 'Wartet, "schaut" – 等'
    assert principles.load(own)["AT1"].see == "two\nlines"


def test_without_a_file_our_own_words_hold(tmp_path: Path) -> None:
    assert principles.load(tmp_path / "principles.csv") == principles.load()


BROKEN = {
    "Latin-1": (b"id,label\nAT1,Sch\xf6n\n", 2, "These letters are not UTF-8. Save the file as CSV UTF-8."),
    "UTF-16": ("id,label\nAT1,Keen\n".encode("utf-16"), 1, "These letters are not UTF-8"),
    "an unknown id": (
        b"id,label\nAT1,Keen\nAT9,Keen\n",
        3,
        "There is no principle 'AT9'. Use our ids, from AT1 to GN.",
    ),
    "an id in small letters": (b"id,label\nat1,Keen\n", 2, "There is no principle 'at1'."),
    "an id twice": (
        b"id,label\nAT1,Keen\n\nAT1,Kind\n",
        4,
        "The id AT1 stands there twice. Keep one of them.",
    ),
    "no label": (
        b"id,label\nAT1,Keen\nAT2,\n",
        3,
        "AT2 has no label. Write a few words in the column label.",
    ),
    "a label of blanks": (b"id,label\nAT2,   \n", 2, "AT2 has no label."),
    "no column label": (b"id,see\nAT1,Keen\n", 1, "The columns id and label are needed."),
    "no first line": (b"AT1,Keen\nAT2,Kind\n", 1, "The column 'at1' is not known"),
    "an unknown column": (b"id,label,colour\nAT1,Keen,red\n", 1, "The column 'colour' is not known"),
    "a column twice": (
        b"id,label,label\nAT1,Keen,Kind\n",
        1,
        "The column 'label' is not known, or stands there twice",
    ),
    "a column too many": (b"id,label\nAT1,Keen, kind\n", 2, "This line has 3 columns and the first has 2."),
    "a column too few": (b"id,label\nAT1,Keen\nAT2\n", 3, "This line has 1 columns and the first has 2."),
    "an open quote": (b'id,label\nAT1,"Keen\nAT2,Kind\nAT3,Warm\n', 2, "A quote is not closed"),
    "words after a quote": (b'id,label\nAT1,Keen\nAT2,"Kind" and warm\n', 3, "words stand right after one"),
    "tabs": (b"id\tlabel\nAT1\tKeen\n", 1, "The column 'id\\tlabel' is not known"),
    "another level": (b"id,label,level\nAT1,Keen,7\n", 2, "The column level takes 1, 2, 3, 4, 5, 6, review."),
    "another layer": (b"id,label,layer\nAT1,Keen,4\n", 2, "The column layer takes 1, 2, 3."),
    "somebody else": (b"id,label,who\nAT1,Keen,C\n", 2, "The column who takes A, B."),
    "nothing": (b"", 1, "The file is empty. Begin with the line id,label."),
    "blank lines": (b"\n\n,\n", 1, "The file is empty."),
    "columns alone": (b"id,label\n\n", 1, "There is no principle in it."),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", 1, "These letters are not UTF-8"),
    "lines counted within quotes": (
        b'id,label\nAT1,"two\nlines"\nAT9,Keen\n',
        4,
        "There is no principle 'AT9'",
    ),
}


@pytest.mark.parametrize(("content", "line", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_csv_that_cannot_be_used_is_refused_with_file_line_and_reason(
    content: bytes, line: int, reason: str, tmp_path: Path
) -> None:
    own = tmp_path / "principles.csv"
    own.write_bytes(content)
    with pytest.raises(BadPrinciples) as caught:
        principles.load(own)
    assert caught.value.sentence.startswith(f"principles.csv, line {line}: ")
    assert reason in caught.value.sentence
    assert len(caught.value.sentence) < 200


def test_a_team_file_that_cannot_be_used_is_named_and_ours_stand_in(
    tmp_path: Path, vigkit: Callable[..., object]
) -> None:
    book = steps.new(tmp_path / "casebook", id="S1-test")
    steps.put(book, "cycle", {"format": 1, "id": "01-snack", "question": [{"words": "When do I wait?"}]})
    (book.folder / "principles.csv").write_bytes(b"id,label\nAT1,Keen\nAT9,Keen\n")
    before = tree_hash(book.folder)
    contents = book.contents()
    assert contents.principles == principles.load()
    assert [(p.code, p.file) for p in contents.problems] == [("bad-principles", "principles.csv")]
    run = vigkit("check", book.folder, "--json")
    problems = told(run)["result"]["problems"]  # type: ignore[arg-type]
    assert [(p["file"], p["code"]) for p in problems] == [("principles.csv", "bad-principles")]
    assert "line 3" in problems[0]["sentence"]
    assert run.returncode == 1  # type: ignore[attr-defined]
    assert tree_hash(book.folder) == before


def test_a_casebook_uses_the_words_of_its_team(tmp_path: Path) -> None:
    book = steps.new(tmp_path / "casebook", id="S1-test")
    (book.folder / "principles.csv").write_text("id;label\nEN1;Gives time\n", encoding="utf-8")
    assert Casebook(book.folder).contents().principles["EN1"].label == "Gives time"
