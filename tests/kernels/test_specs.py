"""Installed kernelspecs."""

from __future__ import annotations

import pytest

from kernelapp.errors import KernelspecError
from kernelapp.kernels.specs import find_kernelspec


def test_the_default_is_python() -> None:
    assert find_kernelspec(None).language == "python"


@pytest.mark.parametrize("name", ["nope", "../../etc", "a b"])
def test_an_unknown_one_is_named_with_those_that_are_there(name: str) -> None:
    with pytest.raises(KernelspecError, match=r"python3.*--kernel"):
        find_kernelspec(name)
