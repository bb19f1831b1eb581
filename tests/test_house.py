"""The house: who may import whom, who may touch what, and the shape of the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

from vigkit import errors

PACKAGE = ROOT / "vigkit"

# A module imports only from rows above its own, or from its own room (film/, render/, demo/).
ROWS: dict[int, set[str]] = {
    0: {"__init__", "errors", "content"},
    1: {"files", "principles", "records"},
    2: {"cycle"},
    3: {"consent", "figures"},
    4: {"casebook", "film", "render"},
    5: {"steps"},
    6: {"checks", "demo", "lab"},
    7: {"pages"},
    8: {"cli"},
    9: {"__main__"},
}
HEAVY = {
    "moviepy",
    "numpy",
    "PIL",
    "papermill",
    "nbconvert",
    "nbformat",
    "nbclient",
    "jupyter_client",
    "ipykernel",
    "jupyter_server",
    "jupyterlab",
} | {
    *(
        "rich",
        "jinja2",
        "mistune",
        "nh3",
        "imageio_ffmpeg",
        "IPython",
        "ipywidgets",
        "anywidget",
        "ipyvolume",
        "filelock",
        "distributed",
    )
}
NETWORK = {
    "socket",
    "ssl",
    "http",
    "urllib.request",
    "urllib3",
    "requests",
    "httpx",
    "aiohttp",
    "ftplib",
    "smtplib",
} | {
    *(
        "poplib",
        "imaplib",
        "telnetlib",
        "xmlrpc",
        "socketserver",
        "webbrowser",
        "websocket",
        "zmq",
        "tornado",
    ),
    *("distributed", "dask"),
}
# Only with --cluster, and only to the scheduler that somebody names.
CLUSTER = {"render.cluster": {"distributed"}}
# The server's parts are made of these, and call nobody; the launcher opens the browser.
SERVER = {"lab.launch": {"webbrowser"}} | {
    f"lab.{name}": {"tornado"} for name in ("extension", "enter", "bring")
}


def modules() -> list[str]:
    """Every module of the package, as `render.page`."""
    paths = (p.relative_to(PACKAGE).with_suffix("") for p in sorted(PACKAGE.rglob("*.py")))
    return [".".join(p.parts) for p in paths if "_content" not in p.parts]


@cache
def tree(module: str) -> ast.Module:
    """A module's syntax."""
    return ast.parse(PACKAGE.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8"))


def room(module: str) -> str:
    """The first part of a name: `render.page` lies in the room `render`."""
    return module.split(".")[0]


def row(module: str) -> int:
    """The row of a module; a KeyError asks for a place in the table above."""
    return {name: number for number, names in ROWS.items() for name in names}[room(module)]


def imports(node: ast.AST, module: str) -> Iterator[str]:
    """The full names that an import takes in: `a.b.c` for `from a.b import c`."""
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            base = ".".join(["vigkit", *module.split(".")[: -node.level], *filter(None, [base])])
        yield from (f"{base}.{each.name}" for each in node.names)


def ours(module: str) -> set[str]:
    """The modules of the package that a module imports, anywhere in it."""
    known = set(modules())
    found = set()
    for name in (n for node in ast.walk(tree(module)) for n in imports(node, module)):
        if name == "vigkit" or name.startswith("vigkit."):
            parts = name.split(".")[1:] or ["__init__"]
            ways = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
            found.add(
                next(
                    (
                        w if w in known else f"{w}.__init__"
                        for w in ways
                        if w in known or f"{w}.__init__" in known
                    ),
                    "__init__",
                )
            )
    return found - {module}


def others(node: ast.AST, module: str) -> set[str]:
    """The libraries that a piece of code imports, with every prefix of their names."""
    names = [n for each in ast.walk(node) for n in imports(each, module)]
    return {".".join(n.split(".")[:k]) for n in names for k in range(1, n.count(".") + 2)}


def functions(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, nested ones too."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


# --- The rows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_from_rows_above_it(module: str) -> None:
    for other in ours(module):
        same_room = "." in module and room(other) == room(module)
        assert row(other) < row(module) or same_room, (
            f"{module} (row {row(module)}) imports {other} ({row(other)})"
        )


def test_there_is_no_import_cycle() -> None:
    left = {module: ours(module) for module in modules()}
    while free := {module for module, needs in left.items() if not needs & set(left)}:
        left = {module: needs for module, needs in left.items() if module not in free}
    assert not left, f"these import one another: {sorted(left)}"


# --- The three "only" rules ------------------------------------------------------------------------------

# What may touch files, beside casebook.py, and which files; every other module must not know how.
FILES = {
    "casebook": "the casebook",
    "files": "any file, as it is told: replaced whole or not at all",
    "errors": "nothing: on_disk turns what the system says into a sentence",
    "cli": "the record that a person names, and where the result goes",
    "checks": "pack.json, the pages of a pack, and which copies lie in kept/",
    "principles": "our principles.csv, and a team's own",
    "film": "films, and what is made from them",
    "render": "a bundle, a template, a pack",
    "demo": "the drawn films and the voices",
    "lab": "the handles of open casebooks, and the settings of one run",
    "content": "the pages as they are shipped",
    "pages": "our own scripts and looks, and a short film on its way to the browser",
    "steps": "which folders are casebooks, and the size of a film that is to be added",
}
TOUCH = {
    "open",
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_text",
    "unlink",
    "mkdir",
    "rmdir",
    "rmtree",
    "touch",
} | {
    *(
        "rename",
        "iterdir",
        "glob",
        "rglob",
        "stat",
        "copyfile",
        "copy",
        "copytree",
        "move",
        "symlink_to",
        "hardlink_to",
    )
}
CHANGE = {
    "write_bytes",
    "write_text",
    "unlink",
    "mkdir",
    "rmdir",
    "rmtree",
    "touch",
    "rename",
    "copyfile",
    "copytree",
}
OF_A_CASEBOOK = re.compile(r"(consent|films|cycles|notes|private|kept|clips|cache|logs)/\S*|casebook\.json")


def touched(module: str, names: set[str]) -> set[str]:
    """Which ways to a file a module uses."""
    calls = (n.func for n in ast.walk(tree(module)) if isinstance(n, ast.Call))
    return {
        n.id if isinstance(n, ast.Name) else n.attr for n in calls if isinstance(n, ast.Name | ast.Attribute)
    } & names


def test_only_casebook_touches_casebook_files() -> None:
    assert {room(m) for m in modules() if touched(m, TOUCH)} <= set(FILES)
    for module in modules():
        if room(module) in ("steps", "checks", "cli", "errors", "principles"):
            assert not touched(module, CHANGE), f"{module} writes a file"
        if room(module) == "steps":
            assert not touched(module, {"open", "read_bytes", "read_text"}), f"{module} reads a file"


def test_only_casebook_knows_where_its_records_lie() -> None:
    """Elsewhere the path of a record is a name for `casebook`, never joined to the folder and opened."""
    for module in [
        m for m in modules() if room(m) in ("cli", "consent", "cycle", "film", "render", "figures")
    ]:
        named = [
            n.value
            for n in ast.walk(tree(module))
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        ]
        known = [name for name in named if OF_A_CASEBOOK.fullmatch(name)]
        assert not known, f"{module} names {known}"
    for module in modules():
        if room(module) in ("errors", "consent", "cycle", "figures", "steps"):
            assert "json" not in others(tree(module), module), f"{module} has its own way with JSON"


def test_only_film_runs_media_tools() -> None:
    for module in modules():
        used = others(tree(module), module) & {
            "subprocess",
            "imageio_ffmpeg",
            "moviepy",
            "imageio",
            "av",
            "cv2",
        }
        if room(module) != "film":
            # A kernel is a process too, and render starts it.
            assert not used or (room(module) == "render" and used == {"subprocess"}), (
                f"{module} imports {used}"
            )


def test_only_render_starts_workers_and_kernels() -> None:
    tools = {
        "multiprocessing",
        "concurrent",
        "papermill",
        "nbclient",
        "nbconvert",
        "jupyter_client",
        "ipykernel",
    }
    for module in modules():
        if room(module) != "render":
            assert not others(tree(module), module) & tools, f"{module} starts workers"
            assert not touched(module, {"system", "popen", "fork", "spawnv", "execv", "startfile"})


# --- What nobody does ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", modules())
def test_there_is_no_network_client(module: str) -> None:
    assert others(tree(module), module) & NETWORK == (SERVER | CLUSTER).get(module, set())


def test_the_server_parts_ask_nobody() -> None:
    """Of the library that they share with clients they use what answers, and nothing that asks."""
    for module in SERVER:
        used = {name for name in others(tree(module), module) if name.startswith("tornado.")}
        assert used <= {"tornado.web"}, module


def test_start_opens_a_browser_and_nothing_else_of_the_network() -> None:
    start = ast.parse(ROOT.joinpath("start.py").read_text(encoding="utf-8"))
    assert others(start, "start") & NETWORK <= {"webbrowser"}


def test_nobody_prints_but_the_command_line() -> None:
    for module in modules():
        if module != "cli":
            assert not touched(module, {"print", "pprint", "input"}), module
            named = {n.attr for n in ast.walk(tree(module)) if isinstance(n, ast.Attribute)}
            assert not named & {"stdout", "stderr"} or room(module) in ("film", "render"), module


def _at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        for part in ("body", "orelse", "handlers", "finalbody"):
            yield from _at_import(getattr(node, part, []))


def _first(module: str) -> set[str]:
    """What a module imports as soon as it is imported itself."""
    return {
        name
        for node in _at_import(tree(module).body)
        for name in others(node, module)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    # These need their library to be defined at all, so they are themselves imported inside functions.
    late = {m for m in modules() if _first(m) & HEAVY}
    assert {room(m) for m in late} <= {"render", "demo", "pages", "lab"}
    firsts = {m: {name.removeprefix("vigkit.") for name in _first(m)} for m in modules()}
    # Parts of a page and of the server lean on one another; whoever opens the room does it inside functions.
    inner = {m for m in modules() if room(m) in ("pages", "lab") and not m.endswith("__init__")}
    while more := {m for m in inner - late if firsts[m] & late}:
        late |= more
    for module, first in firsts.items():
        assert module in late or not first & late, f"{module} imports {first & late} at once"


def test_help_loads_nothing_heavy() -> None:
    look = f"""
import sys
from vigkit.cli import main
try:
    main(["--help"])
finally:
    print([name for name in {sorted(HEAVY)} if name in sys.modules], file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "usage: vigkit" in run.stdout and run.stderr.strip() == "[]"


# --- The shape of the code -------------------------------------------------------------------------------


def test_no_function_is_longer_than_60_lines() -> None:
    long = {f"{m}.{f.name}": n for m in modules() for f in functions(m) if (n := _lines(f)) > 60}
    assert not long


def _lines(function: ast.AST) -> int:
    return (getattr(function, "end_lineno", 0) or 0) - getattr(function, "lineno", 0) + 1


def test_no_class_holds_something_that_changes() -> None:
    for module in modules():
        for owner in (n for n in ast.walk(tree(module)) if isinstance(n, ast.ClassDef)):
            for node in owner.body:
                value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
                made = isinstance(value, ast.Call) and getattr(value.func, "id", "") in (
                    "list",
                    "dict",
                    "set",
                )
                literal = isinstance(
                    value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
                )
                assert not made and not literal, f"{module}.{owner.name}, line {node.lineno}"


def test_only_what_can_be_explained_is_caught() -> None:
    for module in modules():
        for handler in (n for n in ast.walk(tree(module)) if isinstance(n, ast.ExceptHandler)):
            caught = (
                {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else {"all"}
            )
            if caught & {"all", "Exception"}:
                assert module in ("cli", "pages.wire"), f"{module}, line {handler.lineno}"
            if "BaseException" in caught:  # tidying up, and on with it
                assert isinstance(handler.body[-1], ast.Raise), f"{module}, line {handler.lineno}"
    for module, door in (("cli", "_answer"), ("pages.wire", "_told")):
        doors = {
            f.name
            for f in functions(module)
            for h in ast.walk(f)
            if getattr(_kind(h), "id", "") == "Exception"
        }
        assert doors == {door}, (
            "the last door is the one that every verb, and every message of a page, goes through"
        )


def _kind(node: ast.AST) -> ast.expr | None:
    return node.type if isinstance(node, ast.ExceptHandler) else None


def test_every_public_name_says_what_it_is() -> None:
    for module in modules():
        assert ast.get_docstring(tree(module)), f"{module} begins with a sentence"
        for node in tree(module).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{module}.{node.name}"


# --- Errors ----------------------------------------------------------------------------------------------

CODES = [
    "moment-outside-film",
    "unknown-principle",
    "unknown-film",
    "unknown-cycle",
    "unknown-person",
    "unknown-purpose",
    "bad-record",
    "newer-format",
    "not-a-casebook",
    "folder-not-empty",
    "film-unreadable",
    "film-missing",
    "film-changed",
    "consent-missing",
    "consent-expired",
    "consent-withdrawn",
    "not-shared",
    "changed-elsewhere",
    "sync-copy",
    "bad-principles",
    "template-failed",
    "took-too-long",
    "worker-died",
    "disk-full",
    "no-permission",
    "bad-usage",
]


def classes(base: type[errors.VigkitError] = errors.VigkitError) -> Iterator[type[errors.VigkitError]]:
    """Every error class of errors.py below this one."""
    for each in base.__subclasses__():
        if each.__module__ == "vigkit.errors":
            yield each
        yield from classes(each)


def test_every_code_is_one_class_and_no_other() -> None:
    named = [c.__dict__["code"] for c in classes() if "code" in c.__dict__]
    assert len(named) == len(set(named)), "each class has a code of its own"
    assert set(CODES) <= set(named)
    for each in classes():
        assert each.exit in (1, 2, 3)
        assert each.__doc__


def test_the_tree_of_errors_names_every_code() -> None:
    drawn = errors.__doc__ or ""
    for each in classes():
        code = each.code
        assert code in drawn or f"-{code.partition('-')[2]}" in drawn or each.__name__ in drawn, code


# --- What is stored --------------------------------------------------------------------------------------


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is in the repository, or would be with the next commit."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("this is no checkout")
    paths = (ROOT / name for name in found.stdout.split("\0") if name)
    return tuple(p for p in paths if p.is_file())


def test_no_notebook_holds_outputs() -> None:
    import nbformat

    # an exercise holds one line of text a cell, for nbval: tests/test_notebooks.py looks at those
    notebooks = [p for p in tracked() if p.suffix == ".ipynb" and p.parent.name != "exercises"]
    assert ROOT / "templates/log/log.ipynb" in notebooks
    for path in notebooks:
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs") and not cell.get("execution_count"), f"{path.name}: {cell.id}"


def test_no_file_holds_a_path_of_a_machine() -> None:
    here = [str(ROOT), str(Path.home()), sys.prefix]
    places = [re.escape(p) + r"(?![\w.-])" for p in here if p.count("/") > 1 or "\\" in p]
    someone = [r"/(?:home|Users)/(?!anna\b|someone\b|\w*\*)[a-z][a-z0-9]+/", r"[A-Z]:\\Users\\(?!anna\b)\w"]
    pattern = re.compile("|".join([*places, *someone]))
    assert pattern.search("see " + "/home/" + "grace/films"), "the control is found"
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        found = pattern.search(text)
        assert not found, f"{path.relative_to(ROOT)}: {found and found[0]}"
