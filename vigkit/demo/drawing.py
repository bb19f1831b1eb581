"""Filled shapes drawn with Pillow at twice the size: the brush, and the things on the table."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SIZE = (1280, 720)
TABLE_BACK, TABLE_FRONT = 556, 664
BLOCK = 40
Colour = tuple[int, ...]
Point = Any  # Two numbers, x and y: a tuple, a list or an array.

_CIRCLE = np.stack(
    [np.cos(np.linspace(0, 2 * np.pi, 40, False)), np.sin(np.linspace(0, 2 * np.pi, 40, False))], 1
)
_U = np.linspace(0, 1, 7)[:-1, None]
_SPLINE = (
    np.hstack(
        [-_U + 2 * _U**2 - _U**3, 2 - 5 * _U**2 + 3 * _U**3, _U + 4 * _U**2 - 3 * _U**3, -(_U**2) + _U**3]
    )
    / 2
)


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


def moved(point: Point, dx: float, dy: float) -> Any:
    """The point beside a point."""
    return np.array((point[0] + dx, point[1] + dy))


class Brush:
    """Draws in film pixels on a picture twice as large; a fourth number in a colour makes it glass."""

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

    def limb(self, ends: Any, ra: float, rb: float, colour: Colour) -> None:
        """A round-ended bar that may grow thinner."""
        p, q = np.asarray(ends, dtype=float)
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


def draw_shadow(brush: Brush, at: Point, rx: float, ry: float = 6.0) -> None:
    """The soft shadow of a thing that stands on the table."""
    brush.oval((at[0] + 3, at[1]), rx, ry, (70, 40, 20, 46))


def draw_block(brush: Brush, at: Point, angle: float, colour: Colour, mark: int) -> None:
    """A toy block that stands on `at`, turned around its middle."""
    half = BLOCK / 2
    middle = (at[0], at[1] - half)
    corner = np.array(
        [(-1, -0.84), (-0.84, -1), (0.84, -1), (1, -0.84), (1, 0.84), (0.84, 1), (-0.84, 1), (-1, 0.84)]
    )
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
    brush.line(
        [(x - 30, y - 66), (x - 26, y - 84), (x + 20, y - 84), (x + 24, y - 66)],
        5,
        shade(body, -0.3),
        smooth=False,
    )
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
