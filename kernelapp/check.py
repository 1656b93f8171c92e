"""`kernelapp check`: what the planner sees in a notebook, for its author."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .dataflow.versions import CellFacts, describe
from .notebook import Cell, Notebook, read_notebook
from .session.planning import analysis_of

EXIT_EVERYTHING = 1
"""Something makes every event of a control run everything again."""


def check(paths: Sequence[Path], *, as_json: bool) -> int:
    """Print the facts of each notebook; returns the exit code. Raises NotebookError for a file that is none."""
    notebooks = [read_notebook(path) for path in paths]
    if as_json:
        print(json.dumps([_as_json(notebook) for notebook in notebooks], indent=2, ensure_ascii=False))
    else:
        print("\n\n".join(_as_text(notebook) for notebook in notebooks))
    return EXIT_EVERYTHING if any(facts.reruns_everything for notebook in notebooks for facts in _facts(notebook)) else 0


def _facts(notebook: Notebook) -> list[CellFacts]:
    return describe(analysis_of(notebook).flow) if notebook.language == "python" else []


def _as_json(notebook: Notebook) -> dict[str, Any]:
    return {"path": str(notebook.path), "title": notebook.title, "cells": [dataclasses.asdict(facts) for facts in _facts(notebook)]}


def _as_text(notebook: Notebook) -> str:
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
    lines += ["", _summary(facts, numbers)]
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


def _summary(facts: Sequence[CellFacts], numbers: dict[str, int]) -> str:
    if not any(one.reruns_everything for one in facts):
        return "Every event runs only the cells that depend on it."
    causes = [
        f"cell {numbers[one.cell]} line {found.line}: {found.what}; to mend it, {found.mend}" for one in facts for found in one.opaque
    ]
    return "\n".join(["Some events run everything again, because of", *(f"    {cause}" for cause in causes)])
