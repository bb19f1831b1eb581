"""What the film room costs, as ratios of CPU measured in one run: cuts, strip, proxy and short film.

    python benchmarks/film.py [--minutes 10] [--repeat 2] [--only cuts|strip|short]

A film of 1080 lines with grain, painted frame numbers and sound is made first. Before anything is
compared, what was made is decoded and its numbers are read: it has to be exact to the frame. Each case
runs in a process of its own; CPU is user and system time of it and of all that it starts, the least of the
repeats, which take turns. Memory is the largest sum that the processes of a case hold at one time.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from vigkit.film import captions, cut, ffmpeg, probe, proxy, short, strip

ENCODED = 60  # seconds; the rest repeats them without encoding
RATE = 30
WIDTH, HEIGHT, BITS = 320, 180, 12  # of the painted pictures, which are enlarged to 1920 x 1080
SIZE = (1280, 720)  # of the short film
LENGTH = 10.0  # seconds of a moment
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-bf", "0", "-pix_fmt", "yuv420p")
LEAN = ("-x264-params", "sliced-threads=1:rc-lookahead=5")
AAC = ("-c:a", "aac", "-b:a", "128k", "-ac", "2")
QUESTION = "How do I give C1 time to begin?"
CAPTION = "I waited, and C1 reached for the cup and looked at me"
AGAIN = "Once more, slowly: see where C1 looks first"
END = "We both laughed"

Pieces = list[tuple[float, float]]


# The film, and what its pictures say


def painted(number: int) -> Any:
    """A grey picture with the number as twelve bars, light or dark."""
    import numpy as np

    picture = np.full((HEIGHT, WIDTH), 128, np.uint8)
    for bit in range(BITS):
        left = 16 + 24 * bit
        picture[20:80, left : left + 20] = 235 if number >> bit & 1 else 16
    return picture


def numbers(film: Path) -> list[int]:
    """The numbers of all pictures in a file, those that an edit list hides too."""
    import numpy as np

    small = ("-vf", f"scale={WIDTH}:{HEIGHT}:flags=area", "-pix_fmt", "gray", "-f", "rawvideo", "-")
    raw = run("-ignore_editlist", "1", "-i", film, "-map", "0:v", "-fps_mode", "passthrough", *small)
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH)
    return [sum(int(p[50, 26 + 24 * bit] > 128) << bit for bit in range(BITS)) for p in pictures]


def run(*words: str | Path, given: Iterable[bytes] = ()) -> bytes:
    """One bare ffmpeg."""
    told = [ffmpeg.program(), "-hide_banner", "-v", "error", "-y", *map(str, words)]
    with subprocess.Popen(told, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        for piece in given:
            process.stdin.write(piece)
        process.stdin.close()
        out = process.stdout.read()
    if process.returncode:
        raise RuntimeError("ffmpeg gave up")
    return out


def make_film(folder: Path, minutes: float) -> Path:
    """The film that everything is made from: ten megabits a second, a key picture every 250."""
    once, film = folder / "once.mp4", folder / "film.mp4"
    times = max(round(minutes * 60 / ENCODED), 1)
    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "-")
    grown = ("-vf", "scale=1920:1080:flags=neighbor,noise=alls=18:allf=t", "-pix_fmt", "yuv420p")
    way = (
        "-c:v",
        "libx264",
        "-preset",
        "superfast",
        "-b:v",
        "10M",
        "-bf",
        "3",
        "-b_strategy",
        "0",
        "-sc_threshold",
        "0",
        "-g",
        "250",
    )
    run(*raw, *grown, *way, once, given=(painted(n).tobytes() for n in range(ENCODED * RATE)))
    # the sound is made for the whole: repeated with the picture, it would bring each repeat out of step
    sound = ("-f", "lavfi", "-i", f"anoisesrc=d={times * ENCODED}:a=0.2:r=48000:seed=1")
    kept = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-b:a", "128k")
    run("-stream_loop", str(times - 1), "-i", once, *sound, *kept, film)
    once.unlink()
    return film


def moments(film: Path) -> Pieces:
    """Five moments of ten seconds, spread over the film."""
    known = probe.probe(film, "film")
    begins = (round(known.seconds * share / 30) + 0.4 for share in (2, 8, 14, 20, 25))
    return [(begin, begin + LENGTH) for begin in begins]


# The cases; each runs in a process of its own


def our_cuts(film: Path, out: Path, pieces: Pieces) -> None:
    """Probe included."""
    known = probe.probe(film, "film")
    for n, (start, end) in enumerate(pieces):
        cut.cut(film, known, start, end, out / f"{n}.mp4")


def bare_cuts(film: Path, out: Path, pieces: Pieces) -> None:
    """ffmpeg alone, with the same settings."""
    for n, (start, end) in enumerate(pieces):
        run("-ss", f"{start}", "-i", film, "-t", f"{end - start}", *X264, *LEAN, *AAC, out / f"{n}.mp4")


def moviepy_cuts(film: Path, out: Path, pieces: Pieces) -> None:
    """moviepy as it comes."""
    from moviepy import VideoFileClip

    for n, (start, end) in enumerate(pieces):
        with VideoFileClip(str(film)) as clip:
            moment = clip.subclipped(start, end)
            moment.write_videofile(str(out / f"{n}.mp4"), temp_audiofile_path=str(out), logger=None)


def decode(film: Path, out: Path, pieces: Pieces) -> None:
    """Every picture, once."""
    run("-i", film, "-map", "0:v:0", "-f", "null", "-")


def our_strip(film: Path, out: Path, pieces: Pieces) -> None:
    """Small pictures, sound peaks and movement."""
    strip.make(film, probe.probe(film, "film"), out / "strip.json")


def our_proxy_and_strip(film: Path, out: Path, pieces: Pieces) -> None:
    """Both in one pass."""
    proxy.make(film, probe.probe(film, "film"), out / "proxy.mp4", strip_to=out / "strip.json")


def our_short(film: Path, out: Path, pieces: Pieces) -> None:
    """The short film, probe included."""
    known = probe.probe(film, "film")
    told = [
        short.Piece(film=film, probe=known, start=a, end=b, caption=CAPTION, again=AGAIN) for a, b in pieces
    ]
    last = short.Still(film=film, probe=known, at=30.0)
    short.make(
        short.Story(question=QUESTION, pieces=tuple(told), last=last, end_words=END), out / "short.mp4"
    )


def graph_short(film: Path, out: Path, pieces: Pieces) -> None:
    """The same film by one graph of ffmpeg."""
    card, *bands = drawn(out)
    inputs: list[str | Path] = ["-loop", "1", "-framerate", "30", "-t", "4", "-i", card]
    for band in bands:
        inputs += ["-i", band]
    for a, b in pieces:
        inputs += ["-ss", f"{a:.3f}", "-t", f"{b - a:.3f}", "-i", film]
    inputs += ["-ss", "30", "-t", "0.02", "-i", film]
    n = len(pieces)
    lines = ["[0:v]format=yuv420p,setsar=1[c0]", "anullsrc=r=48000:cl=stereo,atrim=end=4,asplit[q0][q1]"]
    lines += [f"[1:v]split={n}" + "".join(f"[p{i}]" for i in range(n))]
    lines += [f"[2:v]split={n}" + "".join(f"[r{i}]" for i in range(n))]
    joined = "[c0][q0]"
    for i in range(n):
        lines += [f"[{4 + i}:v]fps=30,scale=1280:720,setsar=1,split[a{i}][b{i}]"]
        lines += [f"[a{i}][p{i}]overlay=0:H-h[n{i}]", f"[b{i}]setpts=2*PTS,fps=30[h{i}]"]
        lines += [f"[h{i}][r{i}]overlay=0:H-h[s{i}]"]
        lines += [f"[{4 + i}:a]aformat=s16:48000:stereo,asplit[x{i}][y{i}]", f"[y{i}]atempo=0.5[z{i}]"]
        joined += f"[n{i}][x{i}][s{i}][z{i}]"
    lines += [f"[{4 + n}:v]scale=1280:720,setsar=1,fps=30,trim=end_frame=1,tpad=stop_mode=clone:stop=119[w]"]
    lines += ["[w][3:v]overlay=0:H-h[e]", f"{joined}[e][q1]concat=n={2 * n + 2}:v=1:a=1[v][a]"]
    way = ["-filter_complex", ";".join(lines), "-map", "[v]", "-map", "[a]", "-r", "30", "-g", "60"]
    run(*inputs, *way, *X264, *AAC, "-movflags", "+faststart", out / "short.mp4")


def moviepy_short(film: Path, out: Path, pieces: Pieces) -> None:
    """The same film by moviepy alone, on the source and with its defaults."""
    from moviepy import CompositeVideoClip, ImageClip, VideoFileClip, concatenate_videoclips, vfx

    card, caption, again, end = drawn(out)
    whole = VideoFileClip(str(film))

    def with_band(clip: Any, band: Path) -> Any:
        laid = ImageClip(str(band)).with_duration(clip.duration).with_position(("center", "bottom"))
        return CompositeVideoClip([clip, laid])

    clips = [ImageClip(str(card)).with_duration(4)]
    for a, b in pieces:
        seen = whole.subclipped(a, b).with_effects([vfx.Resize(SIZE)])
        clips += [with_band(seen, caption), with_band(seen.with_speed_scaled(0.5), again)]
    still = ImageClip(whole.get_frame(30)).with_duration(4).with_effects([vfx.Resize(SIZE)])
    clips.append(with_band(still, end))
    film_made = concatenate_videoclips(clips)
    film_made.write_videofile(str(out / "short.mp4"), fps=30, temp_audiofile_path=str(out), logger=None)


def drawn(folder: Path) -> list[Path]:
    """The card and the captions as pictures, for those who cannot draw them."""
    paths = [folder / f"{n}.png" for n in ("card", "caption", "again", "end")]
    captions.card(QUESTION, SIZE).save(paths[0])
    for path, words in zip(paths[1:], (CAPTION, AGAIN, END), strict=True):
        band = captions.band(words, SIZE[0])
        assert band is not None
        band.save(path)
    return paths


CASES: dict[str, Callable[[Path, Path, Pieces], None]] = {
    each.__name__: each
    for each in (
        *(our_cuts, bare_cuts, moviepy_cuts),
        *(decode, our_strip, our_proxy_and_strip),
        *(our_short, graph_short, moviepy_short),
    )
}


# Measuring


def measured(case: str, film: Path, pieces: Pieces, out: Path) -> tuple[float, float]:
    """CPU seconds and megabytes of one case."""
    import psutil

    out.mkdir(exist_ok=True)
    words = [sys.executable, __file__, "--case", case, str(film), str(out), json.dumps(pieces)]
    child = subprocess.Popen(words)
    tree, most = psutil.Process(child.pid), 0
    while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
        held = 0
        try:
            for each in (tree, *tree.children(recursive=True)):
                held += each.memory_info().rss
        except psutil.Error:
            continue  # one of them has just ended
        most = max(most, held)
        time.sleep(0.02)
    child.returncode = os.waitstatus_to_exitcode(ended[1])
    if child.returncode:
        raise RuntimeError(f"The case {case} gave up")
    used = ended[2]
    return used.ru_utime + used.ru_stime, most / 2**20


def compared(cases: list[str], film: Path, pieces: Pieces, folder: Path, repeat: int) -> dict[str, Any]:
    """The least CPU and the most memory of each case, which take turns."""
    found: dict[str, list[tuple[float, float]]] = {case: [] for case in cases}
    for _ in range(repeat):
        for case in cases:
            found[case].append(measured(case, film, pieces, folder / case))
            print(f"  {case}: {found[case][-1][0]:.1f} s, {found[case][-1][1]:.0f} MB", file=sys.stderr)
    return {
        case: {"cpu": min(cpu for cpu, _ in each), "mb": max(mb for _, mb in each)}
        for case, each in found.items()
    }


def told(what: str, ratio: float, wish: str) -> None:
    """One claim, on a line."""
    print(f"{what}: {ratio:.2f} (wished: {wish})")


def check_cuts(folder: Path, pieces: Pieces) -> None:
    """Each of our cuts holds the pictures of its moment, and no other."""
    for n, (start, end) in enumerate(pieces):
        first = int(start * RATE + 1e-4)
        past = math.ceil(end * RATE - 1e-4)
        assert numbers(folder / f"{n}.mp4") == [k % (ENCODED * RATE) for k in range(first, past)], (
            start,
            end,
        )


def check_proxy(folder: Path, film: Path) -> None:
    """The proxy holds every picture of the film, in order and at its time."""
    import numpy as np

    made, known = probe.probe(folder / "proxy.mp4", "proxy"), probe.probe(film, "film")
    assert np.allclose(np.array(made.times), np.array(known.times), atol=1e-4)
    assert numbers(folder / "proxy.mp4") == [k % (ENCODED * RATE) for k in range(len(known.times))]


def check_short(folder: Path, pieces: Pieces) -> None:
    """After the card each moment is there once, and then each of its pictures twice."""
    seen = numbers(folder / "short.mp4")
    at = next(
        n for n, number in enumerate(seen) if number == int(pieces[0][0] * RATE + 1e-4) % (ENCODED * RATE)
    )
    for start, end in pieces:
        first, past = int(start * RATE + 1e-4), math.ceil(end * RATE - 1e-4)
        wanted = [k % (ENCODED * RATE) for k in range(first, past)]
        twice = [k for k in wanted for _ in range(2)]
        assert seen[at : at + len(wanted)] == wanted, (start, end)
        assert seen[at + len(wanted) : at + 3 * len(wanted)] == twice, (start, end)
        at += 3 * len(wanted)


def main() -> None:
    """Make the film, check, measure, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--only", choices=("cuts", "strip", "short"))
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        case, film, out, pieces = asked.case
        CASES[case](Path(film), Path(out), [(a, b) for a, b in json.loads(pieces)])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = make_film(folder, asked.minutes)
        if asked.only in (None, "cuts"):
            tell_cuts(film, folder, asked.repeat)
        if asked.only in (None, "strip"):
            tell_strip(film, folder, asked.repeat)
        if asked.only in (None, "short"):
            tell_short(film, folder, asked.repeat)


def tell_cuts(film: Path, folder: Path, repeat: int) -> None:
    """Five moments of ten seconds."""
    pieces = moments(film)
    measured("our_cuts", film, pieces, folder / "our_cuts")
    check_cuts(folder / "our_cuts", pieces)
    print("five cuts are exact to the frame")
    found = compared(["our_cuts", "bare_cuts", "moviepy_cuts"], film, pieces, folder, repeat)
    ours, bare, moviepy = found.values()
    told("five cuts, CPU, of bare ffmpeg with the same settings", ours["cpu"] / bare["cpu"], "at most 1.1")
    told(
        "five cuts, CPU, moviepy with its defaults is so many times ours",
        moviepy["cpu"] / ours["cpu"],
        "2 or more",
    )
    told("five cuts, memory, of moviepy's", ours["mb"] / moviepy["mb"], "at most 0.25")


def tell_strip(film: Path, folder: Path, repeat: int) -> None:
    """The strip, and the proxy with it."""
    measured("our_proxy_and_strip", film, [], folder / "our_proxy_and_strip")
    check_proxy(folder / "our_proxy_and_strip", film)
    print("the proxy is exact to the frame")
    found = compared(["decode", "our_strip", "our_proxy_and_strip"], film, [], folder, repeat)
    once, ours, both = found.values()
    told(
        "strip, CPU, of one decoding",
        ours["cpu"] / once["cpu"],
        "at most 1.1, and 0.7 where pictures may be left out",
    )
    told("strip and proxy in one pass, CPU, of one decoding", both["cpu"] / once["cpu"], "at most 1.9")


def tell_short(film: Path, folder: Path, repeat: int) -> None:
    """A short film of some 40 seconds: three moments, each with its repeat."""
    pieces = [(4.013, 7.513), (20.013, 23.513), (36.013, 39.513)]
    measured("our_short", film, pieces, folder / "our_short")
    check_short(folder / "our_short", pieces)
    print("the short film is exact to the frame")
    found = compared(["our_short", "graph_short", "moviepy_short"], film, pieces, folder, repeat)
    ours, graph, moviepy = found.values()
    told("short film, CPU, of one ffmpeg graph", ours["cpu"] / graph["cpu"], "at most 1.4")
    told(
        "short film, CPU, moviepy on the source is so many times ours",
        moviepy["cpu"] / ours["cpu"],
        "3 or more",
    )


if __name__ == "__main__":
    main()
