"""The lab in a real browser: one button, no code, nothing that leaves this computer, and films that seek.

Screenshots of what a person sees lie in the folder that pytest keeps its temporary files in.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import films
import numpy as np
import pytest
from lab import SECONDS, browser, opened, running
from playwright.sync_api import Browser, Page
from test_lab import until

from vigkit import steps
from vigkit.casebook import Casebook

__all__ = ["browser"]
SECRET = "wrens_and_robins"  # stands in the code of a page, and must not be seen

# A page as ours are: a title, parameters, and cells with code that nobody is to see.
FILM = f"""
from IPython.display import HTML, display
from vigkit.casebook import Casebook
from vigkit.lab import films
{SECRET} = films.offer(Casebook(".."))
display(HTML(f'<p id="handle">{{{SECRET}}}</p>'))
"""
PREVIEW = """
from IPython.display import HTML, display
page = "<meta http-equiv='Content-Security-Policy' content=\\"default-src 'none'\\"><p>A log</p>"
display(HTML(f'<iframe id="log" sandbox srcdoc="{page.replace(chr(34), "&quot;")}"></iframe>'))
"""


def notebook(*code: str, words: str = "# A page\n\nTime: 5 minutes. [Next page](other.ipynb)") -> str:
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": words}]
    for n, source in enumerate(("casebook = None", *code)):
        tags = {"tags": ["parameters"]} if n == 0 else {}
        cells.append(
            {"cell_type": "code", "id": f"cell-{n}", "metadata": tags, "source": source}
            | {"outputs": [], "execution_count": None}
        )
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, small_film: Path) -> Casebook:
    """A casebook with a film, and pages of our own beside those that are shipped."""
    made = steps.new(tmp_path_factory.mktemp("lab") / "casebook")
    steps.add_film(made, small_film, people=["S1"], id="snack")
    long = "\n\n".join(["A line that stands here to make the page long."] * 60)
    for name, text in {
        "film": notebook(FILM, PREVIEW),
        "long": notebook("print('done')", words=f"# A long page\n\n{long}"),
        "other": notebook("print('done')", words="# Another page"),
        "broken": notebook("raise KeyError('a traceback')"),
        "slow": notebook("import time", "time.sleep(1); print('Awake')"),
    }.items():
        made.folder.joinpath("workbooks").mkdir(exist_ok=True)
        made.folder.joinpath("workbooks", f"{name}.ipynb").write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def lab(book: Casebook) -> Iterator[Any]:
    with running(book.folder, "--page", "film") as found:
        yield found


def seen(page: Page) -> str:
    """The words that a person sees."""
    return str(page.locator("body").inner_text())


def test_there_is_one_button_and_no_code(browser: Browser, lab: Any, tmp_path: Path) -> None:
    with opened(browser, lab, "film") as view:
        page = view.page
        page.screenshot(path=tmp_path / "before.png")
        bar = page.get_by_role("toolbar").get_by_role("button")
        shown = [each.get_attribute("aria-label") for each in bar.all() if each.is_visible()]
        assert shown == ["Start this page"]
        shown = [line for line in seen(page).splitlines() if line]
        assert shown == ["Skip to main panel", "Start this page", "A page", "Time: 5 minutes. Next page"]
        for part in (
            ".jp-SideBar",
            "#jp-top-panel",
            "#jp-menu-panel",
            ".jp-Notebook-footer",
            ".jp-InputPrompt",
        ):
            assert not [e for e in page.locator(part).all() if e.is_visible()], part
        view.start()
        page.screenshot(path=tmp_path / "after.png")
        assert SECRET not in seen(page) and "import" not in seen(page) and "[1]" not in seen(page)
        assert page.frame_locator("#log").get_by_text("A log").is_visible()
        assert not view.outside and not view.errors


def test_no_word_of_jupyters_can_be_changed_by_a_slip(browser: Browser, lab: Any) -> None:
    with opened(browser, lab, "film") as view:
        title = view.page.get_by_role("heading", name="A page")
        title.dblclick()
        view.page.keyboard.press("Enter")
        for key in "abdxmyz":
            view.page.keyboard.press(key)
            view.page.keyboard.press(key)
        assert title.is_visible() and view.page.locator(".jp-Cell").count() == 4
        title.click(button="right")
        assert not view.page.locator(".lm-Menu").count(), "the browser's own menu comes"


def test_a_page_stays_where_it_is_when_it_is_started(browser: Browser, lab: Any) -> None:
    with opened(browser, lab, "long") as view:
        top = view.page.get_by_role("heading", name="A long page")
        before = top.bounding_box()
        view.start()
        assert top.bounding_box() == before
        view.page.mouse.move(640, 450)
        view.page.mouse.wheel(0, 1000)
        view.page.wait_for_function("document.querySelector('h1').getBoundingClientRect().top < 0")


def test_pressed_at_once_it_starts_and_says_that_it_works(browser: Browser, lab: Any) -> None:
    """As whoever is quick does: the button is there when it does something, and not before."""
    told = "getComputedStyle(document.querySelector('.jp-NotebookPanel-toolbar'), '::before').content"
    for _ in range(2):
        with opened(browser, lab, "slow") as view:
            view.page.get_by_role("button", name="Start this page").click()
            view.page.wait_for_function(f"{told} == '\"Starting …\"'")
            view.page.wait_for_function(f"{told} == 'none'")
            assert view.page.get_by_text("Awake", exact=True).is_visible()


def test_what_goes_otherwise_is_a_sentence(browser: Browser, lab: Any, tmp_path: Path) -> None:
    with opened(browser, lab, "broken") as view:
        with pytest.raises(AssertionError, match="a traceback"):
            view.start()
        view.page.screenshot(path=tmp_path / "broken.png")
        assert "traceback" not in seen(view.page) and "KeyError" not in seen(view.page)
        part = "document.querySelector('[data-mime-type$=\".stderr\"]')"
        assert "Press Start this page again" in view.page.evaluate(
            f"getComputedStyle({part}, '::before').content"
        )


def test_the_next_page_opens_in_the_same_place(browser: Browser, lab: Any) -> None:
    with opened(browser, lab, "film") as view:
        view.page.get_by_role("link", name="Next page").click()
        view.page.get_by_role("heading", name="Another page").wait_for(timeout=SECONDS)
        view.page.wait_for_url("**/doc/tree/other.ipynb")
        assert len(view.page.context.pages) == view.page.locator(".jp-NotebookPanel").count() == 1
        view.start()
        view.page.go_back()
        view.page.get_by_role("heading", name="A page").wait_for(timeout=SECONDS)
        view.start()


def test_nothing_is_kept_in_a_page_and_nobody_is_asked_about_it(
    browser: Browser, lab: Any, book: Casebook
) -> None:
    with opened(browser, lab, "film") as view:
        view.start()
        asked: list[str] = []
        view.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
        with view.page.expect_response(
            lambda r: "/api/contents/film.ipynb" in r.url and r.request.method == "PUT"
        ):
            view.page.keyboard.press("ControlOrMeta+s")
        view.page.goto("about:blank")
        assert asked == []
    stored = json.loads(book.folder.joinpath("workbooks/film.ipynb").read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in stored["cells"])
    assert "widgets" not in stored["metadata"]
    assert {path.suffix for path in book.folder.joinpath("workbooks").iterdir()} == {".ipynb"}


def test_the_policy_lets_nothing_out(browser: Browser, lab: Any) -> None:
    """Not even what a page would send on purpose; the control is a request that the lab itself answers."""
    with opened(browser, lab, "film") as view:
        ask = "url => fetch(url).then((answer) => answer.status, (error) => 'stopped')"
        assert view.page.evaluate(ask, "/custom/custom.css") == 200
        blocked: list[str] = []
        view.page.on("console", lambda said: blocked.append(said.text))
        for url in ("https://example.org/", "http://127.0.0.1:9/", "http://localhost:9/"):
            assert view.page.evaluate(ask, url) == "stopped"
        for tag, name in (
            ("img", "src"),
            ("script", "src"),
            ("link", "href"),
            ("iframe", "src"),
            ("video", "src"),
        ):
            view.page.evaluate(
                """([tag, name]) => {
                  const part = document.createElement(tag);
                  if (tag == "link") part.rel = "stylesheet";
                  part[name] = `https://example.org/${tag}`;
                  document.body.append(part);
                }""",
                [tag, name],
            )
        until(lambda: view.page.evaluate("1") and sum("example.org/" in said for said in blocked) >= 6)
        assert all("Content Security Policy" in said for said in blocked if "example.org" in said)


PLAY = """
async (url) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = url;
  document.body.append(video);
  window.video = video;
  await new Promise((done, fail) => {
    video.onloadeddata = done;
    video.onerror = () => fail(video.error.message);
  });
  return [video.videoWidth, video.duration];
}
"""
SEEK = """
(time) => new Promise((done, fail) => {
  setTimeout(() => fail("no picture came"), 20000);
  video.requestVideoFrameCallback(function look(_now, frame) {
    // the picture before may come once more
    if (Math.abs(frame.mediaTime - time) > 0.05) return video.requestVideoFrameCallback(look);
    const paper = new OffscreenCanvas(320, 180).getContext("2d");
    paper.drawImage(video, 0, 0, 320, 180);
    done([...paper.getImageData(0, 0, 320, 180).data.filter((_, i) => i % 4 == 1)]);
  });
  video.currentTime = time;
})
"""


def plays(page: Page, url: str) -> None:
    """A film of numbered pictures, 25 a second, plays from an address and shows each when it is asked for."""
    assert page.evaluate(PLAY, url) == [320, pytest.approx(20, abs=0.1)]
    for time in (15.02, 0.5, 7.3, 19.9, 2.1):
        shown = np.array(page.evaluate(SEEK, time), np.uint8).reshape(180, 320)
        assert films.number_of(shown) == int(time * 25)
    page.evaluate("video.play()")
    page.wait_for_function("video.currentTime > 2.2")


def test_a_film_plays_and_seeks(browser: Browser, lab: Any) -> None:
    with opened(browser, lab, "film") as view:
        view.start()
        handle = view.page.locator("#handle").inner_text()
        plays(view.page, f"/vigkit/film/{handle}/snack")
        assert not view.outside


# --- Somebody's own Jupyter ------------------------------------------------------------------------------


@contextlib.contextmanager
def somebodys(program: str, folder: Path, root: Path) -> Iterator[str]:
    """JupyterLab or Notebook as a person starts it by themselves; gives its address and token."""
    for name in ("home", "runtime"):
        (folder / name).mkdir()
    token = secrets.token_hex(16)
    options = {"port": 0, "ip": "127.0.0.1", "root_dir": root, "allow_root": True, "base_url": "/user/ann/"}
    process = subprocess.Popen(
        [sys.executable, "-m", program, "--no-browser", f"--IdentityProvider.token={token}"]
        + [f"--ServerApp.{name}={value}" for name, value in options.items()],
        env=os.environ | {"HOME": str(folder / "home"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        [info] = until(lambda: list((folder / "runtime").glob("jpserver-*.json")))
        told = until(lambda: _read(info))
        yield f"{told['url']}%s?token={token}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _read(file: Path) -> dict[str, Any]:
    with contextlib.suppress(ValueError):  # it is being written
        return dict(json.loads(file.read_text()))
    return {}


@pytest.mark.parametrize(
    ("program", "way", "menu"),
    [("jupyterlab", "lab/tree/%s", "Run All Cells"), ("notebook", "notebooks/%s", "Run All Cells")],
)
def test_a_film_plays_in_somebodys_own_jupyter(
    browser: Browser, book: Casebook, tmp_path: Path, program: str, way: str, menu: str
) -> None:
    with somebodys(program, tmp_path, book.folder) as address:
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()
        page.goto(address % (way % "workbooks/film.ipynb"))
        page.get_by_role("heading", name="A page").wait_for(timeout=SECONDS)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name=menu, exact=True).click()
        handle = page.locator("#handle")
        handle.wait_for(timeout=SECONDS)
        plays(page, f"/user/ann/vigkit/film/{handle.inner_text()}/snack")
        context.close()
