"""The snack: a teacher and a child of four share apple pieces and build a tower in turns."""

from __future__ import annotations

import math
import random

import numpy as np

from vigkit.demo import people, rooms
from vigkit.demo.drawing import BLOCK, Brush
from vigkit.demo.people import GRIP, OPEN, POINT, Look
from vigkit.demo.rooms import Room
from vigkit.demo.script import CALM, Script, Spot, Turn, add_person

TOWER, GROUND = 620.0, 606.0
THINGS = ("block0", "block1", "block2", "block3", "block4", "plate", "bite", "cup")


def lay(brush: Brush, room: Room, looks: dict[str, Look], dice: random.Random) -> None:
    """The empty room with its table."""
    rooms.draw_wall(brush, room)
    rooms.draw_window(brush, room, 530, 84, 250, 196)
    rooms.draw_picture(brush, room, 96, 128, 150, 118)
    rooms.draw_shelf(brush, room, dice, 972, 190, 216)
    rooms.draw_plant(brush, room, 1184, 548)
    for who, half in (("adult", 104), ("partner", 80)):
        x, y = looks[who].seat
        rooms.draw_chair(brush, room, x, y + looks[who].head * 1.1, half)
    rooms.draw_table(brush, room)


def write(dice: random.Random) -> Script:
    """The whole scene, from the first look up to the last smile."""
    teacher = people.choose_look(dice, "adult", 1, (392, 222), None)
    child = people.choose_look(dice, "child", -1, (868, 338), teacher.top)
    looks, voices = {"adult": teacher, "partner": child}, {"adult": "adult", "partner": "child"}
    s = Script(looks=looks, voices=voices, dice=dice)
    add_person(s, "adult", (330, 622), (440, 628), (0.35, 0.30))
    add_person(s, "partner", (800, 636), (934, 628), (2.95, 2.75))
    for i, x in enumerate((668, 552, 710, 508, 752)):
        s.set(f"block{i}", x, GROUND, 0, GROUND, 0)
    s.set("plate", 540, 647, 0, 647, 3)
    s.set("bite", 0, 0, 0.2, 700, 0)
    s.set("cup", 1016, 618, 0, 618, 1)
    s.aim("partner", (710, 602), 1, 1)
    s.aim("adult", "partner", 1, 1)
    s.rest(1.6)
    for part in (_greet, _ask_for_apple, _share_apple, _build_in_turns, _lead, _fall, _laugh, _again):
        part(s)
    s.rest(1.6)
    return s


def _greet(s: Script) -> None:
    s.gaze("partner", "initiative", "adult", "The child looks up at the teacher.")
    s.face("adult", "reception", "The teacher smiles back.")
    s.say(Turn("adult", "response", "voice", "The teacher says hello in two gentle tones."), (0, 4))
    s.face("partner", "reception", "The child smiles too.")
    s.ease_face("adult")


def _ask_for_apple(s: Script) -> None:
    """The chain of six steps."""
    _child_points(s, (690, 552), (540, 640), "The child points at the apple.")
    s.gaze("adult", "reception", (540, 640), "The teacher looks where the child points.")
    s.say(Turn("adult", "response", "word", "The teacher names it in two tones."), (5, 0))
    s.gaze("partner", "reception", "adult", "The child looks at the teacher's face.")
    s.say(Turn("partner", "response", "voice", "The child says the same two tones."), (5, 0))
    s.nod("adult", "reception", "The teacher nods.")


def _share_apple(s: Script) -> None:
    near = Turn("adult", "response", "object", "The teacher moves the plate nearer.")
    s.bring(near, "plate", (662, 648), (-60, -7), 0, 648)
    s.gaze("partner", "reception", (662, 640), "The child looks at the plate.")
    s.ease_face("partner")
    _eat(s)
    s.face("adult", "reception", "The teacher enjoys watching.", smile=0.9, brow=0.5)
    s.rest(0.9)
    s.say(Turn("partner", "initiative", "voice", "The child hums over the apple."), (2, 4))
    s.say(Turn("adult", "response", "voice", "The teacher hums the same."), (2, 4))


def _build_in_turns(s: Script) -> None:
    """A tower in turns; then the teacher leaves a pause."""
    _build(s, "partner", 0, "initiative", "The child puts down a block.")
    s.gaze("adult", "reception", (TOWER, 596), "The teacher looks at the block.")
    _build(s, "adult", 1, "response", "The teacher puts a block on top.")
    s.face("partner", "reception", "The child smiles at the tower.")
    _build(s, "partner", 2, "response", "The child puts the third block on top.")
    s.nod("adult", "reception", "The teacher nods.")
    s.ease_face("partner")
    s.say(Turn("adult", "response", "voice", "The teacher's voice goes up with the tower."), (0, 4, 7))
    placed = _build(s, "adult", 3, "response", "The teacher puts the fourth block on top.")
    s.aim("adult", "partner", 7, placed + 3)
    s.move("adult.tilt", [0.45], 9)
    s.gaze("partner", "reception", (TOWER, 440), "The child looks up to the top of the tower.")
    first = s.now
    s.now += s.about(84)
    s.span("pause", first, s.now, "The teacher waits, interested, with still hands.")


def _lead(s: Script) -> None:
    """After the pause the child takes the lead."""
    s.gaze("partner", "initiative", "adult", "After the pause the child looks at the teacher.")
    first, track = s.now, "partner.left"
    home, here = s.value(track), s.value("block4")
    at = s.hand(track, (here[0] + 12, here[1] - 24), 2.85, GRIP, s.about(9), first, 10)
    after = s.carry(track, "block4", (722, 556, -0.12, GROUND, 0), (12, -24), 2.95, s.about(13), at, 14)
    offer = Turn("partner", "initiative", "object", "The child holds out the last block.")
    s.log(offer, first, after, s.path_box([track, "block4"], first, after))
    s.face("adult", "reception", "The teacher's face lights up.", smile=1.0, brow=1.0)
    s.ease_face("adult", 0.7)
    s.move("adult.tilt", [0.0], 9)
    give = Turn("adult", "response", "gesture", "With an open hand the teacher gives the turn.")
    s.point(give, (566, 470), -0.3, (TOWER, 470), OPEN)
    s.nod("partner", "reception", "The child nods.")
    first, top = s.now, (TOWER, GROUND - 4 * BLOCK, 0, GROUND, 0)
    s.aim("partner", (TOWER, 440), 7, first + 2)
    s.move("partner.lean", [-14], 10, first)
    at = s.carry(track, "block4", top, (12, -24), 2.9, s.about(16), first, 34)
    s.aim("adult", (TOWER, 440), 7, first + 10)
    after = s.move(track, home, s.about(10), at + 3, 12)
    s.move("partner.lean", [0], after - at - 3, at + 3)
    done = Turn("partner", "response", "object", "The child puts it on top of the tower.")
    s.log(done, first, after, s.path_box([track, "block4"], first, after))


def _fall(s: Script) -> None:
    """The tower wobbles and falls; both look at it, then at each other."""
    first, places = s.now, ((552, 606, -1), (690, 600, 1), (516, 642, -1), (748, 604, 1))
    sway = np.sin(np.linspace(0, 3 * np.pi, 26)) * np.linspace(0.5, 1.6, 26)
    for level, (x, ground, spin) in enumerate(places, start=1):
        track = s.tracks[f"block{level}"]
        track[first : first + 26, 0] += sway * level**1.4
        track[first : first + 26, 2] += sway * 0.012 * level
        _tumble(s, f"block{level}", (x, ground), spin * 2 * math.pi, 13 + 2 * level, first + 26)
    for who in ("adult", "partner"):
        for part, value in (("brow", 1.1), ("mouth", 0.55), ("smile", 0.35)):
            s.snap(f"{who}.{part}", value, 4, first + 34)
        s.aim(who, (TOWER, 600), 6, first + 40)
    s.now = first + 26 + 36
    s.gaze("partner", "initiative", "adult", "The child looks at the teacher with wide eyes.")
    s.gaze("adult", "reception", "partner", "The teacher meets the child's eyes.")


def _laugh(s: Script) -> None:
    first, long = s.now, s.about(48)
    s.laugh_tones("partner", first, first + long)
    s.laugh_tones("adult", first + 13, first + long - 7, 0.2)
    box = s.head_box("adult")
    s.laugh("partner", long, 8, first)
    after = s.laugh("adult", long + 4, 7, first + 9)
    s.keep(Turn("partner", "initiative", "voice", "The child laughs."), first, first + long, None)
    s.keep(Turn("adult", "response", "face", "The teacher laughs with the child."), first + 9, after, box)
    s.span("laugh", first, after, "Both laugh about the fallen tower.")
    s.now = after
    s.rest(0.5)
    for who in ("adult", "partner"):
        s.ease_face(who, 0.75)
    s.rest(0.7)


def _again(s: Script) -> None:
    _child_points(s, (716, 552), (TOWER, 600), "The child points: again.")
    s.nod("adult", "reception", "The teacher nods.")
    s.say(Turn("adult", "response", "voice", "The teacher sings the tower's tones again."), (0, 4, 7))
    s.face("partner", "reception", "The child smiles.", smile=1.0)
    s.face("adult", "response", "The teacher smiles too.", smile=1.0)


def _child_points(s: Script, to: Spot, target: Spot, what: str) -> None:
    s.point(Turn("partner", "initiative", "gesture", what), to, 2.95, target, POINT)


def _build(s: Script, who: str, level: int, act: str, what: str) -> int:
    """One block on the tower, the other person following with the eyes."""
    other = "partner" if who == "adult" else "adult"
    top, grip = GROUND - level * BLOCK, (-12.0 * s.looks[who].facing, -24.0)
    if level:
        s.aim(other, (TOWER, top - 20), 7, s.now + 14)
    placed = s.bring(Turn(who, act, "object", what), f"block{level}", (TOWER, top), grip, 44, GROUND)
    s.knock(placed)
    return placed


def _eat(s: Script) -> None:
    """The child takes a piece and eats it."""
    first, track = s.now, "partner.left"
    home = s.value(track)
    at = s.hand(track, (698, 636), 2.9, GRIP, s.about(9), first, 12)
    s.tracks["bite"][at - 1 :] = (684, 640, -0.1, 700, 1)
    s.tracks["plate"][at - 1 :, 4] = 2
    s.aim("partner", (600, 420), 8, at)
    x, y = people.Head(s.looks["partner"], s.pose("partner", at + 8)).on(0, -44)
    up = s.about(14)
    s.move("bite", (x - 7, y + 3, 0.3, 700, 1), up, at, 8)
    s.hand(track, (x - 9, y + 22), 4.75, GRIP, up, at, 8)
    s.move("partner.mouth", [0.7], 5, at + up - 6)
    s.tracks["bite"][at + up + 2 :, 4] = 0
    s.move("partner.mouth", [0.0], 4, at + up + 3)
    after = s.move(track, home, s.about(12), at + up + 4, 8)
    eats = Turn("partner", "response", "object", "The child takes a piece and eats it.")
    s.log(eats, first, after, s.path_box([track], first, after))
    s.shake("partner.mouth", 0.24, 40, 6, after + CALM)


def _tumble(s: Script, name: str, to: Spot, spin: float, frames: int, at: int) -> None:
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
    s.knock(at + round(frames * 0.72), 700 + 60 * (frames % 5))
