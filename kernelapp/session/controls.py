"""The controls that a session's page has, and which cell declared each."""

from __future__ import annotations

from collections.abc import Collection
from copy import copy

from ..errors import ViewerError
from ..wire.messages import Declaration, Event
from ..wire.values import check_value


class Controls:
    """Declarations by key."""

    def __init__(self) -> None:
        self._declared: dict[str, tuple[str, Declaration]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._declared

    def copy(self) -> Controls:
        """The same, to be changed apart."""
        fork = Controls()
        fork._declared = copy(self._declared)
        return fork

    def find(self, key: str) -> tuple[str, Declaration] | None:
        """The cell that declared a control, and its declaration."""
        return self._declared.get(key)

    def cells(self, keys: Collection[str]) -> set[str]:
        """The cells that declared these, as far as they are on the page."""
        return {self._declared[key][0] for key in keys if key in self._declared}

    def admit(self, event: Event) -> tuple[str, Declaration]:
        """As `find`, for an event whose value the control admits; else raises ViewerError."""
        cell, control = self._declared.get(event.control, (None, {}))
        try:
            if cell is None:
                raise ViewerError("unknown-control", "This control is no longer on the page.")
            if control.get("disabled"):
                raise ViewerError("disabled", f"'{control.get('label')}' is disabled.")
            check_value(control, event.value)
        except ViewerError as refusal:
            raise ViewerError(refusal.code, str(refusal), event.event) from refusal
        return cell, control

    def declare(self, cell: str, control: Declaration) -> None:
        """The cell shows this control."""
        self._declared[str(control["key"])] = (cell, control)

    def withdraw(self, cell: str, keys: Collection[str]) -> list[str]:
        """Of these keys, those that are still this cell's are no longer on the page; returns them."""
        gone = [key for key in dict.fromkeys(keys) if self._declared.get(key, (None,))[0] == cell]
        for key in gone:
            del self._declared[key]
        return gone
