"""A real IPython kernel, driven by the runtime protocol as the server does it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

import kernelapp
from kernelapp.inkernel.runtime import CONTROL_MIME, REPORT_MIME

TIMEOUT_S = 60


@dataclass
class Shown:
    """What one request brought: iopub messages as (type, content), until its idle status."""

    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def data(self, mime: str) -> list[Any]:
        """The parts of this MIME type, in order."""
        return [content["data"][mime] for kind, content in self.messages if "data" in content and mime in content["data"]]

    @property
    def controls(self) -> list[dict[str, Any]]:
        return self.data(CONTROL_MIME)

    @property
    def reports(self) -> list[str]:
        return [report["log"]["message"] for report in self.data(REPORT_MIME)]

    @property
    def result(self) -> str:
        """The text of the cell's last expression."""
        return next(str(content["data"]["text/plain"]) for kind, content in self.messages if kind == "execute_result")

    @property
    def error(self) -> str:
        """The error as "Name: message", or the empty string."""
        return next((f"{content['ename']}: {content['evalue']}" for kind, content in self.messages if kind == "error"), "")

    @property
    def streams(self) -> str:
        return "".join(content["text"] for kind, content in self.messages if kind == "stream")


class Kernel:
    """One kernel and its client."""

    def __init__(self, client: BlockingKernelClient, home: Path) -> None:
        self._client = client
        self._home = home

    def bootstrap(self, debug: bool = False) -> Shown:
        """The server's silent request: a directory with nothing but a link to the package, and `start`."""
        link = self._home / "kernelapp"
        if not link.exists():
            link.symlink_to(Path(kernelapp.__file__).parent)
        options = {"protocol": 1, "debug": debug}
        return self.request(
            f"__import__('sys').path.insert(0, {str(self._home)!r})\n"
            f"__import__('kernelapp.inkernel.runtime', fromlist=['start']).start({options!r})",
            silent=True,
        )

    def run(self, code: str, cell: str = "c1", inputs: Mapping[str, Any] | None = None, *, reset: bool = False) -> Shown:
        """Run a cell."""
        ours: dict[str, Any] = {"reset": reset}
        if inputs is not None:
            ours["inputs"] = inputs
        return self.request(code, {"cellId": cell, "kernelapp": ours})

    def request(self, code: str, metadata: dict[str, Any] | None = None, *, silent: bool = False) -> Shown:
        """One execute_request."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self._client.session.msg("execute_request", content, metadata=metadata or {})
        self._client.shell_channel.send(message)
        shown = Shown()
        while True:
            reply = self._client.get_iopub_msg(timeout=TIMEOUT_S)
            kind, answered = reply["msg_type"], reply["content"]
            if kind == "status" and reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                if answered["execution_state"] == "idle":
                    return shown
            elif kind not in ("status", "execute_input"):
                # Messages of tasks that earlier cells started belong to the test too.
                shown.messages.append((kind, answered))


@contextlib.contextmanager
def start_kernel(home: Path) -> Iterator[Kernel]:
    """A python3 kernel whose directory is `home`; ended on the way out."""
    manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(home / "ipc"))
    manager.start_kernel(cwd=str(home))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=TIMEOUT_S)
        yield Kernel(client, home)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
