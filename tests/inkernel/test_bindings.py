"""Saved bindings: kept, restored, copied, compared, bounded."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from kernelapp.inkernel import hidden
from kernelapp.inkernel.bindings import Bindings

NOTHING: dict[str, Any] = {
    "cell": "c", "keep": [], "restore": [], "copy": [], "keep_after": [], "digest": [], "atoms": [], "expect": [], "classes": True,
    "finish": [], "drop": [],
}  # fmt: skip


def around(bindings: Bindings, names: dict[str, Any], source: str = "", **instructions: Any) -> dict[str, Any]:
    """Runs a cell with instructions; gives the report."""
    bindings.before({**NOTHING, **instructions}, names)
    exec(source, names)
    names.pop("__builtins__", None)
    return bindings.after(names)


def test_a_reference_brings_back_the_very_object() -> None:
    bindings, first = Bindings(), [1]
    names: dict[str, Any] = {"x": first}
    assert around(bindings, names, keep=[["x", "a"]])["kept"] == [["x", "a"]]
    names["x"] = 2
    around(bindings, names, restore=[["x", "reference", "a"]], expect=["x"])
    assert names["x"] is first


def test_a_name_that_was_not_bound_is_unbound_again() -> None:
    bindings = Bindings()
    names: dict[str, Any] = {}
    around(bindings, names, keep=[["x", ""]])
    names["x"] = 1
    around(bindings, names, restore=[["x", "reference", ""]])
    assert "x" not in names
    names["x"] = 1
    around(bindings, names, restore=[["x", "absent", ""]])
    assert "x" not in names


def test_copies_of_a_group_share_what_the_originals_share_and_nothing_else() -> None:
    bindings, inner = Bindings(), [1]
    names: dict[str, Any] = {"a": inner, "b": {"k": inner}}
    report = around(bindings, names, "a.append(2)", cell="m", copy=["a", "b"], expect=["a", "b"])
    assert report["copied"] == ["a", "b"]
    for _ in range(2):
        around(bindings, names, "a.append(3)", restore=[["a", "copy", "m"], ["b", "copy", "m"]], expect=["a", "b"])
        assert names["a"] == [1, 3]
        assert names["b"]["k"] is names["a"]
    assert inner == [1, 2]


def test_a_frame_is_copied_without_its_data_being_touched_by_what_follows() -> None:
    bindings = Bindings()
    names: dict[str, Any] = {"df": pd.DataFrame({"a": [1, 2]})}
    around(bindings, names, "df.loc[0, 'a'] = 9\ndf['b'] = 1\ndf.index.name = 'i'", cell="m", copy=["df"], expect=["df"])
    around(bindings, names, restore=[["df", "copy", "m"]], expect=["df"])
    assert names["df"].to_dict() == {"a": {0: 1, 1: 2}}
    assert names["df"].index.name is None


@pytest.mark.parametrize(
    "value",
    [iter([1]), open, (i for i in range(3)), pd.DataFrame({"a": [[1]]}).groupby("a"), pd.DataFrame({"a": [[1]]}), {1: iter([])}],
    ids=["iterator", "function", "generator", "groupby", "lists in cells", "iterator in a dict"],
)
def test_what_cannot_be_copied_is_refused_or_needs_no_copy(value: Any) -> None:
    bindings = Bindings()
    copied = around(bindings, {"x": value}, cell="m", copy=["x"], expect=["x"])["copied"]
    assert copied == (["x"] if value is open else [])


def test_a_copy_that_is_too_large_is_refused() -> None:
    bindings = Bindings(max_copy_bytes=1000)
    report = around(bindings, {"a": np.ones(1000), "b": [1]}, copy=["a", "b"], expect=["a", "b"])
    assert report["copied"] == ["b"]


def test_two_arrays_over_one_memory_are_refused() -> None:
    whole = np.arange(9)
    assert around(Bindings(), {"a": whole, "b": whole[:3]}, copy=["a", "b"], expect=["a", "b"])["copied"] != ["a", "b"]


def test_what_was_longest_unused_is_dropped_beyond_the_bound_and_told() -> None:
    bindings = Bindings(max_bytes=10_000)
    names: dict[str, Any] = {}
    lost: list[Any] = []
    for number in range(4):
        names["x"] = np.ones(500)
        lost += around(bindings, names, keep=[["x", str(number)]])["lost"]
    names["x"] = None
    lost += around(bindings, names)["lost"]
    assert lost == [["reference", "x", "0"], ["reference", "x", "1"]]
    assert around(bindings, names, restore=[["x", "reference", "0"]])["missing"] == [["x", "reference", "0"]]


def test_what_is_bound_anyway_counts_nothing() -> None:
    bindings = Bindings(max_bytes=10)
    assert around(bindings, {"x": np.ones(1000)}, keep=[["x", "a"]])["lost"] == []


def digest(value: Any, **instructions: Any) -> str | None:
    found = around(Bindings(), {"x": value}, digest=["x"], expect=["x"], **instructions)["digests"].get("x")
    assert found is None or isinstance(found, str)
    return found


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (1, 2), (1, True), (1, 1.0), (0.0, -0.0), ("1", 1), ([1], [2]), ([1], (1,)), ({"a": 1}, {"a": 2}), ([1, 2], [2, 1]),
        (np.array([1]), np.array([1.0])), (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})), (None, []),
        (pd.Series([1], index=[1]), pd.Series([1], index=[2])), (lambda: 1, lambda: 2),
    ],
)  # fmt: skip
def test_different_values_have_different_fingerprints(one: Any, two: Any) -> None:
    assert digest(one) is not None
    assert digest(one) != digest(two)


@pytest.mark.parametrize(
    "make", [lambda: [1, {"a": (2.5, None)}], lambda: pd.DataFrame({"a": [1], "b": ["x"]}), lambda: np.ones(3), lambda: 10**20]
)
def test_equal_values_have_equal_fingerprints(make: Any) -> None:
    assert digest(make()) == digest(make()) is not None


def test_sharing_inside_a_value_is_part_of_its_fingerprint() -> None:
    row = [1]
    assert digest([row, row]) != digest([[1], [1]])


def test_values_without_an_exact_fingerprint_have_none() -> None:
    assert digest(object()) is None
    assert digest(iter([])) is None


def test_only_immutable_values_are_told_where_that_is_asked() -> None:
    assert around(Bindings(), {"x": [1], "y": 1}, atoms=["x", "y"], expect=["x", "y"])["digests"].keys() == {"y"}


@pytest.mark.parametrize(
    ("before", "source"),
    [
        ({"a": 1}, "a = 2"), ({}, "a = 2"), ({"a": 1}, "del a"), ({"a": [1]}, "a.append(2)"), ({"a": [[1]]}, "a[0].append(2)"),
        ({"a": pd.DataFrame({"x": [1, 2]})}, "a.loc[0, 'x'] = 5"), ({"a": np.arange(5)}, "a[0] = 7"), ({"a": {1: 2}}, "a[3] = 4"),
    ],
)  # fmt: skip
def test_a_change_that_nobody_expects_is_told(before: dict[str, Any], source: str) -> None:
    assert around(Bindings(), dict(before), source)["changed"] == ["a"]


def test_a_cell_that_runs_again_is_looked_at_for_less_time_but_at_every_name_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    bindings, names = Bindings(), {f"name{i}": [i] for i in range(50)}
    monkeypatch.setattr("kernelapp.inkernel.bindings.LOOK_AGAIN_S", 0.0)
    assert around(bindings, names, "name49.append(1)")["changed"] == ["name49"]
    told = [around(bindings, names, "name49.append(1)")["changed"] for _ in range(100)]
    assert 0 < sum(map(bool, told)) < 100


def test_an_expected_change_is_no_surprise_and_an_opaque_cell_never_is() -> None:
    assert around(Bindings(), {"a": 1}, "a = 2", expect=["a"])["changed"] == []
    assert around(Bindings(), {"a": 1}, "a = 2", expect=["*"])["changed"] == []
    assert around(Bindings(), {"a": [1], "f": len}, "b = a", expect=["b"])["changed"] == []


def test_the_last_restores_come_after_the_cell() -> None:
    bindings = Bindings()
    names: dict[str, Any] = {"x": 1}
    around(bindings, names, "x = 2", keep=[["x", "a"]], expect=["x"], finish=[["x", "reference", "a"]])
    assert names["x"] == 1


def test_hidden_state_is_kept_and_put_back() -> None:
    bindings = Bindings()
    names: dict[str, Any] = {"np": np, "pd": pd}
    state = "state:numpy.random"
    around(bindings, names, keep=[[state, ""], ["state:pandas", ""]])
    rows = pd.get_option("display.max_rows")
    first = np.random.rand()
    pd.set_option("display.max_rows", 3)
    around(bindings, names, restore=[[state, "reference", ""], ["state:pandas", "reference", ""]])
    assert np.random.rand() == first
    assert pd.get_option("display.max_rows") == rows


@pytest.mark.parametrize("name", sorted(hidden.STATES))
def test_every_hidden_state_can_be_read_and_put_back(name: str) -> None:
    state = hidden.read(name)
    if state is not None:
        hidden.write(name, state)
        assert repr(hidden.read(name)) == repr(state)


def test_an_emptied_namespace_leaves_nothing_saved() -> None:
    bindings = Bindings()
    around(bindings, {"x": 1}, keep=[["x", "a"]])
    bindings.clear()
    assert around(bindings, {}, restore=[["x", "reference", "a"]])["missing"] == [["x", "reference", "a"]]


def test_what_a_cell_makes_again_is_not_kept_as_it_was() -> None:
    bindings = Bindings()
    names: dict[str, Any] = {"x": 1}
    around(bindings, names, cell="a", keep_after=["x"], expect=["x"])
    around(bindings, names, "x = 2", cell="a", expect=["x"])
    assert around(bindings, names, restore=[["x", "reference", "a"]])["missing"]


def test_generators_that_nobody_seeded_begin_anew_in_a_forked_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    before = hidden.read("state:random")
    try:
        hidden.write_first("state:random", before)
        assert hidden.read("state:random") == before
        monkeypatch.setattr(hidden, "_PROCESS", -1)
        hidden.write_first("state:random", before)
        own = hidden.read("state:random")
        assert own != before
        random.random()
        hidden.write_first("state:random", before)
        assert hidden.read("state:random") == own
    finally:
        hidden.write("state:random", before)
        hidden._begun.clear()


def test_the_state_of_the_shared_generator_is_put_back_without_seeding_it() -> None:
    random.gauss(0, 1)
    state = random.getstate()
    first = [random.gauss(0, 1), random.random()]
    hidden.write("state:random", state)
    assert [random.gauss(0, 1), random.random()] == first
