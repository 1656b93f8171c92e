"""One frozen dataclass for each message of the wire (docs/architecture.md, "The wire")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

VERSION = "kernelapp.v1"

Declaration = Mapping[str, Any]
"""A control's declaration: JSON, with the fields that docs/architecture.md lists for its kind."""


class SessionStatus(StrEnum):
    """What the server says of a session; the page adds `connecting` and `reconnecting`."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    IDLE = "idle"
    DEAD = "dead"


class CellStatus(StrEnum):
    """Where a cell stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STALE = "stale"
    UPSTREAM_FAILED = "upstream-failed"
    UPSTREAM_STOPPED = "upstream-stopped"


# Server to browser


@dataclass(frozen=True)
class Welcome:
    """The first frame on every connection (`hello` on the wire).

    `last_seq`: the number of the page's last message; up to it what follows is what the page missed. `last_event`: the number of the last
    event that the session has taken. `lost`: why this is not the session that was asked for
    ("ended", "in-use"), or None.
    """

    session: str
    app: str
    resumed: bool
    state: SessionStatus
    last_seq: int
    last_event: int
    lost: str | None = None


@dataclass(frozen=True)
class Status:
    """The session's state. `place` counts from 1 in the queue of sessions that wait for a kernel."""

    state: SessionStatus
    place: int | None = None
    detail: str | None = None
    restartable: bool = False


@dataclass(frozen=True)
class CellFailure:
    """Why a cell failed. `traceback` (lines with ANSI colours) is None unless the author asked for it."""

    message: str
    reference: str
    traceback: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Cell:
    """A cell's status; `run` counts its runs from 1."""

    cell: str
    status: CellStatus
    run: int
    error: CellFailure | None = None


@dataclass(frozen=True)
class Output:
    """Something that a cell displays. `content` is JSON as the kernel made it: bytes, never decoded on the way.

    `op` is one of append, update, clear, truncated; `kind` is Jupyter's message type.
    """

    cell: str
    op: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class Control:
    """A control is declared at this place of the cell's outputs, or removed (`control` is then `{"key": …}`)."""

    op: str
    cell: str
    control: Declaration


@dataclass(frozen=True)
class Blob:
    """A large text or buffer of a widget: pages get it once, by HTTP, under the name `hash`."""

    hash: str
    content: bytes


@dataclass(frozen=True)
class Comm:
    """A widget's comm. `op` is one of open, msg, close; `content` is Jupyter's, JSON as the kernel made it.

    `texts`: entries of `content.data.state` that are left out there, by name. `event`: the browser's event that the kernel answers.
    """

    op: str
    comm: str
    content: bytes
    buffers: tuple[bytes | Blob, ...] = ()
    texts: Mapping[str, Blob] = field(default_factory=dict)
    version: str | None = None
    event: int | None = None


@dataclass(frozen=True)
class WidgetOutput:
    """What the kernel displays while an Output widget captures it (`widget-output` on the wire); the fields are those of `Output`."""

    comm: str
    op: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class Settled:
    """The page answers every event up to this number."""

    event: int


@dataclass(frozen=True)
class Refusal:
    """Something that the browser sent was not accepted (`error` on the wire); nothing has changed."""

    code: str
    message: str
    event: int | None = None


@dataclass(frozen=True)
class Pong:
    """The answer to `ping`."""

    t: float


PageMessage = Status | Cell | Output | Control | Comm | WidgetOutput | Settled
"""What the page shows: numbered and kept in the journal."""

ServerMessage = Welcome | PageMessage | Refusal | Pong


# Browser to server


@dataclass(frozen=True)
class Hello:
    """Opens a session (None, 0) or resumes one after the message numbered `last_seq`.

    `record`: the page was painted from the record of this name, and has nothing else yet; `last_seq` is of the last frame painted.
    `page` names the document that says it, so that its own reconnect can be told from a copy of the tab. `inputs` are the values that the
    viewer has set, by key, for the case that the session is gone.
    """

    session: str | None
    last_seq: int
    record: str | None = None
    page: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """A viewer changed a control. `event` counts from 1 in each session."""

    event: int
    control: str
    value: Any


@dataclass(frozen=True)
class CommEvent:
    """A widget on the page tells its counterpart in the kernel (`comm` on the wire); numbered together with `Event`."""

    event: int
    comm: str
    data: Mapping[str, Any]
    buffers: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Stop:
    """Interrupt what runs."""


@dataclass(frozen=True)
class Rerun:
    """Run the whole notebook again with the viewer's values; in a new kernel when the kernel is dead."""


@dataclass(frozen=True)
class Restart:
    """End the kernel, whatever it does; run the whole notebook in a new one, with the viewer's values."""


@dataclass(frozen=True)
class Ping:
    """Answered with `Pong`."""

    t: float


BrowserMessage = Hello | Event | CommEvent | Stop | Rerun | Restart | Ping
