"""What browser tests of the pages share: a lab on a casebook, its pages, and what they ask for.

def test_a_page(browser, book):                     # conftest.book, or any casebook
    with running(book.folder) as lab:
        with opened(browser, lab, "1-goal") as view:
            view.start()                            # presses "Start this page", waits until all has run
            view.page.locator("[data-vk=question] textarea").fill("…")
            assert not view.outside                 # no request has left this computer
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SECONDS = 60_000  # milliseconds that a test waits for something on a busy machine
BUTTON = "Start this page"
# Called before a page is started: notices when its cells are being run, however short that is.
WATCH = """
() => {
  const bar = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-NotebookPanel-toolbar");
  window.began = false;
  const look = () => { window.began ||= /Executed/.test(bar.textContent); };
  new MutationObserver(look).observe(bar, {subtree: true, childList: true, characterData: true});
}
"""
# What has become of a page that was started: "done" when every cell has run, or what an error said.
STATE = """
() => {
  const page = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)");
  const error = page.querySelector('[data-mime-type$=".stderr"] > pre > .ansi-red-fg:first-child');
  if (error) return error.parentElement.textContent;
  const idle = page.querySelector('[data-status="idle"] [role="progressbar"][aria-valuenow="100"]');
  return window.began && idle ? "done" : "";
}
"""


@dataclass
class Lab:
    """A running `vigkit lab`."""

    url: str  # of the first page, with its token
    process: subprocess.Popen[str]
    errors: IO[str]

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def token(self) -> str:
        """What lets a browser in."""
        return self.url.partition("token=")[2]

    def address(self, page: str) -> str:
        """The address of a page, such as `1-goal`."""
        return f"{self.origin}/doc/tree/{page}.ipynb?token={self.token}"

    def kernels(self) -> list[int]:
        """The processes of its kernels."""
        import psutil

        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ends while we look, or has ended and nobody has asked
                if "ipykernel_launcher" in " ".join(child.cmdline()):
                    found.append(child.pid)
        return found


@contextmanager
def running(casebook: Path | str | None, *words: str, **environment: str) -> Iterator[Lab]:
    """`vigkit lab` on a casebook; stopped at the end as a person stops it, and it must end in time."""
    named = [str(casebook)] if casebook is not None else []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "vigkit", "lab", *named, "--no-browser", "--json", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            env=os.environ | environment,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line or not json.loads(line)["ok"]:
                errors.seek(0)
                raise AssertionError(f"the lab did not start: {line}{errors.read()}")
            yield Lab(json.loads(line)["result"]["url"], process, errors)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=30)
            finally:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()


@dataclass
class View:
    """A page of the lab in a browser of its own, and everything it has asked for and complained about."""

    lab: Lab
    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  # what the page's scripts did not catch

    @property
    def outside(self) -> list[str]:
        """Requests that were for another place than the lab."""
        here = (self.lab.origin, self.lab.origin.replace("http", "ws"), "data:", "blob:", "about:")
        return [url for url in self.requests if not url.startswith(here)]

    def start(self) -> None:
        """Press the one button there is, and wait until every cell has run."""
        button = self.page.get_by_role("button", name=BUTTON)
        button.wait_for(timeout=SECONDS)
        self.page.evaluate(WATCH)
        button.click(timeout=SECONDS)
        state = self.page.wait_for_function(STATE, timeout=SECONDS).json_value()
        assert state == "done", state


@contextmanager
def opened(browser: Browser, lab: Lab, page: str, **more: object) -> Iterator[View]:
    """A page, as soon as its button can be pressed; `more` goes to `new_context` (viewport, …)."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | more)  # type: ignore[arg-type]
    try:
        view = View(lab, context.new_page())
        view.page.on("request", lambda request: view.requests.append(request.url))
        view.page.on("websocket", lambda socket: view.requests.append(socket.url))
        view.page.on("pageerror", lambda error: view.errors.append(str(error)))
        view.page.goto(lab.address(page))
        view.page.get_by_role("button", name=BUTTON).wait_for(timeout=SECONDS)
        yield view
    finally:
        context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; import it by name into a test file: `from lab import browser`."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this computer")
    with sync_playwright() as playwright:
        free = "--autoplay-policy=no-user-gesture-required"
        yield playwright.chromium.launch(executable_path=found, args=[*QUIET, free])
