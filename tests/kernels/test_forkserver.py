"""Templates and the kernels forked from them: real processes throughout."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from benchmarks.fork_soak import resident_mb
from benchmarks.session_start import memory_mb
from kernelapp.errors import KernelError
from kernelapp.kernels.afterlife import Afterlife
from kernelapp.kernels.jupyter import JupyterKernel
from kernelapp.kernels.kernel import ForkOptions
from kernelapp.kernels.template_process import ForkedProcess

from .forks import Listener, Running, below, ended, fork, launch, parents, printed, template


async def test_a_fork_has_what_the_template_made_and_shares_it_with_nobody(tmp_path: Path) -> None:
    async with (
        template(tmp_path, cells=["x = [1]", "def double():\n    return [*x, *x]"]) as made,
        fork(made) as first,
        fork(made) as second,
    ):
        assert await first.run("x.append(2); double()") == "[1, 2, 1, 2]\n"
        assert await second.run("double()") == "[1, 1]\n"


async def test_a_fork_has_a_small_part_of_the_memory_of_its_own(tmp_path: Path) -> None:
    async with template(tmp_path, cells=("import os, pandas, matplotlib.pyplot",)) as made, fork(made) as first:
        pid = int(await first.run("os.getpid()"))
        own, whole = memory_mb(pid)[0], resident_mb(pid)
        assert own < whole / 5, (own, whole)


async def test_a_template_publishes_what_a_kernel_does(tmp_path: Path) -> None:
    async with template(tmp_path, freeze=False) as made:
        messages = await made.listener.idle(made.begin("print('said')\nimport os\n_ = os.system('echo low')\n40 + 2"))
        kinds = [message.kind for message in messages]
        assert kinds[:2] == ["status", "execute_input"]
        assert kinds[-2:] == ["execute_reply", "status"]
        assert sorted(printed(messages).split()) == ["42", "low", "said"]
        assert await made.run("1 / 0") == "ZeroDivisionError: division by zero\n"


async def test_a_long_cell_of_a_template_shows_what_it_prints_meanwhile(tmp_path: Path) -> None:
    async with template(tmp_path, freeze=False) as made:
        request = made.begin("import time\nwhile True:\n    print('on and on')\n    time.sleep(0.05)")
        await made.listener.text(request, "on and on")
        await made.kernel.interrupt()
        assert "KeyboardInterrupt" in printed(await made.listener.idle(request))


async def test_a_large_output_passes_whole(tmp_path: Path) -> None:
    async with template(tmp_path, freeze=False) as made:
        assert len(await made.run("print('x' * 3_000_000)")) == 3_000_001


async def test_programs_that_a_cell_starts_print_to_the_page_of_their_own_session(tmp_path: Path) -> None:
    async with template(tmp_path, cells=["import subprocess"]) as made, fork(made) as first, fork(made) as second:
        assert await first.run("_ = subprocess.run(['echo', 'one'])") == "one\n"
        assert await second.run("_ = subprocess.run(['echo', 'two'])") == "two\n"


async def test_a_stream_that_a_cell_kept_goes_on_in_the_fork(tmp_path: Path) -> None:
    cell = "import logging, sys\nlogging.basicConfig(stream=sys.stdout, format='%(message)s')\nlogging.warning('in the template')"
    async with template(tmp_path, cells=[cell]) as made, fork(made) as forked:
        assert "in the template" in printed(made.listener.messages)
        assert await forked.run("logging.warning('in the fork')") == "in the fork\n"


async def test_the_runtime_lives_on_in_each_fork(tmp_path: Path) -> None:
    cells = ["import kernelapp as ka", "n = ka.slider('N', 1, 10, 3)"]
    async with template(tmp_path, cells=cells) as made, fork(made) as forked:
        request = forked.begin("m = ka.slider('N', 1, 10, 3)\nn, m", cell="c2", inputs={"c2-0-slider": 7})
        messages = await forked.listener.idle(request)
        assert printed(messages) == "(3, 7)\n"
        declared = [json.loads(message.content)["data"] for message in messages if message.kind == "display_data"]
        assert declared[0]["application/vnd.kernelapp.control+json"]["key"] == "c2-0-slider"
        assert await forked.run("import warnings; warnings.warn('for the log')") == ""


async def test_what_waits_for_input_or_sleeps_can_be_interrupted(tmp_path: Path) -> None:
    async with template(tmp_path, cells=["import asyncio, time"]) as made, fork(made) as forked:
        for cell in ("print('on', flush=True); time.sleep(600)", "print('on', flush=True); await asyncio.sleep(600)"):
            request = forked.begin(cell)
            await forked.listener.text(request, "on")
            await forked.kernel.interrupt()
            assert "KeyboardInterrupt" in (said := printed(await forked.listener.idle(request))) or "CancelledError" in said
        assert await forked.run("1 + 1") == "2\n"


@pytest.mark.parametrize(("cell", "words"), [("import os; os._exit(7)", "exit code 7"), ("import os; os.kill(os.getpid(), 11)", "SIGSEGV")])
async def test_the_death_of_a_fork_is_told_with_its_cause(tmp_path: Path, cell: str, words: str) -> None:
    async with template(tmp_path) as made, fork(made) as forked, fork(made) as other:
        forked.begin(cell)
        assert words in await asyncio.wait_for(forked.listener.died, 30)
        assert await other.run("1 + 1") == "2\n"


async def test_a_fork_gets_its_own_directory_and_environment(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    async with template(tmp_path, cells=["import os", "os.environ['KEPT'] = 'k'"]) as made:
        async with fork(made, ForkOptions(tmp_path / "mine", {"ADDED": "a"})) as forked:
            assert await forked.run("print(os.getcwd(), os.environ['KEPT'], os.environ['ADDED'])") == f"{tmp_path}/mine k a\n"
        async with fork(made) as forked:
            assert await forked.run("print(os.getcwd(), 'ADDED' in os.environ)") == f"{tmp_path} False\n"


async def test_only_imports_are_run_at_the_level_of_imports(tmp_path: Path) -> None:
    async with template(tmp_path, freeze=False) as made:
        sources = [
            "import colorsys\nx = 1\n",
            "%matplotlib inline\ntry:\n    import this_is_not_there\nexcept ImportError:\n    pass\n",
            "from wave import *",
        ]
        reason = await made.kernel.imports(sources)
        assert reason is not None
        assert "this_is_not_there" in reason
        assert await made.kernel.freeze() is None
        async with fork(made) as forked:
            seen = await forked.run("import sys\n'colorsys' in sys.modules, 'wave' in sys.modules, 'x' in dir(), 'colorsys' in dir()")
            assert seen == "(True, True, False, False)\n"


async def test_the_files_that_the_cells_read_are_known(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    (tmp_path / "helper.py").write_text("x = 1\n")
    async with template(tmp_path, cells=["open('data.csv').read()", "import helper, json", "open('made.txt', 'w').close()"]) as made:
        assert sorted(path.name for path in made.kernel.files()) == ["data.csv", "helper.py"]


@pytest.mark.filterwarnings("ignore:Passing unrecognized arguments")  # bash_kernel's own kernelspec
async def test_a_kernelspec_that_cannot_be_forked_says_so(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match="ipykernel"):
        async with template(tmp_path, kernel_name="bash"):
            pass


async def test_nothing_is_forked_from_a_template_that_has_ended(tmp_path: Path) -> None:
    async with template(tmp_path) as made:
        pass
    with pytest.raises(KernelError, match="ended"):
        async with fork(made):
            pass


async def test_the_end_of_a_fork_and_of_its_template_leaves_nothing(tmp_path: Path) -> None:
    descriptors = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    async with template(tmp_path) as made:
        directory, own = made.kernel._process.directory, made.kernel._process._pid
        async with fork(made) as forked:
            pid = await process_of(forked)
            await forked.run(
                "import subprocess; subprocess.Popen(['sleep', '600'])\nsubprocess.Popen(['sleep', '600'], start_new_session=True)"
            )
            started = below(pid)
            assert len(started) == 2
            kernel_files = list(directory.glob("*/*"))
            assert kernel_files
            all_of_it = {own, *below(own)}
            assert {pid, *started} < all_of_it
        for process in {pid, *started}:
            await ended(process)
        assert not [path for path in directory.glob("*/*") if path in kernel_files]
    for process in all_of_it:
        await ended(process)
    assert not directory.exists()
    assert set(os.listdir("/proc/self/fd")) <= descriptors  # noqa: PTH208


@pytest.mark.parametrize("turns", [1, 3, 10])
async def test_a_fork_that_is_given_up_while_it_is_made_leaves_nothing(tmp_path: Path, turns: int) -> None:
    async with template(tmp_path) as made, fork(made) as other:
        own = made.kernel._process._pid
        kept = below(own)
        starting = asyncio.create_task(made.kernel.fork(ForkOptions()).start(Listener()))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await other.run("1")  # the template has forked what was asked for before
        async with fork(made) as later:
            assert await later.run("1 + 1") == "2\n"
        for process in below(own) - kept:
            await ended(process)


async def test_kernels_live_on_when_their_template_dies_and_end_with_their_owner(tmp_path: Path) -> None:
    async with template(tmp_path) as made, fork(made) as forked, fork(made) as other:
        pids = {await process_of(forked), await process_of(other)}
        parent = parents()[next(iter(pids))]
        os.kill(parent, signal.SIGKILL)
        assert "ended" in await asyncio.wait_for(made.listener.died, 30)
        assert await forked.run("1 + 1") == "2\n"
        other.begin("import os; os._exit(1)")
        await asyncio.wait_for(other.listener.died, 30)
    for pid in pids:
        await ended(pid)


async def test_a_fork_that_outlives_its_server_is_taken_over_with_what_it_said_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    afterlife = Afterlife(tmp_path, tmp_path / "links", 1_000_000)
    async with template(tmp_path, cells=["x = 41"], afterlife=afterlife) as made:
        kept, standby = Running(made.kernel.fork(ForkOptions())), Running(made.kernel.fork(ForkOptions()))
        await kept.kernel.start(kept.listener)
        await standby.kernel.start(standby.listener)
        description = await kept.kernel.describe()
        last = (await kept.listener.idle(kept.begin("import os, time; x += 1")))[-1].id
        pid, other = await process_of(kept), await process_of(standby)
        request = kept.begin("print('begun', flush=True); time.sleep(0.5); print('meanwhile')")
        await kept.listener.text(request, "begun")
        await kept.kernel.leave()
        await standby.kernel.leave()
        template_pid = parents()[pid]
        directory = made.kernel._process.directory
        await made.kernel.leave()
    await ended(other)
    adopted = Running(JupyterKernel(launch(tmp_path, afterlife=afterlife)))
    assert description is not None
    await adopted.kernel.adopt(adopted.listener, description, last)
    assert "meanwhile" in printed(await adopted.listener.idle(request))
    assert await adopted.run("x") == "42\n"
    guard = parents()[template_pid]
    await adopted.kernel.end()
    for process in (pid, template_pid, guard):
        await ended(process)
    assert not directory.exists()
    assert not list((tmp_path / "links").iterdir())


async def process_of(running: Running) -> int:
    return int(await running.run("import os; os.getpid()"))


async def test_a_kernel_that_is_ready_before_the_template_has_told_its_process_is_waited_for(tmp_path: Path) -> None:
    """Both write to one connection, in the order in which they run."""
    process = ForkedProcess(str(tmp_path / "1" / "s"), b"key", lambda _: None)
    process._heard({"ready": {"shell_port": 1}}, b"", [])
    assert not process._ready.done()
    process._heard({"pid": os.getpid()}, b"", [os.pidfd_open(os.getpid())])
    assert process._ready.result() == {"shell_port": 1}
    assert process.pid == os.getpid()
    process.leave()
