"""Widgets last as long as controls: over a refresh, and over a server that is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from kernelapp.kernels.keeper import end_all

from .harness import Server, write_notebook
from .view import View, viewing

CELL = """\
import ipywidgets as w
slider, name = w.IntSlider(description="Size", value=3), w.Text(description="Name")
label, out = w.Label("start"), w.Output()
twin = w.IntText(description="Twin")
w.jslink((slider, "value"), (twin, "value"))
def moved(change):
    label.value = f"size {slider.value} of {name.value}"
    with out:
        print("now", change.new)
for each in (slider, name):
    each.observe(moved, "value")
w.VBox([slider, name, twin, w.Password(description="Secret"), label, out])"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write_notebook(tmp_path / "app.ipynb", CELL)
    yield tmp_path
    for state in (tmp_path / "state").glob("*"):
        end_all(state)


def serve(folder: Path, *options: str, port: int = 0) -> Server:
    return Server(folder / "app.ipynb", "--state-dir", folder / "state", "--orphan-grace-s", "60", *options, port=port)


async def move(view: View, key: str = "ArrowRight") -> None:
    await view.page.get_by_role("slider", name="Size").press(key)


async def call(view: View, name: str) -> None:
    field = view.page.get_by_label("Name")
    await field.fill(name)
    await field.press("Enter")


async def shows(view: View, size: int, name: str, *printed: str) -> None:
    """The page is idle and shows this of the widgets; it has printed this."""
    await view.idle()
    await expect(view.page.get_by_role("slider", name="Size")).to_have_attribute("aria-valuenow", f"{size}.0")
    await expect(view.page.get_by_label("Name")).to_have_value(name)
    await expect(view.page.get_by_label("Twin")).to_have_value(str(size))
    await expect(view.page.get_by_text(f"size {size} of {name}", exact=True)).to_be_visible()
    await expect(view.cell("c0").locator(".ka-captured")).to_have_text("\n".join(f"now {each}" for each in printed) + "\n")


async def test_a_refresh_leaves_widgets_as_they_are(browser: Browser, folder: Path) -> None:
    with serve(folder) as server:
        async with viewing(browser, server) as view:
            await move(view)
            await call(view, "Ada")
            await shows(view, 4, "Ada", "4", "Ada")
            await view.page.reload()
            await shows(view, 4, "Ada", "4", "Ada")
            await move(view)
            await shows(view, 5, "Ada", "4", "Ada", "5")
            assert view.watch.errors == []


async def test_a_killed_server_loses_nothing_of_widgets_nor_of_what_is_done_with_them_meanwhile(browser: Browser, folder: Path) -> None:
    with serve(folder) as first:
        async with viewing(browser, first) as view:
            await move(view)
            await call(view, "Ada")
            await shows(view, 4, "Ada", "4", "Ada")
            first.process.kill()
            first.process.wait()
            await view.until("document.body.dataset.state === 'reconnecting'")
            await move(view)
            with serve(folder, port=int(first.url.rpartition(":")[2])):
                await shows(view, 5, "Ada", "4", "Ada", "5")
                await move(view, "ArrowLeft")
                await shows(view, 4, "Ada", "4", "Ada", "5", "4")


async def test_a_session_that_is_gone_is_replaced_by_one_whose_widgets_are_as_the_viewer_left_them(browser: Browser, folder: Path) -> None:
    with serve(folder, "--grace-s", "0") as server:
        server.wait_for_line("templates of 1 app")
        async with viewing(browser, server) as view:
            await move(view)
            await call(view, "Ada")
            secret = view.page.get_by_label("Secret")
            await secret.fill("hush")
            await secret.press("Enter")
            await shows(view, 4, "Ada", "4", "Ada")
            await view.page.goto(f"{server.url}/healthz")
            await asyncio.to_thread(server.wait_for_line, "session ended")
            await view.open()
            await shows(view, 4, "Ada", "4", "Ada")
            await expect(secret).to_have_value("")
            await expect(view.page.locator(".ka-notice")).to_contain_text("with the values that you set")
            await move(view)
            await shows(view, 5, "Ada", "4", "Ada", "5")
