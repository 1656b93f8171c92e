"""Templates and forked kernels for tests: runs cells, collects what they publish."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import kernelapp
from kernelapp.kernels.afterlife import Afterlife
from kernelapp.kernels.environment import kernel_environment
from kernelapp.kernels.forkserver import ForkTemplate
from kernelapp.kernels.isolation import Isolation
from kernelapp.kernels.jupyter import KernelLaunch
from kernelapp.kernels.kernel import ForkOptions, Kernel, KernelMessage

TIME_S = 60.0


class Listener:
    """Keeps what a kernel publishes."""

    def __init__(self) -> None:
        self.messages: list[KernelMessage] = []
        self.died: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._news = asyncio.Event()

    def kernel_message(self, message: KernelMessage) -> None:
        self.messages.append(message)
        self._news.set()

    def kernel_died(self, reason: str) -> None:
        self.died.set_result(reason)
        self._news.set()

    def of(self, request: str) -> list[KernelMessage]:
        """The messages that answer a request."""
        return [message for message in self.messages if message.parent == request]

    async def idle(self, request: str) -> list[KernelMessage]:
        """The messages of a request, once its cell is done."""
        async with asyncio.timeout(TIME_S):
            while not any(message.kind == "status" and b"idle" in message.content for message in self.of(request)):
                assert not self.died.done(), self.died.result()
                self._news.clear()
                await self._news.wait()
        return self.of(request)

    async def text(self, request: str, wanted: str) -> None:
        """Return when a cell that runs has printed so."""
        async with asyncio.timeout(TIME_S):
            while wanted not in printed(self.of(request)):
                self._news.clear()
                await self._news.wait()


def metadata(cell: str = "c1", **more: Any) -> dict[str, Any]:
    return {"cellId": cell, "kernelapp": {"inputs": {}, "reset": False, "instructions": None, **more}}


def printed(messages: Sequence[KernelMessage]) -> str:
    """What a cell printed; its result and its error's name count as well."""
    parts = []
    for message in messages:
        content = json.loads(message.content)
        if message.kind == "stream":
            parts.append(content["text"])
        elif message.kind == "execute_result":
            parts.append(content["data"]["text/plain"] + "\n")
        elif message.kind == "error":
            parts.append(f"{content['ename']}: {content['evalue']}\n")
    return "".join(parts)


class Running:
    """A kernel or template that runs."""

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel
        self.listener = Listener()

    async def run(self, source: str) -> str:
        """Run a cell; what it printed."""
        return printed(await self.listener.idle(self.begin(source)))

    def begin(self, source: str, **more: Any) -> str:
        kernel: Kernel = self.kernel
        request = uuid.uuid4().hex
        kernel.execute(request, source, metadata(**more))
        return request


def launch(
    folder: Path, kernel_name: str = "python3", afterlife: Afterlife | None = None, isolation: Isolation | None = None
) -> KernelLaunch:
    package_dir = folder / "package"
    if not package_dir.exists():  # not made by make_package: what is compiled already serves all tests
        package_dir.mkdir()
        (package_dir / "kernelapp").symlink_to(Path(kernelapp.__file__).parent)
    env = kernel_environment(os.environ)
    return KernelLaunch(kernel_name, folder, env, package_dir, False, 10_000_000, TIME_S, afterlife, isolation=isolation)


@asynccontextmanager
async def template(
    folder: Path,
    *,
    kernel_name: str = "python3",
    cells: Sequence[str] = (),
    freeze: bool = True,
    afterlife: Afterlife | None = None,
    isolation: Isolation | None = None,
) -> AsyncIterator[Running]:
    """A template that has run `cells` and, if so wanted, is frozen; it must be safe then."""
    running = Running(ForkTemplate(launch(folder, kernel_name, afterlife, isolation)))
    try:
        await running.kernel.start(running.listener)
        for cell in cells:
            await running.run(cell)
        if freeze:
            assert await running.kernel.freeze() is None
        yield running
    finally:
        await running.kernel.end()


@asynccontextmanager
async def fork(of: Running, options: ForkOptions | None = None) -> AsyncIterator[Running]:
    """A kernel forked from a frozen template."""
    running = Running(of.kernel.fork(options or ForkOptions()))
    try:
        await running.kernel.start(running.listener)
        yield running
    finally:
        await running.kernel.end()


def parents() -> dict[int, int]:
    """Every process of this host and its parent."""
    found = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):
                found[int(path.name)] = int((path / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return found


def below(pid: int) -> set[int]:
    """The processes below one, at any depth."""
    known, found, level = parents(), set[int](), {pid}
    while level := {child for child, parent in known.items() if parent in level}:
        found |= level
    return found


async def ended(pid: int) -> None:
    """Return when a process has ended: is gone, or waits for its parent to ask."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, done.set)
    try:
        async with asyncio.timeout(TIME_S):
            await done.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
