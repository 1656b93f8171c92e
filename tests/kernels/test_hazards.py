"""The table of hazards: how far each template comes, and that its sessions behave as fresh runs would."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from kernelapp.kernels.jupyter import JupyterKernel

from .forks import Running, fork, launch, template
from .hazards import HAZARDS, Hazard

INSTALLED = [hazard for hazard in HAZARDS if not hazard.needs or importlib.util.find_spec(hazard.needs)]


@pytest.mark.parametrize("hazard", INSTALLED, ids=lambda hazard: hazard.name)
async def test_a_hazard(tmp_path: Path, hazard: Hazard) -> None:
    folders = [tmp_path / name for name in ("template", "fresh")]
    for folder in folders:
        folder.mkdir()
    last = len(hazard.cells) - 1
    async with template(folders[0], freeze=False) as tried:
        for place, cell in enumerate(hazard.cells):
            await tried.run(cell)
            reason = await tried.kernel.check()
            if hazard.stops is None or place < last:
                assert reason is None
        if hazard.stops is None:
            assert await tried.kernel.freeze() is None
            answers = await ask_two(tried, (), hazard.ask)
        else:
            reason = reason or await tried.kernel.check(thorough=True)  # as `freeze` does; then the template is made again up to that cell
            assert reason is not None
            assert re.search(hazard.stops, reason)
    if hazard.stops is not None:
        async with template(folders[0], cells=hazard.cells[:last]) as stopped:
            answers = await ask_two(stopped, hazard.cells[last:], hazard.ask)
    answers.append(await ask_fresh(folders[1], hazard))
    assert all(answers)
    assert not any("Error" in answer for answer in answers)
    assert len(set(answers)) == (1 if hazard.alike else 3)


async def ask_two(of: Running, rest: tuple[str, ...], question: str) -> list[str]:
    """The answers of two sessions that live at the same time."""
    async with fork(of) as first, fork(of) as second:
        for cell in rest:
            await first.run(cell)
            await second.run(cell)
        return [await first.run(question), await second.run(question)]


async def ask_fresh(folder: Path, hazard: Hazard) -> str:
    running = Running(JupyterKernel(launch(folder)))
    try:
        await running.kernel.start(running.listener)
        for cell in hazard.cells:
            await running.run(cell)
        return await running.run(hazard.ask)
    finally:
        await running.kernel.end()
