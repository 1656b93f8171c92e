"""Calls of the notebook's own functions are followed: their bodies run where the call stands, on the arguments of the call."""

import ast
from collections.abc import Iterable

from .reader import MAX_DEPTH, MAX_NODES, Reader
from .scopes import scope_of
from .values import ELEMENT, PLAIN, Closure, Frame, Value, join, union


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
        return PLAIN if active is not None else consume(reader, closure, node)
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


def consume(reader: Reader, closure: Closure, node: ast.AST) -> Value:
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
            return reader.comprehend(code, closure.defaults["<first>"])
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
            result = consume(reader, closure, node)
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
