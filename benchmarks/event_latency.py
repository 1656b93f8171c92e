"""From a viewer's input event to the changed output in the page, against a bare `execute_request` of the same cell.

Both are measured in one run, one after the other in turns: in a real browser, from dispatching the slider's input event to the mutation of
the output's text; and through jupyter_client, from sending the cell to its `idle`. Medians and their ratio are printed.

    python -m benchmarks.event_latency [--rounds 200]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from playwright.async_api import async_playwright

from tests.end_to_end.browser import launch_chromium, wait_for_idle
from tests.end_to_end.harness import Server, write_notebook

CELL = 'import kernelapp as ka\nn = ka.slider("N", 0, 1000, 1)\nprint("n is", n)'
BARE = 'n = {n}\nprint("n is", n)'

WARM_UP = 20

MEASURE = """\
(value) => new Promise((done) => {
  const input = document.querySelector("[data-control] input[type=range]");
  const cell = document.querySelector("[data-cell=c0]");
  const wanted = "n is " + value;
  const begun = performance.now();
  const seen = new MutationObserver(() => {
    if (cell.textContent.includes(wanted)) { seen.disconnect(); done(performance.now() - begun); }
  });
  seen.observe(cell, { subtree: true, childList: true, characterData: true });
  input.value = String(value);
  input.dispatchEvent(new Event("input", { bubbles: true }));
})
"""


def bare_execute(client: BlockingKernelClient, n: int) -> float:
    """Milliseconds from sending the cell to its `idle`."""
    begun = time.perf_counter()
    request = client.execute(BARE.format(n=n), store_history=False)
    while True:
        message = client.get_iopub_msg(timeout=10)
        if message["parent_header"].get("msg_id") == request and message["content"].get("execution_state") == "idle":
            return (time.perf_counter() - begun) * 1000


async def measure(rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of events, and of bare executions of the same cell, in turns."""
    manager = KernelManager(kernel_name="python3", transport="ipc")
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    events: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Server(write_notebook(Path(folder) / "app.ipynb", CELL)) as server:
        async with async_playwright() as playwright:
            browser = await launch_chromium(playwright)
            page = await browser.new_page()
            await page.goto(f"{server.url}/app/app")
            await wait_for_idle(page)
            for i in range(WARM_UP + rounds):
                events.append(await page.evaluate(MEASURE, 2 + i))
                bare.append(await asyncio.to_thread(bare_execute, client, 2 + i))
                await wait_for_idle(page)
            await browser.close()
    client.stop_channels()
    manager.shutdown_kernel()
    return events[WARM_UP:], bare[WARM_UP:]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    events, bare = asyncio.run(measure(parser.parse_args().rounds))
    event_ms, execute_ms = statistics.median(events), statistics.median(bare)
    print(json.dumps({"event_ms": round(event_ms, 2), "execute_ms": round(execute_ms, 2), "ratio": round(event_ms / execute_ms, 2)}))


if __name__ == "__main__":
    main()
