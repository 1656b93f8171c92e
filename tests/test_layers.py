"""Imports point down: the floors of docs/architecture.md, read from its table."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kernelapp"


def read_table() -> list[list[str]]:
    """The modules of each floor, from the top; a package ends with a dot. The last row, `inkernel/`, stands apart."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("## The floors")[2].partition("\n## ")[0]
    rows = [line.split("|")[2] for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 5, "docs/architecture.md has lost its table of floors"
    floors = [[name.replace("/", ".") for name in re.findall(r"`([\w/]+)`", cells)] for cells in rows if cells.strip("- ")]
    assert floors[-1][0] == "inkernel."
    return floors


FLOORS = read_table()[:-1]


def find_modules() -> dict[str, Path]:
    """Our modules without `kernelapp.`: `wire.codec`; a package is its own name: `wire`; the root is the empty name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = find_modules()


def find_place(module: str) -> tuple[int, int] | None:
    """Floor from the top and place on it; the entry that names the module itself comes before its package's. None if it has none."""
    places = [(floor, place, name) for floor, names in enumerate(FLOORS) for place, name in enumerate(names)]
    for floor, place, name in places:
        if name == module:
            return floor, place
    for floor, place, name in places:
        if name.endswith(".") and f"{module}.".startswith(name):
            return floor, place
    return None


def find_imports(module: str) -> set[str]:
    """Which of our modules `module` imports, at any depth of its code but not for types alone."""
    names: set[str] = set()
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute_name(module, node)
            names.update({base} | {f"{base}.{alias.name}" for alias in node.names})
    ours = {name.removeprefix("kernelapp").removeprefix(".") for name in names if name.split(".")[0] == "kernelapp"}
    return {name for name in ours if name in MODULES} - {"", module}


def absolute_name(module: str, node: ast.ImportFrom) -> str:
    """What follows `from`, with leading dots resolved."""
    if node.level == 0:
        return node.module or ""
    package = ["kernelapp", *module.split(".")] if MODULES[module].name == "__init__.py" else ["kernelapp", *module.split(".")[:-1]]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def is_inkernel(module: str) -> bool:
    return module.split(".")[0] == "inkernel"


def may_import(module: str, other: str) -> bool:
    """Whether the rule of docs/architecture.md admits it."""
    here, there = find_place(module), find_place(other)
    if here is None or there is None:
        return False
    same_package = "." in module and module.split(".")[0] == other.split(".")[0]
    return there[0] > here[0] or (there[0] == here[0] and (same_package or there[1] > here[1]))


SERVER_SIDE = [module for module in MODULES if module and not is_inkernel(module)]


@pytest.mark.parametrize("module", SERVER_SIDE)
def test_a_module_has_a_floor(module: str) -> None:
    is_package = MODULES[module].name == "__init__.py"
    on_some_floor = find_place(module) is not None or (is_package and any(name.startswith(f"{module}.") for row in FLOORS for name in row))
    assert on_some_floor, f"name {module} in the table of docs/architecture.md"


@pytest.mark.parametrize("module", SERVER_SIDE)
def test_a_module_imports_only_from_below(module: str) -> None:
    wrong = {other for other in find_imports(module) if MODULES[other].name != "__init__.py" and not may_import(module, other)}
    assert not wrong


@pytest.mark.parametrize("module", [module for module in MODULES if is_inkernel(module)])
def test_the_kernel_side_imports_nothing_else_of_ours(module: str) -> None:
    assert all(is_inkernel(other) for other in find_imports(module))


def test_the_imports_of_our_modules_make_no_circle() -> None:
    graph = {module: find_imports(module) for module in MODULES if module}
    while leaves := {module for module, needed in graph.items() if not needed & graph.keys()}:
        graph = {module: needed for module, needed in graph.items() if module not in leaves}
    assert not graph


def loaded_after(statement: str) -> set[str]:
    """Which of our modules a fresh interpreter has loaded after `statement`."""
    code = f"import sys\n{statement}\nprint(*(name for name in sys.modules if name.split('.')[0] == 'kernelapp'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_server_loads_nothing_of_the_kernel_side() -> None:
    loaded = loaded_after("import kernelapp.server, kernelapp.cli")
    assert "kernelapp.server" in loaded
    assert not {name for name in loaded if name.startswith("kernelapp.inkernel")}


def test_the_kernel_side_loads_nothing_of_the_server() -> None:
    modules = ", ".join(f"kernelapp.{module}" for module in MODULES if is_inkernel(module))
    loaded = loaded_after(f"import {modules}")
    assert "kernelapp.inkernel" in loaded
    # The root and its version are of neither side.
    assert {name for name in loaded if not name.startswith("kernelapp.inkernel")} <= {"kernelapp", "kernelapp.version"}
