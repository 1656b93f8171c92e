"""What cells printed beyond what their page shows, kept on the disk for the viewer to download."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

_LOST = "\n[More was printed here than is kept: the rest is lost.]\n"


class CutOutput:
    """Of one session, in its directory. `max_bytes` bounds all of it together; what cannot be written is lost, and the file says so."""

    def __init__(self, directory: Path, max_bytes: int, log: logging.LoggerAdapter[logging.Logger]) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._log = log
        self._sizes: dict[Path, int] = {}
        with contextlib.suppress(OSError):  # those of a session that is taken over
            self._sizes = {path: path.stat().st_size for path in directory.iterdir()}
        self._open: tuple[Path, Any] | None = None  # of the cell that prints now
        self._full: Path | None = None

    def write(self, cell: str, kind: str, content: bytes, *, first: bool) -> None:
        """Keep the text of a stream's or a display's content. `first`: what an earlier run of the cell left goes."""
        path = self._path(cell)
        if first:
            self._begin(path)
        elif path == self._full:
            return
        text = _text_of(kind, content).encode(errors="replace")
        room = max(0, self._max_bytes - sum(self._sizes.values()))
        try:
            self._append(path, text if len(text) <= room else text[:room] + _LOST.encode())
        except OSError as problem:
            self._log.error("the rest of a cell's output cannot be kept: %s", problem)
            room = 0
        if len(text) > room:
            self._full = path

    def _begin(self, path: Path) -> None:
        self.close()
        self._full = None
        self._sizes.pop(path, None)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)

    def _append(self, path: Path, text: bytes) -> None:
        if self._open is None or self._open[0] != path:
            self.close()
            self._open = (path, path.open("ab", buffering=0))
        self._open[1].write(text)
        self._sizes[path] = self._sizes.get(path, 0) + len(text)

    def find(self, cell: str) -> Path | None:
        """The file with the rest of what a cell printed, if there is one."""
        path = self._path(cell)
        return path if path in self._sizes else None

    def _path(self, cell: str) -> Path:
        return self._directory / f"{hashlib.sha256(cell.encode()).hexdigest()[:32]}.txt"

    def close(self) -> None:
        """No file is open then."""
        if self._open is not None:
            self._open[1].close()
            self._open = None


def _text_of(kind: str, content: bytes) -> str:
    told = json.loads(content)
    if kind == "stream":
        return str(told.get("text", ""))
    data = told.get("data") or {}
    plain = data.get("text/plain", "") if isinstance(data, dict) else ""
    return f"{''.join(plain) if isinstance(plain, list) else plain}\n"
