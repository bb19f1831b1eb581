"""Many bundles to one folder of pages with its manifest and index; what has not changed is not made again.

OUT holds pack.json (which pages are ours), index.html and a folder for each casebook. While a pack is being
made, `.pack.part` names each page before it is written: what is broken off still knows its pages. Several
computers may each make a part of the logs: whoever writes pack.json and the index takes in what others have.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import vigkit
from vigkit import files, records
from vigkit.cycle import FORMAT, Bundle, LeftOut, Owner, Still
from vigkit.errors import (
    BadRecord,
    DiskFull,
    FolderNotEmpty,
    MachineFailed,
    NewerFormat,
    SyncCopy,
    TemplateFailed,
    TookTooLong,
    TooMuchMemory,
    VigkitError,
    WorkerDied,
    on_disk,
)
from vigkit.records import Extra, Id
from vigkit.render import index, workers
from vigkit.render.room import INDEX, PACK, WHOLE, Part, Room, entered, journals, refuse_other_things
from vigkit.render.template import Template, quick_imports, vouch
from vigkit.render.workers import undisturbed

# A log to be made, why there is none, or somebody who may have none yet.
Job = Bundle | LeftOut | Owner
# Gives the page of each task, or why there is none; the number is the seconds for one log.
Crew = Callable[[Sequence[workers.Task], float], Generator[tuple[workers.Task, str | workers.Reason]]]
# What comes up while a log is made: only the part that makes it can say that it is over.
_IN_MAKING = {TemplateFailed.code, TookTooLong.code, TooMuchMemory.code, WorkerDied.code}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a pack has come; `total` is None while the casebooks are still being read.

    `left` are the logs still to be made, until then the cycles still to be `looked` at; `seconds` how long
    that takes if it goes on as it has.
    """

    looked: int
    done: int
    total: int | None
    left: int
    seconds: float | None
    kept: int
    failed: int
    now: str


class Watched:
    """Jobs, and a hash of all that they show and leave out once they have gone by."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs, self._digest = jobs, hashlib.sha256()

    def __iter__(self) -> Iterator[Job]:
        for each in self.jobs:
            told = _shown(records.plain(each)) if isinstance(each, Bundle) else repr(each)
            self._digest.update(told.encode())
            yield each

    @property
    def sha256(self) -> str:
        """The hash."""
        return self._digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What a pack has come to."""

    rendered: int
    kept: int
    removed: int
    index: Path
    left_out: tuple[LeftOut, ...]
    for_others: int = 0  # logs that another part has still to make


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of ours: a row of pack.json. `sha256` is absent while it is only about to be written.

    Without a cycle it is the page of the person over time. `shown` is what it shows, whatever it looks like.
    """

    casebook: Id
    cycle: Id | None = None
    key: str
    shown: str | None = None
    sha256: str | None = None
    extra: Extra = ()

    @property
    def file(self) -> str:
        """Where it lies: made from the ids, so that no pack.json can lead out of OUT."""
        return f"{self.casebook}/{f'{self.cycle}.html' if self.cycle else index.OVER_TIME}"


def pack(
    jobs: Iterable[Job],
    out: Path,
    *,
    template: Template,
    purpose: str,
    day: str,
    workers: int | None = None,
    timeout: float = 120.0,
    part: Part = WHOLE,
    cluster: str | None = None,
    expected: int = 0,
    report: Callable[[Progress], None] | None = None,
) -> Packed:
    """Make the pages that may be shown, take away those that may not any more, and write the index last."""
    refuse_other_things(out)
    _rows_before(out)
    quick_imports()
    vouch(template)
    with _crew(template, workers, cluster) as crew:
        given = iter(jobs)
        first = list(islice(given, 1))  # what refuses at once does so before there is a folder
        with entered(out, part) as room:
            made = _Pack(room, purpose, day, template, expected, report or (lambda _: None))
            made.plan(chain(first, given))
            made.clear()
            try:
                made.render(crew, timeout)
            except (KeyboardInterrupt, MachineFailed):
                # no space for these either: the first reason is the one to tell
                with suppress(MachineFailed), undisturbed():
                    made.write()  # the journal stays: it knows what the next pack has to look after
                raise
            with undisturbed():  # either of all that is done, or not at all
                made.write()
                made.finish()
    return Packed(
        rendered=made.rendered,
        kept=made.kept,
        removed=made.removed,
        index=out / INDEX,
        left_out=tuple(made.told),
        for_others=made.for_others,
    )


@contextmanager
def _crew(template: Template, count: int | None, cluster: str | None) -> Iterator[Crew]:
    """Those who make the logs: processes of this computer, or a cluster that is there."""
    if cluster is None:
        yield partial(workers.rendered, template, count or min(2, os.cpu_count() or 1))
        return
    from vigkit.render import cluster as clusters

    with clusters.joined(cluster, template) as crew:
        yield crew


class _Pack:
    """A pack in the making: `pages` are those that stand in OUT and may be shown, whoever has made them."""

    def __init__(
        self,
        room: Room,
        purpose: str,
        day: str,
        template: Template,
        expected: int,
        report: Callable[[Progress], None],
    ) -> None:
        self.room, self.out, self.part = room, room.out, room.part
        self.purpose, self.day, self.template, self.report = purpose, day, template, report
        self.before = _before(self.out)
        self._ours = {file.casefold() for file in self.before}
        self.owners: list[Owner] = []
        self.logs: dict[str, Bundle] = {}
        self.pages: dict[str, Page] = {}
        self.people = {file: page for file, page in self.before.items() if page.cycle is None}
        self.stale: dict[str, Page] = {}
        self.left_out: list[LeftOut] = []
        self.told: list[LeftOut] = []  # with what other parts have left out
        self.rendered = self.kept = self.removed = 0
        self.full: DiskFull | None = None
        self.total: int | None = None
        self._looked, self._left, self._began = 0, expected, time.monotonic()
        self._wanted: dict[str, Page] = {}
        self._pictures: dict[str, list[tuple[tuple[int, str], str, Still]]] = {}
        self._taken: set[str] = set()
        self._names: dict[str, str] = {}
        self._doubled: set[str] = set()

    def plan(self, jobs: Iterable[Job]) -> None:
        """Find out what is to be made, and keep its bundle on disk rather than in memory."""
        style = self.template.key
        for bundle in jobs:
            if isinstance(bundle, LeftOut):
                self.left_out.append(bundle)
                self._look(bundle.casebook or "", bundle.cycle)
                continue
            if isinstance(bundle, Owner):
                self.owners.append(bundle)
                continue
            if (clash := self._clash(bundle)) is not None:
                self.left_out += [clash] if clash not in self.left_out else []
                continue
            page = f"{bundle.casebook}/{bundle.cycle.id}.html"
            if self._strange(page):
                self.left_out.append(_left_out(bundle.casebook, bundle.cycle.id, FolderNotEmpty(page)))
                continue
            self._plan(bundle, style)
            self._look(_name(bundle), bundle.cycle.id)
        for book in dict.fromkeys(page.casebook for page in self._wanted.values()):
            over_time = f"{book}/{index.OVER_TIME}"
            if self._strange(over_time):
                self.left_out.append(_left_out(book, None, FolderNotEmpty(over_time)))
        self.total = sum(map(self._mine, self._wanted.values()))

    def _plan(self, bundle: Bundle, style: str) -> None:
        data = records.plain(bundle)
        shown = _shown(data)
        key = hashlib.sha256("\n".join((vigkit.__version__, style, shown)).encode()).hexdigest()
        page = Page(casebook=bundle.casebook, cycle=bundle.cycle.id, key=key, shown=shown)
        self._wanted[page.file] = page
        # pictures of a thousand logs need not stay in memory: the first and the last of each person do
        if (still := index.picture(bundle)) is not None:
            seen = [*self._pictures.get(bundle.casebook, ()), (bundle.cycle.place, page.file, still)]
            seen.sort(key=lambda each: each[:2])
            self._pictures[bundle.casebook] = [seen[0], *seen[1:][-1:]]
        self.logs[page.file] = replace(bundle, stills=())
        old = self.before.get(page.file)
        if not self._mine(page):
            if old is not None and self._may_stay(old):
                self.pages[page.file] = old
            return
        if old is not None and _stands(self.out, old):
            if old.key == key:
                self.pages[page.file] = old
                self.kept += 1
                return
            if old.shown == shown:  # it looks otherwise now, and shows nothing else
                self.pages[page.file] = old
        file = self._bundle_file(len(self.stale))
        try:
            with on_disk(files.shown(self.out)):
                file.parent.mkdir(parents=True)
                file.write_text(records.text(data), "utf-8", newline="\n")
        except DiskFull as e:
            self.full = self.full or e
            shutil.rmtree(file.parent, ignore_errors=True)
            self._leave_out(page, workers.reason(e))
            return
        self.stale[page.file] = page

    def _clash(self, bundle: Bundle) -> LeftOut | None:
        """Why a log finds its place taken; on Windows and macOS S1-a and s1-A are one name."""
        book, cycle = bundle.casebook, bundle.cycle.id
        if self._names.setdefault(book.casefold(), book) != book:
            return _taken(
                book, None, f"Another casebook in this pack has the id {self._names[book.casefold()]}"
            )
        place = f"{book}/{cycle}".casefold()
        if book in self._doubled or f"{book}/{cycle}.html" in self.logs:
            self._doubled.add(book)
            return _taken(book, None, f"Another casebook in this pack has the id {book} too")
        if self._names.setdefault(place, cycle) != cycle:
            return _taken(book, cycle, f"Another cycle of this casebook has the id {self._names[place]}")
        return None

    def _strange(self, file: str) -> bool:
        """Whether something that is not ours lies in a page's place."""
        path = self.out / file
        if not _inside(self.out, path) or (path.is_dir() and not path.is_symlink()):
            return True
        if path.exists() and file.casefold() not in self._ours:
            # another part may have come since
            self._ours |= {known.casefold() for known in _before(self.out)}
        return path.exists() and file.casefold() not in self._ours

    def _mine(self, page: Page) -> bool:
        return page.cycle is not None and self.part.has(page.casebook, page.cycle)

    def _may_stay(self, page: Page) -> bool:
        """Whether a page of another part stands and tells what may be shown, whichever vigkit has made it."""
        wanted = self._wanted.get(page.file)
        same = wanted is not None and (page.key == wanted.key or page.shown == wanted.shown)
        return same and _stands(self.out, page)

    def clear(self) -> None:
        """Take away what may not be shown any more, before anything else is done."""
        with self.room.alone():
            self._clear()

    def _clear(self) -> None:
        found = self.before if self.part == WHOLE else _before(self.out)
        # what an old page shows may be no longer for these eyes: another purpose, a moment taken back
        old = [page for file, page in found.items() if file in self.stale and file not in self.pages]
        gone = self._gone(found)
        self._note(*self.stale.values())
        self._sweep()
        self._take_away(gone, old)
        if self.removed or self._taken:
            with on_disk(INDEX):  # its words are theirs too
                self.out.joinpath(INDEX).unlink(missing_ok=True)
            self.write()

    def _gone(self, found: dict[str, Page]) -> list[Page]:
        """The logs of these that may not be shown any more."""
        may = {*self.pages, *self.stale}
        logs = [page for page in found.values() if page.cycle]
        return [p for p in logs if not (p.file in may if self._mine(p) else self._may_stay(p))]

    def _take_away(self, gone: Sequence[Page], old: Sequence[Page] = ()) -> None:
        changed = {page.casebook for page in (*gone, *old)}
        for page in [page for page in self.people.values() if page.casebook in changed]:
            self._forget(page)
        self._taken |= {page.file for page in old if self._remove(page)}
        for page in gone:
            self.removed += self._remove(page)

    def render(self, crew: Crew, timeout: float) -> None:
        """Make every page that is missing or has changed; the changed ones first."""
        self._left, self._began = len(self.stale), time.monotonic()
        order = sorted(enumerate(self.stale), key=lambda each: each[1] not in self.before)
        tasks = [workers.Task(name=file, bundle=self._bundle_file(n)) for n, file in order]
        self._tell("")
        with closing(crew(tasks, timeout)) as outcomes:
            for task, outcome in outcomes:
                with self.room.alone():
                    self._done(self.stale[task.name], outcome)
                shutil.rmtree(task.bundle.parent, ignore_errors=True)
                self._left -= 1
                self._tell(_name(self.logs[task.name]))

        if self.full is not None:  # the others have their pages, and the index tells of this
            raise self.full

    def _done(self, page: Page, outcome: str | workers.Reason) -> None:
        if isinstance(outcome, str):
            try:
                self._place(page, outcome)
                return
            except DiskFull as e:  # one that is smaller may still have room
                self.full = self.full or e
                outcome = workers.reason(e)
        self._leave_out(page, outcome)

    def finish(self) -> None:
        """Nothing is half done any more: the journal can go, and those of all parts with all of the logs."""
        for journal in journals(self.out) if self.part == WHOLE else [self.room.journal]:
            with on_disk(journal):
                journal.unlink(missing_ok=True)

    def write(self) -> None:
        """Write pack.json, and the index last, for what stands."""
        with self.room.alone():
            theirs = [] if self.part == WHOLE else self._take_in()
            self.told = sorted([*self.left_out, *theirs], key=_order)
            self._write()

    def _take_in(self) -> list[LeftOut]:
        """Take in what other parts have made, take away what may not be shown, give what they left out."""
        found = _before(self.out)
        self.people = {file: page for file, page in found.items() if page.cycle is None}
        gone = self._gone(found)
        self._take_away(gone)
        theirs = {file: page for file, page in found.items() if page.cycle and not self._mine(page)}
        self.pages = {file: page for file, page in self.pages.items() if self._mine(page)}
        for page in gone:
            theirs.pop(page.file, None)
        self.pages |= theirs
        return [each for each in _left_out_before(self.out) if self._still_theirs(each)]

    def _still_theirs(self, each: LeftOut) -> bool:
        page = self._wanted.get(f"{each.casebook}/{each.cycle}.html")
        if page is None or self._mine(page):
            return False
        made = self.pages.get(page.file)
        return made is None or made.key != page.key  # a page of before may stand beside its reason

    @property
    def for_others(self) -> int:
        """How many logs other parts have neither made nor left out yet."""
        settled = {(each.casebook, each.cycle) for each in self.told}
        left = [
            page for file, page in self._wanted.items() if file not in self.pages and not self._mine(page)
        ]
        return sum((page.casebook, page.cycle) not in settled for page in left)

    def _write(self) -> None:
        pages = sorted(self.pages.values(), key=lambda page: (page.casebook, page.cycle))
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "purpose": self.purpose,
            "day": self.day,
            "logs": [_row(page) for page in pages],
            "left_out": [reason_row(each) for each in self.told],
        }
        logs = {page.file: self.logs[page.file] for page in pages}
        people = self._write_people(logs)
        manifest["people"] = [_row(page) for page in people]
        text = index.page(
            logs,
            self.told,
            self.purpose,
            self.day,
            owners=self.owners,
            pages=[page.file for page in people],
        ).encode()
        manifest["index"] = hashlib.sha256(text).hexdigest()
        _replace(self.out / PACK, records.text(manifest).encode())
        _replace(self.out / INDEX, text)

    def _write_people(self, logs: dict[str, Bundle]) -> list[Page]:
        """Write a page for each person over time, where what it tells has changed."""
        books: dict[str, dict[str, Bundle]] = {}
        for file, bundle in logs.items():
            books.setdefault(bundle.casebook, {})[file] = bundle
        for page in [page for page in self.people.values() if page.casebook not in books]:
            self._forget(page)
        for book, own in books.items():
            self._write_person(book, own)
        return sorted(self.people.values(), key=lambda page: page.casebook)

    def _write_person(self, book: str, own: dict[str, Bundle]) -> None:
        missing = [each for each in self.told if each.casebook == book]
        told = [index.key(), [self.pages[file].key for file in own], [reason_row(each) for each in missing]]
        page = Page(casebook=book, key=hashlib.sha256(json.dumps(told).encode()).hexdigest())
        old, path = self.people.get(page.file), self.out / page.file
        if old is not None and old.key == page.key and _stands(self.out, old):
            return
        if self._strange(page.file):  # theirs stays, and it is told
            return
        stills = {file: still for _, file, still in self._pictures.get(book, ()) if file in own}
        data = index.person_page(own, stills, missing).encode()
        self.people[page.file] = replace(page, sha256=hashlib.sha256(data).hexdigest())
        self._note(self.people[page.file])
        _replace(path, data)

    def _forget(self, page: Page) -> None:
        self._remove(page)
        del self.people[page.file]

    def _place(self, page: Page, text: str) -> None:
        data = text.encode()
        path = self.out / page.file
        with on_disk(path):
            path.parent.mkdir(exist_ok=True)
        finished = replace(page, sha256=hashlib.sha256(data).hexdigest())
        self._note(finished)  # first: after a kill, a page that stands is known as finished
        _replace(path, data)
        self.pages[page.file] = finished
        self.rendered += 1

    def _leave_out(self, page: Page, reason: workers.Reason) -> None:
        if page.file in self.pages:  # only the template has failed: what may be shown stands as it was made
            self.kept += 1
        self.removed += page.file in self._taken
        self.left_out.append(_left_out(page.casebook, page.cycle, reason))

    def _remove(self, page: Page) -> bool:
        path = self.out / page.file
        if not _inside(self.out, path) or not path.is_file():
            return False
        with on_disk(path):
            files.patiently(path.unlink)
        with suppress(OSError):  # a folder that still holds something stays
            path.parent.rmdir()
        return True

    def _note(self, *pages: Page) -> None:
        """Write into the journal, safe from a power cut, what is about to be in OUT or is in it now."""
        if not pages:
            return
        with on_disk(self.room.journal), self.room.journal.open("ab") as journal:
            journal.write(b"".join(json.dumps(_row(page)).encode() + b"\n" for page in pages))
            journal.flush()
            os.fsync(journal.fileno())

    def _sweep(self) -> None:
        """Delete what a pack that was broken off has left half written."""
        paths = [self.out / page.file for page in self.before.values()]
        for path in (self.out / PACK, self.out / INDEX, *(path for path in paths if _inside(self.out, path))):
            with on_disk(path), suppress(FileNotFoundError):
                _part(path).unlink()

    def _bundle_file(self, number: int) -> Path:
        return (self.room.work / f"{number}" / "bundle.json").absolute()

    def _look(self, name: str, cycle: str | None) -> None:
        if cycle is not None and self._left:
            self._looked += 1
            self._left -= 1
        self._tell(name)

    def _tell(self, now: str) -> None:
        done, failed = self.kept + self.rendered, len(self.left_out)
        past = self._looked if self.total is None else len(self.stale) - self._left
        took = time.monotonic() - self._began
        seconds = took / past * self._left if past and self._left else None
        self.report(
            Progress(
                looked=self._looked,
                done=done,
                total=self.total,
                left=self._left,
                seconds=seconds,
                kept=self.kept,
                failed=failed,
                now=now,
            )
        )


def _before(out: Path) -> dict[str, Page]:
    """The pages that earlier packs have written here, by file; those of packs that were broken off too."""
    rows = _rows_before(out)
    for journal in journals(out):
        with on_disk(journal), suppress(FileNotFoundError):
            for line in journal.read_bytes().splitlines():
                with suppress(BadRecord):  # the last line may be half
                    rows.append(records.parse(line, journal.name))
    found: dict[str, dict[str | None, Page]] = {}
    for row in rows:
        with suppress(BadRecord):  # a row that we would not write names nothing of ours
            page = records.read(Page, row, PACK)
            if row.get("file") == page.file:
                found.setdefault(page.file, {})[page.sha256] = page
    return {file: _that_stands(out, list(known.values())) for file, known in found.items()}


def _rows_before(out: Path) -> list[Any]:
    """The rows of the last pack.json; NewerFormat, BadRecord where it is none of ours."""
    with on_disk(PACK), suppress(FileNotFoundError):
        return _manifest(out.joinpath(PACK).read_bytes())
    return []


def _that_stands(out: Path, known: list[Page]) -> Page:
    """What was written last of one page; where several parts have written it, the one that is there."""
    written = [page for page in known if page.sha256]
    if len(written) > 1:
        written = [page for page in written if _stands(out, page)] or written
    return [*known, *written][-1]


def pages(folder: Path) -> list[tuple[Page, str]]:
    """The logs of a pack, those that are on disk as they were packed: what each is, and its page."""
    found = [page for page in pages_of(folder) if page.cycle]
    return [(page, folder.joinpath(page.file).read_text("utf-8")) for page in found]


def pages_of(folder: Path) -> list[Page]:
    """The pages of a pack that are on disk as they were packed: logs, and people over time."""
    return [page for page in _before(folder).values() if _stands(folder, page)]


def _manifest(data: bytes) -> list[Any]:
    try:
        manifest = records.parse(data, PACK)
        found, rows = manifest.get("format"), manifest.get("logs")
    except BadRecord:
        found = rows = None
    if isinstance(found, int) and found > FORMAT:
        raise NewerFormat(PACK, found, FORMAT)
    if not isinstance(found, int) or not isinstance(rows, list):
        raise BadRecord(
            PACK, "It cannot be read, so everything beside it stays as it is. Choose a new folder."
        )
    people = manifest.get("people")
    return [row for row in [*rows, *(people if isinstance(people, list) else ())] if isinstance(row, dict)]


def _stands(out: Path, page: Page) -> bool:
    """Whether a page is on disk as it was written."""
    path = out / page.file
    if page.sha256 is None or not _inside(out, path) or path.is_symlink():
        return False
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == page.sha256
    except OSError:
        return False  # it is made again


def _inside(out: Path, path: Path) -> bool:
    """Whether a page's folder is a real one in OUT, and no link to somewhere else."""
    try:
        found = path.parent.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    # Windows: a junction is a folder that lies elsewhere
    elsewhere = getattr(found, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_REPARSE_POINT
    return stat.S_ISDIR(found.st_mode) and not elsewhere


def _shown(bundle: dict[str, Any]) -> str:
    """Changes whenever something that may be shown does."""
    # A thousand unchanged logs wait for this: json takes its time over pictures, and is slow with indents.
    jpegs = [hashlib.sha256(still["jpeg"].encode()).hexdigest() for still in bundle.get("stills", ())]
    stills = [still | {"jpeg": jpeg} for still, jpeg in zip(bundle.get("stills", ()), jpegs, strict=True)]
    text = json.dumps(bundle | {"stills": stills}, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _row(page: Page) -> dict[str, Any]:
    row = {
        "casebook": page.casebook,
        "cycle": page.cycle,
        "file": page.file,
        "sha256": page.sha256,
        "key": page.key,
        "shown": page.shown,
    }
    return {name: value for name, value in row.items() if value is not None}


def reason_row(each: LeftOut) -> dict[str, Any]:
    """A line of what is left out, as pack.json has it."""
    return {
        "casebook": each.casebook,
        "cycle": each.cycle,
        "code": each.code,
        "who": list(each.who),
        "sentence": each.sentence,
    }


def _order(each: LeftOut) -> tuple[str, str, str, str]:
    return (each.casebook or "", each.cycle or "", each.code, each.sentence)


def _left_out_before(out: Path) -> list[LeftOut]:
    """What the last pack.json has left out because of what came up while it was made."""
    found = []
    with on_disk(PACK), suppress(FileNotFoundError, BadRecord):
        rows = records.parse(out.joinpath(PACK).read_bytes(), PACK).get("left_out")
        for row in rows if isinstance(rows, list) else ():
            with suppress(BadRecord):
                found.append(records.read(LeftOut, row, PACK))
    return [each for each in found if each.code in _IN_MAKING]


def _left_out(book: str, cycle: str | None, why: VigkitError | workers.Reason) -> LeftOut:
    return LeftOut(casebook=book, cycle=cycle, code=why.code, sentence=why.sentence)


def _taken(book: str, cycle: str | None, why: str) -> LeftOut:
    sentence = f"{why}. Look at both, and pack the one that you mean."
    return LeftOut(casebook=book, cycle=cycle, code=SyncCopy.code, sentence=sentence)


def _name(bundle: Bundle) -> str:
    return f"{bundle.owner} {bundle.cycle.id}"


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _replace(path: Path, data: bytes) -> None:
    """Write beside, fsync, move into place; the same bytes stay untouched."""
    with on_disk(path):
        with suppress(FileNotFoundError):
            if not path.is_symlink() and path.read_bytes() == data:
                return
        files.write(path, data, _part(path))
