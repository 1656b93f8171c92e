"""Every exception that kernelapp raises, by who is to blame.

    KernelappError
    ├── OperatorError      the one who runs the server: a path, a port, a setting. The command line prints it and exits with 2.
    │   ├── NotebookError      a file that is no notebook, or cannot be read
    │   └── KernelspecError    a kernel that is not installed
    ├── ViewerError        the browser sent something that is not accepted: carries a code of the wire
    ├── KernelError        the kernel did not start, or ended
    └── ServerError        we are to blame

Author mistakes raise in the kernel (`inkernel/`), which shares no code with the server.
"""

from __future__ import annotations


class KernelappError(Exception):
    """The root. The message says what was expected, what came and what to do."""


class OperatorError(KernelappError):
    """Something that whoever starts the server can mend."""


class NotebookError(OperatorError):
    """A file is no notebook, or cannot be read."""


class KernelspecError(OperatorError):
    """A notebook asks for a kernel that is not installed."""


class ViewerError(KernelappError):
    """The browser sent something that is not accepted; nothing has changed.

    `code` is one of the wire's error codes (docs/architecture.md); `event` is the number of the refused event, if it had one.
    """

    def __init__(self, code: str, message: str, event: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.event = event


class KernelError(KernelappError):
    """A kernel did not start, or ended when it should not have."""


class ServerError(KernelappError):
    """Our own mistake: an invariant does not hold."""
