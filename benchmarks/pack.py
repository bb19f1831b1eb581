"""What a log costs in a pack, as ratios in one run against a shell loop of papermill and nbconvert.

    python benchmarks/pack.py [--naive 4] [--logs 200] [--many 1000] [--rounds 3] [--people FOLDER]

The demonstration is drawn (or FOLDER taken), and its casebooks are copied under other ids until there are
enough logs. First the pages are compared: those of `vigkit pack`, those of `vigkit pack --engine nbclient`,
and those that nbconvert makes with our exporter from what papermill has run. They have to be the same bytes.
Then the two ways take turns. CPU is user and system time of a command and of all that it starts; that of a
further log is the difference between a pack of many and a pack of few. Memory is the largest sum that all
processes of a pack hold at one time.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from vigkit.render.page import shipped

DAY = "2026-11-22"
LOG = shipped() / "log.ipynb"
FEW = 10


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--naive", type=int, default=4, help="logs of the shell loop in a round (4)")
    parser.add_argument("--logs", type=int, default=200, help="logs of a pack in a round (200)")
    parser.add_argument("--many", type=int, default=1000, help="logs that are packed twice (1000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--people", type=Path, help="casebooks to copy; else the demonstration is drawn")
    asked = parser.parse_args()
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=0)  # as pip leaves it
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = asked.people or drawn(folder / "demonstration")
        may = shown(people, folder / "shown")
        few, logs, many = (copied(people, folder / str(n), n, may) for n in (FEW, asked.logs, asked.many))
        bundles = written(few, folder / "bundles")
        same_pages(few, bundles, folder / "same")
        rounds(few, logs, bundles[: asked.naive], asked.rounds, folder / "rounds")
        unchanged(many, folder / "many")
        parts(bundles[0], folder / "parts")


def drawn(folder: Path) -> Path:
    vigkit("demo", str(folder))
    return folder / "people"


def shown(people: Path, out: Path) -> Counter[str]:
    """How many logs of each casebook may be shown."""
    pack(people, out)
    return Counter(
        log["casebook"] for log in json.loads(out.joinpath("pack.json").read_text("utf-8"))["logs"]
    )


def copied(people: Path, out: Path, logs: int, may: Counter[str]) -> Path:
    """Casebooks with so many logs or a few more, each with its own id; films and pictures are linked."""
    books = sorted(each for each in people.iterdir() if each.joinpath("casebook.json").is_file())
    done = turn = 0

    def linked(a: str, b: str) -> None:
        shutil.copy2(a, b) if a.endswith(".json") else os.link(Path(a).resolve(), b)

    while done < logs:
        for book in books:
            mine = out / f"{book.name}-{turn}"
            leave = shutil.ignore_patterns("workbooks", "logs", "*.lock")
            shutil.copytree(book, mine, copy_function=linked, ignore=leave)
            owner = mine / "casebook.json"
            data = json.loads(owner.read_text("utf-8"))
            owner.write_text(json.dumps(data | {"id": f"{data['id']}-{turn}"}), "utf-8")
            done += may[data["id"]]
            if done >= logs:
                break
        turn += 1
    return out


def vigkit(*words: str, check: bool = True) -> dict[str, Any]:
    """What a verb tells as JSON."""
    run = subprocess.run(
        [sys.executable, "-m", "vigkit", *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    told: dict[str, Any] = json.loads(run.stdout)
    assert told["ok"] or not check, told["error"]
    return told


def pack(books: Path, out: Path, *more: str) -> dict[str, Any]:
    return vigkit("pack", str(books), "-o", str(out), "--day", DAY, *more)["result"]  # type: ignore[no-any-return]


def written(books: Path, out: Path) -> list[tuple[str, Path]]:
    """The bundles of all that may be shown, with the names of their pages."""
    out.mkdir()
    found = []
    for cycle in sorted(books.glob("*/cycles/*.json")):
        book = cycle.parents[1]
        file = out / f"{book.name}-{cycle.stem}.json"
        told = vigkit("bundle", str(book), cycle.stem, "-o", str(file), "--day", DAY, check=False)
        if told["ok"]:
            owner = json.loads(book.joinpath("casebook.json").read_text("utf-8"))["id"]
            found.append((f"{owner}/{cycle.stem}.html", file))
    return found


def naive(bundle: Path, out: Path, to: str = "html") -> Path:
    """What a person would do in a shell, for one log."""
    out.mkdir(parents=True, exist_ok=True)
    done = out / f"{bundle.stem}.ipynb"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    bin = Path(sys.executable).parent
    subprocess.run([bin / "papermill", LOG, done, "-p", "bundle", str(bundle)], **quiet)
    subprocess.run([bin / "jupyter", "nbconvert", "--to", to, done], **quiet)
    return done.with_suffix(".html")


def same_pages(books: Path, bundles: Sequence[tuple[str, Path]], out: Path) -> None:
    pack(books, out / "vigkit")
    pack(books, out / "nbclient", "--engine", "nbclient")
    for name, _ in bundles:
        page = (out / "vigkit" / name).read_bytes()
        assert page == (out / "nbclient" / name).read_bytes(), name
    for name, bundle in bundles[:2]:
        assert naive(bundle, out, "vigkit_log").read_bytes() == (out / "vigkit" / name).read_bytes(), name
    print(f"The same bytes by our engine, by a kernel and by the shell: {len(bundles)} pages.")


def measured(work: Any, *given: Any) -> tuple[float, float, Any]:
    """Seconds of CPU and of the clock, and what came of it."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    result = work(*given)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall, result


class Memory:
    """The most that the processes below this one hold together, while it is looked at."""

    def __enter__(self) -> Memory:
        self.most, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            held = 0
            for each in psutil.Process().children(recursive=True):
                try:
                    held += each.memory_info().rss
                except psutil.Error:
                    continue
            self.most = max(self.most, held)


def rounds(few: Path, logs: Path, bundles: Sequence[tuple[str, Path]], turns: int, out: Path) -> None:
    shell, short, long, memory = [], [], [], 0
    for turn in range(turns):
        for _, bundle in bundles:
            shell.append(measured(naive, bundle, out / f"shell-{turn}"))
        short.append(measured(pack, few, out / f"few-{turn}"))
        with Memory() as looked:
            long.append(measured(pack, logs, out / f"logs-{turn}"))
        memory = max(memory, looked.most)
    numbers = [way[-1][2]["rendered"] for way in (short, long)]
    cpu, wall = (statistics.median(each[n] for each in shell) for n in (0, 1))
    (few_cpu, _), (all_cpu, all_wall) = (
        tuple(statistics.median(each[n] for each in way) for n in (0, 1)) for way in (short, long)
    )
    further = (all_cpu - few_cpu) / (numbers[1] - numbers[0])
    of_all = all_wall / numbers[1]
    print(f"A log of the shell loop: {cpu:.2f} s of CPU, {wall:.2f} s of the clock ({len(shell)} logs).")
    print(
        f"A further log of a pack: {further * 1000:.0f} ms of CPU: {cpu / further:.0f} times less (goal: 40)."
    )
    print(
        f"A pack of {numbers[1]} logs: {all_wall:.1f} s, {of_all * 1000:.0f} ms a log by the clock: "
        f"{wall / of_all:.0f} times less (goal: 25)."
    )
    print(f"The most memory of all its processes: {memory / 1e6:.0f} MB (goal: 600).")


def unchanged(books: Path, out: Path) -> None:
    began = time.perf_counter()
    with Memory() as looked:
        first = pack(books, out)
    print(
        f"{first['rendered']} logs: {time.perf_counter() - began:.0f} s, at most {looked.most / 1e6:.0f} MB."
    )
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        again = pack(books, out)
        seconds.append(time.perf_counter() - began)
        assert again["rendered"] == 0 and again["kept"] == first["rendered"]
    print(f"Once more, unchanged: {statistics.median(seconds):.2f} s (goal: 2).")
    cycle = next(each for each in sorted(books.glob("*/cycles/*.json")) if "-0" in each.parents[1].name)
    data = json.loads(cycle.read_text("utf-8"))
    cycle.write_text(json.dumps(data | {"working_point": "I wait for one breath more."}), "utf-8")
    print(f"After one changed cycle: {pack(books, out)['rendered']} log made.")


def parts(bundle: tuple[str, Path], folder: Path) -> None:
    """Where the time of a further log goes, in one process that has made some."""
    from vigkit.render import template
    from vigkit.render.exporter import LogExporter

    template.quick_imports()
    folder.mkdir()
    ours = template.find()
    notebook = template.check(ours)
    run, export = [], []
    for _ in range(20):
        began = time.process_time()
        executed = template._executed(ours, notebook, bundle[1].resolve(), folder)
        middle = time.process_time()
        LogExporter(template=ours.name, folder=str(ours.folder)).page(executed)
        run.append(middle - began)
        export.append(time.process_time() - middle)
    cells, page = (statistics.median(each) * 1000 for each in (run, export))
    print(f"Of it: papermill and the cells {cells:.0f} ms, nbconvert and the page {page:.0f} ms of CPU.")


if __name__ == "__main__":
    main()
