"""What is read of the host's memory."""

from __future__ import annotations

from pathlib import Path

from kernelapp.kernels.memory import available_bytes, ended_for_memory


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_the_host_has_what_it_says_is_available(tmp_path: Path) -> None:
    proc = write(tmp_path / "proc", meminfo="MemTotal:  8000 kB\nMemAvailable:    2000 kB\n")
    assert available_bytes(proc, tmp_path) == 2_048_000


def test_a_containers_limit_counts_when_it_is_nearer(tmp_path: Path) -> None:
    proc = write(tmp_path / "proc", meminfo="MemAvailable: 2000 kB\n")
    v2 = write(tmp_path / "v2", memory__max="1000000", memory__current="700000", memory__stat="anon 1\ninactive_file 100000\n")
    assert available_bytes(proc, v2) == 400_000
    v1 = tmp_path / "v1"
    write(v1 / "memory", memory__limit_in_bytes="500000", memory__usage_in_bytes="400000", memory__stat="total_inactive_file 1000\n")
    assert available_bytes(proc, v1) == 101_000


def test_a_limit_that_is_none_does_not_count(tmp_path: Path) -> None:
    proc = write(tmp_path / "proc", meminfo="MemAvailable: 2000 kB\n")
    assert available_bytes(proc, write(tmp_path / "v2", memory__max="max\n", memory__current="7")) == 2_048_000
    v1 = write(tmp_path / "v1" / "memory", memory__limit_in_bytes="9223372036854771712", memory__usage_in_bytes="4").parent
    assert available_bytes(proc, v1) == 2_048_000


def test_where_nothing_can_be_read_nothing_is_known(tmp_path: Path) -> None:
    assert available_bytes(tmp_path, tmp_path) is None
    assert ended_for_memory(tmp_path, tmp_path) == 0


def test_ends_for_want_of_memory_are_counted(tmp_path: Path) -> None:
    proc = write(tmp_path / "proc", vmstat="pgfault 7\noom_kill 2\n")
    assert ended_for_memory(proc, write(tmp_path / "v2", memory__events="oom 3\noom_kill 1\n")) == 3
