"""The drawn films: their truth is found again in the decoded pictures and sound alone."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vigkit.demo import scenes
from vigkit.film import compose

BOTH = ("snack", "care")
RATE = 48_000
# Frames of quiet on both sides of a change that the film promises, and how far we look behind it.
BEFORE, AFTER = 6, 4


def ffmpeg(*words: str) -> subprocess.CompletedProcess[bytes]:
    import imageio_ffmpeg

    tool = imageio_ffmpeg.get_ffmpeg_exe()
    return subprocess.run([tool, "-nostdin", "-hide_banner", *words], capture_output=True, check=False)


def truth(folder: Path, name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return record


def wanted(record: dict[str, Any]) -> set[int]:
    """The frames around the start and the end of every event that is seen."""
    near = range(-BEFORE - 4, BEFORE + 5)
    ends = [round(e[key] * 25) for e in record["events"] if e["region"] for key in ("start", "end")]
    return {frame + k for frame in ends for k in near}


@pytest.fixture(scope="module", params=BOTH)
def film(request: pytest.FixtureRequest, drawn: Path) -> tuple[dict[str, Any], dict[int, Any], Any]:
    """A film's truth, its decoded frames (grey) around the events, and its decoded sound."""
    record = truth(drawn, request.param)
    path = f"file:{drawn / request.param}.mp4"
    keep = sorted(wanted(record))
    choose = "+".join(f"between(n,{a},{b})" for a, b in stretches(keep))
    picture = ffmpeg(
        "-v",
        "error",
        "-i",
        path,
        "-vf",
        f"select='{choose}',format=gray",
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "pipe:1",
    ).stdout
    frames = np.frombuffer(picture, np.uint8).reshape(-1, 720, 1280)
    assert len(frames) == len(keep)
    sound = ffmpeg(
        "-v", "error", "-i", path, "-vn", "-ac", "1", "-ar", str(RATE), "-f", "f32le", "pipe:1"
    ).stdout
    return record, dict(zip(keep, frames, strict=True)), np.frombuffer(sound, np.float32)


def stretches(frames: list[int]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for frame in frames:
        if out and frame == out[-1][1] + 1:
            out[-1] = (out[-1][0], frame)
        else:
            out.append((frame, frame))
    return out


def changed(a: Any, b: Any) -> bool:
    """Whether more than a coder's noise differs."""
    return int((np.abs(a.astype(int) - b) > 22).sum()) >= 20


def seen(frames: dict[int, Any], region: list[int], first: int, last: int) -> tuple[int | None, int | None]:
    """The frame in which a change begins near `first`, and the one in which it has ended near `last`."""
    x0, y0, x1, y1 = region
    cut = {n: frame[y0:y1, x0:x1] for n, frame in frames.items()}
    onset = [n for n in range(first - BEFORE + 1, first + AFTER + 1) if changed(cut[n], cut[first - BEFORE])]
    going = [n for n in range(last - AFTER - 1, last + BEFORE) if changed(cut[n], cut[last + BEFORE])]
    return (onset[0] if onset else None, going[-1] + 1 if going else None)


def heard(sound: Any, start: float, end: float) -> tuple[float | None, float | None]:
    """When the level rises near `start` and falls near `end`, in seconds."""
    step = RATE // 200
    level = np.sqrt((sound[: len(sound) // step * step].reshape(-1, step) ** 2).mean(1))
    peak = level[round(start * 200) : round(end * 200)].max()

    def loud(t: float) -> Any:
        a = round((t - 0.3) * 200)
        return a + np.flatnonzero(level[a : round((t + 0.3) * 200)] > peak * 0.07)

    rise, fall = loud(start), loud(end)
    return (rise[0] / 200 if len(rise) else None, (fall[-1] + 1) / 200 if len(fall) else None)


def misses(film: tuple[dict[str, Any], dict[int, Any], Any], shift: int = 0) -> list[str]:
    """The ends of events that are not where the truth, moved by `shift` frames, says."""
    record, frames, sound = film
    out = []
    for event in record["events"]:
        first, last = round(event["start"] * 25) + shift, round(event["end"] * 25) + shift
        found: tuple[float | None, float | None]
        if event["region"]:
            found = seen(frames, event["region"], first, last)
        else:
            rise, fall = heard(sound, first / 25, last / 25)
            found = (None if rise is None else rise * 25, None if fall is None else fall * 25)
        for name, said, got in (("start", first, found[0]), ("end", last, found[1])):
            if got is None or abs(got - said) > 1.0:
                out.append(f"{event['start']:.2f} {name} of '{event['what']}': said {said}, found {got}")
    return out


def test_every_event_is_found_within_one_frame_of_its_truth(film: Any) -> None:
    assert misses(film) == []


@pytest.mark.parametrize("shift", [-3, 3])
def test_a_truth_three_frames_off_is_not_accepted(film: Any, shift: int) -> None:
    assert len(misses(film, shift)) == 2 * len(film[0]["events"])


def test_the_pause_is_left(film: Any) -> None:
    record, _, sound = film
    pause = next(s for s in record["spans"] if s["name"] == "pause")
    assert pause["end"] - pause["start"] >= 2.5
    inside = [e for e in record["events"] if e["start"] < pause["end"] and e["end"] > pause["start"]]
    assert inside == []
    after = next(e for e in record["events"] if e["start"] >= pause["end"] - 0.001)
    assert (after["who"], after["act"]) == ("partner", "initiative")
    quiet = sound[round(pause["start"] * RATE) : round(pause["end"] * RATE)]
    assert np.abs(quiet).max() < 0.003


def test_the_laugh_is_shared(film: Any) -> None:
    record = film[0]
    laugh = next(s for s in record["spans"] if s["name"] == "laugh")
    inside = [e for e in record["events"] if laugh["start"] <= e["start"] and e["end"] <= laugh["end"]]
    assert {e["who"] for e in inside} == {"adult", "partner"}
    assert {e["how"] for e in inside} == {"face", "voice"}


@pytest.mark.parametrize("name", BOTH)
def test_a_chain_of_six_steps_is_in_the_truth(name: str) -> None:
    steps = [(e.who, e.act) for e in scenes.events(name, 1)]
    child, adult = "partner", "adult"
    chain = [(child, "initiative"), (adult, "reception"), (adult, "response")]
    chain += [(child, "reception"), (child, "response"), (adult, "reception")]
    assert len(steps) >= 14
    assert any(steps[i : i + 6] == chain for i in range(len(steps)))


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("name", BOTH)
def test_every_seed_keeps_the_shape_of_the_scene(name: str, seed: int) -> None:
    one = scenes.scene(name, seed)
    assert 60 <= one.seconds <= 90
    for event in one.events:
        assert 0 < event.start < event.end < one.seconds
        assert abs(event.start * 25 - round(event.start * 25)) < 1e-6
        assert event.act in ("initiative", "reception", "response")
        assert (event.region is None) == (event.how in ("voice", "word"))


def picture(name: str, seed: int, t: float) -> str:
    return hashlib.sha256(scenes.frame_at(name, seed, t).tobytes()).hexdigest()


@pytest.mark.parametrize("name", BOTH)
def test_the_same_seed_draws_the_same_pictures(name: str) -> None:
    first = [picture(name, 1, t) for t in (0.0, 8.2, 30.0)]
    scenes.scene.cache_clear()
    scenes._stage.cache_clear()
    assert [picture(name, 1, t) for t in (0.0, 8.2, 30.0)] == first


@pytest.mark.parametrize("name", BOTH)
def test_another_seed_has_other_people_and_another_rhythm(name: str) -> None:
    here, there = scenes.scene(name, 1), scenes.scene(name, 2)
    assert here.looks != there.looks
    assert [e.start for e in here.events] != [e.start for e in there.events]
    assert [e.what for e in here.events] == [e.what for e in there.events]
    assert picture(name, 1, 0.0) != picture(name, 2, 0.0)


@pytest.mark.parametrize("name", BOTH)
def test_the_film_is_what_browsers_play_and_names_nobody(drawn: Path, name: str) -> None:
    path = drawn / f"{name}.mp4"
    header = ffmpeg("-i", f"file:{path}").stderr.decode()
    assert (
        "h264 (High)" in header
        and "yuv420p(tv, bt709" in header
        and "1280x720" in header
        and "25 fps" in header
    )
    assert "aac (LC)" in header and "48000 Hz, stereo" in header
    assert not [
        word for word in ("title", "artist", "comment", "creation_time", "location") if word in header
    ]
    data = path.read_bytes()
    assert b"x264 - core" not in data and b"Lavf" not in data and str(drawn).encode() not in data
    assert data.index(b"moov") < data.index(b"mdat")
    assert len(data) <= 6_000_000


def test_a_film_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    def frame(t: float) -> Any:
        if t > 0.1:
            raise ZeroDivisionError
        return np.zeros((90, 160, 3), np.uint8)

    with pytest.raises(ZeroDivisionError):
        compose.write(frame, 0.4, 25, None, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []
