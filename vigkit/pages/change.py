"""Page 7: what has changed: the first and the last film, the goals over time, and a picture to wonder at.

Everything comes from the page's own casebook, for the person whose it is. Nothing here measures anybody:
counts are counts of what they chose to mark. A film whose people have taken their consent back is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from vigkit import figures, steps
from vigkit.consent import films_of
from vigkit.cycle import Contents, Cycle, Film, Goal, Moment, Note
from vigkit.errors import BadUsage, VigkitError, clock, listed, refused_by_system
from vigkit.figures import Mark, Point
from vigkit.pages.cards import Ask, Cards, Given
from vigkit.pages.desk import Desk
from vigkit.principles import Principles
from vigkit.render.sections import ACTS, said_day

FEW = 5  # moments: with fewer in one of two films their counts are too few to say anything
WINDOW = 10.0  # seconds that are shown of a film without a moment
ROWS = 8  # of hills: bands of the picture from left to right
BRING: Ask = {"page": "2-consent-and-film.ipynb", "label": "Bring a film"}
MARK: Ask = {"page": "3-moments.ipynb", "label": "Mark a moment"}
RATE: Ask = {"page": "1-goal.ipynb", "label": "Write and rate a goal"}
WAITS = "Looking through the film for what moves. It is done once for each film."
NO_3D = (
    "This computer cannot turn it: its browser shows no 3-D (WebGL). "
    "Everything that it would show stands in the picture and the table."
)
# The letters and buttons of the cards; ipyvolume's own icons are many, and none of them is needed.
LOOKS = """<style>
.vigkit-block .ipyvolume-toolicon { display: none }
.vigkit-block :is(p, button) { font: 1.1875rem/1.5 system-ui, sans-serif; color: #212b32; max-width: 38em }
.vigkit-block button { color: #0e51a0; background: #fff; border: 2px solid #0e51a0; border-radius: 3px;
  padding: .25rem .9rem; margin: 0 .5rem .5rem 0 }
.vigkit-block button:focus-visible { outline: 3px solid #c68313; outline-offset: 2px }
</style>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A film of this person, the cycle it belongs to, and the moments in it with their numbers in the log."""

    film: Film
    cycle: Cycle
    moments: tuple[tuple[int, Moment], ...]

    @property
    def first(self) -> Moment | None:
        """The moment that comes first in the short film, or else in the film."""
        return self.moments[0][1] if self.moments else None


def first_and_last(desk: Desk) -> Cards:
    """The first and the last film side by side, clips of the same length, and the words of then and now."""

    def asks() -> list[Ask]:
        seen, left_out = films(desk)
        words = from_supervisors(desk)
        gone = (
            [{"id": "gone", "kind": "say", "label": "Not shown here", "words": left_out}] if left_out else []
        )
        if not seen:
            return [*words, _waits("first", "Your first film will stand here", BRING), *gone]
        first, last = seen[0], seen[-1] if len(seen) > 1 else None
        seconds = same_window([first, last] if last else [first])
        if last is None:
            now = _waits("second", "Your second film will stand here", None, "It comes with your next cycle.")
        else:
            now = _side(desk, "last", last, seconds, same=first.cycle.id == last.cycle.id)
        pair = {"id": "pair", "kind": "pair", "asks": [_side(desk, "first", first, seconds, same=False), now]}
        asked = "What is there in the last one that you are glad to see?" if last else None
        told = f"The clips are of the same length, {_seconds(seconds)}."
        words += [{"id": "told", "kind": "say", "words": [told, asked]}] if asked else []
        return [*words, pair, *gone]

    return Cards(desk, "first-and-last", asks, every=True, said="The first and the last film")


def from_supervisors(desk: Desk, *, before: bool = False) -> list[Ask]:
    """What supervisors have written on this cycle; while that is nothing, on the last one `before` it."""
    contents = desk.contents()
    cycles = sorted(contents.cycles.values(), key=lambda c: c.place)
    if desk.cycle in contents.cycles:
        cycles = [c for c in cycles if c.place <= contents.cycles[desk.cycle].place]
    near = reversed(cycles if before else cycles[-1:])
    noted = [(c, [n for n in contents.notes if n.cycle == c.id]) for c in near]
    cycle, notes = next(((c, own) for c, own in noted if own), (None, []))
    return [_from(cycle, note, contents) for note in notes] if cycle else []


def _from(cycle: Cycle, note: Note, contents: Contents) -> Ask:
    day = said_day(note.on)
    return {
        "id": f"from-{note.by}",
        "kind": "say",
        "label": ", ".join(filter(None, [f"{note.by} has written on cycle {cycle.place[0]}", day])),
        "own": "\n\n".join(_noticed(cycle, note)) or "Nothing yet",
        "words": ["The cycle has changed since then."] if contents.changed_since(note) else [],
    }


def _noticed(cycle: Cycle, note: Note) -> Iterator[str]:
    shown = {m.id: f"Moment {n}, {clock(round(m.start))}: " for n, m in numbered(cycle)}
    said = [("", note.notice, note.wonder)]
    said += [(shown.get(m.moment, "Another moment: "), m.notice, m.wonder) for m in note.moments]
    for where, notice, wonder in said:
        for what, words in (("I notice", notice), ("I wonder", wonder)):
            if words:
                yield f"{where}{what}\n{words}"


def films(desk: Desk) -> tuple[list[Seen], list[str]]:
    """The practice films of the cycles up to this one, in their order; and why others are left out."""
    contents = desk.contents()
    cycles = sorted(contents.cycles.values(), key=lambda c: c.place)
    if desk.cycle in contents.cycles:
        cycles = [c for c in cycles if c.place <= contents.cycles[desk.cycle].place]
    found: list[Seen] = []
    left_out: list[str] = []
    for cycle in cycles:
        own: list[Film] = []
        for name in films_of(cycle):
            try:
                film = steps.known_film(contents, name)
            except VigkitError as e:
                left_out += [e.sentence] if e.sentence not in left_out else []
                continue
            if film.kind == "practice" and film.id not in [seen.film.id for seen in found]:
                own.append(film)
        numbers = list(numbered(cycle))
        found += [
            Seen(film=film, cycle=cycle, moments=tuple((n, m) for n, m in numbers if m.film == film.id))
            for film in sorted(own, key=lambda f: f.filmed or "")
        ]
    return found, left_out


def numbered(cycle: Cycle) -> Iterator[tuple[int, Moment]]:
    """The moments of a cycle with the numbers they have in the log: the chosen ones first."""
    order = films_of(cycle)

    def place(moment: Moment) -> tuple[float, int, float, str]:
        return (moment.chosen or float("inf"), order.index(moment.film), moment.start, moment.id)

    yield from enumerate(sorted(cycle.moments, key=place), start=1)


def same_window(seen: Sequence[Seen]) -> float:
    """How many seconds to show of each film: as long as the longer moment, where both films are so long."""
    wanted = max((each.first.end - each.first.start for each in seen if each.first), default=WINDOW)
    return min([wanted, *(each.film.seconds for each in seen)])


def _side(desk: Desk, name: str, seen: Seen, seconds: float, *, same: bool) -> Ask:
    """One film: its clip, and what the person said at the time."""
    from vigkit.lab.films import offer

    film, cycle, moment = seen.film, seen.cycle, seen.first
    handle = offer(desk.book)
    start = min(moment.start if moment else 0.0, film.seconds - seconds)
    facts = [
        f"Cycle {cycle.place[0]}",
        f"filmed on {said_day(film.filmed)}" if film.filmed else None,
        film.activity,
    ]
    clip = {
        "id": f"{name}-clip",
        "kind": "clip",
        "label": f"{name.capitalize()} film",
        "words": [", ".join(filter(None, facts))],
        "film": handle and f"{handle}/{film.id}",
        "proxy": steps.has_proxy(desk.book, film.id),
        "start": start,
        "end": start + seconds,
    }
    better = moment.better or moment.saw or moment.why if moment else None
    question, point = ("My question then", "What I wanted more of then")
    if name == "last":
        question, point = ("My question now", "What I want more of now")
    words = [
        {
            "id": f"{name}-better",
            "kind": "summary",
            "label": "Better than usual",
            "answers": [better or "No moment is marked in this film yet."],
        },
        {
            "id": f"{name}-question",
            "kind": "summary",
            "label": question,
            "answers": [cycle.question[-1].words if cycle.question else None],
        },
        {
            "id": f"{name}-point",
            "kind": "summary",
            "label": point,
            "answers": [cycle.working_point],
        },
    ]
    return {"id": name, "kind": "group", "asks": [clip, *(words[:1] if same else words)]}


def goal_lines(desk: Desk) -> Cards:
    """Each goal over the cycles as a line and a table: the person's own ratings, and their words."""

    def asks() -> list[Ask]:
        told = goals(desk)
        if not told:
            return [_waits("goals", "Your goals will stand here, each with a line over time", RATE)]
        return [ask for n, versions in enumerate(told, start=1) for ask in _goal(n, versions)]

    return Cards(desk, "goal-lines", asks, every=True, said="Your goals over time")


def goals(desk: Desk) -> list[list[tuple[Cycle, Goal]]]:
    """Each goal with its versions over the cycles up to this one; those of the last cycle first."""
    contents = desk.contents()
    cycles = sorted(contents.cycles.values(), key=lambda c: c.place)
    if desk.cycle in contents.cycles:
        cycles = [c for c in cycles if c.place <= contents.cycles[desk.cycle].place]
    ids = dict.fromkeys(goal.id for cycle in reversed(cycles) for goal in cycle.goals)
    return [[(c, g) for c in cycles for g in c.goals if g.id == id] for id in ids]


def _goal(number: int, versions: Sequence[tuple[Cycle, Goal]]) -> Iterator[Ask]:
    words = next((g.words for _, g in reversed(versions) if g.words), None) or f"Goal {number}"
    hoped = next((g.hoped for _, g in reversed(versions) if g.hoped is not None), None)
    rated = [(cycle, goal, rating) for cycle, goal in versions for rating in goal.ratings]
    yield {"id": f"goal-{number}", "kind": "say", "label": f"Goal {number}", "own": words}
    if not rated:
        yield _waits(f"rate-{number}", "Your ratings of this goal will stand here", RATE)
        return
    points = [
        Point(
            now=rating.now,
            tick=f"Cycle {cycle.place[0]}",
            label=", ".join(filter(None, [f"Cycle {cycle.place[0]}", said_day(rating.on)])),
        )
        for cycle, _, rating in rated
    ]
    first, last = (f"{rated[n][2].now:g}" for n in (0, -1))
    if len(rated) == 1:
        told = f"You saw yourself at {first} of 10. Your next rating makes it a line."
    else:
        told = f"You saw yourself at {first} of 10 at first, and at {last} of 10 last."
    yield {
        "id": f"line-{number}",
        "kind": "figure",
        "words": [told],
        "svg": figures.goal_line(points, hoped, f"Goal {number}: your ratings from 0 to 10"),
    }
    rows = [
        [f"{cycle.place[0]}", said_day(rating.on) or "", f"{rating.now:g} of 10", goal.words or ""]
        for cycle, goal, rating in rated
    ]
    head = ["Cycle", "Day", "Where I was", "The goal in my words"]
    columns = 4 if len({row[3] for row in rows}) > 1 else 3  # its words stand above already
    yield {
        "id": f"table-{number}",
        "kind": "table",
        "label": f"Goal {number} in your own ratings",
        "head": head[:columns],
        "rows": [row[:columns] for row in rows],
    }


def counts(desk: Desk) -> Cards:
    """How many of the moments marked in the first and in the last film carry which principles, and turns."""

    def asks() -> list[Ask]:
        seen, _ = films(desk)
        if len(seen) < 2:
            words = ["When there are two films, it stands here which principles you marked in each of them."]
            return [{"id": "none", "kind": "say", "label": "Which principles you marked", "words": words}]
        first, last = seen[0], seen[-1]
        return [*_counts(desk.contents(), first, last), *_turns(first, last)]

    return Cards(desk, "counts", asks, every=True, said="Which principles you marked in each film")


def _counts(contents: Contents, first: Seen, last: Seen) -> Iterator[Ask]:
    both = (first, last)
    found = [of_level(each, contents.principles) for each in both]
    levels = sorted({level for each in found for level in each})
    rows = [
        [level[1], *(_share(each.get(level, 0), seen) for each, seen in zip(found, both, strict=True))]
        for level in levels
    ]
    told = ["It counts the moments that you chose to mark, and not you."]
    sizes = [len(first.moments), len(last.moments)]
    if min(sizes) < FEW:
        told = [
            f"Too few to say whether anything is different: you marked {sizes[0]} and {sizes[1]}.",
            f"Counts begin to tell something from {FEW} moments in each film on.",
            *told,
        ]
    yield {"id": "told", "kind": "say", "label": "Which principles you marked", "words": told}
    if rows:
        yield {
            "id": "levels",
            "kind": "table",
            "label": "Moments with these principles",
            "head": ["Principles", "First film", "Last film"],
            "rows": rows,
        }
    else:
        yield {"id": "mark", "kind": "links", "links": [MARK]}


def of_level(seen: Seen, principles: Principles) -> dict[tuple[str, str], int]:
    """How many moments of a film carry a principle of each level, by the number and the name of the level."""
    found: dict[tuple[str, str], int] = {}
    for _, moment in seen.moments:
        known = [principles[each] for each in moment.principles if each in principles]
        for level in {(p.level, p.level_name) for p in known} or {("~", "No principle named yet")}:
            found[level] = found.get(level, 0) + 1
    return found


def turns(desk: Desk) -> Cards:
    """Who began and who answered in the moments of the first and the last film, where turns are noted."""

    def asks() -> list[Ask]:
        seen, _ = films(desk)
        return list(_turns(seen[0], seen[-1])) if len(seen) > 1 else []

    return Cards(desk, "turns", asks, every=True, said="Turns in each film")


def _turns(first: Seen, last: Seen) -> Iterator[Ask]:
    for name, seen in (("first", first), ("last", last)):
        rows = [
            [f"{number}", ", ".join(f"{turn.who} {ACTS[turn.act]}" for turn in moment.turns)]
            for number, moment in seen.moments
            if moment.turns
        ]
        if rows:
            yield {
                "id": f"{name}-turns",
                "kind": "table",
                "label": f"Turns that you noted in the {name} film",
                "head": ["Moment", "One after the other"],
                "rows": rows,
            }


class Block(ipywidgets.VBox):  # type: ignore[misc]
    """The film as a block of time: picture and table, and below them the block that one can turn."""

    def __repr__(self) -> str:
        return "The film as a block of time. Open this page with vigkit lab to use it."


def block(desk: Desk) -> Block:
    """The film as a block of time: flat with its table first, and to turn where the browser can."""
    stage = ipywidgets.VBox()
    stage.add_class("vigkit-block")
    making = Making(desk)

    def asks() -> list[Ask]:
        seen = shown(desk)
        if seen is None:
            stage.children = ()
            return [_waits("none", "Your film will stand here as a block of time", BRING)]
        labels = {p.id: p.label for p in desk.contents().principles.values()}
        table = _table(seen, labels)
        try:
            if steps.has_block(desk.book, seen.film.id):
                return [_flat(desk, seen, labels), table, _turn_it()]
            told = making.told(seen.film.id, deck)
        except VigkitError as e:
            told = e.sentence
        stage.children = ()
        return [{"id": "wait", "kind": "say", "words": [told]}, table]

    def turn(_given: Given) -> dict[str, Any]:
        seen = shown(desk)
        if seen is None:
            raise BadUsage("This film is not shown any more. Start the page again.")
        stage.children = to_turn(desk, seen)
        return {
            "say": "It stands below. Turn it with the mouse, or with the buttons above it.",
            "reload": False,
        }

    deck = Cards(desk, "block", asks, acts={"turn": turn}, every=True, said="The film as a block of time")
    return Block([deck, stage])


def shown(desk: Desk) -> Seen | None:
    """The film that is shown as a block: of the last cycle with a film, the one with its first moment."""
    seen, _ = films(desk)
    own = [each for each in seen if each.cycle.id == seen[-1].cycle.id]
    return min(own, key=lambda each: each.moments[0][0] if each.moments else float("inf"), default=None)


class Making:
    """The block of a film in the making, beside the page; once for each film, and told in words."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._told: dict[str, str] = {}

    def told(self, film: str, deck: Cards) -> str:
        """How far it is, begun where it was not; or why it cannot be made."""
        with self._lock:
            begun = film in self._told
            told = self._told.setdefault(film, WAITS)
        if not begun:
            deck.in_background(lambda: self._make(film, deck), "changed")
        return told

    def _make(self, film: str, deck: Cards) -> dict[str, Any]:
        told = 0

        def progress(part: float, _what: str) -> None:
            nonlocal told
            if int(10 * part) > told:
                told = int(10 * part)
                self._told[film] = f"{WAITS} {10 * told} of 100 are done."
                deck.changed(())

        try:
            steps.block(self._desk.book, film, progress=progress)
        except VigkitError as e:
            self._told[film] = e.sentence
        except OSError as e:
            self._told[film] = refused_by_system(e, "the casebook").sentence
        return {}


def to_turn(desk: Desk, seen: Seen) -> tuple[Any, ...]:
    """The block as widgets: its words, a button for each view, and the figure itself."""
    found = steps.block(desk.book, seen.film.id)
    try:
        figure = figures.space(found.movement, found.shape, found.seconds, _marks(seen))
    except ImportError as e:
        raise BadUsage(
            "What turns it is not installed here. Run python start.py once more. "
            "The picture and the table show the same."
        ) from e
    words = ipywidgets.HTML(
        LOOKS + "<p>Time runs to the right. Blue is what moved. Your moments are framed.</p>"
    )
    size = {"width": "auto", "height": "auto"}
    buttons = [ipywidgets.Button(description=view, layout=size) for view in figures.VIEWS]
    for button in buttons:
        button.on_click(lambda pressed: figures.look_from(figure, pressed.description))
    held = ipywidgets.VBox([figure], layout={"overflow": "auto"})
    return (words, ipywidgets.HBox(buttons, layout={"flex_flow": "row wrap"}), held)


def _flat(desk: Desk, seen: Seen, labels: Mapping[str, str]) -> Ask:
    """The block from above, as hills."""
    found = steps.block(desk.book, seen.film.id)
    marks = _marks(seen, labels)
    told = [f"{m.number} from {figures.stretch(m.start, m.end)}" for m in marks]
    moments = (
        f"Moments: {listed(told[: figures.MOST_NUMBERS])}." if told else "No moment is marked in it yet."
    )
    words = [
        "A hill is where something moved: a hand, a head, a cup. Flat is still.",
        "It cannot tell what was good: a quiet pause may be the best of it.",
    ]
    if len(marks) > figures.MOST_NUMBERS:
        words.append(f"Numbers stand at the first {figures.MOST_NUMBERS} moments.")
    return {
        "id": "flat",
        "kind": "figure",
        "label": "What moved in your film",
        "words": words,
        "svg": figures.hills(found.rows(ROWS), found.seconds, marks, f"What moved in your film. {moments}"),
    }


def _table(seen: Seen, labels: Mapping[str, str]) -> Ask:
    """The same as a table: the moments, in the person's words."""
    if not seen.moments:
        return _waits("facts", "Moments that you mark will stand in it", MARK)
    rows = [list(row) for row in figures.facts(seen.moments, labels)]
    label = "Your moments in this film"
    return {"id": "facts", "kind": "table", "label": label, "head": list(figures.FACTS), "rows": rows}


def _turn_it() -> Ask:
    return {
        "id": "turn",
        "kind": "webgl",
        "name": "turn",
        "button": "Turn it in 3-D",
        "quiet": True,
        "vk": "turn",
        "working": "Loading what turns it. It takes some seconds, once.",
        "missing": NO_3D,
    }


def _marks(seen: Seen, labels: Mapping[str, str] | None = None) -> list[Mark]:
    """The moments of a film as a picture shows them."""
    return [
        Mark(
            number=number,
            start=m.start,
            end=m.end,
            lane=listed([(labels or {}).get(each, each) for each in m.principles])
            or "no principle named yet",
            group=2,
        )
        for number, m in seen.moments
        if m.start < seen.film.seconds
    ]


def _waits(name: str, label: str, link: Ask | None, *words: str) -> Ask:
    """What will stand here, and what comes next."""
    links = [link] if link else []
    return {"id": name, "kind": "links", "label": label, "words": list(words), "links": links}


def _share(count: int, seen: Seen) -> str:
    """A count with its n; nothing is held against anybody that they have not marked."""
    n = len(seen.moments)
    return f"{count} of {n} {'moment' if n == 1 else 'moments'}" if count else "not marked"


def _seconds(seconds: float) -> str:
    return "1 second" if round(seconds) == 1 else f"{max(round(seconds), 1)} seconds"
