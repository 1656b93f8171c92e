"""Reads a cell as Python would run it, on values that say only what they may be.

The `Reader` holds the state: what each name may be at this place of the notebook, what this cell has read, bound and mutated so far.
`expressions`, `calls` and `statements` say what each piece of syntax does to it; calls of the notebook's own functions are followed,
so that their free names resolve where the call stands.
"""

import ast
import builtins
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .known import ENVIRONMENT, FILE, FILES, LIBRARIES, NUMPY_OPTIONS, OPTIONS, PANDAS_OPTIONS, RC_PARAMS
from .values import Closure, Frame, Heap, Value, join

BUILTIN_NAMES = frozenset(dir(builtins)) | {"display", "get_ipython", "__name__", "__doc__", "__file__"}
# Names that IPython changes behind the cells.
HISTORY_NAMES = frozenset({"_", "__", "___", "Out", "In", "_i", "_ii", "_iii", "_oh", "_ih", "_dh"})

# Following calls stops at this depth, and after this many nodes in one cell: what is left is then assumed to do anything.
MAX_DEPTH = 12
MAX_NODES = 20_000

STATE_OF = {"matplotlib": RC_PARAMS, "pandas": PANDAS_OPTIONS, "numpy": NUMPY_OPTIONS, "seaborn": RC_PARAMS}

Handler = Callable[["Reader", Any], Any]


@dataclass(frozen=True)
class Finding:
    """Something about a cell that an author should know: the line in the cell (from 1), what is there, how to mend it."""

    line: int
    what: str
    mend: str


@dataclass
class Seen:
    """What the reader has seen in the present cell."""

    reads: dict[str, int] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    mutated: dict[int, int] = field(default_factory=dict)
    compared: set[int] = field(default_factory=set)
    volatile: dict[str, Finding] = field(default_factory=dict)
    opaque: dict[str, Finding] = field(default_factory=dict)
    controls: list[tuple[int, str]] = field(default_factory=list)
    shell_only: set[str] = field(default_factory=set)


@dataclass
class State:
    """What branches fork and join: the names' values, the names surely bound by this cell, and the present function's locals."""

    env: dict[str, Value]
    definite: set[str]
    locals: dict[str, Value] | None


def _merge(one: dict[str, Value], two: dict[str, Value]) -> dict[str, Value]:
    merged = dict(one)
    for name, value in two.items():
        other = merged.get(name)
        if other is not value:
            merged[name] = value if other is None else join(other, value)
    return merged


class Reader:
    """Walks cells in document order and keeps what it learns from one to the next."""

    def __init__(self, expressions: dict[type, Handler], statements: dict[type, Handler]) -> None:
        self.heap = Heap()
        self.env: dict[str, Value] = {}
        self.definite: set[str] = set()
        self.seen = Seen()
        self.cell = -1
        self.frame: Frame | None = None
        self.starred = ""  # the module that names which nobody binds may come from (`from module import *`)
        self.world = -1  # the region of everything an opaque cell may have made or got hold of; -1 before the first opaque cell
        self.logs: list[tuple[int, dict[str, Value]]] = []
        self.stack: list[ast.AST] = []
        self.sites: list[int] = []
        self.line = 1
        self.nodes = 0
        self.bindings = 0  # counts what changed the value of a name
        self.runs: dict[tuple[int, frozenset[int]], tuple[tuple[int, int] | None, Value]] = {}
        self.method_names: frozenset[str] = frozenset()
        self.active: dict[ast.AST, Frame] = {}
        self.here: ast.AST = ast.Pass()
        self._expressions = expressions
        self._statements = statements

    # evaluation

    def evaluate(self, node: ast.expr) -> Value:
        """What an expression may be; its effects are recorded."""
        self.nodes += 1
        handler = self._expressions.get(type(node))
        if handler is None:
            return Value()
        value: Value = handler(self, node)
        return value

    def comprehend(self, node: ast.GeneratorExp, first: Value) -> Value:
        """What one element of a generator may be, over its first iterable."""
        value: Value = self._expressions[ast.comprehension](self, (node, first))
        return value

    def execute(self, body: Iterable[ast.stmt]) -> None:
        """Runs statements."""
        for statement in body:
            self.nodes += 1
            if not self.stack:
                self.line = statement.lineno
            self._statements[type(statement)](self, statement)

    # places and regions

    def site(self, node: ast.AST, tag: str = "") -> object:
        """The identity of a place: the cell, the calls that led there, the node."""
        return (self.cell, *self.sites, id(node), tag)

    def make(self, node: ast.AST, kind: str, tag: str = "") -> Value:
        """A fresh object of a kind, made at this place."""
        return Value(kind, frozenset({self.heap.make(self.site(node, tag), kind, self.cell)}))

    def mutate(self, regions: Iterable[int]) -> None:
        """The objects of these regions may change here."""
        for region in regions:
            self.seen.mutated.setdefault(region, self.line)
            if region == self.world:
                self.mutate_world()

    def beware(self, value: Value) -> None:
        """Something is done to a value: one that only an opaque cell can have bound may run any code, and read any name."""
        if value.kind == "world":
            self.opaque("uses what an opaque cell above bound", "replace the opaque cell by an import or by ordinary code")

    def mutate_world(self) -> None:
        """Something that an opaque cell may have got hold of changes: that may be anything it could see."""
        for region in self.heap.reach({self.world}):
            self.seen.mutated.setdefault(region, self.line)

    # findings

    def opaque(self, what: str, mend: str) -> None:
        self.seen.opaque.setdefault(what, Finding(self.line, what, mend))
        if self.world < 0:
            self.world = self.heap.make(("world",), "world", -1)

    def volatile(self, what: str, mend: str = "") -> None:
        self.seen.volatile.setdefault(what, Finding(self.line, what, mend))

    # names

    def load(self, name: str) -> Value:
        """The value of a name where it stands."""
        frame = self.frame
        if frame is not None and name not in frame.globals:
            found = self._load_local(frame, name)
            if found is not None:
                return found
        return self.load_global(name)

    def _load_local(self, frame: Frame, name: str) -> Value | None:
        scope: Frame | None = frame
        while scope is not None:
            if name in scope.names and not (scope.class_body and (scope is not frame or name not in scope.locals)):
                return scope.locals.get(name, Value())
            if name in scope.globals:
                return None
            scope = scope.parent
        return None

    def load_global(self, name: str) -> Value:
        """The value of a name of the notebook; read before this cell surely bound it, it is a read of the cell."""
        if name not in self.definite:
            self.seen.reads.setdefault(name, self.line)
        value = self.env.get(name)
        if value is not None:
            return value
        if name in BUILTIN_NAMES:
            return Value("builtin", path=name)
        if name in HISTORY_NAMES or (name.startswith(("_i", "_")) and name.lstrip("_i").isdigit()):
            self.opaque(f"reads IPython's history `{name}`", "give the value a name of its own")
        if self.world >= 0:
            return Value("world", frozenset({self.world}))
        return Value("library", path=f"{self.starred}.{name}") if self.starred else Value()

    def bind(self, name: str, value: Value) -> None:
        """A name of the present scope is bound."""
        frame = self.frame
        if frame is None or name in frame.globals:
            self.bind_global(name, value)
            return
        if name in frame.nonlocals:
            self._bind_nonlocal(frame, name, value)
            return
        for depth, log in self.logs:
            if depth == id(frame):
                log[name] = join(log[name], value) if name in log else value
        frame.locals[name] = value
        if frame.region >= 0:
            self.heap.put(frame.region, name, value)

    def _bind_nonlocal(self, frame: Frame, name: str, value: Value) -> None:
        scope = frame.parent
        while scope is not None and (name not in scope.names or scope.class_body):
            scope = scope.parent
        if scope is None:
            return
        old = scope.locals.get(name)
        scope.locals[name] = value if old is None else join(old, value)
        if scope.region >= 0:
            self.heap.put(scope.region, name, value)
            self.mutate({scope.region})

    def bind_global(self, name: str, value: Value) -> None:
        """A name of the notebook is bound; inside functions it only may be (they can return early)."""
        if self.env.get(name) != value:
            self.bindings += 1
        self.seen.ever.add(name)
        for depth, log in self.logs:
            if depth == 0:
                log[name] = join(log[name], value) if name in log else value
        if self.stack:
            old = self.env.get(name)
            self.env[name] = value if old is None else join(old, value)
            return
        self.definite.add(name)
        self.env[name] = value

    def delete(self, name: str) -> None:
        """`del name`."""
        frame = self.frame
        if frame is not None and name not in frame.globals:
            return
        self.load_global(name)
        self.seen.ever.add(name)
        self.seen.deletes.add(name)
        if not self.stack:
            self.definite.add(name)
            self.env.pop(name, None)

    # hidden state

    def read_state(self, name: str) -> None:
        if name not in self.definite:
            self.seen.reads.setdefault(name, self.line)

    def set_state(self, name: str) -> None:
        """Hidden state is given a value that does not depend on what it was."""
        if self.stack:
            self.write_state(name)
            return
        self.seen.ever.add(name)
        self.definite.add(name)
        self.env[name] = Value("plain")

    def write_state(self, name: str) -> None:
        """Hidden state is changed in part."""
        self.seen.ever.add(name)
        self.env.setdefault(name, Value("plain"))

    def draw(self, name: str) -> None:
        """Random numbers are drawn: from a state that an earlier seed fixed, or from nowhere."""
        if name in self.env:
            self.read_state(name)
            self.write_state(name)
        else:
            self.volatile("draws random numbers that were not seeded", "seed the generator in a cell above")

    def state_of(self, path: str) -> str:
        """The hidden state that a store into a library's attribute or item changes."""
        return STATE_OF.get(path.partition(".")[0], LIBRARIES) if not path.startswith("os") else ENVIRONMENT

    def read_options(self) -> None:
        """Whatever a cell shows may depend on libraries' options."""
        for name in OPTIONS:
            self.read_state(name)

    def read_file(self, path: str) -> None:
        self.read_state(FILE + path if path else FILES)
        self.read_state(FILES)
        if not path:
            for name in list(self.env):
                if name.startswith(FILE):
                    self.read_state(name)

    def write_file(self, path: str) -> None:
        self.write_state(FILE + path if path else FILES)

    # branches

    def fork(self) -> State:
        return State(dict(self.env), set(self.definite), None if self.frame is None else dict(self.frame.locals))

    def resume(self, state: State) -> None:
        self.env = dict(state.env)
        self.definite = set(state.definite)
        if self.frame is not None and state.locals is not None:
            self.frame.locals = dict(state.locals)

    def join(self, state: State) -> None:
        """From here on either the present state or `state` may be the case."""
        self.env = _merge(self.env, state.env)
        self.definite &= state.definite
        if self.frame is not None and state.locals is not None:
            self.frame.locals = _merge(self.frame.locals, state.locals)

    def log(self) -> dict[str, Value]:
        """Begins to note what is bound, for code that may stop anywhere; end it with `unlog`."""
        noted: dict[str, Value] = {}
        self.logs.append((0 if self.frame is None else id(self.frame), noted))
        return noted

    def unlog(self) -> None:
        self.logs.pop()

    def weaken(self, noted: dict[str, Value]) -> None:
        """Each name may be what it was noted to be, too."""
        if self.frame is None:
            self.env = _merge(self.env, noted)
        else:
            self.frame.locals = _merge(self.frame.locals, noted)

    # calls of unknown things

    def closures(self, regions: Iterable[int]) -> list[tuple[int, Closure]]:
        """The code of the notebook that could be run by whoever holds these regions."""
        code = self.heap.code
        if not code:
            return []
        reached = self.heap.reach(regions, self.world)
        self.nodes += len(reached) // 4
        return [(region, code[region]) for region in sorted(reached) if region in code]

    def execute_here(self, statement: ast.stmt) -> None:
        """Runs a statement that a magic holds, on the magic's own line."""
        line = self.line
        self._statements[type(statement)](self, statement)
        self.line = line

    def shell(self, what: str, mend: str) -> None:
        """Something opaque that gets hold of no object of the notebook: a program outside Python, `import *`."""
        self.seen.opaque.setdefault(what, Finding(self.line, what, mend))
        self.seen.shell_only.add(what)

    @property
    def is_lost(self) -> bool:
        """Whether the present cell may do anything already: there is nothing left to find out."""
        return len(self.seen.opaque) > len(self.seen.shell_only)
