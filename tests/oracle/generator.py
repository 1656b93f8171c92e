"""Makes notebooks. Every decision is asked of a `Chooser`, so that Hypothesis can shrink what a seeded run found."""

from __future__ import annotations

from collections.abc import Callable

from kernelapp.dataflow.versions import Source

from . import templates
from .statements import Statements
from .templates import fill
from .writer import FAMILIES, MUTATING, OPAQUE, PLAIN, REDEFINING, Chooser, Notebook, Seeded

__all__ = ["FAMILIES", "MUTATING", "OPAQUE", "PLAIN", "REDEFINING", "Chooser", "Notebook", "Seeded", "write_notebook"]


class NotebookWriter(Statements):
    """Writes statements that mutate, and whole notebooks."""

    # statements that mutate

    def mutate(self) -> str:
        one = self.number(1)
        forms: dict[str, tuple[str, ...]] = {
            "list": (
                "{0}.append({1})",
                "{0} += [{1}]",
                "{0}[0] = {1}",
                "{0}.insert(0, {1})",
                "{0}.sort()",
                "{0}.extend([{1}, 1])",
                "{0}.pop()",
                "{0}[:] = [{1}]",
            ),
            "dict": (
                "{0}['k'] = {1}",
                "{0}.update(k={1})",
                "{0}.setdefault('z', {1})",
                "{0} |= {{'k': {1}}}",
                "{0}.pop('k', None)",
                "del {0}['k']",
            ),
            "nested": (
                "{0}[0].append({1})",
                "{0}.append([{1}])",
                "{0}[-1] = {0}[0]",
                "{0}[0] += [{1}]",
                "for row in {0}:\n    row.append({1})",
            ),
            "frame": (
                "{0}['c'] = {1}",
                "{0}.loc[0, 'b'] = {1}",
                "{0}['b'] += {1}",
                "{0}.drop(columns='b', inplace=True)",
                "{0}.insert(0, 'z', {1})",
                "{0}.index.name = 'i'",
            ),
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
            return fill(templates.COUNTER, one=one, name=self.bind("call0"))
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
                f"push({one})\nprint({name})",
                f"if 'more' in dir():\n    pass\nprint({name})" if self.family == OPAQUE else f"push({one})",
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
            forms += [
                f"row = {other}[0]\nrow.append({one})",
                f"import copy\n{self.bind('nested')} = copy.deepcopy({other})",
                f"{other}[0], {other}[-1] = {other}[-1], {other}[0]",
            ]
        if thing:
            forms += [
                f"setattr({thing}, 'rate', {one})", f"more = {thing}.add\nmore({one})", f"{self.bind('thing')} = {thing}.add({one})",
                f"things = [{thing}, {thing}]\nthings[0].add({one})", f"print(isinstance({thing}, {cls or 'int'}))",
            ]  # fmt: skip
        if cls:
            forms += [f"{cls}.rate = {one}", f"{cls}.seen = []\n{cls}.seen.append({one})"]
        if call:
            forms.append(fill(templates.CACHED, one=one, call=call, name=self.bind("call1")))
        form = self.pick(forms)
        self.late = [pair for pair in self.late if pair[1] in form]
        return form

    def wrapped(self) -> str:
        one = self.number(1)
        call = self.some("call1") or "abs"
        self.fresh += 1
        listed = self.some("list") or "[]"
        makers: tuple[Callable[[], str], ...] = (
            lambda: fill(templates.TWICE, one=one, call=call, name=self.bind("call1")),
            lambda: fill(templates.DATACLASS, one=one, cls=f"D{self.fresh}"),
            lambda: fill(templates.BOX, one=one),
            lambda: f"box['k'] = {one}\nprint(len(box), box['k'], list(box))",
            lambda: f"box + {one}\nprint(box.held)",
            lambda: fill(templates.ASYNC, one=one),
            lambda: fill(templates.EACH, one=one, two=self.number(1), name=self.bind("stream")),
            lambda: fill(templates.SPREAD, one=one, name=listed),
        )
        return self.pick(makers)()

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
        common = [
            self.bind_number,
            self.bind_container,
            self.derive,
            self.function,
            self.conditional,
            self.class_,
            self.thing,
            self.bind_number,
        ]
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
        return self.pick(rare)() if self.chance(14 if self.family == OPAQUE else 10) else self.pick(common)()

    def show(self) -> str:
        kind = self.pick(("int", "list", "frame", "dict", "array", "nested", "thing", "text"))
        name = self.some(kind) or self.some("int") or "0"
        shown = f"{name}.to_dict()" if kind == "frame" and name in self.names.get("frame", []) else name
        return self.pick(
            (f"print({shown})", shown, f"print(f'{{{self.number(1)}}}')", f"{self.number()}", f"print({shown}, {self.number(1)})")
        )

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
    writer = NotebookWriter(choose, family)
    count = 3 + choose.below(max_cells - 2)
    controlled = {choose.below(count) for _ in range(1 + choose.below(3))}
    cells = [Source("c0", "import kernelapp as ka\nimport numpy as np\nimport pandas as pd")]
    cells += [writer.write_cell(f"c{position + 1}", position in controlled) for position in range(count)]
    return Notebook(cells, writer.controls)
