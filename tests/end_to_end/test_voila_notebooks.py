"""Notebooks written for Voilà, a folder of them served as it is: each behaves as its author meant."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from .harness import Server
from .view import View, viewing

FOLDER = Path(__file__).parent / "voila"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("voila") / "apps"
    shutil.copytree(FOLDER, folder)
    with Server(folder) as running:
        yield running


@asynccontextmanager
async def opened(browser: Browser, server: Server, app: str, *, idle: bool = True) -> AsyncIterator[View]:
    """The app, whose page has nothing to complain about and asks no other host."""
    async with viewing(browser, server, None) as view:
        await view.open(app, idle=idle)
        yield view
    assert view.watch.errors == []
    assert view.watch.foreign(server.url) == []


def captured(view: View, index: int = 0) -> Locator:
    """What an Output widget shows."""
    return view.page.locator(".ka-captured").nth(index)


async def test_every_notebook_is_in_the_gallery(browser: Browser, server: Server) -> None:
    _, _, page = server.get("/")
    names = set(re.findall(r'href="/app/([a-z]+)"', page))
    assert names == {path.stem for path in FOLDER.iterdir()}
    assert len(names) >= 8


async def test_a_dashboard_filters_in_its_callbacks(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "dashboard") as view:
        await expect(view.page.get_by_text("Total: 4950")).to_be_visible()
        await view.page.locator("select").first.select_option(label="South")
        await view.idle()
        await expect(view.page.get_by_text("Total: 1225")).to_be_visible()
        await expect(captured(view).locator("td")).to_have_text(["25", "1225"])
        await view.page.get_by_text("Log", exact=True).click()
        await expect(captured(view, 1)).to_have_text("All (2024, 2025)\nSouth (2024, 2025)\n")


async def test_interact_draws_figures(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "figures") as view:
        figure = captured(view).locator("img")
        before = await figure.get_attribute("src")
        await view.page.locator("select").first.select_option(label="cos")
        await view.page.get_by_label("fill").check()
        await view.idle()
        await expect(figure).to_have_count(1)
        await expect(captured(view)).to_contain_text("area 4.0")
        assert await figure.get_attribute("src") != before
        await view.page.get_by_role("slider").nth(1).press("ArrowRight")
        await view.idle()
        await expect(captured(view, 1)).to_have_text("two to the power is 8\n")
        await expect(captured(view, 2)).to_contain_text("10")


async def test_grids_and_layouts_stand_as_they_were_laid_out(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "grid") as view:
        boxes = {}
        for name in ("One", "Two", "Three", "Four", "top left", "bottom right"):
            box = await view.page.get_by_role("button", name=name).bounding_box()
            assert box is not None
            boxes[name] = box
        assert boxes["Two"]["x"] < boxes["One"]["x"]
        assert boxes["Two"]["height"] > boxes["One"]["height"] > 2 * boxes["Three"]["height"]
        assert boxes["Three"]["x"] < boxes["Four"]["x"]
        assert boxes["top left"]["x"] < boxes["bottom right"]["x"]
        assert boxes["top left"]["y"] < boxes["bottom right"]["y"]
        left, right = view.page.get_by_role("slider").nth(0), view.page.get_by_role("slider").nth(1)
        await left.press("ArrowRight")
        await expect(right).to_have_attribute("aria-valuenow", await left.get_attribute("aria-valuenow") or "")
        await expect(view.page.get_by_text("cell 8")).to_be_visible()


async def test_four_hundred_buttons_can_all_be_pressed(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "buttons") as view:
        buttons = view.page.locator(".ka-widget button")
        await expect(buttons).to_have_count(400)
        await buttons.nth(399).click()
        await buttons.nth(7).click()
        await expect(view.page.get_by_text("7 was number 2")).to_be_visible()
        await expect(view.page.locator("button.mod-success")).to_have_count(2)


async def test_five_hundred_displays_are_shown_in_order(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "displays") as view:
        assert await view.page.locator(".one").all_inner_texts() == [str(i) for i in range(500)]
        await expect(captured(view)).to_contain_text("line 199")
        await expect(captured(view)).to_contain_text("100 percent")
        await view.page.get_by_role("button", name="More").click()
        await view.idle()
        await expect(captured(view)).to_contain_text("more than that")


async def test_pictures_come_by_every_way(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "pictures") as view:
        pictures = view.page.locator(".ka-main img")
        await expect(pictures).to_have_count(4)
        for i in range(4):
            await expect(pictures.nth(i)).not_to_have_js_property("naturalWidth", 0)
        await view.page.get_by_role("slider").press("ArrowRight")
        await view.idle()
        await expect(pictures.nth(3)).to_have_attribute("width", "61")
        await expect(view.page.locator(".ka-main .katex")).to_have_count(1)


async def test_a_cell_that_fails_leaves_the_others_at_work(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "failing") as view:
        await expect(view.page.locator(".ka-failed")).to_have_count(1)
        await expect(view.page.locator(".ka-waits")).to_have_count(1)
        assert "ZeroDivision" not in await view.page.content()
        await view.page.get_by_role("slider").press("ArrowRight")
        await view.idle()
        await expect(view.page.get_by_text("alone is 2")).to_be_visible()


async def test_a_killed_kernel_is_told_and_comes_back(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "killing") as view:
        await view.page.get_by_role("slider").nth(1).press("ArrowRight")
        await view.idle()
        await view.page.get_by_role("button", name="Crash").click()
        await view.until("document.body.dataset.state === 'dead'")
        await expect(view.page.locator(".ka-banner")).to_be_visible()
        await view.page.get_by_role("button", name="Restart").click()
        await view.idle()
        await expect(view.page.get_by_role("slider")).to_have_count(2)
        await view.page.get_by_role("slider").nth(1).press("ArrowLeft")
        await view.idle()
        await expect(view.page.get_by_text("now 6")).to_be_visible()
        await expect(view.page.locator(".ka-widget-problem")).to_have_count(0)


async def test_work_in_the_background_is_seen(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "background") as view:
        await expect(view.page.get_by_text("5 ticks")).to_be_visible()
        await view.page.get_by_role("button", name="Start").click()
        await expect(view.page.get_by_text("done")).to_be_visible()
        await expect(view.page.locator(".progress-bar")).to_have_attribute("style", re.compile("width: 100%"))
        await expect(view.page.get_by_role("button", name="Start")).to_be_enabled()


async def test_controls_of_both_kinds_share_a_page(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "together") as view:
        note = view.page.locator(".ka-sidebar input[type=text]")
        await expect(note).to_have_value("hello")
        await view.page.get_by_label("Size").press("ArrowRight")
        await view.idle()
        await expect(view.page.locator("li")).to_have_text(["0", "1", "4", "9"])
        await expect(captured(view)).to_have_text("squares [0, 1, 4, 9]\n")
        await expect(captured(view, 1)).to_have_text("scaled [0, 2, 8, 18]\n")
        await view.page.locator(".ka-main").get_by_role("slider").press("ArrowRight")
        await view.idle()
        await expect(captured(view, 1)).to_have_text("scaled [0, 3, 12, 27]\n")
        await expect(view.page.locator(".ka-columns .ka-column").nth(0)).to_contain_text("of size 4")
        await expect(view.page.get_by_role("button", name="Near")).to_have_attribute("title", "4")
        await view.page.get_by_role("button", name="Menu").click()
        await view.page.get_by_role("button", name="Run everything again").click()
        await view.idle()
        await expect(view.page.locator("li")).to_have_text(["0", "1", "4", "9"])
        await expect(captured(view, 1)).to_have_text("scaled [0, 2, 8, 18]\n")
        await expect(view.page.locator(".ka-widget-problem")).to_have_count(0)
        await expect(view.page.get_by_role("button", name="Near")).to_have_count(1)
