"""Starts a template: the first thing that runs in its interpreter."""

from __future__ import annotations

import socket
import sys
from importlib import import_module
from typing import Any

from kernelapp.inkernel.compiled import compiled


def main(options: dict[str, Any]) -> None:
    """Be a template, its guard, or a kernel forked from it; never returns.

    `options`: `directories`, the private directory and a link to it, if any; `outlive`, whether kernels outlive the owner; `listener` and
    `owner`, descriptors of the socket that listens there and of the pipe that its owner holds; `package_dir`, to be put on `sys.path`;
    `arguments` of ipykernel; `isolation`, what the sandboxes of its kernels are told, or null; `runtime`, the runtime's options or null.
    """
    with compiled():
        from kernelapp.inkernel.template import orphans

    calm, life = orphans.start_guard(options["owner"], options["directories"], options["outlive"])
    # Not before the guard: it is to stay small.
    import_module("ipykernel.kernelapp")
    with compiled():
        from kernelapp.inkernel.template.application import make_application
        from kernelapp.inkernel.template.forking import become_kernel
        from kernelapp.inkernel.template.process import Process

    listener = socket.socket(fileno=options["listener"])
    listener.set_inheritable(False)
    process = Process(listener, calm, life, options["outlive"], options["isolation"])
    sys.argv = ["ipykernel_launcher.py"]
    app = make_application(process.record, options["arguments"])
    _place_on_path(options["package_dir"])
    process.prepare(app)
    if options["runtime"] is not None:
        _start_runtime(app, options["runtime"])
    process.ready()
    fork = process.serve()
    become_kernel(app, fork)


def _place_on_path(folder: str) -> None:
    """First, as the server's bootstrap request does in a kernel of its own process."""
    while folder in sys.path:
        sys.path.remove(folder)
    sys.path.insert(0, folder)


def _start_runtime(app: Any, options: dict[str, Any]) -> None:
    with compiled():
        from kernelapp.inkernel import runtime

    async def start() -> None:
        runtime.start(options)

    app.kernel.io_loop.asyncio_loop.run_until_complete(start())
