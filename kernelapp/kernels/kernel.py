"""What a session needs of a kernel. The session cannot tell what is behind it: any language, any provisioner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class KernelMessage:
    """A message on iopub, or the reply to a cell.

    `content` is JSON as the kernel sent it, not decoded; `parent` is the id of the request that it answers; `id` is the message's own.
    """

    kind: str
    parent: str
    content: bytes
    metadata: Mapping[str, Any] = field(default_factory=dict)
    buffers: tuple[bytes, ...] = ()
    id: str = ""


class KernelListener(Protocol):
    """Who is told what a kernel does. Both are called on the event loop and do not block."""

    def kernel_message(self, message: KernelMessage) -> None:
        """The kernel published something."""

    def kernel_died(self, reason: str) -> None:
        """The kernel ended without being asked to; `reason` is a sentence that says how. Called at most once."""


class Kernel(Protocol):
    """A kernel that runs one session's cells."""

    async def start(self, listener: KernelListener) -> None:
        """Start, and return when cells can be run. Raises KernelError, saying why, when it does not start."""

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        """Send a cell, as the request with this id. Its last message is a `status` that says `idle`.

        ZMQ may drop messages of iopub when it is flooded, that one among them; `execute_reply` comes for sure.
        """

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        """Send a `comm_msg`, as the request with this id. The kernel takes it after the cell that runs, and ends it as it does a cell."""

    async def describe(self) -> bytes | None:
        """What `adopt` needs, should this server be killed: a secret. None when the kernel ends with the server."""

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        """In place of `start`: go on with the kernel that another server described.

        Returns when the listener has got what the kernel published after the message with the id `last_message`, in order, without gap or
        duplicate; what was more than is kept is logged. Raises KernelError when the kernel has ended.
        """

    async def answered(self) -> None:
        """Wait until the kernel has handled all that was sent to it before."""

    async def farewell(self) -> None:
        """Let the kernel call what the notebook gave to `ka.on_close`, and wait for it; a cell that runs comes to its end before."""

    async def leave(self) -> object:
        """Close the connection and leave the kernel to a later server."""

    async def interrupt(self) -> None:
        """Interrupt the cell that runs, as Jupyter's interrupt does."""

    async def end(self) -> None:
        """End the kernel and what it started; may be called at any time and more than once."""


@dataclass(frozen=True)
class ForkOptions:
    """What one forked kernel gets of its own; None leaves what the template has.

    `env` is merged into the environment: variables that it does not name stay. `files`: its session's private directory, which an isolated
    kernel may write to.
    """

    cwd: Path | None = None
    env: Mapping[str, str] | None = None
    files: Path | None = None


class Template(Kernel, Protocol):
    """A kernel that runs a notebook's cells once, and is then forked; `forkserver.ForkTemplate(launch)` makes one.

    Its methods stand in the order of its life: `start`; `imports` or cells, each followed by `check`; `freeze`; then `fork`, as often as
    wanted. `end` ends the template and every kernel that was forked from it.
    """

    async def imports(self, sources: Sequence[str]) -> str | None:
        """Run only the import statements of these cells; returns the reason when some failed, and None when all went well.

        A failed import is no reason against forking: a session's own run of the cell says it again.
        """

    async def check(self, *, thorough: bool = False) -> str | None:
        """Why the template may not be forked now, as a sentence for the operator; None when it may, as far as can be seen.

        Cheap, and called after each cell; `thorough`: all that `freeze` tries out is tried out now.
        """

    async def freeze(self) -> str | None:
        """Try out in throw-away children what the libraries do after a fork, and make the memory ready to be shared.

        Returns the reason when the template may not be forked. No cell runs afterwards.
        """

    def files(self) -> Sequence[Path]:
        """The files that the cells read, without those of the interpreter's own environment; known after `freeze`."""

    def fork(self, options: ForkOptions) -> Kernel:
        """A kernel that has all that the template has. It is not started: its `start` forks and connects.

        It may be started before it is asked for, as a standby. Its `start` raises KernelError when the template has ended.
        """
