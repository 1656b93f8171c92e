"""How far a template of a notebook may go: as far as it is safe to fork."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from kernelapp.notebook import AppMetadata, Cell, Notebook
from kernelapp.session.making import Level, Made, Maker
from kernelapp.session.relay import RelaySettings

from .fakes import FakeTemplate, let_tasks_run

SETTINGS = RelaySettings(False, 1000, 100_000)


def notebook_of(*sources: str, name: str = "app") -> Notebook:
    cells = tuple(Cell(f"c{i}", "code", source) for i, source in enumerate(sources))
    return Notebook(Path(name), name, name, "", "python", None, cells, AppMetadata())


class Factory:
    """Makes templates, and keeps them."""

    def __init__(self, **answers: str | None) -> None:
        self.made: list[FakeTemplate] = []
        self.answers = answers

    def __call__(self, notebook: Notebook) -> FakeTemplate:
        self.made.append(FakeTemplate(**self.answers))
        return self.made[-1]

    async def make(self, notebook: Notebook, mode: str = "auto", timeout_s: float = 60.0) -> Made:
        return await Maker(self, SETTINGS, timeout_s).make(notebook, mode)

    def left(self) -> list[FakeTemplate]:
        """Those that were not ended."""
        return [template for template in self.made if not template.ends]


def shown(made: Made) -> dict[str, str]:
    assert made.record is not None
    frames = json.loads(made.record.page(100_000))["frames"]
    return {frame["cell"]: frame["status"] for frame in frames if frame["type"] == "cell"}


async def test_a_notebook_that_is_safe_runs_and_is_frozen() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1", "print(a)"))
    assert (made.level, made.reason, made.cells) == (Level.SNAPSHOT, None, 2)
    assert (factory.made[0].sources, factory.made[0].frozen) == (["a = 1", "print(a)"], True)
    assert shown(made) == {"c0": "done", "c1": "done"}
    await made.end()
    assert factory.left() == []


async def test_what_stands_above_the_first_unsafe_cell_is_run_anew() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1", "b = 2", "c = thread()", "d = 4"))
    assert (made.level, made.reason, made.cells) == (Level.SNAPSHOT, "cell 3: a thread runs", 2)
    assert [template.sources for template in factory.made] == [["a = 1", "b = 2", "c = thread()"], ["a = 1", "b = 2"]]
    assert factory.left() == [factory.made[1]]
    assert shown(made) == {"c0": "done", "c1": "done", "c2": "queued", "c3": "queued"}
    await made.end()


async def test_an_unsafe_last_cell_is_found_as_well() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1", "thread()"))
    assert (made.level, made.cells) == (Level.SNAPSHOT, 1)
    await made.end()


async def test_when_the_first_cell_is_unsafe_only_the_imports_are_run() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("import x; thread()", "b = 2"))
    assert (made.level, made.reason, made.record) == (Level.IMPORTS, "cell 1: a thread runs", None)
    assert factory.made[-1].imported == ["import x; thread()", "b = 2"]
    assert factory.left() == [factory.made[-1]]
    await made.end()
    assert factory.left() == []


async def test_a_cell_that_ends_the_template_is_left_to_the_sessions() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1", "dies()"))
    assert (made.level, made.reason, made.cells) == (Level.SNAPSHOT, "cell 2: It was killed.", 1)
    await made.end()


async def test_a_cell_that_does_not_end_in_time_is_left_to_the_sessions() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1", "hangs()"), timeout_s=0.05)
    assert (made.level, made.reason, made.cells) == (Level.SNAPSHOT, "cell 2: it did not end within 0.05 seconds", 1)
    await made.end()


async def test_what_cannot_be_frozen_is_not_forked() -> None:
    factory = Factory(freeze="numpy hangs after a fork")
    made = await factory.make(notebook_of("a = 1"))
    assert (made.level, made.reason, made.guard) == (Level.EXEC, "numpy hangs after a fork", None)
    assert factory.made[-1].imported == []
    assert factory.left() == []


async def test_when_freezing_is_refused_the_cell_that_is_the_cause_is_found() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1", "b = 2", "subtle()", "d = 4"))
    assert (made.level, made.reason, made.cells) == (Level.SNAPSHOT, "numpy hangs after a fork", 2)
    assert [len(template.sources) for template in factory.made] == [4, 3, 2]
    assert factory.left() == [factory.made[-1]]
    await made.end()


async def test_when_the_cause_cannot_be_found_shorter_and_shorter_templates_are_tried() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1", "b = 2", "unsteady()", *(f"c{number} = 3" for number in range(13))))
    assert (made.level, made.reason, made.cells) == (Level.SNAPSHOT, "numpy hangs after a fork", 2)
    assert [len(template.sources) for template in factory.made] == [16, 16, 15, 8, 4, 2]
    assert factory.left() == [factory.made[-1]]
    await made.end()


async def test_what_shows_late_is_left_out_all_the_same() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1", "late()", "c = 3", "d = 4"))
    assert (made.level, made.reason, made.cells) == (Level.SNAPSHOT, "cell 3: a thread runs", 2)
    await made.end()


async def test_imports_stop_before_the_first_that_is_unsafe() -> None:
    factory = Factory()
    made = await factory.make(notebook_of("import native; thread()", "import b", "import subtle", "import d"), mode="imports")
    assert (made.level, made.reason, factory.made[-1].imported) == (Level.IMPORTS, "only imports are asked for", [])
    await made.end()
    factory = Factory()
    made = await factory.make(notebook_of("import a", "import subtle", "import c"), mode="imports")
    assert (made.level, factory.made[-1].imported) == (Level.IMPORTS, ["import a"])
    await made.end()
    assert factory.left() == []


@pytest.mark.parametrize(
    ("mode", "level", "templates"), [("imports", Level.IMPORTS, 1), ("off", Level.EXEC, 0), ("auto", Level.SNAPSHOT, 1)]
)
async def test_the_level_may_be_bounded(mode: str, level: Level, templates: int) -> None:
    factory = Factory()
    made = await factory.make(notebook_of("a = 1"), mode)
    assert (made.level, len(factory.made)) == (level, templates)
    await made.end()


async def test_other_languages_have_no_template() -> None:
    made = await Factory().make(replace(notebook_of("a = 1"), language="r"))
    assert (made.level, made.reason) == (Level.EXEC, "its language is r")


async def test_a_template_that_does_not_start_is_no_template() -> None:
    factory = Factory()

    def failing(notebook: Notebook) -> FakeTemplate:
        factory(notebook).fails = "Forking is not possible here."
        return factory.made[-1]

    made = await Maker(failing, SETTINGS, 60.0).make(notebook_of("a = 1"), "auto")
    assert (made.level, made.reason) == (Level.EXEC, "Forking is not possible here.")
    assert factory.left() == []


async def test_a_notebook_without_code_is_a_snapshot_of_nothing() -> None:
    made = await Factory().make(notebook_of())
    assert made.level is Level.IMPORTS
    await made.end()


async def test_a_template_that_is_given_up_while_it_is_made_is_ended() -> None:
    factory = Factory()
    making = asyncio.create_task(factory.make(notebook_of("hangs()")))
    await let_tasks_run()
    await factory.made[0].at_work()
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    assert factory.left() == []
