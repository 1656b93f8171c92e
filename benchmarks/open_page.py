"""Opening an app in a browser, with a template against without: first contentful paint, all outputs shown, the page idle.

Two servers serve the same notebook (pandas, two figures, controls), one with `--template off`. In turns, each page is opened in a fresh
browser context with a cold cache; the times are the browser's own, from the navigation on. Then `--at-once` sessions are opened together
over the wire on each, and what is left of their processes is counted when they are closed.

    python -m benchmarks.open_page [--rounds 10] [--at-once 50]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from tests.end_to_end.browser import launch_chromium, wait_for_idle
from tests.end_to_end.harness import Page, Server, Viewer, wait_until, write_notebook

CELLS: tuple[str | tuple[str, str, list[str]], ...] = (
    ("markdown", "# Waves\n\nTwo figures and a table.", []),
    "%matplotlib inline\nimport numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\nimport kernelapp as ka",
    "x = np.linspace(0, 10, 100_000)\ntable = pd.DataFrame({'x': x, 'y': np.sin(x)})",
    'n = ka.slider("Points", 10, 1000, 100)\nwith ka.sidebar:\n    colour = ka.color_picker("Colour", "#336699")',
    "plt.plot(table.x[:n], table.y[:n], color=colour)\nplt.show()",
    "plt.hist(table.y, bins=30)\nplt.show()",
    "table.head()",
)
TIMES = """\
() => ({
  paint_ms: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  shown_ms: window.shownAt,
  idle_ms: window.idleAt,
  requests: performance.getEntriesByType("resource").length + 1,
})
"""
WATCH = """\
const watch = new MutationObserver(() => {
  const isShown = document.querySelectorAll("ka-cell img").length > 1 && document.querySelector("ka-cell table");
  if (isShown) window.shownAt ??= performance.now();
  if (document.body?.dataset.state === "idle") { window.idleAt = performance.now(); watch.disconnect(); }
});
watch.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
"""


async def open_page(browser: Browser, server: Server) -> dict[str, float]:
    """Milliseconds of one page, from its navigation on; when this returns its kernel has ended, which would burden the next."""
    before = len(server.processes())
    context = await browser.new_context()
    page = await context.new_page()
    await page.add_init_script(WATCH)
    await page.goto(f"{server.url}/app/app")
    await wait_for_idle(page)
    times: dict[str, float] = await page.evaluate(TIMES)
    await context.close()
    await asyncio.to_thread(wait_until, lambda: len(server.processes()) <= before)
    return times


async def open_many(server: Server, count: int) -> dict[str, Any]:
    """Seconds until `count` sessions, opened together, are idle; how many cells failed; processes left behind."""
    before = len(server.processes())
    begun = time.perf_counter()

    async def one(stack: AsyncExitStack) -> Page:
        page = await stack.enter_async_context(Viewer(server).page("app"))
        await page.idle()
        return page

    async with AsyncExitStack() as stack:
        pages = await asyncio.gather(*(one(stack) for _ in range(count)))
        took_s = time.perf_counter() - begun
    failed = sum(cell["status"] != "done" for page in pages for cell in page.cells.values())
    await asyncio.to_thread(wait_until, lambda: len(server.processes()) <= before)
    return {"idle_s": round(took_s, 2), "failed": failed, "processes_left": len(server.processes()) - before}


async def measure(rounds: int, at_once: int) -> dict[str, Any]:
    """Both servers in turns."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_notebook(Path(folder) / "app.ipynb", *CELLS)
        options = ("--grace-s", "0", "--state-dir", "none", "--max-sessions", "1000")
        with Server(path, *options) as forking, Server(path, "--template", "off", *options) as starting:
            forking.wait_for_line(r"templates of 1 app")
            servers = {"template": forking, "off": starting}
            times: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
            async with async_playwright() as playwright:
                browser = await launch_chromium(playwright)
                for turn in range(rounds + 1):
                    for name in list(servers)[:: 1 if turn % 2 else -1]:
                        times[name].append(await open_page(browser, servers[name]))
                await browser.close()
            found: dict[str, Any] = {name: _medians(each[1:]) for name, each in times.items()}
            for what in ("paint_ms", "shown_ms", "idle_ms"):
                found[f"{what}_ratio"] = round(found["template"][what] / found["off"][what], 3)
            for name, server in servers.items():
                found[name]["at_once"] = {"sessions": at_once, **await open_many(server, at_once)}
            return found


def _medians(times: list[dict[str, float]]) -> dict[str, Any]:
    return {name: round(statistics.median(each[name] for each in times), 1) for name in times[0]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=50)
    given = parser.parse_args()
    print(json.dumps(asyncio.run(measure(given.rounds, given.at_once)), indent=2))


if __name__ == "__main__":
    main()
