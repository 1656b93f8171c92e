"""The command line in a process of its own: bad input gets one line that says what to do, and exit code 2."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernelapp.cli import EXIT_OPERATOR_ERROR, make_parser
from kernelapp.settings import SETTINGS
from kernelapp.version import __version__

TIMEOUT_S = 60
EMPTY = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
UNKNOWN_KERNEL = json.dumps(
    {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "no-such", "display_name": "No"}}, "cells": []}
)


def run_kernelapp(
    *arguments: str, cwd: Path | None = None, setup: Callable[[], None] | None = None, **variables: str
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `python -m kernelapp`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("KERNELAPP_")} | variables
    env["PYTHONPATH"] = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-m", "kernelapp", *arguments],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        preexec_fn=setup,
    )
    return done.returncode, done.stdout, done.stderr


def assert_refused(result: tuple[int, str, str], expected: str) -> None:
    """One line on stderr that begins with our name and holds `expected`; code 2; nothing on stdout, no traceback."""
    code, out, err = result
    assert err.startswith("kernelapp: "), err
    assert err.count("\n") == 1, err
    assert expected in err
    assert (code, out) == (EXIT_OPERATOR_ERROR, "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file of each kind that a test names."""
    (tmp_path / "good.ipynb").write_text(EMPTY)
    (tmp_path / "unknown_kernel.ipynb").write_text(UNKNOWN_KERNEL)
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "blank.ipynb").write_text("")
    (tmp_path / "table.csv").write_text("a,b\n")
    (tmp_path / "script.py").write_text("print(1)\n")
    (tmp_path / "readme.md").write_text("# Read me\n")
    (tmp_path / "newer.ipynb").write_text('{"nbformat": 9}')
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "expected a command; see `kernelapp --help`"),
        (["open", "good.ipynb"], "invalid choice: 'open'"),
        (["serve"], "required: PATH; see `kernelapp serve --help`"),
        (["serve", "good.ipynb", "--colour"], "unrecognized arguments: --colour"),
        (["serve", "good.ipynb", "--max-sess", "3"], "unrecognized arguments: --max-sess"),
        (["serve", "good.ipynb", "--port"], "--port: expected one argument"),
        (["serve", "good.ipynb", "--port", "http"], "--port must be a whole number from 0 to 65535, not 'http'"),
        (["serve", "good.ipynb", "--port", "70000"], "--port must be a whole number from 0 to 65535, not 70000"),
        (["serve", "good.ipynb", "--grace-s", "-1"], "--grace-s must be a number from 0"),
        (["serve", "good.ipynb", "--auth", "password"], "--auth must be token or none, not 'password'"),
        (["serve", "none.ipynb"], "none.ipynb: no such file or folder; check the path"),
        (["serve", "no-folder"], "no-folder: no such file or folder; check the path"),
        (["serve", "good.ipynb", "none.ipynb"], "none.ipynb: no such file or folder; check the path"),
        (["serve", "table.csv"], "expected a notebook (.ipynb, .py, .md), not .csv"),
        (["serve", "broken.ipynb"], "is not JSON: Expecting property name enclosed in double quotes at line 1 column 2"),
        (["serve", "blank.ipynb"], "is empty; expected a notebook"),
        (["serve", "newer.ipynb"], "is of nbformat 9; versions up to 4 can be read"),
        (["serve", "script.py"], "is no notebook: expected cells that begin with '# %%'"),
        (["serve", "readme.md"], "is no notebook: expected jupytext's header"),
        (["serve", "empty"], "no notebook in this folder; expected .ipynb"),
        (["serve", "unknown_kernel.ipynb"], "the kernel 'no-such' is not installed"),
        (["serve", "good.ipynb", "--kernel", "no-such"], "the kernel 'no-such' is not installed"),
        (["serve", "good.ipynb", "--host", "999.1.1.1", "--port", "0"], "cannot listen on 999.1.1.1"),
    ],
)
def test_bad_input_is_refused_with_one_line(folder: Path, arguments: list[str], expected: str) -> None:
    assert_refused(run_kernelapp(*arguments, cwd=folder, KERNELAPP_NO_BROWSER="1"), expected)


def test_a_bad_environment_variable_is_refused_by_its_name(folder: Path) -> None:
    assert_refused(
        run_kernelapp("serve", "good.ipynb", cwd=folder, KERNELAPP_MAX_SESSIONS="0"),
        "KERNELAPP_MAX_SESSIONS must be a whole number of at least 1",
    )


@pytest.fixture
def taken_port() -> Iterator[int]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield listening.getsockname()[1]


def test_an_explicit_port_that_is_taken_is_an_error(folder: Path, taken_port: int) -> None:
    expected = f"port {taken_port} is taken by another program; choose another with --port"
    assert_refused(run_kernelapp("serve", "good.ipynb", "--port", str(taken_port), cwd=folder), expected)
    assert_refused(run_kernelapp("serve", "good.ipynb", cwd=folder, KERNELAPP_PORT=str(taken_port)), expected)


def give_up_reading_everything() -> None:
    """Drop the capabilities by which root reads what its mode forbids (linux/capability.h), for the program about to start."""
    if os.geteuid() == 0:
        pr_capbset_drop, cap_dac_override, cap_dac_read_search = 24, 1, 2
        for capability in (cap_dac_override, cap_dac_read_search):
            if ctypes.CDLL(None).prctl(pr_capbset_drop, capability, 0, 0, 0):
                raise OSError("prctl")


@pytest.mark.skipif(sys.platform != "linux", reason="root's capabilities can be dropped on Linux only")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("locked", "locked: this folder cannot be read (Permission denied); change its mode or run as its owner"),
        ("locked/book.ipynb", "locked/book.ipynb: permission to read it is missing; change its mode or run as its owner"),
        ("secret.ipynb", "secret.ipynb: permission to read it is missing; change its mode or run as its owner"),
    ],
)
def test_what_may_not_be_read_is_refused(tmp_path: Path, path: str, expected: str) -> None:
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked" / "book.ipynb").write_text(EMPTY)
    (tmp_path / "secret.ipynb").write_text(EMPTY)
    (tmp_path / "secret.ipynb").chmod(0)
    (tmp_path / "locked").chmod(0)
    try:
        assert_refused(run_kernelapp("serve", path, cwd=tmp_path, setup=give_up_reading_everything), expected)
    finally:
        (tmp_path / "locked").chmod(0o700)


def test_the_version_is_printed() -> None:
    assert run_kernelapp("--version") == (0, f"kernelapp {__version__}\n", "")


def test_the_help_names_every_setting_and_loads_no_server() -> None:
    code, out, err = run_kernelapp("serve", "--help", COLUMNS="200")
    assert (code, err) == (0, "")
    assert all(setting.flag in out for setting in SETTINGS)
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, kernelapp.cli; print('tornado' in sys.modules, 'kernelapp.server' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout == "False False\n"


def test_a_flag_that_is_not_given_leaves_no_trace() -> None:
    options = vars(make_parser().parse_args(["serve", "a", "b", "--port", "1", "--debug"]))
    assert options == {"command": "serve", "paths": ["a", "b"], "port": "1", "debug": "1"}
