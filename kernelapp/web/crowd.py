"""How much each client address may ask for: open connections, pages and sockets opened, events. Pure: the time is passed in, in seconds.

An IPv6 client counts by its network (/64): one host has all addresses of it.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict
from dataclasses import dataclass

SLACK = 200
"""Connections beyond the bounds that are still answered, to be told that there are too many; further ones are closed at once."""

_MAX_BUCKETS = 10_000  # addresses whose rates are known; the one that was quiet for longest is forgotten first


@dataclass(frozen=True)
class CrowdBounds:
    """0 is no bound. Connections are those open at once; opens and events are of one address."""

    max_connections: int = 0
    max_connections_per_address: int = 0
    max_opens_per_min: int = 0
    max_events_per_s: int = 0


class Buckets:
    """A token bucket for each address: `size` tokens at most, of which `per_s` come back in a second. Size 0: as many as are asked for."""

    def __init__(self, size: float, per_s: float, most: int = _MAX_BUCKETS) -> None:
        self._size = size
        self._per_s = per_s
        self._most = most
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address -> tokens, and when there were so many

    def __len__(self) -> int:
        return len(self._known)

    def take(self, address: str, now: float) -> float:
        """Take a token; returns 0, or in how many seconds there is one."""
        if not self._size:
            return 0.0
        tokens, since = self._known.pop(address, (self._size, now))
        tokens = min(self._size, tokens + max(now - since, 0.0) * self._per_s)
        wait_s = 0.0 if tokens >= 1 else (1 - tokens) / self._per_s
        self._known[address] = (tokens if wait_s else tokens - 1, now)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return wait_s


class Crowd:
    """All clients of a server."""

    def __init__(self, bounds: CrowdBounds) -> None:
        self._bounds = bounds
        self._open: Counter[str] = Counter()
        self._total = 0
        self._opens = Buckets(bounds.max_opens_per_min, bounds.max_opens_per_min / 60)
        self._events = Buckets(bounds.max_events_per_s, bounds.max_events_per_s)

    def enter(self, address: str) -> bool:
        """A connection has come in; returns whether it is to be answered at all. One that is must `leave`."""
        if self._is_over(address, SLACK):
            return False
        self._open[client_of(address)] += 1
        self._total += 1
        return True

    def leave(self, address: str) -> None:
        """One that had entered is closed."""
        client = client_of(address)
        self._open[client] -= 1
        self._total -= 1
        if not self._open[client]:
            del self._open[client]

    def open(self, address: str, now: float) -> float:
        """A page or a socket is asked for; returns 0 when it may be had, or in how many seconds to ask again."""
        if self._is_over(address, 1):  # the one that asks has entered itself
            return 10.0
        return self._opens.take(client_of(address), now)

    def may_send(self, address: str, now: float) -> bool:
        """An event has come."""
        return self._events.take(client_of(address), now) == 0

    def _is_over(self, address: str, by: int) -> bool:
        bounds = self._bounds
        if bounds.max_connections and self._total >= bounds.max_connections + by:
            return True
        return bool(bounds.max_connections_per_address and self._open[client_of(address)] >= bounds.max_connections_per_address + by)


def client_of(address: str) -> str:
    """Who counts as one."""
    if ":" not in address:
        return address
    try:
        whole = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if whole.ipv4_mapped is not None:
        return str(whole.ipv4_mapped)
    return str(ipaddress.IPv6Network((whole, 64), strict=False))
