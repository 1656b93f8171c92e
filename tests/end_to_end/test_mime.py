"""Every type of output, made by a real kernel and drawn by a real browser that reaches no host but the server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from .harness import Server, serving, write_notebook
from .view import View, viewing

FILM = (
    "GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAAGBEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uEH0O2dVOsgdNN"
    "u4xTq4QcU7trU6yCAW/srgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYRDeq+eTYCGQ2hyb21lV0GGQ2hy"
    "b21lFlSua7uuudeBAXPFhtMkRHp94YOBAVXugQGGhVZfVlA54J2wgRC6gRBTwIEBVbCQVbGBAVW5gQJVuoENVbuBAR9DtnUBAAAAAAAAkOeBAKDJoaOBAAAAgkmDQlAA"
    "8AD2ZjgkHBmSAAAgQAAQv/g/v//++w/CgHWhoaaf7oEBpZqCSYNCAADwAPZmOCQcGZIAACBAABC/+qgAAKDAoaKBAPoAhgBAkvDxOQAADHAAAAGG//9Blf//yq/////i"
    "SAAAdaGWppTugQGlj4YAQJKcPE5AAANwAABCQPuBABxTu2uNu4uzgQC3hveBAfGB0w=="
)
"""Two frames of 16 by 16 pixels in VP9."""

VEGA_LITE = {
    "data": {"values": [{"a": "x", "b": 3}, {"a": "y", "b": 7}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a"}, "y": {"field": "b", "type": "quantitative"}},
}
VEGA = {
    "width": 100,
    "height": 50,
    "marks": [
        {"type": "rect", "encode": {"enter": {side: {"value": 40} for side in ("x", "y", "width", "height")} | {"fill": {"value": "red"}}}}
    ],
}
PICTURE = """\
import io
from PIL import Image as Picture
from IPython.display import Image
buffer = io.BytesIO()
Picture.new("RGB", (40, 30), "red")"""


def bundle(mime: str, data: Any) -> str:
    """A cell that displays data of a type as it is, with the plain text that a kernel would add."""
    return f'display({{{mime!r}: {data!r}, "text/plain": "<plain text>"}}, raw=True)'


def picture(form: str) -> str:
    """A cell that displays a red rectangle of 40 by 30 pixels."""
    return f'{PICTURE}.save(buffer, "{form}")\nImage(data=buffer.getvalue(), format="{form.lower()}")'


CELLS = {
    "stdout": 'print("plain \\x1b[31mred\\x1b[0m \\x1b[1;38;5;21mblue\\x1b[0m end")',
    "stderr": 'import sys\nprint("beware", file=sys.stderr)',
    "progress": 'for i in range(0, 101, 10):\n    print(f"\\r{i:3d} %", end="", flush=True)\nprint("\\nover")',
    "text": '{"a": [1, 2]}',
    "html": 'from IPython.display import HTML\nHTML("<h3 class=mine>Heading</h3><p>with <em>style</em></p>")',
    "png": picture("PNG"),
    "jpeg": picture("JPEG"),
    "gif": picture("GIF"),
    "svg": 'from IPython.display import SVG\nSVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><circle r="9"/></svg>\')',
    "markdown": 'from IPython.display import Markdown\nMarkdown("## Two\\n\\n*light* $x^2$\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |")',
    "latex": 'from IPython.display import Latex\nLatex(r"The area is $\\pi r^2$.")',
    "math": 'from IPython.display import Math\nMath(r"\\int_0^1 x\\,dx = \\frac{1}{2}")',
    "json": 'from IPython.display import JSON\nJSON({"name": "Ada", "list": [1, None, True]})',
    "javascript": "from IPython.display import Javascript\nJavascript('element.append(\"made by a script\")')",
    "audio": "import numpy as np\nfrom IPython.display import Audio\nAudio(np.sin(np.arange(4000) / 9), rate=8000)",
    "video": f'import base64\nfrom IPython.display import Video\nVideo(base64.b64decode("{FILM}"), embed=True, mimetype="video/webm")',
    "film": bundle("video/webm", FILM),
    "sound": 'import base64\ndisplay({"audio/wav": base64.b64encode(Audio(np.zeros(800), rate=8000).data).decode()}, raw=True)',
    "altair": "import altair as alt\nimport pandas as pd\n"
    'alt.Chart(pd.DataFrame({"x": [1, 2], "y": [3, 4]})).mark_point().encode(x="x", y="y")',
    "vegalite4": bundle("application/vnd.vegalite.v4+json", VEGA_LITE),
    "vegalite5": bundle("application/vnd.vegalite.v5+json", VEGA_LITE),
    "vegalite6": bundle("application/vnd.vegalite.v6+json", VEGA_LITE),
    "vegalite6dot": bundle("application/vnd.vegalite.v6.json", VEGA_LITE),
    "vega5": bundle("application/vnd.vega.v5+json", VEGA),
    "vega6": bundle("application/vnd.vega.v6.json", VEGA),
    "plotly": 'import plotly.graph_objects as go\ngo.Figure(go.Bar(x=["a", "b"], y=[1, 2]))',
    "plotly_show": 'go.Figure(go.Scatter(x=[1, 2, 3], y=[2, 1, 3], mode="markers")).show()',
    "geojson": 'from IPython.display import GeoJSON\nGeoJSON({"type": "FeatureCollection", "features": ['
    '{"type": "Feature", "properties": {"name": "Zurich"}, "geometry": {"type": "Point", "coordinates": [8.5, 47.4]}},'
    '{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[5, 46], [10, 46], [10, 48], [5, 46]]]}}]})',
    "updated": 'handle = display("one", display_id=True)\nhandle.update("two")',
    "updated_later": 'later = display("to be changed", display_id="later")',
    "updating": 'from IPython.display import update_display\nupdate_display("changed by a later cell", display_id="later")',
    "animation": "import time\nfrom IPython.display import clear_output\nfor i in range(12):\n"
    "    clear_output(wait=True)\n    display(i)\n    time.sleep(0.03)",
    "table": 'pd.DataFrame({"city": ["Bern", "Oslo"], "people": [134, 709]})',
    "figure": 'import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title("Figure")\nplt.show()',
    "unknown": 'display({"application/x-unheard-of": "1"}, raw=True)',
}
IDS = {name: f"c{i}" for i, name in enumerate(CELLS)}

# In a page of their own, since some of them fail on purpose.
SCRIPTS = """\
from IPython.display import HTML
HTML('''<ol class=said></ol>
<script>document.currentScript.parentElement.querySelector(".said").insertAdjacentHTML("beforeend", "<li>first</li>")</script>
<script src="data:text/javascript,window.library='second'"></script>
<script>window.say = (text) => document.querySelector(".said").insertAdjacentHTML("beforeend", `<li>${text}</li>`); say(library)</script>
<script>throw new Error("on purpose")</script>
<script>say("after the failure")</script>
<script src="data:text/javascript;base64,!"></script>
<script type="module">window.say("a module")</script>
<script type="text/template"><b>not run</b></script>
<script>say("the last")</script>''')
"""
BLOB = """\
from IPython.display import HTML
HTML('''<p class=blob></p><script>
const maker = document.createElement("script");
maker.src = URL.createObjectURL(new Blob(["document.querySelector('.blob').textContent = 'from a blob'"]));
document.head.append(maker);
</script>''')
"""
RECORD = """\
window.animation = [];
new MutationObserver(() => {
  const cell = document.querySelector('[data-cell="%s"]');
  if (cell && animation.at(-1) !== cell.textContent.trim()) animation.push(cell.textContent.trim());
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("apps")
    write_notebook(folder / "tidy.ipynb", *CELLS.values())
    write_notebook(folder / "scripts.ipynb", SCRIPTS, BLOB)
    with Server(folder) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def tidy(browser: Browser, server: Server) -> AsyncIterator[View]:
    async with viewing(browser, server, None) as view:
        await view.page.add_init_script(RECORD % IDS["animation"])
        await view.open("tidy")
        yield view


def shown(view: View, name: str) -> Locator:
    """The outputs of a cell."""
    return view.cell(IDS[name]).locator(".ka-output")


async def painted(canvas: Locator) -> int:
    """How many pixels of a canvas are not clear."""
    await expect(canvas).to_be_visible()
    count: int = await canvas.evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((value, index) => index % 4 === 3 && value > 0).length;
        }"""
    )
    return count


async def test_no_cell_failed_and_none_is_empty(tidy: View) -> None:
    for name, cell in IDS.items():
        await expect(tidy.cell(cell), name).to_have_attribute("data-status", "done")
    for name in CELLS.keys() - {"updating"}:
        assert await shown(tidy, name).count() > 0, name


async def test_standard_output_has_its_colours(tidy: View) -> None:
    await expect(shown(tidy, "stdout")).to_have_text("plain red blue end")
    ink, red, blue = [
        await shown(tidy, "stdout").get_by_text(word, exact=True).evaluate("node => getComputedStyle(node).color")
        for word in ("plain red blue end", "red", "blue")
    ]
    assert len({ink, red, blue}) == 3
    assert await shown(tidy, "stdout").get_by_text("blue").evaluate("node => getComputedStyle(node).fontWeight") in ("600", "700")


async def test_standard_error_is_marked_as_such(tidy: View) -> None:
    await expect(shown(tidy, "stderr")).to_have_text("beware")
    await expect(shown(tidy, "stderr")).to_have_attribute("data-stream", "stderr")


async def test_a_progress_bar_of_text_stays_on_its_line(tidy: View) -> None:
    assert (await shown(tidy, "progress").inner_text()).rstrip() == "100 %\nover"


async def test_plain_text_is_shown_as_it_is(tidy: View) -> None:
    await expect(shown(tidy, "text")).to_have_text("{'a': [1, 2]}")


async def test_html_is_markup(tidy: View) -> None:
    await expect(shown(tidy, "html").locator("h3.mine")).to_have_text("Heading")
    await expect(shown(tidy, "html").locator("em")).to_have_css("font-style", "italic")


@pytest.mark.parametrize("name", ["png", "jpeg", "gif"])
async def test_bitmaps_are_pictures(tidy: View, name: str) -> None:
    image = shown(tidy, name).locator("img")
    await expect(image).to_be_visible()
    assert await image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [40, 30]
    assert f"image/{name}" in str(await image.get_attribute("src"))


async def test_svg_is_a_picture(tidy: View) -> None:
    await expect(shown(tidy, "svg").locator("img")).to_be_visible()
    assert await shown(tidy, "svg").locator("img").evaluate("image => [image.naturalWidth, image.naturalHeight]") == [60, 20]


async def test_markdown_has_emphasis_mathematics_and_tables(tidy: View) -> None:
    output = shown(tidy, "markdown")
    await expect(output.locator("h2")).to_have_text("Two")
    await expect(output.locator("em")).to_have_text("light")
    await expect(output.locator(".katex-html")).to_be_visible()
    await expect(output.locator("td")).to_have_text(["1", "2"])


async def test_latex_is_typeset(tidy: View) -> None:
    await expect(shown(tidy, "latex")).to_contain_text("The area is")
    await expect(shown(tidy, "latex").locator(".katex-html")).to_be_visible()
    assert await shown(tidy, "latex").locator(".katex-display").count() == 0
    await expect(shown(tidy, "math").locator(".katex-html .mfrac")).to_be_visible()
    assert await tidy.page.evaluate("document.fonts.check('16px KaTeX_Main')")


async def test_json_is_a_tree_that_opens(tidy: View) -> None:
    output = shown(tidy, "json")
    await output.locator("summary").first.click()
    await expect(output.get_by_text('"Ada"')).to_be_visible()
    inner = output.locator("details details")
    await inner.locator("summary").click()
    await expect(inner.get_by_text("null")).to_be_visible()


async def test_javascript_gets_its_output_as_element(tidy: View) -> None:
    await expect(shown(tidy, "javascript")).to_have_text("made by a script")


@pytest.mark.parametrize("name", ["audio", "sound"])
async def test_audio_can_be_played(tidy: View, name: str) -> None:
    player = shown(tidy, name).locator("audio")
    await expect(player).to_be_visible()
    handle = await player.element_handle()
    await tidy.until("it.readyState >= 1 && it.duration > 0", handle)


@pytest.mark.parametrize("name", ["video", "film"])
async def test_video_can_be_played(tidy: View, name: str) -> None:
    player = shown(tidy, name).locator("video")
    await expect(player).to_be_visible()
    handle = await player.element_handle()
    await tidy.until("it.readyState >= 2 && it.videoWidth === 16", handle)


@pytest.mark.parametrize("name", ["altair", "vegalite4", "vegalite5", "vegalite6", "vegalite6dot", "vega5", "vega6"])
async def test_vega_of_every_version_draws_marks(tidy: View, name: str) -> None:
    assert await painted(shown(tidy, name).locator("canvas")) > 500
    await expect(shown(tidy, name)).not_to_contain_text("<plain text>")


@pytest.mark.parametrize(("name", "marks", "count"), [("plotly", ".bars .point", 2), ("plotly_show", ".scatterlayer .point", 3)])
async def test_plotly_draws_marks(tidy: View, name: str, marks: str, count: int) -> None:
    await expect(shown(tidy, name).locator(marks)).to_have_count(count)


async def test_plotly_comes_from_the_kernels_own_package(tidy: View) -> None:
    asked = [address for address in tidy.watch.addresses if "plotly.min.js" in address]
    assert asked == [f"{tidy.server.url}/app/tidy/kernel/plotly/plotly.min.js"]


async def test_geojson_is_a_map(tidy: View) -> None:
    drawing = shown(tidy, "geojson").locator("svg")
    await expect(drawing.locator("circle")).to_be_visible()
    await expect(drawing.locator("path")).to_be_visible()
    assert "name: Zurich" in str(await drawing.locator("title").text_content())


async def test_a_display_is_updated_in_its_place(tidy: View) -> None:
    await expect(shown(tidy, "updated")).to_have_text(["'two'"])


async def test_a_display_is_updated_by_a_later_cell(tidy: View) -> None:
    await expect(shown(tidy, "updated_later")).to_have_text(["'changed by a later cell'"])
    assert await shown(tidy, "updating").count() == 0


async def test_an_animation_shows_its_frames_and_never_nothing_between(tidy: View) -> None:
    await expect(shown(tidy, "animation")).to_have_text(["11"])
    frames: list[str] = await tidy.page.evaluate("animation")
    drawn = frames[next(i for i, frame in enumerate(frames) if frame) :]
    assert "" not in drawn
    assert len(drawn) > 3
    assert drawn == sorted(drawn, key=int)


async def test_a_frame_is_a_styled_table(tidy: View) -> None:
    table = shown(tidy, "table").locator("table")
    await expect(table.locator("tbody tr")).to_have_count(2)
    await expect(table.locator("tbody tr").first).to_contain_text("Bern")
    await expect(table.locator("tbody td").last).to_have_css("text-align", "right")


async def test_a_matplotlib_figure_is_a_picture(tidy: View) -> None:
    image = shown(tidy, "figure").locator("img")
    await expect(image).to_be_visible()
    assert await image.evaluate("image => image.naturalWidth") > 300


async def test_a_type_that_nobody_knows_is_named(tidy: View) -> None:
    await expect(shown(tidy, "unknown")).to_have_text("This output (application/x-unheard-of) cannot be shown here.")


async def test_the_page_complains_of_nothing_and_asks_no_other_host(tidy: View) -> None:
    assert tidy.watch.errors == []
    assert tidy.watch.foreign(tidy.server.url) == []


async def test_scripts_of_an_output_run_in_order_modules_last_and_a_failing_one_stops_none(browser: Browser, server: Server) -> None:
    async with viewing(browser, server, "scripts") as view:
        items = view.cell("c0").locator(".said li")
        await expect(items).to_have_text(["first", "second", "after the failure", "the last", "a module"])
        assert any("on purpose" in error for error in view.watch.errors)
        await expect(view.cell("c1").locator(".blob")).to_have_text("from a blob")


async def test_a_viewer_sees_that_a_cell_failed_and_nothing_of_its_source(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "secret_name = 1 / 0", "print(secret_name)") as server:
        async with viewing(browser, server) as view:
            card = view.cell("c0").locator(".ka-failed")
            await expect(card).to_contain_text("Something went wrong in this part of the app.")
            reference = await card.locator("code").text_content()
            server.wait_for_line(f"reference {reference}: ZeroDivisionError")
            await expect(view.cell("c1")).to_have_attribute("data-status", "upstream-failed")
            page = await view.page.content()
            assert "ZeroDivision" not in page
            assert "secret_name" not in page


async def test_with_debug_the_author_reads_the_traceback(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "def divide(a):\n    return a / 0\ndivide(1)", options=("--debug",)) as server:
        async with viewing(browser, server) as view:
            card = view.cell("c0").locator(".ka-failed")
            await expect(card).to_contain_text("ZeroDivisionError: division by zero")
            await card.get_by_text("Traceback", exact=True).click()
            await expect(card.locator("pre")).to_contain_text(re.compile(r"return a / 0"))
            assert await card.locator("pre span[class], pre span[style]").count() > 0
            assert "\x1b" not in await card.inner_text()
