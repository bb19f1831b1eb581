"""Page 3: the film, the moments that went better than usual, and those that were passed over."""

from __future__ import annotations

from typing import Any

from vigkit.pages.cards import Ask, Cards
from vigkit.pages.desk import Desk
from vigkit.pages.end import ASK_FIRST, first


def mark(desk: Desk) -> Any:
    """The film with one key for "better than usual"."""
    from vigkit.pages.annotate import Annotator

    return Annotator(desk)


def passed_over(desk: Desk) -> Cards:
    """What one passed over, and the questions that keep one fair."""
    record = ["cycle", desk.cycle]

    def asks() -> list[Ask]:
        if not desk.begun:
            return first(*ASK_FIRST)
        guard = [
            "Whose initiative did you see first?",
            "Is there somebody whom you never film?",
            "Gaze, touch and quiet mean different things to different people. What is this person's own way?",
        ]
        return [
            {
                "id": "passed",
                "kind": "text",
                "label": "Which moments did you pass over, and why?",
                "hint": "Only your supervisor reads this",
                "optional": True,
                "record": record,
                "path": ["passed_over"],
            },
            {"id": "guard", "kind": "say", "label": "Look once more", "list": guard},
        ]

    return Cards(desk, "passed-over", asks, every=True, said="Moments that were passed over")
