"""Every page in a browser: for everybody, at every size, and without a word lost, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import SECONDS, Lab, View, browser, opened, running
from playwright.sync_api import Browser, Locator, Page, expect
from test_journey_in_browser import SHOTS

from vigkit import pages, steps
from vigkit.casebook import Casebook
from vigkit.cycle import SharedReview
from vigkit.demo import lives
from vigkit.steps import Answer

__all__ = ["browser"]  # a fixture
OURS = ".vk-cards, .vk-annotate"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> Path:
    """The casebook of somebody in the demonstration, with everything in it."""
    return lives.live(tmp_path_factory.mktemp("pages") / "people", people=2, drawn=drawn)[0]


@pytest.fixture(scope="module")
def lab(lived: Path) -> Iterator[Lab]:
    with running(lived) as lab:
        yield lab


def started(view: View) -> Page:
    view.start()
    view.page.locator(f":is({OURS}) >> visible=true").first.wait_for(timeout=SECONDS)
    expect(view.page.locator(".vk-cards:not([data-ready])")).to_have_count(0, timeout=SECONDS)
    return view.page


def harm(page: Page, where: str) -> list[str]:
    """What axe-core finds in a part of a page."""
    found = Axe().run(page, context={"include": [[where]]})
    return [f"{v['id']}: {node['html'][:120]}" for v in found.response["violations"] for node in v["nodes"]]


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_page_is_for_everybody(browser: Browser, lab: Lab, name: str) -> None:
    """axe-core finds nothing in our parts, nothing leaves this computer, and a picture is kept."""
    with opened(browser, lab, name) as view:
        page = started(view)
        for n in range(page.locator(OURS).count()):
            page.evaluate("([s, n]) => (document.querySelectorAll(s)[n].id ||= `part${n}`)", [OURS, n])
        found = [
            line
            for n in range(page.locator(OURS).count())
            for line in harm(page, f"#part{n}, #" + _id(page, n))
        ]
        assert not found, found
        height = page.evaluate("document.querySelector('.jp-NotebookPanel-notebook').scrollHeight")
        page.set_viewport_size({"width": 1100, "height": min(int(height) + 100, 6000)})
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / f"page-{name}.png")
        assert not view.errors and not view.outside
        assert page.locator("[data-vk=problem]:visible").count() == 0


def _id(page: Page, n: int) -> str:
    return str(page.evaluate("([s, n]) => document.querySelectorAll(s)[n].id", [OURS, n]))


@pytest.mark.parametrize("name", pages.PAGES)
def test_at_200_percent_nothing_is_cut_off(browser: Browser, lab: Lab, name: str) -> None:
    """A window of 1280 pixels at 200 % has room for 640."""
    with opened(browser, lab, name, viewport={"width": 640, "height": 450}) as view:
        page = started(view)
        wide = page.evaluate(
            f"""() => [...document.querySelectorAll(':is({OURS}), :is({OURS}) *')]
            .filter((e) => e.getClientRects().length && !e.closest('svg, table, .vk-unseen'))
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
            .map((e) => e.outerHTML.slice(0, 100))"""
        )
        assert not wide


def test_printed_pages_are_for_everybody_too(browser: Browser, lived: Path, tmp_path: Path) -> None:
    from vigkit.render import index, sections
    from vigkit.render import page as printed
    from vigkit.render.paper import consent_form

    book = Casebook(lived)
    contents = book.contents()
    shown = steps.bundle(book, contents, book.cycles[0], "supervision", steps.today())
    soon = replace(shown, until=steps.today())
    review = SharedReview(comfort=1, comfort_words="It was a lot")
    hard = replace(soon, cycle=replace(soon.cycle, review=review))
    own = {f"{shown.casebook}/{shown.cycle.id}.html": hard}
    stills = {file: still for file, log in own.items() if (still := index.picture(log))}
    for name, html in {
        "index": index.page(own, contents.problems, "supervision", steps.today(), pages=()),
        "person": index.person_page(own, stills, contents.problems),
        "log": printed.page_html(sections.whole(shown)),
        "consent": consent_form(contents, [p.code for p in contents.owner.people]),
    }.items():
        file = tmp_path / f"{name}.html"
        file.write_text(html, "utf-8")
        # a page of ours runs no script, axe's neither: it is looked at without its own policy
        context = browser.new_context(bypass_csp=True)
        view = context.new_page()
        view.goto(file.as_uri())
        assert not harm(view, "body"), name
        view.screenshot(path=SHOTS / f"{name}.png", full_page=True)
        context.close()


# --- Not a word is lost ----------------------------------------------------------------------------------


@pytest.fixture
def desk(book: Casebook) -> Iterator[tuple[Casebook, Lab]]:
    with running(book.folder) as lab:
        yield book, lab


def point(page: Page) -> Locator:
    """The question after one's working point, on page 5."""
    cards = page.locator(".vk-cards", has_text="What do the moments say")
    cards.get_by_role("button", name="Continue").click()
    return page.get_by_label("What do you want more of?")


def said(book: Casebook) -> str | None:
    return book.cycle("01-snack").working_point


def kill_kernels(lab: Lab) -> None:
    for pid in lab.kernels():
        os.kill(pid, signal.SIGKILL)


def test_a_kernel_that_dies_takes_no_word_with_it(browser: Browser, desk: tuple[Casebook, Lab]) -> None:
    book, lab = desk
    with opened(browser, lab, "5-shared-review") as view:
        field = point(started(view))
        kill_kernels(lab)
        field.fill("Wait, and look שלום 🙂")
        field.press("Tab")
        part = view.page.locator(".vk-cards", has_text="What do you want more of?")
        expect(part.locator("[data-vk=saved]")).to_have_text("Not saved yet", timeout=SECONDS)
        expect(part.locator("[data-vk=problem]")).to_be_visible()
        assert said(book) is None
        expect(view.page.locator(".jp-Dialog")).to_contain_text("Your answers are kept")
        view.page.reload()
        view.page.get_by_role("button", name="Start this page").wait_for(timeout=SECONDS)
        page = started(view)
        expect(point(page)).to_have_value("Wait, and look שלום 🙂", timeout=SECONDS)
        part = page.locator(".vk-cards", has_text="What do you want more of?")
        expect(part.locator("[data-vk=saved]")).to_have_text("Saved", timeout=SECONDS)
        assert said(book) == "Wait, and look שלום 🙂"


def test_two_windows_see_both_answers_and_one_is_chosen(browser: Browser, desk: tuple[Casebook, Lab]) -> None:
    book, lab = desk
    with opened(browser, lab, "5-shared-review") as view:
        field = point(started(view))
        steps.answer(book, ("cycle", "01-snack"), [Answer(path=("working_point",), value="Theirs")])
        field.fill("Mine")
        field.press("Tab")
        page = view.page
        expect(page.get_by_text("Theirs")).to_be_visible(timeout=SECONDS)
        assert said(book) == "Theirs"
        page.reload()  # what one wrote oneself waits, and the question which to keep is asked again
        page.get_by_role("button", name="Start this page").wait_for(timeout=SECONDS)
        point(started(view))
        expect(page.get_by_text("Theirs")).to_be_visible(timeout=SECONDS)
        page.get_by_role("button", name="Keep what I wrote").click()
        part = page.locator(".vk-cards", has_text="What do you want more of?")
        expect(part.locator("[data-vk=saved]")).to_have_text("Saved", timeout=SECONDS)
        expect(part.locator("[data-vk=problem]")).to_be_hidden()
        assert said(book) == "Mine"


def test_a_folder_that_goes_and_comes_back_costs_no_word(
    browser: Browser, desk: tuple[Casebook, Lab]
) -> None:
    book, lab = desk
    away = book.folder.with_name("away")
    with opened(browser, lab, "5-shared-review") as view:
        field = point(started(view))
        book.folder.rename(away)
        field.fill("x" * 100_000)
        field.press("Tab")
        part = view.page.locator(".vk-cards", has_text="What do you want more of?")
        expect(part.locator("[data-vk=problem]")).to_contain_text("is not where it was", timeout=SECONDS)
        expect(part.locator("[data-vk=saved]")).to_have_text("Not saved yet")
        away.rename(book.folder)
        part.get_by_role("button", name="Try again").click()
        expect(part.locator("[data-vk=saved]")).to_have_text("Saved", timeout=SECONDS)
        assert said(book) == "x" * 100_000
        assert not view.errors


def test_a_newer_format_is_not_written_over(browser: Browser, desk: tuple[Casebook, Lab]) -> None:
    book, lab = desk
    file = book.folder / "cycles/01-snack.json"
    with opened(browser, lab, "5-shared-review") as view:
        field = point(started(view))
        newer = json.dumps(json.loads(file.read_text("utf-8")) | {"format": 2})
        file.write_text(newer, "utf-8")
        field.fill("More of it")
        field.press("Tab")
        part = view.page.locator(".vk-cards", has_text="What do you want more of?")
        expect(part.locator("[data-vk=problem]")).to_contain_text("newer vigkit", timeout=SECONDS)
        expect(field).to_have_value("More of it")
        assert file.read_text("utf-8") == newer


def test_a_consent_that_is_taken_back_stops_the_clip_and_the_log(
    browser: Browser, lived: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(lived, tmp_path / "book"))
    book = Casebook(folder)
    film = book.contents().films[book.cycle(book.cycles[-1]).films[0]]
    person = next(code for code in film.people if code != book.owner.owner)
    with running(folder) as lab, opened(browser, lab, "6-log") as view:
        started(view)
        steps.answer(book, ("consent", person), [Answer(path=("withdrawn",), value=steps.today())])
        view.page.locator("[data-vk=make-log]").click()
        expect(view.page.get_by_text("was taken back").first).to_be_visible(timeout=SECONDS)
        assert not list(folder.glob("logs/*/*.html"))


def test_a_clip_is_asked_for_anew_each_time(browser: Browser, lived: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(lived, tmp_path / "book"))
    book = Casebook(folder)
    film = book.contents().films[book.cycle(book.cycles[-1]).films[0]]
    with running(folder) as lab, opened(browser, lab, "5-shared-review") as view:
        page = started(view)
        part = page.locator(".vk-cards").first
        video = part.locator("[data-vk=film]")
        # what a supervisor has written, the question, the day and who is there come first
        for _ in range(3 + len([n for n in book.contents().notes if n.cycle == book.cycles[-1]])):
            part.get_by_role("button", name="Continue").click()
        page.wait_for_function("v => v.readyState >= 2", arg=video.element_handle(), timeout=SECONDS)
        steps.answer(book, ("consent", film.people[-1]), [Answer(path=("withdrawn",), value=steps.today())])
        part.get_by_role("button", name="Play").click()
        expect(part.get_by_text("was taken back")).to_be_visible(timeout=SECONDS)
        assert video.get_attribute("src") is None
