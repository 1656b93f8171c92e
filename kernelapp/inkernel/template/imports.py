"""The import statements of cells, run without the rest: what a template may do when it may not run the notebook."""

from __future__ import annotations

import ast
from typing import Any


def find_imports(shell: Any, source: str) -> list[ast.stmt]:
    """The import statements at the top level of a cell, and inside `try` and `if` there; none when it cannot be read."""
    try:
        tree = ast.parse(shell.transform_cell(source))
    except Exception:  # whatever an input transformer raises: a session will show it
        return []
    return list(_imports_in(tree.body))


def _imports_in(body: list[Any]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.Try):
            found.extend(_imports_in(node.body))
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
            found.append(node)
    return found


def run_imports(shell: Any, sources: list[str]) -> str | None:
    """Import, into a namespace that is thrown away; returns what failed, in words, or None."""
    failed = []
    for source in sources:
        for node in find_imports(shell, source):
            try:
                exec(compile(ast.Module([node], []), "<imports>", "exec"), {"__name__": "__main__"})
            except BaseException as problem:  # a library may even call sys.exit
                failed.append(f"{ast.unparse(node)}: {type(problem).__name__}: {problem}"[:500])
    return "; ".join(failed) or None
