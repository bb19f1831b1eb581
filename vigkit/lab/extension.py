"""The server's part: films of open casebooks by handle and id, piece by piece as a browser asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from vigkit import steps
from vigkit.casebook import Casebook
from vigkit.errors import (
    BadUsage,
    ConsentWithdrawn,
    FilmChanged,
    FilmMissing,
    MachineFailed,
    NotACasebook,
    UnknownFilm,
    VigkitError,
    refused_by_system,
)
from vigkit.lab import films
from vigkit.lab.bring import BringHandler

# What a browser is told a film is, by the end of its name; it looks at the bytes itself.
KINDS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mp4", ".mkv": "x-matroska", ".webm": "webm", ".3gp": "3gpp"}
STATUS: dict[type[VigkitError], int] = {
    BadUsage: 404,
    NotACasebook: 404,
    UnknownFilm: 404,
    FilmMissing: 404,
    FilmChanged: 409,
    ConsentWithdrawn: 410,
    MachineFailed: 503,
}
Find = Callable[[Casebook, str], Path | None]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    """Called by the Jupyter server as it starts."""
    films.make_place()
    base = url_path_join(serverapp.web_app.settings["base_url"], "vigkit")
    film, bring = f"{base}/film/({films.HANDLE})/([^/]+)", f"{base}/bring/({films.HANDLE})/([a-z0-9]{{1,5}})"
    handlers = [
        (film, FilmHandler, {"path": "", "find": steps.shown_film}),
        (f"{film}/proxy", FilmHandler, {"path": "", "find": steps.playable_made}),
        (bring, BringHandler),
    ]
    serverapp.web_app.add_handlers(".*$", handlers)


class FilmHandler(JupyterHandler, web.StaticFileHandler):
    """One film: ranges and pieces are tornado's; who may see it is asked again for every one of them."""

    auth_resource = "contents"

    def initialize(self, path: str, find: Find) -> None:  # type: ignore[override]
        """Which file of a film is served is said by `find`."""
        super().initialize(path)
        self._find = find

    @web.authenticated
    @authorized
    async def get(self, handle: str, film: str, include_body: bool = True) -> None:  # type: ignore[override]
        """The film, or that part of it that is asked for; a sentence where it may not be seen."""
        try:
            # in a thread: a large film that was never looked at is read to its end first
            file = await asyncio.to_thread(lambda: self._find(films.opened(handle), film))
        except VigkitError as e:
            return self._refuse(e)
        except OSError as e:
            return self._refuse(refused_by_system(e, "the film"))
        if file is None:
            return self._refuse(FilmMissing(film))
        try:
            await super().get(str(file), include_body)
        except FileNotFoundError:  # it went in this very moment
            self._refuse(FilmMissing(film))

    async def head(self, handle: str, film: str) -> None:  # type: ignore[override]
        """What `get` says, without the film."""
        if (
            answering := self.get(handle, film, include_body=False)
        ) is not None:  # else it was sent to log in
            await answering

    def _refuse(self, error: VigkitError) -> None:
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 409)
        self.clear()
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(error.sentence)

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """The path is the file itself, found by the film's id and by nothing that a browser says."""
        return path

    def parse_url_path(self, url_path: str) -> str:
        """Nothing of an address is taken for a path."""
        return url_path

    def validate_absolute_path(self, root: str, absolute_path: str) -> str:
        """It was looked at a moment ago."""
        return absolute_path

    def compute_etag(self) -> str | None:
        """None: tornado's would read the whole film first."""
        return None

    def should_return_304(self) -> bool:
        """Never: nothing is kept by a browser."""
        return False

    def get_modified_time(self) -> datetime | None:
        """None: it would only serve a browser that keeps films."""
        return None

    def get_content_type(self) -> str:
        """By the end of the name."""
        kind = KINDS.get(Path(self.absolute_path or "").suffix.lower())
        return f"video/{kind}" if kind else "application/octet-stream"

    def set_extra_headers(self, path: str) -> None:
        """Nothing of a film stays in a browser, and no other site may show it."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
