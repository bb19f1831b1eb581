"""Cards: one question or one action at a time. What they ask is data, made by the page.

An ask is a dict: `id`, `kind`, `label`, and where it is answered, `record` and `path` (steps.answers).
With an answer: text, line, lines (a list, one on each), day, scale (0 to 10), choice, checks (a list), tick.
Without: say (`words`, `own`, `list`), links, summary, table, image, figure (`svg`), group and pair (`asks`),
clip (`film`, `start`, `end`), frame (`html`), paper (`html`, opened to read or print), bring (a film), order
(of moments), film-maker (the short film), action (`name`, `button`, `fields`: done in Python), webgl (an
action where the browser can show it). Any may have `hint`, `why` (we ask), `before` (earlier versions),
`optional`, `vk` (the hook for checks). `reload` asks anew after an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from traitlets import Unicode

from vigkit import steps
from vigkit.errors import BadUsage
from vigkit.pages.desk import Desk
from vigkit.pages.wire import Wired

Ask = dict[str, Any]
Given = Mapping[str, Any]
Act = Callable[[Given], Mapping[str, Any] | None]


class Cards(Wired):
    """A deck of cards; `asks` makes them anew from what is saved, `acts` are what its buttons do."""

    stem = "cards"
    part = Unicode().tag(sync=True)  # its name among the parts of the page: no word of anybody

    def __init__(
        self,
        desk: Desk,
        part: str,
        asks: Callable[[], Sequence[Ask]],
        *,
        acts: Mapping[str, Act] | None = None,
        every: bool = False,
        said: str = "Questions of a page",
    ) -> None:
        self.said = said
        super().__init__(desk, part=part)
        self._asks, self.acts, self._every = asks, dict(acts or {}), every

    def load(self) -> dict[str, Any]:
        """The cards, with what is saved."""
        asks = [self._filled(ask) for ask in self._asks()]
        return {"deck": {"mode": "all" if self._every else "one", "asks": asks}}

    def on_do(self, message: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Do what a button says."""
        act = self.acts.get(str(message.get("name")))
        if act is None:
            raise BadUsage("This page has no such button. Start the page again.")
        done = act(dict(message.get("given") or {}))
        self.desk.tell((), self.changed)
        return done

    def _filled(self, ask: Ask) -> Ask:
        if "asks" in ask:
            return ask | {"asks": [self._filled(each) for each in ask["asks"]]}
        if "path" not in ask or "value" in ask:
            return ask
        record = ask["record"]
        value = steps.value_at(self.desk.data(record), record[0], ask["path"])
        return ask | {"value": value}
