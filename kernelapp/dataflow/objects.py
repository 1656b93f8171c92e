"""How the notebook's own functions, classes and objects behave when they are used."""

import ast
from collections.abc import Iterable
from functools import lru_cache

from .known import FRAME_WINDOWS
from .reader import MAX_DEPTH, MAX_NODES, Reader
from .values import CONTAINERS, ELEMENT, PLAIN, ClassInfo, Closure, Frame, Value, join, union

# Methods that Python runs only where they are written out, or at places that are followed on their own.
_NOT_IMPLICIT = frozenset(["__init__", "__new__", "__init_subclass__", "__class_getitem__", "__call__", "__setitem__", "__delitem__", "__setattr__", "__enter__", "__exit__"])
_PLAIN_ATTRIBUTES = frozenset(["shape", "size", "ndim", "dtype", "empty", "__name__", "__doc__", "__class__", "__module__"])


# names that a function binds


class _Scope(ast.NodeVisitor):
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

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_ClassDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.nests = True

    def visit_ListComp(self, node: ast.expr) -> None:
        for one in ast.walk(node):
            if isinstance(one, ast.NamedExpr):
                self.bound.add(one.target.id)
            self.nests |= isinstance(one, ast.Lambda | ast.GeneratorExp)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def visit_Global(self, node: ast.Global) -> None:
        self.globals.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.nonlocals.update(node.names)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.bound.update((one.asname or one.name).partition(".")[0] for one in node.names)

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.generator = True
        self.generic_visit(node)

    visit_YieldFrom = visit_Yield


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters of a function."""
    extra = [one for one in (args.vararg, args.kwarg) if one is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *extra]


@lru_cache(maxsize=8192)
def scope_of(node: ast.AST) -> _Scope:
    """The names that a function (or class body) binds, and what it holds."""
    scope = _Scope()
    if isinstance(node, ast.Lambda):
        scope.visit(node.body)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for one in node.body:
            scope.visit(one)
    if not isinstance(node, ast.ClassDef) and hasattr(node, "args"):
        scope.bound.update(one.arg for one in parameters(node.args))
    scope.bound -= scope.globals | scope.nonlocals
    return scope


# functions


def define(reader: Reader, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Value:
    """A function object; its defaults are evaluated now."""
    args = node.args
    defaults: dict[str, Value] = {}
    positional = [*args.posonlyargs, *args.args]
    for parameter, default in zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True):
        defaults[parameter.arg] = reader.evaluate(default)
    for parameter, one in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if one is not None:
            defaults[parameter.arg] = reader.evaluate(one)
    made = reader.make(node, "function")
    for region in made.regions:
        for name, value in defaults.items():
            reader.heap.put(region, name, value)
        scope = reader.frame
        while scope is not None:
            if scope.region >= 0:
                reader.heap.put(region, "<frame>", Value("scope", frozenset({scope.region})))
            scope = scope.parent
        reader.heap.code[region] = Closure(node, reader.frame, defaults)
    return made


def invoke(reader: Reader, closure: Closure, args: list[Value], keywords: dict[str, Value], rest: Value | None, node: ast.AST) -> Value:
    """Runs code of the notebook on these arguments; `rest` stands for arguments that cannot be told apart (`*args`, a callback's)."""
    if reader.is_lost:
        return Value("unknown", union([*args, *keywords.values(), rest or PLAIN]) | {reader.world})
    code = closure.node
    active = reader.active.get(code)
    if isinstance(code, ast.GeneratorExp):
        return PLAIN if active is not None else _consume(reader, closure, node)
    given = _arguments(reader, code.args, closure, args, keywords, rest, node)
    if active is not None:
        return _again(active, given)
    if len(reader.stack) >= MAX_DEPTH or reader.nodes > MAX_NODES:
        reader.opaque("calls functions too deep to follow", "break the cell up")
        return Value("unknown", union([*args, *keywords.values(), rest or PLAIN]))
    scope = scope_of(code)
    if scope.generator or isinstance(code, ast.AsyncFunctionDef):
        return _suspended(reader, closure, given, node)
    frame = Frame(frozenset(scope.bound), closure.parent, frozenset(scope.globals), frozenset(scope.nonlocals), given)
    _run(reader, code, frame, node)
    return PLAIN if frame.returned is None else frame.returned


def _again(frame: Frame, given: dict[str, Value]) -> Value:
    """A recursive call: its arguments join those of the call that is being followed, which is followed again if that changed anything."""
    for name, value in given.items():
        old = frame.given.get(name, value)
        new = join(old, value)
        if new != old or name not in frame.given:
            frame.given[name] = new
            frame.changed = True
    frame.recursive = True
    return frame.returned or PLAIN


def _run(reader: Reader, code: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, frame: Frame, node: ast.AST) -> None:
    outer = reader.frame
    frame.given = dict(frame.locals)
    if scope_of(code).nests:
        frame.region = next(iter(reader.make(node, "scope", f"scope{id(code)}").regions))
    reader.stack.append(code)
    reader.sites.append(id(node))
    reader.active[code] = frame
    reader.frame = frame
    try:
        for _ in range(5):
            frame.changed = False
            before = frame.returned
            frame.locals = dict(frame.given)
            if frame.region >= 0:
                for name, value in frame.locals.items():
                    reader.heap.put(frame.region, name, value)
            if isinstance(code, ast.Lambda):
                frame.returned = reader.evaluate(code.body)
            else:
                reader.execute(code.body)
            if not frame.changed and (frame.returned == before or not frame.recursive):
                break
    finally:
        reader.frame = outer
        del reader.active[code]
        reader.sites.pop()
        reader.stack.pop()


def _suspended(reader: Reader, closure: Closure, given: dict[str, Value], node: ast.AST) -> Value:
    """A generator or coroutine: its body runs when it is consumed."""
    made = reader.make(node, "iterator", f"suspended{id(closure.node)}")
    for region in made.regions:
        for name, value in given.items():
            reader.heap.put(region, name, value)
        scope = scope_of(closure.node)
        frame = Frame(frozenset(scope.bound), closure.parent, frozenset(scope.globals), frozenset(scope.nonlocals), given)
        reader.heap.code[region] = Closure(closure.node, closure.parent, given, pending=frame)
    return made


def _consume(reader: Reader, closure: Closure, node: ast.AST) -> Value:
    """Runs the body of something suspended."""
    code, frame = closure.node, closure.pending
    assert frame is not None
    if code in reader.active or len(reader.stack) >= MAX_DEPTH:
        return frame.yielded or PLAIN
    if isinstance(code, ast.GeneratorExp):
        outer = reader.frame
        reader.frame = frame
        reader.stack.append(code)
        reader.active[code] = frame
        try:
            return comprehend(reader, code, iterate(reader, closure.defaults["<first>"]))
        finally:
            reader.frame = outer
            del reader.active[code]
            reader.stack.pop()
    frame.locals = dict(closure.defaults)
    _run(reader, code, frame, node)
    found = [one for one in (frame.returned, frame.yielded) if one is not None]
    return join(found[0], found[-1]) if found else PLAIN


def _arguments(
    reader: Reader, spec: ast.arguments, closure: Closure, args: list[Value], keywords: dict[str, Value], rest: Value | None, node: ast.AST
) -> dict[str, Value]:
    given = dict(closure.defaults)
    positional = [one.arg for one in (*spec.posonlyargs, *spec.args)]
    names = {*positional, *(one.arg for one in spec.kwonlyargs)}
    given.update(zip(positional, args, strict=False))
    given.update({name: value for name, value in keywords.items() if name in names})
    if rest is not None:
        for name in names:
            given[name] = join(given[name], rest) if name in given else rest
    if spec.vararg is not None:
        given[spec.vararg.arg] = Value("tuple", union(args[len(positional) :]) | (rest.regions if rest else frozenset()))
    if spec.kwarg is not None:
        extra = [value for name, value in keywords.items() if name not in names]
        held = reader.make(node, "dict", f"kwargs{id(closure.node)}")
        for region in held.regions:
            reader.heap.put(region, ELEMENT, Value("unknown", union(extra) | (rest.regions if rest else frozenset())))
        given[spec.kwarg.arg] = held
    return given


def call_anything(reader: Reader, callee: Value, args: Iterable[Value], node: ast.AST) -> Value:
    """A call of something unknown: it may change all that it is given, call every function that it gets hold of, and keep everything."""
    values = [callee, *args]
    regions = union(values)
    if not regions:
        return reader.make(node, "unknown", "result")
    if reader.world in callee.regions:
        reader.opaque("calls what an opaque cell above may have made", "replace the opaque cell by an import or by ordinary code")
        reader.mutate_world()
        return callee
    data = frozenset(reader.heap.data(regions))
    everything = Value("unknown", data)
    reader.mutate(data)
    if len(data) > 1:
        for region in data:
            reader.heap.put(region, ELEMENT, Value("unknown", frozenset(regions) - {region}))
    returned = run_all(reader, regions, everything, node)
    made = reader.make(node, "unknown", "result")
    for region in made.regions:
        reader.heap.put(region, ELEMENT, Value("unknown", regions | returned.regions))
    return Value("unknown", made.regions | everything.regions | returned.regions)


def run_all(reader: Reader, regions: Iterable[int], rest: Value, node: ast.AST) -> Value:
    """Runs all code that can be reached from these regions."""
    returned = PLAIN
    if reader.is_lost:
        return Value("unknown", frozenset({reader.world}))
    for region, closure in reader.closures(regions):
        # Run once on the same arguments in the same circumstances: unknown code that calls unknown code would never end otherwise.
        key = (region, rest.regions)
        now = (reader.bindings, reader.heap.puts)
        if key in reader.runs and reader.runs[key][0] in (now, None):
            returned = join(returned, reader.runs[key][1])
            continue
        reader.runs[key] = (None, PLAIN)
        # what it makes is not told apart by who called it: there would be no end of places
        sites, reader.sites = reader.sites, [-1 - region]
        if closure.pending is not None:
            reader.mutate({region})
            result = _consume(reader, closure, node)
        else:
            result = invoke(reader, closure, [], {}, rest, node)
        reader.sites = sites
        reader.runs[key] = ((reader.bindings, reader.heap.puts), result)
        returned = join(returned, result)
    return returned


def callables(reader: Reader, regions: Iterable[int]) -> list[int]:
    """The functions and classes that a value is or holds; not the methods of the instances that it holds."""
    heap = reader.heap
    seen: set[int] = set()
    queue = list(regions)
    found: list[int] = []
    while queue:
        region = queue.pop()
        if region in seen or region == reader.world:
            continue
        seen.add(region)
        if region in heap.code or region in heap.classes:
            found.append(region)
        else:
            queue.extend(one for name, value in heap.fields[region].items() if name != "__class__" for one in value.regions)
    return sorted(found)


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
    if value.kind in ("frame", "chart", "array"):
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
    if value.kind in ("plain", "tuple", "frame", "array", "view", "builtin", "library", "class") or value.kind in CONTAINERS:
        return contents(reader, value)
    element = contents(reader, value)
    for region in sorted(value.regions):
        closure = reader.heap.code.get(region)
        if closure is not None and closure.pending is not None:
            reader.mutate({region})
            element = join(element, _consume(reader, closure, reader.here))
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
        if value.regions or value.kind != "plain":
            reader.heap.put(region, name, value)
        owner = reader.heap.fields[region].get("__class__")
        if owner is not None and name != ELEMENT:
            found, _ = find_attribute(reader, owner.regions, name)
            if found is not None and found.kind == "property":
                call_method(reader, found, Value("instance", frozenset({region})), [value], {}, None, reader.here)


def comprehend(
    reader: Reader, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, first: Value
) -> Value:
    """Binds the targets of a comprehension, evaluates conditions and the element; gives what one element may be."""
    for position, generator in enumerate(node.generators):
        source = first if position == 0 else iterate(reader, reader.evaluate(generator.iter))
        assign(reader, generator.target, source)
        for condition in generator.ifs:
            touch(reader, reader.evaluate(condition))
    if isinstance(node, ast.DictComp):
        reader.evaluate(node.key)
        return reader.evaluate(node.value)
    return reader.evaluate(node.elt)
