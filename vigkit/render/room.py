"""The folder of a pack while one is being made: who works in it, and what lies there beside the pages.

`.pack.lock` is held by a pack of everything as long as it works. Parts of a pack work at the same time: each
holds a lock of its own, and `.pack.lock` only for the moment in which it changes what the others see too.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vigkit import files
from vigkit.errors import BadUsage, Busy, FolderNotEmpty, MachineFailed, on_disk

if TYPE_CHECKING:
    from filelock import BaseFileLock

PACK, INDEX = "pack.json", "index.html"
MOST_PARTS = 64
WAIT = 60.0  # seconds a lock is waited for
_PAUSE = 0.1
_TRIES = 20
_LOCK = re.compile(r"\.pack(-[0-9]+-of-[0-9]+)\.lock")
_JOURNAL = re.compile(r"\.pack(-[0-9]+-of-[0-9]+)?\.part")
# What file managers leave in a folder that a person calls empty, and what a pack does.
_NOTHING = re.compile(
    r"\.DS_Store|Thumbs\.db|desktop\.ini|\.(pack\.json|index\.html)\.part"
    r"|\.pack(-[0-9]+-of-[0-9]+)?\.lock|\.work(-[0-9]+-of-[0-9]+)?\.part"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the shares into which the logs of a pack are split; 1 of 1 is all of them."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def mark(self) -> str:
        """What its own files have in their names."""
        return "" if self.of == 1 else f"-{self.number}-of-{self.of}"

    def has(self, casebook: str, cycle: str) -> bool:
        """Whether a log is in it: by the log's ids alone, so that every computer says the same.

        >>> [part for part in range(1, 5) if Part(part, 4).has("S1-book", "01-snack")]
        [3]
        """
        drawn = hashlib.sha256(f"{casebook}/{cycle}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % self.of == self.number - 1


WHOLE = Part()


def part(text: str) -> Part:
    """The part that somebody typed; BadUsage where it is none.

    >>> part("2/3")
    Part(number=2, of=3)
    """
    found = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})", text, re.ASCII)
    number, of = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= of <= MOST_PARTS:
        raise BadUsage(f"Write a part as 1/2 or 2/2, with {MOST_PARTS} parts at most.")
    return Part(number, of)


class Room:
    """OUT, for one pack or one part of it."""

    def __init__(self, out: Path, part: Part) -> None:
        self.out, self.part = out, part
        self.journal = out / f".pack{part.mark}.part"
        self.work = out / f".work{part.mark}.part"
        self._common = self._lock("")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else changes pages, pack.json or the index meanwhile."""
        with ExitStack() as held:
            self._take(held, self._common, WAIT)
            yield

    def take_common(self, held: ExitStack) -> None:
        """The common lock, where it is free now; Busy."""
        self._take(held, self._common, 0)

    def enter(self, held: ExitStack) -> None:
        """Wait until it is free, and take away what others have left who were broken off; Busy."""
        if self.part == WHOLE:
            self._take_whole(held)
        else:
            self._take(held, self._lock(self.part.mark), WAIT)
        with self.alone():
            refuse_other_things(self.out)
            for mark in ("", self.part.mark, *self._idle()):
                shutil.rmtree(self.out / f".work{mark}.part", ignore_errors=True)

    def _take_whole(self, held: ExitStack) -> None:
        """The common lock, once no part is at work: one that is may need it to come to its end."""
        until = time.monotonic() + WAIT
        while True:
            with ExitStack() as found:
                self._take(found, self._common, max(until - time.monotonic(), 0))
                if all(self._taken(found, mark) for mark in self._marks()):
                    held.push(found.pop_all())
                    return
            if time.monotonic() >= until:
                raise Busy(files.shown(self.out))
            time.sleep(_PAUSE)

    def _idle(self) -> Iterator[str]:
        """The other parts that nobody works on now."""
        for mark in self._marks():
            with ExitStack() as found:
                if mark != self.part.mark and self._taken(found, mark):
                    yield mark

    def _marks(self) -> list[str]:
        with on_disk(files.shown(self.out)):
            return [found[1] for each in self.out.iterdir() if (found := _LOCK.fullmatch(each.name))]

    def _taken(self, held: ExitStack, mark: str) -> bool:
        try:
            self._take(held, self._lock(mark), 0)
        except Busy:
            return False
        return True

    def _take(self, held: ExitStack, lock: BaseFileLock, seconds: float) -> None:
        from filelock import Timeout

        with on_disk(files.shown(self.out)):
            try:
                lock.acquire(timeout=seconds)
            except Timeout as e:
                raise Busy(files.shown(self.out)) from e
        held.callback(lock.release)

    def _lock(self, mark: str) -> BaseFileLock:
        from filelock import FileLock

        return FileLock(self.out / f".pack{mark}.lock")


@contextmanager
def entered(out: Path, part: Part) -> Iterator[Room]:
    """The folder, for this pack or this part alone; FolderNotEmpty where it holds other things."""
    new = not out.exists()
    room = Room(out, part)
    try:
        with ExitStack() as held:
            _come_in(room, held)
            try:
                yield room
            finally:
                shutil.rmtree(room.work, ignore_errors=True)
                if new and os.name != "nt":  # while nobody else can come in
                    _as_if_never_asked(room)
    finally:
        if new:
            _as_if_never_asked(room)


def _come_in(room: Room, held: ExitStack) -> None:
    """Enter; another pack that was refused may take the folder away with it while one waits."""
    for left in reversed(range(_TRIES)):
        with on_disk(files.shown(room.out)):
            room.out.mkdir(parents=True, exist_ok=True)
        try:
            room.enter(held)
        except MachineFailed:
            if room.out.exists() or not left:
                raise
        else:
            if room.out.exists():
                return
        held.close()


def _as_if_never_asked(room: Room) -> None:
    """Take away a new folder in which there is nothing but our own locks."""
    with suppress(OSError, Busy), ExitStack() as held:
        if {each.name for each in room.out.iterdir()} <= {".pack.lock", f".pack{room.part.mark}.lock"}:
            if os.name != "nt":
                room.take_common(held)
            shutil.rmtree(room.out)


def refuse_other_things(out: Path) -> None:
    """FolderNotEmpty where OUT is no folder, or holds something and no pack."""
    with on_disk(files.shown(out)):
        if out.is_symlink() and not out.exists():
            raise FolderNotEmpty(files.shown(out))
        if any(each.is_file() for each in out.parents):
            raise BadUsage("What -o names lies in a file, not in a folder. Choose another folder after -o.")
        names = {each.name for each in out.iterdir()} if out.is_dir() else set()
        ours = any(name == PACK or _JOURNAL.fullmatch(name) for name in names)
        other = any(not _NOTHING.fullmatch(name) for name in names) and not ours
    if other or (out.exists() and not out.is_dir()):
        raise FolderNotEmpty(files.shown(out))


def journals(out: Path) -> list[Path]:
    """The journals that lie in OUT: of a pack, and of each part."""
    with on_disk(files.shown(out)):
        names = [each.name for each in out.iterdir()] if out.is_dir() else []
    return [out / name for name in sorted(names) if _JOURNAL.fullmatch(name)]
