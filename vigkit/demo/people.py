"""Who is drawn: looks, poses, and a head whose points lie on a sphere that turns."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from vigkit.demo.drawing import Colour, curve, hexa, shade, turned

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
    "child": (70.0, 64.0, (102.0, 96.0), 15.0),
    "old": (74.0, 94.0, (138.0, 128.0), 18.5),
}
_STYLES = {
    "adult": ("bob", "bun", "short", "long", "curls"),
    "child": ("tails", "tousled", "bob", "curls"),
    "old": ("short", "curls", "bun", "thin"),
}


def choose_look(
    dice: random.Random, age: str, facing: int, seat: tuple[float, float], taken: Colour | None
) -> Look:
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
        iris=hexa(
            dice.choice(
                ["#4b3327", "#5b3d22", "#3f5d55", "#4a6480"] if hairs[-1] > 2 else ["#4b3327", "#3a2820"]
            )
        ),
        glasses=dice.random() < {"old": 0.6, "adult": 0.25, "child": 0.0}[age],
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

    def on(self, lon: Any, lat: Any, out: Any = 1.0) -> Any:
        """Points on the face; what has turned away lies on the outline."""
        lam, phi = (
            np.radians(np.asarray(lon, dtype=float)) + self.yaw,
            np.radians(np.asarray(lat, dtype=float)),
        )
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
        half = [
            (0.0, -1.0),
            (0.52, -0.88),
            (0.84, -0.48),
            (0.92, 0.0),
            (cheek, 0.42),
            (0.60, 0.78 * chin),
            (0.25, chin),
        ]
        p = np.array(half + [(-x, y) for x, y in half[:0:-1]])
        k = np.sin(self.yaw)
        p[:, 0] += 0.17 * k * np.clip((p[:, 1] + 0.15) / 1.1, 0, 1)
        p[:, 1] += 0.10 * self.down * np.clip(p[:, 1], 0, 1)
        return self.flat(curve(p * (1 + grow)))


def head_at(look: Look, pose: Pose) -> tuple[float, float]:
    """The middle of the head."""
    x, y = look.seat
    return (
        x + pose.lean * 1.25 + pose.turn * 5,
        y + abs(pose.lean) * 0.12 - pose.rise - pose.breath * 0.9 + pose.pitch * 4,
    )


def shoulder_line(look: Look, pose: Pose) -> tuple[float, float]:
    """The middle of the shoulders."""
    x, y = look.seat
    drop = 1.66 if look.age != "child" else 1.56
    return (x + pose.lean, y + look.head * drop + abs(pose.lean) * 0.08 - pose.rise * 0.8 - pose.breath * 1.2)
