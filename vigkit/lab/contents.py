"""Pages as people open them: nothing of them is changed by a slip of the hand, and no outputs are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

FIXED = {"editable": False, "deletable": False}


class Pages(AsyncLargeFileManager):
    """The pages of one casebook."""

    async def get(self, path: str, *words: Any, **more: Any) -> Any:
        """A page whose cells cannot be opened, moved or deleted: their words are not the person's."""
        if not path.strip("/") and not await self.dir_exists(""):  # type: ignore[no-untyped-call]
            return _nothing(more.get("content", True))
        model = await super().get(path, *words, **more)  # type: ignore[no-untyped-call]
        for cell in _cells(model):
            cell["metadata"].update(FIXED)
        return model

    async def save(self, model: dict[str, Any], path: str = "") -> Any:
        """A page without outputs: what a person says is in the casebook and nowhere else."""
        for cell in _cells(model):
            for name in FIXED:
                cell["metadata"].pop(name, None)
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
        if model.get("type") == "notebook" and model.get("content"):
            model["content"]["metadata"].pop("widgets", None)
        return await super().save(model, path)  # type: ignore[no-untyped-call]


def _nothing(content: bool) -> dict[str, Any]:
    """The folder of the pages where it has gone: Jupyter, which looks into it by itself, says nothing then.

    The parts of a page say it, in words and with the next step.
    """
    now = datetime.now(UTC)
    empty = {"format": "json", "content": []} if content else {"format": None, "content": None}
    named = {"name": "", "path": "", "type": "directory", "mimetype": None, "size": None}
    return named | empty | {"writable": False, "created": now, "last_modified": now}


def _cells(model: dict[str, Any]) -> list[dict[str, Any]]:
    if model.get("type") != "notebook" or not model.get("content"):
        return []
    cells: list[dict[str, Any]] = model["content"]["cells"]
    return cells
