"""The film as a block of time: where something moved, and when; all from reading the film once.

It is kept as JSON, as the strip is:

    seconds                  the length of the film; slice `n` goes from `n * every` to `(n + 1) * every`
    every                    seconds in a slice
    slices, height, width    how many values each way: at most 120 slices of at most 16 × 9 places
    movement                 a byte for each place, by rows from the upper left, by slices; in base64

A byte goes from 0, still, to 255, the liveliest place of this film: two films cannot be held against each
other. That something moved is kept, and never what it looked like. The edges of a face that moves are a
drawing of it, and at 64 × 36 it can still be recognised; at 16 × 9 the largest face is a handful of places.
A change counts for no more than `FULL` levels of grey, and where half of the picture changes at once (a cut,
a lamp) nothing is kept of it.
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vigkit.errors import FilmChanged, FilmUnreadable
from vigkit.film import ffmpeg, strip
from vigkit.film.probe import Probe, stamp
from vigkit.film.strip import CHANGED, MOVES, Progress

FORMAT = 1
MOST_SLICES = 120
LONG_SIDE, SHORT_SIDE = 16, 9  # places, whichever way the film is held
FINER = 4  # times as many points each way are looked at: a hand that moves is smaller than a place
FULL = 24  # levels of grey beyond CHANGED: more is no more movement
AT_ONCE = 0.5  # of the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """How lively each place of the picture was in each slice of a film."""

    seconds: float
    every: float
    slices: int
    height: int
    width: int
    movement: bytes = field(repr=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows and columns, as `movement` runs."""
        return self.slices, self.height, self.width

    def rows(self, count: int) -> tuple[tuple[float, ...], ...]:
        """The block from above: bands of the picture from left to right, over time; 1 is the liveliest."""
        import numpy as np

        block = np.frombuffer(self.movement, np.uint8).reshape(self.shape)
        bands = np.array_split(block.mean(axis=1, dtype=float), min(count, self.width), axis=1)
        lively = np.stack([band.mean(axis=1) for band in bands])
        most = float(lively.max())
        return tuple(tuple(round(float(v / most), 3) if most else 0.0 for v in row) for row in lively)


def make(film: Path, probe: Probe, *, progress: Progress | None = None) -> bytes:
    """Read a film once, and return its block as it is kept."""
    before = stamp(film, probe.name)
    try:
        movement = _movement(film, probe, progress)
    except ffmpeg.FfmpegStopped as e:
        raise strip.unreadable(e, probe) from e
    if stamp(film, probe.name) != before:
        raise FilmChanged(probe.name)
    return _packed(probe, movement)


def from_bytes(content: bytes) -> Block | None:
    """The block in what `make` has returned; None where it was damaged since."""
    try:
        data = json.loads(content)
        found = Block(
            seconds=float(data["seconds"]),
            every=float(data["every"]),
            slices=int(data["slices"]),
            height=int(data["height"]),
            width=int(data["width"]),
            movement=base64.b64decode(data["movement"], validate=True),
        )
    except (ValueError, TypeError, KeyError):
        return None
    return found if len(found.movement) == math.prod(found.shape) else None


def size(probe: Probe) -> tuple[int, int]:
    """Width and height of the block, in places: the shape of the film, upright."""
    long, short = max(probe.width, probe.height), min(probe.width, probe.height)
    shrink = min(LONG_SIDE / long, SHORT_SIDE / short)
    return max(round(probe.width * shrink), 1), max(round(probe.height * shrink), 1)


def _slices(probe: Probe) -> int:
    return min(max(math.ceil(probe.seconds * MOVES), 1), MOST_SLICES)


def _movement(film: Path, probe: Probe, progress: Progress | None) -> Any:
    """The sum of all change in each place of each slice."""
    import numpy as np

    width, height = size(probe)
    every = probe.seconds / _slices(probe)
    # up: at each step the picture that is on the screen, as in the strip
    small = f"scale={FINER * width}:{FINER * height}:flags=area,format=gray[small]"
    steps = f"fps={MOVES}:round=up:start_time=0,{small}"
    graph = ("-filter_complex", f"[0:V:0]{strip.clock()},{steps}")
    words = (*strip.opened(film, probe), *graph, "-map", "[small]", "-f", "rawvideo", "pipe:1")
    found = np.zeros((_slices(probe), height, width))
    before, number = None, 0
    with ffmpeg.running(["-v", "error", "-nostats", *words]) as run:
        points = FINER * FINER * width * height
        while len(pixels := run.out.read(points)) == points:
            run.step()
            now = np.frombuffer(pixels, np.uint8).astype(np.int16)
            if before is not None:
                middle = (number - 0.5) / MOVES  # between the two pictures
                change = _change(before, now).reshape(height, FINER, width, FINER).sum(axis=(1, 3))
                found[min(int(middle / every), len(found) - 1)] += change
            before, number = now, number + 1
            if progress and number % MOVES == 0:
                progress(min(number / MOVES, probe.seconds))
    if before is None:
        raise FilmUnreadable(probe.name)
    return found


def _change(before: Any, now: Any) -> Any:
    """How much each point has changed from one picture to the next: up to FULL, and nothing where all did."""
    import numpy as np

    change = np.abs(now - before) - CHANGED
    if (change > 0).mean() > AT_ONCE:
        return np.zeros_like(change)
    return change.clip(0, FULL)


def _packed(probe: Probe, movement: Any) -> bytes:
    """The whole block as it lies on disk."""
    import numpy as np

    slices, height, width = movement.shape
    scaled = np.rint(movement * (255 / (movement.max() or 1))).astype(np.uint8)
    return json.dumps(
        {
            "format": FORMAT,
            "seconds": probe.seconds,
            "every": probe.seconds / slices,
            "slices": slices,
            "height": height,
            "width": width,
            "movement": base64.b64encode(scaled.tobytes()).decode("ascii"),
        }
    ).encode()
