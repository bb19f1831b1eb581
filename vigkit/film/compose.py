"""Composes a film from drawn frames and computed sound; the only place that imports moviepy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vigkit.film.ffmpeg import CLEAN, NO_WORDS_IN_H264, disk_error

# moviepy writes no colour tags, and without them players guess: the filter converts and says so.
COLOUR = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
)
SOUND_RATE = 48_000

Frame = Callable[[float], Any]
Sound = Callable[[Any], Any]


def write(frame: Frame, seconds: float, fps: int, sound: Sound | None, path: Path) -> Path:
    """Write `frame(t)` and `sound(times)` as H.264 and AAC to `path`, moved into place when whole."""
    from moviepy import VideoClip

    part = path.with_name(f".{path.name}.part")
    # moviepy gives no format for the sound, so ffmpeg reads it from this ending.
    beside = path.with_name(f".{path.name}.part.m4a")
    clip = VideoClip(frame, duration=seconds)
    if sound is not None:
        clip = clip.with_audio(_audio(sound, seconds))
    try:
        clip.write_videofile(
            str(part),
            fps=fps,
            codec="libx264",
            preset="veryfast",
            audio=sound is not None,
            audio_fps=SOUND_RATE,
            audio_codec="aac",
            audio_bitrate="128k",
            temp_audiofile=str(beside),
            ffmpeg_params=_params(fps),
            logger=None,
        )
        part.replace(path)
    except OSError as e:  # moviepy gives ffmpeg's words, and no number
        raise disk_error(str(e)) or e from e
    finally:
        clip.close()
        for left in (part, beside):
            left.unlink(missing_ok=True)
    return path


def _params(fps: int) -> list[str]:
    """The words for ffmpeg that moviepy has no name for."""
    # No B-frames: they would let a change shine through a picture or two before it happens. No adaptive
    # quantisation and no tree: on drawings they blur what has come to rest until the next key frame puts it
    # right, which looks like a movement; without them crf 24 is as fine as 20 with them.
    picture = ["-vf", COLOUR, "-crf", "24", "-bf", "0"]
    picture += ["-g", str(2 * fps), "-x264-params", "mbtree=0:aq-mode=0"]
    # x264 writes its settings, and the number of cores, into the stream: that message is taken out.
    picture += ["-bsf:v", NO_WORDS_IN_H264]
    return [*picture, *CLEAN, "-movflags", "+faststart", "-f", "mp4"]


def _audio(sound: Sound, seconds: float) -> Any:
    """A moviepy clip of the sound; moviepy asks for one single time first, then for whole arrays."""
    import numpy as np
    from moviepy import AudioClip

    def at(t: Any) -> Any:
        levels = sound(np.atleast_1d(np.asarray(t, dtype=float)))
        return levels[0] if np.ndim(t) == 0 else levels

    return AudioClip(at, duration=seconds, fps=SOUND_RATE)
