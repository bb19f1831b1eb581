"""The room behind the people: one of many by its seed, drawn once a film."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from vigkit.demo.drawing import TABLE_BACK, TABLE_FRONT, Brush, Colour, curve, hexa, shade, turned


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The colours and the furniture of one seed."""

    wall: Colour
    floor: Colour
    wood: Colour
    accent: Colour
    cup: Colour
    blocks: tuple[Colour, ...]
    chair: Colour
    plant: int
    picture: int
    sky: Colour


def choose_room(dice: random.Random) -> Room:
    """A room whose colours go together."""
    wall, floor, accent = dice.choice(
        [
            ("#f6ecda", "#ddcdb6", "#d9795d"),
            ("#e6eee4", "#cbc9b4", "#c9744f"),
            ("#e5edf2", "#cfc8bb", "#dd9a4a"),
            ("#f6e6de", "#d9c6b8", "#5f8f8a"),
            ("#efeaf3", "#cfc5c4", "#7b6aa6"),
        ]
    )
    blocks = [hexa(c) for c in ("#d9584f", "#4f7fc0", "#57a06b", "#e9b23f", "#8a6bb0")]
    dice.shuffle(blocks)
    return Room(
        wall=hexa(wall),
        floor=hexa(floor),
        wood=hexa(dice.choice(["#c99c6c", "#b98a5e", "#d6ae80", "#a9784f"])),
        accent=hexa(accent),
        cup=hexa(dice.choice(["#f0be46", "#5c9bb8", "#e07a6a", "#7fae7a", "#b58cc0"])),
        blocks=tuple(blocks),
        chair=hexa(dice.choice(["#7f957e", "#8c819f", "#b08070", "#7391a6", "#b99a62"])),
        plant=dice.randrange(3),
        picture=dice.randrange(3),
        sky=hexa(dice.choice(["#c3e1f1", "#cfe3ea", "#f3dcc0", "#b9d7ee"])),
    )


def draw_wall(brush: Brush, room: Room) -> None:
    """The wall, lighter above, the skirting and the floor."""
    for i in range(24):
        brush.box(0, i * 22, 1280, i * 22 + 23, shade(room.wall, 0.30 - 0.30 * i / 23))
    brush.box(0, 498, 1280, 506, shade(room.wall, 0.45))
    brush.box(0, 506, 1280, 720, room.floor)
    brush.box(0, 506, 1280, 511, shade(room.floor, -0.10))


def draw_window(brush: Brush, room: Room, x: float, y: float, w: float, h: float) -> None:
    """A window with hills, a sun and a sill."""
    white, hill = shade(room.wall, 0.72), hexa("#9cc48a")
    brush.box(x - 14, y - 10, x + w + 18, y + h + 22, shade(room.wall, -0.06), 12)
    brush.box(x - 14, y - 14, x + w + 14, y + h + 14, white, 10)
    brush.box(x, y, x + w, y + h, room.sky, 3)
    brush.oval((x + w * 0.77, y + h * 0.24), 26, 26, hexa("#fff2c2"))
    for cx, cy, k in ((0.2, 0.22, 1.0), (0.55, 0.4, 0.7)):
        for dx, r in ((-20, 11), (0, 16), (20, 12)):
            brush.oval((x + w * cx + dx * k, y + h * cy - r * 0.2), r * 1.3 * k, r * k, shade(room.sky, 0.6))
    a = np.linspace(0, 1, 30)
    far = np.stack([x + w * a, y + h * (0.78 - 0.12 * np.sin(np.pi * (a * 1.3 + 0.1)))], 1)
    brush.polygon([*far, (x + w, y + h), (x, y + h)], shade(hill, 0.18))
    near = np.stack([x + w * a, y + h * (0.9 - 0.14 * np.sin(np.pi * (a * 1.1 - 0.25)))], 1)
    brush.polygon([*near, (x + w, y + h), (x, y + h)], hill)
    brush.box(x + w / 2 - 6, y, x + w / 2 + 6, y + h, white)
    brush.box(x, y + h * 0.42, x + w, y + h * 0.42 + 8, white)
    brush.box(x - 28, y + h + 10, x + w + 28, y + h + 26, shade(room.wall, 0.5), 6)
    brush.box(x - 28, y + h + 21, x + w + 28, y + h + 26, shade(room.wall, -0.08), 3)


def draw_curtains(brush: Brush, room: Room, x: float, y: float, w: float, h: float) -> None:
    """Curtains on a rail at both sides of a window."""
    cloth = shade(room.accent, 0.42)
    for side, edge in ((-1, x), (1, x + w)):
        a, b = edge + side * 46, edge - side * 26
        outline = [(a, y - 26), (a + side * 8, y + h * 0.6), (a + side * 4, y + h)]
        outline += [(b + side * 20, y + h), (b + side * 10, y + h * 0.55), (b, y - 26)]
        brush.polygon(
            curve(outline, closed=False),
            cloth,
        )
        for k in (0.25, 0.5, 0.75):
            fold = a + (b - a) * k
            brush.line(
                [(fold, y - 22), (fold + side * 5, y + h * 0.55), (fold + side * 10, y + h - 4)],
                3,
                shade(cloth, -0.09),
            )
    brush.line([(x - 64, y - 30), (x + w + 64, y - 30)], 8, shade(room.wood, -0.2), smooth=False)


def draw_picture(brush: Brush, room: Room, x: float, y: float, w: float, h: float) -> None:
    """A framed picture, one of three."""
    brush.box(x + 4, y + 6, x + w + 4, y + h + 6, shade(room.wall, -0.10), 6)
    brush.box(x, y, x + w, y + h, shade(room.wood, 0.1), 6)
    brush.box(x + 9, y + 9, x + w - 9, y + h - 9, shade(room.wall, 0.7), 2)
    c = (x + w / 2, y + h / 2)
    if room.picture == 0:
        brush.oval((c[0] - w * 0.12, c[1] + 2), w * 0.17, w * 0.17, room.accent)
        brush.oval((c[0] + w * 0.16, c[1] - 4), w * 0.11, w * 0.19, hexa("#6b97ad"), 0.4)
    elif room.picture == 1:
        brush.polygon(
            [(x + 14, y + h - 14), (c[0] - 6, y + h * 0.3), (c[0] + 26, y + h - 14)], hexa("#7c9aa8")
        )
        brush.polygon(
            [(c[0] - 16, y + h - 14), (c[0] + 24, y + h * 0.45), (x + w - 14, y + h - 14)], hexa("#5f8391")
        )
        brush.oval((x + w - 38, y + 34), 11, 11, room.accent)
    else:
        for k in range(5):
            petal = turned([(0, -h * 0.15)], k * 2 * np.pi / 5, c)[0]
            brush.oval(petal, w * 0.1, w * 0.1, room.accent)
        brush.oval(c, w * 0.08, w * 0.08, hexa("#f4cf6a"))


def draw_plant(brush: Brush, room: Room, x: float, floor: float) -> None:
    """A plant in a pot that stands on something at `floor`, one of three kinds."""
    greens, pot = [hexa("#5e9a63"), hexa("#78b174"), hexa("#4c8458")], shade(room.accent, 0.18)
    top = floor - 72
    stems = [(-62, -108), (-34, -150), (0, -168), (36, -146), (64, -104), (-84, -62), (84, -60)]
    for i, (dx, dy) in enumerate(stems):
        tip, green = np.array((x + dx, top + dy + 20)), greens[i % 3]
        root = np.array((x + dx * 0.08, top + 6))
        side = np.array((-(tip - root)[1], (tip - root)[0])) / np.hypot(*(tip - root))
        if room.plant == 0:
            mid = (root + tip) / 2 + (0, -12)
            brush.blob([root + side * 3, mid + side * 9, tip, mid - side * 9, root - side * 3], green)
        elif room.plant == 1:
            brush.line([root, (root + tip) / 2 + (0, -14), tip], 3.4, greens[2])
            angle = float(np.arctan2(dy, dx))
            brush.oval(tip, 27, 17, green, angle)
            brush.line(
                [tip - (np.cos(angle) * 18, np.sin(angle) * 18), tip], 1.6, shade(green, 0.25), smooth=False
            )
        else:
            brush.line([root, (root + tip) / 2 + (0, -14), tip], 3, greens[2])
            for k in np.linspace(0.25, 1, 7):
                p = root + (tip - root) * k + (0, -56 * k * (1 - k))
                brush.oval(p + side * 9, 10, 6, green, 0.5)
                brush.oval(p - side * 9, 10, 6, green, -0.5)
    brush.polygon([(x - 38, top), (x + 38, top), (x + 29, floor), (x - 29, floor)], pot)
    brush.polygon([(x + 14, top), (x + 38, top), (x + 29, floor), (x + 12, floor)], shade(pot, -0.08))
    brush.box(x - 44, top - 8, x + 44, top + 12, shade(pot, -0.05), 5)


def draw_shelf(brush: Brush, room: Room, dice: random.Random, x: float, y: float, w: float) -> None:
    """A shelf with books, a ball and a bear's head or a clock."""
    brush.box(x + 6, y + 10, x + w - 6, y + 16, shade(room.wall, -0.12), 3)
    at = x + 14
    tones = [room.accent, *room.blocks]
    while at < x + w * 0.52:
        width, tall = dice.randrange(11, 20), dice.randrange(44, 68)
        tone = shade(dice.choice(tones), 0.22)
        brush.box(at, y - tall, at + width, y, tone, 2)
        brush.box(at, y - tall + 8, at + width, y - tall + 13, shade(tone, 0.4))
        at += width + 2
    bear = (x + w * 0.78, y - 27)
    fur = hexa(dice.choice(["#b98d62", "#d2b48c", "#9c7a66"]))
    for side in (-1, 1):
        brush.oval((bear[0] + side * 20, bear[1] - 18), 11, 11, fur)
        brush.oval((bear[0] + side * 20, bear[1] - 18), 6, 6, shade(fur, 0.35))
    brush.oval(bear, 28, 26, fur)
    brush.oval((bear[0], bear[1] + 8), 13, 10, shade(fur, 0.45))
    brush.oval((bear[0], bear[1] + 4), 4.5, 3.4, hexa("#3c2f2a"))
    for side in (-1, 1):
        brush.oval((bear[0] + side * 10, bear[1] - 5), 2.8, 3.2, hexa("#3c2f2a"))
    brush.box(x, y, x + w, y + 11, room.wood, 3)


def draw_table(brush: Brush, room: Room, cloth: bool = False) -> None:
    """The table: its top as seen a little from above, and its front."""
    top = hexa("#f3ead8") if cloth else room.wood
    x0, x1 = (120, 1160)
    brush.polygon(
        [(x0 + 26, TABLE_BACK), (x1 - 26, TABLE_BACK), (x1 + 8, TABLE_FRONT), (x0 - 8, TABLE_FRONT)], top
    )
    brush.polygon(
        [(x0 + 26, TABLE_BACK), (x1 - 26, TABLE_BACK), (x1 - 24, TABLE_BACK + 6), (x0 + 24, TABLE_BACK + 6)],
        shade(top, 0.22),
    )
    if not cloth:
        for y, a, b in (
            (584, 180, 420),
            (606, 700, 1010),
            (630, 260, 590),
            (646, 820, 1100),
            (592, 1030, 1120),
        ):
            brush.line([(a, y), ((a + b) / 2, y - 4), (b, y + 1)], 2, shade(top, -0.08))
    brush.box(x0 - 12, TABLE_FRONT, x1 + 12, TABLE_FRONT + 20, shade(top, -0.14), 5)
    brush.box(x0 + 4, TABLE_FRONT + 18, x1 - 4, 720, shade(top, -0.24))
    brush.box(x0 + 4, TABLE_FRONT + 18, x1 - 4, TABLE_FRONT + 26, shade(top, -0.32))
    if cloth:
        for x in range(x0 + 30, x1, 64):
            brush.line([(x, TABLE_FRONT + 24), (x + 4, 690), (x - 3, 722)], 3, shade(top, -0.30))
        brush.line([(x0 + 30, 574), (x1 - 30, 574)], 3, room.accent, smooth=False)
        brush.line([(x0 + 8, 648), (x1 - 8, 648)], 3, room.accent, smooth=False)


def draw_chair(brush: Brush, room: Room, x: float, top: float, half: float) -> None:
    """A wooden chair's back behind a person."""
    wood = shade(room.wood, -0.22)
    for side in (-1, 1):
        brush.box(x + side * half - 9, top - 8, x + side * half + 9, TABLE_BACK + 4, wood, 8)
    brush.box(x - half, top + 6, x + half, top + 42, shade(wood, 0.08), 8)
    brush.box(x - half, top + 84, x + half, top + 112, shade(wood, 0.08), 8)


def draw_armchair(brush: Brush, x: float, top: float, half: float, cloth: Colour) -> None:
    """A high armchair with ears, its arms at the height of the table."""
    dark = shade(cloth, -0.16)
    half_back = [(half, TABLE_BACK + 40), (half + 4, top + 60), (half - 26, top)]
    back = [(x - dx, y) for dx, y in half_back] + [(x, top - 16)] + [(x + dx, y) for dx, y in half_back[::-1]]
    brush.blob(back, dark)
    brush.box(x - half + 24, top + 18, x + half - 24, TABLE_BACK + 6, cloth, 40)
    for side in (-1, 1):
        edge = x + side * (half + 8)
        brush.box(
            min(edge, edge - side * 62), top + 336, max(edge, edge - side * 62), TABLE_BACK + 4, dark, 26
        )
        brush.box(
            min(edge, edge - side * 62),
            top + 336,
            max(edge, edge - side * 62),
            top + 362,
            shade(cloth, 0.1),
            14,
        )


def draw_lamp(brush: Brush, room: Room, x: float, top: float) -> None:
    """A standing lamp with its light on the wall."""
    for r in (150, 116, 84):
        brush.oval((x, top + 40), r, r * 0.9, (255, 244, 205, 36))
    brush.box(x - 4, top + 70, x + 4, 520, shade(room.wood, -0.3), 3)
    brush.oval((x, 520), 40, 9, shade(room.wood, -0.36))
    brush.polygon(
        [(x - 34, top), (x + 34, top), (x + 60, top + 80), (x - 60, top + 80)], shade(room.accent, 0.55)
    )
    brush.polygon(
        [(x + 12, top), (x + 34, top), (x + 60, top + 80), (x + 26, top + 80)], shade(room.accent, 0.45)
    )
