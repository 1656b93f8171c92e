"""`ka.on_close`, however a session ends: real servers, real kernels, forked and not."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from .harness import Server, Viewer, serving, wait_until, write_notebook

CELLS = (
    "import os, time\nfrom pathlib import Path\nimport kernelapp as ka",
    """
def note(what):
    with Path("ends.txt").open("a") as file:
        file.write(f"{what} {os.getpid()}\\n")
ka.on_close(lambda: note("first"));
""",
    'n = ka.slider("N", 0, 9, 1)\nprint("pid", os.getpid())',
    'ka.on_close(lambda: note(f"second-{n}"))\nif n == 8:\n    ka.on_close(lambda: 1 / 0)',
    "while n == 9:\n    pass",
)

STUCK = """
import time
from pathlib import Path
import kernelapp as ka
@ka.on_close
def end():
    Path("began").touch()
    time.sleep(600)
"""


def ends(folder: Path) -> list[str]:
    """What has been called until now."""
    file = folder / "ends.txt"
    return file.read_text().splitlines() if file.exists() else []


async def called(folder: Path, count: int) -> list[str]:
    await asyncio.to_thread(wait_until, lambda: len(ends(folder)) >= count)
    return ends(folder)


def serve(folder: Path, *options: str) -> Server:
    server = Server(write_notebook(folder / "app.ipynb", *CELLS), *options)
    if "off" not in options:
        server.wait_for_line(r"templates of 1 app")
    return server


@pytest.mark.parametrize("template", ["auto", "off"])
async def test_it_is_called_after_the_grace_period_with_the_viewers_values(tmp_path: Path, template: str) -> None:
    with serve(tmp_path, "--grace-s", "0", "--template", template) as server:
        for value in (3, 4):
            async with Viewer(server).page("app") as page:
                await page.idle()
                await page.set(page.key("N"), 7)
                await page.idle()
                await page.set(page.key("N"), value)
                await page.idle()
                pid = page.text("c2").split()[1]
                before = len(ends(tmp_path))
            assert (await called(tmp_path, before + 2))[before:] == [f"second-{value} {pid}", f"first {pid}"]
    assert len(ends(tmp_path)) == 4, "neither the template nor a standby calls anything"


async def test_it_is_called_when_the_session_has_been_idle_for_too_long(tmp_path: Path) -> None:
    with serve(tmp_path, "--idle-timeout-s", "0.5") as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.until(lambda: bool(page.errors))
            assert page.errors[0]["code"] == "ended"
            assert [line.split()[0] for line in await called(tmp_path, 2)] == ["second-1", "first"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_is_called_when_the_server_stops_also_amid_a_cell_and_errors_are_logged(tmp_path: Path, number: int) -> None:
    with serve(tmp_path) as server:
        async with Viewer(server).page("app") as page, Viewer(server).page("app") as other:
            await page.idle()
            await other.idle()
            await other.set(other.key("N"), 8)
            await other.idle()
            await page.set(page.key("N"), 9)
            await page.until(lambda: page.cells["c4"]["status"] == "running")
            assert await asyncio.to_thread(server.stop, number) == 0
    assert sorted(line.split()[0] for line in ends(tmp_path)) == ["first", "first", "second-8", "second-9"]
    log = "".join(server.lines)
    assert "a function given to ka.on_close failed" in log
    assert "ZeroDivisionError" in log


async def test_it_is_called_when_a_kernel_is_restarted_that_answers_and_not_when_it_does_not(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            pid = page.text("c2").split()[1]
            await page.send({"type": "restart"})
            await page.until(lambda: page.state == "queued")
            await page.idle()
            assert ends(tmp_path) == [f"second-1 {pid}", f"first {pid}"]


async def test_what_takes_too_long_ends_with_its_kernel(tmp_path: Path) -> None:
    with serving(tmp_path, STUCK, options=("--grace-s", "0", "--close-timeout-s", "1", "--template", "off")) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            pids = server.processes()
        await asyncio.to_thread(server.wait_for_line, r"did not end within 1 seconds")
        await asyncio.to_thread(server.wait_for_line, r"session ended")
        assert (tmp_path / "began").exists()
        assert not pids & server.processes()
