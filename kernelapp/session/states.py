"""The states of a session: which may follow which, and what is said of them."""

from __future__ import annotations

from ..wire.messages import SessionStatus

TRANSITIONS: dict[SessionStatus, frozenset[SessionStatus]] = {
    SessionStatus.QUEUED: frozenset({SessionStatus.QUEUED, SessionStatus.STARTING, SessionStatus.DEAD}),
    SessionStatus.STARTING: frozenset({SessionStatus.RUNNING, SessionStatus.IDLE, SessionStatus.DEAD}),
    SessionStatus.RUNNING: frozenset({SessionStatus.IDLE, SessionStatus.DEAD, SessionStatus.QUEUED}),
    SessionStatus.IDLE: frozenset({SessionStatus.RUNNING, SessionStatus.DEAD, SessionStatus.QUEUED}),
    SessionStatus.DEAD: frozenset({SessionStatus.QUEUED}),
}
"""From each state, the states that may follow."""

UNRESPONSIVE = "What runs does not react to Stop. You can end it; the app then starts again with your values."
