"""Page 8: a supervisor reads logs, and writes what they notice and wonder in a file of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vigkit import records, steps
from vigkit.casebook import Casebook, looks_like_one
from vigkit.cycle import Bundle
from vigkit.errors import BadUsage, VigkitError, clock
from vigkit.pages.cards import Ask, Cards
from vigkit.pages.desk import Desk


class _Table:
    """Which casebook the supervisor has open, at which cycle, and under which code they write."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.by = desk, ""
        self.pack: Path | None = None

    def cycles(self) -> list[str]:
        return sorted(self.desk.book.cycles, key=lambda c: self.desk.book.cycle(c).place)


def read_logs(desk: Desk) -> Cards:
    """Choose a casebook and a cycle, read the log, and write a note."""
    desk = Desk(desk.book, desk.cycle, desk.page)  # of its own: another casebook may come to lie on it
    table = _Table(desk)

    def asks() -> list[Ask]:
        chosen = [_who(table), _where(table)]
        if table.pack is not None:
            return [*chosen, *_packed(table.pack)]
        return [*chosen, *_reading(table)] if table.by else chosen

    def opened(given: Mapping[str, Any]) -> dict[str, Any]:
        folder = str(given.get("other", "")).strip() or str(given.get("folder", "")).strip()
        _open(table, folder, str(given.get("cycle", "")).strip())
        return {}

    def sign(given: Mapping[str, Any]) -> dict[str, Any]:
        code = str(given.get("by", "")).strip()
        if not records.is_id(code):
            raise BadUsage("Enter your code in letters and digits, such as V1. Your name stays outside.")
        table.by = code
        return {}

    return Cards(
        desk, "supervision", asks, acts={"open": opened, "sign": sign}, every=True, said="Logs to read"
    )


def _who(table: _Table) -> Ask:
    field = {
        "name": "by",
        "label": "Your code",
        "hint": "Such as V1. Your notes are kept under it",
        "value": table.by,
    }
    return {
        "id": "by",
        "kind": "action",
        "name": "sign",
        "button": "Use this code",
        "quiet": bool(table.by),
        "fields": [field],
    }


def _where(table: _Table) -> Ask:
    desk = table.desk
    here = desk.book.folder.resolve().name
    near = list(dict.fromkeys([here, *(p.name for p in _beside(desk.book.folder))]))
    folder = {
        "name": "folder",
        "kind": "select",
        "label": "Which casebook?",
        "hint": "Those that lie beside this one",
        "options": [{"value": name, "label": name} for name in near],
        "value": here,
    }
    other = {
        "name": "other",
        "label": "Or another casebook, or a pack (optional)",
        "hint": "The whole name of its folder, as your computer shows it",
    }
    cycle = {
        "name": "cycle",
        "kind": "select",
        "label": "Which cycle?",
        "options": [{"value": "", "label": "The newest"}]
        + [{"value": c, "label": f"{n}: {c}"} for n, c in enumerate(table.cycles(), start=1)],
        "value": desk.cycle if desk.cycle in desk.book.cycles else "",
    }
    return {
        "id": "where",
        "kind": "action",
        "name": "open",
        "button": "Open it",
        "quiet": True,
        "fields": [folder, other, cycle],
    }


def _beside(folder: Path) -> list[Path]:
    """The casebooks in the same place as this one."""
    return steps.casebooks_beside(folder)


def _open(table: _Table, folder: str, cycle: str) -> None:
    desk = table.desk
    near = {p.name: p for p in _beside(desk.book.folder)}
    path = near.get(folder, Path(folder).expanduser())
    if folder and steps.is_pack(path):
        _packed(path)  # refused here, where it is asked for
        table.pack = path
        return
    table.pack = None
    if not folder or not looks_like_one(path):
        raise BadUsage("There is no casebook or pack here. Enter its folder as your computer shows it.")
    book = Casebook(path)
    if path.resolve() != desk.book.folder.resolve():
        desk.book = book
        newest = steps.newest(book)
        desk.cycle = newest.id if newest else steps.next_cycle(book)
    if cycle in book.cycles:
        desk.cycle = cycle


def _packed(folder: Path) -> list[Ask]:
    """The logs of a pack: to read. A note needs the casebook, whose cycle it is about."""
    from vigkit.render import archive, pack

    logs = [
        {
            "id": f"{page.casebook}-{page.cycle}",
            "kind": "frame",
            "label": f"The log of {page.casebook}, {page.cycle}",
            "words": [f"The log of {page.casebook}, {page.cycle}."],
            "html": html,
        }
        for page, html in (archive.pages(folder) if folder.is_file() else pack.pages(folder))
    ]
    words = ["A pack is for reading. To write a note, open the casebook itself."]
    return [{"id": "pack", "kind": "say", "words": words}, *logs]


def _reading(table: _Table) -> list[Ask]:
    from vigkit.render import page, sections

    desk, contents = table.desk, table.desk.contents()
    desk.read = dict(contents.versions)
    try:
        shown = steps.bundle(desk.book, contents, desk.cycle, "supervision", steps.today())
    except VigkitError as e:
        return [{"id": "not-shown", "kind": "say", "label": "This log is not shown", "words": [e.sentence]}]
    until = [f"For supervision, until {shown.until}."] if shown.until else ["For supervision."]
    frame = {
        "id": "log",
        "kind": "frame",
        "label": f"The log of {shown.owner}, cycle {shown.cycle.place[0]}",
        "words": until,
        "html": page.page_html(sections.whole(shown)),
        "height": 640,
    }
    return [frame, *_note(table, shown)]


def _note(table: _Table, shown: Bundle) -> list[Ask]:
    record = ["note", shown.cycle.id, table.by]
    data = table.desk.data(record)
    changed = data.get("read") and data["read"] != table.desk.read[shown.cycle.id]
    told: list[Ask] = (
        [{"id": "changed", "kind": "say", "words": ["This cycle has changed since you wrote your note."]}]
        if changed
        else []
    )
    made = [
        _words(record, f"{m.id}-{kind}", ["moments", m.id, kind], f"Moment {n}, {clock(m.start)}: I {kind} …")
        for n, m in enumerate(shown.cycle.moments, start=1)
        for kind in ("notice", "wonder")
    ]
    whole = [_words(record, kind, [kind], f"For the whole: I {kind} …") for kind in ("notice", "wonder")]
    return [*told, *made, *whole]


def _words(record: list[str], id: str, path: list[str], label: str) -> Ask:
    return {
        "id": f"note-{id}",
        "kind": "text",
        "rows": 2,
        "label": label,
        "optional": True,
        "record": record,
        "path": path,
    }


def film_of_a_review(desk: Desk) -> Any:
    """Marking a film of a shared review with the words for guiding."""
    from vigkit.pages.annotate import Annotator

    films = [f for f in desk.contents().films.values() if f.kind == "shared-review"]
    if not films:
        words = ["A film of a shared review can be marked here. Bring it on page 2, and tick what it is."]
        asks: list[Ask] = [{"id": "none", "kind": "say", "words": words}]
        return Cards(desk, "no-review", lambda: asks, said="A film of a shared review")
    return Annotator(desk, film=films[-1].id)
