"""ipywidgets in a browser: what the viewer does reaches the kernel, and what the kernel does reaches the viewer."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, expect

from .harness import serving
from .view import viewing

OBSERVED = """\
import ipywidgets as w
slider = w.IntSlider(description="Periods", value=3)
label, out = w.Label("start"), w.Output()
def moved(change):
    label.value = f"now {change.new}"
    with out:
        print("moved to", change.new)
slider.observe(moved, "value")
w.VBox([slider, label, out])"""
INTERACT = """\
from IPython.display import display
@w.interact(x=(0, 10))
def show(x=4):
    print("x is", x)
    display(w.HTML(f"<b>bold {x}</b>"))"""
ASKED = """\
ask, told = w.Button(description="Ask"), w.Output()
@ask.on_click
def tell(_):
    with told:
        print(slider.value, [each["text"] for each in out.outputs])
w.HBox([ask, told])"""


async def test_a_slider_moves_its_kernel_and_the_kernel_answers(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, OBSERVED, INTERACT, ASKED) as server:
        async with viewing(browser, server) as view:
            handle = view.cell("c0").get_by_role("slider")
            await handle.press("ArrowRight")
            await view.idle()
            await expect(view.cell("c0").locator(".widget-label").last).to_have_text("now 4")
            await expect(view.cell("c0").locator(".ka-captured")).to_have_text("moved to 4")
            await view.cell("c1").get_by_role("slider").press("ArrowLeft")
            await view.idle()
            await expect(view.cell("c1").locator(".ka-captured")).to_contain_text("x is 3")
            await expect(view.cell("c1").locator("b")).to_have_text("bold 3")
            await view.page.get_by_role("button", name="Ask").click()
            await view.idle()
            await expect(view.cell("c2").locator(".ka-captured")).to_have_text("4 ['moved to 4\\n']")
        assert view.watch.errors == []
        assert view.watch.foreign(server.url) == []


UNMOVED = """\
import ipywidgets as w
sliders = [w.FloatSlider(value=1, min=0.1, max=4, step=0.1, description="One"),
    w.FloatRangeSlider(value=(0.7, 1), min=0.1, max=4, step=0.1, description="Range"),
    w.FloatLogSlider(value=10**0.3, min=-1, max=2, step=0.1, description="Log")]
changes = []
for slider in sliders:
    slider.observe(lambda change: changes.append(round(change.new, 3) if isinstance(change.new, float) else change.new), "value")
go, told = w.Button(description="Go"), w.Label("start")
@go.on_click
def tell(_):
    told.value = f"{changes} {sliders[0].value} {sliders[1].value} {sliders[2].value:.3f}"
    sliders[0].value, sliders[1].value = 2.5, (1.1, 2.3)
w.VBox([*sliders, go, told])"""


async def test_sliders_of_floats_change_nothing_that_the_viewer_has_not_moved(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, UNMOVED) as server:
        async with viewing(browser, server) as view:
            go, told = view.page.get_by_role("button", name="Go"), view.cell("c0").locator(".widget-label").last
            await go.click()
            await view.idle()
            await expect(told).to_have_text("[] 1.0 (0.7, 1.0) 1.995")
            await go.click()
            await view.idle()
            await expect(told).to_have_text("[2.5, (1.1, 2.3)] 2.5 (1.1, 2.3) 1.995")
            for name in ("One", "Range minimum", "Log"):
                await view.page.get_by_role("slider", name=name, exact=True).press("ArrowRight")
            await view.idle()
            await go.click()
            await view.idle()
            await expect(told).to_have_text("[2.5, (1.1, 2.3), 2.6, (1.2, 2.3), 2.512] 2.6 (1.2, 2.3) 2.512")


SOCKETS = """\
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...parts) { super(...parts); sockets.push(this); }
};"""


async def test_what_the_viewer_does_while_the_network_is_gone_reaches_the_kernel(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, OBSERVED, ASKED) as server:
        async with viewing(browser, server, None) as view:
            await view.page.add_init_script(SOCKETS)
            await view.open()
            await view.cell("c0").get_by_role("slider").press("ArrowRight")
            await view.idle()
            await view.page.evaluate("sockets.at(-1).close()")
            await view.until("document.body.dataset.state === 'reconnecting'")
            await view.cell("c0").get_by_role("slider").press("ArrowRight")
            await view.idle()
            assert await view.page.evaluate("sockets.length") == 2
            await expect(view.cell("c0").locator(".ka-captured")).to_have_text("moved to 4\nmoved to 5\n")
            await view.page.get_by_role("button", name="Ask").click()
            await view.idle()
            await expect(view.cell("c1").locator(".ka-captured")).to_contain_text("5 ['moved to 4\\nmoved to 5")
        assert view.watch.errors == []


RECORD = "JSON.parse(document.querySelector('#ka-record')?.textContent ?? '{\"record\": \"\"}').record"


async def test_two_sessions_move_the_same_widget_apart(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, OBSERVED) as server:
        server.wait_for_line("templates of 1 app")  # both are forks of it, with widgets of the same ids
        async with viewing(browser, server) as one, viewing(browser, server) as other:
            assert await one.page.evaluate(RECORD) == await other.page.evaluate(RECORD) != ""
            await one.cell("c0").get_by_role("slider").press("ArrowRight")
            await one.idle()
            await other.cell("c0").get_by_role("slider").press("ArrowLeft")
            await other.idle()
            for view, value in ((one, 4), (other, 2)):
                await expect(view.cell("c0").locator(".widget-label").last).to_have_text(f"now {value}")
                await expect(view.cell("c0").locator(".ka-captured")).to_have_text(f"moved to {value}")


REACTIVE = (
    "import ipywidgets as w, kernelapp as ka",
    "s = w.IntSlider(description='Width', value=3)\ns",
    "n = ka.slider('Height', 0, 10, 2)",
    "area = s.value * n",
    "print('area', area)",
)


async def test_a_cell_that_reads_a_widgets_value_follows_it_where_the_app_wants_that(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, *REACTIVE, kernelapp={"reactive": "widgets"}) as server:
        async with viewing(browser, server) as view:
            await view.shows("c4", "area 6\n")
            await view.cell("c1").get_by_role("slider").press("ArrowRight")
            await view.idle()
            await view.shows("c4", "area 8\n")
            await view.page.get_by_label("Height").press("ArrowRight")
            await view.idle()
            await view.shows("c4", "area 12\n")
            await expect(view.cell("c1").locator(".widget-readout")).to_have_text("4")
        assert view.watch.errors == []


CAPTURED = """\
import ipywidgets as w
from IPython.display import display
out = w.Output()
with out:
    print("captured")
display(out)"""


async def test_a_template_too_knows_what_its_output_widgets_have_captured(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, CAPTURED, "print([each['text'] for each in out.outputs])") as server:
        server.wait_for_line("templates of 1 app")
        async with viewing(browser, server) as view:
            await expect(view.cell("c0").locator(".ka-captured")).to_have_text("captured\n")
            await view.shows("c1", "['captured\\n']\n")
            assert await view.page.locator("#ka-record").count() == 1
    assert "rror" not in server.printed()
