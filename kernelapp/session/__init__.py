"""One viewer's use of an app: the machine that decides, the journal that remembers, the relay that acts, the registry of all."""

from __future__ import annotations


def __getattr__(name: str) -> object:
    """In a process that has both sides, as in tests, this package stands where `ka.session` is looked up."""
    if name not in ("dir", "id"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("kernelapp.inkernel.session").session, name)
