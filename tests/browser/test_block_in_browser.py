"""The film as a block of time in a real lab: it turns where the browser can, or a sentence stands there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from conftest import CYCLE
from lab import BUTTON, QUIET, SECONDS, View, opened, running
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from vigkit import steps
from vigkit.casebook import Casebook

# A graphics card in software, as the machines of a CI have none.
WITH_3D = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
WITHOUT_3D = ("--disable-gpu", "--disable-3d-apis")
CANVAS = ".ipyvolume-canvas-container canvas"
RED = ".jp-OutputArea-output[data-mime-type*=stderr], .jupyter-widgets-error-widget, .ansi-red-fg"


@pytest.fixture
def moments(book: Casebook) -> Casebook:
    """The casebook with two moments in its film."""
    found = [
        {"id": "m1", "film": "snack", "start": 2, "end": 6, "better": "C1 looks up"},
        {"id": "m2", "film": "snack", "start": 12, "end": 15, "principles": ["RE1"]},
    ]
    steps.put(book, "cycle", CYCLE | {"films": ["snack"], "moments": found})
    return book


@contextmanager
def page_7(book: Casebook, flags: tuple[str, ...], **more: Any) -> Iterator[View]:
    """Page 7 of this casebook, started, in a browser with these flags."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this computer")
    args = [*(flag for flag in QUIET if flag != "--disable-gpu"), *flags]
    with sync_playwright() as playwright, running(book.folder) as lab:
        browser = playwright.chromium.launch(executable_path=found, args=args)
        with opened(browser, lab, "7-change", **more) as view:
            view.page.get_by_role("button", name=BUTTON).click()
            yield view
        browser.close()


def colours(png: bytes) -> dict[str, int]:
    """How many points of a picture are blue, and how many are of the colour of marked moments."""
    found = {"blue": 0, "warm": 0, "dark": 0}
    picture = Image.open(BytesIO(png)).convert("RGB")
    for count, (red, green, blue) in picture.getcolors(picture.width * picture.height) or []:
        found["blue"] += count * (blue > red + 60)
        found["warm"] += count * (red > blue + 60 and red > green)
        found["dark"] += count * (max(red, green, blue) < 80)
    return found


def test_the_block_turns_and_asks_nobody_outside(moments: Casebook) -> None:
    with page_7(moments, WITH_3D, viewport={"width": 1280, "height": 1600}) as view:
        page = view.page
        flat = page.get_by_role("img", name="What moved in your film. Moments: 1 from 0:02 to 0:06")
        expect(flat).to_be_visible(timeout=SECONDS)
        expect(page.get_by_role("table", name="Your moments in this film")).to_contain_text("C1 looks up")
        expect(page.locator("[data-vk=no-webgl]")).to_have_count(0)
        assert page.locator(CANVAS).count() == 0

        page.get_by_role("button", name="Turn it in 3-D").press("Enter")
        expect(page.locator(CANVAS).first).to_be_visible(timeout=SECONDS)
        canvas = page.locator(".vigkit-block .ipyvolume-canvas-container")
        canvas.scroll_into_view_if_needed()
        seen = _settled(view, canvas)
        assert all(count > 50 for count in colours(seen).values()), colours(seen)

        page.get_by_role("button", name="From above").press("Enter")
        above = _settled(view, canvas, other_than=seen)
        assert all(count > 50 for count in colours(above).values()), colours(above)
        expect(page.locator(".vigkit-block .ipyvolume-toolicon").first).to_be_hidden()
        assert page.locator(RED).count() == 0
        assert not view.outside and not view.errors


def test_where_3d_is_missing_a_sentence_says_that_all_is_there(moments: Casebook) -> None:
    with page_7(moments, WITHOUT_3D) as view:
        told = view.page.locator("[data-vk=no-webgl]")
        expect(told).to_be_visible(timeout=SECONDS)
        expect(told).to_contain_text("This computer cannot turn it")
        expect(view.page.get_by_role("button", name="Turn it in 3-D")).to_have_count(0)
        expect(view.page.get_by_role("table", name="Your moments in this film")).to_be_visible()
        expect(view.page.get_by_role("img", name="What moved in your film")).to_be_visible()
        assert view.page.get_by_text("javascript error").count() == 0
        assert view.page.locator(RED).count() == 0
        assert not view.outside and not view.errors


def _settled(view: View, canvas: Any, other_than: bytes = b"") -> bytes:
    """A picture of the block as soon as two in a row are alike, and it has drawn something."""
    before = b""
    for _ in range(60):
        view.page.wait_for_timeout(500)
        now = bytes(canvas.screenshot())
        if now == before and now != other_than and colours(now)["warm"]:
            return now
        before = now
    raise AssertionError(f"the block does not come to rest: {colours(before)}")
