"""A page with 90 models of ipywidgets: how soon it can be used and what it loads; and a slider's round trip through a callback.

The round trip is from pressing an arrow key on the slider to the changed text of a label that its `observe` callback sets. In turns with
it, in the same run, the same is done by a bare jupyter_client: from sending the `comm_msg` to the message that changes the label.

    python -m benchmarks.widgets [--rounds 200]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from playwright.async_api import Browser, async_playwright

from tests.end_to_end.browser import launch_chromium, wait_for_idle
from tests.end_to_end.harness import Server, write_notebook

CELL = """\
import ipywidgets as w
sliders = [w.IntSlider(max=100_000) for _ in range(28)]  # each has a layout and a style
label = w.Label("start")
sliders[0].observe(lambda change: setattr(label, "value", f"now {change.new}"), "value")
spare = w.Layout()
w.VBox([label, *sliders])"""
MODELS = 28 * 3 + 3 + 1 + 2
WARM_UP = 20

MEASURE = """\
(value) => new Promise((done) => {
  const label = document.querySelector("[data-cell=c0] .widget-label");
  const handle = document.querySelector("[data-cell=c0] [role=slider]");
  const begun = performance.now();
  const seen = new MutationObserver(() => {
    if (label.textContent === `now ${value}`) { seen.disconnect(); done(performance.now() - begun); }
  });
  seen.observe(label, { subtree: true, childList: true, characterData: true });
  handle.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
})
"""


class Bare:
    """The same notebook in a kernel of its own, with nothing but jupyter_client."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self._slider = self._label = ""
        request = client.execute(CELL, store_history=False)
        while True:
            message = client.get_iopub_msg(timeout=60)
            content = message["content"]
            if message["msg_type"] == "comm_open":
                kind = content["data"]["state"]["_model_name"]
                self._slider = self._slider or (content["comm_id"] if kind == "IntSliderModel" else "")
                self._label = self._label or (content["comm_id"] if kind == "LabelModel" else "")
            if message["parent_header"].get("msg_id") == request and content.get("execution_state") == "idle":
                return

    def move(self, value: int) -> float:
        """Milliseconds from sending the slider's value to the label's."""
        data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        message = self._client.session.msg("comm_msg", {"comm_id": self._slider, "data": data})
        begun = time.perf_counter()
        self._client.shell_channel.send(message)
        took = 0.0
        while True:
            came = self._client.get_iopub_msg(timeout=10)
            content = came["content"]
            if content.get("comm_id") == self._label and content["data"]["state"].get("value") == f"now {value}":
                took = (time.perf_counter() - begun) * 1000
            if took and content.get("execution_state") == "idle":
                return took


async def weigh(browser: Browser, server: Server) -> dict[str, Any]:
    """Milliseconds from navigation to a page that can be used, with an empty cache; requests and bytes as they cross the network."""
    context = await browser.new_context()
    page = await context.new_page()
    network = await context.new_cdp_session(page)
    await network.send("Network.enable")
    addresses: dict[str, str] = {}
    sizes: dict[str, int] = {}
    network.on("Network.requestWillBeSent", lambda event: addresses.update({event["requestId"]: event["request"]["url"]}))
    network.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])}))
    begun = time.perf_counter()
    await page.goto(f"{server.url}/app/app")
    await wait_for_idle(page)
    took = (time.perf_counter() - begun) * 1000
    shown = await page.locator("[role=slider]").count()
    await context.close()
    fetched = {address: sizes.get(request, 0) for request, address in addresses.items() if not address.startswith(("data:", "ws"))}
    return {
        "models": MODELS,
        "sliders_shown": shown,
        "operable_ms": round(took),
        "requests": len(fetched),
        "compressed_bytes": sum(fetched.values()),
        "other_hosts": sorted({urlsplit(address).netloc for address in fetched} - {urlsplit(server.url).netloc}),
    }


async def measure(rounds: int) -> dict[str, Any]:
    """Everything, in one run."""
    manager = KernelManager(kernel_name="python3", transport="ipc")
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    bare = Bare(client)
    moved: list[float] = []
    plain: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Server(write_notebook(Path(folder) / "app.ipynb", CELL)) as server:
        async with async_playwright() as playwright:
            browser = await launch_chromium(playwright)
            weight = await weigh(browser, server)
            page = await browser.new_page()
            await page.goto(f"{server.url}/app/app")
            await wait_for_idle(page)
            for i in range(1, WARM_UP + rounds + 1):
                moved.append(await page.evaluate(MEASURE, i))
                plain.append(await asyncio.to_thread(bare.move, i))
                await wait_for_idle(page)
            await browser.close()
    client.stop_channels()
    manager.shutdown_kernel()
    event_ms, bare_ms = statistics.median(moved[WARM_UP:]), statistics.median(plain[WARM_UP:])
    return {**weight, "slider_ms": round(event_ms, 2), "bare_ms": round(bare_ms, 2), "ratio": round(event_ms / bare_ms, 2)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    print(json.dumps(asyncio.run(measure(parser.parse_args().rounds))))


if __name__ == "__main__":
    main()
