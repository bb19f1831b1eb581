"""A small film that every browser shows, in place of one that it may not show or not seek in.

It keeps time: at every second it shows the picture that the film shows, so a mark made on it is a mark on
the film.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vigkit.errors import FilmChanged, FilmUnreadable
from vigkit.film import ffmpeg, strip
from vigkit.film.cut import BRIGHT, plain
from vigkit.film.probe import Probe, stamp

Progress = Callable[[float], None]  # is told how many seconds are done
LINES = 480
# A browser shows a time by decoding from the last picture that stands by itself: the more pixels may lie on
# the way, the longer a finger on the timeline waits. Chromium on 2 cores took 0.06 s (median) with the 62
# million of a phone's 1080p; 0.12 to 0.22 s with 250 million; 0.25 s with 518 million, and 0.65 s for one
# time in ten; 0.01 s for a proxy of 480 lines. A computer half as quick still answers within a second.
MOST_PIXELS = 250_000_000
_SHOWN = ("yuv420p", "yuvj420p")
_PLAYED = {  # what browsers play: pictures and sounds, by container
    "mov": ({"h264", "vp9", "av1"}, {"aac", "mp3", "opus", "pcm_s16le", "pcm_s16be", "pcm_s24le"}),
    # .webm; .mkv with H.264 plays in some browsers only
    "matroska": ({"vp8", "vp9", "av1"}, {"opus", "vorbis"}),
}
_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "25", "-g", "12", "-bf", "0")
_SOUND = "aresample=48000:async=1:first_pts=0"
_AAC = ("-c:a", "aac", "-b:a", "96k", "-ac", "2")
_KEEP_TIMES = ("-fps_mode", "passthrough", "-enc_time_base:v", "demux")


def reason(probe: Probe) -> str | None:
    """Why a browser needs a proxy for this film, as a sentence; None where it plays as it is."""
    pictures, sounds = _PLAYED.get(probe.container, ((), ()))
    # after a jump to such a key picture Chromium gives the whole film up
    if probe.codec not in pictures or probe.pixel_format not in _SHOWN or probe.open_gop:
        return "Your browser may not show this kind of film."
    if probe.audio is not None and probe.audio not in sounds:
        return "Your browser may not play the sound of this film."
    if probe.interlaced:
        return "This film was made for television. Movement may look torn in your browser."
    if probe.transfer in BRIGHT:
        return "Your browser may show the colours of this film in another way."
    # Chromium takes its length for its end, and does not go beyond
    if probe.origin > 0.1:
        return "This film begins late. Your browser may not reach its end."
    if _heavy(probe):
        return "This film is large. Your browser may take long to find a moment in it."
    return None


def make(
    film: Path,
    probe: Probe,
    out: Path,
    *,
    lines: int | None = None,
    progress: Progress | None = None,
    strip_to: Path | None = None,
) -> None:
    """Write a proxy with 480 lines, or as many as asked for, to `out`, and the strip to `strip_to`."""
    before = stamp(film, probe.name)
    try:
        with ffmpeg.part_file(out, film) as part:
            if strip_to is None:
                words = [*strip.opened(film, probe), *_graph(probe, lines or LINES), *_proxy(probe, part)]
                count = ffmpeg.encode(words, progress=progress)
                if progress:  # of a film that is done quickly ffmpeg tells nothing on the way
                    progress(probe.seconds)
            else:
                count = _with_strip(film, probe, part, strip_to, lines or LINES, progress)
            if stamp(film, probe.name) != before:
                raise FilmChanged(probe.name)
            # a damaged film may give fewer than it lists; those that came stand where they are shown
            if not count:
                raise FilmUnreadable(probe.name)
    except ffmpeg.FfmpegStopped as e:
        raise strip.unreadable(e, probe) from e


def size(probe: Probe, lines: int) -> tuple[int, int]:
    """Width and height of a proxy: its short side has so many lines, never more than the film, both even."""
    shrink = min(lines / min(probe.width, probe.height), 1.0)
    width, height = (max(round(side * shrink / 2) * 2, 2) for side in (probe.width, probe.height))
    return width, height


def _heavy(probe: Probe) -> bool:
    """Whether a browser takes long to show a time of this film."""
    width, height = probe.stored
    large = min(width, height) > 1088 or width * height > 1920 * 1088
    return large or probe.rate > 61 or width * height * probe.key_gap > MOST_PIXELS


def _graph(probe: Probe, lines: int, beside: str = "") -> tuple[str, str]:
    """The filters from the film to the pictures of the proxy, and to those `beside` it."""
    width, height = size(probe, lines)
    steps = (
        plain(probe),
        strip.clock(),
        # area is quicker here than the quick one, and does not flicker
        f"scale={width}:{height}:flags=area:out_range=tv",
        "setsar=1",
        "format=yuv420p",
    )
    chain = "[0:V:0]" + ",".join(filter(None, steps))
    return "-filter_complex", f"{chain},split[proxy][more];[more]{beside}" if beside else f"{chain}[proxy]"


def _proxy(probe: Probe, part: Path, *, sound: str = "") -> list[str]:
    """The words that write the proxy; `sound` is the label of its sound where a graph makes it."""
    # The film ends where its picture ends, and its last picture stays until then.
    last = f"if(eq(N,{len(probe.times) - 1}),max(round({probe.seconds:.9f}/TB)-PTS,1),DURATION)"
    heard = ("-map", sound) if sound else ("-map", "0:a:0?", "-af", _SOUND)
    return [
        *("-map", "[proxy]", *((*heard, *_AAC) if probe.audio is not None else ())),
        *("-t", ffmpeg.seconds(probe.seconds), *_KEEP_TIMES, *_H264),
        *("-bsf:v", f"{ffmpeg.NO_WORDS_IN_H264},setts=duration='{last}'", *ffmpeg.CLEAN),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{part}"),
    ]


def _with_strip(
    film: Path, probe: Probe, part: Path, strip_to: Path, lines: int, progress: Progress | None
) -> int:
    """Write proxy and strip in one reading; return how many pictures the film gave."""
    with strip.written(film, probe, strip_to) as making:
        # from the pictures of the proxy: they are made already, and small
        option, graph = _graph(probe, lines, making.filters())
        if probe.audio is not None:
            # One graph for both sounds: two, beside one for the pictures, may wait for each other for ever.
            graph += f";[0:a:0]asplit[a][b];[a]{_SOUND}[sound];[b]{strip.WAVE}[wave]"
        words = [*strip.opened(film, probe), option, graph, *_proxy(probe, part, sound="[sound]")]
        return making.run(words, progress, wave="[wave]")
