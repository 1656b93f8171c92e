"""What a name may hold, as far as reading the source tells.

A *region* stands for every object that one place of the notebook makes (a list display, a call, a class statement), in whichever run.
A `Value` is the regions that something may be; none means that nothing in it can be mutated (a number, a string, a module).
The `Heap` says which regions are held inside which. Two names may share an object exactly when the regions that they reach overlap.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

EMPTY: frozenset[int] = frozenset()

ELEMENT = "[]"  # the field that holds what subscripts, iteration and calls give back
CONTAINERS = frozenset({"list", "dict", "set"})


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may be: a kind, regions, a dotted path (of library things) or a constant string, the parts of a tuple."""

    kind: str = "unknown"
    regions: frozenset[int] = EMPTY
    path: str = ""
    items: "tuple[Value, ...] | None" = None


PLAIN = Value("plain")


def join(one: Value, two: Value) -> Value:
    """Either of two values."""
    if one == two:
        return one
    kind = one.kind if one.kind == two.kind else "unknown"
    if "unknown" not in (one.kind, two.kind) and not one.regions | two.regions and "library" not in (one.kind, two.kind):
        kind = "plain"
    elif one.kind == "plain" and two.kind in ("frame", "array", "list", "dict", "set"):
        kind = two.kind
    elif two.kind == "plain" and one.kind in ("frame", "array", "list", "dict", "set"):
        kind = one.kind
    return Value(kind, one.regions | two.regions, one.path if one.path == two.path else "")


def union(values: Iterable[Value]) -> frozenset[int]:
    """Every region that any of the values may be."""
    found: frozenset[int] = EMPTY
    for value in values:
        found |= value.regions
    return found


@dataclass
class Frame:
    """The local names of one call of a function (or of a class body), with the calls that it is nested in."""

    names: frozenset[str]
    parent: "Frame | None" = None
    globals: frozenset[str] = frozenset()
    nonlocals: frozenset[str] = frozenset()
    locals: dict[str, Value] = field(default_factory=dict)
    returned: Value | None = None
    yielded: Value | None = None
    region: int = -1
    class_body: bool = False
    given: dict[str, Value] = field(default_factory=dict)
    changed: bool = False
    recursive: bool = False


Code: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.GeneratorExp


@dataclass(frozen=True, eq=False)
class Closure:
    """Code that runs when its region is called (or, with `pending`, consumed): a function, a lambda, a generator."""

    node: Code
    parent: Frame | None
    defaults: dict[str, Value]
    pending: Frame | None = None


@dataclass(frozen=True, eq=False)
class ClassInfo:
    """What a class statement made."""

    attributes: dict[str, Value]
    bases: tuple[Value, ...]


class Heap:
    """The regions of a notebook, and which are held in which."""

    def __init__(self) -> None:
        self.puts = 0  # counts what changed
        self.fields: list[dict[str, Value]] = []
        self.kinds: list[str] = []
        self.made_by: list[int] = []
        self.code: dict[int, Closure] = {}
        self.classes: dict[int, ClassInfo] = {}
        self._sites: dict[object, int] = {}

    def make(self, site: object, kind: str, cell: int) -> int:
        """The region of a place in a cell; the same place has one region, however often it is passed."""
        region = self._sites.get(site)
        if region is None:
            region = len(self.fields)
            self._sites[site] = region
            self.fields.append({})
            self.kinds.append(kind)
            self.made_by.append(cell)
        return region

    def put(self, region: int, name: str, value: Value) -> None:
        """`value` may be held in a field of the region, beside what was there."""
        fields = self.fields[region]
        old = fields.get(name)
        new = value if old is None else join(old, value)
        if new != old:
            fields[name] = new
            self.puts += 1

    def held(self, region: int) -> frozenset[int]:
        """The regions directly held in one."""
        return union(self.fields[region].values())

    def element(self, value: Value) -> Value:
        """What subscripts or iteration of a container may give."""
        found: Value | None = None
        for region in value.regions:
            for one in self.fields[region].values():
                found = one if found is None else join(found, one)
        return Value() if found is None else found

    def reach(self, regions: Iterable[int], stop: int = -1) -> set[int]:
        """The regions, and all that is held in them, however deep; what the region `stop` holds is not entered."""
        seen = set(regions)
        queue = list(seen)
        while queue:
            region = queue.pop()
            if region == stop:
                continue
            for value in self.fields[region].values():
                for inner in value.regions:
                    if inner not in seen:
                        seen.add(inner)
                        queue.append(inner)
        return seen

    def data(self, regions: Iterable[int]) -> set[int]:
        """As `reach`, but code is not entered: only what a callee could mutate without running a function it was handed."""
        seen: set[int] = set()
        queue = list(regions)
        while queue:
            region = queue.pop()
            if region in seen or self.kinds[region] in ("function", "class"):
                continue
            seen.add(region)
            for name, value in self.fields[region].items():
                if name != "__class__":
                    queue.extend(value.regions)
        return seen

    def holders(self, regions: Iterable[int]) -> set[int]:
        """The regions from which any of these can be reached, themselves among them."""
        wanted = set(regions)
        outer: dict[int, list[int]] = {}
        for region, fields in enumerate(self.fields):
            for value in fields.values():
                for inner in value.regions:
                    outer.setdefault(inner, []).append(region)
        queue = list(wanted)
        while queue:
            for region in outer.get(queue.pop(), ()):
                if region not in wanted:
                    wanted.add(region)
                    queue.append(region)
        return wanted
