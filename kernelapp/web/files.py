"""The client's own files, files of libraries in a kernel's environment, and the health check."""

from __future__ import annotations

from tornado.web import HTTPError, RequestHandler

from ..notebook import Notebook
from .client_files import ClientFile
from .handler import PageHandler
from .site import Site


class ClientFileHandler(RequestHandler):
    """`/static/<file>`: names hold a hash of the content, so browsers may keep them for good. No secret is in them."""

    def initialize(self, site: Site) -> None:
        """As tornado calls it."""
        self.site = site

    def get(self, name: str) -> None:
        """Send the file, in the best encoding that was made at build time."""
        file = self.site.client.find(name)
        if file is None:
            raise HTTPError(404)
        self.set_header("Content-Type", file.content_type)
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("X-Content-Type-Options", "nosniff")
        try:
            self.finish(self._read(file))
        except FileNotFoundError as gone:  # built anew under a running server
            raise HTTPError(404) from gone

    def _read(self, file: ClientFile) -> bytes:
        accepted = {part.split(";")[0].strip() for part in self.request.headers.get("Accept-Encoding", "").split(",")}
        self.set_header("Vary", "Accept-Encoding")
        for encoding, path in file.encodings.items():
            if encoding in accepted:
                self.set_header("Content-Encoding", encoding)
                return path.read_bytes()
        return file.path.read_bytes()


class KernelFileHandler(PageHandler):
    """`/app/<name>/kernel/<address>`: a browser file from the environment of the app's kernel."""

    async def get(self, name: str, address: str) -> None:
        """Send it, compressed."""
        entry = await self.site.catalog.get(name)
        asset = await self.site.kernel_assets.get(entry.kernel_name, address) if isinstance(entry, Notebook) else None
        if asset is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Etag", f'"{asset.etag}"')
        if self.check_etag_header():
            self.set_status(304)
            return
        self.set_header("Content-Encoding", "gzip")
        self.finish(asset.gzipped)


class BlobHandler(PageHandler):
    """`/app/<name>/blob/<hash>`: a large text or buffer of a widget, for the viewer whose session has it."""

    def get(self, name: str, digest: str) -> None:
        """Send it; its name is its hash, so the browser may keep it for good."""
        blob = self.site.registry.blob(self.get_cookie(self.site.viewer_cookie) or "", digest)
        if blob is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "text/plain; charset=utf-8")  # whatever it is: tornado compresses text
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.finish(blob.content)


class HealthHandler(RequestHandler):
    """`/healthz`: 200 when the server answers."""

    def get(self) -> None:
        """Say so."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish("ok\n")
