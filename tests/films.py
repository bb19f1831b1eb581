"""Small films for tests: each picture carries its number as a bar code, the sound can be found again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np

WIDTH, HEIGHT, BITS = 320, 180, 12
RATE = 48_000
BEEP = 0.06  # seconds
WITHOUT_EDITS = (".mkv", ".webm", ".avi", ".ts", ".mts", ".mpg", ".wmv")
# the numbers of pictures that flash: the spaces between them are never the same twice
FLASHES = tuple(3 + n * n + 7 * n for n in range(20))
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-g", "60", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "128k")


def ffmpeg(*arguments: str | Path, given: bytes | None = None) -> bytes:
    """Run the bundled ffmpeg and return what it writes on standard output."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    words = [program, "-hide_banner", "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(words, input=given, capture_output=True, check=True).stdout


def painted(number: int) -> Any:
    """A grey picture that carries a number: twelve bars, and below them the same bars turned over.

    >>> painted(1234).shape, number_of(painted(1234))
    ((180, 320), 1234)
    """
    picture = np.full((HEIGHT, WIDTH), 128, np.uint8)
    for bit in range(BITS):
        left, light = 16 + 24 * bit, 235 if number >> bit & 1 else 16
        picture[20:80, left : left + 20] = light
        picture[100:160, left : left + 20] = 251 - light
    return picture


def number_of(picture: Any) -> int:
    """The number that a picture carries, whatever its size; -1 where the bars cannot be read."""
    high, wide = picture.shape[0] / HEIGHT, picture.shape[1] / WIDTH
    number = 0
    for bit in range(BITS):
        x = int((26 + 24 * bit) * wide)
        above, below = (int(picture[int(y * high), x]) for y in (50, 130))
        if abs(above - below) < 60:
            return -1
        number |= (above > below) << bit
    return number


def flashing(number: int) -> Any:
    """The same picture with a strip at its foot: light where the number is one of FLASHES, and else dark."""
    picture = painted(number)
    picture[168:] = 235 if number in FLASHES else 16
    return picture


def beeps(at: Sequence[float], seconds: float) -> Any:
    """Mono sound at 48 kHz that is silent but for a short tone from each of these times on."""
    wave = np.zeros(round(seconds * RATE))
    tone = 16000 * np.sin(2 * np.pi * 1500 * np.arange(round(BEEP * RATE)) / RATE)
    for time in at:
        begin = round(time * RATE)
        if 0 <= begin < len(wave):
            wave[begin : begin + len(tone)] = tone[: len(wave) - begin]
    return wave.astype(np.int16)


def onsets(sound: Any) -> list[float]:
    """When the tones in a sound begin, in seconds."""
    loud = np.flatnonzero(np.abs(sound) > 4000)
    return [float(i) / RATE for k, i in enumerate(loud) if not k or i - loud[k - 1] > RATE * BEEP]


def noise(seconds: float, seed: int = 1) -> Any:
    """Mono noise at 48 kHz that is nowhere the same twice."""
    return (np.random.default_rng(seed).normal(0, 6000, round(seconds * RATE))).astype(np.int16)


def make(
    path: Path,
    count: int,
    *,
    rate: str = "30",
    sound: float | None = None,
    video: Sequence[str] = H264,
    filters: str = "null",
    audio: Sequence[str] = AAC,
    extra: Sequence[str | Path] = (),
    paint: Callable[[int], Any] = painted,
    tones: Sequence[float] | None = None,
) -> Path:
    """Write a film of `count` numbered pictures and `sound` seconds of noise, or of tones at these times."""
    pixels = b"".join(paint(n).tobytes() for n in range(count))
    heard: list[str | Path] = ["-an"]
    inputs: list[str | Path] = []
    if sound is not None:
        wave = path.with_suffix(".s16")
        wave.write_bytes((noise(sound) if tones is None else beeps(tones, sound)).tobytes())
        inputs = ["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", wave]
        heard = ["-map", "1:a", *audio]
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", rate, "-i", "pipe:0"]
    keep = ["-vf", filters, "-fps_mode", "passthrough", "-enc_time_base:v", "1:90000"]
    ffmpeg(*raw, *inputs, "-map", "0:v", *keep, *video, *heard, *extra, path, given=pixels)
    return path


def rewrap(source: Path, path: Path, before: Sequence[str] = (), after: Sequence[str] = ()) -> Path:
    """Write the same streams into another file, with other words for the container."""
    ffmpeg(*before, "-i", source, "-map", "0", "-c", "copy", *after, path)
    return path


def pictures(film: Path, *, hidden: bool = True, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Any:
    """All pictures in a file in grey, those that an edit list hides too."""
    editing = ("-ignore_editlist", "1") if hidden and film.suffix not in WITHOUT_EDITS else ()
    raw = ffmpeg(
        *editing,
        "-i",
        film,
        "-map",
        "0:v",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "gray",
        "-f",
        "rawvideo",
        "-",
    )
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0])


def numbers(film: Path, *, hidden: bool = True, size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[int]:
    """The numbers of all pictures in a file, those that an edit list hides too."""
    return [number_of(p) for p in pictures(film, hidden=hidden, size=size)]


def times_of(film: Path) -> list[float]:
    """When a player shows the pictures of a file, by decoding them all."""
    way = ("-map", "0:v", "-fps_mode", "passthrough", "-enc_time_base:v", "demux", "-f", "framecrc", "-")
    lines = ffmpeg("-copyts", "-i", film, *way).decode().splitlines()
    tick = next(line.split()[2] for line in lines if line.startswith("#tb 0")).split("/")
    return [int(line.split(",")[2]) * int(tick[0]) / int(tick[1]) for line in lines if line[0] != "#"]


def heard(film: Path) -> Any:
    """The sound of a file as a player gives it, mono at 48 kHz from 0:00 on."""
    way = (
        "-map",
        "0:a",
        "-af",
        "aresample=async=1:first_pts=0",
        "-ac",
        "1",
        "-ar",
        str(RATE),
        "-f",
        "s16le",
        "-",
    )
    return np.frombuffer(ffmpeg("-i", film, *way), np.int16).astype(float)


def lag(sound: Any, original: Any) -> float:
    """How many seconds `sound` comes later than `original`, by where they fit best."""
    size = 1 << int(np.ceil(np.log2(len(sound) + len(original))))
    fit = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(original, size)), size)
    best = int(np.argmax(fit))
    return (best if best < size // 2 else best - size) / RATE
