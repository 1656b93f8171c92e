"""The rest of what a cell printed beyond what its page shows, as a file."""

from __future__ import annotations

import asyncio

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from .handler import PageHandler

_PIECE_BYTES = 256_000


class RestHandler(PageHandler):
    """`/app/<name>/output/<cell>?session=…`: for the viewer whose session it is."""

    async def get(self, name: str, cell: str) -> None:
        """Send what there is until now."""
        viewer = self.get_cookie(self.site.viewer_cookie) or ""
        path = self.site.registry.rest(name, viewer, self.get_query_argument("session", ""), cell)
        try:
            file = await asyncio.to_thread(path.open, "rb") if path is not None else None
        except OSError:
            file = None
        if file is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{_file_name(name)}.txt"')
        self.set_header("Cache-Control", "no-store")
        with file:
            while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
                self.write(piece)
                try:
                    await self.flush()
                except StreamClosedError:
                    return


def _file_name(app: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "-" for letter in app) + "-rest"
