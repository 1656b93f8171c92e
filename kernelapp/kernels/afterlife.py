"""How kernels outlive a killed server, and who ends them when no other server comes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import keeper

_START_S = 30.0


@dataclass(frozen=True)
class Afterlife:
    """`state`: the server's state directory, by which its kernels are known; `links`: where the kernels' own directories are linked."""

    state: Path
    links: Path
    max_spool_bytes: int

    def start(self, grace_s: float, groups: list[str]) -> None:
        """Start the keeper; it is not our child, and ends when this server and all kernels have. `groups`: globs of their groups."""
        self.links.mkdir(mode=0o700, exist_ok=True)
        (self.state / keeper.GROUPS).write_text("\n".join(groups), encoding="utf-8")
        command = [sys.executable, "-S", "-E", keeper.__file__, str(self.state), str(grace_s)]
        quiet = subprocess.DEVNULL
        subprocess.run(command, cwd="/", stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, check=True, timeout=_START_S)


def is_possible() -> bool:
    """Whether this platform has what it takes: pidfds, and /proc."""
    return sys.platform == "linux"
