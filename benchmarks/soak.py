"""Many sessions opened and closed on one server: does everything return to where it was?

`--sessions` sessions are opened over the wire, `--at-once` at a time, each moves a slider, and is closed. Before (once a few sessions have
warmed things up) and after, these are counted: the server's private memory, its open descriptors and threads, its processes, and the
files in the directories where kernels and servers keep files. Prints both, and whether the counts are the same.

    python -m benchmarks.soak [--sessions 2000] [--at-once 8] [--template auto]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.end_to_end.harness import Server, Viewer, wait_until, write_notebook

CELLS = (
    "import math, os, time\nimport kernelapp as ka",
    "table = list(range(100_000))",
    'n = ka.slider("N", 0, 100, 1)',
    'print("n is", n, math.pi)',
    'print("clock", time.time(), os.getpid())',
)
WARM_UP = 200  # until then buffers and caches grow
POOL_THREADS = min(32, (os.cpu_count() or 1) + 4)  # asyncio's own, which come as they are first needed
PARTS = 4  # after each the server's memory is noted: what leaks grows on and on


def count(server: Server, folder: Path) -> dict[str, int]:
    """What could leak."""
    proc = Path(f"/proc/{server.process.pid}")
    private = [int(line.split()[1]) for line in (proc / "smaps_rollup").read_text().splitlines() if line.startswith("Private_")]
    return {
        "memory_kb": sum(private),
        "descriptors": len(list((proc / "fd").iterdir())),
        "threads": len(list((proc / "task").iterdir())),
        "processes": len(server.processes()),
        "files": sum(len(folders) + len(files) for _, folders, files in os.walk(folder)),  # passes over what goes meanwhile
    }


async def session(server: Server, number: int) -> None:
    """One viewer: comes, moves the slider, looks, and goes."""
    async with Viewer(server).page("app") as page:
        await page.idle()
        await page.set(page.key("N"), number % 100)
        await page.idle()
        assert page.text("c3").startswith(f"n is {number % 100} ")


async def run(server: Server, sessions: int, at_once: int) -> None:
    """As many sessions, one after the other in each of a few lanes."""
    numbers = iter(range(sessions))

    async def lane() -> None:
        for number in numbers:
            await session(server, number)

    await asyncio.gather(*(lane() for _ in range(at_once)))


async def settle(server: Server, folder: Path, start: dict[str, int]) -> None:
    """Wait until the kernels of closed sessions are gone, their sockets and their private directories (a template has one, too)."""

    def is_settled() -> bool:
        now = count(server, folder)
        gone = now["processes"] == start["processes"] and now["descriptors"] <= start["descriptors"]
        return gone and len(list(folder.glob("ka-s-*"))) <= 1

    await asyncio.to_thread(wait_until, is_settled)


async def soak(sessions: int, at_once: int, template: str, warm_up: int = WARM_UP) -> dict[str, Any]:
    """Counts before and after."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        temporary = folder / "tmp"
        temporary.mkdir()
        env = {"TMPDIR": str(temporary), "JUPYTER_RUNTIME_DIR": str(temporary / "runtime"), "XDG_STATE_HOME": str(temporary / "state")}
        path = write_notebook(folder / "app.ipynb", *CELLS)
        with Server(path, "--template", template, "--standby", "0", "--grace-s", "0", env={**os.environ, **env}) as server:
            if template != "off":
                server.wait_for_line(r"templates of 1 app")
            start = count(server, temporary)
            await run(server, warm_up, at_once)
            await settle(server, temporary, start)
            before = count(server, temporary)
            begun = time.perf_counter()
            after = before
            memory_kb = []
            for part in range(PARTS):
                await run(server, sessions * (part + 1) // PARTS - sessions * part // PARTS, at_once)
                await settle(server, temporary, start)
                after = count(server, temporary)
                memory_kb.append(after["memory_kb"])
            took_s = time.perf_counter() - begun
    same = all(after[each] <= before[each] for each in ("descriptors", "processes", "files"))
    same = same and after["threads"] <= before["threads"] + POOL_THREADS
    return {"sessions": sessions, "seconds": round(took_s, 1), "before": before, "after": after, "memory_kb": memory_kb, "same": same}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--template", default="auto")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(soak(given.sessions, given.at_once, given.template)), indent=2))


if __name__ == "__main__":
    main()
