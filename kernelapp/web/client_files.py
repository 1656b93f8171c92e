"""The built web client: its files, and which of them a page needs first."""

from __future__ import annotations

import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OperatorError

_CONTROLS = "src/controls/registry.ts"  # loaded when a page has controls
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # best first
_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".json": "application/json"}


@dataclass(frozen=True)
class ClientFile:
    """A file of the client, as it may be sent."""

    path: Path
    content_type: str
    encodings: dict[str, Path]


class ClientFiles:
    """The client as built into `folder`. Raises OperatorError when it is not there."""

    def __init__(self, folder: Path | None = None) -> None:
        root = folder or find_client()
        manifest = json.loads((root / ".vite" / "manifest.json").read_text())
        entry = manifest["src/main.ts"]
        self.script: str = entry["file"]
        self.entries: dict[str, str] = {name: item["file"] for name, item in manifest.items() if item.get("isEntry")}
        self.preload: list[str] = [manifest[name]["file"] for name in entry.get("imports", [])]
        self.controls: list[str] = _with_imports(manifest, _CONTROLS)
        self.css = "\n".join((root / name).read_text() for name in entry.get("css", []))
        self._files = {file.relative_to(root).as_posix(): _describe(file) for file in root.rglob("*") if _is_served(file)}

    def find(self, name: str) -> ClientFile | None:
        """The file with this path below the client's folder; None for anything that was not built."""
        return self._files.get(name)


def _with_imports(manifest: dict[str, Any], name: str) -> list[str]:
    """The files of a chunk and of all that it imports, the imported first."""
    files: list[str] = []
    for each in manifest[name].get("imports", []):
        files += [file for file in _with_imports(manifest, each) if file not in files]
    return [*files, manifest[name]["file"]]


def find_client() -> Path:
    """Where the built client is: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    for folder in (package / "static", package.parent / "static" / "dist"):
        if (folder / ".vite" / "manifest.json").is_file():
            return folder
    raise OperatorError("the web client is not built; run 'make client' in the checkout, or install kernelapp with pip")


def _is_served(file: Path) -> bool:
    return file.is_file() and file.suffix not in (".br", ".gz", ".map") and ".vite" not in file.parts


def _describe(file: Path) -> ClientFile:
    content_type = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    found = {name: file.with_name(file.name + suffix) for name, suffix in _ENCODINGS}
    return ClientFile(file, content_type, {name: path for name, path in found.items() if path.is_file()})
