"""All that a page shows, in a form that two runs of the same notebook can be compared in."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from .harness import Page

COUNTED = re.compile(r"\b0x[0-9a-f]{6,}\b|(?:(?<=sk-container-id-)|(?<=sk-estimator-id-))\d+")

Snapshot = dict[str, Any]


def snapshot(page: Page, without: Collection[str] = ()) -> Snapshot:
    """Status, error, outputs and controls of each cell but those in `without`.

    Masked are addresses in memory, for no two objects have the same, and the ids by which scikit-learn numbers its diagrams. What a
    cell printed counts as one text for each stream, however the kernel cut it into messages. The error's reference is left out: each
    error has its own.
    """
    owners = {frame["control"]["key"]: frame["cell"] for frame in page.frames if frame["type"] == "control"}
    return {
        cell: {
            "status": shown["status"],
            "error": shown["error"] and shown["error"]["message"],
            "outputs": _outputs(page.outputs.get(cell, [])),
            "controls": [control for key, control in sorted(page.controls.items()) if owners[key] == cell],
        }
        for cell, shown in page.cells.items()
        if cell not in without
    }


def differences(got: Snapshot, expected: Snapshot) -> list[str]:
    """One paragraph for each cell that is not as expected."""
    cells = [cell for cell in expected if got.get(cell) != expected[cell]]
    return [f"{cell}\n  expected {json.dumps(expected[cell])[:2000]}\n  got      {json.dumps(got.get(cell))[:2000]}" for cell in cells]


async def run_all(page: Page) -> None:
    """Run the whole notebook with the viewer's values, in an empty namespace."""
    runs = {cell: frame["run"] for cell, frame in page.cells.items()}
    await page.send({"type": "rerun"})
    await page.until(lambda: any(frame["run"] > runs[cell] for cell, frame in page.cells.items()))
    await page.idle()


def _outputs(contents: list[dict[str, Any]]) -> list[Any]:
    streams: dict[str, str] = {}
    displays: list[Any] = []
    for content in contents:
        if "name" in content:
            streams[content["name"]] = streams.get(content["name"], "") + content["text"]
        else:
            displays.append(_masked(content["data"]))
    return [_masked(streams), *displays]


def _masked(value: Any) -> Any:
    return json.loads(COUNTED.sub("…", json.dumps(value, sort_keys=True)))
