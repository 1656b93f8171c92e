"""What a forked session costs, against a kernel of its own process that runs the same notebook: time and memory.

The notebook imports numpy, pandas and matplotlib and draws two figures. *Ready* is when all of it has been run: for the one when the
fork answers, for the other when its last cell is idle. Both are started in turns. Memory is read from /proc/PID/smaps_rollup: private is
what a session alone has, PSS shares what is shared among those who share it.

With `--isolate` only this is compared: the same fork and the same kernel of its own process, each with and without a sandbox.

    python -m benchmarks.session_start [--rounds 10] [--sessions 1 10 50] [--frame-sessions 200] [--kernel python3] [--isolate on|offline]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelapp.kernels.isolation import find_isolation
from kernelapp.kernels.jupyter import JupyterKernel
from kernelapp.kernels.kernel import ForkOptions
from tests.kernels.forks import Running, launch, template

CELLS = (
    "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt",
    "frame = pd.DataFrame({'x': np.arange(5000.0), 'y': np.sin(np.arange(5000.0) / 100)})",
    "frame.plot('x', 'y'); plt.show()",
    "frame.y.hist(bins=40); plt.show()",
    "frame.describe()",
)
EVENT = "frame.y.rolling(50).mean().tail(1)"  # what a session that lives does: a small cell
LARGE = "import numpy as np, pandas as pd\nlarge = pd.DataFrame(np.random.default_rng(1).random((1_000_000, 62)))"  # 496 MB


def memory_mb(pid: int) -> tuple[float, float]:
    """Private memory and PSS of a process, in MB (10^6 bytes)."""
    private = pss = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name.startswith("Private_"):
            private += int(rest.split()[0])
        elif name == "Pss":
            pss += int(rest.split()[0])
    return private * 1.024e-3, pss * 1.024e-3


async def timed(make: Callable[[], Any], cells: tuple[str, ...]) -> tuple[float, Running]:
    """Milliseconds until a new kernel has run these cells, and the kernel."""
    begun = time.perf_counter()
    running = Running(make())
    await running.kernel.start(running.listener)
    for cell in cells:
        await running.run(cell)
    return (time.perf_counter() - begun) * 1000, running


async def pid_of(running: Running) -> int:
    return int(await running.run("import os; os.getpid()"))


async def compare(folder: Path, kernel: str, rounds: int) -> None:
    """Times and memory of one session of each kind, in turns."""
    times: dict[str, list[float]] = {"forked": [], "exec": []}
    memory: dict[str, list[tuple[float, float]]] = {"forked": [], "exec": []}
    async with template(folder, kernel_name=kernel, cells=CELLS) as made:
        kinds: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
            "forked": (lambda: made.kernel.fork(ForkOptions()), ()),
            "exec": (lambda: JupyterKernel(launch(folder, kernel)), CELLS),
        }
        for turn in range(rounds + 1):
            for kind, (make, cells) in kinds.items():
                took, running = await timed(make, cells)
                pid = await pid_of(running)
                await running.run(EVENT)
                if turn:  # the first warms the caches of files
                    times[kind].append(took)
                    memory[kind].append(memory_mb(pid))
                await running.kernel.end()
    fork, full = (statistics.median(times[kind]) for kind in ("forked", "exec"))
    print(f"notebook ready: forked {fork:.1f} ms, exec {full:.0f} ms: 1/{full / fork:.1f}   (must 1/10, aim 1/25)")
    fork, full = (statistics.median(private for private, _ in memory[kind]) for kind in ("forked", "exec"))
    print(f"private memory after an event: forked {fork:.1f} MB, exec {full:.0f} MB: 1/{full / fork:.1f}   (must 1/5, aim 1/10)")


async def compare_isolated(folder: Path, rounds: int, mode: str) -> None:
    """Times until ready and until ended, and private memory, with and without a sandbox, in turns."""
    package_dir = launch(folder).package_dir
    for path in (folder, package_dir):
        path.chmod(0o755)
    isolation = find_isolation(mode, package_dir, [], [])
    print(isolation.describe())
    found: dict[str, list[tuple[float, float, float]]] = {}
    async with template(folder, cells=CELLS) as plain, template(folder, cells=CELLS, isolation=isolation) as isolated:
        kinds: dict[str, Callable[[], Any]] = {
            "fork": lambda: plain.kernel.fork(ForkOptions()),
            "fork, isolated": lambda: isolated.kernel.fork(ForkOptions()),
            "exec": lambda: JupyterKernel(launch(folder)),
            "exec, isolated": lambda: JupyterKernel(launch(folder, isolation=isolation)),
        }
        for turn in range(rounds + 1):
            for kind, make in kinds.items():
                ready, running = await timed(make, ())
                process = getattr(running.kernel, "_process", None)
                private, _ = memory_mb(process.pid) if process else (0.0, 0.0)
                begun = time.perf_counter()
                await running.kernel.end()
                if turn:
                    found.setdefault(kind, []).append((ready, (time.perf_counter() - begun) * 1000, private))
    for kind, rows in found.items():
        ready, end, private = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{kind}: ready {ready:.1f} ms, ended {end:.1f} ms" + (f", private {private:.1f} MB" if private else ""))


@dataclass(frozen=True)
class Crowd:
    """Sessions at the same time: medians in MB of one, MB of all with what they share, milliseconds of each until ready."""

    private: float
    pss: float
    total: float
    each_ms: float

    def __str__(self) -> str:
        return f"private {self.private:.1f} MB, PSS {self.pss:.1f} MB each, {self.total:.0f} MB in all, {self.each_ms:.0f} ms each"


async def gather_crowd(make: Callable[[], Any], cells: tuple[str, ...], count: int, event: str, template_pid: int | None) -> Crowd:
    """`count` sessions, opened one after the other, each of which has then run a cell."""
    async with contextlib.AsyncExitStack() as stack:
        pids, times = [], []
        for _ in range(count):
            took, running = await timed(make, cells)
            stack.push_async_callback(running.kernel.end)
            times.append(took)
            pids.append(await pid_of(running))
            await running.run(event)
        found = [memory_mb(pid) for pid in pids]
        private, pss = (statistics.median(column) for column in zip(*found, strict=True))
        shared = memory_mb(template_pid)[1] if template_pid is not None else 0.0
        return Crowd(private, pss, sum(pss for _, pss in found) + shared, statistics.median(times))


async def crowd(folder: Path, kernel: str, cells: tuple[str, ...], count: int, event: str, *, beside: bool) -> None:
    """`count` forked sessions and their template; `beside` the same number of kernels of their own process."""
    async with template(folder, kernel_name=kernel, cells=cells) as made:
        pid = made.kernel._process._pid
        forked = await gather_crowd(lambda: made.kernel.fork(ForkOptions()), (), count, event, pid)
    print(f"{count} sessions, forked: {forked}", flush=True)
    if beside:
        full = await gather_crowd(lambda: JupyterKernel(launch(folder, kernel)), cells, count, event, None)
        names = ("each_ms", "private", "pss", "total")
        ratios = ", ".join(f"{name} 1/{getattr(full, name) / getattr(forked, name):.1f}" for name in names)
        print(f"{count} sessions, exec: {full}: {ratios}", flush=True)


async def main(kernel: str, rounds: int, sessions: list[int], frame_sessions: int, isolate: str | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if isolate:
            await compare_isolated(folder, rounds, isolate)
            return
        await compare(folder, kernel, rounds)
        for count in sessions:
            await crowd(folder, kernel, CELLS, count, EVENT, beside=True)
        if frame_sessions:
            print("an app that holds a frame of 500 MB:")
            await crowd(folder, kernel, (LARGE,), frame_sessions, "float(large[3].mean())", beside=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--sessions", type=int, nargs="*", default=[1, 10, 50])
    parser.add_argument("--frame-sessions", type=int, default=200)
    parser.add_argument("--kernel", default="python3", help="a kernelspec whose environment has numpy, pandas and matplotlib")
    parser.add_argument("--isolate", choices=("on", "offline"))
    options = parser.parse_args()
    asyncio.run(main(options.kernel, options.rounds, options.sessions, options.frame_sessions, options.isolate))
