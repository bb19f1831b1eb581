"""What all tests share: the drawn films, a casebook, stored pictures, a hash of a whole tree."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vigkit import steps
from vigkit.casebook import Casebook

HERE = Path(__file__).parent
ROOT = HERE.parent


def pytest_configure() -> None:
    """A shell that starts us in the background has Ctrl-C ignored, in us and in all whom we start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="accept the pictures and pages as they are made now"
    )


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the one stored under tests/pictures; `--update` accepts it."""

    def compare(name: str, text: str) -> None:
        path = HERE / "pictures" / name
        if request.config.getoption("--update"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8"), f"{name} changed: look at it, then use --update"

    return compare


@pytest.fixture(scope="session")
def drawn(pytestconfig: pytest.Config) -> Path:
    """Both drawn films of seed 1 and their truth; drawn once for each state of the drawing code."""
    from vigkit.demo import scenes

    sources = [*sorted((ROOT / "vigkit/demo").glob("*.py")), ROOT / "vigkit/film/compose.py"]
    drawing = [p for p in sources if p.name not in ("lives.py", "words.py")]
    key = hashlib.sha256(b"".join(p.read_bytes() for p in drawing)).hexdigest()[:12]
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir(f"drawn-{key}")
    for scene in ("snack", "care"):
        if not (folder / f"{scene}.json").exists():
            scenes.draw(scene, 1, folder)
    return folder


@pytest.fixture(scope="session")
def small_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 20 seconds with numbered frames and sound, 25 frames a second."""
    from films import make

    return make(tmp_path_factory.mktemp("film") / "snack.mp4", 500, rate="25", sound=20)


PERSON = {"format": 1, "consents": [{"given": "2026-01-05", "purposes": ["own-reflection", "supervision"]}]}
CYCLE = {
    "format": 1,
    "id": "01-snack",
    "number": 1,
    "question": [{"words": "How do I give C1 time to begin?"}],
}


@pytest.fixture
def book(tmp_path: Path, small_film: Path) -> Casebook:
    """A casebook with one film of S1 and C1, both agreeing to supervision, and one cycle without moments."""
    made = steps.new(tmp_path / "casebook", code="S1", id="S1-test")
    steps.add_film(made, small_film, people=["S1", "C1"], id="snack")
    for person in ("S1", "C1"):
        steps.put(made, "consent", PERSON | {"person": person})
    steps.put(made, "cycle", CYCLE)
    return made


@pytest.fixture
def vigkit() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user does, in a process of its own; `lab` is stopped when it answers."""

    def run(*words: Any, **more: Any) -> subprocess.CompletedProcess[str]:
        if words[0] == "lab":
            return _until_it_answers(*map(str, words), **{"cwd": ROOT} | more)
        return subprocess.run(
            [sys.executable, "-m", "vigkit", *map(str, words)],
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
            **{"cwd": ROOT, "stdin": subprocess.DEVNULL} | more,
        )

    return run


def _until_it_answers(*words: str, cwd: Path, **_more: Any) -> subprocess.CompletedProcess[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "vigkit", *words],
        cwd=cwd,
        env=os.environ | {"BROWSER": "true"},  # a browser that does nothing, and says that all is well
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    try:
        if address := re.search(r"http://127\.0\.0\.1:[^\s\"]+", first):
            with urllib.request.urlopen(address[0], timeout=60) as answer:
                assert answer.status == 200
            process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=60)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, first + rest, err)


def told(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON object that a verb printed."""
    answer = json.loads(run.stdout)
    assert set(answer) == {"format", "verb", "ok", "result", "left_out", "error"}
    assert "Traceback" not in run.stderr
    return dict(answer)


def tree_hash(folder: Path) -> str:
    """One hash over every file and folder below, names and bytes."""
    parts = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        parts.update(str(path.relative_to(folder)).encode("utf-8", "surrogateescape") + b"\0")
        if path.is_file():
            parts.update(hashlib.sha256(path.read_bytes()).digest())
    return parts.hexdigest()
