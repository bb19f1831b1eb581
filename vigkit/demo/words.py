"""The voices of the demonstration: our own sentences in voices/*.toml, said by one person.

In a sentence `{c}` stands for a code and `{paused|stopped}` for a choice that the seed makes.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("voices")
_SLOT = re.compile(r"\{([^{}]*)\}")

# A stretch of a drawn film, from the first of its true events to the last.
BEATS = {
    "snack": {
        "hello": ("The child looks up at the teacher.", "The child smiles too."),
        "apple": ("The child points at the apple.", "The teacher nods."),
        "plate": ("The teacher moves the plate nearer.", "The teacher enjoys watching."),
        "blocks": ("The child puts down a block.", "The child smiles at the tower."),
        "third": ("The child puts the third block on top.", "The teacher's voice goes up with the tower."),
        "pause": (
            "The child looks up to the top of the tower.",
            "After the pause the child looks at the teacher.",
        ),
        "turn": (
            "After the pause the child looks at the teacher.",
            "The child puts it on top of the tower.",
        ),
        "fall": (
            "The child looks at the teacher with wide eyes.",
            "The teacher laughs with the child.",
        ),
        "again": ("The child points: again.", "The teacher smiles too."),
    },
    "care": {
        "hello": ("The older adult looks up at the care worker.", "The older adult smiles a little."),
        "card": ("The older adult looks at the card with the cup.", "The care worker nods."),
        "pause": ("The care worker holds up the card with the cup.", "The older adult lifts a hand."),
        "yes": ("The older adult lifts a hand.", "The care worker brings the drink nearer."),
        "drink": ("The older adult looks at the cup.", "The care worker enjoys watching."),
        "hum": ("The older adult hums softly.", "The older adult smiles."),
        "music": ("The older adult pushes the card with music over.", "The older adult nods."),
        "radio": ("The care worker turns the radio on.", "The older adult's hand sways to the music."),
        "sway": ("The older adult's hand sways to the music.", "The older adult beams."),
        "laugh": ("The older adult laughs without a sound.", "The care worker laughs too."),
        "touch": ("The older adult reaches out a hand.", "The care worker lays a hand on it."),
    },
}
# Seconds before the first event that belong to the stretch: here the tower wobbles and comes down.
BEFORE = {"fall": 2.5}


def voices(scene: str) -> list[dict[str, Any]]:
    """Every voice that knows this scene, in the order of the file names."""
    found = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))]
    return [voice for voice in found if voice["scene"] == scene]


def said(data: Any, names: Mapping[str, str], dice: random.Random) -> Any:
    """The same data, its sentences with codes put in and one word chosen.

    >>> said({"saw": "{c} {looks up|looks up}.", "cycle": 1}, {"c": "C1"}, random.Random(1))
    {'saw': 'C1 looks up.', 'cycle': 1}
    """
    if isinstance(data, dict):
        return {key: said(value, names, dice) for key, value in data.items()}
    if isinstance(data, list):
        return [said(value, names, dice) for value in data]
    if not isinstance(data, str):
        return data

    def fill(slot: re.Match[str]) -> str:
        inner = slot[1]
        return dice.choice(inner.split("|")) if "|" in inner else names[inner]

    while (filled := _SLOT.sub(fill, data)) != data:
        data = filled
    return data
