"""Everything that is not in order in a casebook or a pack, in words; changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vigkit import casebook, consent, files, principles, records, steps
from vigkit.casebook import Casebook, left_out
from vigkit.cycle import FORMAT, Contents, Cycle, Film, LeftOut, Owner, SharedReview, check_ids, check_moment
from vigkit.errors import (
    BadArchive,
    BadRecord,
    ChangedElsewhere,
    NewerFormat,
    SyncCopy,
    UnknownCycle,
    UnknownFilm,
    UnknownMoment,
    UnknownPerson,
    VigkitError,
    on_disk,
)
from vigkit.render import archive

PACK = "pack.json"
INDEX = "index.html"
_STRAY = "is no page of this pack. Look at it, and delete it if you do not need it."


def check(folder: Path) -> list[dict[str, str]]:
    """The problems of a casebook, a folder of casebooks or a pack: file, code and sentence, each once."""
    with on_disk(folder):
        if folder.suffix.lower() == ".zip" and not folder.exists():
            raise BadArchive(folder.name, "It is not there.")
        if folder.is_file() and steps.is_pack(folder):
            return [asdict(problem) for problem in archive.problems(folder)]
        packed = folder.joinpath(PACK).is_file()
    if packed:
        return _told("", _pack(folder))
    found = steps.casebooks([folder])
    if found == [folder]:
        return _told("", _casebook(folder))
    told = [each for book in found for each in _told(f"{book.name}/", _casebook(book))]
    return told + _told("", _twins(found))


def _told(before: str, problems: Iterable[LeftOut]) -> list[dict[str, str]]:
    """As data; one thing that is named in two places of a file is told once."""
    told = {(before + (p.file or ""), p.code, p.sentence): p for p in problems}
    return [{"file": file, "code": code, "sentence": sentence} for file, code, sentence in told]


def _twins(folders: Sequence[Path]) -> Iterator[LeftOut]:
    """Casebooks with the id of one before them."""
    seen: dict[str, str] = {}
    for folder in folders:
        try:
            id = Casebook(folder).owner.id.casefold()
        except VigkitError:
            continue  # it is told for the casebook itself
        if id in seen:
            yield left_out(SyncCopy(folder.name, seen[id]), None)
        seen.setdefault(id, folder.name)


def _casebook(folder: Path) -> Iterator[LeftOut]:
    try:
        book = Casebook(folder)
    except VigkitError as e:
        yield left_out(e, None, file=casebook.OWNER)
        return
    try:
        owner = book.owner
    except VigkitError as e:
        yield left_out(e, None, file=casebook.OWNER)
        owner = Owner(format=FORMAT, id="unread", owner="unread")
    contents = book.contents(owner)
    yield from contents.problems
    for rel, record in _records(contents):
        if record.format > FORMAT:
            yield left_out(NewerFormat(rel, record.format, FORMAT), None)
    for film in contents.films.values():
        yield from _tried(f"films/{film.id}.json", book.film_file, film)
    for cycle in contents.cycles.values():
        yield from _cycle(cycle, contents)
    yield from _consents(contents)
    yield from _notes(contents)
    yield from _strays(folder, contents)
    for kept in sorted(folder.joinpath("kept").glob("*.json")):
        first = kept.stem.rsplit(".", 1)[0].replace("-", "/", 1)
        yield left_out(ChangedElsewhere(f"{first}.json", f"kept/{kept.name}"), None, file=f"kept/{kept.name}")


def _strays(folder: Path, contents: Contents) -> Iterator[LeftOut]:
    """Copies of casebook.json, and films that no record names. What is private is not even opened."""
    for copy in sorted(folder.glob("*casebook*.json")):
        if copy.name != casebook.OWNER:
            yield left_out(SyncCopy(copy.name, casebook.OWNER), None)
            yield left_out(SyncCopy(casebook.OWNER, copy.name), None)
    named = {film.file for film in contents.films.values()}
    for film in sorted(folder.joinpath("films").glob("*")):
        file = f"films/{film.name}"
        if film.suffix in steps.FILMS and file not in named and not film.with_suffix(".json").exists():
            yield left_out(NoRecord(file), None)


def _records(contents: Contents) -> Iterator[tuple[str, Any]]:
    yield casebook.OWNER, contents.owner
    for person, copies in contents.consents.items():
        yield from ((f"consent/{person}.json", copy) for copy in copies)
    yield from ((f"films/{f.id}.json", f) for f in contents.films.values())
    yield from ((f"cycles/{c.id}.json", c) for c in contents.cycles.values())
    yield from ((f"notes/{n.cycle}.{n.by}.json", n) for n in contents.notes)


def _tried(file: str, act: Callable[..., object], *given: Any) -> Iterator[LeftOut]:
    try:
        act(*given)
    except VigkitError as e:
        yield left_out(e, None, file=file)


def _cycle(cycle: Cycle, contents: Contents) -> Iterator[LeftOut]:
    """Every one of the things that `put cycle` would refuse, not the first alone."""
    file = f"cycles/{cycle.id}.json"
    unread = {problem.file for problem in contents.problems}
    for part in _parts(cycle):
        yield from _tried(file, check_ids, part, file)
    for film_id in consent.films_of(cycle):
        if film_id not in contents.films and f"films/{film_id}.json" not in unread:
            yield left_out(UnknownFilm(film_id, list(contents.films)), None, file=file)
    for moment in cycle.moments:
        for principle in moment.principles:
            yield from _tried(file, principles.known, principle, contents.principles)
        for purpose in moment.share:
            yield from _tried(file, consent.purpose_known, purpose)
        film: Film | None = contents.films.get(moment.film)
        if film is None:
            continue
        yield from _tried(file, check_moment, replace(moment, turns=()), film)
        for turn in moment.turns:
            yield from _tried(file, check_moment, replace(moment, turns=(turn,), covers=()), film)
            if turn.who not in film.people:
                yield left_out(UnknownPerson(turn.who, film.id, film.people), None, file=file)


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


def _consents(contents: Contents) -> Iterator[LeftOut]:
    for person, copies in contents.consents.items():
        for purpose in sorted({p for copy in copies for each in copy.consents for p in each.purposes}):
            yield from _tried(f"consent/{person}.json", consent.purpose_known, purpose)


def _notes(contents: Contents) -> Iterator[LeftOut]:
    unread = {problem.file for problem in contents.problems}
    for note in contents.notes:
        file = f"notes/{note.cycle}.{note.by}.json"
        cycle = contents.cycles.get(note.cycle)
        if cycle is None:
            if f"cycles/{note.cycle}.json" not in unread:
                yield left_out(UnknownCycle(note.cycle, list(contents.cycles)), None, file=file)
            continue
        known = [m.id for m in cycle.moments]
        for each in note.moments:
            if each.moment not in known:
                yield left_out(UnknownMoment(each.moment, cycle.id, known), None, file=file)


def _pack(folder: Path) -> Iterator[LeftOut]:
    """Pages that are missing, that are not what the pack says they are, or that it does not name."""
    try:
        with on_disk(PACK):
            manifest = records.parse(folder.joinpath(PACK).read_bytes(), PACK)
            logs = manifest.get("logs")
        if not isinstance(logs, list):
            raise BadRecord(PACK, "A list of logs is needed here.", "logs")
    except VigkitError as e:
        yield left_out(e, None, file=PACK)
        return
    named, people = {INDEX}, manifest.get("people", [])
    for n, log in enumerate([*logs, *(people if isinstance(people, list) else ())], start=1):
        file = log.get("file") if isinstance(log, dict) else None
        if not isinstance(file, str) or not _inside(file):
            yield left_out(BadRecord(PACK, "A page inside the pack is needed here.", f"logs[{n}].file"), None)
            continue
        named.add(file)
        yield from _tried(file, _look, folder, file, log.get("sha256"))
    yield from _tried(INDEX, _look, folder, INDEX, manifest.get("index", _ANY))
    for page in sorted(folder.rglob("*.html")):
        file = page.relative_to(folder).as_posix()
        if file not in named and "/." not in f"/{file}":  # what begins with a point is still being made
            yield left_out(_Page(file, _STRAY), None)


def _inside(file: str) -> bool:
    """Whether a name stays below the folder, on each kind of computer."""
    return not re.search(r"^[/\\]|:|\0|(^|[/\\])\.\.([/\\]|$)", file)


def _look(folder: Path, file: str, sha256: str | None) -> None:
    page = folder / file
    if not page.is_file():
        raise _Page(file, "is not there. Pack again.")
    with on_disk(file):
        if sha256 != _ANY and files.sha256(page) != sha256:
            raise _Page(file, "is not as it was packed. Pack again.")


_ANY = "any"  # a pack of an earlier version does not say what its index was


class NoRecord(UnknownFilm):
    """A film lies in the casebook, and nothing says who is in it."""

    def __init__(self, file: str) -> None:
        VigkitError.__init__(
            self, f"{file} has no record. Add it with vigkit film add, or delete it.", where=file
        )


class _Page(VigkitError):
    code = ChangedElsewhere.code

    def __init__(self, file: str, what: str) -> None:
        super().__init__(f"{file} {what}", where=file)
