"""Filled shapes drawn with Pillow at twice the size: the brush, the room and the things on the table."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SIZE = (1280, 720)
TABLE_BACK, TABLE_FRONT = 556, 664
BLOCK = 40
Colour = tuple[int, ...]
Point = Sequence[float]

_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 40, False)), np.sin(np.linspace(0, 2 * np.pi, 40, False))], 1)
_U = np.linspace(0, 1, 7)[:-1, None]
_SPLINE = np.hstack(
    [-_U + 2 * _U**2 - _U**3, 2 - 5 * _U**2 + 3 * _U**3, _U + 4 * _U**2 - 3 * _U**3, -(_U**2) + _U**3]
) / 2


def hexa(text: str, alpha: int = 255) -> Colour:
    """A colour from its six letters.

    >>> hexa("#ff8000")
    (255, 128, 0)
    """
    rgb = tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))
    return rgb if alpha == 255 else (*rgb, alpha)


def shade(colour: Colour, by: float, alpha: int = 255) -> Colour:
    """The colour made darker (`by` < 0) or lighter (`by` > 0).

    >>> shade((100, 100, 100), -0.5)
    (50, 50, 50)
    """
    goal = 255 if by > 0 else 0
    rgb = tuple(round(c + (goal - c) * abs(by)) for c in colour[:3])
    return rgb if alpha == 255 else (*rgb, alpha)


def curve(points: Any, closed: bool = True) -> Any:
    """A smooth line through the points (Catmull-Rom)."""
    p = np.asarray(points, dtype=float)
    if closed:
        four = np.stack([np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)], 1)
        return np.einsum("kj,njd->nkd", _SPLINE, four).reshape(-1, 2)
    q = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    four = np.stack([q[:-3], q[1:-2], q[2:-1], q[3:]], 1)
    return np.vstack([np.einsum("kj,njd->nkd", _SPLINE, four).reshape(-1, 2), p[-1:]])


def turned(points: Any, angle: float, at: Point = (0, 0)) -> Any:
    """The points turned by `angle` (radians, clockwise as seen) and moved to `at`."""
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(points, dtype=float) @ np.array([[c, s], [-s, c]]) + np.asarray(at, dtype=float)


class Brush:
    """Draws in film pixels on a picture twice as large; a fourth number in a colour lets what is below through."""

    def __init__(self, picture: Image.Image, origin: tuple[int, int] = (0, 0)) -> None:
        self.picture, self._origin = picture, np.array(origin, dtype=float)
        self._solid, self._glass = ImageDraw.Draw(picture), ImageDraw.Draw(picture, "RGBA")

    def polygon(self, points: Any, colour: Colour) -> None:
        """A filled outline."""
        flat = ((np.asarray(points, dtype=float) - self._origin) * 2).ravel().tolist()
        (self._solid if len(colour) == 3 else self._glass).polygon(flat, fill=colour)

    def blob(self, points: Any, colour: Colour) -> None:
        """A filled outline with soft corners."""
        self.polygon(curve(points), colour)

    def oval(self, at: Point, rx: float, ry: float, colour: Colour, angle: float = 0.0) -> None:
        """A filled ellipse."""
        self.polygon(turned(_CIRCLE * (rx, ry), angle, at), colour)

    def limb(self, a: Point, b: Point, ra: float, rb: float, colour: Colour) -> None:
        """A round-ended bar that may grow thinner."""
        p, q = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
        along = np.arctan2(q[1] - p[1], q[0] - p[0])
        half = np.linspace(-np.pi / 2, np.pi / 2, 13)
        end = np.stack([np.cos(half), np.sin(half)], 1)
        self.polygon(np.vstack([turned(end * rb, along, q), turned(-end * ra, along, p)]), colour)

    def line(self, points: Any, width: float, colour: Colour, smooth: bool = True) -> None:
        """A line with round ends."""
        p = curve(points, closed=False) if smooth and len(points) > 2 else np.asarray(points, dtype=float)
        step = np.gradient(p, axis=0)
        normal = np.stack([-step[:, 1], step[:, 0]], 1) / (np.hypot(step[:, 0], step[:, 1])[:, None] + 1e-9)
        self.polygon(np.vstack([p + normal * width / 2, (p - normal * width / 2)[::-1]]), colour)
        if width > 1.4 and len(colour) == 3:
            for end in (p[0], p[-1]):
                self.oval(end, width / 2, width / 2, colour)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0.0) -> None:
        """An upright rectangle, its corners rounded."""
        a, b = (np.array((x0, y0)) - self._origin) * 2, (np.array((x1, y1)) - self._origin) * 2
        draw = self._solid if len(colour) == 3 else self._glass
        draw.rounded_rectangle([*a.tolist(), *(b - 1).tolist()], radius * 2, fill=colour)


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
        brush.polygon(curve([(a, y - 26), (a + side * 8, y + h * 0.6), (a + side * 4, y + h), (b + side * 20, y + h)]
            + [(b + side * 10, y + h * 0.55), (b, y - 26)], closed=False), cloth)
        for k in (0.25, 0.5, 0.75):
            fold = a + (b - a) * k
            brush.line([(fold, y - 22), (fold + side * 5, y + h * 0.55), (fold + side * 10, y + h - 4)], 3, shade(cloth, -0.09))
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
        brush.polygon([(x + 14, y + h - 14), (c[0] - 6, y + h * 0.3), (c[0] + 26, y + h - 14)], hexa("#7c9aa8"))
        brush.polygon([(c[0] - 16, y + h - 14), (c[0] + 24, y + h * 0.45), (x + w - 14, y + h - 14)], hexa("#5f8391"))
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
            brush.line([tip - (np.cos(angle) * 18, np.sin(angle) * 18), tip], 1.6, shade(green, 0.25), smooth=False)
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
    brush.polygon([(x0 + 26, TABLE_BACK), (x1 - 26, TABLE_BACK), (x1 + 8, TABLE_FRONT), (x0 - 8, TABLE_FRONT)], top)
    brush.polygon(
        [(x0 + 26, TABLE_BACK), (x1 - 26, TABLE_BACK), (x1 - 24, TABLE_BACK + 6), (x0 + 24, TABLE_BACK + 6)],
        shade(top, 0.22),
    )
    if not cloth:
        for y, a, b in ((584, 180, 420), (606, 700, 1010), (630, 260, 590), (646, 820, 1100), (592, 1030, 1120)):
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
    brush.blob(
        [(x - half, TABLE_BACK + 40), (x - half - 4, top + 60), (x - half + 26, top), (x, top - 16), (x + half - 26, top)]
        + [(x + half + 4, top + 60), (x + half, TABLE_BACK + 40)],
        dark,
    )
    brush.box(x - half + 24, top + 18, x + half - 24, TABLE_BACK + 6, cloth, 40)
    for k in (-1, 0, 1):
        brush.oval((x + k * 44, top + 70), 3, 3, dark)
        brush.oval((x + k * 44, top + 150), 3, 3, dark)
    for side in (-1, 1):
        edge = x + side * (half + 8)
        brush.box(min(edge, edge - side * 62), top + 336, max(edge, edge - side * 62), TABLE_BACK + 4, dark, 26)
        brush.box(min(edge, edge - side * 62), top + 336, max(edge, edge - side * 62), top + 362, shade(cloth, 0.1), 14)


def draw_lamp(brush: Brush, room: Room, x: float, top: float) -> None:
    """A standing lamp with its light on the wall."""
    for r in (150, 116, 84):
        brush.oval((x, top + 40), r, r * 0.9, (255, 244, 205, 36))
    brush.box(x - 4, top + 70, x + 4, 520, shade(room.wood, -0.3), 3)
    brush.oval((x, 520), 40, 9, shade(room.wood, -0.36))
    brush.polygon([(x - 34, top), (x + 34, top), (x + 60, top + 80), (x - 60, top + 80)], shade(room.accent, 0.55))
    brush.polygon([(x + 12, top), (x + 34, top), (x + 60, top + 80), (x + 26, top + 80)], shade(room.accent, 0.45))


def draw_shadow(brush: Brush, at: Point, rx: float, ry: float = 6.0) -> None:
    """The soft shadow of a thing that stands on the table."""
    brush.oval((at[0] + 3, at[1]), rx, ry, (70, 40, 20, 46))


def draw_block(brush: Brush, at: Point, angle: float, colour: Colour, mark: int) -> None:
    """A toy block that stands on `at`, turned around its middle."""
    half = BLOCK / 2
    middle = (at[0], at[1] - half)
    corner = np.array([(-1, -0.84), (-0.84, -1), (0.84, -1), (1, -0.84), (1, 0.84), (0.84, 1), (-0.84, 1), (-1, 0.84)])
    lid = np.array([(-0.94, -0.9), (-0.74, -1.28), (0.74, -1.28), (0.94, -0.9)])
    brush.polygon(turned(lid * half, angle, middle), shade(colour, 0.30))
    brush.polygon(turned(corner * half, angle, middle), colour)
    low = np.array([(-0.97, 0.66), (0.97, 0.66), (0.97, 0.86), (0.84, 1), (-0.84, 1), (-0.97, 0.86)])
    brush.polygon(turned(low * half, angle, middle), shade(colour, -0.16))
    pale = shade(colour, 0.55)
    if mark % 3 == 0:
        brush.oval(middle, 9, 9, pale)
    elif mark % 3 == 1:
        brush.polygon(turned(np.array([(0, -10), (10, 8), (-10, 8)]), angle, middle), pale)
    else:
        star = [turned([(0, -11 if k % 2 == 0 else -4.6)], k * np.pi / 5)[0] for k in range(10)]
        brush.polygon(turned(star, angle, middle), pale)


def draw_cup(brush: Brush, at: Point, angle: float, colour: Colour, handle: int, drink: Colour) -> None:
    """A mug that stands on `at`; `angle` tips it."""
    foot = np.asarray(at, dtype=float)

    def place(points: Any) -> Any:
        return turned(points, angle, foot)

    arc = np.linspace(-1.9, 1.9, 16)
    ring = np.stack([handle * (19 + 15 * np.cos(arc)), -28 + 15 * np.sin(arc)], 1)
    brush.line(place(ring), 7, shade(colour, -0.14), smooth=False)
    body = [(-24, -52), (-22, -14), (-17, -2), (0, 2), (17, -2), (22, -14), (24, -52)]
    brush.polygon(place(curve(body, closed=False)), colour)
    brush.polygon(place([(8, -51), (24, -51), (22, -14), (17, -2), (6, 1)]), shade(colour, -0.08))
    brush.line(place([(-16, -42), (-15, -16)]), 4, shade(colour, 0.45), smooth=False)
    brush.oval(place([(0, -52)])[0], 24, 7, shade(colour, 0.35), angle)
    brush.oval(place([(0, -51)])[0], 20, 5, drink, angle)


def draw_plate(brush: Brush, at: Point, pieces: int, rim: Colour) -> None:
    """A plate with apple pieces."""
    x, y = at[0], at[1]
    draw_shadow(brush, (x, y + 6), 66, 12)
    brush.oval((x, y), 64, 17, shade(rim, 0.62))
    brush.oval((x, y - 1), 60, 15, hexa("#fbf9f4"))
    brush.oval((x, y + 1), 46, 10, hexa("#efe9de"))
    for k in range(pieces):
        draw_apple(brush, (x - 27 + k * 27, y - 6 + (k % 2) * 3), (-0.25, 0.2, -0.1)[k % 3])


def draw_apple(brush: Brush, at: Point, angle: float = 0.0) -> None:
    """A piece of apple with its red skin below."""
    arc = np.linspace(0, np.pi, 14)
    bow = np.stack([17 * np.cos(arc), 11 * np.sin(arc)], 1)
    brush.polygon(turned(bow, angle, at), hexa("#d4564e"))
    brush.polygon(turned(bow * (0.95, 0.66) - (0, 0.5), angle, at), hexa("#fdf3d6"))
    brush.oval(turned([(2, 3)], angle, at)[0], 2.2, 1.3, hexa("#8c5a35"), angle)


def draw_card(brush: Brush, at: Point, upright: float, sign: str, accent: Colour) -> None:
    """A picture card with a cup or with music; it lies on the table (0) or is held up (1)."""
    tall, half = 26 + 60 * upright, 38 - 2 * upright
    skew = 9 * (1 - upright)
    x, y = at[0], at[1]

    def place(u: float, v: float) -> tuple[float, float]:
        return (x + u * half + skew * (0.5 - v), y - tall * (1 - v))

    back = [place(-1, 0), place(1, 0), place(1, 1), place(-1, 1)]
    brush.polygon([(px + 2, py + 4) for px, py in back], (70, 40, 20, 60))
    brush.polygon(back, shade(accent, -0.05))
    brush.polygon([place(-0.9, 0.07), place(0.9, 0.07), place(0.9, 0.93), place(-0.9, 0.93)], hexa("#fffdf6"))
    ink = hexa("#2f4858")
    if sign == "cup":
        brush.polygon([place(-0.45, 0.32), place(0.3, 0.32), place(0.2, 0.78), place(-0.35, 0.78)], ink)
        ring = [place(0.28 + 0.26 * np.sin(a), 0.5 - 0.14 * np.cos(a)) for a in np.linspace(0, np.pi, 12)]
        brush.line(ring, 3.2, ink, smooth=False)
        for k in (-0.25, 0.1):
            brush.line([place(k, 0.26), place(k + 0.06, 0.2), place(k, 0.13)], 2, ink)
        return
    for u in (-0.4, 0.25):
        brush.oval(place(u, 0.74), half * 0.19, max(3.0, tall * 0.075), ink, -0.3)
        brush.line([place(u + 0.16, 0.74), place(u + 0.16, 0.26)], 3, ink, smooth=False)
    brush.polygon([place(-0.28, 0.22), place(0.45, 0.16), place(0.45, 0.3), place(-0.28, 0.36)], ink)


def draw_radio(brush: Brush, at: Point, on: float, body: Colour) -> None:
    """A small radio that stands on `at`; its lamp is lit when it plays."""
    x, y = at[0], at[1]
    draw_shadow(brush, (x, y), 60, 7)
    brush.line([(x + 34, y - 66), (x + 62, y - 122)], 2.6, hexa("#8b8b8b"), smooth=False)
    brush.line([(x - 30, y - 66), (x - 26, y - 84), (x + 20, y - 84), (x + 24, y - 66)], 5, shade(body, -0.3), smooth=False)
    brush.box(x - 56, y - 68, x + 56, y, body, 14)
    brush.box(x - 56, y - 14, x + 56, y, shade(body, -0.12), 8)
    brush.box(x - 46, y - 58, x + 2, y - 18, shade(body, 0.5), 8)
    for k in range(4):
        brush.box(x - 40, y - 52 + k * 9, x - 4, y - 49 + k * 9, shade(body, -0.1), 1)
    brush.oval((x + 29, y - 30), 14, 14, shade(body, 0.55))
    brush.oval((x + 29, y - 30), 10, 10, shade(body, -0.25))
    lit = tuple(round(a + (b - a) * on) for a, b in zip((120, 110, 100), (255, 226, 120), strict=True))
    brush.box(x + 12, y - 58, x + 46, y - 49, lit, 3)


def draw_note(brush: Brush, at: Point, colour: Colour) -> None:
    """A note of music that floats above the radio."""
    x, y = at[0], at[1]
    brush.oval((x, y), 7, 5.4, colour, -0.35)
    brush.line([(x + 6, y - 1), (x + 6, y - 26)], 2.6, colour, smooth=False)
    brush.line([(x + 6, y - 26), (x + 13, y - 21), (x + 14, y - 13)], 2.8, colour)
