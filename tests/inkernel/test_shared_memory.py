"""What a template does before it is forked so that its forks write into few of the pages that they share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kernels.interpreters import interpreters

ROOT = Path(__file__).parent.parent.parent
IMMORTAL = """\
import gc, json, sys
from kernelapp.inkernel.template import immortal

class Present: pass
present, told = Present(), []
immortal.keep_present()
import fractions, textwrap
names = {"__name__": "author", "told": told}
exec('''
class Thing:
    def __del__(self): told.append("ended")
def function(): return (1.5, "a constant")
def made(held):
    return lambda: held
thing = Thing()
closure = made(Thing())
''', names)
immortal.keep_libraries(names)
def counts(things): return [sys.getrefcount(thing) > 1_000_000 for thing in things]
found = {
    "possible": immortal.POSSIBLE,
    "libraries": counts([present, fractions.Fraction, textwrap.dedent, textwrap.dedent.__code__, textwrap, vars(textwrap)]),
    "author": counts([names["function"], names["Thing"], names["thing"], names["closure"], names]),
}
del told[:]
names["thing"] = names["closure"] = None
gc.collect()
found["ended"] = list(told)
print(json.dumps(found))
"""
HOLES = """\
import json, os, sys
from kernelapp.inkernel.template.holes import fill_holes

def private_kb():
    with open("/proc/self/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))

def own_of_fork():
    here, there = os.pipe()
    if (pid := os.fork()) == 0:
        begun = private_kb()
        kept = [[bytes(size - 33) for size in (64, 128, 3000) for _ in range(1000)]]
        os.write(there, b"%d" % (private_kb() - begun))
        os._exit(0)
    os.waitpid(pid, 0)
    return int(os.read(here, 100))

# A hole in every page, of each size.
kept = [bytes(size - 33) for size in (64, 128, 3000) for _ in range(80_000)]
kept = [thing for place, thing in enumerate(kept) if place % 40]
found = [own_of_fork()]
fill_holes()
print(json.dumps([*found, own_of_fork()]))
"""


def run(interpreter: str, code: str) -> Any:
    """What a program printed, as JSON."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([interpreter, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("version", interpreters())
def test_libraries_never_end_and_what_is_the_authors_does(version: str) -> None:
    found = run(interpreters()[version], IMMORTAL)
    assert found["possible"] == (version in ("3.12", "3.13"))
    assert set(found["libraries"]) == {found["possible"]}
    assert set(found["author"]) == {False}
    assert found["ended"] == ["ended", "ended"]


@pytest.mark.parametrize("version", interpreters())
def test_what_a_fork_allocates_lies_in_pages_of_its_own(version: str) -> None:
    before, after = run(interpreters()[version], HOLES)
    assert after < before / 2, (before, after)
    assert after < 6_000, (before, after)  # 3.2 MB are allocated


def test_this_interpreter_is_among_those_tried() -> None:
    assert sys.executable in interpreters().values()
