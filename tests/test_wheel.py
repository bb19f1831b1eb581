"""The wheel: what is in it, what must not be, and that it works where there is nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = ("vigkit", "workbooks", "exercises", "templates")
NO_NETWORK = [shutil.which("unshare") or "unshare", "--map-root-user", "--net"]
# Kernels talk to each other on this machine's own loopback, which is switched off in a new namespace.
WITH_LOOPBACK = """\
import fcntl, os, socket, struct, sys
UP, SET_FLAGS = 0x1, 0x8914
fcntl.ioctl(socket.socket(), SET_FLAGS, struct.pack("16sh", b"lo", UP))
os.execv(sys.argv[1], sys.argv[1:])
"""
PAGE = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def permitted(words: list[str]) -> bool:
    return (
        bool(shutil.which(words[0])) and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    )


def command(*words: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that does not see this checkout, nor what the tests' own environment would add."""
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "UV_"))
    }
    done = subprocess.run(
        words, cwd=cwd, env=env | more, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8"
    )
    print(done.stdout, done.stderr, sep="\n")
    return done


def build(kind: str, tree: Path, out: Path) -> Path:
    """Builds with the hatchling installed here, so without a network."""
    words = (sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", out)
    assert command(*words, cwd=tree).returncode == 0
    return next(out.iterdir())


def content(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is shipped, with pages in it that nobody else may see."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in SHIPPED:
        if (ROOT / folder).exists():
            caches = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
            shutil.copytree(ROOT / folder, tree / folder, ignore=caches)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tree)
    with (tree / ".gitignore").open("a", encoding="utf-8", newline="\n") as ignored:
        ignored.write("\nworkbooks/mine.ipynb\n")
    for folder in SHIPPED:
        for name in (
            "shared.ipynb",
            "private-S1.ipynb",
            "mine.ipynb",
            "film.mp4",
            ".ipynb_checkpoints/a.ipynb",
        ):
            if folder == "workbooks" or name != "mine.ipynb":
                (tree / folder / name).parent.mkdir(parents=True, exist_ok=True)
                (tree / folder / name).write_text(PAGE, encoding="utf-8")
    return tree


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tree, tmp_path_factory.mktemp("wheel"))


def test_pages_and_templates_ride_in_the_wheel(tree: Path, wheel: Path):
    names = set(content(wheel))
    assert {f"vigkit/_content/{folder}/shared.ipynb" for folder in SHIPPED[1:]} <= names
    for folder in SHIPPED:
        home = "vigkit" if folder == "vigkit" else f"vigkit/_content/{folder}"
        files = [
            file for file in (ROOT / folder).rglob("*") if file.suffix in (".py", ".ipynb", ".csv", ".css")
        ]
        for file in files:
            if "__pycache__" not in file.parts and ".ipynb_checkpoints" not in file.parts:
                assert f"{home}/{file.relative_to(ROOT / folder).as_posix()}" in names


def test_a_page_that_git_ignores_is_not_in_the_wheel(wheel: Path):
    for name in content(wheel):
        assert not name.endswith(("private-S1.ipynb", "mine.ipynb", "film.mp4")), name
        assert ".ipynb_checkpoints" not in name


def test_nothing_else_is_in_the_wheel(wheel: Path):
    names = content(wheel)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"vigkit"}
    # what a Jupyter server reads to find our films lies outside the package
    outside = [name.partition(".data/data/")[2] for name in names if ".data/" in name]
    assert outside == ["etc/jupyter/jupyter_server_config.d/vigkit.json"]


def test_what_the_lab_looks_like_rides_in_the_wheel(wheel: Path):
    names = set(content(wheel))
    for file in (ROOT / "vigkit/lab").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert file.relative_to(ROOT).as_posix() in names


def test_by_way_of_the_source_archive_the_wheel_is_the_same(tree: Path, wheel: Path, tmp_path: Path):
    source = build("sdist", tree, tmp_path / "sdist")
    with tarfile.open(source) as archive:
        assert not any(name.endswith(("private-S1.ipynb", "mine.ipynb")) for name in archive.getnames())
    pip = (sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation")
    assert command(*pip, "--wheel-dir", tmp_path / "wheel", source, cwd=tmp_path).returncode == 0
    assert content(next((tmp_path / "wheel").iterdir())) == content(wheel)


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new venv with the wheel in it. The packages that it requires are borrowed from this one."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, symlinks=os.name != "nt")
    base = {"base": str(folder), "platbase": str(folder)}
    python = Path(sysconfig.get_path("scripts", "venv", base)) / Path(sys.executable).name
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # A path file inside the borrowed folder, the one of this checkout too, is not followed from here.
    site = Path(sysconfig.get_path("purelib", "venv", base))
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)), encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps")
    assert command(*pip, "--ignore-installed", wheel, cwd=folder).returncode == 0
    return python


def vigkit(python: Path, *words: str | Path, first: list[str] | None = None):
    """The installed vigkit in a home of its own, with a PATH that holds no ffmpeg."""
    home = python.parents[2]
    return command(
        *(first or []),
        *(python, "-P", "-m", "vigkit", *words),
        cwd=home,
        PATH=str(python.parent),
        HOME=str(home),
        JUPYTER_PATH=str(Path(sys.prefix) / "share" / "jupyter"),
    )


def test_the_installed_one_is_asked_and_not_this_checkout(clean: Path):
    done = command(clean, "-P", "-c", "import vigkit; print(vigkit.__file__)", cwd=clean.parent)
    assert Path(done.stdout.strip()).is_relative_to(clean.parents[1])
    done = vigkit(clean, "--version")
    assert done.returncode == 0
    assert done.stdout.split()[-1] == "0.1.0"


# This one takes a minute or two: a film is drawn and composed, and logs are rendered, with no cache to help.
def test_the_wheel_draws_a_demonstration_and_packs_it_with_the_network_off(clean: Path, tmp_path: Path):
    if not permitted(NO_NETWORK):
        pytest.skip("this machine does not permit a namespace without network (unshare)")
    first = [*NO_NETWORK, sys.executable, "-c", WITH_LOOPBACK]
    people, logs = tmp_path / "people", tmp_path / "logs"
    done = vigkit(clean, "demo", people, "--people", "1", "--seed", "1", first=first)
    assert done.returncode == 0
    done = vigkit(clean, "pack", people, "-o", logs, "--json", first=first)
    assert done.returncode in (0, 1)
    told = json.loads(done.stdout)
    assert told["ok"] and told["result"]["rendered"] > 0
    packed = json.loads((logs / "pack.json").read_text(encoding="utf-8"))
    assert len(packed["logs"]) == told["result"]["rendered"]
    for log in packed["logs"]:
        assert (logs / log["file"]).stat().st_size > 10_000
    assert (logs / "index.html").exists()
