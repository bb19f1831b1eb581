"""An IPython in this process, used for one notebook: what its cells show is kept as a notebook keeps it."""

from __future__ import annotations

import atexit
import builtins
import decimal
import gc
import getpass
import io
import json
import locale
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode, from_dict
from traitlets import Type
from traitlets.config import Config

SEED = 0  # what the random numbers of each notebook begin with
# What a kernel tells of itself, and papermill keeps in the notebook.
LANGUAGE = {
    "name": "python",
    "version": sys.version.split()[0],
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}
_INLINE = "module://matplotlib_inline.backend_inline"


class Outputs:
    """What the cells show; the one that runs now gets it."""

    def __init__(self) -> None:
        self._named: dict[str, list[NotebookNode]] = {}
        self._here: list[NotebookNode] = []
        self._clear = False

    def of(self, cell: NotebookNode) -> None:
        """From now on, this cell gets what is shown."""
        cell["outputs"] = self._here = []
        self._clear = False

    def stream(self, name: str, text: str) -> None:
        """Words on a stream; what follows without a break is one output."""
        self._room()
        if self._here and self._here[-1].get("name") == name:
            self._here[-1]["text"] += text
        else:
            self._here.append(NotebookNode(output_type="stream", name=name, text=text))

    def show(self, kind: str, data: Any, metadata: Any, transient: Any = None, **more: Any) -> None:
        """A thing in its forms; one with a display id can be shown anew."""
        self._room()
        self._here.append(_node({"output_type": kind, **more, "data": data, "metadata": metadata or {}}))
        if name := (transient or {}).get("display_id"):
            self._named.setdefault(name, []).append(self._here[-1])

    def again(self, data: Any, metadata: Any, transient: Any) -> None:
        """Another thing in every place of this display id."""
        for each in self._named.get((transient or {}).get("display_id", ""), ()):
            each.update(_node({"data": data, "metadata": metadata or {}}))

    def error(self, name: str, value: str, traceback: list[str]) -> None:
        """An error that nobody has caught."""
        self._room()
        self._here.append(
            NotebookNode(output_type="error", ename=name, evalue=value, traceback=list(traceback))
        )

    def clear(self, wait: bool) -> None:
        """Take away what the cell has shown, at once or when something follows."""
        self._clear = True
        if not wait:
            self._room()

    def _room(self) -> None:
        if self._clear:
            self._here.clear()
            self._clear = False


def _node(content: dict[str, Any]) -> Any:
    # as it would come over a wire: nothing in it is shared with the notebook's own objects
    return from_dict(json.loads(json.dumps(content, default=_plain)))


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode("ascii")
    return repr(value)


class _Stream(io.TextIOBase):
    """Standard output or error of a cell."""

    def __init__(self, name: str, outputs: Outputs) -> None:
        self.name, self._outputs = name, outputs

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text:
            self._outputs.stream(self.name, text)
        return len(text)


class _Publisher(DisplayPublisher):
    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: Any = False,
        **kwargs: Any,
    ) -> None:
        outputs: Outputs = self.shell.outputs
        if update:
            outputs.again(data, metadata, transient)
        else:
            outputs.show("display_data", data, metadata, transient)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear(wait)


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        if format_dict:
            self.shell.outputs.show("execute_result", format_dict, md_dict, execution_count=self.prompt_count)  # type: ignore[union-attr]


class ZMQInteractiveShell(InteractiveShell):
    """The shell. Named as the kernel's is: some libraries look for that name before they show anything."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    outputs: Outputs

    def init_ipython_dir(self, ipython_dir: Any) -> None:
        """No folder: nothing of a notebook is kept."""

    def init_profile_dir(self, profile_dir: Any) -> None:
        """No profile either."""

    def init_virtualenv(self) -> None:
        """We run where we were started."""

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window."""

    def ask_exit(self) -> None:
        """Nobody leaves: what follows belongs to the log too."""
        raise RuntimeError("quit() and exit() have no place in a log")

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.outputs.error(etype.__name__, str(evalue), stb)
        self._last_traceback = stb

    def system(self, cmd: str) -> None:
        """What a command says is the cell's."""
        import subprocess

        done = subprocess.run(
            self.var_expand(cmd, depth=1),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        self.outputs.stream("stdout", done.stdout)
        self.user_ns["_exit_code"] = done.returncode


@contextmanager
def fresh(folder: str | None = None) -> Iterator[Callable[[NotebookNode], BaseException | None]]:
    """What runs a code cell of one notebook, and says at which error it stopped.

    The notebook has a shell and names of its own, and runs in `folder`. When it is over, the process has its
    folder, environment, paths and random numbers back. Modules stay as they were left.
    """
    outputs = Outputs()
    with _turned_back(folder), _alone(outputs) as shell:

        def run(cell: NotebookNode) -> BaseException | None:
            outputs.of(cell)
            with (
                redirect_stdout(_Stream("stdout", outputs)),
                redirect_stderr(_Stream("stderr", outputs)),
            ):
                result = shell.run_cell(cell.source, store_history=True)
            cell["execution_count"] = result.execution_count
            error: BaseException | None = result.error_before_exec or result.error_in_exec
            return error

        yield run


@contextmanager
def _alone(outputs: Outputs) -> Iterator[ZMQInteractiveShell]:
    """A new shell, the one that get_ipython() finds; one that was at work before comes back afterwards."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    shells: Any = InteractiveShell
    another = shells._instance
    shell = ZMQInteractiveShell(config=config)
    shell.outputs = outputs
    history: Any = shell.history_manager
    history.outputs = defaultdict(list)  # otherwise that of all shells, for ever
    shells._instance = shell
    shell.builtin_trap.auto_builtins["input"] = _nobody
    asks, getpass.getpass = getpass.getpass, _nobody
    try:
        _with_figures(shell)
        yield shell
    finally:
        getpass.getpass = asks
        shells._instance = another
        shell.restore_sys_module_state()
        atexit.unregister(shell.atexit_operations)  # it would keep every shell for ever
        for each in (*shell.tempfiles, *shell.tempdirs):
            shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)


@contextmanager
def _turned_back(folder: str | None) -> Iterator[None]:
    """Whatever a notebook turns in the process is as before."""
    here, environment, paths, drawn = Path.cwd(), dict(os.environ), list(sys.path), random.getstate()
    known = dict(vars(builtins))
    vars(builtins).pop("_", None)  # a doctest leaves its last value there, and IPython would let it stand
    os.environ["MPLBACKEND"] = _INLINE  # as a kernel has it
    sys.path.insert(0, "")
    random.seed(SEED)
    with warnings.catch_warnings(), _habits(), _numbers(), _figures():
        try:
            if folder:
                os.chdir(folder)
            yield
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(environment)
            if hasattr(time, "tzset"):
                time.tzset()
            sys.path[:] = paths
            random.setstate(drawn)
            for name in vars(builtins).keys() - known:
                delattr(builtins, name)
            vars(builtins).update(known)


@contextmanager
def _habits() -> Iterator[None]:
    """What Python itself would do in another way from then on."""
    deep, collects, counts = sys.getrecursionlimit(), gc.isenabled(), decimal.getcontext().copy()
    arguments, folder = list(sys.argv), tempfile.tempdir
    words, mask = locale.setlocale(locale.LC_ALL), os.umask(0o077)
    os.umask(mask)
    here = threading.current_thread() is threading.main_thread()
    listens = {number: signal.getsignal(number) for number in signal.valid_signals()} if here else {}
    try:
        yield
    finally:
        sys.setrecursionlimit(deep)
        (gc.enable if collects else gc.disable)()
        decimal.setcontext(counts)
        locale.setlocale(locale.LC_ALL, words)
        os.umask(mask)
        sys.argv[:], tempfile.tempdir = arguments, folder
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in listens.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextmanager
def _numbers() -> Iterator[None]:
    """The random numbers of numpy, where something has brought it in before."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        with _seeded("numpy.random"):
            yield
        return
    drawn = numpy.random.get_state()
    numpy.random.seed(SEED)
    try:
        yield
    finally:
        numpy.random.set_state(drawn)


@contextmanager
def _seeded(name: str) -> Iterator[None]:
    """A module that has a seed gets ours as soon as somebody brings it in."""
    finder = _Seeding(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Seeding(MetaPathFinder):
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == self._name else None
        if spec is not None and spec.loader is not None:
            made = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                made(module)
                module.seed(SEED)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


@contextmanager
def _figures() -> Iterator[None]:
    """Figures are shown in the cell, also where something has chosen another way before; no setting stays."""
    library: Any = sys.modules.get("matplotlib")
    before = dict(dict.items(library.rcParams)) if library else {}  # asking for one may choose a backend
    _draw_with(_INLINE)
    try:
        yield
    finally:
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")
        if library := sys.modules.get("matplotlib"):
            dict.update(library.rcParams, before or library.rcParamsOrig, backend=_INLINE)
            _draw_with(before.get("backend", _INLINE))


def _draw_with(backend: Any) -> None:
    pyplot, library = sys.modules.get("matplotlib.pyplot"), sys.modules.get("matplotlib")
    if pyplot and isinstance(backend, str):
        pyplot.switch_backend(backend)
    elif library:
        dict.update(library.rcParams, backend=backend)  # nothing has been chosen, or nobody draws yet


def _with_figures(shell: ZMQInteractiveShell) -> None:
    """Where figures have been drawn before, drawing knows only the shell of that time."""
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:
        from IPython.core.pylabtools import activate_matplotlib, select_figure_formats

        activate_matplotlib(_INLINE)
        inline.configure_inline_support(shell, _INLINE)
        wanted = inline.InlineBackend.instance()
        select_figure_formats(shell, wanted.figure_formats, **wanted.print_figure_kwargs)


def _nobody(prompt: object = "", *_: object, **__: object) -> str:
    raise StdinNotImplementedError("Nobody is there to answer: a log is made without a person at the keys.")
