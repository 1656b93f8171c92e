"""The fork itself, and what a process must do to be a kernel of its own."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import os
import signal
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop

from kernelapp.inkernel.isolation.places import Plan
from kernelapp.inkernel.isolation.sandbox import Options, change_environment, furnish
from kernelapp.inkernel.spool import Spool, keep_iopub
from kernelapp.inkernel.template import orphans
from kernelapp.inkernel.template.application import Connection, ForkApp
from kernelapp.inkernel.template.descriptors import Descriptor, reopen
from kernelapp.inkernel.template.loops import renew_loop
from kernelapp.inkernel.template.packets import Packets
from kernelapp.inkernel.template.randomness import Randomness


@dataclass(frozen=True)
class Sandbox:
    """That of one kernel, which is the first process in it."""

    options: Options
    plan: Plan


@dataclass(frozen=True)
class Fork:
    """What a forked process needs to become a kernel."""

    packets: Packets
    life: int
    wanted: dict[str, Any]
    randomness: Randomness
    files: list[Descriptor]  # that the template has open for reading
    sandbox: Sandbox | None = None


def become_kernel(app: ForkApp, fork: Fork) -> None:
    """Be a kernel until it is shut down; never returns."""
    code = 1
    try:
        life = _become_process(fork)
        _adopt(fork.wanted, app.kernel.shell.user_ns)
        _keep_last_words(app, fork.wanted["path"])
        renew_loop(asyncio.get_event_loop_policy().get_event_loop() if sys.version_info < (3, 14) else asyncio.get_event_loop())
        reopen(fork.files)
        if fork.sandbox is not None:
            _enter(fork.sandbox, fork.wanted)
        connection = Connection(fork.wanted["path"], bytes.fromhex(fork.wanted["key"]), bool(fork.wanted.get("heartbeat")))
        app.connect(connection)
        if fork.wanted.get("spool"):
            keep_iopub(app.kernel, Spool(Path(fork.wanted["path"]).parent, int(fork.wanted["spool"])))
        app.start_kernel(connection)
        fork.randomness.restore()
        gc.enable()
        fork.packets.send(
            {"ready": {port: getattr(app, port) for port in ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")}}
        )
        fork.packets.close()
        with contextlib.suppress(KeyboardInterrupt):
            IOLoop.current().start()
        code = 0
        os.fstat(life)  # held to the end
    except Exception as problem:
        with contextlib.suppress(OSError):
            fork.packets.send({"failed": f"{type(problem).__name__}: {problem}"})
        import traceback

        traceback.print_exc(file=sys.__stderr__)
    finally:
        _end(code)


def _become_process(fork: Fork) -> int:
    os.setsid()
    life = orphans.tie_to(fork.life)
    orphans.become_subreaper()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    return life


def _adopt(wanted: dict[str, Any], names: dict[str, Any]) -> None:
    os.environ.update(wanted.get("env") or {})
    if os.environ.get("JPY_SESSION_NAME"):
        names["__session__"] = os.environ["JPY_SESSION_NAME"]  # as ipykernel does
    if wanted.get("cwd"):
        os.chdir(wanted["cwd"])


def _enter(sandbox: Sandbox, wanted: dict[str, Any]) -> None:
    """Be isolated: what comes before has the template's rights, and runs nothing of the author's."""
    change_environment()
    tempfile.tempdir = None
    own = [os.path.dirname(wanted["path"]), wanted["files"]]
    furnish(sandbox.options, sandbox.plan, [path for path in own if path], os.getcwd())


def _keep_last_words(app: ForkApp, path: str) -> None:
    """What goes to stderr around the streams goes to a file of this kernel's: where faulthandler tells of a crash."""
    with open(os.path.join(os.path.dirname(path), "stderr"), "wb") as file:
        os.dup2(file.fileno(), app.streams[1].original)


def _end(code: int) -> None:
    """End as an interpreter does, but for the tearing down of every module, which would copy memory that is shared until then."""
    with contextlib.suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):
            if stream is not None:
                stream.flush()
    os._exit(code)
