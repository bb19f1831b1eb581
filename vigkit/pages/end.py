"""The end of a page: leave it for today, or go on; and a part that has only a sentence to say."""

from __future__ import annotations

from typing import Any

import ipywidgets

from vigkit import steps
from vigkit.pages.cards import Ask, Cards
from vigkit.pages.desk import Desk
from vigkit.steps import Answer

CARE = (
    "If something in the film worries you, talk to your safeguarding lead today. "
    "Do not edit or delete that film."
)
TITLES = {
    "0-welcome": "Welcome",
    "1-goal": "My helping question",
    "2-consent-and-film": "Consent and film",
    "3-moments": "Moments",
    "4-short-film": "The short film",
    "5-shared-review": "The shared review",
    "6-log": "My log",
    "7-change": "First and last film",
    "8-supervision": "For the supervisor",
}


class Sentence(ipywidgets.HTML):  # type: ignore[misc]
    """A sentence in the place of a part that cannot be shown."""

    def __init__(self, sentence: str) -> None:
        from html import escape

        super().__init__(value=f'<p role="alert" data-vk="problem">{escape(sentence)}</p>')
        self.sentence = sentence

    def __repr__(self) -> str:
        return self.sentence


class Column(ipywidgets.VBox):  # type: ignore[misc]
    """Parts below one another, told as the first of them."""

    def __repr__(self) -> str:
        return repr(self.children[0])


ASK_FIRST = ("1-goal", "Write your helping question first. The rest grows from it.")
MARK_FIRST = ("3-moments", "Mark a moment first. Then it stands here.")


def first(page: str, words: str) -> list[Ask]:
    """What has to be done before this part can be, and where."""
    link = {"page": f"{page}.ipynb", "label": TITLES[page], "main": True}
    return [{"id": "first", "kind": "links", "words": [words], "links": [link]}]


def end_of(desk: Desk) -> Cards:
    """The foot of a page: what comes next, and to leave it for today."""
    pages = list(TITLES)
    following = pages[(pages.index(desk.page) + 1) % len(pages)]

    def asks() -> list[Ask]:
        links = [{"page": "0-welcome.ipynb", "label": "Start page"}]
        if desk.page == "0-welcome":  # it says itself what comes next
            links = []
        elif desk.page != pages[-1]:
            onward = {"page": f"{following}.ipynb", "label": f"Next: {TITLES[following]}", "vk": "next"}
            links.insert(0, onward | {"main": True})  # type: ignore[arg-type]
        enough = {
            "id": "enough",
            "kind": "action",
            "name": "enough",
            "button": "Leave it for today",
            "quiet": True,
            "vk": "enough",
        }
        onwards = [{"id": "next", "kind": "links", "links": links}] if links else []
        return [*onwards, enough, {"id": "care", "kind": "say", "words": [CARE]}]

    return Cards(desk, "end", asks, acts={"enough": lambda _given: leave(desk)}, every=True, said="Next page")


def leave(desk: Desk) -> dict[str, Any]:
    """Note the day and the page, so that the start page leads back here."""
    if not desk.begun:
        return {"say": "Nothing is written yet. You can close this window, and begin another day."}
    now = desk.now()
    answers = [
        Answer(path=("today_enough",), value=steps.today(), known=(now.today_enough,)),
        # the start page and the supervisor's lead nowhere
        Answer(
            path=("left_on",), value=desk.page if "0" < desk.page[0] < "8" else None, known=(now.left_on,)
        ),
    ]
    desk.answer(("cycle", desk.cycle), answers)
    return {"say": "All of it is saved. The start page leads you back here. You can close this window."}
