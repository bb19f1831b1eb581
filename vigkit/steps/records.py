"""Records: a new casebook, one record put in its place, a moment marked."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vigkit import casebook, consent, content, principles, records
from vigkit.casebook import Casebook, Change, left_out
from vigkit.cycle import (
    FORMAT,
    ROLES,
    Consents,
    Contents,
    Cycle,
    Film,
    LeftOut,
    Moment,
    Note,
    Owner,
    Person,
    Private,
    SharedReview,
    check_ids,
    check_moment,
    check_note,
)
from vigkit.errors import (
    BadRecord,
    BadUsage,
    FolderNotEmpty,
    NewerFormat,
    UnknownCycle,
    UnknownFilm,
    UnknownMoment,
    UnknownPerson,
    VigkitError,
)
from vigkit.files import shown


def new(folder: Path, *, code: str = "S1", role: str = "teacher", id: str | None = None) -> Casebook:
    """Make a casebook in a new or empty folder; `id` is drawn where none is given."""
    if role not in ROLES:
        raise BadUsage(f"There is no role {role}. Choose {', '.join(ROLES)}.")
    id = id or f"{code[:32]}-{''.join(secrets.choice('abcdefghkmnpqrstuvwxyz') for _ in range(6))}"
    me = {"code": code, "kind": "adult"}
    data = {"format": FORMAT, "id": id, "owner": code, "role": role, "people": [me], "kept_months": 2}
    owner = records.read(Owner, data, casebook.OWNER)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FolderNotEmpty(shown(folder))
    return Casebook.new(folder, owner, content.pages())


def put(book: Casebook, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Write one whole record (cycle, consent, note or casebook), checked first; returns it as stored."""
    if kind not in (told := ("cycle", "consent", "note", "casebook")):
        raise BadUsage(f"There is no record {kind}. Choose {', '.join(told)}.")
    return book.commit(lambda: plan_of(book, kind, casebook.upgraded(dict(data), kind)))


def plan_of(book: Casebook, kind: str, data: dict[str, Any]) -> Change[dict[str, Any]]:
    """What one whole record changes, once it is known that it fits into the casebook."""
    plans = {
        "cycle": _put_cycle,
        "consent": _put_consent,
        "note": _put_note,
        "casebook": _put_owner,
        "film": _put_film,
        "private": _put_private,
    }
    return plans[kind](book, data)


def mark(
    book: Casebook,
    cycle: str,
    *,
    film: str,
    start: float,
    end: float,
    principles: Sequence[str] = (),
    turns: Sequence[Mapping[str, Any]] = (),
    share: Sequence[str] = (),
    joy: bool = False,
    **words: str | None,
) -> Moment:
    """Mark a moment of a film (seconds on the film's clock) and store it with a new id."""

    def plan() -> Change[Moment]:
        before = book.cycle(cycle)
        data = {
            "id": before.next_moment_id(),
            "film": film,
            "start": start,
            "end": end,
            "principles": list(principles),
            "turns": list(turns),
            "share": list(share),
            "joy": joy or None,
        }
        contents = book.contents()
        if film not in contents.films:
            raise UnknownFilm(film, list(contents.films))
        # A time before the film begins is a time outside the film, and is told as such.
        place = Moment(id="m0", film=film, start=start, end=end)
        check_moment(place, contents.films[film])
        moment = records.read(Moment, {**data, **words}, "moment")
        after = before.with_moment(moment)
        _check_cycle(book, after, contents)
        return Change(moment, [(f"cycles/{cycle}.json", after)])

    return book.commit(plan)


def show(book: Casebook, cycle: str | None = None) -> dict[str, Any]:
    """casebook.json with the list of cycles, or one cycle, as plain records."""
    if cycle is None:
        return records.plain(book.owner) | {"cycles": list(book.cycles)}
    return records.plain(book.cycle(cycle))


def _put_cycle(book: Casebook, data: dict[str, Any]) -> Change[dict[str, Any]]:
    cycle = records.read(Cycle, data, "cycle")
    rel = f"cycles/{cycle.id}.json"
    cycle = replace(cycle, films=consent.films_of(cycle))
    _check_cycle(book, cycle, book.contents())
    book.look(rel)
    return Change(records.plain(cycle), [(rel, cycle)])


def _put_consent(book: Casebook, data: dict[str, Any]) -> Change[dict[str, Any]]:
    record = records.read(Consents, data, "consent")
    for each in record.consents:
        for purpose in each.purposes:
            consent.purpose_known(purpose)
    rel = f"consent/{record.person}.json"
    contents = book.contents()
    book.look(rel)
    gone = record.person in consent.withdrawn({record.person: (record,)})
    films = [f.id for f in contents.films.values() if gone and record.person in f.people]
    return Change(records.plain(record), [(rel, record), *named_people(book, [record.person])], forget=films)


def _put_note(book: Casebook, data: dict[str, Any]) -> Change[dict[str, Any]]:
    return note_on(book, data, None)


def note_on(book: Casebook, data: dict[str, Any], read: str | None) -> Change[dict[str, Any]]:
    """What a note changes; `read` is the sha256 of the cycle as they saw it, by default as it is now."""
    note = records.read(Note, data, "note")
    check_note(note, "note")
    cycle = book.cycle(note.cycle)
    known = [m.id for m in cycle.moments]
    # what was written on a moment that has gone since may stay
    before = [n.moments for n in book.contents().notes if (n.cycle, n.by) == (note.cycle, note.by)]
    gone = {each.moment for moments in before for each in moments}
    for each in note.moments:
        if each.moment not in {*known, *gone}:
            raise UnknownMoment(each.moment, cycle.id, known)
    told = note.read if re.fullmatch("[0-9a-f]{64}", note.read or "") else None
    note = replace(note, read=read or told or book.cycle_hash(cycle.id))
    rel = f"notes/{note.cycle}.{note.by}.json"
    book.look(rel)
    return Change(records.plain(note), [(rel, note)])


def _put_owner(book: Casebook, data: dict[str, Any]) -> Change[dict[str, Any]]:
    """casebook.json: who is in the films and how they tell us things; id and owner stay."""
    data.pop("cycles", None)  # `show` adds their list; it is no part of the record
    owner, before = records.read(Owner, data, casebook.OWNER), book.owner
    if (owner.id, owner.owner) != (before.id, before.owner):
        raise BadRecord(
            casebook.OWNER, f"This casebook is {before.id} of {before.owner}. Keep both as they are."
        )
    codes = [p.code for p in owner.people]
    for code in codes:
        if codes.count(code) > 1:
            raise BadRecord(casebook.OWNER, f"{code} stands there twice. Keep one of them.", "people")
    filmed = [p for p in before.people if p.code not in codes]
    owner = replace(owner, people=(*owner.people, *filmed))
    return Change(records.plain(owner), [(casebook.OWNER, owner)])


def _put_film(book: Casebook, data: dict[str, Any]) -> Change[dict[str, Any]]:
    """What is said about a film; the film itself stays the one that was added."""
    film = records.read(Film, data, "film")
    rel = f"films/{film.id}.json"
    before = book.record(Film, rel)
    if before is None:
        raise UnknownFilm(film.id, list(book.contents().films))
    kept = {name: getattr(before, name) for name in ("file", "sha256", "seconds", "size")}
    film = replace(film, **kept)
    return Change(records.plain(film), [*named_people(book, film.people), (rel, film)])


def _put_private(book: Casebook, data: dict[str, Any]) -> Change[dict[str, Any]]:
    private = records.read(Private, data, "private")
    book.cycle(private.cycle)
    return Change(records.plain(private), [(f"private/{private.cycle}.json", private)])


def _check_cycle(book: Casebook, cycle: Cycle, contents: Contents) -> None:
    """Everything a cycle names is there, and every moment lies inside its film."""
    check_ids(cycle, f"cycles/{cycle.id}.json")
    for film in consent.films_of(cycle):
        if film not in contents.films:
            raise UnknownFilm(film, list(contents.films))
    check_moments(book, contents, cycle.moments)


def check_moments(book: Casebook, contents: Contents, moments: Iterable[Moment]) -> None:
    """Moments lie inside their films, and what they name is there."""
    words = principles.load(book.folder / casebook.PRINCIPLES)  # one that cannot be read is told
    for moment in moments:
        film_record = contents.films[moment.film]
        check_moment(moment, film_record)
        for principle in moment.principles:
            principles.known(principle, words)
        for purpose in moment.share:
            consent.purpose_known(purpose)
        for turn in moment.turns:
            if turn.who not in film_record.people:
                raise UnknownPerson(turn.who, film_record.id, film_record.people)


def named_people(book: Casebook, codes: Sequence[str]) -> list[tuple[str, Owner]]:
    """casebook.json with the codes that nobody has named yet, or nothing to write."""
    owner = book.owner
    known = {p.code for p in owner.people}
    fresh = tuple(Person(code=code) for code in codes if code not in known)
    return [(casebook.OWNER, replace(owner, people=(*owner.people, *fresh)))] if fresh else []


def unfit(contents: Contents) -> Iterator[LeftOut]:
    """Everything in records that `put` would refuse, and what a newer vigkit has written."""
    for rel, cycle, record in _records(contents):
        if record.format > FORMAT:
            yield left_out(NewerFormat(rel, record.format, FORMAT), contents.owner.id, cycle=cycle)
    for each in contents.cycles.values():
        file = f"cycles/{each.id}.json"
        for error in _unfit_cycle(each, contents):
            yield left_out(error, contents.owner.id, cycle=each.id, file=file)
    for person, copies in contents.consents.items():
        for purpose in sorted({p for copy in copies for each in copy.consents for p in each.purposes}):
            for error in _tried(consent.purpose_known, purpose):
                yield left_out(error, contents.owner.id, file=f"consent/{person}.json")
    yield from _unfit_notes(contents)


def _records(contents: Contents) -> Iterator[tuple[str, str | None, Any]]:
    """Each record with its file, and its cycle where it is of one."""
    yield casebook.OWNER, None, contents.owner
    for person, copies in contents.consents.items():
        yield from ((f"consent/{person}.json", None, copy) for copy in copies)
    yield from ((f"films/{f.id}.json", None, f) for f in contents.films.values())
    yield from ((f"cycles/{c.id}.json", c.id, c) for c in contents.cycles.values())
    yield from ((f"notes/{n.cycle}.{n.by}.json", n.cycle, n) for n in contents.notes)


def _tried(act: Callable[..., object], *given: Any) -> Iterator[VigkitError]:
    try:
        act(*given)
    except VigkitError as e:
        yield e


def _unfit_cycle(cycle: Cycle, contents: Contents) -> Iterator[VigkitError]:
    """Every one of the things, not the first alone."""
    unread = {problem.file for problem in contents.problems}
    file = f"cycles/{cycle.id}.json"
    for part in _parts(cycle) if any(_tried(check_ids, cycle, file)) else ():
        yield from _tried(check_ids, part, file)
    for film_id in consent.films_of(cycle):
        if film_id not in contents.films and f"films/{film_id}.json" not in unread:
            yield UnknownFilm(film_id, list(contents.films))
    for moment in cycle.moments:
        for principle in moment.principles:
            yield from _tried(principles.known, principle, contents.principles)
        for purpose in moment.share:
            yield from _tried(consent.purpose_known, purpose)
        film: Film | None = contents.films.get(moment.film)
        if film is None:
            continue
        yield from (
            UnknownPerson(t.who, film.id, film.people) for t in moment.turns if t.who not in film.people
        )
        if any(_tried(check_moment, moment, film)):
            yield from _tried(check_moment, replace(moment, turns=()), film)
            for turn in moment.turns:
                yield from _tried(check_moment, replace(moment, turns=(turn,), covers=()), film)


def _parts(cycle: Cycle) -> Iterator[Cycle]:
    """The cycle in parts with one id each, so that what is found first hides nothing else."""
    bare = replace(cycle, goals=(), moments=(), review=None)
    for id in dict.fromkeys(goal.id for goal in cycle.goals):
        yield replace(bare, goals=tuple(g for g in cycle.goals if g.id == id))
    moments = {moment.id: moment for moment in cycle.moments}
    for id in moments:
        yield replace(bare, moments=tuple(m for m in cycle.moments if m.id == id))
    for clip in cycle.review.clips if cycle.review else ():
        yield replace(bare, moments=tuple(moments.values()), review=SharedReview(clips=(clip,)))


def _unfit_notes(contents: Contents) -> Iterator[LeftOut]:
    unread = {problem.file for problem in contents.problems}
    for note in contents.notes:
        file, owner = f"notes/{note.cycle}.{note.by}.json", contents.owner.id
        cycle = contents.cycles.get(note.cycle)
        if cycle is None:
            if f"cycles/{note.cycle}.json" not in unread:
                yield left_out(UnknownCycle(note.cycle, list(contents.cycles)), owner, file=file)
            continue
        for error in _tried(check_note, note, file):
            yield left_out(error, owner, cycle=cycle.id, file=file)
        known = [m.id for m in cycle.moments]
        for each in note.moments:
            if each.moment not in known:
                yield left_out(UnknownMoment(each.moment, cycle.id, known), owner, cycle=cycle.id, file=file)
