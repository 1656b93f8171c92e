"""Plans for events: which cells run, with what restored."""

import pytest

from kernelapp.dataflow.learn import after, after_finish
from kernelapp.dataflow.ledger import ALL, BELOW, DONE, FAILED, INTERRUPTED, Known
from kernelapp.dataflow.plan import Plan, plan
from kernelapp.dataflow.versions import Flow, Source, build_flow

HEAD = "import kernelapp as ka\nimport pandas as pd"


class Kernel:
    """A kernel that does all that it is told, and fails where a test says so."""

    def __init__(self, *sources: str, tags: dict[str, set[str]] | None = None, rerun: str = "dependents") -> None:
        cells = [Source("c0", HEAD)] + [
            Source(f"c{number}", source, frozenset((tags or {}).get(f"c{number}", ()))) for number, source in enumerate(sources, 1)
        ]
        self.flow: Flow = build_flow(cells)
        self.known = Known.nothing(self.flow)
        self.rerun = rerun
        self.outcomes: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        self.copies = True
        self.plans: list[Plan] = []

    def event(self, *cells: str, stop_after: int = 99) -> list[str]:
        """Applies an event and gives the cells that ran."""
        self.known = self.known.changed(self.flow, cells, self.rerun)
        ran: list[str] = []
        self.plans = []
        while len(ran) < stop_after:
            due = plan(self.flow, self.known)
            self.plans.append(due)
            if due.finish is not None:
                self.known = after_finish(self.flow, self.known, due.finish, {})
            if not due.steps:
                break
            step = due.steps[0]
            told = step.instructions.to_json(self.flow, step.cell)
            report = {
                "kept": [*told["keep"], *([name, step.cell] for name in told["keep_after"])],
                "copied": told["copy"] if self.copies else [],
                "digests": {name: self.digests[name] for name in told["digest"] if name in self.digests},
            }
            self.known = after(self.flow, self.known, step, self.outcomes.get(step.cell, DONE), report, due.reset)
            ran.append(step.cell)
        return ran


def test_the_first_run_is_everything_from_an_empty_namespace() -> None:
    kernel = Kernel("x = 1", "print(x)")
    assert kernel.event() == ["c0", "c1", "c2"]
    assert kernel.plans[0].reset
    assert not kernel.plans[1].reset


def test_only_what_depends_on_the_event_runs() -> None:
    kernel = Kernel("n = ka.slider('n', 0, 9)", "a = n + 1", "b = 2", "print(a)", "print(b)")
    kernel.event()
    assert kernel.event("c1") == ["c1", "c2", "c4"]


def test_a_redefined_frame_is_restored_and_not_loaded_again() -> None:
    kernel = Kernel("df = pd.read_csv('a')", "n = ka.slider('n', 0, 9)", "df = df[df.a > n]", "print(df)")
    kernel.event()
    assert kernel.event("c2") == ["c2", "c3", "c4"]
    step = next(due.steps[0] for due in kernel.plans if due.steps and due.steps[0].cell == "c3")
    assert step.instructions.restore == (("df", "reference", 1),)


MUTATING = ("a = [1]", "n = ka.slider('n', 0, 9)", "a.append(n)", "print(a)")


def test_what_was_mutated_is_restored_from_its_copy() -> None:
    kernel = Kernel(*MUTATING)
    kernel.event()
    assert kernel.event("c2") == ["c2", "c3", "c4"]


def test_what_could_not_be_copied_is_made_again() -> None:
    kernel = Kernel(*MUTATING)
    kernel.copies = False
    kernel.event()
    assert kernel.event("c2") == ["c1", "c2", "c3", "c4"]


def test_aliases_are_restored_together() -> None:
    kernel = Kernel("a = [1]", "b = a", "n = ka.slider('n', 0, 9)", "a.append(n)", "print(b)")
    kernel.event()
    assert kernel.event("c3") == ["c3", "c4", "c5"]
    step = next(due.steps[0] for due in kernel.plans if due.steps and due.steps[0].cell == "c4")
    assert sorted(step.instructions.restore) == [("a", "copy", 4), ("b", "copy", 4)]


def test_a_cell_that_made_the_same_again_dirties_nobody() -> None:
    kernel = Kernel("n = ka.slider('n', 0, 9)\nm = ka.slider('m', 0, 9)", "print(n)", "print(m)")
    kernel.digests = {"n": "1", "m": "1"}
    kernel.event()
    kernel.digests = {"n": "2", "m": "1"}
    assert kernel.event("c1") == ["c1", "c2"]


@pytest.mark.parametrize("outcome", [FAILED, INTERRUPTED])
def test_what_depends_on_a_failed_cell_is_not_run_until_the_cause_is_gone(outcome: str) -> None:
    kernel = Kernel("n = ka.slider('n', 0, 9)", "a = 1 / n", "b = a", "print(n)", "print(b)")
    kernel.event()
    kernel.outcomes = {"c2": outcome}
    assert kernel.event("c1") == ["c1", "c2", "c4"]
    assert kernel.plans[-1].upstream_failed == ("c3", "c5")
    kernel.outcomes = {}
    assert kernel.event("c1") == ["c1", "c2", "c3", "c4", "c5"]
    assert not kernel.plans[-1].upstream_failed


def test_a_cell_that_is_expected_to_raise_stops_nobody() -> None:
    kernel = Kernel("a = 1\nraise ValueError", "print(a)", tags={"c1": {"raises-exception"}})
    kernel.outcomes = {"c1": FAILED}
    assert kernel.event() == ["c0", "c1", "c2"]


def test_an_event_that_comes_meanwhile_is_planned_with_what_is_still_due() -> None:
    kernel = Kernel("n = ka.slider('n', 0, 9)", "m = ka.slider('m', 0, 9)", "a = n", "b = m", "print(a, b)")
    kernel.event()
    assert kernel.event("c1", stop_after=1) == ["c1"]
    assert kernel.event("c2") == ["c2", "c3", "c4", "c5"]


def test_an_opaque_cell_below_an_event_makes_everything_run() -> None:
    kernel = Kernel("n = ka.slider('n', 0, 9)", "%run other.py", "print(n)")
    kernel.event()
    assert kernel.event("c1") == ["c0", "c1", "c2", "c3"]
    assert kernel.plans[0].reset


def test_an_opaque_cell_above_an_event_is_left_alone() -> None:
    kernel = Kernel("%run other.py", "n = ka.slider('n', 0, 9)", "print(n)")
    kernel.event()
    assert kernel.event("c2") == ["c2", "c3"]


def test_a_name_that_a_cell_below_binds_is_unbound_for_the_cells_above() -> None:
    kernel = Kernel("n = ka.slider('n', 0, 9)\nprint(list(range(n)))", "list = [1]", "print(list)")
    kernel.event()
    assert kernel.event("c1") == ["c1"]
    assert kernel.plans[0].steps[0].instructions.restore == (("list", "absent", -1),)
    assert kernel.known.live["list"].version == 2


def test_run_once_cells_are_not_run_by_events() -> None:
    kernel = Kernel("n = ka.slider('n', 0, 9)", "a = n", "print(a)", tags={"c2": {"run-once"}})
    assert "c2" in kernel.event()
    assert kernel.event("c1") == ["c1"]


def test_manual_cells_wait_for_their_button_and_so_does_what_depends_on_them() -> None:
    kernel = Kernel("n = ka.slider('n', 0, 9)", "a = n", "print(a)", tags={"c2": {"manual"}})
    assert kernel.event() == ["c0", "c1"]
    assert kernel.plans[-1].stale == ("c2", "c3")
    kernel.known = kernel.known.requested(kernel.flow, "c2")
    assert kernel.event() == ["c2", "c3"]
    assert kernel.event("c1") == ["c1"]
    assert kernel.plans[-1].stale == ("c2", "c3")


def test_volatile_and_per_session_cells_run_again_in_a_forked_kernel() -> None:
    kernel = Kernel("import time\nt = time.time()", "print(t)", "a = 1", "b = 2", tags={"c4": {"per-session"}})
    kernel.event()
    kernel.known = kernel.known.forked(kernel.flow)
    assert kernel.event() == ["c1", "c2", "c4"]


@pytest.mark.parametrize(("rerun", "expected"), [(BELOW, ["c2", "c3"]), (ALL, ["c0", "c1", "c2", "c3"])])
def test_an_app_may_choose_to_run_all_below_or_all(rerun: str, expected: list[str]) -> None:
    kernel = Kernel("a = 1", "n = ka.slider('n', 0, 9)", "b = 1", rerun=rerun)
    kernel.event()
    assert kernel.event("c2") == expected


def test_of_a_kernel_that_lost_what_was_saved_everything_runs() -> None:
    kernel = Kernel(*MUTATING)
    kernel.event()
    known = kernel.known.changed(kernel.flow, ["c2"])
    step = plan(kernel.flow, known).steps[0]
    assert after(kernel.flow, known, step, DONE, {"missing": [["a", "copy", "c3"]]}) == Known.nothing(kernel.flow)
