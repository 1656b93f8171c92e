"""In a browser: what is slow to load is loaded once, however often a filter below it changes, and the numbers are right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from .harness import Server, serving
from .view import View, viewing

# The load takes three seconds, and leaves a line in a file each time that it runs.
CELLS = (
    "import time\nfrom pathlib import Path\n\nimport pandas as pd\n\nimport kernelapp as ka",
    """\
time.sleep(3)
df = pd.DataFrame({"year": [2020, 2021, 2022, 2022, 2023, 2024], "sold": [10.0, 20.0, None, 40.0, 80.0, 160.0]})
with Path("loads.txt").open("a") as log:
    log.write("loaded\\n")
print(len(df), "loaded")""",
    "df = df.dropna()",
    'df["price"] = 2.0',
    'year = ka.slider("Year", 2020, 2024, 2024)',
    "df = df[df.year <= year]",
    'rise = ka.number_input("Price rise", 0, 100, 0)\ndf["price"] *= 1 + rise / 100',
    'print(len(df), "rows,", (df.sold * df.price).sum())',
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    folder = tmp_path_factory.mktemp("slow")
    with serving(folder, *CELLS, options=("--template", "off")) as running:  # a template would load once for all
        yield running, folder / "loads.txt"


def count(loads: Path) -> int:
    """How often the load has run."""
    return len(loads.read_text().splitlines()) if loads.exists() else 0


async def slide(view: View, label: str, value: int) -> None:
    """Move a slider, or set a number, as a viewer's hand does; wait until the page answers."""
    field = view.page.get_by_label(label, exact=True)
    await field.fill(str(value))
    await field.dispatch_event("change")
    await view.idle()


async def test_a_slow_load_is_not_repeated_when_a_filter_below_it_changes(browser: Browser, server: tuple[Server, Path]) -> None:
    running, loads = server
    before = count(loads)
    async with viewing(browser, running, None) as view:
        await view.open(idle=False)
        await expect(view.cell("c1")).to_have_attribute("data-status", "running")
        await expect(view.cell("c7")).to_have_attribute("data-status", "queued")
        await view.idle()
        await view.shows("c7", "5 rows, 620.0")
        loaded = view.cell("c1").locator("pre[data-stream]")
        await expect(loaded).to_have_text("6 loaded")
        await loaded.evaluate("node => { node.dataset.kept = 'yes' }")  # a run of its cell would replace it
        for label, value, shown in (
            ("Year", 2021, "2 rows, 60.0"),
            ("Year", 2023, "4 rows, 300.0"),
            ("Price rise", 50, "4 rows, 450.0"),
            ("Year", 2022, "3 rows, 210.0"),
            ("Price rise", 0, "3 rows, 140.0"),
            ("Year", 2024, "5 rows, 620.0"),
        ):
            await slide(view, label, value)
            await view.shows("c7", shown)
        for cell in ("c1", "c2", "c3", "c5", "c7"):
            await expect(view.cell(cell)).to_have_attribute("data-status", "done")
        await expect(loaded).to_have_attribute("data-kept", "yes")
        assert count(loads) == before + 1
        assert not view.watch.errors


async def test_each_viewer_loads_once(browser: Browser, server: tuple[Server, Path]) -> None:
    running, loads = server
    before = count(loads)
    async with viewing(browser, running) as view:
        await slide(view, "Year", 2020)
        await view.shows("c7", "1 rows, 20.0")
    assert count(loads) == before + 1
