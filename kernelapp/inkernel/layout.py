"""Where on the page things go: the sidebar and columns. Brackets in the output stream, so whatever is displayed inside belongs inside."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from kernelapp.inkernel import choices, controls, numeric, runtime, temporal
from kernelapp.inkernel.arguments import number, shown
from kernelapp.inkernel.mistakes import ArgumentTypeError, ArgumentValueError

P = ParamSpec("P")
T = TypeVar("T")

# More columns than this leave no room for anything in them.
MAX_COLUMNS = 24


def _inside(function: Callable[P, T]) -> Callable[Concatenate[Container, P], T]:
    @functools.wraps(function)
    def method(self: Container, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self:
            return function(*args, **kwargs)

    return method


class Container:
    """A place on the page: `with place: ...` puts there what the body displays, `place.slider(...)` one control.

    A container may be entered again, also by a later cell of the same plan; a page that no longer has it shows the content in its cell.
    Where no server runs the notebook it does nothing.
    """

    def __init__(self, name: str) -> None:
        self._id = name

    def __enter__(self) -> Container:
        here = runtime.current()
        if here is not None:
            here.running("sidebar" if self._id == "sidebar" else "columns")
        _publish({"op": "enter", "id": self._id})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _publish({"op": "exit", "id": self._id})

    def columns(
        self,
        spec: int | Sequence[int | float],
        *,
        gap: Literal["small", "medium", "large"] = "small",
        vertical_alignment: Literal["top", "center", "bottom"] = "top",
        border: bool = False,
    ) -> list[Container]:
        """Columns inside this container; see `columns`."""
        with self:
            return columns(spec, gap=gap, vertical_alignment=vertical_alignment, border=border)

    button = _inside(controls.button)
    checkbox = _inside(controls.checkbox)
    toggle = _inside(controls.toggle)
    radio = _inside(choices.radio)
    selectbox = _inside(choices.selectbox)
    multiselect = _inside(choices.multiselect)
    slider = _inside(numeric.slider)
    select_slider = _inside(choices.select_slider)
    number_input = _inside(numeric.number_input)
    text_input = _inside(controls.text_input)
    text_area = _inside(controls.text_area)
    date_input = _inside(temporal.date_input)
    time_input = _inside(temporal.time_input)
    color_picker = _inside(controls.color_picker)


sidebar = Container("sidebar")


def columns(
    spec: int | Sequence[int | float],
    *,
    gap: Literal["small", "medium", "large"] = "small",
    vertical_alignment: Literal["top", "center", "bottom"] = "top",
    border: bool = False,
) -> list[Container]:
    """Containers side by side: `spec` of equal width, or one for each of the relative widths in `spec`.

    Raises ArgumentValueError or ArgumentTypeError.
    """
    widths = _widths(spec)
    if gap not in ("small", "medium", "large"):
        raise ArgumentValueError(f"columns: gap must be small, medium or large; {shown(gap)} came")
    if vertical_alignment not in ("top", "center", "bottom"):
        raise ArgumentValueError(f"columns: vertical_alignment must be top, center or bottom; {shown(vertical_alignment)} came")
    here = runtime.current()
    block = "columns" if here is None else here.place("columns", None)
    _publish(
        {
            "op": "block",
            "kind": "columns",
            "id": block,
            "widths": widths,
            "gap": gap,
            "vertical_alignment": vertical_alignment,
            "border": bool(border),
        }
    )
    return [Container(f"{block}.{place}") for place in range(len(widths))]


def _widths(spec: Any) -> list[int | float]:
    if isinstance(spec, str) or not isinstance(spec, (int, Sequence)):
        raise ArgumentTypeError(f"columns: spec must be a number of columns or a list of relative widths; {shown(spec)} came")
    given = [number("columns: spec", spec)] if isinstance(spec, int) else [number("columns: a width", each) for each in spec]
    widths = [1] * int(given[0]) if isinstance(spec, int) and 0 < given[0] <= MAX_COLUMNS else given
    if not 1 <= len(widths) <= MAX_COLUMNS or (isinstance(spec, int) and not 1 <= spec <= MAX_COLUMNS):
        raise ArgumentValueError(f"columns: there can be 1 to {MAX_COLUMNS} columns; {shown(spec)} came")
    if min(widths) <= 0:
        raise ArgumentValueError(f"columns: each width must be more than 0; {shown(spec)} came")
    return list(widths)


def _publish(block: dict[str, Any]) -> None:
    here = runtime.current()
    if here is not None:
        here.publish({runtime.LAYOUT_MIME: block})
