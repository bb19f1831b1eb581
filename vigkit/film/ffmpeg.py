"""Run the ffmpeg that comes with imageio-ffmpeg: no shell, no network, bounded in time, size and memory."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vigkit.errors import BadUsage, VigkitError, on_disk

# What may be opened: a file, of a kind that cameras and phones write. A playlist, a drawing or a script that
# calls itself a film is none of these, and would lead ffmpeg to other files.
GUARD = (
    *("-protocol_whitelist", "file"),
    *("-format_whitelist", "mov,matroska,avi,mpegts,mpeg,asf"),
    *("-max_streams", "32"),
    *("-max_pixels", "35651584"),
)
# What may travel along: picture and sound. No tag, chapter, subtitle, data stream or name of an encoder.
CLEAN = (
    *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-dn", "-sn"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
    *("-a53cc", "0", "-udu_sei", "0"),
    *("-metadata:s:v", "encoder= "),  # a blank, or .mp4 holds the encoder's name for want of another
)
# x264 writes its name and settings into the first picture, whatever CLEAN says; this filter takes them out.
NO_WORDS_IN_H264 = "filter_units=remove_types=6"
PATIENCE = 60.0  # seconds without a step: a picture of a long take may need some on a slow machine
LARGEST = 8 << 30  # bytes in one file of ours
_HEAD, _TAIL = 1 << 20, 8 << 10  # of what ffmpeg says: the header comes first, what stopped it last
_DISK = {
    "No space left on device": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "File too large": errno.EFBIG,
    "Read-only file system": errno.EROFS,
    "Permission denied": errno.EACCES,
}


def disk_error(said: str) -> OSError | None:
    """What the operating system refused, in the last words of ffmpeg."""
    for words, number in _DISK.items():
        if words in said[-_TAIL:]:
            return OSError(number, words)
    return None


class FfmpegStopped(Exception):
    """ffmpeg ended before its work was done; `said` is what it wrote about it."""

    def __init__(self, said: str, code: int, too_long: bool = False) -> None:
        super().__init__(said[-400:])
        self.said = said
        self.code = code
        self.too_long = too_long

    @property
    def on_disk(self) -> OSError | None:
        """What the operating system refused while ffmpeg wrote, if that was it."""
        if (refused := disk_error(self.said)) is not None:
            return refused
        # SIGXFSZ has no words: the file met the limit that we set
        return OSError(errno.EFBIG, "File too large") if self.code == -25 else None


class Run:
    """One ffmpeg at work: read `out` to its end, call `step` for each sign of life."""

    def __init__(self, process: subprocess.Popen[bytes], patience: float) -> None:
        assert process.stdout and process.stderr
        self.out: IO[bytes] = process.stdout
        self.too_long = False
        self._err: IO[bytes] = process.stderr
        self._process = process
        self._patience = patience
        self._last_step = time.monotonic()
        self._over = threading.Event()
        self._head, self._tail = b"", b""
        self._threads = [threading.Thread(target=f, daemon=True) for f in (self._listen, self._watch)]
        for thread in self._threads:
            thread.start()

    @property
    def said(self) -> str:
        """What ffmpeg wrote beside the result: the beginning and the end of it."""
        return (self._head + self._tail).decode("utf-8", "replace")

    def step(self) -> None:
        """Note that the work goes on."""
        self._last_step = time.monotonic()

    def finish(self) -> None:
        """Leave no process and no thread behind, whatever happened."""
        self._over.set()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        self.out.close()
        self._err.close()

    def _listen(self) -> None:
        # a damaged film makes ffmpeg say thousands of lines: all are read, few are kept
        while piece := os.read(self._err.fileno(), 1 << 16):
            room = _HEAD - len(self._head)
            self._head += piece[:room] if room > 0 else b""
            self._tail = (self._tail + piece[max(room, 0) :])[-_TAIL:]

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            if time.monotonic() - self._last_step > self._patience:
                self.too_long = True
                self._process.kill()
                return


@contextmanager
def running(arguments: Sequence[str], *, patience: float = PATIENCE) -> Iterator[Run]:
    """Start ffmpeg; at the end of the block wait for it, or raise FfmpegStopped if it gave up."""
    process = subprocess.Popen(
        [program(), "-nostdin", "-hide_banner", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
        # Windows: no black window beside the notebook
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        _limit(process.pid)
        run = Run(process, patience)
    except BaseException:
        process.kill()
        process.wait()
        raise
    try:
        yield run
        process.wait()
    finally:
        run.finish()
    if process.returncode:
        raise FfmpegStopped(run.said, process.returncode, run.too_long)


def encode(arguments: Sequence[str], *, progress: Callable[[float], None] | None = None) -> int:
    """Run a conversion that reads a film and writes a file; return how many pictures were written.

    `progress` is called with the seconds written so far.
    """
    pictures = 0
    seen: dict[bytes, bytes] = {}
    report = ("-v", "error", "-y", "-progress", "pipe:1", "-stats_period", "0.5")
    with running([*report, *arguments]) as run:
        for line in run.out:
            key, _, value = line.strip().partition(b"=")
            if key == b"frame":
                pictures = int(value)
            elif key == b"out_time_us" and progress and value.isdigit():
                progress(int(value) / 1e6)
            # ffmpeg reports at every half second, also while it stands still
            if key in (b"frame", b"out_time_us", b"total_size") and seen.get(key) != value:
                seen[key] = value
                run.step()
    return pictures


def program() -> str:
    """The ffmpeg that comes with imageio-ffmpeg."""
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as e:
        raise VigkitError("The program that reads films is missing. Run python start.py once more.") from e


def opened(film: Path) -> tuple[str, ...]:
    """The arguments that open a film: guarded, and by a name that cannot be read as anything else.

    >>> opened(Path("-y %d.mp4"))[-1].startswith("file:")
    True
    """
    return (*GUARD, "-i", f"file:{film.absolute()}")


@contextmanager
def part_file(out: Path, film: Path) -> Iterator[Path]:
    """A new file of ours beside `out`: moved into its place when the block ends well, gone when not."""
    if out.exists() and out.samefile(film):
        raise BadUsage(f"{out.name} is the film itself. Choose another name for what is made from it.")
    part = out.absolute().parent / f".vigkit-{secrets.token_hex(8)}.part"
    with on_disk(out):
        if out.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        part.touch(exist_ok=False)  # a folder that takes no file says so here, before the work
    try:
        try:
            yield part
        except FfmpegStopped as e:
            with on_disk(out):
                if e.on_disk:
                    raise e.on_disk from e
            raise
        with on_disk(out):
            with part.open("rb+") as f:
                os.fsync(f.fileno())
            part.replace(out)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def seconds(time: float) -> str:
    """A time as ffmpeg takes it, never later than meant: a millionth too late would lose the picture.

    >>> seconds(2 / 3), seconds(12.4), seconds(-1.5)
    ('0.666666', '12.400000', '-1.500000')
    """
    return f"{math.floor(time * 1e6 + 0.001) / 1e6:.6f}"


def _environment() -> dict[str, str]:
    # FFREPORT would write a report with the film's name into the folder; AV_LOG_… would colour the words
    return {k: v for k, v in os.environ.items() if not k.startswith(("FF", "AV_LOG"))}


def _limit(pid: int) -> None:
    if sys.platform == "linux":
        import resource

        memory = (4 << 30) + (256 << 20) * (os.cpu_count() or 1)  # each thread reserves room it may never use
        limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_FSIZE: LARGEST, resource.RLIMIT_CORE: 0}
        with contextlib.suppress(OSError, ValueError):  # it has ended already, or has tighter limits
            for what, most in limits.items():
                resource.prlimit(pid, what, (most, most))
