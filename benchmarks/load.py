"""Many live sessions on one server: how long events take, what they cost the server, and what a session weighs in it.

`--sessions` pages are opened over the wire; then events are sent, spread evenly over the sessions and the time, at each of `--rates`
(events per second, all sessions together). An event's latency goes from sending it to the message that it is settled. The server's own
processor time per event and memory per session are read from /proc: of its process alone, without the kernels'. The ratio is that of the
95th percentile to the median of the same events on the same server when one session is all there is.

    python -m benchmarks.load [--sessions 200] [--rates 5 100] [--seconds 20]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from tests.end_to_end.harness import Page, Server, Viewer, write_notebook

CELLS = (
    "import kernelapp as ka\nimport math",
    'n = ka.slider("N", 0, 1_000_000, 1)',
    'print("n is", n)',
    'print("not asked for", math.pi)',
)
ALONE_EVENTS = 60
OPENING_AT_ONCE = 8
_TICKS = os.sysconf("SC_CLK_TCK")


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_bytes(pid: int) -> int:
    """What a process has in memory for itself."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))


async def send_event(page: Page, value: int) -> float:
    """Milliseconds until the event is settled."""
    begun = time.perf_counter()
    await page.set(page.key("N"), value)
    await page.idle()
    return (time.perf_counter() - begun) * 1000


async def spread(pages: list[Page], rate: float, seconds: float) -> list[float]:
    """Latencies of events at a rate, each session's own one after the other."""
    count, tasks = int(rate * seconds), []
    last: dict[str, asyncio.Task[float]] = {}
    begun = time.perf_counter()

    async def one(page: Page, before: asyncio.Task[float] | None, value: int) -> float:
        if before is not None:
            await before
        return await send_event(page, value)

    for i in range(count):
        await asyncio.sleep(max(begun + i / rate - time.perf_counter(), 0))
        page = pages[i % len(pages)]
        last[page.session] = task = asyncio.create_task(one(page, last.get(page.session), i + 2))
        tasks.append(task)
    return await asyncio.gather(*tasks)


def percentiles(times: list[float]) -> dict[str, float]:
    """The usual three, in milliseconds."""
    cuts = statistics.quantiles(times, n=100)
    return {"p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1), "p99_ms": round(cuts[98], 1)}


async def measure(sessions: int, rates: list[float], seconds: float) -> dict[str, object]:
    """Open, send, and look."""
    found: dict[str, object] = {"sessions": sessions}
    with tempfile.TemporaryDirectory() as folder:
        path = write_notebook(Path(folder) / "app.ipynb", *CELLS)
        with Server(path, "--max-sessions", str(sessions + 1), "--max-events-per-s", "1000", "--max-opens-per-min", "0") as server:
            pid = server.process.pid
            async with AsyncExitStack() as stack:
                first = await stack.enter_async_context(Viewer(server).page("app"))
                await first.idle()
                alone = [await send_event(first, value) for value in range(2, 2 + ALONE_EVENTS)]
                found["alone"] = percentiles(alone)
                before = memory_bytes(pid)
                pages = await open_all(stack, server, sessions)
                found["server_kb_per_session"] = round((memory_bytes(pid) - before) / sessions / 1024, 1)
                for rate in rates:
                    used = processor_s(pid)
                    times = await spread(pages, rate, seconds)
                    told = percentiles(times)
                    told["events"] = len(times)
                    told["server_ms_per_event"] = round((processor_s(pid) - used) / len(times) * 1000, 2)
                    told["p95_over_alone"] = round(told["p95_ms"] / statistics.median(alone), 2)
                    found[f"{rate:g} events/s"] = told
    return found


async def open_all(stack: AsyncExitStack, server: Server, sessions: int) -> list[Page]:
    """That many pages, idle."""
    pages: list[Page] = []
    for _ in range(0, sessions, OPENING_AT_ONCE):
        width = min(OPENING_AT_ONCE, sessions - len(pages))
        opened = [await stack.enter_async_context(Viewer(server).page("app")) for _ in range(width)]
        await asyncio.gather(*(page.idle() for page in opened))
        pages += opened
    return pages


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--rates", type=float, nargs="+", default=[5, 100])
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.sessions, options.rates, options.seconds)), indent=1))


if __name__ == "__main__":
    main()
