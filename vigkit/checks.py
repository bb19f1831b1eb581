"""Everything that is not in order in a casebook or a pack, in words; changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vigkit import casebook, files, records, steps
from vigkit.casebook import Casebook, left_out
from vigkit.cycle import FORMAT, Contents, LeftOut, Owner
from vigkit.errors import (
    BadArchive,
    BadRecord,
    ChangedElsewhere,
    SyncCopy,
    UnknownFilm,
    VigkitError,
    on_disk,
)
from vigkit.render import archive, room
from vigkit.render.room import INDEX, PACK

_STRAY = "is no page of this pack. Look at it, and delete it if you do not need it."


def check(folder: Path) -> list[dict[str, str]]:
    """The problems of a casebook, a folder of casebooks or a pack: file, code and sentence, each once."""
    with on_disk(folder):
        if folder.suffix.lower() == ".zip" and not folder.exists():
            raise BadArchive(folder.name, "It is not there.")
        if folder.is_file() and steps.is_pack(folder):
            return [asdict(problem) for problem in archive.problems(folder)]
        packed = folder.joinpath(PACK).is_file() or bool(room.journals(folder))
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
    for film in contents.films.values():
        yield from _tried(f"films/{film.id}.json", book.film_file, film)
    yield from steps.unfit(contents)
    yield from _strays(folder, contents)
    for kept in sorted(folder.joinpath("kept").glob("*.json")):
        first = kept.stem.rsplit(".", 1)[0].replace("-", "/", 1)
        yield left_out(ChangedElsewhere(f"{first}.json", f"kept/{kept.name}"), None, file=f"kept/{kept.name}")


def _strays(folder: Path, contents: Contents) -> Iterator[LeftOut]:
    """Films that no record names. What is private is not even opened."""
    named = {film.file for film in contents.films.values()}
    for film in sorted(folder.joinpath("films").glob("*")):
        file = f"films/{film.name}"
        if film.suffix in steps.FILMS and file not in named and not film.with_suffix(".json").exists():
            yield left_out(NoRecord(file), None)


def _tried(file: str, act: Callable[..., object], *given: Any) -> Iterator[LeftOut]:
    try:
        act(*given)
    except VigkitError as e:
        yield left_out(e, None, file=file)


def _pack(folder: Path) -> Iterator[LeftOut]:
    """Pages that are missing, that are not what the pack says they are, or that it does not name."""
    if not folder.joinpath(PACK).exists():
        yield left_out(_Page(PACK, "is not there: this pack was broken off. Pack again."), None)
        return
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
