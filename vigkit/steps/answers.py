"""One answer of a person to one question, in its place in a record; and the next cycle.

A place is a path of names: `("moments", "m1", "saw")`. An entry of a list is named by its id, code or moment.
Versions are kept: `("question", "words")`, `("goals", "g1", "now")` and everything in a consent write into
today's version or the last consent, and leave those of other days as they are.

Nobody's answer is overwritten unseen: who answers says which values they know, and another one is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vigkit import casebook, records
from vigkit.casebook import Casebook, Change
from vigkit.cycle import FORMAT, Consents, Cycle, Film, Moment, Note, Owner, Private, check_ids
from vigkit.errors import AnsweredElsewhere, BadUsage, NothingAsked, UnknownFilm
from vigkit.steps.packs import known_film, today
from vigkit.steps.records import check_moments, note_on, plan_of

Record = dict[str, Any]
# The lists whose entries have a name of their own, and the keys that it may stand under.
NAMED = {"goals": ("id",), "moments": ("id", "moment"), "clips": ("moment",), "people": ("code",)}
_KINDS: dict[str, tuple[type[Any], str, tuple[str, ...]]] = {
    "cycle": (Cycle, "cycles/{}.json", ("id",)),
    "consent": (Consents, "consent/{}.json", ("person",)),
    "film": (Film, "films/{}.json", ("id",)),
    "note": (Note, "notes/{}.{}.json", ("cycle", "by")),
    "private": (Private, "private/{}.json", ("cycle",)),
    "casebook": (Owner, casebook.OWNER, ()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A value for a place, None to take it away; `known` are the values that the person has seen there."""

    path: tuple[str, ...]
    value: Any
    known: tuple[Any, ...] = (None,)


def answer(
    book: Casebook, record: Sequence[str], answers: Sequence[Answer], read_as: str | None = None
) -> Record:
    """Write answers into one record, all of them or none; returns the record as it is stored.

    `record` is ("cycle", ID), ("consent", PERSON), ("film", ID), ("note", CYCLE, BY), ("private", CYCLE) or
    ("casebook",). A record that is not there is begun. AnsweredElsewhere where a place holds a value that the
    person has not seen; the same answer given twice is given once.
    `read_as`: the sha256 of the cycle that a supervisor has before them, for a note.
    """
    kind = record[0]

    def plan() -> Change[Record]:
        data = read(book, record)
        before = records.text(data)
        for each in answers:
            _write(data, kind, each)
        if records.text(data) == before:
            return Change(data)
        if kind == "note":
            return note_on(book, data | {"on": today()}, read_as)
        return plan_of(book, kind, data)

    return book.commit(plan)


def mark_moments(
    book: Casebook, cycle: str, answers: Sequence[Answer], brought: set[str] | None = None
) -> Cycle:
    """Write answers on moments, all of them or none: `answer` for paths that begin with "moments", and quick.

    Only the moments that are named are looked at, however many there are. `brought` are the films that came
    into the cycle by being marked, and is kept up to date: each goes again with the last moment on it.
    """
    rel = f"cycles/{cycle}.json"
    brought = set() if brought is None else brought

    def plan() -> Change[tuple[Cycle, Cycle]]:
        before = book.cycle(cycle)
        touched = {each.path[1] for each in answers}
        data = {"moments": [records.plain(m) for m in before.moments if m.id in touched]}
        for each in answers:
            _write(data, "cycle", each)
        after = {m["id"]: records.read(Moment, m, rel, m["id"]) for m in data["moments"]}
        kept = tuple(after.pop(m.id, m) for m in before.moments if m.id not in touched or m.id in after)
        moments = (*kept, *after.values())
        if moments == before.moments:
            return Change((before, before))
        contents = book.contents()
        for moment in moments:
            if moment.id in touched and moment.film not in contents.films:
                raise UnknownFilm(moment.film, list(contents.films))
        marked_on = dict.fromkeys(m.film for m in moments)
        stay = [film for film in before.films if film in marked_on or film not in brought]
        cycle_after = replace(before, moments=moments, films=tuple(dict.fromkeys((*stay, *marked_on))))
        check_ids(cycle_after, rel)
        marked = [m for m in moments if m.id in touched]
        check_moments(book, contents, marked)
        for film in dict.fromkeys(m.film for m in marked):
            known_film(contents, film)
        return Change((before, cycle_after), [(rel, cycle_after)])

    was, now = book.commit(plan)
    brought |= {*now.films} - {*was.films}
    brought &= {*now.films}
    return now


def begin(book: Casebook) -> str:
    """Begin the next cycle with the question and the goals of the last one, as they stand; returns its id."""

    def plan() -> Change[Record]:
        last = newest(book)
        if last is None:
            raise NothingAsked()
        goals = [records.plain(replace(goal, ratings=())) for goal in last.goals]
        carried = {"question": [records.plain(last.question[-1])], "goals": goals}
        return plan_of(book, "cycle", _opening(book, next_cycle(book)) | carried)

    return str(book.commit(plan)["id"])


def newest(book: Casebook) -> Cycle | None:
    """The cycle that comes last; None where there is none yet."""
    return max((book.cycle(each) for each in book.cycles), key=lambda c: c.place, default=None)


def next_cycle(book: Casebook) -> str:
    """The id of the cycle that comes next: its number, and never one that is in use."""
    number = _last_number(book) + 1
    while (name := f"{number:02d}") in book.cycles:
        number += 1
    return name


def read(book: Casebook, record: Sequence[str]) -> Record:
    """A record as plain data; one that is not there yet as it would begin."""
    kind, *names = record
    if kind not in _KINDS or len(names) != len(_KINDS[kind][2]):
        raise BadUsage("There is no such record to answer in.")
    noun, rel, keys = _KINDS[kind]
    for name in names:
        records.read(_Named, {"id": name}, kind)
    found = book.record(noun, rel.format(*names))
    if found is not None:
        return records.plain(found)
    if kind == "cycle":
        return _opening(book, names[0])
    if kind in ("film", "casebook"):
        raise BadUsage("There is no such record to answer in.")
    return {"format": FORMAT} | dict(zip(keys, names, strict=True))


def value_at(data: Mapping[str, Any], kind: str, path: Sequence[str]) -> Any:
    """What stands at a place of a record; None where nothing does."""
    node, rest = _version(dict(data), kind, tuple(path), make=False)
    return None if node is None else _get(node, rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    id: records.Id
    extra: records.Extra = ()


def _last_number(book: Casebook) -> int:
    return max((book.cycle(each).place[0] for each in book.cycles), default=0)


def _opening(book: Casebook, cycle: str) -> Record:
    return {"format": FORMAT, "id": cycle, "number": _last_number(book) + 1, "began": today(), "question": []}


def _write(data: Record, kind: str, each: Answer) -> None:
    """Put one answer in its place; what stands there already stays as it is."""
    there, value = value_at(data, kind, each.path), _tidy(each.value)
    adds = _is_entry(each.path) and value is not None and each.known == (None,)
    if there == value or (adds and there is not None):  # an entry with its own id: it is this one, told twice
        return
    if there not in [_tidy(known) for known in each.known]:
        raise AnsweredElsewhere(" ".join(each.path), there)
    node, rest = _version(data, kind, each.path, make=value is not None)
    if node is not None:
        _put(node, rest, value)
    _prune(data)


def _version(
    data: Record, kind: str, path: tuple[str, ...], *, make: bool
) -> tuple[Record | None, tuple[str, ...]]:
    """The record or the version of it in which a path goes on, and the rest of the path."""
    if kind == "cycle" and path[0] == "question":
        return _today_s(data, "question", make=make, last=True, drop=path[1] == "words"), path[1:]
    if kind == "cycle" and path[0] == "goals" and path[2:] == ("now",):
        goal = _descend(data, path[:2], make=make)
        return None if goal is None else _today_s(goal, "ratings", make=make), ("now",)
    if kind == "consent":
        consents = data.setdefault("consents", []) if make else data.get("consents", [])
        again = not consents or ("withdrawn" in consents[-1] and path != ("withdrawn",))
        if again and make:
            consents.append({})
        return (None if again and not make else consents[-1]), path
    return data, path


def _today_s(data: Record, name: str, *, make: bool, last: bool = False, drop: bool = False) -> Record | None:
    """Today's version in a list of versions, begun where asked; or else the last one where that counts."""
    versions = data.get(name, [])
    day = today()
    if versions and versions[-1].get("on") == day:
        return _record(versions, -1)
    if not make:
        return _record(versions, -1) if versions and last else None
    carried = dict(versions[-1]) if versions and last else {}
    if drop:  # other words have not been agreed with anybody
        carried.pop("agreed_with", None)
    data[name] = [*versions, carried | {"on": day}]
    return _record(data[name], -1)


def _record(items: list[Any], at: int) -> Record:
    """An entry of a list of records."""
    found = items[at]
    assert isinstance(found, dict)
    return found


def _descend(node: Record, path: tuple[str, ...], *, make: bool) -> Record | None:
    """The record at the end of a path."""
    while path:
        name, *more = path
        if name in NAMED:
            found = _entry(node.get(name, []), name, more[0])
            if found is None and make:
                found = {_key(node, name): more[0]}
                node[name] = [*node.get(name, []), found]
            path = tuple(more[1:])
        else:
            found = node.setdefault(name, {}) if make else node.get(name)
            path = tuple(more)
        if not isinstance(found, dict):
            return None
        node = found
    return node


def _entry(items: list[Record], name: str, id: str) -> Record | None:
    return next((e for e in items if any(e.get(key) == id for key in NAMED[name])), None)


def _key(node: Record, name: str) -> str:
    """A supervisor's note names the moment that it is about; a cycle's moment has an id."""
    return NAMED[name][-1] if "by" in node else NAMED[name][0]


def _is_entry(path: Sequence[str]) -> bool:
    return len(path) > 1 and path[-2] in NAMED


def _get(node: Record, path: tuple[str, ...]) -> Any:
    if _is_entry(path):
        return _descend(node, path, make=False)
    holder = _descend(node, path[:-1], make=False)
    return None if holder is None else holder.get(path[-1])


def _put(node: Record, path: tuple[str, ...], value: Any) -> None:
    before = path[: -2 if _is_entry(path) else -1]
    holder = _descend(node, before, make=value is not None)
    if holder is None:
        return
    if not _is_entry(path):
        if value is None:
            holder.pop(path[-1], None)
        else:
            holder[path[-1]] = value
        return
    name, id = path[-2:]
    items = holder.get(name, [])
    found = _entry(items, name, id)
    entry = [] if value is None else [{_key(holder, name): id} | value]
    at = next((n for n, each in enumerate(items) if each is found), len(items))
    holder[name] = [*items[:at], *entry, *items[at + 1 :]]


def _prune(data: Record) -> None:
    """Drop what holds nothing any more: a version without its words, a rating without its number."""
    if "question" in data:
        data["question"] = [each for each in data["question"] if "words" in each]
    for goal in data.get("goals", []):
        if "ratings" in goal:
            goal["ratings"] = [each for each in goal["ratings"] if "now" in each]
    review = data.get("review", {})
    if "clips" in review:
        review["clips"] = [each for each in review["clips"] if len(each) > 1]


def _tidy(value: Any) -> Any:
    """An answer as it is stored: nothing at all where it is empty."""
    if isinstance(value, str) and not value.strip():
        return None
    return None if value in ([], {}) else value
