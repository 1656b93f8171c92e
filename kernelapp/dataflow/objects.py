"""How objects behave when they are used: attributes, operators, iteration, targets of assignments; the notebook's own classes."""

import ast
from collections.abc import Iterable

from .functions import call_anything, consume, invoke, run_all
from .known import FRAME_WINDOWS, words
from .reader import Reader
from .values import CONTAINERS, ELEMENT, PLAIN, ClassInfo, Frame, Value, join, union

# Methods that Python runs only where they are written out, or at places that are followed on their own.
_NOT_IMPLICIT = words(
    "__init__ __new__ __init_subclass__ __class_getitem__ __call__ __setitem__ __delitem__ __setattr__ __enter__ __exit__"
)
# Kinds that iteration leaves as they are.
_REPEATABLE = words("plain tuple frame array view builtin library class figure layout chart estimator")
_PLAIN_ATTRIBUTES = words("shape size ndim dtype empty __name__ __doc__ __class__ __module__")


# classes and their instances


def find_attribute(reader: Reader, regions: Iterable[int], name: str) -> tuple[Value | None, bool]:
    """A class attribute, looked up through the bases of the notebook; and whether a base is unknown."""
    found: Value | None = None
    unknown = False
    queue = list(regions)
    seen: set[int] = set()
    while queue:
        region = queue.pop(0)
        info = reader.heap.classes.get(region)
        if region in seen or info is None:
            continue
        seen.add(region)
        own = reader.heap.fields[region].get(name)
        if own is not None:
            found = own if found is None else join(found, own)
        for base in info.bases:
            unknown |= base.kind not in ("class", "builtin")
            queue.extend(base.regions)
    return found, unknown


def classes_of(reader: Reader, regions: Iterable[int]) -> frozenset[int]:
    """The classes of the notebook that these regions are instances of."""
    return union(reader.heap.fields[region]["__class__"] for region in regions if "__class__" in reader.heap.fields[region])


def dunders(reader: Reader, regions: Iterable[int], wanted: frozenset[str] | None = None) -> Value | None:
    """Runs the special methods (those named, or all that Python may run unasked) of instances; joins what they return."""
    returned: Value | None = None
    if reader.is_lost:
        return None
    for region in regions:
        own = reader.heap.fields[region].get("__class__")
        if own is None:
            continue
        names: set[str] = set()
        queue = list(own.regions)
        while queue:
            one = queue.pop()
            info = reader.heap.classes.get(one)
            if info is not None:
                names.update(reader.heap.fields[one])
                for base in info.bases:
                    queue.extend(base.regions)
        for name in sorted(names):
            if name in _NOT_IMPLICIT if wanted is None else name not in wanted:
                continue
            if not (name.startswith("__") and name.endswith("__")):
                continue
            value, _ = find_attribute(reader, own.regions, name)
            if value is not None and value.kind == "function":
                result = call_method(reader, value, Value("instance", frozenset({region})), [], {}, Value(), reader.here)
                returned = result if returned is None else join(returned, result)
    return returned


def call_method(
    reader: Reader, function: Value, owner: Value, args: list[Value], keywords: dict[str, Value], rest: Value | None, node: ast.AST
) -> Value:
    """Calls functions found in a class, with the receiver in front unless they are static."""
    returned: Value | None = None
    for region in sorted(function.regions):
        closure = reader.heap.code.get(region)
        if closure is None:
            result = call_anything(reader, Value("unknown", frozenset({region}) | owner.regions), [*args, *keywords.values()], node)
        else:
            static = reader.heap.kinds[region] == "static"
            result = invoke(reader, closure, args if static else [owner, *args], keywords, rest, node)
        returned = result if returned is None else join(returned, result)
    return returned or PLAIN


def make_class(reader: Reader, node: ast.ClassDef, body: Frame, bases: tuple[Value, ...]) -> Value:
    """The class that a class statement makes of its body's names."""
    made = reader.make(node, "class")
    for region in made.regions:
        reader.heap.classes[region] = ClassInfo(body.locals, bases)
        for name, value in body.locals.items():
            reader.heap.put(region, name, value)
        for position, base in enumerate(bases):
            reader.heap.put(region, f"<base {position}>", base)
    return made


def construct(reader: Reader, cls: Value, args: list[Value], keywords: dict[str, Value], rest: Value | None, node: ast.AST) -> Value:
    """Calls a class of the notebook."""
    made = reader.make(node, "instance", "instance")
    everything = [*args, *keywords.values(), *([rest] if rest else [])]
    for region in made.regions:
        reader.heap.put(region, "__class__", cls)
        init, unknown = find_attribute(reader, cls.regions, "__init__")
        for name in ("__new__", "__post_init__"):
            special, _ = find_attribute(reader, cls.regions, name)
            if special is not None:
                call_method(reader, special, made, args, keywords, rest, node)
        if init is not None:
            call_method(reader, init, made, args, keywords, rest, node)
        if init is None or unknown:
            for name, value in keywords.items():
                reader.heap.put(region, name, value)
            reader.heap.put(region, ELEMENT, Value("unknown", union(everything)))
        if unknown:
            call_anything(reader, PLAIN, everything, node)
    return made


def attribute_of(reader: Reader, base: Value, name: str, node: ast.AST) -> Value:
    """`base.name`."""
    reader.beware(base)
    kind = base.kind
    if kind == "library" and base.path == "kernelapp.session":
        reader.volatile("`ka.session` is another one for each viewer")
        return Value("path") if name == "dir" else PLAIN
    if kind == "library":
        return Value("library", path=f"{base.path}.{name}")
    if kind in ("plain", "builtin", "path") or (name in _PLAIN_ATTRIBUTES and kind not in ("instance", "class")):
        return PLAIN
    if kind == "frame":
        return base if name in FRAME_WINDOWS else copied(reader, node, "frame", [base])
    if kind in ("array", "layout", "figure", "generator"):
        return base
    found: Value | None = None
    for region in sorted(base.regions):
        one = _field(reader, region, name, node)
        found = one if found is None else join(found, one)
    return Value() if found is None else found


def _field(reader: Reader, region: int, name: str, node: ast.AST) -> Value:
    fields = reader.heap.fields[region]
    own = fields.get(name)
    if reader.heap.kinds[region] == "class":
        value, unknown = find_attribute(reader, {region}, name)
        return Value("unknown", frozenset({region})) if value is None or unknown else value
    if "__class__" in fields:
        value, unknown = find_attribute(reader, fields["__class__"].regions, name)
        if value is not None and value.kind == "property":
            result = call_method(reader, value, Value("instance", frozenset({region})), [], {}, None, node)
            own = result if own is None else join(own, result)
        elif value is not None:
            held = Value("unknown", value.regions | {region}) if value.kind == "function" else value
            own = held if own is None else join(own, held)
        getter, _ = find_attribute(reader, fields["__class__"].regions, "__getattr__")
        if getter is not None and own is None:
            own = call_method(reader, getter, Value("instance", frozenset({region})), [], {}, Value(), node)
        if own is not None and not unknown and ELEMENT not in fields:
            return own
    part = Value("unknown", reader.heap.held(region) | {region})
    return part if own is None else join(own, Value(own.kind, part.regions))


# using objects


def touch(reader: Reader, value: Value) -> None:
    """An operator or a statement uses a value: special methods of the notebook's classes run."""
    reader.beware(value)
    if reader.heap.classes and value.regions:
        dunders(reader, sorted(value.regions))


def touch_deep(reader: Reader, value: Value) -> None:
    """A value is shown, or handed to a known function: special methods of all that it holds may run."""
    reader.beware(value)
    if reader.heap.classes and value.regions:
        reached = reader.heap.reach(value.regions, reader.world)
        reader.nodes += len(reached) // 4
        dunders(reader, sorted(reached))


def contents(reader: Reader, value: Value) -> Value:
    """What iterating over or subscripting a value may give."""
    if value.items is not None:
        found: Value | None = None
        for item in value.items:
            found = item if found is None else join(found, item)
        return found or PLAIN
    if value.kind == "tuple":
        return Value("unknown", value.regions)
    if value.kind in ("frame", "chart", "array", "figure", "layout"):
        return value
    if not value.regions:
        return Value("plain" if value.kind == "plain" else "unknown")
    held = reader.heap.element(value)
    if value.kind in CONTAINERS or value.kind == "view":
        return held
    # a part of something unknown is not told apart from it
    return Value("unknown", held.regions | value.regions)


def iterate(reader: Reader, value: Value) -> Value:
    """Iterates over a value; what is used up by that counts as mutated. Gives what one element may be."""
    reader.beware(value)
    if value.kind in _REPEATABLE or value.kind in CONTAINERS:
        return contents(reader, value)
    element = contents(reader, value)
    for region in sorted(value.regions):
        closure = reader.heap.code.get(region)
        if closure is not None and closure.pending is not None:
            reader.mutate({region})
            element = join(element, consume(reader, closure, reader.here))
        elif reader.heap.kinds[region] in ("iterator", "unknown", "generator", "world"):
            # an iterator over an iterator uses up both
            lazy = {one for one in reader.heap.reach({region}) if reader.heap.kinds[one] in ("iterator", "unknown", "world")}
            reader.mutate(lazy | {region})
            element = join(element, run_all(reader, {region}, element, reader.here))
    special = dunders(reader, sorted(value.regions), frozenset({"__iter__", "__next__", "__getitem__", "__len__", "__await__"}))
    return element if special is None else join(element, Value("unknown", special.regions | reader.heap.reach(special.regions)))


def copied(reader: Reader, node: ast.AST, kind: str, values: Iterable[Value]) -> Value:
    """A new object that holds what the elements of the values hold: for a frame of a frame, that of a list, and so on."""
    made = reader.make(node, kind, "copy")
    for region in made.regions:
        for value in values:
            held = contents(reader, value)
            if kind == "frame" and value.regions:
                # cells of the table; the containers that it was made of have been copied
                tables = ("frame", "array", *CONTAINERS)
                inner = union(reader.heap.element(Value("list", frozenset({one}))) for one in value.regions)
                deeper = {one for one in inner if reader.heap.kinds[one] not in tables}
                for one in inner - deeper:
                    deeper |= reader.heap.held(one)
                held = Value("unknown", frozenset(deeper) - made.regions)
            if held.regions or held.kind not in ("plain", "unknown"):
                reader.heap.put(region, ELEMENT, held)
    return made


# binding targets


def assign(reader: Reader, target: ast.expr, value: Value) -> None:
    """Binds a target of an assignment, a loop, a `with`, a pattern."""
    if isinstance(target, ast.Name):
        reader.bind(target.id, value)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(reader, target, value)
    elif isinstance(target, ast.Starred):
        made = reader.make(target, "list")
        for region in made.regions:
            reader.heap.put(region, ELEMENT, value)
        assign(reader, target.value, made)
    elif isinstance(target, ast.Attribute):
        store(reader, reader.evaluate(target.value), target.attr, value)
    elif isinstance(target, ast.Subscript):
        base = reader.evaluate(target.value)
        reader.evaluate(target.slice)
        store(reader, base, ELEMENT, value)


def _unpack(reader: Reader, target: ast.Tuple | ast.List, value: Value) -> None:
    starred = any(isinstance(one, ast.Starred) for one in target.elts)
    if value.items is not None and len(value.items) == len(target.elts) and not starred:
        for one, item in zip(target.elts, value.items, strict=True):
            assign(reader, one, item)
        return
    element = iterate(reader, value)
    for one in target.elts:
        assign(reader, one, element)


def store(reader: Reader, base: Value, name: str, value: Value) -> None:
    """`base.name = value` or, with ELEMENT, `base[...] = value`."""
    if base.kind == "library":
        reader.write_state(reader.state_of(base.path))
        return
    special = frozenset({"__setitem__"}) if name == ELEMENT else frozenset({"__setattr__", "__set__"})
    dunders(reader, sorted(base.regions), special)
    reader.mutate(base.regions)
    for region in base.regions:
        if value.regions or value.kind != "plain" or name != ELEMENT:
            reader.heap.put(region, name, value)
        owner = reader.heap.fields[region].get("__class__")
        if owner is not None and name != ELEMENT:
            found, _ = find_attribute(reader, owner.regions, name)
            if found is not None and found.kind == "property":
                call_method(reader, found, Value("instance", frozenset({region})), [value], {}, None, reader.here)


def comprehend(reader: Reader, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, first: Value) -> Value:
    """Binds the targets of a comprehension, evaluates conditions and the element; gives what one element may be."""
    for position, generator in enumerate(node.generators):
        source = iterate(reader, first if position == 0 else reader.evaluate(generator.iter))
        assign(reader, generator.target, source)
        for condition in generator.ifs:
            touch(reader, reader.evaluate(condition))
    if isinstance(node, ast.DictComp):
        reader.evaluate(node.key)
        return reader.evaluate(node.value)
    return reader.evaluate(node.elt)
