"""The whole way by keyboard alone: from `vigkit new` to a log that holds each word that was typed."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from conftest import ROOT
from lab import SECONDS, View, browser, opened, running
from playwright.sync_api import Browser, Locator, expect

__all__ = ["browser"]  # a fixture
SHOTS = Path(os.environ.get("VIGKIT_SCREENSHOTS", ROOT / ".screenshots"))

WORDS = {
    "question": "How do I leave C1 the time to begin? שלום 🙂",
    "agreed": "V1",
    "goal": "I wait until C1 has begun",
    "higher": "I would count to three and look",
    "situation": "Snack time at the small table, C1 and I",
    "activity": "Snack time",
    "better": ["I wait longer than yesterday", "C1 looks up first", "We smile at once"],
    "passed": "The spilt milk, it went so quickly",
    "mine": "I notice my quiet hands",
    "theirs": "I wonder what C1 was waiting for",
    "saw": "C1 holds the cup towards me",
    "felt": "I felt calm, and C1 perhaps proud",
    "thought": "Let it come",
    "wished": "To be asked once more",
    "surprised": "How short a second is",
    "says": "When I wait, C1 begins",
    "point": "More of the second in which nothing happens",
    "what": "Getting dressed, C1 and I",
    "bring": "The third moment",
}
PRIVATE = "It made me cry a little"


# Jupyter's own buttons are made of parts, and one of them has the focus.
FOCUSED = "e => [document.activeElement, document.activeElement.shadowRoot?.activeElement].includes(e)"


class Keys:
    """A person who has no mouse."""

    def __init__(self, view: View) -> None:
        self.view, self.page, self.keys = view, view.page, view.page.keyboard

    def to(self, goal: Locator, most: int = 150) -> None:
        """Press Tab until the goal has the focus."""
        expect(goal).to_be_visible(timeout=SECONDS)
        for _ in range(most):
            if goal.evaluate(FOCUSED):
                return
            self.keys.press("Tab")
        raise AssertionError(f"Tab does not lead to {goal}")

    def press(self, goal: Locator, key: str = "Enter") -> None:
        self.to(goal)
        self.keys.press(key)

    def write(self, goal: Locator, words: str) -> None:
        self.to(goal)
        self.keys.type(words)
        expect(goal).to_have_value(words)

    def button(self, name: str, inside: Locator | None = None) -> Locator:
        return (inside or self.page).get_by_role("button", name=name, exact=True)

    def start(self) -> None:
        """The one button of a page that has not been started."""
        self.press(self.button("Start this page"))
        self.page.locator("[data-vk=next]").first.wait_for(timeout=SECONDS)

    def cards(self, number: int) -> Locator:
        """One of the parts of a page that ask something, from the top."""
        return self.page.locator(".vk-cards").nth(number)

    def go_on(self, cards: Locator) -> None:
        self.press(self.button("Continue", cards))

    def saved(self, part: Locator) -> None:
        expect(part.locator("[data-vk=saved]").first).to_have_text("Saved", timeout=SECONDS)

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def question_and_goals(me: Keys) -> None:
    question, goals = me.cards(0), me.cards(1)
    me.write(question.locator("[data-vk=question]"), WORDS["question"])
    me.go_on(question)
    me.write(question.get_by_role("textbox"), WORDS["agreed"])
    me.saved(question)
    me.write(goals.locator("[data-vk=goal]"), WORDS["goal"])
    me.go_on(goals)
    for chosen in (3, 7):
        me.press(goals.get_by_role("radio", name="0", exact=True), "Space")
        for _ in range(chosen):
            me.keys.press("ArrowRight")
        expect(goals.get_by_role("radio", name=str(chosen), exact=True)).to_be_checked()
        me.go_on(goals)
    me.write(goals.get_by_role("textbox"), WORDS["higher"])
    me.saved(goals)


def film_and_consents(me: Keys, film: Path) -> None:
    before, bring = me.cards(0), me.cards(1)
    for _ in range(3):
        me.go_on(before)
    me.write(before.get_by_role("textbox"), WORDS["situation"])
    me.saved(before)
    chooser = bring.locator("[data-vk=bring]")
    with me.page.expect_file_chooser() as chosen:
        me.press(chooser)
    chosen.value.set_files(film)
    people = bring.get_by_label("Who is in it?")
    me.to(people)
    me.keys.press("Control+A")
    me.keys.type("S1, C1")
    me.press(me.button("Add this film", bring))
    activity = bring.get_by_label("What is happening in it?")
    me.write(activity, WORDS["activity"])
    me.saved(bring)
    for person in ("S1", "C1"):
        consent(me, person)
    me.page.get_by_text("Everybody in the film has agreed").wait_for(timeout=SECONDS)


def consent(me: Keys, person: str) -> None:
    """The tab of a person, then for what, and on which day."""
    tab = me.page.get_by_role("tab", name=person, exact=True)
    tab.wait_for(timeout=SECONDS)
    if tab.get_attribute("aria-selected") != "true":
        me.to(me.page.locator(".widget-tab [role=tab][aria-selected=true]"))
        me.keys.press("ArrowRight")
        me.keys.press("Enter")
    part = me.page.locator(".vk-cards", has_text="who may see the film?").filter(visible=True)
    for purpose in ("Own reflection", "Supervision"):
        me.press(part.get_by_role("checkbox", name=purpose), "Space")
    me.saved(part)
    me.go_on(part)
    part = me.page.locator(".vk-cards", has_text="on which day was this yes given?").filter(visible=True)
    me.to(part.locator("input[type=date]"))
    me.keys.type("09012026")
    me.saved(part)


def choose(me: Keys) -> None:
    part = me.cards(0)
    for n in range(3):
        me.press(part.get_by_role("checkbox").nth(n), "Space")
        expect(part.get_by_role("checkbox").nth(n)).to_be_checked()
    me.saved(part)
    for _ in range(3):
        me.go_on(part)
        me.press(part.get_by_role("checkbox", name=re.compile("^Supervision")), "Space")
        me.saved(part)


def review(me: Keys) -> None:
    part, after = me.cards(0), me.cards(1)
    for _ in range(3):
        me.go_on(part)
    for name in ("mine", "theirs", "saw", "felt", "thought", "wished", "surprised"):
        me.write(part.get_by_role("textbox"), WORDS[name])
        me.saved(part)
        me.go_on(part)
    me.write(after.get_by_role("textbox"), WORDS["says"])
    me.go_on(after)
    me.write(after.get_by_role("textbox"), WORDS["point"])
    me.saved(after)


def log(me: Keys) -> None:
    me.write(me.page.get_by_label("What do you want to film next?"), WORDS["what"])
    me.write(me.page.get_by_label("What do you bring to supervision?"), WORDS["bring"])
    me.write(me.page.get_by_label("How does this work affect you?"), PRIVATE)
    me.saved(me.cards(0))
    me.saved(me.cards(1))
    me.press(me.page.locator("[data-vk=make-log]"))
    me.page.get_by_text("The log is ready").wait_for(timeout=SECONDS)


def mark(me: Keys) -> None:
    """Hold one key while the film plays, three times, and say what is better; Enter lets the film go on."""
    film = me.page.locator(".vk-annotate [data-vk=film]")
    expect(film).to_be_visible(timeout=SECONDS)
    handle = film.element_handle()
    me.page.wait_for_function("v => v.readyState >= 2 && v.videoWidth > 0", arg=handle, timeout=SECONDS)
    me.to(film)
    me.keys.press("Space")
    for n, words in enumerate(WORDS["better"]):
        at = film.evaluate("v => v.currentTime")
        me.page.wait_for_function("([v, t]) => v.currentTime > t + 0.8", arg=[handle, at], timeout=SECONDS)
        me.keys.down("b")
        me.page.wait_for_function("([v, t]) => v.currentTime > t + 1.8", arg=[handle, at], timeout=SECONDS)
        me.keys.up("b")
        expect(me.page.locator(".vk-annotate [data-vk=moment]")).to_have_count(n + 1, timeout=SECONDS)
        me.keys.press("Enter")
        field = me.page.get_by_label("What is better than usual here?")
        expect(field).to_be_focused(timeout=SECONDS)
        me.keys.type(words)
        expect(film).to_have_js_property("paused", True)
        me.keys.press("Enter")
        expect(film).to_have_js_property("paused", False)
    me.keys.press("Space")
    me.saved(me.page.locator(".vk-annotate"))
    part = me.cards(0)
    me.write(part.get_by_role("textbox"), WORDS["passed"])
    me.saved(part)


def test_from_a_new_casebook_to_a_log_by_keyboard_alone(
    browser: Browser,
    tmp_path: Path,
    small_film: Path,
    vigkit: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    casebook = tmp_path / "casebook"
    assert vigkit("new", casebook, "--code", "S1").returncode == 0
    steps: dict[str, Callable[[Keys], None]] = {
        "0-welcome": lambda me: None,
        "1-goal": question_and_goals,
        "2-consent-and-film": lambda me: film_and_consents(me, small_film),
        "3-moments": mark,
        "4-short-film": choose,
        "5-shared-review": review,
        "6-log": log,
    }
    with running(casebook) as lab, opened(browser, lab, "0-welcome") as view:
        me = Keys(view)
        for page, act in steps.items():
            view.page.wait_for_url(f"**/{page}.ipynb*", timeout=SECONDS)
            me.start()
            act(me)
            me.shot(page)
            if page != "6-log":
                me.press(view.page.locator("[data-vk=next]:visible"))
        assert not view.errors and not view.outside
    words_are_in(casebook)


def words_are_in(casebook: Path) -> None:
    """Every word is in the casebook and in the log, but the private ones, and those passed over are told."""
    [page] = casebook.glob("logs/*/01.html")
    log = html.unescape(page.read_text("utf-8"))
    for name, said in WORDS.items():
        for words in [said] if isinstance(said, str) else said:
            assert words in log, (name, words)
    assert PRIVATE not in log
    assert PRIVATE in casebook.joinpath("private/01.json").read_text("utf-8")
    cycle = json.loads(casebook.joinpath("cycles/01.json").read_text("utf-8"))
    assert [g["ratings"][0]["now"] for g in cycle["goals"]] == [3] and cycle["goals"][0]["hoped"] == 7
    assert [m["chosen"] for m in cycle["moments"]] == [1, 2, 3]
    for notebook in casebook.glob("workbooks/*.ipynb"):
        text = notebook.read_text("utf-8")
        assert not any(words in text for words in (WORDS["goal"], WORDS["mine"], PRIVATE))
