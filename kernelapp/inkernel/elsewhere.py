"""How a control shows where no kernelapp server runs the notebook: as text in an IPython kernel, not at all in other processes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def show(declaration: Mapping[str, Any]) -> None:
    """Display the control with its default, in an IPython kernel; do nothing in any other process."""
    shell = _kernel_shell()
    if shell is not None:
        shell.display_pub.publish(data={"text/plain": f"{declaration['label']}: {declaration['value']}"}, metadata={})


def _kernel_shell() -> Any:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None
