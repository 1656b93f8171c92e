"""Every notebook of `notebooks/`: in plain Jupyter, in a real browser, and with its controls moved."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
import pytest_asyncio
from nbclient import NotebookClient
from playwright.async_api import Browser, Page, expect

from .browser import Watch, wait_for_idle
from .harness import Server

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(path for path in FOLDER.iterdir() if path.suffix in (".ipynb", ".py", ".md"))
EXPECT_MS = 60_000  # for an answer of a kernel on a busy machine
LOOK = "drawn => drawn.matches('img') ? drawn.src : drawn.toDataURL()"

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True)
class Opened:
    """An example in a browser."""

    name: str
    base: str
    page: Page
    watch: Watch


Act = Callable[[Page], Awaitable[None]]
Check = Callable[[Page], Awaitable[None]]


def fill(label: str, value: str) -> Act:
    """Type into the control with this label (or move its thumb, or pick), and apply."""

    async def act(page: Page) -> None:
        field = page.get_by_label(label, exact=True)
        await field.fill(value)
        await field.dispatch_event("change")

    return act


def choose(label: str, option: str) -> Act:
    """Choose in a list with this label; in one that takes several, add to them."""

    async def act(page: Page) -> None:
        field = page.get_by_label(label, exact=True)
        if await field.evaluate("field => field.matches('select')"):
            await field.select_option(label=option)
        else:
            await field.fill(option)
            await field.press("Enter")
            await field.press("Escape")

    return act


def tick(label: str, on: bool = True) -> Act:
    """Set a box, a switch or a radio option."""

    async def act(page: Page) -> None:
        await page.get_by_label(label, exact=True).set_checked(on)

    return act


def press(label: str) -> Act:
    """Press a button."""

    async def act(page: Page) -> None:
        await page.get_by_role("button", name=label, exact=True).click()

    return act


def shows(cell: str | None, *texts: str) -> Check:
    """The cell shows these texts; with None the page, for what a cell puts into a column that another one made."""

    async def check(page: Page) -> None:
        place = page.locator("main" if cell is None else f'[data-cell="{cell}"]')
        for text in texts:
            await expect(place).to_contain_text(text, timeout=EXPECT_MS)

    return check


def pictures(alt: str) -> Check:
    """There is a picture that shows this."""

    async def check(page: Page) -> None:
        await expect(page.get_by_alt_text(alt, exact=True)).to_be_visible(timeout=EXPECT_MS)

    return check


def asks(label: str) -> Check:
    """There is a control with this label."""

    async def check(page: Page) -> None:
        await expect(page.get_by_label(label, exact=True)).to_be_visible(timeout=EXPECT_MS)

    return check


def has(selector: str, count: int) -> Check:
    """So many elements match."""

    async def check(page: Page) -> None:
        await expect(page.locator(selector)).to_have_count(count, timeout=EXPECT_MS)

    return check


def draws_anew(selector: str) -> Check:
    """The picture or canvas at `selector` looks like none that the page had before the act."""

    async def check(page: Page) -> None:
        changed = f"selector => {{ const drawn = document.querySelector(selector); return drawn && !window.seen.has(({LOOK})(drawn)); }}"
        await page.wait_for_function(changed, arg=selector, timeout=EXPECT_MS)

    return check


async def remember_pictures(page: Page) -> None:
    await page.evaluate(f"() => {{ window.seen = new Set([...document.querySelectorAll('img, canvas')].map({LOOK})); }}")


def slide(label: str, key: str) -> Act:
    """Press a key on the ipywidget slider with this label."""

    async def act(page: Page) -> None:
        await page.get_by_role("slider", name=label, exact=True).press(key)

    return act


# What a viewer does to each example, in this order, and what the page must then show.
STORIES: dict[str, list[tuple[Act, Check]]] = {
    "welcome": [
        (fill("Your name", "Grace"), shows("about-you", "Hello, Grace!")),
        (fill("Your colour", "#c02040"), has("[style*='#c02040']", 1)),
        (tick("Spirograph"), pictures("Spirograph with 5 petals")),
        (fill("Petals", "7"), pictures("Spirograph with 7 petals")),
        (fill("From, to maximum", "0.5"), draws_anew("img")),
        (fill("Pen", "4"), draws_anew("img")),
        (tick("Filled", False), draws_anew("img")),
        (choose("City", "London"), shows("sun", "In London on 21 June at 09:30")),
        (fill("Day", "2026-12-21"), shows("sun", "on 21 December", "above the horizon")),
        (fill("Time", "23:00"), shows("sun", "at 23:00", "below the horizon")),
        (choose("Compare with", "Quito"), draws_anew("canvas")),
        (fill("A text", "a long word is a long word"), shows(None, "7 words, 4 of them different")),
        (tick("Leave out little words", False), has('table:has-text("Times") tbody tr', 4)),
        (fill("Words shown", "2"), has('table:has-text("Times") tbody tr', 2)),
        (press("Throw four million darts"), shows("patience", "Missed by")),
    ],
    "explorer": [
        (press("Remove USA"), shows("numbers", "147 of 392")),
        (fill("Model years minimum", "1980"), shows("numbers", "47 of 392")),
        (choose("Across", "Power (hp)"), draws_anew("canvas")),
        (fill("Weight up to", "750"), shows("table", "No car is left")),
    ],
    "model": [
        (fill("Your wine: Flavanoids", "0.7"), has("div:text-is('Cultivar C')", 1)),
        (tick("Decision tree"), asks("Questions in a row, at most")),
        (fill("Questions in a row, at most", "1"), shows("fit", "59.0% right")),
        (choose("Measurement across", "Hue"), pictures("Wines and the model's regions by Hue and Colour intensity")),
    ],
    "weather": [
        (tick("°F"), shows("seasons", "Temperature (°F)")),
        (fill("A wet day has at least", "5"), shows("answer", "at least 5 mm", "18% of all days")),
        (fill("Year of the calendar", "0"), shows("calendar", "Warmest hour of each day, 2012")),
    ],
    "swings": [
        (press("Playground"), shows("answer", "3.17 s for a narrow swing", "from 45°")),
        (slide("Length (m)", "ArrowRight"), shows("answer", "3.23 s for a narrow swing")),
        (slide("Let go at (°)", "End"), draws_anew("img")),
    ],
    "loan": [
        (fill("Years", "10"), has("text=10 years", 1)),
        (fill("Loan (€)", "100000"), has("text=994 €", 1)),
        (tick("Interest changes"), asks("Fixed for")),
    ],
}


@pytest.fixture(autouse=True, scope="module")
def package_in_kernels() -> Iterator[None]:
    """Kernels that no server prepares find the package of this checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(FOLDER) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=NOTEBOOKS, ids=lambda path: path.stem)
async def opened(request: pytest.FixtureRequest, server: Server, browser: Browser) -> AsyncIterator[Opened]:
    """Each notebook in turn, settled for the first time."""
    name = request.param.stem
    context = await browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    watch = Watch(page)
    await page.goto(f"{server.url}/app/{name}")
    await wait_for_idle(page)
    yield Opened(name, server.url, page, watch)
    await context.close()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
async def test_it_runs_in_plain_jupyter_without_a_warning(path: Path) -> None:
    notebook: Any = jupytext.read(path) if path.suffix != ".ipynb" else nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    await client.async_execute()
    assert [output.text for cell in notebook.cells for output in cell.get("outputs", ()) if output.get("name") == "stderr"] == []


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.suffix == ".ipynb"], ids=lambda path: path.name)
async def test_it_is_committed_without_outputs_and_with_ids_that_mean_something(path: Path) -> None:
    notebook: Any = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count] == []
    assert [cell.id for cell in notebook.cells if not re.fullmatch(r"[a-z]+(-[a-z]+)*", cell.id)] == []


async def test_it_opens_whole_and_asks_no_other_host(opened: Opened) -> None:
    unfinished = await opened.page.locator("[data-cell]:not([data-status=done])").count()
    assert await opened.page.locator("[data-cell]").count() > 3
    assert unfinished == 0
    assert await opened.page.get_by_text("could not be shown").count() == 0
    assert opened.watch.errors == []
    assert opened.watch.foreign(opened.base) == []


async def test_its_controls_change_its_outputs(opened: Opened) -> None:
    for act, check in STORIES[opened.name]:
        await remember_pictures(opened.page)
        await act(opened.page)
        await check(opened.page)
        await wait_for_idle(opened.page)
    assert await opened.page.locator("[data-status=failed], [data-status=upstream-failed]").count() == 0
    assert opened.watch.errors == []
    assert opened.watch.foreign(opened.base) == []
