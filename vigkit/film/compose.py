"""Composes films from drawn frames, or from clips and pictures of ours; the only place that imports moviepy.

moviepy never opens a person's film: it knows no variable rate, squashes turned ones, and cannot read some.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigkit.film.ffmpeg import CLEAN, NO_WORDS_IN_H264, disk_error

# moviepy writes no colour tags, and without them players guess: the filter converts and says so.
COLOUR = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
)
SOUND_RATE = 48_000
# No adaptive quantisation and no tree: on drawings they blur what has come to rest until the next key frame
# puts it right, which looks like a movement; without them crf 24 is as fine as 20 with them.
_DRAWN = ("-vf", COLOUR, "-crf", "24", "-x264-params", "mbtree=0:aq-mode=0")
# Four pixels of a film have one colour, and moviepy has repeated it for each: one of them gives it back best.
_FILMED = ("-vf", COLOUR.replace("scale=", "scale=flags=neighbor:", 1), "-crf", "20", "-b:a", "128k")

Frame = Callable[[float], Any]
Sound = Callable[[Any], Any]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of a joined film: a clip of ours at the rate of the whole, or a picture that stays."""

    shown: Any  # the path of a clip, or a PIL picture in the size of the film
    pictures: int  # how many of the clip; how many times the picture
    slower: int = 1  # each picture of the clip is shown so many times
    band: Any = None  # a PIL picture with transparency, as wide as the film, laid over its foot

    @property
    def length(self) -> int:
        """How many pictures it takes in the film."""
        return self.pictures * self.slower


def write(frame: Frame, seconds: float, fps: int, sound: Sound | None, path: Path) -> Path:
    """Write `frame(t)` and `sound(times)` as H.264 and AAC to `path`, moved into place when whole."""
    from moviepy import VideoClip

    part = path.with_name(f".{path.name}.part")
    # moviepy gives no format for the sound, so ffmpeg reads it from this ending.
    beside = path.with_name(f".{path.name}.part.m4a")
    clip = VideoClip(frame, duration=seconds)
    if sound is not None:
        clip = clip.with_audio(_audio(sound, seconds))
    made = {"audio_fps": SOUND_RATE, "audio_bitrate": "128k", "temp_audiofile": str(beside)}
    try:
        _encode(clip, part, fps, _DRAWN, audio=sound is not None, **made)
        part.replace(path)
    finally:
        for left in (part, beside):
            left.unlink(missing_ok=True)
    return path


def join(
    parts: Sequence[Part], sound: Path, size: tuple[int, int], fps: int, path: Path, progress: Progress | None
) -> None:
    """Write the parts one after the other into `path`, with the sound of a .wav that is as long as they are.

    `progress` is called with the seconds that are composed.
    """
    from moviepy import concatenate_videoclips

    opened = _Opened(size)
    length = sum(part.length for part in parts) / fps
    try:
        clips = [_clip(part, opened, fps) for part in parts]
        whole = concatenate_videoclips(clips, method="chain")
        # moviepy asks where a picture begins, and there rounding decides which of two is meant: the middle is
        # safe. It then drops a last picture that is a billionth too short: half a one more is counted down.
        whole = whole.time_transform(lambda t: t + 0.5 / fps).with_duration(length + 0.5 / fps)
        _encode(whole, path, fps, _FILMED, audio=str(sound), logger=_told(progress, fps))
    finally:
        opened.close()


def _encode(clip: Any, path: Path, fps: int, quality: Sequence[str], **more: Any) -> None:
    """Let moviepy write an .mp4, and close the clip; what the disk refused is raised as such."""
    # No B-frames: they would let a change shine through a picture or two before it happens.
    picture = [*quality, "-bf", "0", "-g", str(2 * fps)]
    # x264 writes its settings, and the number of cores, into the stream: that message is taken out.
    picture += ["-bsf:v", NO_WORDS_IN_H264]
    try:
        clip.write_videofile(
            str(path),
            fps=fps,
            codec="libx264",
            preset="veryfast",
            audio_codec="aac",
            ffmpeg_params=[*picture, *CLEAN, "-movflags", "+faststart", "-f", "mp4"],
            **{"logger": None, **more},
        )
    except OSError as e:
        # Ctrl-C ends ffmpeg too, and then moviepy cannot close the pipe to it
        if isinstance(e.__context__, KeyboardInterrupt):
            raise e.__context__ from None
        raise disk_error(str(e)) or e from e  # moviepy gives ffmpeg's words, and no number
    finally:
        clip.close()


class _Opened:
    """The one clip that is open: the next one closes it, so memory does not grow with their number."""

    def __init__(self, size: tuple[int, int]) -> None:
        import numpy as np

        self.blank = np.zeros((size[1], size[0], 3), np.uint8)
        self._part: Part | None = None
        self._clip: Any = None
        self._paste: Callable[[Any], Any] | None = None

    def at(self, part: Part, t: float) -> Any:
        """The picture of a clip at this time."""
        from moviepy import VideoFileClip

        if t == 0:
            return self.blank  # moviepy asks only to learn the size: pictures are taken at their middle
        if part is not self._part:
            self.close()
            self._clip = VideoFileClip(str(part.shown), audio=False)
            self._part, self._paste = part, _pasted(part.band) if part.band else None
        return self._clip.get_frame(t)

    def pasted(self, picture: Any) -> Any:
        """A picture of this clip with its band."""
        return self._paste(picture) if self._paste else picture

    def close(self) -> None:
        """End the process that reads."""
        if self._clip is not None:
            process = self._clip.reader.proc
            self._clip.close()
            with process:  # moviepy leaves its pipes open when it has ended by itself
                pass
        self._part = self._clip = self._paste = None


def _clip(part: Part, opened: _Opened, fps: int) -> Any:
    """A part as a clip of moviepy."""
    import numpy as np
    from moviepy import ImageClip, VideoClip

    if not isinstance(part.shown, Path):
        picture = part.shown.convert("RGBA")
        if part.band:
            picture.alpha_composite(part.band, (0, picture.height - part.band.height))
        return ImageClip(np.asarray(picture.convert("RGB")), duration=part.length / fps)
    clip = VideoClip(lambda t: opened.at(part, t), duration=part.pictures / fps)
    if part.band:
        clip = clip.image_transform(opened.pasted)
    return clip.with_speed_scaled(1 / part.slower) if part.slower != 1 else clip


def _pasted(band: Any) -> Callable[[Any], Any]:
    """Lays a band over the foot of a picture; only its own rows are touched."""
    import numpy as np

    pixels = np.asarray(band).astype(np.uint16)
    cover = pixels[..., 3:] + (pixels[..., 3:] >> 7)  # 0 to 255 becomes 0 to 256
    ink, rest = pixels[..., :3] * cover, np.repeat(256 - cover, 3, axis=2)
    rows = np.empty_like(ink)
    before: list[Any] = [None, None]  # a slow repeat asks for the same picture twice

    def paste(picture: Any) -> Any:
        if picture is before[0]:
            return before[1]
        shown = picture.copy()  # what the reader gives cannot be written to
        before[:] = picture, shown
        foot = shown[-len(ink) :]
        np.multiply(foot, rest, out=rows, dtype=np.uint16)
        np.add(rows, ink, out=rows)
        np.right_shift(rows, 8, out=rows)
        foot[...] = rows
        return shown

    return paste


def _told(progress: Progress | None, fps: int) -> Any:
    """A logger for moviepy that tells how many seconds are composed."""
    from proglog import ProgressBarLogger

    class Told(ProgressBarLogger):  # type: ignore[misc]
        def bars_callback(self, bar: str, attr: str, value: int, old_value: int | None = None) -> None:
            if progress and bar == "frame_index" and attr == "index":
                progress(value / fps)

    return Told(logged_bars=None, min_time_interval=0.2)


def _audio(sound: Sound, seconds: float) -> Any:
    """A moviepy clip of the sound; moviepy asks for one single time first, then for whole arrays."""
    import numpy as np
    from moviepy import AudioClip

    def at(t: Any) -> Any:
        levels = sound(np.atleast_1d(np.asarray(t, dtype=float)))
        return levels[0] if np.ndim(t) == 0 else levels

    return AudioClip(at, duration=seconds, fps=SOUND_RATE)
