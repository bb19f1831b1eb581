"""What a page is about: a casebook and one cycle of it. Every answer of a page goes over this desk."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vigkit import steps
from vigkit.casebook import Casebook, looks_like_one
from vigkit.cycle import Contents, Cycle
from vigkit.errors import FolderGone, NothingAsked, VigkitError
from vigkit.files import shown
from vigkit.steps import Answer

Record = Sequence[str]
Listener = Callable[[Record], None]


class Desk:
    """A casebook open at one cycle; its parts hear of each other's changes.

    Messages of a page come in on a thread of their own, so one answer is written after the other.
    """

    def __init__(self, book: Casebook, cycle: str, page: str) -> None:
        self._book, self.cycle, self.page = book, cycle, page
        self.lock = threading.RLock()
        self._listeners: dict[str, Listener] = {}
        self.read: dict[str, str] = {}  # the sha256 of each cycle that a supervisor has before them
        self._marked: set[str] = set()  # the films that are in the cycle because they were marked here

    @classmethod
    def open(cls, page: str, casebook: str | Path | None = None, cycle: str | None = None) -> Desk:
        """The desk for a page: by default the casebook around this folder, and its newest cycle."""
        book = Casebook(casebook if casebook is not None else _around())
        if cycle is not None:
            return cls(book, book.cycle(cycle).id, page)
        found = steps.newest(book)
        return cls(book, found.id if found else steps.next_cycle(book), page)

    @property
    def book(self) -> Casebook:
        """The casebook; FolderGone where its folder is not where it was."""
        if not looks_like_one(self._book.folder):
            raise FolderGone(shown(self._book.folder))
        return self._book

    @book.setter
    def book(self, book: Casebook) -> None:
        self._book = book

    def reason(self, error: VigkitError) -> VigkitError:
        """Why something failed: nothing is found any more where the casebook's folder has gone meanwhile."""
        with contextlib.suppress(OSError):  # the system does not let one look: the error says so itself
            if not looks_like_one(self._book.folder):
                return FolderGone(shown(self._book.folder))
        return error

    @property
    def key(self) -> str:
        """What a browser keeps words under until they are saved: never a folder."""
        return f"{self.book.owner.id}/{self.cycle}"

    @property
    def begun(self) -> bool:
        """Whether the cycle has its question."""
        return self.cycle in self.book.cycles

    def now(self) -> Cycle:
        """The cycle as it stands; NothingAsked where it has no question yet."""
        if not self.begun:
            raise NothingAsked()
        return self.book.cycle(self.cycle)

    def contents(self) -> Contents:
        """All that is in the casebook, as it stands."""
        return self.book.contents()

    def data(self, record: Record) -> dict[str, Any]:
        """A record as plain data."""
        return steps.read(self.book, record)

    def _read(self, record: Record) -> str | None:
        return self.read.get(record[1]) if record[0] == "note" else None

    def answer(self, record: Record, answers: Sequence[Answer], by: Listener | None = None) -> list[Any]:
        """Write answers, tell the other parts of the page, and return what is stored in their places."""
        with self.lock:
            begins = record[0] == "cycle" and record[1] not in self.book.cycles
            if begins and not any(each.path[0] == "question" for each in answers):
                raise NothingAsked()
            if record[0] == "cycle" and self.begun and all(each.path[0] == "moments" for each in answers):
                stored = steps.mark_moments(self.book, record[1], answers, self._marked)
                moments = {m.id: m for m in stored.moments}
                data: Mapping[str, Any] = {
                    "moments": [
                        steps.plain(moments[id])
                        for id in dict.fromkeys(each.path[1] for each in answers)
                        if id in moments
                    ]
                }
            else:
                data = steps.answer(self.book, record, answers, self._read(record))
            found = [steps.value_at(data, record[0], each.path) for each in answers]
            self._go_on(record, answers)
        self.tell(record, by)
        return found

    def _go_on(self, record: Record, answers: Sequence[Answer]) -> None:
        """Whoever answers again has come back: the start page need not lead there any more."""
        if record[0] != "cycle" or any(each.path == ("left_on",) for each in answers):
            return
        if left := self.book.cycle(record[1]).left_on:
            steps.answer(self.book, record, [Answer(path=("left_on",), value=None, known=(left,))])

    def listen(self, part: str, listener: Listener) -> None:
        """Tell this part of the page when another part has changed a record; started anew, the newest."""
        self._listeners[part] = listener

    def tell(self, record: Record, by: Listener | None = None) -> None:
        """Tell all parts of the page but the one that did it."""
        for listener in list(self._listeners.values()):
            if listener != by:
                listener(record)


def _around() -> Path:
    """The casebook in whose folder the notebook lies, else the demonstration."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if looks_like_one(folder):
            return folder
    from vigkit.demo.place import demonstration

    return demonstration()
