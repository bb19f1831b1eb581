"""The two demonstration films: a snack with a child, and care for an adult who uses no words."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vigkit.demo import bodies, care, drawing, rooms, snack
from vigkit.demo.drawing import Brush
from vigkit.demo.people import Look
from vigkit.demo.rooms import Room
from vigkit.demo.script import FPS, Event, Script, Span, add_idle, pose_at
from vigkit.demo.tones import RATE, Note, sound_track
from vigkit.film import compose

SCENES = {"snack": snack, "care": care}
# Nothing moves outside this box, so only this part of each picture is drawn again.
STAGE = (60, 90, 1220, 700)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scene that is written down: its people, its things, its tracks and its truth."""

    name: str
    room: Room
    looks: dict[str, Look]
    things: tuple[str, ...]
    tracks: dict[str, Any]
    frames: int
    events: tuple[Event, ...]
    spans: tuple[Span, ...]
    notes: tuple[Note, ...]
    seed: int

    @property
    def seconds(self) -> float:
        """How long the film is."""
        return self.frames / FPS


@lru_cache(maxsize=4)
def scene(name: str, seed: int) -> Scene:
    """The scene of that name; the same seed gives the same people, pictures and times."""
    dice = random.Random(f"vigkit {name} {seed}")
    room = rooms.choose_room(dice)
    script: Script = SCENES[name].write(dice)
    add_idle(script)
    return Scene(
        name=name,
        room=room,
        looks=script.looks,
        things=SCENES[name].THINGS,
        tracks=script.tracks,
        frames=script.now,
        events=tuple(sorted(script.events, key=lambda e: e.start)),
        spans=tuple(script.spans),
        notes=tuple(script.notes),
        seed=seed,
    )


def events(name: str, seed: int) -> tuple[Event, ...]:
    """The true events of a scene, in the order of their start."""
    return scene(name, seed).events


def spans(name: str, seed: int) -> tuple[Span, ...]:
    """The named stretches of a scene: `pause` and `laugh`."""
    return scene(name, seed).spans


def frame_at(name: str, seed: int, t: float) -> Any:
    """The picture on screen at `t` seconds, before it is encoded."""
    return _stage(name, seed).frame(math.floor(t * FPS + 1e-4))


def draw(
    name: str, seed: int, folder: Path, progress: Callable[[float], None] | None = None
) -> tuple[Path, Path]:
    """Draw one scene into `folder` as a film with its truth beside it; gives both paths."""
    one, stage = scene(name, seed), _stage(name, seed)
    film, truth = folder / f"{name}.mp4", folder / f"{name}.json"
    track = sound_track(one.notes, one.seconds)

    def frame(t: float) -> Any:
        if progress is not None:
            progress(min(1.0, t / one.seconds))
        return stage.frame(round(t * FPS))

    def sound(times: Any) -> Any:
        return track[np.minimum(np.rint(times * RATE).astype(int), len(track) - 1)]

    compose.write(frame, one.seconds, FPS, sound, film)
    _write_truth(one, truth)
    if progress is not None:
        progress(1.0)
    return film, truth


def _write_truth(one: Scene, path: Path) -> None:
    record = {
        "format": 1,
        "scene": one.name,
        "seed": one.seed,
        "fps": FPS,
        "seconds": round(one.seconds, 3),
        "size": list(drawing.SIZE),
        "events": [event.record() for event in one.events],
        "spans": [asdict(span) for span in one.spans],
    }
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    part.replace(path)


class _Stage:
    """Draws the frames of one scene: the room once, what moves again and again."""

    def __init__(self, one: Scene) -> None:
        self._scene = one
        full = Image.new("RGB", (drawing.SIZE[0] * 2, drawing.SIZE[1] * 2))
        SCENES[one.name].lay(Brush(full), one.room, one.looks, random.Random(one.seed))
        x0, y0, x1, y1 = STAGE
        self._empty = full.crop((x0 * 2, y0 * 2, x1 * 2, y1 * 2))
        self._picture = np.asarray(full.reduce(2)).copy()
        self._last: tuple[bytes, Any] = (b"", None)

    def frame(self, index: int) -> Any:
        """One picture; what is the same as before is not drawn again."""
        index = max(0, min(index, self._scene.frames - 1))
        state = b"".join(track[index].tobytes() for track in self._scene.tracks.values())
        if state != self._last[0]:
            canvas = self._empty.copy()
            _paint(Brush(canvas, (STAGE[0], STAGE[1])), self._scene, index)
            picture = self._picture.copy()
            picture[STAGE[1] : STAGE[3], STAGE[0] : STAGE[2]] = np.asarray(canvas.reduce(2))
            self._last = (state, picture)
        return self._last[1]


@lru_cache(maxsize=2)
def _stage(name: str, seed: int) -> _Stage:
    return _Stage(scene(name, seed))


def _paint(brush: Brush, one: Scene, index: int) -> None:
    """People first, then the things on the table from back to front, then the arms."""
    poses = {who: pose_at(one.tracks, who, index) for who in one.looks}
    for who, look in one.looks.items():
        bodies.draw_person(brush, look, poses[who])
    at = {name: one.tracks[name][index] for name in one.things}
    order = sorted(at, key=lambda name: (at[name][3], -at[name][1]))
    for name in order:
        _paint_shadow(brush, name, at[name])
    for name in order:
        _paint_thing(brush, one, name, at[name])
    for who, look in reversed(one.looks.items()):
        for side in (look.facing, -look.facing):
            bodies.draw_arm(brush, look, poses[who], side)


def _paint_shadow(brush: Brush, name: str, at: Any) -> None:
    height = at[3] - at[1]
    if height < 36 and not name.startswith(("plate", "radio", "note", "bite", "card")):
        drawing.draw_shadow(brush, (at[0], at[3]), 25 - height * 0.2, 5)


def _paint_thing(brush: Brush, one: Scene, name: str, at: Any) -> None:
    x, y, angle, _, extra = at
    room = one.room
    if name.startswith("block"):
        drawing.draw_block(brush, (x, y), angle, room.blocks[int(name[5:])], int(name[5:]))
    elif name == "plate":
        drawing.draw_plate(brush, (x, y), round(extra), room.accent)
    elif name == "bite" and extra > 0.5:
        drawing.draw_apple(brush, (x, y), angle)
    elif name.startswith("card"):
        drawing.draw_card(brush, (x, y), extra, name[4:], room.accent)
    elif name == "radio":
        drawing.draw_radio(brush, (x, y), extra, drawing.shade(room.blocks[0], -0.1))
    elif name.startswith("note") and extra > 0.02:
        drawing.draw_note(brush, (x, y), (*drawing.shade(room.accent, -0.2), int(235 * extra)))
    elif name == "cup":
        drawing.draw_cup(brush, (x, y), angle, room.cup, 1 if extra > 0 else -1, drawing.hexa("#8a5a36"))
