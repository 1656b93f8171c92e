"""For ipykernel's own tests: what they expect of their project's pytest, and a note of how many kernels were forked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kernelapp.kernels.template_process import TemplateProcess

_forks = 0
_fork = TemplateProcess.fork


async def _counted(self: TemplateProcess, *args: Any, **kwargs: Any) -> Any:
    global _forks
    _forks += 1
    return await _fork(self, *args, **kwargs)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cov", action="store_true", default=False)


def pytest_configure() -> None:
    TemplateProcess.fork = _counted  # type: ignore[method-assign]


def pytest_unconfigure() -> None:
    Path(os.environ["FORKS_FILE"]).write_text(str(_forks))
