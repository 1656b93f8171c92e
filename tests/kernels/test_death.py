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
