"""A cell's source, in IPython's syntax, into a syntax tree."""

import ast
import re
from dataclasses import dataclass
from functools import lru_cache

# Lines that only IPython understands look like this. Where nothing does, IPython's transformer (a slow tokenizer) is spared.
_IPYTHON = re.compile(r"^\s*[%!?]|\?[ \t]*$|=\s*[%!]|^\s*(?:>>>|In \[)", re.MULTILINE)

_CELL_MAGIC = re.compile(r"\s*%%(\w+)[ \t]*(.*)")

# Cell magics that run their body as ordinary code of the notebook.
TRANSPARENT_CELL_MAGICS = frozenset({"time", "capture", "prun"})


@dataclass(frozen=True)
class Parsed:
    """A cell as Python: its tree, and the cell magic that it began with (name, rest of its line) where its body is code of the notebook."""

    tree: ast.Module
    magic: str = ""
    magic_line: str = ""
    broken: bool = False


def _compile(text: str) -> ast.Module:
    tree = compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_TYPE_COMMENTS, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def _python(text: str) -> str:
    if not _IPYTHON.search(text):
        return text
    return _transform(text)


def _transform(text: str) -> str:
    # IPython costs a third of a second to import, and most notebooks have nothing for it.
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(text))  # type: ignore[no-untyped-call]


@lru_cache(maxsize=4096)
def parse(source: str) -> Parsed:
    """The tree of a cell; a cell that is no Python at all is `broken` and has an empty tree (it fails when it runs, and binds nothing)."""
    first, _, body = source.partition("\n")
    magic = _CELL_MAGIC.match(first)
    if magic and magic[1] in TRANSPARENT_CELL_MAGICS:
        # an empty first line keeps the numbers of the lines
        inner = parse("\n" + body)
        return Parsed(inner.tree, magic[1], magic[2].strip(), inner.broken)
    try:
        return Parsed(_compile(_python(source)))
    except (SyntaxError, ValueError):
        pass
    try:
        return Parsed(_compile(_transform(source)))
    except (SyntaxError, ValueError):
        return Parsed(ast.Module(body=[], type_ignores=[]), broken=True)


@lru_cache(maxsize=1024)
def parse_statement(text: str) -> ast.Module | None:
    """The tree of the code that a line magic such as `%time` runs; None when it is no Python."""
    try:
        return _compile(_python(text))
    except (SyntaxError, ValueError):
        return None
