"""A disk that is full: where the sessions are saved, and where their files are. Sessions go on, and are whole when there is room again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelapp.kernels.keeper import end_all

from .harness import Page, Server, Viewer, wait_until, write_notebook

CELLS = (
    "import os\nimport kernelapp as ka",
    'n = ka.slider("N", 0, 99, 1)\nfill = ka.checkbox("Fill")\nprint("n", n, "pid", os.getpid())',
    "print(os.urandom(300_000).hex() if n % 2 == 0 else 'small', n)",
    """
large = ka.session.dir / "large"
if fill:
    with large.open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(1_000_000))
large.unlink(missing_ok=True)
print("through", n)""",
)
DISK_BYTES = 8_000_000


class Disk:
    """A small one, mounted here. Where that may not be done, a process may write no more to a file instead, which is an error as well."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "kernelapp-test", str(path)]
        self.mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0

    def fill(self, pid: int, file: Path) -> None:
        """From now on nothing can be written; `file` is what process `pid` would write to."""
        if self.mounted:
            with contextlib.suppress(OSError), (self.path / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
        else:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (file.stat().st_size, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        """There is room again."""
        if self.mounted:
            (self.path / "filler").unlink()
        else:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def take_away(self) -> None:
        """Leave nothing."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "disk")
    yield made
    for state in [*made.path.glob("*"), *(tmp_path / "state").glob("*")]:
        end_all(state)
    made.take_away()


def serve(notebook: Path, state: Path, files: Path, port: int = 0) -> Server:
    files.mkdir(exist_ok=True)
    return Server(notebook, "--state-dir", state, "--sessions-dir", files, "--orphan-grace-s", "60", port=port)


async def use(page: Page, value: int) -> None:
    await page.set(page.key("N"), value)
    await page.idle()
    assert page.text("c3") == f"through {value}\n"
    assert len(page.text("c2")) > 600_000 or value % 2


async def test_sessions_go_on_when_they_cannot_be_saved_and_are_saved_when_there_is_room(tmp_path: Path, disk: Disk) -> None:
    notebook = write_notebook(tmp_path / "app.ipynb", *CELLS)
    with serve(notebook, disk.path, tmp_path / "files") as first:
        viewer = Viewer(first)
        async with viewer.page("app") as page, Viewer(first).page("app") as other:
            await page.idle()
            await other.idle()
            (log,) = disk.path.glob("*/sessions.sqlite-wal")
            await asyncio.to_thread(disk.fill, first.process.pid, log)
            for value in (2, 4):
                await use(page, value)
                await use(other, value + 1)
            await asyncio.to_thread(first.wait_for_line, r"sessions cannot be saved.*(full|I/O)")
            disk.free(first.process.pid)
            await use(page, 6)
            await asyncio.to_thread(first.wait_for_line, r"sessions are saved again")
            await use(page, 8)
            session, shown = page.session, [page.text(cell) for cell in ("c1", "c2", "c3")]
            assert first.printed().count("cannot be saved") == 1
            assert page.errors == other.errors == []
            first.process.kill()
            first.process.wait()
    with serve(notebook, disk.path, tmp_path / "files", int(first.url.rpartition(":")[2])) as second:
        again = Viewer(second)
        again.cookie = viewer.cookie
        async with again.page("app", session) as page:
            await page.until(lambda: any(frame["type"] == "status" for frame in page.frames))
            await page.idle()
            assert (page.session, [page.text(cell) for cell in ("c1", "c2", "c3")]) == (session, shown)


async def test_a_session_that_fills_the_disk_of_all_fails_alone_and_others_go_on(tmp_path: Path, disk: Disk) -> None:
    notebook = write_notebook(tmp_path / "app.ipynb", *CELLS)
    with serve(notebook, tmp_path / "state", disk.path / "files") as server:
        async with Viewer(server).page("app") as page, Viewer(server).page("app") as other:
            await page.idle()
            await other.idle()
            if not disk.mounted:
                pid = int(page.text("c1").split("pid ")[1])
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (DISK_BYTES, resource.RLIM_INFINITY))
            await page.set(page.key("Fill"), True)
            await page.idle()
            assert page.cells["c3"]["status"] == "failed"
            assert page.cells["c3"]["error"]["message"] == "Something went wrong in this part of the app."
            await use(other, 3)
            async with Viewer(server).page("app") as late:
                await late.idle()
                assert late.text("c3") == "through 1\n", "whoever comes while it is full can do what needs no room"
            await page.set(page.key("Fill"), False)
            await page.idle()
            assert page.text("c3") == "through 1\n"
        await asyncio.to_thread(server.wait_for_line, r"OSError: \[Errno \d+\] (No space left|File too large)")
        assert server.process.poll() is None
    assert list((disk.path / "files").iterdir()) == []
    await asyncio.to_thread(wait_until, lambda: not server.processes())
