"""Controls of one thing: buttons, switches, text, a colour. Names, argument order and meaning are Streamlit's."""

from __future__ import annotations

import re
from typing import Literal, overload

from kernelapp.inkernel.arguments import Common, common, optional_text, refuse_callbacks, shown, text, whole_number
from kernelapp.inkernel.declaring import declare
from kernelapp.inkernel.mistakes import ArgumentTypeError, ArgumentValueError

Visibility = Literal["visible", "hidden", "collapsed"]

_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")
# Smaller than this and no line of text fits (Streamlit's rule, for its layout and ours).
MIN_TEXT_AREA_HEIGHT_PX = 68


def button(
    label: str,
    key: str | int | None = None,
    help: str | None = None,
    on_click: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    type: Literal["primary", "secondary", "tertiary"] = "secondary",
    disabled: bool = False,
    use_container_width: bool | None = None,
    width: Literal["content", "stretch"] = "content",
) -> bool:
    """A button; True in the one run that a press starts.

    Raises ArgumentValueError or ArgumentTypeError (inkernel/mistakes.py), as all controls do.
    """
    refuse_callbacks("button", on_click, args, kwargs)
    told = common("button", label, key, help, disabled)
    if type not in ("primary", "secondary", "tertiary"):
        raise ArgumentValueError(f"button {label!r}: type must be primary, secondary or tertiary; {shown(type)} came")
    if width not in ("content", "stretch"):
        raise ArgumentValueError(f"button {label!r}: width must be content or stretch; {shown(width)} came")
    stretch = width == "stretch" if use_container_width is None else bool(use_container_width)
    return declare(told, False, bool, style=type, stretch=stretch)


def checkbox(
    label: str,
    value: bool = False,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> bool:
    """A box to tick."""
    refuse_callbacks("checkbox", on_change, args, kwargs)
    return _switch(common("checkbox", label, key, help, disabled, label_visibility), value)


def toggle(
    label: str,
    value: bool = False,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> bool:
    """A switch."""
    refuse_callbacks("toggle", on_change, args, kwargs)
    return _switch(common("toggle", label, key, help, disabled, label_visibility), value)


def _switch(told: Common, value: object) -> bool:
    # numpy's bool is no bool, but it is what comparing a frame's values gives.
    if not isinstance(value, bool) and getattr(getattr(value, "dtype", None), "kind", None) != "b":
        raise ArgumentTypeError(f"{told.kind} {told.label!r}: value must be True or False; {shown(value)} came")
    return declare(told, bool(value), bool)


@overload
def text_input(
    label: str,
    value: str = "",
    max_chars: int | None = None,
    key: str | int | None = None,
    type: Literal["default", "password"] = "default",
    help: str | None = None,
    autocomplete: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> str: ...
@overload
def text_input(
    label: str,
    value: str | None,
    max_chars: int | None = None,
    key: str | int | None = None,
    type: Literal["default", "password"] = "default",
    help: str | None = None,
    autocomplete: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> str | None: ...
def text_input(
    label: str,
    value: str | None = "",
    max_chars: int | None = None,
    key: str | int | None = None,
    type: Literal["default", "password"] = "default",
    help: str | None = None,
    autocomplete: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> str | None:
    """One line of text of at most `max_chars` code points. With `value=None` it is None until the viewer writes something."""
    refuse_callbacks("text_input", on_change, args, kwargs)
    told = common("text_input", label, key, help, disabled, label_visibility)
    if type not in ("default", "password"):
        raise ArgumentValueError(f"text_input {label!r}: type must be default or password; {shown(type)} came")
    start = _starting_text(told, value, max_chars)
    return declare(
        told,
        start,
        _same_text,
        nullable=start is None,
        max_chars=max_chars,
        placeholder=optional_text(f"text_input {label!r}: placeholder", placeholder),
        password=type == "password",
        autocomplete=optional_text(f"text_input {label!r}: autocomplete", autocomplete),
    )


@overload
def text_area(
    label: str,
    value: str = "",
    height: int | None = None,
    max_chars: int | None = None,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> str: ...
@overload
def text_area(
    label: str,
    value: str | None,
    height: int | None = None,
    max_chars: int | None = None,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> str | None: ...
def text_area(
    label: str,
    value: str | None = "",
    height: int | None = None,
    max_chars: int | None = None,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> str | None:
    """Lines of text; `height` in pixels, `max_chars` in code points. With `value=None` it is None until the viewer writes something."""
    refuse_callbacks("text_area", on_change, args, kwargs)
    told = common("text_area", label, key, help, disabled, label_visibility)
    if height is not None:
        height = whole_number(f"text_area {label!r}: height (pixels)", height, MIN_TEXT_AREA_HEIGHT_PX)
    start = _starting_text(told, value, max_chars)
    return declare(
        told,
        start,
        _same_text,
        nullable=start is None,
        max_chars=max_chars,
        placeholder=optional_text(f"text_area {label!r}: placeholder", placeholder),
        height_px=height,
    )


def _starting_text(told: Common, value: object, max_chars: object) -> str | None:
    name = f"{told.kind} {told.label!r}"
    start = None if value is None else text(f"{name}: value", str(value))
    if max_chars is not None:
        most = whole_number(f"{name}: max_chars", max_chars, 1)
        if start is not None and len(start) > most:
            raise ArgumentValueError(f"{name}: value has {len(start)} characters; max_chars allows {most}")
    return start


def _same_text(value: str | None) -> str | None:
    return value


def color_picker(
    label: str,
    value: str | None = None,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> str:
    """A colour as "#rrggbb", lower case; black unless `value` says otherwise."""
    refuse_callbacks("color_picker", on_change, args, kwargs)
    told = common("color_picker", label, key, help, disabled, label_visibility)
    start = "#000000" if value is None else text(f"color_picker {label!r}: value", value)
    if not _COLOR.fullmatch(start):
        raise ArgumentValueError(f"color_picker {label!r}: value must be a colour such as '#1f77b4' or '#abc'; {shown(value)} came")
    if len(start) == 4:
        start = "#" + "".join(digit * 2 for digit in start[1:])
    return declare(told, start.lower(), str)
