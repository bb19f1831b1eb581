"""A film comes in: a browser hands it over piece by piece, and it goes straight to the casebook's disk."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import IO, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from vigkit import steps
from vigkit.errors import FilmUnreadable, VigkitError, refused_by_system
from vigkit.lab import films

LARGEST = 1 << 40  # bytes; the disk is full long before


@web.stream_request_body
class BringHandler(JupyterHandler):
    """PUT of a film: answers with the name under which `Casebook.brought` finds it, or a sentence."""

    auth_resource = "contents"

    async def prepare(self) -> None:  # type: ignore[override]
        """Before the first piece: who brings it, and where it goes."""
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self._problem: VigkitError | None = None
        await super().prepare()
        self._begin()

    @web.authenticated
    def _begin(self) -> None:
        self.request.connection.set_max_body_size(LARGEST)  # type: ignore[union-attr]
        handle, suffix = self.path_args[:2] if self.path_args else self.path_kwargs.values()
        try:
            ending = f".{suffix}" if f".{suffix}" in steps.FILMS else ".film"
            self._path = films.opened(handle).incoming(ending)
            self._file = self._path.open("wb")
        except VigkitError as e:
            self._problem = e
        except OSError as e:
            self._problem = refused_by_system(e, "the film")

    def data_received(self, chunk: bytes) -> None:
        """One piece; after something went otherwise the rest is let pass, so that the browser hears why."""
        if self._file is None or self._problem is not None:
            return
        try:
            self._file.write(chunk)
        except OSError as e:
            self._problem = refused_by_system(e, "the film")

    @web.authenticated
    @authorized
    async def put(self, handle: str, suffix: str) -> None:
        """After the last piece."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError as e:
            self._problem = self._problem or refused_by_system(e, "the film")
        if self._problem is None and (self._path is None or not self._path.stat().st_size):
            self._problem = FilmUnreadable("this", "It is empty")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if self._problem is not None:
            self._drop()
            self.set_status(507 if self._problem.exit == 3 else 409)
            self.finish(self._problem.sentence)
            return
        assert self._path is not None
        self.finish(self._path.name)

    def on_connection_close(self) -> None:
        """The browser has gone in the middle."""
        super().on_connection_close()
        self._drop()

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
            if self._path is not None:
                self._path.unlink(missing_ok=True)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A sentence, and no page of the server's."""
        self._drop()
        self.finish("The film could not be copied. Start the page again, and try once more.")
