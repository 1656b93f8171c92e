"""One notebook under events; and many of them, with what they cost."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from kernelapp.dataflow.versions import build_flow

from .generator import FAMILIES, Chooser, Notebook, Seeded, write_notebook
from .session import Difference, Reference, Session, Twist, compare, least, run_all

EVENTS_PER_NOTEBOOK = 5


@dataclass
class Tally:
    """What the events of a family cost, in cells."""

    events: int = 0
    cells: int = 0
    ran: int = 0
    least: int = 0
    differing: int = 0
    surprises: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.events += other.events
        self.cells += other.cells
        self.ran += other.ran
        self.least += other.least
        self.differing += other.differing
        self.surprises += other.surprises
        self.failures += other.failures

    def line(self, family: str) -> str:
        share = self.ran / max(self.cells, 1)
        ratio = self.ran / max(self.least, 1)
        return (
            f"{family:11} {self.events:6} events  {self.differing:4} differences  re-run {share:6.1%} of all cells, "
            f"least {self.least / max(self.cells, 1):6.1%}, ratio {ratio:5.2f}  {self.surprises} surprises"
        )


def try_notebook(notebook: Notebook, choose: Chooser, events: int = EVENTS_PER_NOTEBOOK, twist: Twist | None = None) -> Tally:
    """Opens a session, sends events, compares after each; stops at the first difference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _try_notebook(notebook, choose, events, twist)


def _try_notebook(notebook: Notebook, choose: Chooser, events: int, twist: Twist | None) -> Tally:
    tally = Tally()
    flow = build_flow(notebook.cells)
    values: dict[str, int] = {}
    session = Session.open(notebook.cells, twist, flow)
    session.settle(values)
    reference = run_all(notebook.cells, session.flow, values)
    found = compare(0, session, reference)
    for event in range(1, events + 1):
        if found or not reference.controls():
            break
        control, value = pick_event(reference, choose)
        values = {**values, control: value}
        if choose.below(8) == 7:
            # the event comes while another plan runs
            session.settle(values, {control.partition("-")[0]}, stop_after=1 + choose.below(3))
            control, value = pick_event(reference, choose)
            values = {**values, control: value}
            session.settle(values, {control.partition("-")[0]})
            reference = run_all(notebook.cells, session.flow, values)
            found = compare(event, session, reference)
            continue
        session.ran.clear()
        session.settle(values, {control.partition("-")[0]})
        now = run_all(notebook.cells, session.flow, values)
        found = compare(event, session, now)
        tally.events += 1
        tally.cells += len(notebook.cells)
        tally.ran += len(session.ran)
        tally.least += len(least(reference, now))
        reference = now
    tally.surprises = len(session.surprises)
    if found:
        tally.differing = 1
        tally.failures.append(explain(notebook, found, session))
    elif session.surprises:
        tally.failures.append(explain(notebook, [], session))
    return tally


def pick_event(reference: Reference, choose: Chooser) -> tuple[str, int]:
    """A control that is on the page, and a value that it does not have."""
    present = reference.controls()
    control = sorted(present)[choose.below(len(present))]
    return control, (present[control] + 1 + choose.below(9)) % 10


def explain(notebook: Notebook, found: list[Difference], session: Session) -> str:
    """A report of a failure that can be read."""
    lines = [f"# {one.cell}\n{one.source}" for one in notebook.cells]
    lines += [f"event {one.event}: {one.what}\n  expected {one.expected}\n  got      {one.got}" for one in found]
    lines += [f"{cell} changed {sorted(names)}" for cell, names in session.surprises.items()]
    return "\n".join(lines)


def run_family(family: str, events: int, seed: int, deadline_s: float | None = None) -> Iterator[Tally]:
    """Notebook after notebook, until there were enough events."""
    done = 0
    number = 0
    end = None if deadline_s is None else time.monotonic() + deadline_s
    while done < events and (end is None or time.monotonic() < end):
        choose = Seeded(f"{family} {seed} {number}")
        number += 1
        tally = try_notebook(write_notebook(choose, family), choose)
        done += tally.events
        yield tally


__all__ = ["FAMILIES", "Tally", "run_family", "try_notebook"]
