"""Where the demonstration lies: beside a checkout, or drawn once for this version and this person."""

from __future__ import annotations

import getpass
import os
import shutil
import stat
import tempfile
from pathlib import Path

from vigkit import __version__, content
from vigkit.casebook import looks_like_one
from vigkit.demo import lives
from vigkit.errors import on_disk


def demonstration(progress: lives.Progress | None = None) -> Path:
    """A casebook of the demonstration; one person is drawn where there is none yet."""
    return _first(content.root() / "demonstration" / "people") or drawn_once(ours(), progress=progress)


def drawn_once(folder: Path, *, progress: lives.Progress | None = None, drawn: Path | None = None) -> Path:
    """The casebook of one person in a folder, drawn where it is not there yet; several may ask at once."""
    from filelock import FileLock

    people = folder / "people"
    with on_disk("the folder for temporary files"), FileLock(folder / "demonstration.lock"):
        if _first(people) is None:
            shutil.rmtree(people, ignore_errors=True)  # some systems sweep their temporary files
            lives.live(people, people=1, progress=progress, drawn=drawn)
    found = _first(people)
    assert found is not None
    return found


def ours() -> Path:
    """A folder for temporary files that nobody else has made or may read."""
    with on_disk("the folder for temporary files"):
        place = Path(tempfile.gettempdir(), f"vigkit-{__version__}-{getpass.getuser()}")
        try:
            place.mkdir(mode=0o700)
        except FileExistsError:
            state = place.lstat()
            if not stat.S_ISDIR(state.st_mode) or (os.name != "nt" and state.st_uid != os.getuid()):
                return Path(tempfile.mkdtemp(prefix="vigkit-"))
    return place


def _first(people: Path) -> Path | None:
    found = sorted(people.iterdir()) if people.is_dir() else []
    return next(filter(looks_like_one, found), None)
