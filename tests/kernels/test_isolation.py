"""Sandboxes of sessions' kernels: real kernels, forked and of their own process, which try what they may not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kernelapp.errors import KernelError, OperatorError
from kernelapp.kernels.isolation import Isolation, find_isolation, session_users, try_isolation, wrap_command
from kernelapp.kernels.jupyter import JupyterKernel
from kernelapp.kernels.kernel import ForkOptions

from .forks import Running, ended, launch, parents, template

ORDINARY = "kernelapp_test_ordinary_user"  # set where these tests run as one
REPOSITORY = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux'")

LOOKS = """\
import os, socket, subprocess
from pathlib import Path

def refused(deed, *arguments):
    try:
        return f"got {deed(*arguments)!r}"
    except OSError as problem:
        return type(problem).__name__
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a notebook and its data are; every user may read it, though not what it is in."""
    found = tmp_path / "apps"
    found.mkdir()
    found.chmod(0o755)
    (found / "data.csv").write_text("a,b\n1,2\n")
    return found


def isolation_of(folder: Path, mode: str = "offline", hidden: Path | None = None) -> Isolation:
    package_dir = launch(folder).package_dir
    package_dir.chmod(0o755)
    return find_isolation(mode, package_dir, [hidden or folder / "hidden"], [], open_files=100)


@asynccontextmanager
async def sessions(kind: str, folder: Path, isolation: Isolation, count: int = 2) -> AsyncIterator[list[Running]]:
    """Kernels of one app, forked or not, that have run `LOOKS`."""
    async with contextlib.AsyncExitStack() as stack:
        if kind == "fork":
            of = await stack.enter_async_context(template(folder, cells=[LOOKS], isolation=isolation))
            found = [Running(of.kernel.fork(ForkOptions())) for _ in range(count)]
        else:
            found = [Running(JupyterKernel(launch(folder, isolation=isolation))) for _ in range(count)]
        for running in found:
            stack.push_async_callback(running.kernel.end)
            await running.kernel.start(running.listener)
            await running.run(LOOKS)
        yield found


def mounts() -> str:
    """Those that the server's side sees."""
    return Path("/proc/self/mountinfo").read_text()


KINDS = pytest.mark.parametrize("kind", ["fork", "exec"])


@KINDS
async def test_a_session_sees_its_own_files_and_processes_and_the_notebooks(kind: str, folder: Path) -> None:
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "store").write_text("secret")
    async with sessions(kind, folder, isolation_of(folder)) as (one, two):
        await one.run("Path('/tmp/mine').write_text('of one')")
        assert await one.run("Path('/tmp/mine').read_text()") == "'of one'\n"
        assert await two.run("refused(Path('/tmp/mine').read_text)") == "'FileNotFoundError'\n"
        assert await two.run("Path('data.csv').read_text()") == r"'a,b\n1,2\n'" + "\n"
        assert "OSError" in await two.run("refused(Path('data.csv').write_text, 'x')")  # a read-only file system
        assert await two.run("os.listdir('hidden'), refused(Path('hidden/store').read_text)") == "([], 'FileNotFoundError')\n"
        assert await two.run("len([name for name in os.listdir('/tmp') if name.startswith('ka-')])") == "1\n"  # its own
        seen = await two.run("len([name for name in os.listdir('/proc') if name.isdigit()])")
        assert int(seen) <= 2  # itself and, if it has one, what started it inside
        outside = await asyncio.create_subprocess_exec("sleep", "1000")
        assert await two.run(f"refused(os.kill, {outside.pid}, 9)") == "'ProcessLookupError'\n"
        assert await two.run(f"refused(Path('/proc/{outside.pid}/environ').read_bytes)") == "'FileNotFoundError'\n"
        outside.kill()
        await outside.wait()
        assert await two.run("subprocess.run('exit 3', shell=True).returncode") == "3\n"
        assert await two.run("os.sysconf('SC_OPEN_MAX')") == "100\n"
        assert str(folder) not in mounts()


@KINDS
async def test_a_session_reaches_no_other_kernel_and_offline_nothing_at_all(kind: str, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = listener.getsockname()
        async with sessions(kind, folder, isolation_of(folder)) as (one, two):
            assert await two.run(f"refused(socket.create_connection, {here!r})") == "'ConnectionRefusedError'\n"
            for path in sockets_of(one):
                assert await two.run(f"refused(socket.socket(socket.AF_UNIX).connect, {path!r})") == "'FileNotFoundError'\n"
            assert await two.run("s = socket.create_server(('127.0.0.1', 0)); refused(socket.create_connection, s.getsockname())[:3]") == (
                "'got'\n"
            )  # it may speak with itself
        async with sessions(kind, folder, isolation_of(folder, "on"), 1) as (one,):
            assert (await one.run(f"refused(socket.create_connection, {here!r})")).startswith('"got')


def sockets_of(running: Running) -> list[str]:
    process = getattr(running.kernel, "_process", None)
    directory = process.directory if process is not None else running.kernel._directory
    found = [str(path) for path in directory.iterdir() if path.is_socket()]
    assert len(found) >= 3
    return found


@KINDS
async def test_rights_are_given_up_for_good(kind: str, folder: Path) -> None:
    async with sessions(kind, folder, isolation_of(folder)) as found:
        users = [await running.run("os.getresuid() + os.getresgid()") for running in found]
        capabilities = await found[0].run("[line.split()[1] for line in open('/proc/self/status') if line[:6] in ('CapEff', 'CapPrm')]")
        assert set(eval(capabilities)) == {"0" * 16}
        assert await found[0].run("[line.split()[1] for line in open('/proc/self/status') if line.startswith('NoNewPrivs')]") == "['1']\n"
        assert await found[0].run("subprocess.run(['umount', '/tmp'], capture_output=True).returncode != 0") == "True\n"
        assert "Error" in await found[0].run("refused(os.setuid, 0)") or os.getuid() != 0
    if os.getuid() == 0:
        assert len(set(users)) == 2
        assert "0" not in str(users).replace("(", " ").replace(",", " ").split()
    else:
        assert set(users) == {f"{(os.getuid(),) * 3 + (os.getgid(),) * 3}\n"}


@KINDS
async def test_an_isolated_kernel_is_interrupted_killed_and_its_end_is_seen(kind: str, folder: Path) -> None:
    async with sessions(kind, folder, isolation_of(folder), 1) as (one,):
        request = one.begin("import time\nprint('sleeps', flush=True)\ntime.sleep(1000)")
        await one.listener.text(request, "sleeps")
        await one.kernel.interrupt()
        said = await one.listener.idle(request)
        assert any(b"KeyboardInterrupt" in message.content for message in said)
        before = processes_in(folder)
        await one.run("subprocess.Popen(['sleep', '1000'], start_new_session=True)")
        started = processes_in(folder) - before
        assert len(started) == 1
        one.begin("os._exit(7)")
        assert "exit code 7" in await asyncio.wait_for(one.listener.died, 60)
        for pid in started:
            await ended(pid)


@KINDS
async def test_nothing_is_left_of_an_isolated_kernel(kind: str, folder: Path) -> None:
    before = set(parents())
    async with sessions(kind, folder, isolation_of(folder), 1) as (one,):
        await one.run("subprocess.Popen(['sleep', '1000'], start_new_session=True)")
        own = processes_in(folder) - before
        assert len(own) >= 2
    for pid in own:
        await ended(pid)


def processes_in(folder: Path) -> set[int]:
    """The processes whose working directory this is, in a sandbox or not."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (path / "cwd").readlink() == folder:
                found.add(int(path.name))
    return found


async def test_a_kernel_that_this_host_does_not_start_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = folder / "specs/kernels/away"
    specs.mkdir(parents=True)
    provisioner = '{"kernel_provisioner": {"provisioner_name": "kernelapp-fork"}}'
    (specs / "kernel.json").write_text(
        f'{{"argv": ["python", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"], "language": "python", "metadata": {provisioner}}}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(folder / "specs"))
    running = Running(JupyterKernel(launch(folder, "away", isolation=isolation_of(folder))))
    with pytest.raises(KernelError, match="cannot be isolated"):
        await running.kernel.start(running.listener)


@KINDS
async def test_a_folder_that_sessions_users_may_not_read_is_named(kind: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    if os.getuid() != 0:
        return  # an ordinary user's sessions have that user
    isolation = isolation_of(folder)
    os.chmod(folder, 0o700)  # noqa: PTH101 - as pathlib it would count as blocking
    with pytest.raises(KernelError) as refusal:
        async with sessions(kind, folder, isolation, 1):
            pass
    assert f"sessions' users may not read {folder}; let others read it" in caplog.text + str(refusal.value)


def test_a_host_that_does_not_allow_it_is_told_so(folder: Path) -> None:
    package_dir = launch(folder).package_dir
    isolation = isolation_of(folder, "on")
    broken = Isolation(True, range(0), (Path("/tmp"),), (Path("/tmp"),))
    with pytest.raises(OperatorError, match=r"does not allow --isolate .*holds what sessions may not see.*user namespaces"):
        try_isolation(broken, package_dir)
    try_isolation(isolation, package_dir)


def test_the_users_of_sessions_are_those_that_nobody_else_has() -> None:
    assert 0x7000_0000 in session_users(0, "         0          0 4294967295\n")
    assert set(session_users(0, "0 100000 65536")) <= set(range(30_000, 65_535))
    assert not session_users(0, "0 1000 1")
    assert not session_users(1000, "0 0 4294967295")


def test_all_of_this_holds_for_an_ordinary_user(folder: Path) -> None:
    """As root: run these tests again, in a sandbox that has a user of its own. An ordinary user's tests are that already."""
    if os.environ.get(ORDINARY) or os.getuid() != 0:
        assert os.getuid() != 0
        return
    package_dir = launch(folder).package_dir
    package_dir.chmod(0o755)
    isolation = Isolation(True, range(5000, 5001), (REPOSITORY,))
    tests = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__]
    outside = wrap_command(isolation.options(package_dir, folder), package_dir, (), None, False)
    env = {**os.environ, ORDINARY: "1", "PYTHONDONTWRITEBYTECODE": "1"}
    found = subprocess.run([*outside, *tests, "--rootdir", str(REPOSITORY)], cwd=REPOSITORY, env=env, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
