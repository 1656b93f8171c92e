"""The viewer's values: set by events, or brought along from an earlier session; held until the kernel has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ViewerError
from ..wire.messages import Declaration
from ..wire.values import check_value


class Inputs:
    """Values by control key. Those brought along count at once, and are checked when their control is declared."""

    def __init__(self) -> None:
        self.changed = True  # since the kernel was told
        self._values: dict[str, Any] = {}
        self._pressed: set[str] = set()  # keys of buttons that are down in this plan
        self._unchecked: set[str] = set()

    def put(self, control: Declaration, value: Any) -> None:
        """An event's value, which its control admits."""
        key = str(control["key"])
        self._values[key] = value
        self._unchecked.discard(key)
        self.changed = True
        if control["kind"] == "button":
            self._pressed.add(key)

    def bring(self, key: str, value: Any) -> None:
        """A value of an earlier session; nothing is known yet of its control."""
        self._values[key] = value
        self._unchecked.add(key)
        self.changed = True

    def declared(self, control: Declaration) -> None:
        """Check what was brought along. What the control does not admit the kernel has not taken: it says which value holds."""
        key = str(control["key"])
        if key not in self._unchecked:
            return
        self._unchecked.discard(key)
        if control["kind"] == "button":
            self._pressed.add(key)  # it is up again when the plan is done
            return
        try:
            check_value(control, self._values[key])
        except ViewerError:
            self._values[key] = control.get("value")

    def release(self) -> set[str]:
        """Buttons are up again; returns which were down."""
        released, self._pressed = self._pressed, set()
        for key in released:
            self._values.pop(key, None)
            self.changed = True
        return released

    def take(self) -> Mapping[str, Any] | None:
        """All values, for the kernel, if they have changed since it was told."""
        if not self.changed:
            return None
        self.changed = False
        return dict(self._values)
