"""Reading the value of a widget at the top level of a cell."""

from __future__ import annotations

import pytest

from kernelapp.dataflow.versions import Source
from kernelapp.dataflow.widgets import value_readers


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("print(s.value)", {"s"}),
        ("x = [s.value + t.value for _ in range(3)]", {"s", "t"}),
        ("if s.value > 3:\n    for i in range(t.value):\n        pass", {"s", "t"}),
        ("def f(a=s.value):\n    return t.value", {"s"}),
        ("@deco(s.value)\nasync def f():\n    return t.value", {"s"}),
        ("f = lambda: s.value", set()),
        ("s.value = 3", set()),
        ("s.value += 3", set()),
        ("box.children[0].value", set()),
        ("s.values", set()),
        ("this is no Python", set()),
    ],
)
def test_what_counts_as_reading_a_value(source: str, names: set[str]) -> None:
    assert value_readers([Source("c1", source, frozenset())]) == {name: frozenset({"c1"}) for name in names}


def test_readers_are_gathered_over_cells() -> None:
    cells = [Source("c1", "a.value", frozenset()), Source("c2", "b", frozenset()), Source("c3", "a.value", frozenset())]
    assert value_readers(cells) == {"a": frozenset({"c1", "c3"})}
