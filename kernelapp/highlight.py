"""Source text -> HTML with Pygments' short token classes (`k`, `s2`, `nf` …) inside `pre.highlight`."""

from __future__ import annotations

import html
from functools import lru_cache

from pygments import highlight as to_html
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

# Pygments takes time in proportion to the text, about 1 s a megabyte; beyond this colours are not worth the wait.
_MAX_HIGHLIGHTED_CHARS = 200_000

_FORMATTER = HtmlFormatter(nowrap=True)


def highlight(source: str, language: str) -> str:
    """`<pre class="highlight"><code …>`; `language` is a name or alias that Pygments knows, else the text is shown plain."""
    lexer = _find_lexer(language.strip().lower())
    plain = lexer is None or len(source) > _MAX_HIGHLIGHTED_CHARS
    body = html.escape(source, quote=False) if plain else to_html(source, lexer, _FORMATTER)
    attribute = f' class="language-{html.escape(language, quote=True)}"' if language else ""
    return f'<pre class="highlight"><code{attribute}>{body.rstrip()}\n</code></pre>\n'


@lru_cache(maxsize=64)
def _find_lexer(language: str) -> Lexer | None:
    names = ("ipython3", "python") if language in ("python", "python3", "ipython") else (language,)  # ipython3 knows magics
    for name in names:
        try:
            return get_lexer_by_name(name, stripnl=False)
        except ClassNotFound:
            continue
    return None
