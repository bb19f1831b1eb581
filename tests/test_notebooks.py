"""Every notebook that we ship keeps the rules of a page, and runs from top to bottom."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

NOTEBOOKS = sorted(
    path
    for folder in ("workbooks", "exercises", "templates")
    for path in ROOT.joinpath(folder).rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts and not path.name.startswith("private")
)
FORBIDDEN = re.compile(r"^\s*(def|class|for|while|if|try|with|!|%)\b", re.MULTILINE)


def cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def test_there_is_a_notebook() -> None:
    assert ROOT / "templates/log/log.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_thin_and_holds_nothing_of_anybody(path: Path) -> None:
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert {"kernelspec", "language_info"} <= set(whole["metadata"])
    assert "widgets" not in whole["metadata"]
    ids = [cell["id"] for cell in whole["cells"]]
    assert len(ids) == len(set(ids))
    for cell in whole["cells"]:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cell["id"]), f"{cell['id']} is no word"
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        assert cell["outputs"] == [] and cell["execution_count"] is None
        assert cell["metadata"]["jupyter"]["source_hidden"] is True
        assert len(source.splitlines()) <= 3 and not FORBIDDEN.search(source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_has_one_cell_of_parameters(path: Path) -> None:
    tagged = [c for c in cells(path) if "parameters" in c["metadata"].get("tags", ())]
    assert [c["id"] for c in tagged] == ["parameters"]
    assert all("=" in line for line in "".join(tagged[0]["source"]).splitlines())


def test_every_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    """nbval runs each cell in a real kernel; a cell that raises is a failed test."""
    tmp_path.joinpath("pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for path in NOTEBOOKS:
        tmp_path.joinpath(path.name).write_bytes(path.read_bytes())
    words = ["-m", "pytest", "-q", "--nbval-lax", "-p", "no:cacheprovider", "-c", "pytest.ini", "."]
    run = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    code = sum(cell["cell_type"] == "code" for path in NOTEBOOKS for cell in cells(path))
    assert f"{code} passed" in run.stdout, run.stdout[-2000:]
    assert run.returncode == 0
