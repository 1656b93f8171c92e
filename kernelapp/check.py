"""`kernelapp check`: what the planner sees in a notebook, and how far a template of it goes, for its author."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .dataflow.versions import CellFacts, describe
from .errors import OperatorError
from .kernels.limits import find_fences
from .launching import (
    CAN_FORK,
    launcher,
    package_directory,
    session_directories,
    session_isolation,
    session_limits,
    template_maker,
)
from .notebook import Cell, Notebook, read_notebook
from .session.planning import analysis_of
from .settings import Settings, make_settings, read_given

EXIT_EVERYTHING = 1
"""Something makes every event of a control run everything again."""


@dataclass(frozen=True)
class Tried:
    """How far a template of the notebook goes: `cells` of its code cells; `reason`: why no further."""

    level: str
    cells: int
    reason: str | None


def check(paths: Sequence[Path], *, as_json: bool, run: bool = False) -> int:
    """Print the facts of each notebook; with `run` a template of it is made, which runs it.

    Returns the exit code. Raises NotebookError for a file that is none.
    """
    notebooks = [read_notebook(path) for path in paths]
    tried = [asyncio.run(_try(notebook)) if run else None for notebook in notebooks]
    if as_json:
        print(json.dumps([_as_json(*each) for each in zip(notebooks, tried, strict=True)], indent=2, ensure_ascii=False))
    else:
        limits = "\n".join(["On this host a session may use", *(f"    {what}: {bound}" for what, bound in _limits().items())])
        print("\n\n".join([*(_as_text(*each) for each in zip(notebooks, tried, strict=True)), limits]))
    return EXIT_EVERYTHING if any(facts.reruns_everything for notebook in notebooks for facts in _facts(notebook)) else 0


def _facts(notebook: Notebook) -> list[CellFacts]:
    return describe(analysis_of(notebook).flow) if notebook.language == "python" else []


def _limits() -> Mapping[str, str]:
    """What a session may use here, and how that is enforced."""
    return {**find_fences(session_limits(_settings())).describe(), "isolation": _isolation()}


def _isolation() -> str:
    """What --isolate does on this host, tried out."""
    settings = _settings()
    wanted = dataclasses.replace(settings, isolate="on") if settings.isolate == "off" else settings
    try:
        with package_directory(None) as directory:
            found = session_isolation(wanted, directory).describe()
    except OperatorError as problem:
        return f"none: {problem}"
    return f"none; with --isolate {found}" if settings.isolate == "off" else found


def _settings() -> Settings:
    """As a server would have them that is given no flags."""
    return make_settings(read_given({}, os.environ))


def _own(notebook: Notebook) -> list[str]:
    """The cells that run in each session, though a template has run them."""
    if notebook.language != "python":
        return []
    flow = analysis_of(notebook).flow
    return [flow.cells[cell].cell for cell in sorted(flow.below(flow.own))]


async def _try(notebook: Notebook) -> Tried:
    """Make a template, as the server would, and end it."""
    settings = _settings()
    with package_directory(None) as directory:
        maker = template_maker(settings, launcher(settings, directory), session_directories(settings))
        made = await maker.make(notebook, (notebook.metadata.template or settings.template) if CAN_FORK else "off")
        await made.end()
    return Tried(str(made.level), made.cells, made.reason)


def _as_json(notebook: Notebook, tried: Tried | None) -> dict[str, Any]:
    return {
        "path": str(notebook.path),
        "title": notebook.title,
        "cells": [dataclasses.asdict(facts) for facts in _facts(notebook)],
        "per_session": _own(notebook),
        "template": None if tried is None else dataclasses.asdict(tried),
        "limits": dict(_limits()),
    }


def _as_text(notebook: Notebook, tried: Tried | None) -> str:
    facts = _facts(notebook)
    if not facts:
        why = (
            "no code"
            if notebook.language == "python"
            else f"not analysed: its language is {notebook.language}, and an event runs all of it"
        )
        return f"{notebook.path}: {why}"
    numbers = {cell.id: number for number, cell in enumerate(notebook.cells, 1)}
    cells = {cell.id: cell for cell in notebook.cells}
    lines = [f"{notebook.path}: {notebook.title}"]
    for one in facts:
        lines += ["", *_describe_cell(one, cells[one.cell], numbers)]
    lines += ["", _summary(facts, numbers), *_describe_template(notebook, numbers, tried)]
    return "\n".join(lines)


def _describe_cell(facts: CellFacts, cell: Cell, numbers: dict[str, int]) -> list[str]:
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    lines = [f"cell {numbers[facts.cell]}  {first if len(first) <= 70 else first[:69] + '…'}"]
    for word, names in (("reads", facts.reads), ("binds", facts.binds), ("changes", facts.mutates)):
        if names:
            lines.append(f"    {word:<8} {', '.join(names)}")
    lines += [f"    volatile line {found.line}: {found.what}; to mend it, {found.mend}" for found in facts.volatile]
    lines += [f"    opaque   line {found.line}: {found.what}; to mend it, {found.mend}" for found in facts.opaque]
    if facts.controls:
        placed = ", ".join(f"{kind} (line {line})" for line, kind in facts.controls)
        again = "everything" if facts.reruns_everything else f"cells {', '.join(str(numbers[cell]) for cell in facts.reruns)}"
        lines += [f"    controls {placed}", f"    an event runs {again}"]
    return lines


def _describe_template(notebook: Notebook, numbers: dict[str, int], tried: Tried | None) -> list[str]:
    own = ", ".join(str(numbers[cell]) for cell in _own(notebook))
    lines = [f"In each session cells {own} run anew; a template runs the others once for all." if own else "A template runs all cells."]
    if tried is None:
        return [*lines, "How far a template really goes is told with --run, which runs the notebook."]
    of = len(notebook.code_cells)
    what = {"snapshot": f"{tried.cells} of {of} code cells have run in it", "imports": "only imports have run in it"}
    lines.append(f"Template: {tried.level}" + (f", {what[tried.level]}" if tried.level in what else ""))
    return [*lines, *([f"    because of {tried.reason}"] if tried.reason else [])]


def _summary(facts: Sequence[CellFacts], numbers: dict[str, int]) -> str:
    if not any(one.reruns_everything for one in facts):
        return "Every event runs only the cells that depend on it."
    causes = [
        f"cell {numbers[one.cell]} line {found.line}: {found.what}; to mend it, {found.mend}" for one in facts for found in one.opaque
    ]
    return "\n".join(["Some events run everything again, because of", *(f"    {cause}" for cause in causes)])
