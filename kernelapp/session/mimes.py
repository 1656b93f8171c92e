"""What the kernel's runtime says through displays (docs/architecture.md, "The runtime protocol"), found in undecoded content."""

from __future__ import annotations

import json
from typing import Any

CONTROL_MIME = "application/vnd.kernelapp.control+json"
REPORT_MIME = "application/vnd.kernelapp.report+json"
LAYOUT_MIME = b'"application/vnd.kernelapp.layout+json"'
_CONTROL = f'"{CONTROL_MIME}"'.encode()
_REPORT = f'"{REPORT_MIME}"'.encode()
_NOT_JSON = (b"NaN", b"Infinity")


def find_declaration(content: bytes) -> dict[str, Any] | None:
    """The control that a display declares, or None. Decodes only what holds the MIME type's name."""
    found = _find(content, _CONTROL, CONTROL_MIME)
    return found if found is not None and isinstance(found.get("key"), str) and isinstance(found.get("kind"), str) else None


def find_report(content: bytes) -> dict[str, Any] | None:
    """The runtime's report to the server in a display, or None."""
    return _find(content, _REPORT, REPORT_MIME)


def is_structure(content: bytes) -> bool:
    """Whether a display says where something stands on the page, as controls and layout do: it is no output."""
    return LAYOUT_MIME in content or find_declaration(content) is not None


def _find(content: bytes, quoted: bytes, mime: str) -> dict[str, Any] | None:
    if quoted not in content:
        return None
    data = json.loads(content).get("data")
    found = data.get(mime) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else None


def as_json(content: bytes) -> bytes:
    """`content` without the constants that are no JSON (RFC 8259 has no NaN), which some kernels send and browsers refuse."""
    if not any(word in content for word in _NOT_JSON):
        return content
    return json.dumps(json.loads(content, parse_constant=lambda _: None), allow_nan=False, ensure_ascii=False).encode()
