"""The exercise as somebody does it: by keyboard alone, on the film as it plays, with a kind word at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lab import BUTTON, SECONDS, Lab, View, browser, opened, running
from playwright.sync_api import Browser, Locator, expect

from vigkit import steps
from vigkit.demo.place import demonstration

__all__ = ["browser"]  # a fixture
NAME = "1-spot-the-initiative"
TRAINERS = f"{NAME}-for-trainers"
# Go to a time as a paused film, and wait until its frame is on screen.
SEEK = """
(video, at) => new Promise((done) => {
  video.requestVideoFrameCallback((_now, frame) => done(frame.mediaTime));
  video.currentTime = at;
})
"""
PAST = "([video, at]) => video.currentTime >= at"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab on a casebook that has no film, and both versions of the page."""
    book = steps.new(tmp_path_factory.mktemp("spot") / "casebook")
    steps.open_pages(book, NAME)
    with running(book.folder, "--page", TRAINERS) as lab:
        yield lab


@pytest.fixture
def view(browser: Browser, lab: Lab) -> Iterator[View]:
    with opened(browser, lab, NAME) as view:
        start(view)
        yield view
        assert not view.outside and not view.errors


def part(view: View) -> Locator:
    return view.page.locator(".vk-spot").first


def start(view: View) -> None:
    """Press the one button there is, and wait until the film can be seen."""
    view.page.get_by_role("button", name=BUTTON).click(timeout=SECONDS)
    expect(video(view)).to_be_visible(timeout=SECONDS)
    view.page.wait_for_function("v => v.readyState >= 2", arg=video(view).element_handle(), timeout=SECONDS)


def video(view: View) -> Locator:
    return part(view).locator("video")


def told(view: View) -> Locator:
    return part(view).locator("[data-vk=feedback]")


def rows(view: View, title: str) -> Locator:
    """The lines below a heading."""
    return part(view).get_by_role("heading", name=title).locator("xpath=following-sibling::ul[1]/li")


def until(view: View, at: float) -> None:
    """Until the film has come so far."""
    view.page.wait_for_function(PAST, arg=[video(view).element_handle(), at], timeout=SECONDS)


def to(view: View, name: str) -> None:
    """Press Tab until a button has the focus."""
    goal = part(view).get_by_role("button", name=name, exact=True)
    for _ in range(60):
        if goal.evaluate("e => e === document.activeElement"):
            return
        view.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}")


def test_somebody_does_the_exercise_by_keyboard_alone(view: View) -> None:
    """The film plays on in its own time; each press is at the frame that is on screen."""
    keys = view.page.keyboard
    to(view, "Play")
    keys.press("Enter")
    until(view, 1.8)
    keys.press("b")
    expect(told(view)).to_have_text("Yes, at 0:01. The child looks up at the teacher.")
    until(view, 5.7)
    to(view, "The child begins something")
    keys.press("Enter")
    expect(told(view)).to_have_text("Yes, at 0:05. The child points at the apple.")
    expect(rows(view, "You noticed these")).to_have_count(2)
    assert not video(view).evaluate("v => v.paused"), "it plays on"

    video(view).focus()
    keys.press(" ")
    assert video(view).evaluate("v => v.paused")
    video(view).evaluate(SEEK, 16)
    keys.press("b")
    expect(told(view)).to_have_text("Look once more from 0:12: what is the child answering here?")
    to(view, "Look once more")
    keys.press("Enter")
    view.page.wait_for_function(
        "v => !v.paused && v.currentTime > 12 && v.currentTime < 15", arg=video(view).element_handle()
    )

    to(view, "See what I noticed")
    keys.press("Enter")
    expect(part(view).get_by_role("heading", name="You noticed these")).to_be_focused()
    others = rows(view, "Others saw these too. Play each once more")
    expect(others).to_have_count(7)
    expect(rows(view, "You noticed these")).to_have_count(2)
    expect(part(view)).to_contain_text("Each of these begins without a word.")
    words = part(view).inner_text()
    assert not re.search(r"\b(miss|wrong|score|of 9|only)\w*", words, re.IGNORECASE), words


def test_slow_quiet_once_more_and_to_the_end(view: View) -> None:
    part(view).get_by_role("button", name="The child begins something").click()
    expect(told(view)).to_have_text("Choose Play first. Then press each time.")
    part(view).get_by_role("button", name="See what I noticed").click()
    expect(part(view)).to_contain_text("You have watched. Now look with others.")
    once_more(view)
    for name, state in (("Half speed", "v => v.playbackRate === 0.5"), ("Sound off", "v => v.muted")):
        button = part(view).get_by_role("button", name=name)
        assert not video(view).evaluate(state)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        assert video(view).evaluate(state)
    video(view).evaluate(SEEK, 63.4)
    part(view).get_by_role("button", name="Play", exact=True).click()
    expect(told(view)).to_contain_text("The film is over.", timeout=SECONDS)
    part(view).get_by_role("button", name="From the beginning").click()
    view.page.wait_for_function("v => v.currentTime < 5 && !v.paused", arg=video(view).element_handle())


def once_more(view: View) -> None:
    """What begins is played with a little around it, and then the film waits. The laugh: 51.84 to 53.64."""
    part(view).get_by_role("button", name="Play once more: The child points at the apple.").click()
    until(view, 5.5)
    expect(part(view).locator(".vk-place")).to_be_visible()
    box, frame = part(view).locator(".vk-place").bounding_box(), video(view).bounding_box()
    assert box and frame and frame["x"] < box["x"] < frame["x"] + frame["width"]
    part(view).get_by_role("button", name="Play once more: The child laughs.").click()
    view.page.wait_for_function(
        "v => v.paused && v.currentTime > 54.6 && v.currentTime < 55.2",
        arg=video(view).element_handle(),
        timeout=SECONDS,
    )
    expect(part(view).locator(".vk-place")).to_be_hidden()


def test_a_press_is_at_the_frame_on_screen(view: View) -> None:
    for at, sentence in (
        (42.16, "Yes, at 0:40. The child holds out the last block."),
        (4.28, "Look once more from 0:01: who begins here, the child or the teacher?"),
        (4.32, "Yes, at 0:05. The child points at the apple."),
        (36.0, "Look once more from 0:33: what is the child answering here?"),
    ):
        shown = video(view).evaluate(SEEK, at + 1e-4)
        assert abs(shown - at) < 1e-3
        part(view).get_by_role("button", name="The child begins something").click()
        expect(told(view)).to_have_text(sentence)


def test_what_was_noticed_lasts_as_long_as_the_window_is_open(view: View) -> None:
    files = [*demonstration().glob("*/*.json"), *demonstration().parent.glob("films/*")]
    before = {path: path.stat().st_mtime_ns for path in files}
    video(view).evaluate(SEEK, 20)
    part(view).get_by_role("button", name="The child begins something").click()
    expect(rows(view, "You noticed these")).to_have_count(1)
    films = part(view).get_by_role("radio")
    if films.count() > 1:
        part(view).get_by_role("button", name="Play", exact=True).first.click()
        until(view, 20.1)
        films.nth(1).check()
        expect(part(view).locator("[data-vk=play]")).to_have_text("Play")
        expect(part(view).get_by_role("heading", name="You noticed these")).to_have_count(0)
        video(view).evaluate(SEEK, 38)
        part(view).get_by_role("button", name="The older adult begins something").click()
        expect(told(view)).to_have_text("Yes, at 0:37. The older adult pushes the card with music over.")
        films.nth(0).check()
    expect(rows(view, "You noticed these")).to_contain_text("The child hums over the apple.")

    stored = view.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "hums" not in stored and "noticed" not in stored and "vigkit:" not in stored
    view.page.reload()
    start(view)
    expect(part(view).get_by_role("heading", name="You noticed these")).to_have_count(0)
    assert before == {path: path.stat().st_mtime_ns for path in files}


def test_both_versions_fit_a_small_window(browser: Browser, lab: Lab) -> None:
    """A window of 640 pixels is what is left of 1280 at 200 %."""
    with opened(browser, lab, TRAINERS, viewport={"width": 640, "height": 450}) as view:
        start(view)
        answers = view.page.locator(".vk-spot").nth(1)
        expect(answers.get_by_role("heading", name="Play each once more")).to_be_visible(timeout=SECONDS)
        expect(answers.get_by_role("button", name="begins something")).to_have_count(0)
        for each in (part(view), answers):
            assert each.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
            box = each.locator("video").bounding_box()
            assert box and abs(box["width"] / box["height"] - 16 / 9) < 0.02
        answers.get_by_role("button", name="Play once more: The child laughs.").click()
        view.page.wait_for_function(
            "v => !v.paused && v.currentTime > 51", arg=answers.locator("video").element_handle()
        )
