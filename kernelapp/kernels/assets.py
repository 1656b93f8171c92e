"""Browser files that a library in the kernel's own environment brings along, such as plotly's script."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import KernelspecError
from .specs import find_kernelspec, interpreter_of

_FILES = {"plotly/plotly.min.js": ("plotly", "package_data/plotly.min.js")}
"""What pages may ask for: address -> package, and the file inside it. Nothing else is served."""

_WHERE = """\
import importlib.util, sys
spec = importlib.util.find_spec(sys.argv[1])
print(spec.submodule_search_locations[0] if spec else "")
"""
_ASK_S = 20.0


@dataclass(frozen=True)
class Asset:
    """A file's content, compressed with gzip, and the hash of the content."""

    gzipped: bytes
    etag: str


class KernelAssets:
    """Finds and keeps the files; each interpreter is asked once for each package."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._found: dict[tuple[str, str], asyncio.Task[Asset | None]] = {}

    async def get(self, kernel_name: str | None, address: str) -> Asset | None:
        """The file at `address` for apps that run with this kernel; None when there is none."""
        if address not in _FILES:
            return None
        key = (kernel_name or "", address)
        if key not in self._found:
            self._found[key] = asyncio.create_task(self._read(kernel_name, *_FILES[address]))
        asset = await asyncio.shield(self._found[key])
        if asset is None:
            self._found.pop(key, None)  # it may be installed later
        return asset

    async def _read(self, kernel_name: str | None, package: str, file: str) -> Asset | None:
        folder = await self._find_package(kernel_name, package)
        path = Path(folder) / file
        if not folder or not path.is_file():
            return None
        return await asyncio.to_thread(_load, path)

    async def _find_package(self, kernel_name: str | None, package: str) -> str:
        try:
            spec = find_kernelspec(kernel_name)
        except KernelspecError:
            return ""
        if spec.language.lower() != "python" or not spec.argv:
            return ""
        process = await asyncio.create_subprocess_exec(
            *(interpreter_of(spec), "-c", _WHERE, package),
            cwd="/",
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _ASK_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            return ""
        return output.decode().strip()


def _load(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(gzip.compress(content, 6), hashlib.sha256(content).hexdigest()[:32])
