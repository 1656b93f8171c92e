"""The version of kernelapp: read by the build, the command line and anything that reports it."""

from __future__ import annotations

__version__ = "0.1.0"
