"""Whether everybody can read and work ipywidgets: contrast in both themes, narrow screens, the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, expect

from .harness import Server, serving
from .test_looks import CONTRASTS, FOCUSED, LEAST_CONTRAST
from .view import viewing

CELL = """\
import ipywidgets as w
options = ["one", "two", "three"]
styles = ["", "primary", "success", "info", "warning", "danger"]
inputs = [w.IntSlider(description="Slider"), w.FloatRangeSlider(description="Range"), w.Text("text", description="Text"),
    w.Textarea("area", description="Area"), w.Dropdown(options=options, description="Choice"), w.IntText(description="Number"),
    w.RadioButtons(options=options, description="Radio"), w.Select(options=options, description="Select"),
    w.ToggleButtons(options=options, description="Toggles"), w.Checkbox(description="Check"), w.ToggleButton(value=True, description="On"),
    w.DatePicker(description="Date"), w.ColorPicker(description="Colour"), w.FileUpload(), w.TagsInput(value=["tag"]), w.Valid(value=True),
    w.Combobox(value="combo", options=options, description="Combo"), w.FloatText(1.5, description="Wide", layout={"width": "40em"})]
buttons = [w.Button(description=style or "plain", button_style=style) for style in styles]
out = w.Output()
with out:
    print("captured")
w.VBox([*inputs, w.HBox(buttons), w.HTML("<b>HTML</b> <a href='#'>link</a>"), w.Label("label"),
    w.Tab([w.Label("in a tab"), w.Label("other")], titles=("First", "Second")),
    w.Accordion([w.Label("inside")], titles=("Opened",), selected_index=0), out])"""

# buttons, inputs and readouts of which a part is beyond the screen, or whose text is
CUT = """[...document.querySelectorAll(".ka-widget :is(button, input, select, .widget-readout)")]
.filter((each) => each.getClientRects().length > 0
  && (each.getBoundingClientRect().right > innerWidth || (each.matches("button") && each.scrollWidth > each.clientWidth)))
.map((each) => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), CELL) as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_widgets_can_be_read_in_both_themes(browser: Browser, server: Server, scheme: Literal["light", "dark"]) -> None:
    async with viewing(browser, server, color_scheme=scheme) as view:
        contrasts: list[tuple[str, float]] = await view.page.evaluate(CONTRASTS)
    texts = [text for text, _ in contrasts]
    assert {"Slider", "plain", "danger", "captured", "First", "Second", "Opened", "link", "tag"} <= set(texts)
    assert [(text, contrast) for text, contrast in contrasts if contrast < LEAST_CONTRAST] == []


async def test_a_narrow_screen_scrolls_no_page_sideways(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, viewport={"width": 360, "height": 740}, has_touch=True) as view:
        assert await view.page.evaluate("document.documentElement.scrollWidth") <= 360
        handle = await view.page.get_by_role("slider").first.bounding_box()
        assert handle is not None
        assert handle["x"] + handle["width"] <= 360
        assert await view.page.evaluate(CUT) == []


async def test_every_widget_is_reached_by_the_keyboard_and_seen_to_be(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as view:
        await view.page.locator("#ka-main").focus()
        reached: list[Any] = []
        for _ in range(45):
            await view.page.keyboard.press("Tab")
            if not await view.page.evaluate("document.activeElement.closest('.ka-widget') !== null"):
                continue
            reached.append(await view.page.evaluate(FOCUSED))
    assert len(reached) >= 28
    assert [each for each in reached if not each["ringed"]] == []


async def test_sliders_have_names_and_accordions_and_tabs_open_by_the_keyboard(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as view:
        for name in ("Slider", "Range minimum", "Range maximum"):
            await expect(view.page.get_by_role("slider", name=name)).to_have_count(1)
        header = view.page.get_by_role("button", name="Opened")
        await expect(header).to_have_attribute("aria-expanded", "true")
        await header.press("Enter")
        await expect(view.page.get_by_text("inside")).to_be_hidden()
        await expect(header).to_have_attribute("aria-expanded", "false")
        tab = view.page.get_by_role("tab", name="First")
        await tab.focus()
        await view.page.keyboard.press("ArrowRight")
        await view.page.keyboard.press("Enter")
        await expect(view.page.get_by_text("other")).to_be_visible()
