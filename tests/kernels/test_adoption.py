"""Kernels that another process started: real ones."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from jupyter_client.manager import AsyncKernelManager

from kernelapp.errors import KernelError
from kernelapp.kernels.adoption import UNKNOWN_CODE, AdoptedProcess, adopt_kernel, describe_kernel, start_time
from kernelapp.kernels.death import wait_for_end

_START = """
import asyncio, json, subprocess, sys
from jupyter_client.manager import AsyncKernelManager
from kernelapp.kernels.adoption import describe_kernel

async def main():
    manager = AsyncKernelManager(kernel_name="python3")
    manager.connection_file = sys.argv[1] + "/k.json"
    manager.transport, manager.ip = "ipc", sys.argv[1] + "/s"
    await manager.start_kernel(independent=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    print(json.dumps(await describe_kernel(manager)), flush=True)

asyncio.run(main())
"""


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a server that is gone told of its kernel."""
    folder = tmp_path_factory.mktemp("k")
    output = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _START, str(folder)], capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(output.stdout)
    yield found
    with contextlib.suppress(ProcessLookupError):
        os.kill(found["provisioner"]["pid"], signal.SIGKILL)


async def _value(manager: AsyncKernelManager, code: str) -> str:
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    shown: list[Any] = []
    await client.execute_interactive(code, timeout=60, output_hook=shown.append)
    client.stop_channels()
    return "".join(message["content"].get("text", "") for message in shown)


async def test_an_adopted_kernel_runs_is_interrupted_and_ends_like_any_other(told: dict[str, Any]) -> None:
    pid = told["provisioner"]["pid"]
    manager = await adopt_kernel(told)
    assert manager.has_kernel
    assert await manager.is_alive()
    assert await _value(manager, "import os; print(os.getpid())") == f"{pid}\n"
    await manager.interrupt_kernel()
    assert await manager.is_alive()
    assert json.loads(json.dumps(await describe_kernel(manager)))["start_ticks"] == told["start_ticks"]
    await manager.shutdown_kernel()
    with pytest.raises(ProcessLookupError):
        start_time(pid)


async def test_the_end_of_an_adopted_kernel_is_noticed(told: dict[str, Any]) -> None:
    manager = await adopt_kernel(told)
    os.kill(told["provisioner"]["pid"], signal.SIGKILL)
    assert manager.provisioner is not None
    assert await wait_for_end(manager.provisioner) is None


async def test_a_kernel_that_ended_meanwhile_is_not_adopted(told: dict[str, Any]) -> None:
    process = AdoptedProcess(told["provisioner"]["pid"], told["start_ticks"])
    process.kill()
    assert process.wait(30) == UNKNOWN_CODE
    with pytest.raises(KernelError, match="while the server was away"):
        await adopt_kernel(told)


async def test_another_process_with_the_same_pid_is_left_alone(told: dict[str, Any]) -> None:
    pid = told["provisioner"]["pid"]
    with pytest.raises(KernelError):
        await adopt_kernel({**told, "start_ticks": told["start_ticks"] - 1})
    assert start_time(pid) == told["start_ticks"]
