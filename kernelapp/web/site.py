"""What every handler needs: the parts of the server, handed over once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from ..auth.token import TokenGate
from ..catalog import Catalog
from ..kernels.assets import KernelAssets
from ..session.registry import Registry
from ..session.templates import Templates
from .client_files import ClientFiles
from .crowd import Crowd


@dataclass(frozen=True)
class Site:
    """The parts of the server that handlers use. `allowed_hosts` is None when any Host name is answered."""

    base_url: str
    cookie_suffix: str
    catalog: Catalog
    registry: Registry
    templates: Templates
    gate: TokenGate
    client: ClientFiles
    crowd: Crowd
    kernel_assets: KernelAssets
    allowed_hosts: tuple[str, ...] | None
    max_message_bytes: int
    max_comm_bytes: int
    max_events_per_s: int
    debug: bool
    show_code: bool

    @property
    def token_cookie(self) -> str:
        """Cookies are shared by all servers of a host, whatever their port: each server has names of its own."""
        return f"kernelapp-token-{self.cookie_suffix}"

    @property
    def viewer_cookie(self) -> str:
        """Holds the secret by which a browser finds its sessions again."""
        return f"kernelapp-viewer-{self.cookie_suffix}"
