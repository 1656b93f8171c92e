"""Sessions that are forked from a template: a real server, real kernels, no browser."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from benchmarks.soak import soak
from kernelapp.kernels.forkserver import ForkTemplate
from kernelapp.notebook import read_notebook
from kernelapp.session.making import Level, Maker
from kernelapp.session.relay import RelaySettings
from tests.kernels.forks import launch

from .harness import Page, Server, Viewer, is_alive, serving, wait_until, write_notebook

CELLS: tuple[str | tuple[str, str, list[str]], ...] = (
    "import os, random, time\nimport numpy as np\nimport kernelapp as ka\nimport ran",
    "ran.note('load')\ntable = list(range(1000))",
    'n = ka.slider("N", 0, 9, 1)',
    'print("sum", sum(table), "times", n)',
    ("code", "ran.note('session')\nmine = 'secret of this session'\nprint(mine)", ["per-session"]),
    "print(len(mine))",
    "np.random.seed(3)\nrandom.seed(3)\nfirst = np.random.rand(), random.random()",
    "print('seeded', first, np.random.rand(), random.random())",
    "print('clock', time.time())",
    "print('drawn', np.random.default_rng().random(), random.Random().random())",
    "open('/nowhere/secret-path')",
    "table.append(n)\nprint('length', len(table))",
    "print('pid', os.getpid(), os.getppid())",
)
RAN = """\
from pathlib import Path

def note(what):
    with Path(__file__).with_name("ran.txt").open("a") as file:
        file.write(what + "\\n")
"""


def serve(
    folder: Path, *cells: str | tuple[str, str, list[str]], options: tuple[str, ...] = (), env: dict[str, str] | None = None
) -> Server:
    """A server of one notebook; its template is made."""
    (folder / "ran.py").write_text(RAN)
    server = Server(write_notebook(folder / "app.ipynb", *cells), "--grace-s", "0", *options, env=env)
    server.wait_for_line(r"templates of 1 app")
    return server


def level_of(server: Server) -> str:
    """What the log says of the latest template."""
    return [found.group(1) for line in server.lines if (found := re.search(r"template of app: (.*), in ", line))][-1]


def made(server: Server) -> int:
    """How many templates the log has told of until now."""
    return len(re.findall(r"template of app: ", server.printed()))


def ran(folder: Path) -> list[str]:
    file = folder / "ran.txt"
    return file.read_text().split() if file.exists() else []


def pids_of(page: Page) -> tuple[int, int]:
    """The kernel's and its parent's."""
    _, pid, parent = page.text("c12").split()
    return int(pid), int(parent)


def rerun_cells(page: Page) -> list[str]:
    """The cells that this session has run."""
    return [frame["cell"] for frame in page.frames if frame["type"] == "cell" and frame["status"] == "running"]


@asynccontextmanager
async def opened(server: Server, count: int = 1) -> AsyncIterator[list[Page]]:
    """Pages of as many viewers, idle."""
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(Viewer(server).page("app")) for _ in range(count)]
        for page in pages:
            await page.idle()
        yield pages


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("templates")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serve(folder, *CELLS) as running:
        yield running


async def test_the_notebook_runs_once_and_each_session_runs_what_is_its_own(server: Server, folder: Path) -> None:
    assert level_of(server).startswith("snapshot, 13 of 13 cells")
    before = ran(folder)
    assert before.count("load") == 1
    async with opened(server, 2) as (one, two):
        assert ran(folder)[len(before) :] == ["session", "session"]
        for page in (one, two):
            assert set(rerun_cells(page)) == {"c4", "c5", "c8", "c9", "c10", "c12"}
            assert page.text("c3") == "sum 499500 times 1\n"
            assert page.text("c4") == "secret of this session\n"
        assert pids_of(one)[0] != pids_of(two)[0]
        assert pids_of(one)[1] == pids_of(two)[1]


async def test_sessions_do_not_change_what_they_share(server: Server) -> None:
    async with opened(server, 2) as (one, two):
        await one.set(one.key("N"), 5)
        await one.idle()
        assert (one.text("c3"), two.text("c3")) == ("sum 499500 times 5\n", "sum 499500 times 1\n")
        assert one.text("c11") == two.text("c11") == "length 1001\n"
        await two.set(two.key("N"), 2)
        await two.idle()
        assert (one.text("c3"), two.text("c3")) == ("sum 499500 times 5\n", "sum 499500 times 2\n")


async def test_what_is_seeded_is_equal_and_what_is_not_differs(server: Server) -> None:
    async with opened(server, 2) as (one, two):
        assert one.text("c7") == two.text("c7")
        for cell in ("c8", "c9"):
            assert one.text(cell) != two.text(cell)
        seeded = one.text("c7")
        for page in (one, two):
            await page.send({"type": "rerun"})
            await page.until(lambda page=page: page.state == "running")  # type: ignore[misc]
            await page.idle()
        assert one.text("c7") == two.text("c7") == seeded
        assert one.text("c9") != two.text("c9")


async def test_a_failed_cell_shows_as_in_any_session(server: Server) -> None:
    async with opened(server) as (page,):
        assert page.cells["c10"]["status"] == "failed"
        assert page.cells["c10"]["error"]["traceback"] is None
        reference = page.cells["c10"]["error"]["reference"]
        await asyncio.to_thread(server.wait_for_line, f"reference {reference}: FileNotFoundError")
        assert "secret-path" not in str(page.frames)


async def test_the_page_brings_the_record_and_nothing_of_a_session(server: Server) -> None:
    async with opened(server):
        _, _, html = await asyncio.to_thread(server.get, "/app/app")
        assert "sum 499500 times 1" in html
        assert '"kind":"slider"' in html
        assert "secret of this session" not in html
        assert "secret-path" not in html


async def test_a_killed_kernel_is_replaced_by_a_fork_with_the_viewers_values(server: Server) -> None:
    async with opened(server) as (page,):
        await page.set(page.key("N"), 4)
        await page.idle()
        pid, template = pids_of(page)
        os.kill(pid, signal.SIGKILL)
        await page.until(lambda: page.state == "dead")
        await page.send({"type": "rerun"})
        await page.until(lambda: page.state == "running")
        await page.idle()
        assert page.text("c3") == "sum 499500 times 4\n"
        assert pids_of(page)[0] != pid
        assert pids_of(page)[1] == template


async def test_many_sessions_open_at_once_and_leave_nothing_behind(tmp_path: Path) -> None:
    with serve(tmp_path, "table = list(range(1000))", "import os\nprint(os.getpid())", options=("--standby", "0")) as server:
        before = server.processes()
        async with opened(server, 20) as pages:
            assert len({page.text("c1") for page in pages}) == 20
        await asyncio.to_thread(wait_until, lambda: server.processes() == before)


async def test_a_session_takes_a_standby_and_another_takes_its_place(tmp_path: Path) -> None:
    with serve(tmp_path, "import os", "print(os.getpid())", options=("--standby", "0")) as without:
        template = len(without.processes())
    with serve(tmp_path, "import os", "print(os.getpid())", options=("--standby", "2")) as server:
        await asyncio.to_thread(wait_until, lambda: len(server.processes()) == template + 2)
        ready = server.processes()
        async with opened(server) as (page,):
            assert int(page.text("c1")) in ready
            await asyncio.to_thread(wait_until, lambda: len(server.processes()) == template + 3)


async def test_a_cell_that_makes_forking_unsafe_is_left_to_the_sessions(tmp_path: Path) -> None:
    thread = "import threading\ngo = threading.Event()\nthreading.Thread(target=go.wait, daemon=True).start()"
    with serve(tmp_path, "import ran\nran.note('load')", thread, "print(threading.active_count() > 1)") as server:
        assert level_of(server).startswith("snapshot, 1 of 3 cells")
        server.wait_for_line(r"cell 2: ")
        before = ran(tmp_path)
        async with opened(server) as (page,):
            assert page.text("c2") == "True\n"
            assert rerun_cells(page) == ["c1", "c2"]
        assert ran(tmp_path) == before


async def test_a_cell_after_which_only_the_last_trial_fails_is_found(tmp_path: Path) -> None:
    breaks = "import json\nfrom kernelapp.inkernel.template import canaries\ncanaries.JOBS['json'] = lambda json: json.no_such_thing"
    path = write_notebook(tmp_path / "app.ipynb", "import json", "x = 1", breaks, "print(x)")
    maker = Maker(lambda notebook: ForkTemplate(launch(tmp_path)), RelaySettings(False, 1000, 100_000), 60.0)
    made = await maker.make(read_notebook(path), "auto")
    assert (made.level, made.cells) == (Level.SNAPSHOT, 2)
    assert made.reason == "The notebook uses json, which does not work after a fork."
    await made.end()


@pytest.mark.parametrize(("mode", "level", "loads"), [("imports", "imports", 1), ("off", "", 1)])
async def test_the_operator_may_ask_for_less(tmp_path: Path, mode: str, level: str, loads: int) -> None:
    (tmp_path / "ran.py").write_text(RAN)
    cells = ("import ran\nran.note('load')", "import os\nprint(os.getpid(), os.getppid())")
    with serving(tmp_path, *cells, options=("--template", mode)) as server:
        if level:
            server.wait_for_line(r"templates of 1 app")
            assert level_of(server) == level
        assert ran(tmp_path) == []
        async with opened(server) as (page,):
            assert rerun_cells(page) == ["c0", "c1"]
            assert ran(tmp_path) == ["load"] * loads
            assert (int(page.text("c1").split()[1]) == server.process.pid) == (mode == "off")
        assert "ka-record" not in (await asyncio.to_thread(server.get, "/app/app"))[2]


async def test_an_edited_notebook_is_what_new_sessions_get_and_old_ones_go_on(tmp_path: Path) -> None:
    cells = ('import kernelapp as ka\nimport os\nn = ka.slider("N", 0, 9, 1)', 'print("first", n)', "print(os.getppid())")
    with serve(tmp_path, *cells) as server:
        async with opened(server) as (old,):
            template = int(old.text("c2"))
            write_notebook(tmp_path / "app.ipynb", cells[0], 'print("second", n)', cells[2])
            async with opened(server) as (new,):
                assert new.text("c1") == "second 1\n"
            await asyncio.to_thread(wait_until, lambda: made(server) > 1)
            async with opened(server) as (new,):
                assert new.text("c1") == "second 1\n"
                assert rerun_cells(new) == ["c2"]
                assert int(new.text("c2")) != template
                await old.set(old.key("N"), 7)
                await old.idle()
                assert old.text("c1") == "first 7\n"
                assert is_alive(template)
        await asyncio.to_thread(wait_until, lambda: not is_alive(template))


async def test_a_changed_file_is_read_by_new_sessions(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("1")
    with serve(tmp_path, "from pathlib import Path", "text = Path('data.csv').read_text()", "print(text)") as server:
        async with opened(server) as (page,):
            assert (page.text("c2"), rerun_cells(page)) == ("1\n", [])
        data.write_text("22")
        async with opened(server) as (page,):
            assert page.text("c2") == "22\n"
        await asyncio.to_thread(wait_until, lambda: made(server) > 1)
        async with opened(server) as (page,):
            assert (page.text("c2"), rerun_cells(page)) == ("22\n", [])


async def test_a_template_that_is_too_old_is_replaced_and_ends_after_its_last_session(tmp_path: Path) -> None:
    cells = ('import kernelapp as ka\nimport os\nn = ka.slider("N", 0, 9, 1)', 'print("n is", n)', "print(os.getppid())")
    with serve(tmp_path, *cells, options=("--template-ttl-s", "2")) as server:
        async with opened(server) as (old,):
            template = int(old.text("c2"))
            await asyncio.to_thread(wait_until, lambda: made(server) > 1)
            async with opened(server) as (new,):
                assert int(new.text("c2")) != template
                assert rerun_cells(new) == ["c2"]
            await old.set(old.key("N"), 7)
            await old.idle()
            assert old.text("c1") == "n is 7\n"
            assert is_alive(template)
        await asyncio.to_thread(wait_until, lambda: not is_alive(template))


async def test_a_package_that_comes_into_the_environment_is_there_for_new_sessions(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    cell = "try:\n    import extra\nexcept ImportError:\n    extra = None\nprint('extra is there:', extra is not None)"
    with serve(tmp_path, cell, env={"PYTHONPATH": str(library)}) as server:
        async with opened(server) as (page,):
            assert (page.text("c0"), rerun_cells(page)) == ("extra is there: False\n", [])
        (library / "extra.py").write_text("")
        async with opened(server) as (page,):
            assert page.text("c0") == "extra is there: True\n"
        await asyncio.to_thread(wait_until, lambda: made(server) > 1)
        async with opened(server) as (page,):
            assert (page.text("c0"), rerun_cells(page)) == ("extra is there: True\n", [])


async def test_when_the_template_is_killed_sessions_open_all_the_same_and_it_is_made_again(tmp_path: Path) -> None:
    with serve(tmp_path, "import os", "big = list(range(10))", "print(os.getppid())") as server:
        async with opened(server) as (page,):
            template = int(page.text("c2"))
        os.kill(template, signal.SIGKILL)
        await asyncio.to_thread(server.wait_for_line, "has ended, and is made again")
        async with opened(server) as (page,):
            assert rerun_cells(page) == ["c0", "c1", "c2"]
        await asyncio.to_thread(wait_until, lambda: made(server) > 1)
        async with opened(server) as (page,):
            assert rerun_cells(page) == ["c2"]
            assert int(page.text("c2")) not in (template, server.process.pid)


@pytest.mark.parametrize("state", [(), ("--state-dir", "none")], ids=["outliving", "ending with the server"])
async def test_what_a_killed_template_leaves_behind_is_told_or_goes_on(tmp_path: Path, state: tuple[str, ...]) -> None:
    cells = ('import kernelapp as ka\nimport os\nn = ka.slider("N", 0, 9, 1)', 'print("n is", n)', "print(os.getpid(), os.getppid())")
    options = state or ("--state-dir", str(tmp_path / "state"))
    with serve(tmp_path, *cells, options=options) as server:
        async with opened(server) as (page,):
            pid, template = map(int, page.text("c2").split())
            os.kill(template, signal.SIGKILL)
            await asyncio.to_thread(server.wait_for_line, "has ended, and is made again")
            if not is_alive(pid):
                await page.until(lambda: page.state == "dead")
                await page.send({"type": "rerun"})
                await page.until(lambda: page.state == "running")
                await page.idle()
            await page.set(page.key("N"), 5)
            await page.idle()
            assert page.text("c1") == "n is 5\n"


async def test_a_hundred_sessions_leave_everything_as_it_was() -> None:
    found = await soak(100, 4, "auto", warm_up=20)
    assert found["same"], found
    assert found["after"]["memory_kb"] - found["before"]["memory_kb"] < 30_000, found  # 300 kB each would be a leak
