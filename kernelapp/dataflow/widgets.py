"""Which cells read the value of a widget as they read a control's: `name.value` at the top level of the cell."""

import ast
from collections.abc import Iterable

from .source import parse
from .versions import Source


def value_readers(cells: Iterable[Source]) -> dict[str, frozenset[str]]:
    """Name -> ids of the cells that read `name.value` while they run; what stands in functions counts for nobody."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        reads = _Reads()
        reads.visit(parse(cell.source).tree)
        for name in reads.names:
            found.setdefault(name, set()).add(cell.cell)
    return {name: frozenset(readers) for name, readers in found.items()}


class _Reads(ast.NodeVisitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr == "value" and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            self.names.add(node.value.id)
        self.generic_visit(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        # decorators and defaults are evaluated where they stand, the body is not
        for part in (*node.decorator_list, *node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)):
            self.visit(part)

    visit_FunctionDef = _definition  # noqa: N815
    visit_AsyncFunctionDef = _definition  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Its body runs when it is called."""
