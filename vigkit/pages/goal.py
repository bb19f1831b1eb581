"""Page 1: the helping question in own words, and at most three goals."""

from __future__ import annotations

from typing import Any

from vigkit import steps
from vigkit.cycle import Cycle
from vigkit.errors import BadRecord
from vigkit.pages.cards import Ask, Cards
from vigkit.pages.change import from_supervisors
from vigkit.pages.desk import Desk

MOST_GOALS = 3


def question(desk: Desk) -> Cards:
    """The helping question, with whom it was agreed, and the versions before."""
    record = ["cycle", desk.cycle]

    def asks() -> list[Ask]:
        cycle = desk.now() if desk.begun else None
        before = [_dated(v.words, v.on) for v in reversed(cycle.question[:-1])] if cycle else []
        return [
            *_last_time(desk),
            *from_supervisors(desk, before=True),
            {
                "id": "words",
                "kind": "text",
                "label": "What would you like help with?",
                "hint": "Ask it as a question, in your own words, such as how do I …",
                "record": record,
                "path": ["question", "words"],
                "rows": 3,
                "vk": "question",
                "before": before,
                "before_label": "How you asked it before",
                "why": "Your question decides which moments you look for. It stands first in your log.",
            },
            {
                "id": "agreed",
                "kind": "line",
                "label": "With whom have you agreed this question?",
                "hint": "A code, such as V1",
                "optional": True,
                "record": record,
                "path": ["question", "agreed_with"],
            },
        ]

    return Cards(desk, "question", asks, said="Your helping question")


def goals(desk: Desk) -> Cards:
    """At most three goals: in own words, now and hoped for from 0 to 10, and one point higher."""
    shown = {"up_to": 1}

    def asks() -> list[Ask]:
        cycle = desk.now() if desk.begun else None
        ids = _goal_ids(cycle, shown["up_to"])
        made = [ask for n, id in enumerate(ids, start=1) for ask in _goal(desk, id, n, cycle)]
        more: Ask = {
            "id": "more",
            "kind": "action",
            "name": "more",
            "button": "Add another goal",
            "quiet": True,
            "words": [f"You have {len(cycle.goals) if cycle else 0} of at most 3 goals. One is enough."],
        }
        if len(ids) >= MOST_GOALS:
            more = {
                "id": "full",
                "kind": "say",
                "words": ["That is 3 goals. It is as many as fit into one cycle."],
            }
        return [*made, more]

    def add(_given: Any) -> dict[str, Any]:
        cycle = desk.now()
        ids = _goal_ids(cycle, shown["up_to"])
        written = [g.id for g in cycle.goals if g.words]
        if empty := [id for id in ids if id not in written]:
            return {"at": f"{empty[0]}-words"}
        here = len(ids)
        if here >= MOST_GOALS:
            raise BadRecord("goals", "There is room for at most 3 goals. Set one aside first.")
        shown["up_to"] = here + 1
        return {"at": f"{_goal_ids(cycle, here + 1)[-1]}-words"}

    return Cards(desk, "goals", asks, acts={"more": add}, said="Your goals, from 0 to 10")


def _goal_ids(cycle: Cycle | None, up_to: int) -> list[str]:
    """The ids of the goals that are there, and of those that are still to be written."""
    ids = [g.id for g in cycle.goals] if cycle else []
    fresh = (f"g{n}" for n in range(1, 100) if f"g{n}" not in ids)
    return ids + [next(fresh) for _ in range(min(max(up_to, 1), MOST_GOALS) - len(ids))]


def _goal(desk: Desk, id: str, number: int, cycle: Cycle | None) -> list[Ask]:
    record, path = ["cycle", desk.cycle], ["goals", id]
    goal = next((g for g in cycle.goals if g.id == id), None) if cycle else None
    today = steps.today()
    ratings = [_dated(f"{r.now:g}", r.on) for r in reversed(goal.ratings) if r.on != today] if goal else []
    words = {
        "id": f"{id}-words",
        "kind": "text",
        "rows": 2,
        "label": f"Goal {number}: what do you hope will be different?",
        "hint": "Say what one could see or hear",
        "vk": "goal",
        "record": record,
        "path": [*path, "words"],
    }
    ends = ["not yet at all", "as I hope for"]
    now = {
        "id": f"{id}-now",
        "kind": "scale",
        "label": f"Goal {number}: where are you now?",
        "hint": "Your own feeling counts. Nobody else rates it",
        "ends": ends,
        "vk": "rating",
        "before": ratings,
        "before_label": "Where you were before",
        "record": record,
        "path": [*path, "now"],
    }
    hoped = {
        "id": f"{id}-hoped",
        "kind": "scale",
        "label": f"Goal {number}: where would be good enough?",
        "ends": ends,
        "record": record,
        "path": [*path, "hoped"],
    }
    higher = {
        "id": f"{id}-higher",
        "kind": "text",
        "rows": 2,
        "label": f"Goal {number}: what would one point higher look like?",
        "hint": "What would you do, and what would the other do",
        "record": record,
        "path": [*path, "one_point_higher"],
    }
    return [words, now, hoped, higher]


def _last_time(desk: Desk) -> list[Ask]:
    """What the person wanted more of in the cycle before this one."""
    cycles = sorted((desk.book.cycle(c) for c in desk.book.cycles), key=lambda c: c.place)
    earlier = [c for c in cycles if c.id != desk.cycle and c.working_point]
    if not earlier:
        return []
    return [
        {
            "id": "last",
            "kind": "say",
            "label": "What you wanted more of last time",
            "own": earlier[-1].working_point,
        }
    ]


def _dated(words: str, day: str | None) -> str:
    from vigkit.render.sections import said_day

    return f"{words} ({said_day(day)})" if day else words
