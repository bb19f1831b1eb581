"""The words that a person reads: short sentences, no orders, no judgement (M17, M23)."""

from __future__ import annotations

import argparse
import ast
import csv
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from vigkit import cli

LONGEST = 20  # words
# Orders and small talk, from the writing rules of public health services.
MANNERS = r"please|sorry|oops|just|eas(?:y|ily)|simpl[ey]|should|must|illegal|(?:in)?valid|(?:you )?forgot"
# Words that judge a person. A film is looked at for what went well.
JUDGING = (
    r"scor(?:e|es|ed|ing)|grad(?:e|es|ed|ing)|fail(?:s|ed|ing|ure|ures)?|poor(?:ly)?|weak(?:ness|nesses)?|"
    r"bad|wrong(?:ly)?|inadequate|deficits?|rank(?:s|ed|ing|ings)?|below average|should have|compliance|"
    r"mistakes?|problem (?:parent|child|family)|performance rating"
)
FORBIDDEN = re.compile(rf"\b(?:{MANNERS}|{JUDGING})\b", re.IGNORECASE)
UNKIND = re.compile(rf"\b(?:{JUDGING})\b", re.IGNORECASE)

# What looks like one of these words and is none: a code of contract.md, a name in the program.
NAMES = re.compile(r"\b(?:bad-(?:usage|record|principles)|(?:template|machine)-failed)\b")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text; a colon or a line's end closes one too."""
    for part in re.split(r"(?<=[.!?:;])\s+|\n", text):
        if part.strip():
            yield part.strip()


def found(text: str) -> list[str]:
    """What is to be said otherwise in a text that a person reads."""
    text = NAMES.sub("", text)
    long = [s for s in sentences(text) if len(re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", s)) > LONGEST]
    return [m[0] for m in FORBIDDEN.finditer(text)] + long


# --- What is looked at -----------------------------------------------------------------------------------


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in a module that is no docstring and no comment, with X where a value is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            skipped.add(id(body[0].value))
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in node.values)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "X" for p in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def told(path: Path) -> Iterator[tuple[int, str]]:
    """Those of them that are words for people: two words or more."""
    for line, text in literals(path):
        if len(re.findall(r"\b[A-Za-z][a-z]+\b", text)) >= 2 and not re.search(r"[\\|=]{1}[\w(]|\)\?", text):
            yield line, text


PACKAGE = sorted(p for p in (ROOT / "vigkit").rglob("*.py") if "_content" not in p.parts)


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: p.relative_to(ROOT / "vigkit").as_posix())
def test_what_the_program_says_is_short_and_kind(path: Path) -> None:
    spoken = {f"line {line}: {text}": found(text) for line, text in told(path)}
    assert not {text: what for text, what in spoken.items() if what}


def test_every_error_is_looked_at() -> None:
    seen = " ".join(text for _, text in told(ROOT / "vigkit" / "errors.py"))
    for words in ("is outside the film", "was taken back", "Choose a new folder", "There is no space left"):
        assert words in seen


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and those of all its verbs."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from parsers(each)


def test_the_help_of_every_verb_is_short_and_kind() -> None:
    verbs = list(parsers(cli._parser()))
    assert len(verbs) > 10
    for parser in verbs:
        own = [parser.description, *(a.help for a in parser._actions), parser.epilog]
        # argparse adds "show this help message and exit"
        for text in filter(None, own):
            assert not found(text), f"{parser.prog}: {text}"


TEMPLATES = sorted((ROOT / "templates").rglob("*.j2"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_templates_are_short_and_kind(path: Path) -> None:
    bare = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|<style.*?</style>", "\n", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    lines = re.sub(r"\{\{.*?\}\}", "X", bare, flags=re.DOTALL)
    for text in re.split(r"</?(?:p|h\d|li|dt|dd|title|figcaption|div|td|th|section)\b[^>]*>", lines):
        assert not found(re.sub(r"<[^>]+>", " ", text)), text


NOTEBOOKS = sorted(
    p for room in ("templates", "workbooks", "exercises") for p in (ROOT / room).rglob("*.ipynb")
)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_are_short_and_kind(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        spoken = text if cell["cell_type"] == "markdown" else " ".join(re.findall(r"#\s*(.+)", text))
        assert not found(spoken), spoken


def test_principles_are_short_and_kind() -> None:
    with (ROOT / "vigkit" / "principles.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 30
    for row in rows:
        for column in ("level_name", "label", "see"):
            assert not found(row[column]), row


def texts(value: object) -> Iterator[str]:
    """Every text in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def test_nobody_in_the_demonstration_judges_anybody() -> None:
    voices = sorted((ROOT / "vigkit" / "demo" / "voices").glob("*.toml"))
    assert voices
    for path in voices:
        for text in texts(tomllib.loads(path.read_text(encoding="utf-8"))):
            assert not UNKIND.search(text), f"{path.name}: {text}"


# --- The controls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Please choose a film.",
        "Sorry, that went otherwise.",
        "Just choose a film.",
        "This is easy.",
        "You should choose a film.",
        "You must choose a film.",
        "Invalid start.",
        "The moment is not valid.",
        "Your score is 7.",
        "You failed to choose.",
        "A weak moment.",
        "What went wrong?",
        "The rank of S1.",
        "A Bad start.",
        "You forgot the day.",
        "A problem parent.",
        "The moments you mark here are " + "very " * 15 + "many.",
    ],
)
def test_a_text_that_orders_judges_or_goes_on_is_found(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Enter the time the moment starts.",
        "I notice the pause. I wonder what C1 was looking at.",
        "one two three four five six seven eight nine ten " * 2,
        "There is no space left. Make room and try again.",
        "A badge, a passing grass blade, an adjusted seat, a scorpion.",
    ],
)
def test_kind_words_are_left_alone(text: str) -> None:
    assert not found(text)
