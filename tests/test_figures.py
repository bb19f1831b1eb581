"""Pictures from plain data: what they show, and that nothing in them can be more than a picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree

from vigkit.figures import NARROW, Mark, Point, goal_line, timeline


def mark(number: int, start: float, end: float, lane: str = "Being attentive", group: int = 1) -> Mark:
    return Mark(number=number, start=start, end=end, lane=lane, group=group)


MARKS = [
    mark(1, 12.4, 19, "Encouraging initiatives", 2),
    mark(1, 12.4, 19),
    mark(2, 0, 0.5),
    mark(3, 83, 84.2),
    mark(11, 14, 30),
]
POINTS = [
    Point(now=3, label="Cycle 1, 13 January 2026", tick="Cycle 1"),
    Point(now=5, label="Cycle 2, 2 March 2026", tick="Cycle 2"),
    Point(now=6.5, label="Cycle 3", tick="Cycle 3"),
]


def test_the_pictures_look_as_they_were_accepted(stored: Callable[[str, str], None]) -> None:
    stored("timeline.html", timeline(84.2, MARKS) + "\n")
    stored("goal-line.html", goal_line(POINTS, 8, "I wait long enough") + "\n")
    stored("goal-line-one.html", goal_line(POINTS[:1], None, "I wait long enough") + "\n")


def test_each_group_has_a_lane_with_its_label_above_its_line() -> None:
    drawn = ElementTree.fromstring(timeline(84.2, MARKS))
    labels = {t.text: float(t.attrib["y"]) for t in drawn.iter("text")}
    lines = sorted(float(line.attrib["y1"]) for line in drawn.iter("line"))
    assert labels["Being attentive"] < lines[0] < labels["Encouraging initiatives"] < lines[1]


def test_every_mark_carries_its_number_and_says_its_moment() -> None:
    drawn = ElementTree.fromstring(timeline(84.2, MARKS))
    assert next(t.text for t in drawn.iter("title")) == "Moment 2, 0:00 to 0:00.5, Being attentive"
    assert len(list(drawn.iter("rect"))) == len(MARKS)
    numbers = [t.text for t in drawn.iter("text") if (t.text or "").isdecimal()]
    assert sorted(numbers) == ["1", "1", "11", "2", "3"]


def test_a_mark_at_zero_begins_at_zero_and_the_last_one_ends_inside() -> None:
    drawn = ElementTree.fromstring(timeline(84.2, [mark(1, 0, 4), mark(2, 84.1, 84.2)]))
    first, last = ([float(r.attrib[side].rstrip("%")) for side in ("x", "width")] for r in drawn.iter("rect"))
    assert first[0] == 0
    assert sum(last) <= 100.01


def test_crowded_numbers_never_touch() -> None:
    drawn = ElementTree.fromstring(timeline(600, [mark(n, n * 3, n * 3 + 2) for n in range(1, 60)]))
    rows: dict[str, list[float]] = {}
    for text in drawn.iter("text"):
        if (text.text or "").isdecimal():
            rows.setdefault(text.attrib["y"], []).append(float(text.attrib["x"].rstrip("%")))
    assert len(rows) > 1
    assert all(b - a >= 100 * 15 / NARROW for row in rows.values() for a, b in pairwise(row))


def test_a_goal_line_shows_each_rating_and_what_is_hoped_for() -> None:
    drawn = ElementTree.fromstring(goal_line(POINTS, 8))
    words = [t.text for t in drawn.iter("text")]
    assert {"3", "5", "6.5", "hoped for 8", "Cycle 1", "Cycle 3"} <= set(words)
    heights = [float(c.attrib["cy"]) for c in drawn.iter("circle")]
    assert heights == sorted(heights, reverse=True)


def test_one_rating_is_a_picture_too() -> None:
    drawn = ElementTree.fromstring(goal_line(POINTS[:1]))
    assert len(list(drawn.iter("circle"))) == 1
    assert [t.text for t in drawn.iter("title")] == ["Cycle 1, 13 January 2026: 3 of 10"]


def test_words_in_a_picture_stay_words() -> None:
    hostile = """"'><script>alert(1)</script>{0}%s&amp;"""
    for picture in (
        timeline(10, [mark(1, 0, 2, hostile)], hostile),
        goal_line([Point(now=1, label=hostile, tick=hostile)], 3, hostile),
    ):
        assert {part.tag for part in ElementTree.fromstring(picture).iter()} <= {
            *("svg", "text", "line", "rect", "circle", "title")
        }
        assert hostile in next(part.text or "" for part in ElementTree.fromstring(picture).iter("title"))
        assert not re.search(r"\s(style|on\w+|href)=", re.sub(r"&quot;|&#x27;", "", picture))


def test_an_empty_film_and_no_marks_are_no_trouble() -> None:
    assert ElementTree.fromstring(timeline(0, [])).tag == "svg"
    assert ElementTree.fromstring(goal_line([])).tag == "svg"
