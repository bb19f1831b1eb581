"""A template is checked before it runs, runs in this very Python, and leaves no word behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from a_log import record
from test_exporter import names

from vigkit.errors import TemplateFailed
from vigkit.records import text
from vigkit.render import template
from vigkit.render.page import NAMES, shipped


@pytest.fixture
def bundle_file(tmp_path: Path) -> Path:
    file = tmp_path / "bundle {x}.json"
    file.write_text(text(record()), encoding="utf-8")
    return file


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work here"
    folder.mkdir()
    return folder


def own(folder: Path, *cells: str, parameters: str = "bundle = None") -> template.Template:
    """A team's template with these cells after the parameters."""
    folder.mkdir(exist_ok=True)
    notebook = json.loads((shipped() / "log.ipynb").read_text("utf-8"))
    first, shape = notebook["cells"][1], notebook["cells"][2]
    made = [first | {"source": parameters}]
    made += [shape | {"id": f"cell-{n}", "source": source} for n, source in enumerate(cells)]
    (folder / "log.ipynb").write_text(json.dumps(notebook | {"cells": made}), encoding="utf-8")
    return template.find(folder)


OPEN = "from vigkit.render import sections\nlog = sections.open_bundle(bundle)"


def test_the_shipped_template_is_known_by_its_hash(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        template.SHIPPED.write_text(
            json.dumps(template.fingerprint(), indent=2) + "\n", encoding="utf-8", newline="\n"
        )
    assert json.loads(template.SHIPPED.read_text("utf-8")) == template.fingerprint()


@pytest.mark.parametrize("name", ["log.ipynb", "log.html.j2", "parts.html.j2", "log.css"])
def test_a_shipped_template_that_was_altered_is_refused_by_name(tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(shipped(), tmp_path / "log"))
    copy = template.Template(name="log", folder=folder, own=False, engine="vigkit")
    template.check(copy)
    (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", b"\r\n"))
    template.check(copy)
    (folder / name).write_bytes((folder / name).read_bytes().replace(b"e", b"3", 1))
    with pytest.raises(TemplateFailed, match=f"The template log could not make this log: {name}"):
        template.check(copy)


def test_a_log_is_made_and_leaves_nothing_in_the_home(bundle_file: Path, work: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    script = (
        "import sys; from pathlib import Path; from vigkit.render import template as t\n"
        "page = t.run(t.find(), Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "sys.stdout.buffer.write(page.encode())"
    )
    away = ("JUPYTER", "IPYTHON", "XDG_", "APPDATA")
    env = {k: v for k, v in os.environ.items() if not k.startswith(away)}
    env |= {"HOME": str(home), "USERPROFILE": str(home)}
    ran = subprocess.run(
        [sys.executable, "-c", script, bundle_file, work],
        capture_output=True,
        env=env,
        timeout=120,
        check=True,
    )
    html = ran.stdout.decode()
    assert ran.stderr == b""
    assert names(html) == list(NAMES)
    assert "The pause stayed a pause." in html
    assert str(tmp_path) not in html
    assert [path for path in home.rglob("*") if path.is_file()] == []
    left = [path for path in work.rglob("*") if path.is_file() and b"The pause stayed" in path.read_bytes()]
    assert left == []


def test_the_cells_run_in_this_very_python_whatever_a_kernel_spec_says(
    bundle_file: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "data" / "kernels" / "python3"
    spec.mkdir(parents=True)
    foreign = {
        "argv": ["/nowhere/python", "-f", "{connection_file}"],
        "display_name": "x",
        "language": "python",
    }
    (spec / "kernel.json").write_text(json.dumps(foreign), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    mine = own(
        tmp_path / "team",
        OPEN,
        f"import sys\nassert sys.executable == {sys.executable!r}",
        "sections.bring(log)",
    )
    assert names(template.run(mine, bundle_file, work)) == ["bring"]


def test_a_team_s_order_is_the_order_of_the_page_and_an_error_is_one_sentence(
    bundle_file: Path, work: Path, tmp_path: Path
) -> None:
    team = tmp_path / "team"
    mine = own(
        team, OPEN, "sections.change(log)", "print('<b>')", "sections.moments(log)", "sections.change(log)"
    )
    assert names(template.run(mine, bundle_file, work)) == ["change", "moments", "change"]
    broken = own(team, OPEN, "open(r'/home/anna/secret words.txt')")
    with pytest.raises(TemplateFailed) as failed:
        template.run(broken, bundle_file, work)
    said = str(failed.value)
    assert said.startswith("The template team could not make this log: FileNotFoundError")
    assert not any(word in said for word in ("anna", "Traceback", "\n", str(tmp_path)))


def test_a_kernel_that_dies_is_one_sentence(bundle_file: Path, work: Path, tmp_path: Path) -> None:
    broken = own(tmp_path / "team", "import os\nos._exit(1)")
    with pytest.raises(TemplateFailed, match="Kernel died"):
        template.run(broken, bundle_file, work)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("", "Its parameters are none, and vigkit gives bundle"),
        ("bundle = None\nmore = 1", "Its parameters are bundle and more, and vigkit gives bundle"),
        ("bundel = None", "Its parameters are bundel"),
        ("bundle = open('x')", "does more than give plain values"),
        ("import os\nbundle = None", "does more than give plain values"),
        ("bundle = other = None", "does more than give plain values"),
        ("bundle = None\nif True: pass", "does more than give plain values"),
        ("bundle = (", "is not Python"),
        ("bundle = None\x00", "is not Python"),
    ],
)
def test_parameters_are_compared_before_anything_runs(tmp_path: Path, parameters: str, said: str) -> None:
    with pytest.raises(TemplateFailed, match=said):
        template.check(own(tmp_path / "team", parameters=parameters))


@pytest.mark.parametrize("name", ["x=1;open('f','w');y", "../x", "bundle ", "", "a b", "1a"])
def test_a_parameter_whose_name_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(TemplateFailed, match="A parameter cannot be called"):
        template.check(template.find(), [name])


def test_exactly_one_cell_holds_the_parameters(tmp_path: Path) -> None:
    mine = own(tmp_path / "team", OPEN)
    notebook: dict[str, Any] = json.loads(mine.file("log.ipynb").read_text("utf-8"))
    notebook["cells"].append(notebook["cells"][0] | {"id": "again"})
    mine.file("log.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(TemplateFailed, match="It has 2 cells tagged parameters"):
        template.check(mine)


@pytest.mark.parametrize("engine", ["vigkit", "nbclient"])
def test_a_cell_that_asks_is_told_as_such(bundle_file: Path, work: Path, tmp_path: Path, engine: str) -> None:
    mine = template.find(own(tmp_path / "team", OPEN, "input('Who?')").folder, engine)
    with pytest.raises(TemplateFailed, match=r"A cell asks for an answer, and nobody is there to give it\."):
        template.run(mine, bundle_file, work)


@pytest.mark.parametrize(
    "page", ["{{ 1 / 0 }}", '{{ "%s" % (1, 2) }}', '{% include "/etc/passwd" %}', "{{ nobody }}", b"\xff\xfe"]
)
def test_a_page_that_cannot_be_filled_is_one_sentence_without_a_path(
    bundle_file: Path, work: Path, tmp_path: Path, page: str | bytes
) -> None:
    mine = template.find(own(tmp_path / "team", OPEN, "sections.question(log)").folder, "vigkit")
    data = page.encode() if isinstance(page, str) else page
    (mine.folder / ("log.html.j2" if isinstance(page, str) else "log.css")).write_bytes(data)
    with pytest.raises(TemplateFailed) as failed:
        template.run(mine, bundle_file, work)
    assert str(failed.value).startswith("The template team could not make this log: ")
    assert str(tmp_path) not in str(failed.value) and str(shipped()) not in str(failed.value)


def test_a_folder_without_a_notebook_is_no_template(tmp_path: Path) -> None:
    with pytest.raises(TemplateFailed, match=r"There is no log\.ipynb in it"):
        template.find(tmp_path)


def test_the_key_changes_with_whatever_changes_the_page(tmp_path: Path) -> None:
    keys = {template.find().key, template.find(shipped()).key}
    assert len(keys) == 1
    mine = own(tmp_path / "team", OPEN)
    keys.add(mine.key)
    (tmp_path / "team" / "log.css").write_text("h1 {}", encoding="utf-8")
    keys.add(mine.key)
    (tmp_path / "team" / "log.html.j2").write_text("{{ head.title }}", encoding="utf-8")
    keys.add(mine.key)
    assert len(keys) == 4


def test_quick_imports_spares_the_grammars_and_a_broken_notebook_is_still_refused(tmp_path: Path) -> None:
    (tmp_path / "log.ipynb").write_text(
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}', "utf-8"
    )
    script = (
        "import sys; from pathlib import Path; from vigkit.errors import TemplateFailed\n"
        "from vigkit.render import template as t\n"
        "t.quick_imports()\n"
        "try: t.check(t.find(Path(sys.argv[1])))\n"
        "except TemplateFailed as e: print(e)\n"
        "print(sys.modules['rfc3987_syntax'], 'nbformat' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    refused, loaded = ran.stdout.splitlines()
    assert refused.endswith("Its log.ipynb is no notebook that can be read.")
    assert loaded == "None True"


def test_the_shipped_notebook_is_doors_only() -> None:
    notebook = json.loads((shipped() / "log.ipynb").read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    doors = [cell["id"] for cell in code if cell["id"] in NAMES]
    assert doors == list(NAMES)
    for cell in code:
        assert len("".join(cell["source"]).splitlines()) <= 3
        assert cell["metadata"]["jupyter"] == {"source_hidden": True}
        assert cell["outputs"] == [] and cell["execution_count"] is None
