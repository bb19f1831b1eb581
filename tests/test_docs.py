"""What README.md and docs/ tell a person to type is typed here, line after line."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import CYCLE, PERSON, ROOT
from test_cli import VERBS

from vigkit.cli import _parser
from vigkit.demo import lives

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def lines(page: Path) -> list[str]:
    """The commands in the console blocks of a page."""
    blocks = re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def ours(page: Path) -> list[str]:
    """Those that call vigkit."""
    return [line for line in lines(page) if line.split()[0] == "vigkit"]


def test_the_readme_and_the_docs_each_have_something_to_type() -> None:
    assert ours(ROOT / "README.md")
    assert any(ours(page) for page in PAGES[1:])
    for page in PAGES:
        for line in lines(page):
            assert line.split()[0] in (
                "vigkit",
                "python",
                "python3",
                "py",
                ".venv/bin/python",
                ".venv/bin/uv",
            ), line


def test_start_py_is_called_with_words_that_it_knows() -> None:
    called = [shlex.split(line)[2:] for page in PAGES for line in lines(page) if "start.py" in line.split()]
    verbs = {verb.split()[0] for verb in VERBS}
    for words in called:
        assert not words or words[0] in {"test", "--no-browser", "--version", "--help", *verbs}, words


NOTE = {"format": 1, "cycle": "01-snack", "by": "V1", "notice": "I notice how long you wait."}


@pytest.fixture
def desk(tmp_path: Path, small_film: Path) -> Path:
    """A folder with the files that the pages name."""
    for name in ("snack.mp4", "walk.mp4"):
        shutil.copyfile(small_film, tmp_path / name)
    records: dict[str, Any] = {"question": CYCLE, "cycle": CYCLE, "note": NOTE}
    records |= {f"consent-{person}": PERSON | {"person": person} for person in ("S1", "C1")}
    for name, record in records.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(record), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("page", [p for p in PAGES if ours(p)], ids=lambda p: p.name)
def test_every_line_does_what_the_page_says(
    page: Path, desk: Path, drawn: Path, vigkit: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for line in ours(page):
        words = shlex.split(line)[1:]
        if words[0] == "demo" and "--help" not in words:
            # The same verb with films that were drawn before; tests/test_cli.py lets it draw its own.
            asked = _parser().parse_args(words)
            lives.live(desk / asked.folder, people=asked.people, seed=asked.seed, drawn=drawn)
            continue
        run = vigkit(*words, cwd=desk)
        # 1: a demonstration holds a cycle that may not be shown; 130: the lab goes on until it is stopped
        allowed = {"pack": (0, 1), "check": (0, 1), "lab": (130,)}.get(words[0], (0,))
        assert run.returncode in allowed, f"{line}: {run.stderr}"
        assert "Traceback" not in run.stderr


def test_every_verb_stands_in_the_docs() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES[1:])
    for verb in VERBS:
        assert f"vigkit {verb} " in text, verb


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
