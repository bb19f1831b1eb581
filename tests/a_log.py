"""A bundle with an answer in every field, in words of our own: what the tests of a page begin from."""

from __future__ import annotations

import base64
import io
from typing import Any

from vigkit.cycle import Bundle
from vigkit.principles import load
from vigkit.records import read


def jpeg(width: int = 480, height: int = 270, shade: int = 0) -> str:
    """A drawn still as base64: two faces turned to each other over a table."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (width, height), (226 - shade, 232 - shade, 226))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height * 0.74, width, height), fill=(196, 170, 138))
    for x, skin, shirt, look in (
        (0.3, (224, 186, 156), (14, 81, 160), 1),
        (0.68, (150, 104, 76), (198, 131, 19), -1),
    ):
        cx, r = width * x, height * 0.15
        draw.ellipse((cx - 1.7 * r, height * 0.5, cx + 1.7 * r, height * 1.2), fill=shirt)
        draw.ellipse((cx - r, height * 0.2, cx + r, height * 0.2 + 2.3 * r), fill=skin)
        draw.ellipse(
            (cx + look * 0.5 * r - 4, height * 0.34, cx + look * 0.5 * r + 4, height * 0.34 + 8),
            fill=(40, 40, 40),
        )
        draw.arc(
            (cx - 0.4 * r + look * 12, height * 0.4, cx + 0.4 * r + look * 12, height * 0.47),
            10,
            170,
            fill=(90, 40, 40),
            width=3,
        )
    draw.rectangle((0, height * 0.78, width, height), fill=(196, 170, 138))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return base64.b64encode(file.getvalue()).decode("ascii")


def record() -> dict[str, Any]:
    """The bundle as plain JSON."""
    named = ["EN1", "AT3", "RE3", "DE4", "DE6"]
    ours = load()
    return {
        "format": 1,
        "casebook": "s1-tawny",
        "owner": "S1",
        "role": "teacher",
        "purpose": "supervision",
        "until": "2026-09-30",
        "people": [
            {"code": "S1", "kind": "adult"},
            {"code": "C1", "kind": "child", "tells_us_by": ["gaze", "face", "AAC"]},
        ],
        "cycle": _cycle(),
        "films": [
            {
                "id": "snack",
                "seconds": 84.2,
                "filmed": "2026-03-03",
                "activity": "Snack at the small table",
                "kind": "practice",
                "people": ["S1", "C1"],
            }
        ],
        "principles": [
            {
                "id": p,
                "label": ours[p].label,
                "level": ours[p].level,
                "level_name": ours[p].level_name,
                "see": ours[p].see,
            }
            for p in named
        ],
        "earlier": [
            {"goal": "g1", "cycle": 1, "on": "2026-01-13", "now": 3},
            {"goal": "g1", "cycle": 1, "on": "2026-02-02", "now": 4},
            {"goal": "g2", "cycle": 1, "on": "2026-01-13", "now": 5},
        ],
        "notes": [
            {
                "format": 1,
                "cycle": "02-snack-time",
                "by": "V1",
                "on": "2026-03-20",
                "notice": "You name what C1 does before you name what you do. That is new.",
                "wonder": "What would you see if the pause were twice as long?",
                "moments": [
                    {
                        "moment": "m2",
                        "notice": "Your hands stay on your knees the whole time.",
                        "wonder": "What did it take?",
                    }
                ],
            }
        ],
        "stills": [
            {"moment": "m1", "at": 14.5, "jpeg": jpeg()},
            {"moment": "m2", "at": 41, "jpeg": jpeg(shade=12)},
            {"moment": "m3", "at": 66.04, "jpeg": jpeg(shade=24)},
        ],
    }


def _cycle() -> dict[str, Any]:
    return {
        "format": 1,
        "id": "02-snack-time",
        "number": 2,
        "began": "2026-03-02",
        "question": [
            {"words": "How do I get C1 to eat with us?", "agreed_with": "V1", "on": "2026-02-20"},
            {
                "words": "When C1 looks up from the plate, what do I do that keeps C1 with me?",
                "agreed_with": "V1 and C1's mother",
                "on": "2026-03-02",
            },
        ],
        "goals": [
            {
                "id": "g1",
                "words": "I wait long enough for C1 to begin.",
                "hoped": 8,
                "one_point_higher": "I count to four, and my hands stay still.",
                "ratings": [{"on": "2026-03-02", "now": 5}, {"on": "2026-03-12", "now": 6.5}],
            },
            {
                "id": "g2",
                "words": "Snack time is a time we both like.",
                "hoped": 9,
                "ratings": [{"on": "2026-03-12", "now": 7}],
            },
        ],
        "situation": "Ten o'clock, the small table by the window.\nC1 had the green cup and the cards.",
        "films": ["snack"],
        "moments": _moments(),
        "passed_over": "The first minute, when I talked all the time. I want to look at it with you.",
        "review": {
            "held": "2026-03-11",
            "with_whom": ["C1", "V1"],
            "clips": [
                {
                    "moment": "m1",
                    "mine": "I did not know that I waited.",
                    "theirs": "C1 pointed at the screen and laughed at the cup.",
                },
                {"moment": "m2", "theirs": "We both saw the card come before my question."},
            ],
            "comfort_words": "Odd at the start, then good. C1 asked for it again with the card *more*.",
        },
        "says_about_question": "C1 stays when I am slower than I think. It is about **turns**.",
        "working_point": "More waiting with my hands in my lap, also when the others are at the table.",
        "next_film": {
            "when": "2026-03-24",
            "what": "Tidying up together after snack, five minutes",
            "with_whom": ["C1", "C2"],
        },
        "bring": "Three things:\n\n- the laugh in moment 3\n- how to tell the team\n- and C2",
        "today_enough": "2026-03-05",
    }


def _moments() -> list[dict[str, Any]]:
    return [
        {
            "id": "m1",
            "film": "snack",
            "start": 12.4,
            "end": 19,
            "principles": ["EN1", "AT3"],
            "turns": [
                {"who": "C1", "act": "initiative", "how": "gaze", "start": 12.4, "end": 13.1},
                {"who": "S1", "act": "reception", "how": "face", "start": 13.4},
                {"who": "S1", "act": "response", "how": "voice", "start": 14.2},
            ],
            "better": "The pause stayed a pause.",
            "i_did": "I put the spoon down and looked at C1.",
            "they_did": "C1 looked at the cup, then at me, and pushed the cup over.",
            "saw": "C1's eyes came up twice before the hand moved.",
            "felt": "Warm, and a little impatient.",
            "thought": "If I speak now it is gone.",
            "wished": "That C1 asks me for something every day.",
            "surprised": "It was only three seconds. It felt like a minute.",
            "why": "It is my question in six seconds.",
            "chosen": 1,
            "share": ["supervision"],
        },
        {
            "id": "m2",
            "film": "snack",
            "start": 38,
            "end": 44.5,
            "principles": ["RE3", "DE4"],
            "better": "We took turns five times and nobody hurried.",
            "i_did": "I answered the card with the same card.",
            "they_did": "C1 took the next card at once.",
            "saw": "Two cards side by side.",
            "felt": "Proud of us.",
            "why": "C1 led and I followed.",
            "chosen": 2,
            "share": ["supervision"],
        },
        {
            "id": "m3",
            "film": "snack",
            "start": 64,
            "end": 68.25,
            "principles": ["DE6"],
            "better": "We laughed at the same crumb.",
            "they_did": "C1 leaned on my arm.",
            "joy": True,
            "share": ["supervision"],
        },
    ]


def bundle(data: dict[str, Any] | None = None) -> Bundle:
    """The bundle as a noun."""
    return read(Bundle, data or record(), "bundle")
