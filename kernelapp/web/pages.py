"""The gallery and the pages of apps."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import quote

from tornado.web import HTTPError

from ..gallery import BrokenNotebook, Entry
from ..highlight import highlight
from ..markdown import render
from ..notebook import Cell, Notebook
from .handler import PageHandler
from .public_files import ESM_HOST

_RETRY_AFTER_S = 60  # of a full server: sessions last minutes at least


@dataclass(frozen=True)
class GalleryCard:
    """One app in the gallery."""

    name: str
    title: str
    description: str
    language: str
    url: str
    error: str | None


@dataclass(frozen=True)
class PageCell:
    """One cell of an app's page before anything has run."""

    id: str
    kind: str
    html: str
    tags: tuple[str, ...]
    source_html: str | None
    hide_output: bool


class GalleryHandler(PageHandler):
    """`/`: the gallery, or straight to the app when there is only one."""

    async def get(self) -> None:
        """Show it."""
        if self.is_too_many():
            return
        cards = [_card(entry, self.site.base_url) for entry in await self.site.catalog.entries()]
        if len(cards) == 1 and cards[0].error is None:
            self.redirect(cards[0].url)
        else:
            self.show("gallery.html", title="Apps", apps=cards)


class AppHandler(PageHandler):
    """`/app/<name>`: the page of an app; its socket brings it to life."""

    async def get(self, name: str) -> None:
        """Show it."""
        if self.is_too_many():
            return
        site = self.site
        entry = await site.catalog.get(name)
        if entry is None:
            raise HTTPError(404)
        if isinstance(entry, BrokenNotebook):
            self.set_status(500)
            heading = f"{entry.title} cannot be opened"
            self.show("message.html", title=heading, heading=heading, text=entry.error, link=site.base_url, link_text="All apps")
            return
        if site.registry.is_full(name, self.get_cookie(site.viewer_cookie) or ""):
            self.set_status(503)
            self.set_header("Retry-After", str(_RETRY_AFTER_S))
            self.write_error(503)
            return
        if not self.get_cookie(site.viewer_cookie):
            self.keep_secret(site.viewer_cookie, secrets.token_urlsafe(32))
        several = len(await site.catalog.entries()) > 1
        self.show(
            "app.html",
            record=site.templates.page(entry),
            title=entry.title,
            app=entry,
            app_url=_app_url(entry, site.base_url),
            esm_host=ESM_HOST,
            cells=_cells(entry, site.show_code),
            gallery_url=site.base_url if several else None,
            debug=site.debug,
        )


def _app_url(entry: Entry, base_url: str) -> str:
    return f"{base_url}app/{quote(entry.name)}"


def _card(entry: Entry, base_url: str) -> GalleryCard:
    url = _app_url(entry, base_url)
    if isinstance(entry, BrokenNotebook):
        return GalleryCard(entry.name, entry.title, "", "", url, entry.error)
    return GalleryCard(entry.name, entry.title, entry.description, entry.language, url, None)


def _cells(notebook: Notebook, show_code: bool) -> list[PageCell]:
    return [_cell(cell, notebook.language, show_code) for cell in notebook.cells if _is_shown(cell)]


def _is_shown(cell: Cell) -> bool:
    return not cell.removed and cell.kind != "raw" and (cell.kind != "code" or bool(cell.source.strip()))


def _cell(cell: Cell, language: str, show_code: bool) -> PageCell:
    html = render(cell.source, cell.attachments, cell=cell.id) if cell.kind == "markdown" else ""
    source = highlight(cell.source, language) if show_code and cell.kind == "code" and not cell.hide_input else None
    return PageCell(cell.id, cell.kind, html, tuple(sorted(cell.tags)), source, cell.hide_output)
