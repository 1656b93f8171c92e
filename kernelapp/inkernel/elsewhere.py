"""How a control shows where no kernelapp server runs the notebook (JupyterLab, VS Code, nbclient, papermill): as an ipywidget where that
is installed, else as text. Its value is the default in either case. In a process that is no IPython kernel nothing shows.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Mapping
from typing import Any

Control = Mapping[str, Any]


def show(control: Control, text: str) -> None:
    """Display the declared control, or else `text`, in an IPython kernel; do nothing in any other process."""
    shell = _kernel_shell()
    if shell is None:
        return
    widget = _widget(control)
    if widget is None:
        shell.display_pub.publish(data={"text/plain": text}, metadata={})
        return
    from IPython.display import display

    display(widget)  # type: ignore[no-untyped-call]


def _kernel_shell() -> Any:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None


def _widget(control: Control) -> Any:
    """An ipywidget that looks like the control, or None: not installed, or it has none for such a control."""
    try:
        import ipywidgets
    except ImportError:
        return None
    look = _WIDGETS[control["kind"]](control)
    if look is None or not hasattr(ipywidgets, look[0]):
        return None
    name, traits = look
    return getattr(ipywidgets, name)(
        description=control["label"] if control["label_visibility"] == "visible" else "",
        disabled=control["disabled"],
        tooltip=control["help"] or "",
        **traits,
    )


# The widget's class and traits; None where ipywidgets has nothing like the control.
Look = tuple[str, dict[str, Any]] | None


def _button(control: Control) -> Look:
    return "Button", {"button_style": "primary" if control["style"] == "primary" else ""}


def _checkbox(control: Control) -> Look:
    return "Checkbox", {"value": control["value"], "indent": False}


def _toggle(control: Control) -> Look:
    return "ToggleButton", {"value": control["value"]}


def _choice(name: str) -> Callable[[Control], Look]:
    return lambda control: (name, {"options": control["options"], "value": control["value"], **_wide()})


def _number(control: Control) -> dict[str, Any]:
    return {"value": control["value"], "min": control["min"], "max": control["max"], "step": control["step"], **_wide()}


def _slider(control: Control) -> Look:
    kind = "Int" if control["number"] == "int" else "Float"
    return f"{kind}RangeSlider" if control["range"] else f"{kind}Slider", _number(control)


def _number_input(control: Control) -> Look:
    if control["value"] is None:
        return None
    kind = "Int" if control["number"] == "int" else "Float"
    if control["min"] is None or control["max"] is None:
        return f"{kind}Text", {"value": control["value"], "step": control["step"], **_wide()}
    return f"Bounded{kind}Text", _number(control)


def _select_slider(control: Control) -> Look:
    return _choice("SelectionRangeSlider" if control["range"] else "SelectionSlider")(control)


def _text_input(control: Control) -> Look:
    name = "Password" if control["password"] else "Text"
    return name, {"value": control["value"] or "", "placeholder": control["placeholder"] or "", **_wide()}


def _text_area(control: Control) -> Look:
    return "Textarea", {"value": control["value"] or "", "placeholder": control["placeholder"] or "", **_wide()}


def _date_input(control: Control) -> Look:
    if control["range"]:
        return None
    ends = {name: datetime.date.fromisoformat(control[name]) for name in ("value", "min", "max") if control[name] is not None}
    return "DatePicker", {**ends, **_wide()}


def _time_input(control: Control) -> Look:
    value = None if control["value"] is None else datetime.time.fromisoformat(control["value"])
    return "TimePicker", {"value": value, "step": control["step_s"], **_wide()}


def _color_picker(control: Control) -> Look:
    return "ColorPicker", {"value": control["value"], **_wide()}


def _wide() -> dict[str, Any]:
    # Labels are sentences here, and ipywidgets cuts what is wider than 80 pixels.
    return {"style": {"description_width": "initial"}}


_WIDGETS: dict[str, Callable[[Control], Look]] = {
    "button": _button,
    "checkbox": _checkbox,
    "toggle": _toggle,
    "radio": _choice("RadioButtons"),
    "selectbox": _choice("Dropdown"),
    "multiselect": _choice("SelectMultiple"),
    "slider": _slider,
    "select_slider": _select_slider,
    "number_input": _number_input,
    "text_input": _text_input,
    "text_area": _text_area,
    "date_input": _date_input,
    "time_input": _time_input,
    "color_picker": _color_picker,
}
