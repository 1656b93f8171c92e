"""`ka.on_close`: which functions are called at the end, in which order, and how often."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kernelapp.inkernel.closing import Closers
from kernelapp.inkernel.mistakes import ArgumentTypeError, PlaceError
from kernelapp.inkernel.session import on_close

from .kernel import Kernel
from .page import Page

END = "import kernelapp.inkernel.runtime as runtime; runtime.close()"


def test_the_latest_is_called_first_and_each_once() -> None:
    called: list[str] = []
    closers = Closers()
    for name in "abc":
        closers.put("c1", ord(name), lambda name=name: called.append(name))  # type: ignore[misc]
    closers.run(lambda level, message: None)
    closers.run(lambda level, message: None)
    assert called == ["c", "b", "a"]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_one_that_fails_is_reported_and_the_next_is_called(error: BaseException) -> None:
    called, told = [], []
    closers = Closers()

    def fail() -> None:
        raise error

    closers.put("c1", 0, lambda: called.append("first"))
    closers.put("c1", 1, fail)
    closers.run(lambda level, message: told.append((level, message)))
    assert called == ["first"]
    assert [level for level, _ in told] == ["error"]
    assert type(error).__name__ in told[0][1]


def test_a_cell_that_runs_again_gives_its_functions_anew(kernel: Kernel) -> None:
    code = (
        "import kernelapp as ka\nn = ka.slider('N', 0, 9, 1)\nfor i in range(n):\n    ka.on_close(lambda i=i, n=n: called.append((n, i)))"
    )
    kernel.run("called = []", "c0", reset=True)
    kernel.run(code, inputs={"c1-0-slider": 3})
    kernel.run("ka.on_close(lambda: called.append('other'))", "c2")
    kernel.run(code, inputs={"c1-0-slider": 2})
    kernel.request(END, silent=True)
    assert kernel.run("called", "c3").result == "[(2, 1), (2, 0), 'other']"
    kernel.request(END, silent=True)
    assert kernel.run("len(called)", "c3").result == "3"


def test_a_cell_that_fails_keeps_what_its_earlier_run_gave(kernel: Kernel) -> None:
    kernel.run("called = []\nimport kernelapp as ka", "c0", reset=True)
    kernel.run("ka.on_close(lambda: called.append(1));")
    kernel.run("1 / 0")
    kernel.request(END, silent=True)
    assert kernel.run("called", "c3").result == "[1]"


def test_a_notebook_that_begins_anew_has_given_nothing(kernel: Kernel) -> None:
    kernel.run("import kernelapp as ka\nka.on_close(lambda: print('called', flush=True));", reset=True)
    kernel.run("", reset=True)
    assert kernel.request(END, silent=True).streams == ""


def test_an_error_at_the_end_goes_to_the_log_alone(kernel: Kernel) -> None:
    kernel.run("import kernelapp as ka\nka.on_close(lambda: 1 / 0);", reset=True)
    shown = kernel.request(END, silent=True)
    assert "ZeroDivisionError" in shown.reports[0]
    assert shown.error == ""


def test_mistakes_say_what_was_expected(page: Page) -> None:
    async def later() -> None:
        """Never called."""

    with page.cell("c1"):
        with pytest.raises(ArgumentTypeError, match="must be callable; 3 came"):
            on_close(3)  # type: ignore[type-var]
        with pytest.raises(ArgumentTypeError, match="must not be async"):
            on_close(later)
    with pytest.raises(PlaceError, match="on_close"):
        on_close(print)


def test_elsewhere_it_is_called_when_the_process_ends() -> None:
    code = "import kernelapp as ka\n@ka.on_close\ndef end():\n    print('end')\nprint('begin')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "begin\nend\n"
