"""The names that a function, a lambda or a class body binds: what Python makes local to it."""

import ast
from functools import lru_cache


class Scope(ast.NodeVisitor):
    """What one body binds, declares and holds."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.generator = False
        self.nests = False

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.bound.add(node.id)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.bound.add(node.name)
        self.nests = True
        for one in node.decorator_list:
            self.visit(one)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 (the names that NodeVisitor asks for)
    visit_ClassDef = visit_FunctionDef  # noqa: N815 (the names that NodeVisitor asks for)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.nests = True

    def visit_ListComp(self, node: ast.expr) -> None:
        for one in ast.walk(node):
            if isinstance(one, ast.NamedExpr):
                self.bound.add(one.target.id)
            self.nests |= isinstance(one, ast.Lambda | ast.GeneratorExp)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815 (the names that NodeVisitor asks for)

    def visit_Global(self, node: ast.Global) -> None:
        self.globals.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.nonlocals.update(node.names)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.bound.update((one.asname or one.name).partition(".")[0] for one in node.names)

    visit_ImportFrom = visit_Import  # noqa: N815 (the names that NodeVisitor asks for)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs  # noqa: N815 (the names that NodeVisitor asks for)

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.generator = True
        self.generic_visit(node)

    visit_YieldFrom = visit_Yield  # noqa: N815 (the names that NodeVisitor asks for)


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters of a function."""
    extra = [one for one in (args.vararg, args.kwarg) if one is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *extra]


@lru_cache(maxsize=8192)
def scope_of(node: ast.AST) -> Scope:
    """The names that a function (or class body) binds, and what it holds."""
    scope = Scope()
    if isinstance(node, ast.Lambda):
        scope.visit(node.body)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for one in node.body:
            scope.visit(one)
    if not isinstance(node, ast.ClassDef) and hasattr(node, "args"):
        scope.bound.update(one.arg for one in parameters(node.args))
    scope.bound -= scope.globals | scope.nonlocals
    return scope
