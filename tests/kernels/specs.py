"""A kernelspec of forked kernels for tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_forked_spec(folder: Path, name: str, imports: Sequence[str] = (), cells: Sequence[str] = ()) -> None:
    """Into `folder`, which is to be on JUPYTER_PATH: its kernels are forked by the provisioner."""
    config = {"imports": list(imports), "cells": list(cells)}
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    write_spec(folder, name, argv, {"kernel_provisioner": {"provisioner_name": "kernelapp-fork", "config": config}})


def write_spec(folder: Path, name: str, argv: Sequence[str], metadata: Mapping[str, Any] | None = None) -> None:
    """Into `folder`, which is to be on JUPYTER_PATH."""
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    spec = {
        "argv": list(argv),
        "display_name": name,
        "language": "python",
        "env": {"FROM_THE_SPEC": "yes"},
        "metadata": dict(metadata or {}),
    }
    (place / "kernel.json").write_text(json.dumps(spec))
