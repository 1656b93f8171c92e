"""A program that starts a template and forks a kernel that is stuck, prints the processes, and waits to be killed."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.kernels.forks import Running, below, fork, template

STUCK = """\
import ctypes, os, signal, subprocess, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
subprocess.Popen(["sleep", "600"])
subprocess.Popen(["sleep", "600"], start_new_session=True)
here, there = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(there, b"x")
        signal.pause()
    os._exit(0)
os.read(here, 1)
print("stuck", flush=True)
time.sleep(0.5)  # ipykernel sends a little later than it says
ctypes.PyDLL(None).sleep(600)  # holds the GIL
"""


async def main(frozen: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with template(Path(folder), freeze=frozen) as made:
            if frozen:
                async with fork(made) as forked, fork(made):
                    await be_stuck(forked)
            else:
                await be_stuck(made)


async def be_stuck(running: Running) -> None:
    await running.listener.text(running.begin(STUCK), "stuck")
    print(*below(os.getpid()), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] == "frozen"))
