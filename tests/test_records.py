"""Records: what is read is what was written, and what cannot be is told with its place."""

from __future__ import annotations

import json
import random
import string
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin

import pytest

from vigkit import cycle as nouns
from vigkit import records
from vigkit.cycle import Cycle, Film, Moment, Rating
from vigkit.errors import BadRecord

NOUNS = [n for n in vars(nouns).values() if is_dataclass(n) and "extra" in {f.name for f in fields(n)}]
STORED = {"Owner", "Consents", "Film", "Cycle", "Note"}
LETTERS = string.ascii_letters + "äßçøŁ漢字أبجדअआ🙂👩‍👧\u00a0\u2028\x7f \n\t\"'\\</>&;,{}[]"


def a_value(hint: Any, dice: random.Random, depth: int) -> Any:
    """Anything that the checks of a field let pass."""
    base, checks = records._parts(hint)
    while True:
        value = _any(base, dice, depth)
        if all(check(value) is None for check in checks):
            return value


def _any(base: Any, dice: random.Random, depth: int) -> Any:
    if base is str:
        words = (*nouns.PURPOSES, *nouns.ROLES, *nouns.KINDS, *nouns.MODALITIES, *nouns.ACTS, "self", "other")
        more = (
            "yes",
            "no",
            "cannot-say",
            "practice",
            "shared-review",
            "2026-11-22",
            "0001-01-01",
            "AT1",
            "m1",
        )
        own = "".join(dice.choice(LETTERS) for _ in range(dice.randint(1, 30)))
        return dice.choice([*words, *more, own, own])
    if base is bool:
        return dice.random() < 0.5
    if base is int:
        return dice.choice([0, 1, 2, 7, 999_999_999])
    if base is float:
        return dice.choice([0, 10, dice.randint(0, 9) + 0.125, dice.randint(0, 9999) + 0.004, 0.001])
    if get_origin(base) is tuple:
        return tuple(a_value(get_args(base)[0], dice, depth + 1) for _ in range(dice.randint(1, 3)))
    return a_noun(base, dice, depth)


def a_noun(noun: type[Any], dice: random.Random, depth: int = 0) -> Any:
    """A noun with random answers in it, and keys that this version does not know."""
    hints, needed = records._shape(noun)
    given = {
        name: a_value(hint, dice, depth)
        for name, hint in hints.items()
        if name in needed or dice.random() < 0.6 / (1 + depth / 4)
    }
    strange = {"later": [1, {"deep": None, "": ""}], "words": "ü", "extra": {"extra": []}, "zero": 0.0}
    extra = tuple((k, v) for k, v in strange.items() if k not in hints and dice.random() < 0.2)
    return noun(**given, extra=extra)


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_noun_comes_back_as_it_was_and_gives_the_same_bytes_again(noun: type[Any]) -> None:
    dice = random.Random(f"records {noun.__name__}")
    for _ in range(30):
        said = a_noun(noun, dice)
        text = records.text(records.plain(said))
        back = records.read(noun, records.parse(text.encode(), "x.json"), "x.json")
        assert back == said
        assert records.text(records.plain(back)) == text


def test_all_records_of_a_casebook_are_among_the_nouns() -> None:
    assert {noun.__name__ for noun in NOUNS} >= STORED


# What each kind of field is asked to hold instead, and may not.
WRONG: dict[Any, list[Any]] = {
    str: [1, True, ["a"], {"a": 1}, "\ud800"],
    bool: [1, 0, "true", [1]],
    int: [True, "1", 1.5, [1], 10**400, 1e300, 10**9, 0, -1],
    float: [True, "1", [1], {"a": 1}, 1e10, -1e10, 10**400, float("nan"), float("inf")],
    tuple: ["a", 1, True, {"0": "a"}],
    dict: ["a", 1, True, ["a"]],
}


def places(noun: type[Any], where: str = "") -> list[tuple[str, list[Any], Any]]:
    """Every place in a record: how it is told, the way to it, and what it holds."""
    found = []
    for name, hint in records._shape(noun)[0].items():
        here, way = f"{where}.{name}".lstrip("."), [name]
        base, _ = records._parts(hint)
        found.append((here, way, base))
        if get_origin(base) is tuple:
            base, _ = records._parts(get_args(base)[0])
            here, way = f"{here}[1]", [*way, 0]
            found.append((here, way, base))
        if is_dataclass(base):
            found += [(told, [*way, *rest], inner) for told, rest, inner in places(base, here)]  # type: ignore[arg-type]
    return found


def full(noun: type[Any]) -> dict[str, Any]:
    """A record with an answer at each of its places."""

    def answered(hint: Any) -> Any:
        base, _ = records._parts(hint)
        if is_dataclass(base):
            return {name: answered(each) for name, each in records._shape(base)[0].items()}  # type: ignore[arg-type]
        if get_origin(base) is tuple:
            return [answered(get_args(base)[0])]
        return a_value(hint, random.Random(1), 0)

    return {name: answered(hint) for name, hint in records._shape(noun)[0].items()}


@pytest.mark.parametrize("noun", [n for n in NOUNS if n.__name__ in STORED], ids=lambda noun: noun.__name__)
def test_what_is_of_another_type_is_told_with_its_place_at_every_level(noun: type[Any]) -> None:
    whole = json.dumps(full(noun))
    records.read(noun, json.loads(whole), "x.json")
    for told, way, base in places(noun):
        kind = dict if is_dataclass(base) else get_origin(base) or base
        for wrong in WRONG[kind]:
            if told == "size" and wrong in (10**9, 0):  # films may have more bytes than anything else is long
                continue
            data = json.loads(whole)
            inside = data
            for step in way[:-1]:
                inside = inside[step]
            inside[way[-1]] = wrong
            with pytest.raises(BadRecord) as caught:
                records.read(noun, data, "x.json")
            assert caught.value.sentence.startswith(f"x.json at {told}: "), (told, wrong)
            assert caught.value.where == "x.json"


def test_places_are_counted_from_1_as_a_person_counts() -> None:
    goals = [{"id": "g1"}, {"id": "g2", "ratings": [{"now": 3}, {"now": 11}]}]
    with pytest.raises(
        BadRecord, match=r"^c\.json at goals\[2\]\.ratings\[2\]\.now: Choose a number from 0 to 10"
    ):
        read_cycle({"goals": goals})


@pytest.mark.parametrize("nothing", [None, "", []], ids=["null", "empty words", "empty list"])
def test_null_and_nothing_are_not_answered(nothing: Any) -> None:
    moment = {"id": "m1", "film": "snack", "start": 0, "end": 1}
    read = read_cycle({"situation": nothing, "moments": [moment | {"saw": nothing}], "goals": nothing})
    assert "situation" not in records.plain(read)
    assert records.plain(read)["moments"] == [moment]
    with pytest.raises(BadRecord, match=r"x\.json at start: An answer is needed here"):
        records.read(Moment, moment | {"start": nothing}, "x.json")


def test_no_and_zero_are_answers() -> None:
    film = {"format": 1, "id": "f", "file": "f.mp4", "sha256": "0" * 64, "seconds": 0, "calm": False}
    assert records.plain(records.read(Film, film, "f.json")) == film | {"kind": "practice"}
    assert records.plain(records.read(Rating, {"now": 0}, "r")) == {"now": 0}
    assert records.read(Moment, {"id": "m", "film": "f", "start": 0.0, "end": 1.0}, "m").start == 0


@pytest.mark.parametrize(
    ("said", "kept"),
    [(12.4, 12.4), (12.3456, 12.346), (0.0004, 0), (-0.0001, 0), (3.0, 3), (0.1 + 0.2, 0.3), (99.9996, 100)],
)
def test_times_have_at_most_three_decimals(said: float, kept: float) -> None:
    start = records.read(Moment, {"id": "m", "film": "f", "start": said, "end": 10**6}, "m").start
    assert json.dumps(start) == json.dumps(kept)


HOSTILE = {
    "NaN": '{"a": NaN}',
    "Infinity": '{"a": Infinity}',
    "minus Infinity": '{"a": [-Infinity]}',
    "a number too large for a computer": '{"a": 1e999}',
    "a whole number of 5,000 digits": f'{{"a": {"9" * 5000}}}',
    "half a letter": '{"a": "\\ud83d"}',
    "half a letter as a key": '{"\\udc00": 1}',
    "half a letter far inside": '{"a": [{"b": ["\\ud83d x"]}]}',
    "half a letter in bytes": b'{"a": "\xed\xa0\x80"}',
    "a doubled key": '{"a": 1, "a": 2}',
    "a doubled key far inside": '{"a": [{"b": 1, "b": 1}]}',
    "a long doubled key": f'{{"{"k" * 9000}": 1, "{"k" * 9000}": 1}}',
    "100,000 brackets": '{"a": ' + "[" * 100_000,
    "100,000 closed brackets": '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "no JSON": "hello",
    "cut short": '{"format": 1, "id": "01-sn',
    "nothing": b"",
    "a comma too many": '{"a": 1,}',
    "a list": "[1]",
    "a word": '"a"',
    "Latin-1": '{"a": "ä"}'.encode("latin-1"),
    "UTF-16": '{"a": "ä"}'.encode("utf-16"),
    "a control letter": '{"a": "\x01"}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_record_is_refused_in_a_short_sentence(text: str | bytes) -> None:
    with pytest.raises(BadRecord) as caught:
        records.parse(text, "x.json")
    assert caught.value.sentence.startswith("x.json")
    assert len(caught.value.sentence) < 160
    assert "nvalid" not in caught.value.sentence


def test_a_slip_in_json_is_told_with_its_line() -> None:
    with pytest.raises(BadRecord, match=r"x\.json at line 3: This is not JSON\. .* near column 1\.$"):
        records.parse('{"a": 1\n\n"b": 2}', "x.json")


@pytest.mark.parametrize("deep", [10, 49, 60, 300, 480, 900, 990])
def test_what_can_be_read_can_be_written_however_deep(deep: int) -> None:
    text = (
        '{"format": 1, "id": "c", "question": [{"words": "q"}], "later": '
        + "[" * deep
        + "1"
        + "]" * deep
        + "}"
    )
    try:
        read = records.read(Cycle, records.parse(text, "c.json"), "c.json")
    except BadRecord as e:
        assert deep > 49
        assert "nested too deep" in e.sentence
        return
    assert deep <= 49
    assert json.loads(records.text(records.plain(read))) == json.loads(text)


def test_a_byte_order_mark_is_no_hindrance() -> None:
    assert records.parse(b"\xef\xbb\xbf" + '{"a": "ä"}'.encode(), "x.json") == {"a": "ä"}


@pytest.mark.parametrize(
    "id",
    [
        "",
        "-a",
        "_a",
        "a" * 41,
        "../a",
        "a/b",
        "a b",
        "ä",
        "a\n",
        "COM1",
        "con",
        "Nul",
        "lpt9",
        "a.b",
        "a\u0000",
    ],
)
def test_an_id_is_a_file_name_on_every_computer(id: str) -> None:
    with pytest.raises(BadRecord, match=r"^x\.json at id"):
        records.read(Film, {"format": 1, "id": id, "file": "f", "sha256": "0" * 64, "seconds": 1}, "x.json")


@pytest.mark.parametrize(
    "day", ["2026-02-29", "2026-13-01", "26-1-1", "2026-11-22T10:00", "٢٠٢٦-١١-٢٢", "today"]
)
def test_a_day_is_a_day_of_the_calendar(day: str) -> None:
    with pytest.raises(BadRecord, match=r"^c\.json at began: Write the day as year-month-day"):
        read_cycle({"began": day})


def test_a_fourth_goal_is_refused_in_words() -> None:  # M05
    with pytest.raises(BadRecord, match=r"at goals: There is room for at most 3 goals"):
        read_cycle({"goals": [{"id": f"g{n}"} for n in range(4)]})


def test_without_extra_leaves_out_unknown_keys_all_the_way_down() -> None:
    known = {"format": 1, "id": "c", "question": [{"words": "q"}], "review": {"held": "2026-01-01"}}
    strange = known | {
        "x": 1,
        "question": [{"words": "q", "x": 1}],
        "review": {"held": "2026-01-01", "x": [1]},
    }
    assert records.plain(records.without_extra(records.read(Cycle, strange, "c"))) == known


def read_cycle(more: dict[str, Any]) -> Cycle:
    return records.read(Cycle, {"format": 1, "id": "c", "question": [{"words": "q"}], **more}, "c.json")
