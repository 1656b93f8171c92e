"""The templates of a server's apps: made in the background, made anew when something that they were made of changes, bounded in number.

While an app has no template that is up to date its sessions open by exec.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..kernels.stamps import Stamps
from ..notebook import Notebook
from .held import Held, SessionLease
from .making import Level, Made, Maker
from .starts import StartQueue

log = logging.getLogger(__name__)

_WATCH_S = 2.0  # how often what templates were made of is looked at, besides at each page that is opened
_FIRST_PAUSE_S = 1.0  # before a template that ended, or whose files changed, is made again; twice as long each time, up to
_LONGEST_PAUSE_S = 300.0
_LIVED_S = 60.0  # one that lived so long did not fail at once: the pause is short again
_KEPT_S = 600.0  # an app that was opened so recently does not lose its template to another

_MODES = ("off", "imports", "auto")


@dataclass(frozen=True)
class TemplateSettings:
    """What templates need of the settings."""

    mode: str
    standby: int
    max_templates: int
    ttl_s: float
    max_first_paint_bytes: int


@dataclass
class _App:
    """One app, with its template in use and what is known of the latest attempt to make one."""

    notebook: Notebook
    opened_at: float = float("-inf")
    held: Held | None = None
    held_key: Any = None
    making: asyncio.Task[None] | None = None
    key: Any = None  # of the latest attempt; None before the first
    stamps: Stamps | None = None
    made_at: float = 0.0
    pause_s: float = _FIRST_PAUSE_S
    again_at: float = float("-inf")  # not before this time
    written: set[Path] = field(default_factory=set)  # files that changed while the notebook ran: perhaps it writes them


def _key(notebook: Notebook) -> Any:
    """What a template is made of: notebooks with the same key may share one."""
    return notebook.kernel_name, notebook.path.parent, notebook.code_cells, notebook.metadata.rerun, notebook.metadata.template


class Templates:
    """All of them. `environment` finds the folders that a notebook's kernel imports from."""

    def __init__(
        self,
        maker: Maker,
        environment: Callable[[Notebook], Awaitable[list[Path]]],
        starts: StartQueue,
        settings: TemplateSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._maker = maker
        self._environment = environment
        self._starts = starts
        self._settings = settings
        self._clock = clock
        self._apps: dict[str, _App] = {}
        self._old: list[Held] = []
        self._watching: asyncio.Task[None] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._cancelled: set[asyncio.Task[None]] = set()
        self._closed = False

    # For sessions and pages

    def lease(self, notebook: Notebook) -> SessionLease | None:
        """A hold on the app's template for a new session; None while there is none of this very notebook and of the files as they are."""
        held = self._current(notebook)
        return held.lease() if held is not None else None

    def page(self, notebook: Notebook) -> bytes | None:
        """What the app's page shows before its session begins, as JSON; None when nothing is known."""
        held = self._current(notebook)
        return held.page if held is not None else None

    def _current(self, notebook: Notebook) -> Held | None:
        app = self._want(notebook)
        if app is None:
            return None
        app.opened_at = self._clock()
        usable = app.held is not None and not app.held.dead and app.held_key == _key(notebook)
        return app.held if usable and not self._has_changed(app) else None

    # Making

    def prepare(self, notebooks: Iterable[Notebook]) -> None:
        """Make templates before anyone asks, as many as there may be."""
        wanted = [self._want(notebook) for notebook in notebooks]
        making = [app.making for app in wanted if app is not None and app.making is not None]
        if making:
            self._preparing = asyncio.get_running_loop().create_task(self._tell_prepared(making))

    async def _tell_prepared(self, making: list[asyncio.Task[None]]) -> None:
        await asyncio.wait(making)
        log.info("the templates of %d app(s) are made", len(making))

    def watch(self, refresh: Callable[[str], Awaitable[Notebook | None]]) -> None:
        """Begin to look at what templates were made of; `refresh` reads an app's notebook again, and gives None when it is gone."""
        self._watching = asyncio.get_running_loop().create_task(self._watch(refresh))

    async def _watch(self, refresh: Callable[[str], Awaitable[Notebook | None]]) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            self._old = [held for held in self._old if not held.has_ended]
            for name in list(self._apps):
                notebook = await refresh(name)
                if notebook is None:
                    self._drop(name)
                elif name in self._apps:
                    self._want(notebook)

    def _want(self, notebook: Notebook) -> _App | None:
        """See to it that a template of this notebook is there or being made, if there is room."""
        if self._closed or self._mode(notebook) == "off" or notebook.language != "python":
            return None
        app = self._apps.get(notebook.name)
        if app is None:
            if not self._make_room():
                return None
            app = self._apps[notebook.name] = _App(notebook)
        app.notebook = notebook
        if app.making is None and self._is_due(app):
            app.making = asyncio.get_running_loop().create_task(self._make(app))
        return app

    def _mode(self, notebook: Notebook) -> str:
        return min(self._settings.mode, notebook.metadata.template or "auto", key=_MODES.index)

    def _make_room(self) -> bool:
        if len(self._apps) < self._settings.max_templates:
            return True
        now = self._clock()
        idle = [
            name
            for name, app in self._apps.items()
            if app.making is None and not (app.held is not None and app.held.is_used) and now - app.opened_at > _KEPT_S
        ]
        if not idle:
            return False
        self._drop(min(idle, key=lambda name: self._apps[name].opened_at))
        return True

    def _is_due(self, app: _App) -> bool:
        if app.key != _key(app.notebook):
            return True
        now = self._clock()
        is_old = self._settings.ttl_s > 0 and now - app.made_at > self._settings.ttl_s
        is_dead = app.held is not None and app.held.dead
        return now >= app.again_at and (is_old or is_dead or self._has_changed(app))

    @staticmethod
    def _has_changed(app: _App) -> bool:
        return app.stamps is not None and app.stamps.changed() is not None

    async def _make(self, app: _App) -> None:
        notebook, name = app.notebook, app.notebook.name
        app.key = key = _key(notebook)
        try:
            async with self._starts.turn(lambda _: None):
                folders = await self._environment(notebook)
                stamps, began, began_ns = Stamps(folders), self._clock(), time.time_ns()
                made = await self._maker.make(notebook, self._mode(notebook))
                app.written |= stamps.add(made.template.files() if made.guard else (), began_ns, app.written)
        except Exception:
            log.exception("the template of %s could not be made", name)
            self._pause(app)
            return
        finally:
            app.making = None
        if self._closed:
            await made.end()
            return
        self._tell(notebook, made, self._clock() - began)
        self._replace(app, key, made)
        app.stamps = stamps
        self._pause(app)

    def _pause(self, app: _App) -> None:
        """Not again at once: what made this one necessary may come again and again."""
        now = self._clock()
        app.pause_s = _FIRST_PAUSE_S if now - app.made_at > _LIVED_S else min(2 * app.pause_s, _LONGEST_PAUSE_S)
        app.made_at, app.again_at = now, now + app.pause_s

    def _replace(self, app: _App, key: Any, made: Made) -> None:
        self._retire(app)
        if made.level is Level.EXEC:
            return
        held = app.held = Held(made, self._settings.standby, self._settings.max_first_paint_bytes)
        app.held_key = key
        assert made.guard is not None

        def ended(reason: str) -> None:
            held.dead = True
            if not self._closed and app.held is held:
                log.warning("the template of %s has ended, and is made again: %s", app.notebook.name, reason)

        made.guard.on_end = ended

    def _retire(self, app: _App) -> None:
        held, app.held = app.held, None
        if held is not None:
            self._old.append(held)
            held.retire()

    def _drop(self, name: str) -> None:
        app = self._apps.pop(name)
        if app.making is not None:
            app.making.cancel()
            self._cancelled.add(app.making)
            app.making.add_done_callback(self._cancelled.discard)
        self._retire(app)

    @staticmethod
    def _tell(notebook: Notebook, made: Made, took_s: float) -> None:
        of = len(notebook.code_cells)
        what = f"{made.level}, {made.cells} of {of} cells" if made.level is Level.SNAPSHOT else str(made.level)
        log.info("template of %s: %s, in %.1f s%s", notebook.name, what, took_s, f": {made.reason}" if made.reason else "")

    async def close(self, *, leave: bool = False) -> None:
        """End all of them, with their kernels; with `leave`, the kernels of sessions are left to the next server."""
        self._closed = True
        making = (app.making for app in self._apps.values())
        tasks = [task for task in (self._watching, self._preparing, *making, *self._cancelled) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for app in self._apps.values():
            self._retire(app)
        await asyncio.gather(*(held.close(leave=leave) for held in self._old))
