"""What a notebook's author can get wrong. Each is raised at the call, and says what was expected, what came and what to do.

AuthorError
├── ArgumentValueError (ValueError)   an argument of the right type that cannot be
│   └── DuplicateKeyError                 a key that another control has
├── ArgumentTypeError (TypeError)     an argument of the wrong type, or one that kernelapp does not take
└── PlaceError (RuntimeError)         a control where none can be shown
"""

from __future__ import annotations


class AuthorError(Exception):
    """The root."""


class ArgumentValueError(AuthorError, ValueError):
    """An argument has the right type and an impossible value."""


class DuplicateKeyError(ArgumentValueError):
    """Two controls have the same key."""


class ArgumentTypeError(AuthorError, TypeError):
    """An argument has the wrong type, or is not supported."""


class PlaceError(AuthorError, RuntimeError):
    """A control was called where it has no place on the page."""
