"""Writes a scene down frame by frame: who moves when, what is heard, and the truth of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vigkit.demo import people
from vigkit.demo.people import GRIP, Look, Pose, Shape
from vigkit.demo.tones import VOICES, Note

FPS = 25
# Before and after each change its surroundings hold still for this many frames.
CALM = 8
Box = list[int]
Spot = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One true turn: who did what, how, from the first changed picture to the last, and where."""

    who: str
    act: str
    how: str
    start: float
    end: float
    region: Box | None
    what: str

    def record(self) -> dict[str, Any]:
        """The event as it is stored beside the film."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time with a name: the pause that is left, the shared laugh."""

    name: str
    start: float
    end: float
    what: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The words of an event before its times are known."""

    who: str
    act: str
    how: str
    what: str


@dataclass(slots=True, kw_only=True)
class Script:
    """The tracks of a scene while it is being written; `now` is the next frame.

    Whatever moves answers with the frame after it; what takes a `Turn` keeps an event and goes on after it.
    """

    looks: dict[str, Look]
    voices: dict[str, str]
    dice: random.Random
    frames: int = 2600
    now: int = 0
    tracks: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def set(self, name: str, *value: float) -> None:
        """The value a track has from the first frame on."""
        self.tracks[name] = np.tile(np.array(value, dtype=float), (self.frames, 1))

    def value(self, name: str, at: int | None = None) -> Any:
        """What a track holds before the frame `at`."""
        return self.tracks[name][max(0, (self.now if at is None else at) - 1)].copy()

    def move(self, name: str, to: Any, frames: int, at: int | None = None, arc: float = 0.0) -> int:
        """Move a track: the first of `frames` frames is already changed, the last has arrived."""
        first = self.now if at is None else at
        u = (np.arange(frames) + 1) / frames
        ease = 0.45 * u + 0.55 * u * u * (3 - 2 * u)
        old, new = self.value(name, first), np.array(to, dtype=float)
        path = old + (new - old) * ease[:, None]
        if arc:
            path[:, 1] -= arc * 4 * ease * (1 - ease)
        self.tracks[name][first : first + frames] = path
        self.tracks[name][first + frames :] = new
        return first + frames

    def snap(self, name: str, to: float, frames: int, at: int | None = None) -> int:
        """Move a track evenly, so that even a small change is seen at once."""
        first = self.now if at is None else at
        old = self.value(name, first)[0]
        self.tracks[name][first : first + frames, 0] = old + (to - old) * (np.arange(frames) + 1) / frames
        self.tracks[name][first + frames :, 0] = to
        return first + frames

    def shake(self, name: str, by: float, frames: int, times: int, at: int | None = None) -> int:
        """Swing a track `times` times to `by` and back."""
        first = self.now if at is None else at
        u = (np.arange(frames) + 1) / frames
        self.tracks[name][first : first + frames, 0] += by * np.abs(np.sin(np.pi * times * u))
        return first + frames

    def about(self, frames: float) -> int:
        """A number of frames near this one: every seed has its own rhythm."""
        return max(3, round(frames * self.dice.uniform(0.86, 1.18)))

    def rest(self, seconds: float) -> None:
        """Let time pass, a little more or less in every seed."""
        self.now += max(CALM + 2, round(seconds * FPS * self.dice.uniform(0.85, 1.25)))

    def keep(self, turn: Turn, first: int, after: int, region: Box | None) -> None:
        """Keep an event that others may overlap; `after` is the first frame that no longer changes."""
        start, end = round(first / FPS, 3), round((after - 1) / FPS, 3)
        event = Event(
            who=turn.who, act=turn.act, how=turn.how, start=start, end=end, region=region, what=turn.what
        )
        self.events.append(event)

    def log(self, turn: Turn, first: int, after: int, region: Box | None) -> None:
        """Keep an event, then go on after it with a short gap."""
        self.keep(turn, first, after, region)
        self.now = after
        self.rest(0.52)

    def span(self, name: str, first: int, after: int, what: str) -> None:
        """Keep a named stretch of time."""
        self.spans.append(Span(name=name, start=round(first / FPS, 3), end=round(after / FPS, 3), what=what))

    def pose(self, who: str, at: int) -> Pose:
        """The pose of one person before the frame `at`."""
        return pose_at(self.tracks, who, max(0, at - 1))

    def near(self, who: str) -> str:
        """The track of the hand that is nearer to the other person."""
        return f"{who}.right" if self.looks[who].facing > 0 else f"{who}.left"

    def head_box(self, who: str) -> Box:
        """The box of a person's head as it is now."""
        look = self.looks[who]
        x, y = people.head_at(look, self.pose(who, self.now))
        wide, up, down = look.head * 1.22, look.head * 1.2, look.head * 1.1
        return _box((x - wide, y - up), (x + wide, y + down))

    def path_box(self, names: Sequence[str], first: int, after: int, pad: float = 34) -> Box:
        """The box around everything that these tracks pass through."""
        spots = np.vstack([self.tracks[n][first - 1 : after, :2] for n in names])
        return _box(spots.min(0) - pad, spots.max(0) + pad)

    def aim(self, who: str, target: str | Spot, frames: int = 7, at: int | None = None) -> int:
        """Turn head and eyes to a point, or to the other person's face."""
        first = self.now if at is None else at
        x, y = people.head_at(self.looks[who], self.pose(who, first))
        if isinstance(target, str):
            target = people.head_at(self.looks[target], self.pose(target, first))
        dx, dy = np.clip((target[0] - x) / 420, -1, 1), np.clip((target[1] - y) / 330, -1, 1)
        quick = max(3, frames - 3)
        self.move(f"{who}.turn", [0.86 * np.sign(dx) * np.abs(dx) ** 0.7], frames, first)
        self.move(f"{who}.pitch", [0.62 * dy], frames, first)
        self.snap(f"{who}.gaze_x", np.sign(dx) * min(0.85, abs(dx) * 0.7 + 0.1), quick, first)
        self.snap(f"{who}.gaze_y", 0.95 * dy, quick, first)
        return first + frames

    def gaze(self, who: str, act: str, target: str | Spot, what: str, frames: int = 8) -> None:
        """A look that turns the head."""
        first, box = self.now, self.head_box(who)
        self.log(Turn(who, act, "gaze", what), first, self.aim(who, target, self.about(frames)), box)

    def face(self, who: str, act: str, what: str, smile: float = 0.95, brow: float = 0.8) -> None:
        """A smile that comes with the brows."""
        first, box, frames = self.now, self.head_box(who), self.about(6)
        self.snap(f"{who}.brow", brow, frames)
        after = self.snap(f"{who}.smile", smile, frames)
        self.log(Turn(who, act, "face", what), first, after, box)

    def ease_face(self, who: str, smile: float = 0.45) -> None:
        """Let a smile go down again, slowly, as no event of its own."""
        self.move(f"{who}.smile", [smile], 9)
        self.move(f"{who}.brow", [0.15], 9)
        self.move(f"{who}.mouth", [0.0], 9)

    def nod(self, who: str, act: str, what: str) -> None:
        """Two nods."""
        first, box = self.now, self.head_box(who)
        after = self.shake(f"{who}.pitch", 0.42, self.about(18), 2)
        self.log(Turn(who, act, "movement", what), first, after, box)

    def say(self, turn: Turn, tune: Sequence[float], slow: float = 1.0) -> None:
        """A little melody in semitones; the mouth opens with every tone."""
        (base, pan), at = VOICES[self.voices[turn.who]], self.now
        for i, step in enumerate(tune):
            last = i + 1 == len(tune)
            frames = max(4, round((12 if last else 8) * slow * self.dice.uniform(0.9, 1.15)))
            low, long = base * 2 ** (step / 12), (frames - 1) / FPS
            high = low * (0.93 if last else 1.04)
            self.notes.append(Note(start=at / FPS, seconds=long, low=low, high=high, level=0.30, pan=pan))
            at = self.shake(f"{turn.who}.mouth", 0.62, frames, 1, at)
        self.log(turn, self.now, at, None)

    def laugh(self, who: str, frames: int, times: int, at: int) -> int:
        """Laugh with eyes, mouth and shoulders."""
        self.snap(f"{who}.laugh", 1.0, 4, at)
        self.snap(f"{who}.smile", 1.0, 4, at)
        self.move(f"{who}.laugh", [0.0], 7, at + frames - 7)
        return self.shake(f"{who}.rise", 6.0, frames, times, at)

    def laugh_tones(self, who: str, first: int, after: int, level: float = 0.26) -> None:
        """The sound of a laugh: short falling tones, the last ending with the frame before `after`."""
        base, pan = VOICES[self.voices[who]]
        starts = np.linspace(first / FPS, (after - 1) / FPS - 0.15, max(3, round((after - first) / 6.5)))
        for i, start in enumerate(starts.tolist()):
            p = base * 2 ** ((9 - 1.2 * i + (i % 2)) / 12)
            self.notes.append(
                Note(start=start, seconds=0.15, low=p * 1.06, high=p * 0.94, level=level, pan=pan)
            )

    def knock(self, at: int, pitch: float = 820.0) -> None:
        """The small sound of wood on wood."""
        self.notes.append(
            Note(start=at / FPS, seconds=0.07, low=pitch, high=pitch * 0.8, level=0.1, kind="wood")
        )

    def hand(
        self, track: str, to: Any, angle: float, shape: Shape, frames: int, at: int, arc: float = 0
    ) -> int:
        """Move a hand to a point."""
        return self.move(track, [to[0], to[1], angle, *shape], frames, at, arc)

    def point(self, turn: Turn, to: Spot, angle: float, target: str | Spot, shape: Shape) -> None:
        """A hand goes out, stays a moment and comes back."""
        first, track = self.now, self.near(turn.who)
        home = self.value(track)
        self.aim(turn.who, target, 7, first + 1)
        at = self.hand(track, to, angle, shape, self.about(8), first, 18)
        after = self.move(track, home, self.about(10), at + self.about(12), 10)
        self.log(turn, first, after, self.path_box([track], first, after))

    def bring(
        self, turn: Turn, thing: str, to: Spot, grip: Spot, arc: float, ground: float, lean: float = 12
    ) -> int:
        """A hand takes a thing, brings it somewhere, comes back; gives the frame when it stands."""
        who, first, track = turn.who, self.now, self.near(turn.who)
        home, here, way = self.value(track), self.value(thing), self.looks[turn.who].facing
        angle = 0.28 if way > 0 else 2.86
        self.aim(who, (here[0], here[1] - 20), 6, first + 1)
        self.move(f"{who}.lean", [way * lean], 11, first)
        at = self.hand(track, here[:2] + grip, angle, GRIP, self.about(9), first, 12)
        self.aim(who, (to[0], to[1] - 20), 7, at + 2)
        placed = self.carry(track, thing, (*to, 0, ground, here[4]), grip, angle, self.about(15), at, arc)
        after = self.move(track, home, self.about(10), placed + 2, 12)
        self.move(f"{who}.lean", [0], after - placed - 2, placed + 2)
        self.log(turn, first, after, self.path_box([track, thing], first, after))
        return placed

    def carry(
        self, track: str, thing: str, to: Any, grip: Spot, angle: float, frames: int, at: int, arc: float
    ) -> int:
        """Hand and thing go the same way together, so that they never part."""
        self.move(thing, to, frames, at, arc)
        return self.hand(track, (to[0] + grip[0], to[1] + grip[1]), angle, GRIP, frames, at, arc)


def _box(low: Any, high: Any) -> Box:
    """Whole numbers inside the picture."""
    return [max(0, int(low[0])), max(0, int(low[1])), min(1280, int(high[0])), min(720, int(high[1]))]


_POSE = [
    "turn",
    "pitch",
    "tilt",
    "gaze_x",
    "gaze_y",
    "brow",
    "lid",
    "smile",
    "mouth",
    "laugh",
    "lean",
    "rise",
    "breath",
]
_CALM_POSE = {"lid": 1.0, "smile": 0.45, "brow": 0.15}


def add_person(script: Script, who: str, left: Spot, right: Spot, angles: Spot) -> None:
    """Give a person tracks, the hands at rest."""
    for name in _POSE:
        script.set(f"{who}.{name}", _CALM_POSE.get(name, 0.0))
    script.set(f"{who}.left", *left, angles[0], *people.REST)
    script.set(f"{who}.right", *right, angles[1], *people.REST)


def pose_at(tracks: dict[str, Any], who: str, index: int) -> Pose:
    """The pose that the tracks hold in one frame."""
    parts: dict[str, Any] = {name: float(tracks[f"{who}.{name}"][index, 0]) for name in _POSE}
    for side in ("left", "right"):
        parts[side] = tuple(tracks[f"{who}.{side}"][index].tolist())
    return Pose(**parts)


def add_idle(script: Script) -> None:
    """Breathing and blinking, which pause around the start and the end of every event."""
    calm = np.zeros(script.frames, dtype=bool)
    for event in script.events:
        for second in (event.start, event.end):
            middle = round(second * FPS)
            calm[max(0, middle - CALM) : middle + CALM + 1] = True
    pace = np.cumsum(~calm) / FPS
    for who in script.looks:
        phase = script.dice.uniform(0, 6.28)
        # In quarter steps, which nobody sees: a frame like the one before costs nothing to draw or to store.
        script.tracks[f"{who}.breath"][:, 0] = np.round(4 * np.sin(2 * np.pi * pace / 3.4 + phase)) / 4
        at = script.dice.randrange(20, 60)
        while at + 8 < script.frames:
            if calm[at - 1 : at + 6].any():
                at += 1
                continue
            script.tracks[f"{who}.lid"][at : at + 4, 0] *= (0.6, 0.0, 0.0, 0.65)
            at += script.dice.randrange(55, 120)
