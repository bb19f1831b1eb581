"""Bodies and arms drawn as filled shapes, with hands that reach."""

from __future__ import annotations

from typing import Any

import numpy as np

from vigkit.demo.drawing import TABLE_BACK, Brush, Point, curve, hexa, moved, shade, turned
from vigkit.demo.faces import draw_face, draw_hair_behind
from vigkit.demo.people import Head, Look, Pose, shoulder_line


def draw_person(brush: Brush, look: Look, pose: Pose) -> None:
    """Everything of a person but the arms."""
    head = Head(look, pose)
    draw_hair_behind(brush, head)
    _torso(brush, look, pose, head)
    draw_face(brush, head)


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
    fold = [
        back[0],
        (x - look.facing * w * 0.45, y + r * 0.6),
        back[1],
        (foot - look.facing * w * 0.46, base),
    ]
    brush.line(fold, 3, shade(look.top, -0.12))
    shift = look.facing * w * 0.10
    _collar(brush, look, (x + shift, y), neck)
    top = head.at + np.array([np.sin(head.yaw) * r * 0.06, r * 0.55])
    pit = np.array((x + shift, y - r * 0.05))
    brush.blob(
        [
            moved(top, -neck, 0),
            moved(pit, -neck * 1.05, -r * 0.28),
            moved(pit, 0, r * 0.16),
            moved(pit, neck * 1.05, -r * 0.28),
            moved(top, neck, 0),
        ],
        look.skin,
    )
    under = head.at + np.array([np.sin(head.yaw) * r * 0.16, r * 1.0])
    brush.oval(under + np.array((0, r * 0.06)), neck * 1.06, r * 0.20, look.dim)
    if look.age == "old":
        for k in (-0.4, 0.4):
            brush.line(
                [moved(pit, k * neck, -r * 0.34), moved(pit, k * neck * 0.6, -r * 0.06)],
                1.6,
                look.dim,
                smooth=False,
            )


def _collar(brush: Brush, look: Look, at: Point, neck: float) -> None:
    x, y = at[0], at[1]
    r = look.head
    ring = [
        (x - neck * 1.4, y - r * 0.32),
        (x - neck * 0.7, y + r * 0.08),
        (x, y + r * 0.24),
        (x + neck * 0.7, y + r * 0.08),
    ]
    ring.append((x + neck * 1.4, y - r * 0.32))
    brush.line(ring, r * 0.17, look.trim)
    if look.uniform:
        brush.box(x + r * 0.20, y + r * 0.86, x + r * 0.74, y + r * 0.92, look.trim, 2)
        brush.box(x + r * 0.22, y + r * 0.92, x + r * 0.72, y + r * 1.42, shade(look.top, 0.10), 5)
        brush.box(x + r * 0.36, y + r * 0.68, x + r * 0.42, y + r * 1.02, hexa("#5d7f9d"), 2)
        brush.box(x - r * 0.66, y + r * 0.62, x - r * 0.18, y + r * 0.86, hexa("#fbfaf5"), 3)
        brush.box(x - r * 0.60, y + r * 0.70, x - r * 0.24, y + r * 0.74, shade(look.top, -0.2), 1)
    elif look.age == "adult":
        brush.line(
            [(x, y + r * 0.26), (x + look.facing, y + r * 1.0), (x, TABLE_BACK - 2)],
            2,
            shade(look.top, -0.14),
        )
        for k in range(3):
            brush.oval((x + look.facing * 0.6, y + r * (0.52 + 0.46 * k)), 3.4, 3.4, look.trim)
    elif look.age == "child":
        for k in range(2):
            brush.line(
                [
                    (x - look.shoulders * 0.84, y + r * (0.68 + k * 0.36)),
                    (x, y + r * (0.74 + k * 0.36)),
                    (x + look.shoulders * 0.8, y + r * (0.68 + k * 0.36)),
                ],
                r * 0.10,
                shade(look.trim, -0.04),
            )
    else:
        for k in (-1, 1):
            brush.line(
                [
                    (x + k * neck * 0.4, y + r * 0.24),
                    (x + k * neck * 0.8, y + r * 1.0),
                    (x + k * neck * 0.7, TABLE_BACK - 1),
                ],
                4,
                look.trim,
            )


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
    brush.limb((root, elbow), r * thick[0] + 1.4, r * thick[1] + 1.4, shade(look.top, -0.20))
    brush.limb((elbow, wrist), r * thick[1] + 1.4, r * thick[2] + 1.4, shade(look.top, -0.20))
    brush.limb((root, elbow), r * thick[0], r * thick[1], dark)
    _hand(brush, look, wrist, angle, shape)
    cuff = elbow + (wrist - elbow) * 0.90
    brush.limb((elbow, cuff), r * thick[1], r * thick[2] + 1.6, dark)
    brush.limb((cuff, elbow + (wrist - elbow) * 0.97), r * thick[2] + 2.0, r * thick[2] + 1.6, look.trim)


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
    flat = root + unit * along + normal * high * bend
    # A hand at the mouth: the upper arm hangs down towards the viewer, and so looks short.
    hang = root + np.array((side * 0.35, 0.94)) * upper * 0.56
    fold = np.clip((0.58 - far / sum(bones)) / 0.25, 0, 1) * np.clip(0.5 - 3 * unit[1], 0, 1)
    return flat + (hang - flat) * fold


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
    palm = [
        (-0.25, -0.50),
        (0.5, -0.72),
        (1.08, -0.66),
        (1.22, 0.0),
        (1.05, 0.68),
        (0.45, 0.70),
        (-0.25, 0.50),
    ]
    for a, b, r in bars:
        brush.limb(place([a, b]), r * h + 1.1, r * h * 0.86 + 1.1, edge)
    brush.polygon(place(curve(np.array(palm) * 1.04)), edge)
    brush.polygon(place(curve(palm)), look.skin)
    for a, b, r in reversed(bars):
        brush.limb(place([a, b]), r * h + 0.5, r * h * 0.86 + 0.5, edge)
        brush.limb(place([moved(a, -0.25, 0) if r < 0.25 else a, b]), r * h, r * h * 0.86, look.skin)
