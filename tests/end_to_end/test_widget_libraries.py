"""Each widget library on a page of its own, in a browser that asks no host but the server: what the viewer does arrives in the kernel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from .harness import Server, write_notebook
from .view import View, viewing
from .widget_apps import NOTEBOOKS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("apps")
    for name, cells in NOTEBOOKS.items():
        write_notebook(folder / f"{name}.ipynb", *cells)
    with Server(folder) as running:
        yield running


@asynccontextmanager
async def opened(browser: Browser, server: Server, app: str) -> AsyncIterator[View]:
    """The page of a library; at the end nothing was asked of another host, and nothing was complained about."""
    async with viewing(browser, server, app) as view:
        yield view
        await view.idle()
        assert view.watch.errors == []
        assert view.watch.foreign(server.url) == []
        await expect(view.page.locator(".ka-failed")).to_have_count(0)


async def says(view: View, text: str) -> None:
    """Wait until the kernel says this in a label."""
    await expect(view.page.locator(".widget-label").filter(has_text=text)).to_have_text(text)


async def middle(place: Locator) -> tuple[float, float]:
    """Where the middle of an element is on the page."""
    await place.scroll_into_view_if_needed()
    box = await place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def drag(view: View, place: Locator, right: float) -> None:
    """Press in the middle of an element, and move to the right before letting go."""
    x, y = await middle(place)
    mouse = view.page.mouse
    await mouse.move(x, y)
    await mouse.down()
    for step in range(1, 11):
        await mouse.move(x + right * step / 10, y, steps=2)
    await mouse.up()


async def test_an_anywidget_written_in_the_notebook(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "anywidget") as view:
        counter = view.page.locator(".counter")
        await expect(counter).to_have_css("color", "rgb(1, 2, 3)")
        await expect(view.page.get_by_text("as in the first versions")).to_be_visible()
        await expect(view.page.get_by_text("the other has 0, twice that is 0")).to_be_visible()
        await counter.click()
        await says(view, "value 1 data [1, 2, 1]")
        await expect(counter).to_have_text("count is 1")
        await expect(view.page.get_by_text("the other has 1, twice that is 2")).to_be_visible()
        await view.page.get_by_role("button", name="Send").click()
        await expect(view.page.locator("output")).to_have_text("hello 5,6")
        await says(view, "{'got': 'hello '} [b'\\x07\\x08']")
        await view.page.get_by_role("button", name="Close").click()
        await view.until("document.body.dataset.tidied === 'yes'")
        await expect(counter).to_have_count(0)


async def test_plotly(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "plotly") as view:
        point = view.page.locator(".scatterlayer .point").first
        await view.page.mouse.move(*await middle(point))
        await expect(view.page.locator(".hoverlayer .hovertext")).to_be_visible()
        await view.page.mouse.click(*await middle(point))
        await says(view, "clicked [0]")
        await expect(point).to_have_css("fill", "rgb(255, 0, 0)")
        await drag(view, view.page.locator(".nsewdrag").first, 100)
        await says(view, "zoomed")
        sources = [address for address in view.watch.addresses if "/blob/" in address]
        assert len(set(sources)) == len(sources)
        await expect(view.cell("c1").locator(".slice")).to_have_count(2)  # its script was to come from a public host


async def test_ipympl(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "ipympl") as view:
        await view.page.locator(".jupyter-matplotlib-canvas-div canvas").last.click()
        await says(view, "pressed at 0.5, 0.5")


async def test_tqdm(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "tqdm") as view:
        await expect(view.cell("c2")).to_contain_text("20/20")
        await view.page.get_by_role("button", name="Step").click()
        await expect(view.cell("c0")).to_contain_text("1/4")
        await says(view, "step 1")


async def test_ipyleaflet(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "ipyleaflet") as view:
        await view.page.locator("path.leaflet-interactive").click()
        await says(view, "clicked the square")
        await expect(view.page.locator("img.leaflet-marker-icon")).to_have_js_property("naturalWidth", 25)
        await drag(view, view.page.locator(".leaflet-container"), -200)
        await says(view, "east")


async def test_itables(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "itables") as view:
        await view.page.get_by_role("cell", name="Oslo").click()
        await says(view, "rows [1]")
        await expect(view.cell("c1").get_by_role("cell", name="2", exact=True)).to_be_visible()


async def test_altair(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "altair") as view:
        await view.page.get_by_role("slider").press("ArrowRight")
        await says(view, "size 21")
        await view.page.locator("path[aria-roledescription=bar]").first.click()
        await says(view, "picked [{'x': 1}]")


async def test_bqplot(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "bqplot") as view:
        point = view.page.locator(".bqplot path.dot").first
        await point.click()
        await says(view, "point 0")
        await expect(point).to_have_css("fill", "rgb(0, 0, 255)")


async def test_ipydatagrid(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "ipydatagrid") as view:
        grid = view.page.locator(".ipydatagrid-widget").first
        await grid.dblclick(position={"x": 110, "y": 32})
        await view.page.keyboard.type("Rome")
        await view.page.keyboard.press("Enter")
        await says(view, "city 0: Rome")


async def test_ipycanvas(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "ipycanvas") as view:
        canvas = view.page.locator("canvas").first
        await canvas.click(position={"x": 50, "y": 40})
        await says(view, "pressed 50 40")
        await view.until("[...document.querySelector('canvas').getContext('2d').getImageData(50, 40, 1, 1).data].join() === '255,0,0,255'")


async def test_ipytree(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "ipytree") as view:
        await view.page.get_by_text("Leaf").click()
        await says(view, "selected True")
        await view.until("document.fonts.check('900 16px \"Font Awesome 7 Free\"')")


async def test_ipyvuetify(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "ipyvuetify") as view:
        await view.page.get_by_role("button", name="Press me").click()
        await says(view, "pressed")
        await view.page.get_by_label("Name").fill("Ada")
        await expect(view.page.locator(".greeting")).to_have_text("Hello Ada")
        await view.until("document.fonts.check('24px \"Material Design Icons\"')")


async def test_bokeh(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "bokeh") as view:
        await expect(view.cell("c2").locator(".bk-Figure")).to_be_visible()
        handle = view.page.locator(".noUi-handle")
        await drag(view, handle, 30)
        await says(view, "level 4")


async def test_pythreejs(browser: Browser, server: Server) -> None:
    async with opened(browser, server, "pythreejs") as view:
        await drag(view, view.page.locator("canvas").first, 60)
        await says(view, "the camera went around")


def make_environment(folder: Path, *labextensions: str) -> dict[str, str]:
    """A Python environment that has our packages, but of their browser files only these labextensions; its kernel is called `bare`.

    Returns the environment variables with which a server finds the kernel.
    """
    env = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", env], check=True)
    packages = next((env / "lib").glob("python*")) / "site-packages"
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for name in labextensions:
        inner = Path("share", "jupyter", "labextensions", name)
        shutil.copytree(Path(sys.prefix) / inner, env / inner)
    spec = folder / "jupyter" / "kernels" / "bare" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(env / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "language": "python", "display_name": "Bare"}))
    return {"JUPYTER_PATH": str(folder / "jupyter")}


async def test_labextensions_serve_where_a_kernel_has_nothing_else(browser: Browser, tmp_path: Path) -> None:
    found = make_environment(tmp_path, "ipycanvas", "bqplot", "bqscales")
    notebook = write_notebook(tmp_path / "app.ipynb", *NOTEBOOKS["ipycanvas"], *NOTEBOOKS["bqplot"])
    with Server(notebook, "--kernel", "bare", env=found) as running:
        async with opened(browser, running, "app") as view:
            await view.page.locator("canvas").first.click(position={"x": 50, "y": 40})
            await says(view, "pressed 50 40")
            await view.page.locator(".bqplot path.dot").last.click()
            await says(view, "point 2")
        assert not [address for address in view.watch.addresses if "/nbextensions/" in address]


async def test_a_library_without_a_front_end_is_named_with_the_way_to_get_it(browser: Browser, tmp_path: Path) -> None:
    found = make_environment(tmp_path)
    notebook = write_notebook(tmp_path / "app.ipynb", *NOTEBOOKS["ipympl"][:1], *NOTEBOOKS["ipytree"])
    with Server(notebook, "--kernel", "bare", env=found) as running:
        async with viewing(browser, running) as view:
            canvas = view.cell("c0").locator(".ka-widget-problem")
            await expect(canvas).to_contain_text("jupyter-matplotlib")
            await expect(canvas).to_contain_text("pip install ipympl")
            await expect(canvas).to_contain_text("share/jupyter/nbextensions")
            await expect(view.cell("c1").locator(".ka-widget-problem")).to_contain_text("pip install ipytree")
            await says(view, "nothing yet")
            assert str(tmp_path) not in await view.page.content()
