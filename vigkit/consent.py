"""Who agreed to what use of which film, until when; and the one gate.

`bundle` makes what may be shown. Nothing that is shown is made from anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

from vigkit import records
from vigkit.cycle import (
    FORMAT,
    NOT_EASY,
    PURPOSES,
    Bundle,
    Clip,
    Consent,
    Consents,
    Contents,
    Cycle,
    EarlierRating,
    Film,
    Moment,
    SharedReview,
    ShownFilm,
    ShownNote,
    ShownPrinciple,
    Still,
    check_ids,
    check_moment,
)
from vigkit.errors import (
    ConsentExpired,
    ConsentMissing,
    ConsentWithdrawn,
    NothingToShow,
    NotShared,
    Stopped,
    UnknownCycle,
    UnknownFilm,
    UnknownPurpose,
)

# What a person writes for the supervisor, and a supervisor for the person, goes no further.
_BETWEEN_THE_TWO = ("own-reflection", "supervision")


def purpose_known(purpose: str) -> str:
    """The purpose itself; UnknownPurpose where there is none such."""
    if purpose not in PURPOSES:
        raise UnknownPurpose(purpose, PURPOSES)
    return purpose


def answer(consent: Consent | None, purpose: str, day: str) -> type[Stopped] | None:
    """Why this consent stops a film for a purpose on a day; None where it allows it.

    >>> given = Consent(given="2026-09-01", purposes=("supervision",), kept_until="2026-12-01")
    >>> answer(given, "supervision", "2026-12-01")
    >>> answer(given, "supervision", "2026-12-02").code
    'consent-expired'
    >>> answer(given, "training", "2026-10-01").code
    'consent-missing'
    """
    if consent is not None and consent.withdrawn is not None:
        return ConsentWithdrawn
    if consent is None or consent.given is None or consent.given > day or purpose not in consent.purposes:
        return ConsentMissing
    if consent.own_agreement is not None and consent.own_agreement.answer == "no":
        return ConsentMissing
    if consent.kept_until is not None and consent.kept_until < day:
        return ConsentExpired
    return None


def stopped(
    film: Film, consents: Mapping[str, tuple[Consents, ...]], purpose: str, day: str
) -> Stopped | None:
    """What stops a film for a purpose on a day, and who; None where everyone in it allows it."""
    found: dict[type[Stopped], list[str]] = {}
    for person in film.people:
        # A sync client may leave two copies of a consent: each of them has to allow it.
        copies = consents.get(person) or (None,)
        for reason in {answer(_last(copy), purpose, day) for copy in copies} - {None}:
            found.setdefault(reason, []).append(person)  # type: ignore[arg-type]
    for kind in (ConsentWithdrawn, ConsentExpired, ConsentMissing):
        if kind in found:
            return kind(film.id, found[kind], purpose)
    return None if film.people else ConsentMissing(film.id, [], purpose)


def withdrawn(consents: Mapping[str, tuple[Consents, ...]]) -> set[str]:
    """The people whose last consent, in any copy of it, was taken back."""
    lasts = {person: [_last(copy) for copy in copies] for person, copies in consents.items()}
    return {person for person, found in lasts.items() if any(c and c.withdrawn for c in found)}


def bundle(contents: Contents, cycle_id: str, purpose: str, day: str) -> Bundle:
    """All that may be shown of a cycle for a purpose on a day; Stopped where that is nothing."""
    purpose_known(purpose)
    cycle = contents.cycles.get(cycle_id)
    if cycle is None:
        raise UnknownCycle(cycle_id, list(contents.cycles))
    films = [_film(each, contents.films) for each in films_of(cycle)]
    for film in films:
        if (reason := stopped(film, contents.consents, purpose, day)) is not None:
            raise reason
    check_ids(cycle, cycle.id)
    shown = _shown(cycle, purpose)
    for moment in shown.moments:  # a file may have been changed by hand
        check_moment(moment, contents.films[moment.film])
    return Bundle(
        format=FORMAT,
        casebook=contents.owner.id,
        owner=contents.owner.owner,
        role=contents.owner.role,
        purpose=purpose,
        until=_until(films, contents.consents),
        hard=_hard(cycle, purpose),
        people=tuple(
            records.without_extra(p)
            for p in contents.owner.people
            if any(p.code in film.people for film in films)
        ),
        cycle=shown,
        films=tuple(_shown_film(film) for film in films),
        principles=_principles(shown, contents),
        earlier=_earlier(cycle, contents.cycles),
        notes=tuple(_notes(shown, contents, purpose)),
    )


def films_of(cycle: Cycle) -> tuple[str, ...]:
    """Every film a cycle names, in its list or in a moment, each once."""
    return tuple(dict.fromkeys((*cycle.films, *(m.film for m in cycle.moments))))


def with_stills(shown: Bundle, stills: Mapping[str, Still]) -> Bundle:
    """The bundle with pictures for the moments that are in it."""
    return replace(shown, stills=tuple(stills[m.id] for m in shown.cycle.moments if m.id in stills))


def moment_in(shown: Bundle, moment: str) -> Moment:
    """The moment of a bundle; NotShared where the bundle does not hold it."""
    for each in shown.cycle.moments:
        if each.id == moment:
            return each
    raise NotShared(moment, shown.purpose)


def chosen(shown: Bundle) -> tuple[Moment, ...]:
    """The moments of a bundle for the short film, in their order: all of them where none was chosen."""
    moments = shown.cycle.moments
    if not moments:
        raise NothingToShow(shown.cycle.id, shown.purpose)
    picked = sorted((m for m in moments if m.chosen), key=lambda m: m.chosen or 0)
    return tuple(picked) or moments


def _last(copy: Consents | None) -> Consent | None:
    return copy.consents[-1] if copy and copy.consents else None


def _film(film: str, films: Mapping[str, Film]) -> Film:
    if film not in films:
        raise UnknownFilm(film, list(films))
    return films[film]


def _shown(cycle: Cycle, purpose: str) -> Cycle:
    """The cycle with the moments shared for this purpose, and what was said about them."""
    moments = tuple(replace(m, share=()) for m in cycle.moments if purpose in m.share)
    return replace(
        records.without_extra(cycle),
        films=films_of(cycle),
        moments=tuple(records.without_extra(m) for m in moments),
        review=_review(cycle.review, {m.id for m in moments}, purpose),
        passed_over=cycle.passed_over if purpose == "supervision" else None,
        left_on=None,
        talk_first=None,
    )


def _review(review: SharedReview | None, moments: set[str], purpose: str) -> SharedReview | None:
    if review is None:
        return None
    clips: tuple[Clip, ...] = tuple(c for c in review.clips if c.moment in moments)
    kept = records.without_extra(replace(review, clips=clips))
    if purpose != "own-reflection":
        kept = replace(kept, comfort=None)
    return kept if purpose in _BETWEEN_THE_TWO else replace(kept, comfort_words=None)


def _hard(cycle: Cycle, purpose: str) -> bool | None:
    """Whether it was hard to look at the film together: never how much (domain.md M51)."""
    comfort = cycle.review.comfort if cycle.review else None
    return comfort <= NOT_EASY if comfort is not None and purpose == "supervision" else None


def _notes(shown: Cycle, contents: Contents, purpose: str) -> Iterator[ShownNote]:
    """What supervisors have written on what is shown, and whether the cycle has changed since."""
    if purpose not in _BETWEEN_THE_TWO:
        return
    ids = {m.id for m in shown.moments}
    for note in contents.notes:
        if note.cycle == shown.id:
            given = {f.name: getattr(note, f.name) for f in fields(note)}
            given["read"] = note.read[:8] if note.read else None
            given["moments"] = tuple(m for m in note.moments if m.moment in ids)
            changed = contents.changed_since(note) or None
            yield records.without_extra(ShownNote(**given, changed=changed))


def _until(films: list[Film], consents: Mapping[str, tuple[Consents, ...]]) -> str | None:
    people = {person for film in films for person in film.people}
    lasts = (_last(copy) for person in people for copy in consents.get(person, ()))
    return min((c.kept_until for c in lasts if c and c.kept_until), default=None)


def _shown_film(film: Film) -> ShownFilm:
    return ShownFilm(
        id=film.id,
        seconds=film.seconds,
        filmed=film.filmed,
        activity=film.activity,
        kind=film.kind,
        people=film.people,
    )


def _principles(shown: Cycle, contents: Contents) -> tuple[ShownPrinciple, ...]:
    used = {each for moment in shown.moments for each in moment.principles}
    return tuple(
        ShownPrinciple(id=p.id, label=p.label, level=p.level, level_name=p.level_name, see=p.see)
        for p in contents.principles.values()
        if p.id in used
    )


def _earlier(cycle: Cycle, cycles: Mapping[str, Cycle]) -> tuple[EarlierRating, ...]:
    """The ratings of the same goals in earlier cycles: the only thing taken from other cycles."""
    goals = {g.id for g in cycle.goals}
    return tuple(
        EarlierRating(goal=goal.id, cycle=other.place[0], on=rating.on, now=rating.now)
        for other in sorted(cycles.values(), key=lambda c: c.place)
        if other.place < cycle.place
        for goal in other.goals
        if goal.id in goals
        for rating in goal.ratings
    )
