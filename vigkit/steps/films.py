"""Films: taken in, made fit for a browser, cut, hidden, and made into the short film."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vigkit import __version__, consent, files, records
from vigkit.casebook import Casebook, Change, left_out
from vigkit.cycle import FORMAT, Bundle, Contents, Cycle, Film, LeftOut, Moment
from vigkit.errors import (
    BadRecord,
    BadUsage,
    FilmChanged,
    NoPermission,
    NotShared,
    TimeOutsideMoment,
    UnknownMoment,
    VigkitError,
    clock,
    on_disk,
)
from vigkit.render.index import Clip, about
from vigkit.render.sections import in_order
from vigkit.steps.packs import apart, for_others, known_film, middle, still_given, today
from vigkit.steps.records import named_people

if TYPE_CHECKING:
    from vigkit.film.block import Block
    from vigkit.film.probe import Probe
    from vigkit.film.short import Piece, Story

Report = Callable[[float, str], None]  # is told which share is done, and what is done now
LONG = 20 * 60.0  # seconds: a real session has 5 to 10 minutes of film (domain.md M06)
FILMS = {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mts", ".ts", ".mpg", ".wmv", ".3gp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortFilm:
    """What a short film holds, and what it does not."""

    moments: tuple[Moment, ...]
    seconds: float
    without_picture: str  # letters of the words that no font here has
    left_out: tuple[LeftOut, ...]


def unheard(_part: float, _what: str) -> None:
    """Where nobody watches how far it is."""


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
    if not people:
        raise BadUsage("Name everyone in the film by code, such as --people S1,C1.")
    before = _stamp(file)
    seconds, sha256 = _looked_at(file, refer, progress)

    def copied(part: float) -> None:
        if _stamp(file) != before:  # the copy would not be what was read
            raise FilmChanged(file.name)
        progress(0.6 + 0.4 * part, "Copying the film")

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
            [*named_people(book, film.people), (f"films/{name}.json", film)],
            film=None if refer else (file, target),
            copied=copied,
        )

    film = book.commit(plan)
    book.remember(film, Path(film.file) if refer else book.folder / film.file)
    return film


def hint(film: Film) -> str | None:
    """A kind word about a film that is longer than one can look at closely."""
    if film.seconds <= LONG:
        return None
    return (
        f"This film is {round(film.seconds / 60)} minutes long. "
        "Choose 10 minutes of it in which something went better than usual."
    )


def cut(
    book: Casebook,
    cycle: str,
    moment: str,
    out: Path,
    *,
    purpose: str,
    day: str | None = None,
    hide: str | None = None,
    silent: bool = False,
    progress: Report = unheard,
) -> Moment:
    """Cut a moment out of its film, where consent and sharing allow it for this purpose.

    `hide` is one of `hide.WAYS`; `silent` leaves the sound out.
    """
    from vigkit.film import cut as cutting

    (found,), contents, _ = _open(book, cycle, purpose, day, out, moment)
    film = contents.films[found.film]
    file, probed = _probed(book, film)
    look = _look(hide, found, probed)
    told = _within(progress, found.end - found.start, "Cutting the moment")

    def make(path: Path) -> None:
        cutting.cut(file, probed, found.start, found.end, path, sound=not silent, look=look, progress=told)

    _deliver(book, [film.id], _named("clip", film.sha256, found.start, found.end, look, silent), make, out)
    return found


def clips(
    folders: Sequence[Path], purpose: str, day: str, logs: Container[str], work: Path
) -> list[Clip | LeftOut]:
    """The moments of these logs as films of their own, through the gate: moments of joy first.

    They are made when they are asked for, and kept in each casebook's cache; in `work`, where a casebook may
    only be read.
    """
    found: list[tuple[bool, Casebook, Contents, Bundle, Moment]] = []
    gone: list[Clip | LeftOut] = []
    for folder in folders:
        try:
            book = Casebook(folder)
            contents = book.contents()
        except VigkitError:
            continue  # the pack has said why
        for cycle in contents.cycles:
            if f"{contents.owner.id}/{cycle}.html" not in logs:
                continue
            try:
                shown = consent.bundle(contents, cycle, purpose, day)
            except VigkitError as e:  # taken back meanwhile
                gone.append(for_others(left_out(e, contents.owner.id, cycle=cycle)))
                continue
            found += [(not m.joy, book, contents, shown, m) for _, m in in_order(shown)]
    found.sort(key=lambda each: each[0])
    return gone + [
        _clip(book, contents.films[m.film], shown, m, work) for _, book, contents, shown, m in found
    ]


def _clip(book: Casebook, film: Film, shown: Bundle, moment: Moment, work: Path) -> Clip:
    from vigkit.film import cut as cutting

    name = _named("clip", film.sha256, moment.start, moment.end, "", False)

    def make() -> Path | LeftOut:
        def cut(path: Path) -> None:
            known_film(book.contents(), film.id)  # a cut takes long: not one of what was taken back meanwhile
            file, probed = _probed(book, film)
            cutting.cut(file, probed, moment.start, moment.end, path)

        try:
            try:
                return _made(book, [film.id], name, cut)
            except NoPermission:
                if not (made := work / name).exists():
                    cut(made)
                return made
        except VigkitError as e:
            return for_others(left_out(e, shown.casebook, cycle=shown.cycle.id))

    title, words = about(moment, shown)
    return Clip(
        casebook=shown.casebook,
        cycle=shown.cycle.id,
        moment=moment.id,
        who=shown.owner,
        title=title,
        when=f"{clock(moment.start)} to {clock(moment.end)}",
        words=words,
        until=shown.until,
        make=make,
    )


def _made(book: Casebook, films: Sequence[str], name: str, make: Callable[[Path], object]) -> Path:
    """What was made from films before, or is made now; ConsentWithdrawn where it was taken back meanwhile."""
    if (before := book.made_before(films, name)) is not None:
        return before
    made = book.made(films, name, make)
    still_given(book, films)
    return made


def still(
    book: Casebook,
    cycle: str,
    moment: str,
    out: Path,
    *,
    purpose: str,
    at: float | None = None,
    day: str | None = None,
    hide: str | None = None,
) -> float:
    """Write the frame on screen at a time of a moment (its middle where none is named); returns the time."""
    from vigkit.film import cut as cutting

    (found,), contents, _ = _open(book, cycle, purpose, day, out, moment)
    when = middle(found) if at is None else at
    if not found.start <= when < found.end:
        raise TimeOutsideMoment(when, moment, found.start, found.end)
    file, probed = _probed(book, contents.films[found.film])
    cutting.still(file, probed, when, out, look=_look(hide, found, probed, when))
    return when


def sheet(
    book: Casebook,
    cycle: str,
    out: Path,
    *,
    purpose: str,
    hide: str,
    moment: str | None = None,
    day: str | None = None,
) -> tuple[Moment, ...]:
    """Write many small pictures of what would be shown, to look at before anything is kept."""
    from vigkit.film import hide as hiding

    moments, contents, _ = _open(book, cycle, purpose, day, out, moment)
    sheets = []
    for each in moments:
        file, probed = _probed(book, contents.films[each.film])
        sheets.append(hiding.contact_sheet(file, probed, each.start, each.end, hide, each.covers))
    hiding.write_sheets(sheets, out, file)
    return moments


def short(
    book: Casebook,
    cycle: str,
    out: Path,
    *,
    purpose: str,
    day: str | None = None,
    hide: str | None = None,
    silent: bool = False,
    progress: Report = unheard,
) -> ShortFilm:
    """Make the short film of a cycle from the moments that may be shown, and tell what is not in it."""
    from vigkit.film import captions
    from vigkit.film import short as shortening

    moments, contents, shown_cycle = _open(book, cycle, purpose, day, out)
    films = {m.film: contents.films[m.film] for m in moments}
    opened = {id: _probed(book, film) for id, film in films.items()}
    pieces = tuple(_piece(m, *opened[m.film], hide, silent) for m in moments)
    story = _story(shown_cycle, moments, pieces, hide)
    told = _within(progress, shortening.seconds(story), "Making the short film")
    name = _named(
        "short",
        shortening.words(story),
        [
            (films[m.film].sha256, p.start, p.end, p.look, p.sound)
            for m, p in zip(moments, pieces, strict=True)
        ],
        story.last and (story.last.probe.name, story.last.at, story.last.look),
    )
    _deliver(book, list(films), name, lambda path: shortening.make(story, path, progress=told), out)
    gone = [m for m in contents.cycles[cycle].moments if m.chosen and purpose not in m.share]
    return ShortFilm(
        moments=moments,
        seconds=round(shortening.seconds(story), 3),
        without_picture=captions.missing(shortening.words(story)),
        left_out=tuple(left_out(NotShared(m.id, purpose), contents.owner.id, cycle=cycle) for m in gone),
    )


def playable(
    book: Casebook, film: str, *, why: str | None = None, progress: Report = unheard
) -> tuple[Path, str | None]:
    """A film that every browser plays, and why it is not the film itself; made once, with its strip.

    `why` is given where a browser did not show a film that it would be expected to show.
    """
    from vigkit.film import proxy

    found = known_film(book.contents(), film)
    file, probed = _probed(book, found)
    reason = proxy.reason(probed) or why
    if reason is None:
        return file, None
    told = _within(progress, probed.seconds, reason)

    def make(path: Path) -> None:
        proxy.make(file, probed, path, progress=told, strip_to=path.with_name(_strip_name(found)))

    return _made(book, [film], _named("proxy", found.sha256), make), reason


def shown_film(book: Casebook, film: str) -> Path:
    """Where a film lies that may be looked at: nobody in it has taken it back, and it is as it was."""
    found = known_film(book.contents(), film)
    file = book.film_file(found)
    book.remember(found, file)
    return file


def playable_made(book: Casebook, film: str) -> Path | None:
    """The copy for browsers that `playable` has made of a film, where it has."""
    found = known_film(book.contents(), film)
    book.film_file(found)
    return book.made_before([film], _named("proxy", found.sha256))


def has_proxy(book: Casebook, film: str) -> bool:
    """Whether a copy for browsers was made of a film."""
    found = known_film(book.contents(), film)
    return book.has_cached(film, _named("proxy", found.sha256))


def picture_times(book: Casebook, film: str) -> array[float]:
    """When each picture of a film is shown, in seconds on its own clock."""
    return _probed(book, known_film(book.contents(), film))[1].times


def strip(book: Casebook, film: str, *, progress: Report = unheard) -> Path:
    """The strip of a film, as `film.strip` describes it; made once."""
    from vigkit.film import strip as stripping

    found = known_film(book.contents(), film)
    file, probed = _probed(book, found)
    told = _within(progress, probed.seconds, "Looking through the film")
    return book.made(
        [film], _strip_name(found), lambda path: stripping.make(file, probed, path, progress=told)
    )


def block(book: Casebook, film: str, *, progress: Report = unheard) -> Block:
    """The film as a block of time, as `film.block` describes it; made once."""
    from vigkit.film import block as blocks

    found = known_film(book.contents(), film)
    file, probed = _probed(book, found)
    told = _within(progress, probed.seconds, "Looking through the film")

    def make() -> bytes:
        made = blocks.make(file, probed, progress=told)
        known_film(book.contents(), film)  # it may have been taken back meanwhile
        return made

    kept = blocks.from_bytes(book.cached(found.id, _block_name(found), make)) or blocks.from_bytes(make())
    assert kept is not None
    return kept


def has_block(book: Casebook, film: str) -> bool:
    """Whether the block of a film was made before."""
    return book.has_cached(film, _block_name(known_film(book.contents(), film)))


def _open(
    book: Casebook, cycle: str, purpose: str, day: str | None, out: Path, moment: str | None = None
) -> tuple[tuple[Moment, ...], Contents, Cycle]:
    """One moment through the gate, or those of the short film in order; and the cycle as shown."""
    contents = book.contents()
    apart(book, contents, out)
    whole = book.cycle(cycle)
    if moment is not None and moment not in [m.id for m in whole.moments]:
        raise UnknownMoment(moment, cycle, [m.id for m in whole.moments])
    shown = consent.bundle(contents, cycle, purpose, day or today())
    moments = consent.chosen(shown) if moment is None else (consent.moment_in(shown, moment),)
    return moments, contents, shown.cycle


def _probed(book: Casebook, film: Film) -> tuple[Path, Probe]:
    """Where a film lies, and what is known of it: read once, and kept in the casebook's cache."""
    from vigkit.film import probe

    file = book.film_file(film)

    def read() -> bytes:
        return probe.as_bytes(probe.probe(file, film.id))

    name = f"{film.sha256[:24]}-probe-{__version__}.json"
    kept = probe.from_bytes(book.cached(film.id, name, read), film.id)
    book.remember(film, file)
    return file, kept or probe.probe(file, film.id)


def _look(hide: str | None, moment: Moment, probed: Probe, at: float | None = None) -> str:
    """The filter that hides what is to be hidden in a clip of the moment, or in its picture at a time."""
    from vigkit.film import hide as hiding

    if hide is None:
        return ""
    start, end = (moment.start, moment.end) if at is None else (at, at)
    return hiding.clip_look(hide, moment.covers, probed, start, end)


def _piece(moment: Moment, file: Path, probed: Probe, hide: str | None, silent: bool) -> Piece:
    """A moment of the short film with the person's words: what is better, and at the repeat why it was."""
    from vigkit.film.short import Piece

    said = [w for w in (moment.better, moment.saw, moment.i_did, moment.they_did, moment.why) if w]
    return Piece(
        film=file,
        probe=probed,
        start=moment.start,
        end=moment.end,
        caption=said[0] if said else "",
        again=moment.why or (said[0] if said else ""),
        look=_look(hide, moment, probed),
        sound=not silent,
    )


def _story(cycle: Cycle, moments: Sequence[Moment], pieces: tuple[Piece, ...], hide: str | None) -> Story:
    """The helping question, the moments, and a picture of the one with joy, or the last, to end on."""
    from vigkit.film.short import Still, Story

    last = next((n for n, m in enumerate(moments) if m.joy), len(moments) - 1)
    piece, at = pieces[last], middle(moments[last])
    look = _look(hide, moments[last], piece.probe, at)
    return Story(
        question=cycle.question[-1].words if cycle.question else "",
        pieces=pieces,
        last=Still(film=piece.film, probe=piece.probe, at=at, look=look),
        end_words=cycle.working_point or "",
    )


def _deliver(
    book: Casebook, films: Sequence[str], name: str, make: Callable[[Path], object], out: Path
) -> None:
    """Make something once, keep it in the casebook's cache, and copy it to where it is wanted."""
    try:
        made = _made(book, films, name, make)
    except NoPermission:
        make(out)  # a casebook that may only be read
        return
    with on_disk(out):
        files.copy(made, out)


def _named(kind: str, *inputs: object) -> str:
    """A file name that tells what went in, and nothing else: the same again is found again."""
    told = repr((__version__, kind, inputs)).encode()
    return f"{kind}-{hashlib.sha256(told).hexdigest()[:24]}.mp4"


def _strip_name(film: Film) -> str:
    return _named("strip", film.sha256).replace(".mp4", ".json")


def _block_name(film: Film) -> str:
    return _named("block", film.sha256).replace(".mp4", ".json")


def _within(progress: Report, seconds: float, what: str) -> Callable[[float], None]:
    return lambda done: progress(min(done / seconds, 1.0) if seconds else 1.0, what)


def _free(taken: Container[str], stem: str) -> str:
    n = 1
    while f"{stem}{n}" in taken:
        n += 1
    return f"{stem}{n}"


def _looked_at(file: Path, refer: bool, progress: Report) -> tuple[float, str]:
    """The length and the sha256 of a film that is to be added, which stays the same meanwhile."""
    from vigkit.film import probe

    before = _stamp(file)
    seconds = probe.probe(file, file.name).seconds
    with on_disk(file):
        sha256 = files.sha256(file, lambda part: progress(0.3 + 0.3 * part, "Reading the film"))
    if _stamp(file) != before:
        raise FilmChanged(file.name)
    if refer and not _can_be_written(str(file.resolve())):
        raise BadUsage(
            "The name of this film holds a sign that cannot be kept. Rename it, or leave out --refer."
        )
    return seconds, sha256


def _can_be_written(name: str) -> bool:
    """Whether a name can stand in a record: some disks hold names that are no text."""
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        state = file.stat()
    except OSError:
        return None  # probe says it in words
    return state.st_size, state.st_mtime_ns, state.st_ino
