"""The only reader and writer of the casebook folder: plain files, one record each, one writer a file."""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from vigkit import files, principles, records
from vigkit.cycle import FORMAT, Consents, Contents, Cycle, Film, LeftOut, Note, Owner
from vigkit.errors import (
    BadRecord,
    BrokenFile,
    Busy,
    ChangedElsewhere,
    FilmChanged,
    FilmMissing,
    NewerFormat,
    NotACasebook,
    SyncCopy,
    UnknownCycle,
    VigkitError,
    on_disk,
)

T = TypeVar("T")
OWNER = "casebook.json"
PRINCIPLES = "principles.csv"
LOCK = "casebook.lock"
MOVED = "moved.txt"  # in cache/<film>/: where a film lies that was left where it lay
STAMP = (
    "stamp.txt"  # in cache/<film>/: the size, time and sha256 of a film that is too large to be read often
)
LARGE = 1 << 25  # bytes: what is smaller is read before one can blink
WORKBOOKS = "workbooks"
WAIT = 60.0  # seconds a lock is waited for
HELD = 3.0  # seconds of it after which whoever waits is told
_FOLDERS = ("consent", "films", "cycles", "notes")
# dict -> dict, from the format it is filed under to the next; format 1 is the first.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """What is to be written, in this order, and what is told when all of it is on disk."""

    result: T
    records: Sequence[tuple[str, Any]] = ()
    film: tuple[Path, str] | None = None
    copied: files.Progress | None = None
    forget: Sequence[str] = ()


class Casebook:
    """A casebook folder; knows which bytes it has read, so that work done elsewhere is never overwritten."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._seen: dict[str, str | None] = {}
        self._nouns: dict[str, tuple[str, Any]] = {}
        self._texts: dict[str, records.Known] = {}
        self.held: Callable[[], None] = lambda: None  # called where another program keeps one waiting
        with on_disk(self.folder):
            if not looks_like_one(self.folder):
                raise NotACasebook(files.shown(self.folder))

    @classmethod
    def new(cls, folder: Path, owner: Owner, pages: Mapping[str, bytes] | None = None) -> Casebook:
        """Make a casebook in a folder that is new or empty, with its pages."""
        fresh = not folder.exists()
        with on_disk(folder):
            files.make_folder(folder)
            try:
                files.write(folder / OWNER, records.text(records.plain(owner)).encode())
                book = cls(folder)
                book.copy_pages(pages or {})
            except BaseException:  # as if never asked
                shutil.rmtree(folder / WORKBOOKS, ignore_errors=True)
                folder.joinpath(OWNER).unlink(missing_ok=True)
                if fresh:
                    folder.rmdir()
                raise
        return book

    def copy_pages(self, pages: Mapping[str, bytes]) -> None:
        """Put pages into workbooks/ that are missing or as an older vigkit shipped them, no others.

        A page holds no answers, so one that nobody has changed may be replaced; outputs are no change.
        """
        folder = self.folder / WORKBOOKS
        with on_disk(WORKBOOKS):
            for name, shipped in pages.items():
                if (data := _page(folder / name, shipped)) is not None:
                    files.make_folder(folder)
                    files.write(folder / name, data)

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of the pages in workbooks/, in their order."""
        return tuple(sorted(p.stem for p in self.folder.glob(f"{WORKBOOKS}/*.ipynb")))

    @property
    def owner(self) -> Owner:
        """casebook.json."""
        return self._read(Owner, OWNER)

    @property
    def cycles(self) -> tuple[str, ...]:
        """The ids of the cycles, in their order."""
        return tuple(sorted(p.stem for p in self._files("cycles") if records.is_id(p.stem)))

    def cycle(self, cycle: str) -> Cycle:
        """One cycle by id; UnknownCycle where there is none, SyncCopy where the file holds another's copy."""
        if cycle not in self.cycles:
            raise UnknownCycle(cycle, self.cycles)
        found = self._read(Cycle, f"cycles/{cycle}.json")
        if found.id != cycle:
            raise SyncCopy(f"cycles/{cycle}.json", f"{found.id}.json")
        return found

    def record(self, noun: type[T], rel: str) -> T | None:
        """A record by the name of its file; None where it is not there yet, and may be begun."""
        if not self.folder.joinpath(rel).exists():
            self._seen[rel] = None
            return None
        return self._read(noun, rel)

    def cycle_hash(self, cycle: str) -> str:
        """The sha256 of a cycle's file as it stands: which version a supervisor has read."""
        return hashlib.sha256(self._bytes(f"cycles/{cycle}.json")).hexdigest()

    def save(self, cycle: Cycle) -> Cycle:
        """Store a cycle that this object has read; ChangedElsewhere if the file is not what was read."""
        change = Change(cycle, [(f"cycles/{cycle.id}.json", cycle)])
        self._refuse(change)
        with self._locked():
            self._store_all(change.records)
        return cycle

    def commit(self, plan: Callable[[], Change[T]]) -> T:
        """Plan a change, take the lock, plan it again on what is there now, write it, give its result.

        The first planning refuses what cannot be before anything on disk is touched, the lock included.
        """
        self._refuse(plan())
        with self._locked():
            change = plan()
            self._bring(change)
            self.forget(change.forget)
        return change.result

    def contents(self, owner: Owner | None = None) -> Contents:
        """All that is in the casebook; what cannot be read is in `problems`, and never stops the rest.

        `owner` stands in for a casebook.json that cannot be read, so that `check` can look at the rest.
        """
        owner = owner or self.owner
        problems: list[LeftOut] = []
        consents = self._consents(owner, problems)
        films = self._folder("films", Film, owner.id, problems)
        cycles = self._folder("cycles", Cycle, owner.id, problems)
        notes = self._folder("notes", Note, owner.id, problems)
        problems += self._strange(owner.id, [film for _, film in films])
        words = self._words(owner.id, problems)
        return Contents(
            owner=owner,
            consents=consents,
            films={
                f.id: _with_people_of_copies(f, films, problems)
                for f in _named(films, lambda f: f.id, "films", owner.id, problems)
            },
            cycles={c.id: c for c in _named(cycles, lambda c: c.id, "cycles", owner.id, problems)},
            notes=tuple(_named(notes, lambda n: f"{n.cycle}.{n.by}", "notes", owner.id, problems)),
            principles=words,
            versions={stem: self._seen[f"cycles/{stem}.json"] or "" for stem, _ in cycles},
            problems=tuple(problems),
        )

    def _strange(self, book: str, films: Sequence[Film]) -> Iterator[LeftOut]:
        """Copies of casebook.json, and films whose file would lie outside the casebook."""
        for copy in sorted(self.folder.glob("*casebook*.json")):
            if copy.name != OWNER:
                yield left_out(SyncCopy(copy.name, OWNER), book)
                yield left_out(SyncCopy(OWNER, copy.name), book)
        for film in films:
            try:
                self._film_path(film)
            except BadRecord as e:
                yield left_out(e, book)

    def look(self, rel: str) -> None:
        """Take notice of a file as it stands now, before it is replaced whole."""
        self._seen[rel] = _hash(self.folder / rel)

    def film_file(self, film: Film) -> Path:
        """Where a film lies, after a look that it is there and still the same."""
        path = self._film_path(film)
        if Path(film.file).is_absolute() and not _is_there(path):
            path = self._moved(film, path)
        try:
            state = path.stat()
        except (OSError, ValueError) as e:  # ValueError: a name that no disk can hold
            raise FilmMissing(film.id) from e
        if not stat.S_ISREG(state.st_mode):
            raise FilmMissing(film.id)
        if not self._stamped(film, state) and (
            self._of_other_size(film, state)  # that much is known without reading it
            or _sha256_of(path, state.st_size, state.st_mtime_ns) != film.sha256
        ):
            raise FilmChanged(film.id)
        return path

    def remember(self, film: Film, path: Path) -> None:
        """Keep in cache/ the size and time of a large film that was just read, to read it no more."""
        with contextlib.suppress(OSError):  # it saves time, no more
            state = path.stat()
            if state.st_size >= LARGE and not self._stamped(film, state):
                stamp = self.folder / "cache" / film.id / STAMP
                files.make_folder(stamp.parent)
                files.write(stamp, _stamp(film, state).encode())

    def _stamped(self, film: Film, state: os.stat_result) -> bool:
        """Whether the bytes of a film were read while its file had this size and time."""
        return self._stamp_of(film) == _stamp(film, state)

    def _of_other_size(self, film: Film, state: os.stat_result) -> bool:
        """Whether a film had another size when it was read."""
        known = self._stamp_of(film).split()
        stamped = known[2:] == [film.sha256] and known[0] != str(state.st_size)
        return stamped or film.size not in (None, state.st_size)

    def _stamp_of(self, film: Film) -> str:
        try:
            return self.folder.joinpath("cache", film.id, STAMP).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def is_film(self, film: Film, path: Path) -> bool:
        """Whether a path is the file of this film, by whatever name, or the same bytes in another place."""
        try:
            if self._film_path(film).samefile(path):
                return True
        except (OSError, ValueError, VigkitError):
            pass  # one of the two is not there: the film may have moved
        return _is_this(film, path)

    def incoming(self, suffix: str) -> Path:
        """Where a film that a browser brings is written, until it is taken in by `brought`; a new name."""
        made = self.folder / "cache" / "brought" / f"{secrets.token_hex(16)}{suffix}"
        with on_disk("cache"):
            files.make_folder(made.parent)
        return made

    @contextmanager
    def brought(self, name: str) -> Iterator[Path]:
        """A film that a browser has brought, by its file's name; it is gone afterwards, taken in or not."""
        path = self.folder / "cache" / "brought" / Path(name).name
        try:
            yield path
        finally:
            with on_disk("cache"):
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # another one is on its way
                    path.parent.rmdir()

    def made_log(self, cycle: str) -> str | None:
        """The page of a cycle's log in logs/, where one was made."""
        try:
            page = self.folder / "logs" / self.owner.id / f"{cycle}.html"
            return page.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def has_cached(self, film: str, name: str) -> bool:
        """Whether something made from a film is in cache/."""
        return _is_there(self.folder / "cache" / film / name)

    def cached(
        self, film: str, name: str, make: Callable[[], bytes], sound: Callable[[bytes], bool] = bool
    ) -> bytes:
        """What was made from a film before, or made now and kept in cache/ (where that can be written).

        What is not `sound` is made again: a stick that was pulled out may have left half of it.
        """
        # a film's record from elsewhere leads nowhere else
        path = self.folder / "cache" / film / Path(name).name
        with contextlib.suppress(OSError):
            if sound(data := path.read_bytes()):
                return data
        data = make()
        try:
            files.make_folder(path.parent)
            files.write(path, data)
        except OSError:
            pass  # A supervisor may open a casebook that may not be written; the cache only saves time.
        return data

    def made(self, films: Sequence[str], name: str, make: Callable[[Path], object]) -> Path:
        """Something large that was made from films before, or is made now, by way of a part file of `make`.

        What is made from several films lies in a folder with all their names, and goes with each of them.
        """
        path = self._made_path(films, name)
        if _is_there(path):
            return path
        with on_disk("cache"):
            fresh = [each for each in (path.parent, path.parent.parent) if not each.exists()]
        try:
            with on_disk("cache"):
                files.make_folder(path.parent)
            make(path)
        except BaseException:  # as if never asked
            for folder in fresh:
                with contextlib.suppress(OSError):  # somebody else has put something there meanwhile
                    folder.rmdir()
            raise
        return path

    def made_before(self, films: Sequence[str], name: str) -> Path | None:
        """What `made` has made before, where it is there."""
        path = self._made_path(films, name)
        return path if _is_there(path) else None

    def _made_path(self, films: Sequence[str], name: str) -> Path:
        return self.folder / "cache" / "+".join(sorted(set(films))) / Path(name).name

    def forget(self, gone: Sequence[str]) -> None:
        """Delete what was made from films: their pictures, and all clips, which do not say whose they are."""
        cache = self.folder / "cache"
        with on_disk("cache"):
            for made in cache.iterdir() if gone and cache.is_dir() else ():
                if set(made.name.split("+")) & set(gone) and made.is_dir() and not made.is_symlink():
                    shutil.rmtree(made)
        clips = self.folder / "clips"
        if not gone or clips.is_symlink() or not clips.is_dir():
            return
        films = [each for _, each in self._folder("films", Film, "", [])]
        with on_disk("clips"):
            for clip in clips.rglob("*"):
                if clip.is_file() and not any(self.is_film(each, clip) for each in films):
                    clip.unlink()

    def _film_path(self, film: Film) -> Path:
        path = Path(film.file)
        if path.is_absolute():
            return path
        if ".." in path.parts:
            raise BadRecord(f"films/{film.id}.json", "The file lies outside the casebook.", "file")
        return self.folder / path

    def _moved(self, film: Film, path: Path) -> Path:
        """Where a film lies now that was left where it lay: a film of its size, with the very same bytes."""
        known = self.folder / "cache" / film.id / MOVED
        with contextlib.suppress(OSError):
            told = Path(known.read_text(encoding="utf-8"))
            if self._stamped(film, told.stat()) or _is_this(film, told):
                return told
        for found in _where_it_may_be(path, film.size, self.folder):
            if _is_this(film, found):
                with contextlib.suppress(OSError):  # it saves a search, no more
                    files.make_folder(known.parent)
                    files.write(known, str(found).encode())
                return found
        return path

    def _files(self, folder: str) -> list[Path]:
        with on_disk(folder):
            try:
                found = sorted(self.folder.joinpath(folder).iterdir())
            except FileNotFoundError:
                return []
        return [p for p in found if p.suffix.lower() == ".json" and not p.name.startswith(".")]

    def _consents(self, owner: Owner, problems: list[LeftOut]) -> dict[str, tuple[Consents, ...]]:
        """Every copy of each person's consents: all have to allow a film.

        One that cannot be read does not, nor one of a newer vigkit: that may allow less than we read.
        """
        found: dict[str, tuple[Consents, ...]] = {}
        for stem, record in self._folder("consent", Consents, owner.id, problems):
            found[record.person] = (*found.get(record.person, ()), record)
            if record.format > FORMAT:
                found[record.person] += (Consents(format=FORMAT, person=record.person),)
            if stem != record.person:
                copy = SyncCopy(f"consent/{stem}.json", f"{record.person}.json")
                problems.append(left_out(copy, owner.id))
                if self.folder.joinpath(f"consent/{record.person}.json").exists():
                    other = SyncCopy(f"consent/{record.person}.json", f"{stem}.json")
                    problems.append(left_out(other, owner.id))
        unread = [Path(p.file).stem for p in problems if p.file and p.code != SyncCopy.code]
        people = {p.code for p in owner.people} | set(found)
        for person in people:
            if any(_may_be_of(person, stem, people) for stem in unread):
                found[person] = (*found.get(person, ()), Consents(format=FORMAT, person=person))
        return found

    def _words(self, book: str, problems: list[LeftOut]) -> principles.Principles:
        try:
            return principles.load(self.folder / PRINCIPLES)
        except VigkitError as e:
            problems.append(left_out(e, book, file=PRINCIPLES))
            return principles.load()

    def _folder(self, folder: str, noun: type[T], book: str, problems: list[LeftOut]) -> list[tuple[str, T]]:
        """Every record of a folder with the stem of its file; what cannot be read goes to `problems`."""
        found = []
        try:
            paths = self._files(folder)
        except VigkitError as e:
            problems.append(left_out(e, book, file=folder))
            return []
        for path in paths:
            rel = f"{folder}/{path.name}"
            try:
                found.append((path.stem, self._read(noun, rel)))
            except VigkitError as e:
                cycle = path.stem if folder == "cycles" and records.is_id(path.stem) else None
                problems.append(left_out(e, book, cycle=cycle, file=rel))
        return found

    def _bytes(self, rel: str) -> bytes:
        path = self.folder / rel
        with on_disk(rel):
            if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - four for each of a thousand logs
                raise BadRecord(rel, "It is no file. Move it out of the casebook.")
            return files.patiently(path.read_bytes)

    def _read(self, noun: type[T], rel: str) -> T:
        data = self._bytes(rel)
        digest = self._seen[rel] = hashlib.sha256(data).hexdigest()
        known = self._nouns.get(rel)
        if known is None or known[0] != digest:  # nouns are frozen: the same bytes are the same noun
            try:
                known = self._nouns[rel] = (digest, _noun(noun, data, rel))
            except NewerFormat:
                raise
            except BadRecord as e:
                raise BrokenFile(rel, e) from e
        return cast(T, known[1])

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / LOCK)
        with on_disk(self.folder):
            try:
                try:
                    lock.acquire(timeout=min(HELD, WAIT))
                except Timeout:
                    self.held()
                    lock.acquire(timeout=max(WAIT - HELD, 0))
            except Timeout as e:
                raise Busy(files.shown(self.folder)) from e
        try:
            with on_disk(self.folder):
                self._sweep()
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Delete what a save that was broken off has left; whoever holds the lock is the only one saving."""
        for folder in (".", *_FOLDERS, "kept", "cache/*", "clips/*"):
            for part in self.folder.glob(f"{folder}/.*.part"):
                part.unlink(missing_ok=True)

    def _refuse(self, change: Change[Any]) -> None:
        """Refuse what may not be written while nothing on disk is touched yet."""
        self._refuse_newer(OWNER)
        for rel, noun in change.records:
            # what was read or written before has been looked at
            fresh = records.news(noun, self._nouns.get(rel, ("", None))[1])
            records.read(type(noun), records.plain(fresh), rel)
            if noun.format > FORMAT:
                raise NewerFormat(rel, noun.format, FORMAT)
            self._refuse_newer(rel)
            _refuse_same_but_for_capitals(self.folder / rel, rel)
        if change.film is not None:
            self._refuse_other_film(*change.film)

    def _refuse_other_film(self, source: Path, rel: str) -> None:
        target = self.folder / rel
        with on_disk(rel):
            if target.exists() and not filecmp.cmp(source, target, shallow=False):
                raise BadRecord(rel, "Another film lies there already. Choose another id.")

    def _bring(self, change: Change[Any]) -> None:
        if change.film is None:
            self._store_all(change.records)
            return
        source, rel = change.film
        self._refuse_other_film(source, rel)
        target = self.folder / rel
        ours = not target.exists()  # else put there by hand, or left by an adding that was broken off
        if ours:
            with on_disk(rel):
                files.copy(source, target, change.copied)
        try:
            self._store_all(change.records)
        except BaseException:  # no film without its record, Ctrl-C included
            if ours:
                target.unlink(missing_ok=True)
            raise

    def _store_all(self, changes: Sequence[tuple[str, Any]]) -> None:
        for rel, noun in changes:
            self._store(rel, noun)

    def _store(self, rel: str, noun: Any) -> None:
        """Compare with what was read, then replace; called with the lock held."""
        path = self.folder / rel
        for other in (OWNER, rel):
            self._refuse_newer(other)
        data = records.text_of(noun, self._texts.setdefault(rel, {})).encode()
        now = _hash(path)
        if now != self._seen.get(rel):
            kept = self._keep(rel, data)
            raise ChangedElsewhere(rel, kept)
        with on_disk(rel):
            files.make_folder(path.parent)
            files.write(path, data)
        digest = self._seen[rel] = hashlib.sha256(data).hexdigest()
        self._nouns[rel] = (digest, noun)

    def _refuse_newer(self, rel: str) -> None:
        if not self.folder.joinpath(rel).exists():
            return
        data = self._bytes(rel)
        known = self._nouns.get(rel)
        if known is not None and known[0] == hashlib.sha256(data).hexdigest():
            if known[1].format > FORMAT:
                raise NewerFormat(rel, known[1].format, FORMAT)
            return
        try:
            found = _format(records.parse(data, rel))
        except BadRecord:
            return  # what cannot be read cannot tell its format; the comparison of bytes guards it
        if found > FORMAT:
            raise NewerFormat(rel, found, FORMAT)

    def _keep(self, rel: str, data: bytes) -> str:
        stem = rel.removesuffix(".json").replace("/", "-")
        n = 1
        while (path := self.folder / "kept" / f"{stem}.{n}.json").exists():
            n += 1
        with on_disk("kept"):
            files.make_folder(path.parent)
            files.write(path, data)
        return f"kept/{path.name}"


def _page(path: Path, shipped: bytes) -> bytes | None:
    """What is to be written for a page; None where the one that is there stays."""
    page = json.loads(shipped)
    mine = {"page": hashlib.sha256(json.dumps(page).encode()).hexdigest(), "cells": _cells(page)}
    page["metadata"]["vigkit"] = mine
    data = (json.dumps(page, indent=1, ensure_ascii=False) + "\n").encode()
    try:
        there = path.read_bytes()
        now = json.loads(there)
        known = now["metadata"]["vigkit"]
        unchanged = known["cells"] == _cells(now) and known["page"] != mine["page"]
    except FileNotFoundError:
        return data
    except (ValueError, LookupError, TypeError):  # somebody's own, or broken off before a word was in it
        return None if there.strip() else data
    return data if unchanged else None


def _cells(page: Any) -> str:
    """A hash of the words and code of a page, whatever its outputs are."""
    words = [(cell["cell_type"], "".join(cell["source"])) for cell in page["cells"]]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def looks_like_one(folder: Path) -> bool:
    """Whether a folder holds a casebook.json."""
    try:
        return folder.joinpath(OWNER).is_file()
    except PermissionError:  # nobody may look into it: that is told when it is opened
        return True


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # ValueError: a name that no disk can hold
        return False


def _is_this(film: Film, path: Path) -> bool:
    """Whether these are the very bytes of a film."""
    try:
        state = path.stat()
        same = film.size in (None, state.st_size) and stat.S_ISREG(state.st_mode)
        return same and _sha256_of(path, state.st_size, state.st_mtime_ns) == film.sha256
    except (OSError, ValueError, VigkitError):
        return False


def _where_it_may_be(path: Path, size: int | None, book: Path) -> Iterator[Path]:
    """Files that may be a film that has moved, the likely ones first."""
    # the same stick under another letter or name
    for top in _disks():
        for n in range(1, len(path.parts)):
            if _is_there(candidate := top.joinpath(*path.parts[n:])) and candidate.suffix:
                yield candidate
    above = next((p for p in path.parents if p.is_dir()), None)
    roots = [
        above if above and len(above.parts) > 2 else None,
        book.resolve().parent,
        Path(files.home() or "."),
    ]
    for root in dict.fromkeys(filter(None, roots)):
        found = files.of_size(root, size, path.suffix)
        if size is None:
            found = [p for p in found if p.name == path.name]
        yield from sorted(found, key=lambda p: p.name != path.name)


def _disks() -> list[Path]:
    """Where this system puts sticks and drives."""
    if os.name == "nt":
        return [top for letter in "DEFGHIJKLMNOPQRSTUVWXYZC" if (top := Path(f"{letter}:/")).exists()]
    found = []
    for pattern in ("Volumes/*", "media/*/*", "run/media/*/*", "mnt/*"):
        with contextlib.suppress(OSError):
            found += sorted(Path("/").glob(pattern))
    return found


def _may_be_of(person: str, stem: str, people: set[str]) -> bool:
    """Whether a consent that cannot be read may be this person's; whose it is only its name can tell.

    >>> stems = ("C1", "C1conflict", "Copy of c1", "C12", "X9", "the copy")
    >>> [_may_be_of("C1", stem, {"C1", "C10"}) for stem in stems]
    [True, True, True, False, False, True]
    """
    if stem in people:
        return stem == person
    named = [
        each
        for each in people
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(each)}(?![0-9])", stem, re.IGNORECASE)
    ]
    return person in named if named else not records.is_id(stem)


def _named(
    read: list[tuple[str, T]], name: Callable[[T], str], folder: str, book: str, problems: list[LeftOut]
) -> Iterator[T]:
    """The records whose file is named as their id says; the others are copies that a sync client made."""
    stems = {stem for stem, _ in read}
    told: set[str] = set()
    for stem, record in read:
        if stem == name(record):
            yield record
            continue
        problem = SyncCopy(f"{folder}/{stem}.json", f"{name(record)}.json")
        cycle = name(record) if folder == "cycles" else None
        problems.append(left_out(problem, book, cycle=cycle))
        if name(record) in stems - told:
            told.add(name(record))
            other = SyncCopy(f"{folder}/{name(record)}.json", f"{stem}.json")
            problems.append(left_out(other, book))


def _with_people_of_copies(film: Film, read: list[tuple[str, Film]], problems: list[LeftOut]) -> Film:
    """Whoever stands in a copy that a sync client made is in the film too: all of them have to consent.

    Where such a copy cannot be read, nobody knows who is in the film, and nobody has agreed.
    """
    unread = [p.file or "" for p in problems if p.code != SyncCopy.code]
    if any(re.match(rf"films/{re.escape(film.id)}(?![A-Za-z0-9_-]*\.json$)", file) for file in unread):
        return replace(film, people=())
    people = (*film.people, *(code for _, copy in read if copy.id == film.id for code in copy.people))
    return replace(film, people=tuple(dict.fromkeys(people)))


def upgraded(
    record: dict[str, Any],
    where: str,
    steps: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = UPGRADES,
    to: int = FORMAT,
) -> dict[str, Any]:
    """The record in today's format, one step after the other."""
    while (found := _format(record)) < to:
        if found not in steps:
            raise BadRecord(where, f"There is no format {found}. This vigkit writes format {to}.", "format")
        record = steps[found](record)
    if found > to:
        raise NewerFormat(where, found, to)
    return record


def _format(record: dict[str, Any]) -> int:
    """The format a record says it has; today's where it says none, for whoever reads it to name the place."""
    found = record.get("format")
    if isinstance(found, bool) or not isinstance(found, int | float):
        return FORMAT
    return int(found) if found == int(found) else FORMAT


def _noun(noun: type[T], data: bytes, rel: str) -> T:
    record = records.parse(data, rel)
    newer = _format(record) > FORMAT
    try:
        return records.read(noun, record if newer else upgraded(record, rel), rel)
    except BadRecord as e:
        if newer:  # its shape may have changed: say that rather than what looks odd from here
            raise NewerFormat(rel, _format(record), FORMAT) from e
        raise


def left_out(
    error: VigkitError, book: str | None, *, cycle: str | None = None, file: str | None = None
) -> LeftOut:
    """An error as a line in a list of what is missing and why."""
    return LeftOut(
        casebook=book,
        cycle=cycle,
        code=error.code,
        who=error.who,
        sentence=error.sentence,
        file=file or error.where,
        told=error.told,
    )


def _stamp(film: Film, state: os.stat_result) -> str:
    return f"{state.st_size} {state.st_mtime_ns} {film.sha256}\n"


_hashes: dict[tuple[Path, int, int], str] = {}


def _sha256_of(path: Path, size: int, mtime_ns: int) -> str:
    """The sha256 of a film, counted once while its size and time stay the same."""
    key = (path.resolve(), size, mtime_ns)
    if key not in _hashes:
        with on_disk("films"):
            _hashes[key] = files.sha256(path)
    return _hashes[key]


def _hash(path: Path) -> str | None:
    with on_disk(path):
        try:
            return hashlib.sha256(files.patiently(path.read_bytes)).hexdigest()
        except FileNotFoundError:
            return None


def _refuse_same_but_for_capitals(path: Path, rel: str) -> None:
    """Windows and macOS take `S1.json` and `s1.json` for one file."""
    if path.parent.is_dir():
        for other in path.parent.iterdir():
            if other.name != path.name and other.name.casefold() == path.name.casefold():
                raise BadRecord(
                    rel, f"{other.stem} differs from it only in capitals. Choose another id.", "id"
                )
