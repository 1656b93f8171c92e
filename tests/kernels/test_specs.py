"""Installed kernelspecs."""

from __future__ import annotations

import sys

import pytest
from jupyter_client.kernelspec import KernelSpec

from kernelapp.errors import KernelspecError
from kernelapp.kernels.specs import find_kernelspec, interpreter


def test_the_default_is_python() -> None:
    assert find_kernelspec(None).language == "python"


@pytest.mark.parametrize("name", ["nope", "../../etc", "a b"])
def test_an_unknown_one_is_named_with_those_that_are_there(name: str) -> None:
    with pytest.raises(KernelspecError, match=r"python3.*--kernel"):
        find_kernelspec(name)


@pytest.mark.parametrize(
    ("argv", "language", "found"),
    [
        (["python", "-m"], "python", sys.executable),
        (["python3", "-m"], "python", sys.executable),
        (["/opt/x/bin/python", "-m"], "Python", "/opt/x/bin/python"),
        (["R"], "R", None),
        ([], "python", None),
    ],
)
def test_the_interpreter_is_the_kernelspecs_own(argv: list[str], language: str, found: str | None) -> None:
    assert interpreter(KernelSpec(argv=argv, language=language)) == found
