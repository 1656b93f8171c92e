"""A template in an environment that has ipykernel and nothing of ours; of another version of Python, where there is one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kernelapp.kernels.jupyter import JupyterKernel
from kernelapp.kernels.package import make_package

from .forks import Running, fork, launch, template
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


def compiled(package: Path) -> dict[str, int]:
    """The compiled files in a package directory, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in package.rglob("*.pyc")}


async def test_sessions_run_in_the_environment_of_the_kernelspec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = await make_environment(tmp_path / "env", newest())
    argv = [python, "-B", "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    write_spec(tmp_path / "jupyter", "bare", argv)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    package = tmp_path / "package"
    make_package(package)
    async with template(tmp_path, kernel_name="bare", cells=CELLS) as made, fork(made) as first, fork(made) as second:
        assert await first.run("print(n, sys.prefix)") == f"3 {tmp_path / 'env'}\n"
        for session in (first, second):
            assert await session.run("random.random()") == "0.23796462709189137\n"  # the first that the seed 3 gives
        assert "ModuleNotFoundError" in await first.run("import tornado.web; import nbformat")
    made_once = compiled(package)
    assert {name.partition(".")[0] for name in made_once} >= {"runtime", "application", "orphans", "forking"}
    running = Running(JupyterKernel(launch(tmp_path, "bare")))
    async with template(tmp_path, kernel_name="bare"):
        try:
            await running.kernel.start(running.listener)
            told = await running.run("import sys; print(sys.dont_write_bytecode, sys.modules['kernelapp.inkernel.runtime'].__cached__)")
            assert told == f"True {next(package.rglob('runtime.*.pyc'))}\n"
        finally:
            await running.kernel.end()
    assert compiled(package) == made_once
