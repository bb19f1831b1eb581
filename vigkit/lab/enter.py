"""How a browser comes in: by an address that is good for one visit, as every program here can see it go by.

Jupyter would name the token itself, or write it to a file that some browsers may not read.
"""

from __future__ import annotations

import secrets

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web


def address(base: str) -> str:
    """A new address for one visit."""
    return str(url_path_join(base, "vigkit/enter", secrets.token_hex(16)))


class Enter(JupyterHandler):
    """Sends its first visitor on."""

    def initialize(self, on: list[str]) -> None:
        """Where to; the list is empty afterwards."""
        self._on = on

    @allow_unauthenticated
    def get(self) -> None:
        """On to the page, once."""
        if not self._on:
            raise web.HTTPError(404)
        self.set_header("Cache-Control", "no-store")
        self.redirect(self._on.pop())
