"""Notebooks of the oracle's generator through the real server: after each event the page is what a run of everything shows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import lru_cache

import pytest

from kernelapp.dataflow.versions import build_flow
from tests.oracle.generator import FAMILIES, Notebook, Seeded, write_notebook
from tests.oracle.session import run_all as run_cells

from .harness import Server, Viewer
from .harness import write_notebook as save_notebook
from .snapshot import differences, run_all, snapshot

PER_FAMILY = 6
EVENTS = 3


@lru_cache
def generate(family: str) -> list[tuple[Notebook, Seeded]]:
    """Notebooks that open with a control on the page, each with where its events come from."""
    found: list[tuple[Notebook, Seeded]] = []
    number = 0
    while len(found) < PER_FAMILY:
        choose = Seeded(f"served {family} {number}")
        number += 1
        notebook = write_notebook(choose, family)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = run_cells(notebook.cells, build_flow(notebook.cells), {})
        if any(name.startswith("control ") for reads in opened.reads.values() for name in reads.values):
            found.append((notebook, choose))
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves all of the notebooks, some from templates; a kernel ends with its page, so that there is one at a time."""
    folder = tmp_path_factory.mktemp("served")
    for family in FAMILIES:
        for number, (notebook, _) in enumerate(generate(family)):
            save_notebook(folder / f"{family}-{number}.ipynb", *(one.source for one in notebook.cells))
    with Server(folder, "--grace-s", "0", "--standby", "0") as running:
        running.wait_for_line(r"templates of \d+ app")
        yield running


@pytest.mark.parametrize("number", range(PER_FAMILY))
@pytest.mark.parametrize("family", FAMILIES)
async def test_after_each_event_the_page_is_what_a_run_of_everything_shows(server: Server, family: str, number: int) -> None:
    notebook, choose = generate(family)[number]
    flow = build_flow(notebook.cells)
    volatile = {notebook.cells[cell].cell for cell in flow.below(cell for cell, one in enumerate(flow.effects) if one.volatile)}
    async with Viewer(server).page(f"{family}-{number}") as page:
        await page.idle()
        told = []
        for event in range(EVENTS + 1):
            keys = sorted(page.controls)
            if not keys:
                break  # all of them went with a condition
            if event > 0:  # before the first, the page shows how the session began
                key, value = keys[choose.below(len(keys))], choose.below(10)
                told.append(f"{key} = {value}")
                await page.set(key, value)
                await page.idle()
            shown = snapshot(page, volatile)
            await run_all(page)
            found = differences(shown, snapshot(page, volatile))
            assert not found, "\n".join([*(f"# {one.cell}\n{one.source}" for one in notebook.cells), *told, *found])
