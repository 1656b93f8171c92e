"""The ipywidgets that cells made: those of an earlier run are closed once nothing reaches them any more.

ipywidgets itself keeps every widget for good, with all that its callbacks hold; a cell that makes a widget and runs again with each
event would fill the kernel and the page. Nothing is done before a cell has imported ipywidgets.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Mapping
from typing import Any

MAX_SUPERSEDED = 300
"""How many models of earlier runs are left before they are looked through: finding out takes as long as Python's garbage collection."""

_SUPERSEDED = {"superseded": True}  # said when closing, so that the page keeps what it shows of them until the run is over


class Widgets:
    """Knows which cell's run made which widgets. All methods are called in the main thread, between cells."""

    def __init__(self, max_superseded: int = MAX_SUPERSEDED) -> None:
        self._max_superseded = max_superseded
        self._before: set[str] = set()
        self._made: dict[str, set[str]] = {}  # cell -> ids of its latest run
        self._superseded: set[str] = set()

    def begin(self) -> None:
        """A cell is about to run."""
        self._before = set(_instances())

    def end(self, cell: str) -> None:
        """The cell is done: what it made before is out of date."""
        instances = _instances()
        made = instances.keys() - self._before
        earlier = self._made.pop(cell, set())
        if made:
            self._made[cell] = made
        self._superseded = {each for each in self._superseded | earlier if each in instances}
        if len(self._superseded) > self._max_superseded:
            self._collect()

    @staticmethod
    def names(namespace: Mapping[str, Any]) -> dict[str, str]:
        """Which names are bound to which widgets, by their ids."""
        module = sys.modules.get("ipywidgets.widgets.widget")
        kind = getattr(module, "Widget", None)
        if kind is None:
            return {}
        bound = [(name, value) for name, value in list(namespace.items()) if isinstance(value, kind) and not name.startswith("_")]
        return {name: widget.comm.comm_id for name, widget in bound if widget.comm is not None}

    def reset(self) -> None:
        """The namespace was emptied: all that cells made is out of date."""
        self._superseded = set().union(self._superseded, *self._made.values())
        self._made.clear()
        if self._superseded:
            self._collect()

    def _collect(self) -> None:
        """Close the superseded widgets that nothing reaches: no name, no thread, no library, no Output widget that shows them."""
        instances = _instances()
        shown = _shown(instances)
        let_go: dict[str, weakref.ref[Any]] = {}
        for model_id in self._superseded - shown:
            widget = instances.get(model_id)
            if widget is None or widget.comm is None:
                continue
            # These two are what ipywidgets holds it by.
            del instances[model_id]
            widget.comm.on_msg(None)
            widget.comm._close_data = _SUPERSEDED
            let_go[model_id] = weakref.ref(widget)
        widget = None
        gc.collect()
        for model_id, reference in let_go.items():
            _take_back(instances, model_id, reference())
        self._superseded = self._superseded & instances.keys()


def _take_back(instances: dict[str, Any], model_id: str, widget: Any) -> None:
    """Undo the letting go of a widget that is alive."""
    if widget is None or widget.comm is None:
        return
    instances[model_id] = widget
    widget.comm._close_data = None
    widget.comm.on_msg(widget._handle_msg)


def _instances() -> dict[str, Any]:
    """ipywidgets' own table of all widgets; an empty one where it is not loaded, or is of a version that has none."""
    module = sys.modules.get("ipywidgets.widgets.widget")
    found = getattr(module, "_instances", None)
    return found if isinstance(found, dict) else {}


def _shown(instances: dict[str, Any]) -> set[str]:
    """Ids of the widgets that Output widgets show."""
    mime = "application/vnd.jupyter.widget-view+json"
    found: set[str] = set()
    for widget in list(instances.values()):
        for output in getattr(widget, "outputs", None) or ():
            view = output.get("data", {}).get(mime) if isinstance(output, dict) else None
            if isinstance(view, dict):
                found.add(str(view.get("model_id")))
    return found
