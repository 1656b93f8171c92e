"""Opens and closes many forked kernels of one template, and says what of descriptors, processes, files and memory does not come back.

    python -m benchmarks.fork_soak [--kernels 500] [--at-once 5]

Ends with an error when anything has grown.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from kernelapp.kernels.kernel import ForkOptions
from tests.kernels.forks import Running, below, template

WARM_UP = 10
CELL = "import subprocess; _ = subprocess.Popen(['sleep', '600'], start_new_session=True); x += 1; x"
GROWTH_MB = 2.0  # of the template


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def count(made: Running) -> Mapping[str, float]:
    """What must stay as it is."""
    process = made.kernel._process
    pids = below(os.getpid())
    return {
        "descriptors here": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        "descriptors of the template": len(os.listdir(f"/proc/{process._pid}/fd")),  # noqa: PTH208
        "threads here": len(os.listdir("/proc/self/task")),  # noqa: PTH208
        "processes": len(pids),
        "files": sum(1 for _ in process.directory.rglob("*")),
        "MB of the template": resident_mb(process._pid),
    }


async def settled(made: Running) -> Mapping[str, float]:
    """The count once the template has handled the ends of all connections: it answers twice, for it hears some before others."""
    for _ in range(2):
        await made.kernel.answered()
    return count(made)


async def one(made: Running) -> None:
    running = Running(made.kernel.fork(ForkOptions()))
    await running.kernel.start(running.listener)
    assert await running.run(CELL) == "2\n"
    await running.kernel.end()


async def main(kernels: int, at_once: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        async with template(Path(folder), cells=["x = 1", "import numpy, pandas"]) as made:
            for _ in range(WARM_UP):
                await one(made)
            before = await settled(made)
            begun = time.perf_counter()
            for _ in range(kernels // at_once):
                await asyncio.gather(*(one(made) for _ in range(at_once)))
            each_ms = (time.perf_counter() - begun) / kernels * 1000
            print(f"{kernels} kernels opened, used and ended, {at_once} at a time: {each_ms:.0f} ms each")
            after = await settled(made)
            grown = False
            for name, value in before.items():
                more = after[name] - value
                grown |= more > (GROWTH_MB if "MB" in name else 0)
                print(f"{name}: {value:.0f} before, {after[name]:.0f} after")
            return int(grown)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kernels", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=5)
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.kernels, options.at_once)))
