"""Makes plotting libraries speak to this page: data for its own renderers, not HTML that loads scripts from a public host.

Each library is told once, when it is imported; what the author chooses afterwards stands.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def _prepare_altair(altair: Any) -> None:
    altair.renderers.enable("mimetype")


def _prepare_plotly(plotly_io: Any) -> None:
    # The operator's or author's own choice, by plotly's own means.
    if "PLOTLY_RENDERER" not in os.environ:
        plotly_io.renderers.default = "plotly_mimetype"


_PREPARE: dict[str, Callable[[Any], None]] = {"altair": _prepare_altair, "plotly.io": _prepare_plotly}


class Libraries(MetaPathFinder):
    """Prepares the libraries already imported, and the others when they are."""

    def __init__(self, prepare: Mapping[str, Callable[[Any], None]] = _PREPARE) -> None:
        self._pending = dict(prepare)

    def install(self) -> None:
        """Prepare what is there and watch the imports to come."""
        for name in list(self._pending):
            module = sys.modules.get(name)
            if module is not None:
                _apply(self._pending.pop(name), module)
        sys.meta_path.insert(0, self)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Python's own spec of a library that waits to be prepared, its loader told to do so after loading; None for all others."""
        prepare = self._pending.pop(fullname, None)
        if prepare is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            # Not installed now: it may be later.
            self._pending[fullname] = prepare
            return None
        self._prepare_after_loading(fullname, spec.loader, prepare)
        return spec

    def _prepare_after_loading(self, name: str, loader: Any, prepare: Callable[[Any], None]) -> None:
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            try:
                load(module)
            except BaseException:
                self._pending[name] = prepare
                raise
            _apply(prepare, module)

        # On the loader itself, so that it stays of the class that tools which read packages' data expect.
        loader.exec_module = exec_module


def _apply(prepare: Callable[[Any], None], module: Any) -> None:
    try:
        prepare(module)
    except Exception as error:
        # A release that we do not know: its figures may look different, the notebook must still run.
        import logging

        logging.getLogger("kernelapp").warning("%s could not be prepared for this page: %r", module.__name__, error)
