"""What a person does, once, for command line and pages alike."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from vigkit import casebook, consent, files, principles, records
from vigkit.casebook import Casebook, Change, left_out
from vigkit.cycle import (
    FORMAT,
    ROLES,
    Bundle,
    Consents,
    Contents,
    Cycle,
    Film,
    LeftOut,
    Moment,
    Note,
    Owner,
    Person,
    Still,
    check_ids,
    check_moment,
)
from vigkit.errors import (
    BadRecord,
    BadUsage,
    FilmChanged,
    FolderNotEmpty,
    NotACasebook,
    TimeOutsideMoment,
    UnknownFilm,
    UnknownMoment,
    UnknownPerson,
    VigkitError,
    on_disk,
)
from vigkit.files import resolved, shown

Report = Callable[[float, str], None]  # is told which share is done, and what is done now
LONG = 20 * 60.0  # seconds: a real session has 5 to 10 minutes of film (domain.md M06)
STILL_WIDTH = 480  # pixels: three of them keep a log under 100 kB


def unheard(_part: float, _what: str) -> None:
    """Where nobody watches how far it is."""


def today() -> str:
    """The day for which consent is judged when none is named."""
    return date.today().isoformat()


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
    return Casebook.new(folder, owner)


def put(book: Casebook, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Write one whole record (cycle, consent, note or casebook), checked first; returns it as stored."""
    plans = {"cycle": _put_cycle, "consent": _put_consent, "note": _put_note, "casebook": _put_owner}
    if kind not in plans:
        raise BadUsage(f"There is no record {kind}. Choose {', '.join(plans)}.")
    return book.commit(lambda: plans[kind](book, casebook.upgraded(dict(data), kind)))


def add_film(
    book: Casebook,
    file: Path,
    *,
    people: Sequence[str],
    id: str | None = None,
    filmed: str | None = None,
    activity: str | None = None,
    kind: str = "practice",
    refer: bool = False,
    progress: Report = unheard,
) -> Film:
    """Take a film in as it is: copied, or with `refer` left where it lies. The original is never altered."""
    from vigkit.film import probe

    if not people:
        raise BadUsage("Name everyone in the film by code, such as --people S1,C1.")
    before = _stamp(file)
    progress(0.0, "Looking at the film")
    seconds = probe.probe(file, file.name).seconds
    with on_disk(file):
        sha256 = files.sha256(file, lambda part: progress(0.3 + 0.3 * part, "Reading the film"))
    if _stamp(file) != before:
        raise FilmChanged(file.name)

    def plan() -> Change[Film]:
        contents = book.contents()
        unread = (Path(p.file).stem for p in contents.problems if p.file)
        name = id or _free({*contents.films, *unread}, "film-")
        suffix = file.suffix.lower() if file.suffix.lower() in FILMS else ".film"
        target = f"films/{name}{suffix}"
        data = {
            "format": FORMAT,
            "id": name,
            "file": str(file.resolve()) if refer else target,
            "sha256": sha256,
            "seconds": seconds,
            "filmed": filmed,
            "activity": activity,
            "kind": kind,
            "people": list(dict.fromkeys(people)),
            "size": before[0] if refer and before else None,
        }
        film = records.read(Film, data, f"films/{name}.json")
        if name in contents.films or book.folder.joinpath(f"films/{name}.json").exists():
            raise BadRecord(f"films/{name}.json", "There is a film with this id. Choose another.", "id")
        book.look(f"films/{name}.json")
        return Change(
            film,
            [*_named_people(book, film.people), (f"films/{name}.json", film)],
            film=None if refer else (file, target),
            copied=lambda part: progress(0.6 + 0.4 * part, "Copying the film"),
        )

    return book.commit(plan)


def hint(film: Film) -> str | None:
    """A kind word about a film that is longer than one can look at closely."""
    if film.seconds <= LONG:
        return None
    return (
        f"This film is {round(film.seconds / 60)} minutes long. "
        "Choose 10 minutes of it in which something went better than usual."
    )


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


def cut(
    book: Casebook, cycle: str, moment: str, out: Path, *, purpose: str, day: str | None = None
) -> Moment:
    """Cut a moment out of its film, where consent and sharing allow it for this purpose."""
    from vigkit.film import cut as cutting

    found, file, probed = _open(book, cycle, moment, purpose, day, out)
    cutting.cut(file, probed, found.start, found.end, out)
    return found


def still(
    book: Casebook,
    cycle: str,
    moment: str,
    out: Path,
    *,
    purpose: str,
    at: float | None = None,
    day: str | None = None,
) -> float:
    """Write the frame on screen at a time of a moment (its middle where none is named); returns the time."""
    from vigkit.film import cut as cutting

    found, file, probed = _open(book, cycle, moment, purpose, day, out)
    when = _middle(found) if at is None else at
    if not found.start <= when < found.end:
        raise TimeOutsideMoment(when, moment, found.start, found.end)
    cutting.still(file, probed, when, out)
    return when


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
    _apart(book, contents, out)
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


def jobs(folders: Sequence[Path], purpose: str, day: str) -> Iterator[Bundle | LeftOut]:
    """Every cycle of every casebook: what may be shown of it, or why it is left out."""
    seen: set[str] = set()
    for folder in folders:
        try:
            book = Casebook(folder)
            contents = book.contents()
        except VigkitError as e:
            yield _for_others(left_out(e, None, file=shown(folder)))
            continue
        if contents.owner.id.casefold() in seen:
            yield _second(contents.owner.id)
            continue
        seen.add(contents.owner.id.casefold())
        try:
            _forget_withdrawn(book, contents)
        except VigkitError as e:
            yield _for_others(left_out(e, contents.owner.id))
        yield from _problems(contents)
        for cycle in contents.cycles:
            try:
                yield bundle(book, contents, cycle, purpose, day)
            except VigkitError as e:
                yield _for_others(left_out(e, contents.owner.id, cycle=cycle))


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


FILMS = {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mts", ".ts", ".mpg", ".wmv", ".3gp"}


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
    return Change(records.plain(record), [(rel, record), *_named_people(book, [record.person])], forget=films)


def _put_note(book: Casebook, data: dict[str, Any]) -> Change[dict[str, Any]]:
    note = records.read(Note, data, "note")
    cycle = book.cycle(note.cycle)
    known = [m.id for m in cycle.moments]
    for each in note.moments:
        if each.moment not in known:
            raise UnknownMoment(each.moment, cycle.id, known)
    note = replace(note, read=book.cycle_hash(cycle.id))
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


def _check_cycle(book: Casebook, cycle: Cycle, contents: Contents) -> None:
    """Everything a cycle names is there, and every moment lies inside its film."""
    check_ids(cycle, f"cycles/{cycle.id}.json")
    words = principles.load(book.folder / casebook.PRINCIPLES)
    for film in consent.films_of(cycle):
        if film not in contents.films:
            raise UnknownFilm(film, list(contents.films))
    for moment in cycle.moments:
        film_record = contents.films[moment.film]
        check_moment(moment, film_record)
        for principle in moment.principles:
            principles.known(principle, words)
        for purpose in moment.share:
            consent.purpose_known(purpose)
        for turn in moment.turns:
            if turn.who not in film_record.people:
                raise UnknownPerson(turn.who, film_record.id, film_record.people)


def _named_people(book: Casebook, codes: Sequence[str]) -> list[tuple[str, Owner]]:
    """casebook.json with the codes that nobody has named yet, or nothing to write."""
    owner = book.owner
    known = {p.code for p in owner.people}
    fresh = tuple(Person(code=code) for code in codes if code not in known)
    return [(casebook.OWNER, replace(owner, people=(*owner.people, *fresh)))] if fresh else []


def _open(
    book: Casebook, cycle: str, moment: str, purpose: str, day: str | None, out: Path
) -> tuple[Moment, Path, Any]:
    """A moment through the gate, with its film ready to be cut."""
    from vigkit.film import probe

    contents = book.contents()
    _apart(book, contents, out)
    whole = book.cycle(cycle)
    if moment not in [m.id for m in whole.moments]:
        raise UnknownMoment(moment, cycle, [m.id for m in whole.moments])
    found = consent.moment_in(consent.bundle(contents, cycle, purpose, day or today()), moment)
    film = contents.films[found.film]
    file = book.film_file(film)
    return found, file, probe.probe(file, film.id)


def _apart(book: Casebook, contents: Contents, out: Path) -> None:
    """BadUsage where a result would take the place of a film or of something in a casebook."""
    outside(out, "clips")
    if out.exists() and not out.is_file():
        raise BadUsage("What -o names is no file. Choose another name.")
    if any(book.is_film(film, out) for film in contents.films.values()):
        raise BadUsage("The result would take the place of a film. Choose another name after -o.")


def _still_of(book: Casebook, film: Film, moment: Moment) -> Still:
    """The picture of a moment from its middle, made once and kept in the casebook's cache."""
    from base64 import b64encode

    at = _middle(moment)

    def make() -> bytes:
        from vigkit.film import cut as cutting
        from vigkit.film import probe

        file = book.film_file(film)
        return cutting.still_bytes(file, probe.probe(file, film.id), at, width=STILL_WIDTH)

    jpeg = book.cached(film.id, _still_name(film, moment), make)
    return Still(moment=moment.id, at=at, jpeg=b64encode(jpeg).decode())


def _still_name(film: Film, moment: Moment) -> str:
    return f"{film.sha256[:24]}-{round(_middle(moment) * 1000)}-{STILL_WIDTH}.jpg"


def _middle(moment: Moment) -> float:
    return round((moment.start + moment.end) / 2, 3)


def _forget_withdrawn(book: Casebook, contents: Contents) -> None:
    """What is withdrawn is gone: also where the consent came in by a file that was synced."""
    gone = consent.withdrawn(contents.consents)
    book.forget([film.id for film in contents.films.values() if gone & set(film.people)])


def _problems(contents: Contents) -> Iterator[LeftOut]:
    """What cannot be read, each thing once; a copy that a sync client has named stands for its cycle."""
    found = []
    for problem in contents.problems:
        near = [id for id in contents.cycles if problem.cycle and problem.cycle.startswith(id)]
        found.append(_for_others(replace(problem, cycle=max(near, key=len) if near else problem.cycle)))
    return iter(dict.fromkeys(replace(each, file=None) for each in found))


def _for_others(problem: LeftOut) -> LeftOut:
    """A line for a pack, which others open: without the names of files and folders."""
    return replace(problem, sentence=problem.told or problem.sentence, told=None)


def _second(id: str) -> LeftOut:
    sentence = f"A second casebook has the id {id}. Look at both folders, and keep one of them."
    return LeftOut(casebook=id, cycle=None, code="sync-copy", sentence=sentence)


def _free(taken: Container[str], stem: str) -> str:
    n = 1
    while f"{stem}{n}" in taken:
        n += 1
    return f"{stem}{n}"


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        state = file.stat()
    except OSError:
        return None  # probe says it in words
    return state.st_size, state.st_mtime_ns
