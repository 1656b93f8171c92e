"""A tab keeps its session: over a refresh, a way there and back, a lost network; and what happens when the session is gone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from .browser import wait_for_state
from .harness import Server, is_alive, serving, wait_until
from .view import View, viewing

CELLS = (
    "import os, time\nfrom pathlib import Path\nimport kernelapp as ka",
    'n = ka.slider("N", 0, 9, 1)\nname = ka.text_input("Name", "Ada")\nword = ka.text_input("Word", type="password")\nprint(n, name, word)',
    'go = ka.checkbox("Go")\nprint("before")\nwhile go and not Path("gate").exists():\n    time.sleep(0.01)\nprint("after")',
    "print(os.getpid())",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), *CELLS) as running:
        yield running


async def pid_of(view: View) -> int:
    return int(await view.cell("c3").locator("pre").inner_text())


async def set_values(view: View) -> None:
    await view.page.get_by_label("N", exact=True).press("End")
    await view.page.get_by_label("Name").fill("Grace")
    await view.page.get_by_label("Name").press("Enter")
    await view.shows("c1", "9 Grace ")
    await view.idle()


async def test_a_refresh_keeps_the_session(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as view:
        await set_values(view)
        pid = await pid_of(view)
        await view.page.reload()
        await view.idle()
        await view.shows("c1", "9 Grace ")
        await expect(view.page.get_by_label("N", exact=True)).to_have_value("9")
        await expect(view.page.get_by_label("Name")).to_have_value("Grace")
        assert await pid_of(view) == pid
        await expect(view.page.locator(".ka-notice")).not_to_be_visible()
        # Events go on after those that the session has taken.
        await view.page.get_by_label("N", exact=True).press("Home")
        await view.shows("c1", "0 Grace ")
        assert view.watch.errors == []


async def test_work_goes_on_over_a_refresh(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, *CELLS) as server:
        async with viewing(browser, server) as view:
            pid = await pid_of(view)
            await view.page.get_by_label("Go").check()
            await expect(view.cell("c2")).to_have_attribute("data-status", "running")
            await view.page.reload()
            await wait_for_state(view.page, "running")
            await view.shows("c2", re.compile("before"))
            await expect(view.page.get_by_label("Go")).to_be_checked()
            (tmp_path / "gate").touch()
            await view.idle()
            await view.shows("c2", "before\nafter\n")
            assert await pid_of(view) == pid


async def test_the_way_back_leads_to_the_same_session(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as view:
        await set_values(view)
        pid = await pid_of(view)
        await view.page.goto(f"{server.url}/healthz")
        await view.page.go_back()
        await view.idle()
        await view.shows("c1", "9 Grace ")
        assert await pid_of(view) == pid
        await view.page.get_by_label("N", exact=True).press("Home")
        await view.shows("c1", "0 Grace ")


async def test_a_copy_of_a_tab_is_a_session_of_its_own(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as view:
        await set_values(view)
        async with view.context.expect_page() as opening:
            await view.page.evaluate("void window.open(location.href)")  # what a tab remembers is copied, as when it is duplicated
        copy = View(await opening.value, server)
        await copy.idle()
        await copy.shows("c1", "9 Grace ")
        await expect(copy.page.locator(".ka-notice")).to_contain_text("copy of another tab")
        assert await pid_of(copy) != await pid_of(view)
        await copy.page.get_by_label("N", exact=True).press("Home")
        await copy.shows("c1", "0 Grace ")
        await copy.idle()
        await view.shows("c1", "9 Grace ")
        await copy.page.reload()
        await copy.idle()
        await copy.shows("c1", "0 Grace ")
        await view.page.reload()
        await view.idle()
        await view.shows("c1", "9 Grace ")


async def test_a_session_that_is_gone_is_replaced_with_the_viewers_values(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, *CELLS, options=("--grace-s", "0")) as server:
        async with viewing(browser, server) as view:
            await set_values(view)
            await view.page.get_by_label("Word").fill("secret")
            await view.page.get_by_label("Word").press("Enter")
            await view.shows("c1", "9 Grace secret")
            pid = await pid_of(view)
            await view.page.goto(f"{server.url}/healthz")
            await asyncio.to_thread(wait_until, lambda: not is_alive(pid))
            await view.open()
            # A password is not written down.
            await view.shows("c1", "9 Grace ")
            assert await pid_of(view) != pid
            notice = view.page.locator(".ka-notice")
            await expect(notice).to_contain_text("Your earlier session has ended. This is a new one, with the values that you set.")


async def test_starting_over_is_a_new_session_without_the_values(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as view:
        await set_values(view)
        pid = await pid_of(view)
        await view.page.get_by_role("button", name="Menu").click()
        await view.page.get_by_role("button", name="Start over").click()
        await view.shows("c1", "1 Ada ")
        await view.idle()
        assert await pid_of(view) != pid
        await view.page.reload()
        await view.idle()
        await view.shows("c1", "1 Ada ")


async def test_a_refreshed_page_is_where_it_was_scrolled_to(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, *[f"for i in range(40):\n    print({n}, i)" for n in range(5)]) as server:
        async with viewing(browser, server, viewport={"width": 800, "height": 600}) as view:
            await view.page.evaluate("scrollTo(0, 1500)")
            await view.page.reload()
            await view.idle()
            await view.until("scrollY === 1500")


async def test_an_ended_session_says_why_and_one_button_brings_the_values_back(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, *CELLS, options=("--idle-timeout-s", "3")) as server:
        async with viewing(browser, server) as view:
            await set_values(view)
            pid = await pid_of(view)
            await wait_for_state(view.page, "dead")
            banner = view.page.get_by_role("alert")
            await expect(banner).to_contain_text("nothing was done in it for 3 seconds")
            await view.shows("c1", "9 Grace ")
            await asyncio.to_thread(wait_until, lambda: not is_alive(pid))
            await banner.get_by_role("button", name="Restart").click()
            await view.shows("c1", "9 Grace ")
            await view.idle()
            await expect(banner).not_to_be_visible()
            assert await pid_of(view) != pid


async def test_a_viewer_who_waits_sees_the_place_and_one_who_finds_no_room_a_page(browser: Browser, tmp_path: Path) -> None:
    options = ("--max-sessions", "1", "--max-waiting", "1", "--grace-s", "0")
    with serving(tmp_path, *CELLS, options=options) as server:
        async with viewing(browser, server) as first, viewing(browser, server, None) as second, viewing(browser, server, None) as third:
            await second.open(idle=False)
            await wait_for_state(second.page, "queued")
            await expect(second.page.locator(".ka-pill")).to_have_text("Waiting: place 1")
            await third.open(idle=False)
            await expect(third.page.get_by_role("heading", name="The server is full")).to_be_visible()
            await first.page.goto(f"{server.url}/healthz")
            await second.idle()
            await second.shows("c1", "1 Ada ")
