"""The cost of an event that one cell depends on, in notebooks of 10, 50 and 200 cells that it does not touch: it must not grow.

One server serves all of them, and the events are sent to one after the other in turns, over the wire without a browser: from sending the
event to the message that it is settled. Medians in milliseconds, and their ratio to the smallest notebook's.

    python -m benchmarks.event_growth [--rounds 100] [--cells 10 50 200]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.planning import sources
from tests.end_to_end.harness import Page, Server, Viewer, write_notebook

MEASURED = 'measured = ka.slider("Measured", 0, 100_000, 0)\nprint("it is", measured)'

WARM_UP = 10
LIMIT = 1.25  # of the ratios; what is more is not noise


async def send_event(page: Page, key: str, value: int) -> float:
    """Milliseconds from sending the event until it is settled."""
    begun = time.perf_counter()
    await page.set(key, value)
    await page.idle()
    return (time.perf_counter() - begun) * 1000


async def measure(sizes: list[int], rounds: int) -> dict[int, list[float]]:
    """Milliseconds of events, by how many cells they do not touch."""
    times: dict[int, list[float]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            write_notebook(Path(folder) / f"cells-{size}.ipynb", *sources(size), MEASURED)
        with Server(folder) as server:
            async with AsyncExitStack() as stack:
                pages = {size: await stack.enter_async_context(Viewer(server).page(f"cells-{size}")) for size in sizes}
                for page in pages.values():
                    await page.idle()
                    assert {frame["status"] for frame in page.cells.values()} == {"done"}, page.cells
                for turn in range(1, WARM_UP + rounds + 1):
                    for size, page in pages.items():
                        times[size].append(await send_event(page, page.key("Measured"), turn))
                for size, page in pages.items():
                    runs = [page.cells[f"c{cell}"]["run"] for cell in range(size + 1)]
                    assert runs == [1] * size + [1 + WARM_UP + rounds], "an event ran a cell that does not depend on it"
                    assert page.text(f"c{size}") == f"it is {WARM_UP + rounds}\n"
    return {size: one[WARM_UP:] for size, one in times.items()}


def main() -> int:
    """Measure and print; 1 when the cost grows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--cells", type=int, nargs="+", default=[10, 50, 200])
    options = parser.parse_args()
    times = asyncio.run(measure(options.cells, options.rounds))
    medians = {size: statistics.median(one) for size, one in times.items()}
    ratios = {size: median / medians[options.cells[0]] for size, median in medians.items()}
    print(
        json.dumps(
            {
                "event_ms": {size: round(median, 2) for size, median in medians.items()},
                "tenth_percentile_ms": {size: round(statistics.quantiles(one, n=10)[0], 2) for size, one in times.items()},
                "ratio": {size: round(ratio, 2) for size, ratio in ratios.items()},
            }
        )
    )
    if max(ratios.values()) > LIMIT:
        print(f"an event costs more the more cells there are that it does not touch: {ratios}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
