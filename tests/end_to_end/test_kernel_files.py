"""Browser files of the kernel's environment over HTTP: who gets them, how, and that nothing else can be had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Server, serving, write_notebook

SCRIPT = "/app/app/kernel/nbextensions/jupyter-js-widgets/extension.js"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("apps")
    (folder / "beside.js").write_text("beside the notebook")
    with serving(folder, "1") as running:
        yield running


def test_a_script_is_sent_with_its_type_and_checked_again_each_time(server: Server) -> None:
    status, headers, text = server.get(SCRIPT)
    assert status == 200
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "define(" in text
    assert server.get(SCRIPT, **{"If-None-Match": headers["Etag"]})[0] == 304


def test_a_script_whose_name_holds_its_hash_is_kept_for_good(server: Server) -> None:
    modules = json.loads(server.get("/app/app/kernel/widgets.json")[2])
    entry = modules["federated"]["@jupyter-widgets/jupyterlab-manager"]["load"]
    status, headers, _ = server.get(f"/app/app/kernel/labextensions/{entry}")
    assert status == 200
    assert headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_the_list_of_modules_shows_no_path_of_the_server(server: Server) -> None:
    text = server.get("/app/app/kernel/widgets.json")[2]
    assert "site-packages" not in text
    assert "share/jupyter" not in text


@pytest.mark.parametrize(
    "path",
    [
        "beside.js",
        "app.ipynb",
        "../beside.js",
        "..%2fbeside.js",
        "nbextensions/..%2f..%2fkernels/python3/kernel.json",
        "nbextensions/%2e%2e/%2e%2e/kernels/python3/kernel.json",
        "nbextensions/..%5c..%5ckernels",
        "nbextensions/%00.js",
        "nbextensions//etc/passwd",
        "nbextensions/jupyter-js-widgets",
        "nbextensions/jupyter-js-widgets/",
        "kernels/python3/kernel.json",
        "plotly/__init__.py",
        "plotly/../../../ipykernel/__init__.py",
        "bokeh/..%2f..%2f__init__.py",
    ],
)
def test_nothing_else_is_there(server: Server, path: str) -> None:
    status, _, text = server.get(f"/app/app/kernel/{path}")
    assert status in (400, 404)
    assert "beside the notebook" not in text


def test_a_picture_that_could_hold_scripts_cannot_run_them(tmp_path: Path) -> None:
    picture = tmp_path / "jupyter" / "nbextensions" / "a" / "a.svg"
    picture.parent.mkdir(parents=True)
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    notebook = write_notebook(tmp_path / "app.ipynb", "1")
    with Server(notebook, env={"JUPYTER_PATH": str(tmp_path / "jupyter")}) as running:
        status, headers, _ = running.get("/app/app/kernel/nbextensions/a/a.svg")
        assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
        assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_what_a_notebook_asks_a_public_host_for_is_here_or_is_asked_there(server: Server) -> None:
    host = "/app/app/kernel/web"
    assert "plotly" in server.get(f"{host}/cdn.plot.ly/plotly-3.0.0.min.js")[2][:200]
    assert "export * from" in server.get(f"{host}/esm.sh/vega-embed@v7.0.2?deps=vega@6")[2]
    status, headers, _ = server.get(f"{host}/esm.sh/react@19?dev")
    assert (status, headers["Location"]) == (302, "https://esm.sh/react@19?dev")
    assert server.get(f"{host}/evil.example/x.js")[0] == 404


def test_an_app_that_is_not_served_has_no_files(server: Server) -> None:
    assert server.get("/app/other/kernel/widgets.json")[0] == 404


@pytest.mark.parametrize("file", ["widgets.json", "nbextensions/jupyter-js-widgets/extension.js", "web/esm.sh/react"])
def test_files_are_as_private_as_the_page(server: Server, file: str) -> None:
    assert server.get(f"/app/app/kernel/{file}", Host="evil.example")[0] == 403
