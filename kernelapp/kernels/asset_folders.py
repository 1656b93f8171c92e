"""Where the environment of a kernel keeps files for browsers; its own interpreter is asked, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec

from ..errors import KernelspecError
from .specs import find_kernelspec, interpreter_of

_ASK = """\
import json, sys
try:
    from jupyter_core.paths import jupyter_path
    data = jupyter_path()
except ImportError:
    data = [sys.prefix + "/share/jupyter"]
print(json.dumps([data, sys.path]))
"""
_ASK_S = 20.0


@dataclass(frozen=True)
class AssetFolders:
    """Folders of one environment, first come, first served: Jupyter's data directories, and those that packages are imported from."""

    jupyter: tuple[Path, ...] = ()
    packages: tuple[Path, ...] = ()

    def roots(self, kind: str) -> list[Path]:
        """The existing folders of a kind below the data directories: `nbextensions` or `labextensions`."""
        return [folder / kind for folder in self.jupyter if (folder / kind).is_dir()]


class AssetFolderFinder:
    """Asks each interpreter once, with the environment variables that its kernels get."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._asked: dict[tuple[str, ...], asyncio.Task[AssetFolders | None]] = {}

    async def find(self, kernel_name: str | None) -> AssetFolders:
        """The folders of the kernel's environment; none when it is not Python's, or does not answer (it is asked again)."""
        try:
            spec = find_kernelspec(kernel_name)
        except KernelspecError:
            return AssetFolders()
        if spec.language.lower() != "python" or not spec.argv:
            return AssetFolders()
        environment = {**self._environment, **{name: str(value) for name, value in spec.env.items()}}
        key = _key(spec)
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(_ask(interpreter_of(spec), environment))
        folders = await asyncio.shield(self._asked[key])
        if folders is None:
            self._asked.pop(key, None)
        return folders or AssetFolders()


def _key(spec: KernelSpec) -> tuple[str, ...]:
    return (interpreter_of(spec), *(f"{name}={value}" for name, value in sorted(spec.env.items())))


async def _ask(interpreter: str, environment: Mapping[str, str]) -> AssetFolders | None:
    try:
        process = await asyncio.create_subprocess_exec(
            *(interpreter, "-c", _ASK),
            cwd="/",
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _ASK_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    try:
        data, packages = json.loads(output)
    except ValueError:
        return None
    return AssetFolders(_absolute(data), _absolute(packages))


def _absolute(folders: list[str]) -> tuple[Path, ...]:
    """Without the empty entry of sys.path and others that depend on where a program stands."""
    return tuple(path for path in map(Path, folders) if path.is_absolute())
