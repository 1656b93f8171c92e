"""Browser files that libraries in the kernel's own environment bring along: widgets' front ends, plotly's and bokeh's scripts.

Nothing else of that environment can be asked for: a file must lie in one of the folders for such files, also after links are followed, and
be of a type that pages load.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .asset_folders import AssetFolderFinder, AssetFolders
from .widget_modules import as_amd_script, list_widget_modules

JUPYTER_KINDS = ("nbextensions", "labextensions")
INDEX = "widgets.json"

_PACKAGES = {
    "plotly": ("plotly/package_data", r"plotly\.min\.js"),
    "bokeh": ("bokeh/server/static/js", r"bokeh(-[a-z]+)?(\.min)?\.js"),
    "itables": ("itables/html", r"dt_bundle\.(js|css)"),
}
"""Address -> a folder where packages are imported from, and the names of the files in it that are served."""

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".cur": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".eot": "application/vnd.ms-fontobject",
    ".gltf": "model/gltf+json",
    ".glb": "model/gltf-binary",
}
_COMPRESSED = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".woff", ".woff2"}
_MAX_FILE_BYTES = 100_000_000
_MAX_KEPT_BYTES = 100_000_000  # of compressed content; the files used longest ago are read again
_MAX_PATH = 1024
_HASHED_NAME = re.compile(r"(^|\.)(?=[0-9a-f]*\d)[0-9a-f]{8,64}\.")  # as bundlers name files by their content: 590.40e4a9ac0f4f.js


@dataclass(frozen=True)
class Asset:
    """A file as it may be sent. `encoding` is that of `content`: `gzip`, or empty; `immutable`: its name holds a hash of it."""

    content: bytes
    encoding: str
    content_type: str
    etag: str
    immutable: bool


class KernelAssets:
    """Finds files by address, and keeps those used last."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._folders = AssetFolderFinder(environment)
        self._kept: OrderedDict[tuple[str, ...], Asset] = OrderedDict()
        self._kept_bytes = 0
        self._reading: dict[tuple[str, ...], asyncio.Task[Asset | None]] = {}

    async def get(self, kernel_name: str | None, address: str, *, amd: bool = False) -> Asset | None:
        """The file at `address` for apps that run with this kernel; None when there is none. `amd`: wrapped for the AMD loader."""
        folders = await self._folders.find(kernel_name)
        if address == INDEX:
            return await asyncio.to_thread(_index, folders)
        path = await asyncio.to_thread(find_asset, folders, address)
        if path is None or (amd and path.suffix != ".js"):
            return None
        status = path.stat()
        wrap = as_amd_script if amd else _as_run_once if address.startswith("bokeh/") else None
        key = (str(path), str(status.st_mtime_ns), str(status.st_size), wrap.__name__ if wrap else "")
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._reading:
            self._reading[key] = asyncio.create_task(asyncio.to_thread(_read, path, wrap))
            self._reading[key].add_done_callback(lambda _: self._reading.pop(key, None))
        asset = await asyncio.shield(self._reading[key])
        if asset is not None:
            self._keep(key, asset)
        return asset

    def _keep(self, key: tuple[str, ...], asset: Asset) -> None:
        if key in self._kept:
            return
        self._kept[key] = asset
        self._kept_bytes += len(asset.content)
        while self._kept_bytes > _MAX_KEPT_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._kept_bytes -= len(gone.content)


def find_asset(folders: AssetFolders, address: str) -> Path | None:
    """The file that an address means, or None when it is none of a browser's business."""
    kind, _, inner = address.partition("/")
    if not _is_plain(inner) or PurePosixPath(inner).suffix.lower() not in _TYPES:
        return None
    if kind in _PACKAGES:
        folder, names = _PACKAGES[kind]
        roots = [package / folder for package in folders.packages] if re.fullmatch(names, inner) else []
    else:
        roots = folders.roots(kind) if kind in JUPYTER_KINDS else []
    for root in roots:
        found = _inside(root, inner)
        if found is not None:
            return found
    return None


def _is_plain(path: str) -> bool:
    """Whether a path only leads down, to nothing hidden."""
    parts = path.split("/")
    return len(path) <= _MAX_PATH and path.isprintable() and all(part and part[0] != "." and not {"\\", ":"} & set(part) for part in parts)


def _inside(root: Path, inner: str) -> Path | None:
    """The file below `root`, unless a link leads out of it."""
    try:
        path = (root / inner).resolve(strict=True)
        return path if path.is_relative_to(root.resolve()) and path.is_file() else None
    except (OSError, RuntimeError):
        return None


def _read(path: Path, wrap: Callable[[bytes, str], bytes] | None) -> Asset | None:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    suffix = path.suffix.lower()
    content = wrap(content, path.name) if wrap else content
    # A wrapped file changes with how we wrap it, so its name says nothing.
    return _make(content, suffix, immutable=wrap is None and bool(_HASHED_NAME.search(path.name)))


def _as_run_once(source: bytes, name: str) -> bytes:
    """A script that a page runs once, however often outputs load it: a second bokeh would not know the plots of the first."""
    guard = f'if (!(window["kernelapp:ran"] ??= {{}})["{name}"]) {{\nwindow["kernelapp:ran"]["{name}"] = true;\n'
    return guard.encode() + source + b"\n}\n"


def _index(folders: AssetFolders) -> Asset:
    return _make(list_widget_modules(folders), ".json", immutable=False)


def _make(content: bytes, suffix: str, *, immutable: bool) -> Asset:
    packed = content if suffix in _COMPRESSED else gzip.compress(content, 6, mtime=0)
    encoding = "" if suffix in _COMPRESSED else "gzip"
    return Asset(packed, encoding, _TYPES[suffix], hashlib.sha256(content).hexdigest()[:32], immutable)
