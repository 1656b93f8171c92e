"""What Python prints about its own troubles goes to the server's log, in a real kernel; promise 3 of the design."""

from __future__ import annotations

import pytest

from .kernel import Kernel

TROUBLES = {
    "warning": "import warnings\nwarnings.warn('trouble')",
    "log record": "import logging\nlogging.getLogger('library').error('trouble %s', 'here')",
    "odd log record": "import logging\nlogging.getLogger('library').error('trouble %d', 'here')",
    "thread": "import threading\ndef f(): raise OSError('trouble')\nt = threading.Thread(target=f); t.start(); t.join()",
    "task": (
        "import asyncio, gc\nasync def f(): raise OSError('trouble')\n"
        "t = asyncio.create_task(f()); await asyncio.sleep(0); await asyncio.sleep(0); del t; gc.collect()"
    ),
    "callback": "import asyncio\ndef f(): raise OSError('trouble')\nasyncio.get_running_loop().call_soon(f)\nawait asyncio.sleep(0.01)",
    "finalizer": "class A:\n    def __del__(self): raise OSError('trouble')\na = A()\ndel a",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_troubles_reach_the_log_and_not_the_page(kernel: Kernel, trouble: str) -> None:
    shown = kernel.run(TROUBLES[trouble] + "\nNone", reset=True)
    shown.messages += kernel.run("None").messages
    assert shown.error == ""
    assert shown.streams == ""
    assert len(shown.reports) == 1
    assert "trouble" in shown.reports[0]


def test_what_an_author_prints_to_stderr_stays_on_the_page(kernel: Kernel) -> None:
    shown = kernel.run("import sys, traceback\nprint('10 %', file=sys.stderr)", reset=True)
    assert shown.streams == "10 %\n"
    assert shown.reports == []


def test_authors_may_still_catch_and_turn_warnings(kernel: Kernel) -> None:
    shown = kernel.run(
        "import warnings\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always'); warnings.warn('one')\n"
        "with warnings.catch_warnings():\n"
        "    warnings.simplefilter('error')\n"
        "    try: warnings.warn('two')\n"
        "    except UserWarning as error: caught.append(error)\n"
        "len(caught)",
        reset=True,
    )
    assert shown.result == "2"
    assert shown.reports == []


def test_debug_leaves_everything_on_the_page(bare_kernel: Kernel) -> None:
    bare_kernel.bootstrap(debug=True)
    shown = bare_kernel.run(TROUBLES["warning"])
    assert "trouble" in shown.streams
    assert shown.reports == []
