"""How the end of a kernel is told to a viewer."""

from __future__ import annotations

import pytest

from kernelapp.kernels.death import describe_end


@pytest.mark.parametrize(
    ("code", "words"),
    [(None, "ended"), (0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-11, "SIGSEGV"), (-250, "signal 250")],
)
def test_the_sentence_names_the_code_or_the_signal(code: int | None, words: str) -> None:
    assert words in describe_end(code)


def test_an_end_for_want_of_memory_is_told_from_one_by_another_program() -> None:
    assert "no memory left" in describe_end(-9, for_memory=True)
    assert "no memory" not in describe_end(-9)
