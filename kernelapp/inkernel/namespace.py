"""The user namespace as it was before the first cell, and the way back to it."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any


class Namespace:
    """Remembers the names that a shell has now; `restore` removes what cells did to them."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._names = dict(shell.user_ns)
        self._hidden = dict(shell.user_ns_hidden)
        self._compiler_flags = shell.compile.flags
        self._directory = Path.cwd()

    def restore(self) -> None:
        """Bind every name as it was, drop all others and what IPython keeps of results and errors; go back to the directory."""
        names = self._shell.user_ns
        for name in [name for name in names if name not in self._names]:
            # An object's __del__ may remove names too.
            names.pop(name, None)
        names.update(self._names)
        self._shell.user_ns_hidden.clear()
        self._shell.user_ns_hidden.update(self._hidden)
        self._shell.compile.flags = self._compiler_flags
        self._forget_results()
        self._forget_errors()
        with contextlib.suppress(OSError):
            os.chdir(self._directory)

    def _forget_results(self) -> None:
        shell, names = self._shell, self._shell.user_ns
        shell.last_execution_result = None
        hook = shell.displayhook
        hook._, hook.__, hook.___ = "", "", ""
        for history, length in (("_oh", 0), ("_ih", 1), ("_dh", 1)):
            kept = names.get(history)
            if isinstance(kept, dict):
                kept.clear()
            elif isinstance(kept, list):
                del kept[length:]
        forget_outputs(shell)

    def _forget_errors(self) -> None:
        # A traceback holds the frames of what failed, and so the author's data.
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            sys.__dict__.pop(name, None)
        if hasattr(self._shell.InteractiveTB, "tb"):
            self._shell.InteractiveTB.tb = None


def leave_input(shell: Any, info: Any) -> None:
    """Put the source of the cell that begins where IPython's display hook looks for a `;` at its end.

    Requests that store no history leave nothing there, and a value that the author meant to hide would be shown.
    """
    source = getattr(info, "transformed_cell", None) or getattr(info, "raw_cell", None) or ""
    inputs = getattr(shell.history_manager, "input_hist_parsed", None)
    if inputs:
        inputs[-1] = source if ";" in source else ""


def forget_outputs(shell: Any) -> None:
    """Drop the copies of displayed outputs that IPython's history keeps.

    It files them by execution count, which stands still while requests store no history, so they would grow without bound.
    """
    history = shell.history_manager
    for name in ("outputs", "output_hist_reprs", "exceptions"):
        kept = getattr(history, name, None)
        if kept is not None:
            kept.clear()
