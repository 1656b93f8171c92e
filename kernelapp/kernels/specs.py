"""The kernelspecs installed on this host."""

from __future__ import annotations

import sys

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from ..errors import KernelspecError

DEFAULT_KERNEL = "python3"


def interpreter(spec: KernelSpec) -> str | None:
    """The Python that a kernelspec runs; None when it is of another language. A bare name is our own, as jupyter_client takes it."""
    if spec.language.lower() != "python" or not spec.argv:
        return None
    own = {"python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
    return sys.executable if spec.argv[0] in own else str(spec.argv[0])


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
