"""Many connections, and arbitrary bytes on them: what they are told, and that a session's events are answered meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from .harness import Page, Server, Viewer, serving, wait_until, write_notebook
from .view import viewing

CELL = """\
import kernelapp as ka
n = ka.slider("N", 0, 1000, 1, key="n")
print(n)
"""
CROWD = 10_000
ADDRESSES = [f"127.0.0.{number}" for number in range(2, 12)]
PER_ADDRESS = 1_500
BOUNDS = ("--max-connections", "12000", "--max-connections-per-address", str(PER_ADDRESS), "--max-opens-per-min", "0")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("crowd"), CELL, options=BOUNDS) as running:
        yield running


def memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def upgrade(server: Server, cookie: str) -> bytes:
    host = server.url.removeprefix("http://")
    lines = (
        *("GET /app/app/socket HTTP/1.1", f"Host: {host}", f"Origin: {server.url}", "Upgrade: websocket", "Connection: Upgrade"),
        *("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        *("Sec-WebSocket-Protocol: kernelapp.v1", f"Cookie: {cookie}", "", ""),
    )
    return "\r\n".join(lines).encode()


def connect(server: Server, address: str, request: bytes = b"") -> socket.socket:
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=60, source_address=(address, 0))
    if request:
        connection.sendall(request)
    return connection


def crowd_in(server: Server, request: bytes, count: int) -> list[socket.socket]:
    """So many connections, all taken in: most say nothing, every fifth opens a socket and says no hello."""
    found = [connect(server, ADDRESSES[number % len(ADDRESSES)], b"" if number % 5 else request) for number in range(count)]
    assert all(connection.recv(12) == b"HTTP/1.1 101" for connection in found[::5])
    wait_until(lambda: len(open_descriptors(server)) > count)
    return found


def crowd_out(server: Server, crowd: list[socket.socket]) -> None:
    for connection in crowd:
        connection.close()
    wait_until(lambda: len(open_descriptors(server)) < len(crowd) / 10)


async def answers(page: Page, stop: asyncio.Event) -> list[float]:
    """Seconds that each event took, all the while."""
    took: list[float] = []
    while not stop.is_set():
        begun = time.perf_counter()
        await page.set("n", len(took) % 1000)
        await page.idle()
        assert page.text("c0") == f"{len(took) % 1000}\n"
        took.append(time.perf_counter() - begun)
    return took


async def test_ten_thousand_connections_leave_a_session_in_peace_and_their_memory_is_used_again(server: Server) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CROWD + 2_000), max(hard, CROWD + 2_000)))
    stop = asyncio.Event()
    viewer = Viewer(server)
    async with viewer.page("app") as page:
        await page.idle()
        at_work = asyncio.create_task(answers(page, stop))
        request = upgrade(server, viewer.cookie)
        before = memory_mb(server.process.pid)
        crowd = await asyncio.to_thread(crowd_in, server, request, CROWD)
        full = memory_mb(server.process.pid)
        await asyncio.to_thread(crowd_out, server, crowd)
        crowd = await asyncio.to_thread(crowd_in, server, request, CROWD // 5)
        again = memory_mb(server.process.pid)
        await asyncio.to_thread(crowd_out, server, crowd)
        stop.set()
        took = await at_work
    print(f"{len(took)} events, the slowest took {max(took):.2f} s; memory {before:.0f}, {full:.0f}, {again:.0f} MB")
    assert len(took) >= 3
    assert (full - before) / CROWD < 0.03  # megabytes of one
    assert again < full + 5  # what the first crowd had is used by the second
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, max(hard, CROWD + 2_000)))


def open_descriptors(server: Server) -> list[Path]:
    return list(Path(f"/proc/{server.process.pid}/fd").iterdir())


async def test_too_many_of_one_address_are_told_so_and_others_are_not(server: Server) -> None:
    viewer = Viewer(server)
    async with viewer.page("app") as page:
        await page.idle()
        crowd = await asyncio.to_thread(lambda: [connect(server, "127.0.0.20") for _ in range(PER_ADDRESS)])
        await asyncio.to_thread(wait_until, lambda: len(open_descriptors(server)) > PER_ADDRESS)
        late = await asyncio.to_thread(connect, server, "127.0.0.20", upgrade(server, viewer.cookie))
        said = await asyncio.to_thread(everything, late)
        assert b"101 Switching Protocols" in said
        assert b'"code":"busy"' in said
        assert (4008).to_bytes(2, "big") + b"busy" in said  # the close frame
        refused = await asyncio.to_thread(connect, server, "127.0.0.20", b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        told = await asyncio.to_thread(everything, refused)
        assert told.startswith(b"HTTP/1.1 429 ")
        assert b"Retry-After: 10\r\n" in told
        await page.set("n", 7)
        await page.idle()
        await asyncio.to_thread(crowd_out, server, crowd)


def everything(connection: socket.socket, last: bytes = b"busy") -> bytes:
    """What is said until the end, or the text of the close frame: then the server waits for that of the other side."""
    with connection, contextlib.suppress(ConnectionResetError):
        found = b""
        while piece := connection.recv(65536):
            found += piece
            if found.endswith(last):
                break
        return found
    return b""


HASTY = "import kernelapp.server, kernelapp.web.socket\nkernelapp.server._PING_S = kernelapp.web.socket._HELLO_S = 3.0"


async def test_silent_and_half_open_sockets_are_closed_and_a_living_one_is_not(tmp_path: Path) -> None:
    with Server(write_notebook(tmp_path / "app.ipynb", CELL), constants=HASTY) as server:
        viewer = Viewer(server)
        async with viewer.page("app") as page:
            await page.idle()
            request = upgrade(server, viewer.cookie)
            silent = await asyncio.to_thread(connect, server, ADDRESSES[0], request)
            said = await asyncio.to_thread(everything, silent, b"hello expected")
            assert (4003).to_bytes(2, "big") in said
            half_open = await asyncio.to_thread(connect, server, ADDRESSES[0], request)
            half_open.sendall(masked(random.Random(1), 1, b'{"type":"hello","session":null,"last_seq":0}'))
            said = await asyncio.to_thread(everything, half_open)  # it answers no ping
            assert b'"type":"hello"' in said
            await page.set("n", 5)
            await page.idle()


async def test_a_page_that_is_refused_says_so_and_comes_back_by_itself(browser: Browser, server: Server) -> None:
    async with viewing(browser, server) as view:
        crowd = await asyncio.to_thread(lambda: [connect(server, "127.0.0.1") for _ in range(PER_ADDRESS)])
        await asyncio.to_thread(wait_until, lambda: len(open_descriptors(server)) > PER_ADDRESS)
        # as when the browser puts the page away and takes it out again
        await view.page.evaluate(
            "['pagehide', 'pageshow'].forEach((each) => dispatchEvent(new PageTransitionEvent(each, {persisted: true})))"
        )
        await expect(view.page.locator(".ka-notice")).to_contain_text("too many visitors", timeout=60_000)
        await expect(view.page.locator("body[data-state=reconnecting]")).to_have_count(1)
        await asyncio.to_thread(crowd_out, server, crowd)
        await expect(view.page.locator("body[data-state=idle]")).to_have_count(1, timeout=60_000)


async def test_arbitrary_bytes_on_a_socket_harm_nobody_and_raise_nothing(server: Server) -> None:
    """After the handshake, and with headers of frames or without."""
    chance = random.Random(6)
    viewer = Viewer(server)
    async with viewer.page("app") as page:
        await page.idle()
        request = upgrade(server, viewer.cookie)
        for number in range(300):
            connection = await asyncio.to_thread(connect, server, ADDRESSES[number % 10], b"" if number % 10 == 0 else request)
            garbage = chance.randbytes(chance.choice((1, 2, 7, 40, 3_000)))
            if number % 3:
                garbage = masked(chance, chance.choice((1, 1, 2, 2, 0, 8, 9, 10, 3)), garbage)
            with contextlib.suppress(OSError):
                connection.sendall(garbage)
                connection.sendall(masked(chance, 1, b'{"type":"hello","session":"' + garbage.hex().encode() + b'","last_seq":-1}'))
            connection.close()
            if number % 50 == 0:
                await page.set("n", number)
                await page.idle()
                assert page.text("c0") == f"{number}\n"
        await page.set("n", 999)
        await page.idle()
    await asyncio.to_thread(wait_until, lambda: len(open_descriptors(server)) < 200)
    said = server.printed()
    assert "Traceback" not in said
    assert "ERROR" not in said


def masked(chance: random.Random, kind: int, payload: bytes) -> bytes:
    """A frame as a browser makes it (RFC 6455), of any kind."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    mask = chance.randbytes(4)
    return bytes([0x80 | kind]) + length + mask + bytes(each ^ mask[place % 4] for place, each in enumerate(payload))
