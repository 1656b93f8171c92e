"""Plotting libraries are told of this page when they are imported, in a real kernel."""

from __future__ import annotations

from .kernel import Kernel

CHART = "alt.Chart(alt.Data(values=[{'a': 1}])).mark_bar().encode(x='a:Q')"


def test_altair_and_plotly_send_data_and_no_html(kernel: Kernel) -> None:
    shown = kernel.run(f"import altair as alt\n{CHART}", reset=True)
    (bundle,) = (content["data"] for kind, content in shown.messages if kind == "execute_result")
    assert any(mime.startswith("application/vnd.vegalite.v") for mime in bundle)
    assert "text/html" not in bundle

    shown = kernel.run("import plotly.graph_objects as go\nfigure = go.Figure(go.Bar(y=[1]))\nfigure.show()\nfigure")
    bundles = [content["data"] for _, content in shown.messages]
    assert len(bundles) == 2
    assert all("application/vnd.plotly.v1+json" in bundle and "text/html" not in bundle for bundle in bundles)


def test_an_authors_later_choice_stands(bare_kernel: Kernel) -> None:
    bare_kernel.bootstrap()
    bare_kernel.run("import altair as alt, plotly.io as pio\nalt.renderers.enable('json')\npio.renderers.default = 'png'")
    assert bare_kernel.run("import altair, plotly.io\naltair.renderers.active, plotly.io.renderers.default").result == "('json', 'png')"


def test_a_library_that_was_there_before_is_told_at_once(bare_kernel: Kernel) -> None:
    assert bare_kernel.request("import altair as alt, plotly.io as pio\nalt.renderers.active").result == "'default'"
    bare_kernel.bootstrap()
    assert bare_kernel.run("alt.renderers.active, pio.renderers.default").result == "('mimetype', 'plotly_mimetype')"


def test_the_hook_leaves_modules_as_python_makes_them(kernel: Kernel) -> None:
    shown = kernel.run("import altair, importlib.resources\naltair.__loader__.__class__.__name__, 'exec_module' in vars(altair.__loader__)")
    assert shown.result == "('SourceFileLoader', False)"
    assert "ModuleNotFoundError" in kernel.run("import no_such_library").error


def test_a_library_that_cannot_be_prepared_still_imports(bare_kernel: Kernel) -> None:
    bare_kernel.bootstrap()
    bare_kernel.run("open('altair.py', 'w').write('version = 1')")
    shown = bare_kernel.run("import sys; sys.path.insert(0, '.')\nimport altair\naltair.version")
    assert shown.result == "1"
    assert "altair could not be prepared for this page" in shown.reports[0]
