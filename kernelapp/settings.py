"""Every setting of the server, declared once: flags, environment variables and docs/reference.md (`reference.py`) are made from `SETTINGS`.

A value comes from the flag, else from the environment variable `KERNELAPP_<NAME>` (empty counts as unset), else it is the default.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import OperatorError

Value = str | int | float | bool | tuple[str, ...]

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def _setting(
    default: Value,
    help: str,
    *,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    pattern: str = "",
    expected: str = "",
) -> Any:
    """A field of `Settings`; `pattern` must match the whole text, and `expected` says in words what it asks for."""
    metadata = {"help": help, "choices": choices, "minimum": minimum, "maximum": maximum, "pattern": pattern, "expected": expected}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """What the operator chose. Units are in the names; what happens at a bound is in its help."""

    host: str = _setting(
        "127.0.0.1", "Address to listen on. Beyond loopback a token is needed.", pattern=r"[^\s/]+", expected="a host name or address"
    )
    port: int = _setting(
        8899, "Port to listen on; 0 takes any free one. When the default is taken the next free one is used.", minimum=0, maximum=65535
    )
    no_browser: bool = _setting(False, "Do not open a browser at the start.")
    base_url: str = _setting(
        "/", "Path that the server lives under, for use behind a proxy.", pattern=r"[A-Za-z0-9._~/%-]*", expected="a path such as /apps/"
    )
    debug: bool = _setting(False, "Show tracebacks on the page and log more. For authors: viewers see server paths.")
    show_code: bool = _setting(False, "Show the code of cells to viewers.")
    kernel: str = _setting("", "Kernelspec to run every notebook with; empty takes what each notebook names, else python3.")
    token: str = _setting(
        "",
        "Secret that opens the server. Made and printed when empty and listening beyond loopback. "
        "Prefer the environment variable: other users of the host can read a command line.",
        pattern=r"[A-Za-z0-9._~-]*",
        expected="letters, digits and . _ ~ -",
    )
    auth: str = _setting(
        "token", "Who may open the server: whoever has the token (asked for beyond loopback), or everyone.", choices=("token", "none")
    )
    grace_s: float = _setting(
        120.0, "How long a session lives without a page, in seconds; then its kernel is ended.", minimum=0, maximum=31_536_000
    )
    state_dir: str = _setting(
        "",
        "Directory for what the next server needs to go on with the sessions of one that was killed; empty takes the account's state "
        "directory (XDG). `none` keeps nothing: kernels end with the server. Holds what viewers entered.",
    )
    orphan_grace_s: float = _setting(
        300.0,
        "How long kernels wait for another server when theirs is gone, in seconds; then they are killed.",
        minimum=0,
        maximum=31_536_000,
    )
    keep_kernels: bool = _setting(False, "Leave the kernels to the next start when the server is told to stop, as when it is killed.")
    max_spool_bytes: int = _setting(
        32_000_000,
        "What a kernel keeps on disk of its latest messages, for a server that was away, in bytes; the oldest go.",
        minimum=65_536,
    )
    idle_timeout_s: float = _setting(
        14_400.0,
        "How long a session lives while its viewer does nothing and nothing runs, in seconds; then it ends; the page says so and offers "
        "a new one with the viewer's values. 0: for ever.",
        minimum=0,
        maximum=31_536_000,
    )
    max_age_s: float = _setting(
        0.0, "How long a session lives at most, in seconds; then it ends in the same way. 0: for ever.", minimum=0, maximum=31_536_000
    )
    max_sessions: int = _setting(100, "Sessions with a kernel at the same time; further viewers wait, with their place shown.", minimum=1)
    max_sessions_per_viewer: int = _setting(
        20, "Of these, how many one browser may have; it is told so at the next. 0: as many as there are.", minimum=0
    )
    max_sessions_per_app: int = _setting(
        0, "Of these, how many one app may have; its further viewers wait. 0: as many as there are.", minimum=0
    )
    max_waiting: int = _setting(
        50, "Viewers who wait for a session; those beyond are told that the server is full (503 with Retry-After).", minimum=0
    )
    min_free_bytes: int = _setting(
        200_000_000,
        "Memory that the host must have left for another session to begin, in bytes; with less, viewers wait. 0: any.",
        minimum=0,
    )
    max_starting: int = _setting(4, "Kernels starting at the same time; further sessions queue, with their place shown.", minimum=1)
    max_session_memory_bytes: int = _setting(
        0,
        "Memory of a session's kernel and all that it starts, in bytes; 0 is half of the host's. Beyond it the kernel is killed and the "
        "page says why (without cgroups: a process that asks for more gets an error).",
        minimum=0,
    )
    max_session_cpus: float = _setting(
        0.0, "Processors that a session may use, in parts; 0 is all. Beyond it the session is slowed down.", minimum=0, maximum=100_000
    )
    max_session_processes: int = _setting(
        1_000, "Processes and threads of a session, where the host has cgroups; beyond it none can be started. 0 is no limit.", minimum=0
    )
    max_session_files: int = _setting(
        0, "Files that a process of a session may have open; beyond it opening fails. 0 leaves it to the host.", minimum=0
    )
    isolate: str = _setting(
        "off",
        "Have each session's kernel in a sandbox (Linux): a /tmp and processes of its own, of the host's files only what the notebook "
        "needs, read-only; `offline`: and no network. Each session has a user of its own if the server is root. A server on a host that "
        "does not allow it says so and does not start.",
        choices=("off", "on", "offline"),
    )
    isolate_paths: tuple[str, ...] = _setting(
        (),
        "Files and folders that isolated sessions may read besides the notebook's folder and what programs need; with commas between.",
        pattern=r"/[^,]+",
        expected="absolute paths with commas between",
    )
    max_session_dir_bytes: int = _setting(
        2_000_000_000,
        "Disk that a session's private directory may take, its temporary files with it, in bytes, looked at every few seconds; beyond it "
        "the session's kernel is ended, the page says so, and what was there is removed. 0 is no limit.",
        minimum=0,
    )
    sessions_dir: str = _setting(
        "", "Where sessions' private directories are made; empty takes the system's temporary directory. It must exist."
    )
    max_message_bytes: int = _setting(1_048_576, "Largest message from a browser, in bytes; a larger one is refused.", minimum=1024)
    max_events_per_s: int = _setting(120, "Messages per second from one page; those beyond are refused and change nothing.", minimum=1)
    max_events_per_s_per_address: int = _setting(
        3_000,
        "Messages per second from all pages of one client address; those beyond are refused and change nothing. Behind a proxy all "
        "viewers have the proxy's address (forwarded headers are not believed): set it to 0 there, no limit, and have the proxy do it.",
        minimum=0,
    )
    max_opens_per_min: int = _setting(
        600,
        "Pages and sockets that one client address may open in a minute, a class behind one address among them; those beyond are told to "
        "come back later (429 with Retry-After), and pages that are open try again by themselves. Behind a proxy: 0, no limit.",
        minimum=0,
    )
    max_connections: int = _setting(
        5_000,
        "Connections open at once, of any kind; those beyond are told so, or closed when there are many more. Each costs about 15 kB.",
        minimum=100,
        maximum=1_000_000,
    )
    max_connections_per_address: int = _setting(
        1_000, "Of these, how many one client address may have. Behind a proxy: 0, as many as there are.", minimum=0
    )
    max_cell_output_bytes: int = _setting(
        20_000_000, "Output of one run of one cell that its page shows, in bytes; the rest can be downloaded there.", minimum=1024
    )
    max_cut_output_bytes: int = _setting(
        100_000_000,
        "Disk for what all cells of a session printed beyond `--max-cell-output-bytes`, in bytes; what comes beyond is lost, and the file "
        "that the viewer downloads says so.",
        minimum=0,
    )
    max_journal_bytes: int = _setting(
        50_000_000,
        "Latest messages that a session keeps for a page that reconnects, in bytes; the oldest go, and such a page is sent whole.",
        minimum=65_536,
    )
    max_comm_bytes: int = _setting(
        64_000_000,
        "Largest message of a widget from a browser, with its buffers (the files of a FileUpload), in bytes; a larger one is refused.",
        minimum=1024,
    )
    max_widgets: int = _setting(
        20_000,
        "Widgets (models, with their layouts and styles) of one session; those beyond are not shown, and the log says so.",
        minimum=1,
    )
    max_widget_bytes: int = _setting(
        200_000_000,
        "State of all widgets of one session together, in bytes; widgets beyond it are not shown, and the log says so.",
        minimum=65_536,
    )
    max_saved_bytes: int = _setting(
        512_000_000,
        "What a kernel saves of earlier bindings, in bytes; beyond it cells run again that would not have to.",
        minimum=0,
    )
    template: str = _setting(
        "auto",
        "How far a notebook is run ahead of its viewers, whose kernels are then forked: as far as it is safe, only its imports, or not "
        "at all. The notebook's metadata may say less.",
        choices=("auto", "imports", "off"),
    )
    standby: int = _setting(1, "Forked kernels that each app keeps ready for its next viewers.", minimum=0, maximum=100)
    max_templates: int = _setting(
        8,
        "Templates at the same time, one for each app; beyond it the app that was not opened for longest has none, and opens by exec.",
        minimum=0,
    )
    template_ttl_s: float = _setting(
        3600.0,
        "How old a template may get, in seconds; then it is made anew in the background. 0 stands for any age.",
        minimum=0,
        maximum=31_536_000,
    )
    template_timeout_s: float = _setting(
        600.0, "How long a template may run the notebook, in seconds; sessions run what it did not come to.", minimum=1, maximum=86_400
    )
    max_first_paint_bytes: int = _setting(
        2_000_000, "What a page brings along of its template's outputs, in bytes; the rest comes over the socket.", minimum=0
    )
    kernel_env: tuple[str, ...] = _setting(
        (),
        "Environment variables that kernels get besides the built-in allowlist; names with commas between.",
        pattern=r"[A-Za-z_][A-Za-z0-9_]*",
        expected="names of environment variables with commas between",
    )
    stop_timeout_s: float = _setting(
        5.0,
        "How long what runs may take to react to Stop, in seconds; then the page offers to end it.",
        minimum=0.1,
        maximum=86_400,
    )
    max_run_s: float = _setting(
        0.0,
        "How long one run of a cell in a session may take, in seconds; then it is stopped and fails, the page says so, and a kernel that "
        "does not react within `--stop-timeout-s` is ended. 0 is no limit.",
        minimum=0,
        maximum=31_536_000,
    )
    close_timeout_s: float = _setting(
        10.0,
        "How long what a notebook gave to `ka.on_close` may take when a session ends, in seconds; then its kernel is killed. "
        "0: it is not called.",
        minimum=0,
        maximum=86_400,
    )
    start_timeout_s: float = _setting(
        60.0, "How long a kernel may take to start, in seconds; then the page says that it did not.", minimum=1, maximum=86_400
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "Host names, besides loopback's own, by which browsers may ask for a server on loopback; without ports, with commas between. "
        "Guards against DNS rebinding.",
        pattern=r"[A-Za-z0-9._-]+",
        expected="host names without ports, with commas between",
    )
    log_format: str = _setting("text", "Form of the log on stderr: lines for people, or one JSON object a line.", choices=("text", "json"))


@dataclass(frozen=True)
class Setting:
    """One row of `SETTINGS`."""

    name: str
    type: type[str] | type[int] | type[float] | type[bool] | type[tuple[str, ...]]
    default: Value
    help: str
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    pattern: str
    expected: str

    @property
    def flag(self) -> str:
        """The command line's spelling: `--max-sessions`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable: `KERNELAPP_MAX_SESSIONS`."""
        return "KERNELAPP_" + self.name.upper()

    def parse(self, text: str, source: str) -> Value:
        """The value that `text` stands for; `source` (a flag or a variable) is named in the OperatorError when there is none."""
        text = text.strip()
        if self.type is bool:
            return self._parse_bool(text, source)
        if self.type is int or self.type is float:
            return self._parse_number(text, source)
        if self.type is str:
            self._check_text(text, text, source)
            return _as_prefix(text) if self.name == "base_url" else text
        if self.name == "allowed_hosts":
            text = text.lower()  # host names have no case
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        for name in names:
            self._check_text(name, text, source)
        return names

    def _parse_bool(self, text: str, source: str) -> bool:
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise OperatorError(f"{source} must be 1 or 0, not {text!r}")

    def _parse_number(self, text: str, source: str) -> int | float:
        noun = "a whole number" if self.type is int else "a number"
        try:
            value: int | float = int(text) if self.type is int else float(text)
        except ValueError:
            raise OperatorError(f"{source} must be {noun}{self.bounds()}, not {text!r}") from None
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if not low <= value <= high:
            raise OperatorError(f"{source} must be {noun}{self.bounds()}, not {text}")
        return value

    def bounds(self) -> str:
        """The numbers that it may be, in words: ` from 0 to 10`, or nothing."""
        if self.minimum is not None and self.maximum is not None:
            return f" from {self.minimum:g} to {self.maximum:.12g}"
        return "" if self.minimum is None else f" of at least {self.minimum:.12g}"

    def _check_text(self, part: str, text: str, source: str) -> None:
        if self.choices and part not in self.choices:
            raise OperatorError(f"{source} must be {' or '.join(self.choices)}, not {text!r}")
        if self.pattern and not re.fullmatch(self.pattern, part):
            came = "what was given" if self.name == "token" else repr(text)  # a secret stays out of logs
            raise OperatorError(f"{source} must be {self.expected}, not {came}")


def _as_prefix(path: str) -> str:
    """A path that begins and ends with a slash: `apps` becomes `/apps/`."""
    inner = path.strip("/")
    return f"/{inner}/" if inner else "/"


def _table() -> tuple[Setting, ...]:
    types = typing.get_type_hints(Settings)
    fields = dataclasses.fields(Settings)
    return tuple(Setting(name=f.name, type=types[f.name], default=typing.cast("Value", f.default), **f.metadata) for f in fields)


SETTINGS: tuple[Setting, ...] = _table()


def read_given(flags: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, Value]:
    """The settings that the operator gave, parsed: `flags` by setting name, then `environ` by `KERNELAPP_<NAME>`.

    `Settings(**given)` is the whole; `"port" in given` tells an explicit port from the default. Raises OperatorError on a bad value.
    """
    given: dict[str, Value] = {}
    for setting in SETTINGS:
        if setting.name in flags:
            given[setting.name] = setting.parse(flags[setting.name], setting.flag)
        elif environ.get(setting.variable, "").strip():
            given[setting.name] = setting.parse(environ[setting.variable], setting.variable)
    return given


def make_settings(given: Mapping[str, Value]) -> Settings:
    """The settings with what `read_given` found in place of defaults."""
    return Settings(**typing.cast("dict[str, Any]", dict(given)))
