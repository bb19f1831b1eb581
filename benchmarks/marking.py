"""What a mark costs among a thousand, in a real browser, beside the usual way to build such a part.

    python benchmarks/marking.py [--moments 1000] [--minutes 60] [--marks 30]

A film is made first, and a casebook with so many moments on it. Then a lab is started, and two of its pages
are opened: ours, and one whose whole list of moments is the state of the widget, painted anew whenever it
changes. Both keep a mark in the same way and in the same place. They take turns, so that both meet the same
machine. A mark is measured in the page, from the key that is let go to the first picture of the page with the
mark as it is stored. Then an edge is dragged, and the pictures of the page are counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]
CYCLE = {"format": 1, "id": "01-long", "question": [{"words": "How do I give C1 time to begin?"}]}
ENCODED = 60  # seconds; the rest repeats them without encoding

# The usual way: the list is a trait, Python keeps what is new in it, and the whole list is painted anew.
NAIVE = '''
import anywidget, traitlets
from vigkit import steps
from vigkit.pages.desk import Desk
from vigkit.steps import Answer

class Whole(anywidget.AnyWidget):
    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button"), list = document.createElement("ol");
      button.id = "naive"; button.textContent = "Mark";
      el.append(button, list);
      const paint = () => {
        list.replaceChildren(...model.get("moments").map((m) => {
          const item = document.createElement("li"), row = document.createElement("button");
          row.textContent = `${m.start} to ${m.end} ${m.better ?? ""}`;
          row.dataset.id = m.id;
          item.append(row);
          return item;
        }));
        el.dataset.kept = model.get("kept");
      };
      button.onclick = () => {
        const id = `n${Math.random().toString(36).slice(2, 10)}`;
        const start = Math.round(Math.random() * 3000);
        model.set("moments", [...model.get("moments"), { id, film: "long", start, end: start + 2 }]);
        model.save_changes();
      };
      model.on("change:moments", paint);
      model.on("change:kept", paint);
      paint();
    }
    export default { render };
    """
    moments = traitlets.List().tag(sync=True)
    kept = traitlets.Unicode().tag(sync=True)

desk = Desk.open("3-moments", "..")
whole = Whole(moments=[steps.plain(m) for m in desk.now().moments])

def keep(change):
    new = change["new"][-1]
    desk.answer(("cycle", desk.cycle), [Answer(path=("moments", new["id"]), value=new)])
    whole.moments = [steps.plain(m) for m in desk.now().moments]
    whole.kept = new["id"]

whole.observe(keep, "moments")
whole
'''

# From the key that is let go to the first picture of the page in which the mark stands as it is stored.
OURS = """
async () => {
  const root = document.querySelector(".vk-annotate"), list = root.querySelector(".vk-moments");
  const before = new Set([...list.querySelectorAll("button")].map((row) => row.dataset.id));
  const letter = { key: "b", code: "KeyB", bubbles: true };
  const key = (kind) => root.querySelector("video").dispatchEvent(new KeyboardEvent(kind, letter));
  for (let n = 0; n < 10; n += 1) await new Promise(requestAnimationFrame); // it was in the background
  key("keydown");
  const begin = performance.now();
  key("keyup");
  const kept = (row) => !before.has(row.dataset.id) && !row.matches(".vk-hollow");
  const there = () => [...list.querySelectorAll("[aria-current]")].some(kept);
  while (!there()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - begin;
}
"""
THEIRS = """
async () => {
  const button = document.querySelector("#naive"), root = button.parentElement;
  for (let n = 0; n < 10; n += 1) await new Promise(requestAnimationFrame);
  const before = root.dataset.kept, begin = performance.now();
  button.click();
  while (root.dataset.kept === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - begin;
}
"""
SEEK = """
(time) => new Promise((done) => {
  const video = document.querySelector(".vk-annotate video");
  video.addEventListener("seeked", done, { once: true });
  video.currentTime = time;
})
"""
COUNT = """
() => {
  window.gaps = [];
  let last = null;
  const tick = (now) => {
    if (last !== null) window.gaps.push(now - last);
    last = now;
    window.counting = requestAnimationFrame(tick);
  };
  window.counting = requestAnimationFrame(tick);
}
"""


def make_film(folder: Path, minutes: float) -> Path:
    """A small film of 30 pictures a second: one minute is encoded, and then repeated."""
    film, minute = folder / "long.mp4", folder / "minute.mp4"
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-v", "error", "-y"]
    sources = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-f", "lavfi", "-i", "sine=220"]
    how = ["-t", str(ENCODED), "-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p"]
    subprocess.run([*ffmpeg, *sources, *how, "-c:a", "aac", minute], check=True)
    again = ["-stream_loop", str(round(minutes) - 1), "-i", minute, "-c", "copy", film]
    subprocess.run([*ffmpeg, *again], check=True)
    return film


def make_book(folder: Path, film: Path, moments: int, seconds: float) -> Path:
    """A casebook with so many moments, evenly spread, each with words."""
    from vigkit import steps

    book = steps.new(folder / "casebook")
    steps.add_film(book, film, people=["S1", "C1"], id="long")
    marks = [
        {"id": f"m{n}", "film": "long", "start": round(n * (seconds - 20) / moments, 3)}
        | {"end": round(n * (seconds - 20) / moments + 3, 3), "better": f"I wait, and C1 looks up ({n})"}
        | {"principles": ["EN1", "RE2"]}
        for n in range(moments)
    ]
    steps.put(book, "cycle", CYCLE | {"moments": marks})
    page = json.loads((book.folder / "workbooks" / "3-moments.ipynb").read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "id": "naive", "metadata": {}, "source": NAIVE, "outputs": []}
    page["cells"] = [page["cells"][0], cell | {"execution_count": None}]
    (book.folder / "workbooks" / "naive.ipynb").write_text(json.dumps(page), encoding="utf-8")
    return book.folder


@contextmanager
def page_of(browser: Any, lab: Any, name: str, part: str) -> Any:
    """A page that has been started."""
    from lab import SECONDS, opened

    with opened(browser, lab, name) as view:
        view.page.get_by_role("button", name="Start this page").click()
        view.page.locator(part).wait_for(timeout=SECONDS)
        yield view.page


def marks(ours: Any, naive: Any, count: int) -> tuple[list[float], list[float]]:
    """Marks in turns; the first of each is not counted."""
    mine, theirs = [], []
    for n in range(count + 1):
        ours.bring_to_front()
        ours.evaluate(SEEK, 20 + n * 90)
        mine.append(ours.evaluate(OURS))
        naive.bring_to_front()
        theirs.append(naive.evaluate(THEIRS))
    return mine[1:], theirs[1:]


def drag(page: Any) -> list[float]:
    """The times between the pictures of the page while an edge is dragged to and fro."""
    page.bring_to_front()
    page.get_by_text("More ways to watch").click()
    page.get_by_label("The timeline shows").select_option("The whole film")
    line = page.locator("[data-vk=timeline]")
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    x, y = box["x"], box["y"] + 80
    page.mouse.move(x + 40, y)
    page.evaluate(COUNT)
    page.mouse.down()
    for n in range(180):
        page.mouse.move(x + 40 + 3 * abs(n % 120 - 60), y)
    page.mouse.up()
    gaps: list[float] = page.evaluate("() => (cancelAnimationFrame(window.counting), window.gaps)")
    return gaps


def told(what: str, figure: str, goal: str) -> None:
    """One figure a line."""
    print(f"{what}: {figure} (goal: {goal})")


def main() -> None:
    """Make the film, measure, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--moments", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--marks", type=int, default=30)
    asked = parser.parse_args()
    from lab import QUIET, running
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        book = make_book(folder, make_film(folder, asked.minutes), asked.moments, asked.minutes * 60)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        with (
            running(book) as lab,
            page_of(browser, lab, "3-moments", ".vk-moments ol:first-child li:nth-child(5)") as ours,
            page_of(browser, lab, "naive", "#naive") as naive,
        ):
            ours.wait_for_function("document.querySelector('.vk-annotate').dataset.exact", timeout=120_000)
            ours.locator(".vk-annotate .vk-work").wait_for(state="hidden", timeout=600_000)
            mine, theirs = marks(ours, naive, asked.marks)
            gaps = drag(ours)
            browser.close()
    ten = statistics.quantiles(mine, n=10)
    told(
        f"a mark among {asked.moments} moments, saved and painted",
        f"{statistics.median(mine):.0f} ms at the median, {ten[0]:.0f} to {ten[-1]:.0f} for 8 of 10",
        "under 100",
    )
    told(
        "the whole list as state, painted whole, takes so many times as long",
        f"{statistics.median(theirs) / statistics.median(mine):.1f} ({statistics.median(theirs):.0f} ms)",
        "more than 1",
    )
    late = sum(gap > 1.5 * statistics.median(gaps) for gap in gaps) / len(gaps)
    told(
        "an edge that is dragged, pictures of the page a second",
        f"{1000 / statistics.median(gaps):.0f} at the median, {late:.0%} of them late",
        "60, less than 10% late",
    )


if __name__ == "__main__":
    main()
