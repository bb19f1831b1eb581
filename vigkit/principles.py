"""The principles of attuned interaction, by id; a team may load its own words.

The ids, levels and layers follow domain practice (levels: Kennedy, Landor & Todd 2011; layers: Sen 2012);
every sentence in principles.csv is our own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vigkit.errors import BadPrinciples, UnknownPrinciple, on_disk

OURS = Path(__file__).with_name("principles.csv")
COLUMNS = ("id", "level", "level_name", "layer", "label", "see", "who", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principle:
    """One principle: `level` 1 to 6 or "review" (guider codes), `layer` 1 to 3, `see` what one can see or hear,
    `who` A (the professional) or B (either), `kind` p (a point in time) or s (a stretch)."""

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
    ours = {p.id: p for p in (Principle(**row) for _, row in _rows(OURS.read_bytes(), OURS.name))}
    if own is None or not own.exists():
        return ours
    with on_disk(own):
        content = own.read_bytes()
    return ours | _relabelled(ours, content, own.name)


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
            raise BadPrinciples(where, line, f"There is no principle {name[:40]!r}. Use the ids {', '.join(ours)}.")
        if name in theirs:
            raise BadPrinciples(where, line, f"The id {name} stands there twice. Keep one of them.")
        if not row["label"]:
            raise BadPrinciples(where, line, f"{name} has no label. Write a few words in the column label.")
        _check(row, line, where)
        theirs[name] = replace(ours[name], **{key: value for key, value in row.items() if value})
    if not theirs:
        raise BadPrinciples(where, 1, "There is no principle in it. Write one a line, below the line id,label.")
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
    """The rows with the number of the line they end on; commas or, as some spreadsheets save, semicolons."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = content[: e.start].count(b"\n") + 1
        raise BadPrinciples(where, line, "These letters are not UTF-8. Save the file as CSV UTF-8.") from e
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    columns: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells, reader.line_num, where)
            elif len(cells) != len(columns):
                reason = f"This line has {len(cells)} columns and the first has {len(columns)}."
                raise BadPrinciples(where, reader.line_num, f"{reason} Put words with a comma in quotes.")
            else:
                rows.append((reader.line_num, {c: v.strip() for c, v in zip(columns, cells, strict=True)}))
    except csv.Error as e:
        raise BadPrinciples(where, reader.line_num, f"This line cannot be read as CSV ({e}).") from e
    if not columns:
        raise BadPrinciples(where, 1, "The file is empty. Begin with the line id,label.")
    return rows


def _columns(cells: list[str], line: int, where: str) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    for column in columns:
        if column not in COLUMNS or columns.count(column) > 1:
            raise BadPrinciples(where, line, f"The column {column[:40]!r} is not known. Use {', '.join(COLUMNS)}.")
    if not {"id", "label"} <= set(columns):
        raise BadPrinciples(where, line, "The columns id and label are needed.")
    return columns
