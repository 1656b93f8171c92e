"""Every control of ipywidgets: used by the viewer as it is meant to be, and its value read back from the kernel."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Locator, expect

from .harness import Server, serving
from .view import View, viewing

IMPORTS = """\
import datetime as dt, ipywidgets as w
from IPython.display import display
asked, told = w.Button(description="Ask"), w.Output()
kinds = {}
def tell(_):
    told.clear_output(wait=True)
    with told:
        print({name: kind.value for name, kind in kinds.items() if hasattr(kind, "value")})
asked.on_click(tell)
w.VBox([asked, told])"""
KINDS = {
    "IntSlider": "w.IntSlider(value=3, description='N')",
    "FloatSlider": "w.FloatSlider(value=0.5, max=1, step=0.25, description='N')",
    "FloatLogSlider": "w.FloatLogSlider(value=10, description='N', step=1)",
    "IntRangeSlider": "w.IntRangeSlider(value=(2, 6), description='N')",
    "SelectionSlider": "w.SelectionSlider(options=['a', 'b', 'c'], description='N')",
    "SelectionRangeSlider": "w.SelectionRangeSlider(options=['a', 'b', 'c'], index=(0, 1), description='N')",
    "BoundedIntText": "w.BoundedIntText(value=3, max=10, description='N')",
    "FloatText": "w.FloatText(value=3.5, description='N')",
    "ToggleButton": "w.ToggleButton(description='N')",
    "Checkbox": "w.Checkbox(description='N')",
    "Dropdown": "w.Dropdown(options=[('one', 1), ('two', 2)], description='N')",
    "RadioButtons": "w.RadioButtons(options=['a', 'b'], description='N')",
    "Select": "w.Select(options=['a', 'b'], description='N')",
    "SelectMultiple": "w.SelectMultiple(options=['a', 'b'], value=['a'], description='N')",
    "ToggleButtons": "w.ToggleButtons(options=['a', 'b'], description='N')",
    "Text": "w.Text(description='N')",
    "Textarea": "w.Textarea(description='N')",
    "Combobox": "w.Combobox(options=['ab', 'cd'], description='N')",
    "Password": "w.Password(description='N')",
    "DatePicker": "w.DatePicker(description='N')",
    "TimePicker": "w.TimePicker(description='N', step=1)",
    "NaiveDatetimePicker": "w.NaiveDatetimePicker(description='N')",
    "ColorPicker": "w.ColorPicker(value='#ff0000', concise=False, description='N')",
    "TagsInput": "w.TagsInput(value=['a'])",
    "Play": "w.Play(max=3, interval=50)",
}


def press(*keys: str) -> Callable[[Locator], Awaitable[None]]:
    async def act(box: Locator) -> None:
        for key in keys:
            await box.get_by_role("slider").first.press(key)

    return act


def fill(text: str, selector: str = "input") -> Callable[[Locator], Awaitable[None]]:
    async def act(box: Locator) -> None:
        field = box.locator(selector).first
        await field.fill(text)
        await field.dispatch_event("change")

    return act


def click(selector: str) -> Callable[[Locator], Awaitable[None]]:
    async def act(box: Locator) -> None:
        await box.locator(selector).click()

    return act


def choose(*labels: str) -> Callable[[Locator], Awaitable[None]]:
    async def act(box: Locator) -> None:
        await box.locator("select").select_option(label=list(labels))

    return act


async def tag(box: Locator) -> None:
    await box.locator(".jupyter-widget-tagsinput").click(position={"x": 1, "y": 1})
    await box.locator("input").fill("b")
    await box.locator("input").press("Enter")


ACTIONS: dict[str, tuple[Callable[[Locator], Awaitable[None]], str]] = {
    "IntSlider": (press("ArrowRight"), "4"),
    "FloatSlider": (press("ArrowRight"), "0.75"),
    "FloatLogSlider": (press("ArrowRight"), "100.0"),
    "IntRangeSlider": (press("ArrowRight"), "(3, 6)"),
    "SelectionSlider": (press("ArrowRight"), "'b'"),
    "SelectionRangeSlider": (press("ArrowRight"), "('b', 'b')"),
    "BoundedIntText": (fill("7"), "7"),
    "FloatText": (fill("7.25"), "7.25"),
    "ToggleButton": (click("button"), "True"),
    "Checkbox": (click("input"), "True"),
    "Dropdown": (choose("two"), "2"),
    "RadioButtons": (click("input >> nth=1"), "'b'"),
    "Select": (choose("b"), "'b'"),
    "SelectMultiple": (choose("a", "b"), "('a', 'b')"),
    "ToggleButtons": (click("button >> nth=1"), "'b'"),
    "Text": (fill("grüße"), "'grüße'"),
    "Textarea": (fill("two\nlines", "textarea"), r"'two\nlines'"),
    "Combobox": (fill("cd"), "'cd'"),
    "Password": (fill("secret"), "'secret'"),
    "DatePicker": (fill("2026-11-24"), "datetime.date(2026, 11, 24)"),
    "TimePicker": (fill("12:30:05"), "datetime.time(12, 30, 5)"),
    "NaiveDatetimePicker": (fill("2026-11-24T12:30"), "datetime.datetime(2026, 11, 24, 12, 30)"),
    "ColorPicker": (fill("#00ff00"), "'#00ff00'"),
    "TagsInput": (tag, "['a', 'b']"),
    "Play": (click("button >> nth=0"), "3"),
}
SHOWN = """\
import base64
png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
wav = b"RIFF" + (36).to_bytes(4, "little") + b"WAVEfmt " + bytes.fromhex("1000000001000100401f0000803e00000200100064617461") + bytes(4)
slider = w.IntSlider(value=30)
bar = w.IntProgress(description="Bar")
w.jslink((slider, "value"), (bar, "value"))
shown = [w.Label("Label $E = mc^2$"),
    w.HTML("<b>bold</b><script>window.bad = 1</script>", description="<i>D</i>", description_allow_html=True),
    w.HTMLMath("sum $\\\\sum_i x_i$"), w.Image(value=png, width=20), w.Audio(value=wav, format="wav", autoplay=False), w.Valid(value=False),
    w.Button(description="Tip", tooltip="What it does", icon="check", layout=w.Layout(width="222px")), slider, bar]
tab = w.Tab([w.Label("in one"), w.Label("in two")], titles=("One", "Two"))
accordion = w.Accordion([w.Label("in first"), w.Label("in second")], titles=("First", "Second"))
stack = w.Stack([w.Label("card 0"), w.Label("card 1")], selected_index=0)
w.jslink((tab, "selected_index"), (stack, "selected_index"))
grid = w.GridspecLayout(2, 2)
grid[0, :] = w.Button(description="wide", layout=w.Layout(width="auto"))
grid[1, 0] = w.Button(description="left")
app = w.AppLayout(header=w.Label("the header"), center=w.Label("the centre"), footer=w.Label("the footer"))
corners = w.TwoByTwoLayout(top_left=w.Label("corner"))
w.VBox([*shown, tab, accordion, stack, grid, app, corners])"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    cells = [f"kinds[{name!r}] = {source}\nkinds[{name!r}]" for name, source in KINDS.items()]
    with serving(tmp_path_factory.mktemp("apps"), IMPORTS, *cells, SHOWN) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def view(browser: Browser, server: Server) -> AsyncIterator[View]:
    async with viewing(browser, server) as opened:
        yield opened
        assert opened.watch.errors == []
        assert opened.watch.foreign(server.url) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_value_that_the_viewer_gives_reaches_the_kernel(view: View, kind: str) -> None:
    act, value = ACTIONS[kind]
    await act(view.cell(f"c{list(KINDS).index(kind) + 1}"))
    await view.idle()
    told = re.compile(re.escape(f"'{kind}': {value}") + "[,}]")
    for _ in range(20):  # Play goes on by itself
        await view.page.get_by_role("button", name="Ask").click()
        await view.idle()
        text = await view.cell("c0").locator(".ka-captured").inner_text()
        if told.search(text) or kind != "Play":
            break
    await expect(view.cell("c0").locator(".ka-captured")).to_have_text(told)


async def test_what_is_shown_is_shown(view: View) -> None:
    cell = view.cell(f"c{len(KINDS) + 1}")
    await expect(cell.locator(".widget-label .katex")).to_have_count(1)
    await expect(cell.locator(".widget-html-content b")).to_have_text("bold")
    await expect(cell.locator("label i")).to_have_text("D")
    await expect(cell.locator(".widget-htmlmath .katex, .widget-html .katex")).to_have_count(1)
    assert await view.page.evaluate("window.bad") is None
    image = cell.locator("img.widget-image, img.jupyter-widgets")
    await expect(image).to_have_js_property("naturalWidth", 1)
    assert await cell.locator("audio").evaluate("audio => audio.src.startsWith('blob:')")
    tip = cell.get_by_role("button", name="Tip")
    await expect(tip).to_have_attribute("title", "What it does")
    await expect(tip).to_have_css("width", "222px")
    await expect(cell.locator("i.fa-check")).to_have_css("font-family", re.compile("Font Awesome"))
    await expect(cell.locator("[title=null]")).to_have_count(0)


async def test_links_between_widgets_work_in_the_browser(view: View) -> None:
    cell = view.cell(f"c{len(KINDS) + 1}")
    await expect(cell.locator(".progress-bar")).to_have_attribute("style", re.compile("width: 30%"))
    await cell.get_by_role("slider").first.press("ArrowRight")
    await view.idle()
    await expect(cell.locator(".progress-bar")).to_have_attribute("style", re.compile("width: 31%"))


async def test_containers_show_what_is_chosen(view: View) -> None:
    cell = view.cell(f"c{len(KINDS) + 1}")
    await expect(cell.get_by_text("in one")).to_be_visible()
    await expect(cell.get_by_text("card 0")).to_be_visible()
    await cell.get_by_text("Two", exact=True).click()
    await view.idle()
    for text, seen in (("in one", False), ("in two", True), ("card 0", False), ("card 1", True)):
        await expect(cell.get_by_text(text)).to_be_visible(visible=seen)
    await expect(cell.get_by_text("in second")).to_be_hidden()
    await cell.get_by_text("Second", exact=True).click()
    await expect(cell.get_by_text("in second")).to_be_visible()
    wide = await cell.get_by_role("button", name="wide").bounding_box()
    left = await cell.get_by_role("button", name="left").bounding_box()
    assert wide is not None
    assert left is not None
    assert wide["width"] > 1.5 * left["width"]
    assert wide["y"] < left["y"]
    for text in ("the header", "the centre", "the footer", "corner"):
        await expect(cell.get_by_text(text)).to_be_visible()


UPLOAD = """\
import ipywidgets as w
upload, told = w.FileUpload(multiple=True), w.Output()
def tell(change):
    with told:
        for file in change.new:
            print(file.name, file.type, file.size, bytes(file.content[:4]), sum(file.content) if file.size < 5_000_000 else "")
upload.observe(tell, "value")
w.VBox([upload, told])"""


async def test_files_are_uploaded_up_to_the_limit(browser: Browser, server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("upload")
    large = b"\x00\xff\x01\x02" + bytes(2_000_000)
    with serving(folder, UPLOAD, options=("--max-comm-bytes", "3000000")) as running:
        async with viewing(browser, running) as view:
            files = view.page.locator("input[type=file]")
            async with view.page.expect_file_chooser() as chooser:
                await view.page.get_by_role("button", name=re.compile("Upload")).click()
            await (await chooser.value).set_files(
                [
                    FilePayload(name="a.txt", mimeType="text/plain", buffer=b"abcd"),
                    FilePayload(name="b.bin", mimeType="application/octet-stream", buffer=large),
                ]
            )
            await view.idle()
            told = view.cell("c0").locator(".ka-captured")
            await expect(told).to_contain_text("a.txt text/plain 4 b'abcd' 394")
            await expect(told).to_contain_text("b.bin application/octet-stream 2000004")
            async with view.page.expect_file_chooser() as chooser:
                await view.page.get_by_role("button", name=re.compile("Upload")).click()
            await (await chooser.value).set_files([FilePayload(name="c.bin", mimeType="application/x", buffer=bytes(3_000_000))])
            await expect(view.page.locator(".ka-notice")).to_contain_text("max_comm_bytes")
            await view.idle()
            await expect(files).to_have_count(0)
        assert view.watch.errors == []
