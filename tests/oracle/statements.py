"""Statements of plain notebooks, and of those that redefine."""

from __future__ import annotations

from . import templates
from .templates import fill
from .writer import PLAIN, Writer


class Statements(Writer):
    """Writes statements that mutate nothing."""

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
            "list": (
                f"[{one}, {two}]",
                f"[it * {one} for it in range({two} % 5 + 1)]",
                f"list(range({one} % 6))",
                f"sorted([{two}, {one}, 2])",
            ),
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
                f"{name}[{name}.a > {one} % 4]", f"{name}.assign(b={name}.b + {one})", f"{name}.sort_values('b')",
                f"{name}.head({one} % 4 + 1)",
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
            return fill(templates.MAKE, one=one, two=self.number(1), name=self.bind("call1"))
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
        inherits = f"({base})" if base and self.chance(25) and base != name else ""
        numbers = {"one": one, "two": self.number(2), "three": self.number(2), "four": self.number(2)}
        return fill(templates.CLASS, name=name, base=inherits, **numbers)

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
            return fill(templates.MATCH, test=test, name=name, one=one, two=two)
        if shape == 3:
            return f"try:\n    {name} = {one} // ({test} - 2)\nexcept ZeroDivisionError:\n    {name} = -1"
        if shape == 4:
            return fill(templates.LOOP, test=test, name=name, one=one, two=two)
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
