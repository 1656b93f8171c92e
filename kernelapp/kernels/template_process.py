"""A template's process, driven over its socket: asks it, takes its messages, has it forked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from string import Template as Pattern
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from ..errors import KernelError
from .death import STDERR, describe_end, log_last_words, process_end
from .kernel import KernelMessage
from .packets import PacketConnection, connect
from .specs import interpreter_of

log = logging.getLogger(__name__)

_LAUNCHERS = ("ipykernel_launcher", "ipykernel")
_END_S = 5.0  # how long a guard may take to end what is below it

_BOOTSTRAP = """\
import json, sys
options = json.loads(sys.argv[1])
if sys.path[:1] == [""]:
    del sys.path[0]
sys.path.insert(0, options["package_dir"])
from kernelapp.inkernel.template.start import main
main(options)
"""


@dataclass(frozen=True)
class TemplateLaunch:
    """How to start a template.

    `command` is the interpreter with its flags, `arguments` those of ipykernel, `runtime` the runtime's options or None for none.
    `links`: the folder where the template's directory is linked, if its kernels outlive the server; None when they end with it.
    `isolation`: what its kernels' sandboxes are told, or None for none.
    """

    command: Sequence[str]
    arguments: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    package_dir: Path
    runtime: Mapping[str, Any] | None
    links: Path | None = None
    isolation: Mapping[str, Any] | None = None


def template_command(spec: KernelSpec) -> tuple[list[str], list[str]]:
    """The interpreter with its flags, and ipykernel's own arguments, of a kernelspec.

    Raises KernelError, with a sentence for the operator, when its kernel cannot be forked.
    """
    if sys.platform != "linux":
        raise KernelError("Kernels are forked on Linux only.")
    argv = [str(part) for part in spec.argv]
    module = argv.index("-m") if "-m" in argv else -1
    if spec.language.lower() != "python" or module < 1 or argv[module + 1] not in _LAUNCHERS:
        raise KernelError("Only kernels of ipykernel can be forked.")
    arguments = argv[module + 2 :]
    for place, argument in enumerate(arguments):
        if "{connection_file}" in argument:
            first = place - 1 if argument == "{connection_file}" else place
            del arguments[first : place + 1]
            break
    return [interpreter_of(spec), *argv[1:module]], arguments


def template_environment(spec: KernelSpec, env: Mapping[str, str]) -> dict[str, str]:
    """`env` with what the kernelspec adds to it."""
    whole = dict(env)
    whole.update({name: Pattern(value).safe_substitute(env) for name, value in (spec.env or {}).items()})
    # ipykernel would end when this process does: templates have a rule of their own.
    for name in ("JPY_PARENT_PID", "JPY_INTERRUPT_EVENT", "PYTHONEXECUTABLE"):
        whole.pop(name, None)
    return whole


class TemplateProcess:
    """One template. `message` is told what its cells publish, `died` that it is gone."""

    def __init__(self, message: Callable[[KernelMessage], None], died: Callable[[], None]) -> None:
        self._message = message
        self._died = died
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._connection: PacketConnection | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._owner = -1  # the writing end of a pipe that nobody else has: it closes when this process ends
        self._pid = 0
        self._count = 0
        self._forks: set[ForkedProcess] = set()
        self._link: Path | None = None
        self.directory: Path | None = None

    async def start(self, launch: TemplateLaunch) -> None:
        """Start, and return when cells can be run. Raises KernelError when it ends before that, OSError when it cannot be started."""
        self.directory = Path(tempfile.mkdtemp(prefix="ka-"))  # short: a socket's path has at most 107 bytes
        if launch.links is not None:
            self._link = launch.links / self.directory.name
            self._link.symlink_to(self.directory)
        path = str(self.directory / "t")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(path)
            listener.listen(1024)
            self._popen(launch, listener)
        self._connection = await connect(path, self._heard, self._ended)
        self._connection.send({"do": "own"})
        answer = await self.ask("hello")
        self._pid = int(answer["pid"])

    def _popen(self, launch: TemplateLaunch, listener: socket.socket) -> None:
        here, self._owner = os.pipe()
        options = {
            "directories": [str(path) for path in (self.directory, self._link) if path is not None],
            "outlive": launch.links is not None,
            "listener": listener.fileno(),
            "owner": here,
            "package_dir": str(launch.package_dir),
            "arguments": list(launch.arguments),
            "isolation": None if launch.isolation is None else dict(launch.isolation),
            "runtime": None if launch.runtime is None else dict(launch.runtime),
        }
        assert self.directory is not None
        with os.fdopen(here, "rb"), (self.directory / STDERR).open("wb") as stderr:
            self._guard = subprocess.Popen(
                [*launch.command, "-c", _BOOTSTRAP, json.dumps(options)],
                cwd=launch.cwd,
                env=dict(launch.env),
                stdin=subprocess.DEVNULL,
                # Not ours: whoever reads them must see our end. What cells print is recorded all the same.
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=(listener.fileno(), here),
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._connection is not None

    def send(self, head: dict[str, Any], raw: bytes = b"") -> None:
        """Tell it something. Raises KernelError when it has ended."""
        if self._connection is None:
            raise KernelError("The template has ended.")
        self._connection.send(head, raw)

    async def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Have something done; returns the answer. Raises KernelError when the template ends before."""
        self._count += 1
        number = str(self._count)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            self.send({"do": do, "id": number, **more})
            return await answer
        finally:
            del self._answers[number]

    def interrupt(self) -> None:
        """Interrupt the cell that runs, and what it started."""
        if self.alive and self._pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGINT)

    async def fork(self, wanted: Mapping[str, Any], path: str | None = None, key: bytes | None = None) -> ForkedProcess:
        """A new kernel, ready to be connected to; `path` and `key` are those of an earlier one that it replaces. Raises KernelError."""
        if self.directory is None or not self.alive:
            raise KernelError("The template has ended.")
        self._count += 1
        place = path or str(self.directory / f"{self._count}" / "s")
        process = ForkedProcess(place, key or secrets.token_hex(32).encode(), self._forks.discard)
        try:
            await process.start(str(self.directory / "t"), wanted)
        except BaseException:
            process.kill()
            raise
        self._forks.add(process)
        return process

    async def end(self) -> None:
        """End it and every kernel that was forked from it; may be called more than once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._owner >= 0:
            os.close(self._owner)  # the guard sees this, and ends what is left
            self._owner = -1
        self._fail()
        guard, self._guard = self._guard, None
        if guard is not None:
            if self._pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(self._pid, signal.SIGKILL)
            await _wait(guard)
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def leave(self) -> None:
        """Let go of it; its kernels live on where they are to outlive the server, and end where not."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._owner >= 0:
            os.close(self._owner)
            self._owner = -1
        self._fail()
        if self._guard is not None:
            self._guard.returncode = 0  # nobody waits for it: it is not ours any more, nor are its files
            self._guard = None
        self.directory = self._link = None

    def _heard(self, head: dict[str, Any], raw: bytes, fds: list[int]) -> None:
        for descriptor in fds:
            os.close(descriptor)
        if "message" in head:
            kind, parent, own, metadata, sizes = head["message"]
            content, *buffers = _cut(raw, sizes)
            self._message(KernelMessage(kind, parent, content, metadata, tuple(buffers), own))
            return
        answer = self._answers.get(head.get("done", ""))
        if answer is not None and not answer.done():
            answer.set_result(head)

    def _ended(self) -> None:
        self._connection = None
        if self.directory is not None:
            log_last_words(self.directory)
        self._fail()
        self._died()

    def _fail(self) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(KernelError("The template has ended."))


def _cut(raw: bytes, sizes: Sequence[int]) -> list[bytes]:
    ends = list(accumulate(sizes))
    return [raw[start:end] for start, end in zip([0, *ends], ends, strict=False)]


async def _wait(guard: subprocess.Popen[bytes]) -> None:
    """Wait for a guard, which ends soon: everything below it has been told to."""
    try:
        await asyncio.wait_for(process_end(guard.pid), _END_S)
    except TimeoutError:
        log.warning("what a template left did not end in %g seconds: it is killed", _END_S)
        guard.kill()  # by the rules of inkernel/template/orphans.py template and kernels end with it
        await process_end(guard.pid)
    guard.wait()


class ForkedProcess:
    """One kernel forked from a template."""

    def __init__(self, path: str, key: bytes, ended: Callable[[ForkedProcess], None]) -> None:
        self._path = path  # of its sockets, which end with `-1` and so on, in a directory that is this kernel's alone
        self._key = key
        self.info: dict[str, Any] = {}  # where it listens, as in a connection file, with `key` as bytes
        self.pid = 0
        self._told: dict[str, Any] | None = None  # by the kernel, when it was ready
        self.exited: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._forget = ended
        self._pidfd = -1
        self._unwanted = False
        self._ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._connection: PacketConnection | None = None

    @property
    def directory(self) -> Path:
        """Where its sockets are, and what else is its own."""
        return Path(self._path).parent

    async def start(self, template: str, wanted: Mapping[str, Any]) -> None:
        """Have the template whose socket is `template` fork. Raises KernelError."""
        try:
            self._connection = await connect(template, self._heard, self._lost)
        except OSError as problem:
            raise KernelError("The template has ended.") from problem
        self._connection.send({"do": "spawn", "path": self._path, "key": self._key.hex(), **wanted})
        ports = await self._ready
        self.info = {"transport": "ipc", "ip": self._path, "key": self._key, "signature_scheme": "hmac-sha256", **ports}

    async def wait(self) -> None:
        """Return when it has ended."""
        await asyncio.shield(self.exited)

    def signal(self, number: int) -> None:
        """Send a signal to the kernel's process group, as jupyter_client does."""
        if self._pidfd < 0 or self.exited.done():
            return
        try:
            os.killpg(self.pid, number)  # it is not reaped while `exited` is open: the number is its own
        except (ProcessLookupError, PermissionError):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def keep(self) -> None:
        """Have it outlive this server, if its template's kernels do; without this it ends as soon as the server is gone."""
        if self._connection is not None:
            self._connection.send({"do": "keep"})

    def leave(self) -> None:
        """Let go of it; it lives on."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        self._forget(self)

    def kill(self) -> None:
        """End it at once; while it is being forked, as soon as it is there."""
        self._unwanted = True
        self.signal(signal.SIGKILL)

    def _heard(self, head: dict[str, Any], raw: bytes, fds: list[int]) -> None:
        if "pid" in head:
            self.pid, self._pidfd = int(head["pid"]), fds[0]
            asyncio.get_running_loop().add_reader(self._pidfd, self._died)
            if self._unwanted:
                self.signal(signal.SIGKILL)
        elif "ready" in head:
            self._told = head["ready"]
        elif "failed" in head and not self._ready.done():
            self._ready.set_exception(KernelError(f"The template could not be forked: {head['failed']}"))
        elif "exit" in head:
            self._end(int(head["exit"]))
        if self._told is not None and self.pid and not self._ready.done():  # the kernel may be faster than the template
            self._ready.set_result(self._told)

    def _lost(self) -> None:
        """The template is gone: the kernel may live on."""
        self._connection = None
        if self._pidfd < 0:
            self._end(None)

    def _died(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        if self._connection is None:
            self._end(None)  # nobody is left to say how

    def _end(self, code: int | None) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if not self._ready.done():
            self._ready.set_exception(KernelError(f"The kernel did not start. {describe_end(code)}"))
        if not self.exited.done():
            self.exited.set_result(code)
        if code:
            log_last_words(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)
        self._forget(self)
