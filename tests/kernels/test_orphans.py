"""No process outlives the server and the template, however they end and however stuck it is."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from .forks import below, ended, parents

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("state", "killed"),
    [
        ("frozen", ["server"]),
        ("frozen", ["server", "template"]),
        ("frozen", ["template", "server"]),
        ("frozen", ["guard", "server"]),
        ("running", ["server"]),
        ("running", ["template", "server"]),
    ],
)
async def test_nothing_survives(state: str, killed: list[str]) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kernels.orphans", state, stdout=asyncio.subprocess.PIPE, cwd=ROOT, start_new_session=True
    )
    assert server.stdout is not None
    pids = set(map(int, (await asyncio.wait_for(server.stdout.readline(), 60)).split()))
    assert pids == below(server.pid)
    known = parents()
    guard = next(pid for pid in pids if known[pid] == server.pid)
    template = next(pid for pid in pids if known[pid] == guard)
    for name in killed:
        os.kill({"server": server.pid, "guard": guard, "template": template}[name], signal.SIGKILL)
    if "guard" in killed:
        # Nobody is left to look for what made a session of its own; the template and its kernels end all the same.
        for pid in {template} | {pid for pid in pids if known[pid] == template}:
            await ended(pid)
        for pid in pids & parents().keys():
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        await ended(pid)
    await server.wait()
    server._transport.close()  # type: ignore[attr-defined]
