"""Where the workbooks, exercises and templates lie: inside the package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path


def root() -> Path:
    """The folder that holds workbooks/, exercises/ and templates/."""
    inside = Path(__file__).parent / "_content"
    return inside if inside.is_dir() else Path(__file__).parents[1]
