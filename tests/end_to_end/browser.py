"""Debian's chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil

from playwright.async_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str:
    """Where the browser is: `KERNELAPP_CHROMIUM`, else on the PATH."""
    found = os.environ.get("KERNELAPP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("no chromium found; install it (Debian: apt-get install chromium) or set KERNELAPP_CHROMIUM to its path")
    return found


async def launch_chromium(playwright: Playwright) -> Browser:
    """A headless browser."""
    return await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)


async def wait_for_state(page: Page, state: str, timeout_s: float = 60.0) -> None:
    """Wait until the page says that it is in `state`."""
    await page.wait_for_function("state => document.body.dataset.state === state", arg=state, timeout=timeout_s * 1000)


async def wait_for_idle(page: Page) -> None:
    """Wait until the page answers every event sent so far."""
    await wait_for_state(page, "idle")


class Watch:
    """What a page complained about, and which hosts it asked."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        self.addresses: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.addresses.append(request.url))

    def foreign(self, base: str) -> list[str]:
        """Requests that did not go to the server at `base`."""
        return [address for address in self.addresses if not address.startswith((base, "data:", "blob:"))]
