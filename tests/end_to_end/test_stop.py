"""Stop, in a browser: what reacts, what has to be ended, and what is said of a kernel that ended."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from .browser import wait_for_state
from .harness import Server, is_alive, serving
from .view import View, viewing

CELLS = (
    "import asyncio, os, signal, time\nimport kernelapp as ka\nprint(os.getpid())",
    'n = ka.slider("N", 0, 9, 1)\nhow = ka.selectbox("How", ["not", "await", "deaf", "crash", "leave"])\nprint(n)',
    """
if how == "await":
    await asyncio.sleep(1000)
if how == "deaf":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("deaf", flush=True)
    time.sleep(1000)
if how == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
if how == "leave":
    os._exit(7)
print("through")""",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), *CELLS, options=("--stop-timeout-s", "0.5")) as running:
        yield running


@pytest_asyncio.fixture
async def view(browser: Browser, server: Server) -> AsyncIterator[View]:
    async with viewing(browser, server) as opened:
        await opened.page.get_by_label("N", exact=True).press("End")
        await opened.shows("c1", "9")
        await opened.idle()
        yield opened


async def choose(view: View, how: str) -> None:
    await view.page.get_by_label("How").select_option(how)


async def pid_of(view: View) -> int:
    return int(await view.cell("c0").locator("pre").inner_text())


async def test_an_idle_await_is_interrupted(view: View) -> None:
    pid = await pid_of(view)
    await choose(view, "await")
    await expect(view.cell("c2")).to_have_attribute("data-status", "running")
    await expect(view.page.get_by_role("button", name="Stop")).to_be_visible()
    await view.page.get_by_role("button", name="Stop").click()
    await view.idle()
    await expect(view.cell("c2")).to_have_attribute("data-status", "stale")
    await choose(view, "not")
    await view.shows("c2", "through")
    await view.idle()
    assert await pid_of(view) == pid
    await expect(view.page.get_by_role("alert")).not_to_be_visible()


@pytest.mark.parametrize("stopped_by_a_signal", [False, True])
async def test_what_does_not_react_can_be_ended_and_starts_again_with_the_values(view: View, stopped_by_a_signal: bool) -> None:
    pid = await pid_of(view)
    if stopped_by_a_signal:
        os.kill(pid, signal.SIGSTOP)
        await view.page.get_by_label("N", exact=True).press("ArrowLeft")
        await wait_for_state(view.page, "running")
    else:
        await choose(view, "deaf")
        await view.shows("c2", "deaf")
    await view.page.get_by_role("button", name="Stop").click()
    banner = view.page.get_by_role("alert")
    await expect(banner).to_contain_text("does not react to Stop")
    await wait_for_state(view.page, "running")
    if not stopped_by_a_signal:
        await choose(view, "not")  # while it runs: what the new kernel shall do
    await banner.get_by_role("button", name="End it").click()
    await view.shows("c2", "through")
    await view.idle()
    await view.shows("c1", "8" if stopped_by_a_signal else "9")
    assert await pid_of(view) != pid
    assert not is_alive(pid)
    await expect(banner).not_to_be_visible()


@pytest.mark.parametrize(("how", "words"), [("crash", "crashed (signal 11, SIGSEGV)"), ("leave", "exit code 7")])
async def test_a_kernel_that_ended_says_how_and_the_page_keeps_what_it_showed(view: View, how: str, words: str) -> None:
    await choose(view, how)
    await wait_for_state(view.page, "dead")
    await expect(view.page.get_by_role("alert")).to_contain_text(words)
    await view.shows("c1", "9")
    await expect(view.page.locator(".ka-cells")).to_have_css("opacity", "0.5")


@pytest.fixture(scope="module")
def hasty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A run of a cell may take three seconds."""
    options = ("--stop-timeout-s", "0.5", "--max-run-s", "3")
    with serving(tmp_path_factory.mktemp("apps"), *CELLS, options=options) as running:
        yield running


async def test_a_cell_that_runs_for_too_long_is_stopped_and_says_so(browser: Browser, hasty_server: Server) -> None:
    async with viewing(browser, hasty_server) as view:
        pid = await pid_of(view)
        await choose(view, "await")
        await view.idle()
        await expect(view.cell("c2")).to_have_attribute("data-status", "failed")
        await expect(view.cell("c2")).to_contain_text("This part of the app ran for 3 seconds, as long as it may, and was stopped.")
        await choose(view, "not")
        await view.shows("c2", "through")
        await view.idle()
        assert await pid_of(view) == pid


async def test_one_that_does_not_react_is_ended_and_begins_again_with_the_values(browser: Browser, hasty_server: Server) -> None:
    async with viewing(browser, hasty_server) as view:
        pid = await pid_of(view)
        await view.page.get_by_label("N", exact=True).press("End")
        await view.shows("c1", "9")
        await choose(view, "deaf")
        await wait_for_state(view.page, "dead")
        banner = view.page.get_by_role("alert")
        await expect(banner).to_contain_text("A part of the app ran for 3 seconds, as long as it may, and did not react to being stopped.")
        await choose(view, "not")
        await banner.get_by_role("button").click()
        await view.shows("c2", "through")
        await view.shows("c1", "9")
        assert await pid_of(view) != pid
