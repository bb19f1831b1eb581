"""Writes down a scene frame by frame: who moves when, what is said, and the truth of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vigkit.demo import people
from vigkit.demo.people import Look, Pose

FPS = 25
RATE = 48_000
# Before and after each change its surroundings hold still for this many frames.
CALM = 8
Box = list[int]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One tone, its pitch gliding from `low` to `high`; `kind` is a voice, wood or the radio."""

    start: float
    seconds: float
    low: float
    high: float
    level: float
    pan: float
    kind: str = "voice"


# The pitch of each voice in hertz, and where it is heard from left (-1) to right (1).
VOICES = {"adult": (228.0, -0.35), "child": (452.0, 0.35), "worker": (214.0, -0.35), "old": (146.0, 0.35)}


@dataclass(slots=True, kw_only=True)
class Script:
    """The tracks of a scene while it is being written; `now` is the next frame."""

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

    def move(self, name: str, to: Sequence[float], frames: int, at: int | None = None, arc: float = 0.0, crisp: bool = False) -> int:
        """Move a track: the first of `frames` frames is already changed, the last has arrived; gives the frame after."""
        first = self.now if at is None else at
        track, u = self.tracks[name], (np.arange(frames) + 1) / frames
        ease = u if crisp else 0.45 * u + 0.55 * u * u * (3 - 2 * u)
        old, new = self.value(name, first), np.array(to, dtype=float)
        path = old + (new - old) * ease[:, None]
        if arc:
            path[:, 1] -= arc * 4 * ease * (1 - ease)
        track[first : first + frames] = path
        track[first + frames :] = new
        return first + frames

    def shake(self, name: str, by: float, frames: int, times: int, at: int | None = None) -> int:
        """Swing a track `times` times to `by` and back; gives the frame after."""
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

    def log(self, who: str, act: str, how: str, first: int, after: int, region: Box | None, what: str) -> None:
        """Keep an event, then go on after it with a short gap."""
        self.keep(who, act, how, first, after, region, what)
        self.now = after
        self.rest(0.52)

    def keep(self, who: str, act: str, how: str, first: int, after: int, region: Box | None, what: str) -> None:
        """Keep an event that others may overlap; `after` is the first frame that no longer changes."""
        start, end = round(first / FPS, 3), round((after - 1) / FPS, 3)
        self.events.append(Event(who=who, act=act, how=how, start=start, end=end, region=region, what=what))

    def pose(self, who: str, at: int) -> Pose:
        """The pose of one person before the frame `at`."""
        return pose_at(self.tracks, who, max(0, at - 1))

    def head_box(self, who: str) -> Box:
        """The box of a person's head as it is now."""
        look = self.looks[who]
        x, y = people.head_at(look, self.pose(who, self.now))
        wide, up, down = look.head * 1.22, look.head * 1.2, look.head * 1.1
        return _box([(x - wide, y - up), (x + wide, y + down)])

    # What people do. Each gives the frame after it; the ones with `act` keep an event.

    def aim(self, who: str, target: str | tuple[float, float], frames: int = 7, at: int | None = None) -> int:
        """Turn head and eyes to a point, or to the other person's face."""
        first = self.now if at is None else at
        x, y = people.head_at(self.looks[who], self.pose(who, first))
        if isinstance(target, str):
            tx, ty = people.head_at(self.looks[target], self.pose(target, first))
        else:
            tx, ty = target
        dx, dy = np.clip((tx - x) / 420, -1, 1), np.clip((ty - y) / 330, -1, 1)
        turn = 0.86 * np.sign(dx) * np.abs(dx) ** 0.7
        self.move(f"{who}.turn", [turn], frames, first)
        self.move(f"{who}.pitch", [0.62 * dy], frames, first)
        self.move(f"{who}.gaze_x", [np.sign(dx) * min(0.85, abs(dx) * 0.7 + 0.1)], max(3, frames - 3), first, crisp=True)
        self.move(f"{who}.gaze_y", [0.95 * dy], max(3, frames - 3), first, crisp=True)
        return first + frames

    def gaze(self, who: str, act: str, target: str | tuple[float, float], what: str, frames: int = 8) -> None:
        """A look that turns the head."""
        first, box = self.now, self.head_box(who)
        self.log(who, act, "gaze", first, self.aim(who, target, self.about(frames)), box, what)

    def face(self, who: str, act: str, what: str, smile: float = 0.95, brow: float = 0.8, how: str = "face", open_: float = 0.0) -> None:
        """A smile that comes with the brows."""
        first, box, frames = self.now, self.head_box(who), self.about(6)
        self.move(f"{who}.brow", [brow], frames, first, crisp=True)
        self.move(f"{who}.mouth", [open_], frames, first, crisp=True)
        self.log(who, act, how, first, self.move(f"{who}.smile", [smile], frames, first, crisp=True), box, what)

    def ease_face(self, who: str, smile: float = 0.45, at: int | None = None) -> None:
        """Let a smile go down again, slowly, as no event of its own."""
        first = self.now if at is None else at
        self.move(f"{who}.smile", [smile], 9, first)
        self.move(f"{who}.brow", [0.15], 9, first)
        self.move(f"{who}.mouth", [0.0], 9, first)

    def nod(self, who: str, act: str, what: str, times: int = 2) -> None:
        """A nod."""
        first, box = self.now, self.head_box(who)
        self.log(who, act, "movement", first, self.shake(f"{who}.pitch", 0.42, self.about(9 * times), times), box, what)

    def say(self, who: str, act: str, tune: Sequence[float], what: str, how: str = "voice", slow: float = 1.0) -> None:
        """A little melody in semitones; the mouth opens with every tone."""
        first = self.now
        self.log(who, act, how, first, self.sing(who, tune, slow), None, what)

    def sing(self, who: str, tune: Sequence[float], slow: float = 1.0, level: float = 0.30, mouth: float = 0.62) -> int:
        """The tones of a voice; gives the frame after the last."""
        base, pan = VOICES[self.voices[who]]
        at = self.now
        for i, step in enumerate(tune):
            frames = max(4, round((8 if i + 1 < len(tune) else 12) * slow * self.dice.uniform(0.9, 1.15)))
            pitch = base * 2 ** (step / 12)
            glide = 1.04 if i + 1 < len(tune) else 0.93
            self.notes.append(
                Note(start=at / FPS, seconds=(frames - 1) / FPS, low=pitch, high=pitch * glide, level=level, pan=pan)
            )
            self.shake(f"{who}.mouth", mouth, frames, 1, at)
            at += frames
        return at

    def wood(self, at: int, level: float = 0.10, pitch: float = 820.0) -> None:
        """The small sound of wood on wood."""
        self.notes.append(Note(start=at / FPS, seconds=0.07, low=pitch, high=pitch * 0.8, level=level, pan=0.0, kind="wood"))

    def hand(self, who: str, side: str, to: tuple[float, float], angle: float, shape: people.Shape, frames: int, at: int | None = None, arc: float = 0.0) -> int:
        """Move a hand to a point."""
        return self.move(f"{who}.{side}", [*to, angle, *shape], frames, at, arc)

    def carry(self, who: str, side: str, thing: str, to: Sequence[float], grip: tuple[float, float], angle: float, frames: int, at: int, arc: float) -> int:
        """Hand and thing go the same way together, so that they never part."""
        u_to = np.array(to, dtype=float)
        self.move(thing, u_to, frames, at, arc)
        return self.hand(who, side, (u_to[0] + grip[0], u_to[1] + grip[1]), angle, people.GRIP, frames, at, arc)

    def laugh(self, who: str, frames: int, times: int, at: int) -> int:
        """Laugh with eyes, mouth and shoulders; gives the frame after."""
        self.move(f"{who}.laugh", [1.0], 4, at, crisp=True)
        self.move(f"{who}.laugh", [0.0], 7, at + frames - 7)
        self.move(f"{who}.smile", [1.0], 4, at, crisp=True)
        self.shake(f"{who}.rise", 6.0, frames, times, at)
        return at + frames

    def laugh_tones(self, who: str, first: int, after: int, level: float = 0.26) -> None:
        """The sound of a laugh: short falling tones, the last ending with the frame before `after`."""
        base, pan = VOICES[self.voices[who]]
        many = max(3, round((after - first) / 6.5))
        starts = np.linspace(first / FPS, (after - 1) / FPS - 0.15, many)
        for i, start in enumerate(starts):
            pitch = base * 2 ** ((9 - 1.2 * i + (i % 2)) / 12)
            self.notes.append(Note(start=float(start), seconds=0.15, low=pitch * 1.06, high=pitch * 0.94, level=level, pan=pan))

    def path_box(self, names: Sequence[str], first: int, after: int, pad: float = 34) -> Box:
        """The box around everything that these tracks pass through."""
        spots = np.vstack([self.tracks[n][first - 1 : after, :2] for n in names])
        return _box([spots.min(0) - pad, spots.max(0) + pad])


def _box(corners: Sequence[Any]) -> Box:
    """Whole numbers inside the picture."""
    (x0, y0), (x1, y1) = corners
    return [max(0, int(x0)), max(0, int(y0)), min(1280, int(x1)), min(720, int(y1))]


_POSE = ("turn", "pitch", "tilt", "gaze_x", "gaze_y", "brow", "lid", "smile", "mouth", "laugh", "lean", "rise", "breath")


def add_person(script: Script, who: str, left: Sequence[float], right: Sequence[float], angles: tuple[float, float]) -> None:
    """Give a person tracks, the hands at rest."""
    for name in _POSE:
        script.set(f"{who}.{name}", {"lid": 1.0, "smile": 0.45, "brow": 0.15}.get(name, 0.0))
    script.set(f"{who}.left", *left, angles[0], *people.REST)
    script.set(f"{who}.right", *right, angles[1], *people.REST)


def pose_at(tracks: dict[str, Any], who: str, index: int) -> Pose:
    """The pose that the tracks hold in one frame."""
    hands = {side: tuple(tracks[f"{who}.{side}"][index].tolist()) for side in ("left", "right")}
    return Pose(**{name: float(tracks[f"{who}.{name}"][index, 0]) for name in _POSE}, **hands)


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
        script.tracks[f"{who}.breath"][:, 0] = np.sin(2 * np.pi * pace / 3.4 + phase)
        at = script.dice.randrange(20, 60)
        while at + 8 < script.frames:
            if calm[at - 1 : at + 7].any():
                at += 1
                continue
            lids = script.tracks[f"{who}.lid"]
            lids[at : at + 5, 0] *= (0.35, 0.0, 0.0, 0.3, 0.75)
            at += script.dice.randrange(55, 120)


def sound_track(notes: Sequence[Note], seconds: float) -> Any:
    """All tones as one stereo track of 48,000 a second."""
    track = np.zeros((round(seconds * RATE) + RATE, 2), dtype=np.float32)
    for note in notes:
        first, many = round(note.start * RATE), round(note.seconds * RATE)
        wave = _tone(note, many)
        track[first : first + many, 0] += wave * min(1.0, 1.0 - note.pan)
        track[first : first + many, 1] += wave * min(1.0, 1.0 + note.pan)
    return np.clip(track, -0.95, 0.95)


def _tone(note: Note, many: int) -> Any:
    """A soft tone: voices have a gentle sway, wood dies away at once."""
    t = np.arange(many) / RATE
    u = t / note.seconds
    pitch = note.low * (note.high / note.low) ** u
    if note.kind == "voice":
        pitch = pitch * (1 + 0.007 * np.sin(2 * np.pi * 5.5 * t) * np.minimum(1, t / 0.12))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    strengths = {"voice": (1, 0.42, 0.16, 0.07), "wood": (1, 0.3), "radio": (1, 0.12, 0.2)}[note.kind]
    wave = sum(s * np.sin((k + 1) * phase) for k, s in enumerate(strengths)) / sum(strengths)
    attack, decay = (0.002, 0.0) if note.kind == "wood" else (0.022, 0.05)
    swell = np.minimum(1, t / attack)
    if note.kind == "wood":
        return wave * swell * np.exp(-5 * u) * note.level
    fade = np.minimum(1, (note.seconds - t) / decay)
    return wave * np.sin(np.pi / 2 * swell) * np.sin(np.pi / 2 * fade) * (1 - 0.35 * u) * note.level
