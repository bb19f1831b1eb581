"""Writing so that what was there is whole until what is new is safe; and how a folder is called."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


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


def copy(source: Path, target: Path) -> None:
    """Copy a file in, by way of a part file."""
    make_folder(target.parent)
    _replace(target, lambda beside: shutil.copyfile(source, beside))


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
