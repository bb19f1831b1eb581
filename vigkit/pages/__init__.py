"""The pages: each function here is one part of a page, made by a cell of a workbook.

    pages.question(casebook, cycle)

None and None: the casebook in whose folder the notebook lies, else the demonstration; and its newest cycle.
A part that cannot be shown says in a sentence what to do next; it never raises.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigkit.errors import VigkitError, refused_by_system

if TYPE_CHECKING:
    from vigkit.pages.desk import Desk

Part = Callable[..., Any]
_desks: dict[tuple[str, str, str], Desk] = {}


def _part(page: str, place: str) -> Part:
    """A part of a page as a cell calls it; what it needs is imported then, and no earlier."""

    def part(casebook: str | Path | None = None, cycle: str | None = None) -> Any:
        from vigkit.pages.end import Sentence

        module, name = place.split(".")
        make = getattr(import_module(f"vigkit.pages.{module}"), name)
        try:
            return make(_desk(page, casebook, cycle))
        except VigkitError as e:
            return Sentence(e.on_page)
        except OSError as e:
            return Sentence(refused_by_system(e, "the casebook").sentence)

    return part


def _desk(page: str, casebook: str | Path | None, cycle: str | None) -> Desk:
    """The desk that all parts of a page share, so that they hear of each other."""
    from vigkit.pages.desk import Desk

    fresh = Desk.open(page, casebook, cycle)
    key = (page, str(fresh.book.folder.resolve()), fresh.cycle)
    return _desks.setdefault(key, fresh)


PAGES = (
    *("0-welcome", "1-goal", "2-consent-and-film", "3-moments", "4-short-film"),
    *("5-shared-review", "6-log", "7-change", "8-supervision"),
)

finished_log = _part(PAGES[0], "welcome.finished_log")
cycles = _part(PAGES[0], "welcome.cycles")
after_welcome = _part(PAGES[0], "end.end_of")

question = _part(PAGES[1], "goal.question")
goals = _part(PAGES[1], "goal.goals")
after_goal = _part(PAGES[1], "end.end_of")

before_filming = _part(PAGES[2], "agree.before_filming")
film = _part(PAGES[2], "agree.film")
consents = _part(PAGES[2], "agree.consents")
after_film = _part(PAGES[2], "end.end_of")

mark = _part(PAGES[3], "moments.mark")
passed_over = _part(PAGES[3], "moments.passed_over")
after_moments = _part(PAGES[3], "end.end_of")

choose_and_share = _part(PAGES[4], "choose.choose_and_share")
short_film = _part(PAGES[4], "choose.short_film")
after_short_film = _part(PAGES[4], "end.end_of")

shared_review = _part(PAGES[5], "review.shared_review")
afterwards = _part(PAGES[5], "review.afterwards")
after_review = _part(PAGES[5], "end.end_of")

check_answers = _part(PAGES[6], "log.check_answers")
for_me_alone = _part(PAGES[6], "log.for_me_alone")
make_log = _part(PAGES[6], "log.make_log")
after_log = _part(PAGES[6], "end.end_of")

first_and_last = _part(PAGES[7], "change.first_and_last")
goal_lines = _part(PAGES[7], "change.goal_lines")
counts = _part(PAGES[7], "change.counts")
block = _part(PAGES[7], "change.block")
after_change = _part(PAGES[7], "end.end_of")

read_logs = _part(PAGES[8], "supervise.read_logs")
film_of_a_review = _part(PAGES[8], "supervise.film_of_a_review")
after_supervision = _part(PAGES[8], "end.end_of")

SPOT = "1-spot-the-initiative"
spot_the_initiative = _part(SPOT, "spot.exercise")
spot_answers = _part(SPOT, "spot.answers")
