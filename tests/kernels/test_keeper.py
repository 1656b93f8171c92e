"""The process that ends kernels which no server came back for: real processes, real locks."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelapp.kernels import keeper
from kernelapp.state import StateDirectory

SLEEPER = [sys.executable, "-c", "import signal; print(flush=True); signal.pause()"]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateDirectory]:
    state = StateDirectory(tmp_path / "state")
    yield state
    with contextlib.suppress(OSError):
        os.close(state._lock)


@contextlib.contextmanager
def marked(state: StateDirectory) -> Iterator[subprocess.Popen[bytes]]:
    """A kernel's child, as far from its parents as it can get."""
    environment = {**os.environ, keeper.MARK: str(state.path)}
    process = subprocess.Popen(SLEEPER, env=environment, start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # it runs: /proc has its environment
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def keep(state: StateDirectory, grace_s: float) -> subprocess.Popen[bytes]:
    code = "import sys; from pathlib import Path; from kernelapp.kernels.keeper import keep; keep(Path(sys.argv[1]), float(sys.argv[2]))"
    return subprocess.Popen([sys.executable, "-c", code, str(state.path), str(grace_s)])


def test_when_no_server_comes_back_everything_marked_is_ended_and_its_files_go(state: StateDirectory, tmp_path: Path) -> None:
    own = tmp_path / "ka-1"
    own.mkdir()
    (own / "spool").write_text("x")
    groups = [tmp_path / "group-1", tmp_path / "group-2"]
    for group in groups:
        group.mkdir()
    (state.path / keeper.GROUPS).write_text(str(tmp_path / "group-*"))
    state.kernels.mkdir()
    (state.kernels / "ka-1").symlink_to(own)
    with marked(state) as kernel:
        watching = keep(state, 0.0)
        os.close(state._lock)
        assert kernel.wait(timeout=30) < 0
        assert watching.wait(timeout=30) == 0
    assert not own.exists()
    assert not any(group.exists() for group in groups)
    assert list(state.kernels.iterdir()) == []


def test_a_server_that_comes_back_in_time_keeps_them(state: StateDirectory) -> None:
    with marked(state) as kernel:
        watching = keep(state, 300.0)
        os.close(state._lock)
        again = StateDirectory(state.path)
        with pytest.raises(subprocess.TimeoutExpired):
            watching.wait(timeout=1)
        assert kernel.poll() is None
        watching.kill()
        watching.wait()
        again.close()


def test_it_ends_by_itself_when_a_server_leaves_nothing(state: StateDirectory) -> None:
    watching = keep(state, 300.0)
    os.close(state._lock)
    assert watching.wait(timeout=30) == 0


def test_one_is_enough(state: StateDirectory) -> None:
    held = os.open(state.path / "keeper.lock", os.O_CREAT | os.O_RDWR)
    import fcntl

    fcntl.flock(held, fcntl.LOCK_EX)
    assert keep(state, 0.0).wait(timeout=30) == 0
    os.close(held)


def test_processes_of_another_server_are_left_alone(state: StateDirectory, tmp_path: Path) -> None:
    other = StateDirectory(tmp_path / "other")
    with marked(other) as kernel, marked(state):
        keeper.end_all(state.path)
        assert kernel.poll() is None
    other.close()
