"""Worker processes: one gets a bundle file and gives back a page; one that dies or lingers is replaced."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from vigkit.errors import MachineFailed, TookTooLong, TooMuchMemory, VigkitError, WorkerDied

if TYPE_CHECKING:
    from vigkit.render.template import Template

# Seconds for a worker to come to life on a slow disk, before the time of its first log begins.
STARTING = 120.0
MOST = 1 << 30  # bytes of memory for one log, its kernel included
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
_LOOK = 0.5  # seconds between two looks at how much a worker has taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One page to make from a bundle file; the folder of that file is the worker's to work in."""

    name: str
    bundle: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why there is no page."""

    code: str
    sentence: str


def rendered(
    template: Template, workers: int, tasks: Sequence[Task], timeout: float
) -> Generator[tuple[Task, str | Reason], None, None]:
    """The page of each task, or why there is none, in the order in which they are done.

    Close it to end the workers. multiprocessing is not safe between threads: one thread drives all of them.
    """
    waiting = deque(tasks)
    crew: list[Worker] = []
    try:
        while waiting or any(each.task for each in crew):
            for each in crew:
                if waiting and each.task is None:
                    each.give(waiting.popleft())
            while waiting and len(crew) < workers:
                crew.append(Worker(template, timeout))
                crew[-1].give(waiting.popleft())
            wait([each for each in crew if each.task])
            for each in list(crew):
                task, answer = each.task, each.answer()
                if task is None or answer is None:
                    continue
                if isinstance(answer, Reason) and template.engine == "vigkit":
                    each.kill()  # a log that stopped may have left anything behind in it
                if each.ended:
                    crew.remove(each)
                yield task, answer
    except BaseException:  # closed early and Ctrl-C too: nobody waits for their pages any more
        for each in crew:
            each.kill()
        raise
    for each in crew:
        each.dismiss()


class Worker:
    """A process with a pipe; `task` is what it is working on, `ended` that it is of no more use."""

    def __init__(self, template: Template, timeout: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.task: Task | None = None
        self.ended = False
        self._timeout = timeout
        self._kernels = template.own or template.engine == "nbclient"  # else it starts no process
        self._looked = time.monotonic()
        self.deadline = 0.0
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, template), daemon=True)
        try:
            # half born, a worker would print a traceback at a Ctrl-C
            with undisturbed(), _born_deaf(), _without_main():
                self.process.start()
        except OSError as e:
            raise MachineFailed("another process", "The computer could not start") from e
        except KeyboardInterrupt:
            if self.process.pid is not None:
                self.kill()
            raise
        theirs.close()

    def give(self, task: Task) -> None:
        """Hand over a task; its time begins when the worker says so."""
        self.task = task
        self.deadline = time.monotonic() + STARTING + self._timeout
        with suppress(OSError):  # it has died meanwhile: `answer` finds that out
            self.pipe.send_bytes(os.fsencode(task.bundle))

    def answer(self) -> str | Reason | None:
        """The page or the reason, once there is one; a worker that is of no more use has ended then."""
        if self.task is None:
            return None
        alive = self.process.is_alive()  # asked first: its last words may come just before its end
        answer = self._heard()
        if answer is None and not alive:
            self.kill()
            answer = reason(WorkerDied())
        elif answer is None and time.monotonic() >= self.deadline:
            self.kill()
            answer = reason(TookTooLong(self._timeout))
        elif answer is None and self._memory() > MOST:
            self.kill()
            answer = reason(TooMuchMemory(MOST))
        if answer is not None:
            self.task = None
        return answer

    def _heard(self) -> str | Reason | None:
        try:
            while self.pipe.poll():
                told = json.loads(self.pipe.recv_bytes())
                if "begun" in told:
                    self.deadline = time.monotonic() + self._timeout
                elif "page" in told:
                    return str(told["page"])
                else:
                    return Reason(code=told["code"], sentence=told["sentence"])
        except (EOFError, OSError, ValueError, LookupError, TypeError):  # a cell may write into any pipe
            self.kill()
            return reason(WorkerDied())
        return None

    def _memory(self) -> int:
        """Bytes that the worker and its kernel hold; looked at now and then."""
        import psutil  # type: ignore[import-untyped]

        if (now := time.monotonic()) < self._looked + _LOOK:
            return 0
        self._looked = now
        held = 0
        with suppress(psutil.Error):
            worker = psutil.Process(self.process.pid)
            for each in (worker, *(worker.children(recursive=True) if self._kernels else ())):
                held += each.memory_info().rss
        return held

    def dismiss(self) -> None:
        """Let an idle worker go home: the end of the pipe is the end of its work."""
        self.pipe.close()
        self.process.join(5)
        self.kill()

    def kill(self) -> None:
        """End the worker now, and the kernel that it may have started, which is in a session of its own."""
        if self.ended:
            return
        import psutil

        self.ended = True
        self.pipe.close()
        family = []
        with suppress(psutil.Error):
            family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for each in family:
            with suppress(psutil.Error):
                each.kill()
        self.process.join()
        self.process.close()


def wait(busy: Sequence[Worker]) -> None:
    """Until one of them has something to say, has died, has run out of time, or is to be looked at."""
    left = min(min(each.deadline for each in busy) - time.monotonic(), _LOOK)
    connection.wait([part for each in busy for part in (each.pipe, each.process.sentinel)], max(left, 0))


def reason(error: VigkitError) -> Reason:
    """What went otherwise, as it can be told to others."""
    return Reason(code=error.code, sentence=error.told)


@contextmanager
def undisturbed() -> Iterator[None]:
    """A Ctrl-C waits until this is over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
        if pressed:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _born_deaf() -> Iterator[None]:
    """A new process inherits what is blocked; it listens again once it is out of the terminal's reach."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # now: starting it unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_main() -> Iterator[None]:
    """spawn runs the caller's own script once more in the child, unless `__main__` is of no file."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _work(pipe: connection.Connection, template: Template) -> None:
    """The life of a worker: a bundle file in, a page out, until the pipe ends."""
    _apart()
    del sys.argv[1:]  # they name folders of the person's
    from vigkit.render import template as templates

    notebook = None
    while True:
        try:
            bundle = Path(os.fsdecode(pipe.recv_bytes()))
        except EOFError:
            return
        pipe.send_bytes(b'{"begun": true}')
        try:
            templates.quick_imports()
            notebook = notebook or templates.check(template)
            answer = {"page": templates.run(template, bundle, bundle.parent, notebook)}
        except VigkitError as e:
            answer = {"code": e.code, "sentence": e.told}
        except MemoryError:
            answer = {"code": TooMuchMemory.code, "sentence": TooMuchMemory(MOST).told}
        pipe.send_bytes(json.dumps(answer).encode())


def _apart() -> None:
    """Out of the terminal's reach, silent, and gone when the one who started us is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes
        import resource

        # a cell that never lets go of Python would not let our own thread see it
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        # what is taken in one go is more than a look now and then can stop
        resource.setrlimit(resource.RLIMIT_DATA, (4 * MOST, 4 * MOST))
    if hasattr(os, "setsid"):
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    # Windows: a console's stream keeps its handle whatever becomes of its number.
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # the kernel looks for us every second, and leaves too
