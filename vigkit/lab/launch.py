"""The launcher: one Jupyter server on this computer alone, with settings of its own that are gone with it.

Nothing of the person's own Jupyter or IPython is read, and nothing is written to their home. The server
serves the pages of one casebook, and no other folder; its kernels start there, and find the casebook around
them.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.errors import MachineFailed, on_disk
from vigkit.files import resolved
from vigkit.render.template import quick_imports

FIRST = "0-welcome"
PORT = 8888
SETTINGS = Path(__file__).parent / "settings"
STOPPED = 130
# Nothing leaves this computer, whatever a page may hold. Jupyter's own pages need the unsafe words.
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    # older Safaris do not count a websocket as 'self'
    "connect-src": "'self' data: blob: ws://127.0.0.1:* ws://localhost:*",
    "worker-src": "'self' blob:",
    "frame-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}


class Lab:
    """A server that has all it needs, and answers while it serves."""

    def __init__(self, server: Any, page: str, browser: bool, quiet: bool) -> None:
        self._server, self._browser, self._quiet = server, browser, quiet
        self._stopped = False
        self.url = f"{server.connection_url}doc/tree/{page}.ipynb?token={server.identity_provider.token}"

    def serve(self, tell: Callable[[], object]) -> int:
        """Serve until somebody stops it; `tell` is called when the pages are there. Gives the exit status."""
        self._server.io_loop.add_callback(self._ready, tell)
        kinds = [name for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
        for name in kinds:
            signal.signal(getattr(signal, name), self._stop)
        with _silence(self._quiet):
            self._server.start()
            self._let_go()
        return STOPPED if self._stopped else 0

    def _ready(self, tell: Callable[[], object]) -> None:
        """Called by the server when it answers."""
        tell()
        if self._browser:
            self._open()

    def _open(self) -> None:
        """Send a browser by an address that is good for one visit: others here can see which one it is."""
        from vigkit.lab.enter import Enter, address

        once = address(self._server.base_url)
        self._server.web_app.add_handlers(".*$", [(once, Enter, {"on": [self.url]})])
        visit = self._server.connection_url.removesuffix(self._server.base_url) + once
        threading.Thread(target=webbrowser.open, args=[visit], daemon=True).start()

    def _let_go(self) -> None:
        """End what was under way: a request that is never answered holds a thread, and that one Python."""
        loop = self._server.io_loop.asyncio_loop
        if left := asyncio.all_tasks(loop):
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=5))

    def _stop(self, *_signal: Any) -> None:
        if not self._stopped:  # pressed twice: the kernels are ending already
            self._stopped = True
            self._server.stop(from_signal=True)


def start(
    folder: Path, *, page: str = FIRST, port: int = PORT, browser: bool = True, debug: bool = False
) -> Lab:
    """Get a server ready for the pages of a casebook."""
    root = steps.open_pages(Casebook(resolved(folder)), page)
    quick_imports()
    with on_disk("the folder for temporary files"):
        run = _private_folder()
    with _silence(not debug):
        server = _server(root, page, run, port, debug)
    return Lab(server, page, browser, not debug)


def _private_folder() -> Path:
    """Where Jupyter keeps what it writes in this run; gone when it ends."""
    run = Path(tempfile.mkdtemp(prefix="vigkit-lab-"))
    atexit.register(shutil.rmtree, run, ignore_errors=True)
    kernel = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "vigkit",
        "language": "python",
        # what is set for the server alone, below, is not for kernels
        "env": {"JUPYTER_NO_CONFIG": ""},
        "metadata": {"supported_encryption": "curve"},
    }
    profile = "c.HistoryManager.enabled = False\n"
    for name, text in {
        "data/kernels/python3/kernel.json": json.dumps(kernel),
        "ipython/profile_default/ipython_kernel_config.py": profile,
    }.items():
        run.joinpath(name).parent.mkdir(parents=True)
        run.joinpath(name).write_text(text, encoding="utf-8")
    places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    os.environ.update({f"JUPYTER_{name}_DIR": str(run / folder) for name, folder in places.items()})
    os.environ.update(
        JUPYTERLAB_SETTINGS_DIR=str(run / "settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(run / "workspaces"),
        IPYTHONDIR=str(run / "ipython"),
        JUPYTER_PREFER_ENV_PATH="0",  # our kernel before any other of this name
        JUPYTER_NO_CONFIG="1",  # no settings of this person, this Python or this computer
    )
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "JUPYTERLAB_DIR", "JUPYTER_TOKEN", "JUPYTER_PORT"):
        os.environ.pop(name, None)
    tempfile.tempdir = str(run)  # the server's own: Jupyter leaves an empty folder there
    return run


def _server(root: Path, page: str, run: Path, port: int, debug: bool) -> Any:
    from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
    from jupyterlab.handlers.announcements import NeverCheckForUpdate
    from jupyterlab.labapp import LabApp
    from traitlets.config import Config

    from vigkit.lab.contents import Pages

    def alone(_handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
        """A page comes alone: what else was open, JupyterLab would open again behind it."""
        for kept in (run / "workspaces").glob("*"):
            kept.unlink(missing_ok=True)
        return page_config

    settings = Config(
        ServerApp={
            "ip": "127.0.0.1",
            "port": port,
            "open_browser": False,
            "default_url": f"/doc/tree/{page}.ipynb",
            "root_dir": str(root),
            "contents_manager_class": Pages,
            "allow_root": True,
            "answer_yes": True,
            "terminals_enabled": False,
            "log_level": "INFO" if debug else "CRITICAL",
            "tornado_settings": {
                "headers": {"Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in POLICY.items())},
                "page_config_hook": alone,
            },
        },
        LabApp={
            "app_settings_dir": str(SETTINGS),
            "extra_labextensions_path": [str(SETTINGS.parent / "labextensions")],
            "custom_css": True,
            "news_url": None,
            "check_for_updates_class": NeverCheckForUpdate,
            "extension_manager": "readonly",
            "default_url": f"/doc/tree/{page}.ipynb",
        },
        FileContentsManager={"delete_to_trash": False},
        FileCheckpoints={"checkpoint_dir": str(run / "checkpoints")},
        # A page that is open is never ended; one that was closed is, after a while.
        MappingKernelManager={"cull_idle_timeout": 10 * 60, "cull_interval": 2 * 60, "cull_connected": False},
        KernelSpecManager={"allowed_kernelspecs": {"python3"}},
    )
    if hasattr(ServerKernelManager, "transport_encryption"):  # newer versions warn where it is not set
        settings.KernelManager.transport_encryption = "auto"
    try:
        server = LabApp.make_serverapp(
            config=settings,
            jpserver_extensions={"jupyterlab": True, "vigkit.lab": True},
            static_custom_path=[str(SETTINGS)],
            no_browser_open_file=True,
        )
        server.initialize(argv=[], starter_extension=LabApp.name, find_extensions=False)
    except SystemExit as e:  # every port is taken
        raise MachineFailed("the address 127.0.0.1") from e
    return server


@contextmanager
def _silence(on: bool) -> Iterator[None]:
    """Whatever Jupyter and the kernels say is for those who ask for it."""
    if not on:
        yield
        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
