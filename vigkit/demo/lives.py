"""Lives the casebooks of the demonstration, step by step, through the functions that users call."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.cycle import MODALITIES
from vigkit.demo import words
from vigkit.errors import BadUsage, FolderNotEmpty, on_disk
from vigkit.files import resolved, shown

SCENES = ("snack", "care")
# Fixed days, never the clock: the same seed gives the same bytes for ever. An autumn without its holidays.
FIRST_DAY = date(2025, 9, 8)
BEGINS = (0, 37, 76, 122)
FILMED, REVIEWED, NOTED = 4, 11, 14
CYCLES = 3
SHORTEST = 5.0  # seconds: a moment has a little room before and after
MARKED = ("better", "saw", "felt", "thought", "wished", "why")
ADDED = ("i_did", "they_did", "surprised")
FREE = ("passed_over", "says_about_question", "working_point", "bring")
Progress = Callable[[str, float], None]
Record = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One person of the demonstration: codes instead of names, a voice, and what is special about them.

    `heard` is what is said of a person heard in one film whose family has not agreed to supervision.
    """

    code: str
    scene: str
    voice: Record
    names: dict[str, str]
    begin: date
    dice: random.Random
    own_yes: str
    heard: Record | None = None
    unfinished: bool = False

    @property
    def home(self) -> str:
        """The name of the casebook's folder."""
        return f"{self.code}-{self.voice['role']}"

    @property
    def heard_in(self) -> int | None:
        """The cycle with the film that stays with its owner, if possible one without a peer."""
        alone = [n for n in (2, 3, 1) if not self.voice["cycles"][n - 1].get("with_peer")]
        return (alone or [2])[0] if self.heard else None

    def day(self, cycle: int, after: int = 0) -> str:
        """A working day, so many days after the beginning of a cycle."""
        day = self.begin + timedelta(days=BEGINS[cycle - 1] + after)
        return (day + timedelta(days=(0, 0, 0, 0, 0, 2, 1)[day.weekday()])).isoformat()


def live(
    folder: Path,
    *,
    people: int = 6,
    seed: int = 1,
    progress: Progress | None = None,
    drawn: Path | None = None,
) -> list[Path]:
    """The casebooks of so many people in a new folder, their films in its `films`: all of it or nothing.

    Films that were drawn before are taken from the folder `drawn`.
    """
    tell = progress or (lambda _words, _done: None)
    if people < 1:
        raise BadUsage("Choose at least 1 person for the demonstration.")
    folder = resolved(folder)
    with on_disk(shown(folder)):
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise FolderNotEmpty(shown(folder))
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.joinpath("films").mkdir(parents=True)
    try:
        lives = choose(people, seed)
        films = _films(part / "films", {life.scene for life in lives}, seed, tell, drawn)
        for n, life in enumerate(lives):
            tell(f"Casebook of {life.code}", 0.9 + 0.1 * n / len(lives))
            _live(part / life.home, life, films[life.scene])
        with on_disk(shown(folder)):
            if folder.exists():  # it is empty, and may be the one that one stands in
                for made in part.iterdir():
                    made.replace(folder / made.name)
            else:
                part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    tell("Casebooks", 1.0)
    return [folder / life.home for life in lives]


def choose(people: int, seed: int) -> list[Life]:
    """Who lives in the demonstration: no voice twice before all have spoken, other codes for another seed."""
    dice = random.Random(f"people {seed}")
    codes = [f"S{1 + (seed - 1) % 100 * people + n}" for n in range(people + 1)]
    decks = {scene: _deck(scene, words.voices(scene), seed) for scene in SCENES}
    [everyone] = words.voices("everyone")
    yes = _deck("yes", everyone["owner_yes"], seed)
    # One film is only for its owner, one person is in the middle of a cycle: two people, where there are two.
    heard, unfinished = dice.sample(range(max(people, 2)), 2)
    numbers = dice.sample(range(1, 40 + 3 * people), 2 * people)
    lives = []
    for n, code in enumerate(codes[:people]):
        scene = SCENES[n % 2]
        letter, number = "C" if scene == "snack" else "R", numbers[n]
        peers = [c for c in codes[n % 2 : people : 2] if c != code] or codes[people:]
        names = {"me": code, "c": f"{letter}{number}", "other": f"{letter}{numbers[-1 - n]}"}
        names |= {"family": f"F{number}", "v": dice.choice(("V1", "V2")), "peer": dice.choice(peers)}
        lives.append(
            Life(
                code=code,
                scene=scene,
                voice=decks[scene][n // 2 % len(decks[scene])],
                names=names,
                begin=FIRST_DAY + timedelta(days=dice.randint(0, 18)),
                dice=random.Random(f"life {seed} {n}"),
                own_yes=yes[n % len(yes)],
                heard=_deck("heard", everyone["heard"][scene], seed)[0] if n == heard % people else None,
                unfinished=n == unfinished % people,
            )
        )
    return lives


def _deck(name: str, cards: Sequence[T], seed: int) -> list[T]:
    """Voices or lines in the order of this seed: 1, 2 and 3 (4, 5 and 6 …) each begin with another third."""
    triple, third = divmod(seed - 1, 3)
    deck = list(cards)
    random.Random(f"{name} {triple}").shuffle(deck)
    start = len(deck) // 3 * third
    return deck[start:] + deck[:start]


def _films(
    folder: Path, needed: set[str], seed: int, tell: Progress, drawn: Path | None
) -> dict[str, tuple[Path, list[Record]]]:
    """Each film with its true events: drawn once, or copied from where it was drawn before."""
    films = {}
    todo = [scene for scene in SCENES if scene in needed]
    for n, scene in enumerate(todo):
        film, truth = folder / f"{scene}.mp4", folder / f"{scene}.json"
        if drawn is None:
            from vigkit.demo import scenes

            def drawing(done: float, n: int = n) -> None:
                tell("Drawing the films", 0.9 * (n + done) / len(todo))

            with on_disk(folder):
                scenes.draw(scene, seed, folder, drawing)
        else:
            with on_disk(folder):
                shutil.copyfile(drawn / film.name, film)
                shutil.copyfile(drawn / truth.name, truth)
        films[scene] = (film, json.loads(truth.read_text(encoding="utf-8"))["events"])
    return films


def _live(folder: Path, life: Life, film: tuple[Path, list[Record]]) -> None:
    """One person's casebook: agree first, then one cycle after the other."""
    letters = "".join(life.dice.choice("abcdefghkmnpqrstuvwxyz") for _ in range(6))
    book = steps.new(folder, code=life.code, role=life.voice["role"], id=f"{life.code}-{letters}")
    voice = words.said(life.voice, life.names, life.dice)
    for record in _consents(life, voice):
        steps.put(book, "consent", record)
    steps.put(book, "casebook", _owner(book, life, film[1]))
    for n in range(1, CYCLES + 1):
        _live_cycle(book, life, voice, n, film)
    if life.unfinished:
        steps.put(book, "cycle", _opening(life, voice, CYCLES + 1) | {"today_enough": life.day(CYCLES + 1)})


def _consents(life: Life, voice: Record) -> list[Record]:
    """Everyone in the films: the owner, the partner, and who can be heard in one of them."""
    child, names = life.scene == "snack", life.names
    given = life.day(1, -6)
    everyone = ["own-reflection", "supervision", "peers"]
    family = "parent" if child else "attorney"
    # A colleague may only look on where the partner agrees to it.
    looked_at = everyone if any(cycle.get("with_peer") for cycle in voice["cycles"]) else everyone[:2]

    def record(person: str, who: str, signed: str, how: str, purposes: list[str]) -> Record:
        return {
            "format": 1,
            "person": person,
            "consents": [
                {
                    "given": given,
                    "signed_by": [{"who": who, "code": signed}],
                    "own_agreement": {"answer": "yes", "how": how},
                    "purposes": purposes,
                    "stored": voice["stored"],
                    "who_sees": [life.code, names["v"]] if "supervision" in purposes else [life.code],
                    "reviewed": life.day(1, FILMED) if person == names["c"] else None,
                    "form": {"version": "1"},
                }
            ],
        }

    found = [
        record(life.code, "self", life.code, life.own_yes, everyone),
        record(names["c"], family, names["family"], voice["own_yes"], looked_at),
    ]
    if life.heard:
        how = words.said(life.heard["yes"], names, life.dice)
        found.append(record(names["other"], family, f"F{names['other'][1:]}", how, everyone[:1]))
    return found


def _owner(book: Casebook, life: Life, events: list[Record]) -> Record:
    """casebook.json with who is in the films: the partner tells us by what the best moments show."""
    kept = [moment["beat"] for moment in life.voice["moments"] if moment.get("keep")]
    turns = [turn for beat in kept for turn in _turns(events, life.scene, beat)]
    ways = {turn["how"] for turn in turns if turn["who"] == "partner" and turn["act"] != "reception"}
    by = {life.names["c"]: [way for way in MODALITIES if way in ways]}
    if life.heard:
        by[life.names["other"]] = life.heard["tells_us_by"]
    kind = "child" if life.scene == "snack" else "adult"
    people = [{"code": code, "kind": kind, "tells_us_by": found} for code, found in by.items()]
    record = {key: value for key, value in steps.show(book).items() if key != "cycles"}
    return record | {"people": [{"code": life.code, "kind": "adult"}, *people]}


def _live_cycle(book: Casebook, life: Life, voice: Record, n: int, film: tuple[Path, list[Record]]) -> None:
    """A question, a film, moments, a shared review, what comes of it, and what the supervisor says."""
    told, names = voice["cycles"][n - 1], life.names
    alone = n == life.heard_in
    cycle = steps.put(book, "cycle", _opening(life, voice, n))["id"]
    people = [life.code, names["c"], *([names["other"]] if alone else [])]
    added = steps.add_film(
        book,
        film[0],
        people=people,
        id=f"{life.scene}-{n}",
        filmed=life.day(n, FILMED),
        activity=told["activity"],
    )
    chosen = _chosen([m for m in voice["moments"] if m["cycle"] == n], life.dice, film[1], life.scene)
    marked = [(_mark(book, cycle, life, added.id, added.seconds, m, film[1]), m) for m in chosen]
    steps.put(book, "cycle", _reviewed(steps.show(book, cycle), life, told, n, marked, alone))
    if not alone:
        steps.put(book, "note", _note(cycle, life, told, n, marked))


def _opening(life: Life, voice: Record, n: int) -> Record:
    """A cycle as it begins: a question and where the person sees the goals today."""
    told, began = voice["cycles"][n - 1], life.day(n)
    return {
        "format": 1,
        "id": f"{n:02}-{told['id']}",
        "number": n,
        "began": began,
        "question": [{"words": told["question"], "agreed_with": told["agreed"], "on": began}],
        "goals": [
            {
                "id": goal["id"],
                "words": goal["words"],
                "hoped": goal["hoped"],
                "one_point_higher": goal["one_point_higher"][min(n, CYCLES) - 1],
                "ratings": [{"on": began, "now": goal["ratings"][n - 1][0]}],
            }
            for goal in voice["goals"]
        ],
    }


def _chosen(pool: list[Record], dice: random.Random, events: list[Record], scene: str) -> list[Record]:
    """One to three of the moments in the order of the film; those that other words speak of stay."""
    kept = [m for m in pool if m.get("keep")]
    others = [m for m in pool if not m.get("keep")]
    count = dice.choice((1, 2, 2)) if kept else 2
    picked = kept + dice.sample(others, min(count, len(others), 3 - len(kept)))
    return sorted(picked, key=lambda m: float(_turns(events, scene, m["beat"])[0]["start"]))


def _turns(events: list[Record], scene: str, beat: str) -> list[Record]:
    """The true events of a stretch of the film."""
    first, last = words.BEATS[scene][beat]
    start = next(i for i, e in enumerate(events) if e["what"] == first)
    end = next(i for i, e in enumerate(events) if i >= start and e["what"] == last)
    return events[start : end + 1]


def _mark(
    book: Casebook, cycle: str, life: Life, film: str, seconds: float, moment: Record, events: list[Record]
) -> str:
    """Mark a moment on its true events, a breath before and after; gives its id."""
    turns = _turns(events, life.scene, moment["beat"])
    first, last = turns[0]["start"], max(e["end"] for e in turns)
    room = max(0.0, SHORTEST - (last - first)) / 2
    before = words.BEFORE.get(moment["beat"], life.dice.uniform(0.3, 0.8))
    start = max(0.0, first - max(room, moment.get("before", before)))
    end = min(seconds, last + max(room, life.dice.uniform(0.4, 0.9)))
    who = {"adult": life.code, "partner": life.names["c"]}
    stored = steps.mark(
        book,
        cycle,
        film=film,
        start=round(start, 1),
        end=round(end, 1),
        principles=moment["principles"],
        turns=[
            {"who": who[e["who"]], "act": e["act"], "how": e["how"], "start": e["start"], "end": e["end"]}
            for e in turns
        ],
        share=moment.get("share", ["supervision"]),
        joy=moment.get("joy", False),
        **{key: moment.get(key) for key in MARKED},
    )
    return stored.id


def _reviewed(
    record: Record, life: Life, told: Record, n: int, marked: Sequence[tuple[str, Record]], alone: bool
) -> Record:
    """The cycle after the shared review: what both said, where the goals stand, what comes next."""
    held, names = life.day(n, REVIEWED), life.names
    said = dict(marked)
    # The short film opens with joy; the rest in the order in which they were liked.
    order = sorted(said, key=lambda id: (not said[id].get("joy"), life.dice.random()))
    for moment in record["moments"]:
        moment |= {key: said[moment["id"]][key] for key in ADDED if key in said[moment["id"]]}
        moment["chosen"] = 1 + order.index(moment["id"])
    for goal, spoken in zip(record["goals"], life.voice["goals"], strict=True):
        goal["ratings"].append({"on": held, "now": spoken["ratings"][n - 1][1]})
    if "question_again" in told:
        again = {"words": told["question_again"], "agreed_with": names["v"], "on": held}
        record["question"].append(again)
    peer = [names["peer"]] if told.get("with_peer") else []
    clips = [{"moment": id, "mine": m["mine"], "theirs": None if alone else m["theirs"]} for id, m in marked]
    heard = [words.said(life.heard["film"], names, life.dice)] if life.heard and alone else []
    return (
        record
        | {key: told[key] for key in FREE}
        | {
            "situation": " ".join([told["situation"], *heard]),
            "review": {
                "held": held,
                "with_whom": [life.code] if alone else [life.code, *peer, names["v"]],
                "clips": clips,
                "comfort": told["comfort"],
                "comfort_words": told["comfort_words"],
            },
            "next_film": {"when": life.day(n + 1, FILMED), "what": told["next"], "with_whom": [names["c"]]},
        }
    )


def _note(cycle: str, life: Life, told: Record, n: int, marked: Sequence[tuple[str, Record]]) -> Record:
    """What the supervisor noticed and wondered, over the whole and for some of the moments."""
    moments = [{"moment": id, "notice": m.get("notice"), "wonder": m.get("wonder")} for id, m in marked]
    return {
        "format": 1,
        "cycle": cycle,
        "by": life.names["v"],
        "on": life.day(n, NOTED),
        "notice": told["notice"],
        "wonder": told["wonder"],
        "moments": [m for m in moments if m["notice"] or m["wonder"]],
    }
