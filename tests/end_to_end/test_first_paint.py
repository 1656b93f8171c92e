"""In a browser: what a page shows of its template's record before there is a session, and that nothing moves when there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Route, WebSocketRoute, expect

from .harness import Server, serving
from .view import View, viewing

CELLS: tuple[str | tuple[str, str, list[str]], ...] = (
    ("markdown", "# Sales\n\nSome words about the data.", []),
    "import time\nimport pandas as pd\nimport kernelapp as ka\nfrom IPython.display import HTML, display",
    'with ka.sidebar:\n    year = ka.slider("Year", 2000, 2020, 2010)\nname = ka.text_input("Name", "nobody")',
    'print("year", year, "of", name)',
    'pd.DataFrame({"a": range(5), "b": range(5)})',
    """\
left, right = ka.columns(2)
with left:
    print("left")
with right:
    display(HTML("<p id=inside>right</p><script>window.ran = (window.ran || 0) + 1</script>"))""",
    'print("clock", time.time())',
    ("markdown", "The end.", []),
)
SHIFTS = """\
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("paint"), *CELLS) as running:
        running.wait_for_line(r"templates of 1 app")
        yield running


class Gate:
    """Holds up the page's socket until a test lets it through."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._routes: list[WebSocketRoute] = []
        self._held: list[str | bytes] = []

    async def install(self, view: View) -> None:
        await view.page.route_web_socket(lambda url: url.endswith("/socket"), self._hold)

    def _hold(self, route: WebSocketRoute) -> None:
        self._routes.append(route)
        route.on_message(lambda message: self._held.append(message))
        self.asked.set()

    def open(self, record: str = "") -> None:
        """Connect; `record`: what stands before the name of the page's record then, to make it another."""
        for route in self._routes:
            server = route.connect_to_server()
            route.on_message(server.send)
            for message in self._held:
                server.send(message.replace('"record":"', f'"record":"{record}') if isinstance(message, str) else message)


async def shown(view: View) -> None:
    """The record is on the page."""
    await view.shows("c3", "year 2010 of nobody")
    await expect(view.page.get_by_label("Year", exact=True)).to_have_value("2010")
    await expect(view.page.get_by_label("Name", exact=True)).to_have_value("nobody")
    await expect(view.cell("c4").locator("table")).to_be_visible()
    await expect(view.page.locator("#inside")).to_have_text("right")


async def test_outputs_controls_and_layout_are_there_without_a_socket(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None) as view:
        gate = Gate()
        await gate.install(view)
        await view.open(idle=False)
        await shown(view)
        await gate.asked.wait()
        assert await view.page.evaluate("document.body.dataset.state") == "connecting"
        await expect(view.page.locator(".ka-sidebar [data-control]")).to_have_count(1)
        await expect(view.cell("c3")).to_have_attribute("data-status", "done")
        await expect(view.cell("c6")).to_have_attribute("data-status", "queued")
        assert await view.page.evaluate("window.ran") == 1
        assert not view.watch.errors


async def test_the_session_goes_on_with_what_is_shown(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None) as view:
        gate = Gate()
        await gate.install(view)
        await view.open(idle=False)
        await shown(view)
        clock = await view.cell("c6").inner_text()
        await view.page.evaluate("for (const each of document.querySelectorAll('.ka-output, [data-control]')) each.dataset.kept = 'yes'")
        kept = await view.page.locator("[data-kept]").count()
        gate.open()
        await view.idle()
        await shown(view)
        await expect(view.page.locator("[data-kept]")).to_have_count(kept)
        assert await view.cell("c6").inner_text() != clock
        assert await view.page.evaluate("window.ran") == 1
        assert not view.watch.errors


async def test_the_page_is_drawn_before_its_script_is_there_and_what_would_move_is_not(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None) as view:
        script = asyncio.Event()

        async def hold(route: Route) -> None:
            await script.wait()
            await route.continue_()

        await view.page.route("**/static/**/*.js", hold)
        await view.page.goto(f"{server.url}/app/app", wait_until="commit")
        await view.page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        await expect(view.page.get_by_role("heading", name="Sales")).to_be_visible()
        await expect(view.page.locator(".ka-sidebar")).to_be_visible()
        await expect(view.page.get_by_text("The end.")).to_be_hidden()
        script.set()
        await view.idle()
        await shown(view)
        await expect(view.page.get_by_text("The end.")).to_be_visible()


async def test_what_the_viewer_does_before_the_socket_is_up_is_done(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None) as view:
        gate = Gate()
        await gate.install(view)
        await view.open(idle=False)
        await shown(view)
        year = view.page.get_by_label("Year", exact=True)
        await year.fill("2015")
        await year.dispatch_event("change")
        name = view.page.get_by_label("Name", exact=True)
        await name.fill("Ada")
        await name.press("Enter")
        await gate.asked.wait()
        gate.open()
        await view.idle()
        await view.shows("c3", "year 2015 of Ada")
        await expect(year).to_have_value("2015")
        await expect(name).to_have_value("Ada")


async def test_nothing_moves_from_the_first_paint_on(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None, viewport={"width": 1200, "height": 1200}) as view:
        await view.page.add_init_script(SHIFTS)
        await view.open()
        await shown(view)
        assert await view.page.evaluate("window.shifts.reduce((sum, each) => sum + each, 0)") < 0.01


async def test_two_viewers_change_their_own_page(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as one, viewing(browser, server) as two:
        year = one.page.get_by_label("Year", exact=True)
        await year.fill("2001")
        await year.dispatch_event("change")
        await one.shows("c3", "year 2001 of nobody")
        await one.idle()
        await two.shows("c3", "year 2010 of nobody")


async def test_a_page_whose_template_has_gone_gets_a_session_of_its_own(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, None) as view:
        gate = Gate()
        await gate.install(view)
        await view.open(idle=False)
        await shown(view)
        name = view.page.get_by_label("Name", exact=True)
        await name.fill("Ada")
        await name.press("Enter")
        await gate.asked.wait()
        gate.open("another")
        await view.idle()
        await view.shows("c3", "year 2010 of Ada")
        await expect(view.page.get_by_label("Name", exact=True)).to_have_value("Ada")
