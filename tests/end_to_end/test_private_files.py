"""`ka.session`: each session's private directory, in forks and other kernels, over a restart of the server, and when it is too full."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelapp.kernels.keeper import end_all

from .harness import Page, Server, Viewer, wait_until, write_notebook

CELLS = (
    "import os, subprocess, sys, tempfile\nimport kernelapp as ka",
    'n = ka.slider("N", 0, 9, 1)\nfill = ka.checkbox("Fill")',
    """
print(ka.session.id)
print(ka.session.dir)
print(oct(ka.session.dir.stat().st_mode & 0o777))
print(tempfile.mkdtemp())
program = [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"]
print(subprocess.run(program, capture_output=True, text=True).stdout.strip())
print(os.getpid())""",
    '(ka.session.dir / "kept.txt").open("a").write(str(n))\nprint((ka.session.dir / "kept.txt").read_text())',
    """
if fill:
    with (ka.session.dir / "large").open("wb") as file:
        for _ in range(40):
            file.write(bytes(1_000_000))
    while True:
        pass
print("through")""",
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write_notebook(tmp_path / "app.ipynb", *CELLS)
    (tmp_path / "files").mkdir()
    yield tmp_path
    for state in (tmp_path / "state").glob("*"):
        end_all(state)


def serve(folder: Path, *options: str, port: int = 0, template: str = "auto") -> Server:
    own = ("--state-dir", folder / "state", "--sessions-dir", folder / "files", "--orphan-grace-s", "60", "--template", template)
    server = Server(folder / "app.ipynb", *own, *options, port=port)
    if template == "auto":
        server.wait_for_line(r"templates of 1 app")
    return server


def told(page: Page) -> list[str]:
    return page.text("c2").splitlines()


def left(folder: Path, template: str) -> int:
    """How many directories there are besides the template's."""
    return len(list((folder / "files").iterdir())) - (template == "auto")


@pytest.mark.parametrize("template", ["auto", "off"])
async def test_each_session_has_one_to_itself_which_goes_with_it(folder: Path, template: str) -> None:
    with serve(folder, "--grace-s", "0", template=template) as server:
        async with Viewer(server).page("app") as one, Viewer(server).page("app") as two:
            await one.idle()
            await two.idle()
            for page in (one, two):
                name, directory, mode, made, of_a_program, _ = told(page)
                assert name == page.session[:8]
                assert mode == "0o700"
                assert Path(made).parent == Path(of_a_program) == Path(directory) / "tmp"
                assert (folder / "files") in Path(directory).parents
            assert told(one)[1] != told(two)[1]
            assert (one.text("c3"), two.text("c3")) == ("1\n", "1\n")
            assert left(folder, template) == 2
        await asyncio.to_thread(wait_until, lambda: left(folder, template) == 0)
    assert list((folder / "files").iterdir()) == []


async def test_it_is_there_again_with_the_session_when_the_server_is_killed(folder: Path) -> None:
    with serve(folder) as first:
        viewer = Viewer(first)
        async with viewer.page("app") as page, Viewer(first).page("app") as other:
            await page.idle()
            await other.idle()
            await page.set(page.key("N"), 2)
            await page.idle()
            session, before = page.session, told(page)
            first.process.kill()
            first.process.wait()
    with serve(folder, port=int(first.url.rpartition(":")[2])) as second:
        again = Viewer(second)
        again.cookie = viewer.cookie
        async with again.page("app", session) as page:
            await page.until(lambda: any(frame["type"] == "status" for frame in page.frames))
            await page.idle()
            page._event = page.settled
            await page.set(page.key("N"), 3)
            await page.idle()
            assert (page.text("c3"), told(page)[5]) == ("123\n", before[5]), "the same files, the same kernel"
    assert list((folder / "files").iterdir()) == []


async def test_files_of_sessions_that_no_server_comes_back_for_are_removed(folder: Path) -> None:
    with serve(folder, "--orphan-grace-s", "0.5") as first:
        async with Viewer(first).page("app") as page:
            await page.idle()
            first.process.kill()
            first.process.wait()
    await asyncio.to_thread(wait_until, lambda: not list((folder / "files").iterdir()))


async def test_a_session_whose_files_take_too_much_ends_alone_says_so_and_begins_again_empty(folder: Path) -> None:
    with serve(folder, "--max-session-dir-bytes", "20000000") as server:
        async with Viewer(server).page("app") as page, Viewer(server).page("app") as other:
            await page.idle()
            await other.idle()
            await page.set(page.key("Fill"), True)
            await page.until(lambda: page.state == "dead")
            assert page.frames[-1]["detail"] == "The app's files took more disk than a session may have (20 MB). They were removed."
            await other.set(other.key("N"), 5)
            await other.idle()
            assert other.text("c3") == "15\n"
            await page.set(page.key("Fill"), False)
            await page.send({"type": "restart"})
            await page.until(lambda: page.state == "queued")
            await page.idle()
            assert (page.text("c3"), page.text("c4")) == ("1\n", "through\n")


def test_a_place_that_is_no_directory_is_refused_at_the_start(folder: Path) -> None:
    arguments = [
        "serve",
        folder / "app.ipynb",
        "--sessions-dir",
        folder / "app.ipynb",
        "--no-browser",
        "--port",
        "0",
        "--state-dir",
        "none",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "kernelapp", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "--sessions-dir must be a directory that this account may write to" in done.stderr
