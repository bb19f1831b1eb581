"""What a person does, once, for command line and pages alike."""

from vigkit.steps.films import (
    FILMS,
    Report,
    ShortFilm,
    add_film,
    cut,
    hint,
    playable,
    sheet,
    short,
    still,
    strip,
    unheard,
)
from vigkit.steps.packs import bundle, bundle_file, casebooks, jobs, outside, today
from vigkit.steps.records import mark, new, put, show

__all__ = [
    "FILMS",
    "Report",
    "ShortFilm",
    "add_film",
    "bundle",
    "bundle_file",
    "casebooks",
    "cut",
    "hint",
    "jobs",
    "mark",
    "new",
    "outside",
    "playable",
    "put",
    "sheet",
    "short",
    "show",
    "still",
    "strip",
    "today",
    "unheard",
]
