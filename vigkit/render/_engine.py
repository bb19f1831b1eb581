"""papermill's engine `vigkit`: the cells of a notebook in this very process, without a kernel or a socket.

Only papermill imports this module, and while it is being imported itself: it would be half made for anybody
who came first.
"""

from __future__ import annotations

from typing import Any

from papermill.engines import Engine
from papermill.log import logger

# What papermill offers for its own engine; where a log may take too long, `vigkit pack` stops it.
_OTHERS = ("execution_timeout", "log_output", "stdout_file", "stderr_file")


class VigkitEngine(Engine):  # type: ignore[misc]
    """Runs the cells one after the other, and stops at the first that fails."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> None:
        """Run the notebook of papermill's manager, in the folder that its resources name."""
        from vigkit.render import shell

        told = [name for name in _OTHERS if kwargs.get(name)]
        if told:
            logger.warning("The engine vigkit does not know %s, and goes on without.", ", ".join(told))
        folder = kwargs.get("resources", {}).get("metadata", {}).get("path")
        with shell.fresh(folder) as run:
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                try:
                    tags = cell.metadata.get("tags", ())
                    if cell.cell_type != "code" or not cell.source.strip() or "skip-execution" in tags:
                        continue
                    failed = run(cell)
                    if failed is not None and "raises-exception" not in tags:
                        nb_man.cell_exception(cell, cell_index=index, exception=failed)
                        break
                finally:
                    nb_man.cell_complete(cell, cell_index=index)
        nb_man.nb.metadata["language_info"] = dict(shell.LANGUAGE)
