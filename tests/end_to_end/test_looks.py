"""Whether everybody can read and work the page: contrast in both themes, names of inputs, the keyboard, narrow screens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from .harness import Server, serving
from .view import View, viewing

PROSE = """# Heading

Words with a [link](https://example.org), `code`, **bold** and $x^2$.

> Said by someone.

| a | b |
|---|---|
| 1 | 2 |

```python
for i in range(3):  # count
    print("i", i)
```
"""
CONTROLS = """\
import kernelapp as ka
with ka.sidebar:
    ka.slider("Slider", 0, 10, 5, help="How many")
    ka.slider("Range", 0.0, 1.0, (0.2, 0.8))
    ka.select_slider("Level", ["low", "high"])
ka.button("Plain")
ka.button("Main", type="primary")
ka.button("Quiet", type="tertiary")
ka.checkbox("Check")
ka.toggle("Toggle", True)
ka.radio("Radio", ["one", "two"])
ka.radio("Captions", ["three"], captions=["what it means"])
ka.selectbox("Select", ["one", "two"])
ka.multiselect("Many", ["one", "two"], ["one"])
ka.number_input("Number", 0, 10, 3)
ka.text_input("Text", "written")
ka.text_area("Area", "written")
ka.date_input("Date", "2026-11-22")
ka.date_input("Dates", ("2026-11-01", "2026-11-22"))
ka.time_input("Time", "12:00")
ka.color_picker("Colour", "#2856c8")
ka.text_input("Hidden label", label_visibility="collapsed")
"""
OUTPUTS = """\
import sys
import pandas as pd
from IPython.display import JSON, display
print("output")
print("error", file=sys.stderr)
display(pd.DataFrame({"city": ["Bern", "Oslo"], "people": [134, 709]}))
display(JSON({"name": "Ada", "list": [1, None, True, 2.5]}, expanded=True))
"""
ANSI = 'print(" ".join(f"\\x1b[{n}mcolour{n}\\x1b[0m" for n in [*range(30, 38), *range(90, 98)]))'
CELLS: tuple[str | tuple[str, str, list[str]], ...] = (("markdown", PROSE, []), CONTROLS, OUTPUTS, ANSI, "1 / 0", "print(_)")

LABELS = ("Slider", "Level", "Check", "Toggle", "one", "two", "Select", "Many", "Number", "Text", "Area", "Date", "Time", "Colour")
MORE_LABELS = ("Range minimum", "Range maximum", "Dates from", "Dates to", "Hidden label")

CONTRASTS = """\
async () => {
  await Promise.all(document.getAnimations().map((animation) => animation.finished));
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return { rgb: [r, g, b], a: a / 255 };
  };
  const over = (top, below) => top.rgb.map((value, i) => value * top.a + below[i] * (1 - top.a));
  const groundOf = (element) => {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own.rgb : over(own, groundOf(element.parentElement));
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest("svg, script, style, .ka-sr, .ka-skip, .katex-mathml, :disabled, option")) continue;
    const ground = groundOf(element);
    const ink = over(rgba(getComputedStyle(element).color), ground);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    found.push([text.slice(0, 40), Math.round(((light + 0.05) / (dark + 0.05)) * 100) / 100]);
  }
  return found;
}
"""
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3, level AA

FOCUSED = """\
() => {
  const element = document.activeElement;
  const rings = [element, element.closest(".ka-control, .ka-multi, label, .ka-header, .ka-table")].filter(Boolean).flatMap((each) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each);
    return [outlineStyle !== "none" && parseFloat(outlineWidth) > 0, boxShadow !== "none"];
  });
  // A thumb is drawn by the browser and can only be ringed by a rule for it.
  const isThumb = element.matches("input[type=range]");
  // The button in a date's or time's field is the browser's own, which rings it and not the field.
  const isInside = element.matches("input:is([type=date], [type=time]):not(:focus-visible)");
  const name = (element.labels?.[0] ?? element).textContent.trim();
  return { tag: element.tagName, ringed: isThumb || isInside || rings.some(Boolean), name };
}
"""
NAMED_ROLES = {
    *("button", "checkbox", "combobox", "link", "listbox", "menuitem", "option", "radio", "radiogroup", "slider", "spinbutton", "switch"),
    *("textbox", "Date", "InputTime", "ColorWell"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), *CELLS, options=("--show-code",)) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def view(browser: Browser, server: Server) -> AsyncIterator[View]:
    async with viewing(browser, server, viewport={"width": 1200, "height": 900}) as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("chosen", [True, False], ids=["chosen", "by_preference"])
async def test_text_can_be_read_in_both_themes(view: View, scheme: Literal["light", "dark"], chosen: bool) -> None:
    opposite: Literal["light", "dark"] = "dark" if scheme == "light" else "light"
    await view.page.emulate_media(color_scheme=opposite if chosen else scheme)
    await view.page.get_by_role("button", name="Menu").click()
    await view.page.get_by_label(scheme.title() if chosen else "Auto", exact=True).check(force=True)
    contrasts: list[tuple[str, float]] = await view.page.evaluate(CONTRASTS)
    await view.page.keyboard.press("Escape")
    ground = await view.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert len(contrasts) > 60
    assert [(text, contrast) for text, contrast in contrasts if contrast < LEAST_CONTRAST] == []


async def test_a_chosen_theme_is_kept_for_the_next_visit(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, color_scheme="light") as view:
        await view.page.get_by_role("button", name="Menu").click()
        await view.page.get_by_label("Dark", exact=True).check(force=True)
        await view.page.reload()
        await expect(view.page.locator("html")).to_have_attribute("data-theme", "dark")
        await view.page.get_by_role("button", name="Menu").click()
        await expect(view.page.get_by_label("Dark", exact=True)).to_be_checked()


@pytest.mark.parametrize("label", [*LABELS, *MORE_LABELS])
async def test_an_input_is_found_by_its_label(view: View, label: str) -> None:
    await expect(view.page.get_by_label(label, exact=True)).to_have_count(1)


async def test_everything_that_can_be_worked_has_a_name(view: View) -> None:
    inspector = await view.context.new_cdp_session(view.page)
    tree: dict[str, Any] = await inspector.send("Accessibility.getFullAXTree")
    nodes = [node for node in tree["nodes"] if not node["ignored"]]
    workable = [node for node in nodes if node["role"]["value"] in NAMED_ROLES]
    assert len(workable) > 25
    assert [node["role"]["value"] for node in workable if not node["name"]["value"].strip()] == []


async def test_pictures_say_what_they_are_or_that_they_say_nothing(view: View) -> None:
    assert await view.page.locator("img:not([alt])").count() == 0
    assert await view.page.locator("svg:not([aria-hidden]):not([role]):not([aria-label]):not(.ka-output svg)").count() == 0


async def test_the_tab_key_reaches_everything_in_order_and_shows_where_it_is(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, viewport={"width": 1200, "height": 900}) as view:
        stops: list[dict[str, Any]] = []
        await view.page.keyboard.press("Tab")
        while (stop := await view.page.evaluate(FOCUSED))["tag"] != "BODY":
            stops.append(stop)
            assert len(stops) < 100, "the focus is caught"
            await view.page.keyboard.press("Tab")
        names = [stop["name"] for stop in stops]
        assert names[0] == "Skip to the content"
        order = ["Slider", "Level", "Plain", "Main", "Quiet", "Check", "Toggle", "Select", "Many", "Number", "Text", "Area", "Date", "Time"]
        assert [name for name in dict.fromkeys(names) if name in order] == order
        assert [stop for stop in stops if not stop["ringed"]] == []


async def test_a_whole_visit_needs_no_mouse(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as view:
        press = view.page.keyboard.press
        await press("Tab")
        await press("Enter")
        await expect(view.page.get_by_role("main")).to_be_focused()
        await press("Tab")
        while not await view.page.get_by_label("Toggle", exact=True).evaluate("input => input === document.activeElement"):
            await press("Tab")
        await press("Space")
        await expect(view.page.get_by_label("Toggle", exact=True)).not_to_be_checked()
        await view.idle()
        await expect(view.page.get_by_label("Toggle", exact=True)).to_be_focused()


@pytest.mark.parametrize("width", [320, 390, 768])
async def test_a_narrow_page_does_not_scroll_sideways(browser: Browser, server: Server, width: int) -> None:
    async with viewing(browser, server, viewport={"width": width, "height": 800}) as view:
        assert await view.page.evaluate("document.documentElement.scrollWidth") <= width
