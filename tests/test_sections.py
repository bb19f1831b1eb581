"""A bundle becomes sections: every word that passed the gate, and no number on a person but their own."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from a_log import bundle, record

from vigkit.cycle import Bundle
from vigkit.errors import BadRecord
from vigkit.records import text
from vigkit.render import sections
from vigkit.render import words as own_words
from vigkit.render.page import MIME, NAMES, Entry, Section, page_html, read_section

MAKERS = [getattr(sections, name.replace("-", "_")) for name in NAMES]
EMPTY = {"format": 1, "casebook": "a", "owner": "S1", "role": "teacher", "purpose": "supervision"}


class Words(HTMLParser):
    """All text of a page, and the texts that are only heard."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("em", "strong", "b", "span"):
            heard = [value or "" for name, value in attrs if name in ("alt", "aria-label")]
            self.found.append(" ".join(["", *heard, ""]))


def words(html: str) -> str:
    parser = Words()
    parser.feed(html)
    return re.sub(r"\s+", " ", "".join(parser.found))


def all_sections(log: Bundle) -> list[Section]:
    return [make(log) for make in MAKERS]


def page(log: Bundle) -> str:
    return page_html([read_section(section.data) for section in all_sections(log)])


def test_the_twelve_sections_stand_there_in_order_even_when_nothing_is_answered() -> None:
    empty = bundle(EMPTY | {"cycle": {"format": 1, "id": "01-a", "question": [{"words": "How?"}]}})
    made = all_sections(empty)
    assert tuple(section.name for section in made) == NAMES
    html = page(empty)
    assert re.findall(r'data-vk="([a-z-]+)"', html) == list(NAMES)
    for part in html.split("<section ")[1:]:
        assert "Not answered yet" in part
    assert "No moment is shown here." in words(html)


def test_without_a_bundle_an_example_opens() -> None:
    assert "Not answered yet" in page(sections.open_bundle(None))


def test_a_bundle_file_is_opened_whole(tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    file.write_text(text(record()), encoding="utf-8")
    assert sections.open_bundle(str(file)) == bundle()


def test_a_broken_bundle_file_is_named_without_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(BadRecord, match=r"bundle\.json at line 1") as refused:
        sections.open_bundle(str(file))
    assert str(tmp_path) not in str(refused.value)


UNSHOWN = {
    "extra",
    "format",
    "id",
    "goal",
    "moment",
    "film",
    "cycle",
    "share",
    "jpeg",
    "read",
    "principles",
    "level",
}
DAYS = {"began", "on", "when", "held", "filmed", "until", "today_enough"}


def texts(noun: Any, inside: str = "") -> list[str]:
    """Every word that a noun holds, as the page says it; keys that only point elsewhere are left out."""
    if dataclasses.is_dataclass(noun):
        found: list[str] = []
        for field in dataclasses.fields(noun):
            value = getattr(noun, field.name)
            if field.name not in UNSHOWN or (not inside and field.name in ("cycle", "principles")):
                found += texts(value, field.name)
        return found
    if isinstance(noun, tuple):
        return [word for each in noun for word in texts(each, inside or "list")]
    if isinstance(noun, str):
        said = {**sections.ACTS, **sections.ROLES, **sections.PURPOSES, "practice": ""}.get(noun, noun)
        return [sections.said_day(noun) or "" if inside in DAYS else said]
    return []


def test_every_word_that_passed_the_gate_is_on_the_page() -> None:
    log = bundle()
    shown = words(page(log)).casefold()
    told = texts(log)
    assert len(told) > 90
    for each in told:
        for line in re.sub(r"[*]|^- ", "", each, flags=re.MULTILINE).splitlines():
            assert re.sub(r"\s+", " ", line).casefold() in shown, line


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (("moments", 0, "why"), "moments"),
        (("moments", 0, "i_did"), "i-did"),
        (("moments", 0, "they_did"), "they-did"),
        (("moments", 0, "wished"), "rungs"),
        (("review", "clips", 0, "theirs"), "rungs"),
        (("situation",), "situation"),
        (("says_about_question",), "about-question"),
        (("working_point",), "working-point"),
        (("next_film", "what"), "next-film"),
        (("bring",), "bring"),
        (("passed_over",), "bring"),
        (("review", "comfort_words"), "bring"),
    ],
)
def test_a_word_stands_in_its_own_section(place: tuple[Any, ...], name: str) -> None:
    data = json.loads(json.dumps(record()))
    *way, last = place
    at = data["cycle"]
    for step in way:
        at = at[step]
    at[last] = "the violet kettle"
    holding = [s.name for s in all_sections(bundle(data)) if "the violet kettle" in json.dumps(s.data)]
    assert holding == [name]


@pytest.mark.parametrize("hard", [True, False])
def test_how_hard_a_talk_was_is_a_figure_for_oneself_alone(hard: bool) -> None:
    """M51: a supervisor reads that it was hard, in words."""
    data = record() | {"purpose": "own-reflection"}
    data["cycle"]["review"]["comfort"] = 3
    assert "At ease with it 3 of 10" in words(page(bundle(data)))
    told = words(page(bundle(record() | {"hard": hard})))
    assert "At ease" not in told and ("Begin with how S1 is." in told) == hard


def test_chosen_moments_come_first_and_the_numbers_match_the_timeline() -> None:
    data = record()
    data["cycle"]["moments"][2]["chosen"] = 1
    data["cycle"]["moments"][0]["chosen"] = 2
    del data["cycle"]["moments"][1]["chosen"]
    parts = sections.moments(bundle(data)).data["parts"]
    listed = [(part["number"], part["title"]) for part in parts if part["kind"] == "entry"]
    assert listed == [(1, "1:04 to 1:08"), (2, "0:12 to 0:19"), (3, "0:38 to 0:44")]
    marks = next(part["marks"] for part in parts if part["kind"] == "timeline")
    assert {(m["number"], m["start"]) for m in marks} == {(1, 64), (2, 12.4), (3, 38)}


def test_a_moment_at_zero_is_at_zero() -> None:
    data = record()
    data["cycle"]["moments"][0] |= {
        "start": 0,
        "end": 0.4,
        "turns": [{"who": "C1", "act": "initiative", "start": 0}],
    }
    entry = next(p for p in sections.moments(bundle(data)).parts if isinstance(p, Entry))
    assert entry.title == "0:00 to 0:00.4"
    assert entry.turns == ("1 C1 begins (0:00)",)


def test_a_moment_without_rungs_says_so_and_blank_rungs_are_left_out() -> None:
    made = [p for p in sections.rungs(bundle()).parts if isinstance(p, Entry)]
    labels = [[w.label for w in entry.words] for entry in made]
    assert labels == [
        ["I saw", "I felt", "I thought", "I wished", "What I said", "What we saw together"],
        ["I saw", "I felt", "What we saw together"],
        [None],
    ]
    assert made[2].words[0].text is None


def test_the_last_question_counts_and_earlier_ones_stand_quietly_below() -> None:
    own = [p for p in sections.question(bundle()).data["parts"] if p["kind"] == "words"]
    assert own[0]["text"].startswith("When C1 looks up")
    assert (own[1]["text"], own[1]["quiet"]) == ("How do I get C1 to eat with us?", True)


def test_a_rating_of_zero_is_shown() -> None:
    data = record()
    data["cycle"]["goals"][0]["ratings"] = [{"now": 0}]
    shown = words(page(bundle(data)))
    assert "Now 0 of 10" in shown
    assert "Cycle 2: 0" in shown


def test_change_takes_earlier_ratings_of_the_same_goal_and_never_an_average() -> None:
    lines = [p for p in sections.change(bundle()).data["parts"] if p["kind"] == "goal-line"]
    assert [[point["now"] for point in line["points"]] for line in lines] == [[3, 4, 5, 6.5], [5, 7]]
    assert "verage" not in page(bundle())


def test_a_team_s_own_words_for_a_principle_are_used() -> None:
    data = record()
    data["principles"][0] |= {"label": "Holds still", "level_name": "Making room"}
    shown = words(page(bundle(data)))
    assert "Holds still" in shown
    assert "Making room" in shown
    assert "Waits" not in shown


def test_until_a_supervisor_writes_there_are_four_questions() -> None:
    data = record()
    del data["notes"]
    parts = sections.supervisor(bundle(data)).data["parts"]
    assert [part["label"] for part in parts] == list(sections.PROMPTS)
    assert all("text" not in part for part in parts)


def test_a_section_shows_itself_as_data_html_and_words() -> None:
    shown = sections.moments(bundle())._repr_mimebundle_()
    assert set(shown) == {MIME, "text/html", "text/plain"}
    assert read_section(json.loads(json.dumps(shown[MIME]))) == sections.moments(bundle())
    assert "<" not in json.dumps({**shown[MIME], "jpeg": ""})
    assert "The pause stayed a pause." in shown["text/plain"]
    assert shown["text/html"].startswith('<section data-vk="moments"')


def test_signs_that_no_page_can_carry_do_not_break_it() -> None:
    data = record()
    data["cycle"]["situation"] = "before\x00\x1b[31m\u202e\u2028after \uffff"
    data["films"][0]["activity"] = "snack\x00time"
    html = page(bundle(data))
    html.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e\u2028\uffff]", html)
    assert "snacktime" in html


@pytest.mark.parametrize(
    "typed", ["1. we waited", "# hello", "5 * 3 = 15", "2*3*4", "> so", "[x]: y", "a_b_c", "---"]
)
def test_own_words_keep_every_sign_that_is_no_emphasis(typed: str) -> None:
    data = record()
    data["cycle"]["situation"] = typed
    assert typed in words(page(bundle(data)))


def test_line_breaks_lists_and_emphasis_stay() -> None:
    data = record()
    data["cycle"]["situation"] = "first line\nsecond **line**\n\n- one\n- two"
    html = page(bundle(data))
    assert (
        "<p>first line<br>\nsecond <strong>line</strong></p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>" in html
    )


def test_own_words_keep_every_letter_whatever_signs_stand_around() -> None:
    chance = random.Random(1)
    signs = [
        "ab",
        "c",
        " ",
        "\n",
        "\n\n",
        "*",
        "_",
        "- ",
        "* ",
        "1. ",
        "# ",
        "> ",
        "\t",
        "\\",
        "[",
        "](",
        "`",
        "```",
    ]
    signs += ["~", "=", "---", "+ ", "    ", "&amp;", "<b>", "!", "<!--", "<div>"]
    # Spaces go, and * _ - may have become emphasis or a list: all else has to be there.
    may_go = re.compile(r"[\s*_-]")
    for _ in range(1500):
        typed = "".join(chance.choices(signs, k=chance.randint(1, 25)))
        shown = unescape(re.sub(r"<[^>]+>", "", own_words.html(typed)))
        assert may_go.sub("", shown) == may_go.sub("", typed), typed
