"""The exercise "Spot the initiative": press a key each time somebody begins something, on the drawn films.

What happens in these films is known, and stays here: the page sends the time of the frame on screen, and gets
a sentence. A press means an initiative from BEFORE its start until AFTER its end: nobody is quicker,
and who watches again may be early. Anything else gets a question that invites to look again.
Nothing is counted, and nothing of what anybody presses is kept, here or in the browser.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets import Unicode

from vigkit import records, steps
from vigkit.casebook import Casebook, looks_like_one
from vigkit.errors import BadUsage, VigkitError, clock
from vigkit.pages.desk import Desk
from vigkit.pages.wire import Wired

BEFORE, AFTER = 1.0, 1.5  # seconds
ROUND = 4.0  # seconds: an initiative that is no further away gives the question its words
RUN_UP = 2.0  # seconds to look at before what is asked about


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawn film as people are told of it."""

    name: str
    title: str
    partner: str
    adult: str


SCENES = (
    Scene("snack", "Snack time, with a child", "the child", "the teacher"),
    Scene("care", "A drink, with an older adult", "the older adult", "the care worker"),
)
WAYS = {
    "gaze": ("a look", "what do {}'s eyes do?"),
    "face": ("the face", "what does {}'s face do?"),
    "gesture": ("a gesture", "what do {}'s hands do?"),
    "voice": ("a sound", "what do you hear from {}?"),
    "word": ("a word", "what do you hear from {}?"),
    "touch": ("a touch", "what do {}'s hands do?"),
    "movement": ("a movement", "how does {} move?"),
    "object": ("a thing", "what do {}'s hands do?"),
    "AAC": ("a card", "what do {}'s hands do with the cards?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing that somebody does in a film; `number` is its place among all of them."""

    number: int
    who: str
    act: str
    how: str
    start: float
    end: float
    what: str
    region: Sequence[int] | None  # left, top, right, bottom on the picture

    @property
    def begins(self) -> bool:
        """Whether it is an initiative of the partner."""
        return (self.who, self.act) == ("partner", "initiative")

    def told(self) -> dict[str, Any]:
        """What a page says and plays of it."""
        told = {"id": self.number, "start": self.start, "end": self.end, "region": self.region}
        return told | {"at": clock(int(self.start)), "what": self.what, "way": WAYS[self.how][0]}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn film of the demonstration, and all that happens in it."""

    scene: Scene
    book: Casebook
    film: str
    size: tuple[int, int]
    turns: tuple[Turn, ...]

    @property
    def initiatives(self) -> list[Turn]:
        """Where the partner begins something."""
        return [turn for turn in self.turns if turn.begins]

    def meant(self, at: float) -> Turn | None:
        """The initiative that somebody means who presses at a time; or one about to begin."""
        turn = last(self.initiatives, at) or last([t for t in self.turns if t.who == "partner"], at)
        if turn is None:
            ahead = (each for each in self.initiatives if 0 < each.start - at <= BEFORE)
            return next(ahead, None)
        return turn if turn.begins else None

    def question(self, at: float) -> dict[str, Any]:
        """A question that is worth another look, and from where."""
        turn, begun = last(self.turns, at), self.initiatives
        if turn is None:
            close = [each for each in begun if abs(each.start - at) <= ROUND]
            turn = min(close, key=lambda each: abs(each.start - at), default=None)
            ask = WAYS[turn.how][1] if turn else "what do {}'s eyes, hands and voice do?"
            start = min(at, turn.start if turn else at) - RUN_UP
        elif turn.who == "adult":
            ask, start = f"who begins here, {{}} or {self.scene.adult}?", turn.start - RUN_UP
        else:
            ask = "what is {} answering here?"
            before = [each.start for each in self.turns[: turn.number] if each.who == "adult"]
            start = max([turn.start - 2 * RUN_UP, *before[-1:]])
        since = max(0, math.floor(start))
        words = f"Look once more from {clock(since)}: {ask.format(self.scene.partner)}"
        return {"sentence": words, "from": since}


def last(turns: Sequence[Turn], at: float) -> Turn | None:
    """The last turn that had begun at a time, if it is not long over."""
    begun = [turn for turn in turns if turn.start <= at <= turn.end + AFTER]
    return begun[-1] if begun else None


class Spot(Wired):
    """The exercise, or all that it is about as a list (`part` is "answers")."""

    stem = "spot"
    part = Unicode().tag(sync=True)

    def __init__(self, desk: Desk, films: Sequence[Drawn], part: str = "spot") -> None:
        self.said = "Spot the initiative, the answers" if part == "answers" else "Spot the initiative"
        super().__init__(desk, part=part)
        self.films = {each.scene.name: each for each in films}

    def load(self) -> dict[str, Any]:
        """Which films there are, and whether the start page lies beside this one."""
        from vigkit.lab.films import offer

        films = []
        for each in self.films.values():
            handle = offer(each.book)
            films.append(
                {
                    "name": each.scene.name,
                    "title": each.scene.title,
                    "who": each.scene.partner,
                    "size": each.size,
                    "film": handle and f"{handle}/{each.film}",
                }
            )
        return {"films": films, "home": Path("0-welcome.ipynb").is_file()}

    def on_spotted(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The sentence for one press."""
        film, noticed = self._film(message), _numbers(message)
        at = message.get("at")
        if not isinstance(at, int | float) or not math.isfinite(at):
            raise BadUsage("This page is older than vigkit. Start the page again.")
        found = film.meant(at)
        if found is None:
            return film.question(at)
        before = "You saw this one before" if found.number in noticed else "Yes"
        return {"found": found.told(), "sentence": f"{before}, at {clock(int(found.start))}. {found.what}"}

    def on_all(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What was noticed, and what others saw too."""
        film, noticed = self._film(message), _numbers(message)
        begun = film.initiatives
        told = {
            "noticed": [turn.told() for turn in begun if turn.number in noticed],
            "others": [turn.told() for turn in begun if turn.number not in noticed],
        }
        quiet = all(turn.how != "word" for turn in begun)
        return told | {"words": "Each of these begins without a word." if quiet else ""}

    def _film(self, message: Mapping[str, Any]) -> Drawn:
        film = self.films.get(str(message.get("film")))
        if film is None:
            raise BadUsage("This page has no such film. Start the page again.")
        return film


def exercise(_desk: Desk) -> Spot:
    """The exercise, on the films of the demonstration, whatever casebook is open."""
    return _made("spot")


def answers(_desk: Desk) -> Spot:
    """All initiatives of the films, to be played one by one: for whoever leads the exercise."""
    return _made("answers")


def _made(part: str) -> Spot:
    from vigkit.demo.place import demonstration

    folder = demonstration()
    return Spot(Desk.open("1-spot-the-initiative", folder), drawn_films(folder.parent), part)


def drawn_films(people: Path) -> list[Drawn]:
    """The films of a demonstration with what happens in them; BadUsage where there is none."""
    films = [film for scene in SCENES for film in _first(people, scene)]
    if not films:
        raise BadUsage("The drawn films are not here. Make them again with vigkit demo.")
    return films


def _first(people: Path, scene: Scene) -> list[Drawn]:
    truth = people / "films" / f"{scene.name}.json"
    if not truth.is_file():
        return []
    known = records.parse(truth.read_bytes(), truth.name)
    turns = tuple(_turn(n, event) for n, event in enumerate(known["events"]))
    for book in (Casebook(folder) for folder in sorted(people.iterdir()) if looks_like_one(folder)):
        for film in _seen(book, scene.name):
            return [Drawn(scene, book, film, tuple(known["size"]), turns)]
    return []


def _seen(book: Casebook, scene: str) -> Iterator[str]:
    """The films of a scene in a casebook that may be looked at: somebody may have played with it."""
    for film in book.contents().films:
        if film.rpartition("-")[0] == scene:
            try:
                steps.shown_film(book, film)
            except VigkitError:
                continue
            yield film


def _turn(number: int, event: Mapping[str, Any]) -> Turn:
    names = ("who", "act", "how", "start", "end", "what", "region")
    return Turn(number=number, **{name: event[name] for name in names})


def _numbers(message: Mapping[str, Any]) -> set[int]:
    return {each for each in message.get("noticed") or () if isinstance(each, int)}
