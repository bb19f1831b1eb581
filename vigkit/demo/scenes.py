"""The two demonstration films: a snack with a child, and care for an adult who uses no words."""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vigkit.demo import drawing, people
from vigkit.demo.drawing import BLOCK, Brush, Room
from vigkit.demo.script import CALM, FPS, RATE, Event, Note, Script, Span, add_idle, add_person, pose_at, sound_track
from vigkit.film import compose

TOWER, GROUND = 620.0, 606.0
# Nothing moves outside this box, so only this part of each picture is drawn again.
STAGE = (60, 90, 1220, 700)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scene that is written down: its people, its things, its tracks and its truth."""

    name: str
    room: Room
    looks: dict[str, people.Look]
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
    room = drawing.choose_room(dice)
    script, things = SCENES[name](dice)
    add_idle(script)
    return Scene(
        name=name,
        room=room,
        looks=script.looks,
        things=things,
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


def draw(name: str, seed: int, folder: Path, progress: Callable[[float], None] | None = None) -> tuple[Path, Path]:
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
    os.replace(part, path)


class _Stage:
    """Draws the frames of one scene: the room once, what moves again and again."""

    def __init__(self, one: Scene) -> None:
        self._scene = one
        full = Image.new("RGB", (drawing.SIZE[0] * 2, drawing.SIZE[1] * 2))
        _ROOMS[one.name](Brush(full), one)
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
        people.draw_person(brush, look, poses[who])
    at = {name: one.tracks[name][index] for name in one.things}
    order = sorted(at, key=lambda name: (at[name][3], -at[name][1]))
    for name in order:
        _paint_shadow(brush, name, at[name])
    for name in order:
        _paint_thing(brush, one, name, at[name])
    for who, look in reversed(one.looks.items()):
        for side in (look.facing, -look.facing):
            people.draw_arm(brush, look, poses[who], side)


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


def _lay_snack(brush: Brush, one: Scene) -> None:
    room, dice = one.room, random.Random(one.seed)
    drawing.draw_wall(brush, room)
    drawing.draw_window(brush, room, 530, 84, 250, 196)
    drawing.draw_picture(brush, room, 96, 128, 150, 118)
    drawing.draw_shelf(brush, room, dice, 972, 190, 216)
    drawing.draw_plant(brush, room, 1184, 548)
    for who, half in (("adult", 104), ("partner", 80)):
        x, y = one.looks[who].seat
        drawing.draw_chair(brush, room, x, y + one.looks[who].head * 1.1, half)
    drawing.draw_table(brush, room)


def _snack(dice: random.Random) -> tuple[Script, tuple[str, ...]]:
    """A teacher and a child of four share apple pieces and build a tower in turns."""
    teacher = people.choose_look(dice, "adult", 1, (392, 222), None)
    child = people.choose_look(dice, "child", -1, (868, 338), teacher.top)
    s = Script(looks={"adult": teacher, "partner": child}, voices={"adult": "adult", "partner": "child"}, dice=dice)
    add_person(s, "adult", (330, 622), (440, 628), (0.35, 0.30))
    add_person(s, "partner", (800, 636), (934, 628), (2.95, 2.75))
    for i, x in enumerate((690, 520, 732, 476, 774)):
        s.set(f"block{i}", x, GROUND, 0, GROUND, 0)
    s.set("plate", 540, 647, 0, 647, 3)
    s.set("bite", 0, 0, 0.2, 700, 0)
    s.set("cup", 1016, 618, 0, 618, 1)
    s.aim("partner", (732, 602), 1, 1)
    s.aim("adult", "partner", 1, 1)
    s.rest(1.6)
    _greet(s)
    _apple(s)
    _tower(s)
    _offer(s)
    _fall(s)
    s.rest(1.6)
    return s, ("block0", "block1", "block2", "block3", "block4", "plate", "bite", "cup")


def _greet(s: Script) -> None:
    s.gaze("partner", "initiative", "adult", "The child looks up at the teacher.")
    s.face("adult", "reception", "The teacher smiles back.")
    s.say("adult", "response", (0, 4), "The teacher says hello in two gentle tones.")
    s.face("partner", "reception", "The child smiles too.")


def _apple(s: Script) -> None:
    """The chain of six steps around the apple, then the plate comes nearer."""
    s.ease_face("adult")
    _point(s, "partner", "left", (690, 552), 2.95, (540, 640), "The child points at the apple.")
    s.gaze("adult", "reception", (540, 640), "The teacher looks where the child points.")
    s.say("adult", "response", (5, 0), "The teacher names it in two tones.", how="word")
    s.gaze("partner", "reception", "adult", "The child looks at the teacher's face.")
    s.say("partner", "response", (5, 0), "The child says the two tones after her.")
    s.nod("adult", "reception", "The teacher nods.")
    _move_thing(s, "adult", "right", "plate", (662, 648), (-60, -7), 0.25, "response", "object", 0.0, "The teacher moves the plate nearer.")
    s.gaze("partner", "reception", (662, 640), "The child looks at the plate.")
    s.ease_face("partner")
    _eat(s)
    s.face("adult", "reception", "The teacher enjoys watching.", smile=0.9, brow=0.5)
    s.rest(0.9)
    s.say("partner", "initiative", (2, 4), "The child hums over the apple.")
    s.say("adult", "response", (2, 4), "The teacher hums the same.")


def _tower(s: Script) -> None:
    """A tower in turns; then the teacher leaves a pause."""
    _build(s, "partner", 0, "initiative", "The child puts down a block.")
    s.gaze("adult", "reception", (TOWER, 596), "The teacher looks at the block.")
    _build(s, "adult", 1, "response", "The teacher puts her block on top.")
    s.face("partner", "reception", "The child smiles at the tower.")
    _build(s, "partner", 2, "response", "The child puts the third block on top.")
    s.nod("adult", "reception", "The teacher nods.")
    s.ease_face("partner")
    s.say("adult", "response", (0, 4, 7), "The teacher's voice goes up with the tower.")
    _build(s, "adult", 3, "response", "The teacher puts the fourth block on top.", then="partner")
    s.move("adult.tilt", [0.45], 9)
    s.gaze("partner", "reception", (TOWER, 440), "The child looks up to the top of the tower.")
    first = s.now
    s.now += s.about(84)
    s.spans.append(Span(name="pause", start=first / FPS, end=s.now / FPS, what="The teacher waits, interested, her hands still."))


def _offer(s: Script) -> None:
    """After the pause the child takes the lead."""
    s.gaze("partner", "initiative", "adult", "After the pause the child looks at the teacher.")
    first = s.now
    rest, here = s.value("partner.left"), s.value("block4")
    at = s.hand("partner", "left", (here[0] + 12, here[1] - 24), 2.85, people.GRIP, s.about(9), first, 10)
    after = s.carry("partner", "left", "block4", (722, 556, -0.12, GROUND, 0), (12, -24), 2.95, s.about(13), at, 14)
    s.log("partner", "initiative", "object", first, after, s.path_box(["partner.left", "block4"], first, after), "The child holds out the last block.")
    s.face("adult", "reception", "The teacher's face lights up.", smile=1.0, brow=1.0, open_=0.4)
    s.ease_face("adult", 0.7)
    s.move("adult.tilt", [0.0], 9)
    _point(s, "adult", "right", (566, 470), -0.3, (TOWER, 470), "With an open hand the teacher gives the turn.", act="response", shape=people.OPEN)
    s.nod("partner", "reception", "The child nods.")
    first = s.now
    s.aim("partner", (TOWER, 440), 7, first + 2)
    s.move("partner.lean", [-14], 10, first)
    at = s.carry("partner", "left", "block4", (TOWER, GROUND - 4 * BLOCK, 0, GROUND, 0), (12, -24), 2.9, s.about(16), first, 34)
    s.aim("adult", (TOWER, 440), 7, first + 10)
    after = s.move("partner.left", rest, s.about(10), at + 3, 12)
    s.move("partner.lean", [0], after - at - 3, at + 3)
    s.log("partner", "response", "object", first, after, s.path_box(["partner.left", "block4"], first, after), "The child puts it on top of the tower.")


def _fall(s: Script) -> None:
    """The tower wobbles and falls; both laugh."""
    first = s.now
    sway = np.sin(np.linspace(0, 3 * np.pi, 26)) * np.linspace(0.5, 1.6, 26)
    for level in range(1, 5):
        s.tracks[f"block{level}"][first : first + 26, 0] += sway * level**1.4
        s.tracks[f"block{level}"][first : first + 26, 2] += sway * 0.012 * level
    for level, (x, ground, spin) in enumerate(((552, 606, -1), (690, 600, 1), (470, 640, -1), (764, 640, 1)), start=1):
        _tumble(s, f"block{level}", (x, ground), spin * 2 * math.pi, 13 + 2 * level, first + 26)
    for who in ("adult", "partner"):
        s.move(f"{who}.brow", [1.1], 4, first + 34, crisp=True)
        s.move(f"{who}.mouth", [0.55], 4, first + 34, crisp=True)
        s.move(f"{who}.smile", [0.35], 4, first + 34, crisp=True)
        s.aim(who, (TOWER, 600), 6, first + 40)
    s.now = first + 26 + 36
    s.gaze("partner", "initiative", "adult", "The child looks at the teacher with wide eyes.")
    s.gaze("adult", "reception", "partner", "The teacher meets the child's eyes.")
    first, long = s.now, s.about(48)
    s.laugh_tones("partner", first, first + long)
    s.laugh_tones("adult", first + 13, first + long - 7, 0.2)
    box = s.head_box("adult")
    s.laugh("partner", long, 8, first)
    after = s.laugh("adult", long + 4, 7, first + 9)
    s.keep("partner", "initiative", "voice", first, first + long, None, "The child laughs.")
    s.keep("adult", "response", "face", first + 9, after, box, "The teacher laughs with the child.")
    s.spans.append(Span(name="laugh", start=first / FPS, end=(after - 1) / FPS, what="Both laugh about the fallen tower."))
    s.now = after
    s.rest(0.5)
    for who in ("adult", "partner"):
        s.ease_face(who, 0.75)
    s.rest(0.7)
    _point(s, "partner", "left", (716, 552), 2.95, (TOWER, 600), "The child points: again.")
    s.nod("adult", "reception", "The teacher nods.")
    s.say("adult", "response", (0, 4, 7), "The teacher sings the tower's tones again.")
    s.face("partner", "reception", "The child smiles.", smile=1.0)
    s.face("adult", "response", "The teacher smiles too.", smile=1.0)


def _lay_care(brush: Brush, one: Scene) -> None:
    room, dice = one.room, random.Random(one.seed)
    drawing.draw_wall(brush, room)
    drawing.draw_window(brush, room, 524, 84, 214, 224)
    drawing.draw_curtains(brush, room, 524, 84, 214, 250)
    drawing.draw_picture(brush, room, 96, 120, 130, 104)
    drawing.draw_lamp(brush, room, 1130, 190)
    drawing.draw_shelf(brush, room, dice, 60, 330, 190)
    look = one.looks["adult"]
    drawing.draw_chair(brush, room, look.seat[0], look.seat[1] + look.head * 1.1, 104)
    drawing.draw_armchair(brush, one.looks["partner"].seat[0] + 6, 150, 142, room.chair)
    drawing.draw_table(brush, room, cloth=True)


def _care(dice: random.Random) -> tuple[Script, tuple[str, ...]]:
    """A care worker and an older adult who tells by gaze, hand and picture card."""
    worker = people.choose_look(dice, "adult", 1, (392, 222), None)
    older = people.choose_look(dice, "old", -1, (880, 240), worker.top)
    tunic = drawing.hexa(dice.choice(["#5f95b5", "#4f9a94", "#7d86c0", "#b0708f"]))
    worker = replace(worker, top=tunic, trim=drawing.shade(tunic, 0.7), uniform=True)
    s = Script(looks={"adult": worker, "partner": older}, voices={"adult": "worker", "partner": "old"}, dice=dice)
    add_person(s, "adult", (334, 626), (452, 630), (0.35, 0.30))
    add_person(s, "partner", (800, 634), (972, 622), (2.95, 2.6))
    s.set("cardcup", 672, 628, 0, 628, 0)
    s.set("cardmusic", 728, 654, 0, 654, 0)
    s.set("cup", 556, 600, 0, 600, 1)
    s.set("radio", 192, 612, 0, 612, 0)
    for k in range(3):
        s.set(f"note{k}", 192, 500, 0, 500, 0)
    s.aim("partner", (800, 634), 1, 1)
    s.aim("adult", "partner", 1, 1)
    s.rest(1.8)
    s.gaze("partner", "initiative", "adult", "The older adult looks up at the care worker.", frames=11)
    s.face("adult", "reception", "The care worker smiles.")
    s.say("adult", "response", (0, 4), "The care worker says hello in two tones.")
    s.face("partner", "reception", "The older adult smiles a little.", smile=0.7, brow=0.5)
    s.ease_face("adult", 0.5)
    _want_a_drink(s)
    _hold_up_the_card(s)
    _drink(s)
    _want_music(s)
    _listen(s)
    s.rest(2.0)
    return s, ("cardcup", "cardmusic", "cup", "radio", "note0", "note1", "note2")


def _want_a_drink(s: Script) -> None:
    """The chain of six steps around the card."""
    s.gaze("partner", "initiative", (672, 616), "The older adult looks at the card with the cup.", frames=11)
    s.gaze("adult", "reception", (672, 616), "The care worker looks where the older adult looks.")
    s.say("adult", "response", (5, 2), "The care worker names the drink in two tones.", how="word")
    s.gaze("partner", "reception", "adult", "The older adult looks at the care worker.")
    _touch_card(s)
    s.nod("adult", "reception", "The care worker nods.")


def _touch_card(s: Script) -> None:
    first, rest = s.now, s.value("partner.left")
    s.aim("partner", (672, 616), 8, first + 1)
    s.aim("adult", "partner", 7, first + 12)
    s.move("partner.lean", [-16], 14, first)
    at = s.hand("partner", "left", (692, 616), 2.9, people.POINT, s.about(17), first, 16)
    at = s.hand("partner", "left", (692, 606), 2.9, people.POINT, 4, at + 2)
    at = s.hand("partner", "left", (692, 616), 2.9, people.POINT, 4, at)
    after = s.move("partner.left", rest, s.about(16), at + 5, 12)
    s.move("partner.lean", [0], after - at - 5, at + 5)
    s.log("partner", "response", "touch", first, after, s.path_box(["partner.left"], first, after), "The older adult touches the card with the cup.")


def _hold_up_the_card(s: Script) -> None:
    """The card is held up, then the care worker waits: the pause is left."""
    first = s.now
    s.aim("adult", (672, 616), 6, first + 1)
    s.move("adult.lean", [30], 11, first)
    at = s.hand("adult", "right", (648, 618), 0.25, people.GRIP, s.about(12), first, 10)
    up = s.about(18)
    s.move("cardcup", (560, 452, 0, 628, 1), up, at, 14)
    s.hand("adult", "right", (556, 446), -0.75, people.GRIP, up, at, 14)
    s.move("adult.lean", [6], up, at)
    s.aim("adult", "partner", 7, at + up - 9)
    s.aim("partner", "adult", 8, at + 4)
    s.move("adult.tilt", [0.4], 8, at + up - 9)
    s.move("adult.smile", [0.6], 8, at + up - 9)
    after = at + up
    s.log("adult", "response", "AAC", first, after, s.path_box(["adult.right", "cardcup"], first, after, 60), "The care worker holds up the card with the cup.")
    first = s.now
    s.now += s.about(88)
    s.spans.append(Span(name="pause", start=first / FPS, end=s.now / FPS, what="The care worker waits and holds the card still."))
    s.face("partner", "initiative", "After the pause the older adult smiles.", smile=0.9, brow=0.7)
    _point(s, "partner", "left", (706, 424), 4.3, "adult", "The older adult lifts a hand.", shape=people.OPEN)
    s.face("adult", "reception", "The care worker smiles back.", smile=0.95)
    first = s.now
    s.move("cardcup", (516, 650, 0, 650, 0), 17, first, 0)
    s.hand("adult", "right", (488, 638), 0.3, people.GRIP, 17, first)
    s.move("adult.tilt", [0.0], 9, first)
    s.move("adult.lean", [0.0], 14, first)
    after = s.hand("adult", "right", (440, 626), 0.3, people.REST, s.about(8), first + 18)
    s.log("adult", "response", "AAC", first, after, s.path_box(["adult.right", "cardcup"], first, after, 60), "The care worker lays the card down.")


def _drink(s: Script) -> None:
    """The drink is brought nearer, and drunk."""
    s.ease_face("partner", 0.6)
    _move_thing(s, "adult", "right", "cup", (676, 612), (-24, -26), 0.2, "response", "object", 16, "The care worker brings the drink nearer.", lean=26)
    s.gaze("partner", "reception", (676, 590), "The older adult looks at the cup.")
    first, rest = s.now, s.value("partner.left")
    s.aim("adult", "partner", 7, first + 8)
    s.move("partner.lean", [-18], 14, first)
    at = s.hand("partner", "left", (694, 586), 3.15, people.GRIP, s.about(16), first, 14)
    up, lips = s.about(22), people.Head(s.looks["partner"], s.pose("partner", at)).on(0, -40) + np.array((8.0, 0.0))
    foot = (lips[0] - 40, lips[1] + 40)
    s.move("partner.lean", [-4], up, at)
    s.move("partner.pitch", [-0.1], up, at)
    s.move("partner.gaze_y", [0.5], up, at)
    s.move("cup", (*foot, 0.0, 612, 1), up, at, 10)
    s.hand("partner", "left", (foot[0] + 18, foot[1] - 26), 3.3, people.GRIP, up, at, 10)
    tip = at + up
    for angle, begin in ((0.42, tip), (0.0, tip + 26)):
        s.move("cup", (*foot, angle, 612, 1), 8, begin)
        spot = drawing.turned([(18, -26)], angle, foot)[0]
        s.hand("partner", "left", (spot[0], spot[1]), 3.3 + angle, people.GRIP, 8, begin)
    down = s.about(20)
    s.move("cup", (690, 612, 0, 612, 1), down, tip + 34, 6)
    s.hand("partner", "left", (708, 586), 3.15, people.GRIP, down, tip + 34, 6)
    s.move("partner.lean", [-14], down, tip + 34)
    back = tip + 36 + down
    after = s.move("partner.left", rest, s.about(14), back, 12)
    s.move("partner.lean", [0], after - back, back)
    s.aim("partner", "adult", 8, back)
    s.log("partner", "response", "object", first, after, s.path_box(["partner.left", "cup"], first, after, 40), "The older adult takes the cup and drinks.")
    s.face("adult", "reception", "The care worker enjoys watching.", smile=0.95, brow=0.5)
    s.rest(1.2)
    s.say("partner", "initiative", (0, -2), "The older adult hums softly.", slow=1.4)
    s.say("adult", "reception", (0, -2), "The care worker hums the same.", slow=1.2)
    s.face("partner", "reception", "The older adult smiles.", smile=0.95)


def _want_music(s: Script) -> None:
    """The other card is pushed over, and the radio plays."""
    s.ease_face("adult")
    first, rest = s.now, s.value("partner.left")
    s.aim("partner", (728, 640), 8, first + 1)
    s.move("partner.lean", [-20], 14, first)
    at = s.hand("partner", "left", (744, 640), 3.0, people.REST, s.about(13), first, 10)
    push = s.about(20)
    s.move("cardmusic", (640, 656, 0, 656, 0), push, at)
    s.hand("partner", "left", (656, 642), 3.0, people.REST, push, at)
    after = s.move("partner.left", rest, s.about(15), at + push + 3, 10)
    s.move("partner.lean", [0], after - at - push - 3, at + push + 3)
    s.aim("partner", "adult", 8, at + push + 3)
    s.log("partner", "initiative", "AAC", first, after, s.path_box(["partner.left", "cardmusic"], first, after, 42), "The older adult pushes the card with music over.")
    s.gaze("adult", "reception", (640, 640), "The care worker looks at the card.")
    s.say("adult", "response", (0, 4, 7), "The care worker names the music in three tones.", how="word")
    s.nod("partner", "reception", "The older adult nods.")
    first, rest = s.now, s.value("adult.left")
    s.aim("adult", (192, 560), 9, first + 1)
    at = s.hand("adult", "left", (232, 546), 1.75, people.POINT, s.about(13), first, 24)
    s.move("radio", (192, 612, 0, 612, 1), 2, at + 1)
    after = s.move("adult.left", rest, s.about(12), at + 6, 10)
    s.aim("adult", "partner", 9, at + 7)
    s.log("adult", "response", "object", first, after, s.path_box(["adult.left"], first, after), "The care worker turns the radio on.")
    s.gaze("partner", "reception", (192, 560), "The older adult looks at the radio.", frames=11)


def _listen(s: Script) -> None:
    """Music for two: a hand sways, a head sways, both laugh."""
    s.rest(0.3)
    begin = s.now
    _sway_hand(s)
    first, box = s.now, s.head_box("adult")
    long = s.about(46)
    for k in range(4):
        s.move("adult.tilt", [0.6 if k % 2 == 0 else -0.6 if k < 3 else 0.0], long // 4, first + k * (long // 4))
    s.log("adult", "reception", "movement", first, first + 4 * (long // 4), box, "The care worker's head sways along.")
    s.face("partner", "reception", "The older adult beams.", smile=1.0, brow=0.9)
    _music(s, begin - 10, s.now + 12)
    s.now += 12 + 14
    first, long = s.now, s.about(46)
    box = s.head_box("partner")
    s.laugh("partner", long, 7, first)
    s.laugh("adult", long - 2, 7, first + 8)
    s.laugh_tones("adult", first + 8, first + long + 2, 0.22)
    s.keep("partner", "initiative", "face", first, first + long, box, "The older adult laughs without a sound.")
    s.keep("adult", "response", "voice", first + 8, first + long + 2, None, "The care worker laughs with the older adult.")
    s.spans.append(Span(name="laugh", start=first / FPS, end=(first + long + 5) / FPS, what="Both laugh when the tune ends."))
    s.now = first + long + 6
    s.rest(0.9)
    first = s.now
    s.move("partner.lean", [-22], 14, first)
    after = s.hand("partner", "left", (706, 636), 2.95, people.REST, s.about(16), first, 14)
    s.log("partner", "initiative", "gesture", first, after, s.path_box(["partner.left"], first, after), "The older adult reaches out a hand.")
    first = s.now
    s.move("adult.lean", [38], 14, first)
    after = s.hand("adult", "right", (682, 624), 0.3, people.REST, s.about(15), first, 16)
    s.log("adult", "response", "touch", first, after, s.path_box(["adult.right"], first, after), "The care worker lays her hand on it.")


def _sway_hand(s: Script) -> None:
    first, rest = s.now, s.value("partner.left")
    s.aim("partner", (640, 420), 8, first + 1)
    at = s.hand("partner", "left", (714, 436), 4.25, people.OPEN, s.about(13), first, 10)
    for k in range(4):
        at = s.hand("partner", "left", (688 if k % 2 == 0 else 738, 428), 4.05 if k % 2 == 0 else 4.5, people.OPEN, s.about(11), at, 12)
    s.aim("partner", "adult", 8, at)
    after = s.move("partner.left", rest, s.about(13), at, 6)
    s.log("partner", "response", "gesture", first, after, s.path_box(["partner.left"], first, after), "The older adult's hand sways to the music.")


def _music(s: Script, first: int, last: int) -> None:
    """A quiet tune from the radio, with notes that rise from it."""
    tune = s.dice.choice([(0, 4, 7, 4, 5, 9, 7, 4), (7, 4, 0, 4, 7, 9, 7, 2), (0, 2, 4, 7, 4, 2, 5, 4)])
    many = max(8, (last - first) // 11)
    for i in range(many):
        pitch = 392 * 2 ** ((tune[i % 8] if i + 1 < many else 0) / 12)
        s.notes.append(Note(start=(first + (last - first) * i / many) / FPS, seconds=0.36, low=pitch, high=pitch, level=0.11, pan=-0.6, kind="radio"))
    for k in range(3):
        track = s.tracks[f"note{k}"]
        for start in range(first + k * 16, last - 20, 48):
            u = np.arange(1, 41) / 41
            track[start : start + 40, 0] = 180 + 26 * k + 12 * np.sin(u * 7 + k)
            track[start : start + 40, 1] = 520 - 120 * u
            track[start : start + 40, 4] = np.minimum(1, np.minimum(u * 5, (1 - u) * 3))
    s.move("radio", (192, 612, 0, 612, 0), 2, last)


def _point(s: Script, who: str, side: str, to: tuple[float, float], angle: float, target: str | tuple[float, float], what: str, act: str = "initiative", shape: people.Shape = people.POINT) -> None:
    """A hand goes out, stays a moment and comes back."""
    first, rest, track = s.now, s.value(f"{who}.{side}"), f"{who}.{side}"
    s.aim(who, target, 7, first + 1)
    at = s.hand(who, side, to, angle, shape, s.about(8), first, 18)
    after = s.move(track, rest, s.about(10), at + s.about(12), 10)
    s.log(who, act, "gesture", first, after, s.path_box([track], first, after), what)


def _move_thing(s: Script, who: str, side: str, thing: str, to: tuple[float, float], grip: tuple[float, float], angle: float, act: str, how: str, arc: float, what: str, lean: float = 12) -> int:
    """A hand takes a thing, brings it somewhere and comes back; gives the frame in which the thing stands."""
    first, track = s.now, f"{who}.{side}"
    rest, here, way = s.value(track), s.value(thing), s.looks[who].facing
    s.aim(who, (float(here[0]), float(here[1]) - 20), 6, first + 1)
    s.move(f"{who}.lean", [way * lean], 11, first)
    at = s.hand(who, side, (here[0] + grip[0], here[1] + grip[1]), angle, people.GRIP, s.about(9), first, 12)
    s.aim(who, (to[0], to[1] - 20), 7, at + 2)
    placed = s.carry(who, side, thing, (*to, 0, max(to[1], GROUND), here[4]), grip, angle, s.about(15), at, arc)
    after = s.move(track, rest, s.about(10), placed + 2, 12)
    s.move(f"{who}.lean", [0], after - placed - 2, placed + 2)
    s.log(who, act, how, first, after, s.path_box([track, thing], first, after), what)
    return placed


def _build(s: Script, who: str, level: int, act: str, what: str, then: str = "") -> None:
    """One block on the tower, the other person following with the eyes."""
    way, other = s.looks[who].facing, "partner" if who == "adult" else "adult"
    side, angle = ("right", 0.30) if way > 0 else ("left", 2.85)
    top = GROUND - level * BLOCK
    if level:
        s.aim(other, (TOWER, top - 20), 7, s.now + 14)
    placed = _move_thing(s, who, side, f"block{level}", (TOWER, top), (-12 * way, -24), angle, act, "object", 44, what)
    s.wood(placed)
    if then:
        s.aim(who, then, 7, placed + 3)


def _eat(s: Script) -> None:
    """The child takes a piece and eats it."""
    first, rest = s.now, s.value("partner.left")
    look = s.looks["partner"]
    at = s.hand("partner", "left", (698, 636), 2.9, people.GRIP, s.about(9), first, 12)
    s.tracks["bite"][at:, :] = (690, 641, -0.1, 700, 1)
    s.tracks["plate"][at:, 4] = 2
    s.aim("partner", (600, 420), 8, at)
    pose = s.pose("partner", at + 8)
    mouth = people.Head(look, pose).on(0, -44)
    up = s.about(14)
    s.move("bite", (mouth[0] - 6, mouth[1] + 4, 0.3, 700, 1), up, at, 8)
    s.hand("partner", "left", (mouth[0] - 9, mouth[1] + 16), 4.75, people.GRIP, up, at, 8)
    s.move("partner.mouth", [0.7], 5, at + up - 6)
    s.tracks["bite"][at + up + 2 :, 4] = 0
    s.move("partner.mouth", [0.0], 4, at + up + 3)
    after = s.move("partner.left", rest, s.about(12), at + up + 4, 8)
    s.keep("partner", "response", "object", first, after, s.path_box(["partner.left"], first, after), "The child takes a piece and eats it.")
    s.shake("partner.mouth", 0.24, 40, 6, after + CALM)
    s.now = after
    s.rest(0.42)


def _tumble(s: Script, name: str, to: tuple[float, float], spin: float, frames: int, at: int) -> None:
    """A block falls on the table and hops once."""
    track, u = s.tracks[name], (np.arange(frames) + 1) / frames
    x, y, angle, ground, extra = s.value(name, at)
    drop = np.minimum(1.0, u / 0.72)
    hop = np.where(u > 0.72, 12 * np.sin(np.pi * (u - 0.72) / 0.28), 0.0)
    track[at : at + frames, 0] = x + (to[0] - x) * u
    track[at : at + frames, 1] = y + (to[1] - y) * drop**2 - 26 * np.sin(np.pi * drop) * (1 - drop) - hop
    track[at : at + frames, 2] = angle + (spin - angle) * u
    track[at : at + frames, 3] = ground + (to[1] - ground) * u
    track[at + frames :] = (*to, 0.0, to[1], extra)
    s.wood(at + round(frames * 0.72), 0.12, 700 + 60 * (frames % 5))


_ROOMS: dict[str, Callable[[Brush, Scene], None]] = {"snack": _lay_snack, "care": _lay_care}
SCENES: dict[str, Callable[[random.Random], tuple[Script, tuple[str, ...]]]] = {"snack": _snack, "care": _care}
