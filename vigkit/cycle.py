"""The nouns of a casebook: frozen data, no files, no HTML.

One word for one thing: the field here is the key in the file and the word on the page.
Their order is the order of the keys. Absent means: not answered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from vigkit.errors import BadRecord, MomentOutsideFilm, clock
from vigkit.principles import Principles
from vigkit.records import Day, Extra, Id, Ordinal, Scale, Seconds, Size, at_most, one_of

FORMAT = 1
PURPOSES = (
    "own-reflection",
    "supervision",
    "peers",
    "network-progress",
    "network-concern",
    "training",
    "presentation",
)
ROLES = ("teacher", "care-staff", "guider")
KINDS = ("adult", "young-person", "child")
MODALITIES = ("gaze", "face", "voice", "word", "gesture", "touch", "movement", "object", "AAC")
ACTS = ("initiative", "reception", "response")
MOST_COVERS, MOST_KEYS = 12, 2000  # boxes in a moment, and key moments of one

Role = Annotated[str, one_of(*ROLES)]
Modality = Annotated[str, one_of(*MODALITIES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the films, by code: the name stays outside the casebook."""

    code: Id
    kind: Annotated[str, one_of(*KINDS)] | None = None
    tells_us_by: tuple[Modality, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """casebook.json: whose casebook this is, and who is in its films."""

    format: Ordinal
    id: Id
    owner: Id
    role: Role = "teacher"
    people: tuple[Person, ...] = ()
    stored: str | None = None
    kept_months: Ordinal | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBy:
    """Who put their name under a consent."""

    who: Annotated[str, one_of("self", "parent", "guardian", "attorney", "other")]
    code: Id | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAgreement:
    """The person's own answer, and how it was sought."""

    answer: Annotated[str, one_of("yes", "no", "cannot-say")]
    how: str | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Which wording was shown."""

    version: str | None = None
    sha256: str | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One answer to the question who may see the films, and for what."""

    given: Day | None = None
    signed_by: tuple[SignedBy, ...] = ()
    own_agreement: OwnAgreement | None = None
    purposes: tuple[str, ...] = ()
    stored: str | None = None
    who_sees: tuple[str, ...] = ()
    kept_until: Day | None = None
    reviewed: Day | None = None
    form: Form | None = None
    withdrawn: Day | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consents:
    """consent/C1.json: one person's consents; the last one counts."""

    format: Ordinal
    person: Id
    consents: tuple[Consent, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """films/snack.json: a film, where it lies and who is in it; times in seconds on its own clock."""

    format: Ordinal
    id: Id
    file: str
    sha256: str
    seconds: Seconds
    filmed: Day | None = None
    activity: str | None = None
    kind: Annotated[str, one_of("practice", "shared-review")] = "practice"
    people: tuple[Id, ...] = ()
    calm: bool | None = None
    size: Size | None = None  # in bytes, of a film that was left where it lay
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The helping question in own words; the last version counts."""

    words: str
    agreed_with: str | None = None
    on: Day | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """Where the person sees a goal on a day, 0 to 10."""

    on: Day | None = None
    now: Scale
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the person hopes for, rated by the person alone."""

    id: Id
    words: str | None = None
    hoped: Scale | None = None
    one_point_higher: str | None = None
    ratings: tuple[Rating, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One act of one person inside a moment (domain.md §2.3)."""

    who: Id
    act: Annotated[str, one_of(*ACTS)]
    how: str | None = None  # one of MODALITIES where the pages ask; a team may use its own words
    start: float | None = None
    end: float | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Where a box lies at a time (seconds on the film's clock), in shares of the width and the height."""

    at: Seconds
    x: float  # of the left edge, 0 to 1
    y: float  # of the upper edge
    width: float
    height: float
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A box that a person drew round a face, at key moments; in between it moves evenly."""

    keys: tuple[Key, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A stretch of film that went better than usual: start <= t < end, in seconds."""

    id: Id
    film: Id
    start: float  # seconds; whether they lie in the film, check_moment tells
    end: float
    principles: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    better: str | None = None
    i_did: str | None = None
    they_did: str | None = None
    saw: str | None = None
    felt: str | None = None
    thought: str | None = None
    wished: str | None = None
    surprised: str | None = None
    why: str | None = None
    joy: bool | None = None
    chosen: Ordinal | None = None
    share: tuple[str, ...] = ()
    covers: tuple[Cover, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What both said about one moment in the shared review."""

    moment: Id
    mine: str | None = None
    theirs: str | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedReview:
    """Looking at the moments together."""

    held: Day | None = None
    with_whom: tuple[Id, ...] = ()
    clips: tuple[Clip, ...] = ()
    comfort: Scale | None = None
    comfort_words: str | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NextFilm:
    """When, what and with whom the next film is planned."""

    when: Day | None = None
    what: str | None = None
    with_whom: tuple[Id, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """cycles/01-….json: from question to next film; one writer, the practitioner."""

    format: Ordinal
    id: Id
    number: Ordinal | None = None
    began: Day | None = None
    question: tuple[Question, ...]
    goals: Annotated[tuple[Goal, ...], at_most(3, "goals. Set one aside first")] = ()
    situation: str | None = None
    films: tuple[Id, ...] = ()
    moments: tuple[Moment, ...] = ()
    passed_over: str | None = None
    review: SharedReview | None = None
    says_about_question: str | None = None
    working_point: str | None = None
    next_film: NextFilm | None = None
    bring: str | None = None
    today_enough: Day | None = None
    left_on: str | None = None  # the page on which it was left for the day
    talk_first: Day | None = None  # when the person chose to talk to their supervisor before filming
    extra: Extra = ()

    @property
    def place(self) -> tuple[int, str]:
        """Where the cycle stands among the others: its number, or else the one its id begins with.

        >>> Cycle(format=1, id="02-cup", question=()).place
        (2, '02-cup')
        """
        return (self.number or int("0" + re.split(r"[^0-9]", self.id)[0]), self.id)

    def with_moment(self, moment: Moment) -> Cycle:
        """The cycle with this moment added, or in the place of the one with the same id."""
        others = tuple(m for m in self.moments if m.id != moment.id)
        films = self.films if moment.film in self.films else (*self.films, moment.film)
        if len(others) == len(self.moments):
            return replace(self, moments=(*others, moment), films=films)
        return replace(
            self, moments=tuple(moment if m.id == moment.id else m for m in self.moments), films=films
        )

    def next_moment_id(self) -> str:
        """The id for one moment more: m1, m2 … and never one that was in use."""
        numbers = [int(m.id[1:]) for m in self.moments if m.id[:1] == "m" and m.id[1:].isdecimal()]
        return f"m{max(numbers, default=0) + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentNote:
    """What a supervisor notices and wonders about one moment."""

    moment: Id
    notice: str | None = None
    wonder: str | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """notes/01-….V1.json: a supervisor's words on a cycle; one writer, the supervisor."""

    format: Ordinal
    cycle: Id
    by: Id
    on: Day | None = None
    read: str | None = None
    notice: str | None = None
    wonder: str | None = None
    moments: tuple[MomentNote, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNote(Note):
    """A note in a bundle: the first 8 letters of what was read, and whether the cycle has changed since."""

    changed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """private/01-….json: how the work affects the person who does it; for nobody else, in no export."""

    format: Ordinal
    cycle: Id
    affects_me: str | None = None
    extra: Extra = ()


NOT_EASY = 3  # of 10: so far down, the next talk begins with how the person is


def check_moment(moment: Moment, film: Film) -> None:
    """MomentOutsideFilm unless 0 <= start < end <= the film's length, turns included; then check_covers."""
    if not 0 <= moment.start < moment.end <= film.seconds:
        raise MomentOutsideFilm(moment.start, moment.end, film.id, film.seconds)
    for turn in moment.turns:
        start = moment.start if turn.start is None else turn.start
        end = start if turn.end is None else turn.end
        if not 0 <= start <= end <= film.seconds:
            raise MomentOutsideFilm(start, end, film.id, film.seconds)
    check_covers(moment)


def check_covers(moment: Moment) -> None:
    """BadRecord where a box cannot be drawn; it may reach beyond the picture, as a face does that leaves.

    >>> key = Key(at=12.4, x=-0.1, y=0.2, width=0.3, height=0.4)
    >>> check_covers(Moment(id="m1", film="snack", start=12, end=13, covers=(Cover(keys=(key, key)),)))
    Traceback (most recent call last):
    vigkit.errors.BadRecord: m1: A box has two key moments at 0:12.4. Keep one of them.
    """
    if len(moment.covers) > MOST_COVERS:
        raise BadRecord(moment.id, f"There is room for at most {MOST_COVERS} boxes. Blur the whole picture.")
    for cover in moment.covers:
        if len(cover.keys) > MOST_KEYS:
            raise BadRecord(moment.id, f"A box has room for at most {MOST_KEYS} key moments.")
        seen: set[float] = set()
        for key in cover.keys:
            if not (0 <= key.at < math.inf):
                raise BadRecord(moment.id, "A box has a key moment that is no time. Draw it once more.")
            if round(key.at, 3) in seen:
                raise BadRecord(moment.id, f"A box has two key moments at {clock(key.at)}. Keep one of them.")
            seen.add(round(key.at, 3))
            shares = (key.x, key.y, key.width, key.height)
            if not (all(map(math.isfinite, shares)) and key.width > 0 and key.height > 0):
                raise BadRecord(moment.id, f"The box at {clock(key.at)} has no size. Draw it once more.")
            if not (-key.width < key.x < 1 and -key.height < key.y < 1):
                raise BadRecord(moment.id, f"The box at {clock(key.at)} lies outside the picture. Move it.")


def check_ids(cycle: Cycle, where: str) -> None:
    """BadRecord where a goal or moment stands twice, or the shared review names an unknown moment."""
    moments = [m.id for m in cycle.moments]
    for ids, noun in (([g.id for g in cycle.goals], "goal"), (moments, "moment")):
        if twice := _twice(ids):
            raise BadRecord(where, f"The {noun} {twice} stands there twice. Give each its own id.")
    for clip in cycle.review.clips if cycle.review else ():
        if clip.moment not in moments:
            raise BadRecord(where, f"The shared review names the moment {clip.moment}, which is not there.")


def check_note(note: Note, where: str) -> None:
    """BadRecord where a supervisor's words on one moment stand in two places."""
    if twice := _twice([each.moment for each in note.moments]):
        raise BadRecord(where, f"The moment {twice} stands there twice. Put its words together.")


def _twice(ids: Sequence[str]) -> str | None:
    return next((each for each in ids if ids.count(each) > 1), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFilm:
    """What a page may tell of a film: never its file."""

    id: Id
    seconds: Seconds
    filmed: Day | None = None
    activity: str | None = None
    kind: str = "practice"
    people: tuple[Id, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPrinciple:
    """A principle in the words of the team, for the ids that the moments carry."""

    id: str
    label: str
    level: str
    level_name: str
    see: str | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRating:
    """A rating of the same goal in an earlier cycle."""

    goal: Id
    cycle: int
    on: Day | None = None
    now: Scale
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """The picture of a moment: a JPEG as base64, taken at a time in seconds."""

    moment: Id
    at: Seconds
    jpeg: str
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """All that may be shown of one cycle for one purpose; only `consent.bundle` makes one.

    It holds no day: the same cycle gives the same page on every day on which it may be shown.
    """

    format: Ordinal
    casebook: Id
    owner: Id
    role: Role
    purpose: Annotated[str, one_of(*PURPOSES)]
    until: Day | None = None
    hard: bool | None = None  # whether the talk about the film was, for a supervisor, who gets no figure
    people: tuple[Person, ...] = ()
    cycle: Cycle
    films: tuple[ShownFilm, ...] = ()
    principles: tuple[ShownPrinciple, ...] = ()
    earlier: tuple[EarlierRating, ...] = ()
    notes: tuple[ShownNote, ...] = ()
    stills: tuple[Still, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that is not shown or not right, and why."""

    casebook: str | None
    cycle: str | None
    code: str
    who: tuple[str, ...] = ()
    sentence: str
    file: str | None = None
    told: str | None = None  # for a pack: the sentence without the names of files


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a casebook holds at one time: the gate's input.

    `consents` has every copy of a person's record, `versions` the sha256 of each cycle's file.
    """

    owner: Owner
    consents: Mapping[str, tuple[Consents, ...]]
    films: Mapping[str, Film]
    cycles: Mapping[str, Cycle]
    notes: tuple[Note, ...]
    principles: Principles
    versions: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[LeftOut, ...] = ()

    def changed_since(self, note: Note) -> bool:
        """Whether the cycle has changed since a supervisor read it for this note."""
        version = self.versions.get(note.cycle)
        return bool(note.read and version and note.read != version)
