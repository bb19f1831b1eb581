"""Care: a care worker, and an older adult who uses no words but gaze, hands and picture cards."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from vigkit.demo import people, rooms
from vigkit.demo.drawing import Brush, hexa, shade, turned
from vigkit.demo.people import GRIP, OPEN, POINT, REST, Look
from vigkit.demo.rooms import Room
from vigkit.demo.script import FPS, Script, Turn, add_person
from vigkit.demo.tones import Note

THINGS = ("cardcup", "cardmusic", "cup", "radio", "note0", "note1", "note2")
HAND = "partner.left"
RADIO = (192.0, 612.0)


def lay(brush: Brush, room: Room, looks: dict[str, Look], dice: random.Random) -> None:
    """The empty room with its table and its armchair."""
    rooms.draw_wall(brush, room)
    rooms.draw_window(brush, room, 524, 84, 214, 224)
    rooms.draw_curtains(brush, room, 524, 84, 214, 250)
    rooms.draw_picture(brush, room, 96, 120, 130, 104)
    rooms.draw_lamp(brush, room, 1130, 190)
    rooms.draw_shelf(brush, room, dice, 60, 330, 190)
    x, y = looks["adult"].seat
    rooms.draw_chair(brush, room, x, y + looks["adult"].head * 1.1, 104)
    rooms.draw_armchair(brush, looks["partner"].seat[0] + 6, 150, 142, room.chair)
    rooms.draw_table(brush, room, cloth=True)


def write(dice: random.Random) -> Script:
    """The whole scene, from the first look up to the hand on the hand."""
    worker = people.choose_look(dice, "adult", 1, (392, 222), None)
    older = people.choose_look(dice, "old", -1, (880, 240), worker.top)
    tunic = hexa(dice.choice(["#5f95b5", "#4f9a94", "#7d86c0", "#b0708f"]))
    worker = replace(worker, top=tunic, trim=shade(tunic, 0.7), uniform=True)
    looks, voices = {"adult": worker, "partner": older}, {"adult": "worker", "partner": "old"}
    s = Script(looks=looks, voices=voices, dice=dice)
    add_person(s, "adult", (334, 626), (452, 630), (0.35, 0.30))
    add_person(s, "partner", (800, 634), (972, 622), (2.95, 2.6))
    s.set("cardcup", 672, 628, 0, 628, 0)
    s.set("cardmusic", 728, 654, 0, 654, 0)
    s.set("cup", 556, 600, 0, 600, 1)
    s.set("radio", *RADIO, 0, RADIO[1], 0)
    for k in range(3):
        s.set(f"note{k}", RADIO[0], 500, 0, 500, 0)
    s.aim("partner", (800, 634), 1, 1)
    s.aim("adult", "partner", 1, 1)
    s.rest(1.8)
    for part in (_greet, _want_a_drink, _hold_up_the_card, _answer, _drink, _hum, _want_music, _listen):
        part(s)
    for part in (_laugh, _hands):
        part(s)
    s.rest(2.0)
    return s


def _greet(s: Script) -> None:
    s.gaze("partner", "initiative", "adult", "The older adult looks up at the care worker.", frames=11)
    s.face("adult", "reception", "The care worker smiles.")
    s.say(Turn("adult", "response", "voice", "The care worker says hello in two tones."), (0, 4))
    s.face("partner", "reception", "The older adult smiles a little.", smile=0.7, brow=0.5)
    s.ease_face("adult", 0.5)


def _want_a_drink(s: Script) -> None:
    """The chain of six steps around the card."""
    card = (672.0, 616.0)
    s.gaze("partner", "initiative", card, "The older adult looks at the card with the cup.", frames=11)
    s.gaze("adult", "reception", card, "The care worker looks where the older adult looks.")
    s.say(Turn("adult", "response", "word", "The care worker names the drink in two tones."), (5, 2))
    s.gaze("partner", "reception", "adult", "The older adult looks at the care worker.")
    first, home = s.now, s.value(HAND)
    s.aim("partner", card, 8, first + 1)
    s.aim("adult", "partner", 7, first + 12)
    s.move("partner.lean", [-16], 14, first)
    at = s.hand(HAND, (692, 616), 2.9, POINT, s.about(17), first, 16)
    at = s.hand(HAND, (692, 606), 2.9, POINT, 4, at + 2)
    at = s.hand(HAND, (692, 616), 2.9, POINT, 4, at)
    after = s.move(HAND, home, s.about(16), at + 5, 12)
    s.move("partner.lean", [0], after - at - 5, at + 5)
    touch = Turn("partner", "response", "touch", "The older adult touches the card with the cup.")
    s.log(touch, first, after, s.path_box([HAND], first, after))
    s.nod("adult", "reception", "The care worker nods.")


def _hold_up_the_card(s: Script) -> None:
    """The card is held up, then the care worker waits: the pause is left."""
    first, track = s.now, "adult.right"
    s.aim("adult", (672, 616), 6, first + 1)
    s.move("adult.lean", [30], 11, first)
    at = s.hand(track, (648, 618), 0.25, GRIP, s.about(12), first, 10)
    up = s.about(18)
    s.move("cardcup", (560, 452, 0, 628, 1), up, at, 14)
    s.hand(track, (556, 446), -0.75, GRIP, up, at, 14)
    s.aim("partner", "adult", 8, at + 4)
    turn = at + up - 9
    s.move("adult.lean", [6], up, at)
    s.aim("adult", "partner", 7, turn)
    s.move("adult.tilt", [0.4], 8, turn)
    s.move("adult.smile", [0.6], 8, turn)
    show = Turn("adult", "response", "AAC", "The care worker holds up the card with the cup.")
    s.log(show, first, at + up, s.path_box([track, "cardcup"], first, at + up, 60))
    first = s.now
    s.now += s.about(88)
    s.span("pause", first, s.now, "The care worker waits and holds the card still.")


def _answer(s: Script) -> None:
    s.face("partner", "initiative", "After the pause the older adult smiles.", smile=0.9, brow=0.7)
    lift = Turn("partner", "initiative", "gesture", "The older adult lifts a hand.")
    s.point(lift, (706, 424), 4.3, "adult", OPEN)
    s.face("adult", "reception", "The care worker smiles back.", smile=0.95)
    first, track = s.now, "adult.right"
    s.move("cardcup", (516, 650, 0, 650, 0), 17, first)
    s.hand(track, (488, 638), 0.3, GRIP, 17, first)
    s.move("adult.tilt", [0.0], 9, first)
    s.move("adult.lean", [0.0], 14, first)
    after = s.hand(track, (440, 626), 0.3, REST, s.about(8), first + 18)
    down = Turn("adult", "response", "AAC", "The care worker lays the card down.")
    s.log(down, first, after, s.path_box([track, "cardcup"], first, after, 60))


def _drink(s: Script) -> None:
    """The drink is brought nearer, and drunk."""
    s.ease_face("partner", 0.6)
    near = Turn("adult", "response", "object", "The care worker brings the drink nearer.")
    s.bring(near, "cup", (676, 612), (-24, -26), 16, 612, lean=26)
    s.gaze("partner", "reception", (676, 590), "The older adult looks at the cup.")
    first, home = s.now, s.value(HAND)
    s.aim("adult", "partner", 7, first + 8)
    s.move("partner.lean", [-18], 14, first)
    at = s.hand(HAND, (694, 586), 3.15, GRIP, s.about(16), first, 14)
    up, (x, y) = s.about(22), people.Head(s.looks["partner"], s.pose("partner", at)).on(0, -40)
    foot = (x - 32, y + 40)
    for part, value in (("lean", -4), ("pitch", -0.1), ("gaze_y", 0.5)):
        s.move(f"partner.{part}", [value], up, at)
    tip = s.carry(HAND, "cup", (*foot, 0.0, 612, 1), (18, -26), 3.3, up, at, 10)
    for angle, begin in ((0.42, tip), (0.0, tip + 26)):
        s.move("cup", (*foot, angle, 612, 1), 8, begin)
        s.hand(HAND, turned([(18, -26)], angle, foot)[0], 3.3 + angle, GRIP, 8, begin)
    down = s.about(20)
    s.move("partner.lean", [-14], down, tip + 34)
    back = 2 + s.carry(HAND, "cup", (690, 612, 0, 612, 1), (18, -26), 3.15, down, tip + 34, 6)
    after = s.move(HAND, home, s.about(14), back, 12)
    s.move("partner.lean", [0], after - back, back)
    s.aim("partner", "adult", 8, back)
    drinks = Turn("partner", "response", "object", "The older adult takes the cup and drinks.")
    s.log(drinks, first, after, s.path_box([HAND, "cup"], first, after, 40))


def _hum(s: Script) -> None:
    s.face("adult", "reception", "The care worker enjoys watching.", smile=0.95, brow=0.5)
    s.rest(1.2)
    s.say(Turn("partner", "initiative", "voice", "The older adult hums softly."), (0, -2), slow=1.4)
    s.say(Turn("adult", "reception", "voice", "The care worker hums the same."), (0, -2), slow=1.2)
    s.face("partner", "reception", "The older adult smiles.", smile=0.95)
    s.ease_face("adult")


def _want_music(s: Script) -> None:
    """The other card is pushed over, and the radio plays."""
    s.ease_face("partner")
    first, home = s.now, s.value(HAND)
    s.aim("partner", (728, 640), 8, first + 1)
    s.move("partner.lean", [-20], 14, first)
    at = s.hand(HAND, (744, 640), 3.0, REST, s.about(13), first, 10)
    push = s.about(20)
    s.move("cardmusic", (640, 656, 0, 656, 0), push, at)
    back = 3 + s.hand(HAND, (656, 642), 3.0, REST, push, at)
    after = s.move(HAND, home, s.about(15), back, 10)
    s.move("partner.lean", [0], after - back, back)
    s.aim("partner", "adult", 8, back)
    card = Turn("partner", "initiative", "AAC", "The older adult pushes the card with music over.")
    s.log(card, first, after, s.path_box([HAND, "cardmusic"], first, after, 42))
    s.gaze("adult", "reception", (640, 640), "The care worker looks at the card.")
    s.say(Turn("adult", "response", "word", "The care worker names the music in three tones."), (0, 4, 7))
    s.nod("partner", "reception", "The older adult nods.")
    first, home = s.now, s.value("adult.left")
    s.aim("adult", (192, 560), 9, first + 1)
    at = s.hand("adult.left", (232, 546), 1.75, POINT, s.about(13), first, 24)
    s.move("radio", (*RADIO, 0, RADIO[1], 1), 2, at + 1)
    after = s.move("adult.left", home, s.about(12), at + 6, 10)
    s.aim("adult", "partner", 9, at + 7)
    turns_on = Turn("adult", "response", "object", "The care worker turns the radio on.")
    s.log(turns_on, first, after, s.path_box(["adult.left"], first, after))
    s.gaze("partner", "reception", (192, 560), "The older adult looks at the radio.", frames=11)


def _listen(s: Script) -> None:
    """Music for two: a hand sways, a head sways along."""
    s.rest(0.3)
    begin, home = s.now, s.value(HAND)
    s.aim("partner", (640, 420), 8, begin + 1)
    at = s.hand(HAND, (714, 436), 4.25, OPEN, s.about(13), begin, 10)
    for x, angle in ((688, 4.05), (738, 4.5)) * 2:
        at = s.hand(HAND, (x, 428), angle, OPEN, s.about(11), at, 12)
    s.aim("partner", "adult", 8, at)
    after = s.move(HAND, home, s.about(13), at, 6)
    sways = Turn("partner", "response", "gesture", "The older adult's hand sways to the music.")
    s.log(sways, begin, after, s.path_box([HAND], begin, after))
    first, box, beat = s.now, s.head_box("adult"), s.about(11)
    for k, tilt in enumerate((0.6, -0.6, 0.6, 0.0)):
        s.move("adult.tilt", [tilt], beat, first + k * beat)
    along = Turn("adult", "reception", "movement", "The care worker's head sways along.")
    s.log(along, first, first + 4 * beat, box)
    s.face("partner", "reception", "The older adult beams.", smile=1.0, brow=0.9)
    _music(s, begin - 10, s.now + 12)
    s.now += 26


def _music(s: Script, first: int, last: int) -> None:
    """A quiet tune from the radio, with notes that rise from it."""
    tune = s.dice.choice([(0, 4, 7, 4, 5, 9, 7, 4), (7, 4, 0, 4, 7, 9, 7, 2), (0, 2, 4, 7, 4, 2, 5, 4)])
    many = max(8, (last - first) // 11)
    for i in range(many):
        start, pitch = (first + (last - first) * i / many) / FPS, 392 * 2 ** (tune[i % 8] / 12)
        note = Note(start=start, seconds=0.36, low=pitch, high=pitch, level=0.11, pan=-0.6, kind="radio")
        s.notes.append(note)
    u = np.arange(1, 41) / 41
    for k in range(3):
        track = s.tracks[f"note{k}"]
        for start in range(first + k * 16, last - 20, 48):
            track[start : start + 40, 0] = 180 + 26 * k + 12 * np.sin(u * 7 + k)
            track[start : start + 40, 1] = 520 - 120 * u
            track[start : start + 40, 4] = np.minimum(1, np.minimum(u * 5, (1 - u) * 3))
    s.move("radio", (*RADIO, 0, RADIO[1], 0), 2, last)


def _laugh(s: Script) -> None:
    first, long, box = s.now, s.about(46), s.head_box("partner")
    after = first + long + 2
    s.laugh("partner", long, 7, first)
    s.laugh("adult", long - 2, 7, first + 8)
    s.laugh_tones("adult", first + 8, after, 0.22)
    silent = Turn("partner", "initiative", "face", "The older adult laughs without a sound.")
    s.keep(silent, first, first + long, box)
    s.keep(Turn("adult", "response", "voice", "The care worker laughs too."), first + 8, after, None)
    s.span("laugh", first, after + 4, "Both laugh when the tune ends.")
    s.now = after + 4
    s.rest(0.9)


def _hands(s: Script) -> None:
    first = s.now
    s.move("partner.lean", [-22], 14, first)
    after = s.hand(HAND, (706, 636), 2.95, REST, s.about(16), first, 14)
    reach = Turn("partner", "initiative", "gesture", "The older adult reaches out a hand.")
    s.log(reach, first, after, s.path_box([HAND], first, after))
    first = s.now
    s.move("adult.lean", [38], 14, first)
    after = s.hand("adult.right", (682, 624), 0.3, REST, s.about(15), first, 16)
    lay_on = Turn("adult", "response", "touch", "The care worker lays a hand on it.")
    s.log(lay_on, first, after, s.path_box(["adult.right"], first, after))
