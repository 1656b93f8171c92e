"""Markdown cells to HTML, and the outline that titles and descriptions come from."""

from __future__ import annotations

import re

import pytest

from kernelapp.highlight import highlight
from kernelapp.markdown import outline, render

PIXEL = {"pixel one.png": {"image/png": "QUJD\nREVG"}}
PIXEL_URI = "data:image/png;base64,QUJDREVG"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a *b* **c** `d`", "<p>a <em>b</em> <strong>c</strong> <code>d</code></p>"),
        ("~~gone~~", "<s>gone</s>"),
        ("| a |\n|---|\n| 1 |", "<td>1</td>"),
        ("<b>raw</b>", "<b>raw</b>"),
        ("<div>\nblock\n</div>", "<div>\nblock\n</div>"),
        ("[next](other.ipynb)", '<a href="other.ipynb">next</a>'),
        ("# My *fine* heading", '<h1 id="My-fine-heading">'),
        ("###### Deep", '<h6 id="Deep">'),
    ],
)
def test_markup_becomes_html(source: str, expected: str) -> None:
    assert expected in render(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$a<b$", '<span class="math inline">a&lt;b</span>'),
        ("$ x $", '<span class="math inline">x</span>'),
        ("$$\na<b\n$$", '<div class="math block">\na&lt;b\n</div>'),
        ("so $$x$$ holds", '<p>so <span class="math block">x</span> holds</p>'),
        ("\\begin{align}\na &= b\n\\end{align}", '<div class="math amsmath">\n\\begin{align}\na &amp;= b\n\\end{align}\n</div>'),
        ("$a_1 * b_2 * c_3$", '<span class="math inline">a_1 * b_2 * c_3</span>'),
    ],
)
def test_math_is_left_as_tex_for_the_client(source: str, expected: str) -> None:
    assert expected in render(source)


@pytest.mark.parametrize("source", ["from $5 to $10", "\\$x\\$", "`$x$`"])
def test_money_and_code_are_not_math(source: str) -> None:
    assert 'class="math' not in render(source)


def test_footnotes_of_two_cells_have_different_ids() -> None:
    source = "text[^1]\n\n[^1]: note"
    first, second = (set(re.findall(r'id="([^"]+)"', render(source, cell=cell))) for cell in ("c1", "c2"))
    assert first
    assert second
    assert first.isdisjoint(second)


def test_footnote_links_lead_to_ids_on_the_page() -> None:
    page = render("text[^a]\n\n[^a]: note", cell="c1")
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets == set(re.findall(r'id="([^"]+)"', page))


@pytest.mark.parametrize(
    "source",
    [
        "![p](attachment:pixel%20one.png)",
        '<img src="attachment:pixel one.png">',
        "<div>\n<img alt='' src='attachment:pixel one.png'>\n</div>",
    ],
)
def test_attachments_are_inlined(source: str) -> None:
    page = render(source, PIXEL)
    assert PIXEL_URI in page
    assert "attachment:" not in page


def test_an_unknown_attachment_is_left_as_it_is() -> None:
    assert 'src="attachment:none.png"' in render("![p](attachment:none.png)", PIXEL)


def test_fences_are_coloured_by_their_language() -> None:
    assert '<span class="k">def</span>' in render("```python\ndef f(): ...\n```")


def test_a_fence_of_unknown_language_is_shown_escaped() -> None:
    assert "&lt;x&gt;" in render("```nonsense\n<x>\n```")


def test_magics_are_no_errors_in_highlighted_python() -> None:
    page = highlight("%matplotlib inline\n!ls\nx = 1", "python")
    assert 'class="err"' not in page
    assert page.startswith('<pre class="highlight"><code class="language-python">')


def test_very_long_source_is_shown_without_colours() -> None:
    page = highlight("x = '<'\n" * 50_000, "python")
    assert "<span" not in page
    assert "x = '&lt;'" in page


def test_a_language_name_cannot_break_out_of_its_attribute() -> None:
    assert '"><script>' not in highlight("x", '"><script>')


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "# Sales *of* `2026`\n\nAll [regions](x)\nand years[^1].\n\n[^1]: n",
            ("Sales of 2026", "All regions and years.", "All regions and years."),
        ),
        ("Setext\n======\n\nText", ("Setext", "Text", "Text")),
        ("<h1 style='x'>Raw <b>R&amp;D</b></h1>\n\nText", ("Raw R&D", "Text", "Text")),
        ("Intro\n\n## Title $x$", ("Title x", None, "Intro")),
        ("# Title\n\n![logo](x.png)\n\n- item\n\n> quote\n\nText", ("Title", "Text", "Text")),
        ("![only](x.png)", (None, None, None)),
        ("# ![logo](x.png)\n\n# Real", ("Real", None, None)),
        ("", (None, None, None)),
    ],
)
def test_the_outline_is_plain_text(source: str, expected: tuple[str | None, str | None, str | None]) -> None:
    assert outline(source) == expected
