"""The kernelspecs installed on this host."""

from __future__ import annotations

import sys

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from ..errors import KernelspecError

DEFAULT_KERNEL = "python3"

_OUR_PYTHON = {"python", f"python{sys.version_info.major}", f"python{sys.version_info.major}.{sys.version_info.minor}"}


def find_kernelspec(name: str | None) -> KernelSpec:
    """The kernelspec named so, None for the default. Raises KernelspecError, naming those that are installed."""
    manager = KernelSpecManager()
    wanted = name or DEFAULT_KERNEL
    try:
        return manager.get_kernel_spec(wanted)
    except (NoSuchKernel, ValueError) as problem:
        installed = ", ".join(sorted(manager.find_kernel_specs())) or "none"
        raise KernelspecError(
            f"the kernel {wanted!r} is not installed (installed: {installed}); install it, or choose another with --kernel"
        ) from problem


def interpreter_of(spec: KernelSpec) -> str:
    """The program that runs a kernel of this spec; a bare `python` means our own, as in jupyter_client's `format_kernel_cmd`."""
    program = str(spec.argv[0])
    return sys.executable if program in _OUR_PYTHON else program
