"""What a template's run of the notebook left: where the sessions that are forked from it begin, and what their page shows first."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from ..wire.codec import is_text
from .effects import Publish
from .journal import Journal
from .machine import Machine


@dataclass(frozen=True)
class Record:
    """One run of the notebook with every input at its default. `id` names it; nothing in it is any viewer's own."""

    id: str
    machine: Machine
    journal: Journal

    @staticmethod
    def of(id: str, machine: Machine, journal: Journal) -> Record:
        """The record of a session that has settled; the cells that run again in each session are shown as waiting to."""
        begun = machine.forked()
        shown = journal.forked()
        for effect in begun.foresee():
            if isinstance(effect, Publish):
                shown.append(effect.message)
        return Record(id, begun, shown.forked())

    def begin(self) -> tuple[Machine, Journal]:
        """A machine and a journal for a session of its own."""
        return self.machine.forked(), self.journal.forked()

    def page(self, max_bytes: int) -> bytes:
        """JSON for a `<script>` element: `{"record": id, "frames": […]}`, as many of the page's frames, in order, as fit into `max_bytes`.

        Binary frames are written in base64.
        A page goes on after the last frame that it has; no `<` is in the text, so that nothing in it ends the element.
        """
        frames: list[bytes] = []
        left = max_bytes
        for frame in self.journal.page():
            safe = frame.replace(b"<", b"\\u003c") if is_text(frame) else b'"%s"' % b64encode(frame)
            left -= len(safe)
            if left < 0:
                break
            frames.append(safe)
        return b'{"record":"%s","frames":[%s]}' % (self.id.encode(), b",".join(frames))
