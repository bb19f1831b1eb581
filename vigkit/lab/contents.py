"""Pages as people open them: nothing of them is changed by a slip of the hand, and no outputs are kept."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

FIXED = {"editable": False, "deletable": False}


class Pages(AsyncLargeFileManager):
    """The pages of one casebook."""

    async def get(self, path: str, *words: Any, **more: Any) -> Any:
        """A page whose cells cannot be opened, moved or deleted: their words are not the person's."""
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


def _cells(model: dict[str, Any]) -> list[dict[str, Any]]:
    if model.get("type") != "notebook" or not model.get("content"):
        return []
    cells: list[dict[str, Any]] = model["content"]["cells"]
    return cells
