"""`--isolate`: whole servers whose sessions try what they may not. Real kernels, the wire."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelapp.kernels.keeper import MARK, end_all
from kernelapp.kernels.limits import Limits, find_fences

from .harness import Page, Server, Viewer, is_alive, wait_until, write_notebook

CELLS = (
    "import os, socket\nfrom pathlib import Path\nimport kernelapp as ka",
    'do = ka.text_input("Do", "1 + 1")',
    """
try:
    print("got", eval(do))
except OSError as problem:
    print("refused:", type(problem).__name__)""",
    'print("data:", Path("data.csv").read_text().strip())',
)

WHICH = "os.getuid(), Path('/proc/self/stat').read_text().split()[21]"  # the user of a kernel, and when it started


@pytest.fixture(params=["auto", "off"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where the notebook is; its state is hidden in it."""
    found = tmp_path / request.param
    found.mkdir()
    found.chmod(0o755)  # sessions' users read it
    write_notebook(found / "app.ipynb", *CELLS)
    (found / "data.csv").write_text("1,2")
    yield found
    for state in (found / "state").glob("*"):
        end_all(state)


def serve(folder: Path, port: int = 0) -> Server:
    bounds = ("--isolate", "offline", "--template", folder.name, "--state-dir", folder / "state", "--orphan-grace-s", "60")
    server = Server(folder / "app.ipynb", *bounds, port=port, env={"SECRET_OF_THE_SERVER": "word"})
    if folder.name != "off":
        server.wait_for_line(r"templates of 1 app")
    return server


async def tries(page: Page, expression: str) -> str:
    await page.set(page.key("Do"), expression)
    await page.idle()
    return page.text("c2").strip()


async def test_a_session_reads_nothing_of_the_server_and_its_sessions_and_keeps_working(folder: Path) -> None:
    with serve(folder) as server:
        pid, port = server.process.pid, int(server.url.rpartition(":")[2])
        store = next((folder / "state").glob("*/sessions.sqlite"))
        async with Viewer(server).page("app") as one, Viewer(server).page("app") as two:
            for page in (one, two):
                await page.idle()
                assert page.text("c3") == "data: 1,2\n"
            assert await tries(one, "Path('/tmp/mine').write_text('of one')") == "got 6"
            assert await tries(two, "Path('/tmp/mine').read_text()") == "refused: FileNotFoundError"
            for path in (store, store.parent / "lock", store.parent / "k"):
                assert await tries(two, f"os.stat({str(path)!r}).st_size") == "refused: FileNotFoundError"
            assert await tries(two, f"Path('/proc/{pid}/environ').read_bytes()") == "refused: FileNotFoundError"
            assert await tries(two, f"os.kill({pid}, 9)") == "refused: ProcessLookupError"
            assert await tries(two, f"socket.create_connection(('127.0.0.1', {port}))") == "refused: ConnectionRefusedError"
            assert await tries(two, "'SECRET_OF_THE_SERVER' in os.environ") == "got False"
            own = await tries(one, "str(ka.session.dir)")
            assert await tries(one, "(ka.session.dir / 'mine').write_text('of one')") == "got 6"
            assert await tries(one, "os.path.dirname(__import__('tempfile').gettempdir()) == str(ka.session.dir)") == "got True"
            assert await tries(two, f"os.listdir({own.removeprefix('got ')!r})") == "refused: FileNotFoundError"
            assert await tries(two, "ka.session.dir.exists(), list(ka.session.dir.glob('mine'))") == "got (True, [])"
            await one.send({"type": "restart"})
            await one.until(lambda: one.state != "idle")
            await one.idle()
            assert (
                await tries(one, "(ka.session.dir / 'mine').read_text(), (ka.session.dir / 'mine').write_text('yet')")
                == "got ('of one', 3)"
            )
        kernels = marked(folder)
        if folder.name == "off" and "cgroup" in find_fences(Limits(memory_bytes=1)).describe()["memory"]:
            assert all(map(is_fenced, kernels))  # the sandbox is inside the limits, all of it
        assert server.stop() == 0
    await asyncio.to_thread(wait_until, lambda: not any(is_alive(kernel) for kernel in kernels))
    assert not has_mounts(folder)


def is_fenced(pid: int) -> bool:
    return "/kernelapp-" in Path(f"/proc/{pid}/cgroup").read_text()


def has_mounts(folder: Path) -> bool:
    return str(folder) in Path("/proc/self/mountinfo").read_text()


def marked(folder: Path) -> list[int]:
    """The processes of this folder's servers, sandboxed or not."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={folder}/state".encode() in (path / "environ").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    assert found
    return found


async def test_isolated_sessions_outlive_their_server(folder: Path) -> None:
    with serve(folder) as first:
        viewer = Viewer(first)
        async with viewer.page("app") as page:
            await page.idle()
            await tries(page, "5 + 5")
            same = await tries(page, WHICH)
            session, seq = page.session, page.seq
            first.process.kill()
            first.process.wait()
    with serve(folder, int(first.url.rpartition(":")[2])) as second:
        back = Viewer(second)
        back.cookie = viewer.cookie
        async with back.page("app", session, seq) as page:
            await page.until(lambda: any(frame["type"] == "status" for frame in page.frames))
            await page.idle()
            page._event = page.settled
            assert page.session == session
            assert page.text("c2").strip() == same
            assert await tries(page, f"{WHICH}  ") == same
            await page.set(page.key("Do"), "__import__('time').sleep(1000)")
            await page.until(lambda: page.cells["c2"]["status"] == "running")
            await page.send({"type": "stop"})
            await page.until(lambda: page.cells["c2"]["status"] in ("stale", "failed") and page.state == "idle")


def test_a_server_says_at_the_start_when_it_cannot_isolate(tmp_path: Path) -> None:
    write_notebook(tmp_path / "app.ipynb", *CELLS)
    flags = ["--isolate", "on", "--isolate-paths", str(tmp_path / "missing"), "--no-browser", "--port", "0", "--state-dir", "none"]
    command = [sys.executable, "-m", "kernelapp", "serve", str(tmp_path / "app.ipynb"), *flags]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert found.returncode == 2
    assert found.stderr == f"kernelapp: --isolate-paths must name files and folders that exist, not {tmp_path}/missing\n"
