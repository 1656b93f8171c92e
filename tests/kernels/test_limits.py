"""Limits of sessions: real processes, fenced in by what this host allows, and by what any Linux does."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kernelapp.kernels.limits import Fence, Fences, Limits, _ProcessFences, find_fences, process_mark, readable_bytes

MEMORY = 150_000_000

_WORKER = """\
import os, sys
print("up", flush=True)
sys.stdin.readline()
{body}
print("done", flush=True)
"""
HUNGRY = "held = []\nfor _ in range(60):\n    held.append(bytearray(os.urandom(1) * 10_000_000))"
BOMB = """\
import time
started = 0
try:
    for _ in range(60):
        if os.fork() == 0:
            time.sleep(60)
        started += 1
except OSError:
    print("refused after", started, flush=True)"""
OPENS = """\
files = []
try:
    while True:
        files.append(open(os.devnull))
except OSError:
    print("refused after", len(files), flush=True)"""


@contextmanager
def fenced(fences: Fences, body: str) -> Iterator[tuple[subprocess.Popen[str], Fence]]:
    """A process that waits for a line, behind a fence."""
    code = _WORKER.format(body=body)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    fence = fences.around(Path(f"test/{process.pid}"), process.pid)
    try:
        yield process, fence
    finally:
        asyncio.run(fence.close())
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def run(process: subprocess.Popen[str]) -> str:
    """Let it go on; what it says until it ends or has done."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(("done", "refused")):
            break
    return "".join(said)


@pytest.mark.parametrize("find", [find_fences, _ProcessFences])
def test_a_kernel_does_not_get_more_memory_than_it_may(find: type[_ProcessFences]) -> None:
    with fenced(find(Limits(memory_bytes=MEMORY)), HUNGRY) as (process, _):
        assert run(process) == ""
        assert process.wait(30) != 0


@pytest.mark.parametrize("find", [find_fences, _ProcessFences])
def test_one_that_keeps_within_its_limits_is_left_alone(find: type[_ProcessFences]) -> None:
    limits = Limits(memory_bytes=2_000_000_000, cpus=1.5, processes=100, open_files=256)
    with fenced(find(limits), HUNGRY) as (process, fence):
        assert run(process) == "done\n"
        assert fence.why_killed() is None


def test_where_there_are_cgroups_the_reason_of_a_kill_is_known_and_nothing_of_them_stays() -> None:
    fences = find_fences(Limits(memory_bytes=MEMORY))
    by = fences.describe()["memory"]
    with fenced(fences, HUNGRY) as (process, fence):
        run(process)
        process.wait(30)
        reason = fence.why_killed()
    assert (reason is not None and "150 MB" in reason) if "cgroup" in by else reason is None
    assert groups_of(fences) == []


def test_what_is_left_in_a_group_ends_with_it() -> None:
    fences = find_fences(Limits(memory_bytes=MEMORY))
    with fenced(fences, BOMB) as (process, fence):
        run(process)  # 60 processes sleep
        asyncio.run(fence.close())
        assert groups_of(fences) == []


def test_empty_groups_of_servers_that_are_gone_are_swept_up_and_no_others() -> None:
    gone = subprocess.Popen(["sleep", "60"])
    old = find_fences(Limits(memory_bytes=MEMORY), process_mark(gone.pid))
    mine, other = find_fences(Limits(memory_bytes=MEMORY), "feedbeef0001"), find_fences(Limits(memory_bytes=MEMORY), "feedbeef0002")
    empty = subprocess.Popen(["true"])
    fences = [each.around(Path(f"test/{empty.pid}"), empty.pid) for each in (old, mine, other)]
    empty.wait()
    with fenced(mine, "pass") as (process, _):
        lived, theirs = groups_of(old), groups_of(other)
        mine.sweep()
        assert groups_of(old) == lived
        gone.kill()
        gone.wait()
        mine.sweep()
        assert groups_of(old) == []
        assert groups_of(other) == theirs
        assert all(group.endswith(f"-{process.pid}") for group in groups_of(mine))
        assert bool(groups_of(mine)) == bool(theirs)
    for fence in fences:
        asyncio.run(fence.close())


def groups_of(fences: Fences) -> list[str]:
    """The control groups of these fences; none where there are no groups."""
    return [str(group) for pattern in map(Path, fences.patterns()) for group in pattern.parent.glob(pattern.name)]


def test_a_fork_bomb_is_refused_more_processes_where_there_are_cgroups() -> None:
    fences = find_fences(Limits(processes=20))
    if "cgroup" not in fences.describe()["processes"]:
        assert fences.describe()["processes"] == "not limited on this host"
        return
    with fenced(fences, BOMB) as (process, _):
        said = run(process)
    assert said.startswith("refused after ")
    assert int(said.split()[2]) < 20


@pytest.mark.parametrize("find", [find_fences, _ProcessFences])
def test_files_beyond_the_limit_are_refused(find: type[_ProcessFences]) -> None:
    with fenced(find(Limits(open_files=64)), OPENS) as (process, _):
        assert run(process).startswith("refused after ")


def test_processors_are_shared_out_where_there_are_no_cgroups() -> None:
    fences = _ProcessFences(Limits(cpus=1))
    with fenced(fences, "pass") as (one, _), fenced(fences, "pass") as (two, _):
        taken = [os.sched_getaffinity(process.pid) for process in (one, two)]
    assert [len(each) for each in taken] == [1, 1]
    assert len(os.sched_getaffinity(0)) == 1 or taken[0] != taken[1]


def test_the_unified_hierarchy_is_used_where_it_is_delegated(tmp_path: Path) -> None:
    own = tmp_path / "user.slice/app"
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text("cpu memory pids")
    (own / "cgroup.subtree_control").write_text("")
    (own / "cgroup.procs").write_text("11\n12\n")
    membership = tmp_path / "membership"
    membership.write_text("0::/user.slice/app\n")
    limits = Limits(memory_bytes=1_500_000_000, cpus=0.5, processes=7)
    fences = find_fences(limits, "feedbeef", tmp_path, membership)
    assert fences.describe() == {
        "memory": "1.5 GB (cgroup v2)",
        "processors": "0.5 (cgroup v2)",
        "processes": "7 (cgroup v2)",
        "open files": "not limited",
    }
    assert (own / "server/cgroup.procs").read_text() == "12"  # as in the real one, each write is a process
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    group = own / "kernelapp-feedbeef-ka-k1"
    group.mkdir()
    for name in ("memory.max", "memory.swap.max", "pids.max", "cpu.max"):
        (group / name).touch()
    fence = fences.around(Path("/run/ka/k1"), 99)
    found = {path.name: path.read_text() for path in group.iterdir()}
    assert found == {
        "memory.max": "1500000000", "memory.swap.max": "0", "pids.max": "7", "cpu.max": "50000 100000", "cgroup.procs": "99"
    }  # fmt: skip
    assert fence.why_killed() is None
    (group / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert "1.5 GB" in str(fence.why_killed())


def test_where_nothing_is_delegated_processes_are_limited_alone(tmp_path: Path) -> None:
    membership = tmp_path / "membership"
    membership.write_text("0::/user.slice\n")
    fences = find_fences(Limits(memory_bytes=10**9, processes=5), "", tmp_path / "none", membership)
    assert fences.describe()["memory"] == "1 GB (RLIMIT_AS, for each process alone)"
    assert fences.describe()["processes"] == "not limited on this host"


@pytest.mark.parametrize(("count", "text"), [(999, "999 bytes"), (1500, "1.5 kB"), (2_000_000, "2 MB"), (12_340_000_000, "12.3 GB")])
def test_bytes_as_people_say_them(count: int, text: str) -> None:
    assert readable_bytes(count) == text
