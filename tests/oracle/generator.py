"""Makes notebooks and events. Every decision is asked of a `Chooser`, so that Hypothesis can shrink what a seeded run found."""

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

    # statements of every family

    def control(self) -> str:
        self.controls.append(f"{self.cell}-{self.placed}")
        self.placed += 1
        return f"{self.bind('int')} = ka.slider('x', 0, 9, {self.choose.below(5)})"

    def bind_number(self) -> str:
        value = self.number()
        return f"{self.bind('int')} = {value}"

    def bind_container(self) -> str:
        kind = self.pick(("list", "dict", "nested", "array", "frame", "text"))
        one, two = self.number(1), self.number(1)
        forms = {
            "list": (f"[{one}, {two}]", f"[it * {one} for it in range({two} % 5 + 1)]", f"list(range({one} % 6))", f"sorted([{two}, {one}, 2])"),
            "dict": (f"{{'k': {one}, 'm': {two}}}", f"{{str(it): it + {one} for it in range(3)}}", f"dict(k={one})"),
            "nested": (f"[[{one}], [{two}, 1]]", f"[[it] * {one} for it in range(2)]"),
            "array": (f"np.arange({one} % 6 + 1)", f"np.array([{one}, {two}, 3])", f"np.ones(3) * {one}"),
            "frame": (
                f"pd.DataFrame({{'a': [1, 2, 3, 4], 'b': [{one}, {two}, 5, 0]}})",
                f"pd.DataFrame({{'a': range(4), 'b': {one}}})",
            ),
            "text": (f"'t' * ({one} % 4)", f"f'<{{{one}}}>'", f"str({one})"),
        }
        return f"{self.bind(kind)} = {self.pick(forms[kind])}"

    def derive(self) -> str:
        """A new value from one of the same kind; in redefining notebooks often under the same name."""
        kind = self.pick(("list", "frame", "array", "dict", "text", "nested"))
        name = self.some(kind)
        if name is None:
            return self.bind_number()
        one = self.number(1)
        forms = {
            "list": (f"{name} + [{one}]", f"[it + {one} for it in {name}]", f"{name}[1:]", f"list(reversed({name}))"),
            "frame": (
                f"{name}[{name}.a > {one} % 4]", f"{name}.assign(b={name}.b + {one})", f"{name}.sort_values('b')", f"{name}.head({one} % 4 + 1)",
                f"{name}.query('a < {self.choose.below(5)}')", f"pd.concat([{name}, {name}.head(1)], ignore_index=True)",
            ),
            "array": (f"{name} * {one}", f"{name}[{name} > 0]", f"np.append({name}, {one})", f"{name}.copy()"),
            "dict": (f"{{**{name}, 'k': {one}}}", f"{{key: value + 1 for key, value in {name}.items()}}"),
            "text": (f"{name}.upper()", f"{name} + str({one})", f"{name}.replace('t', 'u')"),
            "nested": (f"{name} + [[{one}]]", f"[list(one) for one in {name}]"),
        }  # fmt: skip
        value = self.pick(forms[kind])
        target = name if self.family != PLAIN and self.chance(50) else self.bind(kind)
        return f"{target} = {value}"

    def function(self) -> str:
        shape = self.choose.below(8)
        one = self.number(1)
        if shape == 0:
            return f"def {self.bind('call0')}():\n    return {one}"
        if shape == 1:
            return f"def {self.bind('call1')}(it):\n    return it + {one}"
        if shape == 2:
            return f"{self.bind('call1')} = lambda it, by={one}: it * by"
        if shape == 3:
            return f"def make(by):\n    def inner(it):\n        return it + by + {one}\n    return inner\n{self.bind('call1')} = make({self.number(1)})"
        if shape == 4:
            return f"def {self.bind('call0')}(by={one}):\n    if by > 2:\n        return by\n    return {self.number(1)}"
        if shape == 5:
            name = self.some("call1") or "abs"
            return f"def {self.bind('call1')}(it):\n    return {name}({name}(it)) + {one}"
        if shape == 6:
            return f"def {self.bind('call0')}():\n    return sum(it for it in numbers())\ndef numbers():\n    yield {one}\n    yield 2"
        return f"def {self.bind('call1')}(it):\n    return 1 if it < 1 else {self.late[-1][1]}(it - 3) + {one} % 3"

    def class_(self) -> str:
        one = self.number(1)
        base = self.some("class")
        name = self.bind("class")
        head = f"class {name}({base}):" if base and self.chance(25) and base != name else f"class {name}:"
        return (
            f"{head}\n    rate = {self.number(2)}\n    def __init__(self, first):\n        self.items = [first]\n"
            f"    def add(self, it):\n        self.items.append(it + {one})\n        return self\n"
            f"    def total(self):\n        return sum(self.items) * self.rate\n"
            f"    @property\n    def size(self):\n        return len(self.items) + {self.number(2)}\n"
            f"    def __repr__(self):\n        return f'<{{self.items}} {{{self.number(2)}}}>'"
        )

    def thing(self) -> str:
        cls = self.some("class")
        if cls is None:
            return self.class_()
        value = self.number(1)
        return f"{self.bind('thing')} = {cls}({value})"

    def conditional(self) -> str:
        test = self.number(1)
        one, two = self.number(1), self.number(1)
        shape = self.choose.below(7)
        name = self.bind("int")
        if shape == 0:
            return f"if {test} > 2:\n    {name} = {one}\nelse:\n    {name} = {two}"
        if shape == 1:
            return f"if {test} > 2:\n    {name} = {one}"
        if shape == 2:
            return f"match {test}:\n    case 0:\n        {name} = {one}\n    case it if it > 3:\n        {name} = it\n    case _:\n        {name} = {two}"
        if shape == 3:
            return f"try:\n    {name} = {one} // ({test} - 2)\nexcept ZeroDivisionError:\n    {name} = -1"
        if shape == 4:
            return f"{name} = 0\nfor it in range({test} % 4):\n    {name} += {one}\n    if {name} > 9:\n        break\nelse:\n    {name} = {two}"
        if shape == 5:
            return f"if ({name} := {test}) > 3:\n    print({name})"
        return f"{name} = {test}\nwhile {name} > 3:\n    {name} -= 2"

    def conditional_control(self) -> str:
        test = self.number(1)
        self.controls.append(f"{self.cell}-{self.placed}")
        self.placed += 1
        name = self.bind("int")
        return f"{name} = 0\nif {test} > 2:\n    {name} = ka.slider('when', 0, 9, 3)"

    def error(self) -> str:
        shape = self.choose.below(3)
        if shape == 0:
            return f"print(10 // ({self.number(1)} - 3))"
        if shape == 1:
            return f"assert {self.number(1)} != 4, 'four'"
        return f"print(never_bound if {self.number(1)} > 6 else 0)"

    def manage(self) -> str:
        one = self.number(1)
        return self.pick(
            (
                f"import contextlib\nwith contextlib.suppress(ZeroDivisionError):\n    {self.bind('int')} = 6 // ({one} - 1)",
                f"import io\nwith io.StringIO() as out:\n    print({one}, file=out)\n    {self.bind('text')} = out.getvalue()",
            )
        )

    # statements that redefine

    def forget(self) -> str:
        kind = self.pick(("int", "list", "frame", "dict"))
        name = self.some(kind)
        if name is None:
            return self.bind_number()
        if self.chance(60):
            return f"del {name}\n{name} = {self.number(1)}" if kind == "int" else self.derive()
        return f"del {name}"

    def augment(self) -> str:
        name = self.some("int")
        return self.bind_number() if name is None else f"{name} {self.pick(('+=', '*=', '-='))} {self.number(1)}"

    def swap(self) -> str:
        one, two = self.some("int"), self.some("int")
        return self.bind_number() if one is None or one == two else f"{one}, {two} = {two}, {one}"

    def globally(self) -> str:
        name = self.some("int") or self.bind("int")
        value = self.number(1)
        self.fresh += 1
        return f"def set{self.fresh}(it):\n    global {name}\n    {name} = it + {value}\nset{self.fresh}({self.number(1)})"

    # statements that mutate

    def mutate(self) -> str:
        one = self.number(1)
        forms: dict[str, tuple[str, ...]] = {
            "list": ("{0}.append({1})", "{0} += [{1}]", "{0}[0] = {1}", "{0}.insert(0, {1})", "{0}.sort()", "{0}.extend([{1}, 1])", "{0}.pop()", "{0}[:] = [{1}]"),
            "dict": ("{0}['k'] = {1}", "{0}.update(k={1})", "{0}.setdefault('z', {1})", "{0} |= {{'k': {1}}}", "{0}.pop('k', None)", "del {0}['k']"),
            "nested": ("{0}[0].append({1})", "{0}.append([{1}])", "{0}[-1] = {0}[0]", "{0}[0] += [{1}]", "for row in {0}:\n    row.append({1})"),
            "frame": ("{0}['c'] = {1}", "{0}.loc[0, 'b'] = {1}", "{0}['b'] += {1}", "{0}.drop(columns='b', inplace=True)", "{0}.insert(0, 'z', {1})", "{0}.index.name = 'i'"),
            "array": ("{0}[0] = {1}", "{0} += {1}", "{0}.sort()", "{0}[:] = {1}", "np.fill_diagonal({0}.reshape(1, -1), {1})"),
            "thing": ("{0}.add({1})", "{0}.items.append({1})", "{0}.rate = {1}", "{0}.items = [{1}]", "{0}.extra = {1}"),
        }
        kind = self.pick(tuple(forms))
        name = self.some(kind)
        return self.bind_container() if name is None else self.pick(forms[kind]).format(name, one)

    def alias(self) -> str:
        kind = self.pick(("list", "nested", "frame", "array", "thing", "dict"))
        name = self.some(kind)
        if name is None:
            return self.bind_container()
        if self.chance(60):
            return f"{self.bind(kind)} = {name}"
        if kind == "list":
            return f"{self.bind('nested')} = [{name}, [{self.number(1)}]]"
        if kind == "array":
            return f"{self.bind('array')} = {name}[:2]"
        if kind == "nested":
            return f"{self.bind('list')} = {name}[0]"
        if kind == "thing":
            return f"{self.bind('list')} = {name}.items"
        test = self.number(1)
        return f"{self.bind(kind)} = {name} if {test} > 2 else {name}.copy()"

    def mutator(self) -> str:
        """A function that changes what it is given, or what it finds in the notebook."""
        shape = self.choose.below(6)
        one = self.number(1)
        if shape == 0:
            name = self.some("list")
            return self.mutate() if name is None else f"def {self.bind('call0')}():\n    {name}.append({one})\n    return len({name})"
        if shape == 1:
            self.fresh += 1
            names = [self.some("list"), self.some("nested")]
            name = names[0] or names[1]
            call = f"\nchange{self.fresh}({name})" if name else ""
            return f"def change{self.fresh}(it):\n    it.append(it[0])\n    return it{call}"
        if shape == 2:
            return f"def counter():\n    count = {one}\n    def step():\n        nonlocal count\n        count += 1\n        return count\n    return step\n{self.bind('call0')} = counter()"
        if shape == 3:
            return f"def {self.bind('call1')}(it, seen=[]):\n    seen.append(it)\n    return len(seen) + {one}"
        if shape == 4:
            name = self.some("list") or "[1, 2, 3]"
            return f"{self.bind('stream')} = iter({name})"
        name = self.some("stream")
        return self.mutate() if name is None else f"print(next({name}, None))"

    def shuffle(self) -> str:
        name = self.some("list")
        shape = self.choose.below(4)
        if shape == 0:
            return f"import random\nrandom.seed({self.number(1)})"
        if shape == 1 and name:
            return f"import random\nrandom.seed(1)\nrandom.shuffle({name})"
        if shape == 2:
            return f"{self.bind('stream')} = np.random.default_rng({self.number(1)})"
        return f"import random\nrandom.seed({self.number(2)})\n{self.bind('int')} = random.randrange(99)"

    def hidden(self) -> str:
        """State that no name holds: options, the environment."""
        one = self.number(1)
        return self.pick(
            (
                f"pd.set_option('display.max_rows', {one} % 5 + 1)",
                "print(pd.get_option('display.max_rows'))",
                f"np.set_printoptions(precision={one} % 4)",
                "print(np.array([1 / 3]))",
                f"import os\nos.environ['KERNELAPP_ORACLE'] = str({one})",
                "import os\nprint(os.environ.get('KERNELAPP_ORACLE'))",
                f"import random\nrandom.seed({one})",
                "import random\nrandom.seed(3)\nprint(random.random())",
                f"np.random.seed({one} % 9)\nprint(np.random.rand())",
            )
        )

    def shared(self) -> str:
        """Objects that are held by others, or met again by other ways."""
        one = self.number(1)
        name, other = self.some("list"), self.some("nested")
        thing, cls, call = self.some("thing"), self.some("class"), self.some("call1")
        forms = [f"def tag(it, to={name or '[0]'}):\n    to.append(it)\n    return len(to)\nprint(tag({one}))"]
        if name:
            forms += [
                f"keep = {{'a': {name}}}\nkeep['a'].append({one})",
                f"push = {name}.append\npush({one})",
                f"first, *rest = {name}\n{name}[0] = len(rest) + {one}",
                f"for position, it in enumerate({name}):\n    {name}[position] = it + {one}",
                f"{self.bind('list')} = {name}[:]",
                f"pair = ({name}, {one})\npair[0].reverse()",
                f"import functools\ngrow = functools.partial({name}.insert, 0)\ngrow({one})",
                f"print({name} is {self.some('list')})",
                f"{self.bind('stream')} = (it + {one} for it in {name})",
                f"import copy\n{self.bind('list')} = copy.copy({name})",
            ]
        if other:
            forms += [f"row = {other}[0]\nrow.append({one})", f"import copy\n{self.bind('nested')} = copy.deepcopy({other})", f"{other}[0], {other}[-1] = {other}[-1], {other}[0]"]
        if thing:
            forms += [
                f"setattr({thing}, 'rate', {one})", f"more = {thing}.add\nmore({one})", f"{self.bind('thing')} = {thing}.add({one})",
                f"things = [{thing}, {thing}]\nthings[0].add({one})", f"print(isinstance({thing}, {cls or 'int'}))",
            ]  # fmt: skip
        if cls:
            forms += [f"{cls}.rate = {one}", f"{cls}.seen = []\n{cls}.seen.append({one})"]
        if call:
            forms.append(f"import functools\n@functools.lru_cache\ndef {self.bind('call1')}(it):\n    return {call}(it) + {one}")
        form = self.pick(forms)
        self.late = [pair for pair in self.late if pair[1] in form]
        return form

    def wrapped(self) -> str:
        one = self.number(1)
        call = self.some("call1") or "abs"
        self.fresh += 1
        return self.pick(
            (
                f"def twice(f):\n    def inner(it):\n        return f(f(it)) + {one}\n    return inner\n@twice\ndef {self.bind('call1')}(it):\n    return {call}(it)",
                f"from dataclasses import dataclass, field\n@dataclass\nclass D{self.fresh}:\n    a: int = 1\n"
                f"    items: list = field(default_factory=list)\nd = D{self.fresh}({one})\nd.items.append({one})\nd",
                f"class Box:\n    def __init__(self):\n        self.held = {{}}\n    def __getitem__(self, key):\n        return self.held.get(key, {one})\n"
                f"    def __setitem__(self, key, it):\n        self.held[key] = it\n    def __len__(self):\n        return len(self.held) + {one} % 3\n"
                f"    def __iter__(self):\n        yield from self.held\n    def __add__(self, it):\n        self.held['sum'] = it\n        return self\nbox = Box()",
                f"box['k'] = {one}\nprint(len(box), box['k'], list(box))",
                f"box + {one}\nprint(box.held)",
                f"async def later():\n    return {one}\nimport asyncio\nprint(asyncio.new_event_loop().run_until_complete(later()))",
                f"def each():\n    for it in range({one} % 4):\n        yield it + {self.number(1)}\n{self.bind('stream')} = each()",
                f"def spread(*args, **more):\n    args[0].append({one})\n    return len(args) + len(more)\nprint(spread({self.some('list') or '[]'}, 1, k={one}))",
            )
        )

    # statements that cannot be read

    def opaque(self) -> str:
        one = self.number(1)
        name = self.some("list")
        forms = [
            f"exec('{self.bind('int')} = ' + str({one}))",
            f"{self.bind('int')} = eval('1 + ' + str({one}))",
            f"globals()['{self.bind('int')}'] = {one}",
            f"exec(f'def {self.bind('call0')}(): return {self.some('int') or 3} + {{{one}}}')",
            f"from math import *\n{self.bind('int')} = int(floor({one} + 0.5))",
        ]
        if name:
            forms.append(f"globals()['{name}'].append({one})")
        form = self.pick(forms)
        self.late = [pair for pair in self.late if pair[1] in form]
        return form

    # cells

    def statement(self) -> str:
        common = [self.bind_number, self.bind_container, self.derive, self.function, self.conditional, self.class_, self.thing, self.bind_number]
        rare = [self.error, self.manage, self.conditional_control]
        if self.family == REDEFINING:
            common += [self.derive, self.augment, self.swap, self.derive, self.globally, self.forget]
            rare += [self.hidden]
        if self.family in (MUTATING, OPAQUE):
            common += [self.mutate, self.mutate, self.alias, self.mutator, self.augment, self.mutate, self.alias]
            common += [self.shared, self.shared, self.wrapped]
            rare += [self.shuffle, self.hidden, self.hidden]
        if self.family == OPAQUE:
            rare += [self.opaque, self.opaque, self.opaque]
        text = self.pick(rare)() if self.chance(14 if self.family == OPAQUE else 10) else self.pick(common)()
        return text

    def show(self) -> str:
        kind = self.pick(("int", "list", "frame", "dict", "array", "nested", "thing", "text"))
        name = self.some(kind) or self.some("int") or "0"
        shown = f"{name}.to_dict()" if kind == "frame" and name in self.names.get("frame", []) else name
        return self.pick((f"print({shown})", shown, f"print(f'{{{self.number(1)}}}')", f"{self.number()}", f"print({shown}, {self.number(1)})"))

    def write_cell(self, cell: str, controlled: bool) -> Source:
        self.cell, self.placed = cell, 0
        lines: list[str] = []
        for position in range(1 + self.choose.below(3)):
            lines.append(self.control() if controlled and position == 0 else self.statement())
            self.commit()
        lines.append(self.show())
        return Source(cell, "\n".join(lines))


def write_notebook(choose: Chooser, family: str, max_cells: int = 14) -> Notebook:
    """A notebook of a family, with one to three controls that are always there and perhaps some that are not."""
    writer = Writer(choose, family)
    count = 3 + choose.below(max_cells - 2)
    controlled = {choose.below(count) for _ in range(1 + choose.below(3))}
    cells = [Source("c0", "import kernelapp as ka\nimport numpy as np\nimport pandas as pd")]
    cells += [writer.write_cell(f"c{position + 1}", position in controlled) for position in range(count)]
    return Notebook(cells, writer.controls)
