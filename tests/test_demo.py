"""The demonstration: six lives, lived through the functions that users call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import tree_hash
from test_words import FORBIDDEN

from vigkit import checks, consent, principles
from vigkit.casebook import Casebook
from vigkit.cycle import Moment
from vigkit.demo import lives, scenes, words
from vigkit.errors import BadUsage, ConsentMissing, FolderNotEmpty, MachineFailed

VOICES = [voice for scene in lives.SCENES for voice in words.voices(scene)]
LATER = "2099-03-01"
SHORT = 25  # letters; what is shorter ("C1 nods.") anybody may say


@pytest.fixture(scope="module")
def demo(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "here"
    lives.live(folder, seed=1, drawn=drawn)
    return folder


@pytest.fixture(scope="module")
def seeds(demo: Path, drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folders = [tmp_path_factory.mktemp("demo") / f"seed-{seed}" for seed in (2, 3)]
    for seed, folder in enumerate(folders, start=2):
        lives.live(folder, seed=seed, drawn=drawn)
    return [demo, *folders]


def books(folder: Path) -> list[Casebook]:
    return [Casebook(path) for path in sorted(folder.glob("S*"))]


def moments(folder: Path) -> list[tuple[Casebook, Moment]]:
    return [(b, m) for b in books(folder) for c in b.contents().cycles.values() for m in c.moments]


def sentences(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for each in data.values() if isinstance(data, dict) else data:
            yield from sentences(each)


def long_sentences(data: Any) -> set[str]:
    """What is said in some data, whatever the codes of those who are spoken of."""
    found = set()
    for text in sentences(data):
        for sentence in re.split(r"(?<=[.!?:])\s+", re.sub(r"\b[SCRFV]\d+\b|\{\w+\}", "X", text)):
            if " " in sentence and sum(map(str.isalpha, sentence)) >= SHORT:
                found.add(sentence)
    return found


def test_six_people_live_at_least_eighteen_cycles(demo: Path) -> None:
    lengths = [len(book.cycles) for book in books(demo)]
    assert len(lengths) == 6 and sum(lengths) >= 18
    assert all(2 <= length <= 4 for length in lengths)
    assert sorted(book.owner.role for book in books(demo)) == ["care-staff"] * 3 + ["teacher"] * 3


def test_nothing_is_out_of_order_in_them(demo: Path) -> None:
    assert checks.check(demo) == []


def test_every_moment_lies_on_true_events(demo: Path) -> None:
    truth = {s: json.loads((demo / "films" / f"{s}.json").read_text(encoding="utf-8")) for s in lives.SCENES}
    for book, moment in moments(demo):
        partner = book.contents().films[moment.film].people[1]
        who = {"adult": book.owner.owner, "partner": partner}
        true = {
            (who[e["who"]], e["act"], e["how"], e["start"], e["end"])
            for e in truth[moment.film.partition("-")[0]]["events"]
        }
        assert moment.turns and {(t.who, t.act, t.how, t.start, t.end) for t in moment.turns} <= true
        assert all(moment.start <= t.start and t.end <= moment.end for t in moment.turns if t.start and t.end)
        assert 5 <= round(moment.end - moment.start, 1) <= 12


def test_one_cycle_may_not_be_shown_to_a_supervisor_and_years_later_all_others_may(demo: Path) -> None:
    stopped = []
    for day in ("2026-06-01", LATER):
        for book in books(demo):
            for cycle in book.cycles:
                try:
                    consent.bundle(book.contents(), cycle, "supervision", day)
                except ConsentMissing as e:
                    stopped.append((day, book.owner.owner, cycle, e.who))
    assert len(stopped) == 2 and stopped[0][1:] == stopped[1][1:]
    (_, owner, _, who), *_ = stopped
    assert len(who) == 1 and who[0] != owner


def test_one_cycle_is_left_for_today(demo: Path) -> None:
    open_ones = [c for b in books(demo) for c in b.contents().cycles.values() if c.today_enough]
    assert [(len(c.question), bool(c.goals), c.moments, c.review) for c in open_ones] == [(1, True, (), None)]


def test_goals_move_forward_stand_still_and_step_back(demo: Path) -> None:
    steps = set()
    for book in books(demo):
        rated: dict[str, list[float]] = {}
        for cycle in book.contents().cycles.values():
            for goal in cycle.goals:
                rated.setdefault(goal.id, []).extend(r.now for r in goal.ratings)
        steps |= {(b > a) - (b < a) for line in rated.values() for a, b in pairwise(line)}
    assert steps == {-1, 0, 1}


def test_both_voices_and_a_supervisor_speak_in_most_cycles(demo: Path) -> None:
    cycles = [c for b in books(demo) for c in b.contents().cycles.values()]
    notes = [n for b in books(demo) for n in b.contents().notes]
    both = [c for c in cycles if c.review and all(clip.mine and clip.theirs for clip in c.review.clips)]
    assert len(both) == len(notes) == len(cycles) - 2
    assert any(c.review.comfort <= 4 for c in both if c.review and c.review.comfort is not None)
    assert any(len(c.question) == 2 for c in cycles)


def test_everybody_is_known_as_child_or_adult_and_by_their_ways(seeds: list[Path]) -> None:
    for book in [book for folder in seeds for book in books(folder)]:
        me, *others = book.owner.people
        assert (me.code, me.kind) == (book.owner.owner, "adult")
        filmed = {code for film in book.contents().films.values() for code in film.people}
        assert filmed == {p.code for p in book.owner.people}
        kind = "child" if book.owner.role == "teacher" else "adult"
        assert others and all(p.kind == kind and p.tells_us_by for p in others)
        assert kind == "child" or not any("word" in p.tells_us_by for p in others)


def test_other_seeds_give_other_people_and_other_words(seeds: list[Path]) -> None:
    people = [{b.owner.owner for b in books(folder)} for folder in seeds]
    assert all(one and not one & two for one, two in combinations(people, 2))
    said = [
        long_sentences([json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("S*/**/*.json")])
        for folder in seeds
    ]
    assert all(len(each) > 500 for each in said)
    assert [one & two for one, two in combinations(said, 2)] == [set()] * 3


def test_no_voice_says_what_another_says() -> None:
    said = [long_sentences(voice) for voice in (*VOICES, *words.voices("everyone"))]
    assert all(said)
    assert not [one & two for one, two in combinations(said, 2) if one & two]


def test_every_three_seeds_share_the_voices_out_among_them() -> None:
    for first in (1, 4, 7, 10):
        lot = [life for seed in range(first, first + 3) for life in lives.choose(6, seed)]
        for lines in ([life.voice["stored"] for life in lot], [life.own_yes for life in lot]):
            assert len(set(lines)) == len(lines) == 18
        assert len({life.heard["film"] for life in lot if life.heard}) == 3


def test_nobody_says_what_somebody_else_has_said(demo: Path) -> None:
    seen = [m.saw for _, m in moments(demo)]
    assert len(seen) == len(set(seen)) >= 18


def test_the_same_seed_gives_the_same_bytes(demo: Path, drawn: Path, tmp_path: Path) -> None:
    lives.live(tmp_path / "here", seed=1, drawn=drawn)
    assert tree_hash(tmp_path / "here") == tree_hash(demo)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("mine.txt").write_text("mine", encoding="utf-8")
    before = tree_hash(tmp_path)
    with pytest.raises(FolderNotEmpty):
        lives.live(tmp_path)
    with pytest.raises(FolderNotEmpty):
        lives.live(tmp_path / "mine.txt")
    with pytest.raises(BadUsage):
        lives.live(tmp_path / "new", people=0)
    assert tree_hash(tmp_path) == before


def test_what_was_broken_off_is_swept_and_leaves_nothing(drawn: Path, tmp_path: Path) -> None:
    left_over = tmp_path / ".demo.part" / "S1-teacher"
    left_over.mkdir(parents=True)
    with pytest.raises(MachineFailed):
        lives.live(tmp_path / "demo", drawn=tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
    made = lives.live(tmp_path / "demo", people=1, drawn=drawn)
    assert [p.name for p in tmp_path.iterdir()] == ["demo"]
    assert [p.name for p in made] == ["S1-teacher"] and made[0].joinpath("casebook.json").is_file()


def test_no_voice_speaks_twice_before_all_have_spoken_and_no_code_stands_for_two() -> None:
    people = lives.choose(30, 7)
    for scene in lives.SCENES:
        first = [id(p.voice) for p in people if p.scene == scene][: len(words.voices(scene))]
        assert len(first) == len(set(first)) >= 6
    codes = [code for p in people for code in (p.code, p.names["c"], p.names["other"])]
    assert len(codes) == len(set(codes))
    assert all(p.names["peer"] != p.code for p in people)
    assert sum(p.heard is not None for p in people) == sum(p.unfinished for p in people) == 1


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice["cycles"][0]["id"])
def test_every_voice_is_kind_and_speaks_of_what_can_be_seen(voice: dict[str, Any]) -> None:
    assert not [s for s in sentences(voice) if FORBIDDEN.search(s)]
    known, ids = words.BEATS[voice["scene"]], principles.load()
    drawn = [event.what for event in scenes.events(voice["scene"], 3)]
    for moment in voice["moments"]:
        assert set(moment["principles"]) <= set(ids)
        first, last = known[moment["beat"]]
        assert first in drawn and last in drawn[drawn.index(first) :]
    # Four beginnings, three films, and no stretch of film looked at twice by the same person.
    assert len(voice["cycles"]) == 4 and {m["cycle"] for m in voice["moments"]} == {1, 2, 3}
    beats = [m["beat"] for m in voice["moments"]]
    assert len(beats) == len(set(beats))
