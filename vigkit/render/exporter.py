"""For nbconvert: from an executed notebook to one HTML file, by our section data alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from traitlets import Unicode

from vigkit.errors import BadRecord, TemplateFailed
from vigkit.render.page import MIME, Section, page_html, read_section
from vigkit.render.words import reason


class LogExporter(Exporter):
    """The sections that a notebook displays, in its order, as one page that loads nothing."""

    export_from_notebook = "Reflective log"
    output_mimetype = "text/html"
    template = Unicode("log", help="The name of the template, for messages.").tag(config=True)
    folder = Unicode("", help="A team's folder with its own log.html.j2 or log.css.").tag(config=True)

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[Any, dict[str, Any]]:
        """The page and its resources."""
        return self.page(nb), self._init_resources(resources)  # type: ignore[no-untyped-call]

    def page(self, nb: Any) -> str:
        """The page of an executed notebook; TemplateFailed where it shows no section, or two logs in one."""
        from jinja2 import TemplateError

        try:
            return self._page([read_section(data) for data in _shown(nb)])
        except BadRecord as e:
            raise TemplateFailed(self.template, str(e)) from e
        except TemplateError as e:
            raise TemplateFailed(
                self.template, f"Its page cannot be filled ({reason(str(e.message))})."
            ) from e

    def _page(self, sections: list[Section]) -> str:
        if not sections:
            raise TemplateFailed(
                self.template, "It shows no section. Run its cells, or add one such as moments."
            )
        if any(section.head != sections[0].head for section in sections):
            raise TemplateFailed(self.template, "It shows sections of two logs. Open one bundle only.")
        return page_html(sections, Path(self.folder) if self.folder else None)


def _shown(nb: Any) -> Iterator[Any]:
    for cell in nb.get("cells", ()):
        for output in cell.get("outputs", ()) if cell.get("cell_type") == "code" else ():
            if output.get("output_type") in ("execute_result", "display_data") and MIME in output.get(
                "data", {}
            ):
                yield output["data"][MIME]
