"""Words that are shown as they are read, in any of many scripts, and never as boxes."""

from __future__ import annotations

import random
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from vigkit.film import captions

ENGLISH = "I waited, and Élodie reached for the brick (the blue one)."
ARABIC = "انتظرت حتى مدت يدها إلي، ثم قالت «لا» وابتسمت."
HEBREW = "חיכיתי, והיא הושיטה לי את הקובייה (הכחולה) ב-10:30 בבוקר."
MIXED = "في الساعة 10:30 (يوم 5) قالت Lego مرتين، و3.5 دقائق [هي وأنا]."


def seen(words: str) -> str:
    """The letters of a line from left to right."""
    return captions._seen(words, captions._direction(words))


def ink(picture: Image.Image) -> Any:
    """Where a band or a card is brighter than its ground."""
    return np.asarray(picture.convert("RGB").convert("L")) > 128


def lines_of(picture: Image.Image) -> int:
    """How many lines of letters there are, by the empty rows between them."""
    rows = ink(picture).any(axis=1)
    # the dot of an i stands alone: an empty row or four do not end a line
    starts = [y for y in range(len(rows)) if rows[y] and not rows[max(y - 5, 0) : y].any()]
    return len(starts)


@pytest.mark.parametrize(
    "words",
    [ENGLISH, "naïve façade, Åse, Şükrü, ő ű, Łódź", "Τι θέλει;", "Ещё раз, їжак", HEBREW, ARABIC, MIXED],
)
def test_many_scripts_have_all_their_letters(words: str) -> None:
    assert captions.missing(words) == ""
    band = captions.band(words, 1280)
    assert band and ink(band).any()


def test_words_that_run_from_right_to_left_are_put_in_order() -> None:
    assert seen("אבג") == "גבא"
    assert seen("אב 10:30") == "10:30 בא"
    assert seen("I said שלום twice") == "I said םולש twice"


def test_brackets_turn_round_with_their_words() -> None:
    assert seen("אב (גד)") == "(דג) בא"
    assert seen("abc (אב) [x] ד 12") == "abc (בא) [x] 12 ד"
    assert seen("א ((ב)) «ג»") == "«ג» ((ב)) א"


def test_arabic_letters_are_joined() -> None:
    # beh as it stands alone, begins, goes on and ends; lam and alef make one
    assert seen("ب ببب لا") == "\ufefb \ufe90\ufe92\ufe91 \ufe8f"


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow has no library to compare with")
@pytest.mark.parametrize("words", [ARABIC, HEBREW, MIXED, "I said שלום (twice) and مرحبا 12 times"])
def test_the_letters_are_those_of_a_full_layout(words: str) -> None:
    # each word by itself: a full layout places letters between pixels, which adds up over a line
    font = str(captions._ours() / "DejaVuSans.ttf")
    full = ImageFont.truetype(font, 40, layout_engine=ImageFont.Layout.RAQM)
    for word in words.split():
        pictures = []
        turn = "rtl" if captions._direction(word) == "R" else "ltr"
        for letters, way, direction in [
            (seen(word), captions._face(Path(font), 40), None),
            (word, full, turn),
        ]:
            picture = Image.new("L", (600, 80))
            ImageDraw.Draw(picture).text((20, 55), letters, 255, way, anchor="ls", direction=direction)
            pictures.append(np.asarray(picture, float))
        ours, theirs = pictures
        differs = min(np.abs(np.roll(ours, by, axis=1) - theirs).sum() for by in range(-3, 4))
        assert differs < 0.5 * theirs.sum(), word
        assert abs(ours.sum() - theirs.sum()) < 0.01 * theirs.sum(), word


def test_the_order_of_letters_would_be_missed_if_it_were_wrong() -> None:
    # the measure of the test above tells the right picture from one that is turned round
    font = captions._face(captions._ours() / "DejaVuSans.ttf", 40)
    pictures = []
    for letters in (seen("וابتسمت"), seen("וابتسمت")[::-1]):
        picture = Image.new("L", (600, 80))
        ImageDraw.Draw(picture).text((20, 55), letters, 255, font, anchor="ls")
        pictures.append(np.asarray(picture, float))
    assert np.abs(pictures[0] - pictures[1]).sum() > 0.5 * pictures[1].sum()


def test_the_same_words_give_the_same_picture_however_they_were_typed() -> None:
    composed, apart = (unicodedata.normalize(form, ENGLISH) for form in ("NFC", "NFD"))
    assert composed != apart
    one, other = captions.band(composed, 1280), captions.band(apart, 1280)
    assert one and other and one.tobytes() == other.tobytes()


def test_long_words_and_long_captions_stay_inside() -> None:
    for words in ("a" * 10_000, "word " * 2_000, "ابتسمت" * 900, "x " + "W" * 90 + " y", ARABIC * 30):
        band = captions.band(words, 1280)
        assert band and band.width == 1280 and band.height < 200
        assert lines_of(band) <= 3
        assert not ink(band)[:, :40].any() and not ink(band)[:, -40:].any()
        title = ink(captions.card(words, (1280, 720)))
        assert title.any() and not title[:40].any() and not title[-40:].any()


def test_what_is_cut_short_ends_with_dots_after_a_whole_word() -> None:
    words = ["one", "two", "three", "four", "five", "six", "seven"] * 20
    text = captions._Text(" ".join(words), 34, bold=False)
    lines = text.wrapped(1140, 3)
    assert len(lines) == 3 and lines[-1][-1] == "…"
    assert lines[-1][:-1].split()[-1] in words


def test_no_word_is_lost_in_wrapping() -> None:
    words = "She looked up, and I waited until she had finished before I answered; then we laughed."
    for size in (20, 34, 60):
        lines = captions._Text(words, size, bold=True).wrapped(900, 20)
        assert " ".join(lines) == words


def test_lines_are_about_as_wide_as_each_other() -> None:
    lines = captions._Text("How do I give C1 time to begin?", 63, bold=True).wrapped(1024, 4)
    assert len(lines) == 2 and min(map(len, lines)) > 10


def test_letters_without_a_picture_are_told_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert captions.missing("a \ue000 b\ue000 \U000f0000") == "\ue000\U000f0000"
    with_it, without = captions.band("I waited \ue000 here", 1280), captions.band("I waited here", 1280)
    assert with_it and without and with_it.tobytes() == without.tobytes()
    assert captions.band("\ue000\ue000", 1280) is None


def test_a_script_that_needs_joining_is_never_drawn_wrong() -> None:
    assert captions.missing("नमस्ते Anna") == "".join(dict.fromkeys("नमस्ते"))


def test_what_our_letters_lack_is_looked_for_in_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fontTools.ttLib import TTFont

    letter = "\ue123"
    (tmp_path / "broken.ttf").write_bytes(b"\0\1\0\0 no font")
    with TTFont(captions._ours() / "DejaVuSans.ttf") as font:
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[ord(letter)] = "A"
        font.save(tmp_path / "own.ttf")
    captions._font_of.cache_clear()
    monkeypatch.setattr(captions, "_of_the_system", lambda: tuple(sorted(tmp_path.iterdir())))
    try:
        assert captions.missing(letter) == ""
        band, plain = captions.band(f"x{letter}y", 1280), captions.band("xAy", 1280)
        assert band and plain and band.tobytes() == plain.tobytes()
    finally:
        captions._font_of.cache_clear()


def test_the_fonts_of_the_system_are_asked_only_when_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> tuple[Path, ...]:
        raise AssertionError

    captions._font_of.cache_clear()
    monkeypatch.setattr(captions, "_of_the_system", asked)
    assert captions.missing(ENGLISH + ARABIC + HEBREW) == ""
    with pytest.raises(AssertionError):
        captions.missing("\ue000")


@pytest.mark.parametrize(
    "words",
    [
        "I\u202ewaited\u202c",
        "I\u2067wait\u2066ed",
        "I wai\u200dted\ufe0f",
        "I\x00 \x07waited\x1b",
        "I\nwaited",
        "\ud800I waited\udfff",
        "I\u00adwaited",
        "\ufeffI\t\u2028 waited\u00a0",
    ],
)
def test_signs_without_a_picture_change_nothing(words: str) -> None:
    plain = "I waited" if any(c.isspace() or c == "\x00" for c in words) else "Iwaited"
    odd, usual = captions.band(words, 1280), captions.band(plain, 1280)
    assert odd and usual and odd.tobytes() == usual.tobytes()


def test_nothing_to_say_gives_no_band() -> None:
    for words in ("", " \n\t", "\u200f\u200f", "\x00"):
        assert captions.band(words, 1280) is None
        assert not ink(captions.card(words, (640, 360))).any()


def test_any_words_give_a_picture_or_none() -> None:
    chance = random.Random(4)
    planes = [range(0x20, 0x250), range(0x590, 0x700), range(0x2000, 0x2070), range(0, 0x11000)]
    for _ in range(60):
        letters = [chr(chance.choice(chance.choice(planes))) for _ in range(chance.randrange(120))]
        words = "".join(c for c in letters if captions._NEEDS_MORE.match(c) is None)
        band = captions.band(words, 320)
        assert band is None or band.width == 320
        assert captions.card(words, (320, 180), words).size == (320, 180)
        captions.missing(words)


def test_a_caption_can_be_read_from_afar() -> None:
    band = captions.band("Hxg", 1280)
    assert band
    rows = np.flatnonzero(ink(band).any(axis=1))
    assert rows[-1] - rows[0] >= 28  # from the top of H to the foot of g
    low, high = np.asarray(band)[..., 3].min(), np.asarray(band.convert("RGB")).max()
    assert 180 <= low < 255 and high == 255  # dark, and yet something shines through


def test_a_card_has_its_words_in_the_middle() -> None:
    spot = ink(captions.card("How do I wait?", (1280, 720), "14 May"))
    across, down = np.flatnonzero(spot.any(axis=0)), np.flatnonzero(spot.any(axis=1))
    assert abs(across[0] + across[-1] - 1280) < 12
    assert abs(down[0] + down[-1] - 720) < 60
    assert lines_of(captions.card("How do I wait?", (1280, 720), "14 May")) == 2


def test_matplotlib_itself_is_not_loaded() -> None:
    code = "from vigkit.film import captions as c; c.band('x', 640); import sys; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert "PIL" in run.stdout.split() and "matplotlib" not in run.stdout.split()
