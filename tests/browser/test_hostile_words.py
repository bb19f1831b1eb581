"""Words cannot run: hostile values in every place of a log, opened and clicked through in a real browser.

The control shows in the same run that this very counting does notice scripts and requests. Each layer is
measured alone too: escaping without the policy, the policy without escaping, the cleaning without either.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import nh3
import pytest
from a_log import bundle, record
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, sync_playwright
from test_sections import all_sections

from vigkit.cycle import Bundle
from vigkit.errors import BadRecord
from vigkit.records import read
from vigkit.render import words
from vigkit.render.page import NAMES, page_html, read_section

HOSTILE: list[str] = json.loads(Path(__file__).with_name("hostile.json").read_text("utf-8"))
QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
EVERYTHING = """
() => {
  const all = [...document.querySelectorAll("*")].slice(0, 60000);
  for (const each of all) {
    for (const kind of ["mouseover", "mouseenter", "pointerdown", "focusin", "toggle", "keydown"])
      each.dispatchEvent(new Event(kind, {bubbles: false}));
    if (each.focus) each.focus();
    if (each.click) each.click();
    else each.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
  }
  return all.length;
}
"""
# In every frame, first of all: whoever calls one of these has run. A frame inside touches its own parts.
HOOK = f"""
for (const name of ["alert", "confirm", "prompt", "print", "open"])
  window[name] = () => console.log("FIRED " + name);
if (window !== top)
  addEventListener("load", () => {{ const touch = {EVERYTHING}; touch(); console.log("TOUCHED"); }});
"""


class Watch:
    """What a browser does with pages: scripts that ran, requests made, files read, pages left."""

    def __init__(self, browser: Browser) -> None:
        self.scripts: list[str] = []
        self.frames = 0
        self.requests: list[str] = []
        self.asked_for = ""
        self.context: BrowserContext = browser.new_context()
        self.context.add_init_script(HOOK)
        self.context.on("page", self._watch)
        self.context.route("**/*", self._route)
        self.page: Page = self.context.new_page()

    def _watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("dialog", lambda dialog: (self.scripts.append("dialog"), dialog.dismiss()))
        page.on("request", self._request)

    def _hear(self, said: ConsoleMessage) -> None:
        self.frames += said.text == "TOUCHED"
        self.scripts += [said.text] * said.text.startswith("FIRED")

    def _request(self, request: Request) -> None:
        if request.url != self.asked_for and not request.url.startswith(
            ("data:image/jpeg;base64,", "about:")
        ):
            self.requests.append(request.url)

    def _route(self, route: Route) -> None:
        if route.request.url == self.asked_for:
            route.continue_()
        else:
            route.abort()

    def open(self, file: Path, html: str) -> int:
        """Open a page, touch every element, and come back with how many there were."""
        file.write_text(html, encoding="utf-8")
        self.asked_for = file.as_uri()
        self.page.goto(self.asked_for)
        return int(self.page.evaluate(EVERYTHING))

    def open_frames(self, file: Path, html: str) -> None:
        """Open a page of frames, each of which touches its own elements, and stay until most have."""
        file.write_text(html, encoding="utf-8")
        self.asked_for = file.as_uri()
        # Not until all is loaded: frames that send themselves elsewhere may never come to rest.
        self.page.goto(self.asked_for, wait_until="commit")
        while self.frames < 0.8 * len(HOSTILE):
            self.page.wait_for_event("console")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "msedge"))), None
    )
    if found is None:
        pytest.skip("no Chromium on this computer")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=QUIET)


def planted(data: Any, value: str) -> Any:
    """Section data with the value in every place that holds words."""
    if isinstance(data, dict):
        fixed = ("kind", "name", "jpeg", "head")
        return {key: each if key in fixed else planted(each, value) for key, each in data.items()}
    if isinstance(data, list):
        return [planted(each, value) for each in data]
    return value if isinstance(data, str) else data


def pages() -> Iterator[str]:
    """Every value in every place of a log, twenty logs on a page."""
    data = record()
    data["stills"] = data["stills"][:1]
    whole = [section.data for section in all_sections(bundle(data))]
    for n in range(0, len(HOSTILE), 20):
        some = HOSTILE[n : n + 20]
        head = whole[0]["head"] | {"title": some[0], "heading": some[1]}
        head["facts"] = [{"label": value, "value": value} for value in some]
        yield page_html([read_section(planted(each, v) | {"head": head}) for v in some for each in whole])


def framed(values: list[str], policy: str = "") -> str:
    """Each value as it is, in a frame of its own."""
    frames = "\n".join(
        f'<iframe srcdoc="{escape(f"<!doctype html><p>{value}")}"></iframe>' for value in values
    )
    return f"<!doctype html><html><head>{policy}</head><body>{frames}</body></html>"


def without_policy(html: str) -> str:
    return re.sub(r"<meta http-equiv[^>]*>\n", "", html, count=1)


def test_there_are_enough_hostile_values() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 200


def test_hostile_words_in_every_place_neither_run_nor_load(browser: Browser, tmp_path: Path) -> None:
    ours, bare, control = Watch(browser), Watch(browser), Watch(browser)
    for n, html in enumerate(pages()):
        assert html.count("<section ") >= 9 * len(NAMES)
        assert ours.open(tmp_path / f"{n}.html", html) > 2000
        assert bare.open(tmp_path / f"bare-{n}.html", without_policy(html)) > 2000
    assert (ours.scripts, ours.requests) == ([], [])
    assert (bare.scripts, bare.requests) == ([], [])
    control.open_frames(tmp_path / "control.html", framed(HOSTILE))
    assert len(control.scripts) > 60
    assert len(control.requests) > 20


def test_hostile_heads_neither_run_nor_load(browser: Browser, tmp_path: Path) -> None:
    watch = Watch(browser)
    section = all_sections(bundle())[0].data
    for value in HOSTILE:
        head = {"title": value, "heading": value, "facts": [{"label": value, "value": value}]}
        html = page_html(
            [read_section({"name": "bring", "title": value, "head": head, "parts": section["parts"][:1]})]
        )
        assert watch.open(tmp_path / "head.html", without_policy(html)) > 10
    assert (watch.scripts, watch.requests) == ([], [])


def test_the_policy_alone_stops_scripts_and_the_cleaning_alone_stops_all(
    browser: Browser, tmp_path: Path
) -> None:
    html = next(pages())
    meta = re.search(r"<meta http-equiv[^>]*>", html)
    assert meta is not None
    policy, cleaning = Watch(browser), Watch(browser)
    policy.open_frames(tmp_path / "policy.html", framed(HOSTILE, meta[0]))
    assert policy.scripts == []
    cleaned = [
        nh3.clean(v, tags=words.TAGS, attributes={}, url_schemes=set(), link_rel=None) for v in HOSTILE
    ]
    cleaning.open_frames(tmp_path / "cleaned.html", framed(cleaned))
    assert (cleaning.scripts, cleaning.requests) == ([], [])


@pytest.mark.parametrize(
    "place", [("owner",), ("casebook",), ("cycle", "id"), ("people", 0, "code"), ("films", 0, "id")]
)
def test_no_hostile_value_can_be_a_code_or_an_id(place: tuple[Any, ...]) -> None:
    for value in HOSTILE:
        data = record()
        *way, last = place
        at: Any = data
        for step in way:
            at = at[step]
        at[last] = value
        with pytest.raises(BadRecord):
            read(Bundle, data, "bundle")
