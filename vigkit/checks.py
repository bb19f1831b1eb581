"""Everything that is not in order in a casebook or a pack, in words; changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from vigkit import casebook, consent, principles, records, steps
from vigkit.casebook import Casebook, left_out
from vigkit.cycle import Contents, Cycle, Film, LeftOut, check_ids, check_moment
from vigkit.errors import (
    BadRecord,
    ChangedElsewhere,
    NewerFormat,
    UnknownCycle,
    UnknownFilm,
    UnknownMoment,
    UnknownPerson,
    VigkitError,
)

PACK = "pack.json"


def check(folder: Path) -> list[dict[str, str]]:
    """The problems of a casebook, a folder of casebooks or a pack: file, code and sentence each."""
    if folder.joinpath(PACK).is_file():
        return [_told(e) for e in _pack(folder)]
    found = steps.casebooks([folder])
    alone = found == [folder]
    told = []
    for book in found:
        before = "" if alone else f"{book.name}/"
        told += [{**_told(e), "file": before + _told(e)["file"]} for e in _casebook(book)]
    return told


def _told(problem: LeftOut) -> dict[str, str]:
    return {"file": problem.file or "", "code": problem.code, "sentence": problem.sentence}


def _casebook(folder: Path) -> Iterator[LeftOut]:
    try:
        book = Casebook(folder)
        contents = book.contents()
    except VigkitError as e:
        yield left_out(e, None, file=casebook.OWNER)
        return
    yield from contents.problems
    for rel, record in _records(contents):
        if record.format > casebook.FORMAT:
            yield left_out(NewerFormat(rel, record.format, casebook.FORMAT), None)
    for film in contents.films.values():
        yield from _tried(lambda film=film: book.film_file(film), f"films/{film.id}.json")
    for cycle in contents.cycles.values():
        yield from _cycle(cycle, contents)
    yield from _consents_and_notes(contents)
    for kept in sorted(folder.joinpath("kept").glob("*.json")):
        first = kept.stem.rsplit(".", 1)[0].replace("-", "/", 1)
        yield left_out(ChangedElsewhere(f"{first}.json", f"kept/{kept.name}"), None, file=f"kept/{kept.name}")


def _records(contents: Contents) -> Iterator[tuple[str, Any]]:
    yield casebook.OWNER, contents.owner
    for person, copies in contents.consents.items():
        yield from ((f"consent/{person}.json", copy) for copy in copies)
    yield from ((f"films/{f.id}.json", f) for f in contents.films.values())
    yield from ((f"cycles/{c.id}.json", c) for c in contents.cycles.values())
    yield from ((f"notes/{n.cycle}.{n.by}.json", n) for n in contents.notes)


def _tried(act: Any, file: str) -> Iterator[LeftOut]:
    try:
        act()
    except VigkitError as e:
        yield left_out(e, None, file=file)


def _cycle(cycle: Cycle, contents: Contents) -> Iterator[LeftOut]:
    """Every one of the things that `put cycle` would refuse, not the first alone."""
    file = f"cycles/{cycle.id}.json"
    yield from _tried(lambda: check_ids(cycle, file), file)
    for film_id in consent.films_of(cycle):
        if film_id not in contents.films:
            yield left_out(UnknownFilm(film_id, list(contents.films)), None, file=file)
    for moment in cycle.moments:
        for principle in moment.principles:
            yield from _tried(lambda p=principle: principles.known(p, contents.principles), file)
        for purpose in moment.share:
            yield from _tried(lambda p=purpose: consent.purpose_known(p), file)
        film: Film | None = contents.films.get(moment.film)
        if film is None:
            continue
        yield from _tried(lambda m=moment, f=film: check_moment(m, f), file)
        for turn in moment.turns:
            if turn.who not in film.people:
                yield left_out(UnknownPerson(turn.who, film.id, film.people), None, file=file)


def _consents_and_notes(contents: Contents) -> Iterator[LeftOut]:
    for person, copies in contents.consents.items():
        for purpose in {p for copy in copies for each in copy.consents for p in each.purposes}:
            yield from _tried(lambda p=purpose: consent.purpose_known(p), f"consent/{person}.json")
    for note in contents.notes:
        file = f"notes/{note.cycle}.{note.by}.json"
        cycle = contents.cycles.get(note.cycle)
        if cycle is None:
            yield left_out(UnknownCycle(note.cycle, list(contents.cycles)), None, file=file)
            continue
        known = [m.id for m in cycle.moments]
        for each in note.moments:
            if each.moment not in known:
                yield left_out(UnknownMoment(each.moment, cycle.id, known), None, file=file)


def _pack(folder: Path) -> Iterator[LeftOut]:
    """Pages that are missing or not what the pack says they are."""
    try:
        logs = records.parse(folder.joinpath(PACK).read_bytes(), PACK).get("logs")
        if not isinstance(logs, list):
            raise BadRecord(PACK, "A list of logs is needed here.", "logs")
    except VigkitError as e:
        yield left_out(e, None, file=PACK)
        return
    for log in logs:
        file = log.get("file") if isinstance(log, dict) else None
        if not isinstance(file, str) or PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
            yield left_out(BadRecord(PACK, "A log's file lies outside the pack.", "logs"), None)
            continue
        page = folder / file
        if not page.is_file():
            yield _page(file, "is not there")
        elif hashlib.sha256(page.read_bytes()).hexdigest() != log.get("sha256"):
            yield _page(file, "is not as it was packed")
    if not folder.joinpath("index.html").is_file():
        yield _page("index.html", "is not there")


def _page(file: str, what: str) -> LeftOut:
    sentence = f"{file} {what}. Pack again."
    return LeftOut(casebook=None, cycle=None, code=ChangedElsewhere.code, sentence=sentence, file=file)
