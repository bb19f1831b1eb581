"""The sound of a scene: soft tones for voices, wood on wood, and a radio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RATE = 48_000
# The pitch of each voice in hertz, and where it is heard from left (-1) to right (1).
VOICES = {"adult": (228.0, -0.35), "child": (452.0, 0.35), "worker": (214.0, -0.35), "old": (146.0, 0.35)}
_STRENGTHS = {"voice": (1, 0.42, 0.16, 0.07), "wood": (1, 0.3), "radio": (1, 0.12, 0.2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One tone, its pitch gliding from `low` to `high`; `kind` is a voice, wood or the radio."""

    start: float
    seconds: float
    low: float
    high: float
    level: float
    pan: float = 0.0
    kind: str = "voice"


def sound_track(notes: Sequence[Note], seconds: float) -> Any:
    """All tones as one stereo track."""
    track = np.zeros((round(seconds * RATE) + RATE, 2), dtype=np.float32)
    for note in notes:
        first, many = round(note.start * RATE), round(note.seconds * RATE)
        wave = _tone(note, many)
        track[first : first + many, 0] += wave * min(1.0, 1.0 - note.pan)
        track[first : first + many, 1] += wave * min(1.0, 1.0 + note.pan)
    return np.clip(track, -0.95, 0.95)


def _tone(note: Note, many: int) -> Any:
    """A tone with a soft start and end; voices sway a little, wood dies away at once."""
    t = np.arange(many) / RATE
    u = t / note.seconds
    pitch = note.low * (note.high / note.low) ** u
    if note.kind == "voice":
        pitch = pitch * (1 + 0.007 * np.sin(2 * np.pi * 5.5 * t) * np.minimum(1, t / 0.12))
    phase, parts = 2 * np.pi * np.cumsum(pitch) / RATE, _STRENGTHS[note.kind]
    wave = sum(s * np.sin((k + 1) * phase) for k, s in enumerate(parts)) / sum(parts) * note.level
    if note.kind == "wood":
        return wave * np.minimum(1, t / 0.002) * np.exp(-5 * u)
    swell, fade = np.minimum(1, t / 0.022), np.minimum(1, (note.seconds - t) / 0.05)
    return wave * np.sin(np.pi / 2 * swell) * np.sin(np.pi / 2 * fade) * (1 - 0.35 * u)
