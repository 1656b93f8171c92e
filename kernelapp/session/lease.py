"""What a session needs of the template that it was forked from."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..kernels.kernel import Kernel
from .record import Record


class Lease(Protocol):
    """A session's hold on a template, whose kernels are forks of it. `record`: what they hold and the page shows; None: no cell has run."""

    record: Record | None

    def fork(self, files: Path | None) -> Kernel:
        """A new kernel, whose session has this private directory; its `start` raises KernelError when the template is gone."""

    def release(self) -> None:
        """The session needs no more kernels."""
