"""Which of the server's environment variables a kernel gets: those on a list, so that no secret of the server is among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

# fmt: off
ALLOWED = (
    # the account and its shell
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "TERM", "LANG", "LANGUAGE", "LC_*", "TZ",
    "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    # where programs, libraries and environments are
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYTHONPATH", "PYTHONHOME",
    "PYENV_ROOT", "PYENV_VERSION", "JAVA_HOME", "R_HOME", "JULIA_*", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR",
    "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR",
    # what computing uses
    "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    # the network: certificates only; proxies may hold a password
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "no_proxy", "NO_PROXY",
    # Windows
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES",
    "USERPROFILE", "NUMBER_OF_PROCESSORS",
)
# fmt: on


def kernel_environment(server: Mapping[str, str], more: Iterable[str] = ()) -> dict[str, str]:
    """The environment of a kernel, from the server's and the names that the operator lets through besides."""
    patterns = [*ALLOWED, *more]
    return {name: value for name, value in server.items() if any(fnmatchcase(name, pattern) for pattern in patterns)}
