"""The exercises of a workshop: copied into a folder, for participants or for whoever leads it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from vigkit import content, files
from vigkit.errors import BadUsage, on_disk
from vigkit.files import shown


@dataclass(frozen=True, slots=True)
class Copied:
    """Which exercises were copied, and which names were taken by something else, that stays as it is."""

    copied: tuple[str, ...]
    kept: tuple[str, ...]


def exercises(folder: Path, trainer: bool = False) -> Copied:
    """Copy each exercise into a folder, with the answers only for a trainer; what is there stays as it is.

    Somebody may have written into a copy. So one that is not as we ship it is kept, and told.
    """
    copied, kept = [], []
    if folder.exists() and not folder.is_dir():
        raise BadUsage(f"{shown(folder)} is a file. Name a folder for the exercises.")
    with on_disk(shown(folder)):
        files.make_folder(folder)
        for name, page in content.exercises(trainer).items():
            path = folder / name
            if not path.exists():
                files.write(path, page)
            elif path.is_dir() or files.sha256(path) != hashlib.sha256(page).hexdigest():
                kept.append(name)
                continue
            copied.append(name)
    return Copied(tuple(copied), tuple(kept))
