"""What a cell may do to its own run."""

from __future__ import annotations

from typing import NoReturn


class StoppedError(BaseException):
    """Ends the cell that called `stop`; not an Exception, so that the author's `except Exception` lets it pass."""

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows of it where no server runs the notebook."""
        return [str(self)]


def stop() -> NoReturn:
    """End this cell here, without an error. What depends on it shows nothing until it comes to its end again."""
    raise StoppedError("kernelapp: this cell was stopped by ka.stop()")
