"""The short positive film: the helping question, the chosen moments with a slow repeat of each, a still.

ffmpeg cuts each moment out of the person's film, at the size and rate of the short one and with nothing that
travels along; `compose` joins these clips of ours with the cards and the captions.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import shutil
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vigkit.errors import FilmChanged, FilmUnreadable, MomentOutsideFilm, clock, on_disk
from vigkit.film import captions, compose, ffmpeg
from vigkit.film.compose import SOUND_RATE, Part
from vigkit.film.cut import ROUNDED, Span, opened_at, picture, pictures, sounds, span, surer
from vigkit.film.probe import Probe, stamp

if TYPE_CHECKING:
    from PIL.Image import Image

Progress = Callable[[float], None]  # is told how many seconds of the short film are made
Size = tuple[int, int]
SIZE: Size = (1280, 720)
FPS = 30
SLOWER = 2  # times; whole, so that every picture is repeated as often as every other
STAYS = 4.0  # seconds of a card or still
_TICKS = 90_000  # a second: a whole number of them for each picture at any usual rate
_SAMPLE = 4  # bytes: two sides of two
# Only moviepy reads these clips: less work than H.264 that is as fine, and finer than what is made of them.
_CLIP = ("-c:v", "mpeg4", "-q:v", "2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A moment of a film with its words; `look` is a filter for every picture, as for `cut`."""

    film: Path
    probe: Probe
    start: float
    end: float
    caption: str = ""
    again: str = ""  # the caption of the slow repeat
    look: str = ""
    sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """The picture on the screen at a time of a film."""

    film: Path
    probe: Probe
    at: float
    look: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a short film tells, in its order."""

    question: str  # the helping question, on the card that it begins with
    small: str = ""  # a line below the question
    pieces: tuple[Piece, ...]
    last: Still | None = None  # the picture that it ends on
    end_words: str = ""


def seconds(story: Story) -> float:
    """How long the short film will be, and so how far the progress of `make` goes.

    >>> seconds(Story(question="How do I wait?", pieces=()))
    4.0
    """
    moments = sum(piece.end - piece.start for piece in story.pieces)
    return _card_stays(story.question) + moments * (1 + SLOWER) + (STAYS if _ends(story) else 0)


def words(story: Story) -> str:
    """All words of a story that are drawn; `captions.missing` tells which letters of them cannot be."""
    spoken = [word for piece in story.pieces for word in (piece.caption, piece.again)]
    return "\n".join([story.question, story.small, *spoken, story.end_words])


def make(
    story: Story, out: Path, *, size: Size = SIZE, fps: int = FPS, progress: Progress | None = None
) -> None:
    """Write the short film of a story as an .mp4 that every browser and slide program plays."""
    for piece in story.pieces:
        if not 0 <= piece.start < piece.end <= piece.probe.seconds + ROUNDED:
            raise MomentOutsideFilm(piece.start, piece.end, piece.probe.name, piece.probe.seconds)
    films = {(p.film, p.probe.name): stamp(p.film, p.probe.name) for p in _opened(story)}
    itself = next((film for film, _ in films if out.exists() and out.samefile(film)), out.parent)
    with ffmpeg.part_file(out, itself) as part, _files_beside(part) as new:
        told = _Told(story, progress)
        clips = [_Clip(piece, size, fps, new, told.cut) for piece in story.pieces]
        ending = _ending(story, size)
        for (film, name), before in films.items():
            if stamp(film, name) != before:
                raise FilmChanged(name)
        parts = _parts(story, clips, ending, size, fps)
        with on_disk(out):
            track = _track(parts, fps, new())
            compose.join([p for p, _ in parts], track, size, fps, part, told.composed)
            _check(part, sum(p.length for p, _ in parts))


# What it is made of


class _Clip:
    """A piece cut out of its film at the size and rate of the short one, and its sound, twice."""

    def __init__(
        self, piece: Piece, size: Size, fps: int, new: Callable[[], Path], progress: Progress
    ) -> None:
        self.shown = new()
        self.sounds = [new(), new()] if piece.sound and piece.probe.audio else []
        where = span(piece.probe, piece.start, piece.end)
        # rounded up, so that a film of the same rate has room for each picture
        wanted = max(math.ceil(where.length * fps - 0.05), 1)
        try:
            self.pictures = ffmpeg.encode(self._words(piece, where, wanted, size, fps), progress=progress)
            sure = replace(where, lead=surer(piece.probe, where.seek, doubts=True))
            if self.pictures != wanted and sure != where:
                self.pictures = ffmpeg.encode(self._words(piece, sure, wanted, size, fps), progress=progress)
        except ffmpeg.FfmpegStopped as e:
            if e.on_disk:
                raise
            self.pictures = 0
        # a damaged film may give fewer
        if not 0 < self.pictures <= wanted:
            raise FilmUnreadable(piece.probe.name, f"No picture can be read at {clock(piece.start)}")

    def _words(self, piece: Piece, where: Span, count: int, size: Size, fps: int) -> list[str]:
        """The words for ffmpeg that cut the clip and its two sounds in one go."""
        seen = (
            pictures(piece.probe, where, piece.look),
            _at_rate(where.pictures, count, fps),
            _fitted(piece.probe, size),
        )
        graph = [f"[0:V:0]{','.join(seen)}[v]"]
        made = ["-map", "[v]", *_CLIP, *ffmpeg.CLEAN, "-f", "mov", f"file:{self.shown}"]
        if self.sounds:
            graph.append(_slowed(sounds(where), round(where.length * SOUND_RATE)))
            for name, sound in zip(("[a]", "[s]"), self.sounds, strict=True):
                made += ["-map", name, "-f", "s16le", f"file:{sound}"]
        return [*opened_at(piece.film, piece.probe, where), "-filter_complex", ";".join(graph), *made]


def _at_rate(given: int, count: int, fps: int) -> str:
    """The filter that brings pictures to a constant rate and keeps the first and the last of them."""
    if count == 1:
        return "trim=end_frame=1"
    tick = _TICKS // fps
    # Within these bounds the second picture cannot take the place of the first, nor the last fall out; the
    # time that comes after the last picture is the end.
    inside = f"clip(PTS,{tick // 2},{(count - 1) * tick})"
    bounds = f"settb=1/{_TICKS},setpts='if(eq(N,0),0,if(lt(N,{given}),{inside},{count * tick}))'"
    rate = f"fps={fps}:start_time=0:round=near"
    return f"{bounds},{rate},trim=end_frame={count}"


def _fitted(probe: Probe, size: Size) -> str:
    """The filter that fits pictures into the size, square pixels and all, with plain bars beside them."""
    wide, high = _inside(probe, size)
    ground = "0x{:02x}{:02x}{:02x}".format(*captions.GROUND)
    scale = f"scale={wide}:{high}:out_color_matrix=bt709:out_range=tv,format=yuv420p"
    bars = f"pad={size[0]}:{size[1]}:-1:-1:color={ground},setsar=1"
    return f"{scale},{bars},setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def _inside(probe: Probe, size: Size) -> Size:
    """The largest even size of a film's shape that goes into `size`."""
    scale = min(size[0] / probe.width, size[1] / probe.height)
    wide, high = (max(round(side * scale / 2) * 2, 2) for side in (probe.width, probe.height))
    return min(wide, size[0]), min(high, size[1])


def _slowed(sound: str, samples: int) -> str:
    """The filters for a sound as it is, and slowed down with its pitch; nothing from after its end."""
    fade = 0.01  # speech that begins in the middle of a wave would click
    end = samples / SOUND_RATE - fade
    soft = f"afade=d={fade},afade=t=out:st={end:.6f}:d={fade}"
    as_it_is = f"aformat=s16:{SOUND_RATE}:stereo,atrim=end_sample={samples},{soft}"
    # atempo smears a sound over 50 ms, all of it early: half of that each way is heard as in step
    slow = f"atempo={1 / SLOWER},adelay=25:all=1,atrim=end_sample={samples * SLOWER}"
    return f"[0:a:0]{sound},{as_it_is},asplit[a][b];[b]{slow}[s]"


def _ending(story: Story, size: Size) -> Image | None:
    """The picture to end on, in the size of the film."""
    from PIL import Image

    if story.last is None:
        return Image.new("RGB", size, captions.GROUND) if _ends(story) else None
    still = story.last
    inside = _inside(still.probe, size)
    seen = picture(still.film, still.probe, still.at, inside[0], still.look)
    whole = Image.new("RGB", size, captions.GROUND)
    place = ((size[0] - inside[0]) // 2, (size[1] - inside[1]) // 2)
    whole.paste(seen.resize(inside, Image.Resampling.LANCZOS), place)
    return whole


def _parts(
    story: Story, clips: Sequence[_Clip], ending: Image | None, size: Size, fps: int
) -> list[tuple[Part, Path | None]]:
    """The parts of the film in their order, each with its sound."""
    title = captions.card(story.question, size, story.small)
    parts: list[tuple[Part, Path | None]] = [
        (Part(shown=title, pictures=round(_card_stays(story.question) * fps)), None)
    ]
    for piece, clip in zip(story.pieces, clips, strict=True):
        for said, slower, place in ((piece.caption, 1, 0), (piece.again, SLOWER, 1)):
            band = captions.band(said, size[0])
            part = Part(shown=clip.shown, pictures=clip.pictures, slower=slower, band=band)
            parts.append((part, clip.sounds[place] if clip.sounds else None))
    if ending:
        band = captions.band(story.end_words, size[0])
        parts.append((Part(shown=ending, pictures=round(STAYS * fps), band=band), None))
    return parts


def _track(parts: Sequence[tuple[Part, Path | None]], fps: int, path: Path) -> Path:
    """The sound of all parts in one .wav, silence where there is none."""
    with wave.open(str(path), "wb") as track:
        track.setnchannels(2)
        track.setsampwidth(2)
        track.setframerate(SOUND_RATE)
        for part, sound in parts:
            left = part.length * SOUND_RATE // fps * _SAMPLE
            with sound.open("rb") if sound else contextlib.nullcontext() as file:
                while left:
                    block = _block(file, min(left, 1 << 20))
                    track.writeframesraw(block)
                    left -= len(block)
    return path


def _block(file: IO[bytes] | None, length: int) -> bytes:
    """The next bytes of a sound, silence behind its end."""
    return (file.read(length) if file else b"").ljust(length, b"\0")


def _check(part: Path, count: int) -> None:
    """See that all pictures have been written: moviepy does not ask ffmpeg whether it came to its end."""
    way = ("-map", "0:v", "-c", "copy", "-f", "framecrc", "pipe:1")
    found = 0
    with (
        contextlib.suppress(ffmpeg.FfmpegStopped),
        ffmpeg.running(["-v", "error", *ffmpeg.opened(part), *way]) as run,
    ):
        found = sum(not line.startswith(b"#") for line in run.out)
    if found != count:
        full = shutil.disk_usage(part.parent).free < 1 << 20
        raise OSError(errno.ENOSPC if full else errno.EIO, os.strerror(errno.EIO))


class _Told:
    """Two things are done one after the other, and told as one: cutting the pieces, and composing."""

    def __init__(self, story: Story, progress: Progress | None) -> None:
        self._whole = seconds(story)
        self._cuts = sum(piece.end - piece.start for piece in story.pieces)
        self._done = self._now = 0.0
        self._tell = progress

    def cut(self, now: float) -> None:
        """So many seconds of this piece are cut."""
        if now < self._now:
            self._done += self._now
        self._now = now
        self._say(min(self._done + now, self._cuts))

    def composed(self, now: float) -> None:
        """So many seconds are composed."""
        self._say(self._cuts + min(now, self._whole))

    def _say(self, work: float) -> None:
        if self._tell:
            self._tell(self._whole * work / (self._cuts + self._whole))


@contextmanager
def _files_beside(part: Path) -> Iterator[Callable[[], Path]]:
    """Names for files beside `part`, where nobody else looks and a sweep finds them; gone at the end."""
    made: list[Path] = []

    def new() -> Path:
        made.append(part.with_name(f"{part.stem}-{len(made)}.part"))
        return made[-1]

    try:
        yield new
    finally:
        for path in made:
            with contextlib.suppress(OSError):
                path.unlink()


def _card_stays(question: str) -> float:
    """How many seconds a card is shown: time to read it twice.

    >>> _card_stays("How do I give C1 time to begin?"), _card_stays("long " * 99)
    (4.0, 10.0)
    """
    return min(max(STAYS, round(len(question) / 12)), 10.0)


def _ends(story: Story) -> bool:
    return story.last is not None or bool(story.end_words.strip())


def _opened(story: Story) -> list[Piece | Still]:
    return [*story.pieces, *([story.last] if story.last else [])]
