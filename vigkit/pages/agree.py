"""Page 2: before filming, the film, who is in it, and what each of them has agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from vigkit import consent, steps
from vigkit.cycle import Contents, Film
from vigkit.errors import BadUsage, listed
from vigkit.pages.cards import Ask, Cards
from vigkit.pages.desk import Desk
from vigkit.pages.end import ASK_FIRST, Column, first
from vigkit.render.paper import consent_form
from vigkit.render.sections import PURPOSES
from vigkit.steps import Answer

CHECKS = (
    "Everyone is calm and well. If somebody is upset, choose another day.",
    "It is an activity that both of you like, as you usually do it.",
    "The phone is charged, has space, and lies across (landscape).",
    "It stands where it sees both faces and hands, and you can forget it.",
    "Film 5 to 10 minutes. Stop at once when somebody asks you to.",
)
STOPS = (
    "There is a court case, a child protection plan or another worry.",
    "It would show intimate care, a medical procedure, a restraint or a conflict.",
    "Somebody in the film does not want it, in words or with their body.",
    "You are not sure.",
)


def before_filming(desk: Desk) -> Cards:
    """What makes a good film, and when to talk to the supervisor first."""
    record = ["cycle", desk.cycle]

    def asks() -> list[Ask]:
        first = {"id": "ready", "kind": "say", "label": "Before you film", "list": list(CHECKS)}
        stop: Ask = {
            "id": "stops",
            "kind": "say",
            "label": "Talk to your supervisor first where one of these is so",
            "list": list(STOPS),
        }
        if not desk.begun:
            return [first, stop]
        talk = {
            "id": "talk",
            "kind": "tick",
            "label": "I talk to my supervisor before I film",
            "hint": "The day is noted, and no film is added until you take this back",
            "set": desk.now().talk_first or steps.today(),
            "record": record,
            "path": ["talk_first"],
        }
        plan = {
            "id": "situation",
            "kind": "text",
            "label": "What do you want to film?",
            "hint": "Say what happens, where, and when. Use codes for people",
            "before": _planned(desk),
            "before_label": "What you planned last time",
            "record": record,
            "path": ["situation"],
        }
        return [first, stop, talk, plan]

    return Cards(desk, "before", asks, said="Before you film")


def _planned(desk: Desk) -> list[str]:
    cycles = sorted((desk.book.cycle(c) for c in desk.book.cycles), key=lambda c: c.place)
    plans = [c.next_film.what for c in cycles if c.id != desk.cycle and c.next_film and c.next_film.what]
    return plans[-1:]


def film(desk: Desk) -> Cards:
    """The films of this cycle, and a new one from this computer."""

    def asks() -> list[Ask]:
        contents = desk.contents()
        cycle = contents.cycles.get(desk.cycle)
        if cycle is None:
            return first(*ASK_FIRST)
        films = [contents.films[id] for id in cycle.films if id in contents.films]
        told = [ask for each in films for ask in _film(each)]
        if cycle.talk_first:
            words = ["You chose to talk to your supervisor first. Take that back above when you have talked."]
            return [*told, {"id": "talk", "kind": "say", "words": words}]
        return [*told, _bring(desk, contents, only=not films)]

    return Cards(
        desk, "film", asks, acts={"bring": lambda given: _add(desk, given)}, every=True, said="Your film"
    )


def _film(film: Film) -> list[Ask]:
    record = ["film", film.id]
    words = [f"{_minutes(film.seconds)}. In it: {listed(film.people)}."]
    hint = steps.hint(film)
    return [
        {
            "id": f"{film.id}-told",
            "kind": "say",
            "label": f"Film {film.id}",
            "words": words + [hint] * bool(hint),
        },
        {
            "id": f"{film.id}-activity",
            "kind": "line",
            "label": "What is happening in it?",
            "hint": "A few words, such as snack time",
            "record": record,
            "path": ["activity"],
        },
        {
            "id": f"{film.id}-filmed",
            "kind": "day",
            "label": "When was it filmed?",
            "record": record,
            "path": ["filmed"],
        },
    ]


def _bring(desk: Desk, contents: Contents, *, only: bool) -> Ask:
    others = [p.code for p in contents.owner.people if p.code != contents.owner.owner]
    return {
        "id": "bring",
        "kind": "bring",
        "name": "bring",
        "label": "Bring your film" if only else "Bring another film",
        "words": [
            "Copy it from the phone to this computer first. It stays here, and the original stays as it is."
        ],
        "button": "Add this film",
        "working": "Reading the film",
        "handle": _handle(desk),
        "fields": [
            {
                "name": "people",
                "label": "Who is in it?",
                "hint": "A code for everybody, with commas, such as S1, C1. Names stay outside",
                "value": ", ".join([contents.owner.owner, *others]),
            },
            {
                "name": "kind",
                "kind": "checks",
                "label": "What kind of film is it?",
                "options": [
                    {"value": "shared-review", "label": "It shows a shared review, for supervision of that"}
                ],
            },
        ],
    }


def _add(desk: Desk, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take in a film that the browser has brought, and put it into the cycle."""
    people = [
        code.strip() for code in str(given.get("people", "")).replace(";", ",").split(",") if code.strip()
    ]
    if not people:
        raise BadUsage("Enter a code for everybody in the film, such as S1, C1.")
    if not given.get("brought"):
        raise BadUsage("Choose a film first.")
    kind = "shared-review" if "shared-review" in (given.get("kind") or []) else "practice"
    with desk.book.brought(str(given["brought"])) as file:
        added = steps.add_film(desk.book, file, people=people, kind=kind)
    now = desk.now()
    films = [*now.films, added.id]
    desk.answer(
        ("cycle", desk.cycle), [Answer(path=("films",), value=films, known=(list(now.films) or None,))]
    )
    return {"say": f"Added the film {added.id}, {_minutes(added.seconds)}."}


def consents(desk: Desk) -> Column:
    """Who has agreed to what, a tab for each person in the films of this cycle, and a form to sign."""
    import ipywidgets

    tabs = ipywidgets.Tab()

    def refresh(_record: Any = ()) -> None:
        people = _people(desk, desk.contents())
        if tuple(people) != tuple(tabs.titles):
            tabs.children = [_of_person(desk, code) for code in people]
            tabs.titles = people
        tabs.layout.display = None if people else "none"

    refresh()
    desk.listen("tabs", refresh)
    return Column([_overview(desk), tabs])


def _people(desk: Desk, contents: Contents) -> list[str]:
    return list(dict.fromkeys(code for film in _films(desk, contents) for code in film.people))


def _films(desk: Desk, contents: Contents) -> list[Film]:
    cycle = contents.cycles.get(desk.cycle)
    return [contents.films[id] for id in (cycle.films if cycle else ()) if id in contents.films]


def _overview(desk: Desk) -> Cards:
    """What is still missing, and a form to print."""

    def asks() -> list[Ask]:
        contents = desk.contents()
        films, people = _films(desk, contents), _people(desk, contents)
        if not people:
            return [
                {"id": "nobody", "kind": "say", "words": ["When your film is here, ask everybody in it."]}
            ]
        return [
            {"id": "open", "kind": "say", "words": _missing(contents, films)},
            {
                "id": "form",
                "kind": "paper",
                "words": [
                    "A form says the same in plain words, with room for a name that stays on the paper."
                ],
                "button": "Open the form to print it",
                "html": consent_form(contents, people),
            },
        ]

    return Cards(desk, "consents", asks, every=True, said="Who agrees to what")


def _of_person(desk: Desk, code: str) -> Cards:
    """One person's consent, one question at a time."""

    def withdraw(_given: Any) -> dict[str, Any]:
        desk.answer(("consent", code), [Answer(path=("withdrawn",), value=steps.today())])
        return {"say": f"Taken back for {code}. What was made from these films is gone. Ask for copies back."}

    def asks() -> list[Ask]:
        return _consent(desk, desk.contents(), code)

    return Cards(desk, f"consent-{code}", asks, acts={"withdraw": withdraw}, said="What one person agrees to")


def _missing(contents: Contents, films: list[Film]) -> list[str]:
    """Who has not agreed yet, for looking at the film and for supervision."""
    told = []
    for purpose in ("own-reflection", "supervision"):
        for each in films:
            reason = consent.stopped(each, contents.consents, purpose, steps.today())
            told += [f"{PURPOSES[purpose]}: {reason.sentence}"] if reason else []
    return told or ["Everybody in the film has agreed to your own reflection and to supervision."]


def _consent(desk: Desk, contents: Contents, code: str) -> list[Ask]:
    record: list[str] = ["consent", code]
    data = desk.data(record)
    last = (data.get("consents") or [{}])[-1]
    mine = code == contents.owner.owner
    today = date.fromisoformat(steps.today())
    label = "You" if mine else code
    purposes = {
        "id": f"{code}-purposes",
        "kind": "checks",
        "label": f"{label}: who may see the film?",
        "hint": "Each is a yes of its own, and each can be taken back",
        "options": [{"value": p, "label": words, "hint": _HINTS[p]} for p, words in PURPOSES.items()],
        "record": record,
        "path": ["purposes"],
    }
    given = {
        "id": f"{code}-given",
        "kind": "day",
        "label": f"{label}: on which day was this yes given?",
        "hint": "Without a day it does not count",
        "record": record,
        "path": ["given"],
    }
    until = {
        "id": f"{code}-until",
        "kind": "day",
        "label": f"{label}: until when is the film kept?",
        "hint": f"Usual is the end of your work together and 2 months, such as {today + timedelta(days=150)}",
        "record": record,
        "path": ["kept_until"],
    }
    withdrawn = {
        "id": f"{code}-withdraw",
        "kind": "action",
        "name": "withdraw",
        "button": f"{label}: take the consent back",
        "quiet": True,
        "words": ["It stops at once. Pictures and clips that were made from the films are deleted."],
    }
    if last.get("withdrawn"):
        withdrawn = {
            "id": f"{code}-withdrawn",
            "kind": "say",
            "words": [f"{code} took the consent back on {last['withdrawn']}."],
        }
    who = [] if mine else _asked(record, code)
    return [purposes, given, *who, *_kept(record, code, label), until, withdrawn]


def _asked(record: list[str], code: str) -> list[Ask]:
    """The person's own agreement, and who signed."""
    return [
        {
            "id": f"{code}-own",
            "kind": "choice",
            "label": f"{code}: did they say yes themselves?",
            "hint": "A look away or a turned back is a no",
            "options": [
                {"value": "yes", "label": "Yes"},
                {"value": "no", "label": "No, or not now"},
                {"value": "cannot-say", "label": "They cannot say"},
            ],
            "record": record,
            "path": ["own_agreement", "answer"],
        },
        {
            "id": f"{code}-how",
            "kind": "text",
            "rows": 2,
            "label": f"{code}: how did you ask, and how did they answer?",
            "hint": "In words, signs, pictures or in their own way",
            "record": record,
            "path": ["own_agreement", "how"],
        },
        {
            "id": f"{code}-signed",
            "kind": "choice",
            "label": f"{code}: who signed?",
            "options": [
                {"value": [{"who": who}], "label": words}
                for who, words in (
                    ("self", "The person"),
                    ("parent", "A parent"),
                    ("guardian", "A guardian"),
                    ("attorney", "An attorney"),
                    ("other", "Somebody else who may"),
                )
            ],
            "record": record,
            "path": ["signed_by"],
        },
    ]


def _kept(record: list[str], code: str, label: str) -> list[Ask]:
    return [
        {
            "id": f"{code}-stored",
            "kind": "line",
            "label": f"{label}: where is the film kept?",
            "hint": "Such as: on my work laptop, which is encrypted",
            "record": record,
            "path": ["stored"],
        },
        {
            "id": f"{code}-sees",
            "kind": "lines",
            "label": f"{label}: who can open it?",
            "hint": "One code or role on each line",
            "record": record,
            "path": ["who_sees"],
        },
    ]


_HINTS = {
    "own-reflection": "You look at it by yourself",
    "supervision": "You and your supervisor look at it",
    "peers": "Your group looks at it together",
    "network-progress": "Others who help see what goes well",
    "network-concern": "Others who help see it where there is a worry",
    "training": "People who learn this way of working see it",
    "presentation": "It is shown to an audience",
}


def _handle(desk: Desk) -> str | None:
    from vigkit.lab import films

    return films.offer(desk.book)


def _minutes(seconds: float) -> str:
    whole, rest = divmod(round(seconds), 60)
    return f"{whole} minutes {rest} seconds" if whole else f"{rest} seconds"
