"""What may be shown of casebooks, and where results may lie."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from vigkit import casebook, consent, files, principles, records
from vigkit.casebook import Casebook, left_out
from vigkit.cycle import Bundle, Contents, Film, LeftOut, Moment, Owner, Still
from vigkit.errors import BadUsage, ConsentWithdrawn, NotACasebook, UnknownFilm, VigkitError, on_disk
from vigkit.files import resolved, shown
from vigkit.render import archive
from vigkit.steps.records import unfit

STILL_WIDTH = 480  # pixels: three of them keep a log under 100 kB


def today() -> str:
    """The day for which consent is judged when none is named."""
    return date.today().isoformat()


def bundle(book: Casebook, contents: Contents, cycle: str, purpose: str, day: str) -> Bundle:
    """What may be shown of a cycle, with its pictures; the bundle that a worker gets."""
    shown_cycle = consent.bundle(contents, cycle, purpose, day)
    for moment in shown_cycle.cycle.moments:  # all of them are there, before a picture of one is kept
        film = contents.films[moment.film]
        if not book.has_cached(film.id, _still_name(film, moment)):
            book.film_file(film)
    stills = {m.id: _still_of(book, contents.films[m.film], m) for m in shown_cycle.cycle.moments}
    return consent.with_stills(shown_cycle, stills)


def bundle_file(book: Casebook, cycle: str, out: Path, *, purpose: str, day: str | None = None) -> None:
    """Write the bundle of a cycle to a file."""
    contents = book.contents()
    apart(book, contents, out)
    principles.load(book.folder / casebook.PRINCIPLES)  # a pack lists it; here it is refused
    made = records.text(records.plain(bundle(book, contents, cycle, purpose, day or today())))
    with on_disk(out):
        files.write(out, made.encode())


def outside(out: Path, but: str = "logs") -> None:
    """BadUsage where a result would lie in a casebook, but for the folder that is made for such results."""
    place = resolved(out)
    for folder in place.parents:
        parts = place.relative_to(folder).parts
        if casebook.looks_like_one(folder) and (parts[0] != but or (len(parts) == 1 and but == "clips")):
            raise BadUsage("The result would lie inside a casebook. Choose another folder after -o.")


def how_many(folders: Sequence[Path]) -> int:
    """How many cycles lie in these casebooks, as far as that can be seen at once."""
    found = 0
    for folder in folders:
        with suppress(OSError):
            found += sum(name.endswith(".json") for name in os.listdir(folder / "cycles"))  # noqa: PTH208
    return found


def jobs(folders: Sequence[Path], purpose: str, day: str) -> Iterator[Bundle | LeftOut | Owner]:
    """Every cycle of every casebook: what may be shown of it, or why it is left out; and whose it is."""
    seen: set[str] = set()
    for place, folder in enumerate(folders, start=1):
        try:
            book = Casebook(folder)
            contents = book.contents()
        except VigkitError as e:
            told = for_others(left_out(e, None, file=shown(folder)))
            if len(folders) > 1:  # a folder's name may be a person's
                told = replace(told, sentence=f"Folder {place} of {len(folders)}: {told.sentence}")
            yield told
            continue
        if contents.owner.id.casefold() in seen:
            yield _second(contents.owner.id)
            continue
        seen.add(contents.owner.id.casefold())
        yield contents.owner
        try:
            _forget_withdrawn(book, contents)
        except VigkitError as e:
            yield for_others(left_out(e, contents.owner.id))
        missing = list(_problems(contents))
        for cycle in contents.cycles:
            try:
                yield bundle(book, contents, cycle, purpose, day)
            except VigkitError as e:
                missing.append(for_others(left_out(e, contents.owner.id, cycle=cycle)))
        yield from missing
        yield from _doubts(contents, {(each.cycle, each.code) for each in missing})


def picture(book: Casebook, contents: Contents, moment: Moment) -> bytes:
    """The picture of a moment as JPEG, for its owner's own pages alone; ConsentWithdrawn, FilmMissing …"""
    from base64 import b64decode

    film = known_film(contents, moment.film)
    return b64decode(_still_of(book, film, moment).jpeg)


def is_pack(folder: Path) -> bool:
    """Whether a folder, or a zip, holds a pack of logs."""
    return folder.joinpath("pack.json").is_file() or (folder.is_file() and folder.suffix.lower() == ".zip")


def may_hand_over(file: Path, out: Path) -> None:
    """BadUsage where a zip would lie in a casebook or in the pack itself, or take the place of something."""
    outside(file, but="")
    if resolved(out) in resolved(file).parents or resolved(out) == resolved(file):
        raise BadUsage("The zip would lie in the pack itself. Choose another folder after --zip.")
    if not file.parent.is_dir():
        raise BadUsage("There is no such folder for the zip. Make it first, or choose another after --zip.")
    if (file.exists() or file.is_symlink()) and not (file.is_file() and archive.is_ours(file)):
        raise BadUsage("Something else has the name of the zip. Choose another name after --zip.")


def casebooks_beside(folder: Path) -> list[Path]:
    """The casebooks in the folder that holds this one."""
    try:
        return [p for p in casebooks([folder.resolve().parent]) if casebook.looks_like_one(p)]
    except (OSError, VigkitError):
        return []


def casebooks(folders: Sequence[Path]) -> list[Path]:
    """The casebooks that are meant: each folder itself, or those inside it; NotACasebook if there is none."""
    found: list[Path] = []
    for folder in folders:
        if casebook.looks_like_one(folder):
            found.append(folder)
        elif folder.is_dir():
            inside = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
            inside = [p for p in inside if casebook.looks_like_one(p) or p.joinpath("cycles").is_dir()]
            found += inside or [folder]
        else:
            found.append(folder)
    if not any(casebook.looks_like_one(p) for p in found):
        raise NotACasebook(shown(folders[0]))
    once: dict[Path, Path] = {}
    for folder in found:  # the same one may be named twice, by two ways
        once.setdefault(resolved(folder), folder)
    return list(once.values())


def apart(book: Casebook, contents: Contents, out: Path) -> None:
    """BadUsage where a result would take the place of a film or of something in a casebook."""
    outside(out, "clips")
    if out.exists() and not out.is_file():
        raise BadUsage("What -o names is no file. Choose another name.")
    if any(book.is_film(film, out) for film in contents.films.values()):
        raise BadUsage("The result would take the place of a film. Choose another name after -o.")


def known_film(contents: Contents, film: str) -> Film:
    """A film of the casebook that nobody in it has taken back."""
    if film not in contents.films:
        raise UnknownFilm(film, list(contents.films))
    found = contents.films[film]
    if gone := consent.withdrawn(contents.consents) & set(found.people):
        raise ConsentWithdrawn(film, sorted(gone), "")
    return found


def _still_of(book: Casebook, film: Film, moment: Moment) -> Still:
    """The picture of a moment from its middle, made once and kept in the casebook's cache."""
    from base64 import b64encode

    at, fresh = middle(moment), False

    def make() -> bytes:
        nonlocal fresh
        fresh = True
        from vigkit.film import cut as cutting
        from vigkit.film import probe

        file = book.film_file(film)
        return cutting.still_bytes(file, probe.probe(file, film.id), at, width=STILL_WIDTH)

    jpeg = book.cached(film.id, _still_name(film, moment), make, _is_jpeg)
    if fresh:
        still_given(book, [film.id])
    return Still(moment=moment.id, at=at, jpeg=b64encode(jpeg).decode())


def _is_jpeg(data: bytes) -> bool:
    """Whether a picture has its beginning and its end."""
    return data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9")


def _still_name(film: Film, moment: Moment) -> str:
    return f"{film.sha256[:24]}-{round(middle(moment) * 1000)}-{STILL_WIDTH}.jpg"


def middle(moment: Moment) -> float:
    """The time from which a moment's picture is taken, in seconds."""
    return round((moment.start + moment.end) / 2, 3)


def _forget_withdrawn(book: Casebook, contents: Contents) -> None:
    """What is withdrawn is gone: also where the consent came in by a file that was synced."""
    gone = consent.withdrawn(contents.consents)
    book.forget([film.id for film in contents.films.values() if gone & set(film.people)])


def still_given(book: Casebook, films: Sequence[str]) -> None:
    """What was made of films just now goes again where one was taken back meanwhile; ConsentWithdrawn."""
    contents = book.contents()
    for film in set(films) & set(contents.films):
        try:
            known_film(contents, film)
        except ConsentWithdrawn:
            book.forget([film])
            raise


def _problems(contents: Contents) -> Iterator[LeftOut]:
    """What cannot be read, each thing once; a copy that a sync client has named stands for its cycle."""
    found = []
    for problem in contents.problems:
        near = [id for id in contents.cycles if problem.cycle and problem.cycle.startswith(id)]
        found.append(for_others(replace(problem, cycle=max(near, key=len) if near else problem.cycle)))
    return iter(dict.fromkeys(replace(each, file=None) for each in found))


def _doubts(contents: Contents, told: Container[tuple[str | None, str]]) -> Iterator[LeftOut]:
    """What a log does not show though there is one, and nothing that is told already."""
    found = (each for each in unfit(contents) if (each.cycle, each.code) not in told)
    return iter(dict.fromkeys(replace(for_others(each), file=None) for each in found))


def for_others(problem: LeftOut) -> LeftOut:
    """A line for a pack, which others open: without the names of files and folders."""
    return replace(problem, sentence=problem.told or problem.sentence, told=None)


def _second(id: str) -> LeftOut:
    sentence = f"A second casebook has the id {id}. Look at both folders, and keep one of them."
    return LeftOut(casebook=id, cycle=None, code="sync-copy", sentence=sentence)
