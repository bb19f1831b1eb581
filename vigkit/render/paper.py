"""What is printed for a person to sign: the consent form, with codes and never with names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vigkit import content
from vigkit.cycle import Contents
from vigkit.render.page import sealed
from vigkit.render.sections import PURPOSES, said_day

if TYPE_CHECKING:
    from jinja2 import Environment

VERSION = "1"  # raise it with each change of the words: a consent says which form was shown


def consent_form(contents: Contents, people: Sequence[str]) -> str:
    """One page for each of these people, filled in as far as it is known."""
    folder = content.root() / "templates" / "consent"
    owner = contents.owner
    told = []
    for code in people:
        copies = contents.consents.get(code, ())
        last = copies[-1].consents[-1] if copies and copies[-1].consents else None
        told.append(
            {
                "code": code,
                "mine": code == owner.owner,
                "stored": (last and last.stored) or owner.stored,
                "who_sees": ", ".join(last.who_sees) if last else "",
                "kept_until": said_day(last.kept_until) if last else None,
            }
        )
    body = (
        _environment(folder)
        .get_template("consent.html.j2")
        .render(people=told, purposes=list(PURPOSES.values()), owner=owner.owner, version=VERSION)
    )
    return sealed("Consent to filming", folder.joinpath("consent.css").read_text("utf-8"), body)


def _environment(folder: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
