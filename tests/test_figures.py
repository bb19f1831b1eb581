"""Pictures from plain data: what they show, and that nothing in them can be more than a picture."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from vigkit.cycle import Moment
from vigkit.figures import (
    FACTS,
    MOST_NUMBERS,
    NARROW,
    VIEWS,
    Mark,
    Point,
    facts,
    goal_line,
    hills,
    look_from,
    space,
    timeline,
)


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
ROWS = [
    [0, 0.1, 0.4, 0.9, 1, 0.5, 0.1, 0, 0, 0],
    [0, 0, 0, 0.2, 0.3, 0.2, 0, 0.1, 0.6, 0.2],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
]


def test_the_pictures_look_as_they_were_accepted(stored: Callable[[str, str], None]) -> None:
    stored("timeline.html", timeline(84.2, MARKS) + "\n")
    stored("goal-line.html", goal_line(POINTS, 8, "I wait long enough") + "\n")
    stored("goal-line-one.html", goal_line(POINTS[:1], None, "I wait long enough") + "\n")
    stored("hills.html", hills(ROWS, 84.2, MARKS, "What moved. Moments: 1 from 0:12 to 0:19") + "\n")
    stored("hills-none.html", hills([[0.0] * 5] * 2, 3, []) + "\n")


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
        hills(ROWS, 10, [mark(1, 0, 2, hostile)], hostile),
    ):
        assert {part.tag for part in ElementTree.fromstring(picture).iter()} <= {
            *("svg", "text", "line", "rect", "circle", "title", "g", "path")
        }
        assert hostile in next(part.text or "" for part in ElementTree.fromstring(picture).iter("title"))
        assert not re.search(r"\s(style|on\w+|href)=", re.sub(r"&quot;|&#x27;", "", picture))


def test_an_empty_film_and_no_marks_are_no_trouble() -> None:
    assert ElementTree.fromstring(timeline(0, [])).tag == "svg"
    assert ElementTree.fromstring(goal_line([])).tag == "svg"
    assert ElementTree.fromstring(hills([], 0, [])).tag == "svg"


def test_hills_have_a_line_for_each_band_and_no_scale() -> None:
    drawn = ElementTree.fromstring(hills(ROWS, 84.2, MARKS))
    paths = [p.attrib["d"] for p in drawn.iter("path")]
    assert len(paths) == len(ROWS) and len({p.count("L") for p in paths}) == 1
    words = [t.text or "" for t in drawn.iter("text")]
    numbers = [w for w in words if w.isdecimal()]
    assert sorted(numbers) == ["1", "1", "11", "2", "3"]
    assert set(words) - set(numbers) == {
        *("left of the picture", "right of the picture", "0:00", "0:42", "1:24")
    }


def test_hills_number_the_first_moments_and_show_them_all() -> None:
    many = [mark(n, 5 * n, 5 * n + 3) for n in range(1, 100)]
    drawn = ElementTree.fromstring(hills(ROWS, 600, many))
    assert len(list(drawn.iter("rect"))) == 99
    assert sum((t.text or "").isdecimal() for t in drawn.iter("text")) == MOST_NUMBERS


def test_facts_tell_moments_in_the_persons_words_and_not_how_much_moved() -> None:
    moments = [
        Moment(id="m1", film="f", start=0, end=6.6, principles=("RE1", "no-such"), better="I wait"),
        Moment(id="m2", film="f", start=12.2, end=12.4),
    ]
    rows = facts(list(enumerate(moments, start=1)), {"RE1": "Shows it arrived"})
    assert all(len(row) == len(FACTS) for row in rows)
    assert rows[0] == ("1", "0:00 to 0:07", "Shows it arrived and no-such", "I wait")
    assert rows[1] == ("2", "0:12.2 to 0:12.4", "Not answered yet", "Not answered yet")


# --- The block that one can turn -------------------------------------------------------------------------

SHAPE = (20, 9, 16)


@pytest.fixture(scope="module")
def turned() -> Any:
    """A block in which everything moves a little, and three moments."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        movement = bytes(n % 256 for n in range(20 * 9 * 16))
        figure = space(movement, SHAPE, 84.2, [mark(1, 12.4, 19), mark(2, 0, 0.5), mark(3, 83, 84.2)])
        states = [w.get_state() for w in (figure, *figure.volumes, *figure.meshes, figure.volumes[0].tf)]
        assert len(states) == 2 + 1 + len(figure.meshes)
    assert not caught, [str(w.message) for w in caught]
    return figure


def test_a_block_is_a_figure_of_its_own(turned: Any) -> None:
    import ipyvolume

    assert type(turned) is ipyvolume.Figure
    assert space(bytes(20 * 9 * 16), SHAPE, 84.2, []) is not turned
    assert not ipyvolume.pylab.current.figures  # nothing is left behind for the next one to draw into


def test_a_still_film_without_moments_is_a_block_too() -> None:
    figure = space(bytes(9 * 16), (1, 9, 16), 0.1, [])
    assert len(figure.volumes) == 1 and len(figure.meshes) == len(VIEWS)


def test_time_runs_along_and_the_picture_stands_upright() -> None:
    movement = bytearray(20 * 9 * 16)
    movement[5 * 9 * 16 + 0 * 16 + 15] = 255  # slice 5, the upper right corner
    values = space(bytes(movement), SHAPE, 84.2, []).volumes[0].data
    where = [int(n) for n in divmod(int(values.argmin()), values.shape[1] * values.shape[2])]
    row, column = divmod(where[1], values.shape[2])
    assert values.shape == (20, 36, 64)
    assert where[0] == 5 and row >= 34 and column >= 62


def test_moments_have_the_other_side_of_the_scale(turned: Any) -> None:
    values = turned.volumes[0].data
    assert values[3].min() > 0.54  # 12.6 to 16.8 s lie in moment 1
    assert values[10].max() <= 0.501


def test_each_view_shows_its_own_signs_and_stands_upright(turned: Any) -> None:
    import numpy as np

    for view in VIEWS:
        look_from(turned, view)
        assert [m.visible for m in turned.meshes[: len(VIEWS)]] == [v == view for v in VIEWS]
        x, y, z, w = turned.camera.quaternion
        assert np.isclose(x * x + y * y + z * z + w * w, 1)
        up_x = 2 * (x * y - w * z)
        back = np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
        eye = np.array(VIEWS[view].eye)
        assert np.allclose(back, eye / np.linalg.norm(eye))
        assert abs(up_x) <= 1
    assert turned.meshes[-1].visible


def test_it_is_loaded_only_when_it_is_called() -> None:
    look = (
        "import sys, vigkit.figures; print(sorted({'ipyvolume', 'numpy', 'ipywidgets'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
