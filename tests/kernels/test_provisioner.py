"""Forked kernels as any program that uses jupyter_client starts them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from .specs import write_forked_spec


@pytest.fixture
def forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a kernelspec whose kernels are forks of a template that has run a cell."""
    write_forked_spec(tmp_path, "forked", imports=["colorsys"], cells=["x = 41"])
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return "forked"


@asynccontextmanager
async def running(name: str) -> AsyncIterator[tuple[AsyncKernelManager, AsyncKernelClient]]:
    manager = AsyncKernelManager(kernel_name=name)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def value(client: AsyncKernelClient, expression: str) -> Any:
    reply = await client.execute("", user_expressions={"value": expression}, reply=True, timeout=60)
    return reply["content"]["user_expressions"]["value"]["data"]["text/plain"]


def test_nbclient_runs_a_notebook_in_a_forked_kernel(forked: str) -> None:
    cells = [
        nbformat.v4.new_code_cell("import os, sys\nx += 1\nprint(x)"),
        nbformat.v4.new_code_cell("'colorsys' in sys.modules, os.environ['FROM_THE_SPEC']"),
    ]
    for _ in range(2):
        notebook = nbformat.v4.new_notebook(cells=cells)
        NotebookClient(notebook, kernel_name=forked).execute()
        assert notebook.cells[0].outputs[0].text == "42\n"
        assert notebook.cells[1].outputs[0].data["text/plain"] == "(True, 'yes')"


async def test_a_manager_restarts_a_forked_kernel_and_its_clients_stay(forked: str) -> None:
    async with running(forked) as (manager, client):
        client.execute("x = 0")
        assert await value(client, "x") == "0"
        await manager.restart_kernel()
        await client.wait_for_ready(timeout=60)
        assert await value(client, "x") == "41"


async def test_a_manager_interrupts_and_shuts_down_a_forked_kernel(forked: str) -> None:
    async with running(forked) as (manager, client):
        request = client.execute("print('on', flush=True)\nimport time; time.sleep(600)")
        while (await client.get_iopub_msg(timeout=60))["msg_type"] != "stream":
            pass
        await manager.interrupt_kernel()
        reply = await client.get_shell_msg(timeout=60)
        assert reply["parent_header"]["msg_id"] == request
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        await manager.shutdown_kernel()
        assert not await manager.is_alive()


async def test_a_manager_sees_the_death_of_a_forked_kernel_with_its_code(forked: str) -> None:
    async with running(forked) as (manager, client):
        assert manager.provisioner is not None
        assert await manager.provisioner.poll() is None
        os.kill(int(await value(client, "__import__('os').getpid()")), signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await manager.provisioner.wait() == -signal.SIGTERM
