"""Plans for events."""

import pytest

from kernelapp.dataflow.plan import plan_rerun


def test_an_event_reruns_the_whole_notebook_in_document_order_from_an_empty_namespace() -> None:
    plan = plan_rerun(["a", "b", "c"], {"b"})
    assert [step.cell for step in plan.steps] == ["a", "b", "c"]
    assert plan.reset


def test_a_changed_cell_that_the_notebook_lacks_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="zz"):
        plan_rerun(["a"], {"zz"})
