"""A kernelspec of forked kernels for tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path


def write_forked_spec(folder: Path, name: str, imports: Sequence[str] = (), cells: Sequence[str] = ()) -> None:
    """Into `folder`, which is to be on JUPYTER_PATH."""
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    config = {"imports": list(imports), "cells": list(cells)}
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "env": {"FROM_THE_SPEC": "yes"},
        "metadata": {"kernel_provisioner": {"provisioner_name": "kernelapp-fork", "config": config}},
    }
    (place / "kernel.json").write_text(json.dumps(spec))
