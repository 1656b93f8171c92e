"""Templates and the kernels forked from them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from ..errors import KernelError, KernelspecError
from .adoption import describe_process
from .channels import Channels
from .death import describe_end
from .jupyter import PROTOCOL, KernelLaunch
from .keeper import MARK
from .kernel import ForkOptions, Kernel, KernelListener, KernelMessage
from .limits import Fence
from .memory import ended_for_memory
from .specs import find_kernelspec
from .template_process import ForkedProcess, TemplateLaunch, TemplateProcess, template_command, template_environment

log = logging.getLogger(__name__)

_SHUTDOWN_S = 2.0  # how long a kernel may take to end by itself


class ForkTemplate:
    """A template in a process of its own, run by the kernelspec's interpreter (see `kernel.Template`)."""

    def __init__(self, launch: KernelLaunch) -> None:
        self._launch = launch
        self._process = TemplateProcess(self._message, self._died)
        self._listener: KernelListener | None = None
        self._ready = False
        self._ending = False
        self._files: list[Path] = []

    async def start(self, listener: KernelListener) -> None:
        """As `Kernel.start`."""
        self._listener = listener
        launch = self._launch
        try:
            spec = find_kernelspec(launch.kernel_name)
            command, arguments = template_command(spec)
            runtime = {"protocol": PROTOCOL, "debug": launch.debug, "max_saved_bytes": launch.max_saved_bytes}
            env = template_environment(spec, launch.env)
            afterlife = launch.afterlife
            if afterlife is not None:
                env[MARK] = str(afterlife.state)
            links = None if afterlife is None else afterlife.links
            isolation = None if launch.isolation is None else launch.isolation.options(launch.package_dir, launch.cwd)
            async with asyncio.timeout(launch.start_timeout_s):
                how = TemplateLaunch(command, arguments, launch.cwd, env, launch.package_dir, runtime, links, isolation)
                await self._process.start(how)
        except TimeoutError as problem:
            await self.end()
            raise KernelError(f"The template did not start within {launch.start_timeout_s:g} seconds.") from problem
        except (KernelspecError, OSError) as problem:
            await self.end()
            raise KernelError(f"The template could not be started: {problem}") from problem
        except BaseException:
            await self.end()
            raise
        self._ready = True

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        """As `Kernel.execute`."""
        self._process.send({"do": "execute", "id": request, "metadata": dict(metadata)}, source.encode())

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        """As `Kernel.send_comm`, without buffers: a template has no viewer, but its Output widgets are told what they have captured."""
        self._process.send({"do": "comm", "id": request, "comm": comm}, json.dumps(dict(data)).encode())

    async def describe(self) -> bytes | None:
        """As `Kernel.describe`: a later server makes its own template."""
        return None

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        """As `Kernel.adopt`."""
        raise KernelError("A template is not taken over.")

    async def answered(self) -> None:
        """As `Kernel.answered`."""
        await self._process.ask("hello")

    async def farewell(self) -> None:
        """As `Kernel.farewell`: a template is no session."""

    async def leave(self) -> None:
        """As `Kernel.leave`: the kernels forked from it live on if they are to."""
        self._ending = True
        self._process.leave()

    async def interrupt(self) -> None:
        """As `Kernel.interrupt`."""
        self._process.interrupt()

    async def end(self) -> None:
        """As `Kernel.end`; ends the kernels forked from it, too."""
        self._ending = True
        await self._process.end()

    async def imports(self, sources: Sequence[str]) -> str | None:
        """As `Template.imports`."""
        return _reason(await self._process.ask("imports", sources=list(sources)))

    async def check(self, *, thorough: bool = False) -> str | None:
        """As `Template.check`."""
        return _reason(await self._process.ask("check", thorough=thorough))

    async def freeze(self) -> str | None:
        """As `Template.freeze`."""
        answer = await self._process.ask("freeze")
        self._files = [Path(path) for path in answer["files"]]
        return _reason(answer)

    def files(self) -> Sequence[Path]:
        """As `Template.files`."""
        return self._files

    def fork(self, options: ForkOptions) -> Kernel:
        """As `Template.fork`."""
        return ForkedKernel(self._process, options, self._launch)

    def _message(self, message: KernelMessage) -> None:
        if self._ready and self._listener is not None:
            self._listener.kernel_message(message)

    def _died(self) -> None:
        if self._ready and not self._ending and self._listener is not None:
            self._ready = False
            self._listener.kernel_died("The template ended.")


def _reason(answer: Mapping[str, Any]) -> str | None:
    reason = answer.get("reason")
    return None if reason is None else str(reason)


class ForkedKernel:
    """A kernel forked from a template, its channels and the wait for its end."""

    def __init__(self, template: TemplateProcess, options: ForkOptions, launch: KernelLaunch) -> None:
        self._template = template
        self._options = options
        self._launch = launch
        self._process: ForkedProcess | None = None
        self._channels: Channels | None = None
        self._client: AsyncKernelClient | None = None
        self._watch: asyncio.Task[None] | None = None
        self._fence: Fence | None = None
        self._listener: KernelListener | None = None
        self._ending = False
        self._memory_ends = ended_for_memory()  # what is added while this kernel runs may tell of its end

    async def start(self, listener: KernelListener) -> None:
        """As `Kernel.start`."""
        self._listener = listener
        try:
            async with asyncio.timeout(self._launch.start_timeout_s):
                await self._start(listener)
        except TimeoutError as problem:
            await self.end()
            raise KernelError(f"The kernel did not start within {self._launch.start_timeout_s:g} seconds.") from problem
        except BaseException:
            await self.end()
            raise

    async def _start(self, listener: KernelListener) -> None:
        options = self._options
        wanted: dict[str, Any] = {"cwd": None if options.cwd is None else str(options.cwd), "env": dict(options.env or {})}
        if self._launch.afterlife is not None:
            wanted["spool"] = self._launch.afterlife.max_spool_bytes
        if self._launch.isolation is not None:
            wanted["user"] = self._launch.isolation.user()
            wanted["files"] = None if options.files is None else str(options.files)
        self._process = process = await self._template.fork(wanted)
        if self._launch.fences is not None:
            self._fence = self._launch.fences.around(process.directory, process.pid)
        client = AsyncKernelClient()
        client.load_connection_info(process.info)  # type: ignore[arg-type]
        self._channels = channels = Channels(client)
        answered, ended = asyncio.create_task(channels.answer()), asyncio.create_task(process.wait())
        await asyncio.wait({answered, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in (answered, ended):
            task.cancel()
        if not answered.done():
            raise KernelError(f"The kernel did not start. {describe_end(process.exited.result())}")
        channels.listener = listener.kernel_message
        self._watch = asyncio.create_task(self._await_end(process, listener))

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        """As `Kernel.execute`."""
        self._running().execute(request, source, metadata)

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        """As `Kernel.send_comm`."""
        self._running().send_comm(request, comm, data, buffers)

    def _running(self) -> Channels:
        if self._channels is None:
            raise KernelError("The kernel is not running.")
        return self._channels

    async def answered(self) -> None:
        """As `Kernel.answered`."""
        await self._running().run_silently("")

    async def farewell(self) -> None:
        """As `Kernel.farewell`."""
        await self._running().farewell()

    async def describe(self) -> bytes | None:
        """As `Kernel.describe`: a `JupyterKernel` takes it over."""
        if self._launch.afterlife is None or self._process is None:
            return None
        self._process.keep()
        return json.dumps(describe_process(self._launch.kernel_name, self._process)).encode()

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        """As `Kernel.adopt`: never, since what takes over a fork need not fork."""
        raise KernelError("A forked kernel is taken over by a JupyterKernel.")

    async def leave(self) -> None:
        """As `Kernel.leave`."""
        self._ending = True
        process, self._process = self._process, None
        channels, self._channels = self._channels, None
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if channels is not None:
            await channels.close()
        if process is not None:
            process.leave()

    async def interrupt(self) -> None:
        """As `Kernel.interrupt`."""
        if self._process is not None:
            self._process.signal(signal.SIGINT)

    async def end(self) -> None:
        """As `Kernel.end`."""
        self._ending = True
        process, self._process = self._process, None
        channels, self._channels = self._channels, None
        if process is not None:
            if channels is not None and not process.exited.done():
                process.signal(signal.SIGINT)
                channels.shut_down()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(process.exited), _SHUTDOWN_S)
            process.kill()
            await process.exited
            if self._fence is not None:
                await self._fence.close()
        if self._watch is not None:
            await asyncio.gather(self._watch, return_exceptions=True)
        if channels is not None:
            await channels.close()

    async def _await_end(self, process: ForkedProcess, listener: KernelListener) -> None:
        code = await asyncio.shield(process.exited)
        if not self._ending:
            reason = self._fence.why_killed() if self._fence is not None else None
            listener.kernel_died(reason or describe_end(code, ended_for_memory() > self._memory_ends))
