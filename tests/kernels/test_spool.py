"""What a kernel keeps of its iopub, as the kernel writes it and the server reads it."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given, settings

from kernelapp.inkernel.spool import NAMES, Spool
from kernelapp.kernels.kernel import KernelMessage
from kernelapp.kernels.spool import SPOOL_NAMES, Fresh, read_spool

frames = st.lists(st.binary(max_size=40), min_size=1, max_size=6)


def test_both_sides_mean_the_same_files() -> None:
    assert NAMES == SPOOL_NAMES


@given(st.lists(frames, max_size=60))
@settings(max_examples=100)
def test_the_latest_messages_are_read_as_they_were_written(tmp_path_factory: object, messages: list[list[bytes]]) -> None:
    directory = tmp_path_factory.mktemp("spool")  # type: ignore[attr-defined]
    spool = Spool(directory, max_bytes=1000)
    for message in messages:
        spool.write(message)
    spool.close()
    found = list(read_spool(directory))
    assert found == messages[len(messages) - len(found) :]
    largest = 4 + 6 * 44
    assert len(found) == len(messages) or sum(4 + sum(4 + len(frame) for frame in message) for message in found) >= 500 - 8 - largest
    assert sum(file.stat().st_size for file in directory.iterdir()) <= 1000


def test_a_record_that_the_end_of_the_kernel_cut_short_is_left_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=10_000)
    spool.write([b"one"])
    spool.write([b"two", b"three"])
    spool.close()
    file = next(file for file in tmp_path.iterdir())
    whole = file.read_bytes()
    for length in range(len(whole) - 1, len(whole) - 10, -1):
        file.write_bytes(whole[:length])
        assert list(read_spool(tmp_path)) == [[b"one"]]


def test_a_message_larger_than_a_file_is_left_out_and_later_ones_are_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=1000)
    spool.write([b"x" * 600])
    spool.write([b"small"])
    assert list(read_spool(tmp_path)) == [[b"small"]]
    spool.close()


def test_where_there_is_no_spool_nothing_is_read(tmp_path: Path) -> None:
    assert list(read_spool(tmp_path / "missing")) == []


def test_what_was_read_and_still_comes_by_itself_is_heard_once() -> None:
    heard: list[str] = []
    fresh = Fresh(lambda message: heard.append(message.id), read=["1", "2", "3"])
    for kind, own in (("iopub_welcome", "w"), ("stream", "2"), ("execute_reply", "r"), ("stream", "3"), ("stream", "4"), ("status", "5")):
        fresh.hear(KernelMessage(kind, "", b"{}", {}, (), own))
    assert heard == ["w", "r", "4", "5"]
