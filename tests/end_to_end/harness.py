"""A real server in a process of its own, and a page without a browser: just the wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Self

import nbformat
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

# When this is set in the environment, tests begin once the templates of their apps are made.
WITH_TEMPLATES = "KERNELAPP_TEST_WITH_TEMPLATES"

START_S = 60.0
WAIT_S = 60.0  # for anything that a kernel does; generous, because CI has two cores


_STATE = tempfile.TemporaryDirectory(prefix="kernelapp-state-")  # of the servers of this run of the tests


class Server:
    """`kernelapp serve` on real files. What it prints is in `lines`."""

    def __init__(self, *arguments: str | Path, env: dict[str, str] | None = None, port: int = 0, constants: str = "") -> None:
        """`constants`: Python that shortens waits which are no settings (`import kernelapp.server as it; it._PING_S = 3.0`)."""
        program = ["-m", "kernelapp"] if not constants else ["-c", f"{constants}\nfrom kernelapp.cli import main\nraise SystemExit(main())"]
        command = [sys.executable, *program, "serve", *map(str, arguments), "--no-browser", "--port", str(port)]
        self.lines: list[str] = []
        self._incoming: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "KERNELAPP_ORPHAN_GRACE_S": "0", "XDG_STATE_HOME": _STATE.name, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.announced = self.wait_for_line(r"(http://\S+)", START_S).group(1)
        self.url = self.announced.split("?")[0].rstrip("/")
        if os.environ.get(WITH_TEMPLATES) and "off" not in map(str, arguments):
            self.wait_for_line(r"templates of \d+ app")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._incoming.put(line)
        self._incoming.put(None)

    def wait_for_line(self, pattern: str, timeout_s: float = WAIT_S) -> re.Match[str]:
        """Wait for a line that matches, from the start of the output on."""
        for line in self.lines:
            if found := re.search(pattern, line):
                return found
        while True:
            try:
                line = self._incoming.get(timeout=timeout_s) or ""
            except queue.Empty:
                line = ""
            if not line:
                raise AssertionError(f"no line like {pattern!r} in:\n{''.join(self.lines)}")
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found

    def printed(self) -> str:
        """All that it has printed until now."""
        while not self._incoming.empty():
            line = self._incoming.get_nowait()
            self.lines += [line] if line else []
        return "".join(self.lines)

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of a GET; redirects are not followed."""
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with _OPENER.open(request, timeout=WAIT_S) as response:
                return response.status, dict(response.headers), response.read().decode()
        except urllib.error.HTTPError as response:
            with response:
                return response.code, dict(response.headers), response.read().decode()

    def processes(self) -> set[int]:
        """The templates and kernels of this server that still run, and what they started."""
        parents = _parents()
        found: set[int] = set()
        grown = {self.process.pid}
        while grown:
            grown = {pid for pid, parent in parents.items() if parent in grown} - found
            found |= grown
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it as an operator would; returns its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=START_S)
        self._reader.join(timeout=START_S)
        while not self._incoming.empty():
            line = self._incoming.get_nowait()
            self.lines += [line] if line else []
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self._reader.join(timeout=START_S)
            self.process.stdout.close()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def _parents() -> dict[int, int]:
    """Process id -> parent's process id, of all that run."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    found[int(folder.name)] = int(parent)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    return pid in _parents()


def wait_until(condition: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
    """Wait for something that sends no signal; fails when it does not come."""
    ready = threading.Event()
    for _ in range(int(timeout_s / 0.05)):
        if condition():
            return
        ready.wait(0.05)
    raise AssertionError("the condition did not come true in time")


class Page:
    """What a browser would know: it applies the server's messages to a small model of the page."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        self.frames: list[dict[str, Any]] = []
        self.state = "connecting"
        self.session = ""
        self.cells: dict[str, dict[str, Any]] = {}
        self.controls: dict[str, dict[str, Any]] = {}
        self.outputs: dict[str, list[dict[str, Any]]] = {}
        self.errors: list[dict[str, Any]] = []
        self.settled = 0
        self.seq = 0
        self._event = 0
        self._ended = False

    async def send(self, message: dict[str, Any] | str | bytes) -> None:
        """Send a message, or a frame as it is."""
        if isinstance(message, bytes):
            await self._connection.write_message(message, binary=True)
        else:
            await self._connection.write_message(message if isinstance(message, str) else json.dumps(message))

    async def hello(self, session: str | None = None, last_seq: int = 0) -> None:
        """Open or resume a session."""
        await self.send({"type": "hello", "session": session, "last_seq": last_seq})
        await self.until(lambda: bool(self.session))

    async def read(self) -> dict[str, Any] | None:
        """The next frame, applied; None when the server has closed the connection."""
        text = await asyncio.wait_for(self._connection.read_message(), WAIT_S)
        if text is None:
            self._ended = True
            return None
        frame: dict[str, Any] = json.loads(text)
        self.frames.append(frame)
        self._apply(frame)
        return frame

    async def until(self, condition: Callable[[], bool]) -> None:
        """Read until the page is as wanted."""
        while not condition():
            if await self.read() is None:
                raise AssertionError(f"the server closed the connection; last frames: {self.frames[-5:]}")

    async def idle(self) -> None:
        """Read until the page answers every event sent."""
        await self.until(lambda: self.state == "idle" and self.settled >= self._event)

    async def set(self, key: str, value: Any) -> int:
        """Send an event; returns its number."""
        self._event += 1
        await self.send({"type": "event", "event": self._event, "control": key, "value": value})
        return self._event

    def key(self, label: str) -> str:
        """The key of the control with this label."""
        return next(key for key, control in self.controls.items() if control["label"] == label)

    def text(self, cell: str) -> str:
        """What a cell shows, as plain text."""
        parts = []
        for content in self.outputs.get(cell, []):
            parts.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
        return "".join(parts)

    def all_text(self) -> str:
        """What the whole page shows, as plain text."""
        return "\n".join(self.text(cell) for cell in self.outputs)

    async def close(self) -> None:
        """Close the tab."""
        self._connection.close()
        while not self._ended:
            self._ended = await asyncio.wait_for(self._connection.read_message(), WAIT_S) is None

    def _apply(self, frame: dict[str, Any]) -> None:
        if frame["seq"]:
            assert not self.seq or frame["seq"] == self.seq + 1, f"gap: {self.seq} -> {frame['seq']}"
            self.seq = frame["seq"]
        match frame["type"]:
            case "hello":
                self.session, self.state = frame["session"], frame["state"]
                self.seq = self.seq if frame["resumed"] else 0
            case "status":
                self.state = frame["state"]
            case "cell":
                self.cells[frame["cell"]] = frame
                if frame["status"] in ("running", "upstream-failed", "upstream-stopped"):
                    self.outputs[frame["cell"]] = []
            case "output" if frame["op"] == "append":
                self.outputs.setdefault(frame["cell"], []).append(frame["content"])
            case "control" if frame["op"] == "declare":
                self.controls[frame["control"]["key"]] = frame["control"]
            case "control":
                self.controls.pop(frame["control"]["key"], None)
            case "settled":
                self.settled = frame["event"]
            case "error":
                self.errors.append(frame)


class Viewer:
    """A browser: its cookies, and its tabs."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.cookie = ""

    async def open(self, app: str, origin: str | None = None) -> WebSocketClientConnection:
        """The socket of an app's page."""
        if not self.cookie:
            _, headers, _ = await asyncio.to_thread(self._server.get, f"/app/{app}")
            self.cookie = headers.get("Set-Cookie", "").split(";")[0]
        request = HTTPRequest(
            self._server.url.replace("http", "ws", 1) + f"/app/{app}/socket",
            headers={"Cookie": self.cookie, "Origin": origin or self._server.url},
        )
        return await websocket_connect(request, subprotocols=["kernelapp.v1"])

    @asynccontextmanager
    async def page(self, app: str, session: str | None = None, last_seq: int = 0) -> AsyncIterator[Page]:
        """A page that has said hello."""
        page = Page(await self.open(app))
        try:
            await page.hello(session, last_seq)
            yield page
        finally:
            await page.close()


def write_notebook(path: Path, *cells: str | tuple[str, str, list[str]], **metadata: Any) -> Path:
    """A notebook of code cells; a tuple is (kind, source, tags). The ids are c0, c1…"""
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    for i, cell in enumerate(cells):
        kind, source, tags = cell if isinstance(cell, tuple) else ("code", cell, [])
        common: dict[str, Any] = {"id": f"c{i}", "metadata": {"tags": tags} if tags else {}}
        if kind == "code":
            notebook.cells.append(nbformat.v4.new_code_cell(source, **common))
        else:
            notebook.cells.append(nbformat.v4.new_markdown_cell(source, **common))
    nbformat.write(notebook, path)
    return path


@contextmanager
def serving(folder: Path, *cells: str | tuple[str, str, list[str]], options: tuple[str, ...] = (), **metadata: Any) -> Iterator[Server]:
    """A server of one notebook, named `app`."""
    with Server(write_notebook(folder / "app.ipynb", *cells, **metadata), *options) as server:
        yield server
