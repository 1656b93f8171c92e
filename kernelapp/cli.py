"""The command line: `kernelapp serve PATH…`, its flags made from SETTINGS, and `kernelapp check PATH…`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .errors import OperatorError
from .settings import SETTINGS, Setting, make_settings, read_given
from .version import __version__

EXIT_OPERATOR_ERROR = 2
"""Something that the operator can mend; argparse's own code, too."""

EXIT_INTERRUPTED = 130
"""Ctrl-C before the server was up: 128 + SIGINT, as shells count. A running server that is told to end exits with 0."""


_METAVARS = {int: "N", float: "SECONDS", str: "TEXT"}


class _Parser(argparse.ArgumentParser):
    """Reports like everything else here: one line, by way of OperatorError."""

    def error(self, message: str) -> NoReturn:
        raise OperatorError(f"{message}; see `{self.prog} --help`")


def make_parser() -> argparse.ArgumentParser:
    """The parser; a flag that is not given leaves no attribute, and values are left as text for `read_given`."""
    parser = _Parser(prog="kernelapp", description="Serve Jupyter notebooks as web apps.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"kernelapp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    serve = commands.add_parser("serve", help="serve notebooks, or folders of notebooks", allow_abbrev=False)
    serve.add_argument("paths", nargs="+", metavar="PATH", help="a notebook (.ipynb, or jupytext's .py or .md) or a folder of notebooks")
    for setting in SETTINGS:
        _add_flag(serve, setting)
    check = commands.add_parser("check", help="tell which cells an event runs again, and why", allow_abbrev=False)
    check.add_argument("paths", nargs="+", metavar="PATH", help="a notebook")
    check.add_argument("--run", action="store_true", help="run the notebook, to tell how far a template of it goes")
    check.add_argument("--json", action="store_true", help="print JSON")
    stop = commands.add_parser("stop", help="end servers that run under this account", allow_abbrev=False)
    stop.add_argument("paths", nargs="*", metavar="PATH", help="what the server serves; without any, all servers are ended")
    stop.add_argument("--keep-kernels", action="store_true", help="leave the sessions and their kernels to the next start")
    stop.add_argument("--state-dir", metavar="DIRECTORY", default="", help="as given to `serve`")
    return parser


def _add_flag(parser: argparse.ArgumentParser, setting: Setting) -> None:
    text = setting.help.replace("%", "%%")
    if setting.type is bool:
        parser.add_argument(setting.flag, dest=setting.name, action="store_const", const="1", default=argparse.SUPPRESS, help=text)
        return
    if setting.default not in ("", ()):
        default = f"{setting.default:.12g}" if isinstance(setting.default, float) else setting.default
        text = f"{text} (default: {default})"
    if setting.choices:
        metavar = "|".join(setting.choices)
    else:
        metavar = "BYTES" if setting.name.endswith("_bytes") else _METAVARS.get(setting.type, "LIST")
    parser.add_argument(setting.flag, dest=setting.name, metavar=metavar, default=argparse.SUPPRESS, help=text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code. What the operator can mend is one line on stderr."""
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except OperatorError as error:
        print(f"kernelapp: {' '.join(str(error).split())}", file=sys.stderr)
        return EXIT_OPERATOR_ERROR
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _run(arguments: list[str]) -> int:
    parser = make_parser()
    options = vars(parser.parse_args(arguments))
    command = options.pop("command")
    if command is None:
        parser.error("expected a command")
    paths = [Path(path) for path in options.pop("paths")]
    if command == "check":
        from kernelapp.check import check  # here, as below

        return check(paths, as_json=options["json"], run=options["run"])
    if command == "stop":
        from kernelapp.state import state_root  # here, as below
        from kernelapp.stop import stop

        root = Path(options["state_dir"]).absolute() if options["state_dir"] else state_root(os.environ)
        return stop(root, paths, keep_kernels=options["keep_kernels"])
    given = read_given(options, os.environ)
    settings = make_settings(given)
    from .server import run  # here so that --help and mistakes do not wait for the server's libraries

    return run(paths, settings, explicit_port="port" in given)
