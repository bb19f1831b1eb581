"""The supervisor's page: who, which question, what is here, and what is missing and why."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from vigkit import content, figures
from vigkit.cycle import Bundle, Goal, LeftOut, Moment
from vigkit.errors import clock, listed
from vigkit.render import sections, words
from vigkit.render.page import NOT_ANSWERED, GoalLine

if TYPE_CHECKING:
    from jinja2 import Environment

# Long enough for what a person says in a breath; the log holds all of it.
LONG = 320
SHOWS_NOTES = ("own-reflection", "supervision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One log of a person."""

    file: str
    title: str
    casebook: str
    cycle: str
    facts: tuple[str, ...]
    joy: bool
    question: str
    working_point: str
    bring: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joy:
    """A moment of joy, in the person's own words where there are any."""

    file: str
    who: str
    title: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A goal and the person's own ratings of it."""

    words: str
    told: tuple[str, ...]
    drawn: GoalLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person: code, role in words, goals and logs, the newest log first."""

    anchor: str
    name: str
    role: str
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    missing: int


def page(logs: Mapping[str, Bundle], left_out: Sequence[LeftOut], purpose: str, day: str) -> str:
    """The whole index: `logs` are the pages that stand, by their file."""
    from markupsafe import Markup

    style = content.root().joinpath("templates", "index", "index.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = (
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    people = [_member(book, own, left_out) for book, own in _by_casebook(logs)]
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            title=f"{title(purpose)}, {sections.said_day(day)}",
            people=people,
            joys=[joy for _, own in _by_casebook(logs) for joy in _joys(own)],
            sum=_sum(logs),
            until=_until(logs),
            left_out=left_out,
            style=Markup(style),
            policy=Markup(policy),
        )
    )


def title(purpose: str) -> str:
    """What these logs are for, in words.

    >>> title("supervision"), title("network-progress")
    ('Logs for supervision', 'Logs for the network, on progress')
    """
    named = sections.PURPOSES.get(purpose, purpose)
    return f"Logs for {named[:1].lower()}{named[1:]}"


def _sum(logs: Mapping[str, Bundle]) -> str:
    """How much there is.

    >>> _sum({})
    'No log yet.'
    """
    if not logs:
        return "No log yet."
    owners = len({bundle.owner for bundle in logs.values()})
    count = f"{len(logs)} log{'' if len(logs) == 1 else 's'}"
    return f"{count} from {owners} {'person' if owners == 1 else 'people'}."


def _until(logs: Mapping[str, Bundle]) -> str | None:
    """The first day on which a consent of somebody in these films ends."""
    ends = min((bundle.until for bundle in logs.values() if bundle.until), default=None)
    return sections.said_day(ends) if ends else None


def _by_casebook(logs: Mapping[str, Bundle]) -> list[tuple[str, list[tuple[str, Bundle]]]]:
    """The logs of each casebook in the order of the cycles; the casebooks by their owners' codes."""
    books: dict[str, list[tuple[str, Bundle]]] = {}
    for file, bundle in logs.items():
        books.setdefault(bundle.casebook, []).append((file, bundle))
    for own in books.values():
        own.sort(key=lambda each: each[1].cycle.place)
    return sorted(books.items(), key=lambda each: (_counted(each[1][0][1].owner), _counted(each[0])))


def _counted(code: str) -> list[tuple[int, str]]:
    """Codes as one counts: S2 before S10."""
    return [
        (int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", code) if part
    ]


def _member(book: str, own: Sequence[tuple[str, Bundle]], left_out: Sequence[LeftOut]) -> Member:
    newest = own[-1][1]
    return Member(
        anchor=f"of-{book}",
        name=newest.owner,
        role=sections.ROLES[newest.role],
        lines=tuple(_lines([bundle for _, bundle in own])),
        rows=tuple(_row(file, bundle) for file, bundle in reversed(own)),
        missing=sum(1 for each in left_out if each.casebook == book),
    )


def _row(file: str, bundle: Bundle) -> Row:
    cycle = bundle.cycle
    return Row(
        file=file,
        title=_title(bundle),
        casebook=bundle.casebook,
        cycle=cycle.id,
        facts=tuple(_facts(bundle)),
        joy=any(moment.joy for moment in cycle.moments),
        question=_brief(cycle.question[-1].words if cycle.question else ""),
        working_point=_brief(cycle.working_point or ""),
        bring=_brief(cycle.bring or ""),
    )


def _title(bundle: Bundle) -> str:
    number = bundle.cycle.place[0]
    name = f"Cycle {number}" if number else bundle.cycle.id
    doing = next((film.activity for film in bundle.films if film.activity), "")
    return ", ".join(filter(None, [name, _brief(doing, 60)]))


def _facts(bundle: Bundle) -> Iterator[str]:
    cycle = bundle.cycle
    if cycle.began:
        yield f"Begun {sections.said_day(cycle.began)}"
    count = len(cycle.moments)
    yield f"{count} moment{'' if count == 1 else 's'}" if count else "Words only, no moment shared"
    if bundle.purpose in SHOWS_NOTES:
        by = list(dict.fromkeys(note.by for note in bundle.notes))
        yield f"Note by {listed(by)}" if by else "No note yet"


def _lines(bundles: Sequence[Bundle]) -> Iterator[Line]:
    """Each goal once, as the newest cycle that has it tells it."""
    seen: set[str] = set()
    for bundle in reversed(bundles):
        for goal in bundle.cycle.goals:
            if goal.id not in seen:
                seen.add(goal.id)
                yield _line(bundle, goal)


def _line(bundle: Bundle, goal: Goal) -> Line:
    alone = replace(bundle, cycle=replace(bundle.cycle, goals=(goal,)))
    drawn = next((part for part in sections.change(alone).parts if isinstance(part, GoalLine)), None)
    told = tuple(f"{point.label}: {point.now:g} of 10" for point in drawn.points) if drawn else ()
    return Line(words=_brief(goal.words or ""), told=told, drawn=drawn)


def _joys(own: Sequence[tuple[str, Bundle]]) -> Iterator[Joy]:
    """The moments of joy of the newest cycle that has any: the ones that have not been celebrated yet."""
    for file, bundle in reversed(own):
        joyful = [moment for moment in bundle.cycle.moments if moment.joy]
        for moment in joyful:
            yield Joy(file=file, who=bundle.owner, title=_title(bundle), words=_of(moment, bundle))
        if joyful:
            return


def _of(moment: Moment, bundle: Bundle) -> str:
    labels = {principle.id: principle.label for principle in bundle.principles}
    named = listed([labels.get(each, each) for each in moment.principles])
    said = moment.better or moment.saw or moment.why or moment.they_did or moment.i_did or named
    return _brief(said or f"{clock(moment.start)} to {clock(moment.end)}", 160)


def _brief(said: str, most: int = LONG) -> str:
    """What fits on an index: whole words, in one breath."""
    said = " ".join(words.clean(said).split())
    if len(said) <= most:
        return said
    return said[: most - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def drawn(line: GoalLine) -> Markup:
        return Markup(words.clean(figures.goal_line(line.points, line.hoped, line.label)))

    environment = Environment(
        loader=FileSystemLoader(content.root() / "templates" / "index"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: words.clean(value) if type(value) is str else value,
    )
    environment.filters |= {"drawn": drawn, "who": _who}
    environment.globals["not_answered"] = NOT_ANSWERED
    return environment


def _who(each: LeftOut) -> str:
    return listed(each.who)
