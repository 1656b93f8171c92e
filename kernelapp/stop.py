"""`kernelapp stop`: ends servers of this account, each with a last look after its sessions."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from .errors import OperatorError
from .state import running_servers, wait_for_release

KEEP_KERNELS = signal.SIGUSR1
"""Tells a server to end and leave its kernels to the next one."""

_WAIT_S = 60.0  # a server asks its kernels to end, and kills those that do not


def stop(root: Path, paths: Sequence[Path], *, keep_kernels: bool) -> int:
    """End the servers that keep their state in `root` (with `paths`: those that serve them), and wait; returns the exit code.

    Raises OperatorError when there is none, or when one does not end.
    """
    servers = running_servers(root, paths)
    if not servers:
        serving = " that serves " + ", ".join(map(str, paths)) if paths else ""
        raise OperatorError(f"no server{serving} runs with its state in {root}; a server that runs elsewhere ends with SIGTERM or Ctrl-C")
    for server in servers:
        os.kill(server.pid, KEEP_KERNELS if keep_kernels else signal.SIGTERM)
    for server in servers:
        if not wait_for_release(server.directory, _WAIT_S):
            raise OperatorError(f"the server at {server.url} (process {server.pid}) has not ended within {_WAIT_S:g} s; look at its log")
        print(f"stopped {server.url}" + (", its kernels wait for the next start" if keep_kernels else ""))
    return 0
