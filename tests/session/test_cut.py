"""The rest of output: what is kept of it, and what when it is too much."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelapp.session.cut import CutOutput

LOG = logging.LoggerAdapter(logging.getLogger("test"), {})


def stream(text: str) -> bytes:
    return json.dumps({"name": "stdout", "text": text}).encode()


def rest(cut: CutOutput, cell: str = "c1") -> str:
    path = cut.find(cell)
    assert path is not None
    return path.read_text()


@pytest.fixture
def cut(tmp_path: Path) -> Iterator[CutOutput]:
    made = CutOutput(tmp_path, 1000, LOG)
    yield made
    made.close()


def test_streams_and_displays_are_kept_as_text(cut: CutOutput) -> None:
    cut.write("c1", "stream", stream("one\ntwo "), first=True)
    cut.write("c1", "stream", stream("é"), first=False)
    cut.write("c1", "display_data", b'{"data": {"text/plain": "<Figure>", "image/png": "AAAA"}}', first=False)
    cut.write("c1", "execute_result", b'{"data": {"text/plain": ["a\\n", "b"]}}', first=False)
    cut.write("c2", "display_data", b'{"data": {"text/html": "<b>"}}', first=True)
    assert rest(cut) == "one\ntwo é<Figure>\na\nb\n"
    assert rest(cut, "c2") == "\n"


def test_another_run_begins_anew(cut: CutOutput) -> None:
    cut.write("c1", "stream", stream("x" * 900), first=True)
    cut.write("c1", "stream", stream("again" * 100), first=True)
    assert rest(cut) == "again" * 100


def test_beyond_the_bound_it_is_lost_and_says_so_once(cut: CutOutput) -> None:
    cut.write("c1", "stream", stream("x" * 600), first=True)
    for _ in range(3):
        cut.write("c2", "stream", stream("y" * 300), first=False)
    assert rest(cut, "c2") == "y" * 400 + "\n[More was printed here than is kept: the rest is lost.]\n"
    cut.write("c1", "stream", stream("z"), first=True)
    assert rest(cut) == "z"


def test_those_of_a_session_that_is_taken_over_are_found_and_counted(tmp_path: Path, cut: CutOutput) -> None:
    cut.write("c1", "stream", stream("x" * 900), first=True)
    later = CutOutput(tmp_path, 1000, LOG)
    assert rest(later) == "x" * 900
    later.write("c2", "stream", stream("y" * 200), first=True)
    later.close()
    assert rest(later, "c2").startswith("y" * 100 + "\n[")


def test_a_disk_that_takes_nothing_costs_the_rest_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cut = CutOutput(tmp_path / "gone", 1000, LOG)
    for first in (True, False, False):
        cut.write("c1", "stream", stream("x"), first=first)
    assert cut.find("c1") is None
    assert caplog.text.count("cannot be kept") == 1
