"""Versions of names, and what is worth saving of them."""

from kernelapp.dataflow.versions import ABSENT, Flow, Source, build_flow, describe

HEAD = "import kernelapp as ka\nimport pandas as pd"


def flow(*sources: str) -> Flow:
    return build_flow([Source(f"c{number}", source) for number, source in enumerate(sources)])


def test_a_cell_wants_the_last_version_above_it() -> None:
    found = flow("x = 1", "print(x)", "x = 2", "print(x)")
    assert [found.wanted("x", cell) for cell in range(4)] == [ABSENT, 0, 0, 2]
    assert found.readers["x", 0] == (1,)


def test_mutation_makes_a_version_of_every_alias() -> None:
    found = flow("a = [1]", "b = a", "b.append(2)", "print(a)")
    assert found.producers["a"] == (0, 2)
    assert found.readers["a", 2] == (3,)


def test_a_loops_variable_that_nobody_reads_below_is_not_needed() -> None:
    found = flow("for i in range(3): print(i)", "for i in range(2): print(i)")
    assert "i" not in found.needs[1]


def test_a_name_that_is_only_perhaps_bound_is_needed_where_somebody_reads_it() -> None:
    found = flow("x = 1\nn = 2", "if n > 1: x = 2", "print(x)")
    assert "x" in found.needs[1]


def test_only_versions_that_an_event_can_want_again_are_saved() -> None:
    found = flow(HEAD, "df = pd.read_csv('a')", "df = df.dropna()", "n = ka.slider('n', 0, 9)", "df = df[df.a > n]", "print(df)")
    assert "df" not in found.keeps[1]
    assert "df" in found.keeps[2]


def test_what_is_mutated_is_copied_with_all_that_shares_it() -> None:
    found = flow(HEAD, "a = [1]\nb = [a]\nc = [2]", "n = ka.slider('n', 0, 9)", "a.append(n)")
    assert found.copies[3] == ("a", "b")


def test_an_opaque_cell_reads_and_produces_everything() -> None:
    found = flow("x = 1", "%run other.py", "print(x)")
    assert "x" in found.needs[1]
    assert found.readers["x", 1] == (2,)


def test_files_that_a_cell_writes_are_versions_too() -> None:
    found = flow("open('a.txt', 'w').write('x')", "print(open('a.txt').read())", "print(open('b.txt').read())")
    assert found.below([0]) == {0, 1}


def test_a_surprise_is_a_mutation_from_then_on() -> None:
    cells = [Source("a", "x = [1]"), Source("b", "print(x)"), Source("c", "print(x)")]
    assert build_flow(cells, {"b": {"x"}}).readers["x", 1] == (2,)


def test_what_makes_every_event_rerun_everything_is_told() -> None:
    found = describe(flow(HEAD, "n = ka.slider('n', 0, 9)", "print(n)\n!ls"))
    assert found[1].reruns_everything
    assert found[1].reruns == ("c0", "c1", "c2")
    assert found[2].opaque[0].line == 2


def test_reading_a_notebook_of_200_cells_is_done_before_a_reader_would_notice() -> None:
    import time

    cells = [Source("c", HEAD)] + [Source(f"c{n}", f"v{n} = [{n}]\nv{n}.append(1)\nprint(sum(v{n}))") for n in range(200)]
    start = time.perf_counter()
    build_flow(cells)
    # ten times what it takes on a quiet machine
    assert time.perf_counter() - start < 1.0
