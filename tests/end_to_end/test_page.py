"""The page in a real browser: what it shows while an app starts, runs, fails, loses its kernel or its network."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from .browser import wait_for_state
from .harness import Server, is_alive, serving, wait_until, write_notebook
from .view import View, viewing

IMPORT = "import os, time\nfrom pathlib import Path\nimport kernelapp as ka"

GATE = "\nwhile not Path({name!r}).exists():\n    time.sleep(0.01)\n"
"""In a cell: waits until the test lets it go on, by making a file in the notebook's folder."""

CELLS = (
    IMPORT,
    'n = ka.slider("N", 0, 9, 1)\nname = ka.text_input("Name", "Ada")\nprint(n, name)',
    'loop = ka.checkbox("Loop")\nwhile loop:\n    pass\nprint("through")',
    "print(os.getpid())",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), ("markdown", "# The app\n\nSome *words* and $x^2$.", []), *CELLS) as running:
        yield running


@pytest_asyncio.fixture
async def view(browser: Browser, server: Server) -> AsyncIterator[View]:
    async with viewing(browser, server) as opened:
        yield opened


async def pid_of(view: View) -> int:
    return int(await view.cell("c4").locator("pre").inner_text())


async def test_the_authors_words_are_on_the_page_before_any_kernel(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None, java_script_enabled=False) as view:
        await view.open(idle=False)
        await expect(view.page.get_by_role("heading", name="The app")).to_be_visible()
        await expect(view.page.get_by_text("Some words")).to_be_visible()


async def test_mathematics_in_the_authors_words_is_typeset(view: View) -> None:
    await expect(view.cell("c0").locator(".katex-html")).to_be_visible()


async def test_two_viewers_have_kernels_and_values_of_their_own(browser: Browser, server: Server, view: View) -> None:
    async with viewing(browser, server) as other:
        assert await pid_of(view) != await pid_of(other)
        await view.page.get_by_label("N", exact=True).press("End")
        await view.shows("c2", "9 Ada")
        await other.page.get_by_label("Name").fill("Grace")
        await other.page.get_by_label("Name").press("Enter")
        await other.shows("c2", "1 Grace")
        await expect(other.page.get_by_label("N", exact=True)).to_have_value("1")
        await view.shows("c2", "9 Ada")


async def test_two_tabs_are_two_sessions(view: View) -> None:
    other = View(await view.context.new_page(), view.server)
    await other.open()
    assert await pid_of(view) != await pid_of(other)


async def test_the_page_fills_as_its_cells_run(browser: Browser, tmp_path: Path) -> None:
    cells = (
        IMPORT,
        f'print("first", flush=True){GATE.format(name="one")}print("second", flush=True){GATE.format(name="two")}print("third")',
        "print('last')",
    )
    with serving(tmp_path, *cells) as server:
        async with viewing(browser, server, None) as view:
            states = "window.states = []; new MutationObserver(() => states.push(document.body.dataset.state)).observe(document, {%s})"
            await view.page.add_init_script(states % "subtree: true, childList: true, attributeFilter: ['data-state']")
            await view.open(idle=False)
            await view.shows("c1", "first")
            await expect(view.cell("c0")).to_have_attribute("data-status", "done")
            await expect(view.cell("c1")).to_have_attribute("data-status", "running")
            await expect(view.cell("c2")).to_have_attribute("data-status", "queued")
            await expect(view.page.locator("body")).to_have_attribute("data-state", "running")
            (tmp_path / "one").touch()
            await view.shows("c1", "first\nsecond\n")
            await expect(view.cell("c1")).to_have_attribute("data-status", "running")
            (tmp_path / "two").touch()
            await view.idle()
            await view.shows("c1", "first\nsecond\nthird\n")
            await view.shows("c2", "last")
            seen: list[str] = await view.page.evaluate("states.filter((state, index) => state && state !== states[index - 1])")
            order = ["connecting", "queued", "starting", "running", "idle"]
            assert [state for state in order if state in seen] == [state for state in dict.fromkeys(seen) if state in order]
            assert {"starting", "running", "idle"} <= set(seen) <= set(order)


async def test_the_state_is_said_in_words(view: View) -> None:
    await expect(view.page.locator(".ka-pill")).to_have_text("Ready")
    await expect(view.page.get_by_role("status").first).to_have_text("Ready")
    await expect(view.page.get_by_role("button", name="Stop")).not_to_be_visible()


async def test_stop_ends_a_loop(view: View) -> None:
    await view.page.get_by_label("Loop").check()
    await expect(view.cell("c3")).to_have_attribute("data-status", "running")
    await expect(view.page.locator(".ka-pill")).to_contain_text("Running")
    pid = await pid_of(view)
    await view.page.get_by_role("button", name="Stop").click()
    await view.idle()
    await expect(view.cell("c3")).to_have_attribute("data-status", "stale")
    await view.page.get_by_label("Loop").uncheck()
    await view.idle()
    await expect(view.cell("c3")).to_have_attribute("data-status", "done")
    assert await pid_of(view) == pid


async def test_a_loop_leaves_another_session_responsive(browser: Browser, server: Server, view: View) -> None:
    await view.page.get_by_label("Loop").check()
    await expect(view.cell("c3")).to_have_attribute("data-status", "running")
    async with viewing(browser, server) as other:
        await other.page.get_by_label("N", exact=True).press("End")
        await other.shows("c2", "9 Ada")
        await other.idle()
    await expect(view.page.locator("body")).to_have_attribute("data-state", "running")
    await view.page.get_by_role("button", name="Stop").click()
    await view.idle()


async def test_a_killed_kernel_is_reported_and_restart_brings_the_values_back(view: View) -> None:
    await view.page.get_by_label("N", exact=True).press("End")
    await view.page.get_by_label("Name").fill("Grace")
    await view.page.get_by_label("Name").press("Enter")
    await view.shows("c2", "9 Grace")
    await view.idle()
    killed = await pid_of(view)
    os.kill(killed, signal.SIGKILL)
    await wait_for_state(view.page, "dead")
    banner = view.page.get_by_role("alert")
    await expect(banner).to_contain_text("signal 9")
    await view.shows("c2", "9 Grace")
    await banner.get_by_role("button", name="Restart").click()
    await view.idle()
    await expect(banner).not_to_be_visible()
    await view.shows("c2", "9 Grace")
    await expect(view.page.get_by_label("N", exact=True)).to_have_value("9")
    await expect(view.page.get_by_label("Name")).to_have_value("Grace")
    assert await pid_of(view) != killed
    assert is_alive(await pid_of(view))


SOCKETS = """\
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) { super(...given); sockets.push(this); }
};
"""


async def test_a_lost_network_is_shown_and_nothing_is_lost(browser: Browser, tmp_path: Path) -> None:
    source = (
        'go = ka.checkbox("Go")\nprint(os.getpid(), "before")\n'
        'while go and not Path("gate").exists():\n    time.sleep(0.01)\n'
        'for i in range(3 * go):\n    print("during", i)\nPath("over").touch()'
    )
    with serving(tmp_path, IMPORT, source) as server:
        async with viewing(browser, server, None) as view:
            await view.page.add_init_script(SOCKETS)
            await view.open()
            (tmp_path / "over").unlink()
            session = (await view.cell("c1").locator("pre").inner_text()).split()[0]
            await view.page.get_by_label("Go").check()
            await view.shows("c1", f"{session} before")
            await expect(view.cell("c1")).to_have_attribute("data-status", "running")
            await view.context.set_offline(True)
            await view.page.evaluate("sockets.at(-1).close()")
            await wait_for_state(view.page, "reconnecting")
            await expect(view.page.locator(".ka-pill")).to_have_text("Reconnecting…")
            (tmp_path / "gate").touch()
            # The kernel goes on, and what it prints is kept for the page.
            await asyncio.to_thread(wait_until, (tmp_path / "over").exists)
            await expect(view.page.locator("body")).to_have_attribute("data-state", "reconnecting")
            await expect(view.cell("c1")).to_have_attribute("data-status", "running")
            await view.context.set_offline(False)
            await view.idle()
            await view.shows("c1", f"{session} before\nduring 0\nduring 1\nduring 2\n")
            await expect(view.page.get_by_label("Go")).to_be_checked()


async def test_what_a_viewer_does_while_reconnecting_is_done_afterwards(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None) as view:
        await view.page.add_init_script(SOCKETS)
        await view.open()
        pid = await pid_of(view)
        await view.context.set_offline(True)
        await view.page.evaluate("sockets.at(-1).close()")
        await wait_for_state(view.page, "reconnecting")
        await view.page.get_by_label("N", exact=True).press("End")
        await view.context.set_offline(False)
        await view.idle()
        await view.shows("c2", "9 Ada")
        assert await pid_of(view) == pid


async def test_a_failed_cell_shows_a_card_and_what_depends_on_it_waits(browser: Browser, tmp_path: Path) -> None:
    cells = (IMPORT, 'fail = ka.checkbox("Fail")', 'x = 1 / 0 if fail else 1\nprint("x", x)', 'print("twice", 2 * x)')
    with serving(tmp_path, *cells) as server:
        async with viewing(browser, server) as view:
            await view.shows("c3", "twice 2")
            await view.page.get_by_label("Fail").check()
            card = view.cell("c2").locator(".ka-failed")
            await expect(card).to_contain_text("Something went wrong")
            await expect(card).to_contain_text(re.compile("Reference [0-9a-f]{8}"))
            await view.idle()
            await expect(view.cell("c3")).to_have_attribute("data-status", "upstream-failed")
            await expect(view.cell("c3")).to_have_text("Waits for the part above that failed.")
            await view.page.get_by_label("Fail").uncheck()
            await view.shows("c3", "twice 2")
            await expect(view.page.locator(".ka-card")).to_have_count(0)


async def test_code_is_shown_only_when_asked_for(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "secret = 'word'\nprint(len(secret))", options=("--show-code",)) as server:
        async with viewing(browser, server) as view:
            await expect(view.cell("c0").locator(".ka-source")).to_contain_text("secret = 'word'")
            assert await view.cell("c0").locator(".ka-source span[class]").count() > 2
            await view.shows("c0", "4")


async def test_what_viewers_type_stays_inert(browser: Browser, tmp_path: Path) -> None:
    source = (
        'import kernelapp as ka\nfrom IPython.display import HTML, Markdown\ntext = ka.text_input("Text")\nprint(text)\n'
        'text_out = display({"text/plain": text}, raw=True)\nka.checkbox("Label " + text)\nka.selectbox("Of", [text, "-"])\n'
        "display(HTML(f'<p class=typed>{text}</p>'))"
    )
    typed = "<img src=x onerror=hit=1><svg onload=hit=2></svg><b onclick=hit=3 id=bold>bold</b><a href='javascript:hit=4'>link</a>"
    with serving(tmp_path, source) as server:
        async with viewing(browser, server) as view:
            await view.page.get_by_label("Text").fill(f"<script>hit=0</script>{typed}")
            await view.page.get_by_label("Text").press("Enter")
            await expect(view.cell("c0").locator("pre[data-stream]")).to_contain_text("<script>hit=0</script><img")
            assert await view.page.locator("pre img, pre script, label img, option img, [data-control] script").count() == 0
            # HTML made by the author's code is the author's, its scripts too.
            await view.until("window.hit === 0")
            await view.page.evaluate("delete window.hit")
            await view.page.get_by_label("Text").fill(typed)
            await view.page.get_by_label("Text").press("Enter")
            await expect(view.cell("c0").locator(".typed img")).to_have_count(1)
            await view.idle()
            await view.page.locator(".typed #bold").click()
            await view.page.locator(".typed a").click()
            assert await view.page.evaluate("window.hit") is None
            assert any("Content Security Policy" in error for error in view.watch.errors)


LAID_OUT = (
    IMPORT,
    'with ka.sidebar:\n    n = ka.slider("N", 0, 9, 1)\n    print("beside", n)',
    'left, right = ka.columns([1, 2])\nwith left:\n    print("left", n)\nright.checkbox("Right")\nprint("below")',
)


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), *LAID_OUT) as running:
        yield running


async def test_sidebar_and_columns_hold_what_is_displayed_inside(browser: Browser, laid_out: Server) -> None:
    async with viewing(browser, laid_out, viewport={"width": 1200, "height": 800}) as view:
        side = await view.page.get_by_role("complementary", name="Controls").bounding_box()
        main = await view.page.get_by_role("main").bounding_box()
        assert side
        assert main
        assert side["x"] + side["width"] <= main["x"] + 1
        await expect(view.page.get_by_role("complementary").get_by_label("N", exact=True)).to_be_visible()
        await expect(view.page.get_by_role("complementary").locator("pre")).to_have_text("beside 1")
        left = await view.page.get_by_text("left 1").bounding_box()
        right = await view.page.get_by_label("Right").bounding_box()
        below = await view.page.get_by_text("below").bounding_box()
        assert left
        assert right
        assert below
        assert left["x"] < right["x"]
        assert abs(left["y"] - right["y"]) < 60
        assert below["y"] > max(left["y"], right["y"])
        widths = await view.page.locator(".ka-column").evaluate_all("columns => columns.map((column) => column.offsetWidth)")
        assert widths[1] == pytest.approx(2 * widths[0], rel=0.1)
        await view.page.get_by_label("N", exact=True).press("End")
        await expect(view.page.get_by_text("left 9")).to_be_visible()
        await expect(view.page.locator(".ka-column")).to_have_count(2)


async def test_on_a_phone_the_sidebar_is_a_drawer(browser: Browser, laid_out: Server) -> None:
    async with viewing(browser, laid_out, viewport={"width": 390, "height": 800}) as view:
        slider = view.page.locator("aside").get_by_label("N", exact=True)
        toggle = view.page.get_by_role("button", name="Controls")
        await expect(slider).not_to_be_in_viewport()
        await expect(toggle).to_have_attribute("aria-expanded", "false")
        await toggle.click()
        await expect(slider).to_be_in_viewport()
        await expect(toggle).to_have_attribute("aria-expanded", "true")
        await slider.press("End")
        await view.idle()
        await view.page.keyboard.press("Escape")
        await expect(slider).not_to_be_in_viewport()
        await expect(toggle).to_be_focused()
        await expect(view.page.get_by_text("left 9")).to_be_in_viewport()
        assert await view.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_folder_is_a_gallery_that_leads_to_its_apps(browser: Browser, tmp_path: Path) -> None:
    write_notebook(tmp_path / "one.ipynb", ("markdown", "# First app\n\nWhat it does.", []), "print('one runs')")
    write_notebook(tmp_path / "two.ipynb", "print('two runs')")
    (tmp_path / "broken.ipynb").write_text("{")
    with Server(tmp_path) as server:
        async with viewing(browser, server, None) as view:
            await view.page.goto(server.url)
            await expect(view.page.get_by_role("listitem")).to_have_count(3)
            await expect(view.page.get_by_role("listitem").filter(has_text="First app")).to_contain_text("What it does.")
            await expect(view.page.get_by_role("link").filter(has_text="broken")).to_have_count(0)
            await view.page.get_by_role("link", name=re.compile("First app")).click()
            await view.shows("c1", "one runs")
            await view.page.get_by_role("link", name="All apps").click()
            await expect(view.page.get_by_role("heading", name="First app")).to_be_visible()
            assert view.watch.errors == []


async def test_an_address_that_leads_nowhere_is_explained(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None) as view:
        await view.open("nope", idle=False)
        await expect(view.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        await view.page.get_by_role("link", name="All apps").click()
        await expect(view.page.get_by_role("heading", name="The app")).to_be_visible()


async def test_everything_can_be_run_again_from_the_menu(view: View) -> None:
    await view.page.get_by_label("N", exact=True).press("End")
    await view.shows("c2", "9 Ada")
    await view.idle()
    await view.page.get_by_role("button", name="Menu").click()
    await view.page.get_by_role("button", name="Run everything again").click()
    await view.idle()
    await view.shows("c2", "9 Ada")
    await expect(view.page.get_by_label("N", exact=True)).to_have_value("9")
