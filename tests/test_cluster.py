"""A cluster gives the bytes that one computer gives; whatever becomes of it, nothing is lost or left."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from conftest import CYCLE, ROOT, told, tree_hash
from test_pack import DAY, LOGS, log, packing, rows, script, states, team_template

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.errors import ClusterDiffers, ClusterLost, ClusterUnreachable, VigkitError
from vigkit.render import template
from vigkit.render.cluster import Order, made
from vigkit.render.pack import Packed, Progress

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signal 9 is not for Windows")
Run = Callable[..., subprocess.CompletedProcess[str]]


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def of_ours(process: psutil.Process) -> bool:
    """Whether it is a bench, or something that a bench has started; or gone already."""
    with suppress(psutil.NoSuchProcess):
        return any("vigkit.render.bench" in each.cmdline() for each in [process, *process.parents()])
    return True


def benches(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The benches of a worker of the cluster."""
    family = psutil.Process(process.pid).children(recursive=True)
    return [each for each in family if "vigkit.render.bench" in each.cmdline()]


@dataclass
class Cluster:
    """A scheduler and workers of Dask on this computer."""

    folder: Path
    env: dict[str, str]
    protocol: str = "tcp"
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return str(json.loads(self.folder.joinpath("scheduler.json").read_text())["address"])

    def start(self, kind: str, *words: str, **env: str) -> subprocess.Popen[bytes]:
        """Its folder for temporary files is its own, and so is what it says."""
        name = f"{kind}-{len(self.started)}"
        place = self.folder / name
        for each in place, self.folder / f"{name}-tmp":
            each.mkdir()
        said = self.folder.joinpath(f"{name}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *words],
            cwd=place,
            env=self.env | {"TMPDIR": str(self.folder / f"{name}-tmp")} | env,
            stdout=said,
            stderr=said,
        )
        said.close()
        self.names[process.pid] = name
        self.started.append(process)
        return process

    def worker(self, *words: str, nanny: bool = False, **env: str) -> subprocess.Popen[bytes]:
        """A worker with one thread, once the scheduler knows it."""
        more = () if nanny else ("--no-nanny",)
        where = ("--scheduler-file", str(self.folder / "scheduler.json"), "--host", "127.0.0.1")
        process = self.start(
            "worker", *where, "--protocol", self.protocol, "--nthreads", "1", *more, *words, **env
        )
        until(lambda: "Registered to" in self.said(process))
        return process

    def said(self, process: subprocess.Popen[bytes]) -> str:
        return self.folder.joinpath(f"{self.names[process.pid]}.log").read_text("utf-8")

    def left(self) -> list[str]:
        """What lies in the folders for temporary files."""
        return [p.name for p in self.folder.glob("*-tmp/vigkit*")]

    def end(self, *processes: subprocess.Popen[bytes]) -> None:
        """End these with force; what of ours they have started leaves by itself."""
        for process in processes or self.started:
            if process.poll() is not None:
                continue
            family = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            for each in family:
                if not of_ours(each):
                    each.kill()
            process.wait(30)
            slow = psutil.wait_procs(family, timeout=20)[1]
            for each in slow:
                each.kill()
            assert not slow


@contextmanager
def a_cluster(folder: Path, protocol: str = "tcp", **env: str) -> Iterator[Cluster]:
    """A scheduler without a worker."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    folder.mkdir(exist_ok=True)
    made = Cluster(folder, os.environ | {"PYTHONPATH": path} | env, protocol)
    try:
        file = str(folder / "scheduler.json")
        made.start(
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--protocol",
            protocol,
            "--scheduler-file",
            file,
        )
        until(lambda: folder.joinpath("scheduler.json").exists())
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers, one of them under a nanny, whose processes may have no children by themselves."""
    with a_cluster(tmp_path_factory.mktemp("cluster")) as made:
        made.worker()
        made.worker(nanny=True)
        yield made


def pages(out: Path) -> dict[str, bytes]:
    return {name: page for name, (_, page) in states(out).items()}


MANY = [log("S1-book", f"{n:02}-{'gate' if n == 4 else 'walk'}") for n in range(1, 13)]


# --- The same as without ---------------------------------------------------------------------------------


def test_a_cluster_gives_the_same_bytes_and_knows_no_word_afterwards(
    cluster: Cluster, tmp_path: Path
) -> None:
    ports: set[object] = set()

    def report(_: Progress) -> None:
        ports.update(c for c in psutil.Process().net_connections() if c.status == psutil.CONN_LISTEN)

    logs = [log(f"S{n}-book", f"0{m}-walk") for n in (1, 2, 3) for m in (1, 2, 3)]
    before = {c for c in psutil.Process().net_connections() if c.status == psutil.CONN_LISTEN}
    assert packing(tmp_path / "one", logs, report=report, cluster=cluster.address).rendered == 9
    packing(tmp_path / "two", logs)
    assert pages(tmp_path / "one") == pages(tmp_path / "two")
    assert ports <= before, "this computer listens to nobody"
    for process in cluster.started:
        said = cluster.said(process)
        assert "INFO" in said and not [w for w in ("laughed", "S1-book", "01-walk", "pause") if w in said]
    assert [len(benches(process)) for process in cluster.started] == [0, 1, 1]


@pytest.mark.parametrize("engine", ["vigkit", "nbclient"])
def test_a_team_s_own_template_and_the_reasons_are_those_of_one_computer(
    cluster: Cluster, tmp_path: Path, engine: str
) -> None:
    code = "import os\nmatch sections.open_bundle(bundle).cycle.id:\n"
    code += "    case '02-walk': raise ValueError('no spoon')\n    case '01-cup': os.kill(os.getpid(), 9)"
    own = team_template(tmp_path / "team", code, engine)
    own.folder.joinpath("log.css").write_text("h1 { color: red }", encoding="utf-8")
    own.folder.joinpath("more.html.j2").write_text("<p>More</p>", encoding="utf-8")
    page = '{% for section in sections %}{{ section.title }}{% include "more.html.j2" %}{% endfor %}'
    own.folder.joinpath("log.html.j2").write_text(page, encoding="utf-8")
    found = [packing(tmp_path / "one", LOGS, own=own, cluster=cluster.address)]
    found += [packing(tmp_path / "two", LOGS, own=own)]
    assert found[0].left_out == found[1].left_out
    assert "template-failed" in [e.code for e in found[0].left_out]
    assert pages(tmp_path / "one") == pages(tmp_path / "two")
    assert b"color: red" in pages(tmp_path / "one")["S1-book/01-snack.html"]
    assert b"<p>More</p>" in pages(tmp_path / "one")["S1-book/01-snack.html"]


def test_a_log_that_lingers_ends_after_its_time(cluster: Cluster, tmp_path: Path) -> None:
    code = "import threading\nif '02' in sections.open_bundle(bundle).cycle.id: threading.Event().wait()"
    own = team_template(tmp_path / "team", code, "vigkit")
    packed = packing(tmp_path / "out", LOGS, own=own, cluster=cluster.address, timeout=3)
    assert (packed.rendered, [e.code for e in packed.left_out]) == (2, ["took-too-long"])
    assert "3 seconds" in packed.left_out[0].sentence


def test_a_bench_is_used_again_and_what_a_killed_one_has_left_goes_with_the_next(
    cluster: Cluster, tmp_path: Path
) -> None:
    packing(tmp_path / "one", MANY, cluster=cluster.address)
    before, folders = [benches(process) for process in cluster.started], cluster.left()
    packing(tmp_path / "two", MANY, cluster=cluster.address)
    assert [benches(process) for process in cluster.started] == before
    for process in cluster.started:
        for bench in benches(process):
            bench.kill()
    assert sorted(cluster.left()) == sorted(folders)
    packing(tmp_path / "three", MANY, cluster=cluster.address)
    assert len(cluster.left()) == len(folders) == 4 and not {*cluster.left()} & {*folders}
    private = [p for p in cluster.folder.glob("*-tmp/vigkit-bench-*") if p.is_dir()]
    assert [p.stat().st_mode & 0o777 for p in private] == [0o700, 0o700]
    assert not [each for place in private for each in place.iterdir()], "no bundle stays after its log"
    assert pages(tmp_path / "one") == pages(tmp_path / "two") == pages(tmp_path / "three")


def test_an_order_says_nothing_of_what_is_in_it() -> None:
    """What Dask writes in its logs when a task comes to nothing."""
    from dask._task_spec import Task

    order = Order(b"We laughed")
    assert "laughed" not in repr(order) + str(order) + repr(Task("log-1", made, order))


def test_nothing_new_sends_nothing(cluster: Cluster, tmp_path: Path) -> None:
    packing(tmp_path / "out", LOGS)
    before = states(tmp_path / "out")
    assert packing(tmp_path / "out", LOGS, cluster=cluster.address).kept == 3
    assert states(tmp_path / "out") == before


# --- Killed, lost, stopped -------------------------------------------------------------------------------

# Each log tells when it begins and ends, and which worker of the cluster it belongs to. One waits at a gate.
COUNTED = """
import os, pathlib, psutil, time
place, cycle = pathlib.Path({place!r}), sections.open_bundle(bundle).cycle.id
worker = psutil.Process().parent().ppid()
with place.joinpath("counted").open("a") as file:
    file.write(f"start {{cycle}} {{worker}}\\n")
while cycle == "04-gate" and not place.joinpath("open").exists():
    time.sleep(0.02)
with place.joinpath("counted").open("a") as file:
    file.write(f"end {{cycle}} {{worker}}\\n")
"""


@dataclass
class Counted:
    """What the logs of one pack tell of themselves."""

    place: Path

    @property
    def template(self) -> template.Template:
        if self.place.joinpath("team").exists():
            return template.find(self.place / "team", "vigkit")
        return team_template(self.place / "team", COUNTED.format(place=str(self.place)), "vigkit")

    def told(self, what: str) -> list[list[str]]:
        file = self.place / "counted"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return [line.split()[1:] for line in lines if line.startswith(f"{what} ")]

    def at_the_gate(self) -> int:
        """Wait until the log that waits has begun; the number of its worker's process."""
        until(lambda: "04-gate" in [cycle for cycle, _ in self.told("start")])
        return next(int(worker) for cycle, worker in self.told("start") if cycle == "04-gate")

    def open(self) -> None:
        self.place.joinpath("open").touch()


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[list[object]]:
    """Something that goes on beside; what it gives or raises is there afterwards."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(act())
        except VigkitError as e:
            found.append(e)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield found
    finally:
        thread.join(60)
        assert found


def test_after_a_worker_is_killed_in_mid_log_nothing_is_lost_and_nothing_finished_is_done_twice(
    tmp_path: Path,
) -> None:
    counted, out = Counted(tmp_path), tmp_path / "out"
    own = counted.template
    with a_cluster(tmp_path / "cluster") as made:
        workers = [made.worker(), made.worker()]
        with meanwhile(lambda: packing(out, MANY, own=own, cluster=made.address)) as found:
            killed = next(w for w in workers if w.pid == counted.at_the_gate())
            until(lambda: len(counted.told("end")) == 11 and len(list(out.glob("S1-book/*.html"))) == 11)
            bench = psutil.Process(killed.pid).children(recursive=True)
            killed.kill()
            assert bench and not psutil.wait_procs(bench, timeout=20)[1], "they leave with it"
            until(lambda: len(made.left()) == 2)  # the folder of the other worker's bench, and its lock
            counted.open()
        assert found == [Packed(rendered=12, kept=0, removed=0, index=out / "index.html", left_out=())]
        ended = [cycle for cycle, _ in counted.told("end")]
        assert sorted(ended) == sorted(bundle.cycle.id for bundle in MANY), "each is finished once"
        begun = [cycle for cycle, _ in counted.told("start")]
        assert sorted(begun) == sorted([*ended, "04-gate"]), "the one in work is begun anew, and no other"
        packing(tmp_path / "alone", MANY, own=own)
        assert pages(out) == pages(tmp_path / "alone")
    until(lambda: not made.left())


def test_a_log_on_which_every_worker_dies_is_left_out_and_the_others_are_made(tmp_path: Path) -> None:
    """The worker is one under a nanny, which gives it a new life."""
    code = "import psutil\nif sections.open_bundle(bundle).cycle.id == '02-walk':\n"
    code += "    psutil.Process(psutil.Process().parent().ppid()).kill()\n    psutil.Process().suspend()"
    own = team_template(tmp_path / "team", code, "vigkit")
    with a_cluster(tmp_path / "cluster", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as made:
        made.worker(nanny=True)
        alone = packing(tmp_path / "out", LOGS[1:2], own=own, cluster=made.address)
        assert (alone.rendered, [e.code for e in alone.left_out]) == (0, ["worker-died"])
        again = packing(tmp_path / "out", [LOGS[0], LOGS[2]], own=own, cluster=made.address)
        assert (again.rendered, again.left_out) == (2, ())


STOPPED = """
from pathlib import Path
from test_pack import packing
from test_cluster import MANY
from vigkit.errors import ClusterLost
from vigkit.render import template

def report(progress):
    Path({out!r}).with_name("done").write_text(str(progress.done))

own = template.find(Path({team!r}), "vigkit")
try:
    packing(Path({out!r}), MANY, own=own, cluster={address!r}, report=report)
except (KeyboardInterrupt, ClusterLost) as e:
    print(type(e).__name__)
"""


def beside(counted: Counted, out: Path, address: str) -> subprocess.Popen[str]:
    """A pack in a process of its own, whose terminal one can look at."""
    text = STOPPED.format(out=str(out), team=str(counted.template.folder), address=address)
    return subprocess.Popen(
        [sys.executable, "-c", text],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def known(out: Path) -> str:
    """How many pages are finished, as the pack reports it."""
    return out.with_name("done").read_text("utf-8")


def test_when_the_scheduler_is_lost_what_is_done_stays_and_the_next_pack_goes_on(tmp_path: Path) -> None:
    counted, out = Counted(tmp_path), tmp_path / "out"
    with a_cluster(tmp_path / "cluster") as made:
        made.worker()
        process = beside(counted, out, made.address)
        counted.at_the_gate()
        until(lambda: known(out) == "3")
        made.end(made.started[0])
        assert process.communicate(timeout=60) == ("ClusterLost\n", "")
    assert ClusterLost.exit == 3
    assert len(rows(out.joinpath("index.html").read_text("utf-8"), "log")) == 3
    counted.open()
    again = packing(out, MANY, own=counted.template)
    assert (again.rendered, again.kept, again.left_out) == (9, 3, ())


def test_ctrl_c_cancels_what_waits_and_the_pack_can_be_used(cluster: Cluster, tmp_path: Path) -> None:
    counted, out = Counted(tmp_path), tmp_path / "out"
    process = beside(counted, out, cluster.address)
    counted.at_the_gate()
    until(lambda: known(out) == "11")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("KeyboardInterrupt\n", "")
    assert process.returncode == 0
    assert len(rows(out.joinpath("index.html").read_text("utf-8"), "log")) == 11
    counted.open()
    again = packing(out, MANY, own=counted.template, cluster=cluster.address)
    assert (again.rendered, again.kept) == (1, 11)


# --- Refused before anything changes ---------------------------------------------------------------------


@pytest.fixture
def folder(book: Casebook) -> Path:
    """A casebook with a log that may be shown."""
    steps.put(book, "cycle", CYCLE)
    return book.folder


def silent() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


def babbling(held: ExitStack) -> int:
    """The port of a program that says what it likes to everybody."""
    listening = held.enter_context(silent())

    def talk() -> None:
        while True:
            try:
                held.enter_context(listening.accept()[0]).sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 500)
            except OSError:
                return

    threading.Thread(target=talk, daemon=True).start()
    return int(listening.getsockname()[1])


def pages_of_another_program(held: ExitStack) -> int:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    held.callback(server.server_close)
    held.callback(server.shutdown)
    return server.server_port


def test_an_address_where_no_scheduler_answers_is_said_in_ten_seconds_and_changes_nothing(
    cluster: Cluster, folder: Path
) -> None:
    with ExitStack() as held:
        nobody = silent()
        free = nobody.getsockname()[1]
        nobody.close()
        of_a_worker = cluster.said(cluster.started[1]).partition("Start worker at:")[2].split()[0]
        scheduler = cluster.address.rpartition(":")[2]
        asked = {
            f"tcp://127.0.0.1:{free}": "cluster-unreachable",
            f"tcp://127.0.0.1:{held.enter_context(silent()).getsockname()[1]}": "cluster-unreachable",
            f"tcp://127.0.0.1:{babbling(held)}": "cluster-unreachable",
            f"tcp://localhost:{pages_of_another_program(held)}": "cluster-unreachable",
            of_a_worker: "cluster-unreachable",
            f"tls://127.0.0.1:{scheduler}": "cluster-unreachable",
            "tcp://127.0.0.1": "bad-usage",
            f"127.0.0.1:{scheduler}": "bad-usage",
            "http://127.0.0.1:8786": "bad-usage",
            "tcp://127.0.0.1:many": "bad-usage",
            "tcp://[::1": "bad-usage",
            "inproc://1/2/3": "bad-usage",
            "tcp://dask.example:8786": "bad-usage",
            "tcp://192.168.1.2:8786": "bad-usage",
            "tcp://127.0.0.1.dask.example:8786": "bad-usage",
            "": "bad-usage",
        }
        before, began = tree_hash(folder.parent), time.monotonic()
        processes = {address: asking(folder, address) for address in asked}
        for address, process in processes.items():
            out, err = process.communicate(timeout=60)
            error = json.loads(out)["error"]
            assert (error["code"], process.returncode, err) == (asked[address], 2, ""), address
        assert time.monotonic() - began < 30, "all of them at the same time, on a busy computer"
        assert tree_hash(folder.parent) == before


def asking(folder: Path, address: str) -> subprocess.Popen[str]:
    words = ["pack", str(folder), "-o", str(folder.parent / "out"), "--cluster", address, "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "vigkit", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    )


def test_a_scheduler_without_a_worker_is_refused(tmp_path: Path) -> None:
    with (
        a_cluster(tmp_path / "cluster") as made,
        pytest.raises(ClusterUnreachable, match=r"no worker\. Start one"),
    ):
        packing(tmp_path / "out", LOGS, cluster=made.address)
    assert not tmp_path.joinpath("out").exists()


def another(folder: Path) -> str:
    """Where a vigkit lies that draws in another way."""
    shutil.copytree(ROOT / "vigkit", folder / "vigkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "templates", folder / "templates")
    with folder.joinpath("vigkit", "figures.py").open("a") as file:
        file.write("# another one\n")
    return str(folder)


def test_a_worker_with_another_vigkit_is_found_before_and_while_logs_are_made(tmp_path: Path) -> None:
    counted, out = Counted(tmp_path), tmp_path / "out"
    own, theirs = counted.template, another(tmp_path / "another")
    with a_cluster(tmp_path / "cluster") as made:
        good = made.worker()
        with meanwhile(lambda: packing(out, MANY, own=own, cluster=made.address)) as found:
            counted.at_the_gate()
            made.worker(PYTHONPATH=theirs)
        assert isinstance(found[0], ClusterLost) and "another vigkit" in str(found[0])
        assert len(rows(out.joinpath("index.html").read_text("utf-8"), "log")) == 3
        before = tree_hash(out)
        with pytest.raises(ClusterDiffers, match="A worker of the cluster"):
            packing(out, MANY, own=own, cluster=made.address)
        assert tree_hash(out) == before
        made.end(good)


def test_without_a_cluster_nothing_of_dask_is_imported() -> None:
    look = "import sys\nfrom vigkit.cli import main\nmain(['pack', '--help']) if 0 else None\n"
    look += "from vigkit.render import cluster, pack, room, bench\n"
    look += "print([m for m in sys.modules if m.split('.')[0] in ('dask', 'distributed')])"
    assert script(look).stdout == b"[]\n"


def test_without_the_extra_one_is_told_what_to_install(folder: Path) -> None:
    look = "import sys\nsys.modules['distributed'] = None\nfrom vigkit.cli import main\n"
    look += f"sys.exit(main(['pack', {str(folder)!r}, '-o', 'x', '--cluster', 'tcp://127.0.0.1:9']))"
    run = script(look)
    assert (run.returncode, run.stdout) == (2, b"")
    assert b"vigkit[cluster]" in run.stderr and not ROOT.joinpath("x").exists()


# --- TLS -------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> dict[str, str]:
    """A certificate authority of one service, and what it has signed: the settings that Dask reads."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificates")
    made = {part: str(folder / f"{name}.{part}") for part in ("ca", "ca-key", "key", "request", "cert")}
    new = [openssl, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for words in (
        [*new, "-x509", "-subj", f"/CN={name}", "-keyout", made["ca-key"], "-out", made["ca"]],
        [*new, "-subj", "/CN=dask", "-keyout", made["key"], "-out", made["request"]],
        [openssl, "x509", "-req", "-in", made["request"], "-CA", made["ca"], "-CAkey", made["ca-key"],
         "-CAcreateserial", "-out", made["cert"]],
    ):  # fmt: skip
        subprocess.run(words, check=True, capture_output=True)
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    found = {f"{tls}CA_FILE": made["ca"], "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
    for role in ("CLIENT", "SCHEDULER", "WORKER"):
        found |= {f"{tls}{role}__KEY": made["key"], f"{tls}{role}__CERT": made["cert"]}
    return found


def test_over_tls_only_who_has_a_certificate_of_the_service_is_let_in(
    tmp_path: Path, folder: Path, vigkit: Run
) -> None:
    ours, theirs = certificate(tmp_path, "ours"), certificate(tmp_path, "theirs")
    out = tmp_path / "out"
    steps.mark(Casebook(folder), "01-snack", film="snack", start=1, end=3, share=["supervision"])
    with a_cluster(tmp_path / "cluster", "tls", **ours) as made:
        made.worker()
        assert made.address.startswith("tls://127.0.0.1:")
        words = ("pack", folder, "-o", out, "--day", DAY, "--json", "--cluster")
        broken = ours | {"DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": str(tmp_path / "none")}
        for env in (theirs, {}, broken):
            run = vigkit(*words, made.address, env=os.environ | env)
            assert (told(run)["error"]["code"], run.returncode) == ("cluster-unreachable", 2)
        clear = vigkit(*words, made.address.replace("tls", "tcp"), env=os.environ)
        assert (told(clear)["error"]["code"], clear.returncode) == ("cluster-unreachable", 2)
        assert not out.exists()
        run = vigkit(*words, made.address, env=os.environ | ours)
        assert (told(run)["result"]["rendered"], run.returncode) == (1, 0), run.stderr
    assert vigkit("pack", folder, "-o", tmp_path / "alone", "--day", DAY).returncode == 0
    assert pages(out) == pages(tmp_path / "alone")
