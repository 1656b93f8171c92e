"""Which template a session gets, when one is made anew, and when it ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kernelapp.notebook import AppMetadata, Notebook
from kernelapp.session.making import Maker
from kernelapp.session.starts import StartQueue
from kernelapp.session.templates import Templates, TemplateSettings

from .fakes import FakeKernel, FakeTemplate, let_tasks_run
from .test_making import SETTINGS, Factory, notebook_of

APP = notebook_of("a = 1", "print(a)")


class Host:
    """Templates with a clock that the test moves."""

    def __init__(self, tmp_path: Path, standby: int = 0, mode: str = "auto", max_templates: int = 2, ttl_s: float = 100.0) -> None:
        self.now = 1000.0
        self.factory = Factory()
        self.folder = tmp_path / "site-packages"
        self.folder.mkdir(exist_ok=True)
        self.read: list[Path] = []
        settings = TemplateSettings(mode, standby, max_templates, ttl_s, 100_000)
        self.templates = Templates(
            Maker(self.new_template, SETTINGS, 60.0), self.environment, StartQueue(1), settings, clock=lambda: self.now
        )

    def new_template(self, notebook: Notebook) -> FakeTemplate:
        template = self.factory(notebook)
        template.read = self.read
        return template

    async def environment(self, notebook: Notebook) -> list[Path]:
        return [self.folder]

    async def make(self, *notebooks: Notebook) -> None:
        """Templates of these are made."""
        self.templates.prepare(notebooks)
        await self.settle()

    async def settle(self) -> None:
        """Whatever is being made is done."""
        while making := [app.making for app in self.templates._apps.values() if app.making is not None]:
            await asyncio.gather(*making)
        await let_tasks_run()

    @property
    def made(self) -> list[FakeTemplate]:
        return self.factory.made


async def test_until_there_is_a_template_sessions_go_without(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert host.templates.lease(APP) is None
    assert host.templates.page(APP) is None
    await host.settle()
    lease = host.templates.lease(APP)
    assert lease is not None
    assert lease.record is not None
    page = host.templates.page(APP)
    assert page is not None
    assert lease.record.id.encode() in page
    assert lease.fork(None) is host.made[0].forks[0]
    assert len(host.made) == 1
    await host.templates.close()
    assert host.factory.left() == []


async def test_standbys_are_made_and_end_with_their_template(tmp_path: Path) -> None:
    host = Host(tmp_path, standby=2)
    await host.make(APP)
    assert [fork.starts for fork in host.made[0].forks] == [1, 1]
    await host.templates.close()
    assert [fork.ends for fork in host.made[0].forks] == [1, 1]


async def test_standbys_of_a_template_that_is_replaced_end_at_once(tmp_path: Path) -> None:
    host = Host(tmp_path, standby=1)
    await host.make(APP)
    lease = host.templates.lease(APP)
    assert lease is not None
    await host.make(notebook_of("a = 2"))
    assert [fork.ends for fork in host.made[0].forks] == [1]
    assert host.made[0].ends == 0
    assert isinstance(lease.fork(None), FakeKernel)
    await host.templates.close()


async def test_an_edited_notebook_gets_a_new_template_and_sessions_on_the_old_one_go_on(tmp_path: Path) -> None:
    host = Host(tmp_path)
    await host.make(APP)
    before = host.templates.lease(APP)
    assert before is not None
    edited = notebook_of("a = 2", "print(a)")
    assert host.templates.lease(edited) is None
    await host.settle()
    after = host.templates.lease(edited)
    assert after is not None
    assert (after.fork(None), before.fork(None)) == (host.made[1].forks[0], host.made[0].forks[0])
    assert host.made[0].ends == 0
    before.release()
    before.release()
    await let_tasks_run()
    assert [template.ends > 0 for template in host.made] == [True, False]
    after.release()
    await let_tasks_run()
    assert host.made[1].ends == 0
    await host.templates.close()


async def test_other_text_between_the_cells_needs_no_new_template(tmp_path: Path) -> None:
    host = Host(tmp_path)
    await host.make(APP)
    assert host.templates.lease(replace(APP, title="Another title")) is not None
    await host.templates.close()


@pytest.mark.parametrize("what", ["file", "environment"])
async def test_after_a_change_of_what_it_was_made_of_no_session_gets_it(tmp_path: Path, what: str) -> None:
    host = Host(tmp_path)
    file = tmp_path / "data.csv"
    file.write_text("1")
    host.read = [file]
    await host.make(APP)
    assert host.templates.lease(APP) is not None
    if what == "file":
        file.write_text("1, 2")
    else:
        (host.folder / "package").mkdir()
    assert host.templates.lease(APP) is None
    assert host.templates.page(APP) is None
    host.now += 10
    host.templates.prepare([APP])
    await host.settle()
    assert len(host.made) == 2
    assert host.templates.lease(APP) is not None
    await host.templates.close()


async def test_a_file_that_the_notebook_writes_itself_is_not_looked_at(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.read = [tmp_path / "cache"]
    host.templates._maker._new_template = lambda notebook: (tmp_path.joinpath("cache").write_text("x"), host.new_template(notebook))[1]
    for _ in range(3):
        await host.make(APP)
        host.now += 10
    assert len(host.made) == 2
    tmp_path.joinpath("cache").write_text("changed by a session")
    assert host.templates.lease(APP) is not None
    await host.templates.close()


async def test_one_that_is_too_old_is_used_until_the_next_is_made(tmp_path: Path) -> None:
    host = Host(tmp_path, ttl_s=100.0)
    await host.make(APP)
    host.now += 101
    old = host.templates.lease(APP)
    assert old is not None
    await host.settle()
    new = host.templates.lease(APP)
    assert new is not None
    assert new.fork(None) is host.made[1].forks[0]
    await host.templates.close()


async def test_one_that_ends_by_itself_is_made_again_after_a_pause_that_grows(tmp_path: Path) -> None:
    host = Host(tmp_path)
    await host.make(APP)
    waits = []
    for _ in range(4):
        host.made[-1].die()
        assert host.templates.lease(APP) is None
        before, began = len(host.made), host.now
        while len(host.made) == before:
            host.now += 0.5
            await host.make(APP)
        waits.append(host.now - began)
    assert waits == sorted(waits)
    assert waits[0] <= 2 < 8 <= waits[-1]
    host.now += 70
    host.made[-1].die()
    before = len(host.made)
    await host.make(APP)
    assert len(host.made) == before + 1
    await host.templates.close()


async def test_templates_are_bounded_and_the_app_that_was_not_opened_for_longest_goes(tmp_path: Path) -> None:
    host = Host(tmp_path, max_templates=2, ttl_s=0)
    one, two, three = (notebook_of("a = 1", name=name) for name in ("one", "two", "three"))
    await host.make(one, two, three)
    assert len(host.made) == 2
    held = host.templates.lease(two)
    assert held is not None
    assert host.templates.lease(three) is None
    await host.settle()
    assert host.templates.lease(three) is not None
    assert host.templates.lease(one) is None
    host.now += 1000
    assert host.templates.lease(one) is None
    await host.settle()
    assert host.templates.lease(one) is None, "both of the others are held"
    held.release()
    assert host.templates.lease(one) is None
    await host.settle()
    assert host.templates.lease(one) is not None
    assert host.templates.lease(two) is None
    await host.templates.close()
    assert host.factory.left() == []


@pytest.mark.parametrize(
    ("mode", "metadata", "made"), [("off", None, 0), ("auto", "off", 0), ("auto", "imports", 1), ("imports", "auto", 1)]
)
async def test_the_operator_and_the_author_may_ask_for_less(tmp_path: Path, mode: str, metadata: str | None, made: int) -> None:
    host = Host(tmp_path, mode=mode)
    app = replace(APP, metadata=AppMetadata(template=metadata))  # type: ignore[arg-type]
    await host.make(app)
    assert len(host.made) == made
    lease = host.templates.lease(app)
    assert (lease is not None, host.templates.page(app)) == (bool(made), None)
    await host.templates.close()


async def test_an_app_that_is_gone_loses_its_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernelapp.session.templates._WATCH_S", 0)
    host = Host(tmp_path)
    await host.make(APP)
    asked = asyncio.Event()

    async def refresh(name: str) -> Notebook | None:
        asked.set()
        return None

    host.templates.watch(refresh)
    await asked.wait()
    await let_tasks_run()
    assert host.factory.left() == []
    await host.templates.close()


async def test_closing_ends_one_that_is_being_made(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.templates.prepare([notebook_of("hangs()")])
    await let_tasks_run()
    await host.made[0].at_work()
    await host.templates.close()
    assert host.factory.left() == []
    assert host.templates.lease(APP) is None
