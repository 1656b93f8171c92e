"""The tasks of one session, which end with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Runs them in the background; one that fails is logged."""

    def __init__(self, log: logging.LoggerAdapter[logging.Logger]) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._log = log

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin with one."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self._log.error("a task of the session failed", exc_info=problem)

    async def cancel(self) -> None:
        """Cancel all, and wait for them."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
