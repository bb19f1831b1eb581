"""Plain JSON to frozen nouns and back, checked whole.

A noun is a frozen dataclass; the annotations of its fields say what each key may hold. Keys that this
version does not know are kept in `extra` and written back. Absent means: not answered.
"""

from __future__ import annotations

import json
import math
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date
from functools import cache, partial
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from vigkit.errors import BadRecord

Check = Callable[[Any], str | None]
Reader = Callable[[Any], Any]
Known = dict[int, tuple[Any, str]]  # texts by the identity of a noun, which is frozen and kept beside it
T = TypeVar("T")

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_HALF = "A letter is broken in two (half of a pair). Type it again."
_NEEDED = {str: "Words in quotes are", bool: "true or false is", int: "A whole number is"}
_PLAIN = {str, bool, int, float, type(None)}
_LARGEST = 999_999_999
_DEEPEST = 50  # levels in a key that this version does not know; Python can write about a thousand
_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))}


def is_id(value: object) -> bool:
    """Whether this can be an id or a person's code.

    >>> is_id("01-snack-time"), is_id("../x"), is_id("a" * 41)
    (True, False, False)
    """
    return isinstance(value, str) and ID.fullmatch(value) is not None


def is_day(value: object) -> bool:
    """Whether this is a day such as 2026-11-22."""
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _id(value: Any) -> str | None:
    if is_id(value) and value.upper() in _DEVICES:
        return "Windows keeps this name for a device. Choose another."
    return None if is_id(value) else "Use 1 to 40 letters, digits, - or _, and begin with a letter or digit."


def _day(value: Any) -> str | None:
    return None if is_day(value) else "Write the day as year-month-day, such as 2026-11-22."


def _from_0_to_10(value: Any) -> str | None:
    return None if 0 <= value <= 10 else "Choose a number from 0 to 10."


def _not_negative(value: Any) -> str | None:
    return None if value >= 0 else "Write a time from 0 on, in seconds."


def _from_1(value: Any) -> str | None:
    return None if 1 <= value <= _LARGEST else "Write a number from 1 on, with at most 9 digits."


def _size(value: Any) -> str | None:
    return None if 0 <= value < 10**15 else "Write how many bytes it has, with at most 15 digits."


def one_of(*words: str) -> Check:
    """A check that only lets these words pass."""

    def check(value: Any) -> str | None:
        return None if value in words else f"Choose one of: {', '.join(words)}."

    return check


def at_most(count: int, what: str) -> Check:
    """A check for the length of a list."""

    def check(value: Any) -> str | None:
        return None if len(value) <= count else f"There is room for at most {count} {what}."

    return check


Id = Annotated[str, _id]
Day = Annotated[str, _day]
Seconds = Annotated[float, _not_negative]
Scale = Annotated[float, _from_0_to_10]
Ordinal = Annotated[int, _from_1]
Size = Annotated[int, _size]
Extra = tuple[tuple[str, Any], ...]


def parse(text: str | bytes, where: str) -> dict[str, Any]:
    """The JSON object in a text; BadRecord where it is none."""
    try:
        # Not json's own guess: it also takes UTF-16, and lets half letters through.
        letters = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        data = json.loads(
            letters, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_each_key_once
        )
        if "\\u" in letters:  # half a pair of letters could be read and never be written back
            json.dumps(data, ensure_ascii=False).encode()
    except UnicodeDecodeError as e:
        raise BadRecord(where, "The file is not UTF-8 text. Save it as UTF-8.") from e
    except UnicodeEncodeError as e:
        raise BadRecord(where, _HALF) from e
    except json.JSONDecodeError as e:
        reason = f"This is not JSON. Look for a missing comma, quote or bracket near column {e.colno}."
        raise BadRecord(where, reason, f"line {e.lineno}") from e
    except (ValueError, RecursionError) as e:
        reason = str(e) if isinstance(e, _Said) else "A number in it is too large, or it is nested too deep."
        raise BadRecord(where, reason) from e
    if not isinstance(data, dict):
        raise BadRecord(where, "One record in { } is needed here.")
    return data


def text(data: Any) -> str:
    """A record as the text of its file: the same record gives the same bytes."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def text_of(noun: Any, known: Known) -> str:
    """The text of a noun, as `text(plain(noun))` gives it, with the texts of its parts that are `known`.

    Afterwards those of all its parts are. A moment more in a thousand is then written in a tenth of the time.
    """
    parts: Known = {}
    lines = []
    for name, value in _answered(noun):
        if isinstance(value, tuple) and all(map(is_dataclass, value)):
            for each in value:
                parts[id(each)] = known.get(id(each)) or (each, _indented(plain(each), 4))
            inside = ",\n    ".join(parts[id(each)][1] for each in value)
            lines.append(f"{json.dumps(name)}: [\n    {inside}\n  ]")
        else:
            lines.append(f"{json.dumps(name, ensure_ascii=False)}: {_indented(_plain_value(value), 2)}")
    known.clear()
    known.update(parts)
    return "{\n  " + ",\n  ".join(lines) + "\n}\n"


def news(noun: T, known: Any) -> T:
    """The noun without those parts that are the very ones of a `known` noun, where it can do without them."""
    if type(known) is not type(noun):
        return noun
    hints, needed = _shape(cast(Any, type(noun)))
    changed = {}
    for name, hint in hints.items():
        value = getattr(noun, name)
        if isinstance(value, tuple) and name not in needed and not _parts(hint)[1]:
            there = set(map(id, getattr(known, name)))
            changed[name] = tuple(each for each in value if not (is_dataclass(each) and id(each) in there))
    return replace(noun, **changed)  # type: ignore[type-var]


def read(noun: type[T], data: Mapping[str, Any], where: str, place: str = "") -> T:
    """The noun that a plain record describes; BadRecord names the place of what cannot be."""
    try:
        return cast(T, _read(noun, data))
    except _Wrong as e:
        inside = "".join(e.place)
        raise BadRecord(where, e.reason, place + inside if place else inside[1:]) from None


def plain(noun: Any) -> dict[str, Any]:
    """The record of a noun as plain JSON data: answered keys in the order of the noun, then unknown ones."""
    return {name: _plain_value(value) for name, value in _answered(noun)}


def without_extra(noun: T) -> T:
    """The noun without the keys that this version does not know, all the way down."""
    changed: dict[str, Any] = {}
    for name in _holders(cast(Any, type(noun))):
        value = getattr(noun, name)
        if isinstance(value, tuple):
            clean: Any = tuple(
                without_extra(each) if _is_noun(cast(Any, type(each))) else each for each in value
            )
            if any(a is not b for a, b in zip(clean, value, strict=True)):
                changed[name] = clean
        elif _is_noun(cast(Any, type(value))) and (clean := without_extra(value)) is not value:
            changed[name] = clean
    if not changed and not noun.extra:  # type: ignore[attr-defined]
        return noun  # the very one: a thousand logs ask for the same principles
    return replace(noun, **changed | {"extra": ()})  # type: ignore[type-var]


def _answered(noun: Any) -> Iterator[tuple[str, Any]]:
    for name in _shape(cast(Any, type(noun)))[0]:
        value = getattr(noun, name)
        if not (value is None or value == "" or value == ()):
            yield name, value
    yield from noun.extra


def _indented(data: Any, by: int) -> str:
    """A piece of a text; within words a line's end is written in another way."""
    piece = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    return piece.replace("\n", "\n" + " " * by)


def _plain_value(value: Any) -> Any:
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, tuple):
        return [_plain_value(each) for each in value]
    return plain(value) if _is_noun(cast(Any, type(value))) else value


@cache
def _is_noun(kind: type[Any]) -> bool:
    return is_dataclass(kind)


@cache
def _shape(noun: Any) -> tuple[dict[str, Any], list[str]]:
    """What each key of a noun may hold, and the keys that have to be answered."""
    hints = get_type_hints(noun, include_extras=True)
    known = {f.name: hints[f.name] for f in fields(noun) if f.name != "extra"}
    return known, [f.name for f in fields(noun) if f.default is MISSING and f.default_factory is MISSING]


@cache
def _parts(hint: Any) -> tuple[Any, tuple[Check, ...]]:
    """A field's type without its `| None`, and the checks that stand beside it."""
    checks: tuple[Check, ...] = ()
    while True:
        if get_origin(hint) is Annotated:
            hint, *found = get_args(hint)
            checks = (*found, *checks)
        elif get_origin(hint) in (Union, types.UnionType):  # X | None
            hint = next(arg for arg in get_args(hint) if arg is not type(None))
        else:
            return hint, checks


class _Wrong(Exception):
    """What cannot be, and where: the steps to it, the last one first written."""

    def __init__(self, reason: str, *place: str) -> None:
        super().__init__(reason)
        self.reason, self.place = reason, list(place)

    def within(self, step: str) -> _Wrong:
        """The same, seen from one step further out."""
        self.place.insert(0, step)
        return self


def _read(noun: Any, data: Mapping[str, Any]) -> Any:
    values: dict[str, Any] = {}
    extra: list[tuple[str, Any]] = []
    readers = _readers(noun)
    for name, value in data.items():
        if (reader := readers.get(name)) is None:
            if _too_deep(value):
                raise _Wrong("This is nested too deep.", f".{name[:40]}")
            extra.append((name, value))
        elif not (value is None or value == "" or value == []):
            try:
                values[name] = reader(value)
            except _Wrong as e:
                raise e.within(f".{name[:40]}") from None
    for name in _shape(noun)[1]:
        if name not in values:
            raise _Wrong("An answer is needed here.", f".{name}")
    return noun(**values, extra=tuple(extra)) if extra else noun(**values)


@cache
def _readers(noun: Any) -> dict[str, Reader]:
    """What reads each key of a noun: put together once, since a thousand casebooks are read with it."""
    return {name: _checked(hint) for name, hint in _shape(noun)[0].items()}


@cache
def _holders(noun: Any) -> tuple[str, ...]:
    """The keys of a noun that may hold nouns."""
    return tuple(name for name, hint in _shape(noun)[0].items() if not _is_simple(hint))


def _is_simple(annotation: Any) -> bool:
    hint = _parts(annotation)[0]
    if get_origin(hint) is tuple:
        return _is_simple(get_args(hint)[0])
    return hint in _PLAIN


def _checked(annotation: Any) -> Reader:
    hint, checks = _parts(annotation)
    reader = _reader(hint)
    if not checks:
        return reader

    def checked(value: Any) -> Any:
        result = reader(value)
        for check in checks:
            if (problem := check(result)) is not None:
                raise _Wrong(problem)
        return result

    return checked


def _reader(hint: Any) -> Reader:
    if hint is str:
        return _letters
    if hint in _NEEDED:
        return partial(_simple, hint)
    if hint is float:
        return _number
    if is_dataclass(hint):
        return partial(_record, hint)
    return partial(_list, _checked(get_args(hint)[0]))


def _record(noun: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        raise _Wrong("A record in { } is needed here.")
    return _read(noun, value)


def _list(reader: Reader, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _Wrong("A list in [ ] is needed here.")
    found = []
    for number, each in enumerate(value, start=1):
        if each is not None and each != "":
            try:
                found.append(reader(each))
            except _Wrong as e:
                raise e.within(f"[{number}]") from None
    return tuple(found)


def _letters(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{_NEEDED[str]} needed here.")
    if not value.isascii() and _has_half_letters(value):
        raise _Wrong(_HALF)
    return value


def _simple(hint: type[Any], value: Any) -> Any:
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise _Wrong(f"{_NEEDED[hint]} needed here.")
    return value


def _number(value: Any) -> float:
    """A number with at most three decimals; whole ones without a point."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and math.isnan(value)):
        raise _Wrong("A number is needed here.")
    if abs(value) > _LARGEST:
        raise _Wrong("This number is too large.")
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded


class _Said(ValueError):
    """A reason that may be shown as it is."""


def _finite(word: str) -> float:
    if not math.isfinite(value := float(word)):
        raise ValueError(word)
    return value


def _no_constant(word: str) -> Any:
    raise _Said(f"{word} is not a number that can be kept.")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise _Said(f'The key "{twice[:40]}" stands there twice.')
    return data


def _has_half_letters(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        lists = [list(each.values()) if isinstance(each, dict) else each for each in level]
        level = [part for parts in lists if isinstance(parts, list) for part in parts]
    return bool(level)
