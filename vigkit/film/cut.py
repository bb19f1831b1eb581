"""A moment cut out of a film to the frame, and one picture of it as a still.

Both are made anew from pixels and sound. A copied stream would keep the pictures that one cut away, hidden
from the player and not from anybody else, and whatever the camera wrote between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from vigkit.errors import FilmChanged, FilmUnreadable, MomentOutsideFilm, clock, on_disk
from vigkit.film import ffmpeg
from vigkit.film.probe import Probe, stamp

if TYPE_CHECKING:
    from PIL.Image import Image

Progress = Callable[[float], None]  # is told how many seconds are written
INDEXED = ("mov", "matroska")  # containers that list where every picture, or every key picture, lies
SPARE = 16  # pictures that a decoder may hold back
ROUNDED = 0.001  # a length is stored with three decimals, and may lie beyond the true one by that
JPEG_QUALITY = 80
BRIGHT = ("arib-std-b67", "smpte2084")  # more light than a screen gives: how phones write films by default
# Candela a square metre of white in such a film (ITU-R BT.2408), and of the brightest that is told apart.
WHITE, BRIGHTEST = 203, 1000
RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8")
# No B-pictures: an .mp4 needs an edit list to shift them back, and not every slide program reads one.
_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-bf", "0", "-pix_fmt", "yuv420p")
# Threads that share a picture, and fewer pictures looked at ahead: a quarter less memory for the same work.
_LEAN = ("-x264-params", "sliced-threads=1:rc-lookahead=5")
_AAC = ("-c:a", "aac", "-b:a", "128k", "-ac", "2")
_KEEP_TIMES = ("-fps_mode", "passthrough", "-enc_time_base:v", "demux")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a cut lies, on the film's own clock."""

    seek: float  # the first picture, or the start of the moment when no picture is there yet
    hold: float  # how long the first picture was on the screen before the moment begins
    length: float
    pictures: int
    # How long before `seek` the film is opened, and what its own clock shows at `seek`: what comes earlier is
    # thrown away. None where the film can be opened at the very picture.
    lead: float | None = None
    own: float = 0.0


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
    return Span(
        seek=begin,
        hold=hold,
        length=finish - begin - hold,
        pictures=past - first,
        lead=surer(probe, begin),
        own=begin + probe.zero,
    )


def surer(probe: Probe, seek: float, *, sound: bool = True, doubts: bool = False) -> float | None:
    """How long before a picture to open a film; None where an index leads to the very picture.

    Elsewhere ffmpeg finds the place only roughly, and has no picture before the next that stands by itself.
    A doubt takes a surer way; the surest is to read from the start.
    """
    indexed = probe.container in INDEXED and probe.timed
    if indexed and not doubts:
        # after a jump, as much sound is thrown away as is hidden at the start of the film
        return probe.primed + 0.1 if sound and probe.audio else None
    if not probe.timed or (doubts and not indexed):
        return probe.seconds
    early = probe.times[max(probe.showing(seek) - probe.key_gap - SPARE, 0)] - 1.0
    return seek - early + probe.primed


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
            sure = replace(where, lead=surer(probe, where.seek, doubts=True))
            if count != where.pictures and sure != where:
                count = ffmpeg.encode(_words(film, probe, sure, part, heard, look), progress=progress)
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
            part.write_bytes(packed(shown, kind, 90))


def still_bytes(film: Path, probe: Probe, at: float, *, width: int, look: str = "") -> bytes:
    """The picture on the screen at this time, as a small JPEG for a page."""
    return packed(picture(film, probe, at, width, look), "JPEG", JPEG_QUALITY)


def opened_at(film: Path, probe: Probe, where: Span) -> tuple[str, ...]:
    """The words for ffmpeg that open a film where a cut begins."""
    begin = where.seek - probe.origin - (where.lead or 0.0)
    jump = ("-ss", ffmpeg.seconds(begin)) if begin > 0 or where.lead is None else ()
    # by the film's own clock: ffmpeg's begins elsewhere when a jump is made, or the sound is not asked for
    return (*(("-copyts",) if where.lead is not None else ()), *jump, *ffmpeg.opened(film))


def plain(probe: Probe) -> str:
    """The filter that brings the pictures of a film to what every screen shows; nothing where they are so."""
    filters = []
    if probe.interlaced:
        filters.append("bwdif=mode=send_frame:deint=interlaced")
    if probe.transfer in BRIGHT:
        given = f"tin={probe.transfer}:min=bt2020nc:pin=bt2020:rin={'pc' if probe.full_range else 'tv'}"
        filters.append(f"zscale={given}:t=linear:npl={WHITE},format=gbrpf32le,zscale=p=bt709")
        filters.append(f"tonemap=mobius:param=0.7:desat=0:peak={BRIGHTEST / WHITE:.3f}")
        filters.append("zscale=t=bt709:m=bt709:r=tv,format=yuv420p")
    elif probe.pixel_format.startswith(RGB):
        filters.append("scale=out_color_matrix=bt709:out_range=tv,format=yuv420p")
    elif probe.full_range:
        filters.append("scale=out_range=tv,format=yuv420p")
    return ",".join(filters)


def pictures(probe: Probe, where: Span, look: str = "") -> str:
    """The filter that lets the pictures of a cut through and no other, the first at the very start."""
    # H.264 for browsers has an even width and height
    even = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
    # the first picture stands at the very start, also where it was held or came late
    shift = f"setpts='if(eq(N,0),0,round(PTS-{_begin(where):.9f}/TB))'"
    # counted, too: a time that is rounded in the film's own ticks cannot let one more picture in
    last = f"trim=end_frame={where.pictures}"
    return ",".join(filter(None, [_landed(where), plain(probe), even, shift, look, last]))


def _begin(where: Span) -> float:
    """What the clock of the opened film shows where a cut begins."""
    return where.hold + (0.0 if where.lead is None else where.own)


def _landed(where: Span) -> str:
    """The filter that throws away what comes before a cut, where the film was opened early."""
    # half a thousandth: the film's own ticks are rounded, and no two pictures lie as close
    return "" if where.lead is None else f"trim=start={where.own - 0.0005:.9f}"


def sounds(where: Span) -> str:
    """The filter that gives the sound of a cut from its very start to its end, with silence where none is."""
    begin = f"{_begin(where):.9f}"
    held = f"atrim=start={begin},asetpts=PTS-{begin}/TB," if _begin(where) else ""
    return f"{held}aresample=48000:async=1:first_pts=0,apad"


def _words(film: Path, probe: Probe, where: Span, part: Path, sound: bool, look: str) -> list[str]:
    """The words for ffmpeg that cut into `part`."""
    heard = ("-map", "0:a:0?", "-af", sounds(where), *_AAC) if sound else ("-an",)
    after = ("-bsf:v", f"{ffmpeg.NO_WORDS_IN_H264},{_last_picture(where)}")
    return [
        *opened_at(film, probe, where),
        *("-t", ffmpeg.seconds(where.length), "-map", "0:V:0", "-vf", pictures(probe, where, look)),
        *(*_KEEP_TIMES, *_H264, *_LEAN, *after, *heard, *ffmpeg.CLEAN),
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
    pixels = _pixels(film, probe, at, size, look)
    if stamp(film, probe.name) != before:
        raise FilmChanged(probe.name)
    if not pixels:
        raise _unreadable(None, probe, at)
    return Image.frombytes("RGB", size, pixels)


def _pixels(film: Path, probe: Probe, at: float, size: tuple[int, int], look: str) -> bytes:
    """The pixels of the picture on the screen at this time; none where it cannot be read."""
    seek = probe.times[probe.showing(at)]
    scale = f"scale={size[0]}:{size[1]}:flags=lanczos+accurate_rnd+full_chroma_int+bitexact"
    raw = ("-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1")
    for doubts in (False, True):
        lead = surer(probe, seek, sound=False, doubts=doubts)
        where = Span(seek=seek, hold=0, length=0, pictures=1, lead=lead, own=seek + probe.zero)
        seen = ",".join(filter(None, [_landed(where), "setpts=0", plain(probe), look, scale]))
        one = ("-map", "0:V:0", "-frames:v", "1", "-vf", seen, *raw)
        try:
            with ffmpeg.running(["-v", "error", *opened_at(film, probe, where), *one]) as run:
                pixels = run.out.read()
        except ffmpeg.FfmpegStopped as e:
            raise _unreadable(e, probe, at) from e
        if len(pixels) == size[0] * size[1] * 3:
            return pixels
    return b""


def packed(picture: Image, kind: str, quality: int) -> bytes:
    """A picture as the bytes of a file that holds nothing but its pixels."""
    box = BytesIO()
    picture.save(box, kind, quality=quality, optimize=True)
    return box.getvalue()


def _unreadable(stopped: ffmpeg.FfmpegStopped | None, probe: Probe, at: float) -> FilmUnreadable:
    if stopped and stopped.too_long:
        return FilmUnreadable(probe.name, "It could not be read in time")
    return FilmUnreadable(probe.name, f"No picture can be read at {clock(at)}")
