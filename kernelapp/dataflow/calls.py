"""Calls: of the notebook's own functions and classes, of things in the table, of anything else."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from . import known, libraries, magics, objects
from .functions import call_anything, callables, invoke
from .known import Act
from .objects import call_method, construct, contents, copied, find_attribute, iterate, touch_deep
from .reader import Reader
from .values import CONTAINERS, ELEMENT, PLAIN, Value, join, union

_CALL = frozenset({"__call__"})


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of a call; `rest` stands for what `*args` and `**kwargs` spread."""

    node: ast.Call
    args: list[Value]
    keywords: dict[str, Value]
    rest: Value | None

    @property
    def all(self) -> list[Value]:
        return [*self.args, *self.keywords.values(), *([] if self.rest is None else [self.rest])]


def _given(reader: Reader, node: ast.Call) -> Given:
    args: list[Value] = []
    keywords: dict[str, Value] = {}
    rest: Value | None = None
    for one in node.args:
        value = reader.evaluate(one)
        if isinstance(one, ast.Starred):
            rest = value if rest is None else join(rest, value)
        elif rest is not None:
            rest = join(rest, value)
        else:
            args.append(value)
    for keyword in node.keywords:
        value = reader.evaluate(keyword.value)
        if keyword.arg is None:
            value = contents(reader, value)
            rest = value if rest is None else join(rest, value)
        else:
            keywords[keyword.arg] = value
    return Given(node, args, keywords, rest)


def call(reader: Reader, node: ast.Call) -> Value:
    """What a call may give back; everything that it may do is recorded."""
    if magics.is_shell_call(node):
        return magics.run(reader, node)
    reader.here = node
    if isinstance(node.func, ast.Attribute):
        base = reader.evaluate(node.func.value)
        given = _given(reader, node)
        _read_literal_files(reader, given)
        if base.kind == "library":
            return _library(reader, f"{base.path}.{node.func.attr}", given)
        return method(reader, base, node.func.attr, given)
    callee = reader.evaluate(node.func)
    given = _given(reader, node)
    _read_literal_files(reader, given)
    return call_value(reader, callee, given)


def _read_literal_files(reader: Reader, given: Given) -> None:
    """Any call that is handed the name of a file which a cell wrote may read that file."""
    for value in given.all:
        if value.path and value.kind in ("plain", "path") and known.FILE + value.path in reader.env:
            reader.read_file(value.path)


def call_value(reader: Reader, callee: Value, given: Given) -> Value:
    """A call of a value."""
    if callee.kind == "builtin":
        return builtin(reader, callee.path, given)
    if callee.kind == "library":
        return _library(reader, callee.path, given)
    if callee.kind == "class":
        return construct(reader, callee, given.args, given.keywords, given.rest, given.node)
    if callee.kind == "function":
        returned: Value | None = None
        for region in sorted(callee.regions):
            closure = reader.heap.code.get(region)
            if closure is None:
                return call_anything(reader, callee, given.all, given.node)
            result = invoke(reader, closure, given.args, given.keywords, given.rest, given.node)
            returned = result if returned is None else join(returned, result)
        return returned or PLAIN
    if callee.kind == "instance":
        function, unknown = find_attribute(reader, objects.classes_of(reader, callee.regions), "__call__")
        if function is not None and not unknown:
            return call_method(reader, function, callee, given.args, given.keywords, given.rest, given.node)
    _unknown_library(reader)
    return call_anything(reader, callee, given.all, given.node)


def builtin(reader: Reader, name: str, given: Given) -> Value:
    """A call of a builtin."""
    if name == "super":
        return _super(reader)
    if name == "open":
        return _open(reader, given)
    if name in ("exec", "eval"):
        return magics.run_text(reader, given.args, name)
    if name == "vars" and given.args:
        return Value("unknown", given.args[0].regions)
    if name == "dir" and given.args:
        return reader.make(given.node, "list")
    if name == "getattr" and len(given.args) > 1 and given.args[1].path:
        return objects.attribute_of(reader, given.args[0], ast.literal_eval(given.args[1].path), given.node)
    if name == "id":
        for value in given.args:
            reader.seen.compared |= value.regions
    act = known.BUILTINS.get(name)
    if act is None:
        act = known.PURE if name[:1].isupper() else Act("unknown", "holds")
    return apply(reader, act, None, given, name)


def _super(reader: Reader) -> Value:
    frame = reader.frame
    owner = frame.locals.get("self") if frame is not None else None
    return Value("instance", owner.regions) if owner is not None else Value()


def _open(reader: Reader, given: Given) -> Value:
    mode = given.args[1] if len(given.args) > 1 else given.keywords.get("mode", Value("plain", path="'r'"))
    path = given.args[0].path if given.args else ""
    reader.read_file(path)
    if not mode.path or set(mode.path) & set("wax+"):
        reader.write_file(path)
    return reader.make(given.node, "iterator")


def _unknown_library(reader: Reader) -> None:
    """Code that nobody has described may draw from the generators that the notebook seeded."""
    for name in known.GENERATORS:
        if name in reader.env:
            reader.draw(name)


def _library(reader: Reader, path: str, given: Given) -> Value:
    if path.startswith("kernelapp."):
        control = path.removeprefix("kernelapp.").removeprefix("sidebar.")
        if control in known.CONTROLS:
            reader.seen.controls.append((given.node.lineno if not reader.stack else reader.line, control))
    act = libraries.function(path)
    if act is None:
        _unknown_library(reader)
        return call_anything(reader, PLAIN, given.all, given.node)
    if path.startswith("sklearn.") and path.rpartition(".")[2][:1].isupper():
        made = apply(reader, Act("estimator", "holds"), None, given, path)
        drawing = libraries.is_random_estimator(path) and "random_state" not in given.keywords
        return Value(made.kind, made.regions, known.RANDOM) if drawing or _any_random(given.all) else made
    if path in ("numpy.random.default_rng", "numpy.random.RandomState", "random.Random") and not given.all:
        reader.volatile("draws random numbers that were not seeded", "give the generator a seed")
    elif act.draws and ({"random_state", "rng", "seed"} & set(given.keywords)):
        act = Act(act.result, act.shares, act.mutates, calls=act.calls, consumes=act.consumes)
    return apply(reader, act, None, given, path)


def _any_random(values: Iterable[Value]) -> bool:
    return any(value.kind == "estimator" and value.path == known.RANDOM for value in values)


def method(reader: Reader, base: Value, name: str, given: Given) -> Value:
    """`base.name(...)`."""
    if base.kind == "builtin":
        return apply(reader, Act("unknown", "holds", consumes=True), base, given, name)
    if base.kind in ("instance", "class"):
        found = _own_method(reader, base, name, given)
        if found is not None:
            return found
    if name in ("query", "eval"):
        _query(reader, base, given)
    act = known.METHODS.get(base.kind, {}).get(name) or known.METHOD_DEFAULTS.get(base.kind)
    if act is None and base.kind not in ("instance", "class") and name not in reader.method_names:
        act = known.HARMLESS_METHODS.get(name)
    if act is not None:
        return apply(reader, act, base, given, name)
    _unknown_library(reader)
    field = [objects.attribute_of(reader, base, name, given.node)] if base.kind in ("instance", "class") else []
    return call_anything(reader, base, [*field, *given.all], given.node)


def _own_method(reader: Reader, base: Value, name: str, given: Given) -> Value | None:
    """A method that a class of the notebook defines; None when it is found elsewhere."""
    returned: Value | None = None
    for region in sorted(base.regions):
        fields = reader.heap.fields[region]
        is_class = reader.heap.kinds[region] == "class"
        if not is_class and name in fields:
            result = call_value(reader, Value("unknown", fields[name].regions) if fields[name].kind != "function" else fields[name], given)
        else:
            regions = frozenset({region}) if is_class else objects.classes_of(reader, [region])
            found, unknown = find_attribute(reader, regions, name)
            if found is None or unknown or found.kind not in ("function", "class"):
                return None
            if found.kind == "class" or (is_class and not any(reader.heap.kinds[one] == "classmethod" for one in found.regions)):
                result = call_value(reader, found, given)
            else:
                owner = Value("class" if is_class else "instance", frozenset({region}))
                result = call_method(reader, found, owner, given.args, given.keywords, given.rest, given.node)
        returned = result if returned is None else join(returned, result)
    return returned


def _query(reader: Reader, base: Value, given: Given) -> None:
    """`frame.query("a > @limit")` reads the notebook's `limit`."""
    if not given.node.args or base.kind not in ("frame", "unknown"):
        return
    expression = given.node.args[0]
    if isinstance(expression, ast.Constant | ast.JoinedStr):
        texts = [one.value for one in ast.walk(expression) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    elif given.args and given.args[0].path:
        texts = [ast.literal_eval(given.args[0].path)]
    else:
        reader.opaque("evaluates text that is computed", "write the condition as an expression, or its text as a literal")
        return
    for text in texts:
        for name in magics.names_at(text):
            touch_deep(reader, reader.load(name))


def _state(reader: Reader, act: Act, path: str, sources: list[Value]) -> None:
    """The hidden state that a known call touches."""
    if act.draws and (not act.perhaps or act.draws in reader.env or _any_random(sources)):
        reader.draw(act.draws)
    if act.sets:
        reader.set_state(act.sets)
    if act.reads == known.FILES:
        reader.read_file(path)
    elif act.reads:
        reader.read_state(act.reads)
    if act.writes == known.FILES:
        reader.write_file(path)
    elif act.writes:
        reader.write_state(act.writes)


def apply(reader: Reader, act: Act, base: Value | None, given: Given, name: str) -> Value:
    """Does what the table says of a call."""
    if act.opaque:
        reader.opaque(f"`{name}` {act.opaque}", "replace it by ordinary code, or move it into a module")
    if act.volatile:
        reader.volatile(f"`{name}` {act.volatile}")
    values = given.all
    sources = [*([base] if base is not None else []), *values]
    path = next((value.path for value in sources if value.kind in ("plain", "path") and value.path), "")
    _state(reader, act, path, sources)
    for value in values:
        touch_deep(reader, value)
        if act.consumes or value.kind == "iterator":
            iterate(reader, value)
    if act.calls:
        _callbacks(reader, base, given)
    _change(reader, act, base, given)
    return _result(reader, act, base, given, name)


def _callbacks(reader: Reader, base: Value | None, given: Given) -> None:
    """Functions among the arguments are called with what the other arguments (and the receiver) hold."""
    if not reader.heap.code:
        return
    functions = [value for value in given.all if value.regions and callables(reader, value.regions)]
    for value in given.all:
        if value.kind == "instance":
            objects.dunders(reader, sorted(value.regions), _CALL)
    if not functions:
        return
    others = [value for value in given.all if value.kind != "function"] + ([base] if base is not None else [])
    rest = Value("unknown", frozenset(reader.heap.data(union(others) | union(contents(reader, one) for one in others))))
    if base is not None and base.kind in ("frame", "array", "plain"):
        rest = Value(base.kind, union(given.keywords.values()) | base.regions)
    for value in functions:
        for region in callables(reader, value.regions):
            if region in reader.heap.classes:
                construct(reader, Value("class", frozenset({region})), [], {}, rest, given.node)
            elif reader.heap.code[region].pending is None:
                invoke(reader, reader.heap.code[region], [], {}, rest, given.node)


def _change(reader: Reader, act: Act, base: Value | None, given: Given) -> None:
    for what in act.mutates:
        if what == "self" and base is not None:
            reader.mutate(base.regions)
        elif what == "put" and base is not None:
            _put(reader, base, given)
        elif what == "all":
            reader.mutate(reader.heap.reach(union(given.all)))
        elif what.isdigit():
            changed = given.args[int(what)] if int(what) < len(given.args) else given.rest
            if changed is not None:
                reader.mutate(changed.regions)
                for region in changed.regions:
                    reader.heap.put(region, ELEMENT, Value("unknown", union(given.all) - {region}))
    for keyword in given.node.keywords:
        if keyword.arg == "inplace" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
            reader.mutate(base.regions if base is not None else union(given.args))
        elif keyword.arg in ("out", "ax", "fig", "buf", "file"):
            reader.mutate(given.keywords[keyword.arg].regions)


def _put(reader: Reader, base: Value, given: Given) -> None:
    """The arguments, or what they hold (`extend`, `update`), may be held in the receiver."""
    for value in given.all:
        inner = contents(reader, value)
        held = Value(value.kind if not inner.regions else "unknown", value.regions | inner.regions)
        if value.kind in ("instance", "function", "class", "frame", "array"):
            held = value
        for region in base.regions:
            if held.regions or held.kind != "plain":
                reader.heap.put(region, ELEMENT, held)


def _result(reader: Reader, act: Act, base: Value | None, given: Given, name: str) -> Value:
    sources = ([base] if base is not None else []) + given.all
    kind = act.result
    if kind == "same":
        return _duplicate(reader, given.node, sources, deep=act.shares == "new")
    if kind in ("plain", "path", "library") and act.shares == "new":
        return Value(kind if kind != "library" else "unknown", path=sources[0].path if kind == "path" and sources else "")
    if act.shares == "new":
        return reader.make(given.node, kind)
    if act.shares == "self" and base is not None:
        return base
    if act.shares == "parts":
        return _parts(reader, given.node, sources)
    if act.shares == "copy":
        return copied(reader, given.node, kind, sources)
    if act.shares == "view":
        return Value("view", union(sources[:1]))
    if act.shares == "element":
        return _element(reader, kind, [base] if base is not None else given.all, given)
    if act.shares == "is" and kind != "unknown":
        return Value(kind, union(sources) or reader.make(given.node, kind).regions)
    made = _shared(reader, given.node, kind, sources)
    if kind == "estimator" and _any_random(sources):
        return Value(kind, made.regions, known.RANDOM)
    if act.shares == "is":
        return Value(kind, made.regions | frozenset(reader.heap.data(union(sources))))
    return Value(made.kind, made.regions, path="defaultdict") if name.endswith("defaultdict") else made


def _parts(reader: Reader, node: ast.AST, sources: list[Value]) -> Value:
    """A list of new tables made of parts of the sources."""
    made, part = reader.make(node, "list"), copied(reader, node, "frame", sources)
    for region in made.regions:
        reader.heap.put(region, ELEMENT, part)
    return made


def _duplicate(reader: Reader, node: ast.AST, sources: list[Value], deep: bool) -> Value:
    """A copy of the first source, with or without copies of what it holds."""
    kind = sources[0].kind if sources else "unknown"
    if not union(sources):
        return PLAIN
    if kind == "array":
        return reader.make(node, kind)
    if kind == "frame":
        return copied(reader, node, kind, sources)
    if kind not in CONTAINERS:
        return _shared(reader, node, "unknown", sources)
    if not deep:
        return copied(reader, node, kind, sources)
    made, inner = reader.make(node, kind), reader.make(node, "unknown", "inside")
    for region in made.regions:
        reader.heap.put(region, ELEMENT, inner)
    for region in inner.regions:
        # code that the original held is shared by a deep copy, too
        reader.heap.put(region, ELEMENT, Value("unknown", frozenset(callables(reader, union(sources)))))
    return made


def _element(reader: Reader, kind: str, sources: list[Value], given: Given) -> Value:
    found: Value | None = None
    for value in [*(contents(reader, one) for one in sources), *(given.all if len(given.all) > 1 else [])]:
        found = value if found is None else join(found, value)
    if found is None:
        return PLAIN
    return Value("tuple", found.regions) if kind == "tuple" else found


def _shared(reader: Reader, node: ast.AST, kind: str, sources: Iterable[Value]) -> Value:
    made = reader.make(node, kind, "holds")
    for region in made.regions:
        for value in sources:
            if value.regions:
                reader.heap.put(region, ELEMENT, Value(value.kind, value.regions - made.regions))
    return made
