"""The compiled form of our own modules, which the next kernel need not make again."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def compiled() -> Iterator[None]:
    """What is imported meanwhile is kept compiled, also where the interpreter is told not to write bytecode.

    For our modules only: they lie in a folder that the server has made for this (kernels/package.py).
    """
    told, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        yield
    finally:
        sys.dont_write_bytecode = told
