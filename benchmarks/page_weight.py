"""Requests and bytes, as they cross the network, from navigation to a settled plain page; and that no other host is asked.

python -m benchmarks.page_weight
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import async_playwright

from tests.end_to_end.browser import launch_chromium, wait_for_idle
from tests.end_to_end.harness import Server, write_notebook

CELLS: tuple[tuple[str, str, list[str]], ...] = (
    ("markdown", "# A plain page\n\nSome *text*.", []),
    ("code", 'import kernelapp as ka\nn = ka.slider("N", 0, 10, 1)\nname = ka.text_input("Name", "Ada")', []),
    ("code", 'print("hello", name)\nn * 2', []),
)


async def weigh(server: Server) -> dict[str, object]:
    """Load the page with an empty cache, and add up what came."""
    async with async_playwright() as playwright:
        browser = await launch_chromium(playwright)
        page = await browser.new_page()
        network = await page.context.new_cdp_session(page)
        await network.send("Network.enable")
        addresses: dict[str, str] = {}
        sizes: dict[str, int] = {}
        network.on("Network.requestWillBeSent", lambda event: addresses.update({event["requestId"]: event["request"]["url"]}))
        network.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])}))
        await page.goto(f"{server.url}/app/app")
        await wait_for_idle(page)
        await browser.close()
    fetched = {address: sizes.get(request, 0) for request, address in addresses.items() if not address.startswith("data:")}
    hosts = {urlsplit(address).netloc for address in fetched} - {urlsplit(server.url).netloc}
    client = sum(size for address, size in fetched.items() if "/static/" in address)
    document = sum(size for address, size in fetched.items() if "/app/" in address)
    return {
        "requests": len(fetched),
        "document_bytes": document,
        "client_bytes": client,
        "all_bytes": sum(fetched.values()),
        "other_hosts": sorted(hosts),
    }


def main() -> None:
    """Weigh and print."""
    with tempfile.TemporaryDirectory() as folder, Server(write_notebook(Path(folder) / "app.ipynb", *CELLS)) as server:
        print(json.dumps(asyncio.run(weigh(server))))


if __name__ == "__main__":
    main()
