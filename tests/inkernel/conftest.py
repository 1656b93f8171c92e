"""A faked page, and a real kernel that sees of the installation only a link to the package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelapp.inkernel import runtime

from .kernel import Kernel, start_kernel
from .page import Page


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    # The runtime adds an import hook, which must not outlive the test.
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    page = Page()
    monkeypatch.setattr(runtime, "_runtime", page.runtime)
    return page


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with start_kernel(tmp_path_factory.mktemp("kernel")) as kernel:
        kernel.bootstrap()
        yield kernel


@pytest.fixture
def bare_kernel(tmp_path: Path) -> Iterator[Kernel]:
    with start_kernel(tmp_path) as kernel:
        yield kernel
