"""The Python interpreters of this machine, for tests of what runs in kernels: those differ from the server's."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

_NAMES = ("python3.13", "python3.12", "python3.11", "python3.10")


@cache
def interpreters() -> dict[str, str]:
    """Minor version → interpreter that can make environments; this one is always among them."""
    found = {}
    folders = [*os.environ["PATH"].split(os.pathsep), *map(str, sorted(Path.home().glob(".pyenv/versions/*/bin")))]
    for name in _NAMES:
        for path in (Path(folder) / name for folder in folders):
            if name not in found and path.exists() and _works(path):
                found[name] = str(path)
    found[f"python3.{sys.version_info.minor}"] = sys.executable
    return {name.removeprefix("python"): path for name, path in found.items()}


def newest() -> str:
    """The newest of them."""
    return max(interpreters().items(), key=lambda item: int(item[0].partition(".")[2]))[1]


def _works(path: Path) -> bool:
    """Whether it is an interpreter (and not a stand-in for one that is not chosen), with all that it takes to make environments."""
    return subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode == 0
