"""Sessions and their kernels, over the wire: a real server, real kernels, no browser."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Page, Server, Viewer, is_alive, serving, wait_until

CELLS = (
    "import os, time\nimport kernelapp as ka",
    'n = ka.slider("N", 0, 9, 1)\nfail = ka.checkbox("Fail")\nloop = ka.checkbox("Loop")',
    'print("n is", n)',
    'if fail:\n    open("/nowhere/secret-path")\nwhile loop:\n    pass',
    'print("twice is", 2 * n, "pid", os.getpid(), "cwd", os.getcwd(), "env", "SERVER_SECRET" in os.environ)',
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("apps")
    env = {"SERVER_SECRET": "x"}
    from .harness import write_notebook

    path = write_notebook(folder / "app.ipynb", *CELLS)
    with Server(path, "--grace-s", "0.5", env=env) as running:
        yield running


def pid_of(page: Page) -> int:
    return int(page.text("c4").split("pid ")[1].split()[0])


async def test_a_slider_runs_the_cells_with_its_value(server: Server) -> None:
    async with Viewer(server).page("app") as page:
        await page.idle()
        assert page.text("c2") == "n is 1\n"
        await page.set(page.key("N"), 7)
        await page.idle()
        assert page.text("c2") == "n is 7\n"
        assert page.text("c4").startswith("twice is 14 ")
        assert page.controls[page.key("N")]["value"] == 7


async def test_each_session_has_its_own_kernel_and_values(server: Server) -> None:
    async with Viewer(server).page("app") as one, Viewer(server).page("app") as two:
        await one.idle()
        await two.idle()
        assert pid_of(one) != pid_of(two)
        await one.set(one.key("N"), 7)
        await one.idle()
        await two.set(two.key("Fail"), False)
        await two.idle()
        assert (one.text("c2"), two.text("c2")) == ("n is 7\n", "n is 1\n")


async def test_a_kernel_works_in_the_notebooks_folder_without_the_servers_secrets(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with Viewer(server).page("app") as page:
        await page.idle()
        assert "env False" in page.text("c4")
        assert str(tmp_path_factory.getbasetemp().resolve()) in page.text("c4")


async def test_a_failed_cell_shows_a_reference_and_nothing_of_the_host(server: Server) -> None:
    async with Viewer(server).page("app") as page:
        await page.idle()
        await page.set(page.key("Fail"), True)
        await page.idle()
        error = page.cells["c3"]["error"]
        assert (page.cells["c3"]["status"], page.cells["c4"]["status"]) == ("failed", "done")
        assert error["traceback"] is None
        assert "secret-path" not in str(page.frames)
        await asyncio.to_thread(server.wait_for_line, f"reference {error['reference']}: FileNotFoundError")
        await page.set(page.key("Fail"), False)
        await page.idle()
        assert [cell["status"] for cell in page.cells.values()] == ["done"] * 5


async def test_a_busy_session_leaves_others_responsive_and_can_be_stopped(server: Server) -> None:
    async with Viewer(server).page("app") as busy, Viewer(server).page("app") as other:
        await busy.idle()
        await other.idle()
        await busy.set(busy.key("Loop"), True)
        await busy.until(lambda: busy.cells["c3"]["status"] == "running")
        await other.set(other.key("N"), 3)
        await other.idle()
        assert other.text("c2") == "n is 3\n"
        await busy.send({"type": "stop"})
        await busy.idle()
        assert busy.cells["c3"]["status"] == "stale"
        await busy.set(busy.key("Loop"), False)
        await busy.idle()
        assert busy.cells["c4"]["status"] == "done"


async def test_a_killed_kernel_is_reported_and_restarts_with_the_viewers_values(server: Server) -> None:
    async with Viewer(server).page("app") as page:
        await page.idle()
        await page.set(page.key("N"), 5)
        await page.idle()
        killed = pid_of(page)
        os.kill(killed, signal.SIGKILL)
        await page.until(lambda: page.state == "dead")
        status = next(frame for frame in reversed(page.frames) if frame["type"] == "status")
        assert "signal 9" in status["detail"]
        assert status["restartable"]
        await page.send({"type": "rerun"})
        await page.until(lambda: page.state == "running")
        await page.idle()
        assert page.text("c2") == "n is 5\n"
        assert pid_of(page) != killed


async def test_a_kernel_ends_after_the_grace_period_without_a_page(server: Server) -> None:
    async with Viewer(server).page("app") as page:
        await page.idle()
        pid = pid_of(page)
        assert is_alive(pid)
    await asyncio.to_thread(wait_until, lambda: not is_alive(pid))


async def test_a_page_that_comes_back_in_time_gets_what_it_missed(server: Server) -> None:
    viewer = Viewer(server)
    async with viewer.page("app") as page:
        await page.idle()
        session, seq, pid = page.session, page.seq, pid_of(page)
        await page.set(page.key("N"), 4)
        await page.until(lambda: page.state == "running")
    async with viewer.page("app", session, seq) as again:
        assert again.frames[0]["resumed"] is True
        await again.until(lambda: again.settled == 1 and again.state == "idle")
        assert pid_of(again) == pid
        assert again.text("c2") == "n is 4\n"
    async with viewer.page("app", session, 1_000_000) as whole:
        assert whole.frames[0]["resumed"] is False
        assert whole.session == session
        await whole.until(lambda: whole.state == "idle" and bool(whole.text("c4")))
        assert pid_of(whole) == pid


async def test_a_session_id_is_worthless_without_its_cookie(server: Server) -> None:
    async with Viewer(server).page("app") as page:
        await page.idle()
        async with Viewer(server).page("app", page.session, page.seq) as thief:
            assert thief.session != page.session
            await thief.idle()
            assert pid_of(thief) != pid_of(page)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_no_kernel_outlives_the_server(tmp_path: Path, number: int) -> None:
    source = 'import subprocess\nchild = subprocess.Popen(["sleep", "1000"])\nprint(child.pid)'
    with serving(tmp_path, source) as server:
        async with Viewer(server).page("app") as one, Viewer(server).page("app") as two:
            await one.idle()
            await two.idle()
            children = {int(one.text("c0")), int(two.text("c0"))}
            processes = server.processes()
            assert children < processes
            assert await asyncio.to_thread(server.stop, number) == 0
            assert not [pid for pid in processes if is_alive(pid)]


async def test_a_server_that_is_full_says_so(tmp_path: Path) -> None:
    with serving(tmp_path, "1 + 1", options=("--max-sessions", "1", "--max-waiting", "0")) as server:
        viewer = Viewer(server)
        async with viewer.page("app") as page:
            await page.idle()
            late = Page(await viewer.open("app"))
            await late.send({"type": "hello", "session": None, "last_seq": 0})
            while await late.read() is not None:
                pass
            await late.close()
            assert [error["code"] for error in late.errors] == ["full"]
            status, headers, text = await asyncio.to_thread(server.get, "/app/app")
            assert (status, headers["Retry-After"]) == (503, "60")
            assert "The server is full" in text
            status, _, _ = await asyncio.to_thread(server.get, "/app/app", Cookie=viewer.cookie)
            assert status == 200, "who has a session comes back to it"


async def test_viewers_wait_for_a_session_and_see_their_place(tmp_path: Path) -> None:
    with serving(tmp_path, "1 + 1", options=("--max-sessions", "1", "--grace-s", "0")) as server:
        async with Viewer(server).page("app") as second, Viewer(server).page("app") as third:
            await second.idle()
            await third.until(lambda: third.state == "queued" and third.frames[-1].get("place") == 1)
            await second.close()
            await third.idle()


async def test_an_idle_session_ends_with_a_notice_and_its_values_come_back(tmp_path: Path) -> None:
    cells = "import os\nimport kernelapp as ka", 'n = ka.slider("N", 0, 9, 1)\nprint(n, os.getpid())'
    with serving(tmp_path, *cells, options=("--idle-timeout-s", "1.5")) as server:
        viewer = Viewer(server)
        async with viewer.page("app") as page:
            await page.idle()
            await page.set(page.key("N"), 7)
            await page.idle()
            session, pid = page.session, int(page.text("c1").split()[1])
            while await page.read() is not None:
                pass
            assert page.errors[-1]["code"] == "ended"
            assert "nothing was done in it" in page.errors[-1]["message"]
            await asyncio.to_thread(wait_until, lambda: not is_alive(pid))
        again = Page(await viewer.open("app"))
        await again.send({"type": "hello", "session": session, "last_seq": 0, "inputs": {"c1-0-slider": 7}})
        await again.idle()
        assert again.frames[0]["lost"] == "ended"
        assert again.text("c1").startswith("7 ")
        await again.close()


async def test_kernels_that_start_later_know_their_place(tmp_path: Path) -> None:
    with serving(tmp_path, "1 + 1", options=("--max-starting", "1")) as server:
        viewer = Viewer(server)
        async with viewer.page("app") as one, viewer.page("app") as two, viewer.page("app") as three:
            for page in (one, two, three):
                await page.idle()
            places = [
                [frame["place"] for frame in page.frames if frame["type"] == "status" and frame["place"]] for page in (one, two, three)
            ]
            assert places[0] == []
            assert places[2][-1] == 1


async def test_a_kernel_that_does_not_start_is_reported(tmp_path: Path) -> None:
    spec = tmp_path / "data" / "kernels" / "broken"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["false", "{connection_file}"], "display_name": "Broken", "language": "none"}')
    from .harness import write_notebook

    path = write_notebook(tmp_path / "app.ipynb", "1", kernelspec={"name": "broken", "display_name": "Broken", "language": "none"})
    with Server(path, env={"JUPYTER_PATH": str(tmp_path / "data")}) as server:
        async with Viewer(server).page("app") as page:
            await page.until(lambda: page.state == "dead")
            assert "exit code 1" in page.frames[-1]["detail"]


async def test_output_is_bounded(tmp_path: Path) -> None:
    source = 'for i in range(3000):\n    display("x" * 1000)'
    with serving(tmp_path, source, "print('next')", options=("--max-cell-output-bytes", "100000")) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            assert sum(len(str(content)) for content in page.outputs["c0"]) < 120_000
            assert [frame["op"] for frame in page.frames if frame["type"] == "output" and frame["op"] == "truncated"] == ["truncated"]
            assert page.text("c1") == "next\n"


async def test_a_bash_notebook_serves(tmp_path: Path) -> None:
    kernelspec = {"name": "bash", "display_name": "Bash", "language": "bash"}
    with serving(tmp_path, "x=5", "echo hello $((x * 2))", kernelspec=kernelspec) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            assert page.text("c1") == "hello 10\n"


async def test_tags_say_what_is_shown_and_which_errors_are_meant(tmp_path: Path) -> None:
    cells: tuple[tuple[str, str, list[str]], ...] = (
        ("code", "print('hidden'); x = 1", ["hide-output"]),
        ("code", "print('removed')\nimport kernelapp as ka\ny = ka.slider('Secret', 0, 5, 2)", ["remove-cell"]),
        ("code", "1 / 0", ["raises-exception"]),
        ("code", "print(x, y)", []),
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            assert page.all_text().strip() == "1 2"
            assert page.controls == {}
            assert page.cells["c2"]["error"]["message"] == "ZeroDivisionError: division by zero"
            assert page.cells["c2"]["error"]["traceback"] is None


async def test_with_debug_the_author_sees_the_traceback(tmp_path: Path) -> None:
    with serving(tmp_path, "1 / 0", options=("--debug",)) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            assert "ZeroDivisionError" in "".join(page.cells["c0"]["error"]["traceback"])
