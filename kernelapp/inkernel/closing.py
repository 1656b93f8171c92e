"""What a notebook wants done when its session ends."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any


class Closers:
    """Functions, by the cell that gave them and their ordinal in it: a cell that runs again gives the same ones anew."""

    def __init__(self) -> None:
        self._functions: dict[tuple[str, int], Callable[[], Any]] = {}

    def put(self, cell: str, ordinal: int, function: Callable[[], Any]) -> None:
        """Remember it as the latest."""
        self._functions.pop((cell, ordinal), None)
        self._functions[cell, ordinal] = function

    def keep(self, cell: str, count: int) -> None:
        """A run of the cell has come to its end and has given so many: those that an earlier run gave beyond are forgotten."""
        for place in [place for place in self._functions if place[0] == cell and place[1] >= count]:
            del self._functions[place]

    def clear(self) -> None:
        """Forget all: the notebook begins anew."""
        self._functions.clear()

    def run(self, report: Callable[[str, str], None]) -> None:
        """Call each once, the latest first; what one raises goes to `report`, and the next is called all the same."""
        while self._functions:
            _, function = self._functions.popitem()
            try:
                function()
            except BaseException:  # also what is no Exception: whoever wants the rest to be left out kills the kernel
                report("error", f"a function given to ka.on_close failed:\n{traceback.format_exc()}")
