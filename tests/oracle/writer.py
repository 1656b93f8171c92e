"""Where decisions come from, the names that a notebook has so far, and expressions over them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from kernelapp.dataflow.versions import Source

T = TypeVar("T")

PLAIN, REDEFINING, MUTATING, OPAQUE = FAMILIES = ("plain", "redefining", "mutating", "opaque")


class Chooser(Protocol):
    """Where decisions come from; 0 is always the simplest answer."""

    def below(self, count: int) -> int:
        """A number from 0 up to, not including, `count`."""


class Seeded:
    """Decisions from a seed."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)

    def below(self, count: int) -> int:
        return self._random.randrange(count)


@dataclass
class Notebook:
    """Cells, and the controls that they may place: how many in each cell."""

    cells: list[Source]
    controls: list[str]


@dataclass
class Writer:
    """Writes one notebook; keeps for each kind of value the names that (probably) hold one."""

    choose: Chooser
    family: str
    names: dict[str, list[str]] = field(default_factory=dict)
    fresh: int = 0
    cell: str = ""
    placed: int = 0
    controls: list[str] = field(default_factory=list)
    bound_here: set[str] = field(default_factory=set)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.choose.below(len(options))]

    def chance(self, percent: int) -> bool:
        return self.choose.below(100) >= 100 - percent

    def some(self, kind: str) -> str | None:
        """A name that holds a value of a kind."""
        known = self.names.get(kind)
        return self.pick(known[-6:]) if known else None

    def bind(self, kind: str) -> str:
        """The name for a new value: a new one in plain notebooks, often one that is taken in others."""
        own = self.names.setdefault(kind, [])
        if self.family != PLAIN and own and self.chance(45):
            name = self.pick(own)
        elif self.family != PLAIN and self.chance(6) and any(self.names.values()):
            name = self.pick(sorted({name for names in self.names.values() for name in names}))
        else:
            self.fresh += 1
            name = f"{kind[0]}{self.fresh}"
        self.late.append((kind, name))
        return name

    late: list[tuple[str, str]] = field(default_factory=list)

    def commit(self) -> None:
        """What the statement bound may be used from now on."""
        for kind, name in self.late:
            for other in self.names.values():
                if name in other:
                    other.remove(name)
            self.names.setdefault(kind, []).append(name)
        self.late = []

    # expressions

    def number(self, depth: int = 0) -> str:
        """An expression that gives a number."""
        makers: list[Callable[[], str | None]] = [
            lambda: str(self.choose.below(7)),
            lambda: self.some("int"),
            lambda: self.some("int"),
            lambda: self.use("list", "len({0})", "sum({0})", "{0}[-1]", "max({0}, default=0)"),
            lambda: self.use("frame", "int({0}['a'].sum())", "len({0})", "int({0}.b.max())", "int({0}.query('a > 1').b.sum())"),
            lambda: self.use("array", "int({0}.sum())", "int({0}[0])", "{0}.size"),
            lambda: self.use("dict", "{0}.get('k', 0)", "sum({0}.values())", "len({0})"),
            lambda: self.use("nested", "len({0})", "sum(len(one) for one in {0})", "sum(map(sum, {0}))"),
            lambda: self.use("thing", "{0}.total()", "{0}.size", "len({0}.items)"),
            lambda: self.use("call0", "{0}()"),
            lambda: self.use("text", "len({0})"),
        ]
        if depth < 2:
            makers += [
                lambda: f"({self.number(depth + 1)} {self.pick('+-*')} {self.number(depth + 1)})",
                lambda: f"({self.number(depth + 1)} if {self.number(depth + 1)} > 2 else {self.number(depth + 1)})",
                lambda: self.use("call1", f"{{0}}({self.number(depth + 1)})"),
                lambda: f"min({self.number(depth + 1)}, {self.number(depth + 1)})",
                lambda: f"[one for one in range(9) if one >= {self.number(depth + 1)} % 9][0]",
                lambda: f"(lambda it: it + {self.number(depth + 1)})({self.number(depth + 1)})",
            ]
        return self.pick(makers)() or str(self.choose.below(5))

    def use(self, kind: str, *forms: str) -> str | None:
        name = self.some(kind)
        return None if name is None else self.pick(forms).format(name)
