"""The documentation is true: its examples run, its flags exist, its links lead somewhere, every setting is described."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from kernelapp.cli import make_parser
from kernelapp.notebook import read_notebook, slug
from kernelapp.reference import reference_page
from kernelapp.settings import SETTINGS, make_settings, read_given
from kernelapp.version import __version__

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks in `language`, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every line of a shell block that runs kernelapp, without variables before it and comments after it."""
    lines = [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    return [line[found.start(1) :] for line in lines if (found := re.match(r"(?:[A-Z_]+=\S+ )*(kernelapp .*)", line))]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_python_examples_of_a_page_run_in_order(page: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "example"}
    for number, block in enumerate(blocks(page, "python"), start=1):
        exec(compile(block, f"{page.name}, example {number}", "exec"), namespace)


def test_there_are_examples_to_run() -> None:
    assert len(blocks(ROOT / "README.md", "python")) >= 2
    assert len(blocks(ROOT / "docs" / "authors.md", "python")) >= 5


@pytest.mark.parametrize("command", commands())
def test_the_commands_shown_are_ones_that_kernelapp_takes(command: str) -> None:
    options = vars(make_parser().parse_args(shlex.split(command, comments=True)[1:]))
    kind, paths = options.pop("command"), options.pop("paths")
    assert kind in ("serve", "check", "stop")
    assert paths or kind == "stop"
    if kind == "serve":
        make_settings(read_given(options, {}))


def test_there_are_commands_to_check() -> None:
    assert len(commands()) >= 5


def test_the_reference_page_is_what_the_settings_make() -> None:
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == reference_page(), "run `make reference`"


def test_flags_and_variables_named_anywhere_exist() -> None:
    flags = {setting.flag for setting in SETTINGS} | {"--version", "--help", "--json", "--run"}
    variables = {setting.variable for setting in SETTINGS}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert set(re.findall(r"`(--[a-z-]+)", text)) <= flags, page.name
        assert set(re.findall(r"\bKERNELAPP_[A-Z_]+\b", text)) - variables <= {"KERNELAPP_CHROMIUM", "KERNELAPP_STATE"}, page.name


def test_every_bound_is_explained_to_operators() -> None:
    text = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    bounds = {setting.flag for setting in SETTINGS if setting.name.startswith("max_") or setting.name.endswith("_s")}
    assert not {flag for flag in bounds if f"| `{flag}` |" not in text}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    without_code = re.sub(r"```.*?```|`[^`\n]*\]\([^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in {slug(heading) for heading in re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)}, target


def test_files_named_in_the_code_map_exist() -> None:
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:kernelapp|static|tests)/[\w/.]*)`", text)
    assert len(named) > 10
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_metadata_shown_to_authors_is_accepted(tmp_path: Path) -> None:
    (shown,) = blocks(ROOT / "docs" / "authors.md", "json")
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": json.loads(shown), "cells": []}))
    assert read_notebook(path).title == json.loads(shown)["kernelapp"]["title"]


def test_the_changelog_opens_with_its_policy_and_names_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", text, re.MULTILINE)
    assert versions[0] == __version__
    assert text.index("Compatibility") < text.index(f"## {versions[0]}")


def test_every_control_is_shown_to_authors() -> None:
    import kernelapp

    text = (ROOT / "docs" / "authors.md").read_text(encoding="utf-8")
    public = [name for name in kernelapp.__all__ if not name.startswith("_")]
    assert not [name for name in public if f"ka.{name}" not in text]
