"""The notebook makes the page: its sections in its order, and nothing that anybody else put into it."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from a_log import bundle, record
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_sections import all_sections

from vigkit.cycle import Bundle
from vigkit.errors import TemplateFailed
from vigkit.render.exporter import LogExporter
from vigkit.render.page import MIME, NAMES


def notebook(log: Bundle | None = None) -> Any:
    """What papermill gives back: a cell and an output for each section."""
    shown = [section._repr_mimebundle_() for section in all_sections(log or bundle())]
    cells = [
        new_code_cell(outputs=[new_output("execute_result", data=data, execution_count=1)]) for data in shown
    ]
    return new_notebook(cells=cells)


def page(nb: Any, **options: Any) -> str:
    return str(LogExporter(**options).from_notebook_node(nb)[0])


def names(html: str) -> list[str]:
    return re.findall(r'<section data-vk="([a-z-]+)"', html)


def test_the_page_looks_as_it_was_accepted(stored: Callable[[str, str], None]) -> None:
    data = record()
    del data["stills"]
    stored("log.html", page(notebook(bundle(data))))


def test_the_same_input_gives_the_same_bytes() -> None:
    assert page(notebook()) == page(notebook())


def test_swapping_two_cells_swaps_two_sections_and_removing_one_removes_one() -> None:
    nb = notebook()
    parts = re.findall(r"<section .*?</section>", page(nb), re.DOTALL)
    nb.cells[2], nb.cells[7] = nb.cells[7], nb.cells[2]
    del nb.cells[0]
    expected = [parts[n] for n in (1, 7, 3, 4, 5, 6, 2, 8, 9, 10, 11)]
    assert re.findall(r"<section .*?</section>", page(nb), re.DOTALL) == expected


def test_every_notebook_has_the_head_whichever_sections_it_keeps() -> None:
    nb = notebook()
    nb.cells = [nb.cells[9], nb.cells[9]]
    html = page(nb)
    assert names(html) == ["bring", "bring"]
    assert "<h1>S1, cycle 2</h1>" in html
    assert "<title>S1 02-snack-time</title>" in html
    assert "If something in the film worries you, talk to your safeguarding lead today." in html
    assert "This log is for reflection. It is not a judgement of anybody." in html


def test_only_our_section_data_is_read() -> None:
    nb = notebook()
    clean = page(nb)
    for output in (cell.outputs[0] for cell in nb.cells):
        output.data["text/html"] = "<script>planted()</script>"
        output.metadata = {"width": "1 onload=planted()"}
    nb.cells[3].outputs += [
        new_output("stream", text="planted stream"),
        new_output(
            "display_data", data={"text/html": "<b>planted</b>", "image/svg+xml": "<svg>planted</svg>"}
        ),
        new_output("error", ename="planted", evalue="planted", traceback=["planted"]),
        new_output("display_data", data={"text/vnd.mermaid": "planted", "application/json": {"planted": 1}}),
    ]
    nb.cells.insert(1, new_markdown_cell("# planted"))
    nb.metadata["title"] = "planted"
    assert page(nb) == clean


def test_the_policy_comes_first_and_knows_the_one_style_by_its_hash() -> None:
    html = page(notebook())
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert html.startswith(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta http-equiv="Content-Security-Policy" content="'
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">\n"
    )
    assert html.encode().index(b'<meta charset="utf-8">') < 1000
    assert html.count("<style") == 1


def test_nothing_in_the_page_runs_or_loads() -> None:
    html = page(notebook())
    assert not re.search(
        r"<(script|link|iframe|object|embed|form|base)\b|\sstyle=|\son\w+=|\shref=|https?:", html
    )
    assert set(re.findall(r'\ssrc="([^"]{0,23})', html)) == {"data:image/jpeg;base64,"}


def test_a_log_is_small() -> None:
    stills = sum(len(still["jpeg"]) for still in record()["stills"])
    assert len(page(notebook()).encode()) - stills < 60_000


def test_each_still_says_in_words_what_it_shows() -> None:
    alts = re.findall(r'<img [^>]*alt="([^"]*)"', page(notebook()))
    assert alts[0] == "Picture of moment 1 at 0:14.5: Waits and Turns towards"
    assert len(alts) == 3


SECTION: dict[str, Any] = {
    "name": "bring",
    "title": "Bring",
    "head": {"title": "S1 a", "heading": "S1"},
    "parts": [],
}
STILL = {"kind": "entry", "still": {"jpeg": "", "alt": "a"}}


@pytest.mark.parametrize(
    "wrong",
    [
        "text",
        [],
        {},
        SECTION | {"name": "mystery"},
        SECTION | {"name": ["bring"]},
        SECTION | {"title": 3},
        SECTION | {"head": None},
        SECTION | {"parts": {"kind": "words"}},
        SECTION | {"parts": ["<b>"]},
        SECTION | {"parts": [{"kind": "html", "text": "<b>"}]},
        SECTION | {"parts": [{"kind": ["words"]}]},
        SECTION | {"parts": [{"kind": "words", "text": {"a": 1}}]},
        SECTION | {"parts": [{"kind": "words", "quiet": "yes"}]},
        SECTION
        | {
            "parts": [{"kind": "goal-line", "label": "a", "points": [{"now": 11, "label": "a", "tick": "a"}]}]
        },
        SECTION | {"parts": [{"kind": "timeline", "label": "a", "seconds": "9"}]},
        SECTION | {"parts": [STILL | {"still": {"jpeg": "/9j/é", "alt": "a"}}]},
        SECTION | {"parts": [STILL | {"still": {"jpeg": '/9j/" onload="x', "alt": "a"}}]},
        SECTION | {"parts": [STILL | {"still": {"jpeg": base64.b64encode(b"<svg>").decode(), "alt": "a"}}]},
    ],
)
def test_what_is_no_section_of_ours_is_refused(wrong: Any) -> None:
    nb = new_notebook(cells=[new_code_cell(outputs=[new_output("display_data", data={MIME: wrong})])])
    with pytest.raises(
        TemplateFailed, match=r"^The template ours could not make this log: section"
    ) as refused:
        page(nb, template="ours")
    assert "<b>" not in str(refused.value)


def test_a_page_without_a_section_or_with_two_logs_is_refused() -> None:
    with pytest.raises(TemplateFailed, match="It shows no section"):
        page(new_notebook())
    other = copy.deepcopy(record())
    other["owner"] = "S2"
    nb = notebook()
    nb.cells += notebook(bundle(other)).cells
    with pytest.raises(TemplateFailed, match="two logs"):
        page(nb)


def test_a_team_s_folder_brings_its_own_style_and_body(tmp_path: Path) -> None:
    (tmp_path / "log.css").write_text("h2 { color: #824005; }\n", encoding="utf-8")
    html = page(notebook(), folder=str(tmp_path))
    assert "<style>h2 { color: #824005; }\n</style>" in html
    assert names(html) == list(NAMES)


def test_a_body_that_cannot_be_filled_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.html.j2").write_text("<h1>{{ head.heading }}</h1>{{ 1 if", encoding="utf-8")
    with pytest.raises(TemplateFailed, match="cannot be filled") as refused:
        page(notebook(), folder=str(tmp_path))
    assert str(tmp_path) not in str(refused.value)


def test_a_style_that_would_leave_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.css").write_text("</style><script>1</script>", encoding="utf-8")
    with pytest.raises(TemplateFailed, match=r"log\.css: A style sheet holds no </"):
        page(notebook(), folder=str(tmp_path))


def test_nbconvert_itself_finds_the_exporter(tmp_path: Path) -> None:
    nbformat.write(notebook(), tmp_path / "executed.ipynb")
    exporter = "vigkit.render.exporter.LogExporter"
    convert = [sys.executable, "-m", "nbconvert", "--to", exporter, "executed.ipynb", "--log-level", "ERROR"]
    subprocess.run(convert, cwd=tmp_path, check=True, timeout=120)
    assert (tmp_path / "executed.html").read_text("utf-8") == page(notebook())
