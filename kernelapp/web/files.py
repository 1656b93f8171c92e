"""The client's own files, files of libraries in a kernel's environment, and the health check."""

from __future__ import annotations

import gzip
import json

from tornado.web import HTTPError, RequestHandler

from ..kernels.assets import Asset
from ..notebook import Notebook
from .client_files import ClientFile
from .handler import PageHandler
from .public_files import find_public
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
    """`/app/<name>/kernel/<address>`: a browser file from the environment of the app's kernel; with `?amd` wrapped for the AMD loader."""

    async def get(self, name: str, address: str) -> None:
        """Send it, compressed where that helps."""
        asset = await self.find(name, address, amd=self.request.query == "amd")
        if asset is None:
            raise HTTPError(404)
        self.send(asset)

    async def find(self, name: str, address: str, *, amd: bool = False) -> Asset | None:
        """The file at this address for the app of this name."""
        entry = await self.site.catalog.get(name)
        return await self.site.kernel_assets.get(entry.kernel_name, address, amd=amd) if isinstance(entry, Notebook) else None

    def send(self, asset: Asset) -> None:
        """Answer with a file."""
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


class PublicFileHandler(KernelFileHandler):
    """`/app/<name>/kernel/web/<host>/<path>`: what a notebook asks a public host for, from here if it can be."""

    async def get(self, name: str, address: str) -> None:
        """Send the file of the kernel's environment or of the client, else the way to the host."""
        public = find_public(address, self.request.query)
        if public is None:
            raise HTTPError(404)
        asset = await self.find(name, public.asset) if public.asset else None
        if asset is not None:
            self.send(asset)
        elif public.entry in self.site.client.entries:
            self.set_header("Content-Type", "text/javascript; charset=utf-8")
            self.set_header("Cache-Control", "private, no-cache")
            address = json.dumps(f"{self.site.base_url}static/{self.site.client.entries[public.entry]}")
            self.finish(f"export * from {address};\nexport {{ default }} from {address};\n")
        else:
            self.redirect(public.elsewhere)


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
