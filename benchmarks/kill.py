"""Kills a process a thousand times while it saves, and counts what is lost: nothing.

    python benchmarks/kill.py [--times 1000] [--seed 1]

Each time a child marks one moment after the other in a cycle of its own and names each on standard output
once `steps.mark` has returned. It is killed with SIGKILL a random few milliseconds after its first word.
Then every moment that was named has to be in the cycle, and every file has to be readable. What a killed
save has left is swept by the next change. The counts are printed as one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import tempfile
import time
from pathlib import Path

from vigkit import checks, steps
from vigkit.casebook import Casebook

FILM = {
    "format": 1,
    "id": "snack",
    "file": "films/snack.mp4",
    "sha256": "0" * 64,
    "seconds": 600,
    "people": ["S1"],
}
EACH = 50  # kills a casebook: reading all its cycles again and again is not what is tried here


def kill(times: int, seed: int, folder: Path) -> dict[str, int]:
    """Kill a saving child so many times, in casebooks below the folder."""
    dice = random.Random(seed)
    counts = {"kills": 0, "acknowledged": 0, "left": 0, "lost": 0, "unreadable": 0, "not_swept": 0}
    for first in range(0, times, EACH):
        book = steps.new(folder / f"casebook-{first}", id="S1-kill")
        book.folder.joinpath("films").mkdir()
        book.folder.joinpath("films/snack.json").write_text(json.dumps(FILM), encoding="utf-8")
        for n in range(first, min(first + EACH, times)):
            cycle = f"c{n}"
            steps.put(book, "cycle", {"format": 1, "id": cycle, "question": [{"words": "When do I wait?"}]})
            counts["not_swept"] += len(_parts(book))
            told = _killed(book.folder, cycle, dice.uniform(0, 0.02))
            stored = {moment.id for moment in Casebook(book.folder).cycle(cycle).moments}
            counts["kills"] += 1
            counts["acknowledged"] += len(told)
            counts["left"] += len(_parts(book))
            counts["lost"] += len(told - stored)
        steps.put(book, "cycle", {"format": 1, "id": "last", "question": [{"words": "When do I wait?"}]})
        counts["not_swept"] += len(_parts(book))
        counts["unreadable"] += sum(p["code"] != "film-missing" for p in checks.check(book.folder))
    return counts


def _killed(folder: Path, cycle: str, after: float) -> set[str]:
    """The moments that a child has named when it is killed, so many seconds after the first."""
    hears, says = os.pipe()
    child = os.fork()
    if child == 0:
        _save_for_ever(folder, cycle, says)
    os.close(says)
    told = b""
    end: float | None = None
    while end is None or time.monotonic() < end:
        ready, _, _ = select.select([hears], [], [], 60 if end is None else max(0, end - time.monotonic()))
        if ready:
            told += os.read(hears, 4096)
            end = end or time.monotonic() + after
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(hears, 4096):
        told += more
    os.close(hears)
    return set(told.decode().split())


def _save_for_ever(folder: Path, cycle: str, says: int) -> None:
    try:
        book = Casebook(folder)
        while True:
            moment = steps.mark(book, cycle, film="snack", start=1, end=2, saw="They looked up. " * 200)
            os.write(says, f"{moment.id}\n".encode())
    finally:
        os._exit(1)


def _parts(book: Casebook) -> list[Path]:
    return [*book.folder.rglob("*.part")]


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(kill(asked.times, asked.seed, Path(folder))))


if __name__ == "__main__":
    main()
