"""Sessions that outlive their server: real servers that are killed, real kernels, the wire."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from kernelapp.kernels.keeper import end_all

from .harness import Page, Server, Viewer, is_alive, wait_until, write_notebook
from .view import View

CELLS = (
    "import os, time\nfrom pathlib import Path\nimport kernelapp as ka\nmemory = []",
    'n = ka.slider("N", 0, 9, 1)\nslow = ka.checkbox("Slow")\ngate = Path("gate")',
    'print("pid", os.getpid())\nmemory.append(n)\nprint("n was", memory)',
    """
if slow:
    for i in range(20):
        print("line", i, flush=True)
        time.sleep(0.1)
    while not gate.exists():
        time.sleep(0.05)
print("ran with", n)""",
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write_notebook(tmp_path / "app.ipynb", *CELLS)
    yield tmp_path
    for state in (tmp_path / "state").glob("*"):
        end_all(state)


def serve(folder: Path, *options: str, port: int = 0) -> Server:
    grace = () if "--orphan-grace-s" in options else ("--orphan-grace-s", "60")
    return Server(folder / "app.ipynb", "--state-dir", folder / "state", *grace, *options, port=port)


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def pid_of(page: Page) -> int:
    return int(page.text("c2").split("pid ")[1].split()[0])


def kill(server: Server) -> None:
    server.process.kill()
    server.process.wait()


async def again(server: Server, viewer: Viewer) -> Viewer:
    """The same browser, at a server that was started again."""
    found = Viewer(server)
    found.cookie = viewer.cookie
    return found


async def whole(page: Page) -> None:
    """Wait for what the page is sent at first, and for the end of what runs."""
    await page.until(lambda: any(frame["type"] == "status" for frame in page.frames))
    await page.idle()
    page._event = page.settled  # as the browser does: its numbers go on


async def test_a_killed_server_loses_nothing_of_an_idle_session(folder: Path) -> None:
    with serve(folder) as first:
        viewer = Viewer(first)
        async with viewer.page("app") as page:
            await page.idle()
            await page.set(page.key("N"), 5)
            await page.idle()
            shown, pid, session, seq = page.text("c2"), pid_of(page), page.session, page.seq
            kill(first)
    with serve(folder, port=port_of(first)) as second:
        async with (await again(second, viewer)).page("app", session, seq) as page:
            await whole(page)
            assert page.session == session
            assert page.text("c2") == shown
            assert page.controls[page.key("N")]["value"] == 5
            await page.set(page.key("N"), 6)
            await page.idle()
            assert pid_of(page) == pid, "the same kernel, with what it had"
            assert "n was [6]" in page.text("c2")
    assert not is_alive(pid)


async def test_a_cell_that_runs_while_the_server_dies_goes_on_and_nothing_of_it_is_lost(folder: Path) -> None:
    with serve(folder) as first:
        viewer = Viewer(first)
        async with viewer.page("app") as page:
            await page.idle()
            await page.set(page.key("Slow"), True)
            await page.until(lambda: "line 3" in page.text("c3"))
            session, seq = page.session, page.seq
            kill(first)
    await asyncio.to_thread((folder / "gate").write_text, "")
    with serve(folder, port=port_of(first)) as second:
        async with (await again(second, viewer)).page("app", session, seq) as page:
            page._event = 1  # the browser still waits for its event
            await whole(page)
            assert page.text("c3") == "".join(f"line {i}\n" for i in range(20)) + "ran with 1\n"
            assert page.cells["c3"]["status"] == "done"


async def test_fifty_sessions_of_a_killed_server_twenty_of_them_amid_a_cell_are_all_there_again(folder: Path) -> None:
    """Also when the template that they are forked from is killed with it, as its kernels' parent."""
    with serve(folder, "--max-starting", "8", "--max-sessions", "60") as first:
        first.wait_for_line("templates of 1 app")
        viewers = [Viewer(first) for _ in range(50)]
        async with AsyncExitStack() as stack:
            pages = await asyncio.gather(*(stack.enter_async_context(viewer.page("app")) for viewer in viewers))
            kept = await asyncio.gather(*(work(page, i % 10, slow=i < 20) for i, page in enumerate(pages)))
            template = {parent_of(pid_of(page)) for page in pages}
            assert len(template) == 1, "all are forks of one"
            kill(first)
            for pid in template:
                os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread((folder / "gate").write_text, "")
    with serve(folder, "--max-sessions", "60", port=port_of(first)) as second:

        async def look(viewer: Viewer, session: str) -> tuple[str, str, str]:
            async with (await again(second, viewer)).page("app", session) as page:
                page._event = page.settled
                await whole(page)
                return page.session, page.text("c2"), page.text("c3")

        found = await asyncio.gather(*(look(viewer, session) for viewer, (session, _) in zip(viewers, kept, strict=True)))
        assert [(session, shown) for session, shown, _ in found] == kept
        lines = "".join(f"line {i}\n" for i in range(20))
        assert [ran for _, _, ran in found] == [(lines if i < 20 else "") + f"ran with {i % 10}\n" for i in range(50)]


async def work(page: Page, value: int, *, slow: bool) -> tuple[str, str]:
    """Use a session; a slow one is amid a cell afterwards. Returns it, and what shows which kernel it has."""
    await page.idle()
    await page.set(page.key("N"), value)
    await page.idle()
    if slow:
        await page.set(page.key("Slow"), True)
        await page.until(lambda: "line 3" in page.text("c3"))
    return page.session, page.text("c2")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_viewer_sees_the_server_go_and_come_back_to_the_same_page(folder: Path, browser: Browser) -> None:
    with serve(folder) as first:
        context = await browser.new_context()
        view = View(await context.new_page(), first)
        await view.open()
        await view.page.get_by_label("N", exact=True).fill("4")
        await view.idle()
        before = await view.cell("c2").inner_text()
        await view.page.get_by_label("Slow").check()
        await expect(view.cell("c3")).to_contain_text("line 2")
        kill(first)
        await expect(view.page.locator("body")).to_have_attribute("data-state", "reconnecting")
        await expect(view.cell("c3")).to_contain_text("line 2")  # what it shows stays
    await asyncio.to_thread((folder / "gate").write_text, "")
    with serve(folder, port=port_of(first)):
        await view.idle()
        await view.shows("c3", "".join(f"line {i}\n" for i in range(20)) + "ran with 4\n")
        assert await view.cell("c2").inner_text() == before, "the kernel is the same, and has run no cell again"
        await expect(view.page.get_by_label("N", exact=True)).to_have_value("4")
        await view.page.reload()
        await view.idle()
        assert await view.cell("c2").inner_text() == before
        await view.page.get_by_label("Slow").uncheck()
        await view.idle()
        await view.shows("c3", "ran with 4\n")
        await context.close()


async def test_another_browser_cannot_take_a_session_over(folder: Path) -> None:
    with serve(folder) as first:
        async with Viewer(first).page("app") as page:
            await page.idle()
            session = page.session
            kill(first)
    with serve(folder, port=port_of(first)) as second:
        async with Viewer(second).page("app", session) as page:
            await whole(page)
            assert page.session != session


async def test_a_kernel_that_ends_while_no_server_is_there_is_told_of(folder: Path) -> None:
    with serve(folder) as first:
        viewer = Viewer(first)
        async with viewer.page("app") as page:
            await page.idle()
            await page.set(page.key("N"), 3)
            await page.idle()
            pid, session = pid_of(page), page.session
            kill(first)
    os.kill(pid, signal.SIGKILL)
    with serve(folder, port=port_of(first)) as second:
        async with (await again(second, viewer)).page("app", session) as page:
            await page.until(lambda: any(frame.get("detail") for frame in page.frames))
            assert page.state == "dead"
            assert "while the server was away" in page.frames[-1]["detail"]
            await page.send({"type": "rerun"})
            await whole(page)
            assert "n was [3]" in page.text("c2")


async def test_when_no_server_comes_back_kernels_and_what_they_started_end(folder: Path) -> None:
    write_notebook(
        folder / "app.ipynb",
        """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("pid", os.getpid(), "child", child.pid)""",
    )
    with serve(folder, "--orphan-grace-s", "0.5") as first:
        async with Viewer(first).page("app") as page:
            await page.idle()
            kernel, child = (int(page.text("c0").split()[i]) for i in (1, 3))
            assert is_alive(kernel)
            assert is_alive(child)
            kill(first)
    await asyncio.to_thread(wait_until, lambda: not is_alive(kernel) and not is_alive(child))


async def test_stop_with_keep_kernels_leaves_them_to_the_next_start(folder: Path) -> None:
    with serve(folder) as first:
        viewer = Viewer(first)
        async with viewer.page("app") as page:
            await page.idle()
            pid, session = pid_of(page), page.session
            command = [sys.executable, "-m", "kernelapp", "stop", "--state-dir", str(folder / "state")]
            told = await asyncio.to_thread(subprocess.run, [*command, "--keep-kernels"], capture_output=True, text=True, timeout=60)
            assert (told.returncode, told.stderr) == (0, "")
            assert told.stdout.startswith("stopped http://")
            assert is_alive(pid)
    with serve(folder, port=port_of(first)) as second:
        async with (await again(second, viewer)).page("app", session) as page:
            await whole(page)
            assert pid_of(page) == pid
        told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
        assert told.returncode == 0
        assert second.process.wait(30) == 0
    assert not is_alive(pid)
    told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    assert told.returncode == 2
    assert "no server runs" in told.stderr


def test_a_store_of_another_version_is_refused_and_a_damaged_one_set_aside(folder: Path) -> None:
    with serve(folder, "--template", "off"):
        (file,) = (folder / "state").glob("*/sessions.sqlite")
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 99")
    database.close()
    command = [sys.executable, "-m", "kernelapp", "serve", str(folder / "app.ipynb"), "--state-dir", str(folder / "state"), "--port", "0"]
    told = subprocess.run([*command, "--no-browser"], capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 2
    assert "were saved by another version of kernelapp (format 99" in told.stderr
    assert "kernelapp stop" in told.stderr
    file.write_bytes(b"no database" * 1000)
    with serve(folder, "--template", "off") as server:
        server.wait_for_line(r"the store of sessions was damaged .* and is kept as .*damaged-1; its sessions are lost")
    assert file.with_name("sessions.sqlite.damaged-1").read_bytes().startswith(b"no database")


async def test_without_a_state_directory_kernels_end_with_the_server(folder: Path) -> None:
    with Server(folder / "app.ipynb", "--state-dir", "none") as first:
        async with Viewer(first).page("app") as page:
            await page.idle()
            pid = pid_of(page)
            kill(first)
    await asyncio.to_thread(wait_until, lambda: not is_alive(pid))
