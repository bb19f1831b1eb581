"""The film as a block of time: where and when something moved, and never what it looked like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import films
import numpy as np
import pytest
from conftest import PERSON

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.errors import ConsentWithdrawn, FilmChanged, FilmUnreadable
from vigkit.film import block
from vigkit.film.block import Block
from vigkit.film.probe import probe

X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


def blocked(film: Path) -> Block:
    found = block.from_bytes(block.make(film, probe(film, "it")))
    assert found is not None
    return found


def places(found: Block) -> Any:
    """The block as numbers: slices, rows, columns."""
    return np.frombuffer(found.movement, np.uint8).reshape(found.shape)


def wandering(begin: int, end: int, left: int, light: int = 235) -> Callable[[int], Any]:
    """A grey picture on which a square goes down, from one picture to another one, at this place."""

    def paint(number: int) -> Any:
        picture = np.full((films.HEIGHT, films.WIDTH), 128, np.uint8)
        top = 20 + 5 * (min(max(number, begin), end) - begin) // 3
        picture[top : top + 40, left : left + 40] = light
        return picture

    return paint


def test_movement_stands_at_its_own_time_and_place(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 180, paint=wandering(60, 120, 240))
    found = blocked(film)
    assert (found.slices, found.height, found.width) == (30, 9, 16)
    assert found.every == pytest.approx(0.2) and found.seconds == pytest.approx(6)
    moved = places(found)
    when, _, where = np.nonzero(moved > 20)
    assert found.every * when.min() == pytest.approx(2.0, abs=0.21)
    assert found.every * (when.max() + 1) == pytest.approx(4.0, abs=0.21)
    assert set(where) == {12, 13}  # 240 to 280 of 320, as columns of 16
    assert moved.max() == 255


def test_the_clock_is_the_films_own(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 90, paint=wandering(30, 60, 100), sound=3)
    late = tmp_path / "late.mp4"
    two = ("-i", film, "-itsoffset", "1", "-i", film, "-map", "1:v", "-map", "0:a")
    films.ffmpeg(*two, "-c", "copy", late)
    when = np.nonzero(places(blocked(late)) > 20)[0] * blocked(late).every
    assert when.min() == pytest.approx(2.0, abs=0.25) and when.max() < 3.2


@pytest.mark.parametrize(
    ("filters", "shape"), [("null", (9, 16)), ("transpose=1", (16, 9)), ("scale=320:240", (9, 12))]
)
def test_the_block_has_the_shape_of_the_film(tmp_path: Path, filters: str, shape: tuple[int, int]) -> None:
    found = blocked(films.make(tmp_path / "film.mp4", 30, filters=filters))
    assert (found.height, found.width) == shape


def test_a_long_film_has_no_more_slices_than_a_short_one(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 1210, rate="2", video=X264)
    found = blocked(film)
    assert found.slices == 120 and found.every == pytest.approx(605 / 120)
    assert len(json.loads(block.make(film, probe(film, "it")))["movement"]) < 30_000


def test_one_picture_and_a_still_film_are_no_trouble(tmp_path: Path) -> None:
    one = blocked(films.make(tmp_path / "one.mp4", 1))
    assert one.slices == 1 and not any(one.movement)
    assert one.rows(8) == ((0.0,),) * 8
    still = films.make(tmp_path / "still.mp4", 90, paint=lambda _: films.painted(7))
    assert not any(blocked(still).movement)


def test_a_cut_is_no_movement(tmp_path: Path) -> None:
    """What appears at once, a face for example, would be drawn by its difference to what was before."""

    def paint(number: int) -> Any:
        return films.painted(1234) if number >= 45 else np.full((films.HEIGHT, films.WIDTH), 70, np.uint8)

    assert not any(blocked(films.make(tmp_path / "film.mp4", 90, paint=paint)).movement)


def test_what_it_looked_like_is_not_in_it(tmp_path: Path) -> None:
    """A square a little lighter than the wall and one much lighter have moved alike."""

    def paint(number: int) -> Any:
        dim, light = (wandering(20, 60, left, of)(number) for left, of in ((60, 185), (220, 250)))
        return np.where(dim != 128, dim, light)

    moved = places(blocked(films.make(tmp_path / "film.mp4", 90, paint=paint))).astype(int)
    dim, light = moved[:, :, 3:5], moved[:, :, 11:13]
    # more than twice the light makes hardly more movement (at the edges, where a point is half covered)
    assert 0.7 < dim.sum() / light.sum() <= 1
    assert ((dim > 0) == (light > 0)).mean() > 0.98


def test_rows_are_the_block_from_above(tmp_path: Path) -> None:
    found = blocked(films.make(tmp_path / "film.mp4", 180, paint=wandering(60, 120, 240)))
    rows = found.rows(8)
    assert len(rows) == 8 and {len(row) for row in rows} == {30}
    assert max(rows[6]) == 1.0 and not any(any(row) for row in (*rows[:6], rows[7]))


def test_progress_goes_up_to_the_end(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 150)
    told: list[float] = []
    block.make(film, probe(film, "it"), progress=told.append)
    assert told == sorted(told) and told[-1] == pytest.approx(5.0)


def test_a_film_that_cannot_be_read_or_has_changed_gives_no_block(tmp_path: Path) -> None:
    film = films.make(tmp_path / "film.mp4", 90)
    found = probe(film, "it")
    whole = film.read_bytes()
    with pytest.raises(FilmChanged):
        block.make(film, found, progress=lambda _: film.write_bytes(whole + b"\0"))
    film.write_bytes(b"nothing at all")
    with pytest.raises(FilmUnreadable):
        block.make(film, found)


def test_a_damaged_block_is_none(tmp_path: Path) -> None:
    content = block.make(films.make(tmp_path / "film.mp4", 30), probe(tmp_path / "film.mp4", "it"))
    assert block.from_bytes(content) is not None
    for damaged in (b"", b"{}", content[:-40], content.replace(b'"slices": 5', b'"slices": 6'), b"[1]"):
        assert block.from_bytes(damaged) is None


def kept(book: Casebook) -> list[Path]:
    return sorted(book.folder.glob("cache/*/block-*.json"))


def test_it_is_made_once_and_gone_with_consent(book: Casebook) -> None:
    assert not steps.has_block(book, "snack")
    first = steps.block(book, "snack")
    [file] = kept(book)
    assert steps.has_block(book, "snack")
    told: list[float] = []
    assert steps.block(book, "snack", progress=lambda part, _: told.append(part)) == first and not told
    file.write_bytes(b"{")  # a sync client has kept half of it
    assert steps.block(book, "snack") == first
    steps.put(book, "consent", _taken_back())
    assert not kept(book)
    with pytest.raises(ConsentWithdrawn):
        steps.block(book, "snack")
    with pytest.raises(ConsentWithdrawn):
        steps.has_block(book, "snack")


def test_nothing_is_kept_where_consent_is_taken_back_meanwhile(book: Casebook) -> None:
    def meanwhile(_part: float, _what: str) -> None:
        steps.put(Casebook(book.folder), "consent", _taken_back())

    with pytest.raises(ConsentWithdrawn):
        steps.block(book, "snack", progress=meanwhile)
    assert not kept(book)


def _taken_back() -> dict[str, Any]:
    consents: Any = PERSON["consents"]
    return PERSON | {"person": "C1", "consents": [{**consents[0], "withdrawn": "2026-02-01"}]}
