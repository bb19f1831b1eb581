"""Where a template's cells run: this very Python, quiet, without a memory of what it saw."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from vigkit import content


class OurKernel(AsyncKernelManager):
    """A kernel of the same interpreter: a kernel spec on this computer may belong to another one."""

    work: Path

    @classmethod
    def in_folder(cls, work: Path) -> type[OurKernel]:
        """The class whose kernels keep their files in this folder."""
        return type("OurKernelHere", (cls,), {"work": work})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Newer versions warn where messages between the two processes are not encrypted.
        if self.has_trait("transport_encryption"):
            self.transport_encryption = "auto"

    @property
    def kernel_spec(self) -> KernelSpec:
        """How the kernel is started: without a history, which would keep words in the person's home."""
        start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(
            argv=[*start, "--HistoryManager.enabled=False"],
            display_name="Python 3",
            language="python",
            metadata={"supported_encryption": "curve"},
        )

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        self.connection_file = str(self.work / f"kernel-{os.getpid()}-{id(self):x}.json")
        env = {**os.environ, "IPYTHONDIR": str(self.work), "JUPYTER_RUNTIME_DIR": str(self.work)}
        env |= content.python_path()
        # What a kernel says on the terminal is not for the person.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return await super()._async_pre_start_kernel(**{**kw, **quiet, "env": env})
