"""The oracle itself: a few hundred events, notebooks that Hypothesis makes and shrinks, and proof that it can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernelapp.dataflow import known
from kernelapp.dataflow.plan import Step
from kernelapp.dataflow.versions import Source

from .generator import FAMILIES, MUTATING, PLAIN, REDEFINING, Notebook, Seeded, write_notebook
from .run import Tally, run_family, try_notebook

# Ratios to the least possible (issue 3), with room for the luck of a few events.
MOST = {PLAIN: 1.15, REDEFINING: 1.15}


def run(family: str, events: int, seed: int = 11) -> Tally:
    total = Tally()
    for tally in run_family(family, events, seed):
        total.add(tally)
    return total


@pytest.mark.parametrize("family", FAMILIES)
def test_after_each_event_every_cell_is_as_a_fresh_run_shows_it(family: str) -> None:
    total = run(family, 100)
    assert not total.failures, total.failures[0]
    assert total.ran <= MOST.get(family, 99) * total.least
    if family == MUTATING:
        assert total.ran < 0.6 * total.cells


class Drawn:
    """Decisions from Hypothesis, which shrinks them."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, count: int) -> int:
        return self._data.draw(st.integers(0, count - 1))


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_notebook_that_can_be_drawn_differs_from_a_fresh_run(family: str, data: st.DataObject) -> None:
    choose = Drawn(data)
    tally = try_notebook(write_notebook(choose, family, max_cells=6), choose, events=3)
    assert not tally.failures, tally.failures[0]


def notebook(*sources: str) -> Notebook:
    head = Source("c0", "import kernelapp as ka\nimport pandas as pd\nimport numpy as np")
    cells = [head, *(Source(f"c{number}", source) for number, source in enumerate(sources, 1))]
    return Notebook(cells, [])


MUTATES = notebook("items = [1]", "size = ka.slider('n', 0, 9, 1)", "items.append(size)", "print(items)")
REDEFINES = notebook(
    "frame = pd.DataFrame({'a': range(9)})",
    "size = ka.slider('n', 0, 9, 1)",
    "frame = frame[frame.a > size]",
    "print(len(frame))",
)


def without_restores(step: Step) -> Step:
    return replace(step, instructions=replace(step.instructions, restore=(), finish=()))


def without_copies(step: Step) -> Step:
    """Pretends that a reference is a copy: what is restored has been mutated."""
    restore = tuple((name, "absent", key) if how == "copy" else (name, how, key) for name, how, key in step.instructions.restore)
    return replace(step, instructions=replace(step.instructions, restore=restore))


@pytest.mark.parametrize("cells", [MUTATES, REDEFINES])
def test_the_example_notebooks_hold_as_they_are(cells: Notebook) -> None:
    assert try_notebook(cells, Seeded(1)).differing == 0


@pytest.mark.parametrize("cells", [MUTATES, REDEFINES])
def test_a_skipped_restore_is_found(cells: Notebook) -> None:
    assert try_notebook(cells, Seeded(1), twist=without_restores).differing == 1


def test_a_copy_that_was_not_restored_is_found() -> None:
    assert try_notebook(MUTATES, Seeded(1), twist=without_copies).differing == 1


def blind(step: Step) -> Step:
    """The kernel does not look for changes that nobody expects."""
    return replace(step, instructions=replace(step.instructions, expect=("*",)))


def test_a_mutation_that_the_table_ignores_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(known.METHODS["list"], "append", known.LOOKS)
    assert try_notebook(MUTATES, Seeded(1), twist=blind).differing == 1


def test_a_mutation_that_the_table_ignores_mends_itself_when_the_kernel_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(known.METHODS["list"], "append", known.LOOKS)
    tally = try_notebook(MUTATES, Seeded(1))
    assert tally.differing == 0
    assert tally.surprises == 1


def test_a_broken_rule_fails_a_seeded_run_too() -> None:
    differing = 0
    for number in range(40):
        choose = Seeded(f"broken {number}")
        differing += try_notebook(write_notebook(choose, REDEFINING), choose, twist=without_restores).differing
    assert differing > 0


def test_the_least_is_less_than_everything() -> None:
    total = run(PLAIN, 40)
    assert 0 < total.least < total.cells
