"""How kernels and templates are started with an operator's settings: what the server and `kernelapp check` share."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from .errors import OperatorError
from .kernels import afterlife
from .kernels.environment import kernel_environment
from .kernels.forkserver import ForkTemplate
from .kernels.isolation import Isolation, find_isolation
from .kernels.jupyter import KernelLaunch
from .kernels.limits import Limits, find_fences
from .kernels.memory import host_bytes
from .kernels.package import make_package
from .kernels.specs import DEFAULT_KERNEL
from .notebook import Notebook
from .session.comms import CommBounds
from .session.directories import Directories
from .session.making import Maker
from .session.relay import RelaySettings
from .session.restraint import Patience
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
    fences = find_fences(session_limits(settings), state.mark if state else "")
    fences.sweep()
    isolation = None if settings.isolate == "off" else session_isolation(settings, package_dir, state)
    if after:
        after.start(settings.orphan_grace_s, fences.patterns())

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
            isolation=isolation,
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


def session_isolation(settings: Settings, package_dir: Path, state: StateDirectory | None = None) -> Isolation:
    """The sandbox of each session. Raises OperatorError when this host does not allow it."""
    package_dir.chmod(0o755)  # sessions' users read it
    hidden = [*([state.path.parent] if state else []), *([Path(settings.sessions_dir)] if settings.sessions_dir else [])]
    paths = [Path(path) for path in settings.isolate_paths]
    limits = session_limits(settings)
    return find_isolation(settings.isolate, package_dir, hidden, paths, limits.memory_bytes, limits.open_files)


def relay_settings(settings: Settings) -> RelaySettings:
    """What every session gets of the settings."""
    comms = CommBounds(settings.max_widgets, settings.max_widget_bytes, settings.max_cell_output_bytes)
    patience = Patience(settings.stop_timeout_s, settings.close_timeout_s, settings.max_run_s)
    bounds = settings.max_cell_output_bytes, settings.max_journal_bytes, settings.max_cut_output_bytes
    return RelaySettings(settings.debug, *bounds, patience, comms)


def session_directories(settings: Settings, state: StateDirectory | None = None) -> Directories:
    """Where sessions, and templates, have their files. Raises OperatorError when that is no directory."""
    root = Path(settings.sessions_dir).absolute() if settings.sessions_dir else None
    if root is not None and not (root.is_dir() and os.access(root, os.W_OK | os.X_OK)):
        raise OperatorError(f"--sessions-dir must be a directory that this account may write to, not {settings.sessions_dir!r}")
    return Directories(root, state.directories if state else None, settings.max_session_dir_bytes)


def template_maker(settings: Settings, launch: Callable[[Notebook], KernelLaunch], directories: Directories) -> Maker:
    """Makes templates of notebooks."""
    unhurried = replace(relay_settings(settings), patience=Patience())  # a template has a time for all of its cells
    return Maker(lambda notebook: ForkTemplate(launch(notebook)), unhurried, settings.template_timeout_s, directories)
