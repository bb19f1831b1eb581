"""What a section may hold, and how it becomes HTML: data in, escaped text out.

A part is a frozen noun; in a notebook's output it is plain JSON with its `kind`. HTML and SVG begin here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from vigkit import content, figures
from vigkit.errors import BadRecord
from vigkit.records import Extra, Ordinal, Scale, Seconds, one_of, plain, read
from vigkit.render import words

if TYPE_CHECKING:
    from jinja2 import Environment

MIME = "application/vnd.vigkit.section+json"
NOT_ANSWERED = "Not answered yet"
NAMES = (
    "question",
    "situation",
    "moments",
    "i-did",
    "they-did",
    "rungs",
    "about-question",
    "working-point",
    "next-film",
    "bring",
    "change",
    "supervisor",
)


def _jpeg(value: str) -> str | None:
    try:
        start = base64.b64decode(value, validate=True)[:3]
    except (binascii.Error, ValueError):
        start = b""
    return None if start == b"\xff\xd8\xff" else "A JPEG picture as base64 is needed here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A person's own words; without them the page says that nothing is answered yet."""

    label: str | None = None
    text: str | None = None
    quiet: bool | None = None
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A short fact and its name."""

    label: str
    value: str
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts below each other."""

    rows: tuple[Fact, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """A sentence of the page itself."""

    text: str
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading inside a section."""

    text: str
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A still: a JPEG as base64, and what it shows in words."""

    jpeg: Annotated[str, _jpeg]
    alt: str
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A moment, a goal or a film: its facts beside the words about it."""

    number: Ordinal | None = None
    title: str | None = None
    facts: tuple[Fact, ...] = ()
    joy: bool | None = None
    still: Picture | None = None
    words: tuple[Words, ...] = ()
    turns: tuple[str, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Where the moments are on one film."""

    label: str
    seconds: Seconds
    marks: tuple[figures.Mark, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalLine:
    """The ratings of one goal, in order."""

    label: str
    hoped: Scale | None = None
    points: tuple[figures.Point, ...] = ()
    extra: Extra = ()


Part = Words | Facts | Say | Heading | Entry | Timeline | GoalLine
KINDS: dict[str, type[Any]] = {
    "words": Words,
    "facts": Facts,
    "say": Say,
    "heading": Heading,
    "entry": Entry,
    "timeline": Timeline,
    "goal-line": GoalLine,
}
_KIND = {noun: kind for kind, noun in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Whose page this is; each section carries it, so that a notebook may drop any of them."""

    title: str
    heading: str
    facts: tuple[Fact, ...] = ()
    extra: Extra = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of a log as data; a notebook that displays it has it on the page."""

    name: Annotated[str, one_of(*NAMES)]
    title: str
    head: Head
    parts: tuple[Part, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """The section as plain JSON."""
        parts = [{"kind": _KIND[type(part)], **plain(part)} for part in self.parts]
        data = {"name": self.name, "title": self.title, "head": plain(self.head), "parts": parts}
        return cast(dict[str, Any], _cleaned(data))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {
            MIME: self.data,
            "text/html": section_html(read_section(self.data)),
            "text/plain": section_text(self),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outside:
    name: Annotated[str, one_of(*NAMES)]
    title: str
    head: Head
    extra: Extra = ()


def read_section(data: object) -> Section:
    """The section that plain JSON describes; BadRecord where it is none of ours."""
    where = "section"
    data = _cleaned(data)
    if not isinstance(data, Mapping):
        raise BadRecord(where, "A record in { } is needed here.")
    outside = read(_Outside, data, where)
    where = f"section {outside.name}"
    parts = data.get("parts", [])
    if not isinstance(parts, list):
        raise BadRecord(where, "A list in [ ] is needed here.", "parts")
    found = tuple(_part(each, where, f"parts[{n}]") for n, each in enumerate(parts, start=1))
    return Section(name=outside.name, title=outside.title, head=outside.head, parts=found)


def _part(data: object, where: str, place: str) -> Part:
    if not isinstance(data, Mapping):
        raise BadRecord(where, "A record in { } is needed here.", place)
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadRecord(where, f"Choose one of: {', '.join(KINDS)}.", f"{place}.kind")
    part: Part = read(KINDS[kind], {key: data[key] for key in data if key != "kind"}, where, place)
    return part


def _cleaned(data: Any) -> Any:
    """Plain JSON, its texts without the signs that a page cannot show."""
    if isinstance(data, str):
        return words.clean(data)
    if isinstance(data, Mapping):
        return {key: _cleaned(value) for key, value in data.items()}
    return [_cleaned(each) for each in data] if isinstance(data, list) else data


def section_html(section: Section) -> str:
    """One section, as it stands on the page."""
    return str(_environment(shipped()).get_template("parts.html.j2").module.section(section))  # type: ignore[attr-defined]


def page_html(sections: Sequence[Section], folder: Path | None = None) -> str:
    """The whole page in one text that loads nothing; a team's folder may bring its own body and style."""
    folder = folder or shipped()
    body = _environment(folder).get_template("log.html.j2").render(head=sections[0].head, sections=sections)
    return sealed(sections[0].head.title, _style(folder), body)


def sealed(title: str, style: str, body: str) -> str:
    """A page in one text; whatever its body holds, nothing in it runs or loads."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return _PAGE.format(digest=digest, title=escape(title), style=style, body=body)


# Not in the template: whatever a team's own page holds, nothing in it runs or loads.
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; media-src data:; \
style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}</body>
</html>
"""


def _style(folder: Path) -> str:
    own = folder / "log.css"
    style = (own if own.exists() else shipped() / "log.css").read_text("utf-8")
    if "</" in style:
        raise BadRecord("log.css", "A style sheet holds no </. Take it out.")
    return style


def section_text(section: Section) -> str:
    """One section in words, for a terminal."""
    lines = [section.title, *(line for part in section.parts for line in _lines(part))]
    return "\n".join(words.clean(line) for line in lines)


def _lines(part: Part) -> list[str]:
    match part:
        case Words():
            return [": ".join(filter(None, [part.label, part.text or NOT_ANSWERED]))]
        case Facts():
            return [f"{fact.label}: {fact.value}" for fact in part.rows]
        case Say() | Heading():
            return [part.text]
        case Entry():
            number = f"Moment {part.number}" if part.number else None
            about = [f"{fact.label}: {fact.value}" for fact in part.facts]
            joy = ["A moment of joy"] if part.joy else []
            own = [line for each in part.words for line in _lines(each)]
            return [", ".join(filter(None, [number, part.title])), *joy, *about, *own, *part.turns]
        case Timeline():
            return [part.label]
        case GoalLine():
            return [part.label, *(f"{point.label}: {point.now:g} of 10" for point in part.points)]


def shipped() -> Path:
    """The folder of our own log template."""
    return content.root() / "templates" / "log"


@cache
def _environment(folder: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def own_words(text: str) -> Markup:
        return Markup(words.html(text))

    def timeline(part: Timeline) -> Markup:
        return Markup(figures.timeline(part.seconds, part.marks, part.label))

    def goal_line(part: GoalLine) -> Markup:
        return Markup(figures.goal_line(part.points, part.hoped, part.label))

    environment = Environment(
        loader=FileSystemLoader([folder, shipped()]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "own_words": own_words,
        "timeline": timeline,
        "goal_line": goal_line,
        "kind": _kind,
    }
    environment.globals["not_answered"] = NOT_ANSWERED
    return environment


def _kind(part: Part) -> str:
    return _KIND[type(part)]
