"""kernelapp: notebooks as web apps.

In a notebook, `import kernelapp as ka` gives the controls and the layout. The names are resolved when they are first used, so
that a kernel loads no server code and the server loads no kernel code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from kernelapp.version import __version__

if TYPE_CHECKING:
    from kernelapp.inkernel.choices import multiselect as multiselect
    from kernelapp.inkernel.choices import radio as radio
    from kernelapp.inkernel.choices import select_slider as select_slider
    from kernelapp.inkernel.choices import selectbox as selectbox
    from kernelapp.inkernel.controls import button as button
    from kernelapp.inkernel.controls import checkbox as checkbox
    from kernelapp.inkernel.controls import color_picker as color_picker
    from kernelapp.inkernel.controls import text_area as text_area
    from kernelapp.inkernel.controls import text_input as text_input
    from kernelapp.inkernel.controls import toggle as toggle
    from kernelapp.inkernel.flow import stop as stop
    from kernelapp.inkernel.layout import columns as columns
    from kernelapp.inkernel.layout import sidebar as sidebar
    from kernelapp.inkernel.numeric import number_input as number_input
    from kernelapp.inkernel.numeric import slider as slider
    from kernelapp.inkernel.session import on_close as on_close
    from kernelapp.inkernel.session import session as session
    from kernelapp.inkernel.temporal import date_input as date_input
    from kernelapp.inkernel.temporal import time_input as time_input

_HOMES = {
    "button": "controls",
    "checkbox": "controls",
    "color_picker": "controls",
    "columns": "layout",
    "date_input": "temporal",
    "multiselect": "choices",
    "number_input": "numeric",
    "on_close": "session",
    "radio": "choices",
    "select_slider": "choices",
    "selectbox": "choices",
    "session": "session",
    "sidebar": "layout",
    "slider": "numeric",
    "stop": "flow",
    "text_area": "controls",
    "text_input": "controls",
    "time_input": "temporal",
    "toggle": "controls",
}

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


if not TYPE_CHECKING:
    # A type checker that saw this would accept any name.
    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"kernelapp has no {name!r}; it has {', '.join(sorted(_HOMES))}")
        value = getattr(import_module(f"kernelapp.inkernel.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES} - {"import_module", "TYPE_CHECKING", "annotations"})
