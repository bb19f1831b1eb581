"""Nothing of a covered face reaches a clip: every picture is decoded and looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import films
import numpy as np
import pytest
from PIL import Image

from vigkit.cycle import Cover, Film, Key, Moment, check_moment
from vigkit.errors import BadRecord, BadUsage, FilmMissing, FilmUnreadable, MomentOutsideFilm
from vigkit.film import hide
from vigkit.film.cut import cut, picture
from vigkit.film.probe import Probe, probe

REAL = Path(__file__).parents[2] / "shared" / "real" / "video"
FACE = 64  # pixels
SIZE = (320, 180)
DARK = 0x30


def place(time: float) -> tuple[float, float]:
    """The left upper corner of the face at a time, in pixels: it walks to the right and down."""
    return 40 + 40 * time, 30 + 15 * time


def face(seed: int = 3) -> Any:
    """A face without any likeness: blocks of 4 pixels, black or white."""
    blocks = np.random.default_rng(seed).integers(0, 2, (FACE // 4, FACE // 4))
    return (16 + 219 * blocks.repeat(4, 0).repeat(4, 1)).astype(np.uint8)


def corner() -> Any:
    """A fine chequerboard, which tells whether a picture is shown as it is."""
    return (80 + 100 * (np.indices((30, 60)) // 3).sum(0) % 200).astype(np.uint8)


def drawn(time: float, where: Callable[[float], tuple[float, float]] = place, size: Any = SIZE) -> Any:
    """A plain picture with a face, and with the chequerboard in the lower right corner."""
    whole = np.full((size[1], size[0]), 128, np.uint8)
    whole[-30:, -60:] = corner()
    x, y = (round(v) for v in where(time))
    left, top = max(x, 0), max(y, 0)
    seen = face()[top - y :, left - x :][: size[1] - top, : size[0] - left]
    whole[top : top + seen.shape[0], left : left + seen.shape[1]] = seen
    return whole


def make(
    path: Path,
    times: Any,
    where: Callable[[float], tuple[float, float]] = place,
    size: tuple[int, int] = SIZE,
    filters: str = "null",
    extra: tuple[str, ...] = (),
) -> Path:
    """A film whose pictures are shown at these times."""
    raw = b"".join(drawn(t, where, size).tobytes() for t in times)
    when = f"({'+'.join(f'eq(N,{n})*{t:.6f}' for n, t in enumerate(times[:60]))})"
    if len(times) > 60:
        when += f"+({'+'.join(f'eq(N,{60 + n})*{t:.6f}' for n, t in enumerate(times[60:]))})"
    keep = ("-vf", f"settb=1/90000,setpts='round(({when})/TB)',{filters}", "-fps_mode", "passthrough")
    given = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", "30", "-i", "pipe:0")
    coded = ("-enc_time_base:v", "1:90000", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4")
    films.ffmpeg(*given, *keep, *coded, "-pix_fmt", "yuv420p", *extra, path, given=raw)
    return path


def key(at: float, where: Callable[[float], tuple[float, float]] = place, size: Any = SIZE) -> Key:
    x, y = where(at)
    return Key(at=at, x=x / size[0], y=y / size[1], width=FACE / size[0], height=FACE / size[1])


def cover(*times: float, **more: Any) -> Cover:
    return Cover(keys=tuple(key(at, **more) for at in times))


def decoded(clip: Path, size: tuple[int, int] = SIZE) -> Any:
    """Every picture in a file, those that an edit list would hide too."""
    way = ("-map", "0:v", "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-")
    raw = films.ffmpeg("-ignore_editlist", "1", "-i", clip, *way)
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0]).astype(float)


def fine(part: Any) -> float:
    """How much of a part is finer than 5 pixels: high where eyes or a mouth could be."""
    padded = np.pad(part, 2, mode="edge")
    smooth = (
        sum(padded[a : a + part.shape[0], b : b + part.shape[1]] for a in range(5) for b in range(5)) / 25
    )
    return float((part - smooth).std())


def alike(part: Any, original: Any) -> float:
    """The correlation of what is finer than the cells of a mosaic of four."""
    cells = [p.reshape(4, FACE // 4, 4, FACE // 4).mean((1, 3)) for p in (part, original)]
    rest = [
        p - c.repeat(FACE // 4, 0).repeat(FACE // 4, 1) for p, c in zip((part, original), cells, strict=True)
    ]
    spread = float(rest[0].std() * rest[1].std())
    # what is nearly plain has no likeness, only rounding
    return float((rest[0] * rest[1]).mean() / max(spread, 5.0 * float(rest[1].std())))


def behind(shown: Any, time: float, where: Callable[[float], tuple[float, float]] = place) -> Any:
    """The part of a picture where the face is."""
    x, y = (round(v) for v in where(time))
    return shown[max(y, 0) : y + FACE, max(x, 0) : x + FACE]


def is_shown(whole: Any) -> bool:
    """Whether the picture around the boxes is as it was."""
    return fine(whole[-26:-4, -56:-4]) > 20


def hidden(
    film: Path, out: Path, start: float, end: float, way: str, covers: list[Cover]
) -> tuple[Any, Probe]:
    found = probe(film, "it")
    cut(film, found, start, end, out, look=hide.clip_look(way, covers, found, start, end))
    return decoded(out), found


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds in which a face walks through the picture."""
    return make(tmp_path_factory.mktemp("walk") / "walk.mp4", [n / 30 for n in range(120)])


def test_what_these_tests_look_for_is_there_in_a_clip_that_hides_nothing(tmp_path: Path, walk: Path) -> None:
    cut(walk, probe(walk, "it"), 0.5, 2.5, tmp_path / "out.mp4")
    for n, whole in enumerate(decoded(tmp_path / "out.mp4")):
        part = behind(whole, (15 + n) / 30)
        assert alike(part, face()) > 0.9 and fine(part) > 60 and is_shown(whole)


@pytest.mark.parametrize("way", ["mosaic", "box"])
def test_a_cover_hides_a_moving_face_in_every_picture(tmp_path: Path, walk: Path, way: str) -> None:
    shown, _ = hidden(walk, tmp_path / "out.mp4", 0.5, 3.5, way, [cover(0.5, 1.5, 2.5, 3.5)])
    assert len(shown) == 90
    for n, whole in enumerate(shown):
        part = behind(whole, (15 + n) / 30)
        assert is_shown(whole), n
        assert abs(alike(part, face())) < 0.3 and fine(part) < 6, n
        if way == "box":
            assert np.abs(part - DARK).max() < 12, n
        # the face is not smeared round the box, and what is beside it stays
        assert np.abs(whole[:12, -80:] - 128).max() < 6


@pytest.mark.parametrize("way", ["mosaic", "box"])
@pytest.mark.parametrize(
    ("times", "spans"),
    [
        ((1.0, 1.5, 2.5), [(1.0, 2.5)]),
        ((1.012, 1.999), [(1.012, 1.999)]),
        ((0.4, 1.0, 2.001), [(0.4, 2.001)]),
        ((0.4, 1.0, 2.1, 2.6), [(0.4, 1.0), (2.1, 2.6)]),
        ((2.6, 0.4, 2.1, 1.0), [(0.4, 1.0), (2.1, 2.6)]),
        ((0.4, 1.5, 2.6), []),
        ((1.0,), []),
        ((), []),
    ],
)
def test_outside_the_key_moments_the_whole_picture_is_hidden(
    tmp_path: Path, walk: Path, way: str, times: tuple[float, ...], spans: list[tuple[float, float]]
) -> None:
    shown, _ = hidden(walk, tmp_path / "out.mp4", 0.4, 3.0, way, [cover(*times)])
    assert len(shown) == 78
    for n, whole in enumerate(shown):
        at = (12 + n) / 30  # this picture stands until the next one
        counts = any(at < b + 0.002 and at + 1 / 30 > a + 1e-6 for a, b in spans)
        assert is_shown(whole) == counts, (n, at)
        part = behind(whole, at)
        assert fine(part) < 6 and abs(alike(part, face())) < 0.3, n
        if not counts:
            assert fine(whole) < 3, n


def test_the_whole_picture_keeps_sixteen_by_nine_cells_and_no_more(tmp_path: Path, walk: Path) -> None:
    shown, _ = hidden(walk, tmp_path / "out.mp4", 0.0, 1.0, "blur", [])
    for n, whole in enumerate(shown):
        cells = drawn(n / 30).reshape(9, 20, 16, 20).mean((1, 3))
        again = Image.fromarray(cells.astype(np.float32)).resize(SIZE, Image.Resampling.BICUBIC)
        assert np.abs(whole - np.asarray(again)).mean() < 3, n
        assert fine(whole) < 3


@pytest.mark.parametrize(
    ("size", "cells"),
    [((320, 180), (16, 9)), ((180, 320), (5, 9)), ((180, 180), (9, 9)), ((480, 180), (16, 6))],
)
def test_a_face_as_high_as_the_picture_gets_nine_cells(
    tmp_path: Path, size: tuple[int, int], cells: tuple[int, int]
) -> None:
    noise = np.random.default_rng(5).integers(16, 235, (size[1], size[0]), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    film = tmp_path / "film.mp4"
    films.ffmpeg("-loop", "1", "-t", "0.2", "-i", tmp_path / "noise.png", "-pix_fmt", "yuv420p", film)
    found = probe(film, "it")
    shown = picture(film, found, 0.0, look=hide.clip_look("blur", [], found, 0, 0)).convert("L")
    small = shown.resize(cells, Image.Resampling.BOX)
    again = np.asarray(small.resize(size, Image.Resampling.BICUBIC), float)
    whole = np.asarray(shown, float)
    assert whole.std() > 0.5  # it is not plain
    # all that there is fits into so many cells
    assert np.abs(whole - again).mean() < 0.25 * np.abs(whole - whole.mean()).mean() + 1


def test_the_first_and_the_last_picture_of_an_uneven_film_are_covered(tmp_path: Path) -> None:
    times = [(n + (20 if n >= 40 else 0) + 0.4 * (n % 3)) / 30 for n in range(100)]
    film = make(tmp_path / "film.mp4", times)
    # the third begins with a picture, the last while one stands still
    for start, end in [(0.6, 2.9), (0.601, 2.901), (times[31] + 0.0004, times[80]), (1.55, 2.2)]:
        found = probe(film, "it")

        def seen(at: float, found: Probe = found) -> tuple[float, float]:  # one draws on what one sees
            return place(times[found.showing(at)])

        keys = cover(*(round(float(t), 3) for t in np.linspace(start, end, 5)), where=seen)
        shown, _ = hidden(film, tmp_path / "out.mp4", start, end, "box", [keys])
        first = found.showing(start)
        for n, whole in enumerate(shown):
            at = times[first + n]
            assert is_shown(whole), (start, n)
            assert np.abs(behind(whole, at) - DARK).max() < 12, (start, n)


def test_a_start_rounded_down_to_thousandths_leaves_no_picture_out(tmp_path: Path, walk: Path) -> None:
    # 1.033 stands for the picture at 1.03333, and the clip begins with the one before
    shown, _ = hidden(walk, tmp_path / "out.mp4", 1.033, 1.867, "box", [cover(1.033, 1.867)])
    assert len(shown) == 27
    for n, whole in enumerate(shown):
        assert is_shown(whole) and np.abs(behind(whole, (30 + n) / 30) - DARK).max() < 12, n


def test_a_late_film_is_covered_by_its_own_clock(tmp_path: Path) -> None:
    base = make(tmp_path / "base.mp4", [n / 30 for n in range(90)])
    late = {"before": ("-itsoffset", "1.5"), "after": ("-avoid_negative_ts", "disabled")}
    film = films.rewrap(base, tmp_path / "film.mp4", **late)
    keys = cover(2.0, 3.0, 4.0, where=lambda t: place(t - 1.5))
    shown, _ = hidden(film, tmp_path / "out.mp4", 2.0, 4.0, "box", [keys])
    assert len(shown) == 60
    for n, whole in enumerate(shown):
        assert is_shown(whole) and np.abs(behind(whole, (15 + n) / 30) - DARK).max() < 12, n


@pytest.mark.parametrize("way", ["mosaic", "box"])
def test_a_face_that_leaves_the_picture_is_covered_to_its_edge(tmp_path: Path, way: str) -> None:
    def leaving(t: float) -> tuple[float, float]:
        return 60 - 60 * t, 130 - 10 * t

    film = make(tmp_path / "film.mp4", [n / 30 for n in range(60)], leaving)
    keys = cover(0.0, 1.0, 1.9, where=leaving)
    shown, _ = hidden(film, tmp_path / "out.mp4", 0.0, 1.9, way, [keys])
    for n, whole in enumerate(shown):
        part = behind(whole, n / 30, leaving)
        assert is_shown(whole)
        assert fine(part) < 6, n
        if way == "box":
            assert np.abs(part - DARK).max() < 12, n


def test_a_mosaic_at_the_edge_shows_the_cells_of_its_own_place(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(20, 230, SIZE[0]).astype(np.uint8), (SIZE[1], 1))
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    film = tmp_path / "film.mp4"
    films.ffmpeg("-loop", "1", "-t", "0.2", "-i", tmp_path / "ramp.png", "-pix_fmt", "yuv420p", film)
    found = probe(film, "it")
    for x in (-0.2, 0.8):
        keys = tuple(Key(at=t, x=x, y=-0.3, width=0.4, height=0.6) for t in (0.0, 0.2))
        shown = picture(film, found, 0.0, look=hide.clip_look("mosaic", [Cover(keys=keys)], found, 0, 0))
        beside = np.abs(np.asarray(shown.convert("L"), float) - ramp)[:50]
        assert beside[:, :70].mean() < 15 and beside[:, -70:].mean() < 15, x


def test_a_box_that_grows_covers_as_much_as_its_largest(tmp_path: Path, walk: Path) -> None:
    small, large = key(0.5), key(1.5)
    small = Key(
        at=0.5, x=small.x + 0.05, y=small.y + 0.05, width=small.width - 0.1, height=small.height - 0.1
    )
    shown, _ = hidden(walk, tmp_path / "out.mp4", 0.5, 1.5, "box", [Cover(keys=(small, large))])
    for n, whole in enumerate(shown):
        assert np.abs(behind(whole, (15 + n) / 30) - DARK).max() < 12, n


def test_several_faces_are_covered_together_or_not_shown(tmp_path: Path, walk: Path) -> None:
    def still(x: float, y: float) -> Callable[[float], tuple[float, float]]:
        return lambda t: (x, y)

    other = [cover(0.5, 1.5, 2.0, where=still(x, y)) for x, y in ((250, 10), (10, 110), (120, 110))]
    for way in ("mosaic", "box"):
        shown, _ = hidden(walk, tmp_path / "out.mp4", 0.5, 3.5, way, [cover(0.5, 1.5, 2.5, 3.5), *other])
        for n, whole in enumerate(shown):
            assert is_shown(whole) == (n <= 45), n
            assert fine(behind(whole, (15 + n) / 30)) < 6, n
            if way == "box" and n <= 45:
                for x, y in ((250, 10), (10, 110), (120, 110)):
                    assert np.abs(whole[y : y + FACE, x : x + FACE] - DARK).max() < 12


def test_twelve_faces_are_no_more_work_than_twelve_boxes(tmp_path: Path, walk: Path) -> None:
    # boxes taken out of one another would double the work with each: 4096 times here
    crowd = [cover(0.0, 0.5, where=lambda t, n=n: (20.0 * n, 10.0 * n)) for n in range(11)]
    for way in ("mosaic", "box"):
        shown, _ = hidden(walk, tmp_path / "out.mp4", 0.0, 0.5, way, [*crowd, cover(0.0, 0.5)])
        assert len(shown) == 15
        for n, whole in enumerate(shown):
            assert fine(behind(whole, n / 30)) < 12, n


def test_a_small_box_over_a_large_one_shows_no_more_of_it(tmp_path: Path, walk: Path) -> None:
    small = [
        Cover(
            keys=tuple(Key(at=t, x=(x + 16 * n) / 320, y=y / 180, width=0.05, height=0.09) for t in (0, 0.5))
        )
        for n in range(3)
        for x, y in [place(0.25)]
    ]
    for covers in ([cover(0.0, 0.5), *small], [*small, cover(0.0, 0.5)]):
        shown, _ = hidden(walk, tmp_path / "out.mp4", 0.0, 0.5, "mosaic", covers)
        for n, whole in enumerate(shown):
            part = behind(whole, n / 30)
            assert fine(part) < 6 and abs(alike(part, face())) < 0.3, n


def test_ten_minutes_with_six_hundred_keys_are_covered_as_drawn(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    plain = "color=white:s=160x90:r=5:d=600,format=yuv420p"
    films.ffmpeg("-f", "lavfi", "-i", plain, "-c:v", "libx264", "-preset", "ultrafast", film)
    x, y = np.random.default_rng(9).uniform(0.1, 0.6, (2, 601))
    keys = tuple(Key(at=t, x=float(x[t]), y=float(y[t]), width=0.2, height=0.2) for t in range(601))
    found = probe(film, "it")
    words = hide.clip_look("box", [Cover(keys=keys)], found, 0, 600)
    cut(film, found, 0, 600, tmp_path / "out.mp4", look=words)
    raw = films.ffmpeg("-i", tmp_path / "out.mp4", "-pix_fmt", "gray", "-f", "rawvideo", "-")
    dark = np.frombuffer(raw, np.uint8).reshape(-1, 90, 160) < 128
    assert len(dark) == 3000
    for n, whole in enumerate(dark):
        down, across = np.nonzero(whole)
        # the last box was drawn on the last picture
        left, top = (np.interp(n / 5, [*range(600), 599.8], v) for v in (x, y))
        assert across.min() <= 160 * left and across.max() + 1 >= 160 * (left + 0.2), n
        assert down.min() <= 90 * top and down.max() + 1 >= 90 * (top + 0.2), n
        assert len(across) < 1.5**2 * 0.04 * 160 * 90, n  # and not the whole picture


def test_boxes_that_come_and_go_hundreds_of_times_are_taken_in(tmp_path: Path, walk: Path) -> None:
    times = [t / 2 + d for t in range(0, 900, 4) for d in (0, 0.8)]
    words = hide.look("mosaic", [Cover(keys=tuple(key(t) for t in times))], 0, 500)
    assert words.count("between") == 225
    assert np.asarray(picture(walk, probe(walk, "it"), 0.0, look=words)).shape == (180, 320, 3)


def test_more_keys_than_a_clip_can_take_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    places = np.random.default_rng(9).uniform(0.1, 0.6, (2000, 2))
    keys = tuple(Key(at=t, x=float(x), y=float(y), width=0.2, height=0.2) for t, (x, y) in enumerate(places))
    with pytest.raises(BadUsage, match="shorter moment"):
        hide.look("mosaic", [Cover(keys=keys)] * 4, 0, 2000)
    assert len(hide.look("mosaic", [Cover(keys=keys)] * 4, 900, 30)) < 25_000


def test_another_way_to_hide_is_no_way() -> None:
    with pytest.raises(BadUsage, match="blur, mosaic or box"):
        hide.look("outline", [], 0, 1)


@pytest.mark.parametrize("way", ["mosaic", "box"])
def test_boxes_of_any_size_and_place_give_a_clip(tmp_path: Path, walk: Path, way: str) -> None:
    odd = [
        Key(at=0.5, x=-1e300, y=0, width=1.7e308, height=1e-300),
        Key(at=1.5, x=0.999, y=0.999, width=0.2, height=1e-9),
    ]
    shown, _ = hidden(walk, tmp_path / "out.mp4", 0.5, 1.5, way, [Cover(keys=tuple(odd))])
    assert len(shown) == 30


def test_hiding_changes_no_time_and_no_shape(tmp_path: Path) -> None:
    times = [(n + 0.4 * (n % 3)) / 30 for n in range(60)]
    film = make(tmp_path / "film.mp4", times, filters="setsar=64/51")
    found = probe(film, "it")
    cut(film, found, 0.2, 1.5, tmp_path / "plain.mp4")
    plain = probe(tmp_path / "plain.mp4", "it")
    for way in hide.WAYS:
        words = hide.clip_look(way, [cover(0.2, 0.9)], found, 0.2, 1.5)
        cut(film, found, 0.2, 1.5, tmp_path / "out.mp4", look=words)
        clip = probe(tmp_path / "out.mp4", "it")
        assert (clip.times, clip.seconds) == (plain.times, plain.seconds)
        assert (clip.width, clip.height) == (found.width, found.height)


@pytest.mark.parametrize("way", hide.WAYS)
@pytest.mark.parametrize("size", [(319, 179), (180, 319)])
def test_a_still_is_hidden_as_its_clip_is(tmp_path: Path, way: str, size: tuple[int, int]) -> None:
    colours = ("-c:v", "libx264", "-pix_fmt", "yuv444p")
    film = make(tmp_path / "film.mp4", [n / 30 for n in range(60)], size=size, extra=colours)
    found = probe(film, "it")
    keys = [cover(0.5, 1.5, size=size)]
    for at, counts in [(0.3, False), (0.5, True), (1.02, True), (1.5, True), (1.6, False)]:
        shown = picture(film, found, at, look=hide.clip_look(way, keys, found, at, at))
        whole = np.asarray(shown.convert("L"), float)
        assert whole.shape == (size[1], size[0])
        assert is_shown(whole) == (counts and way != "blur"), at
        assert fine(behind(whole, found.times[found.showing(at)])) < 6
    full = Cover(keys=tuple(Key(at=t, x=0, y=0, width=1, height=1) for t in (0.5, 1.5)))
    shown = picture(film, found, 1.0, look=hide.clip_look("box", [full], found, 1.0, 1.0))
    assert np.abs(np.asarray(shown.convert("L"), float) - DARK).max() < 6


# The sheet


def test_a_sheet_looks_at_both_ends_and_every_half_second_between() -> None:
    assert hide.sheet_times(2.0, 3.7) == [2.0, 2.5, 3.0, 3.5, 3.7]
    assert hide.sheet_times(2.0, 2.2) == [2.0, 2.2]
    far = Cover(keys=tuple(Key(at=t / 2, x=3e-6 * t * t, y=0, width=0.1, height=0.1) for t in range(1200)))
    long = hide.sheet_times(0, 600, [far])
    assert long[0] == 0 and long[-1] == 600 and 40 < len(long) <= hide.MOST
    assert 599.25 in long  # where the box moves most


def test_a_sheet_shows_the_pictures_of_the_clip(tmp_path: Path, walk: Path) -> None:
    found = probe(walk, "it")
    keys = [cover(0.5, 1.5, 2.0)]
    seen = hide.contact_sheet(walk, found, 0.5, 2.8, "mosaic", keys, width=320)
    words = hide.clip_look("mosaic", keys, found, 0.5, 2.8)
    cut(walk, found, 0.5, 2.8, tmp_path / "out.mp4", look=words)
    clip = decoded(tmp_path / "out.mp4")
    times = hide.sheet_times(0.5, 2.8, keys)
    page = np.asarray(seen.convert("L"), float)
    assert times == [0.5, 1.0, 1.5, 1.75, 2.0, 2.5, 2.8]
    for n, at in enumerate(times):
        left, top = 8 + n % 4 * 328, 8 + n // 4 * 212
        part = page[top : top + 180, left : left + 320]
        number = min(found.showing(at) - 15, len(clip) - 1)
        assert np.abs(part - clip[number]).mean() < 3, at
        assert page[top + 181 : top + 200, left : left + 100].min() < 100  # the time under it
    assert is_shown(page[8:188, 8:328]) and not is_shown(page[220:400, 664:984])


def test_a_sheet_of_a_moment_that_is_not_there_is_told(tmp_path: Path, walk: Path) -> None:
    found = probe(walk, "snack")
    with pytest.raises(MomentOutsideFilm):
        hide.contact_sheet(walk, found, 3, 9, "blur", [])
    with pytest.raises(FilmMissing, match="snack"):
        hide.contact_sheet(tmp_path / "gone.mp4", found, 1, 2, "blur", [])
    (tmp_path / "letter.mp4").write_text("a letter", encoding="utf-8")
    with pytest.raises(FilmUnreadable, match="0:01"):
        hide.contact_sheet(tmp_path / "letter.mp4", found, 1, 2, "blur", [])


def test_what_is_said_about_hiding_is_short_and_promises_nothing() -> None:
    sentences = re.split(r"(?<=[.]) ", hide.WORDS)
    assert all(len(s.split()) <= 20 for s in sentences)
    assert "not a promise" in hide.WORDS
    for known_by in ("voice", "clothes", "place", "move"):
        assert known_by in hide.WORDS


@pytest.mark.skipif(not REAL.is_dir(), reason="the real films are not here")
@pytest.mark.parametrize("name", ["single_face.mp4", "two_people.mp4", "rotated_90.mov", "face_hevc_vfr.mov"])
@pytest.mark.parametrize("way", hide.WAYS)
def test_real_films_are_hidden(tmp_path: Path, name: str, way: str) -> None:
    film = REAL / name
    found = probe(film, "it")
    start, end = 0.02, min(1.0, found.seconds)
    all_of_it = Cover(keys=tuple(Key(at=t, x=0, y=0, width=1, height=1) for t in (start, end)))
    words = hide.clip_look(way, [all_of_it], found, start, end)
    cut(film, found, start, end, tmp_path / "out.mp4", look=words)
    clip = probe(tmp_path / "out.mp4", "it")
    assert (clip.width, clip.height) == (found.width, found.height)
    assert len(clip.times) == found.after(end) - found.showing(start)
    for whole in decoded(
        tmp_path / "out.mp4", (clip.width, clip.height) if "two" not in name else (340, 256)
    ):
        assert fine(whole) < 3


# What a box may be

FILM = Film(format=1, id="snack", file="snack.mp4", sha256="0" * 64, seconds=60.0)


def moment(*covers: Cover) -> Moment:
    return Moment(id="m1", film="snack", start=1.0, end=3.0, covers=covers)


def box(**other: float) -> Key:
    return Key(**({"at": 1.5, "x": 0.2, "y": 0.2, "width": 0.2, "height": 0.3} | other))


def test_a_moment_takes_twelve_boxes_that_leave_the_picture_in_any_order() -> None:
    leaving = [box(at=t / 100, x=-0.19, y=0.99) for t in range(2000)]
    check_moment(moment(*[Cover(keys=(box(at=30.0), *leaving[1:]))] * 11, Cover()), FILM)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ([box(at=-0.1)], "no time"),
        ([box(at=float("inf"))], "no time"),
        ([box(at=float("nan"))], "no time"),
        ([box(), box(x=0.3)], "two key moments at 0:01.5"),
        ([box(), box(at=1.5004)], "two key moments at 0:01.5"),
        ([box(x=float("nan"))], "no size"),
        ([box(width=float("inf"))], "no size"),
        ([box(height=0)], "no size"),
        ([box(width=-0.2)], "no size"),
        ([box(x=1.0)], "outside the picture"),
        ([box(y=-0.3)], "outside the picture"),
        ([box(at=float(t)) for t in range(2001)], "at most 2000"),
    ],
)
def test_a_box_that_cannot_be_drawn_is_told(keys: list[Key], told: str) -> None:
    with pytest.raises(BadRecord, match=told):
        check_moment(moment(Cover(keys=(box(at=0.5),)), Cover(keys=tuple(keys))), FILM)


def test_more_than_twelve_boxes_are_told() -> None:
    with pytest.raises(BadRecord, match="at most 12 boxes"):
        check_moment(moment(*[Cover(keys=(box(),))] * 13), FILM)
