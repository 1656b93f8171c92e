"""Installed kernelspecs."""

from __future__ import annotations

import sys

import pytest
from jupyter_client.kernelspec import KernelSpec

from kernelapp.errors import KernelspecError
from kernelapp.kernels.specs import find_kernelspec, interpreter_of


def test_the_default_is_python() -> None:
    assert find_kernelspec(None).language == "python"


@pytest.mark.parametrize("name", ["nope", "../../etc", "a b"])
def test_an_unknown_one_is_named_with_those_that_are_there(name: str) -> None:
    with pytest.raises(KernelspecError, match=r"python3.*--kernel"):
        find_kernelspec(name)


@pytest.mark.parametrize(
    ("program", "interpreter"), [("python", sys.executable), ("python3", sys.executable), ("/opt/env/bin/python", "/opt/env/bin/python")]
)
def test_a_bare_python_is_the_servers_own(program: str, interpreter: str) -> None:
    assert interpreter_of(KernelSpec(argv=[program, "-m", "ipykernel_launcher"])) == interpreter
