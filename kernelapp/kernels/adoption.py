"""Takes over a kernel process that another server started: jupyter_client's managers only know kernels of their own."""

from __future__ import annotations

import base64
import contextlib
import os
import select
import signal
from collections.abc import Mapping
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from ..errors import KernelError

if TYPE_CHECKING:
    from .template_process import ForkedProcess

UNKNOWN_CODE = 256
"""In place of the exit code of a process that is not our child, which nobody tells: no process has it (they go to 255)."""

_BYTES = "base64:"  # in JSON, before a value that was bytes


class AdoptedProcess:
    """What jupyter_client uses of a `Popen`, for a process that is not our child. A pidfd holds on to it: a pid may be used again."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, start_ticks: int) -> None:
        """Raises ProcessLookupError when the process that had started then is no more."""
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self.returncode: int | None = None
        if start_time(pid) != start_ticks:
            self._close()
            raise ProcessLookupError(pid)

    def poll(self) -> int | None:
        """As Popen: None while it runs; afterwards UNKNOWN_CODE."""
        if self.returncode is None and select.select([self._descriptor], [], [], 0)[0]:
            self._close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """As Popen."""
        if self.returncode is None:
            select.select([self._descriptor], [], [], timeout)
            self.poll()
        return UNKNOWN_CODE

    def send_signal(self, number: int) -> None:
        """As Popen: without effect on a process that has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def terminate(self) -> None:
        """As Popen."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """As Popen."""
        self.send_signal(signal.SIGKILL)

    def _close(self) -> None:
        self.returncode = UNKNOWN_CODE
        os.close(self._descriptor)


def start_time(pid: int) -> int:
    """When a process started, in clock ticks since the host did (proc(5)). Raises ProcessLookupError when none runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        raise ProcessLookupError(pid) from problem
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        raise ProcessLookupError(pid)
    return int(fields[19])


async def describe_kernel(manager: AsyncKernelManager) -> dict[str, Any]:
    """What `adopt_kernel` needs to know of a running kernel, as JSON. Holds its key: a secret."""
    assert manager.provisioner is not None
    told = await manager.provisioner.get_provisioner_info()
    pid = told.get("pid")
    return {
        "kernel_name": manager.kernel_name,
        "connection_file": manager.connection_file,
        "connection": _as_json(manager.get_connection_info()),  # the manager removes its file when it goes
        "provisioner": _as_json(told),
        "start_ticks": start_time(pid) if pid else None,
    }


def describe_process(kernel_name: str, process: ForkedProcess) -> dict[str, Any]:
    """The same of a kernel forked from a template, as if it had been started by itself."""
    info = _as_json(process.info)
    told = {"kernel_id": None, "connection_info": info, "pid": process.pid, "pgid": process.pid, "ip": None}
    file = str(process.directory / "k.json")
    return {
        "kernel_name": kernel_name,
        "connection_file": file,
        "connection": info,
        "provisioner": told,
        "start_ticks": start_time(process.pid),
    }


async def adopt_kernel(told: Mapping[str, Any]) -> AsyncKernelManager:
    """A manager of the kernel that was described so. Raises KernelError when it has ended meanwhile."""
    manager = AsyncKernelManager(kernel_name=str(told["kernel_name"]))
    info = _from_json(told["provisioner"])
    try:
        manager.connection_file = str(told["connection_file"])
        manager.load_connection_info(cast("KernelConnectionInfo", _from_json(told["connection"])))
        assert manager.kernel_spec is not None
        provisioner = KernelProvisionerFactory.instance(parent=manager).create_provisioner_instance(
            manager.kernel_id, manager.kernel_spec, parent=manager
        )
        await provisioner.load_provisioner_info(info)
        if isinstance(provisioner, LocalProvisioner) and provisioner.pid:
            provisioner.process = cast("Popen[Any]", AdoptedProcess(provisioner.pid, int(told["start_ticks"])))
            provisioner.pgid = provisioner.pid  # a kernel leads its own group
    except (OSError, ValueError) as problem:
        raise KernelError("The kernel ended while the server was away.") from problem
    manager.provisioner = provisioner
    manager._launch_args = {}
    return manager


def _as_json(info: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in info.items():
        if isinstance(value, Mapping):
            found[name] = _as_json(value)
        else:
            found[name] = _BYTES + base64.b64encode(value).decode() if isinstance(value, bytes) else value
    return found


def _from_json(info: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in info.items():
        if isinstance(value, Mapping):
            found[name] = _from_json(value)
        elif isinstance(value, str) and value.startswith(_BYTES):
            found[name] = base64.b64decode(value.removeprefix(_BYTES))
        else:
            found[name] = value
    return found
