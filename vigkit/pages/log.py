"""Page 6: check the answers, something for oneself alone, and the log."""

from __future__ import annotations

from typing import Any

from vigkit import consent, steps
from vigkit.cycle import Cycle, Goal, Moment
from vigkit.errors import VigkitError, clock, listed
from vigkit.pages.cards import Ask, Cards
from vigkit.pages.change import from_supervisors
from vigkit.pages.desk import Desk
from vigkit.pages.end import ASK_FIRST, Column, first


def check_answers(desk: Desk) -> Cards:
    """What was answered, with a way back to each page; then the next film and what one brings."""
    record = ["cycle", desk.cycle]

    def asks() -> list[Ask]:
        if not desk.begun:
            return first(*ASK_FIRST)
        return [*from_supervisors(desk), *_answered(desk.now()), *_open(record)]

    return Cards(desk, "check", asks, every=True, said="Check your answers")


def _answered(cycle: Cycle) -> list[Ask]:
    review = cycle.review
    with_whom = f"With {listed(review.with_whom)}." if review and review.with_whom else None
    said = [
        f"{words}" for clip in (review.clips if review else ()) for words in (clip.mine, clip.theirs) if words
    ]
    comfort = (
        f"It was {review.comfort:g} of 10 comfortable." if review and review.comfort is not None else None
    )
    rows: tuple[tuple[str, str, list[str | None]], ...] = (
        ("My helping question", "1-goal", [cycle.question[-1].words]),
        ("My goals", "1-goal", [words for goal in cycle.goals for words in _goal(goal)]),
        ("The situation", "2-consent-and-film", [cycle.situation]),
        ("My moments", "3-moments", [words for m in cycle.moments for words in _moment(m, _MARKED)]),
        ("The moments that I passed over", "3-moments", [cycle.passed_over]),
        ("Who sees them", "4-short-film", [_shared(cycle)]),
        ("What we said", "5-shared-review", [with_whom, *said]),
        (
            "Seen, felt, thought, wished",
            "5-shared-review",
            [w for m in cycle.moments for w in _moment(m, _RUNGS)],
        ),
        ("What they say about my question", "5-shared-review", [cycle.says_about_question]),
        ("What I want more of", "5-shared-review", [cycle.working_point]),
        ("How the looking was", "5-shared-review", [comfort, review.comfort_words if review else None]),
    )
    return [
        {
            "id": f"told-{n}",
            "kind": "summary",
            "label": label,
            "answers": [words for words in answers if words],
            "change": f"{page}.ipynb",
        }
        for n, (label, page, answers) in enumerate(rows)
    ]


_MARKED = ("better", "why", "i_did", "they_did")
_RUNGS = ("saw", "felt", "thought", "wished", "surprised")


def _moment(moment: Moment, names: tuple[str, ...]) -> list[str | None]:
    """The time of a moment, and what was said about it."""
    said = [words for name in names if (words := getattr(moment, name))]
    return [f"{clock(moment.start)} to {clock(moment.end)}", *said] if said or names is _MARKED else []


def _goal(goal: Goal) -> list[str | None]:
    now = f"now {goal.ratings[-1].now:g} of 10" if goal.ratings else None
    hoped = f"hoped for {goal.hoped:g}" if goal.hoped is not None else None
    return [goal.words, ", ".join(filter(None, [now, hoped])) or None, goal.one_point_higher]


def _shared(cycle: Cycle) -> str | None:
    shared = [m for m in cycle.moments if "supervision" in m.share]
    return (
        f"{len(shared)} of {len(cycle.moments)} moments are shared for supervision."
        if cycle.moments
        else None
    )


def _open(record: list[str]) -> list[Ask]:
    return [
        {
            "id": "next-what",
            "kind": "text",
            "rows": 2,
            "label": "What do you want to film next?",
            "hint": "Where, what, and with whom. Use codes",
            "record": record,
            "path": ["next_film", "what"],
        },
        {
            "id": "next-when",
            "kind": "day",
            "label": "On which day?",
            "record": record,
            "path": ["next_film", "when"],
        },
        {
            "id": "bring",
            "kind": "text",
            "rows": 2,
            "label": "What do you bring to supervision?",
            "record": record,
            "path": ["bring"],
        },
    ]


def for_me_alone(desk: Desk) -> Cards:
    """How the work affects the person: in a file of its own, and in nothing that is shown."""

    def asks() -> list[Ask]:
        if not desk.begun:
            return first(*ASK_FIRST)
        return [
            {
                "id": "affects",
                "kind": "text",
                "label": "How does this work affect you?",
                "hint": "For yourself alone. It is in no log, whoever asks for one",
                "optional": True,
                "record": ["private", desk.cycle],
                "path": ["affects_me"],
            }
        ]

    return Cards(desk, "alone", asks, every=True, said="For yourself alone")


def make_log(desk: Desk) -> Any:
    """A look at the log as the supervisor gets it, and the button that makes it."""
    import ipywidgets

    bar = ipywidgets.FloatProgress(max=1.0, description="", layout=ipywidgets.Layout(display="none"))

    def asks() -> list[Ask]:
        if not desk.begun:
            return first(*ASK_FIRST)
        make: Ask = {
            "id": "make",
            "kind": "action",
            "name": "make",
            "button": "Make the log",
            "working": "Making the log",
            "vk": "make-log",
            "label": "Your log for supervision",
        }
        return [_preview(desk), make, *_made(desk)]

    def work() -> dict[str, Any]:
        bar.layout.display = None
        try:
            return {"name": "make", "say": _pack(desk, bar)}
        finally:
            bar.layout.display = "none"

    def make(_given: Any) -> dict[str, Any]:
        cards.in_background(work, "done")
        return {"wait": True}

    cards = Cards(desk, "log", asks, acts={"make": make}, every=True, said="Your log")
    return Column([cards, bar])


def _preview(desk: Desk) -> Ask:
    from vigkit.render import page, sections

    try:
        desk.now()  # it may be there and not be readable
        shown = steps.bundle(desk.book, desk.contents(), desk.cycle, "supervision", steps.today())
    except VigkitError as e:
        link = {"page": "2-consent-and-film.ipynb", "label": "Consent and film"}
        return {
            "id": "preview",
            "kind": "links",
            "label": "Not ready to be shown",
            "words": [e.on_page],
            "links": [link],
        }
    html = page.page_html(sections.whole(shown))
    words = ["This is what your supervisor gets. Only moments that you share are in it."]
    return {"id": "preview", "kind": "frame", "label": "How your log looks", "words": words, "html": html}


def _pack(desk: Desk, bar: Any) -> str:
    """Make the logs of this casebook in its own folder logs/; returns what has come of it in words."""
    from vigkit.render import pack, template

    template.quick_imports()
    desk.now()  # told in words for a page, before a pack tells it in its own
    consent.purpose_known("supervision")
    out = desk.book.folder / "logs"

    def report(p: Any) -> None:
        bar.value = p.done / p.total if p.total else 0.0

    packed = pack.pack(
        steps.jobs([desk.book.folder], "supervision", steps.today()),
        out,
        template=template.find(None),
        purpose="supervision",
        day=steps.today(),
        workers=1,
        timeout=120.0,
        report=report,
    )
    mine = [each.sentence for each in packed.left_out if each.cycle in (desk.cycle, None)]
    return " ".join(mine) if mine else "The log is ready. It lies in the folder logs of your casebook."


def _made(desk: Desk) -> list[Ask]:
    html = desk.book.made_log(desk.cycle)
    if html is None:
        return []
    words = [f"It is the file {desk.cycle}.html in the folder logs. Open it to read or print it."]
    return [
        {
            "id": "made",
            "kind": "paper",
            "label": "Your log is made",
            "words": words,
            "button": "Open the log",
            "html": html,
        }
    ]
