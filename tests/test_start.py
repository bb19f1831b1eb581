"""start.py, tried with real Pythons, venvs, pip and uv on a small project in vigkit's place."""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
NO_NETWORK = ["unshare", "--map-root-user", "--net"]
OLD = "start.py is tried with links, signals and namespaces of Linux"
NOT_PERMITTED = "this machine does not permit a namespace without network (unshare)"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=OLD)


def permitted(words: list[str]) -> bool:
    return (
        bool(shutil.which(words[0])) and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    )


@pytest.fixture(scope="session")
def no_network() -> list[str]:
    if not permitted(NO_NETWORK):
        pytest.skip(NOT_PERMITTED)
    return NO_NETWORK


# --- A small project in vigkit's place -------------------------------------------------------------------

PYPROJECT = """\
[build-system]
requires = ["hatchling", "editables"]
build-backend = "backend"
backend-path = ["."]

[project]
name = "vigkit"
version = "1"
requires-python = ">=3.11"
optional-dependencies = { test = ["pytest"] }

[tool.hatch.build]
dev-mode-dirs = ["."]
"""

# Building is the middle of a set-up: a file named "interrupt" stops everything there, once.
BACKEND = """\
import os
import signal
from pathlib import Path

from hatchling.build import *

flag = Path("interrupt")
if flag.exists():
    kind = int(flag.read_text())
    flag.unlink()
    os.killpg(os.getpgrp(), kind)
    signal.pause()
"""

VIGKIT = """\
import json, os, signal, sys
from pathlib import Path

verb, *words = sys.argv[1:]
with Path(sys.prefix, "verbs").open("a") as said:
    print(verb, file=said)
if verb == "tell":
    print(json.dumps({"words": words, "prefix": sys.prefix, "path": sys.path, "here": os.getcwd()}))
elif verb == "exit":
    sys.exit(int(words[0]))
elif verb == "demo" and "interrupt" in os.environ:
    try:
        exec(os.environ["interrupt"])
        signal.pause()
    except KeyboardInterrupt:
        sys.exit(130)
elif verb == "demo":
    Path(words[0]).mkdir()
elif verb == "pack":
    assert words[1] == "-o", words
    Path(words[2]).mkdir(exist_ok=True)
    Path(words[2], "index.html").write_text("the logs")
    sys.exit(int(os.environ.get("pack", 1)))
"""

TESTS = """\
def test_one(): pass
def test_two(): assert False
"""


def make_project(folder: Path) -> Path:
    """The small project with the start.py of this checkout."""
    for name, text in {
        "pyproject.toml": PYPROJECT,
        "backend.py": BACKEND,
        "constraints.txt": "",
        "vigkit/__init__.py": "",
        "vigkit/__main__.py": VIGKIT,
        "tests/test_small.py": TESTS,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "start.py", folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "Übung mit Film")


def start(project: Path, *words: str, first: list[str], python: Path | None = None, **more: str | Path):
    """Runs start.py in an environment that holds nothing of this machine's pip and uv settings."""
    home = project.parent / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [*first, python or sys.executable, project / "start.py", *words],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", **more},
        cwd=more.get("PWD", project.parent),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # so that an interruption stays in the family
        timeout=300,
    )
    print(done.stdout, done.stderr, sep="\n", end="")
    log = project / ".venv" / "setup.log"
    print(log.read_text(encoding="utf-8") if log.exists() else "no log")
    return done


# --- A folder of wheels, made from what is installed here: no test needs the network ---------------------


def needs(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    """A package and all that it requires on this machine."""
    if name not in found:
        found[name] = distribution(name)
        for line in found[name].requires or []:
            requirement = Requirement(line)
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                needs(requirement.name.lower(), found)
    return found


def wheel(package: Distribution, folder: Path) -> None:
    """The wheel that an installed package came from, put together again."""
    stem = f"{package.name.replace('-', '_')}-{package.version}"
    tag = (package.read_text("WHEEL") or "").split("Tag: ")[1].split()[0]
    record = ""
    with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w") as archive:
        for file in package.files or []:
            if file.name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json") or file.suffix == ".pyc":
                continue
            if ".." in file.parts and file.name != "uv":
                continue  # commands are made anew from the entry points; uv is a program of its own
            name = f"{stem}.data/scripts/uv" if ".." in file.parts else file.as_posix()
            data = Path(str(file.locate())).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(data)}\n"
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16  # a file that can be run
            archive.writestr(entry, data)
        inside = next(file.parent.as_posix() for file in package.files or [] if file.name == "METADATA")
        archive.writestr(f"{inside}/RECORD", record + f"{inside}/RECORD,,\n")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stick") / "wheels"
    folder.mkdir()
    found: dict[str, Distribution] = {}
    for name in ("uv", "hatchling", "editables", "pytest"):
        needs(name, found)
    for package in found.values():
        wheel(package, folder)
    return folder


def python_like_debian(folder: Path, *, pip: bool, ensurepip: bool) -> Path:
    """A Python of its own, linked from this one, as a Linux distribution takes it apart."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (folder / "bin").mkdir(parents=True)
    python = Path(shutil.copy(Path(sys.executable).resolve(), folder / "bin" / version))
    library = folder / "lib" / version
    sites = [library / "site-packages", folder / "lib" / "python3" / "dist-packages"]
    for site in sites:
        site.mkdir(parents=True)
        if pip:
            found = importlib.util.find_spec("pip")
            assert found and found.origin
            (site / "pip").symlink_to(Path(found.origin).parent)
    for entry in Path(sysconfig.get_path("stdlib")).iterdir():
        if entry.name not in ("site-packages", "ensurepip") or (entry.name == "ensurepip" and ensurepip):
            (library / entry.name).symlink_to(entry)
    for shared in Path(sys.base_prefix, "lib").glob("libpython*"):
        (folder / "lib" / shared.name).symlink_to(shared)
    return python


# --- The promises ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, no_network: list[str], wheels: Path) -> Path:
    """A project set up from wheels/ with no network, in a path with a space and an umlaut, among traps."""
    project = make_project(tmp_path_factory.mktemp("ready") / "Übung mit Film")
    shutil.copytree(wheels, project / "wheels", copy_function=os.link)
    trap = project.parent / "trap"
    trap.mkdir()
    for module in ("hatchling", "vigkit", "pip"):
        (trap / f"{module}.py").write_text("import sys; sys.exit('a trap')")
    traps = {"PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1", "PIP_TARGET": str(trap), "UV_TARGET": str(trap)}
    done = start(project, "tell", first=no_network, PYTHONPATH=str(trap), **traps)
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["Setting up. This takes 1 to 3 minutes the first time.", "Ready."]
    return project


def test_it_sets_up_from_wheels_without_a_network_among_traps_in_a_path_with_space_and_umlaut(ready: Path):
    assert (ready / ".venv" / "ready").exists()
    assert not list((ready.parent / "home").iterdir()), "something was written outside the folder"
    assert {entry.name for entry in ready.iterdir()} - {"__pycache__", "demonstration"} == {
        *(".venv", "wheels", "start.py", "pyproject.toml", "constraints.txt"),
        *("backend.py", "vigkit", "tests"),
    }


def test_a_second_start_installs_nothing_and_needs_no_network(ready: Path, no_network: list[str]):
    log = ready / ".venv" / "setup.log"
    before = log.stat()
    aside = (ready / "wheels").rename(ready.parent / "aside")
    done = start(ready, "tell", "--json", "ä ö", first=no_network)
    aside.rename(ready / "wheels")
    assert (done.returncode, done.stderr) == (0, "")
    assert log.stat() == before
    told = json.loads(done.stdout)
    assert told["words"] == ["--json", "ä ö"]
    assert told["prefix"] == str(ready / ".venv")


def test_the_words_work_where_you_are_and_your_files_are_not_taken_for_python_s(ready: Path, tmp_path: Path):
    (tmp_path / "json.py").write_text("raise SystemExit('your own json.py was imported')")
    done = start(ready, "tell", first=[], PWD=tmp_path, PYTHONPATH=tmp_path)
    told = json.loads(done.stdout)
    assert told["here"] == str(tmp_path)
    assert str(tmp_path) not in told["path"]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 130])
def test_the_exit_code_of_vigkit_is_passed_on(ready: Path, code: int):
    assert start(ready, "exit", str(code), first=[]).returncode == code


def test_no_words_make_the_demonstration_once_and_open_its_index(ready: Path, tmp_path: Path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> "{tmp_path}/opened"\n')
    browser.chmod(0o755)
    verbs = ready / ".venv" / "verbs"
    index = ready / "demonstration" / "logs" / "index.html"
    shutil.rmtree(ready / "demonstration", ignore_errors=True)
    verbs.unlink()

    done = start(ready, "--no-browser", first=[], BROWSER=browser)
    assert done.returncode == 0
    shown = Path(done.stdout.splitlines()[-1])
    assert not shown.is_absolute()
    assert (ready.parent / shown).resolve() == index.resolve()
    assert not (tmp_path / "opened").exists()

    done = start(ready, first=[], BROWSER=browser, pack="0")
    assert done.returncode == 0
    assert (tmp_path / "opened").read_text().split() == [index.as_uri()]
    assert verbs.read_text().split() == ["demo", "pack", "pack"]
    shutil.rmtree(ready / "demonstration")


@pytest.mark.parametrize("code", [2, 3])
def test_a_pack_that_did_not_come_about_is_passed_on(ready: Path, code: int):
    done = start(ready, "--no-browser", first=[], pack=str(code))
    assert done.returncode == code
    assert "index.html" not in done.stdout
    shutil.rmtree(ready / "demonstration")


@pytest.mark.parametrize(
    "interrupt", ["os.killpg(os.getpgrp(), signal.SIGINT)", "os.kill(os.getppid(), signal.SIGINT)"]
)
def test_ctrl_c_ends_the_demonstration_with_130_and_no_traceback(ready: Path, interrupt: str):
    done = start(ready, first=[], interrupt=interrupt)
    assert (done.returncode, done.stderr) == (130, "")
    assert not (ready / "demonstration" / "people").exists()


def test_the_word_test_runs_the_suite_and_later_starts_still_install_nothing(
    ready: Path, no_network: list[str]
):
    done = start(ready, "test", "-k", "one", "-p", "no:cacheprovider", first=no_network)
    assert done.returncode == 0
    assert "1 passed, 1 deselected" in done.stdout
    assert start(ready, "test", "-p", "no:cacheprovider", first=no_network).returncode == 1
    done = start(ready, "tell", first=no_network)
    assert (done.returncode, done.stderr) == (0, "")


def test_changed_requirements_and_a_moved_folder_are_set_up_again(
    project: Path, no_network: list[str], wheels: Path
):
    shutil.copytree(wheels, project / "wheels", copy_function=os.link)
    assert start(project, "tell", first=no_network).returncode == 0
    with (project / "pyproject.toml").open("a") as file:
        file.write("\n[project.entry-points.x]\ny = 'vigkit:y'\n")
    assert "Ready." in start(project, "tell", first=no_network).stderr
    assert "y = vigkit:y" in next(project.glob(".venv/lib/*/site-packages/*/entry_points.txt")).read_text()

    project = project.rename(project.parent / "moved")
    done = start(project, "tell", first=no_network)
    assert "Ready." in done.stderr
    assert json.loads(done.stdout)["prefix"] == str(project / ".venv")


def test_a_first_run_without_network_says_what_to_do_and_the_stick_helps(
    project: Path, no_network: list[str], wheels: Path
):
    done = start(project, "tell", first=no_network, PIP_RETRIES="0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Check that this computer is online" in done.stderr
    assert "copy your trainer's folder wheels beside start.py" in done.stderr
    assert "Traceback" not in done.stderr
    shutil.copytree(wheels, project / "wheels", copy_function=os.link)
    assert start(project, "tell", first=no_network).returncode == 0


def test_where_uv_is_refused_pip_goes_the_way_you_set_for_it(
    project: Path, no_network: list[str], wheels: Path
):
    mirror = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "UV_HTTP_RETRIES": "0"}
    done = start(project, "tell", first=no_network, **mirror)
    assert done.returncode == 0
    assert "Trying another way." in done.stderr
    assert (project / ".venv" / "bin" / "uv").exists()


def test_a_python_without_ensurepip_will_do_and_may_go_later(
    project: Path, tmp_path: Path, no_network: list[str], wheels: Path
):
    shutil.copytree(wheels, project / "wheels", copy_function=os.link)
    python = python_like_debian(tmp_path / "debian", pip=True, ensurepip=False)
    assert subprocess.run([python, "-c", "import ensurepip"], capture_output=True).returncode == 1
    assert start(project, "tell", first=no_network, python=python).returncode == 0

    shutil.rmtree(tmp_path / "debian")
    done = start(project, "tell", first=no_network)
    assert done.returncode == 0
    assert "Ready." in done.stderr


@pytest.mark.skipif(not importlib.util.find_spec("ensurepip"), reason="this Python has no ensurepip")
def test_a_python_without_pip_will_do(project: Path, tmp_path: Path, no_network: list[str], wheels: Path):
    shutil.copytree(wheels, project / "wheels", copy_function=os.link)
    python = python_like_debian(tmp_path / "debian", pip=False, ensurepip=True)
    assert start(project, "tell", first=no_network, python=python).returncode == 0


def test_with_neither_pip_nor_ensurepip_it_names_the_package_to_install(project: Path, tmp_path: Path):
    python = python_like_debian(tmp_path / "debian", pip=False, ensurepip=False)
    done = start(project, "--help", first=[], python=python)
    assert (done.returncode, done.stdout) == (1, "")
    assert "sudo apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT])
def test_interrupted_in_the_middle_and_repeated_it_is_ready(
    project: Path, no_network: list[str], wheels: Path, kind: signal.Signals
):
    shutil.copytree(wheels, project / "wheels", copy_function=os.link)
    (project / "interrupt").write_text(str(int(kind)))
    done = start(project, "tell", first=no_network)
    assert done.returncode == (130 if kind == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in done.stderr
    assert (project / ".venv" / "bin" / "python").exists()
    half = next(project.glob(".venv/lib/*/site-packages")) / "half_copied.py"
    half.touch()
    assert start(project, "tell", first=no_network).returncode == 0
    assert not half.exists(), "a package half copied was taken for a whole one"


def test_a_folder_that_cannot_be_written_is_a_sentence(project: Path):
    mount = ["unshare", "--map-root-user", "--mount"]
    if not permitted(mount):
        pytest.skip("this machine does not permit a namespace with mounts of its own (unshare)")
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    done = start(project, "tell", first=[*mount, "sh", "-c", script, str(project)])
    assert (done.returncode, done.stdout) == (3, "")
    assert "move it to a folder of your own" in done.stderr
    assert "Traceback" not in done.stderr


# --- What Linux with a new Python cannot show: the parts are asked -----------------------------------------


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("start_script", ROOT / "start.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_can_read_the_file_and_is_told_which_one_is_needed(script):
    tree = ast.parse((ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    # Python 3.6 parses this import and then refuses it.
    assert "__future__" not in [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert "Python 3.11 or newer. This is Python 3.9." in script.too_old((3, 9))
    assert script.too_old((3, 11)) == script.too_old((3, 14)) == ""


def test_a_folder_too_long_for_windows_is_told_where_to_go(script):
    assert "has 96 characters" in script.too_long("C:\\" + 93 * "x", "nt")
    assert script.too_long("C:\\" + 92 * "x", "nt") == script.too_long("/" + 300 * "x", "posix") == ""
