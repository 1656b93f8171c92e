"""The client's own files, files of libraries in a kernel's environment, and the health check."""

from __future__ import annotations

import gzip

from tornado.web import HTTPError, RequestHandler

from ..notebook import Notebook
from .client_files import ClientFile
from .handler import PageHandler
from .site import Site


def accepted_encodings(handler: RequestHandler) -> set[str]:
    """The encodings that a browser names."""
    return {part.split(";")[0].strip() for part in handler.request.headers.get("Accept-Encoding", "").split(",")}


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
        accepted = accepted_encodings(self)
        self.set_header("Vary", "Accept-Encoding")
        for encoding, path in file.encodings.items():
            if encoding in accepted:
                self.set_header("Content-Encoding", encoding)
                return path.read_bytes()
        return file.path.read_bytes()


class KernelFileHandler(PageHandler):
    """`/app/<name>/kernel/<address>`: a browser file from the environment of the app's kernel."""

    async def get(self, name: str, address: str) -> None:
        """Send it, compressed where that helps."""
        entry = await self.site.catalog.get(name)
        asset = await self.site.kernel_assets.get(entry.kernel_name, address) if isinstance(entry, Notebook) else None
        if asset is None:
            raise HTTPError(404)
        self.set_header("Content-Type", asset.content_type)
        self.set_header("Cache-Control", "private, max-age=31536000, immutable" if asset.immutable else "private, no-cache")
        if asset.content_type.startswith("image/svg"):  # opened by itself it could run scripts
            self.set_header("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
        self.set_header("Etag", f'"{asset.etag}"')
        self.set_header("Vary", "Accept-Encoding")
        if self.check_etag_header():
            self.set_status(304)
            return
        if asset.encoding and asset.encoding in accepted_encodings(self):
            self.set_header("Content-Encoding", asset.encoding)
            self.finish(asset.content)
        else:
            self.finish(gzip.decompress(asset.content) if asset.encoding else asset.content)


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
