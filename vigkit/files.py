"""Writing so that what was there is whole until what is new is safe; and how a folder is called."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Progress = Callable[[float], None]  # is told which share is done
PIECE = 1 << 22  # bytes read at a time
MOST_NAMES = 20_000  # looked at in one search
REMEMBERED = 5.0  # seconds for which a folder that was looked through is remembered


def patiently(act: Callable[[], T]) -> T:
    """Windows: a virus scanner or a sync client may hold a file a moment."""
    for pause in (0.05, 0.1, 0.2, 0.4):
        try:
            return act()
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(pause)
    return act()


def write(path: Path, data: bytes, part: Path | None = None) -> None:
    """Write beside, fsync, move into place, fsync the folder."""
    _replace(path, lambda beside: beside.write_bytes(data), part)


def fill(path: Path, make: Callable[[Path], object]) -> None:
    """Have a large file made beside, fsync, move into place, fsync the folder."""
    _replace(path, make, None)


def copy(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Copy a file in, by way of a part file."""
    make_folder(target.parent)
    _replace(target, lambda beside: _copy_bytes(source, beside, progress))


def sha256(path: Path, progress: Progress | None = None) -> str:
    """The sha256 of a file's bytes."""
    found = hashlib.sha256()
    for piece in _pieces(path, progress):
        found.update(piece)
    return found.hexdigest()


def of_size(folder: Path, size: int | None, suffix: str, depth: int = 4) -> list[Path]:
    """The files with this size and ending in a folder and those below it; a folder is looked through once."""
    known = _sizes(folder, suffix.lower(), depth, int(time.monotonic() / REMEMBERED))
    return [path for path, found in known if size is None or found == size]


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each safe from a power cut."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def shown(folder: Path) -> str:
    """The name under which a folder is shown: its own, never those above it."""
    whole = resolved(folder)
    return "~" if str(whole) == home() else folder.name or whole.name or "here"


def home() -> str:
    """The person's home folder, which holds their name; nothing where the system knows none."""
    try:
        return str(Path.home())
    except RuntimeError:
        return ""


def resolved(folder: Path) -> Path:
    """The folder itself, by whatever way one came; a name that no folder can have stays as it is."""
    try:
        return folder.resolve()
    except (OSError, ValueError):
        return folder


def _pieces(path: Path, progress: Progress | None) -> Iterator[bytes]:
    with path.open("rb") as file:
        whole = max(os.fstat(file.fileno()).st_size, 1)
        done = 0
        while piece := file.read(PIECE):
            yield piece
            done += len(piece)
            if progress is not None:
                progress(min(done / whole, 1.0))


def _copy_bytes(source: Path, target: Path, progress: Progress | None) -> None:
    if progress is None:
        shutil.copyfile(source, target)
        return
    with target.open("wb") as file:
        for piece in _pieces(source, progress):
            file.write(piece)


@lru_cache(maxsize=16)
def _sizes(folder: Path, suffix: str, depth: int, _now: int) -> tuple[tuple[Path, int], ...]:
    """Files with this ending and their sizes, nearest first; what may not be opened is passed by."""
    found: list[tuple[Path, int]] = []
    level, names = [folder], 0
    for _ in range(depth):
        below: list[Path] = []
        for each in level:
            try:
                entries = sorted(os.scandir(each), key=lambda e: e.name)
            except OSError:
                continue
            names += len(entries)
            if names > MOST_NAMES:
                return tuple(found)
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        below.append(Path(entry.path))
                    elif entry.name.lower().endswith(suffix) and entry.is_file(follow_symlinks=False):
                        found.append((Path(entry.path), entry.stat().st_size))
        level = below
    return tuple(found)


def _replace(path: Path, fill: Callable[[Path], object], part: Path | None = None) -> None:
    beside = part or path.with_name(f".{path.name[:40]}.{os.getpid()}.part")
    try:
        fill(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        patiently(lambda: beside.replace(path))
    except BaseException:  # Ctrl-C too leaves no half file
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle for this
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as e:  # some network drives and sticks cannot do this for a folder
        if e.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
    finally:
        os.close(handle)
