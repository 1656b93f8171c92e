"""What a widget on the page may tell the kernel: the methods of ipywidgets' messaging protocol that front ends use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import ViewerError


def check_comm_data(data: Any, buffers: int) -> Mapping[str, Any]:
    """`data` when it is a message of ipywidgets' protocol with this many buffers; raises ViewerError(`bad-comm`) when it is not.

    The shape alone: what a widget admits as a value, the kernel's own code checks.
    """
    method = data.get("method") if isinstance(data, dict) else None
    match method:
        case "update":
            fits = data.keys() == {"method", "state", "buffer_paths"} and isinstance(data["state"], dict)
            fits = fits and _are_paths(data["buffer_paths"]) and len(data["buffer_paths"]) == buffers
        case "custom":
            fits = data.keys() == {"method", "content"}
        case "request_state":
            fits = data.keys() == {"method"} and not buffers
        case _:
            raise ViewerError("bad-comm", "A widget on a page sends update, custom or request_state.")
    if not fits:
        raise ViewerError("bad-comm", f"This is not what a widget's {method} looks like.")
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as problem:
        raise ViewerError("bad-comm", "A text is not Unicode: it has half of a surrogate pair.") from problem
    assert isinstance(data, dict)
    return data


def _are_paths(paths: Any) -> bool:
    """Whether each path leads from an entry of the state to a place in it."""
    return isinstance(paths, list) and all(_is_path(path) for path in paths)


def _is_path(path: Any) -> bool:
    return isinstance(path, list) and bool(path) and isinstance(path[0], str) and all(type(step) in (str, int) for step in path)
