"""A bench on a computer of a cluster: orders come in on standard input, pages go out on standard output.

It is a process of its own beside the cluster's worker, and lets a worker of ours make the log, as on one
computer. What has to lie on disk lies in a folder that nobody else may open, and goes with it. It ends with
whoever started it, and when it has had nothing to do for a while.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from vigkit.errors import ClusterDiffers
from vigkit.render import template as templates
from vigkit.render.workers import Reason, Task, Worker, reason, wait

IDLE = 60.0  # seconds without an order, after which it leaves
BEGUN = b"begun\n"
_NAME = "vigkit-bench-"


def ground() -> str:
    """Whatever makes a page here, beside a team's own files: the same where the same pages are made."""
    return templates.find().key


def serve() -> None:
    """Take orders until nobody is there to give one."""
    orders, answers = _streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # on the way out, the folder goes
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(orders, inbox), daemon=True).start()
    with _folder() as folder, suppress(queue.Empty, OSError):
        bench = _Bench(folder, inbox)
        try:
            while line := inbox.get(timeout=IDLE):
                answers.write(BEGUN)
                answers.flush()
                answers.write(json.dumps(bench.made(json.loads(line))).encode() + b"\n")
                answers.flush()
        finally:
            bench.clear()


class _Bench:
    """The worker of ours, kept for orders of one kind; a new one for each kind."""

    def __init__(self, folder: Path, inbox: queue.SimpleQueue[bytes]) -> None:
        self._folder, self._inbox = folder, inbox
        self._ground = ground()
        self._kind: Any = None
        self._worker: Worker | None = None

    def made(self, order: dict[str, Any]) -> dict[str, str]:
        """The page of an order, or why there is none."""
        if order["ground"] != self._ground:
            return told(reason(ClusterDiffers("A worker")))
        task = Task(name="log", bundle=self._folder / "work" / "bundle.json")
        task.bundle.parent.mkdir()
        try:
            task.bundle.write_text(order["bundle"], encoding="utf-8", newline="\n")
            return told(self._answer(task, order))
        finally:
            shutil.rmtree(task.bundle.parent, ignore_errors=True)

    def _answer(self, task: Task, order: dict[str, Any]) -> str | Reason:
        kind = (order["template"], order["engine"], order["timeout"])
        if kind != self._kind or self._worker is None or self._worker.ended:
            self.clear()
            self._worker, self._kind = Worker(self._template(order), order["timeout"]), kind
        self._worker.give(task)
        while (answer := self._worker.answer()) is None:
            if not self._inbox.empty():  # nobody sends a second order: they have gone
                raise queue.Empty
            wait([self._worker])
        if isinstance(answer, Reason):
            self.clear()
        return answer

    def _template(self, order: dict[str, Any]) -> templates.Template:
        """The team's own files, as they came; or ours, which are here."""
        own, folder = order["template"], self._folder / "template"
        if own is None:
            return templates.find(engine=order["engine"])
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, text in own.items():
            file = folder.joinpath(*(part for part in name.split("/") if part not in ("", "..")))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8", "surrogateescape"))
        return templates.find(folder, order["engine"])

    def clear(self) -> None:
        """Nobody works here any more."""
        if self._worker is not None:
            self._worker.kill()


def told(answer: str | Reason) -> dict[str, str]:
    """An answer as it goes over a wire."""
    if isinstance(answer, str):
        return {"page": answer}
    return {"code": answer.code, "sentence": answer.sentence}


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for us alone: no log and no library writes between the answers."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return orders, answers


def _read(orders: BinaryIO, inbox: queue.SimpleQueue[bytes]) -> None:
    for line in orders:
        inbox.put(line)
    inbox.put(b"")  # whoever gave the orders has gone


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for this user alone; whatever one that was killed has left is taken away first."""
    from filelock import FileLock, Timeout

    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_NAME}*.lock"):
        with suppress(Timeout, OSError), FileLock(left, timeout=0):
            shutil.rmtree(left.with_suffix(""), ignore_errors=True)
            left.unlink(missing_ok=True)
    folder = place / f"{_NAME}{secrets.token_hex(8)}"
    with FileLock(f"{folder}.lock"):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                Path(f"{folder}.lock").unlink()


if __name__ == "__main__":
    serve()
