"""What each kind of expression may be, and does."""

import ast
from functools import lru_cache

from . import calls
from .functions import define
from .known import ENVIRONMENT, words
from .objects import attribute_of, comprehend, contents, copied, dunders, iterate, touch, touch_deep
from .reader import Handler, Reader
from .values import ELEMENT, EMPTY, PLAIN, Closure, Frame, Value, join, union

_BINARY = words("add sub mul matmul truediv floordiv mod pow and or xor lshift rshift neg pos invert divmod")
_OPERATORS = frozenset(f"__{side}{one}__" for one in _BINARY for side in ("", "r"))
_AUGMENTED = _OPERATORS | frozenset(f"__i{one}__" for one in _BINARY)


def constant(reader: Reader, node: ast.Constant) -> Value:
    return Value("plain", path=repr(node.value)) if isinstance(node.value, str) else PLAIN


def name(reader: Reader, node: ast.Name) -> Value:
    return reader.load(node.id)


def _all(reader: Reader, nodes: list[ast.expr]) -> list[Value]:
    return [reader.evaluate(node) for node in nodes]


def tuple_display(reader: Reader, node: ast.Tuple) -> Value:
    values = _all(reader, node.elts)
    items = None if any(isinstance(one, ast.Starred) for one in node.elts) else tuple(values)
    return Value("tuple", union(values), items=items)


def _display(reader: Reader, node: ast.expr, kind: str, values: list[Value]) -> Value:
    made = reader.make(node, kind)
    for region in made.regions:
        for value in values:
            if value.regions or value.kind != "plain":
                reader.heap.put(region, ELEMENT, value)
    return made


def list_display(reader: Reader, node: ast.List | ast.Set) -> Value:
    return _display(reader, node, "set" if isinstance(node, ast.Set) else "list", _all(reader, node.elts))


def dict_display(reader: Reader, node: ast.Dict) -> Value:
    values: list[Value] = []
    for key, one in zip(node.keys, node.values, strict=True):
        value = reader.evaluate(one)
        if key is None:
            values.append(contents(reader, value))
        else:
            touch(reader, reader.evaluate(key))
            values.append(value)
    return _display(reader, node, "dict", values)


def starred(reader: Reader, node: ast.Starred) -> Value:
    return iterate(reader, reader.evaluate(node.value))


def binary(reader: Reader, node: ast.BinOp) -> Value:
    return operate(reader, node, reader.evaluate(node.left), reader.evaluate(node.right))


def operate(reader: Reader, node: ast.AST, left: Value, right: Value) -> Value:
    """A binary operator: a new object, which may hold what the operands held."""
    both = left.regions | right.regions
    if not both:
        return PLAIN if "path" not in (left.kind, right.kind) else Value("path")
    touch(reader, left)
    touch(reader, right)
    if "tuple" in (left.kind, right.kind):
        return Value("tuple", both)
    kinds = {left.kind, right.kind}
    kind = next((one for one in ("instance", "frame", "array", "list", "set", "dict", "chart", "figure") if one in kinds), "unknown")
    if kind == "instance":
        return _special(reader, node, left, right)
    made = reader.make(node, kind, "operator")
    for region in made.regions:
        for value in (left, right):
            if kind == "unknown" or value.kind in ("unknown", "chart", "figure"):
                reader.heap.put(region, ELEMENT, Value("unknown", value.regions))
            elif value.regions:
                reader.heap.put(region, ELEMENT, reader.heap.element(value))
    return made


def _special(reader: Reader, node: ast.AST, left: Value, right: Value) -> Value:
    """An operator of a class of the notebook."""
    both = Value("unknown", left.regions | right.regions)
    names = _AUGMENTED if isinstance(node, ast.AugAssign) else _OPERATORS
    returned = None
    for value in (left, right):
        result = dunders(reader, sorted(value.regions), names)
        if result is not None:
            returned = result if returned is None else join(returned, result)
    return both if returned is None else Value(returned.kind, returned.regions | (both.regions if returned.kind == "unknown" else EMPTY))


def unary(reader: Reader, node: ast.UnaryOp) -> Value:
    value = reader.evaluate(node.operand)
    touch(reader, value)
    if isinstance(node.op, ast.Not) or not value.regions:
        return PLAIN
    return operate(reader, node, value, PLAIN)


def boolean(reader: Reader, node: ast.BoolOp) -> Value:
    value = reader.evaluate(node.values[0])
    for one in node.values[1:]:
        touch(reader, value)
        before = reader.fork()
        value = join(value, reader.evaluate(one))
        reader.join(before)
    return value


def compare(reader: Reader, node: ast.Compare) -> Value:
    values = [reader.evaluate(node.left), *_all(reader, node.comparators)]
    for value in values:
        touch(reader, value)
    if any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
        for value in values:
            reader.seen.compared |= value.regions
    if any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
        for value in values[1:]:
            iterate(reader, value)
    kinds = {value.kind for value in values}
    if "frame" in kinds or "array" in kinds:
        return reader.make(node, "frame" if "frame" in kinds else "array", "compare")
    if kinds <= {"plain", "list", "dict", "set", "tuple"}:
        return PLAIN
    return reader.make(node, "frame", "compare") if union(values) else PLAIN


def conditional(reader: Reader, node: ast.IfExp) -> Value:
    touch(reader, reader.evaluate(node.test))
    before = reader.fork()
    one = reader.evaluate(node.body)
    after = reader.fork()
    reader.resume(before)
    two = reader.evaluate(node.orelse)
    reader.join(after)
    return join(one, two)


def attribute(reader: Reader, node: ast.Attribute) -> Value:
    return attribute_of(reader, reader.evaluate(node.value), node.attr, node)


def subscript(reader: Reader, node: ast.Subscript) -> Value:
    base = reader.evaluate(node.value)
    index = reader.evaluate(node.slice)
    touch(reader, base)
    touch(reader, index)
    if base.items is not None and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
        position = node.slice.value
        if -len(base.items) <= position < len(base.items):
            return base.items[position]
    return item_of(reader, node, base, index)


def item_of(reader: Reader, node: ast.Subscript, base: Value, index: Value) -> Value:
    """`base[index]`: a copy for frames, a view for arrays, an element or a new list for containers."""
    if base.kind == "library":
        if base.path.startswith("os.environ"):
            reader.read_state(ENVIRONMENT)
        return Value("plain")
    if base.kind == "frame":
        return copied(reader, node, "frame", [base])
    if base.kind == "array":
        picked = index.kind in ("array", "frame", "list")
        return reader.make(node, "array") if picked else base
    if isinstance(node.slice, ast.Slice) and base.kind in ("list", "tuple"):
        return Value("tuple", base.regions) if base.kind == "tuple" else copied(reader, node, "list", [base])
    if base.kind == "dict" and "defaultdict" in base.path:
        reader.mutate(base.regions)
    return contents(reader, base)


def slice_of(reader: Reader, node: ast.Slice) -> Value:
    for one in (node.lower, node.upper, node.step):
        if one is not None:
            reader.evaluate(one)
    return PLAIN


def walrus(reader: Reader, node: ast.NamedExpr) -> Value:
    value = reader.evaluate(node.value)
    # in a comprehension the name belongs to the scope around it
    inner = reader.frame
    while reader.frame is not None and "<comprehension>" in reader.frame.names:
        reader.frame = reader.frame.parent
    reader.bind(node.target.id, value)
    reader.frame = inner
    return value


def formatted(reader: Reader, node: ast.JoinedStr) -> Value:
    for one in node.values:
        reader.evaluate(one)
    return PLAIN


def formatted_value(reader: Reader, node: ast.FormattedValue) -> Value:
    touch_deep(reader, reader.evaluate(node.value))
    if node.format_spec is not None:
        reader.evaluate(node.format_spec)
    return PLAIN


def waited(reader: Reader, node: ast.Await | ast.YieldFrom) -> Value:
    value = iterate(reader, reader.evaluate(node.value))
    if isinstance(node, ast.YieldFrom) and reader.frame is not None:
        reader.frame.yielded = value if reader.frame.yielded is None else join(reader.frame.yielded, value)
    return value


def yielded(reader: Reader, node: ast.Yield) -> Value:
    value = PLAIN if node.value is None else reader.evaluate(node.value)
    if reader.frame is not None:
        reader.frame.yielded = value if reader.frame.yielded is None else join(reader.frame.yielded, value)
    return Value()


def function(reader: Reader, node: ast.Lambda) -> Value:
    return define(reader, node)


@lru_cache(maxsize=8192)
def _targets(node: ast.AST) -> frozenset[str]:
    return frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))


def comprehension(reader: Reader, node: ast.ListComp | ast.SetComp | ast.DictComp) -> Value:
    """A comprehension runs at once, in a scope of its own."""
    first = reader.evaluate(node.generators[0].iter)
    before = reader.fork()
    outer = reader.frame
    names = frozenset[str]().union(*(_targets(generator.target) for generator in node.generators))
    reader.frame = Frame(names | {"<comprehension>"}, parent=outer, globals=frozenset() if outer is None else outer.globals - names)
    if outer is None:
        reader.stack.append(node)
    try:
        held = comprehend(reader, node, first)
    finally:
        reader.frame = outer
        if outer is None:
            reader.stack.pop()
    reader.join(before)
    kind = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}[type(node)]
    return _display(reader, node, kind, [held])


def generator(reader: Reader, node: ast.GeneratorExp) -> Value:
    """Only the first iterable is evaluated here; the rest runs when the generator is consumed."""
    first = reader.evaluate(node.generators[0].iter)
    made = reader.make(node, "iterator")
    names = frozenset[str]().union(*(_targets(one.target) for one in node.generators))
    for region in made.regions:
        frame = Frame(names | {"<comprehension>"}, parent=reader.frame, region=region)
        reader.heap.put(region, "<first>", first)
        if reader.frame is not None and reader.frame.region >= 0:
            reader.heap.put(region, "<frame>", Value("frame object", frozenset({reader.frame.region})))
        reader.heap.code[region] = Closure(node, reader.frame, {"<first>": first}, pending=frame)
    return made


TABLE: dict[type, Handler] = {
    ast.Constant: constant,
    ast.Name: name,
    ast.Tuple: tuple_display,
    ast.List: list_display,
    ast.Set: list_display,
    ast.Dict: dict_display,
    ast.Starred: starred,
    ast.BinOp: binary,
    ast.UnaryOp: unary,
    ast.BoolOp: boolean,
    ast.Compare: compare,
    ast.IfExp: conditional,
    ast.Attribute: attribute,
    ast.Subscript: subscript,
    ast.Slice: slice_of,
    ast.NamedExpr: walrus,
    ast.JoinedStr: formatted,
    ast.FormattedValue: formatted_value,
    ast.Await: waited,
    ast.YieldFrom: waited,
    ast.Yield: yielded,
    ast.Lambda: function,
    ast.ListComp: comprehension,
    ast.SetComp: comprehension,
    ast.DictComp: comprehension,
    ast.GeneratorExp: generator,
    ast.comprehension: lambda reader, held: comprehend(reader, *held),
    ast.Call: calls.call,
}
