"""From a bundle to the sections of a log: pure, one function a section, in the order of the page.

A section says what the person wrote and when; it holds no number on a person but their own ratings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vigkit.cycle import (
    Bundle,
    Clip,
    Cycle,
    Goal,
    Moment,
    MomentNote,
    Note,
    Person,
    ShownFilm,
    ShownNote,
    ShownPrinciple,
    Turn,
)
from vigkit.errors import clock, listed, on_disk
from vigkit.figures import Mark, Point
from vigkit.records import parse, read
from vigkit.render.page import (
    NOT_ANSWERED,
    Entry,
    Fact,
    Facts,
    GoalLine,
    Head,
    Heading,
    Part,
    Picture,
    Say,
    Section,
    Timeline,
    Words,
)

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
ROLES = {"teacher": "Teacher", "care-staff": "Care staff", "guider": "Guider"}
PURPOSES = {
    "own-reflection": "Own reflection",
    "supervision": "Supervision",
    "peers": "Peers",
    "network-progress": "The network, on progress",
    "network-concern": "The network, on a concern",
    "training": "Training",
    "presentation": "A presentation",
}
ACTS = {"initiative": "begins", "reception": "receives", "response": "responds"}
# The four things a supervisor looks for in a log (domain practice), as questions.
PROMPTS = (
    "What self-reflection do I see?",
    "What did we reflect on together?",
    "What is the plan?",
    "What change shows on the film?",
)
REVIEW_LEVEL = 7
NO_LEVEL = 8


def open_bundle(path: str | None) -> Bundle:
    """The bundle in this file; None gives an empty one, so that a template can be tried by itself."""
    if path is None:
        cycle = Cycle(format=1, id="example", question=())
        return Bundle(
            format=1, casebook="example", owner="S1", role="teacher", purpose="own-reflection", cycle=cycle
        )
    file = Path(path)
    with on_disk(file):
        content = file.read_bytes()
    return read(Bundle, parse(content, file.name), file.name)


def whole(log: Bundle) -> list[Section]:
    """All sections in the order of the shipped log."""
    makers = (
        *(question, situation, moments, i_did, they_did, rungs, about_question),
        *(working_point, next_film, bring, change, supervisor),
    )
    return [make(log) for make in makers]


def question(log: Bundle) -> Section:
    """My helping question, and where I am from 0 to 10."""
    *earlier, last = log.cycle.question or (None,)
    parts: list[Part] = [Words(text=last.words if last else None)]
    if last and (last.agreed_with or last.on):
        parts.append(Facts(rows=_facts(("Agreed with", last.agreed_with), ("Written", said_day(last.on)))))
    for version in reversed(earlier):
        if version:
            label = ", ".join(filter(None, ["Before that", said_day(version.on), _with(version.agreed_with)]))
            parts.append(Words(label=label, text=version.words, quiet=True))
    parts.append(Heading(text="Where I am, from 0 to 10"))
    parts += [_goal(goal) for goal in log.cycle.goals] or [Words()]
    return _section(log, "question", "My helping question", parts)


def situation(log: Bundle) -> Section:
    """The situation filmed."""
    parts: list[Part] = [Words(text=log.cycle.situation)]
    parts += [_film(film) for film in log.films]
    people = tuple(Fact(label=p.code, value=_person(p) or NOT_ANSWERED) for p in log.people)
    if any(map(_person, log.people)):
        parts += [Heading(text="Who is in the film"), Facts(rows=people)]
    if log.cycle.today_enough:
        parts.append(Say(text=f"On {said_day(log.cycle.today_enough)} it was enough for the day."))
    return _section(log, "situation", "The situation filmed", parts)


def moments(log: Bundle) -> Section:
    """The moments: still, time, principles in the team's words, and why this one."""
    numbered = list(in_order(log))
    if not numbered:
        parts: list[Part] = [
            Words(),
            Say(text="No moment is shown here. A moment stays with its owner until it is shared."),
        ]
        return _section(log, "moments", "The moments", parts)
    parts = [*_timelines(log, numbered)]
    parts += [_moment(log, number, moment) for number, moment in numbered]
    named = {p for _, moment in numbered for p in moment.principles}
    meant = [
        Fact(label=p.label, value=_sentence(p.level_name, p.see)) for p in log.principles if p.id in named
    ]
    if meant:
        parts += [Heading(text="What these words stand for"), Facts(rows=tuple(meant))]
    return _section(log, "moments", "The moments", parts)


def i_did(log: Bundle) -> Section:
    """What I did that helped."""
    return _section(log, "i-did", "What I did that helped", _each_moment(log, lambda m: m.i_did))


def they_did(log: Bundle) -> Section:
    """What the other did then."""
    return _section(log, "they-did", "What the other did then", _each_moment(log, lambda m: m.they_did))


def rungs(log: Bundle) -> Section:
    """Saw, felt, thought, wished; and both voices of the shared review."""
    review = log.cycle.review
    parts: list[Part] = []
    shown = {moment.id for _, moment in in_order(log)}
    for number, moment in in_order(log):
        own = _answered(
            ("I saw", moment.saw),
            ("I felt", moment.felt),
            ("I thought", moment.thought),
            ("I wished", moment.wished),
        )
        voices = [
            w for clip in (review.clips if review else ()) if clip.moment == moment.id for w in _voices(clip)
        ]
        parts.append(_entry(number, moment, (*own, *voices) or (Words(),)))
    others = [
        w for clip in (review.clips if review else ()) if clip.moment not in shown for w in _voices(clip)
    ]
    if others:
        parts.append(Entry(title="Another moment", words=tuple(others)))
    if review and (review.held or review.with_whom):
        rows = _facts(("Looked at together", said_day(review.held)), ("With", listed(review.with_whom)))
        parts.append(Facts(rows=rows))
    return _section(log, "rungs", "Saw, felt, thought, wished", parts or [Words()])


def about_question(log: Bundle) -> Section:
    """What this says about my question."""
    words = Words(text=log.cycle.says_about_question)
    return _section(log, "about-question", "What this says about my question", [words])


def working_point(log: Bundle) -> Section:
    """What I want more of."""
    return _section(log, "working-point", "What I want more of", [Words(text=log.cycle.working_point)])


def next_film(log: Bundle) -> Section:
    """The next film: when, what, with whom."""
    plan = log.cycle.next_film
    if plan is None:
        return _section(log, "next-film", "My next film", [Words()])
    parts: list[Part] = [Words(text=plan.what)]
    rows = _facts(("When", said_day(plan.when)), ("With", listed(plan.with_whom)))
    return _section(log, "next-film", "My next film", [*parts, *([Facts(rows=rows)] if rows else [])])


def bring(log: Bundle) -> Section:
    """What I bring to supervision."""
    cycle = log.cycle
    parts: list[Part] = [Words(text=cycle.bring)]
    if cycle.passed_over:
        parts.append(Words(label="Moments I passed over", text=cycle.passed_over))
    if cycle.review and cycle.review.comfort_words:
        parts.append(Words(label="How it was to look at the film together", text=cycle.review.comfort_words))
    if cycle.review and cycle.review.comfort is not None:
        parts.append(Facts(rows=_facts(("At ease with it", _of_10(cycle.review.comfort)))))
    if log.hard:
        parts.append(Say(text=hard(log.owner)))
    return _section(log, "bring", "What I bring to supervision", parts)


def hard(who: str) -> str:
    """What a supervisor does first where a talk about a film was hard for somebody."""
    return f"It was hard for {who} to look at the film together. Begin with how {who} is."


def change(log: Bundle) -> Section:
    """Each goal's own ratings over the cycles, as a line and in words."""
    parts: list[Part] = []
    for n, goal in enumerate(log.cycle.goals, start=1):
        points = tuple(_points(log, goal))
        parts.append(Words(label=f"Goal {n}", text=goal.words))
        if points:
            label = f"{goal.words or f'Goal {n}'}: ratings from 0 to 10"
            parts.append(GoalLine(label=label, hoped=goal.hoped, points=points))
        else:
            parts.append(Words(label="Ratings"))
    return _section(log, "change", "Change over the cycles", parts or [Words()])


def supervisor(log: Bundle) -> Section:
    """What the supervisor notices and wonders; until then, what they look for."""
    parts = [part for note in log.notes for part in _note(log, note)]
    looked_for: list[Part] = [Words(label=prompt) for prompt in PROMPTS]
    if parts:
        looked_for = [Heading(text="Questions for the talk"), *(Say(text=prompt) for prompt in PROMPTS)]
    return _section(log, "supervisor", "From my supervisor", parts + looked_for)


def _section(log: Bundle, name: str, title: str, parts: Iterable[Part]) -> Section:
    return Section(name=name, title=title, head=_head(log), parts=tuple(parts))


def _head(log: Bundle) -> Head:
    cycle = log.cycle
    number = None if cycle.number is None else f"cycle {cycle.number}"
    facts = _facts(
        ("Role", ROLES[log.role]),
        ("Begun", said_day(cycle.began)),
        ("Made for", PURPOSES[log.purpose]),
        ("May be shown until", said_day(log.until)),
        ("Kept as", f"{log.casebook}, {cycle.id}"),
    )
    heading = ", ".join(filter(None, [log.owner, number]))
    return Head(title=f"{log.owner} {cycle.id}", heading=heading, facts=facts)


def _goal(goal: Goal) -> Entry:
    facts = _facts(
        ("Now", _of_10(goal.ratings[-1].now) if goal.ratings else "Not answered yet"),
        ("Hoped for", None if goal.hoped is None else _of_10(goal.hoped)),
        ("Rated", said_day(goal.ratings[-1].on) if goal.ratings else None),
    )
    own = [Words(text=goal.words), *_answered(("One point higher looks like this", goal.one_point_higher))]
    return Entry(facts=facts, words=tuple(own))


def _film(film: ShownFilm) -> Facts:
    rows = _facts(
        ("Film", film.id),
        ("What goes on", film.activity),
        ("Filmed", said_day(film.filmed)),
        ("Length", clock(round(film.seconds))),
        ("With", listed(film.people)),
        ("Shows", "A shared review" if film.kind == "shared-review" else None),
    )
    return Facts(rows=rows)


def _person(person: Person) -> str:
    kind = (person.kind or "").replace("-", " ").capitalize()
    ways = f"tells us by {listed(person.tells_us_by)}" if person.tells_us_by else ""
    return ", ".join(filter(None, [kind, ways if kind else ways.capitalize()]))


def in_order(log: Bundle) -> Iterator[tuple[int, Moment]]:
    """The chosen ones first, in the order of the short film; then as they come in the films."""
    films = [film.id for film in log.films]

    def place(moment: Moment) -> tuple[float, int, float, str]:
        film = films.index(moment.film) if moment.film in films else len(films)
        return (moment.chosen or float("inf"), film, moment.start, moment.id)

    yield from enumerate(sorted(log.cycle.moments, key=place), start=1)


def _moment(log: Bundle, number: int, moment: Moment) -> Entry:
    labels = {p.id: p.label for p in log.principles}
    named = [labels.get(each, each) for each in moment.principles]
    still = next((each for each in log.stills if each.moment == moment.id), None)
    several = len({each.film for each in log.cycle.moments}) > 1
    shows = f"Picture of moment {number} at {clock(still.at)}" if still else ""
    facts = _facts(
        ("Film", moment.film if several else None),
        ("Principles", "\n".join(named)),
        ("In the short film", f"Place {moment.chosen}" if moment.chosen else None),
    )
    own = _answered(
        ("Better than usual", moment.better),
        ("Why this moment", moment.why),
        ("What surprised me", moment.surprised),
    )
    return Entry(
        number=number,
        title=_times(moment),
        facts=facts,
        joy=moment.joy,
        still=Picture(jpeg=still.jpeg, alt=": ".join(filter(None, [shows, listed(named)])))
        if still
        else None,
        words=tuple(own) or (Words(),),
        turns=tuple(_turn(n, turn) for n, turn in enumerate(moment.turns, start=1)),
    )


def _timelines(log: Bundle, numbered: list[tuple[int, Moment]]) -> Iterator[Timeline]:
    lanes = {p.id: (_level(p), p.level_name) for p in log.principles}
    lengths = {film.id: film.seconds for film in log.films}
    films = list(dict.fromkeys([*lengths, *(moment.film for _, moment in numbered)]))
    for film in films:
        own = [(number, moment) for number, moment in numbered if moment.film == film]
        marks = [
            Mark(number=number, start=moment.start, end=moment.end, lane=lane, group=group)
            for number, moment in own
            for group, lane in dict.fromkeys(lanes.get(p, (NO_LEVEL, p)) for p in moment.principles)
            or [(NO_LEVEL, "No principle named yet")]
        ]
        if marks:
            label = "Where the moments are" if len(films) == 1 else f"Where the moments are, film {film}"
            yield Timeline(label=label, seconds=lengths.get(film, 0), marks=tuple(marks))


def _level(principle: ShownPrinciple) -> int:
    return int(principle.level) if principle.level in set("123456") else REVIEW_LEVEL


def _entry(number: int, moment: Moment, own: Iterable[Words]) -> Entry:
    return Entry(number=number, title=_times(moment), words=tuple(own))


def _each_moment(log: Bundle, words: Callable[[Moment], str | None]) -> list[Part]:
    return [_entry(number, m, [Words(text=words(m))]) for number, m in in_order(log)] or [Words()]


def _turn(number: int, turn: Turn) -> str:
    how = f", by {turn.how}" if turn.how else ""
    ends = [clock(round(t, 1)) for t in (turn.start, turn.end) if t is not None]
    times = f" ({' to '.join(dict.fromkeys(ends))})" if ends else ""
    return f"{number} {turn.who} {ACTS[turn.act]}{how}{times}"


def _voices(clip: Clip) -> list[Words]:
    return _answered(("What I said", clip.mine), ("What we saw together", clip.theirs))


def _points(log: Bundle, goal: Goal) -> Iterator[Point]:
    earlier = sorted((each for each in log.earlier if each.goal == goal.id), key=lambda each: each.cycle)
    rated: list[tuple[int | None, str | None, float]] = [(each.cycle, each.on, each.now) for each in earlier]
    rated += [(log.cycle.number, each.on, each.now) for each in goal.ratings]
    for cycle, on, now in rated:
        name = "This cycle" if cycle is None else f"Cycle {cycle}"
        yield Point(now=now, tick=name, label=", ".join(filter(None, [name, said_day(on)])))


def _note(log: Bundle, note: ShownNote) -> Iterator[Part]:
    yield Heading(text=", ".join(filter(None, [note.by, said_day(note.on)])))
    if note.read:
        since = "The cycle has changed" if note.changed else "Nothing has changed"
        yield Facts(rows=_facts(("Read", f"Version {note.read}"), ("Since then", since)))
    yield from _noticed(note) or ([] if note.moments else [Words()])
    shown = {moment.id: (number, moment) for number, moment in in_order(log)}
    for each in note.moments:
        own = tuple(_noticed(each)) or (Words(),)
        if each.moment in shown:
            yield _entry(*shown[each.moment], own)
        else:
            yield Entry(title="Another moment", words=own)


def _noticed(note: Note | MomentNote) -> list[Words]:
    return _answered(("I notice", note.notice), ("I wonder", note.wonder))


def _answered(*pairs: tuple[str, str | None]) -> list[Words]:
    return [Words(label=label, text=text) for label, text in pairs if text]


def _facts(*pairs: tuple[str, str | None]) -> tuple[Fact, ...]:
    return tuple(Fact(label=label, value=value) for label, value in pairs if value)


def _sentence(*words: str | None) -> str:
    return ". ".join(filter(None, words))


def _with(who: str | None) -> str | None:
    return f"agreed with {who}" if who else None


def _times(moment: Moment) -> str:
    """Whole seconds; a shorter moment as it is."""
    start, end = round(moment.start), round(moment.end)
    return (
        f"{clock(start)} to {clock(end)}" if start < end else f"{clock(moment.start)} to {clock(moment.end)}"
    )


def _of_10(value: float) -> str:
    return f"{value:g} of 10"


def said_day(day: str | None) -> str | None:
    """A day as it is said: 4 March 2026."""
    if day is None:
        return None
    year, month, date = day.split("-")
    return f"{int(date)} {MONTHS[int(month) - 1]} {year}"
