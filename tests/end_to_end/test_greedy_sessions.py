"""Sessions that take all they can get: what the page says, what others notice of it, and what is left. Real kernels, real limits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kernelapp.kernels.limits import Limits, find_fences

from .harness import Page, Server, Viewer, is_alive, wait_until, write_notebook

CELLS = (
    "import os, time, subprocess, sys\nimport kernelapp as ka",
    'n = ka.slider("N", 0, 1000, 1)\ndo = ka.selectbox("Do", ["nothing", "memory", "bomb", "files"])',
    'print("n is", n, "pid", os.getpid())',
    """
if do == "memory":
    held = []
    while True:
        held.append(bytearray(os.urandom(1) * 20_000_000))
if do == "bomb":
    started = 0
    try:
        while started < 3000:
            if os.fork() == 0:
                time.sleep(300)
            started += 1
    except OSError:
        print("refused after", started)
if do == "files":
    files = []
    try:
        while True:
            files.append(open(os.devnull))
    except OSError:
        print("refused after", len(files))
    del files
print("did", do)""",
)


SLACK_BYTES = 60_000_000
BY_GROUPS = "cgroup" in find_fences(Limits(memory_bytes=1)).describe()["memory"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server, its kernels and its sessions have their files."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module", params=["auto", "off"])
def server(request: pytest.FixtureRequest, files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = write_notebook(tmp_path_factory.mktemp("greedy") / "app.ipynb", *CELLS)
    bounds = ("--max-session-memory-bytes", "400000000", "--max-session-processes", "60", "--max-session-files", "200", "--grace-s", "0.5")
    with Server(path, "--template", request.param, "--standby", "0", *bounds, env={"TMPDIR": str(files)}) as running:
        if request.param != "off":
            running.wait_for_line("templates of 1 app")
        yield running


@asynccontextmanager
async def nothing_left(server: Server, files: Path) -> AsyncIterator[None]:
    """Afterwards: no process and no file that was not there, and of the server's memory no more than an allocator keeps."""
    processes, names, memory = server.processes(), names_in(files), private_bytes(server)
    yield
    await asyncio.to_thread(wait_until, lambda: server.processes() <= processes and names_in(files) <= names)
    await asyncio.to_thread(wait_until, lambda: private_bytes(server) < memory + SLACK_BYTES)


def names_in(files: Path) -> set[Path]:
    return set(files.iterdir())


def private_bytes(server: Server) -> int:
    lines = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def pid_of(page: Page) -> int:
    return int(page.text("c2").split("pid ")[1].split()[0])


@asynccontextmanager
async def two(server: Server) -> AsyncIterator[tuple[Page, Page]]:
    """A greedy viewer's page and another's."""
    async with Viewer(server).page("app") as greedy, Viewer(server).page("app") as other:
        await greedy.idle()
        await other.idle()
        yield greedy, other


async def answers(other: Page, stop: asyncio.Event) -> int:
    """Have the other session work all the while; how many events it answered."""
    count = 0
    while not stop.is_set():
        count += 1
        await other.set(other.key("N"), count + 1)
        await other.idle()
        assert f"n is {count + 1} " in other.text("c2")
    return count


async def test_a_session_that_takes_more_memory_than_it_may_is_told_so_alone(server: Server, files: Path) -> None:
    async with nothing_left(server, files), two(server) as (greedy, other):
        killed, stop = pid_of(greedy), asyncio.Event()
        at_work = asyncio.create_task(answers(other, stop))
        await greedy.set(greedy.key("Do"), "memory")
        await greedy.until(lambda: greedy.state == "dead" or greedy.cells["c3"]["status"] == "failed")
        stop.set()
        assert await at_work > 0
        if BY_GROUPS:
            assert greedy.state == "dead"
            assert greedy.frames[-1]["detail"] == "The kernel used more memory than a session may (400 MB), and was killed."
            await asyncio.to_thread(wait_until, lambda: not is_alive(killed))
            await greedy.send({"type": "rerun"})
            await greedy.until(lambda: greedy.state == "dead" and greedy.cells["c3"]["run"] > 1)  # with the same inputs: again
        assert other.state == "idle"


async def test_a_fork_bomb_is_contained(server: Server, files: Path) -> None:
    async with nothing_left(server, files), two(server) as (greedy, other):
        stop = asyncio.Event()
        at_work = asyncio.create_task(answers(other, stop))
        await greedy.set(greedy.key("Do"), "bomb")
        if BY_GROUPS:
            await greedy.idle()
            said = greedy.text("c3")
            assert said.startswith("refused after ")
            assert int(said.split()[2]) < 60
        stop.set()
        assert await at_work > 0
        bomber = pid_of(greedy)
    await asyncio.to_thread(wait_until, lambda: not is_alive(bomber))


async def test_a_session_that_opens_all_the_files_it_may_goes_on_afterwards(server: Server, files: Path) -> None:
    async with nothing_left(server, files), two(server) as (greedy, other):
        await greedy.set(greedy.key("Do"), "files")
        await greedy.idle()
        assert greedy.text("c3").startswith("refused after ")
        assert greedy.text("c3").endswith("did files\n")
        await greedy.set(greedy.key("Do"), "nothing")
        await greedy.idle()
        assert greedy.text("c3") == "did nothing\n"
        await other.set(other.key("N"), 7)
        await other.idle()
        assert "n is 7 " in other.text("c2")


@pytest.mark.parametrize("template", ["auto", "off"])
async def test_nothing_of_the_sessions_is_left(template: str, tmp_path: Path) -> None:
    """Not of a session that ended, nor of a server that was killed with its sessions."""
    path = write_notebook(tmp_path / "app.ipynb", *CELLS)
    with Server(path, "--template", template, "--grace-s", "0") as server:
        if template != "off":
            server.wait_for_line(r"templates of 1 app")
        async with Viewer(server).page("app") as page:
            await page.idle()
            closed = groups_of(pid_of(page))
        await asyncio.to_thread(wait_until, lambda: not any(group.exists() for group in closed))
        async with Viewer(server).page("app") as page:
            await page.idle()
            mark = groups_of(pid_of(page))[0].name.split("-")[1] if BY_GROUPS else "none"
            server.process.kill()
            server.process.wait()
        await asyncio.to_thread(wait_until, lambda: not groups_with(mark))


def groups_with(mark: str) -> list[str]:
    """The control groups of sessions of a server, wherever they are; others come and go meanwhile, which `os.walk` does not mind."""
    return [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if Path(folder).name.startswith(f"kernelapp-{mark}-")]


def groups_of(pid: int) -> list[Path]:
    """The control groups that a session's kernel has of its own."""
    found = []
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        if "/kernelapp-" in group:
            found.append(Path("/sys/fs/cgroup") / controllers / group.lstrip("/"))
    assert bool(found) == BY_GROUPS
    return found
