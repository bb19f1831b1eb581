"""The engine gives the pages that a kernel gives, in this process, and leaves the process as it found it."""

from __future__ import annotations

import builtins
import json
import os
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import matplotlib
import nbformat
import numpy
import papermill
import pytest
from a_log import record
from papermill.exceptions import PapermillExecutionError
from test_template import OPEN, own

from vigkit.records import text
from vigkit.render import template
from vigkit.render.page import NAMES, shipped

WAYS = ("vigkit", "nbclient")


def ran(*cells: str, engine: str = "vigkit", tags: dict[int, str] | None = None, folder: Path) -> Any:
    """The notebook of these cells after papermill has run it, up to the first that fails."""
    given = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    given.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    for number, tag in (tags or {}).items():
        given.cells[number].metadata.tags = [tag]
    out = folder / "out.ipynb"
    with suppress(PapermillExecutionError):
        papermill.execute_notebook(given, str(out), engine_name=engine, progress_bar=False, cwd=str(folder))
    return nbformat.read(out, 4)


def shown(notebook: Any) -> list[Any]:
    """What the cells show, but for what differs from run to run."""
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    return [[{k: v for k, v in o.items() if k != "traceback"} for o in c.outputs] for c in cells]


def test_every_shipped_template_gives_the_page_that_a_kernel_gives(tmp_path: Path) -> None:
    hostile = json.loads(Path(__file__).with_name("browser").joinpath("hostile.json").read_text("utf-8"))
    words = record()
    words["cycle"]["moments"] = [
        moment | {"saw": " ".join(hostile), "why": "👩🏽‍🏫 שלום\x00\x1b[31m" * 400}
        for moment in words["cycle"]["moments"]
    ]
    bare = {
        key: value
        for key, value in record().items()
        if key in ("format", "casebook", "owner", "role", "purpose")
    }
    bare["cycle"] = {"format": 1, "id": "01-bare", "question": [{"words": "?"}]}
    for number, data in enumerate((record(), words, bare)):
        bundle = tmp_path / f"{number}.json"
        bundle.write_text(text(data), encoding="utf-8")
        made = []
        for engine in WAYS:
            work = tmp_path / f"{engine}-{number}"
            work.mkdir()
            made.append(template.run(template.find(engine=engine), bundle, work).encode())
        assert made[0] == made[1]
        assert all(f'data-vk="{name}"'.encode() in made[0] for name in NAMES)


def test_no_shipped_template_is_left_out() -> None:
    assert [path.parent for path in shipped().parent.rglob("*.ipynb")] == [shipped()]


CELLS = [
    "print(1)\nprint(2)\n3",
    "from IPython.display import clear_output, display\nmark = display('a', display_id=True)\nprint('x')",
    "mark.update('b')\ndisplay({'t': (1, 2)}, metadata={'m': 1})",
    "print('gone')\nclear_output(wait=True)\nprint('here')",
    "clear_output()\nimport sys\nprint('red', file=sys.stderr)",
    "import asyncio\nawait asyncio.sleep(0)\n_",
    "%%capture kept\nprint('kept')",
    "kept.stdout, len(Out), In[-1], get_ipython().__class__.__name__, __name__",
    "quiet = 5\nquiet;",
    "class Own:\n    _repr_html_ = lambda self: '<b>own</b>'\n    __repr__ = lambda self: 'own'\nOwn()",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nNone",
    "",
    "1 / 0",
    "print('after')",
    "undefined",
    "print('never')",
]


def test_cells_show_what_a_kernel_shows(tmp_path: Path) -> None:
    """Also figures, and again in a process that has drawn one before."""
    tags = {12: "raises-exception", 13: "skip-execution"}
    first, again = (ran(*CELLS, tags=tags, folder=tmp_path) for _ in range(2))
    kernel = ran(*CELLS, tags=tags, folder=tmp_path, engine="nbclient")
    assert shown(first) == shown(again) == shown(kernel)
    assert [c.get("execution_count") for c in first.cells] == [c.get("execution_count") for c in kernel.cells]
    assert first.metadata.language_info == kernel.metadata.language_info
    told = json.dumps(shown(first))
    assert "image/png" in told and "ZeroDivisionError" in told and "never" not in told


def test_what_others_have_done_in_the_process_changes_no_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A last value in builtins, as a doctest leaves it; figures that go to a file; numbers drawn."""
    matplotlib.use("agg")
    numpy.random.seed(5)
    monkeypatch.setattr(builtins, "_", "a doctest", raising=False)
    drawn, size = numpy.random.get_state()[1].copy(), matplotlib.rcParams["font.size"]
    for turn in (1, 2):
        made = ran(*TURNS, folder=tmp_path).cells
        assert [o.data["text/plain"] for cell in made for o in cell.outputs] == [
            "1", "'1'", "<Figure size 640x480 with 1 Axes>", "(684, 10.0)"
        ], turn  # fmt: skip
        assert (vars(builtins)["_"], matplotlib.get_backend()) == ("a doctest", "agg")
        assert (matplotlib.rcParams["font.size"], hasattr(builtins, "planted")) == (size, False)
        assert (numpy.random.get_state()[1] == drawn).all()


TURNS = [
    "1",
    "import builtins\nbuiltins.planted = str(_)\nplanted",
    "import matplotlib, matplotlib.pyplot as plt\nplt.plot([1, 3])\nNone",
    "import numpy\n(numpy.random.randint(1000), matplotlib.rcParams['font.size'])",
    "matplotlib.rcParams['font.size'] = 33\nplt.switch_backend('svg')\nNone",
]


PLANTS = """
import decimal, gc, locale, os, random, signal, sys, time, warnings
seen = [time.localtime(0).tm_hour, str(decimal.Decimal(1) / 3), os.umask(0o22), gc.isenabled()]
seen += [sys.getrecursionlimit(), locale.setlocale(locale.LC_ALL), signal.getsignal(signal.SIGTERM)]
seen += ["planted" in globals(), os.environ.get("PLANTED"), "/planted" in sys.path]
seen += [os.getcwd(), random.random()]
planted = os.environ["PLANTED"] = "here"
os.environ["TZ"] = "Asia/Tokyo"
if hasattr(time, "tzset"):
    time.tzset()
decimal.getcontext().prec = 3
os.umask(0o77)
gc.disable()
sys.setrecursionlimit(500)
locale.setlocale(locale.LC_ALL, "C.UTF-8" if locale.setlocale(locale.LC_ALL) == "C" else "C")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.path.append("/planted")
os.chdir("/")
warnings.simplefilter("error")
_ = seen
" ".join(map(str, seen))
"""


def process() -> tuple[Any, ...]:
    """What a notebook may turn in the process that runs it."""
    here, main = Path.cwd(), sys.modules["__main__"]
    return here, dict(os.environ), list(sys.path), main, random.getstate(), sys.stdout


def test_each_run_begins_anew_and_the_process_is_as_before(tmp_path: Path) -> None:
    random.seed(7)
    before = process()
    found = [ran(PLANTS, folder=tmp_path).cells[0].outputs[0].data["text/plain"] for _ in range(2)]
    assert found[0] == found[1] and f" False None False {tmp_path} " in found[0]
    assert process() == before


def test_a_cell_that_asks_gets_no_answer_and_says_so(tmp_path: Path) -> None:
    answers = [
        ran("input('Who?')", engine=engine, folder=tmp_path).cells[-1].outputs[0].ename for engine in WAYS
    ]
    assert answers == ["StdinNotImplementedError"] * 2


FIRST = """
import sys
from nbformat.v4 import new_code_cell
from vigkit.render import shell

assert "numpy" not in sys.modules
for _ in range(2):
    with shell.fresh() as run:
        cell = new_code_cell("import numpy\\nnumpy.random.randint(1000)")
        run(cell)
    print(cell.outputs[0]["data"]["text/plain"])
print(any("Seed" in type(each).__name__ for each in sys.meta_path))
"""


def test_numbers_of_numpy_are_the_same_in_the_first_log_of_a_process() -> None:
    """Also where a cell is the first to bring numpy in."""
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["684", "684", "False"]


@pytest.mark.parametrize("cell", ["quit()", "exit()", "import getpass\ngetpass.getpass()"])
def test_a_cell_that_would_leave_or_ask_stops_with_a_reason(tmp_path: Path, cell: str) -> None:
    made = ran(cell, "print('after')", folder=tmp_path)
    [error] = [o for c in made.cells for o in c.get("outputs", ()) if o.output_type == "error"]
    assert error.ename in ("RuntimeError", "StdinNotImplementedError") and error.evalue
    assert "after" not in json.dumps(shown(made))


def test_it_opens_no_socket_starts_nothing_and_keeps_nothing(tmp_path: Path) -> None:
    home, bundle = tmp_path / "home", tmp_path / "bundle.json"
    home.mkdir()
    bundle.write_text(text(record()), encoding="utf-8")
    script = (
        "import sys; from pathlib import Path; from vigkit.render import template\n"
        "template.quick_imports(); import papermill\n"
        "seen = []; sys.addaudithook(lambda event, _: seen.append(event))\n"
        "template.run(template.find(), Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "wrong = ('socket.', 'subprocess', 'os.fork', 'os.posix_spawn', 'os.exec', 'sqlite3', 'urllib')\n"
        "print([event for event in seen if event.startswith(wrong)], len(seen) > 100)"
    )
    env = os.environ | {"HOME": str(home), "USERPROFILE": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", script, bundle, tmp_path], capture_output=True, text=True, env=env, check=True
    )
    assert done.stdout == "[] True\n"
    assert list(home.rglob("*")) == []


def test_papermill_itself_finds_the_engine(tmp_path: Path) -> None:
    bundle, out = tmp_path / "bundle.json", tmp_path / "out.ipynb"
    bundle.write_text(text(record()), encoding="utf-8")
    words = [str(shipped() / "log.ipynb"), str(out), "-p", "bundle", str(bundle), "--engine", "vigkit"]
    subprocess.run([sys.executable, "-m", "papermill", *words], capture_output=True, check=True)
    assert "The pause stayed a pause." in out.read_text("utf-8")


def test_a_team_s_template_has_a_kernel_unless_they_choose(tmp_path: Path) -> None:
    mine = own(tmp_path / "team", OPEN, "sections.bring(log)")
    assert (mine.engine, template.find().engine) == ("nbclient", "vigkit")
    chosen = template.find(mine.folder, "vigkit")
    assert chosen.engine == "vigkit" and chosen.key != mine.key
    assert template.find(engine="nbclient").key == template.find().key


@pytest.mark.parametrize("engine", WAYS)
def test_an_error_is_one_sentence_by_either_engine(tmp_path: Path, engine: str) -> None:
    bundle = tmp_path / "bundle.json"
    bundle.write_text(text(record()), encoding="utf-8")
    mine = own(tmp_path / "team", OPEN, "raise ValueError('C:\\\\Users\\\\anna\\\\words.txt\\nand more')")
    with pytest.raises(template.TemplateFailed) as failed:
        template.run(template.find(mine.folder, engine), bundle, tmp_path)
    assert str(failed.value).startswith("The template team could not make this log: ")
    assert "anna" not in str(failed.value) and "\n" not in str(failed.value)
