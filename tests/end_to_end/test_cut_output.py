"""What a cell prints beyond what its page shows can be downloaded, by its viewer alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from .harness import Page, Server, Viewer, serving
from .view import View, viewing

LINES = 3000
CELLS = (
    "import kernelapp as ka",
    'loud = ka.checkbox("Loud")',
    f"""
if loud:
    for i in range({LINES}):
        print(f"line {{i:04}} " + "é" * 90, flush=i % 100 == 0)
    display({{"text/plain": "a figure", "image/png": ""}}, raw=True)
print("end")""",
)
WHOLE = "".join(f"line {i:04} {'é' * 90}\n" for i in range(LINES)) + "a figure\nend\n"
LIMIT = 100_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--max-cell-output-bytes", str(LIMIT), "--max-cut-output-bytes", "1000000", "--base-url", "/apps/")
    with serving(tmp_path_factory.mktemp("apps"), *CELLS, options=options) as running:
        yield running


@pytest_asyncio.fixture
async def loud(server: Server) -> AsyncIterator[tuple[Viewer, Page, str]]:
    """A page whose cell has printed too much, and where the rest is."""
    viewer = Viewer(server)
    async with viewer.page("app") as page:
        await page.idle()
        await page.set(page.key("Loud"), True)
        await page.idle()
        (note,) = [frame["content"] for frame in page.frames if frame["type"] == "output" and frame["op"] == "truncated"]
        assert note["limit_bytes"] == LIMIT
        yield viewer, page, f"/app/app/{note['rest']}"


async def test_page_and_rest_together_are_all_that_was_printed(server: Server, loud: tuple[Viewer, Page, str]) -> None:
    viewer, page, address = loud
    status, headers, text = await asyncio.to_thread(server.get, address, Cookie=viewer.cookie)
    assert status == 200
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Content-Disposition"] == 'attachment; filename="app-rest.txt"'
    assert page.text("c2") + text == WHOLE


async def test_nobody_else_gets_it_and_nothing_else_is_there(server: Server, loud: tuple[Viewer, Page, str]) -> None:
    viewer, page, address = loud
    stranger = Viewer(server)
    async with stranger.page("app"):
        for path, cookie in (
            (address, ""),
            (address, stranger.cookie),
            (address.replace("c2", "c1"), viewer.cookie),
            (address.replace("c2", "..%2Fc2"), viewer.cookie),
            (address.partition("?")[0], viewer.cookie),
            (address.replace("/app/app/", "/app/other/"), viewer.cookie),
        ):
            status, _, _ = await asyncio.to_thread(server.get, path, Cookie=cookie)
            assert status == 404, path
    await page.set(page.key("Loud"), False)
    await page.idle()
    assert page.text("c2") == "end\n"


async def test_a_viewer_downloads_it_from_the_note(browser: Browser, server: Server, tmp_path: Path) -> None:
    async with viewing(browser, server, accept_downloads=True) as view:
        await make_loud(view)
        link = view.cell("c2").get_by_role("link", name="Download the rest")
        await expect(link).to_be_visible()
        async with view.page.expect_download() as download:
            await link.click()
        file = tmp_path / "rest.txt"
        await (await download.value).save_as(file)
        assert WHOLE.endswith(file.read_text())
        assert len(file.read_bytes()) > LIMIT
        await expect(view.page.locator("body")).to_have_attribute("data-state", "idle")
        await view.page.reload()
        await view.idle()
        await expect(link).to_be_visible()
        assert view.watch.errors == []


async def make_loud(view: View) -> None:
    await view.page.get_by_label("Loud").check()
    await view.idle()
