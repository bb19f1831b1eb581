"""Marking in a real browser, on films that carry their frame number in the picture.

Keys are pressed and held while a film plays; what is stored is compared with the numbers that were seen.
Screenshots lie in the folder that pytest keeps its temporary files in.
"""

from __future__ import annotations

import bisect
import json
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import films
import psutil
import pytest
from conftest import CYCLE, PERSON
from filelock import FileLock
from lab import BUTTON, SECONDS, Lab, View, browser, opened, running
from playwright.sync_api import Browser, Locator, Page, expect
from test_film_kinds import JITTER, QUIET, X265
from test_lab import until

from vigkit import steps
from vigkit.casebook import LOCK, Casebook
from vigkit.steps import Answer

__all__ = ["browser"]  # a fixture

# Reads the number of each picture as it comes, and remembers which one was there when a key went down or up.
WATCH = """
() => {
  const video = document.querySelector("[data-vk=film]");
  const paper = new OffscreenCanvas(320, 180).getContext("2d", { willReadFrequently: true });
  const read = () => {
    paper.drawImage(video, 0, 0, 320, 180);
    const { data } = paper.getImageData(0, 0, 320, 180);
    let number = 0;
    for (let bit = 0; bit < 12; bit += 1) {
      const [above, below] = [50, 130].map((y) => data[4 * (y * 320 + 26 + 24 * bit) + 1]);
      if (Math.abs(above - below) < 60) return -1;
      number |= (above > below ? 1 : 0) << bit;
    }
    return number;
  };
  window.read = read;
  window.seen = { now: read() };
  const follow = () => video.requestVideoFrameCallback(() => {
    window.seen.now = read();
    follow();
  });
  follow();
  const { seen } = window;
  window.addEventListener("keydown", (e) => e.repeat || (seen[e.key] = { down: seen.now }), true);
  window.addEventListener("keyup", (e) => seen[e.key] && (seen[e.key].up = seen.now), true);
}
"""


def new_book(folder: Path, film: Path) -> Casebook:
    """A casebook with this film, everybody's consent, and a cycle without moments."""
    made = steps.new(folder, code="S1", id="S1-test")
    steps.add_film(made, film, people=["S1", "C1"], id="snack", activity="Snack time")
    for person in ("S1", "C1"):
        steps.put(made, "consent", PERSON | {"person": person})
    steps.put(made, "cycle", CYCLE)
    return made


@dataclass
class Marking:
    """The part in a page, as a person uses it."""

    view: View
    book: Casebook
    times: list[float]

    @property
    def page(self) -> Page:
        return self.view.page

    @property
    def part(self) -> Locator:
        return self.page.locator(".vk-annotate")

    @property
    def saved(self) -> Locator:
        return self.part.locator("[data-vk=saved]")

    def is_saved(self) -> None:
        expect(self.saved).to_have_text("Saved", timeout=SECONDS)

    def stored(self) -> list[dict[str, Any]]:
        return [steps.plain(m) for m in Casebook(self.book.folder).cycle("01-snack").moments]

    def to_film(self) -> None:
        self.part.locator("[data-vk=film]").focus()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def at(self, number: int) -> None:
        """Wait until this picture is on the screen."""
        self.page.wait_for_function("n => window.read() === n", arg=number, timeout=SECONDS)

    def go(self, number: int) -> None:
        """Look at a picture: by a click on the timeline that leads near, and then step by step."""
        line = self.part.locator("[data-vk=timeline]")
        line.scroll_into_view_if_needed()
        box = line.bounding_box()
        assert box
        seconds = float(line.get_attribute("aria-valuemax") or 0)
        middle = (self.times[number] + [*self.times, seconds][number + 1]) / 2
        self.page.mouse.click(box["x"] + box["width"] * middle / seconds, box["y"] + 20)
        self.to_film()
        near = "n => !document.querySelector('[data-vk=film]').seeking && Math.abs(window.read() - n) < 3"
        self.page.wait_for_function(near, arg=number, timeout=SECONDS)
        away = number - int(self.page.evaluate("window.read()"))
        self.press(*["." if away > 0 else ","] * abs(away))
        self.at(number)

    def playing(self, past: float) -> None:
        self.page.wait_for_function(
            "t => !document.querySelector('[data-vk=film]').paused"
            " && document.querySelector('[data-vk=film]').currentTime > t",
            arg=past,
            timeout=SECONDS,
        )

    def shows(self, seconds: float) -> int:
        """The number of the picture on the screen at a time."""
        return max(bisect.bisect_right(self.times, seconds + 1e-6) - 1, 0)

    def clean(self) -> None:
        """No moments, at the start, silent."""
        self.page.evaluate("document.querySelector('[data-vk=film]').pause()")
        self.page.evaluate("document.querySelector('[data-vk=film]').muted = true")
        self.is_saved()
        rows = self.part.locator("[data-vk=moment]")
        # a test before may have marked in another window: this one hears of it when it is looked at
        self.page.evaluate("window.dispatchEvent(new Event('focus'))")
        until(lambda: rows.count() == len(self.stored()))
        while rows.count():
            rows.first.click()
            count = rows.count()
            self.to_film()
            self.press("Delete")
            expect(rows).to_have_count(count - 1)
        self.is_saved()
        self.press("Home")
        self.at(0)

    def one(self) -> dict[str, Any]:
        self.is_saved()
        [moment] = self.stored()
        return moment


def begin(view: View, book: Casebook, times: list[float], black: bool = False) -> Marking:
    """Press the button of the page, and wait until the film and its times are there."""
    view.page.get_by_role("button", name="Start this page").click(timeout=SECONDS)
    me = Marking(view, book, times)
    me.part.locator("[data-vk=film]").wait_for(timeout=SECONDS)
    if not black:
        ready(me)
    return me


def ready(me: Marking) -> None:
    me.page.wait_for_function(
        "document.querySelector('.vk-annotate').dataset.exact === 'true'"
        " && document.querySelector('[data-vk=film]').readyState >= 2"
        " && document.querySelector('[data-vk=film]').videoWidth > 0",
        timeout=SECONDS,
    )
    me.page.evaluate(WATCH)
    me.to_film()


@contextmanager
def page_on(browser: Browser, folder: Path, film: Path, times: list[float], **more: Any) -> Iterator[Marking]:
    """A casebook of its own with a lab of its own: for tests that break something."""
    book = new_book(folder / "casebook", film)
    with running(book.folder) as lab, opened(browser, lab, "3-moments", **more) as view:
        yield begin(view, book, times)


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose pictures stand for different times, and one of them for two and a half seconds."""
    return films.make(tmp_path_factory.mktemp("uneven") / "uneven.mp4", 500, filters=JITTER, sound=19)


@pytest.fixture(scope="module")
def one(browser: Browser, tmp_path_factory: pytest.TempPathFactory, small_film: Path) -> Iterator[Marking]:
    """One page for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("one")
    with page_on(browser, folder, small_film, films.times_of(small_film)) as me:
        yield me
        assert not me.view.errors and not me.view.outside


@pytest.fixture(scope="module")
def other(browser: Browser, tmp_path_factory: pytest.TempPathFactory, uneven: Path) -> Iterator[Marking]:
    with page_on(browser, tmp_path_factory.mktemp("other"), uneven, films.times_of(uneven)) as me:
        yield me


@pytest.fixture(params=["even", "uneven"])
def me(request: pytest.FixtureRequest) -> Marking:
    found = request.getfixturevalue("one" if request.param == "even" else "other")
    found.clean()
    return found


@pytest.fixture
def mine(one: Marking) -> Marking:
    one.clean()
    return one


# --- Marking while the film plays ------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [1.0, 0.5])
def test_a_key_that_is_held_marks_what_was_seen(me: Marking, speed: float) -> None:
    me.part.get_by_label("Speed").select_option(str(speed).removesuffix(".0"))
    me.to_film()
    me.press("Space")
    me.playing(1.2)
    me.page.keyboard.down("b")
    me.playing(2.5)
    me.page.keyboard.up("b")
    me.press("Space")
    me.part.get_by_label("Speed").select_option("1")
    moment = me.one()
    assert moment["end"] - moment["start"] > 1
    assert abs(me.shows(moment["start"]) - me.shows(me.times[down_of(me)] - 0.2 * speed)) <= 1
    assert abs(me.shows(moment["end"] - 0.001) - up_of(me)) <= 1


def down_of(me: Marking) -> int:
    return int(me.page.evaluate("window.seen.b.down"))


def up_of(me: Marking) -> int:
    return int(me.page.evaluate("window.seen.b.up"))


def test_the_mark_is_hollow_until_it_is_kept_and_then_it_stands_where_it_is_stored(mine: Marking) -> None:
    hold(mine, 1.0, 2.0)
    moment = mine.one()
    row = mine.part.locator("[data-vk=moment]")
    expect(row).to_have_attribute("data-id", moment["id"])
    assert float(row.get_attribute("data-start") or 0) == moment["start"]
    assert float(row.get_attribute("data-end") or 0) == moment["end"]
    assert re.fullmatch("m[a-z0-9]{8}", moment["id"])
    expect(row).not_to_have_class(re.compile("vk-hollow"))


def hold(me: Marking, begin: float, end: float) -> None:
    """Hold the key from one time to another, while the film plays, and pause it again."""
    me.to_film()
    me.press("Space")
    me.playing(begin)
    me.page.keyboard.down("b")
    me.playing(end)
    me.page.keyboard.up("b")
    me.press("Space")
    me.page.wait_for_function("document.querySelector('[data-vk=film]').paused")


def test_the_reaction_time_is_the_persons_own(mine: Marking) -> None:
    field = mine.part.get_by_label("Your reaction time, in seconds")
    mine.part.get_by_text("More ways to watch").click()
    field.fill("0.8")
    field.blur()
    hold(mine, 1.5, 2.5)
    moment = mine.one()
    assert abs(mine.shows(moment["start"]) - mine.shows(mine.times[down_of(mine)] - 0.8)) <= 1
    field.fill("0.2")
    field.blur()
    mine.part.get_by_text("More ways to watch").click()


def test_a_tap_marks_ten_seconds(mine: Marking) -> None:
    mine.go(200)
    mine.press("b")
    moment = mine.one()
    assert (mine.shows(moment["start"]), moment["start"]) == (mine.shows(mine.times[200] - 5), 3.0)
    assert mine.shows(moment["end"] - 0.001) == mine.shows(mine.times[200] + 5)


def test_the_button_is_held_by_pointer_and_by_its_own_keys(mine: Marking) -> None:
    button = mine.part.locator("[data-vk=mark]")
    mine.press("Space")
    mine.playing(0.6)
    button.hover()
    mine.page.mouse.down()
    expect(button).to_have_text("Let go when it ends")
    mine.playing(1.4)
    mine.page.mouse.up()
    expect(button).to_have_text("Hold B: better than usual")
    button.focus()
    mine.page.keyboard.down("Enter")
    mine.playing(2.4)
    mine.page.keyboard.up("Enter")
    mine.to_film()
    mine.press("Space")
    mine.is_saved()
    assert len(mine.stored()) == 2
    button.dispatch_event("click")  # as a voice or a screen reader does
    expect(mine.part.locator("[data-vk=moment]")).to_have_count(3)
    mine.is_saved()


def test_escape_lets_a_mark_go_that_was_begun(mine: Marking) -> None:
    mine.press("Space")
    mine.playing(0.5)
    mine.page.keyboard.down("b")
    mine.press("Escape")
    mine.page.keyboard.up("b")
    mine.press("Space")
    expect(mine.part.locator("[data-vk=mark]")).to_have_text("Hold B: better than usual")
    assert not mine.stored() and mine.part.locator("[data-vk=moment]").count() == 0


def new(me: Marking, before: list[dict[str, Any]]) -> dict[str, Any]:
    """The one moment that was not there before."""
    me.is_saved()
    [made] = [m for m in me.stored() if m not in before]
    return made


def begins_and_ends(me: Marking, moment: dict[str, Any]) -> tuple[int, int]:
    """The numbers of its first and of its last picture."""
    return me.shows(moment["start"]), me.shows(moment["end"] - 0.001)


# From when to when the mark on the timeline goes that is not made yet: it is white.
GROWING = """
() => {
  const line = document.querySelector("[data-vk=timeline]");
  const { data } = line.getContext("2d").getImageData(0, 82, line.width, 1);
  const white = [...Array(line.width).keys()].filter((x) => data[4 * x] > 250 && data[4 * x + 3] > 250);
  return [white[0] - 2, white.at(-1) + 3].map((x) => (x / line.width) * line.ariaValueMax);
}
"""


def test_whether_a_key_was_held_is_told_by_the_hand(other: Marking) -> None:
    """One picture stands for two and a half seconds, so the film hardly goes on while the key is held."""
    other.clean()
    other.part.get_by_label("Speed").select_option("2")
    hold(other, 1.5, 3.2)
    other.part.get_by_label("Speed").select_option("1")
    moment = other.one()
    assert abs(other.shows(moment["start"]) - other.shows(other.times[down_of(other)] - 0.4)) <= 1
    assert begins_and_ends(other, moment)[1] == up_of(other) == other.shows(3.2)


def test_a_mark_ends_where_the_loop_goes_back(mine: Marking) -> None:
    mark_by_keys(mine, 100, 150)
    mine.is_saved()
    before = mine.stored()
    mine.press("l")
    mine.playing(5.3)
    mine.page.keyboard.down("b")
    mine.page.wait_for_function("document.querySelector('[data-vk=film]').currentTime < 4.8")
    mine.page.wait_for_timeout(400)
    mine.page.keyboard.up("b")
    mine.press("l", "Space")
    moment = new(mine, before)
    assert abs(mine.shows(moment["start"]) - mine.shows(mine.times[down_of(mine)] - 0.2)) <= 1
    assert 149 <= begins_and_ends(mine, moment)[1] <= 151


@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowRight", "Home", ","])
def test_a_mark_ends_where_the_film_is_left_while_it_plays(mine: Marking, key: str) -> None:
    mine.go(200)
    mine.press("Space")
    mine.playing(8.2)
    mine.page.keyboard.down("b")
    mine.playing(9.0)
    mine.press(key)
    mine.page.wait_for_timeout(500)
    growing = mine.page.evaluate(GROWING)
    mine.page.keyboard.up("b")
    mine.page.evaluate("document.querySelector('[data-vk=film]').pause()")
    moment = mine.one()
    left = mine.page.evaluate("key => window.seen[key].down", key)
    assert abs(mine.shows(moment["start"]) - mine.shows(mine.times[down_of(mine)] - 0.2)) <= 1
    assert abs(begins_and_ends(mine, moment)[1] - left) <= 1
    assert growing == pytest.approx([moment["start"], moment["end"]], abs=0.15)


def test_while_the_film_stands_still_one_steps_to_the_end_of_a_mark(me: Marking) -> None:
    for keys, first, last in (("...", 100, 103), (",,", 98, 100)):
        me.clean()
        me.go(100)
        me.page.keyboard.down("b")
        me.press(*keys)
        me.at(last if first == 100 else first)
        me.page.keyboard.up("b")
        assert begins_and_ends(me, me.one()) == (first, last)
    me.clean()
    me.go(100)
    me.page.keyboard.down("b")
    me.page.wait_for_timeout(500)
    me.page.keyboard.up("b")  # nobody went anywhere
    assert begins_and_ends(me, me.one()) == (me.shows(max(0, me.times[100] - 5)), me.shows(me.times[100] + 5))


# --- Finding one's way -----------------------------------------------------------------------------------


def test_it_steps_to_each_picture_that_is_shown(me: Marking) -> None:
    start = 50
    me.go(start)
    for n in range(1, 21):
        me.press(".")
        me.at(start + n)
    for n in range(19, -1, -1):
        me.press(",")
        me.at(start + n)
    me.press("Shift+Period")
    me.at(start + 10)
    me.press("Shift+Comma")
    me.at(start)


def test_many_steps_in_a_row_lose_none(me: Marking) -> None:
    start = 30
    me.go(start)
    me.press(*["."] * 15)
    me.at(start + 15)
    me.press(*[","] * 12)
    me.at(start + 3)


def test_it_plays_slower_and_quicker_with_a_natural_voice(mine: Marking) -> None:
    video = "document.querySelector('[data-vk=film]')"
    seen = []
    for key in "---++++++":
        mine.press(key)
        seen.append(mine.page.evaluate(f"{video}.playbackRate"))
    assert seen == [0.75, 0.5, 0.25, 0.5, 0.75, 1, 1.5, 2, 2]
    assert mine.page.evaluate(f"{video}.preservesPitch")
    mine.press("-", "-")
    mine.press("m")
    assert mine.page.evaluate(f"{video}.muted") is False
    mine.press("m")


def test_a_moment_is_looped(mine: Marking) -> None:
    mark_by_keys(mine, 100, 115)
    mine.to_film()
    mine.press("l")
    numbers = set()
    for _ in range(60):
        mine.page.wait_for_function("n => window.seen.now !== n", arg=mine.page.evaluate("window.seen.now"))
        numbers.add(mine.page.evaluate("window.seen.now"))
    mine.press("l", "Space")
    assert min(numbers) >= 100 and max(numbers) <= 116 and len(numbers) > 8


def mark_by_keys(me: Marking, first: int, last: int) -> None:
    """In and out keys: the moment has these two pictures and all between them."""
    me.go(first)
    me.press("i")
    me.go(last)
    me.press("o")


def test_in_and_out_keys_take_the_pictures_on_the_screen(me: Marking) -> None:
    mark_by_keys(me, 40, 90)
    moment = me.one()
    assert me.shows(moment["start"]) == 40 and me.shows(moment["end"] - 0.001) == 90
    assert me.shows(moment["end"] + 0.001) == 91


def test_edges_move_by_one_picture(me: Marking) -> None:
    mark_by_keys(me, 40, 50)

    def edges() -> tuple[int, int]:
        me.is_saved()
        [moment] = me.stored()
        return me.shows(moment["start"]), me.shows(moment["end"] - 0.001)

    assert edges() == (40, 50)
    me.press("q")
    me.at(39)
    me.press("r")
    me.at(51)
    assert edges() == (39, 51)
    me.press("w", "w", "e", "e", "e")
    assert edges() == (41, 48)
    me.press("Shift+R")
    assert edges() == (41, 58)
    me.go(45)
    me.press("s")
    me.go(52)
    me.press("d")
    assert edges() == (45, 52)


def test_one_jumps_between_moments(mine: Marking) -> None:
    for first in (50, 150, 250):
        mark_by_keys(mine, first, first + 20)
    mine.press("Home")
    mine.at(0)
    for first in (50, 150, 250):
        mine.press("n")
        mine.at(first)
    mine.press("p")
    mine.at(150)
    expect(mine.part.locator("[data-vk=moment][aria-current=true]")).to_have_attribute("data-start", "6")


def test_the_timeline_is_dragged(mine: Marking) -> None:
    mine.part.locator("[data-vk=timeline]").scroll_into_view_if_needed()
    box = mine.part.locator("[data-vk=timeline]").bounding_box()
    assert box
    x, y = (lambda t: box["x"] + box["width"] * t / 20), box["y"] + 80

    def drag(begin: float, end: float) -> None:
        mine.page.mouse.move(x(begin), y)
        mine.page.mouse.down()
        mine.page.mouse.move(x((begin + end) / 2), y, steps=3)
        mine.page.mouse.move(x(end), y, steps=3)
        mine.page.mouse.up()

    drag(5, 8)
    made = mine.one()
    assert (made["start"], made["end"]) == (pytest.approx(5, abs=0.1), pytest.approx(8, abs=0.1))
    assert all(edge * 25 == pytest.approx(round(edge * 25)) for edge in (made["start"], made["end"]))
    drag(made["end"] - 0.02, 10)
    assert mine.one()["end"] == pytest.approx(10, abs=0.1)
    drag(made["start"] + 0.02, 4)
    moved = mine.one()
    assert moved["start"] == pytest.approx(4, abs=0.1) and moved["id"] == made["id"]


def test_the_way_back_has_no_end(mine: Marking) -> None:
    mark_by_keys(mine, 40, 60)
    mine.press("q", "q", "j", "2", "1")
    mine.press("Enter")
    mine.page.keyboard.type("I wait")
    mine.press("Escape")
    mine.is_saved()
    [last] = mine.stored()
    assert (last["better"], last["joy"], last["principles"]) == ("I wait", True, ["EN1"])
    states = [last]
    for _ in range(6):
        mine.to_film()
        mine.press("Control+z")
        mine.is_saved()
        states.append(*mine.stored() or [{}])
    assert states[-1] == {} and len({json.dumps(s, sort_keys=True) for s in states}) == 7
    for before in reversed(states[:-1]):
        mine.press("Control+y")
        mine.is_saved()
        assert mine.stored() == [before]
    mine.press("Delete")
    mine.is_saved()
    assert mine.stored() == []
    mine.press("Control+z")
    mine.is_saved()
    assert mine.stored() == [last]


@pytest.mark.parametrize(
    ("key", "shift", "by"),
    [
        *((".", False, 1), (",", False, -1), (">", True, 10), ("<", True, -10)),
        *((".", True, 1), ("<", False, -10), (";", False, 0), (":", False, 0)),  # in France
        *((":", True, 10), (";", True, -10)),  # in Germany
    ],
)
def test_every_keyboard_has_its_own_way_to_a_full_stop(mine: Marking, key: str, shift: bool, by: int) -> None:
    mine.go(50)
    mine.page.evaluate(PRESS, [key, shift])
    mine.page.wait_for_timeout(0 if by else 500)
    mine.at(50 + by)


# Press a key of another keyboard; tells whether it does something.
PRESS = """
([key, shiftKey, ctrlKey]) => {
  const pressed = new KeyboardEvent("keydown", { key, shiftKey, ctrlKey, bubbles: true, cancelable: true });
  document.querySelector("[data-vk=film]").dispatchEvent(pressed);
  return pressed.defaultPrevented;
}
"""


# --- Words -----------------------------------------------------------------------------------------------


def test_the_film_pauses_while_one_types_and_enter_lets_it_go_on(mine: Marking) -> None:
    hold(mine, 0.5, 1.5)
    mine.press("Space")
    mine.playing(1.6)
    mine.press("Enter")
    field = mine.part.locator("[data-vk=answer]")
    expect(field).to_be_focused()
    mine.page.keyboard.type("I wait")
    assert mine.page.evaluate("document.querySelector('[data-vk=film]').paused")
    mine.press("Shift+Enter")
    mine.page.keyboard.type("longer bjk ?")
    mine.press("Enter")
    mine.playing(1.6)
    mine.press("Space")
    assert mine.one()["better"] == "I wait\nlonger bjk ?"
    expect(mine.part.locator(".vk-caption")).to_be_hidden()
    mine.press("p")
    expect(mine.part.locator(".vk-caption")).to_have_text("I wait\nlonger bjk ?")


def test_a_moment_asks_why_it_was_chosen(mine: Marking) -> None:
    mark_by_keys(mine, 40, 60)
    expect(mine.part.locator("[data-vk=moment]")).to_contain_text("Why this moment for your question?")
    mine.press("Enter")
    mine.page.keyboard.type("I wait")
    mine.press("Enter")
    label = mine.part.locator(".vk-open .vk-label")
    expect(label).to_have_text("Why this moment for your question?")
    expect(mine.part.locator(".vk-open .vk-hint").first).to_have_text(
        "Your question: How do I give C1 time to begin?"
    )
    mine.page.keyboard.type("C1 begins")
    mine.press("Escape")
    expect(mine.part.locator("[data-vk=moment]")).not_to_contain_text("Why this moment")
    assert mine.one()["why"] == "C1 begins"


def test_words_of_any_kind_and_length_are_kept(mine: Marking) -> None:
    mark_by_keys(mine, 40, 60)
    field = mine.part.locator("[data-vk=answer]")
    for words in ("שלום 🙂 <b>", "Ω" * 50_000 + "x" * 50_000):
        field.fill(words)
        mine.is_saved()
        until(lambda words=words: mine.stored()[0].get("better") == words)
    assert field.get_attribute("dir") == "auto"


KEPT = "Object.entries(sessionStorage).filter(([key]) => /^vigkit/.test(key)).map(([, all]) => all).join('')"
WROTE = """
(field, words) => {
  field.value = words;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
"""
# Takes all the room there is, down to a few letters.
FILL = """
() => {
  for (let n = 20; n > 5; n -= 1) {
    try {
      for (let k = 0; ; k += 1) sessionStorage.setItem(`${n}-${k}`, "x".repeat(2 ** n));
    } catch { /* no room for another one of this size */ }
  }
}
"""
# Writes a letter every 50 ms, and says when it has written them all.
WRITE = """
(words) => {
  const field = document.querySelector("[data-vk=answer]");
  window.written = false;
  [...words].forEach((letter, n) => setTimeout(() => {
    field.value += letter;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    window.written = n === words.length - 1;
  }, 50 * n));
}
"""


def test_words_that_do_not_pause_go_over_on_the_way(mine: Marking) -> None:
    mark_by_keys(mine, 40, 60)
    mine.is_saved()
    words = "Sie wartet, und C1 beginnt. " * 8
    mine.page.evaluate(WRITE, words)
    until(lambda: "better" in mine.stored()[0])
    assert mine.page.evaluate("window.written") is False
    mine.page.wait_for_function("window.written", timeout=SECONDS)
    mine.is_saved()
    assert mine.one()["better"] == words


def test_words_are_nobody_elses_while_a_new_mark_is_being_kept(
    browser: Browser, tmp_path: Path, small_film: Path
) -> None:
    """The first letters go over with the new moment, the next ones by themselves: both are one person's."""
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        process = kernel(me.view.lab)
        process.suspend()
        mark_by_keys(me, 10, 30)
        me.part.locator("[data-vk=answer]").wait_for()
        words = "I wait, and C1"  # written before its first letters go over
        me.page.evaluate(WRITE, words)
        me.page.wait_for_function("document.querySelector('[data-vk=answer]').value.length > 4")
        process.resume()
        me.page.wait_for_function("window.written", timeout=SECONDS)
        me.is_saved()
        assert me.one()["better"] == words
        expect(me.part.locator(".vk-own")).to_have_count(0)


def test_many_words_wait_in_the_window_without_growing(
    browser: Browser, tmp_path: Path, small_film: Path
) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        mark_by_keys(me, 10, 30)
        me.is_saved()
        process = kernel(me.view.lab)
        process.suspend()
        field, words = me.part.locator("[data-vk=answer]"), "I wait, and C1 begins. " * 40
        for end in range(3, len(words) + 1, 3):
            field.evaluate(WROTE, words[:end])
        field.fill(words)
        assert len(me.page.evaluate(KEPT)) < 10 * len(words)
        expect(me.saved).to_have_text("Not saved yet", timeout=SECONDS)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        until(lambda: [pid for pid in me.view.lab.kernels() if pid != process.pid])
        me.page.reload()
        me.view.page.get_by_role("button", name=BUTTON).wait_for(timeout=SECONDS)
        again = begin(me.view, me.book, me.times)
        again.is_saved()
        assert again.one()["better"] == words


def test_a_window_that_can_keep_no_more_says_so(browser: Browser, tmp_path: Path, small_film: Path) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        mark_by_keys(me, 10, 30)
        me.is_saved()
        process = kernel(me.view.lab)
        process.suspend()
        me.page.evaluate(FILL)
        me.part.locator("[data-vk=answer]").fill("I wait longer than one line of words")
        expect(me.part.locator("[data-vk=problem]")).to_contain_text(
            "Copy them to another place", timeout=SECONDS
        )
        process.resume()
        me.is_saved()
        expect(me.part.locator("[data-vk=problem]")).to_be_hidden()


def test_what_one_might_see_is_chosen_by_key_or_from_the_list(mine: Marking) -> None:
    mark_by_keys(mine, 40, 60)
    mine.press("3", "2")
    mine.press("1")
    mine.part.get_by_label("Turns towards").check()
    mine.is_saved()
    assert mine.one()["principles"] == ["RE2", "AT3"]
    mine.part.get_by_label("Turns towards").uncheck()
    mine.to_film()
    mine.press("0", "3", "2")
    mine.is_saved()
    assert "principles" not in mine.one()


def test_turns_and_boxes_stand_behind_more(mine: Marking) -> None:
    mark_by_keys(mine, 50, 100)
    mine.go(60)
    mine.part.get_by_text("More about this moment").click()
    mine.part.get_by_text("Turns: who does what").click()
    mine.part.get_by_label("Who").select_option("C1")
    mine.part.get_by_label("Does what").select_option("initiative")
    mine.part.get_by_label("How", exact=True).select_option("gaze")
    mine.part.locator("[data-vk=turn]").click()
    mine.go(70)
    mine.part.get_by_text("Ends here").click()
    mine.is_saved()
    turn = {"who": "C1", "act": "initiative", "how": "gaze", "start": 2.4, "end": 2.84}
    assert mine.one()["turns"] == [turn]
    mine.part.get_by_text("Boxes round faces").click()
    mine.part.locator("[data-vk=film]").scroll_into_view_if_needed()
    box = mine.part.locator("[data-vk=film]").bounding_box()
    assert box
    mine.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.25)
    mine.page.mouse.down()
    mine.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5, steps=4)
    mine.page.mouse.up()
    mine.part.locator("[data-vk=follow]").click()
    mine.at(82)
    face = mine.part.locator(".vk-face")
    face.focus()
    mine.press("ArrowRight", "Shift+ArrowDown")
    mine.is_saved()
    [cover] = mine.one()["covers"]
    first, second = cover["keys"]
    assert (first["at"], second["at"]) == (2.8, 3.28)
    assert [first[s] for s in ("x", "y", "width", "height")] == pytest.approx([0.25] * 4, abs=0.02)
    assert (second["x"] - first["x"], second["height"] - first["height"]) == (
        pytest.approx(0.01, abs=1e-4),
        pytest.approx(0.01, abs=1e-4),
    )
    mine.part.get_by_label("Delete box 1").click()
    mine.is_saved()
    assert "covers" not in mine.one()
    mine.part.get_by_text("More about this moment").click()


def test_what_one_might_see_is_in_sight_and_then_the_film_again(mine: Marking) -> None:
    mark_by_keys(mine, 40, 60)
    for key in "421":
        mine.to_film()
        mine.press(key)
        see = mine.part.locator(".vk-see .vk-option")
        assert in_sight(see.first) and in_sight(see.last)
        mine.press("0")
        assert in_sight(mine.part.locator("[data-vk=film]"))
    mine.part.get_by_text("What might you see?").click()


def in_sight(what: Locator) -> bool:
    """Whether all of it can be seen without scrolling."""
    return bool(
        what.evaluate(
            """(e) => {
              const { top, bottom } = e.closest(".jp-NotebookPanel-notebook").getBoundingClientRect();
              const it = e.getBoundingClientRect();
              const seen = it.top > top - 1 && it.bottom < Math.min(bottom, innerHeight) + 1;
              return it.height > 0 && seen;
            }"""
        )
    )


# --- The page around it ----------------------------------------------------------------------------------


def test_no_key_reaches_the_notebook(mine: Marking) -> None:
    cells = mine.page.locator(".jp-Cell")
    before = cells.count()
    mark_by_keys(mine, 40, 60)
    for key in [*"abcdefghijklmnopqrstuvwxyz0123456789", "d", "d", "x", "Shift+M", "Control+z", "Delete"]:
        mine.to_film()
        mine.press(key)
        if mine.page.evaluate("Boolean(document.fullscreenElement)"):
            mine.press("f")
    mine.press("Enter")
    mine.page.keyboard.type("aabbddxx 00 ii")
    mine.press("Escape")
    mine.is_saved()
    assert cells.count() == before


def test_the_help_card_has_all_keys_and_gives_the_focus_back(mine: Marking, tmp_path: Path) -> None:
    mine.press("?")
    card = mine.part.locator("[data-vk=help]")
    expect(card).to_be_visible()
    mine.page.screenshot(path=tmp_path / "help.png")
    assert card.locator("kbd").count() > 30
    mine.press("Escape")
    expect(card).to_be_hidden()
    expect(mine.part.locator("[data-vk=film]")).to_be_focused()


def test_everything_is_reached_by_keyboard(mine: Marking) -> None:
    mark_by_keys(mine, 40, 60)
    mine.to_film()
    reached = set()
    for _ in range(80):
        mine.press("Tab")
        if not mine.part.evaluate("e => e.contains(document.activeElement)"):
            break
        reached.add(
            mine.page.evaluate(
                "document.activeElement.dataset.vk ?? document.activeElement.textContent.trim()"
            )
        )
    else:
        raise AssertionError("Tab does not lead out")
    wanted = {"mark", "play", "timeline", "answer", "moment", "Sound off", "Loop", "Delete", "Undo"}
    assert wanted | {"What might you see?", "More about this moment", "More ways to watch"} <= reached


@pytest.mark.parametrize("state", ["first", "open", "all"])
def test_nothing_stands_in_anybodys_way(mine: Marking, state: str, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    if state != "first":
        mark_by_keys(mine, 40, 60)
    drawers = mine.part.locator("details > summary")
    if state == "all":
        mine.part.evaluate("e => e.querySelectorAll('details').forEach((each) => (each.open = true))")
        mine.press("1")
    mine.page.screenshot(path=tmp_path / f"{state}.png", full_page=True)
    found = Axe().run(mine.page, context=".vk-annotate")
    mine.part.evaluate("e => e.querySelectorAll('details').forEach((each) => (each.open = false))")
    assert drawers.count() and not found.response["violations"], found.generate_report()


def test_at_twice_the_size_all_is_there(browser: Browser, one: Marking, tmp_path: Path) -> None:
    more = {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}
    with opened(browser, one.view.lab, "3-moments", **more) as view:
        large = begin(view, one.book, one.times)
        large.clean()
        mark_by_keys(large, 40, 60)
        large.page.screenshot(path=tmp_path / "twice.png")
        out = "each.getBoundingClientRect().right > innerWidth + 1"
        found = f"e => [...e.querySelectorAll('*')].filter((each) => {out}).map((each) => each.className)"
        assert large.part.evaluate(found) == []


def test_two_windows_keep_both_and_the_person_is_told(browser: Browser, one: Marking) -> None:
    one.clean()
    with opened(browser, one.view.lab, "3-moments") as view:
        second = begin(view, one.book, one.times)
        mark_by_keys(one, 40, 60)
        one.is_saved()
        mark_by_keys(second, 140, 160)
        second.is_saved()
        expect(second.part.locator("[data-vk=news]")).to_have_text(
            "Another window has changed this cycle. What is here now is both."
        )
        expect(second.part.locator("[data-vk=moment]")).to_have_count(2)
        assert [one.shows(m["start"]) for m in one.stored()] == [40, 140]
        one.page.evaluate("window.dispatchEvent(new Event('focus'))")  # one looks at the first window again
        expect(one.part.locator("[data-vk=moment]")).to_have_count(2)
        # and words in the same place stand side by side
        for each in (one, second):
            each.part.locator("[data-vk=moment]").first.click()
            expect(each.part.locator("[data-vk=answer]")).to_have_value("")
        one.part.locator("[data-vk=answer]").fill("I wait")
        one.is_saved()
        second.part.locator("[data-vk=answer]").fill("C1 looks up")
        expect(second.part.get_by_text("Another window has:")).to_be_visible(timeout=SECONDS)
        expect(second.part.locator(".vk-own")).to_have_text(["C1 looks up", "I wait"])
        second.part.get_by_role("button", name="Keep mine").click()
        second.is_saved()
        until(lambda: one.stored()[0]["better"] == "C1 looks up")
        # and who writes about a moment that the other window deletes loses no word
        second.to_film()
        second.press("Delete")
        second.is_saved()
        one.part.locator("[data-vk=answer]").fill("I wait, and C1 begins")
        expect(one.part.locator("[data-vk=news]")).to_contain_text("It is here again", timeout=SECONDS)
        one.is_saved()
        until(lambda: {m.get("better") for m in one.stored()} == {"I wait, and C1 begins", None})


def test_two_answers_to_one_question_wait_until_one_is_chosen(browser: Browser, one: Marking) -> None:
    """Whatever else is done meanwhile: the next question, an edge, more words, another start of the page."""
    one.clean()
    mark_by_keys(one, 40, 60)
    one.is_saved()
    with opened(browser, one.view.lab, "3-moments") as view:
        second = begin(view, one.book, one.times)
        second.part.locator("[data-vk=moment]").first.click()
        one.part.locator("[data-vk=answer]").fill("I wait")
        one.is_saved()
        field, both = second.part.locator("[data-vk=answer]"), second.part.locator(".vk-own")
        field.fill("C1 looks up")
        expect(both).to_have_text(["C1 looks up", "I wait"], timeout=SECONDS)
        expect(second.saved).to_have_text("Not saved yet")
        second.part.locator("[data-vk=continue]").click()
        field.fill("It asked for it")
        until(lambda: one.stored()[0].get("why") == "It asked for it")
        second.to_film()
        second.press("w")
        until(lambda: one.stored()[0]["start"] == 1.64)
        expect(both).to_have_text(["C1 looks up", "I wait"])
        second.part.get_by_role("button", name="Back", exact=True).click()
        field.fill("C1 looks up at me")
        expect(both).to_have_text(["C1 looks up at me", "I wait"])
        expect(second.saved).to_have_text("Not saved yet", timeout=SECONDS)
        second = begin(view, one.book, one.times)
        second.part.locator("[data-vk=moment]").first.click()
        both = second.part.locator(".vk-own")
        expect(both).to_have_text(["C1 looks up at me", "I wait"], timeout=SECONDS)
        assert one.stored()[0]["better"] == "I wait"
        second.part.get_by_role("button", name="Keep mine").click()
        second.is_saved()
        expect(both.first).to_be_hidden()
        assert one.stored()[0] | {"better": "C1 looks up at me", "why": "It asked for it"} == one.stored()[0]


def test_undo_leaves_what_another_window_has_written_since(browser: Browser, one: Marking) -> None:
    one.clean()
    mark_by_keys(one, 40, 60)
    one.part.locator("[data-vk=answer]").fill("I wait")
    one.to_film()
    one.is_saved()
    with opened(browser, one.view.lab, "3-moments") as view:
        second = begin(view, one.book, one.times)
        second.part.locator("[data-vk=moment]").first.click()
        second.part.get_by_role("button", name="Back", exact=True).click()
        second.part.locator("[data-vk=answer]").fill("I wait, and C1 begins")
        second.is_saved()
        one.page.evaluate("window.dispatchEvent(new Event('focus'))")
        expect(one.part.locator("[data-vk=answer]")).to_have_value("I wait, and C1 begins", timeout=SECONDS)
        one.to_film()
        one.press("Control+z")
        expect(one.part.locator("[data-vk=news]")).to_contain_text(
            "Another window has changed this moment since"
        )
        one.press("Control+y")
        one.is_saved()
        assert one.stored()[0]["better"] == "I wait, and C1 begins"


def test_a_window_that_moves_what_another_has_moved_shows_where_it_is(browser: Browser, one: Marking) -> None:
    one.clean()
    mark_by_keys(one, 40, 60)
    one.is_saved()
    with opened(browser, one.view.lab, "3-moments") as view:
        second = begin(view, one.book, one.times)
        second.part.locator("[data-vk=moment]").click()
        second.to_film()
        one.press("q")
        one.is_saved()
        moment = "[data-vk=moment]"
        expect(second.part.locator(moment)).to_have_attribute("data-start", "1.56", timeout=SECONDS)
        second.press("q", "q")
        second.is_saved()
        one.press("q")  # it does not know yet
        expect(one.part.locator("[data-vk=news]")).to_contain_text("It is as it was left there")
        expect(one.part.locator(moment)).to_have_attribute("data-start", "1.48")
        one.press("q")
        one.is_saved()
        until(lambda: one.stored()[0]["start"] == 1.44)
        expect(one.part.locator("[data-vk=problem]")).to_be_hidden()
        # started again, the film of before is let go
        second.page.evaluate("window.before = document.querySelector('[data-vk=film]')")
        begin(view, one.book, one.times)
        second.page.wait_for_function("!window.before.isConnected && !window.before.getAttribute('src')")


def test_the_help_card_names_every_key_that_works_and_no_other(mine: Marking) -> None:
    mark_by_keys(mine, 40, 60)
    mine.to_film()
    mine.press("?")
    card = mine.part.locator("[data-vk=help]")
    named = set(card.locator("kbd").all_inner_texts())
    expect(card.locator("dt", has_text="1 to 6")).to_be_visible()
    mine.press("Escape")
    names = {" ": "Space", "ArrowLeft": "←", "ArrowRight": "→", "Escape": "Esc"}
    named_otherwise = {"Backspace": "Delete", "=": "+"}
    plain = [chr(n) for n in range(32, 127) if not chr(n).isdigit() and chr(n) != "?"]
    more = ["Enter", "Delete", "Backspace", "Tab", "Home", "End", "PageUp", "PageDown", "Insert", "F2"]
    keys = [*plain, *more, *(f"Arrow{way}" for way in ("Left", "Right", "Up", "Down")), "Escape"]
    works = {key for key in keys if mine.page.evaluate(PRESS, [key, key.isupper() and len(key) == 1])}
    works = {
        names.get(key) or named_otherwise.get(key) or (key if len(key) > 1 else key.upper()) for key in works
    }
    works |= {f"Ctrl {key.upper()}" for key in plain if mine.page.evaluate(PRESS, [key, False, True])}
    assert works | {"?", *"016"} == named
    mine.to_film()
    mine.press("Escape", "Escape")


@pytest.mark.parametrize("size", [(1280, 900), (1024, 700)])
def test_a_page_that_was_started_is_ready_for_the_keys(
    browser: Browser, one: Marking, size: tuple[int, int], tmp_path: Path
) -> None:
    one.clean()
    button = (
        "getComputedStyle(document.querySelector('[data-jp-item-name=start] .jp-ToolbarButtonComponent'))"
    )
    with opened(browser, one.view.lab, "3-moments", viewport={"width": size[0], "height": size[1]}) as view:
        loud = view.page.evaluate(f"{button}.backgroundColor")
        view.start()
        me = Marking(view, one.book, one.times)
        film, saved = me.part.locator("[data-vk=film]"), me.saved
        expect(film).to_be_focused(timeout=SECONDS)
        view.page.wait_for_function("document.querySelector('[data-vk=film]').readyState >= 2")
        parts = [film, me.part.locator("[data-vk=mark]"), me.part.locator("[data-vk=timeline]"), saved]
        until(lambda: all(map(in_sight, [*parts, me.part.get_by_text("Hold the key B")])))
        view.page.mouse.move(*size)
        assert view.page.evaluate(f"{button}.backgroundColor") == "rgb(255, 255, 255)" != loud
        view.page.screenshot(path=tmp_path / "started.png")
        me.press("Space")
        me.playing(0.8)
        me.page.keyboard.down("b")
        me.playing(1.6)
        me.page.keyboard.up("b")
        me.press("Space")
        me.is_saved()
        view.page.screenshot(path=tmp_path / "marked.png")
        assert all(map(in_sight, [*parts, me.part.get_by_text("What is better than usual here?")]))
        # words in this part leave the keys with it, words elsewhere do not
        paused = "document.querySelector('[data-vk=film]').paused"
        me.part.locator(".vk-open h3").click()
        me.press("Space")
        view.page.wait_for_function(f"!{paused}")
        me.part.get_by_text("1 of 2").click()
        me.press("Space")
        view.page.wait_for_function(paused)
        assert len(me.stored()) == 1


def test_who_is_somewhere_else_already_stays_there(browser: Browser, one: Marking) -> None:
    with opened(browser, one.view.lab, "3-moments") as view:
        view.page.evaluate(
            """() => {
              const field = document.body.appendChild(document.createElement("input"));
              const busy = new MutationObserver(() => {
                if (!document.querySelector(".vk-annotate")) return;
                busy.disconnect();
                field.focus();
              });
              busy.observe(document.body, { childList: true, subtree: true });
            }"""
        )
        begin(view, one.book, one.times, black=True)
        expect(view.page.locator(".vk-cards:not([data-ready])")).to_have_count(0, timeout=SECONDS)
        view.page.wait_for_function("document.querySelector('[data-vk=film]').readyState >= 2")
        expect(view.page.locator("body > input")).to_be_focused()
        assert view.page.evaluate("document.querySelector('.jp-NotebookPanel-notebook').scrollTop") == 0


# --- What goes otherwise ---------------------------------------------------------------------------------


def kernel(lab: Lab) -> psutil.Process:
    [pid] = lab.kernels()
    return psutil.Process(pid)


@pytest.mark.parametrize("when", ["before it is stored", "as it is stored"])
def test_a_kernel_that_is_killed_loses_no_mark(
    browser: Browser, tmp_path: Path, small_film: Path, when: str
) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        hold(me, 0.5, 1.2)
        me.is_saved()
        process = kernel(me.view.lab)
        if when == "before it is stored":
            process.suspend()  # between the key that is let go and the answer
        hold(me, 2.0, 3.0)
        me.part.locator("[data-vk=moment]").nth(1).wait_for()
        if when == "as it is stored":
            until(lambda: len(me.stored()) == 2)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        if when == "before it is stored":
            expect(me.saved).to_have_text("Not saved yet", timeout=SECONDS)
            assert "Your words are kept" in me.part.locator("[data-vk=problem]").inner_text()
            expect(me.part.locator("[data-vk=moment]").nth(1)).to_contain_text("Not saved yet")
            me.part.locator("[data-vk=answer]").fill("I wait longer")  # words too
            me.page.screenshot(path=tmp_path / "killed.png")
        until(lambda: [pid for pid in me.view.lab.kernels() if pid != process.pid])
        me.page.locator(".jp-Dialog button").last.click(timeout=SECONDS)  # Jupyter says that it restarts
        again = begin(me.view, me.book, me.times)
        again.is_saved()
        expect(again.part.locator("[data-vk=moment]")).to_have_count(2, timeout=SECONDS)
        moments = me.stored()
        assert len(moments) == 2 and len({m["id"] for m in moments}) == 2
        if when == "before it is stored":
            assert moments[1]["better"] == "I wait longer"


def test_a_full_disk_keeps_all_in_the_window(browser: Browser, tmp_path: Path, small_film: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("no disk can be filled for one program alone on this system")
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        process = kernel(me.view.lab)
        process.rlimit(psutil.RLIMIT_FSIZE, (0, psutil.RLIM_INFINITY))
        mark_by_keys(me, 40, 60)
        expect(me.saved).to_have_text("Not saved yet", timeout=SECONDS)
        expect(me.part.locator("[data-vk=problem]")).to_contain_text("There is no space left on the disk")
        me.part.locator("[data-vk=answer]").fill("I wait longer")
        expect(me.saved).to_have_text("Not saved yet", timeout=SECONDS)
        assert me.stored() == [] and me.page.evaluate("Object.keys(sessionStorage).length") > 0
        process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
        me.part.get_by_role("button", name="Try again").click()
        me.is_saved()
        assert me.one()["better"] == "I wait longer"
        expect(me.part.locator("[data-vk=problem]")).to_be_hidden()


def test_a_folder_that_has_gone_keeps_all_in_the_window(
    browser: Browser, tmp_path: Path, small_film: Path
) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        all_is_here(me)
        shutil.move(me.book.folder, tmp_path / "away")
        mark_by_keys(me, 40, 60)
        expect(me.saved).to_have_text("Not saved yet", timeout=SECONDS)
        problem = me.part.locator("[data-vk=problem]")
        expect(problem).to_contain_text("The casebook's folder casebook is not where it was.")
        expect(problem).to_contain_text("Put the folder back under its old name, then try again.")
        assert str(tmp_path) not in problem.inner_text()
        me.page.wait_for_timeout(15_000)  # Jupyter looks into the folder every ten seconds
        assert me.page.locator(".jp-Dialog").count() == 0
        shutil.move(tmp_path / "away", me.book.folder)
        me.part.get_by_role("button", name="Try again").click()
        assert me.shows(me.one()["start"]) == 40
        expect(problem).to_be_hidden()


def all_is_here(me: Marking) -> None:
    """The browser has the whole film, and asks for no more of it."""
    whole = "v => v.buffered.length && v.buffered.end(v.buffered.length - 1) > v.duration - 0.5"
    film = me.part.locator("[data-vk=film]").element_handle()
    me.page.wait_for_function(whole, arg=film, timeout=SECONDS)


def test_a_lock_that_another_program_holds_is_told(
    browser: Browser, tmp_path: Path, small_film: Path
) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        problem = me.part.locator("[data-vk=problem]")
        with FileLock(me.book.folder / LOCK):
            mark_by_keys(me, 40, 60)
            told = re.compile("^Another program is using this casebook. Your words are kept in this window.")
            expect(problem).to_have_text(told, timeout=SECONDS)
            me.page.wait_for_timeout(4_000)
            expect(problem).to_have_text(told)  # it goes on saying so
            expect(me.saved).to_have_text("Not saved yet")
        me.is_saved()
        expect(problem).to_be_hidden()
        assert me.shows(me.one()["start"]) == 40


# Whether any picture of the film stands on the timeline.
STRIP = """
() => {
  const line = document.querySelector("[data-vk=timeline]");
  const { data } = line.getContext("2d").getImageData(0, 12, line.width, Math.floor(line.height / 4));
  const ground = [0xee, 0xf1, 0xf3, 255], ink = [0x21, 0x2b, 0x32, 255];
  let other = 0;
  for (let n = 0; n < data.length; n += 4) {
    const is = (colour) => colour.every((part, i) => Math.abs(data[n + i] - part) < 3);
    if (data[n + 3] === 255 && !is(ground) && !is(ink)) other += 1;
  }
  return other > 1000;
}
"""


def plays_slowly(me: Marking, seconds: float) -> None:
    """From a place on, with no key pressed any more, and all of the film here."""
    me.go(round(seconds * 25))
    me.part.get_by_label("Speed").select_option("0.25")
    all_is_here(me)
    me.page.evaluate("document.querySelector('[data-vk=film]').play()")
    me.playing(seconds)
    me.page.wait_for_function(STRIP, timeout=SECONDS)


def test_a_consent_that_is_taken_back_stops_a_film_that_plays(
    browser: Browser, tmp_path: Path, small_film: Path
) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        mark_by_keys(me, 40, 400)
        where = ("moments", me.one()["id"], "better")
        problem, caption = me.part.locator("[data-vk=problem]"), me.part.locator(".vk-caption")
        steps.mark_moments(Casebook(me.book.folder), "01-snack", [Answer(path=where, value="Theirs")])
        me.part.locator("[data-vk=answer]").fill("Mine")
        expect(problem).to_contain_text("Another window has changed this answer", timeout=SECONDS)
        plays_slowly(me, 4)
        expect(caption).to_be_visible()
        steps.put(me.book, "consent", PERSON | {"person": "C1", "consents": [{"withdrawn": "2026-03-01"}]})
        expect(problem).to_have_text(re.compile("^The consent of C1 .* was taken back"), timeout=15_000)
        expect(problem).to_contain_text("Another window has changed this answer")
        assert me.page.evaluate("document.querySelector('[data-vk=film]').getAttribute('src')") is None
        expect(caption).to_be_hidden()
        me.page.wait_for_function(f"() => !({STRIP})()", timeout=SECONDS)
        assert len(me.stored()) == 1 and not me.view.errors


@pytest.mark.parametrize(
    ("change", "words"),
    [(Path.unlink, "The film snack is not there"), (lambda p: p.write_bytes(b"x"), "has changed since")],
    ids=["deleted", "another"],
)
def test_a_film_that_goes_while_it_plays_is_told(
    browser: Browser, tmp_path: Path, small_film: Path, change: Any, words: str
) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        mark_by_keys(me, 40, 60)
        me.part.locator("[data-vk=answer]").fill("I wait")
        me.is_saved()
        plays_slowly(me, 4)
        file = me.book.folder / "films" / "snack.mp4"
        change(file)
        problem = me.part.locator("[data-vk=problem]")
        expect(problem).to_contain_text(words, timeout=15_000)
        expect(me.part.locator("[data-vk=moment]")).to_have_count(1)
        assert me.one()["better"] == "I wait"
        shutil.copyfile(small_film, file)
        me.part.get_by_role("button", name="Try again").click()
        ready(me)
        expect(problem).to_be_hidden()
        me.page.wait_for_function(STRIP, timeout=SECONDS)


def test_a_consent_that_is_taken_back_stops_the_film(
    browser: Browser, tmp_path: Path, small_film: Path
) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        mark_by_keys(me, 40, 60)
        me.is_saved()
        steps.put(me.book, "consent", PERSON | {"person": "C1", "consents": [{"withdrawn": "2026-03-01"}]})
        mark_by_keys(me, 140, 160)
        expect(me.part.locator("[data-vk=problem]")).to_contain_text("was taken back", timeout=SECONDS)
        assert me.page.evaluate("document.querySelector('[data-vk=film]').getAttribute('src')") is None
        expect(me.saved).to_have_text("Not saved yet")
        assert len(me.stored()) == 1


def test_a_film_that_has_gone_is_told(browser: Browser, tmp_path: Path, small_film: Path) -> None:
    book = new_book(tmp_path / "casebook", small_film)
    (book.folder / "films" / "snack.mp4").rename(tmp_path / "snack.mp4")
    with running(book.folder) as lab, opened(browser, lab, "3-moments") as view:
        me = begin(view, book, [], black=True)
        problem = me.part.locator("[data-vk=problem]")
        expect(problem).to_contain_text("The film snack is not there", timeout=SECONDS)
        (tmp_path / "snack.mp4").rename(book.folder / "films" / "snack.mp4")
        me.part.get_by_role("button", name="Try again").click()
        ready(me)
        expect(problem).to_be_hidden()


def test_a_film_that_a_browser_shows_black_gets_a_copy(browser: Browser, tmp_path: Path) -> None:
    video = (*X265, "-pix_fmt", "yuv420p", "-x265-params", QUIET)
    film = films.make(tmp_path / "phone.mov", 300, video=video, sound=10)
    book = new_book(tmp_path / "casebook", film)
    with running(book.folder) as lab, opened(browser, lab, "3-moments") as view:
        me = begin(view, book, films.times_of(film))
        assert "/proxy" in str(me.page.evaluate("document.querySelector('[data-vk=film]').src"))
        mark_by_keys(me, 40, 60)
        moment = me.one()
        assert (me.shows(moment["start"]), me.shows(moment["end"] - 0.001)) == (40, 60)
        assert list((book.folder / "cache").rglob("proxy-*.mp4"))


def test_on_the_full_screen_one_is_told_what_is_not_saved(
    browser: Browser, tmp_path: Path, small_film: Path
) -> None:
    with page_on(browser, tmp_path, small_film, films.times_of(small_film)) as me:
        me.press("f")
        me.page.wait_for_function("document.fullscreenElement")
        full = me.page.locator(":fullscreen")
        expect(full.locator("[data-vk=saved]")).to_have_text("Saved")
        process = kernel(me.view.lab)
        process.suspend()
        hold(me, 0.5, 1.2)
        expect(full.locator("[data-vk=saved]")).to_have_text("Not saved yet", timeout=SECONDS)
        told = full.locator("[data-vk=problem]")
        expect(told).to_contain_text("Your words are kept")
        expect(told).to_be_in_viewport(ratio=1)
        me.page.screenshot(path=tmp_path / "full.png")
        process.resume()
        me.is_saved()
        expect(told).to_be_hidden()
