"""Faces and hair drawn as filled shapes on a head that turns, nods and tilts."""

from __future__ import annotations

from typing import Any

import numpy as np

from vigkit.demo.drawing import Brush, curve, hexa, moved, shade, turned
from vigkit.demo.people import Head

COVERED = ("bob", "long")  # Hair that hides the ears.


def draw_face(brush: Brush, head: Head) -> None:
    """The face with its features and the hair in front."""
    brush.polygon(head.outline(), head.look.skin)
    _cheeks(brush, head)
    if head.look.style not in COVERED:
        _ears(brush, head)
    _eyes(brush, head)
    _mouth(brush, head)
    _nose(brush, head)
    _hair_over(brush, head)
    _brows(brush, head)
    if head.look.glasses:
        _glasses(brush, head)


def _cheeks(brush: Brush, head: Head) -> None:
    glow = 66 + int(50 * max(0.0, head.pose.smile))
    for lon in (-40, 40):
        wide = head.front(lon)
        if wide > 0.25:
            lift = 3 * head.pose.smile
            brush.oval(
                head.on(lon * 0.95, -26 + lift, 0.97),
                head.size * 0.19 * wide,
                head.size * 0.13,
                (*head.look.blush, glow),
            )
    if head.look.age == "old":
        for lon in (-58, 58):
            if head.front(lon) > 0.3:
                brush.line(head.on([lon, lon + np.sign(lon) * 5], [4, 8]), 1.4, head.look.dim, smooth=False)
                brush.line(head.on([lon, lon + np.sign(lon) * 5], [0, -3]), 1.4, head.look.dim, smooth=False)
        for lon in (-24, 24):
            if head.front(lon) > 0.4:
                brush.line(head.on([lon * 0.62, lon * 0.95, lon * 1.05], [-20, -28, -37]), 1.8, head.look.dim)


def _ears(brush: Brush, head: Head) -> None:
    for lon in (-92, 92):
        wide = head.front(lon)
        if wide > 0.08:
            at = head.on(lon, -4, 1.0)
            r = head.size
            brush.oval(at, r * (0.09 + 0.09 * wide), r * 0.20, head.look.skin)
            brush.oval(at + np.array((0.5, 1)), r * (0.04 + 0.06 * wide), r * 0.12, head.look.dim)
            brush.oval(
                at + np.array((0.8, 2)), r * (0.02 + 0.04 * wide), r * 0.08, shade(head.look.dim, 0.15)
            )


def _eyes(brush: Brush, head: Head) -> None:
    look, pose, r = head.look, head.pose, head.size
    big = {"child": 1.16, "adult": 1.0, "old": 0.90}[look.age]
    happy = max(0.0, pose.smile - 0.55) * 0.62
    lid = max(0.0, pose.lid * (1 - 1.1 * pose.laugh))
    for lon in (-25, 25):
        face = head.front(lon)
        at = head.on(lon, 1 if look.age == "child" else 4)
        w, h = r * 0.185 * big * (0.25 + 0.75 * face), r * 0.165 * big
        arc = np.linspace(0, 2 * np.pi, 36, endpoint=False)
        up, low = h * lid * (0.82 + 0.22 * max(0.0, pose.brow)), h * lid * 0.82 * (1 - happy)
        rim = np.stack([w * np.cos(arc), np.where(np.sin(arc) < 0, up, low) * np.sin(arc)], 1)
        tilt = np.radians(pose.tilt * 16)
        if lid > 0.12:
            brush.polygon(turned(rim, tilt, at), hexa("#fffdf9"))
            _iris(brush, head, at, (w, up, low), tilt, big)
        crease = np.linspace(np.pi * 1.03, np.pi * 1.97, 12)
        lash = np.stack([w * 1.08 * np.cos(crease), up * 1.02 * np.sin(crease)], 1)
        if lid <= 0.12:
            lash[:, 1] = h * np.sin(crease) * (-0.28 if pose.laugh < 0.5 else 0.62)
        brush.line(
            turned(lash, tilt, at),
            2.6 if look.age != "old" else 2.2,
            shade(hexa("#3a2a26"), 0.05),
            smooth=False,
        )
        if happy > 0.12 and lid > 0.12:
            fold = np.linspace(0.2 * np.pi, 0.8 * np.pi, 8)
            brush.line(
                turned(np.stack([w * np.cos(fold), low * np.sin(fold) + 2.2], 1), tilt, at),
                1.5,
                look.dim,
                smooth=False,
            )


def _iris(
    brush: Brush, head: Head, at: Any, rim: tuple[float, float, float], tilt: float, big: float
) -> None:
    """The iris, its edge kept inside the opening of the eye."""
    w, up, low = rim
    r, pose = head.size, head.pose
    squeeze = min(1.0, 0.55 + w / (r * 0.4))
    centre = np.array((pose.gaze_x * w * 0.52, pose.gaze_y * r * 0.075))

    def inside(points: Any) -> Any:
        tall = np.where(points[:, 1] < 0, max(up, 0.1), max(low, 0.1))
        far = np.hypot(points[:, 0] / (w * 0.97), points[:, 1] / tall)
        return points / np.maximum(far, 1.0)[:, None]

    arc = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    ring = np.stack([np.cos(arc) * squeeze, np.sin(arc)], 1)
    brush.polygon(turned(inside(centre + ring * r * 0.122 * big), tilt, at), head.look.iris)
    brush.polygon(turned(inside(centre + ring * r * 0.072 * big), tilt, at), hexa("#1d1614"))
    spark = moved(centre, -r * 0.035, -r * 0.045)
    brush.polygon(turned(inside(spark + ring * r * 0.032 * big), tilt, at), hexa("#ffffff"))


def _brows(brush: Brush, head: Head) -> None:
    ink = shade(head.look.hair, -0.22 if head.look.age != "old" else -0.38)
    for side in (-1, 1):
        lift = 22 + 8.5 * head.pose.brow
        lon = np.array([11, 24, 38]) * side
        lat = np.array([lift + 0.5, lift + 3.0, lift - 2.5])
        if head.front(side * 26) > 0.15:
            brush.line(head.on(lon, lat), head.size * (0.058 if head.look.age != "child" else 0.048), ink)


def _nose(brush: Brush, head: Head) -> None:
    small = head.look.age == "child"
    side, ink = head.side * min(1.0, abs(head.pose.turn) * 3), shade(head.look.dim, -0.12)
    tip = 1.10 if small else 1.16
    line = [head.on(side * 2, -5, 1.03), head.on(side * 3, -11, tip * 0.98), head.on(side * 4, -17, tip)]
    line += [head.on(side * 1.5, -21, tip * 0.97), head.on(-side * 6, -21.5, 1.03)]
    if small:
        line = line[2:]
    brush.line(line, 2.2, ink)


def _mouth(brush: Brush, head: Head) -> None:
    look, pose = head.look, head.pose
    smile, wide = (
        pose.smile,
        13.5 + 5.5 * max(0.0, pose.smile) + 3 * pose.laugh - 2.5 * pose.mouth * (1 - pose.laugh),
    )
    if look.age == "child":
        wide *= 0.92
    gap = max(pose.mouth * 0.75, pose.laugh)
    u = np.linspace(-1, 1, 15)
    base = -39 + (1.5 if look.age == "child" else 0)
    bow = base + smile * (7.5 * u**2 - 3.5)
    upper = head.on(u * wide, bow + gap * 2.5 * (1 - u**2), 1.0)
    lower = head.on(u * wide, bow - gap * 17 * np.sqrt(np.clip(1 - u**2, 0, 1)), 1.0)
    if gap > 0.04:
        brush.polygon(np.vstack([upper, lower[::-1]]), hexa("#6a2327"))
        if gap > 0.3:
            inner = np.abs(u) <= 0.75
            teeth = head.on(u * wide, bow + gap * 2.5 * (1 - u**2) - 4.6 * gap, 1.0)
            if smile > 0.2:
                brush.polygon(np.vstack([upper[inner], teeth[inner][::-1]]), hexa("#fffaf2"))
            tongue = head.on(u * wide * 0.62, bow - gap * 11, 1.0)
            brush.polygon(
                np.vstack(
                    [tongue, head.on(u * wide * 0.62, bow - gap * 16 * np.sqrt(1 - u**2 * 0.4), 1.0)[::-1]]
                ),
                hexa("#c8605e"),
            )
        brush.line(lower, 2.6, look.lips, smooth=False)
    brush.line(upper, 3.0 if look.age != "old" else 2.4, look.lips, smooth=False)
    for end, sign in ((upper[0], -1), (upper[-1], 1)):
        if smile > 0.25 and head.front(sign * wide) > 0.2:
            brush.line(
                [moved(end, sign * 0.5, -2.5), moved(end, sign * 2.6, 0), moved(end, sign * 1.2, 2.6)],
                1.5,
                look.dim,
            )
    if gap < 0.3:
        brush.line(
            head.on(u[4:11] * wide * 0.8, bow[4:11] - 6.4 - 17 * gap), 1.8, (*look.dim, 190), smooth=False
        )


def _glasses(brush: Brush, head: Head) -> None:
    ink = hexa("#4c4038")
    for lon in (-25, 25):
        face = head.front(lon)
        at, r = head.on(lon, 2, 1.03), head.size
        arc = np.linspace(0, 2 * np.pi, 31)
        ring = np.stack([r * 0.30 * (0.2 + 0.8 * face) * np.cos(arc), r * 0.25 * np.sin(arc)], 1)
        brush.polygon(turned(ring, 0, at), (255, 255, 255, 16))
        brush.line(turned(ring, 0, at), 2.4, ink, smooth=False)
    brush.line([head.on(-9, 4, 1.06), head.on(0, 7, 1.1), head.on(9, 4, 1.06)], 2.4, ink)
    for lon in (-1, 1):
        if head.front(lon * 92) > 0.08 and head.look.style not in COVERED:
            brush.line(head.on([lon * 44, lon * 90], [4, 4], 1.02), 2.4, ink, smooth=False)


def draw_hair_behind(brush: Brush, head: Head) -> None:
    """The hair behind the neck."""
    look, k, dark = head.look, np.sin(head.yaw), shade(head.look.hair, -0.22)
    if look.style == "bob":
        low = 0.98 if look.age == "child" else 1.18
        p = [
            (0, -1.1),
            (0.8, -0.9),
            (1.1, -0.1),
            (1.1, low - 0.2),
            (0.8, low),
            (-0.8, low),
            (-1.1, low - 0.2),
        ]
        p += [(-1.1, -0.1), (-0.8, -0.9)]
        brush.blob(head.flat(np.array(p) - (0.16 * k, 0)), dark)
    elif look.style == "long":
        p = [
            (0, -1.1),
            (0.8, -0.9),
            (1.08, -0.1),
            (1.12, 1.0),
            (1.16, 1.75),
            (0.7, 2.0),
            (-0.7, 2.0),
            (-1.16, 1.75),
        ]
        p += [(-1.12, 1.0), (-1.08, -0.1), (-0.8, -0.9)]
        brush.blob(head.flat(np.array(p) - (0.18 * k, 0)), dark)
    elif look.style == "tails":
        for side in (-1, 1):
            tail = np.array(
                [(0.92, -0.24), (1.2, -0.42), (1.52, -0.05), (1.5, 0.5), (1.3, 0.86), (1.12, 0.5), (1.0, 0.1)]
            )
            tail[:, 0] = side * tail[:, 0] - 0.34 * k - (0.1 * side if side * k > 0 else 0)
            brush.blob(head.flat(tail), look.hair if side * k < 0 else dark)
            tie = head.flat([(side * 0.98 - 0.34 * k, -0.22)])[0]
            brush.oval(tie, head.size * 0.13, head.size * 0.15, look.trim)
    elif look.style == "bun":
        at = head.flat([(-0.52 * k, -1.12)])[0]
        brush.oval(at, head.size * 0.40, head.size * 0.36, look.hair)
        brush.oval(at + np.array((0, 3)), head.size * 0.24, head.size * 0.19, dark)
        brush.oval(head.flat([(-0.2 * k, -0.05)])[0], head.size * 0.98, head.size * 1.0, dark)
    elif look.style == "curls":
        for a in np.linspace(-0.35 * np.pi, 1.35 * np.pi, 15):
            at = head.flat([(-0.16 * k - 0.92 * np.cos(a), -0.10 - 0.88 * np.sin(a))])[0]
            brush.oval(at, head.size * 0.29, head.size * 0.29, dark)
    else:
        brush.oval(head.flat([(-0.2 * k, -0.08)])[0], head.size * 0.96, head.size * 0.98, dark)


# The hairline from the middle of the brow to the nape: longitude, latitude.
_LINES = {
    "bob": [(0, 40), (26, 36), (48, 26), (66, 2), (74, -34), (84, -52), (104, -54)],
    "long": [(0, 50), (22, 46), (46, 34), (64, 8), (72, -30), (82, -56), (104, -62)],
    "bun": [(0, 47), (28, 44), (52, 34), (66, 16), (74, -2), (84, 10), (100, 8), (112, -18), (118, -42)],
    "short": [(0, 42), (30, 40), (54, 31), (66, 14), (72, -8), (80, 8), (98, 10), (110, -10), (118, -36)],
    "curls": [(0, 42), (28, 38), (50, 29), (64, 12), (72, -4), (82, 10), (98, 12), (112, -12), (118, -34)],
    "tails": [(0, 44), (24, 38), (48, 30), (66, 14), (76, -4), (84, 8), (100, 8), (112, -14), (118, -36)],
    "tousled": [(0, 36), (26, 34), (50, 28), (66, 12), (74, -6), (82, 8), (98, 10), (112, -12), (118, -36)],
    "thin": [(0, 66), (26, 60), (52, 40), (66, 18), (72, -4), (82, 10), (98, 10), (112, -14), (118, -38)],
}


def _hair_over(brush: Brush, head: Head) -> None:
    look, style, k = head.look, head.look.style, np.sin(head.yaw)
    half = np.array(_LINES[style], dtype=float)
    part = {"bob": 6, "short": 5, "long": 0, "bun": 0}.get(style, 3)
    right = half.copy()
    right[0, 0] = 0
    line = np.vstack([half[::-1] * (-1, 1), right[1:]])
    line[:, 1] += np.where(
        np.abs(line[:, 0]) < 60, part * np.sin(np.radians(line[:, 0] * 1.5)) * look.facing, 0
    )
    away = np.abs(line[:, 0] + np.degrees(head.yaw)) > 80
    if style in COVERED:
        # The jaw is wider than a sphere: hair beside it moves out.
        edge = head.on(line[:, 0], line[:, 1], np.where(away & (line[:, 1] < 6), 1.14, 1.01))
    else:
        edge = head.on(line[:, 0], np.where(away, np.maximum(line[:, 1], 7), line[:, 1]), 1.01)
    edge = _fringe(head, edge, line) if style in ("tousled", "curls") else curve(edge, closed=False)
    low = [
        0.60 if style in COVERED else -0.1 + 0.55 * min(1.0, 4 * head.front(side * 114)) for side in (1, -1)
    ]
    a = np.linspace(-low[0], np.pi + low[1], 40)
    high = 1.12 if style != "thin" else 1.03
    out = np.stack([np.cos(a) * 1.0 - 0.07 * k, -np.sin(a) * np.where(np.sin(a) > 0, high, 0.9) - 0.02], 1)
    brush.polygon(np.vstack([edge, head.flat(out)]), look.hair)
    if style == "curls":
        for a1 in np.linspace(0.20 * np.pi, 0.80 * np.pi, 7) + 0.42 * k:
            at = head.flat([(-0.10 * k + 0.86 * np.cos(a1), -0.14 - 0.84 * np.sin(a1))])[0]
            brush.oval(at, head.size * 0.27, head.size * 0.27, look.hair)
    shine = np.linspace(0.36 * np.pi, 0.62 * np.pi, 10) + 0.35 * k
    glow = np.stack([0.70 * np.cos(shine) - 0.05 * k, -0.92 * np.sin(shine)], 1)
    brush.line(head.flat(glow), head.size * 0.09, (*shade(look.hair, 0.5), 70), smooth=False)
    if style == "long":
        brush.line(head.on([0, -2, -6], [50, 68, 88], 1.02), 1.8, shade(look.hair, -0.2))


def _fringe(head: Head, edge: Any, line: Any) -> Any:
    """Locks or curls along the brow, drawn into the hairline."""
    p = curve(edge, closed=False)
    lon = np.interp(np.linspace(0, 1, len(p)), np.linspace(0, 1, len(line)), line[:, 0])
    often, deep = (9.0, 0.11) if head.look.style == "tousled" else (13.0, 0.09)
    wave = (1 - np.cos(np.radians(lon * often))) * 0.5 * head.size * deep
    lower = wave * np.clip((60 - np.abs(lon)) / 14, 0, 1)
    return p + np.stack([np.zeros_like(lower), lower], 1)
