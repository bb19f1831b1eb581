"""Page 5: the shared review, one question at a time: both voices, then saw, felt, thought and wished."""

from __future__ import annotations

from vigkit.cycle import Contents, Moment
from vigkit.errors import VigkitError, clock
from vigkit.pages.cards import Ask, Cards
from vigkit.pages.change import from_supervisors
from vigkit.pages.choose import _in_order
from vigkit.pages.desk import Desk
from vigkit.pages.end import ASK_FIRST, MARK_FIRST, first

RUNGS = (
    ("saw", "What do you see and hear?", "Only what a camera can see and hear"),
    ("felt", "What did you feel there, and what may the other have felt?", None),
    ("thought", "What did you think?", None),
    ("wished", "What did you wish for, or want to bring about?", None),
)


def shared_review(desk: Desk) -> Cards:
    """Clip after clip: who filmed speaks first, then the other, then one rung after the other."""
    record = ["cycle", desk.cycle]

    def asks() -> list[Ask]:
        if not desk.begun or not desk.now().moments:
            return first(*MARK_FIRST)
        contents, cycle = desk.contents(), desk.now()
        opening: list[Ask] = [
            {
                "id": "again",
                "kind": "say",
                "label": "Say your question once more",
                "own": cycle.question[-1].words,
                "words": [
                    "Then watch each moment twice: once as it is, once without sound or at half speed."
                ],
            },
            {
                "id": "held",
                "kind": "day",
                "label": "On which day do you meet?",
                "record": record,
                "path": ["review", "held"],
            },
            {
                "id": "with",
                "kind": "lines",
                "label": "Who is there?",
                "hint": "One code on each line",
                "record": record,
                "path": ["review", "with_whom"],
            },
        ]
        moments = [
            ask for n, m in enumerate(_in_order(cycle), start=1) for ask in _moment(desk, contents, m, n)
        ]
        return [*from_supervisors(desk), *opening, *moments]

    return Cards(desk, "review", asks, said="The shared review, one question at a time")


def _moment(desk: Desk, contents: Contents, moment: Moment, number: int) -> list[Ask]:
    record, clip = ["cycle", desk.cycle], film_clip(desk, contents, moment, f"Moment {number}")
    place = ["moments", moment.id]
    voices = ["review", "clips", moment.id]
    questions: list[tuple[str, list[str], str, str | None]] = [
        (
            "mine",
            [*voices, "mine"],
            "You first: what do you notice?",
            "What went better than usual, and what you did",
        ),
        ("theirs", [*voices, "theirs"], "The other: what do you notice?", "Begin with I notice or I wonder"),
        *((name, [*place, name], label, hint) for name, label, hint in RUNGS),
        ("surprised", [*place, "surprised"], "What surprised you?", None),
    ]
    return [
        {
            "id": f"{moment.id}-{name}",
            "kind": "group",
            "asks": [
                clip,
                {
                    "id": f"{moment.id}-{name}-words",
                    "kind": "text",
                    "rows": 3,
                    "label": label,
                    "hint": hint,
                    "optional": name != "mine",
                    "record": record,
                    "path": path,
                },
            ],
        }
        for name, path, label, hint in questions
    ]


def afterwards(desk: Desk) -> Cards:
    """What it says about the question, how it was, and one working point."""
    record = ["cycle", desk.cycle]

    def asks() -> list[Ask]:
        if not desk.begun:
            return first(*ASK_FIRST)
        says = {
            "id": "says",
            "kind": "text",
            "label": "What do the moments say about your question?",
            "record": record,
            "path": ["says_about_question"],
        }
        point = {
            "id": "point",
            "kind": "text",
            "rows": 2,
            "label": "What do you want more of?",
            "hint": "One sentence. It goes with you into the next cycle",
            "record": record,
            "path": ["working_point"],
        }
        comfort = {
            "id": "comfort",
            "kind": "scale",
            "label": "How was it for you to look at yourself?",
            "hint": "It is about the looking, and not about you. Only your supervisor sees it",
            "ends": ["very hard", "comfortable"],
            "optional": True,
            "record": record,
            "path": ["review", "comfort"],
        }
        words = {
            "id": "comfort-words",
            "kind": "text",
            "rows": 2,
            "label": "What would make it more comfortable?",
            "optional": True,
            "record": record,
            "path": ["review", "comfort_words"],
        }
        return [says, point, comfort, words]

    return Cards(desk, "afterwards", asks, said="After the shared review")


def film_clip(desk: Desk, contents: Contents, moment: Moment, label: str) -> Ask:
    """A moment that plays round and round, or why its film cannot be shown."""
    from vigkit import steps
    from vigkit.lab import films

    title = f"{label}, {clock(moment.start)} to {clock(moment.end)}"
    try:
        steps.known_film(contents, moment.film)
        proxy = steps.has_proxy(desk.book, moment.film)
    except VigkitError as e:
        return {"id": f"clip-{moment.id}", "kind": "say", "label": title, "words": [e.sentence]}
    handle = films.offer(desk.book)
    return {
        "id": f"clip-{moment.id}",
        "kind": "clip",
        "label": title,
        "film": handle and f"{handle}/{moment.film}",
        "proxy": proxy,
        "start": moment.start,
        "end": moment.end,
    }
