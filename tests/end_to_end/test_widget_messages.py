"""Messages between widgets and their kernel: order, loss, threads and tasks, pages that attach late, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from playwright.async_api import Browser, Route, expect

from .harness import Viewer, serving
from .view import viewing

FLOOD = """\
import ipywidgets as w, traitlets
from IPython.display import display
class Lost(w.DOMWidget):
    _model_name, _view_name = traitlets.Unicode("LostModel").tag(sync=True), traitlets.Unicode("LostView").tag(sync=True)
    _model_module, _view_module = traitlets.Unicode("no-such-widgets").tag(sync=True), traitlets.Unicode("no-such-widgets").tag(sync=True)
    _model_module_version = _view_module_version = traitlets.Unicode("^1.2.3").tag(sync=True)
    _esm = traitlets.Unicode("x" * 300_000).tag(sync=True)
sliders = [w.IntSlider(max=10_000, description=f"S{i}") for i in range(20)]
go, out, told = w.Button(description="Go"), w.Output(), w.Label("nothing yet")
@go.on_click
def flood(_):
    for i in range(1, 2_001):
        if i in (1, 500):
            with out:
                display(Lost())
        sliders[i % 20].value = i
    told.value = str([slider.value for slider in sliders])
w.VBox([go, *sliders, out, told])"""
VALUES = "[...document.querySelectorAll('[data-cell=c0] .widget-readout')].map((readout) => Number(readout.textContent))"


async def test_no_update_is_lost_or_overtaken_while_a_library_loads(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, FLOOD) as server:
        async with viewing(browser, server, None) as view:
            frames, all_came = 0, asyncio.Event()

            def count(_: object) -> None:
                nonlocal frames
                frames += 1
                if frames > 2_000:
                    all_came.set()

            async def late(route: Route) -> None:
                await all_came.wait()
                await route.continue_()

            # the source of a library that comes after all the updates, and then has no front end
            await view.page.route(re.compile("/blob/|no-such-widgets"), late)
            view.page.on("websocket", lambda socket: socket.on("framereceived", count))
            await view.open()
            async with view.page.expect_request(re.compile("/blob/")):
                await view.page.get_by_role("button", name="Go").click()
            await all_came.wait()
            await view.idle()
            expected = json.loads(await view.cell("c0").locator(".widget-label").last.inner_text())
            assert expected == [2000, *range(1981, 2000)]
            assert await view.page.evaluate(VALUES) == expected
            await expect(view.page.locator(".ka-widget-problem").first).to_contain_text("no-such-widgets")


CROWD = """\
import ipywidgets as w
sliders, told = [w.IntSlider(description=f"S{i}") for i in range(12)], w.Label(str([0] * 12))
def tell(_):
    told.value = str([slider.value for slider in sliders])
for slider in sliders:
    slider.observe(tell, "value")
w.VBox([*sliders, told])"""
MOVE_ALL = """() => { for (const handle of document.querySelectorAll("[role=slider]"))
  handle.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true })); }"""


async def test_what_is_refused_for_its_rate_goes_back_to_what_the_kernel_has(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, CROWD, options=("--max-events-per-s", "4")) as server:
        async with viewing(browser, server) as view:
            await view.page.evaluate(MOVE_ALL)
            await expect(view.page.locator(".ka-notice")).to_contain_text("max_events_per_s")
            await view.idle()
            told = json.loads(await view.cell("c0").locator(".widget-label").last.inner_text())
            assert await view.page.evaluate(VALUES) == told
            assert 0 < sum(told) < 12


THREADS = """\
import threading, asyncio, ipywidgets as w
from IPython.display import display
go = w.Button(description="Go")
thread_label, task_label, out = w.Label(), w.Label(), w.Output()
def work():
    for i in range(50):
        thread_label.value = f"thread {i}"
    out.append_stdout("from a thread")
async def later():
    for i in range(50):
        await asyncio.sleep(0)
        task_label.value = f"task {i}"
    with out:
        display("from a task")
@go.on_click
def start(_):
    threading.Thread(target=work).start()
    asyncio.ensure_future(later())
w.VBox([go, thread_label, task_label, out])"""


async def test_threads_and_tasks_reach_the_page(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, THREADS) as server:
        async with viewing(browser, server) as view:
            await view.page.get_by_role("button", name="Go").click()
            await expect(view.page.get_by_text("thread 49")).to_be_visible()
            await expect(view.page.get_by_text("task 49")).to_be_visible()
            await expect(view.page.locator(".ka-captured")).to_contain_text("from a thread")
            await expect(view.page.locator(".ka-captured")).to_contain_text("from a task")
        assert view.watch.errors == []


OUTPUTS = """\
import ipywidgets as w, sys
from IPython.display import HTML, clear_output, display
outer, inner, go = w.Output(), w.Output(), w.Button(description="Go")
with outer:
    print("outer before")
    with inner:
        print("inner")
        display(HTML("<b>bold</b>"), w.IntSlider(value=7))
        print("warn", file=sys.stderr)
    print("outer after")
handle = display("first", display_id=True)
@go.on_click
def clicked(_):
    with inner:
        clear_output(wait=True)
        print("clicked")
    handle.update("updated")
display(go, outer, inner)"""
FAILING = """\
fail, out = w.Button(description="Fail"), w.Output()
fail.on_click(lambda _: 1 / 0)
shown = w.Button(description="Shown")
@shown.on_click
def captured(_):
    with out:
        {}["secret"]
spin = w.Button(description="Spin")
@spin.on_click
def forever(_):
    while True:
        pass
w.VBox([fail, shown, spin, out])"""


async def test_output_widgets_capture_clear_and_nest(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, OUTPUTS, "print([each['output_type'] for each in inner.outputs])") as server:
        async with viewing(browser, server) as view:
            outer, inner = view.cell("c0").locator(".ka-captured").nth(0), view.cell("c0").locator(".ka-captured").nth(1)
            await expect(outer).to_have_text("outer before\nouter after\n")
            await expect(inner.locator("b")).to_have_text("bold")
            await expect(inner.get_by_role("slider")).to_have_attribute("aria-valuenow", "7.0")
            await view.shows("c1", "['stream', 'display_data', 'display_data', 'stream']\n")
            await view.page.get_by_role("button", name="Go").click()
            await view.idle()
            await expect(inner).to_have_text("clicked\n")
            await expect(view.cell("c0").get_by_text("updated")).to_be_visible()
        assert view.watch.errors == []


async def test_a_callback_that_fails_tells_the_viewer_no_more_than_a_reference(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "import ipywidgets as w", FAILING) as server:
        async with viewing(browser, server) as view:
            await view.page.get_by_role("button", name="Fail").click()
            await view.idle()
            notice = await view.page.locator(".ka-notice").inner_text()
            reference = re.search(r"Reference ([0-9a-f]{8})", notice)
            assert reference is not None
            server.wait_for_line(f"{reference[1]}: ZeroDivisionError")
            await view.page.get_by_role("button", name="Shown").click()
            await view.idle()
            text = await view.cell("c1").locator(".ka-captured").inner_text()
            assert "Reference" in text
            assert "secret" not in text
            await view.page.get_by_role("button", name="Spin").click()
            await view.page.get_by_role("button", name="Stop").click()
            await view.idle()
        assert view.watch.errors == []


async def test_a_page_that_attaches_late_gets_every_widget_without_running_anything(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, OUTPUTS, "import time; print(time.time_ns())") as server:
        viewer = Viewer(server)
        async with viewer.page("app") as first:
            await first.idle()
            at = first.text("c1")
            session = first.session
        name, _, value = viewer.cookie.partition("=")
        context = await browser.new_context()
        await context.add_cookies([{"name": name, "value": value, "url": server.url}])
        page = await context.new_page()
        # the hello of a page that lost its memory, but knows its session
        await page.add_init_script(
            "const send = WebSocket.prototype.send; WebSocket.prototype.send = function (data) {"
            f" send.call(this, typeof data === 'string' ? data.replace('null', {json.dumps(json.dumps(session))}) : data); }};"
        )
        await page.goto(f"{server.url}/app/app")
        await page.wait_for_function("document.body.dataset.state === 'idle'")
        await expect(page.locator("[data-cell=c1] pre")).to_have_text(at)
        await expect(page.locator(".ka-captured").nth(1).locator("b")).to_have_text("bold")
        await expect(page.locator(".ka-captured").nth(1).get_by_role("slider")).to_have_attribute("aria-valuenow", "7.0")
        await page.get_by_role("button", name="Go").click()
        await expect(page.locator(".ka-captured").nth(1)).to_have_text("clicked\n")
        await context.close()


OLD = """\
from ipywidgets import Widget
from traitlets import Unicode
class Old(Widget):
    _model_name, _view_name = Unicode("IntSliderModel").tag(sync=True), Unicode("IntSliderView").tag(sync=True)
    _model_module, _view_module = (Unicode("@jupyter-widgets/controls").tag(sync=True) for _ in range(2))
    _model_module_version, _view_module_version = (Unicode("1.5.0").tag(sync=True) for _ in range(2))
Old()"""


async def test_widgets_of_ipywidgets_7_are_explained(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, OLD) as server:
        async with viewing(browser, server) as view:
            problem = view.cell("c0").locator(".ka-widget-problem")
            await expect(problem).to_contain_text("ipywidgets 7")
            await expect(problem).to_contain_text("1.5.0")


LARGE = """\
import ipywidgets as w
from traitlets import Bytes, Unicode
class Heavy(w.Text):
    _esm, data = Unicode("x" * 300_000).tag(sync=True), Bytes(b"d" * 300_000).tag(sync=True)
heavy = [Heavy(description=f"H{i}", value=str(i)) for i in range(10)]
w.VBox(heavy)"""


async def test_large_parts_come_once_however_many_widgets_have_them(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, LARGE) as server:
        async with viewing(browser, server) as view:
            assert await view.page.locator("input[type=text]").evaluate_all("fields => fields.map((field) => field.value)") == [
                str(i) for i in range(10)
            ]
            loaded = "performance.getEntriesByType('resource').map(({ name, transferSize }) => [name, transferSize])"
            blobs = [(name, size) for name, size in await view.page.evaluate(loaded) if "/blob/" in name]
            assert len({name for name, _ in blobs}) == 2
            assert sum(size for _, size in blobs) < 700_000
            status, _, _ = server.get("/app/app/blob/" + blobs[0][0].rpartition("/")[2])
            assert status == 404, "another browser has no widget of that session"
        assert view.watch.errors == []
