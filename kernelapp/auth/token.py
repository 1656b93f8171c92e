"""One secret for the whole server: in the first URL, then in a cookie."""

from __future__ import annotations

import hashlib
import hmac


class TokenGate:
    """Admits browsers that know the token. The empty token admits everyone."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        # Made from the token, so that a browser stays admitted when the server restarts with the same one;
        # the token cannot be told from it.
        self.cookie = hmac.new(self._token, b"kernelapp cookie", hashlib.sha256).hexdigest() if token else ""

    @property
    def is_open(self) -> bool:
        """Whether everyone is admitted."""
        return not self._token

    def knows_token(self, token: str) -> bool:
        """Whether this is the token."""
        return not self.is_open and hmac.compare_digest(token.encode(), self._token)

    def knows_cookie(self, cookie: str) -> bool:
        """Whether a browser with this cookie is admitted."""
        return self.is_open or hmac.compare_digest(cookie.encode(), self.cookie.encode())
