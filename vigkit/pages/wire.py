"""The wire between a page and its widget: one message, one answer, and nothing counts until it is saved.

A browser sends `{"to": n, "op": …}` and gets `{"to": n, …}` back, with `problem` where there is one to tell.
`answer` writes (see steps.answers); `load` gives what the part shows; a part adds its own as methods that are
called `on_…`. `{"push": …}` comes unasked. Words never travel as widget state, which a notebook would keep.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
from traitlets import Unicode

from vigkit.errors import BadRecord, VigkitError, refused_by_system
from vigkit.pages.desk import Desk, Record
from vigkit.steps import Answer

HERE = Path(__file__).parent


class Wired(anywidget.AnyWidget):
    """A part of a page whose words are kept by Python; `stem` names its .js and .css."""

    # Traits of ours: anywidget makes them from files or class attributes alone, and these are put together.
    _esm = Unicode().tag(sync=True)
    _css = Unicode().tag(sync=True)
    stem = ""
    said = "A part of a page"  # what it is called where it cannot be shown

    def __init__(self, desk: Desk, **more: Any) -> None:
        super().__init__(_esm=_source(self.stem, "js"), _css=_source(self.stem, "css"), **more)
        self.desk = desk
        self.on_msg(lambda _widget, message, _buffers: self.receive(message))
        desk.listen(str(more.get("part", self.stem)), self.changed)

    def __repr__(self) -> str:
        return f"{self.said}. Open this page with vigkit lab to use it."

    def load(self) -> dict[str, Any]:
        """All that this part shows, as it stands on disk."""
        raise NotImplementedError

    def changed(self, record: Record) -> None:
        """Another part of the page has changed a record."""
        self.push("changed", record=list(record))

    def push(self, push: str, **more: Any) -> None:
        """Tell the browser something unasked."""
        self.send({"push": push, **more})

    def receive(self, message: Mapping[str, Any]) -> None:
        """Do what one message asks for, and answer it."""
        self.send({"to": message.get("to"), **self._told(lambda: self._done(message))})

    def in_background(self, work: Callable[[], Mapping[str, Any]], push: str) -> None:
        """Do something long, and push what comes of it: its result, or a problem in words."""
        threading.Thread(target=lambda: self.push(push, **self._told(work)), daemon=True).start()

    def _done(self, message: Mapping[str, Any]) -> dict[str, Any]:
        op = str(message.get("op"))
        if op == "answer":
            answers = [_answer(each) for each in message["answers"]]
            self.desk.book.held = lambda: self.push("held")  # this part is the one that waits now
            stored = self.desk.answer(tuple(message["record"]), answers, self.changed)
            return {"stored": stored}
        if op == "load":
            return {"key": self.desk.key, **self.load()}
        act = getattr(self, f"on_{op}", None)
        if act is None:
            raise BadRecord("page", "This page is older than vigkit. Start the page again.")
        return dict(act(message) or {})

    def _told(self, work: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """What comes of some work: its result, or a problem in words."""
        try:
            return dict(work())
        except VigkitError as e:
            found = e
        except OSError as e:
            found = refused_by_system(e, "the casebook")
        except Exception as e:  # noqa: BLE001 - the last door of a page: nobody is to meet a traceback
            return {"problem": problem(_Unknown(e))}
        return {"problem": problem(self.desk.reason(found))}


def problem(error: VigkitError) -> dict[str, Any]:
    """An error as a page shows it, and the other answer where there are two."""
    told = {"code": error.code, "sentence": error.on_page}
    return told | ({"theirs": error.theirs} if hasattr(error, "theirs") else {})


class _Unknown(VigkitError):
    exit = 3

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"Something happened that vigkit does not know ({type(error).__name__}). "
            "Your words are kept in this window. Start the page again, and tell whoever helps you."
        )


def _answer(each: Mapping[str, Any]) -> Answer:
    path: Sequence[Any] = each["path"]
    return Answer(
        path=tuple(map(str, path)), value=each.get("value"), known=tuple(each.get("known") or (None,))
    )


@cache
def _source(stem: str, kind: str) -> str:
    """A part's script or looks, after those that all parts share."""
    files = (HERE / f"wire.{kind}", HERE / f"{stem}.{kind}")
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
