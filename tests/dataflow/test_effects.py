"""What a cell reads, binds and mutates: tables of sources."""

import pytest

from kernelapp.dataflow.effects import Effects, analyse, new_reader, read_cell
from kernelapp.dataflow.reader import BUILTIN_NAMES
from kernelapp.dataflow.versions import CellFacts, Source, build_flow, describe


def reads(effects: Effects) -> set[str]:
    return {name for name in effects.reads if ":" not in name and name != "files" and name not in BUILTIN_NAMES}


READS = [
    ("x = y", "y"),
    ("x = 1\ny = x", ""),
    ("x = x + 1", "x"),
    ("x += 1", "x"),
    ("print(x); x = 1", "x"),
    ("def f():\n    return g", ""),
    ("def f():\n    return g\nf()", "g"),
    ("def f(a=b): pass", "b"),
    ("f = lambda: g", ""),
    ("f = lambda: g\nf()", "g"),
    ("class A:\n    x = y\n    def m(self): return z", "y"),
    ("class A:\n    def m(self): return z\nA().m()", "z"),
    ("class A:\n    def __repr__(self): return z\nprint(A())", "z"),
    ("class A:\n    @property\n    def p(self): return z\na = A()\na.p", "z"),
    ("[i + n for i in xs]", "n xs"),
    ("[i for i in range(3)]", ""),
    ("g = (i + n for i in xs)", "xs"),
    ("g = (i + n for i in xs)\nlist(g)", "n xs"),
    ("(y := 3) + y", ""),
    ("with open(p) as f:\n    f.read()", "p"),
    ("try:\n    x = a\nexcept E:\n    x = b", "a E b"),
    ("match a:\n    case [b, c]: d = b\n    case {'k': e}: d = e\n    case _: d = z", "a z"),
    ("for i in xs:\n    t = i\nprint(t)", "xs t"),
    ("if a:\n    t = 1\nelse:\n    t = 2\nprint(t)", "a"),
    ("if a:\n    t = 1\nprint(t)", "a t"),
    ("del x", "x"),
    ("x: int = y", "y"),
    ("sorted(xs, key=lambda t: t[k])", "xs k"),
    ("def f():\n    global x\n    x = y\nf()", "y"),
    ("def outer():\n    c = n\n    def inner():\n        nonlocal c\n        c += m\n    return inner\nouter()()", "n m"),
    ("import pandas as pd\npd.read_csv('a').query('a > @low')", "low"),
    ("await load(a)", "load a"),
    ("async def f():\n    return n\nawait f()", "n"),
    ("f'{a:{b}}'", "a b"),
    ("x = [*a, *b]; y = {**c}", "a b c"),
    ("@deco\ndef f(): pass", "deco"),
    ("%time x = y", "y"),
    ("%%time\nx = y", "y"),
    ("%matplotlib inline\nx = y", "y"),
    ("exec('x = y')", "y"),
]


@pytest.mark.parametrize(("source", "expected"), READS)
def test_reads_are_what_the_cell_looks_up_before_it_surely_binds_it(source: str, expected: str) -> None:
    effects = analyse(source)
    assert reads(effects) == set(expected.split())
    assert not effects.opaque


BINDS = [
    ("x = 1", "x", ""),
    ("x, (y, *z) = 1, (2, 3)", "x y z", ""),
    ("if a:\n    x = 1", "", "x"),
    ("if a:\n    x = 1\nelse:\n    x = 2", "x", ""),
    ("for i in xs:\n    t = i", "", "i t"),
    ("try:\n    x = f()\nexcept E:\n    pass", "", "x"),
    ("try:\n    x = f()\nexcept E:\n    raise", "x", ""),
    ("import os.path, numpy as np\nfrom math import pi as p", "os np p", ""),
    ("def f(): pass\nclass A: pass", "f A", ""),
    ("[y := i for i in xs]", "", "y"),
    ("del x", "x", ""),
    ("import kernelapp as ka\nwith ka.sidebar:\n    x = 1", "ka x", ""),
    ("match a:\n    case 1: x = 1\n    case _: x = 2", "x", ""),
    ("match a:\n    case 1: x = 1", "", "x"),
    ("def f():\n    global x\n    x = 1\nf()", "f", "x"),
    ("%%capture out\nx = 1", "out x", ""),
]


@pytest.mark.parametrize(("source", "surely", "maybe"), BINDS)
def test_a_name_is_bound_for_sure_only_if_every_path_binds_it(source: str, surely: str, maybe: str) -> None:
    effects = analyse(source)
    assert effects.binds == set(surely.split())
    assert effects.may_bind == set(maybe.split())


def facts(*sources: str) -> list[CellFacts]:
    return describe(build_flow([Source(f"c{number}", source) for number, source in enumerate(sources)]))


PANDAS = "import pandas as pd\nimport numpy as np\ndf = pd.DataFrame({'a': [1]})\nother = df"

MUTATES = [
    ("a = [1]\nb = a", "b.append(2)", "a b"),
    ("a = [1]\nb = a", "b = b + [2]", ""),
    ("a = [1]\nb = a", "b += [2]", "a"),
    ("a = [1]\nb = [a]", "b.append(2)", "b"),
    ("a = [1]\nb = [a]", "b[0].append(2)", "a b"),
    ("a = [1]\nb = {'k': a}\nc = list(a)", "b['k'][0] = 2", "a b"),
    ("a = [[1]]\nb = list(a)", "b[0].append(2)", "a b"),
    ("a = [1]", "def f(x):\n    x.append(1)\nf(a)", "a"),
    ("a = [1]", "def f(x):\n    return len(x)\nf(a)", ""),
    ("a = [1]\ndef f():\n    a.append(1)", "f()", "a"),
    ("a = [1]\ndef f(x):\n    return x\nb = f(a)", "b.append(1)", "a b"),
    ("a = [1]", "import somelib\nsomelib.work(a)", "a"),
    ("a = [1]\nn = 3", "import somelib\nsomelib.work(n)", ""),
    ("a = [1]", "print(a, len(a), sorted(a))", ""),
    ("a = iter([1])", "next(a)", "a"),
    ("a = (i for i in range(9))", "print(list(a))", "a"),
    ("a = [1]", "print(list(a))", ""),
    ("def f(seen=[]):\n    seen.append(1)", "f()", "f"),
    ("class A:\n    def __init__(self): self.n = 0\n    def up(self): self.n += 1\na = A()\nb = a", "a.up()", "a b"),
    ("class A:\n    def __init__(self): self.n = 0\n    def up(self): return self.n\na = A()\nb = a", "a.up()", ""),
    ("class A:\n    def mean(self): self.n = 0\na = A()", "a.mean()", "a"),
    (PANDAS, "df['b'] = 1", "df other"),
    (PANDAS, "df.loc[0, 'a'] = 1", "df other"),
    (PANDAS, "df.sort_values('a', inplace=True)", "df other"),
    (PANDAS, "df = df.sort_values('a')", ""),
    (PANDAS, "x = df[df.a > 0]\nx['b'] = 1", ""),
    (PANDAS, "df.columns = ['b']", "df other"),
    (PANDAS + "\narr = np.ones(3)\nview = arr[:2]", "view[0] = 2", "arr view"),
    (PANDAS + "\narr = np.ones(3)\npicked = arr[arr > 0]", "picked[0] = 2", "picked"),
    (PANDAS, "import matplotlib.pyplot as plt\nplt.plot(df.a)", ""),
    ("from sklearn.linear_model import Ridge\nm = Ridge()\nX = [[1]]\ny = [1]", "m.fit(X, y)", "m"),
]


@pytest.mark.parametrize(("above", "source", "expected"), MUTATES)
def test_a_cell_mutates_every_name_that_reaches_what_it_may_change(above: str, source: str, expected: str) -> None:
    assert set(facts(above, source)[1].mutates) == set(expected.split())


OPAQUE = [
    "!ls",
    "%run other.py",
    "%%bash\nls",
    "%frobnicate",
    "exec(text)",
    "globals()['x'] = 1",
    "from os.path import *",
    "import subprocess\nsubprocess.run(['ls'])",
    "print(_)",
    "import threading\nthreading.Thread(target=print).start()",
]


@pytest.mark.parametrize("source", OPAQUE)
def test_what_cannot_be_judged_is_opaque_and_says_where_and_how_to_mend_it(source: str) -> None:
    finding = analyse(f"x = 1\n{source}" if not source.startswith("%%") else source).opaque[0]
    assert finding.line == (1 if source.startswith("%%") else source.count("\n") + 2)
    assert finding.what
    assert finding.mend


VOLATILE = ["import time\ntime.time()", "import random\nrandom.random()", "import requests\nrequests.get('u')", "import uuid\nuuid.uuid4()"]


@pytest.mark.parametrize("source", VOLATILE)
def test_time_chance_and_the_network_are_volatile(source: str) -> None:
    assert analyse(source).volatile


OTHERS_OWN = ["d = ka.session.dir", "name = ka.session.id", "from kernelapp import session\nsession.dir / 'x'", "s = ka.session\ns.dir"]


@pytest.mark.parametrize("source", OTHERS_OWN)
def test_what_is_each_viewers_own_is_volatile(source: str) -> None:
    assert [finding.what for finding in analyse(f"import kernelapp as ka\n{source}").volatile] == [
        "`ka.session` is another one for each viewer"
    ]
    assert not analyse("import kernelapp as ka\nka.on_close(print)").volatile


def test_seeded_random_numbers_are_a_version_of_hidden_state() -> None:
    reader = new_reader()
    read_cell(reader, "import random\nrandom.seed(1)")
    effects = read_cell(reader, "random.random()")
    assert not effects.volatile
    assert "state:random" in effects.reads
    assert "state:random" in effects.may_bind


def test_a_control_belongs_to_the_cell_that_runs_its_call() -> None:
    found = facts("import kernelapp as ka\ndef ask():\n    return ka.slider('n', 0, 9)", "n = ask()", "print(n)")
    assert [fact.controls for fact in found] == [(), ((1, "slider"),), ()]
    assert found[1].reruns == ("c1", "c2")


def test_a_cell_that_is_no_python_binds_nothing() -> None:
    effects = analyse("x = = 1")
    assert effects.broken
    assert not effects.binds


def test_recursion_and_unknown_code_end() -> None:
    effects = analyse("def f(n, seen):\n    seen.append(g(f, n))\n    return f(n - 1, seen)\ndef g(h, n):\n    return h(n, [])\nf(3, [])")
    assert reads(effects) == set()
