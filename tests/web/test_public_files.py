"""What stands in for libraries on public hosts."""

from __future__ import annotations

import pytest

from kernelapp.web.public_files import find_public


@pytest.mark.parametrize(
    ("address", "asset"),
    [
        ("cdn.bokeh.org/bokeh/release/bokeh-3.9.2.min.js", "bokeh/bokeh.min.js"),
        ("cdn.bokeh.org/bokeh/release/bokeh-widgets-3.9.2.min.js", "bokeh/bokeh-widgets.min.js"),
        ("cdn.bokeh.org/bokeh/dev/bokeh-tables-3.10.0.dev3.js", "bokeh/bokeh-tables.js"),
        ("cdn.plot.ly/plotly-3.1.0.min.js", "plotly/plotly.min.js"),
        ("cdn.plot.ly/plotly-2.35.2.js", "plotly/plotly.min.js"),
        ("www.unpkg.com/dt_for_itables@2.5.8/dt_bundle.js", "itables/dt_bundle.js"),
        ("www.unpkg.com/dt_for_itables/dt_bundle.css", "itables/dt_bundle.css"),
    ],
)
def test_scripts_of_packages_come_from_the_kernels_environment(address: str, asset: str) -> None:
    public = find_public(address, "")
    assert public is not None
    assert public.asset == asset
    assert public.elsewhere == f"https://{address}"


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        ("esm.sh/vega-embed@v7.0.2", "src/public/vega-embed.ts"),
        ("esm.sh/vega-embed", "src/public/vega-embed.ts"),
        ("esm.sh/lodash-es@4.17.21/debounce", "src/public/lodash-debounce.ts"),
    ],
)
def test_modules_that_the_client_has_come_from_it(address: str, entry: str) -> None:
    public = find_public(address, "deps=vega@6")
    assert public is not None
    assert public.entry == entry
    assert public.elsewhere == f"https://{address}?deps=vega@6"


def test_what_is_not_here_is_asked_of_the_host_that_the_author_named() -> None:
    public = find_public("esm.sh/react@19", "dev")
    assert public is not None
    assert (public.asset, public.entry, public.elsewhere) == (None, None, "https://esm.sh/react@19?dev")


@pytest.mark.parametrize(
    "address", ["", "evil.example/x.js", "esm.sh.evil.example/x", "esm.sh@evil.example/x", "/esm.sh/x", "..", "esm.sh:80/x"]
)
def test_other_hosts_are_not_asked(address: str) -> None:
    assert find_public(address, "") is None


def test_a_redirect_holds_no_line_break() -> None:
    public = find_public("esm.sh/a\r\nSet-Cookie: b", "")
    assert public is not None
    assert public.elsewhere == "https://esm.sh/a%0D%0ASet-Cookie:%20b"
