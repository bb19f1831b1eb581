"""pyproject.toml, constraints.txt and environment.yml say the same, each to its own readers."""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CARD = {"jupyterlab", "ipywidgets", "ipyvolume", "moviepy", "nbconvert", "papermill", "pytest", "nbval"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


def by_name(lines: list[str]) -> dict[str, SpecifierSet]:
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): each.specifier for each in found}


def pins() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


NEEDED = by_name(PROJECT["project"]["dependencies"])
WANTED = NEEDED | by_name([line for extra in EXTRAS.values() for line in extra])
WANTED.pop("vigkit")
CONDA_LINES = [line for line in CONDA["dependencies"] if isinstance(line, str)]


def test_every_range_has_a_lower_and_an_upper_bound():
    for name, range_ in WANTED.items():
        assert {each.operator for each in range_} == {">=", "<"}, name


def test_conda_gets_the_card_s_packages_in_the_ranges_of_pyproject():
    conda = by_name(CONDA_LINES)
    assert set(conda) == {"python", "pip", "anywidget", "ipython-genutils"} | CARD
    for name in set(conda) - {"python", "pip"}:
        assert conda[name] == WANTED[name], name
    assert str(conda["python"]).split(",")[-1] == PROJECT["project"]["requires-python"]


def test_conda_asks_no_paid_channel_and_leaves_the_rest_to_pyproject():
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]
    assert [line for line in CONDA["dependencies"] if not isinstance(line, str)] == [
        {"pip": ["--editable ."]}
    ]


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_on_every_system_each_requirement_has_one_pin_inside_its_range(system: str, python: str):
    place = SYSTEMS[system] | {"python_version": python, "python_full_version": f"{python}.9"}
    here = [pin for pin in pins() if not pin.marker or pin.marker.evaluate(place)]
    for name, range_ in WANTED.items():
        versions = [str(pin.specifier)[2:] for pin in here if canonicalize_name(pin.name) == name]
        assert len(versions) == 1, name
        assert versions[0] in range_, name


def test_constraints_hold_exact_versions_and_nothing_else():
    assert all(re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)) and not pin.url for pin in pins())


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "environment.yml", "start.py"])
def test_no_file_names_the_address_of_an_index(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:/|index-url|registry|pypi", text)


def test_the_stick_holds_what_builds_vigkit():
    assert set(by_name(PROJECT["build-system"]["requires"])) <= set(by_name(EXTRAS["stick"]))


def imported(file: Path) -> set[str]:
    """The first names of all modules that a file imports, at its top or inside functions."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.split(".")[0] for name in whole | parts}


def test_whatever_vigkit_imports_is_declared():
    homes = packages_distributions()
    for file in sorted((ROOT / "vigkit").rglob("*.py")):
        for module in imported(file) - set(sys.stdlib_module_names) - {"vigkit"}:
            known = set(NEEDED) | (set(by_name(EXTRAS["cluster"])) if file.name == "cluster.py" else set())
            declared = {canonicalize_name(home) for home in homes.get(module, [])} & known
            assert declared, f"{file.relative_to(ROOT)} imports {module}: name its package in pyproject.toml"


def test_the_check_of_every_commit_runs_the_command_of_the_readme():
    check = ROOT / ".ci" / "run"
    assert "\npython3 start.py test" in check.read_text(encoding="utf-8")
    assert os.name == "nt" or os.access(check, os.X_OK)
