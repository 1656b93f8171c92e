"""Other people's tests of kernels pass for forked ones as they do for those of a process of their own."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tarfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import jupyter_kernel_test
import pytest

from .specs import write_forked_spec

ROOT = Path(__file__).parent.parent.parent
FILES = ("test_message_spec.py", "test_kernel.py", "test_async.py", "test_subshells.py")
LONG_S = 600.0
SKIPPED = {
    "Currently don't capture during test as pytest does its own capturing",
    "only run on Windows",
    "test only on windows",
    "Stalls on linux",
    "Requires trio",
}
"""What they skip for kernels of a process of their own as well."""


async def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a program printed; it must succeed."""
    output = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, env=env, stdout=output, stderr=asyncio.subprocess.STDOUT)
    async with asyncio.timeout(LONG_S):
        printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()[-10_000:]
    return printed.decode()


async def test_the_tests_of_ipykernel_itself(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    assert pytestconfig.cache is not None
    wanted = f"ipykernel-{version('ipykernel')}"
    folder = pytestconfig.cache.mkdir("ipykernel")
    archive = folder / f"{wanted}.tar.gz"
    if not archive.exists():  # the wheel has no tests
        options = ("--quiet", "--no-binary", "ipykernel", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
        await run(sys.executable, "-m", "pip", "download", *options, wanted.replace("-", "=="), cwd=folder)
    with tarfile.open(archive) as files:
        # Only the tests: the package beside them must not hide the installed one.
        files.extractall(tmp_path, [member for member in files if "/tests/" in member.name], filter="data")
    tests, ini = tmp_path / wanted / "tests", tmp_path / "pytest.ini"
    ini.write_text("[pytest]\nasyncio_mode = auto\n")
    write_forked_spec(tmp_path / "jupyter", "python3")
    path = os.pathsep.join(map(str, (ROOT, Path(__file__).parent)))
    env = dict(os.environ, PYTHONPATH=path, JUPYTER_PATH=str(tmp_path / "jupyter"), FORKS_FILE=str(tmp_path / "forks"))
    given = ["-q", "-rs", "-p", "suite_plugin", "-p", "no:cacheprovider", "-c", str(ini), "--timeout", "60", "--rootdir", str(tests)]
    files_of_tests = [str(tests / name) for name in FILES]
    printed = await run(sys.executable, "-P", "-m", "pytest", *given, *files_of_tests, cwd=tmp_path, env=env)
    assert int((tmp_path / "forks").read_text()) > 1
    assert int(re.findall(r"(\d+) passed", printed)[-1]) >= 79
    assert {line.partition(": ")[2] for line in printed.splitlines() if line.startswith("SKIPPED")} <= SKIPPED


@pytest.fixture(scope="module", autouse=True)
def kernelspecs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("jupyter")
    write_forked_spec(folder, "forked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield


class TestForkedKernel(jupyter_kernel_test.KernelTests):  # type: ignore[misc]
    """jupyter_kernel_test; with every kind of sample given, it skips nothing."""

    kernel_name = "forked"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = ({"text": "zi", "matches": {"zip"}},)
    complete_code_samples = ("1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n")
    incomplete_code_samples = ("print('''hello", "def f(x):\n  x*2")
    invalid_code_samples = ("import = 7q",)
    code_page_something = "zip?"
    code_generate_error = "raise"
    code_execute_result = ({"code": "1+2+3", "result": "6"}, {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"})
    code_display_data = (
        {"code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))", "mime": "text/html"},
        {"code": "from IPython.display import Math, display; display(Math('1/2'))", "mime": "text/latex"},
    )
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "search")  # not `range`: ipykernel numbers the session 0 there
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
