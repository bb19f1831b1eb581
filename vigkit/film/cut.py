"""A moment cut out of a film to the frame, and one picture of it as a still.

Both are made anew from pixels and sound. A copied stream would keep the pictures that one cut away, hidden
from the player and not from anybody else, and whatever the camera wrote between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from vigkit.errors import FilmChanged, FilmUnreadable, MomentOutsideFilm, clock, on_disk
from vigkit.film import ffmpeg
from vigkit.film.probe import Probe, stamp

if TYPE_CHECKING:
    from PIL.Image import Image

Progress = Callable[[float], None]  # is told how many seconds are written
ROUNDED = 0.001  # a length is stored with three decimals, and may lie beyond the true one by that
JPEG_QUALITY = 80
# No B-pictures: an .mp4 needs an edit list to shift them back, and not every slide program reads one.
_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-bf", "0", "-pix_fmt", "yuv420p")
_AAC = ("-c:a", "aac", "-b:a", "128k", "-ac", "2")
_KEEP_TIMES = ("-fps_mode", "passthrough", "-enc_time_base:v", "demux")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a cut lies, on the film's own clock."""

    seek: float  # the first picture, or the start of the moment when no picture is there yet
    hold: float  # how long the first picture was on the screen before the moment begins
    length: float
    pictures: int


def span(probe: Probe, start: float, end: float) -> Span:
    """Where to cut so that the picture on the screen at `start` is the first, and none from `end` on is in.

    The clip begins with its first picture, at most one picture early, and ends where the moment ends.
    """
    times = probe.times
    first = probe.showing(start)
    past = max(probe.after(end), first + 1)
    begin, hold = min(times[first], start), 0.0
    if start - begin > 1.5 * probe.typical_gap:
        # A film that stood still for seconds: the moment begins inside that picture, and its sound with it.
        # The next picture stays two thousandths away, or the two would fall on one time.
        following = times[first + 1] if first + 1 < len(times) else probe.seconds
        hold = max(min(start, following - 0.002) - begin, 0.0)
    finish = min(end, probe.seconds)
    # an end just after a picture has begun: a thousandth keeps it from being rounded away
    finish = max(finish, times[past - 1] + 0.001 if times[first] <= start else finish)
    return Span(seek=begin, hold=hold, length=finish - begin - hold, pictures=past - first)


def cut(
    film: Path,
    probe: Probe,
    start: float,
    end: float,
    out: Path,
    *,
    sound: bool = True,
    look: str = "",
    progress: Progress | None = None,
) -> None:
    """Write the moment from `start` to just before `end` as an .mp4 that every browser plays.

    `look` is a filter for every picture (`hide.look` makes one); its `t` counts from the start of the clip.
    """
    if not 0 <= start < end <= probe.seconds + ROUNDED:
        raise MomentOutsideFilm(start, end, probe.name, probe.seconds)
    before = stamp(film, probe.name)
    where = span(probe, start, end)
    try:
        with ffmpeg.part_file(out, film) as part:
            heard = sound and probe.audio is not None
            count = ffmpeg.encode(_words(film, probe, where, part, heard, look), progress=progress)
            if stamp(film, probe.name) != before:
                raise FilmChanged(probe.name)
            # a damaged film may give fewer; one more would show what was cut away
            if not 0 < count <= where.pictures:
                raise _unreadable(None, probe, start)
    except ffmpeg.FfmpegStopped as e:
        raise _unreadable(e, probe, start) from e


def still(
    film: Path, probe: Probe, at: float, out: Path, *, width: int | None = None, look: str = ""
) -> None:
    """Write the picture on the screen at this time, as .png if the name says so and else as JPEG."""
    kind = "PNG" if out.suffix.lower() == ".png" else "JPEG"
    with ffmpeg.part_file(out, film) as part:
        shown = picture(film, probe, at, width, look)
        with on_disk(out):
            part.write_bytes(_packed(shown, kind, 90))


def still_bytes(film: Path, probe: Probe, at: float, *, width: int, look: str = "") -> bytes:
    """The picture on the screen at this time, as a small JPEG for a page."""
    return _packed(picture(film, probe, at, width, look), "JPEG", JPEG_QUALITY)


def opened_at(film: Path, probe: Probe, where: Span) -> tuple[str, ...]:
    """The words for ffmpeg that open a film where a cut begins."""
    return ("-ss", ffmpeg.seconds(where.seek - probe.origin), *ffmpeg.opened(film))


def plain(probe: Probe) -> str:
    """The filter that brings the pictures of a film to what every screen shows; nothing where they are so."""
    return ""


def pictures(probe: Probe, where: Span, look: str = "") -> str:
    """The filter that lets the pictures of a cut through and no other, the first at the very start."""
    # H.264 for browsers has an even width and height
    even = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
    # the first picture stands at the very start, also where it was held or came late
    shift = f"setpts='if(eq(N,0),0,round(PTS-{where.hold:.9f}/TB))'"
    # counted, too: a time that is rounded in the film's own ticks cannot let one more picture in
    return ",".join(filter(None, [plain(probe), even, shift, look, f"trim=end_frame={where.pictures}"]))


def sounds(where: Span) -> str:
    """The filter that gives the sound of a cut from its very start to its end, with silence where none is."""
    held = f"atrim=start={where.hold:.9f},asetpts=PTS-{where.hold:.9f}/TB," if where.hold else ""
    return f"{held}aresample=48000:async=1:first_pts=0,apad"


def _words(film: Path, probe: Probe, where: Span, part: Path, sound: bool, look: str) -> list[str]:
    """The words for ffmpeg that cut into `part`."""
    heard = ("-map", "0:a:0?", "-af", sounds(where), *_AAC) if sound else ("-an",)
    after = ("-bsf:v", f"{ffmpeg.NO_WORDS_IN_H264},{_last_picture(where)}")
    return [
        *opened_at(film, probe, where),
        *("-t", ffmpeg.seconds(where.length), "-map", "0:V:0", "-vf", pictures(probe, where, look)),
        *(*_KEEP_TIMES, *_H264, *after, *heard, *ffmpeg.CLEAN),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{part}"),
    ]


def _last_picture(where: Span) -> str:
    """The last picture stays until the moment ends: .mp4 would give it the length of the one before."""
    last = f"if(eq(N,{where.pictures - 1}),max(round({where.length:.9f}/TB)-PTS,1),DURATION)"
    return f"setts=duration='{last}'"


def picture(film: Path, probe: Probe, at: float, width: int | None = None, look: str = "") -> Image:
    """The picture on the screen at this time, made from its pixels alone; the `t` of `look` is 0."""
    from PIL import Image

    if not 0 <= at <= probe.seconds + ROUNDED:
        raise MomentOutsideFilm(at, at, probe.name, probe.seconds)
    before = stamp(film, probe.name)
    across = min(width or probe.width, probe.width)
    size = (across, max(round(probe.height * across / probe.width), 1))
    seek = ffmpeg.seconds(probe.times[probe.showing(at)] - probe.origin)
    scale = f"scale={size[0]}:{size[1]}:flags=lanczos+accurate_rnd+full_chroma_int+bitexact"
    seen = f"{look},{scale}" if look else scale
    one = ("-map", "0:V:0", "-frames:v", "1", "-vf", seen, "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1")
    try:
        with ffmpeg.running(["-v", "error", "-ss", seek, *ffmpeg.opened(film), *one]) as run:
            pixels = run.out.read()
    except ffmpeg.FfmpegStopped as e:
        raise _unreadable(e, probe, at) from e
    if stamp(film, probe.name) != before:
        raise FilmChanged(probe.name)
    if len(pixels) != size[0] * size[1] * 3:
        raise _unreadable(None, probe, at)
    return Image.frombytes("RGB", size, pixels)


def _packed(picture: Image, kind: str, quality: int) -> bytes:
    box = BytesIO()
    picture.save(box, kind, quality=quality, optimize=True)
    return box.getvalue()


def _unreadable(stopped: ffmpeg.FfmpegStopped | None, probe: Probe, at: float) -> FilmUnreadable:
    if stopped and stopped.too_long:
        return FilmUnreadable(probe.name, "It could not be read in time")
    return FilmUnreadable(probe.name, f"No picture can be read at {clock(at)}")
