"""A template in an environment that has ipykernel and nothing of ours; of another version of Python, where there is one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .forks import fork, template
from .interpreters import newest
from .specs import write_spec
from .test_suites import run

CELLS = ("import kernelapp as ka, sys", "import random; random.seed(3)", "n = ka.slider('N', 1, 10, 3)")


async def make_environment(folder: Path, interpreter: str) -> str:
    """A venv with ipykernel; its interpreter."""
    await run(interpreter, "-m", "venv", "--without-pip", str(folder), cwd=folder.parent)
    python = str(folder / "bin" / "python")
    options = ("--quiet", "--disable-pip-version-check", "--python", python)
    await run(sys.executable, "-m", "pip", *options, "install", "ipykernel", cwd=folder.parent)
    return python


async def test_sessions_run_in_the_environment_of_the_kernelspec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = await make_environment(tmp_path / "env", newest())
    write_spec(tmp_path / "jupyter", "bare", [python, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    async with template(tmp_path, kernel_name="bare", cells=CELLS) as made, fork(made) as first, fork(made) as second:
        assert await first.run("n, sys.prefix") == f"(3, '{tmp_path / 'env'}')\n"
        for session in (first, second):
            assert await session.run("random.random()") == "0.23796462709189137\n"  # the first that the seed 3 gives
        assert "ModuleNotFoundError" in await first.run("import tornado.web; import nbformat")
