"""Which files of a kernel's environment pages may load, and which they may not."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

from kernelapp.kernels.asset_folders import AssetFolderFinder, AssetFolders
from kernelapp.kernels.assets import INDEX, KernelAssets, find_asset
from kernelapp.kernels.widget_modules import as_amd_script, list_widget_modules

JUPYTER = "env/share/jupyter"
PACKAGES = "env/lib/site-packages"


@pytest.fixture
def folders(tmp_path: Path) -> AssetFolders:
    for name, text in {
        f"{JUPYTER}/nbextensions/widget/index.js": "define([], () => 1)",
        f"{JUPYTER}/nbextensions/widget/icons/a.b+c@2x.png": "png",
        f"{JUPYTER}/nbextensions/widget/.hidden.js": "hidden",
        f"{JUPYTER}/nbextensions/widget/setup.py": "code",
        f"{JUPYTER}/nbextensions/widget/index.js.map": "{}",
        f"{JUPYTER}/nbextensions/widget/page.html": "<p>",
        f"{JUPYTER}/nbextensions/widget/README": "text",
        f"{JUPYTER}/labextensions/@scope/lab/static/remoteEntry.0123abcd45.js": "lab",
        f"{JUPYTER}/kernels/python3/kernel.json": "{}",
        f"{JUPYTER}/config.json": "{}",
        f"{PACKAGES}/plotly/package_data/plotly.min.js": "plotly",
        f"{PACKAGES}/plotly/package_data/other.js": "other",
        f"{PACKAGES}/bokeh/server/static/js/bokeh-widgets.min.js": "bokeh",
        f"{PACKAGES}/bokeh/server/static/js/compiler.js": "compiler",
        f"{PACKAGES}/bokeh/server/views/x.js": "view",
        "secret.js": "secret",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return AssetFolders((tmp_path / "nothing", tmp_path / JUPYTER), (tmp_path / "nothing", tmp_path / PACKAGES))


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("nbextensions/widget/index.js", "define([], () => 1)"),
        ("nbextensions/widget/icons/a.b+c@2x.png", "png"),
        ("labextensions/@scope/lab/static/remoteEntry.0123abcd45.js", "lab"),
        ("plotly/plotly.min.js", "plotly"),
        ("bokeh/bokeh-widgets.min.js", "bokeh"),
    ],
)
def test_files_for_browsers_are_found(folders: AssetFolders, address: str, text: str) -> None:
    path = find_asset(folders, address)
    assert path is not None
    assert path.read_text() == text


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nbextensions",
        "nbextensions/",
        "nbextensions/widget",
        "nbextensions/widget/",
        "nbextensions/widget/nothing.js",
        "nbextensions/widget/setup.py",
        "nbextensions/widget/page.html",
        "nbextensions/widget/README",
        "nbextensions/widget/index.js.map",
        "nbextensions/widget/.hidden.js",
        "nbextensions/../config.json",
        "nbextensions/../kernels/python3/kernel.json",
        "nbextensions/widget/../../../../../secret.js",
        "nbextensions//widget/index.js",
        "nbextensions/./widget/index.js",
        "nbextensions/widget\\index.js",
        "nbextensions/widget/index.js\0.js",
        "nbextensions/" + "x" * 2000 + ".js",
        "amd/widget/index.js",
        "config.json",
        "kernels/python3/kernel.json",
        "plotly/other.js",
        "plotly/../../bokeh/server/views/x.js",
        "bokeh/compiler.js",
        "bokeh/../../views/x.js",
        "/nbextensions/widget/index.js",
    ],
)
def test_everything_else_is_not_there(folders: AssetFolders, address: str) -> None:
    assert find_asset(folders, address) is None


def test_absolute_paths_are_not_there(folders: AssetFolders, tmp_path: Path) -> None:
    assert find_asset(folders, f"nbextensions/{tmp_path}/secret.js") is None


def test_links_lead_nowhere_outside(folders: AssetFolders, tmp_path: Path) -> None:
    root = tmp_path / JUPYTER / "nbextensions"
    (root / "widget" / "file.js").symlink_to(tmp_path / "secret.js")
    (root / "folder").symlink_to(tmp_path, target_is_directory=True)
    (root / "widget" / "circle.js").symlink_to(root / "widget" / "circle.js")
    (root / "widget" / "main.js").symlink_to(root / "widget" / "index.js")
    assert find_asset(folders, "nbextensions/widget/file.js") is None
    assert find_asset(folders, "nbextensions/folder/secret.js") is None
    assert find_asset(folders, "nbextensions/widget/circle.js") is None
    assert find_asset(folders, "nbextensions/widget/main.js") == (root / "widget" / "index.js").resolve()


def test_what_is_no_file_is_not_there(folders: AssetFolders, tmp_path: Path) -> None:
    (tmp_path / JUPYTER / "nbextensions" / "folder.js").mkdir()
    assert find_asset(folders, "nbextensions/folder.js") is None


def test_the_first_folder_that_has_a_file_counts(folders: AssetFolders, tmp_path: Path) -> None:
    mine = tmp_path / "user" / "nbextensions" / "widget" / "index.js"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    both = AssetFolders((tmp_path / "user", *folders.jupyter), ())
    assert find_asset(both, "nbextensions/widget/index.js") == mine.resolve()
    assert find_asset(both, "nbextensions/widget/icons/a.b+c@2x.png") is not None


@pytest.mark.parametrize(
    ("extension", "modules"),
    [
        ("define(() => window['requirejs'].config({map: {'*': {'wide-get': 'nbextensions/dir/index'}}}))", {"wide-get": "dir/index"}),
        ('window.require.config({map:{"*":{"@a/b":"nbextensions/dir/main.js",three:"nbextensions/dir/three"}}})',
         {"@a/b": "dir/main", "three": "dir/three"}),
        ("define({})", {}),
        ("\udcff", {}),
    ],
)  # fmt: skip
def test_modules_are_read_from_what_an_extension_tells_requirejs(tmp_path: Path, extension: str, modules: dict[str, str]) -> None:
    folder = tmp_path / "nbextensions" / "dir"
    folder.mkdir(parents=True)
    (folder / "extension.js").write_bytes(extension.encode(errors="surrogateescape"))
    assert json.loads(list_widget_modules(AssetFolders((tmp_path,)))) == {"amd": modules, "federated": {}}


def test_without_a_word_of_it_the_folder_names_the_module(folders: AssetFolders) -> None:
    assert json.loads(list_widget_modules(folders))["amd"] == {"widget": "widget/index"}


@pytest.mark.parametrize("package", ["{", "[]", "{}", '{"name": "a", "jupyterlab": {"_build": {"load": 1}}}', '{"jupyterlab": 1}'])
def test_labextensions_that_make_no_sense_are_passed_over(tmp_path: Path, package: str) -> None:
    folder = tmp_path / "labextensions" / "a"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(package)
    assert json.loads(list_widget_modules(AssetFolders((tmp_path,))))["federated"] == {}


def test_labextensions_are_listed_with_their_entries(tmp_path: Path) -> None:
    folder = tmp_path / "labextensions" / "@scope" / "lab"
    folder.mkdir(parents=True)
    build = {"load": "static\\remoteEntry.0123.js", "extension": "./extension"}
    shared = {"other": {"bundled": False}, "own": {"bundled": True}, "odd": False}
    (folder / "package.json").write_text(json.dumps({"name": "@scope/lab", "jupyterlab": {"_build": build, "sharedPackages": shared}}))
    listed = json.loads(list_widget_modules(AssetFolders((tmp_path,))))["federated"]
    assert listed == {"@scope/lab": {"load": "@scope/lab/static/remoteEntry.0123.js", "extension": "./extension", "needs": ["other"]}}


def test_a_wrapped_script_holds_the_code_in_a_function() -> None:
    text = as_amd_script("\ufeffdefine([]) // end".encode(), "index.js").decode()
    assert text.startswith("document.currentScript.amd = function (define")
    assert text.endswith("define([]) // end\n};\n")


async def test_the_interpreter_of_the_kernel_says_where_its_folders_are() -> None:
    folders = await AssetFolderFinder({"JUPYTER_PATH": "/from/the/environment"}).find(None)
    assert folders.jupyter[0] == Path("/from/the/environment")
    assert Path(sys.prefix) / "share" / "jupyter" in folders.jupyter
    assert find_asset(folders, "plotly/plotly.min.js") is not None


async def test_other_kernels_have_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tmp_path / "kernels" / "other" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": [sys.executable], "language": "bash", "display_name": "Other"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finder = AssetFolderFinder({})
    assert await finder.find("other") == AssetFolders()
    assert await finder.find("not-installed") == AssetFolders()


async def test_an_interpreter_that_does_not_answer_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "python"
    spec = tmp_path / "kernels" / "late" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": [str(program)], "language": "python", "display_name": "Late"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finder = AssetFolderFinder({})
    assert await finder.find("late") == AssetFolders()
    program.parent.mkdir()
    program.symlink_to(sys.executable)
    assert (await finder.find("late")).packages


async def test_an_asset_is_compressed_typed_and_known_by_its_content() -> None:
    assets = KernelAssets({})
    first = await assets.get(None, "nbextensions/jupyter-js-widgets/extension.js")
    assert first is not None
    assert (first.encoding, first.content_type, first.immutable) == ("gzip", "text/javascript; charset=utf-8", False)
    assert b"define(" in gzip.decompress(first.content)
    assert await assets.get(None, "nbextensions/jupyter-js-widgets/extension.js") is first
    wrapped = await assets.get(None, "nbextensions/jupyter-js-widgets/extension.js", amd=True)
    assert wrapped is not None
    assert wrapped.etag != first.etag
    assert gzip.decompress(wrapped.content).startswith(b"document.currentScript.amd")


async def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "nbextensions" / "a" / "index.0123abcd.js"
    path.parent.mkdir(parents=True)
    path.write_text("one")
    assets = KernelAssets({"JUPYTER_PATH": str(tmp_path)})
    address = "nbextensions/a/index.0123abcd.js"
    one = await assets.get(None, address)
    path.write_text("three")
    three = await assets.get(None, address)
    assert one is not None
    assert three is not None
    assert (gzip.decompress(one.content), gzip.decompress(three.content)) == (b"one", b"three")
    assert three.immutable
    index = await assets.get(None, INDEX)
    assert index is not None
    assert "amd" in json.loads(gzip.decompress(index.content))
