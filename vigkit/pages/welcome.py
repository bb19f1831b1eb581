"""Page 0: a finished log first, then the cycles and what comes next."""

from __future__ import annotations

from typing import Any

from vigkit import content, steps
from vigkit.cycle import Contents, Cycle
from vigkit.errors import listed, on_disk
from vigkit.pages.cards import Ask, Cards
from vigkit.pages.desk import Desk
from vigkit.pages.end import TITLES


def finished_log(desk: Desk) -> Cards:
    """A log as it looks when it is finished: drawn people, no real ones."""

    def asks() -> list[Ask]:
        words = (
            "This is a finished log. The people in it are drawn. Look through it once, then begin your own."
        )
        return [
            {"id": "log", "kind": "frame", "label": "A finished log", "words": [words], "html": example()}
        ]

    return Cards(desk, "finished-log", asks, said="A finished log to look at")


def example() -> str:
    """The page of the log that is shipped as an example."""
    from vigkit.render import page, sections

    file = content.root() / "templates" / "example" / "log.json"
    with on_disk(file):
        return page.page_html(sections.whole(sections.open_bundle(str(file))))


def cycles(desk: Desk) -> Cards:
    """The cycles of this casebook, and what comes next in the newest."""

    def asks() -> list[Ask]:
        contents = desk.contents()
        if not contents.cycles:
            begin = {"page": "1-goal.ipynb", "label": "Start", "vk": "next", "main": True}
            words = [
                "First you write your helping question.",
                "It takes about 15 minutes, and you can stop at any time.",
            ]
            return [
                {
                    "id": "start",
                    "kind": "links",
                    "label": "Your first cycle",
                    "words": words,
                    "links": [begin],
                }
            ]
        ordered = sorted(contents.cycles.values(), key=lambda c: c.place)
        found = [_cycle(each, contents, newest=each is ordered[-1]) for each in reversed(ordered)]
        another = {
            "id": "begin",
            "kind": "action",
            "name": "begin",
            "button": "Begin a new cycle",
            "quiet": True,
            "words": ["A new cycle begins with your question and goals as they stand. You can change them."],
        }
        return [*found, another]

    def begin(_given: Any) -> dict[str, Any]:
        desk.cycle = steps.begin(desk.book)
        return {"go": "1-goal.ipynb"}

    return Cards(desk, "cycles", asks, acts={"begin": begin}, every=True, said="The cycles of this casebook")


def _cycle(cycle: Cycle, contents: Contents, *, newest: bool) -> Ask:
    words = [f"{_count(len(cycle.films), 'film')}, {_count(len(cycle.moments), 'moment')}."]
    if cycle.today_enough:
        words.append(f"You left it for the day on {_said(cycle.today_enough)}.")
    by = dict.fromkeys(n.by for n in contents.notes if n.cycle == cycle.id)
    if by:
        words.append(f"{listed(tuple(by))} {'has' if len(by) == 1 else 'have'} written to you about it.")
    ask: Ask = {
        "id": f"cycle-{cycle.id}",
        "kind": "links",
        "label": f"Cycle {cycle.place[0]}",
        "own": cycle.question[-1].words,
        "words": words,
        "links": [],
    }
    if newest:
        page, what = what_comes_next(cycle, contents)
        ask["links"] = [
            {
                "page": f"{page}.ipynb",
                "label": f"Go on: {TITLES[page]}",
                "vk": "next",
                "main": True,
                "hint": what,
            }
        ]
    return ask


def what_comes_next(cycle: Cycle, contents: Contents) -> tuple[str, str]:
    """The page to go on with, and why: where it was left, else the first page with something still open."""
    if cycle.left_on in TITLES and cycle.left_on != "0-welcome":
        return cycle.left_on, "You left it there"
    if not cycle.goals:
        return "1-goal", "Say what you hope for"
    if not cycle.films:
        return "2-consent-and-film", "Bring a film, and ask everyone in it"
    if not cycle.moments:
        return "3-moments", "Find moments that went better than usual"
    if not any(m.chosen for m in cycle.moments) or not any(m.share for m in cycle.moments):
        return "4-short-film", "Choose the moments to show, and who sees them"
    if cycle.review is None or not cycle.working_point:
        return "5-shared-review", "Look at the moments together"
    if not cycle.bring or cycle.next_film is None:
        return "6-log", "Check your answers and make the log"
    notes = [n for n in contents.notes if n.cycle == cycle.id]
    return "7-change", "Your supervisor has written to you" if notes else "Look at what has changed"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _said(day: str) -> str:
    from vigkit.render.sections import said_day

    return said_day(day) or day
