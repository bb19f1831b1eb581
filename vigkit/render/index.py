"""The supervisor's pages: one of the group, and one of each person over time.

Each list is sorted for what it is for, so that nothing has to run in the browser. A figure of a person is
nowhere but in their own goals' lines: how at ease they were is told in words, for supervision alone.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vigkit import content, figures
from vigkit.cycle import Bundle, Goal, LeftOut, Moment, Owner, Still
from vigkit.errors import clock, listed
from vigkit.render import sections, words
from vigkit.render.page import NOT_ANSWERED, GoalLine

if TYPE_CHECKING:
    from jinja2 import Environment

# Long enough for what a person says in a breath; the log holds all of it.
LONG = 320
SOON = 30  # days before a consent ends on which it is told
OVER_TIME = "_over-time.html"  # no cycle can have this name
SHOWS_NOTES = ("own-reflection", "supervision")
_FILES = ("index.html.j2", "person.html.j2", "parts.html.j2", "index.css")
_SOURCES = ("render/index.py", "render/sections.py", "render/words.py", "figures.py", "cycle.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One log of a person, and whether a supervisor has written on it as it is now."""

    file: str
    title: str
    short: str
    casebook: str
    cycle: str
    began: str | None
    moments: str
    joy: bool
    noted: str | None
    open: bool
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
class Seen:
    """A picture of a first or last moment, and what the person said about it."""

    when: str
    jpeg: str
    alt: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of the group: code, role in words, and logs, the newest first."""

    casebook: str
    page: str | None
    name: str
    role: str
    rows: tuple[Row, ...]
    until: str | None
    missing: int
    ask_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Logs to look at first, and why."""

    why: str
    rows: tuple[tuple[str, Row], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A moment as a film of its own, through the gate; `make` gives the film, or says why there is none."""

    casebook: str
    cycle: str
    moment: str
    who: str
    title: str
    when: str
    words: str
    until: str | None
    make: Callable[[], Path | LeftOut]


def page(
    logs: Mapping[str, Bundle],
    left_out: Sequence[LeftOut],
    purpose: str,
    day: str,
    *,
    owners: Iterable[Owner] = (),
    pages: Container[str],
) -> str:
    """The page of the group: `logs` are those that stand, by their file; `pages` those of people over time.

    `owners` may have no log in this pack.
    """
    groups = _by_casebook(logs)
    others = [each for each in owners if each.id not in {book for book, _ in groups}]
    called = _called({book: own[0][1].owner for book, own in groups} | {o.id: o.owner for o in others})
    people = [_member(book, called[book], own, left_out, pages) for book, own in groups]
    people += [_without_log(each, called[each.id], left_out) for each in others]
    people.sort(key=lambda each: (_counted(each.name), _counted(each.casebook)))
    return _rendered(
        "index.html.j2",
        title=f"{title(purpose)}, {sections.said_day(day)}",
        people=people,
        joys=[joy for book, own in groups for joy in _joys(called[book], own)],
        looks=[*_to_note(people), *_ending(logs, people, day)],
        sum=_sum(logs),
        until=_until(logs.values()),
        left_out=left_out,
        supervision=purpose == "supervision",
    )


def person_page(logs: Mapping[str, Bundle], stills: Mapping[str, Still], left_out: Sequence[LeftOut]) -> str:
    """The page of one person over time: `logs` are theirs that stand, `stills` a picture of some of them."""
    [(book, own)] = _by_casebook(logs)
    newest = own[-1][1]
    return _rendered(
        "person.html.j2",
        title=f"{newest.owner} over time",
        owner=newest.owner,
        role=sections.ROLES[newest.role],
        made_for=title(newest.purpose),
        ease=_not_easy(own),
        hard=sections.hard(newest.owner),
        lines=tuple(_lines([bundle for _, bundle in own])),
        seen=tuple(_seen(bundle, stills[file]) for file, bundle in own if file in stills),
        rows=_steps(own),
        left_out=[each for each in left_out if each.casebook == book],
    )


def with_clips(page: str, count: int, missing: int) -> str:
    """The page of the group with a way to the clips that lie beside it."""
    told = f"{count} clip{'' if count == 1 else 's'} to look at"
    more = ", and what is missing" if missing else ""
    way = f'<p class="until"><a href="clips.html">{told}{more}</a></p>\n'
    return page.replace('<p class="care">', f'{way}<p class="care">', 1)


def clips_page(clips: Sequence[tuple[str, Clip]], missing: Sequence[LeftOut], purpose: str, day: str) -> str:
    """The page of the clips of a pack, by person and log; each has its name and what is told of it."""
    called = _called({clip.casebook: clip.who for _, clip in clips})
    people: dict[str, dict[tuple[str, str], list[tuple[str, Clip]]]] = {}
    for name, clip in sorted(
        clips, key=lambda each: (_counted(each[1].who), each[1].casebook, each[1].cycle)
    ):
        logs = people.setdefault(called[clip.casebook], {})
        logs.setdefault((clip.casebook, clip.cycle), []).append((name, clip))
    ends = min((clip.until for _, clip in clips if clip.until), default=None)
    return _rendered(
        "clips.html.j2",
        title=f"Clips, {sections.said_day(day)}",
        made_for=title(purpose),
        until=sections.said_day(ends),
        left_out=missing,
        people=[(who, [(own[0][1].title, own) for own in logs.values()]) for who, logs in people.items()],
    )


def picture(bundle: Bundle) -> Still | None:
    """The picture that stands for a log: that of its first moment which has one."""
    stills = {still.moment: still for still in bundle.stills}
    return next((stills[m.id] for _, m in sections.in_order(bundle) if m.id in stills), None)


@cache
def key() -> str:
    """Changes whenever the same logs could give other pages."""
    package = Path(__file__).parents[1]
    files = [*(_folder() / name for name in _FILES), *(package / name for name in _SOURCES)]
    data = b"".join(file.read_bytes().replace(b"\r\n", b"\n") for file in files)
    return hashlib.sha256(data).hexdigest()


def _rendered(template: str, **given: object) -> str:
    from markupsafe import Markup

    style = _folder().joinpath("index.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = (
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return _environment().get_template(template).render(style=Markup(style), policy=Markup(policy), **given)


def _folder() -> Path:
    return Path(content.root() / "templates" / "index")


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
    owners = len({bundle.casebook for bundle in logs.values()})
    count = f"{len(logs)} log{'' if len(logs) == 1 else 's'}"
    return f"{count} from {owners} {'person' if owners == 1 else 'people'}."


def _until(logs: Iterable[Bundle]) -> str | None:
    """The first day on which a consent of somebody in these films ends."""
    ends = min((bundle.until for bundle in logs if bundle.until), default=None)
    return sections.said_day(ends) if ends else None


def _to_note(people: Sequence[Member]) -> Iterator[Look]:
    """The logs that wait for a supervisor's words."""
    rows = [(person.name, row) for person in people for row in person.rows if row.open]
    changed = tuple(each for each in rows if each[1].noted != _NO_NOTE)
    if changed:
        yield Look(why="The cycle has changed since the note", rows=changed)
    if new := tuple(each for each in rows if each[1].noted == _NO_NOTE):
        yield Look(why=_NO_NOTE, rows=new)


def _ending(logs: Mapping[str, Bundle], people: Sequence[Member], day: str) -> Iterator[Look]:
    """The logs whose consent ends soon, by the day on which it does."""
    last = (date.fromisoformat(day) + timedelta(days=SOON)).isoformat()
    by_day: dict[str, list[tuple[str, Row]]] = {}
    for person in people:
        for row in person.rows:
            until = logs[row.file].until
            if until and until <= last:
                by_day.setdefault(until, []).append((person.name, row))
    for until, rows in sorted(by_day.items()):
        yield Look(why=f"Consent ends on {sections.said_day(until)}", rows=tuple(rows))


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


def _called(owners: Mapping[str, str]) -> dict[str, str]:
    """What each casebook's owner is called: the code, and where two have it, the casebook too."""
    often = Counter(owners.values())
    return {book: code if often[code] == 1 else f"{code} ({book})" for book, code in owners.items()}


def _member(
    book: str,
    name: str,
    own: Sequence[tuple[str, Bundle]],
    left_out: Sequence[LeftOut],
    pages: Container[str],
) -> Member:
    newest = own[-1][1]
    over_time = f"{book}/{OVER_TIME}"
    return Member(
        casebook=book,
        page=over_time if over_time in pages else None,
        name=name,
        role=sections.ROLES[newest.role],
        rows=tuple(_row(file, bundle) for file, bundle in reversed(own)),
        until=_until(bundle for _, bundle in own),
        missing=_missing(book, left_out),
        ask_first=_not_easy(own) is not None,
    )


def _without_log(owner: Owner, name: str, left_out: Sequence[LeftOut]) -> Member:
    return Member(
        casebook=owner.id,
        page=None,
        name=name,
        role=sections.ROLES[owner.role],
        rows=(),
        until=None,
        missing=_missing(owner.id, left_out),
        ask_first=False,
    )


def _missing(book: str, left_out: Sequence[LeftOut]) -> int:
    return sum(1 for each in left_out if each.casebook == book)


def _row(file: str, bundle: Bundle) -> Row:
    cycle = bundle.cycle
    noted, done = _noted(bundle)
    return Row(
        file=file,
        title=_title(bundle),
        short=_short(bundle),
        casebook=bundle.casebook,
        cycle=cycle.id,
        began=f"Begun {sections.said_day(cycle.began)}" if cycle.began else None,
        moments=_moments(len(cycle.moments)),
        joy=any(moment.joy for moment in cycle.moments),
        noted=noted,
        open=bundle.purpose == "supervision" and not done,
        question=_brief(cycle.question[-1].words if cycle.question else ""),
        working_point=_brief(cycle.working_point or ""),
        bring=_brief(cycle.bring or ""),
    )


def _steps(own: Sequence[tuple[str, Bundle]]) -> tuple[Row, ...]:
    """The logs from the first to the last; a question that stays as it was is told once."""
    rows = [_row(file, bundle) for file, bundle in own]
    return tuple(
        replace(row, question="") if n and row.question == rows[n - 1].question else row
        for n, row in enumerate(rows)
    )


_NO_NOTE = "No note yet"


def _noted(bundle: Bundle) -> tuple[str | None, bool]:
    """Who has written on this log, and whether that is about the cycle as it is now."""
    if bundle.purpose not in SHOWS_NOTES:
        return None, False
    by = {note.by: bool(note.changed) for note in bundle.notes}
    if not by:
        return _NO_NOTE, False
    still = [code for code, changed in by.items() if not changed]
    since = [code for code, changed in by.items() if changed]
    told = [f"Note by {listed(still)}"] if still else []
    told += [f"Changed since the note by {listed(since)}"] if since else []
    return ". ".join(told), not since


def _not_easy(own: Sequence[tuple[str, Bundle]]) -> tuple[str, str] | None:
    """The cycle, and the words, of the newest talk about a film, where it was hard: for supervision alone."""
    for _, bundle in reversed(own):
        if bundle.hard is not None:
            review = bundle.cycle.review
            return (
                (_title(bundle), _brief(review.comfort_words or "" if review else ""))
                if bundle.hard
                else None
            )
    return None


def _seen(bundle: Bundle, still: Still) -> Seen:
    moment = next(m for m in bundle.cycle.moments if m.id == still.moment)
    film = next((f for f in bundle.films if f.id == moment.film), None)
    filmed = sections.said_day(film.filmed) if film else None
    when = ", ".join(filter(None, [_title(bundle), f"filmed {filmed}" if filmed else None]))
    alt = f"Picture at {clock(still.at)}"
    return Seen(when=when, jpeg=still.jpeg, alt=alt, words=_of(moment, bundle))


def _short(bundle: Bundle) -> str:
    number = bundle.cycle.place[0]
    return f"Cycle {number}" if number else bundle.cycle.id


def _title(bundle: Bundle) -> str:
    doing = next((film.activity for film in bundle.films if film.activity), "")
    return ", ".join(filter(None, [_short(bundle), _brief(doing, 60)]))


def _moments(count: int) -> str:
    return f"{count} moment{'' if count == 1 else 's'}" if count else "Words only, no moment shared"


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


def _joys(who: str, own: Sequence[tuple[str, Bundle]]) -> Iterator[Joy]:
    """The moments of joy of the newest cycle that has any: the ones that have not been celebrated yet."""
    for file, bundle in reversed(own):
        joyful = [moment for moment in bundle.cycle.moments if moment.joy]
        for moment in joyful:
            yield Joy(file=file, who=who, title=_title(bundle), words=_of(moment, bundle))
        if joyful:
            return


def about(moment: Moment, bundle: Bundle) -> tuple[str, str]:
    """A log's title, and what the person said about one of its moments."""
    return _title(bundle), _of(moment, bundle)


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
        loader=FileSystemLoader(_folder()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: words.clean(value) if type(value) is str else value,
    )
    environment.filters |= {"drawn": drawn, "who": _who, "day": sections.said_day}
    environment.globals["not_answered"] = NOT_ANSWERED
    return environment


def _who(each: LeftOut) -> str:
    return listed(each.who)
