"""State that cells share without a name: random generators, options of libraries, the environment. Each can be read and put back."""

from __future__ import annotations

import _random
import copy
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

OWN_VARIABLE = "TMPDIR"
"""Ours to set: where the session's temporary files are. No cell's doing, so it is never put back."""


class State(NamedTuple):
    """How to read and set one; `read` gives None while its library is not loaded."""

    read: Callable[[], Any]
    write: Callable[[Any], None]


def _module(name: str) -> Any:
    return sys.modules.get(name)


def _read_numpy() -> Any:
    numpy = _module("numpy")
    return None if numpy is None else numpy.random.get_state()


def _write_numpy(state: Any) -> None:
    _module("numpy").random.set_state(state)


def _read_torch() -> Any:
    torch = _module("torch")
    return None if torch is None else torch.get_rng_state().clone()


def _write_torch(state: Any) -> None:
    _module("torch").set_rng_state(state)


def _read_environment() -> Any:
    return str(Path.cwd()), {name: value for name, value in os.environ.items() if name != OWN_VARIABLE}


def _write_environment(state: Any) -> None:
    os.chdir(state[0])
    for name in set(os.environ) - set(state[1]) - {OWN_VARIABLE}:
        del os.environ[name]
    os.environ.update(state[1])


def _read_matplotlib() -> Any:
    matplotlib = _module("matplotlib")
    return None if matplotlib is None else {name: copy.copy(matplotlib.rcParams._get(name)) for name in matplotlib.rcParams}


def _write_matplotlib(state: Any) -> None:
    parameters = _module("matplotlib").rcParams
    for name, value in state.items():
        parameters._set(name, value)


def _read_pandas() -> Any:
    if _module("pandas") is None:
        return None
    return copy.deepcopy(_module("pandas._config.config")._global_config)


def _write_pandas(state: Any) -> None:
    options = _module("pandas._config.config")._global_config
    options.clear()
    options.update(copy.deepcopy(state))


def _read_printing() -> Any:
    numpy = _module("numpy")
    return None if numpy is None else (numpy.get_printoptions(), numpy.geterr())


def _write_printing(state: Any) -> None:
    numpy = _module("numpy")
    options = dict(state[0])
    options.pop("override_repr", None)
    numpy.set_printoptions(**options)
    numpy.seterr(**state[1])


def _write_random(state: Any) -> None:
    # Not `random.setstate`: a template takes that for the author's wish that all its forks draw the same.
    shared: Any = random._inst
    _random.Random.setstate(shared, state[1])
    shared.gauss_next = state[2]


STATES: dict[str, State] = {
    "state:random": State(random.getstate, _write_random),
    "state:numpy.random": State(_read_numpy, _write_numpy),
    "state:torch": State(_read_torch, _write_torch),
    "state:environment": State(_read_environment, _write_environment),
    "state:matplotlib": State(_read_matplotlib, _write_matplotlib),
    "state:pandas": State(_read_pandas, _write_pandas),
    "state:numpy": State(_read_printing, _write_printing),
}


def is_hidden(name: str) -> bool:
    """Whether a name of the planner's stands for state that no variable holds."""
    return ":" in name or name == "files"


def read(name: str) -> Any | None:
    """The present state; None where it cannot be read."""
    state = STATES.get(name)
    return None if state is None else state.read()


def write(name: str, value: Any) -> None:
    """Puts a state back."""
    STATES[name].write(value)


# How generators that nobody has seeded begin, in a kernel of their own.
_RENEW: dict[str, Callable[[], Any]] = {
    "state:random": random.seed,
    "state:numpy.random": lambda: _module("numpy").random.seed(),
    "state:torch": lambda: _module("torch").seed(),
}
_PROCESS = os.getpid()
_begun: dict[str, Any] = {}  # what the generators of a forked kernel began with


def write_first(name: str, value: Any) -> None:
    """Puts back what a state was before all cells; the generators of a forked kernel begin with a seed of their own, not its template's."""
    if name not in _RENEW or os.getpid() == _PROCESS:
        write(name, value)
    elif name in _begun:
        write(name, _begun[name])
    else:
        _RENEW[name]()
        _begun[name] = read(name)


class HiddenState:
    """The states as they were when this was made, and the way back to them."""

    def __init__(self) -> None:
        self._states = {name: state for name in STATES if (state := read(name)) is not None}

    def restore(self) -> None:
        """Put every state back that could be read then."""
        for name, state in self._states.items():
            write_first(name, state)
