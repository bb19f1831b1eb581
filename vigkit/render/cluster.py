"""Logs made by a Dask cluster that is there already: bundles go out, pages come back.

Nothing of Dask is imported before somebody names a scheduler. A bundle goes out in an order that says nothing
of itself, under a random key: neither a dashboard nor a log of the cluster shows a word of a person. What the
cluster's workers run is `made`; it hands the order to a bench, a process of its own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import os
import subprocess
import sys
import time
import uuid
import warnings
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from vigkit import content
from vigkit.errors import (
    BadUsage,
    ClusterDiffers,
    ClusterLost,
    ClusterNotInstalled,
    ClusterUnreachable,
    WorkerDied,
)
from vigkit.render.bench import BEGUN, ground, told
from vigkit.render.template import Template
from vigkit.render.workers import Reason, Task, reason

KNOCK = 6.0  # seconds in which a scheduler answers
LOOK = 10.0  # seconds in which all of its workers say what they have
AHEAD = 2  # orders at a time for each thread of the cluster: one in work, one that waits beside it
GONE = 60.0  # seconds for a worker to come back where none is left
_PAUSE = 5.0  # seconds without a page, after which one looks who is there


class Order:
    """What a page is made from, on its way. Dask writes what it carries in its logs: here, three words."""

    def __init__(self, line: bytes) -> None:
        self.line = line

    def __repr__(self) -> str:
        return "<an order>"


def made(order: Order) -> dict[str, str]:
    """On a worker of the cluster: the page of an order, or why there is none."""
    while True:
        bench, fresh = _bench()
        answer = bench.asked(order.line)
        if answer is not None:
            if not bench.ended:
                _idle.append(bench)
            return answer
        if fresh:
            return told(reason(WorkerDied()))


@contextmanager
def joined(address: str, template: Template) -> Iterator[Any]:
    """Those who make logs in the cluster with this scheduler; refused before anything is sent."""
    _allowed(address)
    try:
        import distributed
    except ImportError as e:
        raise ClusterNotInstalled from e
    with _quiet():
        security = _security(address)
        asyncio.run(_look(address, security))
        try:
            client = distributed.Client(address, security=security, **_CLIENT)
        except (OSError, ValueError) as e:
            raise ClusterUnreachable(address) from e
        try:
            yield partial(_rendered, client, template)
        finally:
            with suppress(OSError, RuntimeError):
                client.close(timeout=KNOCK)


_CLIENT: Mapping[str, Any] = {"timeout": KNOCK, "set_as_default": False, "direct_to_workers": False}


def _rendered(
    client: Any, template: Template, tasks: Sequence[Task], timeout: float
) -> Generator[tuple[Task, str | Reason]]:
    """The page of each task, or why there is none, in the order in which they are done; close it to stop."""
    waiting = deque(tasks)
    sent: dict[Any, Task] = {}
    watch = _Watch(client)
    try:
        while waiting or sent:
            while waiting and len(sent) < AHEAD * watch.threads:
                task = waiting.popleft()
                sent[_send(client, _order(task, template, timeout))] = task
            for future in _done(client, sent) or watch.look():
                if (answer := _taken(future)) is not None:
                    task = sent.pop(future)
                    future.release()  # at once: the page lies nowhere any longer than it has to
                    yield task, answer
    finally:
        if sent and client.status == "running":
            with suppress(OSError, RuntimeError):
                client.cancel(list(sent), force=True)


class _Watch:
    """How many threads the cluster has; ClusterLost where it has had none for long."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._seen = time.monotonic()
        self.threads = 1
        self.look()

    def look(self) -> tuple[()]:
        """Look who is there."""
        found = self._client.scheduler_info(n_workers=0).get("total_threads", 0)
        if found:
            self._seen, self.threads = time.monotonic(), found
        elif time.monotonic() > self._seen + GONE:
            raise ClusterLost("The cluster has no worker any more")
        return ()


def _send(client: Any, order: Order) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a bundle with many pictures it says that it is large
        return client.submit(made, order, key=f"log-{uuid.uuid4().hex}", pure=False)


def _order(task: Task, template: Template, timeout: float) -> Order:
    order = {
        "ground": ground(),
        "template": template.files() if template.own else None,
        "engine": template.engine,
        "timeout": timeout,
        "bundle": task.bundle.read_text("utf-8"),
    }
    return Order(json.dumps(order).encode() + b"\n")


def _done(client: Any, sent: Mapping[Any, Task]) -> list[Any]:
    """The orders that have been answered, as soon as there is one; none after a while."""
    from distributed import wait

    try:
        with client.as_current():
            return list(wait(list(sent), timeout=_PAUSE, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return []
    except CancelledError as e:
        raise ClusterLost("The cluster does not answer any more") from e


def _taken(future: Any) -> str | Reason | None:
    """What has come back; None where its worker has gone with it, and another makes it again."""
    from distributed import KilledWorker

    if future.status == "error":
        if isinstance(future.exception(), KilledWorker):
            return reason(WorkerDied())
        raise ClusterLost("A worker of the cluster could not begin a log")
    try:
        told = future.result(timeout=_PAUSE)
    except TimeoutError:
        return None
    except CancelledError as e:
        raise ClusterLost("The cluster does not answer any more") from e
    if "page" in told:
        return str(told["page"])
    if told["code"] == ClusterDiffers.code:
        raise ClusterLost("A worker of the cluster has another vigkit than this computer")
    return Reason(code=told["code"], sentence=told["sentence"])


def _allowed(address: str) -> None:
    """BadUsage for what is no address, and for one to which a child's pictures would go in clear."""
    try:
        found = urlsplit(address)
        scheme, host, port = found.scheme, found.hostname, found.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in ("tls", "tcp") or not host or port is None:
        raise BadUsage("Write the address with tls:// and its port, such as tls://dask.example:8786.")
    if scheme == "tcp" and not _is_here(host):
        raise BadUsage("tcp:// would send words and pictures in clear. Use tls://, as docs/cluster.md shows.")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _security(address: str) -> Any:
    """The certificates that Dask's own configuration names."""
    from distributed import Security

    try:
        security = Security(require_encryption=address.startswith("tls:") or None)
        found = security.get_connection_args("client")["ssl_context"]
    except (OSError, ValueError, TypeError):
        found = None
    if address.startswith("tls:") and found is None:
        raise ClusterUnreachable(address, "tls:// needs certificates. Name them as docs/cluster.md shows.")
    return security


async def _look(address: str, security: Any) -> None:
    """Ask who is there, and whether all of them make the pages that this computer would make."""
    if not await _within(KNOCK + 2, _knock(address, security)):
        raise ClusterUnreachable(address)
    found = await _within(LOOK, _grounds(address, security))
    if found is None:
        raise ClusterUnreachable(address, "A computer of the cluster does not answer. Look at its workers.")
    scheduler, *workers = found
    if not workers:
        raise ClusterUnreachable(address, "The cluster has no worker. Start one, then try again.")
    for who, each in (("The scheduler", [scheduler]), ("A worker", workers)):
        if any(there != ground() for there in each):
            raise ClusterDiffers(who)


async def _within(seconds: float, asked: Any) -> Any:
    """The answer; None where there is none in time, or where some other program answers as it likes."""
    answers = await asyncio.gather(asyncio.wait_for(asked, seconds), return_exceptions=True)
    return None if isinstance(answers[0], BaseException) else answers[0]


async def _knock(address: str, security: Any) -> bool:
    from distributed import rpc

    connection = security.get_connection_args("client")
    async with rpc(address, timeout=KNOCK, connection_args=connection) as scheduler:
        return bool((await scheduler.identity())["type"] == "Scheduler")


async def _grounds(address: str, security: Any) -> list[Any]:
    """What makes a page there: for the scheduler, and each worker; an error where one has no such vigkit."""
    from distributed import Client

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the versions of Python differ: what counts is asked here
        async with Client(address, asynchronous=True, security=security, **_CLIENT) as client:
            with suppress(TimeoutError):
                await client.wait_for_workers(1, timeout=LOOK / 2)
            scheduler = await asyncio.gather(client.run_on_scheduler(ground), return_exceptions=True)
            workers = await client.run(ground, on_error="return")
    return [*scheduler, *workers.values()]


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask would write on the terminal is said in our words."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


# On a worker of the cluster: the benches that wait for an order. Its threads share them.
_idle: deque[_Bench] = deque()


def _bench() -> tuple[_Bench, bool]:
    try:
        return _idle.pop(), False
    except IndexError:
        return _Bench(), True


class _Bench:
    """A bench, as those see it who give it orders."""

    def __init__(self) -> None:
        # In a session of its own: what ends the worker with force leaves it the time to tidy up.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vigkit.render.bench"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            env={**os.environ, **content.python_path()},
        )
        self.ended = False

    def asked(self, line: bytes) -> dict[str, str] | None:
        """The answer to an order; None where it had gone home before."""
        assert self._process.stdin is not None and self._process.stdout is not None
        begun = answer = b""
        with suppress(OSError):
            self._process.stdin.write(line)
            self._process.stdin.flush()
            begun = self._process.stdout.readline()
            answer = self._process.stdout.readline()
        if not answer:
            self.ended = True
            self._process.communicate()
            return told(reason(WorkerDied())) if begun == BEGUN else None
        found: dict[str, str] = json.loads(answer)
        return found
