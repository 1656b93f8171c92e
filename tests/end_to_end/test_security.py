"""Who may open a server, and what it lets a browser see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError

from .harness import Server, Viewer, serving, write_notebook

SOURCE = "secret_name = 'do not show'\nprint(len(secret_name))"


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), SOURCE) as running:
        yield running


@pytest.fixture(scope="module")
def token_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = write_notebook(tmp_path_factory.mktemp("apps") / "app.ipynb", SOURCE)
    with Server(path, "--host", "0.0.0.0", "--token", "right") as running:
        running.url = re.sub(r"//[^:]+:", "//127.0.0.1:", running.url)
        yield running


def test_beyond_loopback_a_token_is_made_and_printed(tmp_path: Path) -> None:
    with Server(write_notebook(tmp_path / "app.ipynb", "1"), "--host", "0.0.0.0") as server:
        assert re.search(r"\?token=[\w-]{20,}$", server.announced)


def test_a_given_token_opens_the_server(token_server: Server) -> None:
    assert token_server.announced.endswith("?token=right")


@pytest.mark.parametrize("path", ["/", "/app/app", "/app/app?token=wrong", "/app/app/kernel/widgets.json", "/nothing"])
def test_without_the_token_nothing_is_shown(token_server: Server, path: str) -> None:
    status, _, text = token_server.get(path)
    assert status == 403
    assert "complete link" in text


def test_the_token_becomes_a_cookie_and_leaves_the_address_bar(token_server: Server) -> None:
    status, headers, _ = token_server.get("/app/app?token=right&x=1")
    assert (status, headers["Location"]) == (302, "/app/app?x=1")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "right" not in cookie.split(";")[0]
    status, _, _ = token_server.get("/app/app", Cookie=cookie.split(";")[0])
    assert status == 200


def test_the_redirect_stays_on_this_server(token_server: Server) -> None:
    _, headers, _ = token_server.get("//elsewhere.example/app?token=right")
    assert headers["Location"] == "/app"


async def test_the_socket_asks_for_the_cookie_as_well(token_server: Server) -> None:
    viewer = Viewer(token_server)
    viewer.cookie = "nothing=1"
    with pytest.raises(HTTPClientError, match="403"):
        await viewer.open("app")


def test_health_needs_no_token(token_server: Server) -> None:
    assert token_server.get("/healthz")[0] == 200


def test_a_rebound_host_name_is_refused(open_server: Server) -> None:
    assert open_server.get("/app/app", Host="evil.example")[0] == 403
    assert open_server.get("/app/app", Host="localhost")[0] == 200


def test_pages_allow_scripts_by_nonce_only(open_server: Server) -> None:
    _, headers, first = open_server.get("/app/app")
    policy = headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce
    assert "'unsafe-inline'" not in re.search(r"script-src[^;]*", policy).group()  # type: ignore[union-attr]
    assert nonce.group(1) in first
    assert nonce.group(1) not in open_server.get("/app/app")[2]


async def test_no_source_reaches_the_browser(open_server: Server) -> None:
    _, _, html = await asyncio.to_thread(open_server.get, "/app/app")
    async with Viewer(open_server).page("app") as page:
        await page.idle()
        assert page.text("c0") == "11\n"
        assert "secret_name" not in str(page.frames) + html


def test_with_show_code_the_source_is_on_the_page(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, ("code", "hidden = 1", ["hide-input"]), options=("--show-code",)) as server:
        _, _, html = server.get("/app/app")
        assert "secret_name" in html
        assert "hidden" not in re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL).split('data-cell="c1"')[1].split("</ka-cell>")[0]


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/app/..%2f..%2fetc", "/app/app/kernel/../../x", "/static/"]
)
def test_no_path_leads_out(open_server: Server, path: str) -> None:
    assert open_server.get(path)[0] in (400, 403, 404)


def test_an_unknown_address_is_explained(open_server: Server) -> None:
    status, _, text = open_server.get("/app/nope")
    assert status == 404
    assert "Traceback" not in text
    assert "nothing here" in text


def test_one_app_is_opened_at_once_and_several_are_a_gallery(open_server: Server, tmp_path: Path) -> None:
    assert open_server.get("/")[1]["Location"] == "/app/app"
    for name in ("one", "two"):
        write_notebook(tmp_path / f"{name}.ipynb", ("markdown", f"# App {name}", []))
    (tmp_path / "broken.ipynb").write_text("{")
    with Server(tmp_path, "--base-url", "/x/") as server:
        status, _, text = server.get("/")
        assert status == 200
        assert "App one" in text
        assert '/x/app/two"' in text
        assert str(tmp_path) not in text
        assert server.get("/app/broken")[0] == 500
