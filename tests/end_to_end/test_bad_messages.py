"""A browser that sends nonsense harms nobody: each bad frame gets its code, and the session works on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .harness import Page, Server, Viewer, serving

GOLDEN = json.loads((Path(__file__).parent.parent / "wire_golden" / "bad_from_browser.json").read_text())
EXPANSIONS = {"@DIGITS@": "9" * 5_000, "@NESTED@": "[" * 100_000, "@LONG@": "k" * 10_000}
KEYS = {"@SLIDER@": "slider", "@OFF@": "off"}


def frame(text: str) -> str:
    for mark, expansion in EXPANSIONS.items():
        text = text.replace(mark, expansion)
    return text


def event(control: str, value: Any, number: int) -> str:
    return json.dumps({"type": "event", "event": number, "control": control, "value": value})


BAD: list[tuple[str, str | bytes, str]] = [
    *((case["name"], frame(case["text"]), case["code"]) for case in GOLDEN),
    ("binary", b"\x00\x01", "binary"),
    ("too large", json.dumps({"type": "stop", "x": "x" * 1_100_000}), "too-large"),
    ("a second hello", json.dumps({"type": "hello", "session": None, "last_seq": 0}), "hello-again"),
    ("an unknown control", event("nobody", 1, 2), "unknown-control"),
    ("a value out of bounds", event("slider", 11, 3), "bad-value"),
    ("a value of another type", event("slider", "1; import os", 4), "bad-value"),
    ("a disabled control", event("off", 1, 5), "disabled"),
]

CELL = """\
import kernelapp as ka
n = ka.slider("N", 0, 10, 1, key="slider")
off = ka.slider("Off", 0, 10, 1, key="off", disabled=True)
print(n)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), CELL) as running:
        yield running


async def works(page: Page, value: int) -> None:
    await page.set("slider", value)
    await page.idle()
    assert page.text("c0") == f"{value}\n"


async def test_every_bad_message_gets_its_code_and_the_session_works_on(server: Server) -> None:
    assert len(BAD) >= 30
    async with Viewer(server).page("app") as page:
        await page.idle()
        for name, bad, code in BAD:
            before = len(page.errors)
            await page.send(bad)
            await page.until(lambda count=before: len(page.errors) > count)  # type: ignore[misc]
            assert page.errors[-1]["code"] == code, name
            assert "Traceback" not in page.errors[-1]["message"]
        page._event = 10
        await works(page, 3)
        await works(page, 4)


async def test_replayed_and_foreign_messages_change_nothing_anywhere(server: Server) -> None:
    async with Viewer(server).page("app") as page, Viewer(server).page("app") as other:
        await page.idle()
        await other.idle()
        await works(page, 3)
        runs = page.cells["c0"]["run"]
        for _ in range(20):
            await page.send(event("slider", 9, page._event))  # a number that was taken before
        await works(page, 4)
        assert page.cells["c0"]["run"] == runs + 1
        for session in (other.session, "no-such-session", "../../etc/passwd"):
            thief = Page(await Viewer(server).open("app"))
            await thief.hello(session, 5)
            assert thief.session not in (other.session, page.session)
            await thief.close()
        await works(other, 5)


async def test_nothing_is_accepted_before_hello(server: Server) -> None:
    page = Page(await Viewer(server).open("app"))
    await page.send({"type": "stop"})
    await page.read()
    assert page.errors[-1]["code"] == "no-hello"
    await page.hello()
    await page.idle()
    await page.close()


async def test_a_flood_is_refused_and_the_session_works_on(server: Server) -> None:
    async with Viewer(server).page("app") as page, Viewer(server).page("app") as other:
        await page.idle()
        await other.idle()
        for _ in range(250):
            await page.send({"type": "ping", "t": 1})
        await works(other, 5)
        await page.until(lambda: any(error["code"] == "rate" for error in page.errors))
        await asyncio.sleep(1)  # the rate is counted per second
        page._event = 300
        await works(page, 6)


async def test_a_browser_that_sends_only_nonsense_is_cut_off(server: Server) -> None:
    page = Page(await Viewer(server).open("app"))
    for _ in range(300):
        await page.send("nonsense")
    while await page.read() is not None:
        pass
    await page.close()


async def test_another_site_may_not_connect(server: Server) -> None:
    from tornado.httpclient import HTTPClientError

    with pytest.raises(HTTPClientError, match="403"):
        await Viewer(server).open("app", origin="http://evil.example")
