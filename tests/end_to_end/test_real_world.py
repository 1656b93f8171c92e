"""Notebooks as people write them, which redefine and mutate: each event gives the page of a full run, and runs few cells.

Two sessions get the same events. One just follows them; the other runs everything, from an empty namespace, after each.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import pytest

from kernelapp.notebook import read_notebook

from .harness import Page, Server, Viewer
from .snapshot import differences, run_all, snapshot

FOLDER = Path(__file__).parent / "real_world"


@dataclass(frozen=True)
class Event:
    """A viewer's change of the control with this label; `at_most`: cells that it may run, None where that is left open."""

    label: str
    value: Any
    at_most: str | None = None


@dataclass(frozen=True)
class App:
    """What happens in a notebook. `volatile`: cells that show something else in each run."""

    events: tuple[Event, ...]
    volatile: str = ""


APPS = {
    "bank": App(
        (
            Event("Patience", 3),
            Event("Desks", 4),
            Event("Seed", 7, "customer desk controls arrivals open run waiting patience lottery close"),
            Event("Desks", 1),
            Event("Patience", 20),
        )
    ),
    "cars": App(
        (
            Event("Since", 1975, "controls select brands figure trend labels histogram by_year"),
            Event("Degree of the trend", 3, "figure trend labels"),
            Event("Origins", ["Japan"]),
            Event("Column", "Acceleration", "column histogram by_year"),
            Event("Degree of the trend", 1, "figure trend labels"),
            Event("Origins", ["Japan", "USA"]),
        )
    ),
    "classifier": App(
        (
            Event("Threshold", 0.3, "threshold matrix accuracy"),
            Event("Regularisation", "0.01", "strength pipeline fit weights predict threshold matrix accuracy"),
            Event("Features", ["texture", "roughness"], "choose_features split pipeline fit weights predict threshold matrix accuracy"),
            Event("Threshold", 0.7, "threshold matrix accuracy"),
            Event("Features", ["radius", "texture", "log_area", "roughness"]),
        )
    ),
    "cleaning": App(
        (
            Event("Missing amounts", "zero", "control_missing missing outliers by_country months show"),
            Event("Largest amount", 500, "outliers by_country months show"),
            Event("Only with a customer", True),
            Event("Missing amounts", "median"),
            Event("Rows", 6, "show"),
            Event("Missing amounts", "drop"),
            Event("Largest amount", 5000, "outliers by_country months show"),
        )
    ),
    "descent": App(
        (
            Event("Steps", 100, "controls descend weights polish error compare"),
            Event("Polish", True, "polish error compare"),
            Event("Learning rate", "0.01", "controls descend weights polish error compare"),
            Event("Tolerance", 0.5, "error"),
            Event("Polish", False, "polish error compare"),
            Event("Steps", 10),
        )
    ),
    "grades": App(
        (
            Event("Needed", 16),
            Event("Bonus", 5, "average bonus rank table pass share strict letters captured shown"),
            Event("Drop the worst", True),
            Event("Needed", 20),  # nobody passes: cells fail
            Event("Bonus", 0),
            Event("Needed", 10),
        )
    ),
    "images": App(
        (
            Event("Threshold", 0.3, "corner controls mask stack"),
            Event("Flip", True, "corner controls flip frame blocks histogram stack"),
            Event("Blocks", "8", "blocks stack"),
            Event("Noise", 0.3),
            Event("Flip", False),
        )
    ),
    "inventory": App(
        (
            Event("Count", 390, "order delivery discount alias by_tag reorder changes remove"),
            Event("Discount", 20, "discount alias by_tag reorder changes remove"),
            Event("Article", "board"),
            Event("Without nails", False, "remove"),
            Event("Discount", 0),
            Event("Article", "lamp"),
        )
    ),
    "luck": App(
        (
            Event("Dice", 3, "counter walk estimate stream next"),
            Event("Sides", "20"),
            Event("Throws", 500),
            Event("Seed", 9),
            Event("Dice", 1),
        ),
        volatile="unseeded guess",
    ),
    "sales": App(
        (
            Event("Price rise", 10, "controls prices join fill months save read best style customers"),
            Event("Digits", 3, "style"),
            Event("Regions", ["north"], "controls fill months save read best style customers"),
            Event("Price rise", 0),
            Event("Regions", ["west", "south"]),
        )
    ),
    "weather": App(
        (
            Event("Window", 6, "controls rolling axes line"),
            Event("Every", "week", "controls resample rolling axes line"),
            Event("Year", "2014", "controls year kinds resample rolling axes line extremes"),
            Event("Every", "quarter"),
            Event("Window", 1, "controls rolling axes line"),
        ),
        volatile="load",  # `%%time` prints a time; what it loads is the same each time
    ),
    "words": App(
        (
            Event("How many", 3, "top"),
            Event("Shortest word", 4, "keep count by_length top pairs merge"),
            Event("More stop words", "times direct", "more_stop_words keep count by_length top pairs merge"),
            Event("Fold case", False),
            Event("Shortest word", 1),
            Event("More stop words", ""),
        )
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves copies of the notebooks, for they write files; each kernel ends with its page."""
    folder = tmp_path_factory.mktemp("real_world")
    for path in FOLDER.glob("*.md"):
        shutil.copy(path, folder)
    with Server(folder, "--grace-s", "0") as running:
        yield running
        running.stop()
        assert not [line for line in running.lines if "defect" in line], "a cell changed what nobody expected it to change"


def cell_names(path: Path) -> dict[str, str]:
    """By a cell's id, the name that it has in the file."""
    named = (cell for cell in jupytext.read(path).cells if cell.cell_type == "code")
    return {cell.id: one.metadata["name"] for cell, one in zip(read_notebook(path).code_cells, named, strict=True)}


def runs(page: Page) -> dict[str, int]:
    return {cell: frame["run"] for cell, frame in page.cells.items()}


def test_every_notebook_is_tried() -> None:
    assert sorted(APPS) == sorted(path.stem for path in FOLDER.iterdir())


@pytest.mark.parametrize("name", APPS)
async def test_each_event_gives_the_page_of_a_full_run_and_runs_few_cells(server: Server, name: str) -> None:
    app = APPS[name]
    names = cell_names(FOLDER / f"{name}.md")
    volatile = {cell for cell, one in names.items() if one in app.volatile.split()}
    viewer = Viewer(server)
    async with viewer.page(name) as page, viewer.page(name) as other:
        for one in (page, other):
            await one.idle()
            assert {frame["status"] for frame in one.cells.values()} == {"done"}
        for event in app.events:
            before = runs(page)
            await page.set(page.key(event.label), event.value)
            await page.idle()
            await other.set(other.key(event.label), event.value)
            await run_all(other)
            found = differences(snapshot(page, volatile), snapshot(other, volatile))
            assert not found, "\n".join([f"{event.label} = {event.value}", str(names), *found])
            ran = {names[cell] for cell, run in runs(page).items() if run > before[cell]}
            assert "load" not in ran, f"{event.label} = {event.value} runs {sorted(ran)}"
            assert event.at_most is None or ran <= set(event.at_most.split()), f"{event.label} = {event.value} runs {sorted(ran)}"
        assert not page.errors
