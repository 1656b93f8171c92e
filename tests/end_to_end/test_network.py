"""The viewer's network goes and comes back, in a browser: amid a run, and while nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from .browser import wait_for_state
from .harness import Server, serving, wait_until
from .view import View, viewing

TICKS = 100
CELLS = (
    "import os, time\nfrom pathlib import Path\nimport kernelapp as ka",
    'n = ka.slider("N", 0, 9, 1)\nslow = ka.checkbox("Slow")\nprint(n, os.getpid())',
    f"""
if slow:
    for i in range({TICKS}):
        print("tick", i, flush=True)
        time.sleep(0.1)
    Path("over").touch()
print("ran with", n)""",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("apps")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder, *CELLS) as running:
        yield running


@pytest_asyncio.fixture
async def view(browser: Browser, server: Server) -> AsyncIterator[View]:
    async with viewing(browser, server) as opened:
        yield opened


async def test_what_runs_goes_on_for_ten_seconds_without_a_network_and_all_of_it_is_shown(view: View, folder: Path) -> None:
    await view.page.get_by_label("Slow").check()
    await expect(view.cell("c2")).to_contain_text("tick 3")
    await view.context.set_offline(True)
    await wait_for_state(view.page, "reconnecting")
    before = await view.cell("c1").inner_text()
    await asyncio.to_thread(wait_until, (folder / "over").exists)
    assert f"tick {TICKS - 1}\n" not in await view.cell("c2").inner_text()
    await view.context.set_offline(False)
    await view.idle()
    await view.shows("c2", "".join(f"tick {i}\n" for i in range(TICKS)) + "ran with 1\n")
    assert await view.cell("c1").inner_text() == before, "the same kernel, and nothing has run twice"


async def test_what_a_viewer_does_without_a_network_is_done_when_it_is_back(view: View) -> None:
    await view.context.set_offline(True)
    await wait_for_state(view.page, "reconnecting")
    await view.page.get_by_label("N", exact=True).press("End")
    await view.context.set_offline(False)
    await view.shows("c2", "ran with 9\n")
    await view.idle()
    await expect(view.page.locator(".ka-notice")).not_to_be_visible()
