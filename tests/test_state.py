"""The state directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kernelapp.errors import OperatorError
from kernelapp.state import lock, state_root, take_state


def test_a_server_that_starts_again_finds_what_the_killed_one_left(tmp_path: Path) -> None:
    first = take_state(tmp_path, [tmp_path / "a.ipynb"])
    os.close(first._lock)  # what the kernel does for a killed process
    assert take_state(tmp_path, [tmp_path / "a.ipynb"]).path == first.path


def test_two_servers_of_the_same_paths_have_a_directory_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernelapp.state._WAIT_S", 0.0)
    first = take_state(tmp_path, [tmp_path / "a.ipynb"])
    second = take_state(tmp_path, [tmp_path / "a.ipynb"])
    other = take_state(tmp_path, [tmp_path / "b.ipynb"])
    assert len({first.path, second.path, other.path}) == 3
    for state in (first, second, other):
        state.close()


def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    state = take_state(tmp_path / "new", [tmp_path])
    assert state.path.stat().st_mode & 0o777 == 0o700
    state.close()


def test_where_no_state_can_be_kept_the_operator_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="--state-dir"):
        take_state(tmp_path / "file", [tmp_path])


def test_it_is_where_the_xdg_specification_says(tmp_path: Path) -> None:
    assert state_root({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "kernelapp"
    assert state_root({"XDG_STATE_HOME": "relative"}) == Path.home() / ".local/state/kernelapp"


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    held = lock(tmp_path / "lock")
    with pytest.raises(BlockingIOError):
        lock(tmp_path / "lock")
    os.close(held)
    os.close(lock(tmp_path / "lock", wait_s=1))
