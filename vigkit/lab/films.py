"""Handles: how a page names a film to the server, without a folder in any address.

The server keeps a private folder, whose name its kernels inherit. A kernel that opens a casebook puts a file
there: its random name is the handle, its text the casebook's folder. Kernel and server have no other contact.
"""

from __future__ import annotations

import atexit
import os
import re
import secrets
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from vigkit.casebook import Casebook
from vigkit.errors import BadUsage
from vigkit.files import resolved

PLACE = "VIGKIT_FILMS"  # the folder of handles, as kernels find it in their environment
HANDLE = "[0-9a-f]{32}"
_offered: dict[tuple[str, str], str] = {}


def make_place() -> None:
    """In the server: a folder for handles that only this person may read, gone when the server ends."""
    place = tempfile.mkdtemp(prefix="vigkit-films-")
    os.environ[PLACE] = place
    atexit.register(shutil.rmtree, place, ignore_errors=True)


def offer(book: Casebook) -> str | None:
    """In a kernel: the handle of a casebook, or None where no server of ours has started this kernel."""
    place, folder = os.environ.get(PLACE), str(resolved(book.folder))
    if not place:
        return None
    if (place, folder) not in _offered:
        handle = secrets.token_hex(16)
        try:
            Path(place, handle).write_bytes(os.fsencode(folder))
        except OSError:  # the server has gone, or is on another machine
            return None
        _offered[place, folder] = handle
    return _offered[place, folder]


@lru_cache(maxsize=64)
def opened(handle: str) -> Casebook:
    """In the server: the casebook of a handle."""
    place = os.environ.get(PLACE)
    try:
        if place and re.fullmatch(HANDLE, handle):
            return Casebook(Path(os.fsdecode(Path(place, handle).read_bytes())))
    except FileNotFoundError:
        pass
    raise BadUsage("This page is not known here any more. Start the page again.")
