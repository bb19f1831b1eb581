"""People drawn as filled shapes: a head that turns on a sphere, a face, a body and two arms with hands."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from vigkit.demo.drawing import TABLE_BACK, Brush, Colour, Point, curve, hexa, shade, turned

# Each finger as (angle in degrees, length), then the thumb; lengths in hand sizes.
Shape = tuple[float, ...]
REST: Shape = (-7, 1.0, 0, 1.12, 5, 1.08, 12, 0.88, 48, 0.80)
POINT: Shape = (-2, 1.35, 8, 0.42, 10, 0.38, 14, 0.34, 30, 0.55)
GRIP: Shape = (4, 0.78, 8, 0.84, 12, 0.80, 18, 0.68, 62, 0.85)
OPEN: Shape = (-20, 1.05, -7, 1.2, 7, 1.15, 22, 0.95, 66, 0.9)

_SKINS = [
    (("#f6d3b8", "#e2b191", "#ef9e88", "#b9534f"), (0, 1, 2, 3, 4)),
    (("#efc4a0", "#d7a27c", "#e98f76", "#ac4d48"), (0, 1, 2, 3)),
    (("#d9a57c", "#bd865d", "#d47c60", "#9a463e"), (0, 1, 2)),
    (("#b07a52", "#93603c", "#b9674a", "#83382f"), (0, 1)),
    (("#8a5a3c", "#6e442b", "#9c5440", "#6b2a26"), (0,)),
]
_HAIRS = ("#2b2426", "#4a3026", "#704a2d", "#8f4d2c", "#cda15c")
_TOPS = ("#4f8f8c", "#5a82b4", "#8b6296", "#d99c38", "#dd7660", "#7d9f72", "#3f5b80", "#b35573")


COVERED = ("bob", "long")  # Hair that hides the ears.


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one person looks: colours, hair, age, and the sizes in film pixels."""

    age: str
    skin: Colour
    dim: Colour
    blush: Colour
    lips: Colour
    hair: Colour
    style: str
    top: Colour
    trim: Colour
    iris: Colour
    glasses: bool
    uniform: bool
    head: float
    shoulders: float
    arms: tuple[float, float]
    hand: float
    facing: int
    seat: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """What one person does in one frame; hands are (x, y, angle, *shape)."""

    turn: float = 0.0
    pitch: float = 0.0
    tilt: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    brow: float = 0.0
    lid: float = 1.0
    smile: float = 0.3
    mouth: float = 0.0
    laugh: float = 0.0
    lean: float = 0.0
    rise: float = 0.0
    breath: float = 0.0
    left: tuple[float, ...] = (0.0, 0.0, 0.0, *REST)
    right: tuple[float, ...] = (0.0, 0.0, 0.0, *REST)


_SIZES = {
    "adult": (76.0, 94.0, (142.0, 130.0), 19.0),
    "child": (70.0, 64.0, (110.0, 104.0), 15.0),
    "old": (74.0, 94.0, (138.0, 128.0), 18.5),
}
_STYLES = {
    "adult": ("bob", "bun", "short", "long", "curls"),
    "child": ("tails", "tousled", "bob", "curls"),
    "old": ("short", "curls", "bun", "thin"),
}


def choose_look(dice: random.Random, age: str, facing: int, seat: tuple[float, float], taken: Colour | None) -> Look:
    """A person whose skin, hair and clothes go together; never in the colour that is `taken`."""
    (skin, dim, blush, lips), hairs = dice.choice(_SKINS)
    hair = hexa(_HAIRS[dice.choice(hairs)])
    if age == "old":
        hair = hexa(dice.choice(["#c9c6c0", "#e4e1da", "#a9a7a6"]))
    tops = [hexa(c) for c in _TOPS if taken is None or hexa(c) != taken]
    top = dice.choice(tops)
    head, shoulders, arms, hand = _SIZES[age]
    return Look(
        age=age,
        skin=hexa(skin),
        dim=hexa(dim),
        blush=hexa(blush),
        lips=hexa(lips),
        hair=hair,
        style=dice.choice(_STYLES[age]),
        top=top,
        trim=dice.choice([shade(top, 0.55), shade(top, -0.25), hexa("#f7efe0")]),
        iris=hexa(dice.choice(["#4b3327", "#5b3d22", "#3f5d55", "#4a6480"] if hairs[-1] > 2 else ["#4b3327", "#3a2820"])),
        glasses=age == "old" and dice.random() < 0.6 or age == "adult" and dice.random() < 0.25,
        uniform=False,
        head=head,
        shoulders=shoulders,
        arms=arms,
        hand=hand,
        facing=facing,
        seat=seat,
    )


class Head:
    """Places points of longitude and latitude (degrees) of a turned, nodding, tilted head in the film."""

    def __init__(self, look: Look, pose: Pose) -> None:
        self.look, self.pose, self.size = look, pose, look.head
        self.at = np.array(head_at(look, pose))
        self.yaw, self.down = pose.turn * np.radians(35), pose.pitch * np.radians(24)
        self.side = 1.0 if pose.turn >= 0 else -1.0
        self._tilt = np.radians(pose.tilt * 16)

    def on(self, lon: Any, lat: Any, out: float = 1.0) -> Any:
        """Points on the face; what has turned away lies on the outline."""
        lam, phi = np.radians(np.asarray(lon, dtype=float)) + self.yaw, np.radians(np.asarray(lat, dtype=float))
        lam = np.clip(lam, -np.pi / 2, np.pi / 2)
        x = np.sin(lam) * np.cos(phi) * 0.93
        y = -(np.sin(phi) * np.cos(self.down) - np.cos(lam) * np.cos(phi) * np.sin(self.down)) * 1.06
        return self.flat(np.stack([x * out, y * out], -1))

    def flat(self, points: Any) -> Any:
        """Points in head sizes around the middle of the head."""
        return turned(np.asarray(points, dtype=float) * self.size, self._tilt, self.at)

    def front(self, lon: float) -> float:
        """How much of a part at this longitude faces us, 0 to 1."""
        return float(max(0.0, np.cos(np.radians(lon) + self.yaw)))

    def outline(self, grow: float = 0.0) -> Any:
        """The outline of the face, the chin leading where the head turns."""
        chin, cheek = {"child": (0.97, 0.90), "adult": (1.08, 0.84), "old": (1.08, 0.87)}[self.look.age]
        half = [(0.0, -1.0), (0.52, -0.88), (0.84, -0.48), (0.92, 0.0), (cheek, 0.42), (0.60, 0.78 * chin), (0.25, chin)]
        p = np.array(half + [(-x, y) for x, y in half[:0:-1]])
        k = np.sin(self.yaw)
        p[:, 0] += 0.17 * k * np.clip((p[:, 1] + 0.15) / 1.1, 0, 1)
        p[:, 1] += 0.10 * self.down * np.clip(p[:, 1], 0, 1)
        return self.flat(curve(p * (1 + grow)))


def head_at(look: Look, pose: Pose) -> tuple[float, float]:
    """The middle of the head."""
    x, y = look.seat
    return (x + pose.lean * 1.25 + pose.turn * 5, y + abs(pose.lean) * 0.12 - pose.rise - pose.breath * 0.9 + pose.pitch * 4)


def shoulder_line(look: Look, pose: Pose) -> tuple[float, float]:
    """The middle of the shoulders."""
    x, y = look.seat
    drop = 1.66 if look.age != "child" else 1.56
    return (x + pose.lean, y + look.head * drop + abs(pose.lean) * 0.08 - pose.rise * 0.8 - pose.breath * 1.2)


def draw_person(brush: Brush, look: Look, pose: Pose) -> None:
    """Everything of a person but the arms."""
    head = Head(look, pose)
    _hair_behind(brush, head)
    _torso(brush, look, pose, head)
    brush.polygon(head.outline(), look.skin)
    _cheeks(brush, head)
    if look.style not in COVERED:
        _ears(brush, head)
    _eyes(brush, head)
    _mouth(brush, head)
    _nose(brush, head)
    _hair_over(brush, head)
    _brows(brush, head)
    if look.glasses:
        _glasses(brush, head)


def _torso(brush: Brush, look: Look, pose: Pose, head: Head) -> None:
    x, y = shoulder_line(look, pose)
    w, r, base = look.shoulders, look.head, TABLE_BACK
    foot = look.seat[0] + pose.lean * 0.2
    neck = r * (0.36 if look.age != "child" else 0.30)
    side = [(x + neck * 1.15, y - r * 0.30), (x + w * 0.62, y - r * 0.10), (x + w * 0.93, y + r * 0.12)]
    side += [(x + w * 1.0, y + r * 0.5), (x + w * 0.93, y + r * 1.2)]
    right = curve([*side, (foot + w * 0.98, base)], closed=False)
    mirror = [(2 * x - px, py) for px, py in side] + [(2 * foot - (foot + w * 0.98), base)]
    left = curve(mirror, closed=False)
    brush.polygon(np.vstack([right, left[::-1]]), look.top)
    back = np.array([(x - look.facing * w * 0.52, y + r * 0.1), (x - look.facing * w * 0.40, y + r * 1.2)])
    fold = [back[0], (x - look.facing * w * 0.45, y + r * 0.6), back[1], (foot - look.facing * w * 0.46, base)]
    brush.line(fold, 3, shade(look.top, -0.12))
    shift = look.facing * w * 0.10
    _collar(brush, look, (x + shift, y), neck)
    top = head.at + np.array([np.sin(head.yaw) * r * 0.06, r * 0.55])
    pit = np.array((x + shift, y - r * 0.05))
    brush.blob([top - (neck, 0), pit - (neck * 1.05, r * 0.28), pit + (0, r * 0.16), pit + (neck * 1.05, -r * 0.28), top + (neck, 0)], look.skin)
    under = head.at + np.array([np.sin(head.yaw) * r * 0.16, r * 1.0])
    brush.oval(under + np.array((0, r * 0.06)), neck * 1.06, r * 0.20, look.dim)
    if look.age == "old":
        for k in (-0.4, 0.4):
            brush.line([pit + (k * neck, -r * 0.34), pit + (k * neck * 0.6, -r * 0.06)], 1.6, look.dim, smooth=False)


def _collar(brush: Brush, look: Look, at: Point, neck: float) -> None:
    x, y = at[0], at[1]
    r = look.head
    ring = [(x - neck * 1.4, y - r * 0.32), (x - neck * 0.7, y + r * 0.08), (x, y + r * 0.24), (x + neck * 0.7, y + r * 0.08)]
    ring.append((x + neck * 1.4, y - r * 0.32))
    brush.line(ring, r * 0.17, look.trim)
    if look.uniform:
        brush.box(x + r * 0.20, y + r * 0.86, x + r * 0.74, y + r * 0.92, look.trim, 2)
        brush.box(x + r * 0.22, y + r * 0.92, x + r * 0.72, y + r * 1.42, shade(look.top, 0.10), 5)
        brush.box(x + r * 0.36, y + r * 0.68, x + r * 0.42, y + r * 1.02, hexa("#5d7f9d"), 2)
        brush.box(x - r * 0.66, y + r * 0.62, x - r * 0.18, y + r * 0.86, hexa("#fbfaf5"), 3)
        brush.box(x - r * 0.60, y + r * 0.70, x - r * 0.24, y + r * 0.74, shade(look.top, -0.2), 1)
    elif look.age == "adult":
        brush.line([(x, y + r * 0.26), (x + look.facing, y + r * 1.0), (x, TABLE_BACK - 2)], 2, shade(look.top, -0.14))
        for k in range(3):
            brush.oval((x + look.facing * 0.6, y + r * (0.52 + 0.46 * k)), 3.4, 3.4, look.trim)
    elif look.age == "child":
        for k in range(2):
            brush.line([(x - look.shoulders * 0.84, y + r * (0.68 + k * 0.36)), (x, y + r * (0.74 + k * 0.36)), (x + look.shoulders * 0.8, y + r * (0.68 + k * 0.36))], r * 0.10, shade(look.trim, -0.04))
    else:
        for k in (-1, 1):
            brush.line([(x + k * neck * 0.4, y + r * 0.24), (x + k * neck * 0.8, y + r * 1.0), (x + k * neck * 0.7, TABLE_BACK - 1)], 4, look.trim)


def _cheeks(brush: Brush, head: Head) -> None:
    glow = 66 + int(50 * max(0.0, head.pose.smile))
    for lon in (-40, 40):
        wide = head.front(lon)
        if wide > 0.25:
            lift = 3 * head.pose.smile
            brush.oval(head.on(lon * 0.95, -26 + lift, 0.97), head.size * 0.19 * wide, head.size * 0.13, (*head.look.blush, glow))
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
            brush.oval(at + np.array((0.8, 2)), r * (0.02 + 0.04 * wide), r * 0.08, shade(head.look.dim, 0.15))


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
        brush.line(turned(lash, tilt, at), 2.6 if look.age != "old" else 2.2, shade(hexa("#3a2a26"), 0.05), smooth=False)
        if happy > 0.12 and lid > 0.12:
            fold = np.linspace(0.2 * np.pi, 0.8 * np.pi, 8)
            brush.line(turned(np.stack([w * np.cos(fold), low * np.sin(fold) + 2.2], 1), tilt, at), 1.5, look.dim, smooth=False)


def _iris(brush: Brush, head: Head, at: Any, rim: tuple[float, float, float], tilt: float, big: float) -> None:
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
    spark = centre + (-r * 0.035, -r * 0.045)
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
    smile, wide = pose.smile, 13.5 + 5.5 * max(0.0, pose.smile) + 3 * pose.laugh - 2.5 * pose.mouth * (1 - pose.laugh)
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
            brush.polygon(np.vstack([tongue, head.on(u * wide * 0.62, bow - gap * 16 * np.sqrt(1 - u**2 * 0.4), 1.0)[::-1]]), hexa("#c8605e"))
        brush.line(lower, 2.6, look.lips, smooth=False)
    brush.line(upper, 3.0 if look.age != "old" else 2.4, look.lips, smooth=False)
    for end, sign in ((upper[0], -1), (upper[-1], 1)):
        if smile > 0.25 and head.front(sign * wide) > 0.2:
            brush.line([end + (sign * 0.5, -2.5), end + (sign * 2.6, 0), end + (sign * 1.2, 2.6)], 1.5, look.dim)
    if gap < 0.3:
        brush.line(head.on(u[4:11] * wide * 0.8, bow[4:11] - 6.4 - 17 * gap), 1.8, (*look.dim, 190), smooth=False)


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


def _hair_behind(brush: Brush, head: Head) -> None:
    look, k, dark = head.look, np.sin(head.yaw), shade(head.look.hair, -0.22)
    if look.style == "bob":
        low = 0.98 if look.age == "child" else 1.18
        p = [(0, -1.1), (0.8, -0.9), (1.1, -0.1), (1.1, low - 0.2), (0.8, low), (-0.8, low), (-1.1, low - 0.2)]
        p += [(-1.1, -0.1), (-0.8, -0.9)]
        brush.blob(head.flat(np.array(p) - (0.16 * k, 0)), dark)
    elif look.style == "long":
        p = [(0, -1.1), (0.8, -0.9), (1.08, -0.1), (1.12, 1.0), (1.16, 1.75), (0.7, 2.0), (-0.7, 2.0), (-1.16, 1.75)]
        p += [(-1.12, 1.0), (-1.08, -0.1), (-0.8, -0.9)]
        brush.blob(head.flat(np.array(p) - (0.18 * k, 0)), dark)
    elif look.style == "tails":
        for side in (-1, 1):
            p = np.array([(0.92, -0.24), (1.2, -0.42), (1.52, -0.05), (1.5, 0.5), (1.3, 0.86), (1.12, 0.5), (1.0, 0.1)])
            p[:, 0] = side * p[:, 0] - 0.34 * k - (0.1 * side if side * k > 0 else 0)
            brush.blob(head.flat(p), look.hair if side * k < 0 else dark)
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
    line[:, 1] += np.where(np.abs(line[:, 0]) < 60, part * np.sin(np.radians(line[:, 0] * 1.5)) * look.facing, 0)
    away = np.abs(line[:, 0] + np.degrees(head.yaw)) > 80
    if style in COVERED:
        # The jaw is wider than a sphere: hair beside it moves out.
        edge = head.on(line[:, 0], line[:, 1], np.where(away & (line[:, 1] < 6), 1.14, 1.01))
    else:
        edge = head.on(line[:, 0], np.where(away, np.maximum(line[:, 1], 7), line[:, 1]), 1.01)
    edge = _fringe(head, edge, line) if style in ("tousled", "curls") else curve(edge, closed=False)
    low = [0.60 if style in COVERED else -0.1 + 0.55 * min(1.0, 4 * head.front(side * 114)) for side in (1, -1)]
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


def shoulders(look: Look, pose: Pose) -> tuple[Any, Any]:
    """Where the two arms begin, left and right as seen."""
    x, y = shoulder_line(look, pose)
    w, r = look.shoulders * 0.80, look.head * 0.26
    return np.array((x - w, y + r)), np.array((x + w, y + r))


def draw_arm(brush: Brush, look: Look, pose: Pose, side: int) -> None:
    """One arm, -1 the left as seen, 1 the right: two bones from the shoulder to the hand."""
    root = shoulders(look, pose)[0 if side < 0 else 1]
    x, y, angle, *shape = pose.left if side < 0 else pose.right
    aim = np.array((np.cos(angle), np.sin(angle)))
    wrist = np.array((x, y)) - aim * look.hand * 1.35
    elbow = _elbow(root, wrist, look.arms, side)
    r, dark = look.head, shade(look.top, -0.09)
    thick = (0.30, 0.25, 0.15) if look.age != "child" else (0.27, 0.23, 0.15)
    brush.limb(root, elbow, r * thick[0] + 1.4, r * thick[1] + 1.4, shade(look.top, -0.20))
    brush.limb(elbow, wrist, r * thick[1] + 1.4, r * thick[2] + 1.4, shade(look.top, -0.20))
    brush.limb(root, elbow, r * thick[0], r * thick[1], dark)
    _hand(brush, look, wrist, angle, shape)
    cuff = elbow + (wrist - elbow) * 0.90
    brush.limb(elbow, cuff, r * thick[1], r * thick[2] + 1.6, dark)
    brush.limb(cuff, elbow + (wrist - elbow) * 0.97, r * thick[2] + 2.0, r * thick[2] + 1.6, look.trim)


def _elbow(root: Any, wrist: Any, bones: tuple[float, float], side: int) -> Any:
    """The elbow falls outwards and down; where it would turn over it points at the viewer."""
    way = wrist - root
    far = float(np.hypot(*way)) + 1e-6
    upper, lower = np.array(bones) * max(1.0, far / (sum(bones) * 0.995))
    along = float(np.clip((far**2 + upper**2 - lower**2) / (2 * far), -upper, upper))
    high = float(np.sqrt(max(0.0, upper**2 - along**2)))
    unit = way / far
    normal = np.array((-unit[1], unit[0])) * -side
    raised = max(0.0, -float(unit[1]))
    bend = float(np.clip(normal @ np.array((side * (0.55 + 0.75 * raised), 0.84)) * 2.2, -1, 1))
    return root + unit * along + normal * high * bend


def _hand(brush: Brush, look: Look, wrist: Any, angle: float, shape: list[float]) -> None:
    """A palm, four fingers and a thumb; the thumb lies on the upper side where the hand points forward."""
    h, edge, flip = look.hand, look.dim, look.facing

    def place(points: Any) -> Any:
        return turned(np.asarray(points, dtype=float) * (h, h * flip), angle, wrist)

    bars = []
    for i in range(4):
        bend, long = np.radians(shape[2 * i]), shape[2 * i + 1]
        knuckle = np.array((1.02 - 0.06 * abs(i - 1.2), -0.50 + 0.35 * i))
        bars.append((knuckle, knuckle + np.array((np.cos(bend), np.sin(bend))) * long, 0.245 - 0.012 * i))
    bend, long = np.radians(-shape[8]), shape[9]
    root = np.array((0.42, -0.46))
    bars.append((root, root + np.array((np.cos(bend), np.sin(bend))) * long, 0.25))
    palm = [(-0.25, -0.50), (0.5, -0.72), (1.08, -0.66), (1.22, 0.0), (1.05, 0.68), (0.45, 0.70), (-0.25, 0.50)]
    for a, b, r in bars:
        brush.limb(*place([a, b]), r * h + 1.1, r * h * 0.86 + 1.1, edge)
    brush.polygon(place(curve(np.array(palm) * 1.04)), edge)
    brush.polygon(place(curve(palm)), look.skin)
    for a, b, r in reversed(bars):
        brush.limb(*place([a, b]), r * h + 0.5, r * h * 0.86 + 0.5, edge)
        brush.limb(*place([a - (0.25, 0) if r < 0.25 else a, b]), r * h, r * h * 0.86, look.skin)
