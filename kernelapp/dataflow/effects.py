"""A cell's source -> `Effects`: what it reads, binds, mutates, and what about it cannot be judged."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from . import expressions, statements
from .known import words
from .reader import BUILTIN_NAMES, Finding, Reader, Seen
from .source import parse
from .values import Value

__all__ = ["Effects", "Finding", "analyse", "new_reader", "read_cell"]


@dataclass(frozen=True)
class Effects:
    """What one cell does, as far as its source (and the cells above it) tells.

    `reads`: names whose value before the cell matters, each with its line.
    `binds`: bound or deleted for sure; `may_bind`: on some path only. `mutates`: regions of objects, with lines, which the cell may change.
    Names include hidden state (`state:…`, `file:…`, `files`).
    """

    reads: dict[str, int] = field(default_factory=dict)
    binds: frozenset[str] = frozenset()
    may_bind: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    mutates: dict[int, int] = field(default_factory=dict)
    compared: frozenset[int] = frozenset()
    volatile: tuple[Finding, ...] = ()
    opaque: tuple[Finding, ...] = ()
    controls: tuple[tuple[int, str], ...] = ()
    broken: bool = False
    classes: bool = False  # holds a class statement


def new_reader(method_names: Iterable[str] = ()) -> Reader:
    """A reader that has seen no cell; `method_names` are those that classes anywhere in the notebook define."""
    reader = Reader(expressions.TABLE, statements.TABLE)
    reader.method_names = frozenset(method_names)
    return reader


def read_cell(reader: Reader, source: str, may_fail: bool = False) -> Effects:
    """The effects of the next cell, for a reader that has read those above.

    With `may_fail` the cell may stop anywhere, and those below run all the same.
    """
    parsed = parse(source)
    reader.cell += 1
    reader.seen = Seen()
    reader.definite = set()
    reader.nodes = 0
    reader.runs.clear()
    before = reader.fork()
    noted = reader.log()
    reader.read_options()
    reader.execute(parsed.tree.body)
    if parsed.magic == "capture" and parsed.magic_line:
        for name in parsed.magic_line.split():
            if not name.startswith("-"):
                reader.bind(name, Value("unknown"))
    if parsed.magic == "time":
        reader.volatile("`%%time` measures time")
    reader.unlog()
    if may_fail:
        reader.join(before)
        reader.weaken(noted)
    seen = reader.seen
    definite = frozenset(seen.ever & reader.definite)
    may = frozenset(seen.ever) - definite
    if reader.is_lost:
        _open_world(reader)
    mutates = {region: line for region, line in seen.mutated.items() if reader.heap.made_by[region] != reader.cell}
    return Effects(
        dict(seen.reads), definite, may, frozenset(seen.deletes), mutates, frozenset(seen.compared),
        tuple(seen.volatile.values()), tuple(seen.opaque.values()), tuple(seen.controls), parsed.broken,
        "class " in source and any(isinstance(node, ast.ClassDef) for node in ast.walk(parsed.tree)),
    )  # fmt: skip


def _open_world(reader: Reader) -> None:
    """After an opaque cell every name may hold something that the cell made, or got hold of."""
    held = {"library", "builtin"}
    for name, value in list(reader.env.items()):
        if value.kind not in held:
            reader.heap.put(reader.world, name, Value("unknown", value.regions))
            reader.env[name] = Value("unknown", value.regions | {reader.world})


def analyse(source: str) -> Effects:
    """The effects of a cell that stands alone."""
    return read_cell(new_reader(), source)


def method_names(sources: Iterable[str]) -> frozenset[str]:
    """The names of all methods that classes of a notebook define: a method of that name is trusted on nothing."""
    found: set[str] = set()
    for source in sources:
        if "class " in source:
            for node in ast.walk(parse(source).tree):
                if isinstance(node, ast.ClassDef):
                    found.update(one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(found)


_TELL_APART = words("isinstance issubclass type __class__ dataclass dataclasses singledispatch singledispatchmethod pickle joblib")


@lru_cache(maxsize=4096)
def tells_classes_apart(source: str) -> bool:
    """Whether code may see that a class is not the very object that it was, though its body is the same."""
    for node in ast.walk(parse(source).tree):
        if isinstance(node, ast.MatchClass):
            return True
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in _TELL_APART or (isinstance(node, ast.Import | ast.ImportFrom) and _TELL_APART & {one.name for one in node.names}):
            return True
    return False


def is_builtin(name: str) -> bool:
    """Whether a name is Python's (or IPython's) own."""
    return name in BUILTIN_NAMES
