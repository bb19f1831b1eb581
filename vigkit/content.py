"""Where the workbooks, exercises and templates lie: inside the package, or beside it in a checkout."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def root() -> Path:
    """The folder that holds workbooks/, exercises/ and templates/."""
    inside = Path(__file__).parent / "_content"
    return inside if inside.is_dir() else Path(__file__).parents[1]


def python_path() -> dict[str, str]:
    """For the environment of another Python: a checkout that is not installed is found from everywhere."""
    if not (root() / "vigkit").is_dir():
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(root()), os.environ.get("PYTHONPATH")]))}


def pages() -> dict[str, bytes]:
    """The pages that are shipped, by the name of their file."""
    return {page.name: page.read_bytes() for page in sorted(root().joinpath("workbooks").glob("*.ipynb"))}


def exercises(trainer: bool = False) -> dict[str, bytes]:
    """The exercises by the name of their file: for participants, or for trainers with the answers.

    The line that each answer is tested with stays here: a copy is a page that nobody has started.
    """
    found = {}
    for page in sorted(root().joinpath("exercises").glob("*.ipynb")):
        whole = json.loads(page.read_bytes())
        cells = [c for c in whole["cells"] if trainer or "trainer" not in c["metadata"].get("tags", ())]
        whole["cells"] = [_unrun(cell) for cell in cells]
        name = f"{page.stem}-for-trainers.ipynb" if trainer else page.name
        found[name] = (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()
    return found


def _unrun(cell: dict[str, Any]) -> dict[str, Any]:
    return cell | {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell
