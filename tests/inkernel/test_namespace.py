"""A reset, in a real kernel: nothing of what cells did is left in the user namespace."""

from __future__ import annotations

from .kernel import Kernel

NAMES = "sorted(set(dir()) - {'_', '__', '___'})"


def test_a_reset_removes_what_cells_bound_and_restores_what_they_rebound(kernel: Kernel) -> None:
    before = kernel.run(NAMES, reset=True).result
    kernel.run("x: int = 1\nimport math\ndef f(): pass\nexit = 5\n__name__ = 'other'\ndel quit\nprint = len\n'result'")
    assert kernel.run(NAMES, reset=True).result == before
    assert (
        kernel.run("__name__, callable(exit), callable(quit), print.__name__, _", reset=True).result
        == "('__main__', True, True, 'print', '')"
    )


def test_no_reference_to_an_old_object_survives_a_reset(kernel: Kernel) -> None:
    kernel.run("import builtins, weakref\nclass Big: pass\nbuiltins._watched = []", reset=True)
    kernel.run("big = Big(); builtins._watched.append(weakref.ref(big)); big")
    kernel.run("def f():\n    big = Big(); builtins._watched.append(weakref.ref(big)); 1/0\nf()")
    kernel.run("big = Big(); builtins._watched.append(weakref.ref(big)); display(big); Out[99] = big")
    kernel.run("", reset=True)
    assert kernel.run("import builtins, gc\ngc.collect()\n[ref() for ref in builtins._watched]").result == "[None, None, None]"


def test_a_reset_goes_back_to_the_directory_and_forgets_future_imports(kernel: Kernel) -> None:
    directory = kernel.run("import os\nos.getcwd()", reset=True).result
    kernel.run("from __future__ import annotations\nimport os\nos.chdir('/')")
    shown = kernel.run("import os\ndef f(x: 1): pass\nos.getcwd(), f.__annotations__", reset=True)
    assert shown.result == f"({directory}, {{'x': 1}})"


def test_ipython_keeps_working_after_a_reset(kernel: Kernel) -> None:
    kernel.run("1 + 1", reset=True)
    shown = kernel.run("%time pass\nfrom IPython.display import display\ndisplay(1)\nget_ipython().user_ns is globals(), 6 * 7", reset=True)
    assert shown.result == "(True, 42)"
    assert kernel.run("_[1], In, Out").result.startswith("(42, [''], ")


def test_what_ipython_keeps_does_not_grow_with_the_runs(kernel: Kernel) -> None:
    size = (
        "_h = get_ipython().history_manager\n"
        "sum(map(len, getattr(_h, 'outputs', {}).values())), len(In), len(Out), len(_h.output_hist_reprs)"
    )
    kernel.run("x = 'y' * 1000", reset=True)
    sizes = set()
    for count in range(60):
        kernel.run("print('printed')\ndisplay('shown')\nx", f"c{count % 3}", reset=count % 3 == 0 and count > 0)
        kernel.run("x = 'y' * 1000\n1/0")
        sizes.add(kernel.run(size).result)
    # At most the last result, in Out.
    assert sizes <= {"(0, 1, 0, 0)", "(0, 1, 1, 0)"}
