"""A markdown cell -> HTML: CommonMark, tables, strikethrough, footnotes, math, heading anchors, attachments.

Raw HTML passes through: the author is trusted. Math is not typeset here: `.math.inline` and `.math.block` hold TeX without its
dollars, `div.math.amsmath` holds a whole environment; the client typesets their text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from .highlight import highlight

Attachments = Mapping[str, Mapping[str, str]]
"""nbformat's: file name -> MIME type -> base64."""

_ATTACHMENT_IN_HTML = re.compile(r"""(?P<before>\b(?:src|href)\s*=\s*)(?P<quote>["'])attachment:(?P<name>.*?)(?P=quote)""", re.IGNORECASE)
_HTML_HEADING = re.compile(r"<h[1-6]\b[^>]*>(.*?)</h[1-6]\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def render(source: str, attachments: Attachments | None = None, *, cell: str = "") -> str:
    """HTML of one markdown cell.

    `cell` is the cell's id: it keeps the footnotes of one cell apart from another's. Heading ids are as in JupyterLab, the text with
    hyphens for spaces, so that links written there work; they are not kept apart, because cells link to each other's headings.
    """
    env = {"docId": cell} if cell else {}
    tokens = _PARSER.parse(source, env)
    if attachments:
        _inline_attachments(tokens, attachments)
    return str(_PARSER.renderer.render(tokens, _PARSER.options, env))


def outline(source: str) -> tuple[str | None, str | None, str | None]:
    """Plain text of the first heading, of the first paragraph after it, and of the first paragraph anywhere; each None if there is none."""
    heading: str | None = None
    after: str | None = None
    first: str | None = None
    tokens = _PARSER.parse(source, {})
    for index, token in enumerate(tokens):
        if token.type == "html_block" and heading is None:
            found = _HTML_HEADING.search(token.content)
            heading = (_squeeze(html.unescape(_TAG.sub("", found[1]))) if found else "") or None
        if token.type != "inline" or token.level != 1:
            continue
        text = _squeeze(_plain(token.children or ()))
        opening = tokens[index - 1].type
        if opening == "heading_open" and heading is None:
            heading = text or None
        elif opening == "paragraph_open" and text:
            first = first or text
            after = after or (text if heading is not None else None)
    return heading, after, first


def _plain(tokens: Sequence[Token]) -> str:
    """The text that a reader sees: no markup, no images, no footnote marks."""
    parts: list[str] = []
    for token in tokens:
        if token.type in ("text", "code_inline", "math_inline", "math_inline_double"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts)


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _inline_attachments(tokens: Sequence[Token], attachments: Attachments) -> None:
    for token in tokens:
        for name in ("src", "href"):
            target = token.attrs.get(name)
            if isinstance(target, str) and target.startswith("attachment:"):
                token.attrs[name] = _data_uri(target.removeprefix("attachment:"), attachments) or target
        if token.type in ("html_block", "html_inline"):
            token.content = _ATTACHMENT_IN_HTML.sub(lambda match: _replace_in_html(match, attachments), token.content)
        if token.children:
            _inline_attachments(token.children, attachments)


def _replace_in_html(match: re.Match[str], attachments: Attachments) -> str:
    uri = _data_uri(html.unescape(match["name"]), attachments)
    return f"{match['before']}{match['quote']}{uri}{match['quote']}" if uri else match[0]


def _data_uri(name: str, attachments: Attachments) -> str | None:
    """The attachment as a data URI; its name may be percent-encoded, as JupyterLab writes it. None if there is no such attachment."""
    bundle = attachments.get(name) or attachments.get(unquote(name))
    if not bundle:
        return None
    mime, data = next(iter(bundle.items()))
    return f"data:{mime};base64,{''.join(data.split())}"


def _render_display_math(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Mapping[str, Any]) -> str:
    # The plugin's own rule makes a div, which ends the paragraph that it stands in.
    return f'<span class="math block">{html.escape(tokens[index].content, quote=False)}</span>'


def _heading_id(text: str) -> str:
    return text.strip().replace(" ", "-")


def _make_parser() -> MarkdownIt:
    options = {"html": True, "highlight": lambda source, language, _attributes: highlight(source, language)}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    # Digits are not allowed beside the dollars' outer side, so that "$5 and $10" stays money.
    parser.use(dollarmath_plugin, allow_labels=False, allow_digits=False, double_inline=True)
    parser.use(amsmath_plugin).use(footnote_plugin)
    parser.use(anchors_plugin, max_level=6, slug_func=_heading_id)
    parser.add_render_rule("math_inline_double", _render_display_math)
    return parser


_PARSER = _make_parser()
