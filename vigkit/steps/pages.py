"""The pages of a casebook: copied in from what is shipped."""

from __future__ import annotations

from pathlib import Path

from vigkit import content
from vigkit.casebook import WORKBOOKS, Casebook
from vigkit.errors import BadUsage, listed, short


def open_pages(book: Casebook, first: str) -> Path:
    """Put the shipped pages into the casebook, and say where they lie; BadUsage where the first is not there.

    Pages that a person has changed, or made, stay as they are. An exercise comes in when it is asked for.
    """
    shipped, exercises = content.pages(), content.exercises() | content.exercises(trainer=True)
    shipped |= {name: page for name, page in exercises.items() if Path(name).stem == first}
    known = sorted({*book.pages, *(Path(name).stem for name in shipped | exercises)})
    if first not in known:
        choice = (
            f"Choose {listed(known, 'or')}." if known else "Install vigkit again, it has come without pages."
        )
        raise BadUsage(f"There is no page {short(first)}. {choice}")
    book.copy_pages(shipped)
    return book.folder / WORKBOOKS
