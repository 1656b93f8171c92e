"""Libraries that notebooks ask a public host for, answered from the kernel's environment or from the client, so that apps need no internet.

Pages send such addresses to `/app/<name>/kernel/web/<host>/<path>` (`static/src/mime/addresses.ts`, and an import map for esm.sh). What
is not here is asked of its host after all, as the notebook's author wrote it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

HOSTS = ("cdn.bokeh.org", "cdn.plot.ly", "esm.sh", "www.unpkg.com")
"""Hosts that a request may be passed on to."""

ESM_HOST = "https://esm.sh/"

_FILES = (
    (r"cdn\.bokeh\.org/bokeh/(?:release|dev)/(bokeh(?:-[a-z]+)?)-\d[\w.+]*?(\.min)?\.js", r"bokeh/\1\2.js"),
    (r"cdn\.plot\.ly/plotly-\d[\w.-]*?(?:\.min)?\.js", "plotly/plotly.min.js"),
    (r"www\.unpkg\.com/dt_for_itables(?:@[^/]*)?/(dt_bundle\.(?:js|css))", r"itables/\1"),
)
_MODULES = (
    (r"esm\.sh/vega-embed(?:@[^/]*)?", "src/public/vega-embed.ts"),
    (r"esm\.sh/lodash-es(?:@[^/]*)?/debounce", "src/public/lodash-debounce.ts"),
)
_IN_PATHS = "/@:!$&'()*+,;=-._~"  # as RFC 3986 has it; the rest is escaped again


@dataclass(frozen=True)
class PublicFile:
    """Where an address is answered from: a file of the kernel's environment, an entry of the client, or the host itself."""

    elsewhere: str
    asset: str | None = None
    entry: str | None = None


def find_public(address: str, query: str) -> PublicFile | None:
    """What `<host>/<path>` stands for; None when the host is none of `HOSTS`."""
    for pattern, asset in _FILES:
        if found := re.fullmatch(pattern, address):
            return PublicFile(_elsewhere(address, query), asset=found.expand(asset))
    for pattern, entry in _MODULES:
        if re.fullmatch(pattern, address):
            return PublicFile(_elsewhere(address, query), entry=entry)
    host = address.partition("/")[0]
    return PublicFile(_elsewhere(address, query)) if host in HOSTS else None


def _elsewhere(address: str, query: str) -> str:
    return f"https://{quote(address, safe=_IN_PATHS)}" + (f"?{query}" if query else "")
