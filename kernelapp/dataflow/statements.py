"""What each kind of statement does."""

import ast

from .expressions import operate
from .functions import define
from .known import words
from .objects import assign, attribute_of, contents, dunders, iterate, make_class, store, touch, touch_deep
from .reader import Handler, Reader, State
from .scopes import scope_of
from .values import ELEMENT, PLAIN, Frame, Value, join

# Context managers that never swallow an exception: what is bound inside is surely bound afterwards.
_TRANSPARENT = ("open", "kernelapp.", "matplotlib.", "pandas.", "numpy.", "warnings.", "plt.", "decimal.", "torch.", "pathlib.")


def expression(reader: Reader, node: ast.Expr) -> None:
    value = reader.evaluate(node.value)
    if not reader.stack:
        touch_deep(reader, value)


def assignment(reader: Reader, node: ast.Assign) -> None:
    value = reader.evaluate(node.value)
    for target in node.targets:
        assign(reader, target, value)


def annotated(reader: Reader, node: ast.AnnAssign) -> None:
    if not reader.stack:
        reader.evaluate(node.annotation)
    if node.value is not None:
        assign(reader, node.target, reader.evaluate(node.value))


def augmented(reader: Reader, node: ast.AugAssign) -> None:
    """`x += e` reads x, may change the object in place, and binds x."""
    target = node.target
    if isinstance(target, ast.Name):
        old = reader.load(target.id)
    elif isinstance(target, ast.Attribute):
        owner = reader.evaluate(target.value)
        old = attribute_of(reader, owner, target.attr, target)
    else:
        owner = reader.evaluate(target.value)
        reader.evaluate(target.slice)
        old = contents(reader, owner)
    value = reader.evaluate(node.value)
    new = operate(reader, node, old, value)
    if old.kind != "tuple":
        reader.mutate(old.regions)
        for region in old.regions:
            held = contents(reader, value) if old.kind in ("list", "set", "dict") else value
            if held.regions:
                reader.heap.put(region, ELEMENT, held)
    result = new if not old.regions else Value(old.kind if old.kind == new.kind else "unknown", old.regions | new.regions)
    if isinstance(target, ast.Name):
        reader.bind(target.id, result)
    else:
        store(reader, owner, target.attr if isinstance(target, ast.Attribute) else ELEMENT, result)


def deletion(reader: Reader, node: ast.Delete) -> None:
    for target in node.targets:
        _delete(reader, target)


def _delete(reader: Reader, target: ast.expr) -> None:
    if isinstance(target, ast.Name):
        reader.delete(target.id)
    elif isinstance(target, ast.Tuple | ast.List):
        for one in target.elts:
            _delete(reader, one)
    elif isinstance(target, ast.Attribute | ast.Subscript):
        base = reader.evaluate(target.value)
        if isinstance(target, ast.Subscript):
            reader.evaluate(target.slice)
        dunders(reader, sorted(base.regions), frozenset({"__delitem__", "__delattr__"}))
        if base.kind == "library":
            reader.write_state(reader.state_of(base.path))
        reader.mutate(base.regions)


def branch(reader: Reader, node: ast.If) -> None:
    touch(reader, reader.evaluate(node.test))
    before = reader.fork()
    reader.execute(node.body)
    after = reader.fork()
    reader.resume(before)
    reader.execute(node.orelse)
    reader.join(after)


def loop(reader: Reader, node: ast.For | ast.AsyncFor | ast.While) -> None:
    """A loop's body runs any number of times and may stop anywhere."""
    source = None if isinstance(node, ast.While) else reader.evaluate(node.iter)
    before = reader.fork()
    noted = reader.log()
    for _ in range(4):
        size = dict(noted)
        if source is not None and not isinstance(node, ast.While):
            assign(reader, node.target, iterate(reader, source))
        else:
            assert isinstance(node, ast.While)
            touch(reader, reader.evaluate(node.test))
        reader.execute(node.body)
        reader.join(before)
        reader.weaken(noted)
        if noted == size:
            break
    reader.unlog()
    reader.execute(node.orelse)
    if node.orelse:
        reader.join(before)


def attempt(reader: Reader, node: ast.Try | ast.TryStar) -> None:
    """The body of a `try` may stop anywhere; a handler sees any of that."""
    before = reader.fork()
    noted = reader.log()
    reader.execute(node.body)
    reader.unlog()
    done = reader.fork()
    reader.join(before)
    reader.weaken(noted)
    broken = reader.fork()
    reader.resume(done)
    reader.execute(node.orelse)
    ends = [reader.fork()]
    for handler in node.handlers:
        reader.resume(broken)
        if handler.type is not None:
            reader.evaluate(handler.type)
        if handler.name:
            reader.bind(handler.name, reader.make(handler, "unknown"))
        reader.execute(handler.body)
        if handler.name and reader.frame is None:
            reader.delete(handler.name)
        if not _leaves(handler.body):
            ends.append(reader.fork())
    reader.resume(ends[0])
    for end in ends[1:]:
        reader.join(end)
    if node.finalbody:
        reader.execute(node.finalbody)


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise)


def managed(reader: Reader, node: ast.With | ast.AsyncWith) -> None:
    """The body of a `with`; where the manager may swallow exceptions, the body may have stopped anywhere."""
    swallows = False
    for item in node.items:
        swallows |= not ast.unparse(item.context_expr).startswith(_TRANSPARENT)
        manager = reader.evaluate(item.context_expr)
        swallows = swallows and manager.kind not in ("layout", "library")
        entered = dunders(reader, sorted(manager.regions), frozenset({"__enter__", "__exit__", "__aenter__", "__aexit__"}))
        if manager.kind not in ("instance", "layout", "library"):
            reader.mutate(manager.regions)
        if item.optional_vars is not None:
            entered = Value("unknown", manager.regions | (entered.regions if entered else frozenset())) if entered else manager
            assign(reader, item.optional_vars, entered)
    if not swallows:
        reader.execute(node.body)
        return
    before = reader.fork()
    noted = reader.log()
    reader.execute(node.body)
    reader.unlog()
    reader.join(before)
    reader.weaken(noted)


def matching(reader: Reader, node: ast.Match) -> None:
    subject = reader.evaluate(node.subject)
    touch_deep(reader, subject)
    before = reader.fork()
    ends: list[State] = []
    for case in node.cases:
        reader.resume(before)
        _pattern(reader, case.pattern, subject)
        # a pattern that fails may have bound some of its names already
        partly = reader.fork()
        if case.guard is not None:
            touch(reader, reader.evaluate(case.guard))
        reader.execute(case.body)
        ends.append(reader.fork())
        reader.resume(before)
        reader.join(partly)
        before = reader.fork()
    last = node.cases[-1]
    if last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None:
        reader.resume(ends.pop())
    for end in ends:
        reader.join(end)


def _pattern(reader: Reader, pattern: ast.pattern, subject: Value) -> None:
    part = contents(reader, subject)
    anything = Value("unknown", frozenset(reader.heap.reach(subject.regions | part.regions)))
    for one in ast.walk(pattern):
        if isinstance(one, ast.MatchValue):
            reader.evaluate(one.value)
        elif isinstance(one, ast.MatchClass):
            reader.evaluate(one.cls)
        elif isinstance(one, ast.MatchAs | ast.MatchStar) and one.name:
            reader.bind(one.name, subject if one is pattern and isinstance(one, ast.MatchAs) and one.pattern is None else anything)
        elif isinstance(one, ast.MatchMapping) and one.rest:
            reader.bind(one.rest, anything)


_PASSED_THROUGH = words(
    "staticmethod classmethod property setter getter deleter wraps cached_property total_ordering dataclass abstractmethod contextmanager"
    " overload final override"
)


def define_function(reader: Reader, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    decorators = [(one, reader.evaluate(one)) for one in node.decorator_list]
    value = define(reader, node)
    for one, decorator in reversed(decorators):
        value = _decorate(reader, one, decorator, value)
    reader.bind(node.name, value)


def _decorate(reader: Reader, node: ast.expr, decorator: Value, value: Value) -> Value:
    path = decorator.path or (node.attr if isinstance(node, ast.Attribute) else "")
    name = ast.unparse(node).partition("(")[0].rpartition(".")[2]
    if name in ("property", "cached_property", "setter", "getter", "deleter"):
        return Value("property", value.regions | decorator.regions)
    if name in ("staticmethod", "classmethod"):
        for region in value.regions:
            reader.heap.kinds[region] = "static" if name == "staticmethod" else "classmethod"
        return value
    if name in _PASSED_THROUGH and (path or decorator.kind in ("library", "builtin", "plain")):
        return value
    if path.startswith("kernelapp.") or name == "contextmanager":
        return value
    return _wrapped(reader, node, decorator, value)


def _wrapped(reader: Reader, node: ast.expr, decorator: Value, value: Value) -> Value:
    from .calls import Given, call_value

    call = ast.Call(func=node, args=[], keywords=[])
    # `@interact(...)` calls the function at once, as calling what `interact` gives back does
    followed = decorator.kind in ("function", "class", "widget") or decorator.path.startswith("ipywidgets.")
    if decorator.kind == "widget":
        decorator = Value("library", path="ipywidgets.interact")
    result = call_value(reader, decorator, Given(call, [value], {}, None)) if followed else None
    if result is not None:
        return result
    made = reader.make(node, "unknown", "decorated")
    for region in made.regions:
        reader.heap.put(region, ELEMENT, Value("unknown", value.regions | decorator.regions))
    return made


def define_class(reader: Reader, node: ast.ClassDef) -> None:
    decorators = [(one, reader.evaluate(one)) for one in node.decorator_list]
    bases = tuple(reader.evaluate(one) for one in node.bases)
    for keyword in node.keywords:
        reader.evaluate(keyword.value)
    scope = scope_of(node)
    body = Frame(frozenset(scope.bound), parent=reader.frame, globals=frozenset(scope.globals), class_body=True)
    outer, reader.frame = reader.frame, body
    reader.execute(node.body)
    reader.frame = outer
    value = make_class(reader, node, body, bases)
    for one, decorator in reversed(decorators):
        value = _decorate(reader, one, decorator, value)
    reader.bind(node.name, value)


def give_back(reader: Reader, node: ast.Return) -> None:
    value = PLAIN if node.value is None else reader.evaluate(node.value)
    frame = reader.frame
    if frame is not None:
        frame.returned = value if frame.returned is None else join(frame.returned, value)


def complaint(reader: Reader, node: ast.Raise | ast.Assert) -> None:
    parts = (node.exc, node.cause) if isinstance(node, ast.Raise) else (node.test, node.msg)
    for one in parts:
        if one is not None:
            touch_deep(reader, reader.evaluate(one))


def imported(reader: Reader, node: ast.Import) -> None:
    for one in node.names:
        top = one.name.partition(".")[0]
        if one.asname:
            reader.bind(one.asname, Value("library", path=one.name))
        else:
            reader.bind(top, Value("library", path=top))


def imported_from(reader: Reader, node: ast.ImportFrom) -> None:
    for one in node.names:
        if one.name == "*":
            reader.shell(f"`from {node.module} import *` binds names that cannot be seen", "import the names that are used")
            reader.starred = node.module or ""
        else:
            reader.bind(one.asname or one.name, Value("library", path=f"{node.module}.{one.name}"))


def nothing(reader: Reader, node: ast.stmt) -> None:
    del reader, node


TABLE: dict[type, Handler] = {
    ast.Expr: expression,
    ast.Assign: assignment,
    ast.AnnAssign: annotated,
    ast.AugAssign: augmented,
    ast.Delete: deletion,
    ast.If: branch,
    ast.For: loop,
    ast.AsyncFor: loop,
    ast.While: loop,
    ast.Try: attempt,
    ast.TryStar: attempt,
    ast.With: managed,
    ast.AsyncWith: managed,
    ast.Match: matching,
    ast.FunctionDef: define_function,
    ast.AsyncFunctionDef: define_function,
    ast.ClassDef: define_class,
    ast.Return: give_back,
    ast.Raise: complaint,
    ast.Assert: complaint,
    ast.Import: imported,
    ast.ImportFrom: imported_from,
    ast.Global: nothing,
    ast.Nonlocal: nothing,
    ast.Pass: nothing,
    ast.Break: nothing,
    ast.Continue: nothing,
}
