"""A template's record: what sessions begin with, and what their page shows first."""

from __future__ import annotations

import json

from kernelapp.dataflow.ledger import DEPENDENTS
from kernelapp.dataflow.versions import Source
from kernelapp.session.effects import StartKernel
from kernelapp.session.journal import Journal
from kernelapp.session.planning import Analysis, Reactive
from kernelapp.session.record import Record
from kernelapp.wire.messages import CellStatus, Output, SessionStatus

from .driver import FAILURE, Driver, slider

CELLS = {
    "c1": "n = ka.slider('N')",
    "c2": "import time\nnow = time.time()",
    "c3": "print(now)",
    "c4": "print(n)",
    "c5": "print('alone')",
}
EVERYTHING = {"unfinished": False, "kept": [], "copied": [], "digests": {}}


class Template:
    """A session without a viewer, driven to its end; `c1` declares the control."""

    def __init__(self, cells: dict[str, str], tags: dict[str, str] | None = None, failing: str = "", until: int | None = None) -> None:
        tags = tags or {}
        self.sources = tuple(Source(cell, text, frozenset({tags[cell]} if cell in tags else ())) for cell, text in cells.items())
        self.analysis = Analysis(self.sources)
        manual = tuple(cell for cell, tag in tags.items() if tag == "manual")
        planning = Reactive(self.analysis, DEPENDENTS, len(cells) if until is None else until)
        self.driver = Driver(*cells, manual=manual, planning=planning).start()
        while self.driver.run is not None:
            step(self.driver, failing)
        self.journal = Journal(100_000)
        for message in self.driver.published:
            self.journal.append(message)

    def record(self) -> Record:
        return Record.of("r1", self.driver.machine, self.journal)


def step(driver: Driver, failing: str = "", report: dict[str, object] | None = None) -> None:
    """The running cell prints its id and ends."""
    assert driver.run is not None
    cell, run = driver.run.cell, driver.run.run
    driver.do(driver.machine.output(cell, run, "append", "stream", json.dumps({"name": "stdout", "text": cell}).encode()))
    driver.do(driver.machine.report(cell, run, report or EVERYTHING))
    driver.finish(*((slider(),) if cell == "c1" else ()), failure=FAILURE if cell == failing else None)


class Session:
    """A session that begins with a record."""

    def __init__(self, record: Record) -> None:
        self.driver = Driver()
        self.driver.machine, self.journal = record.begin()
        self.driver.do(self.driver.machine.open())

    def ready(self, recorded: bool = True) -> None:
        self.driver.do(self.driver.machine.kernel_starting())
        self.driver.do(self.driver.machine.kernel_ready(recorded))

    def settle(self) -> list[str]:
        while self.driver.run is not None:
            step(self.driver)
        assert self.driver.is_in(SessionStatus.IDLE)
        ran, self.driver.runs = self.driver.runs, []
        return ran


def statuses(record: Record) -> dict[str, str]:
    frames = json.loads(record.page(1_000_000))["frames"]
    return {frame["cell"]: frame["status"] for frame in frames if frame["type"] == "cell"}


def test_a_session_runs_only_what_is_its_own_and_what_depends_on_it() -> None:
    session = Session(Template(CELLS).record())
    assert [type(effect) for effect in session.driver.others] == [StartKernel]
    session.ready()
    assert session.settle() == ["c2", "c3"]
    session.driver.event(1, 5)
    assert session.settle() == ["c1", "c4"]


def test_the_page_shows_what_will_run_as_waiting_and_everything_else_as_done() -> None:
    assert statuses(Template(CELLS).record()) == {"c1": "done", "c2": "queued", "c3": "queued", "c4": "done", "c5": "done"}


def test_a_session_goes_on_after_the_numbers_of_the_page() -> None:
    record = Template(CELLS).record()
    frames = json.loads(record.page(1_000_000))["frames"]
    numbers = [frame["seq"] for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + len(frames)))
    session = Session(record)
    (message,) = [json.loads(session.journal.append(message)) for message in session.driver.published]
    assert (message["type"], message["state"], message["seq"]) == ("status", "queued", numbers[-1] + 1)
    assert session.journal.since(numbers[-1]) == [session.journal.page()[-1]]
    rest = session.journal.since(numbers[3])
    assert rest is not None
    assert [json.loads(frame)["seq"] for frame in rest] == [*numbers[4:], numbers[-1] + 1]


def test_a_page_that_is_too_large_is_cut_after_a_whole_frame() -> None:
    record = Template(CELLS).record()
    whole = json.loads(record.page(1_000_000))["frames"]
    cut = json.loads(record.page(len(record.page(1_000_000)) // 2))["frames"]
    assert 0 < len(cut) < len(whole)
    assert cut == whole[: len(cut)]
    assert json.loads(record.page(0)) == {"record": "r1", "frames": []}


def test_nothing_in_the_page_ends_its_element() -> None:
    template = Template(CELLS)
    html = json.dumps({"data": {"text/html": "</script><script>alert(1)</script><!--"}, "metadata": {}})
    template.journal.append(Output("c5", "append", "display_data", html.encode()))
    page = template.record().page(1_000_000)
    assert b"<" not in page
    assert json.loads(page)["frames"][-1]["content"]["data"]["text/html"].startswith("</script>")


def test_sessions_do_not_see_each_other_nor_change_the_record() -> None:
    record = Template(CELLS).record()
    before = record.page(1_000_000)
    one, two = Session(record), Session(record)
    for session in (one, two):
        session.ready()
    one.driver.event(1, 5)
    assert one.settle() == ["c2", "c1", "c3", "c4"]
    for message in one.driver.published:
        one.journal.append(message)
    two.driver.event(1, 6)
    assert two.driver.run is not None
    assert two.settle() == ["c2", "c1", "c3", "c4"]
    assert record.page(1_000_000) == before
    assert Session(record).journal.page() == Session(record).journal.page()


def test_an_event_that_comes_before_the_kernel_is_part_of_the_first_plan() -> None:
    session = Session(Template(CELLS).record())
    session.driver.event(1, 5)
    assert session.driver.run is None
    session.ready()
    assert session.driver.inputs() == {"k": 5}
    assert session.settle() == ["c1", "c2", "c3", "c4"]


def test_in_another_kernel_than_a_fork_everything_runs() -> None:
    session = Session(Template(CELLS).record())
    session.ready(recorded=False)
    assert session.driver.run is not None
    assert session.driver.run.reset
    assert session.settle() == list(CELLS)


def test_in_a_kernel_that_is_started_again_everything_runs() -> None:
    session = Session(Template(CELLS).record())
    session.ready()
    session.settle()
    session.driver.do(session.driver.machine.kernel_died("It died."))
    session.driver.do(session.driver.machine.rerun())
    session.ready()
    assert session.settle() == list(CELLS)


def test_a_template_leaves_cells_tagged_per_session_and_their_dependents_to_the_sessions() -> None:
    cells = {"c1": "n = ka.slider('N')", "c2": "who = connect()", "c3": "print(who)", "c4": "print(n)"}
    template = Template(cells, {"c2": "per-session"})
    assert template.driver.runs == ["c1", "c4"]
    assert statuses(template.record()) == {"c1": "done", "c2": "queued", "c3": "queued", "c4": "done"}
    session = Session(template.record())
    session.ready()
    assert session.settle() == ["c2", "c3"]


def test_a_template_that_stops_early_leaves_the_rest_to_the_sessions() -> None:
    template = Template(CELLS, until=2)
    assert template.driver.runs == ["c1", "c2"]
    session = Session(template.record())
    session.ready()
    assert session.settle() == ["c2", "c3", "c4", "c5"]


def test_a_failed_cell_is_tried_again_in_each_session() -> None:
    template = Template({"c1": "n = ka.slider('N')", "c2": "x = 1 / 0", "c3": "print(x)", "c4": "print('alone')"}, failing="c2")
    assert template.driver.statuses()["c3"] is CellStatus.UPSTREAM_FAILED
    session = Session(template.record())
    session.ready()
    assert session.settle() == ["c2", "c3"]


def test_a_manual_cell_waits_for_its_button_in_each_session() -> None:
    template = Template(CELLS, {"c4": "manual"})
    assert template.driver.runs == ["c1", "c2", "c3", "c5"]
    assert statuses(template.record())["c4"] == "stale"
    session = Session(template.record())
    session.ready()
    assert session.settle() == ["c2", "c3"]
    session.driver.event(1, True, "c4-run")
    assert session.settle() == ["c4"]


def test_what_runs_once_runs_once_in_each_session_that_it_is_its_own_of() -> None:
    cells = {"c1": "n = ka.slider('N')", "c2": "import time\nt = time.time()", "c3": "began = t", "c4": "fixed = 1"}
    template = Template(cells, {"c3": "run-once", "c4": "run-once"})
    session = Session(template.record())
    session.ready()
    assert session.settle() == ["c2", "c3"]


def test_a_cell_whose_control_begins_with_today_runs_in_each_session() -> None:
    cells = {"c1": "import kernelapp as ka", "c2": "day = ka.date_input('Day')", "c3": "print(day)", "c4": "print('alone')"}
    session = Session(Template(cells).record())
    session.ready()
    assert session.settle() == ["c2", "c3"]


def test_a_surprise_that_another_session_has_told_of_counts_all_the_same() -> None:
    record = Template({"c1": "n = ka.slider('N')", "c2": "import time; t = time.time()", "c3": "m = 1", "c4": "print(m)"}).record()
    ran = []
    for _ in range(2):
        session = Session(record)
        session.ready()
        step(session.driver, report={"unfinished": False, "changed": ["m"]})
        ran.append(session.settle())
    assert ran[0] == ran[1] == ["c2", "c1", "c2", "c3", "c4"]
