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

from vigkit import content

NOTEBOOKS = sorted(
    path
    for folder in ("workbooks", "exercises", "templates")
    for path in ROOT.joinpath(folder).rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts and not path.name.startswith("private")
)
EXERCISES = [path for path in NOTEBOOKS if path.parent.name == "exercises"]
FORBIDDEN = re.compile(r"^\s*(def|class|for|while|if|try|with|!|%)\b", re.MULTILINE)


def cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def is_one_line(outputs: list[dict[str, Any]]) -> bool:
    """What an answer cell of an exercise holds: one line of text, of nobody and of no place."""
    [output] = outputs
    text = "".join(output["data"]["text/plain"])
    return set(output["data"]) == {"text/plain"} and not re.search(r"[\n<>/\\]|0x|object at", text)


def test_there_is_a_notebook() -> None:
    assert ROOT / "templates/log/log.ipynb" in NOTEBOOKS
    assert ROOT / "exercises/1-spot-the-initiative.ipynb" in NOTEBOOKS


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
        if path in EXERCISES and cell["id"] != "parameters":
            assert is_one_line(cell["outputs"])
        else:
            assert cell["outputs"] == [] and cell["execution_count"] is None
        assert cell["metadata"]["jupyter"]["source_hidden"] is True
        assert len(source.splitlines()) <= 3 and not FORBIDDEN.search(source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_has_one_cell_of_parameters(path: Path) -> None:
    tagged = [c for c in cells(path) if "parameters" in c["metadata"].get("tags", ())]
    assert [c["id"] for c in tagged] == ["parameters"]
    assert all("=" in line for line in "".join(tagged[0]["source"]).splitlines())


def nbval(folder: Path, kind: str) -> subprocess.CompletedProcess[str]:
    """Run each cell of the notebooks in a folder in a real kernel; a cell that raises is a failed test."""
    folder.joinpath("pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    words = ["-m", "pytest", "-q", kind, "-p", "no:cacheprovider", "-c", "pytest.ini", "."]
    return subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )


def code(folder: Path) -> int:
    """How many cells of code the notebooks in a folder have."""
    return sum(cell["cell_type"] == "code" for path in folder.glob("*.ipynb") for cell in cells(path))


def test_every_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    for path in (path for path in NOTEBOOKS if path not in EXERCISES):
        tmp_path.joinpath(path.name).write_bytes(path.read_bytes())
    run = nbval(tmp_path, "--nbval-lax")
    assert f"{code(tmp_path)} passed" in run.stdout, run.stdout[-2000:]
    assert run.returncode == 0


def test_an_exercise_says_what_it_says_here(tmp_path: Path) -> None:
    """Strict: each answer is the line that is stored. A copy with another line is found."""
    for path in EXERCISES:
        page = path.read_bytes()
        tmp_path.joinpath(path.name).write_bytes(page)
    other = page.replace(b"Spot the initiative. Open", b"Spot the initiative. Shut")
    assert other != page
    tmp_path.joinpath("other.ipynb").write_bytes(other)
    run = nbval(tmp_path, "--nbval")
    assert f"1 failed, {code(tmp_path) - 1} passed" in run.stdout, run.stdout[-2000:]
    assert "FAILED other.ipynb" in run.stdout


def test_a_copy_of_an_exercise_runs_too(tmp_path: Path) -> None:
    for name, page in (content.exercises() | content.exercises(trainer=True)).items():
        tmp_path.joinpath(name).write_bytes(page)
        assert all(not cell.get("outputs") for cell in cells(tmp_path / name))
    run = nbval(tmp_path, "--nbval-lax")
    assert f"{code(tmp_path)} passed" in run.stdout, run.stdout[-2000:]
