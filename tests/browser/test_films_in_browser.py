"""Films and proxies in a real browser: at every time it shows the picture that vigkit says is shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import films
import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright
from test_film_kinds import Made, made
from test_film_proxy import PLAY, of_a_phone
from test_hostile_words import QUIET

from vigkit.film import proxy

__all__ = ["made"]  # a fixture: it makes each kind of film once
PLAYER = """
() => {
  document.body.innerHTML = "<input type=file><video muted playsinline></video>";
  const file = document.querySelector("input"), video = document.querySelector("video");
  // what is known when there is a picture, or it is clear that none will come
  window.load = () => new Promise((done) => {
    const known = () => done([video.videoWidth, video.videoHeight, video.duration]);
    video.onloadeddata = known;
    video.onloadedmetadata = () => video.videoWidth || known();
    video.onerror = () => done([0, 0, 0]);
    video.src = URL.createObjectURL(file.files[0]);
  });
  // the picture on the screen; "seeked" comes too early, the picture before may still be there
  window.show = (time) => new Promise((done, fail) => {
    setTimeout(() => fail(video.error?.message ?? "no picture came"), 20000);
    video.requestVideoFrameCallback(() => {
      const paper = new OffscreenCanvas(320, 180).getContext("2d", {willReadFrequently: true});
      paper.drawImage(video, 0, 0, 320, 180);
      done([...paper.getImageData(0, 0, 320, 180).data.filter((_, i) => i % 4 == 1)]);
    });
    video.currentTime = time;
  });
  // how many bytes of sound are decoded until the film is heard
  window.hear = () => new Promise((done, fail) => {
    setTimeout(() => fail("nothing was heard"), 20000);
    video.ontimeupdate = () => video.webkitAudioDecodedByteCount && done(video.webkitAudioDecodedByteCount);
    video.onended = () => done(video.webkitAudioDecodedByteCount);
    video.muted = false;
    video.currentTime = 0;
    video.play();
  });
}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this computer")
    with sync_playwright() as playwright:
        free = "--autoplay-policy=no-user-gesture-required"
        yield playwright.chromium.launch(executable_path=found, args=[*QUIET, free]).new_page()


def loaded(page: Page, film: Path) -> tuple[int, int, float]:
    """Width, height and length of a film, as a browser knows them."""
    page.goto("about:blank")
    page.evaluate(PLAYER)
    page.set_input_files("input", film)
    width, height, seconds = page.evaluate("load()")
    return width, height, seconds


def shown(page: Page, at: float) -> Any:
    return films.number_of(np.array(page.evaluate("at => show(at)", at), np.uint8).reshape(180, 320))


def plays(page: Page, film: Made, path: Path) -> None:
    """A browser shows each picture of a film when vigkit says so, and lets its sound be heard."""
    width, height, seconds = loaded(page, path)
    assert (width, height) == (film.found.width, film.found.height)
    assert seconds >= film.found.seconds - 0.03
    numbers, times = list(film.kind.numbers), [*film.found.times, film.found.seconds]
    count = len(numbers)
    for n in (count // 2, 0, 1, count // 2 + 1, count - 2, count - 1):
        for at in (times[n] + 1e-4, (times[n] + times[n + 1]) / 2):
            assert shown(page, at) == numbers[n], (n, at)
    assert shown(page, 0.0) == numbers[0]
    if film.kind.sound:
        assert page.evaluate("hear()") > 1000


@pytest.mark.parametrize("name", sorted(PLAY))
def test_a_film_without_a_proxy_plays_as_it_is(made: Callable[[str], Made], page: Page, name: str) -> None:
    plays(page, made(name), made(name).path)


@pytest.mark.parametrize("name", ["10-bit hevc", "prores", "open gop", "late", ".avi", ".mts", "phone"])
def test_a_proxy_plays_as_its_film_would(
    made: Callable[[str], Made], page: Page, tmp_path: Path, name: str
) -> None:
    film = of_a_phone(tmp_path) if name == "phone" else made(name)
    proxy.make(film.path, film.found, tmp_path / "out.mp4")
    plays(page, film, tmp_path / "out.mp4")


@pytest.mark.parametrize("name", ["10-bit hevc", "prores", ".avi", ".mts"])
def test_these_films_really_need_a_proxy(made: Callable[[str], Made], page: Page, name: str) -> None:
    assert loaded(page, made(name).path)[:2] == (0, 0)


def test_the_end_of_a_film_that_begins_late_is_out_of_reach(made: Callable[[str], Made], page: Page) -> None:
    assert loaded(page, made("late").path)[2] < made("late").found.seconds - 1
