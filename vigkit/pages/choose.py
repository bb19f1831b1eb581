"""Page 4: which moments are shown, in which order, and who sees them; and the short film of them."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vigkit import consent, steps
from vigkit.cycle import PURPOSES, Contents, Cycle, Moment
from vigkit.errors import Stopped, VigkitError, clock, listed
from vigkit.pages.cards import Ask, Cards
from vigkit.pages.desk import Desk
from vigkit.pages.end import MARK_FIRST, first
from vigkit.render.sections import PURPOSES as SAID

MOST = 3
_HIDE = (
    ("", "Show everybody"),
    ("blur", "Blur the whole picture"),
    ("mosaic", "Cover the boxes that I drew with a mosaic"),
    ("box", "Cover the boxes that I drew"),
)


def choose_and_share(desk: Desk) -> Cards:
    """The moments in their order, and for each of them who may see it."""

    def asks() -> list[Ask]:
        if not desk.begun or not desk.now().moments:
            return first(*MARK_FIRST)
        contents, cycle = desk.contents(), desk.now()
        order = {
            "id": "order",
            "kind": "order",
            "label": "Which moments do you want to show?",
            "hint": f"Up to {MOST} of about 10 seconds are enough, in the order in which they are shown",
            "record": ["cycle", desk.cycle],
            "moments": [_told(desk, contents, m) for m in cycle.moments],
        }
        return [order, *(_share(desk, contents, m, n) for n, m in enumerate(_in_order(cycle), start=1))]

    return Cards(desk, "choose", asks, said="Which moments are shown, and to whom")


def _in_order(cycle: Cycle) -> list[Moment]:
    """The chosen moments in their order; all of them where none is chosen."""
    chosen = sorted((m for m in cycle.moments if m.chosen), key=lambda m: m.chosen or 0)
    return chosen or list(cycle.moments)


def _told(desk: Desk, contents: Contents, moment: Moment) -> dict[str, Any]:
    return {
        "id": moment.id,
        "start": moment.start,
        "end": moment.end,
        "words": moment.better or moment.saw or moment.i_did or moment.why or "",
        "joy": bool(moment.joy),
        "chosen": moment.chosen,
        **_still(desk, contents, moment),
    }


def _still(desk: Desk, contents: Contents, moment: Moment) -> dict[str, str]:
    """The picture of a moment for its owner's own page, as a data address, or why there is none."""
    try:
        jpeg = steps.picture(desk.book, contents, moment)
    except VigkitError as e:
        return {"why_not": e.sentence}
    return {"still": f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"}


def _share(desk: Desk, contents: Contents, moment: Moment, number: int) -> Ask:
    day, options = steps.today(), []
    for purpose in PURPOSES:
        reason = consent.stopped(contents.films[moment.film], contents.consents, purpose, day)
        hint = None if reason is None else _who_has_not(reason)
        options.append({"value": purpose, "label": SAID[purpose], "hint": hint})
    words = moment.better or moment.saw or moment.i_did or ""
    return {
        "id": f"share-{moment.id}",
        "kind": "checks",
        "label": f"Moment {number}, {clock(moment.start)} to {clock(moment.end)}: who may see it?",
        "hint": words or "It stays with you until you choose somebody",
        "options": options,
        "record": ["cycle", desk.cycle],
        "path": ["moments", moment.id, "share"],
    }


def _who_has_not(reason: Stopped) -> str:
    return f"Not agreed to by {listed(reason.who)}. Ask first, on page 2" if reason.who else reason.sentence


def short_film(desk: Desk) -> Cards:
    """The short film of the chosen moments, after a look at what is hidden in it."""
    made: dict[str, Any] = {}

    def asks() -> list[Ask]:
        if not desk.begun or not desk.now().moments:
            return first(*MARK_FIRST)
        options = [{"value": value, "label": words} for value, words in _HIDE]
        purposes = [{"value": p, "label": SAID[p]} for p in PURPOSES]
        return [
            {
                "id": "make",
                "kind": "film-maker",
                "label": "The short film",
                "words": ["Your chosen moments, each once more at half speed, with your words below."],
                "hide": options,
                "purposes": purposes,
            }
        ]

    cards = Cards(desk, "short-film", asks, every=True, said="The short film")

    def look(given: Mapping[str, Any]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "sheet.jpg"
            hide = str(given["hide"])
            seen = steps.sheet(desk.book, desk.cycle, out, purpose=str(given["purpose"]), hide=hide)
            bare = [clock(m.start) for m in seen if hide != "blur" and not m.covers]
            words = f"No box is drawn in the moment at {listed(bare)}: all of it is blurred." if bare else ""
            picture = f"data:image/jpeg;base64,{b64encode(out.read_bytes()).decode()}"
            return {"sheet": picture, "words": words, "reload": False}

    def make(given: Mapping[str, Any]) -> dict[str, Any]:
        hide = str(given.get("hide") or "") or None

        def work() -> dict[str, Any]:
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "short.mp4"
                told = steps.short(
                    desk.book,
                    desk.cycle,
                    out,
                    purpose=str(given["purpose"]),
                    hide=hide,
                    silent=bool(given.get("silent")),
                    progress=lambda part, what: cards.push("progress", part=part, what=what),
                )
                made["film"] = out.read_bytes()
            left = [each.sentence for each in told.left_out]
            cards.send({"push": "short", "words": left, "seconds": told.seconds}, buffers=[made["film"]])
            return {"part": 1.0, "what": ""}

        cards.in_background(work, "progress")
        return {"reload": False}

    cards.acts |= {"look": look, "make": make}
    return cards
