"""The saved bindings of one kernel: what the planner asks to be remembered, restored and compared around each cell.

`Bindings.before` and `Bindings.after` are called by the runtime with the request's instructions (kernelapp/dataflow/steps.py,
`Instructions`); what `after` gives is the report that the planner reads.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import MutableMapping
from typing import Any

from . import fingerprints, hidden
from .copying import copy_group, is_atom

ABSENT = object()

# Names that IPython keeps for itself.
_SHELL_NAMES = frozenset({"In", "Out", "get_ipython", "exit", "quit", "open"})

# Looking for unexpected changes stops after this time in one cell: it is a check of the analysis, not what the page relies on.
LOOK_S = 0.002
# A cell that was looked at changes the same things when it runs again; events must not cost more the more names there are.
LOOK_AGAIN_S = 0.0001

Key = tuple[str, str, str]  # how, name, version (of a reference) or cell (of a copy)


class Bindings:
    """What is saved, by name and version; the longest unused goes when it is more than `max_bytes`."""

    def __init__(self, max_bytes: int = 512_000_000, max_copy_bytes: int = 16_000_000) -> None:
        self.max_bytes = max_bytes
        self.max_copy_bytes = max_copy_bytes
        self._saved: OrderedDict[Key, Any] = OrderedDict()
        self._sizes: dict[Key, int] = {}
        self._instructions: dict[str, Any] = {}
        self._report: dict[str, Any] = {}
        self._looks: dict[str, tuple[Any, Any]] = {}
        self._looked: set[str] = set()  # cells
        self._first_look = 0  # which name is looked at first: no time may be left for the last ones

    def clear(self) -> None:
        """Forgets everything (the namespace was emptied), and puts hidden state back to what it was before any cell changed it."""
        for (_, name, version), value in self._saved.items():
            if version == "" and hidden.is_hidden(name):
                hidden.write_first(name, value)
        self._saved.clear()
        self._sizes.clear()
        self._looked.clear()

    def before(self, instructions: dict[str, Any], namespace: MutableMapping[str, Any]) -> None:
        """Called before a cell runs: remembers, restores, copies."""
        self._instructions = instructions
        self._report = {"cell": instructions["cell"], "kept": [], "copied": [], "lost": [], "digests": {}, "missing": [], "changed": []}
        for name, version in instructions["keep"]:
            self._keep(name, version, namespace)
        self._report["missing"] = self._restore(instructions["restore"], namespace)
        self._copy(instructions["cell"], instructions["copy"], namespace)
        # what the cell makes anew need not be kept as it was
        for key in [key for key in self._saved if key[0] == "reference" and key[2] == instructions["cell"] != ""]:
            self._forget(key)
        self._looks = self._look(namespace)

    def after(self, namespace: MutableMapping[str, Any]) -> dict[str, Any]:
        """Called when a cell has ended, however: remembers, tells fingerprints and what changed unexpectedly, restores what is due last."""
        instructions, report = self._instructions, self._report
        report["changed"] = self._surprises(namespace)
        for name in instructions["keep_after"]:
            self._keep(name, instructions["cell"], namespace)
        for names, atoms in ((instructions["digest"], False), (instructions["atoms"], True)):
            for name in names:
                digest = (
                    fingerprints.exact(name, namespace.get(name, ABSENT), atoms, instructions["classes"])
                    if name in namespace or hidden.is_hidden(name)
                    else "absent"
                )
                if digest is not None:
                    report["digests"][name] = digest
        unfinished = self._restore(instructions["finish"], namespace)
        report["unfinished"] = bool(unfinished)
        for name, version in instructions["drop"]:
            self._forget(("reference", name, version))
        self._shrink(namespace)
        self._instructions, self._looks = {}, {}
        return report

    def _keep(self, name: str, version: str, namespace: MutableMapping[str, Any]) -> None:
        value = hidden.read(name) if hidden.is_hidden(name) else namespace.get(name, ABSENT)
        if value is None and hidden.is_hidden(name):
            return
        self._save(("reference", name, version), value)
        self._report["kept"].append([name, version])

    def _save(self, key: Key, value: Any) -> None:
        self._saved[key] = value
        self._saved.move_to_end(key)
        self._sizes[key] = size_of(value)

    def _forget(self, key: Key) -> None:
        self._saved.pop(key, None)
        self._sizes.pop(key, None)

    def _restore(self, restores: list[list[str]], namespace: MutableMapping[str, Any]) -> list[list[str]]:
        """Binds names to what was saved; gives those for which there is nothing."""
        missing: list[list[str]] = []
        groups: dict[str, dict[str, Any]] = {}
        for name, how, key in restores:
            saved: Key = (how, name, key)
            if how == "absent":
                namespace.pop(name, None)
            elif saved not in self._saved:
                missing.append([name, how, key])
            elif how == "copy":
                groups.setdefault(key, {})[name] = self._saved[saved]
            else:
                self._put(name, key, self._saved[saved], namespace)
            if saved in self._saved:
                self._saved.move_to_end(saved)
        for key, values in groups.items():
            # the copies stay as they are: what is bound is a copy of them
            fresh = copy_group(values, sys.maxsize)
            for name in values:
                if name in fresh:
                    namespace[name] = fresh[name]
                else:
                    missing.append([name, "copy", key])
        return missing

    def _put(self, name: str, version: str, value: Any, namespace: MutableMapping[str, Any]) -> None:
        if hidden.is_hidden(name):
            (hidden.write if version else hidden.write_first)(name, value)
        elif value is ABSENT:
            namespace.pop(name, None)
        else:
            namespace[name] = value

    def _copy(self, cell: str, names: list[str], namespace: MutableMapping[str, Any]) -> None:
        for key in [key for key in self._saved if key[0] == "copy" and key[2] == cell]:
            self._forget(key)
        copies = copy_group({name: namespace[name] for name in names if name in namespace}, self.max_copy_bytes)
        for name, value in copies.items():
            self._save(("copy", name, cell), value)
            self._report["copied"].append(name)

    def _shrink(self, namespace: MutableMapping[str, Any]) -> None:
        """Drops what was not used for longest until the rest is within bounds; what is bound anyway costs nothing."""
        live = {id(value) for value in namespace.values()}
        cost = {key: 0 if id(value) in live else self._sizes[key] for key, value in self._saved.items()}
        total = sum(cost.values())
        for key in list(self._saved):
            if total <= self.max_bytes:
                return
            if cost[key]:
                total -= cost[key]
                self._forget(key)
                self._report["lost"].append(list(key))

    def _look(self, namespace: MutableMapping[str, Any]) -> dict[str, tuple[Any, Any]]:
        """What the names hold which the cell is not expected to change."""
        expected = self._instructions["expect"]
        if "*" in expected:
            return {}
        looks: dict[str, tuple[Any, Any]] = {name: (value, None) for name, value in list(namespace.items()) if _is_watched(name, expected)}
        cell = self._instructions["cell"]
        end = time.perf_counter() + (LOOK_AGAIN_S if cell in self._looked else LOOK_S)
        self._looked.add(cell)
        names = list(looks)
        for turn in range(len(names)):
            name = names[(self._first_look + turn) % len(names)]
            value = looks[name][0]
            if not is_atom(value):
                looks[name] = (value, fingerprints.cheap(value))
            if time.perf_counter() > end:
                self._first_look += turn + 1
                break
        return looks

    def _surprises(self, namespace: MutableMapping[str, Any]) -> list[str]:
        """Names that changed though the cell was not expected to change them."""
        expected = self._instructions["expect"]
        if "*" in expected:
            return []
        changed = [name for name in list(namespace) if name not in self._looks and _is_watched(name, expected)]
        for name, (value, look) in self._looks.items():
            now = namespace.get(name, ABSENT)
            if now is not value or (look is not None and fingerprints.cheap(now) != look):
                changed.append(name)
        return sorted(changed)


def _is_watched(name: str, expected: list[str]) -> bool:
    return name not in expected and name not in _SHELL_NAMES and not name.startswith("_")


def size_of(value: Any) -> int:
    """Bytes that a value keeps in memory, roughly: exact for arrays and tables, the outermost two levels of containers."""
    count = getattr(value, "nbytes", None)
    if isinstance(count, int):
        return count
    blocks = getattr(getattr(value, "_mgr", None), "blocks", None)
    if blocks is not None:
        return sum(int(getattr(block.values, "nbytes", 0)) for block in blocks)
    total = sys.getsizeof(value, 64)
    if isinstance(value, (list, tuple, set, dict)):
        inner = list(value.values()) if isinstance(value, dict) else list(value)
        sample = inner[:1000]
        if sample:
            total += sum(_shallow(one) for one in sample) * len(inner) // len(sample)
    return total


def _shallow(value: Any) -> int:
    count = getattr(value, "nbytes", None)
    return count if isinstance(count, int) else sys.getsizeof(value, 64)
