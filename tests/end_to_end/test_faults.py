"""The fault table: something goes badly wrong in one session; what its page says, how others fare, what is left."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from .harness import Page, Server, Viewer, is_alive, serving, wait_until, write_notebook

CELLS = (
    "import os, signal, sys, time\nfrom IPython.display import clear_output\nimport kernelapp as ka",
    'n = ka.slider("N", 0, 9, 1)\nfault = ka.text_input("Fault", "")\nprint("n", n, "pid", os.getpid())',
    """
if fault == "prints 100 MB":
    for _ in range(100):
        print("x" * 1_000_000)
if fault == "prints and clears 300 MB":
    for i in range(300):
        clear_output()
        print(i, "x" * 990_000, flush=True)
    open("over", "w").close()
if fault == "floods displays":
    for i in range(50_000):
        display({"text/plain": f"{i} {'x' * 1000}"}, raw=True)  # some are lost on the way to a server that has no time
if fault == "blocks SIGINT":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("deaf", flush=True)
if fault in ("blocks SIGINT", "never returns"):
    while True:
        pass
""",
    'print("through", n)',
)
LIMIT = 1_000_000
SLACK_BYTES = 60_000_000  # what an allocator may keep for later; each flood is more
SANE_S = 20.0  # a session beside a fault answers within this on a machine of two busy cores; a hang is a minute and more


OPTIONS = (
    *("--max-cell-output-bytes", str(LIMIT), "--stop-timeout-s", "0.5", "--grace-s", "0", "--max-message-bytes", "10000"),
    *("--max-journal-bytes", "10000000", "--standby", "0"),
)

HONEST = {"MALLOC_MMAP_THRESHOLD_": "65536"}  # large blocks that are freed go back to the host at once, and do not look like a leak


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server, its kernels and its sessions have their files."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook's folder."""
    return tmp_path_factory.mktemp("apps")


@pytest.fixture(scope="module")
def server(apps: Path, files: Path) -> Iterator[Server]:
    with Server(write_notebook(apps / "app.ipynb", *CELLS), *OPTIONS, env={"TMPDIR": str(files), **HONEST}) as running:
        running.wait_for_line("templates of 1 app")
        yield running


@pytest.fixture(autouse=True)
def nothing_is_left(server: Server, files: Path) -> Iterator[None]:
    """After each fault: no process, no file and no memory to speak of."""
    processes, names, memory = server.processes(), set(files.iterdir()), private_bytes(server)
    yield
    wait_until(lambda: server.processes() <= processes and set(files.iterdir()) <= names)
    wait_until(lambda: private_bytes(server) < memory + SLACK_BYTES)


def private_bytes(server: Server) -> int:
    """The memory that the server itself takes."""
    lines = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def pid_of(page: Page) -> int:
    return int(page.text("c1").split("pid ")[1])


@asynccontextmanager
async def two(server: Server) -> AsyncIterator[tuple[Page, Page]]:
    """A session to suffer and one beside it; the kernels of both are gone afterwards."""
    async with Viewer(server).page("app") as page, Viewer(server).page("app") as other:
        await page.idle()
        await other.idle()
        yield page, other
        pids = [pid_of(page), pid_of(other)]
    await asyncio.to_thread(wait_until, lambda: not any(map(is_alive, pids)))


async def stays_responsive(other: Page) -> None:
    """The other session answers a few events, none of them late."""
    for value in range(5):
        begun = time.monotonic()
        await other.set(other.key("N"), value + 2)
        await other.idle()
        assert other.text("c3") == f"through {value + 2}\n"
        assert time.monotonic() - begun < SANE_S


@pytest.mark.parametrize("fault", ["prints 100 MB", "floods displays"])
async def test_a_flood_is_cut_with_a_note(server: Server, fault: str) -> None:
    async with two(server) as (page, other):
        await page.set(page.key("Fault"), fault)
        await stays_responsive(other)
        await page.idle()
        shown = sum(len(str(content)) for content in page.outputs["c2"])
        assert shown < 3 * LIMIT
        assert "truncated" in {frame.get("op") for frame in page.frames}
        assert page.text("c3") == "through 1\n"


async def test_a_cell_that_never_returns_is_stopped(server: Server) -> None:
    async with two(server) as (page, other):
        await page.set(page.key("Fault"), "never returns")
        await page.until(lambda: page.cells["c2"]["status"] == "running")
        await stays_responsive(other)
        await page.send({"type": "stop"})
        await page.idle()
        assert page.cells["c2"]["status"] == "stale"


@pytest.mark.parametrize("fault", ["blocks SIGINT", "is stopped by a signal"])
async def test_one_that_cannot_be_stopped_is_ended_and_begins_again(server: Server, fault: str) -> None:
    async with two(server) as (page, other):
        pid = pid_of(page)
        if fault == "blocks SIGINT":
            await page.set(page.key("Fault"), fault)
            await page.until(lambda: "deaf" in page.text("c2"))
        else:
            os.kill(pid, signal.SIGSTOP)
            await page.set(page.key("N"), 7)
            await page.until(lambda: page.state == "running")
        await page.send({"type": "stop"})
        await stays_responsive(other)
        await page.until(lambda: any(frame["type"] == "status" and frame["restartable"] for frame in page.frames))
        await page.set(page.key("Fault"), "")
        await page.send({"type": "restart"})
        await page.until(lambda: page.state == "queued")
        await page.idle()
        assert page.text("c3") == ("through 1\n" if fault == "blocks SIGINT" else "through 7\n")
        assert pid_of(page) != pid
        assert not is_alive(pid)


async def test_a_killed_kernel_says_so(server: Server) -> None:
    async with two(server) as (page, other):
        os.kill(pid_of(page), signal.SIGKILL)
        await page.until(lambda: page.state == "dead")
        await stays_responsive(other)
        assert "signal 9" in page.frames[-1]["detail"]


async def test_a_browser_that_reads_nothing_is_dropped_without_piling_up_and_can_come_back(tmp_path: Path) -> None:
    with Server(write_notebook(tmp_path / "app.ipynb", *CELLS), *OPTIONS, "--grace-s", "60", env=HONEST) as server:
        await read_nothing(server, tmp_path / "over")


async def read_nothing(server: Server, over: Path) -> None:
    """A page that does not read while 300 MB are for it; then it comes back. `over`: a file that is there when all has been published."""
    async with Viewer(server).page("app") as other:
        await other.idle()
        before = private_bytes(server)
        viewer, reader, writer = await deaf_socket(server, "prints and clears 300 MB")
        try:
            session = re.search(rb'"session":"([^"]+)"', await reader.readuntil(b'"lost"'))
            assert session is not None
            await stays_responsive(other)
            await asyncio.to_thread(server.wait_for_line, "a page that does not read is dropped")
            await asyncio.to_thread(wait_until, over.exists)
            async with viewer.page("app", session.group(1).decode()) as page:
                assert page.session == session.group(1).decode()
                await page.until(lambda: page.state == "idle" and page.text("c3") == "through 1\n")
                assert "299 x" in page.text("c2")
                await asyncio.to_thread(wait_until, lambda: private_bytes(server) < before + SLACK_BYTES)
        finally:
            writer.close()


async def deaf_socket(server: Server, fault: str) -> tuple[Viewer, asyncio.StreamReader, asyncio.StreamWriter]:
    """A page of an app with this fault, whose browser need not read what it is sent."""
    viewer = Viewer(server)
    _, headers, _ = await asyncio.to_thread(server.get, "/app/app")
    viewer.cookie = headers["Set-Cookie"].split(";")[0]
    host, port = server.url.removeprefix("http://").split(":")
    raw = socket.create_connection((host, int(port)))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    head = (
        f"GET /app/app/socket HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {server.url}\r\nCookie: {viewer.cookie}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: kernelapp.v1\r\n\r\n"
    )
    writer.write(head.encode())
    await reader.readuntil(b"\r\n\r\n")
    for text in (
        json.dumps({"type": "hello", "session": None, "last_seq": 0, "inputs": {"c1-0-text_input": fault}}),
        '{"type":"event","event":1,"control":"nothing","value":1}',
    ):
        body = text.encode()
        size = bytes([0x80 | len(body)]) if len(body) < 126 else bytes([0x80 | 126]) + len(body).to_bytes(2, "big")
        writer.write(b"\x81" + size + b"\0\0\0\0" + body)
    await writer.drain()
    return viewer, reader, writer


@pytest.mark.parametrize(
    "junk",
    [b"\x81\xfe\xff\xff", b"\xff" * 200, b"\x82\x80\0\0\0\0" * 50, b"\x81\x05hello", b"\x88\x80\0\0\0\0", b"\x09" * 500],
    ids=range(6),
)
async def test_broken_frames_end_their_connection_and_no_other(server: Server, junk: bytes) -> None:
    async with two(server) as (page, other):
        _, _, writer = await deaf_socket(server, "")
        writer.write(junk)
        writer.close()
        await stays_responsive(other)
        assert page.errors == []
    log = server.printed()
    assert "session opened" in log
    assert "Traceback (most recent call last):" not in log, "ours; IPython writes those of cells without the colon"
    assert "Uncaught" not in log


SHOWS_ITS_KEY = """
import json
from ipykernel.connect import get_connection_file
print(json.load(open(get_connection_file()))["key"])
1 / 0
"""


@pytest.mark.parametrize("isolate", ["off", "on"])
async def test_the_log_names_app_and_session_and_holds_no_secret(tmp_path: Path, isolate: str) -> None:
    os.chmod(tmp_path, 0o755)  # noqa: PTH101 - as pathlib it would count as blocking
    with serving(tmp_path, SHOWS_ITS_KEY, options=("--log-format", "json", "--isolate", isolate)) as server:
        viewer = Viewer(server)
        async with viewer.page("app") as page:
            await page.idle()
            key = page.text("c0").strip()
            assert len(key) > 20
            await asyncio.to_thread(server.wait_for_line, "ZeroDivisionError")
            log = [json.loads(line) for line in server.printed().splitlines() if line.startswith("{")]
            failed = next(entry for entry in log if "ZeroDivisionError" in entry["message"] and "app" in entry)
            assert (failed["app"], failed["session"]) == ("app", page.session[:8])
            secrets = [key, page.session, viewer.cookie.partition("=")[2]]
            assert not [secret for secret in secrets if secret in json.dumps(log)]


FLOOD = """\
from pathlib import Path
from IPython.display import publish_display_data
if flood:
    Path("begun").touch()
    for i in range(10_000):
        publish_display_data({"text/plain": "x" * 300})
    Path("flooded").touch()"""


@pytest.mark.parametrize("template", ["auto", "off"])
async def test_a_server_that_does_not_come_to_read_loses_nothing_of_a_flood(tmp_path: Path, template: str) -> None:
    controls = 'import kernelapp as ka\nflood = ka.checkbox("Flood")'
    with serving(tmp_path, controls, FLOOD, options=("--template", template)) as server:
        if template != "off":
            server.wait_for_line(r"templates of 1 app")
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("Flood"), True)
            await asyncio.to_thread(wait_until, (tmp_path / "begun").exists)
            server.process.send_signal(signal.SIGSTOP)
            try:
                await asyncio.to_thread(wait_until, (tmp_path / "flooded").exists)
            finally:
                server.process.send_signal(signal.SIGCONT)
            await page.idle()
            assert len(page.outputs["c1"]) == 10_000
