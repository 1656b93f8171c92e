"""Controls that choose among options: radio, selectbox, multiselect, select_slider. Names, order and meaning are Streamlit's.

Any iterable gives options: a list, a Series, the first column of a frame, an Enum. The value is the option itself, not its label.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kernelapp.inkernel.arguments import Common, common, optional_text, refuse_callbacks, shown, text, whole_number
from kernelapp.inkernel.controls import Visibility
from kernelapp.inkernel.declaring import declare
from kernelapp.inkernel.mistakes import ArgumentTypeError, ArgumentValueError

T = TypeVar("T")

# A list that no viewer can use, and that each run sends anew.
MAX_OPTIONS = 10_000


@dataclass(frozen=True)
class Options(Generic[T]):
    """Options with their labels, which are unique."""

    name: str
    values: list[T]
    labels: list[str]

    def of_label(self, label: str | None) -> T | None:
        """The option with this label."""
        return None if label is None else self.values[self.labels.index(label)]

    def label_of(self, option: object) -> str:
        """The label of this option; raises ArgumentValueError when there is none such."""
        for value, label in zip(self.values, self.labels, strict=True):
            if _same(value, option):
                return label
        raise ArgumentValueError(f"{self.name}: {shown(option)} is not among the options; they are {shown(self.values)}")

    def label_at(self, index: object) -> str | None:
        """The label of the option at `index`, None for None; raises ArgumentTypeError or ArgumentValueError for what is no index."""
        if index is None or not self.values:
            return None
        try:
            place = operator.index(index)  # type: ignore[arg-type]
        except TypeError:
            place = -1
        if isinstance(index, bool) or not 0 <= place < len(self.values):
            kind = ArgumentValueError if place >= 0 or isinstance(index, int) else ArgumentTypeError
            raise kind(f"{self.name}: index must be None or a whole number from 0 to {len(self.values) - 1}; {shown(index)} came")
        return self.labels[place]


def radio(
    label: str,
    options: Iterable[T],
    index: int | None = 0,
    format_func: Callable[[Any], Any] = str,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    disabled: bool = False,
    horizontal: bool = False,
    captions: Sequence[str] | None = None,
    label_visibility: Visibility = "visible",
) -> T | None:
    """One of some options, all in view. With `index=None` it is None until the viewer chooses."""
    refuse_callbacks("radio", on_change, args, kwargs)
    told = common("radio", label, key, help, disabled, label_visibility)
    choice = _options(told, options, format_func)
    start = choice.label_at(index)
    return declare(
        told,
        start,
        choice.of_label,
        nullable=start is None,
        options=choice.labels,
        horizontal=bool(horizontal),
        captions=_captions(choice, captions),
    )


def selectbox(
    label: str,
    options: Iterable[T],
    index: int | None = 0,
    format_func: Callable[[Any], Any] = str,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> T | None:
    """One of many options. With `index=None` it is None until the viewer chooses."""
    refuse_callbacks("selectbox", on_change, args, kwargs)
    told = common("selectbox", label, key, help, disabled, label_visibility)
    choice = _options(told, options, format_func)
    start = choice.label_at(index)
    hint = optional_text(f"{choice.name}: placeholder", placeholder)
    return declare(told, start, choice.of_label, nullable=start is None, options=choice.labels, placeholder=hint)


def multiselect(
    label: str,
    options: Iterable[T],
    default: Any = None,
    format_func: Callable[[Any], Any] = str,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    max_selections: int | None = None,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> list[T]:
    """Any of some options, as a list in the order chosen. `default` is a list of options, or one."""
    refuse_callbacks("multiselect", on_change, args, kwargs)
    told = common("multiselect", label, key, help, disabled, label_visibility)
    choice = _options(told, options, format_func)
    start = [choice.label_of(option) for option in _chosen(default)]
    if len(set(start)) < len(start):
        raise ArgumentValueError(f"{choice.name}: default names an option twice: {shown(default)}")
    if max_selections is not None:
        max_selections = whole_number(f"{choice.name}: max_selections", max_selections, 1)
        if len(start) > max_selections:
            raise ArgumentValueError(f"{choice.name}: default has {len(start)} options; max_selections allows {max_selections}")
    place = {each: number for number, each in enumerate(choice.labels)}
    return declare(
        told,
        start,
        lambda labels: [choice.values[place[each]] for each in labels],
        options=choice.labels,
        max_selections=max_selections,
        placeholder=optional_text(f"{choice.name}: placeholder", placeholder),
    )


def select_slider(
    label: str,
    options: Iterable[T] = (),
    value: Any = None,
    format_func: Callable[[Any], Any] = str,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> Any:
    """One of ordered options on a slider; a pair as `value` makes a range, and a tuple of two options the result."""
    refuse_callbacks("select_slider", on_change, args, kwargs)
    told = common("select_slider", label, key, help, disabled, label_visibility)
    choice = _options(told, options, format_func)
    if not choice.values:
        raise ArgumentValueError(f"{choice.name}: there must be at least one option")
    if not isinstance(value, (tuple, list)):
        start = choice.labels[0] if value is None else choice.label_of(value)
        return declare(told, start, choice.of_label, options=choice.labels, range=False)
    if len(value) != 2:
        raise ArgumentValueError(f"{choice.name}: a range's value must be a pair of options; {len(value)} came: {shown(value)}")
    ends = [choice.label_of(end) for end in value]
    if choice.labels.index(ends[0]) > choice.labels.index(ends[1]):
        raise ArgumentValueError(f"{choice.name}: a range's value must be (first, last) in the options' order; {shown(value)} came")
    return declare(told, ends, lambda pair: (choice.of_label(pair[0]), choice.of_label(pair[1])), options=choice.labels, range=True)


def _options(told: Common, options: Any, format_func: Callable[[Any], Any]) -> Options[Any]:
    name = f"{told.kind} {told.label!r}"
    if isinstance(options, (str, bytes)):
        raise ArgumentTypeError(f"{name}: options must be a list of choices; a single string came: {shown(options)}")
    if getattr(options, "ndim", 1) == 2 and hasattr(options, "iloc"):
        options = options.iloc[:, 0]
    try:
        values = list(options)
    except TypeError:
        raise ArgumentTypeError(f"{name}: options must be a list or another iterable; {shown(options)} came") from None
    if len(values) > MAX_OPTIONS:
        raise ArgumentValueError(
            f"{name}: at most {MAX_OPTIONS:,} options can be shown; {len(values):,} came. Narrow them by another control first"
        )
    if not callable(format_func):
        raise ArgumentTypeError(f"{name}: format_func must be a function from an option to its label; {shown(format_func)} came")
    labels = [text(f"{name}: a label", str(format_func(value))) for value in values]
    if len(set(labels)) < len(labels):
        twice = next(each for each, count in Counter(labels).items() if count > 1)
        raise ArgumentValueError(f"{name}: two options have the label {twice!r}; remove one or tell them apart by format_func")
    return Options(name, values, labels)


def _chosen(default: Any) -> list[Any]:
    if default is None:
        return []
    if isinstance(default, (str, bytes)) or not isinstance(default, Iterable):
        return [default]
    return list(default)


def _captions(choice: Options[Any], captions: Any) -> list[str] | None:
    if captions is None:
        return None
    if isinstance(captions, str):
        raise ArgumentTypeError(f"{choice.name}: captions must be a list of strings; a single string came: {shown(captions)}")
    texts = [text(f"{choice.name}: a caption", "" if each is None else each) for each in captions]
    if len(texts) > len(choice.labels):
        raise ArgumentValueError(f"{choice.name}: there are {len(texts)} captions for {len(choice.labels)} options")
    return texts + [""] * (len(choice.labels) - len(texts))


def _same(one: object, other: object) -> bool:
    if one is other:
        return True
    try:
        return bool(one == other)
    except Exception:
        # Arrays and the like compare to arrays.
        return False
