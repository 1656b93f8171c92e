"""How kernels and templates are started with an operator's settings: what the server and `kernelapp check` share."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .kernels import afterlife
from .kernels.environment import kernel_environment
from .kernels.forkserver import ForkTemplate
from .kernels.jupyter import KernelLaunch
from .kernels.limits import Limits, find_fences
from .kernels.memory import host_bytes
from .kernels.package import make_package
from .kernels.specs import DEFAULT_KERNEL
from .notebook import Notebook
from .session.comms import CommBounds
from .session.making import Maker
from .session.relay import RelaySettings
from .settings import Settings
from .state import StateDirectory
from .version import __version__

CAN_FORK = sys.platform == "linux"
"""Templates are looked at through /proc, and their kernels are waited for by pidfd."""


@contextlib.contextmanager
def package_directory(state: Path | None) -> Iterator[Path]:
    """A directory with what kernels see of our package and nothing else, for their sys.path; in the state directory it stays for them."""
    if state is not None:
        directory = state / f"package-{__version__}"
        directory.mkdir(exist_ok=True)
        make_package(directory)
        yield directory
        return
    directory = Path(tempfile.mkdtemp(prefix="kernelapp-"))
    try:
        make_package(directory)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def launcher(settings: Settings, package_dir: Path, state: StateDirectory | None = None) -> Callable[[Notebook], KernelLaunch]:
    """How the kernel of each notebook is started. With a state directory kernels outlive the server."""
    environment = kernel_environment(os.environ, settings.kernel_env)
    after = afterlife.Afterlife(state.path, state.kernels, settings.max_spool_bytes) if state else None
    if after:
        after.start(settings.orphan_grace_s)
    fences = find_fences(session_limits(settings))

    def launch(notebook: Notebook) -> KernelLaunch:
        return KernelLaunch(
            kernel_name=notebook.kernel_name or DEFAULT_KERNEL,
            cwd=notebook.path.parent,
            env=environment,
            package_dir=package_dir,
            debug=settings.debug,
            max_saved_bytes=settings.max_saved_bytes,
            start_timeout_s=settings.start_timeout_s,
            afterlife=after,
            fences=fences,
        )

    return launch


def session_limits(settings: Settings) -> Limits:
    """What each session may use of the host."""
    return Limits(
        memory_bytes=settings.max_session_memory_bytes or host_bytes() // 2,
        cpus=settings.max_session_cpus,
        processes=settings.max_session_processes,
        open_files=settings.max_session_files,
    )


def relay_settings(settings: Settings) -> RelaySettings:
    """What every session gets of the settings."""
    comms = CommBounds(settings.max_widgets, settings.max_widget_bytes, settings.max_cell_output_bytes)
    bounds = settings.max_cell_output_bytes, settings.max_journal_bytes, settings.stop_timeout_s
    return RelaySettings(settings.debug, *bounds, comms)


def template_maker(settings: Settings, launch: Callable[[Notebook], KernelLaunch]) -> Maker:
    """Makes templates of notebooks."""
    return Maker(lambda notebook: ForkTemplate(launch(notebook)), relay_settings(settings), settings.template_timeout_s)
