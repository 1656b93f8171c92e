"""The authoring names of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kernelapp


def test_importing_the_package_loads_neither_kernel_nor_server_code() -> None:
    code = "import sys, kernelapp; print(sorted(name for name in sys.modules if name.startswith('kernelapp')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['kernelapp', 'kernelapp.version']\n"


def test_every_name_is_there_and_listed() -> None:
    for name in kernelapp.__all__:
        assert getattr(kernelapp, name) is not None
    assert set(kernelapp.__all__) <= set(dir(kernelapp))


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(AttributeError, match=r"has no 'sliders'; it has button, checkbox.*toggle"):
        _ = kernelapp.sliders  # type: ignore[attr-defined]


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(kernelapp.__file__).read_text())
    checked = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and "inkernel" in (node.module or "")
        for alias in node.names
    }
    assert checked == set(kernelapp.__all__) - {"__version__"}
