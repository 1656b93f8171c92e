"""Which widget modules the libraries of an environment bring, and where their front ends are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .asset_folders import AssetFolders

_MAX_ENTRY_BYTES = 200_000  # an extension.js that says where modules are is tiny
_MAX_EXTENSIONS = 1000
_MODULE_MAP = re.compile(r"""(?:(["'])(?P<quoted>[@\w./-]+)\1|(?P<bare>[\w$]+))\s*:\s*(["'])nbextensions/(?P<path>[\w@./-]+)\4""")
"""An entry of requirejs' `map`: a module's name and where it is. It is read, never run."""


def list_widget_modules(folders: AssetFolders) -> bytes:
    """As JSON: `{"amd": {module: path}, "federated": {module: {"load": path, "extension": name, "needs": [names]}}}`.

    Paths are below `nbextensions`, without `.js`, and below `labextensions`; `needs` are modules that the extension takes from others.
    Files that cannot be read, or say nothing that can be understood, are passed over.
    """
    amd: dict[str, str] = {}
    federated: dict[str, dict[str, Any]] = {}
    for root in folders.roots("nbextensions"):
        for folder in _folders_in(root):
            for name, path in _amd_modules(folder):
                amd.setdefault(name, path)
    for root in folders.roots("labextensions"):
        for folder in _labextensions_in(root):
            entry = _federated_module(folder, folder.relative_to(root).as_posix())
            if entry is not None:
                federated.setdefault(*entry)
    return json.dumps({"amd": amd, "federated": federated}, sort_keys=True).encode()


def as_amd_script(source: bytes, name: str) -> bytes:
    """A script that runs nothing by itself and makes no global name: it leaves its code at its own element as `amd`.

    The loader calls that with a `define` of its own. A function in a classic script, because the code may not be fit for strict mode.
    """
    head = b"document.currentScript.amd = function (define, require, requirejs) {\n"
    return head + source.removeprefix(b"\xef\xbb\xbf") + b"\n};\n"


def _folders_in(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir())[:_MAX_EXTENSIONS]
    except OSError:
        return []


def _labextensions_in(root: Path) -> Iterator[Path]:
    for folder in _folders_in(root):
        if folder.name.startswith("@"):
            yield from _folders_in(folder)
        else:
            yield folder


def _amd_modules(folder: Path) -> Iterator[tuple[str, str]]:
    text = _read_text(folder / "extension.js")
    for found in _MODULE_MAP.finditer(text):
        yield found["quoted"] or found["bare"], found["path"].removesuffix(".js")
    if (folder / "index.js").is_file():
        yield folder.name, f"{folder.name}/index"


def _federated_module(folder: Path, address: str) -> tuple[str, dict[str, Any]] | None:
    try:
        package = json.loads(_read_text(folder / "package.json"))
    except ValueError:
        return None
    lab = _object(_object(package).get("jupyterlab"))
    build = _object(lab.get("_build"))
    name, load, extension = _object(package).get("name"), build.get("load"), build.get("extension")
    if not isinstance(name, str) or not isinstance(load, str) or not isinstance(extension, str):
        return None
    load = load.replace("\\", "/").removeprefix("./")  # built on Windows
    shared = _object(lab.get("sharedPackages"))
    needs = sorted(package for package, how in shared.items() if _object(how).get("bundled") is False)
    return name, {"load": f"{address}/{load}", "extension": extension, "needs": needs}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= _MAX_ENTRY_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""
