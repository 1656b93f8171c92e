"""IPython's magics and shell escapes, and code that is text."""

import ast
import re

from . import known
from .reader import Reader
from .source import parse_statement
from .values import PLAIN, Value

_AT_NAME = re.compile(r"@([A-Za-z_]\w*)")
_METHODS = frozenset({"run_line_magic", "run_cell_magic", "system", "getoutput"})
_MEND = "do it in Python, or before the notebook starts"


def names_at(text: str) -> list[str]:
    """The names that pandas' `query` takes from around it: `@name`."""
    return _AT_NAME.findall(text)


def is_shell_call(node: ast.Call) -> bool:
    """Whether a call is what IPython makes of `%magic`, `%%magic` or `!command`."""
    func = node.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr in _METHODS
        and isinstance(func.value, ast.Call)
        and isinstance(func.value.func, ast.Name)
        and func.value.func.id == "get_ipython"
    )


def run(reader: Reader, node: ast.Call) -> Value:
    """A magic or a shell command."""
    assert isinstance(node.func, ast.Attribute)
    texts = [one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else "" for one in node.args]
    if node.func.attr in ("system", "getoutput"):
        reader.shell("runs a shell command", _MEND)
        return reader.make(node, "list")
    name, rest = texts[0], texts[1] if len(texts) > 1 else ""
    if node.func.attr == "run_cell_magic":
        _cell_magic(reader, name, rest)
    else:
        _line_magic(reader, name, rest)
    return Value()


def _line_magic(reader: Reader, name: str, rest: str) -> None:
    if name in ("time", "prun"):
        _statement(reader, rest)
    elif name == "timeit":
        reader.volatile("`%timeit` measures time")
        _statement(reader, re.sub(r"^(-\w+\s*\d*\s+)*", "", rest))
    elif name in known.SHELL_STATE_MAGICS:
        reader.write_state(known.ENVIRONMENT)
    elif name in ("precision", "pylab") or (name == "config" and rest):
        reader.write_state(known.LIBRARIES)
        if name == "pylab":
            reader.opaque("`%pylab` binds names that cannot be seen", "import what is needed by name")
    elif name == "matplotlib":
        reader.write_state(known.RC_PARAMS)
    elif name in ("sx", "system", "sc"):
        reader.shell(f"`%{name}` runs a shell command", _MEND)
    elif name not in known.HARMLESS_MAGICS:
        reader.opaque(f"`%{name}` may read and change everything", "replace it by ordinary code or an import")


def _cell_magic(reader: Reader, name: str, rest: str) -> None:
    if name == "writefile":
        reader.write_file(repr(rest.split()[-1]) if rest.split() else "")
    elif name == "timeit":
        reader.opaque("`%%timeit` runs code apart from the notebook's names", "use `%%time`")
    elif name in ("bash", "sh", "script", "!", "sx", "system", "perl", "ruby", "cmd"):
        reader.shell(f"`%%{name}` runs a program", _MEND)
    elif name not in known.HARMLESS_MAGICS:
        reader.opaque(f"`%%{name}` may read and change everything", "replace it by ordinary code or an import")


def _statement(reader: Reader, text: str) -> None:
    tree = parse_statement(text)
    if tree is None:
        reader.opaque("a magic runs code that could not be read", "write the code as a statement")
        return
    for statement in tree.body:
        reader.execute_here(statement)


def run_text(reader: Reader, args: list[Value], name: str) -> Value:
    """`exec` and `eval` of a literal are read like any code; of anything else they are opaque."""
    if len(args) == 1 and args[0].path:
        tree = parse_statement(ast.literal_eval(args[0].path))
        if tree is not None:
            if name == "eval" and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
                return reader.evaluate(tree.body[0].value)
            for statement in tree.body:
                reader.execute_here(statement)
            return PLAIN
    reader.opaque(f"`{name}` runs code that is text", "write the code itself")
    return Value()
