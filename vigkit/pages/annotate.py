"""Marking moments: the film, its timeline and one question at a time. The browser's part is annotate.js.

Messages beside those of wire.py: `film` begins to look at a film, and pushes what becomes of it (`times` of
its pictures, `working`, `playable`, `strip`, `looked`); `unplayable` asks for a copy that the browser can
show; `news` tells what others have changed. An answer is told with the moments as they are stored.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from vigkit import steps
from vigkit.cycle import ACTS, MODALITIES, Contents, Film, Moment
from vigkit.errors import FilmUnreadable, MachineFailed, NothingAsked, UnknownMoment
from vigkit.lab import films
from vigkit.pages.desk import Desk
from vigkit.pages.wire import Wired

OFTEN = 0.25  # seconds between two words on how far it is
GUIDING = "review"  # the level of the principles that are for a film of a shared review
UNSHOWN = "Your browser does not show this film as it is."
_making: dict[tuple[str, str], threading.Lock] = {}  # one copy of a film at a time


class Annotator(Wired):
    """A film on which a person marks what goes better than usual; without `film` the one of the cycle."""

    stem = "annotate"
    said = "Your film, and the moments that you mark on it"

    def __init__(self, desk: Desk, film: str | None = None) -> None:
        self._only = film
        self._seen: dict[str, Moment] = {}  # the moments as this part has last told them
        self._looked_at: set[str] = set()  # the films whose every byte was read: a look at them is quick now
        super().__init__(desk)

    def load(self) -> dict[str, Any]:
        """The films, the moments of the cycle, and the words for them; or what to do first."""
        if not self.desk.begun:
            return {"say": NothingAsked().sentence, "page": "1-goal.ipynb"}
        contents = self.desk.contents()
        found = self._films(contents)
        if not found:
            return {"say": "Bring a film first. That is page 2.", "page": "2-consent-and-film.ipynb"}
        cycle = self.desk.now()
        self._seen = {m.id: m for m in cycle.moments}
        return {
            "record": ["cycle", cycle.id],
            "question": cycle.question[-1].words if cycle.question else "",
            "films": [_shown(each) for each in found],
            "moments": [steps.plain(m) for m in cycle.moments],
            "principles": _levels(contents),
            "acts": ACTS,
            "ways": MODALITIES,
        }

    def on_film(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where a film is found; what takes longer is pushed."""
        film = str(message.get("film"))
        proxy = steps.has_proxy(self.desk.book, film)
        self.in_background(lambda: self._look(film), "looked")
        return {"handle": films.offer(self.desk.book), "proxy": proxy}

    def on_unplayable(self, message: Mapping[str, Any]) -> None:
        """The browser shows no picture of a film: a copy is made, or it is told why there is none."""
        film = str(message.get("film"))
        steps.shown_film(self.desk.book, film)  # it may be gone, changed, or taken back
        if message.get("proxy"):
            raise FilmUnreadable(film, "Your browser does not show it")
        self.in_background(lambda: self._copy(film, UNSHOWN) or {}, "playable")

    def on_news(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """What has changed since this part has told its moments, or why its film is not to be seen."""
        if film := message.get("film"):
            steps.known_film(self.desk.contents(), str(film))
        if film in self._looked_at:
            steps.shown_film(self.desk.book, str(film))
        with self.desk.lock:
            return self._news([])

    def _done(self, message: Mapping[str, Any]) -> dict[str, Any]:
        if message.get("op") != "answer":
            return super()._done(message)
        paths = [tuple(map(str, each["path"])) for each in message["answers"]]
        with self.desk.lock:
            self._there(paths)
            return super()._done(message) | self._news(paths)

    def _there(self, paths: Sequence[tuple[str, ...]]) -> None:
        """UnknownMoment where a part of a moment is answered that another window has deleted."""
        for path in paths:
            if len(path) > 2 and path[1] not in (known := [m.id for m in self.desk.now().moments]):
                raise UnknownMoment(path[1], self.desk.cycle, known)

    def _news(self, mine: Sequence[tuple[str, ...]]) -> dict[str, Any]:
        """The moments that are not as they were last told, and whether somebody else has changed any."""
        before, self._seen = self._seen, {m.id: m for m in self.desk.now().moments}
        changed = [m for m in self._seen.values() if before.get(m.id) is not m and before.get(m.id) != m]
        gone = [id for id in before if id not in self._seen]
        foreign = any(_by_others(before.get(m.id), m, mine) for m in changed)
        return {
            "moments": [steps.plain(m) for m in changed],
            "gone": gone,
            "foreign": foreign or any(("moments", id) not in mine for id in gone),
        }

    def _films(self, contents: Contents) -> list[Film]:
        """The films that can be marked here, the one to begin with first."""
        every = list(contents.films.values())
        if self._only is not None:
            return [f for f in every if f.id == self._only]
        cycle = self.desk.now().films
        newest = sorted(every, key=lambda f: f.filmed or "", reverse=True)
        return sorted(newest, key=lambda f: (f.id not in cycle, f.kind != "practice"))

    def _look(self, film: str) -> Mapping[str, Any]:
        """Find out all that takes a while about a film, and push it piece by piece."""
        book = self.desk.book
        times = steps.picture_times(book, film)
        self._looked_at.add(film)
        self.send({"push": "times", "film": film}, buffers=[times.tobytes()])
        if told := self._copy(film):
            self.push("playable", **told)
        with contextlib.suppress(MachineFailed):  # a casebook that may only be read has no small pictures
            self._strip(film)
        return {"film": film}

    def _copy(self, film: str, why: str | None = None) -> Mapping[str, Any] | None:
        """Make the copy for browsers where one is needed, or `why` says so."""
        with _lock(film, "copy"):
            progress = self._progress(film, "copy")
            _, reason = steps.playable(self.desk.book, film, why=why, progress=progress)
        return {"film": film, "reason": reason} if reason else None

    def _strip(self, film: str) -> None:
        from vigkit.film import strip

        with _lock(film, "strip"):
            path = steps.strip(self.desk.book, film, progress=self._progress(film, "strip"))
        made = strip.read(path)
        facts = {name: getattr(made, name) for name in ("every", "width", "height", "columns", "count")}
        told = {"push": "strip", "film": film, "per_second": strip.PEAKS} | facts
        self.send(told, buffers=[made.peaks, *made.sheets])

    def _progress(self, film: str, what: str) -> steps.Report:
        """Tell the browser how far it is, and not more often than one can see."""
        last = [0.0]

        def progress(part: float, sentence: str) -> None:
            if (now := time.monotonic()) - last[0] > OFTEN:
                last[0] = now
                self.push("working", film=film, what=what, part=part, sentence=sentence)

        return progress


def _by_others(before: Moment | None, now: Moment, mine: Sequence[tuple[str, ...]]) -> bool:
    """Whether a moment has changed in more than what was answered here."""
    if ("moments", now.id) in mine:
        return False
    fields = {path[2] for path in mine if path[:2] == ("moments", now.id)}
    was = {} if before is None else steps.plain(before)
    names = (was.keys() | steps.plain(now).keys()) - fields
    return any(was.get(name) != steps.plain(now).get(name) for name in names)


def _shown(film: Film) -> dict[str, Any]:
    """What a page tells of a film: never its file."""
    named = " · ".join(filter(None, [film.activity or film.id, film.filmed]))
    return {"id": film.id, "label": named, "seconds": film.seconds, "kind": film.kind, "people": film.people}


def _levels(contents: Contents) -> list[dict[str, Any]]:
    """The principles level by level, in the words of the team."""
    levels: dict[str, dict[str, Any]] = {}
    for each in contents.principles.values():
        level = levels.setdefault(
            each.level, {"level": each.level, "name": each.level_name, "principles": []}
        )
        level["principles"].append({"id": each.id, "label": each.label, "see": each.see})
    return list(levels.values())


def _lock(film: str, what: str) -> threading.Lock:
    return _making.setdefault((film, what), threading.Lock())
