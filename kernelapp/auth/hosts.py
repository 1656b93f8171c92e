"""Which Host names a server on loopback answers to.

A page elsewhere may point a name of its own at 127.0.0.1 (DNS rebinding) and then read what this server answers; its Host header gives it
away.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine for itself only."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """The name or address in a Host header, without its port, in lower case."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def is_own_host(header: str, allowed: Collection[str]) -> bool:
    """Whether a browser that sends this Host header may be answered by a server on loopback."""
    name = host_name(header)
    return is_loopback(name) or name in allowed
