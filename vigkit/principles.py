"""The principles of attuned interaction, by id; a team may load its own words.

The ids, levels and layers follow domain practice (levels: Kennedy, Landor & Todd 2011; layers: Sen 2012);
every sentence in principles.csv is our own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from vigkit.errors import BadPrinciples, UnknownPrinciple, on_disk

OURS = Path(__file__).with_name("principles.csv")
COLUMNS = ("id", "level", "level_name", "layer", "label", "see", "who", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principle:
    """One principle: `level` 1 to 6 or "review" (guider codes), `layer` 1 to 3, `see` what one can
    see or hear, `who` A (the professional) or B (either), `kind` p (a point in time) or s (a stretch)."""

    id: str
    level: str
    level_name: str
    layer: str
    label: str
    see: str
    who: str
    kind: str


Principles = Mapping[str, Principle]


def load(own: Path | None = None) -> Principles:
    """All principles by id, in order; with the words of a team's own CSV where there is one.

    A team's CSV needs the columns id and label; ids that it leaves out keep our words.
    """
    ours = _ours()
    if own is None:
        return ours
    with on_disk(own):
        try:
            content = own.read_bytes()
        except FileNotFoundError:
            return ours
    return ours | _relabelled(ours, content, own.name)


@cache
def _ours() -> dict[str, Principle]:
    """Read once: a thousand logs ask for the same words."""
    return {p.id: p for p in (Principle(**row) for _, row in _rows(OURS.read_bytes(), OURS.name))}


def known(principle: str, principles: Principles) -> str:
    """The id itself; UnknownPrinciple where there is none such."""
    if principle not in principles:
        raise UnknownPrinciple(principle, list(principles))
    return principle


def _relabelled(ours: Principles, content: bytes, where: str) -> dict[str, Principle]:
    theirs: dict[str, Principle] = {}
    for line, row in _rows(content, where):
        name = row["id"]
        if name not in ours:
            first, *_, last = ours
            reason = f"There is no principle {name[:40]!r}. Use our ids, from {first} to {last}."
            raise BadPrinciples(where, line, reason)
        if name in theirs:
            raise BadPrinciples(where, line, f"The id {name} stands there twice. Keep one of them.")
        if not row["label"]:
            raise BadPrinciples(where, line, f"{name} has no label. Write a few words in the column label.")
        _check(row, line, where)
        theirs[name] = replace(ours[name], **{key: value for key, value in row.items() if value})
    if not theirs:
        reason = "There is no principle in it. Write one a line, below the line id,label."
        raise BadPrinciples(where, 1, reason)
    return theirs


def _check(row: Mapping[str, str], line: int, where: str) -> None:
    choices = {
        "level": ("1", "2", "3", "4", "5", "6", "review"),
        "layer": ("1", "2", "3"),
        "who": ("A", "B"),
        "kind": ("p", "s"),
    }
    for column, allowed in choices.items():
        if row.get(column) and row[column] not in allowed:
            raise BadPrinciples(where, line, f"The column {column} takes {', '.join(allowed)}.")


def _rows(content: bytes, where: str) -> list[tuple[int, dict[str, str]]]:
    """The rows, each with the line it begins on; commas or, as some spreadsheets save, semicolons."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = content[: e.start].count(b"\n") + 1
        raise BadPrinciples(where, line, "These letters are not UTF-8. Save the file as CSV UTF-8.") from e
    first = (text.splitlines() or [""])[0]
    lines = _lines(text, ";" if ";" in first else ",", where)
    head, cells = next(lines, (1, []))
    if not cells:
        raise BadPrinciples(where, head, "The file is empty. Begin with the line id,label.")
    columns = _columns(cells, head, where)
    rows = []
    for line, cells in lines:
        if len(cells) != len(columns):
            reason = f"This line has {len(cells)} columns and the first has {len(columns)}."
            raise BadPrinciples(where, line, f"{reason} Put words with a comma in quotes.")
        rows.append((line, dict(zip(columns, cells, strict=True))))
    return rows


def _lines(text: str, delimiter: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that says something."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as e:
            reason = "A quote is not closed, or words stand right after one. Write two quotes for one inside."
            raise BadPrinciples(where, line, reason) from e
        if any(cells):
            yield line, cells


def _columns(cells: list[str], line: int, where: str) -> list[str]:
    columns = [cell.lower() for cell in cells]
    for column in columns:
        if column not in COLUMNS or columns.count(column) > 1:
            reason = (
                f"The column {column[:40]!r} is not known, or stands there twice. Use {', '.join(COLUMNS)}."
            )
            raise BadPrinciples(where, line, reason)
    if not {"id", "label"} <= set(columns):
        raise BadPrinciples(where, line, "The columns id and label are needed.")
    return columns
