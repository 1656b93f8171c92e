"""A provisioner of jupyter_client that forks kernels from a template: `kernelapp-fork` in a kernelspec.

```json
"metadata": {"kernel_provisioner": {"provisioner_name": "kernelapp-fork", "config": {"imports": ["pandas"], "cells": ["x = 1"]}}}
```

Kernels of the same kernelspec have one template in each process that starts them; it and its kernels end with that process.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import List, Unicode

from ..errors import KernelError
from .package import make_package
from .template_process import ForkedProcess, TemplateLaunch, TemplateProcess, template_command, template_environment

log = logging.getLogger(__name__)

T = TypeVar("T")

_UNKNOWN_CODE = 1  # of a kernel that outlived its template: nobody saw how it ended


class ForkProvisioner(KernelProvisionerBase):
    """Starts kernels as forks of a template that has run `imports` and `cells`."""

    imports = List(Unicode(), help="Modules that the template imports.").tag(config=True)
    cells = List(Unicode(), help="Cells that the template runs; kernels start with what they made.").tag(config=True)

    _process: ForkedProcess | None = None
    _arguments: Sequence[str] = ()  # of this launch, besides the kernelspec's
    pid: int | None = None
    pgid: int | None = None

    @property
    def has_process(self) -> bool:
        """As the base class has it."""
        return self._process is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """As the base class has it; there is no command."""
        self._arguments = list(kwargs.pop("extra_arguments", None) or [])
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel; returns where it listens. After a restart that is where it was before. Raises KernelError."""
        cwd = str(kwargs.get("cwd") or Path.cwd())
        wanted = {"cwd": cwd, "env": kwargs["env"], "heartbeat": True}
        known: dict[str, Any] = dict(self.connection_info)
        self._process = process = await _in_thread(self._fork(cwd, wanted, known))
        self.pid = self.pgid = process.pid
        self.connection_info = process.info  # type: ignore[assignment]
        return self.connection_info

    async def _fork(self, cwd: str, wanted: dict[str, Any], known: dict[str, Any]) -> ForkedProcess:
        command, arguments = template_command(self.kernel_spec)
        arguments += self._arguments
        key = json.dumps([command, arguments, self.kernel_spec.env, self.imports, self.cells])
        template = await _templates.get(key, command, arguments, cwd, self)
        return await template.fork(wanted, known.get("ip"), known.get("key"))

    async def poll(self) -> int | None:
        """As the base class has it."""
        if self._process is None:
            return 0
        if not self._process.exited.done():
            return None
        code = self._process.exited.result()
        return _UNKNOWN_CODE if code is None else code

    async def wait(self) -> int | None:
        """As the base class has it."""
        process = self._process
        if process is None:
            return 0

        async def ended() -> int | None:
            return await asyncio.shield(process.exited)

        await _in_thread(ended())
        code = await self.poll()
        self._process = None
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it started."""
        if self._process is not None:
            self._process.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """As the base class has it."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """As the base class has it."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing: a kernel's files go when it ends."""


class _Templates:
    """The templates of this process."""

    def __init__(self) -> None:
        self._found: dict[str, asyncio.Task[TemplateProcess]] = {}
        self._package: tempfile.TemporaryDirectory[str] | None = None

    async def get(self, key: str, command: list[str], arguments: list[str], cwd: str, of: ForkProvisioner) -> TemplateProcess:
        """The template for `key`, ready to be forked; made when there is none or the last one has ended."""
        task = self._found.get(key)
        if task is not None and task.done() and (task.cancelled() or task.exception() or not task.result().alive):
            task = None
        if task is None:
            env = template_environment(of.kernel_spec, os.environ)
            launch = TemplateLaunch(command, arguments, Path(cwd), env, self._package_dir(), None)
            task = self._found[key] = asyncio.create_task(_make(launch, list(of.imports), list(of.cells)))
        return await asyncio.shield(task)

    async def end(self) -> None:
        for task in self._found.values():
            task.cancel()
        for done in await asyncio.gather(*self._found.values(), return_exceptions=True):
            if isinstance(done, TemplateProcess):
                await done.end()
        if self._package is not None:
            self._package.cleanup()

    def _package_dir(self) -> Path:
        """What templates see of our installation."""
        if self._package is None:
            self._package = tempfile.TemporaryDirectory(prefix="ka-")
            make_package(Path(self._package.name))
        return Path(self._package.name)


async def _make(launch: TemplateLaunch, imports: list[str], cells: list[str]) -> TemplateProcess:
    """A frozen template that has run all; where that cannot be forked, one that has only imported; at last one that has done nothing."""
    modules = [f"import {name}" for name in imports]
    reason = None
    for sources, run in ((modules, cells), ([*modules, *cells], []), ([], [])):
        template = TemplateProcess(lambda message: None, lambda: None)
        try:
            await template.start(launch)
            if problem := (await template.ask("imports", sources=sources))["reason"]:
                log.warning("a template's imports failed: %s", problem)
            for cell in run:
                template.send({"do": "execute", "id": "cell", "metadata": {}}, cell.encode())
            reason = (await template.ask("freeze"))["reason"]
        except BaseException:
            await template.end()
            raise
        if reason is None:
            return template
        await template.end()
        log.warning("a template cannot be forked as it was asked for: %s", reason)
    raise KernelError(f"The template cannot be forked: {reason}")


class _Thread:
    """An event loop of their own for templates: jupyter_client may call from any loop and thread, one after the other."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="kernelapp-templates", daemon=True).start()
        atexit.register(self._end)

    def _end(self) -> None:
        asyncio.run_coroutine_threadsafe(_templates.end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)


_templates = _Templates()
_thread: _Thread | None = None


async def _in_thread(work: Coroutine[Any, Any, T]) -> T:
    global _thread
    if _thread is None:
        _thread = _Thread()
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _thread.loop))
