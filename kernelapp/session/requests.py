"""What a session has asked its kernel to run: which request is which run's, so that late output is told apart."""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict

from .effects import RunCell

_REMEMBERED = 500  # of cells that ran: their late output (threads, tasks) is told apart from that of later runs
_SAVED = 100  # of these, for the next server: each save writes them


class Requests:
    """Cell and run by request id.

    `latest`: what was sent last, and its request. `begun`: whether the kernel has begun with it; a new event for each.
    """

    def __init__(self) -> None:
        self.latest: tuple[str, RunCell] | None = None
        self.begun = asyncio.Event()
        self._known: OrderedDict[str, tuple[str, int]] = OrderedDict()

    @classmethod
    def thawed(cls, known: OrderedDict[str, tuple[str, int]], latest: tuple[str, RunCell] | None, begun: bool) -> Requests:
        """As they were saved."""
        requests = cls()
        requests._known, requests.latest = known, latest
        if begun:
            requests.begun.set()
        return requests

    def saved(self) -> OrderedDict[str, tuple[str, int]]:
        """What is saved of them."""
        return OrderedDict(list(self._known.items())[-_SAVED:])

    def find(self, request: str) -> tuple[str, int] | None:
        """The cell and the run that this was for."""
        return self._known.get(request)

    def note(self, run: RunCell) -> str:
        """A cell is about to be sent; returns the id of its request."""
        request = uuid.uuid4().hex
        self.begun = asyncio.Event()
        self.latest = (request, run)
        self._known[request] = (run.cell, run.run)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return request
