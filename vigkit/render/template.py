"""A log's template: found, checked before it runs, run by papermill, turned into HTML.

The template is a notebook, and a notebook is a program. So ours is known by its hash, and only the path of a
bundle goes into it: papermill would run a parameter whose name is no name, and only warn of an unknown one.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vigkit
from vigkit.errors import TemplateFailed, listed, on_disk
from vigkit.render import words
from vigkit.render.page import shipped

NOTEBOOK, PAGE, PARTS, STYLE = "log.ipynb", "log.html.j2", "parts.html.j2", "log.css"
PARAMETERS = ("bundle",)
SHIPPED = Path(__file__).with_name("shipped.json")
_SOURCES = (
    "render/page.py",
    "render/words.py",
    "render/sections.py",
    "render/exporter.py",
    "render/template.py",
    "render/shell.py",
    "render/_engine.py",
    "figures.py",
    "cycle.py",
)
_LARGE = 1_000_000  # bytes: nothing that a page takes in is larger
_WRONG = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NameError),
    *(OSError, RuntimeError, TypeError, ValueError),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The files that make a page; what a team leaves out of its folder is ours."""

    name: str
    folder: Path
    own: bool
    engine: str  # "vigkit": in the worker's own process; "nbclient": in a kernel for each log

    def file(self, name: str) -> Path:
        """The team's file of this name, or ours."""
        mine = self.folder / name
        return mine if mine.is_file() else shipped() / name

    def files(self) -> dict[str, str]:
        """The texts of a team's own files, by their place in its folder, for another computer."""
        return {file.relative_to(self.folder).as_posix(): _text(file) for file in self._files()}

    def _files(self) -> list[Path]:
        """All that a team's page may be made of: its page may take in others."""
        with on_disk(self.name):
            found = [file for way in ("*", "*/*") for file in self.folder.glob(way) if _is_part(file)]
        return sorted([self.folder / NOTEBOOK, *found])

    @property
    def key(self) -> str:
        """Changes whenever the same bundle could give another page."""
        # by either engine our own notebook gives the same page, and a team's may not
        chosen = "vigkit" if self.own and self.engine == "vigkit" else ""
        digest = hashlib.sha256(f"{vigkit.__version__} {chosen}".encode())
        package = Path(vigkit.__file__).parent
        known = [self.file(name) for name in (NOTEBOOK, PAGE, PARTS, STYLE)]
        for file in (*known, *(package / name for name in _SOURCES)):
            digest.update(_hash(file).encode())
        for file in sorted({*self._files()} - {*known}) if self.own else ():
            digest.update(f"{file.relative_to(self.folder).as_posix()} {_hash(file)}".encode())
        return digest.hexdigest()


def quick_imports() -> None:
    """Call before nbformat is first imported: 2 s less.

    A checker of addresses, which no notebook needs, compiles its grammars at import.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def find(folder: Path | None = None, engine: str | None = None) -> Template:
    """The shipped template, or a team's own; TemplateFailed where the folder holds no log.ipynb.

    A team's own notebook gets a kernel for each log unless they choose otherwise.
    """
    if folder is None:
        return Template(name="log", folder=shipped(), own=False, engine=engine or "vigkit")
    if not (folder / NOTEBOOK).is_file():
        name = folder.resolve().name
        raise TemplateFailed(
            name, f"There is no {NOTEBOOK} in it. Copy ours from templates/log to begin with."
        )
    return Template(
        name=folder.resolve().name, folder=folder.resolve(), own=True, engine=engine or "nbclient"
    )


def vouch(template: Template) -> None:
    """Refuse a template that could never run, before anything is made."""
    if template.own:
        check(template)
    else:
        _check_shipped(template)


def check(template: Template, given: Sequence[str] = PARAMETERS) -> Any:
    """The notebook, once it is known that exactly these parameters fit; TemplateFailed where they do not."""
    if not template.own:
        _check_shipped(template)
    notebook = _read(template)
    if (language := _language(notebook)).lower() != "python":
        why = f"It is written for {language[:40]}, and logs are made with Python. Choose that for its kernel."
        raise TemplateFailed(template.name, why)
    cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", ())
    ]
    if len(cells) != 1:
        raise TemplateFailed(template.name, f"It has {len(cells)} cells tagged parameters. Keep exactly one.")
    for name in given:
        if not name.isidentifier():
            raise TemplateFailed(
                template.name, f"A parameter cannot be called {name[:40]!r}. Use letters only."
            )
    declared = _assigned(template, cells[0].source)
    if sorted(declared) != sorted(given):
        raise TemplateFailed(
            template.name,
            f"Its parameters are {listed(declared) or 'none'}, and vigkit gives {listed(given)}. "
            "Make them the same.",
        )
    return notebook


def run(template: Template, bundle: Path, work: Path, notebook: Any = None) -> str:
    """The page of one bundle; `work` is a folder of its own, and no word is left behind anywhere else.

    `notebook` is what `check` has given, for whoever makes many pages.
    """
    quick_imports()
    executed = _executed(template, notebook or check(template), bundle.resolve(), work.resolve())
    from vigkit.render.exporter import LogExporter

    exporter = LogExporter(template=template.name, folder=str(template.folder))  # type: ignore[no-untyped-call]
    try:
        return exporter.page(executed)
    except _WRONG as e:  # a team's page and css are theirs
        raise TemplateFailed(template.name, _stopped(type(e).__name__, str(e))) from e


def _executed(template: Template, notebook: Any, bundle: Path, work: Path) -> Any:
    import nbformat
    import papermill
    from nbclient.exceptions import CellControlSignal
    from papermill.exceptions import PapermillException, PapermillExecutionError

    kernel: dict[str, Any] = {}
    if template.engine == "nbclient":
        from vigkit.render.kernel import OurKernel

        kernel["kernel_manager_class"] = OurKernel.in_folder(work)
    try:
        with on_disk(template.name):
            # A node, not a path: papermill would fill in { } in a folder's name.
            # No output path: nothing is kept.
            return papermill.execute_notebook(
                notebook,
                None,
                parameters={"bundle": str(bundle)},
                engine_name=template.engine,
                progress_bar=False,
                kernel_name="python3",
                language="python",
                resources={"metadata": {"path": str(work)}},
                **kernel,
            )
    except PapermillExecutionError as e:
        if e.ename == "MemoryError":
            raise MemoryError from e
        raise TemplateFailed(template.name, _stopped(e.ename, e.evalue)) from e
    except (PapermillException, CellControlSignal, nbformat.ValidationError, *_WRONG) as e:
        raise TemplateFailed(template.name, words.reason(str(e) or type(e).__name__)) from e


def _stopped(name: str, why: str) -> str:
    """Why a cell or a page has stopped, as it can be told."""
    if name == "StdinNotImplementedError":
        return "A cell asks for an answer, and nobody is there to give it."
    if name == "CellExecutionError":  # a magic that is none
        return "A cell cannot be run."
    return words.reason(f"{name}: {why}" if why else f"{name}.")


def _read(template: Template) -> Any:
    import nbformat

    file = template.file(NOTEBOOK)
    with on_disk(NOTEBOOK):
        text = file.read_bytes()
    try:
        notebook = nbformat.reads(text.decode("utf-8-sig"), as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except (ValueError, nbformat.ValidationError, AttributeError, KeyError, TypeError, RecursionError) as e:
        raise TemplateFailed(template.name, f"Its {NOTEBOOK} is no notebook that can be read.") from e
    return notebook


def _language(notebook: Any) -> str:
    """The language that a notebook says it is written in; Python where it says nothing."""
    kernel = notebook.metadata.get("kernelspec", {})
    told = [kernel.get("language"), notebook.metadata.get("language_info", {}).get("name")]
    name = str(kernel.get("name", ""))  # python3, conda-env-team-py: or ir, julia-1.12
    told += ["python" if "py" in name.lower() else name]
    return next((str(each) for each in told if each), "python")


def _assigned(template: Template, source: str) -> list[str]:
    """The names that a parameters cell gives a value to; TemplateFailed where it does anything else."""
    only = "Its parameters cell does more than give plain values to names. Move the rest to another cell."
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError) as e:
        raise TemplateFailed(template.name, "Its parameters cell is not Python.") from e
    names = []
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_plain(value):
                names.append(name)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if _is_plain(value):
                names.append(name)
            case _:
                raise TemplateFailed(template.name, only)
    return names


def _is_plain(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def _check_shipped(template: Template) -> None:
    with on_disk(SHIPPED.name):
        known = json.loads(SHIPPED.read_text("utf-8"))
    for name, digest in known.items():
        file = template.folder / name
        if not file.is_file() or _hash(file) != digest:
            raise TemplateFailed(
                template.name,
                f"{name} is not as it was shipped. Install vigkit again, or give your own with --template.",
            )


def fingerprint() -> dict[str, str]:
    """The hashes that shipped.json keeps, as the files are now."""
    return {name: _hash(shipped() / name) for name in (NOTEBOOK, PAGE, PARTS, STYLE)}


def _is_part(file: Path) -> bool:
    """Whether a page may take in a file of its folder."""
    hidden = file.name.startswith(".") or file.parent.name.startswith(".")
    return not hidden and file.suffix != ".ipynb" and file.is_file() and file.stat().st_size <= _LARGE


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogateescape")  # byte for byte, whatever they are


def _hash(file: Path) -> str:
    """A hash of a text file; git on Windows may have changed its line ends."""
    with on_disk(file):
        return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
