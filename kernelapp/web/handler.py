"""The base of all handlers: who may pass, the headers of every answer, pages for errors."""

from __future__ import annotations

import asyncio
import math
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tornado.template import Loader
from tornado.web import HTTPError, RequestHandler

from ..auth.hosts import is_own_host
from .listening import address_of
from .site import Site

_TEMPLATES = Loader(str(Path(__file__).parent / "templates"))

_WORDS = {
    403: ("This app is not open to you", "Open it with the complete link that you were given, or ask whoever runs it for a new one."),
    404: ("There is nothing here", "The address may be mistyped, or the app is no longer served."),
    405: ("That is not possible here", "This address only shows a page."),
    429: ("Too many visitors at the moment", "Please try again in a moment."),
    503: ("The server is full", "Please try again in a few minutes."),
}
_OTHER = ("Something went wrong", "The server could not answer. Please try again; if it happens again, tell whoever runs this app.")


_DECLARES = b'"op":"declare"'  # a control, in a record
_RECORD = b'<script type="application/json" id="ka-record">'
_SIDEBAR = re.compile(rb'"id":\s?"sidebar"')  # something is put there, in a record


def may_pass(handler: RequestHandler, site: Site) -> bool:
    """Whether the request comes by a name of ours, from a browser that is admitted."""
    own = site.allowed_hosts is None or is_own_host(handler.request.host, site.allowed_hosts)
    return own and site.gate.knows_cookie(handler.get_cookie(site.token_cookie) or "")


class PageHandler(RequestHandler):
    """Pages for admitted browsers. A token in the URL is exchanged for a cookie and goes from the address bar."""

    def initialize(self, site: Site) -> None:
        """As tornado calls it, with what the composition root hands over."""
        self.site = site
        self.nonce = secrets.token_urlsafe(16)

    def set_default_headers(self) -> None:
        """Headers of every answer; the nonce of a page is added when one is rendered."""
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.clear_header("Server")

    async def prepare(self) -> None:
        """Refuse who may not pass; exchange a token for a cookie."""
        site = self.site
        if site.allowed_hosts is not None and not is_own_host(self.request.host, site.allowed_hosts):
            raise HTTPError(403)
        token = self.get_query_argument("token", "")
        if self.request.method == "GET" and site.gate.knows_token(token):
            self.keep_secret(site.token_cookie, site.gate.cookie)
            self.redirect(_without_token(self.request.uri or "/"))
        elif not may_pass(self, site):
            raise HTTPError(403)

    def is_too_many(self) -> bool:
        """Count one that opens a page; answers it, and says so, when too many come from its address."""
        wait_s = self.site.crowd.open(address_of(self), asyncio.get_running_loop().time())
        if wait_s:
            self.set_status(429)
            self.set_header("Retry-After", str(math.ceil(wait_s)))
            self.write_error(429)
        return wait_s > 0

    def keep_secret(self, name: str, value: str) -> None:
        """Set a cookie that scripts cannot read and other sites do not send along."""
        secure = self.request.protocol == "https"
        self.set_cookie(name, value, path=self.site.base_url, httponly=True, secure=secure, samesite="Lax")

    def show(self, template: str, *, record: bytes | None = None, **values: Any) -> None:
        """Render a page. `record`: what it paints before its socket is up, after what stands above the first code cell."""
        site = self.site
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", _content_security_policy(self.nonce))
        static = f"{site.base_url}static/"
        later = site.client.controls if record is not None and _DECLARES in record else ()
        page = _TEMPLATES.load(template).generate(
            base_url=site.base_url,
            nonce=self.nonce,
            css=site.client.css,
            script=static + site.client.script,
            preload=[static + name for name in site.client.preload],
            record=record,
            later=[static + name for name in later if name not in (site.client.script, *site.client.preload)],
            has_sidebar=record is not None and _SIDEBAR.search(record) is not None,
            **values,
        )
        shell, mark, rest = page.partition(_RECORD)
        self.write(shell)
        if mark:
            self.flush()  # it can be drawn meanwhile
        self.finish(mark + rest)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A page that says what happened and what to do; never a traceback."""
        heading, text = _WORDS.get(status_code, _OTHER)
        link = self.site.base_url if status_code == 404 else None
        self.show("message.html", title=heading, heading=heading, text=text, link=link, link_text="All apps")


class MissingHandler(PageHandler):
    """Any address that is not ours."""

    async def prepare(self) -> None:
        """Say so."""
        await super().prepare()
        if not self._finished:
            raise HTTPError(404)


def _without_token(uri: str) -> str:
    parts = urlsplit(uri)
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "token"])
    path = "/" + parts.path.lstrip("/")  # never another host: //elsewhere/ would be one
    return urlunsplit(("", "", path, query, ""))


def _content_security_policy(nonce: str) -> str:
    """Scripts run only with this page's nonce, which authors' outputs get and markup typed by a viewer does not.

    unsafe-eval: Vega and some widget libraries compile functions. Pictures and sounds may come from anywhere, as in a notebook.
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'nonce-{nonce}' 'strict-dynamic' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src * data: blob:",
            "media-src * data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss: data: blob: https:",
            "worker-src 'self' blob:",
            "frame-src * data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )
