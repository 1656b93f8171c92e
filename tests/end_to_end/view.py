"""A page in a browser of its own: a fresh context for each, and what it complained about."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from .browser import Watch, wait_for_idle
from .harness import Server

expect.set_options(timeout=30_000)  # as generous as the harness: kernels start while other tests run


class View:
    """One tab on one app. `watch` holds its complaints and the addresses that it asked."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.watch = Watch(page)

    @property
    def context(self) -> BrowserContext:
        """The browser context that this tab is alone in."""
        return self.page.context

    async def open(self, app: str = "app", *, idle: bool = True) -> None:
        """Load the app's page and, unless told otherwise, wait until it answers."""
        await self.page.goto(f"{self.server.url}/app/{app}")
        if idle:
            await wait_for_idle(self.page)

    def cell(self, cell: str) -> Locator:
        """A cell, outputs and controls."""
        return self.page.locator(f'[data-cell="{cell}"]')

    def control(self, label: str) -> Locator:
        """What stands around the input with this label."""
        return self.page.locator("[data-control]").filter(has=self.page.get_by_label(label, exact=True))

    async def shows(self, cell: str, text: str | re.Pattern[str]) -> None:
        """Wait until what a cell printed is one text, which is exactly `text` or matches it, and nothing of an earlier run."""
        await expect(self.cell(cell).locator("pre[data-stream]")).to_have_text([text])

    async def says(self, label: str, message: str | re.Pattern[str]) -> None:
        """Wait until a control tells its viewer `message`."""
        await expect(self.control(label).locator(".ka-message")).to_have_text(message)

    async def idle(self) -> None:
        """Wait until the page answers every event sent so far."""
        await wait_for_idle(self.page)

    async def until(self, expression: str, value: Any = None) -> None:
        """Wait until a JavaScript expression of the page, given `value` as `it`, is true."""
        await self.page.wait_for_function(f"it => {expression}", arg=value, timeout=30_000)


@asynccontextmanager
async def viewing(browser: Browser, server: Server, app: str | None = "app", **options: Any) -> AsyncIterator[View]:
    """A tab in a context of its own with these options; with an `app` it is opened and idle."""
    context = await browser.new_context(**options)
    try:
        view = View(await context.new_page(), server)
        if app is not None:
            await view.open(app)
        yield view
    finally:
        await context.close()
